"""Wrong solutions of finding the best point at an end of its range."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_LOG_HINT = "What lies in the middle between 0.01 and 1, on this scale?"
_BEST_HINT = "Print the scores of the points that your code takes."
_ANY_HINT = "Which columns of the best point are looked at, and on which side?"

_edge = partial(Mistake, "best_is_at_edge")

_BEST_POINT = "best = points[np.nanargmax(scores)]"
_POSITION = "position = np.log(best / lows) / np.log(highs / lows)"
_CLOSE = "close = (position < margin) | (position > 1 - margin)"
_ANSWER = "return int(close.any())"

MISTAKES = (
    _edge(
        "position without the logarithm",
        _LOG_HINT,
        ((_POSITION, "position = (best - lows) / (highs - lows)"),),
    ),
    _edge("the lower end alone", _ANY_HINT, ((_CLOSE, "close = position < margin"),)),
    _edge(
        "the upper end alone", _ANY_HINT, ((_CLOSE, "close = position > 1 - margin"),)
    ),
    _edge(
        "every column must be close to an end",
        _ANY_HINT,
        ((_ANSWER, "return int(close.all())"),),
    ),
    _edge("the first column alone", _ANY_HINT, ((_ANSWER, "return int(close[0])"),)),
    _edge("the last column alone", _ANY_HINT, ((_ANSWER, "return int(close[-1])"),)),
    _edge(
        "mean of the positions",
        _ANY_HINT,
        ((_POSITION, f"{_POSITION}\n    position = position.mean(keepdims=True)"),),
    ),
    _edge(
        "number of columns",
        "What is asked for when two columns are close to an end?",
        ((_ANSWER, "return int(close.sum())"),),
    ),
    _edge(
        "one answer for each column",
        "How many answers are asked for?",
        ((_ANSWER, "return close.astype(int)"),),
    ),
    _edge(
        "the answer turned round",
        "What do 0 and 1 stand for?",
        ((_ANSWER, "return int(not close.any())"),),
    ),
    _edge(
        "True or False in place of a number",
        "What kind of object is asked for?",
        ((_ANSWER, "return bool(close.any())"),),
    ),
    _edge(
        "NaN counts as the best score",
        "What does np.argmax return when one score is NaN?",
        ((_BEST_POINT, "best = points[np.argmax(scores)]"),),
    ),
    _edge(
        "the worst point",
        _BEST_HINT,
        ((_BEST_POINT, "best = points[np.nanargmin(scores)]"),),
    ),
    _edge("the first point", _BEST_HINT, ((_BEST_POINT, "best = points[0]"),)),
    _edge("the last point", _BEST_HINT, ((_BEST_POINT, "best = points[-1]"),)),
    _edge(
        "the geometric mean of all points",
        _BEST_HINT,
        ((_BEST_POINT, "best = np.exp(np.log(points).mean(axis=0))"),),
    ),
    _edge(
        "within the range of the points that were tried",
        "Which range counts, the one that was searched or the one that was hit?",
        (
            (
                _POSITION,
                "lows, highs = points.min(axis=0), points.max(axis=0)\n    "
                + _POSITION,
            ),
        ),
    ),
    _edge(
        "the margin ignored",
        "Double the margin. Can the answer change?",
        ((_CLOSE, _CLOSE.replace("margin", "0.1")),),
    ),
    _edge(
        "the margin as a width in decades",
        "Which units has the margin?",
        (
            (
                _CLOSE,
                "close = ((np.log10(best / lows) < margin)\n"
                "             | (np.log10(highs / best) < margin))",
            ),
        ),
    ),
    _edge(
        "half the margin at each end",
        "Which units has the margin?",
        ((_CLOSE, _CLOSE.replace("margin", "margin / 2")),),
    ),
    _edge(
        "the margin as a factor",
        "Which units has the margin?",
        (
            (
                _CLOSE,
                "close = (best < lows * (1 + margin)) | (best > highs * (1 - margin))",
            ),
        ),
    ),
    _edge(
        "outside of the range alone",
        "Can the best point lie outside of the range?",
        ((_CLOSE, "close = (position < 0) | (position > 1)"),),
    ),
    _edge(
        "points close to the middle",
        "What do 0 and 1 stand for?",
        ((_CLOSE, "close = np.abs(position - 0.5) < margin"),),
    ),
    _edge(
        "scores made into logarithms in place",
        "Which of the arrays you were handed does your code write into?",
        (
            (_POSITION, f"np.log(points, out=points)\n    {_POSITION}"),
            (_BEST_POINT, _BEST_POINT + ".copy()"),
        ),
        caught_by="inputs",
    ),
)
