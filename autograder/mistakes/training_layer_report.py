"""Wrong solutions of the report on activations and gradients by layer."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_IN_PLACE_HINT = "Which of the arrays you were handed does your code write into?"

_report = partial(Mistake, "layer_report")

_MEAN = "mean = np.array([h.mean() for h in activations])"
_STD = "std = np.array([h.std() for h in activations])"
_SATURATED = "saturated = np.array([(np.abs(h) > 0.99).mean() for h in activations])"
_GRADIENT_STD = "gradient_std = np.array([g.std() for g in gradients])"
_RATIO = "gradient_ratio = gradient_std / gradient_std[-1]"
_SHARE_HINT = "Three of four activations are saturated. What does your code say?"
_SIDES_HINT = "At which activations is the slope of tanh close to zero?"
_THRESHOLD_HINT = "Where does the definition draw the line?"
_SPREAD_HINT = "Add 1 to all numbers of a layer. Should its standard deviation change?"
_LAST_HINT = "Which layer has the ratio 1?"

MISTAKES = (
    _report(
        "mean of the absolute values",
        "Can the mean of a layer be negative?",
        ((_MEAN, _MEAN.replace("h.mean()", "np.abs(h).mean()")),),
    ),
    _report(
        "sum in place of the mean",
        "By what is the sum divided?",
        ((_MEAN, _MEAN.replace("h.mean", "h.sum")),),
    ),
    _report(
        "median in place of the mean",
        "How is the mean defined?",
        ((_MEAN, _MEAN.replace("h.mean()", "np.median(h)")),),
    ),
    _report(
        "mean of the first example alone",
        "Over which axes is the mean taken?",
        ((_MEAN, _MEAN.replace("h.mean", "h[0].mean")),),
    ),
    _report(
        "means of the gradients",
        "Which of the two lists does the mean belong to?",
        ((_MEAN, _MEAN.replace("activations", "gradients")),),
    ),
    _report(
        "N - 1 in the standard deviation",
        "By what is the sum of squares divided? Try one entry.",
        ((_STD, _STD.replace("h.std()", "h.std(ddof=1)")),),
    ),
    _report(
        "N - 1 in the standard deviation of the gradients",
        "By what is the sum of squares divided? Try one entry.",
        ((_GRADIENT_STD, _GRADIENT_STD.replace("g.std()", "g.std(ddof=1)")),),
    ),
    _report(
        "variance in place of the standard deviation",
        "Which units has a standard deviation?",
        ((_STD, _STD.replace("h.std", "h.var")),),
    ),
    _report(
        "root mean square in place of the standard deviation",
        _SPREAD_HINT,
        ((_STD, _STD.replace("h.std()", "np.sqrt((h**2).mean())")),),
    ),
    _report(
        "mean of the units' standard deviations",
        "Is there one standard deviation a layer, or one a unit?",
        ((_STD, _STD.replace("h.std()", "h.std(axis=0).mean()")),),
    ),
    _report(
        "mean of the examples' standard deviations",
        "Is there one standard deviation a layer, or one an example?",
        ((_STD, _STD.replace("h.std()", "h.std(axis=1).mean()")),),
    ),
    _report(
        "saturation on the upper side alone",
        _SIDES_HINT,
        ((_SATURATED, _SATURATED.replace("np.abs(h)", "h")),),
    ),
    _report(
        "saturation on the lower side alone",
        _SIDES_HINT,
        ((_SATURATED, _SATURATED.replace("np.abs(h)", "-h")),),
    ),
    _report(
        "threshold 0.9",
        _THRESHOLD_HINT,
        ((_SATURATED, _SATURATED.replace("0.99", "0.9")),),
    ),
    _report(
        "threshold 0.95",
        _THRESHOLD_HINT,
        ((_SATURATED, _SATURATED.replace("0.99", "0.95")),),
    ),
    _report(
        "threshold 0.98",
        _THRESHOLD_HINT,
        ((_SATURATED, _SATURATED.replace("0.99", "0.98")),),
    ),
    _report(
        "threshold 0.99 of the largest activation",
        _THRESHOLD_HINT,
        ((_SATURATED, _SATURATED.replace("0.99", "0.99 * np.abs(h).max()")),),
    ),
    _report(
        "threshold on the slope",
        _THRESHOLD_HINT,
        ((_SATURATED, _SATURATED.replace("np.abs(h) > 0.99", "1 - h**2 < 0.01")),),
    ),
    _report(
        "share of those that are not saturated",
        _SHARE_HINT,
        ((_SATURATED, _SATURATED.replace(">", "<=")),),
    ),
    _report(
        "number in place of the share",
        _SHARE_HINT,
        ((_SATURATED, _SATURATED.replace(".mean()", ".sum()")),),
    ),
    _report(
        "percent in place of the share",
        _SHARE_HINT,
        ((_SATURATED, f"{_SATURATED}\n    saturated = 100 * saturated"),),
    ),
    _report(
        "units saturated for every example",
        _SHARE_HINT,
        ((_SATURATED, _SATURATED.replace(".mean()", ".all(axis=0).mean()")),),
    ),
    _report(
        "units saturated for any example",
        _SHARE_HINT,
        ((_SATURATED, _SATURATED.replace(".mean()", ".any(axis=0).mean()")),),
    ),
    _report(
        "ratio to the first layer",
        _LAST_HINT,
        ((_RATIO, _RATIO.replace("[-1]", "[0]")),),
    ),
    _report(
        "ratio upside down",
        "A gradient that has shrunk to a tenth: which ratio has it?",
        ((_RATIO, "gradient_ratio = gradient_std[-1] / gradient_std"),),
    ),
    _report(
        "ratio to the largest",
        _LAST_HINT,
        ((_RATIO, _RATIO.replace("[-1]", ".max()")),),
    ),
    _report(
        "ratio to the layer above",
        "By which layer's number is each one divided?",
        (
            (
                _RATIO,
                "above = np.append(gradient_std[1:], gradient_std[-1])\n"
                "    gradient_ratio = gradient_std / above",
            ),
        ),
    ),
    _report(
        "ratio to the activations",
        "By which layer's number is each one divided?",
        ((_RATIO, "gradient_ratio = gradient_std / std"),),
    ),
    _report(
        "ratio of the variances",
        "Which units has a standard deviation?",
        ((_RATIO, "gradient_ratio = (gradient_std / gradient_std[-1]) ** 2"),),
    ),
    _report("no ratio", _LAST_HINT, ((_RATIO, "gradient_ratio = gradient_std"),)),
    _report(
        "ratio of norms",
        _SPREAD_HINT,
        ((_GRADIENT_STD, _GRADIENT_STD.replace("g.std()", "np.linalg.norm(g)")),),
    ),
    _report(
        "ratio of root mean squares",
        _SPREAD_HINT,
        ((_GRADIENT_STD, _GRADIENT_STD.replace("g.std()", "np.sqrt((g**2).mean())")),),
    ),
    _report(
        "ratio of mean absolute values",
        _SPREAD_HINT,
        ((_GRADIENT_STD, _GRADIENT_STD.replace("g.std()", "np.abs(g).mean()")),),
    ),
    _report(
        "ratio of the standard deviations of the activations",
        "Which of the two lists does the ratio belong to?",
        ((_RATIO, "gradient_ratio = std / std[-1]"),),
    ),
    _report(
        "activations change in place",
        _IN_PLACE_HINT,
        (
            (
                _SATURATED,
                "for h in activations:\n"
                "        np.abs(h, out=h)\n"
                "    saturated = np.array([(h > 0.99).mean() for h in activations])",
            ),
        ),
        caught_by="inputs",
    ),
)
