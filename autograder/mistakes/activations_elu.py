"""Wrong solutions of ELU."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.activations import (
    BRANCHES,
    DOUBLE_DOUT,
    IN_PLACE,
    PLACE_HINT,
)
from autograder.mistakes.activations_rectified import AT_ZERO, INFINITE

_elu = partial(Mistake, "elu_forward")
_elu_back = partial(Mistake, "elu_backward")

_LEFT = "left = np.minimum(x, 0)"
_ELU = "out = np.where(x > 0, x, alpha * np.expm1(left))"
_FAR_LEFT = "Towards which number does ELU go on the far left? And yours?"
_NEAR_ZERO = "What does ELU give just left of 0? And yours?"
_FROM_ALPHA = "Double alpha. What happens to ELU at x = 2, and at x = -2?"

ELU_FORWARD = (
    _elu(
        "exp of large positive numbers",
        BRANCHES,
        ((_LEFT, "left = x"),),
    ),
    _elu(
        "alpha ignored",
        _FROM_ALPHA,
        ((_ELU, "out = np.where(x > 0, x, np.expm1(left))"),),
    ),
    _elu(
        "alpha inside the exponent",
        _FAR_LEFT,
        ((_ELU, "out = np.where(x > 0, x, np.expm1(alpha * left))"),),
    ),
    _elu(
        "minus 1 forgotten",
        _NEAR_ZERO,
        ((_ELU, "out = np.where(x > 0, x, alpha * np.exp(left))"),),
    ),
    _elu(
        "minus 1 outside of the bracket",
        _NEAR_ZERO,
        ((_ELU, "out = np.where(x > 0, x, alpha * np.exp(left) - 1)"),),
    ),
    _elu(
        "alpha on both sides",
        _FROM_ALPHA,
        ((_ELU, "out = alpha * np.where(x > 0, x, np.expm1(left))"),),
    ),
    _elu(
        "1 - exp(x) in place of exp(x) - 1",
        _FAR_LEFT,
        ((_ELU, "out = np.where(x > 0, x, -alpha * np.expm1(left))"),),
    ),
    _elu(
        "exp(-x)",
        _FAR_LEFT,
        ((_ELU, "out = np.where(x > 0, x, alpha * np.expm1(-left))"),),
    ),
    _elu(
        "x times a mask",
        INFINITE,
        ((_ELU, "out = x * (x > 0) + alpha * np.expm1(left)"),),
    ),
    _elu(
        "the larger of both branches",
        "Is x always below alpha (exp(x) - 1) where x is negative?",
        ((_ELU, "out = np.maximum(x, alpha * np.expm1(left))"),),
    ),
    _elu(
        "a leaky ReLU",
        _FAR_LEFT,
        ((_ELU, "out = np.where(x > 0, x, alpha * left)"),),
    ),
    _elu(
        "x is changed in place",
        IN_PLACE,
        ((_ELU, "x[...] = np.where(x > 0, x, alpha * np.expm1(left))\n    out = x"),),
        caught_by="inputs",
    ),
)

_SLOPE = "slope = np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))"
_DX = "dx = dout * slope"
_STEEP = "Which slope has ELU just left of 0, and which on the far left?"

ELU_BACKWARD = (
    _elu_back(
        "exp of large positive numbers",
        BRANCHES,
        ((_SLOPE, "slope = np.where(x > 0, 1, alpha * np.exp(x))"),),
    ),
    _elu_back(
        "alpha ignored",
        _STEEP,
        ((_SLOPE, "slope = np.where(x > 0, 1, np.exp(np.minimum(x, 0)))"),),
    ),
    _elu_back(
        "the slope of the right side at x = 0",
        AT_ZERO,
        ((_SLOPE, _SLOPE.replace("x > 0", "x >= 0")),),
    ),
    _elu_back(
        "the function in place of its slope",
        "What is the derivative of exp(x) - 1?",
        ((_SLOPE, _SLOPE.replace("np.exp(", "np.expm1(")),),
    ),
    _elu_back(
        "derivative taken at the output",
        PLACE_HINT,
        (
            (
                _SLOPE,
                "left = np.minimum(x, 0)\n"
                "    out = alpha * np.expm1(left)\n"
                "    slope = np.where(x > 0, 1, alpha * np.exp(out))",
            ),
        ),
    ),
    _elu_back(
        "alpha added", _STEEP, ((_SLOPE, _SLOPE.replace("alpha * np", "alpha + np")),)
    ),
    _elu_back(
        "alpha inside the exponent",
        _STEEP,
        (
            (
                _SLOPE,
                "slope = np.where(x > 0, 1, alpha * np.exp(alpha * np.minimum(x, 0)))",
            ),
        ),
    ),
    _elu_back(
        "alpha on both sides",
        _FROM_ALPHA,
        ((_SLOPE, "slope = alpha * np.exp(np.minimum(x, 0))"),),
    ),
    _elu_back(
        "exp(-x)",
        _STEEP,
        ((_SLOPE, _SLOPE.replace("np.minimum(x, 0)", "np.maximum(-x, 0)")),),
    ),
    _elu_back(
        "the gradient of ReLU", _STEEP, ((_SLOPE, "slope = np.where(x > 0, 1, 0)"),)
    ),
    _elu_back(
        "x in place of 1 on the right",
        "Which slope has ELU at x = 3?",
        ((_SLOPE, _SLOPE.replace("x > 0, 1", "x > 0, x")),),
    ),
    _elu_back("dout forgotten", DOUBLE_DOUT, ((_DX, "dx = slope"),)),
    _elu_back(
        "dout forgotten on the right",
        DOUBLE_DOUT,
        ((_DX, "dx = np.where(x > 0, 1, dout * slope)"),),
    ),
    _elu_back(
        "dout forgotten on the left",
        DOUBLE_DOUT,
        ((_DX, "dx = np.where(x > 0, dout, slope)"),),
    ),
    _elu_back(
        "writes into dout",
        IN_PLACE,
        ((_DX, "dout *= slope\n    dx = dout"),),
        caught_by="inputs",
    ),
)

MISTAKES = (*ELU_FORWARD, *ELU_BACKWARD)
