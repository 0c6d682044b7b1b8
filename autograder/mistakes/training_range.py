"""Wrong solutions of the range test of the learning rate."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_range = partial(Mistake, "learning_rate_range")

_EXPLODED = "exploded = ~np.isfinite(losses)"
_CUT = "losses, rates = losses[:n], rates[:n]"
_SMOOTH = "smooth = (losses[:-2] + losses[1:-1] + losses[2:]) / 3"
_LOGS = "log_rates = np.log(rates[1:-1])"
_SLOPES = "slopes = np.diff(smooth) / np.diff(log_rates)"
_CHOICE = "i = np.argmin(slopes)"
_RETURN = "return np.exp((log_rates[i] + log_rates[i + 1]) / 2)"

_CUT_HINT = "What does your code do with the first NaN, and with what follows it?"
_SMOOTH_HINT = "To which rate does the mean of losses 0, 1 and 2 belong?"
_SLOPE_HINT = "By what is the difference of two means divided?"
_STEEPEST_HINT = "Does the loss fall where your slope is chosen, and how steeply?"
_MIDDLE_HINT = (
    "Between which two rates does the chosen step lie, and where between them?"
)

MISTAKES = (
    _range("NaN and infinity are kept", _CUT_HINT, ((_CUT, "n = len(losses)"),)),
    _range(
        "NaN alone is looked for",
        "Which values are not finite?",
        ((_EXPLODED, "exploded = np.isnan(losses)"),),
    ),
    _range(
        "infinity alone is looked for",
        "Which values are not finite?",
        ((_EXPLODED, "exploded = np.isinf(losses)"),),
    ),
    _range(
        "losses that are not finite are taken out, and the rest is kept",
        _CUT_HINT,
        ((_CUT, "losses, rates = losses[~exploded], rates[~exploded]"),),
    ),
    _range(
        "NaN replaced by zero",
        "A loss of zero would be the best of all. Is NaN?",
        ((_CUT, "losses = np.nan_to_num(losses, posinf=0.0)"),),
    ),
    _range(
        "NaN replaced by a large number",
        _CUT_HINT,
        ((_CUT, "losses = np.nan_to_num(losses, nan=1e6, posinf=1e6)"),),
    ),
    _range(
        "one finite loss too few",
        "Which is the last loss that you keep?",
        ((_CUT, "n = max(n - 1, 4)\n    losses, rates = losses[:n], rates[:n]"),),
    ),
    _range(
        "no smoothing",
        "How many losses stand behind each number whose slope you take?",
        ((_SMOOTH, "smooth = losses[1:-1]"),),
    ),
    _range(
        "no smoothing, and the ends are kept",
        "How many losses stand behind each number whose slope you take?",
        ((_SMOOTH, "smooth = losses"), (_LOGS, "log_rates = np.log(rates)")),
    ),
    _range(
        "zeros beyond the ends",
        "How many losses stand behind the first of your means?",
        (
            (_SMOOTH, 'smooth = np.convolve(losses, np.ones(3) / 3, "same")'),
            (_LOGS, "log_rates = np.log(rates)"),
        ),
    ),
    _range(
        "the ends are kept as they are",
        "Which losses have two neighbours?",
        (
            (
                _SMOOTH,
                f"{_SMOOTH}\n"
                "    smooth = np.concatenate([losses[:1], smooth, losses[-1:]])",
            ),
            (_LOGS, "log_rates = np.log(rates)"),
        ),
    ),
    _range(
        "running mean that follows the losses",
        _SMOOTH_HINT,
        (
            (
                _SMOOTH,
                "smooth = losses.copy()\n"
                "    for t in range(1, len(smooth)):\n"
                "        smooth[t] = 0.5 * smooth[t - 1] + 0.5 * losses[t]\n"
                "    smooth = smooth[1:-1]",
            ),
        ),
    ),
    _range(
        "means of two losses",
        "How many losses stand behind each mean?",
        ((_SMOOTH, "smooth = (losses[:-2] + losses[1:-1]) / 2"),),
    ),
    _range(
        "median in place of the mean",
        "What is the mean of 1, 1 and 4?",
        (
            (
                _SMOOTH,
                "smooth = np.median([losses[:-2], losses[1:-1], losses[2:]], axis=0)",
            ),
        ),
    ),
    _range(
        "the mean belongs to the first of its rates",
        _SMOOTH_HINT,
        ((_LOGS, "log_rates = np.log(rates[:-2])"),),
    ),
    _range(
        "the mean belongs to the last of its rates",
        _SMOOTH_HINT,
        ((_LOGS, "log_rates = np.log(rates[2:])"),),
    ),
    _range(
        "slope by the rate in place of its logarithm",
        _SLOPE_HINT,
        ((_SLOPES, "slopes = np.diff(smooth) / np.diff(np.exp(log_rates))"),),
    ),
    _range(
        "difference that is not divided",
        _SLOPE_HINT,
        ((_SLOPES, "slopes = np.diff(smooth)"),),
    ),
    _range(
        "slope of the logarithm of the loss",
        _SLOPE_HINT,
        ((_SLOPES, _SLOPES.replace("np.diff(smooth)", "np.diff(np.log(smooth))")),),
    ),
    _range(
        "slope over two steps",
        "Between which means is the difference taken?",
        (
            (
                _SLOPES,
                "slopes = np.append((smooth[2:] - smooth[:-2])\n"
                "                       / (log_rates[2:] - log_rates[:-2]), 0.0)",
            ),
        ),
    ),
    _range(
        "the steepest rise",
        _STEEPEST_HINT,
        ((_CHOICE, "i = np.argmax(slopes)"),),
    ),
    _range(
        "the steepest slope of either sign",
        _STEEPEST_HINT,
        ((_CHOICE, "i = np.argmax(np.abs(slopes))"),),
    ),
    _range(
        "the flattest slope",
        _STEEPEST_HINT,
        ((_CHOICE, "i = np.argmin(np.abs(slopes))"),),
    ),
    _range(
        "the rate of the lowest loss",
        "Is the lowest loss where the loss falls fastest?",
        ((_RETURN, "return rates[np.argmin(losses)]"),),
    ),
    _range(
        "the rate of the lowest mean",
        "Is the lowest loss where the loss falls fastest?",
        ((_RETURN, "return np.exp(log_rates[np.argmin(smooth)])"),),
    ),
    _range(
        "a tenth of the rate of the lowest loss",
        "Is the lowest loss where the loss falls fastest?",
        ((_RETURN, "return rates[np.argmin(losses)] / 10"),),
    ),
    _range(
        "the lower of the two rates",
        _MIDDLE_HINT,
        ((_RETURN, "return np.exp(log_rates[i])"),),
    ),
    _range(
        "the upper of the two rates",
        _MIDDLE_HINT,
        ((_RETURN, "return np.exp(log_rates[i + 1])"),),
    ),
    _range(
        "the arithmetic mean of the two rates",
        _MIDDLE_HINT,
        ((_RETURN, "return (np.exp(log_rates[i]) + np.exp(log_rates[i + 1])) / 2"),),
    ),
    _range(
        "the place in the smoothed curve taken for one in the rates",
        _SMOOTH_HINT,
        ((_RETURN, "return np.sqrt(rates[i] * rates[i + 1])"),),
    ),
    _range(
        "the logarithm of the rate",
        "Is your answer a learning rate? Can one be negative?",
        ((_RETURN, "return (log_rates[i] + log_rates[i + 1]) / 2"),),
    ),
    _range(
        "logarithm to base 10, exponential to base e",
        "Which base do your logarithm and your exponential have?",
        ((_LOGS, _LOGS.replace("np.log", "np.log10")),),
    ),
    _range(
        "losses smoothed in place",
        "Which of the arrays you were handed does your code write into?",
        ((_SLOPES, f"{_SLOPES}\n    losses[1:-1] = smooth"),),
        caught_by="inputs",
    ),
)
