"""Wrong solutions of ReLU and leaky ReLU."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.activations import DOUBLE_DOUT, IN_PLACE

_relu = partial(Mistake, "relu_forward")
_relu_back = partial(Mistake, "relu_backward")
_leaky = partial(Mistake, "leaky_relu_forward")
_leaky_back = partial(Mistake, "leaky_relu_backward")

INFINITE = "What is infinity times zero?"
AT_ZERO = "Which derivative does the text give for x = 0?"

_RELU = "out = np.maximum(0, x)"

RELU_FORWARD = (
    _relu("x times a mask", INFINITE, ((_RELU, "out = x * (x > 0)"),)),
    _relu(
        "np.max in place of np.maximum",
        "What does np.max do with its second argument?",
        ((_RELU, "out = np.max(x, 0)"),),
    ),
    _relu(
        "the smaller of both",
        "What does ReLU do with 3, and what with -3?",
        ((_RELU, "out = np.minimum(0, x)"),),
    ),
    _relu(
        "the absolute value",
        "What does ReLU do with -3?",
        ((_RELU, "out = np.abs(x)"),),
    ),
    _relu(
        "mirrored",
        "What does ReLU do with 3, and what with -3?",
        ((_RELU, "out = np.maximum(0, -x)"),),
    ),
    _relu(
        "a leaky ReLU",
        "What does ReLU do with -3?",
        ((_RELU, "out = np.maximum(0.01 * x, x)"),),
    ),
    _relu(
        "cut off at 6",
        "Where does ReLU end to the right?",
        ((_RELU, "out = np.clip(x, 0, 6)"),),
    ),
    _relu(
        "the mask in place of the values",
        "What does ReLU do with 3?",
        ((_RELU, "out = np.where(x > 0, 1.0, 0.0)"),),
    ),
    _relu(
        "x is changed in place",
        IN_PLACE,
        ((_RELU, "out = np.maximum(0, x, out=x)"),),
        caught_by="inputs",
    ),
)

_DRELU = "dx = np.where(x > 0, dout, 0)"

RELU_BACKWARD = (
    _relu_back(
        "gradient 1 at x = 0", AT_ZERO, ((_DRELU, "dx = np.where(x >= 0, dout, 0)"),)
    ),
    _relu_back(
        "half the gradient at x = 0",
        AT_ZERO,
        ((_DRELU, "dx = dout * np.heaviside(x, 0.5)"),),
    ),
    _relu_back(
        "writes into dout",
        IN_PLACE,
        ((_DRELU, "dout[x <= 0] = 0\n    dx = dout"),),
        caught_by="inputs",
    ),
    _relu_back(
        "destroys the cached input",
        "Is the array in your cache a copy, or x itself? What do you write into it?",
        ((_DRELU, "x[x <= 0] = 0\n    x[x > 0] = 1\n    dx = dout * x"),),
        caught_by="inputs",
    ),
    _relu_back(
        "dout forgotten", DOUBLE_DOUT, ((_DRELU, "dx = np.where(x > 0, 1.0, 0)"),)
    ),
    _relu_back(
        "dout decides what goes through",
        "Which array says where the gradient goes through?",
        ((_DRELU, "dx = np.where(dout > 0, dout, 0)"),),
    ),
    _relu_back(
        "only positive gradients go through",
        "May a gradient be negative where x is positive?",
        ((_DRELU, "dx = np.where((x > 0) & (dout > 0), dout, 0)"),),
    ),
    _relu_back(
        "multiplied by the output",
        "Which slope has ReLU at x = 3?",
        ((_DRELU, "dx = dout * np.maximum(0, x)"),),
    ),
    _relu_back(
        "the sides are swapped",
        "Which slope has ReLU at x = 3, and which at x = -3?",
        ((_DRELU, "dx = np.where(x < 0, dout, 0)"),),
    ),
    _relu_back(
        "the gradient of a leaky ReLU",
        "Which slope has ReLU at x = -3?",
        ((_DRELU, "dx = np.where(x > 0, dout, 0.01 * dout)"),),
    ),
    _relu_back(
        "everything goes through",
        "Which slope has ReLU at x = -3?",
        ((_DRELU, "dx = dout.copy()"),),
    ),
)

_LEAKY = "out = np.where(x > 0, x, slope * x)"
_LEFT = "What does leaky ReLU do with -3 when its slope is 0.1?"

LEAKY_FORWARD = (
    _leaky(
        "slope 0.01 whatever was asked",
        "Where does your slope come from?",
        ((_LEAKY, "out = np.where(x > 0, x, 0.01 * x)"),),
    ),
    _leaky(
        "slope 0.1 whatever was asked",
        "Where does your slope come from?",
        ((_LEAKY, "out = np.where(x > 0, x, 0.1 * x)"),),
    ),
    _leaky(
        "x times two masks",
        INFINITE,
        ((_LEAKY, "out = x * (x > 0) + slope * x * (x <= 0)"),),
    ),
    _leaky(
        "the sides are swapped",
        "What does leaky ReLU do with 3?",
        ((_LEAKY, "out = np.minimum(x, slope * x)"),),
    ),
    _leaky(
        "the slope on both sides",
        "What does leaky ReLU do with 3?",
        ((_LEAKY, "out = slope * x"),),
    ),
    _leaky(
        "the left side is turned up",
        _LEFT,
        ((_LEAKY, "out = np.where(x > 0, x, -slope * x)"),),
    ),
    _leaky("a plain ReLU", _LEFT, ((_LEAKY, "out = np.maximum(0, x)"),)),
    _leaky(
        "a constant on the left", _LEFT, ((_LEAKY, "out = np.where(x > 0, x, slope)"),)
    ),
    _leaky(
        "ReLU plus slope times x",
        "What does leaky ReLU do with 3?",
        ((_LEAKY, "out = np.maximum(0, x) + slope * x"),),
    ),
    _leaky(
        "x is changed in place",
        IN_PLACE,
        ((_LEAKY, "x[x < 0] *= slope\n    out = x"),),
        caught_by="inputs",
    ),
)

_DLEAKY = "dx = np.where(x > 0, dout, slope * dout)"
_SIDES = "Which slope has leaky ReLU at x = 3, and which at x = -3?"

LEAKY_BACKWARD = (
    _leaky_back(
        "gradient 1 at x = 0",
        AT_ZERO,
        ((_DLEAKY, "dx = np.where(x >= 0, dout, slope * dout)"),),
    ),
    _leaky_back(
        "gradient 0 at x = 0",
        AT_ZERO,
        ((_DLEAKY, "dx = dout * (x > 0) + slope * dout * (x < 0)"),),
    ),
    _leaky_back(
        "the gradient of a plain ReLU",
        _SIDES,
        ((_DLEAKY, "dx = np.where(x > 0, dout, 0)"),),
    ),
    _leaky_back(
        "slope 0.01 whatever was asked",
        "Where does your slope come from?",
        ((_DLEAKY, "dx = np.where(x > 0, dout, 0.01 * dout)"),),
    ),
    _leaky_back(
        "dout forgotten", DOUBLE_DOUT, ((_DLEAKY, "dx = np.where(x > 0, 1.0, slope)"),)
    ),
    _leaky_back(
        "dout decides which slope",
        "Which array says on which side of 0 the unit is?",
        ((_DLEAKY, "dx = np.where(dout > 0, dout, slope * dout)"),),
    ),
    _leaky_back(
        "the sides are swapped",
        _SIDES,
        ((_DLEAKY, "dx = np.where(x > 0, slope * dout, dout)"),),
    ),
    _leaky_back(
        "x in place of dout on the left",
        _SIDES,
        ((_DLEAKY, "dx = np.where(x > 0, dout, slope * x)"),),
    ),
    _leaky_back(
        "divided by the slope",
        _SIDES,
        ((_DLEAKY, "dx = np.where(x > 0, dout, dout / slope)"),),
    ),
    _leaky_back(
        "the slope without dout on the left",
        DOUBLE_DOUT,
        ((_DLEAKY, "dx = np.where(x > 0, dout, slope)"),),
    ),
    _leaky_back(
        "writes into dout",
        IN_PLACE,
        ((_DLEAKY, "dout[x <= 0] *= slope\n    dx = dout"),),
        caught_by="inputs",
    ),
)

MISTAKES = (*RELU_FORWARD, *RELU_BACKWARD, *LEAKY_FORWARD, *LEAKY_BACKWARD)
