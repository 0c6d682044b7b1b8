"""Wrong solutions of SELU."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.activations import DOUBLE_DOUT, IN_PLACE, RIGHT_HINT
from autograder.mistakes.activations_rectified import AT_ZERO, INFINITE

_selu = partial(Mistake, "selu_forward")
_selu_back = partial(Mistake, "selu_backward")

_LEFT = "left = np.minimum(x, 0)"
_UNSCALED = "elu = np.where(x > 0, x, SELU_ALPHA * np.expm1(left))"
_SELU = "out = SELU_SCALE * elu"
_BOTH = "Which constant acts on which side of 0? Try x = 3 and x = -3."
_DIGITS = "How many digits of the constants do you use?"

SELU_FORWARD = (
    _selu("the scale forgotten", _BOTH, ((_SELU, "out = elu"),)),
    _selu(
        "the scale on the left alone",
        _BOTH,
        ((_SELU, "out = np.where(x > 0, x, SELU_SCALE * elu)"),),
    ),
    _selu(
        "the scale on the right alone",
        _BOTH,
        ((_SELU, "out = np.where(x > 0, SELU_SCALE * x, elu)"),),
    ),
    _selu(
        "alpha forgotten",
        _BOTH,
        ((_UNSCALED, "elu = np.where(x > 0, x, np.expm1(left))"),),
    ),
    _selu(
        "alpha on both sides",
        _BOTH,
        ((_UNSCALED, "elu = SELU_ALPHA * np.where(x > 0, x, np.expm1(left))"),),
    ),
    _selu(
        "the constants are swapped",
        "Which of the two constants is larger?",
        (
            (_UNSCALED, _UNSCALED.replace("SELU_ALPHA", "SELU_SCALE")),
            (_SELU, "out = SELU_ALPHA * elu"),
        ),
    ),
    _selu(
        "rounded constants",
        _DIGITS,
        (
            (_UNSCALED, _UNSCALED.replace("SELU_ALPHA", "1.673")),
            (_SELU, "out = 1.051 * elu"),
        ),
    ),
    _selu(
        "minus 1 forgotten",
        "Is your function continuous at 0?",
        ((_UNSCALED, _UNSCALED.replace("expm1", "exp")),),
    ),
    _selu("exp of large positive numbers", RIGHT_HINT, ((_LEFT, "left = x"),)),
    _selu(
        "x times a mask",
        INFINITE,
        ((_UNSCALED, "elu = x * (x > 0) + SELU_ALPHA * np.expm1(left)"),),
    ),
    _selu(
        "x is changed in place",
        IN_PLACE,
        ((_SELU, "x[...] = SELU_SCALE * elu\n    out = x"),),
        caught_by="inputs",
    ),
)

_SELU_SLOPE = "slope = np.where(x > 0, 1, SELU_ALPHA * np.exp(left))"
_SELU_DX = "dx = dout * SELU_SCALE * slope"

SELU_BACKWARD = (
    _selu_back("the scale forgotten", _BOTH, ((_SELU_DX, "dx = dout * slope"),)),
    _selu_back(
        "the scale on the left alone",
        _BOTH,
        ((_SELU_DX, "dx = np.where(x > 0, dout, dout * SELU_SCALE * slope)"),),
    ),
    _selu_back(
        "the scale on the right alone",
        _BOTH,
        ((_SELU_DX, "dx = np.where(x > 0, dout * SELU_SCALE, dout * slope)"),),
    ),
    _selu_back(
        "alpha forgotten",
        _BOTH,
        ((_SELU_SLOPE, "slope = np.where(x > 0, 1, np.exp(left))"),),
    ),
    _selu_back(
        "the scale squared", _BOTH, ((_SELU_DX, "dx = dout * SELU_SCALE**2 * slope"),)
    ),
    _selu_back(
        "the constants are swapped",
        "Which of the two constants is larger?",
        (
            (_SELU_SLOPE, _SELU_SLOPE.replace("SELU_ALPHA", "SELU_SCALE")),
            (_SELU_DX, "dx = dout * SELU_ALPHA * slope"),
        ),
    ),
    _selu_back(
        "rounded constants",
        _DIGITS,
        (
            (_SELU_SLOPE, _SELU_SLOPE.replace("SELU_ALPHA", "1.673")),
            (_SELU_DX, "dx = dout * 1.051 * slope"),
        ),
    ),
    _selu_back("exp of large positive numbers", RIGHT_HINT, ((_LEFT, "left = x"),)),
    _selu_back(
        "the slope of the right side at x = 0",
        AT_ZERO,
        ((_SELU_SLOPE, _SELU_SLOPE.replace("x > 0", "x >= 0")),),
    ),
    _selu_back(
        "the function in place of its slope",
        "What is the derivative of exp(x) - 1?",
        ((_SELU_SLOPE, _SELU_SLOPE.replace("np.exp(", "np.expm1(")),),
    ),
    _selu_back(
        "the gradient of ReLU, scaled",
        _BOTH,
        ((_SELU_SLOPE, "slope = np.where(x > 0, 1, 0)"),),
    ),
    _selu_back("dout forgotten", DOUBLE_DOUT, ((_SELU_DX, "dx = SELU_SCALE * slope"),)),
    _selu_back(
        "writes into dout",
        IN_PLACE,
        ((_SELU_DX, "dout *= SELU_SCALE * slope\n    dx = dout"),),
        caught_by="inputs",
    ),
)

MISTAKES = (*SELU_FORWARD, *SELU_BACKWARD)
