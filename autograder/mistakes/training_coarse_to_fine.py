"""Wrong solutions of going from a coarse search to a fine one."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_LOG_HINT = "What lies in the middle between 0.01 and 1, on this scale?"
_NAN_HINT = "Where does NaN stand after sorting? Print np.argsort of [0.5, nan, 0.7]."
_BEST_HINT = "Print the scores of the points that your code takes."

_fine = partial(Mistake, "coarse_to_fine")

_ORDER = "order = np.argsort(-scores)"
_BEST = "best = points[order[:keep]]"
_CENTRE = "centre = np.log(best).mean(axis=0)"
_WIDTH = "width = shrink * (np.log(highs) - np.log(lows))"
_LOWS = "new_lows = np.maximum(lows, np.exp(centre - width / 2))"
_HIGHS = "new_highs = np.minimum(highs, np.exp(centre + width / 2))"
_WIDTH_HINT = "How wide is your new range in the logarithm, beside the old one?"
_CUT_HINT = "Does your new range lie within the old one?"
_KEEP_HINT = "How many points stand behind the centre?"


def _ends(low: str, high: str) -> tuple[tuple[str, str], ...]:
    return (
        (_LOWS, f"new_lows = {low}"),
        (_HIGHS, f"new_highs = {high}"),
    )


MISTAKES = (
    _fine("the worst points", _BEST_HINT, ((_ORDER, "order = np.argsort(scores)"),)),
    _fine(
        "NaN counts as the best score",
        _NAN_HINT,
        ((_ORDER, "order = np.argsort(scores)[::-1]"),),
    ),
    _fine(
        "NaN counts as zero, and low scores as better",
        _BEST_HINT,
        ((_ORDER, "order = np.argsort(np.nan_to_num(scores))"),),
    ),
    _fine(
        "the first points", _BEST_HINT, ((_ORDER, "order = np.arange(len(scores))"),)
    ),
    _fine(
        "the last points",
        _BEST_HINT,
        ((_ORDER, "order = np.arange(len(scores))[::-1]"),),
    ),
    _fine("the best point alone", _KEEP_HINT, ((_BEST, _BEST.replace("keep", "1")),)),
    _fine("all points", _KEEP_HINT, ((_BEST, _BEST.replace("[:keep]", "")),)),
    _fine(
        "one point too many", _KEEP_HINT, ((_BEST, _BEST.replace("keep", "keep + 1")),)
    ),
    _fine(
        "arithmetic mean", _LOG_HINT, ((_CENTRE, "centre = np.log(best.mean(axis=0))"),)
    ),
    _fine(
        "median in place of the mean",
        "How is the centre defined?",
        ((_CENTRE, "centre = np.median(np.log(best), axis=0)"),),
    ),
    _fine(
        "middle of the smallest and the largest",
        "How is the centre defined?",
        (
            (
                _CENTRE,
                "logs = np.log(best)\n"
                "    centre = (logs.min(axis=0) + logs.max(axis=0)) / 2",
            ),
        ),
    ),
    _fine(
        "one centre for all hyperparameters",
        "How many centres are there?",
        ((_CENTRE, "centre = np.log(best).mean()"),),
    ),
    _fine(
        "centre of each point",
        "How many centres are there?",
        ((_CENTRE, "centre = np.log(best).mean(axis=1)"),),
    ),
    _fine(
        "mean weighted by the scores",
        "How is the centre defined?",
        (
            (
                _CENTRE,
                "s = scores[order[:keep]]\n"
                "    centre = np.average(np.log(best), axis=0, weights=s)",
            ),
        ),
    ),
    _fine(
        "centre of the old range",
        "Do the scores change your new range?",
        ((_CENTRE, "centre = (np.log(lows) + np.log(highs)) / 2"),),
    ),
    _fine(
        "half the width forgotten",
        _WIDTH_HINT,
        _ends(
            "np.maximum(lows, np.exp(centre - width))",
            "np.minimum(highs, np.exp(centre + width))",
        ),
    ),
    _fine(
        "the range begins at the centre",
        "Where in the new range does its centre lie?",
        _ends(
            "np.maximum(lows, np.exp(centre))",
            "np.minimum(highs, np.exp(centre + width))",
        ),
    ),
    _fine(
        "shrink ignored",
        _WIDTH_HINT,
        ((_WIDTH, "width = np.log(highs) - np.log(lows)"),),
    ),
    _fine(
        "divided by shrink",
        _WIDTH_HINT,
        ((_WIDTH, "width = (np.log(highs) - np.log(lows)) / shrink"),),
    ),
    _fine(
        "shrinks by shrink, not to it",
        _WIDTH_HINT,
        ((_WIDTH, "width = (1 - shrink) * (np.log(highs) - np.log(lows))"),),
    ),
    _fine(
        "shrink as a factor of the values",
        _WIDTH_HINT,
        _ends(
            "np.maximum(lows, np.exp(centre) * shrink)",
            "np.minimum(highs, np.exp(centre) / shrink)",
        ),
    ),
    _fine(
        "shrink as a width in the logarithm", _WIDTH_HINT, ((_WIDTH, "width = shrink"),)
    ),
    _fine(
        "width in the values",
        _LOG_HINT,
        _ends(
            "np.maximum(lows, np.exp(centre) - shrink * (highs - lows) / 2)",
            "np.minimum(highs, np.exp(centre) + shrink * (highs - lows) / 2)",
        ),
    ),
    _fine(
        "logarithm to base 10, exponential to base e",
        "Which base do your logarithm and your exponential have?",
        ((_WIDTH, _WIDTH.replace("np.log", "np.log10")),),
    ),
    _fine(
        "one width for all hyperparameters",
        _WIDTH_HINT,
        ((_WIDTH, "width = shrink * (np.log(highs) - np.log(lows)).mean()"),),
    ),
    _fine(
        "range of the best points",
        _WIDTH_HINT,
        _ends("best.min(axis=0)", "best.max(axis=0)"),
    ),
    _fine(
        "not cut off",
        _CUT_HINT,
        _ends("np.exp(centre - width / 2)", "np.exp(centre + width / 2)"),
    ),
    _fine(
        "cut off at the lower end alone",
        _CUT_HINT,
        ((_HIGHS, "new_highs = np.exp(centre + width / 2)"),),
    ),
    _fine(
        "cut off at the upper end alone",
        _CUT_HINT,
        ((_LOWS, "new_lows = np.exp(centre - width / 2)"),),
    ),
    _fine(
        "moved inside in place of cut off",
        _CUT_HINT,
        (
            (
                _LOWS,
                "a, b = np.log(lows) + width / 2, np.log(highs) - width / 2\n"
                "    centre = np.clip(centre, a, b)\n"
                "    " + _LOWS,
            ),
        ),
    ),
    _fine(
        "the wider of the two ranges",
        _CUT_HINT,
        _ends(
            "np.minimum(lows, np.exp(centre - width / 2))",
            "np.maximum(highs, np.exp(centre + width / 2))",
        ),
    ),
    _fine(
        "logarithms returned",
        "Are the new ends hyperparameters, or logarithms?",
        _ends(
            "np.maximum(np.log(lows), centre - width / 2)",
            "np.minimum(np.log(highs), centre + width / 2)",
        ),
    ),
    _fine(
        "ends swapped",
        "Which of the two arrays comes first?",
        (("return new_lows, new_highs", "return new_highs, new_lows"),),
    ),
    _fine(
        "lows change in place",
        "Which of the arrays you were handed does your code write into?",
        (
            (
                _LOWS,
                "lows[:] = np.maximum(lows, np.exp(centre - width / 2))\n"
                "    new_lows = lows",
            ),
        ),
        caught_by="inputs",
    ),
)
