"""Wrong solutions of PReLU, above all of the gradient of its slopes."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.activations import DOUBLE_DOUT, IN_PLACE
from autograder.mistakes.activations_rectified import AT_ZERO, INFINITE

_forward = partial(Mistake, "prelu_forward")
_backward = partial(Mistake, "prelu_backward")

_SLOPE = "slope = alpha.reshape(-1, *[1] * (x.ndim - 2))"
_OUT = "out = np.where(x > 0, x, slope * x)"
_AXIS = (
    "Which axis of x counts the channels, and with which one does NumPy line alpha up?"
)

FORWARD = (
    _forward(
        "the larger of x and alpha x",
        "Try alpha = 2 and x = 1.",
        ((_OUT, "out = np.maximum(x, slope * x)"),),
    ),
    _forward("alpha along the last axis", _AXIS, ((_SLOPE, "slope = alpha"),)),
    _forward(
        "alpha along the first axis",
        _AXIS,
        ((_SLOPE, "slope = alpha.reshape(-1, *[1] * (x.ndim - 1))"),),
    ),
    _forward(
        "alpha repeated in the order of memory",
        _AXIS,
        ((_SLOPE, "slope = np.resize(alpha, x.shape)"),),
    ),
    _forward(
        "the first slope for all channels",
        "How many slopes are there?",
        ((_SLOPE, "slope = alpha[0]"),),
    ),
    _forward(
        "the mean slope for all channels",
        "How many slopes are there?",
        ((_SLOPE, "slope = alpha.mean()"),),
    ),
    _forward(
        "slope 0.25 whatever was asked",
        "Where does your slope come from?",
        ((_SLOPE, "slope = 0.25"),),
    ),
    _forward(
        "alpha is kept between 0 and 1",
        "Does the text say that a slope is never negative, or above 1?",
        ((_OUT, "out = np.where(x > 0, x, np.clip(slope, 0, 1) * x)"),),
    ),
    _forward(
        "the sides are swapped",
        "What does PReLU do with 3?",
        ((_OUT, "out = np.where(x > 0, slope * x, x)"),),
    ),
    _forward(
        "the left side is turned up",
        "What does PReLU do with -3 when alpha is 0.1?",
        ((_OUT, "out = np.where(x > 0, x, -slope * x)"),),
    ),
    _forward(
        "x times two masks",
        INFINITE,
        ((_OUT, "out = x * (x > 0) + slope * x * (x <= 0)"),),
    ),
    _forward(
        "x is changed in place",
        IN_PLACE,
        ((_OUT, "x[...] = np.where(x > 0, x, slope * x)\n    out = x"),),
        caught_by="inputs",
    ),
)

_DX = "dx = np.where(x > 0, dout, slope * dout)"
_AXES = "axes = (0, *range(2, x.ndim))  # all but the channels"
_DALPHA = "dalpha = (dout * np.minimum(0, x)).sum(axis=axes)"
_RETURN = "return dx, dalpha"
_SHAPE = "Which shape is asked of dalpha, and which has yours?"
_PARTS = (
    "By how much does one y change when alpha grows a little? Try x = 3 and x = -3."
)

BACKWARD = (
    _backward(
        "dalpha is not summed", _SHAPE, ((_DALPHA, "dalpha = dout * np.minimum(0, x)"),)
    ),
    _backward(
        "dalpha summed over the channels too",
        _SHAPE,
        ((_DALPHA, "dalpha = (dout * np.minimum(0, x)).sum()"),),
    ),
    _backward("dalpha summed over the examples alone", _SHAPE, ((_AXES, "axes = 0"),)),
    _backward(
        "dalpha summed over all but the last axis",
        "Which axis of x counts the channels?",
        ((_AXES, "axes = tuple(range(x.ndim - 1))"),),
    ),
    _backward(
        "dalpha summed over the channels in place of the examples",
        "Which axis of x counts the channels?",
        ((_AXES, "axes = tuple(range(1, x.ndim))"),),
    ),
    _backward(
        "dalpha keeps axes of length 1",
        _SHAPE,
        (
            (
                _DALPHA,
                "dalpha = (dout * np.minimum(0, x)).sum(axis=axes, keepdims=True)",
            ),
        ),
    ),
    _backward(
        "dalpha averaged",
        "Is the gradient of a shared parameter a sum or a mean?",
        ((_DALPHA, "dalpha = (dout * np.minimum(0, x)).mean(axis=axes)"),),
    ),
    _backward(
        "dalpha of both sides",
        _PARTS,
        ((_DALPHA, "dalpha = (dout * x).sum(axis=axes)"),),
    ),
    _backward(
        "dalpha of the right side",
        _PARTS,
        ((_DALPHA, "dalpha = (dout * np.maximum(0, x)).sum(axis=axes)"),),
    ),
    _backward(
        "dalpha without x",
        _PARTS,
        ((_DALPHA, "dalpha = (dout * (x < 0)).sum(axis=axes)"),),
    ),
    _backward(
        "dalpha without dout",
        "Double dout. What should happen to dalpha?",
        ((_DALPHA, "dalpha = np.minimum(0, x).sum(axis=axes)"),),
    ),
    _backward(
        "dalpha multiplied by alpha",
        _PARTS,
        ((_DALPHA, "dalpha = (dout * np.minimum(0, slope * x)).sum(axis=axes)"),),
    ),
    _backward(
        "dalpha by a product with a mask",
        INFINITE,
        ((_DALPHA, "dalpha = (dout * x * (x < 0)).sum(axis=axes)"),),
    ),
    _backward(
        "dalpha with the sign turned around",
        _PARTS,
        ((_DALPHA, "dalpha = (dout * np.maximum(0, -x)).sum(axis=axes)"),),
    ),
    _backward(
        "dx has gradient 1 at x = 0",
        AT_ZERO,
        ((_DX, "dx = np.where(x >= 0, dout, slope * dout)"),),
    ),
    _backward(
        "dx has gradient 0 at x = 0",
        AT_ZERO,
        ((_DX, "dx = dout * (x > 0) + slope * dout * (x < 0)"),),
    ),
    _backward(
        "dx of a plain ReLU",
        "What is the slope at x = -3?",
        ((_DX, "dx = np.where(x > 0, dout, 0)"),),
    ),
    _backward(
        "dx without dout", DOUBLE_DOUT, ((_DX, "dx = np.where(x > 0, 1, slope)"),)
    ),
    _backward(
        "dout decides which slope",
        "Which array says on which side of 0 the unit is?",
        ((_DX, "dx = np.where(dout > 0, dout, slope * dout)"),),
    ),
    _backward(
        "writes into dout",
        IN_PLACE,
        ((_RETURN, "dout *= np.where(x > 0, 1, slope)\n    return dout, dalpha"),),
        caught_by="inputs",
    ),
)

MISTAKES = (*FORWARD, *BACKWARD)
