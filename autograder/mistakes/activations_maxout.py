"""Wrong solutions of Maxout and of the count of its parameters."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.activations import IN_PLACE

_forward = partial(Mistake, "maxout_forward")
_backward = partial(Mistake, "maxout_backward")
_count = partial(Mistake, "maxout_parameters")

_PIECES = 'pieces = np.einsum("nd,kdh->nkh", x, W) + b  # (N, K, H)'
_PRODUCTS = 'pieces = np.einsum("nd,kdh->nkh", x, W)'
_OUT = "out = pieces.max(axis=1)"
_BIAS = "Is the bias of a piece added before or after the pieces are compared?"
_LARGEST = "Which of -3, 1 and 2 does a Maxout unit hand on?"

FORWARD = (
    _forward(
        "the biases are forgotten",
        "Add 1 to b. What happens to out?",
        ((_PIECES, _PRODUCTS),),
    ),
    _forward(
        "the first bias for all pieces",
        _BIAS,
        ((_PIECES, f"{_PRODUCTS} + b[0]"),),
    ),
    _forward(
        "the largest product plus the largest bias",
        _BIAS,
        ((_PIECES, _PRODUCTS), (_OUT, f"{_OUT} + b.max(axis=0)")),
    ),
    _forward(
        "the bias of the winner, added too late",
        _BIAS,
        (
            (_PIECES, _PRODUCTS),
            (
                _OUT,
                "winner = pieces.argmax(axis=1)\n"
                "    out = pieces.max(axis=1) + b[winner, np.arange(b.shape[1])]",
            ),
        ),
    ),
    _forward("the smallest piece", _LARGEST, ((_OUT, "out = pieces.min(axis=1)"),)),
    _forward("the sum of the pieces", _LARGEST, ((_OUT, "out = pieces.sum(axis=1)"),)),
    _forward(
        "the mean of the pieces", _LARGEST, ((_OUT, "out = pieces.mean(axis=1)"),)
    ),
    _forward(
        "the piece of largest size, whatever its sign",
        _LARGEST,
        (
            (
                _OUT,
                "winner = np.abs(pieces).argmax(axis=1)[:, None]\n"
                "    out = np.take_along_axis(pieces, winner, axis=1)[:, 0]",
            ),
        ),
    ),
    _forward(
        "a ReLU behind it",
        "Can a Maxout unit be negative?",
        ((_OUT, "out = np.maximum(0, pieces.max(axis=1))"),),
    ),
    _forward(
        "the first two pieces alone",
        "How many pieces are there?",
        ((_OUT, "out = pieces[:, :2].max(axis=1)"),),
    ),
    _forward(
        "the largest over the units",
        "Over which axis of (N, K, H) does the maximum run?",
        ((_OUT, "out = pieces.max(axis=2)"),),
    ),
    _forward(
        "one winner for the whole batch",
        "May two examples have different winners?",
        (
            (
                _OUT,
                "winner = pieces.sum(axis=0).argmax(axis=0)\n"
                "    out = pieces[:, winner, np.arange(b.shape[1])]",
            ),
        ),
    ),
    _forward(
        "W with its last two axes swapped",
        "Which axis of W has the length of a row of x?",
        ((_PIECES, _PIECES.replace("kdh->", "khd->")),),
    ),
    _forward(
        "W is changed in place",
        IN_PLACE,
        ((_OUT, f"{_OUT}\n    W -= W.mean()"),),
        caught_by="inputs",
    ),
)

_WINNER = "winner = pieces.argmax(axis=1)  # (N, H), the first of equal ones"
_CHOSEN = "chosen = winner[:, None, :] == number  # (N, K, H)"
_DPIECES = "dpieces = np.where(chosen, dout[:, None, :], 0)  # (N, K, H)"
_DX = 'dx = np.einsum("nkh,kdh->nd", dpieces, W)'
_DW = 'dW = np.einsum("nd,nkh->kdh", x, dpieces)'
_DB = "db = dpieces.sum(axis=0)"
_TIE = "Two pieces are equally large. How much of dout does each get?"
_WHO = "Which pieces did the output depend on?"
_MEAN = "Is the gradient of a shared parameter a sum or a mean?"

BACKWARD = (
    _backward(
        "a tie is paid out to every piece",
        _TIE,
        ((_CHOSEN, "chosen = pieces == pieces.max(axis=1, keepdims=True)"),),
    ),
    _backward(
        "a tie is shared",
        "Several pieces are equally large. Which of them gets the gradient?",
        (
            (_CHOSEN, "chosen = pieces == pieces.max(axis=1, keepdims=True)"),
            (_DPIECES, f"{_DPIECES}\n    dpieces /= chosen.sum(axis=1, keepdims=True)"),
        ),
    ),
    _backward(
        "a tie goes to the last piece",
        "Several pieces are equally large. Which of them gets the gradient?",
        ((_WINNER, "winner = len(W) - 1 - pieces[:, ::-1].argmax(axis=1)"),),
    ),
    _backward(
        "every piece gets the gradient",
        _WHO,
        ((_CHOSEN, "chosen = np.full(pieces.shape, True)"),),
    ),
    _backward(
        "the first piece always wins",
        _WHO,
        ((_WINNER, "winner = np.zeros(dout.shape)"),),
    ),
    _backward(
        "the smallest piece wins", _WHO, ((_WINNER, "winner = pieces.argmin(axis=1)"),)
    ),
    _backward(
        "one winner for the whole batch",
        "May two examples have different winners?",
        (
            (
                _CHOSEN,
                "winner = pieces.sum(axis=0).argmax(axis=0)\n"
                "    chosen = np.broadcast_to(winner == number, pieces.shape)",
            ),
        ),
    ),
    _backward(
        "multiplied by the value of the piece",
        "By how much does the output change when the winner grows by 1?",
        ((_DPIECES, "dpieces = np.where(chosen, dout[:, None, :] * pieces, 0)"),),
    ),
    _backward(
        "dx through the first piece alone",
        "Through which weights did x reach the output?",
        ((_DX, 'dx = np.einsum("nkh,dh->nd", dpieces, W[0])'),),
    ),
    _backward(
        "dx through all pieces",
        "Through which weights did x reach the output?",
        ((_DX, 'dx = np.einsum("nh,kdh->nd", dout, W)'),),
    ),
    _backward(
        "dx divided by the number of pieces",
        "By how much does the output change when the winner grows by 1?",
        ((_DX, f"{_DX} / len(W)"),),
    ),
    _backward("dW averaged over the examples", _MEAN, ((_DW, f"{_DW} / len(x)"),)),
    _backward(
        "dW without x",
        "Double x. What should happen to dW?",
        ((_DW, "dW = np.zeros(W.shape) + dpieces.sum(axis=0)[:, None, :]"),),
    ),
    _backward(
        "dW the same for every piece",
        _WHO,
        ((_DW, 'dW = np.einsum("nd,nh->dh", x, dout) + np.zeros(W.shape)'),),
    ),
    _backward(
        "dW with its last two axes swapped",
        "Which shape has W, and which has your dW?",
        ((_DW, _DW.replace("->kdh", "->khd")),),
    ),
    _backward(
        "db averaged over the examples", _MEAN, ((_DB, "db = dpieces.mean(axis=0)"),)
    ),
    _backward(
        "db the same for every piece",
        _WHO,
        ((_DB, "db = np.tile(dout.sum(axis=0), (len(W), 1))"),),
    ),
    _backward(
        "db is not summed",
        "Which shape has b, and which has your db?",
        ((_DB, "db = dpieces"),),
    ),
    _backward(
        "db counts the wins",
        "Double dout. What should happen to db?",
        ((_DB, "db = chosen.sum(axis=0)"),),
    ),
    _backward(
        "db of shape (H,)",
        "Which shape has b, and which has your db?",
        ((_DB, "db = dout.sum(axis=0)"),),
    ),
    _backward(
        "W is changed in place",
        IN_PLACE,
        ((_DB, f"{_DB}\n    W -= dW"),),
        caught_by="inputs",
    ),
)

_NUMBER = "count = pieces * units * (inputs + 1)"
_ONE = "A layer with one input, one unit and two pieces: write its parameters down."

PARAMETERS = (
    _count(
        "the biases are forgotten",
        _ONE,
        ((_NUMBER, "count = pieces * units * inputs"),),
    ),
    _count(
        "one bias for each unit",
        _ONE,
        ((_NUMBER, "count = units * (pieces * inputs + 1)"),),
    ),
    _count(
        "one bias for each piece",
        "Which shape has b?",
        ((_NUMBER, "count = pieces * (units * inputs + 1)"),),
    ),
    _count(
        "one bias for the layer",
        "Which shape has b?",
        ((_NUMBER, "count = pieces * units * inputs + 1"),),
    ),
    _count(
        "a bias for each input",
        "Which shape has b?",
        ((_NUMBER, "count = pieces * (units + 1) * inputs"),),
    ),
    _count(
        "the pieces are forgotten", _ONE, ((_NUMBER, "count = units * (inputs + 1)"),)
    ),
    _count(
        "always two pieces",
        "The slide has two pieces. Where is your third?",
        ((_NUMBER, "count = 2 * units * (inputs + 1)"),),
    ),
    _count(
        "the units are forgotten",
        "Double the units. What happens to the count?",
        ((_NUMBER, "count = pieces * (inputs + 1)"),),
    ),
    _count(
        "a power of the pieces",
        "Three pieces: is that one layer three times, or more?",
        ((_NUMBER, "count = units * (inputs + 1) ** pieces"),),
    ),
)

MISTAKES = (*FORWARD, *BACKWARD, *PARAMETERS)
