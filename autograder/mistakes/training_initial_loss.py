"""Wrong solutions of the loss to expect before the first step."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_IN_PLACE_HINT = "Which of the arrays you were handed does your code write into?"

_first = partial(Mistake, "initial_loss")

_SQUARES = "squares = sum(np.sum(W**2) for W in weights)"
_RETURN = "return np.log(C) + 0.5 * reg * squares"
_LN_HINT = "What is the loss when each of C classes has the probability 1/C?"
_HALF_HINT = "What is the derivative of the L2 term by one weight?"
_SUM_HINT = "What stands under the sum: each weight squared, or something else?"

MISTAKES = (
    _first(
        "logarithm to base 10", _LN_HINT, ((_RETURN, _RETURN.replace("log", "log10")),)
    ),
    _first(
        "logarithm to base 2", _LN_HINT, ((_RETURN, _RETURN.replace("log", "log2")),)
    ),
    _first(
        "C in place of its logarithm",
        _LN_HINT,
        ((_RETURN, _RETURN.replace("np.log(C)", "C")),),
    ),
    _first(
        "the probability in place of the loss",
        _LN_HINT,
        ((_RETURN, _RETURN.replace("np.log(C)", "1 / C")),),
    ),
    _first(
        "sign of the logarithm",
        _LN_HINT,
        ((_RETURN, _RETURN.replace("np.log(C)", "np.log(1 / C)")),),
    ),
    _first(
        "the loss of the data is missing",
        _LN_HINT,
        ((_RETURN, "return 0.5 * reg * squares"),),
    ),
    _first(
        "logarithm of C - 1",
        _LN_HINT,
        ((_RETURN, _RETURN.replace("np.log(C)", "np.log(max(C - 1, 1))")),),
    ),
    _first(
        "one half forgotten", _HALF_HINT, ((_RETURN, _RETURN.replace("0.5 * ", "")),)
    ),
    _first(
        "no regularization",
        "Double reg. What should happen to the loss?",
        ((_RETURN, "return np.log(C)"),),
    ),
    _first(
        "strength of the regularization ignored",
        "Double reg. What should happen to the loss?",
        ((_RETURN, "return np.log(C) + 0.5 * squares"),),
    ),
    _first(
        "regularization subtracted",
        "Does a penalty make the loss larger or smaller?",
        ((_RETURN, _RETURN.replace("+", "-")),),
    ),
    _first(
        "the first layer alone",
        "How many arrays are in the list?",
        ((_SQUARES, "squares = np.sum(weights[0] ** 2)"),),
    ),
    _first(
        "the last layer alone",
        "How many arrays are in the list?",
        ((_SQUARES, "squares = np.sum(weights[-1] ** 2)"),),
    ),
    _first(
        "biases left out",
        "Which arrays of the list does the formula leave out?",
        ((_SQUARES, _SQUARES.replace("in weights", "in weights if W.ndim > 1")),),
    ),
    _first(
        "mean of the squares",
        _SUM_HINT,
        ((_SQUARES, _SQUARES.replace("np.sum", "np.mean")),),
    ),
    _first(
        "norm of each layer in place of its square",
        _SUM_HINT,
        ((_SQUARES, "squares = sum(np.linalg.norm(W) for W in weights)"),),
    ),
    _first(
        "root of the sum of all squares",
        _SUM_HINT,
        ((_RETURN, _RETURN.replace("squares", "np.sqrt(squares)")),),
    ),
    _first(
        "sum of absolute values",
        _SUM_HINT,
        ((_SQUARES, "squares = sum(np.sum(np.abs(W)) for W in weights)"),),
    ),
    _first(
        "square of the sum",
        _SUM_HINT,
        ((_SQUARES, "squares = sum(np.sum(W) ** 2 for W in weights)"),),
    ),
    _first(
        "weights without a square",
        _SUM_HINT,
        ((_SQUARES, "squares = sum(np.sum(W) for W in weights)"),),
    ),
    _first(
        "spectral norm",
        _SUM_HINT,
        ((_SQUARES, "squares = sum(np.linalg.norm(W, 2) ** 2 for W in weights)"),),
    ),
    _first(
        "weights squared in place",
        _IN_PLACE_HINT,
        (
            (
                _SQUARES,
                "squares = 0.0\n"
                "    for W in weights:\n"
                "        W **= 2\n"
                "        squares += W.sum()",
            ),
        ),
        caught_by="inputs",
    ),
)
