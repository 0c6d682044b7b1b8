"""Wrong solutions of log-uniform numbers and of random search."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_IN_PLACE_HINT = "Which of the arrays you were handed does your code write into?"
_LINEAR_HINT = "What do u = 0, 0.5 and 1 give between 0.01 and 1? Print them."
_BASE_HINT = "Which base do your logarithm and your exponential have?"
_AXIS_HINT = "Which axis of the result belongs to the hyperparameters?"

_log = partial(Mistake, "log_uniform")

_MAP = "return np.exp(np.log(low) + u * (np.log(high) - np.log(low)))"

LOG_UNIFORM = (
    _log(
        "uniform in place of log-uniform",
        _LINEAR_HINT,
        ((_MAP, "return low + u * (high - low)"),),
    ),
    _log(
        "logarithm to base 10, exponential to base e",
        _BASE_HINT,
        ((_MAP, _MAP.replace("np.log", "np.log10")),),
    ),
    _log(
        "logarithm to base e, power of 10",
        _BASE_HINT,
        ((_MAP, _MAP.replace("np.exp", "10.0 ** ")),),
    ),
    _log(
        "logarithm to base 2, power of 10",
        _BASE_HINT,
        ((_MAP, _MAP.replace("np.exp", "10.0 ** ").replace("np.log", "np.log2")),),
    ),
    _log(
        "the bounds taken for exponents",
        "Are low and high numbers, or exponents of 10?",
        ((_MAP, "return 10.0 ** (low + u * (high - low))"),),
    ),
    _log(
        "the bounds taken for natural logarithms",
        "Are low and high numbers, or logarithms?",
        ((_MAP, "return np.exp(low + u * (high - low))"),),
    ),
    _log(
        "the exponential forgotten",
        "Is your number between low and high?",
        ((_MAP, "return np.log(low) + u * (np.log(high) - np.log(low))"),),
    ),
    _log(
        "from high to low",
        "What does u = 0 give?",
        ((_MAP, _MAP.replace("u *", "(1 - u) *")),),
    ),
    _log(
        "low forgotten",
        "What does u = 0 give?",
        ((_MAP, "return np.exp(u * (np.log(high) - np.log(low)))"),),
    ),
    _log(
        "high in place of the width",
        "What does u = 1 give?",
        ((_MAP, "return np.exp(np.log(low) + u * np.log(high))"),),
    ),
    _log(
        "low and high swapped",
        "What does u = 0 give?",
        ((_MAP, "return np.exp(np.log(high) + u * (np.log(high) - np.log(low)))"),),
    ),
    _log(
        "logarithm of the width",
        "What does u = 1 give?",
        ((_MAP, "return np.exp(np.log(low) + u * np.log(high - low))"),),
    ),
    _log(
        "whole decades",
        "Can your function return 0.003?",
        ((_MAP, "return 10.0 ** np.floor(np.log10(low) + u * np.log10(high / low))"),),
    ),
    _log(
        "rounded to one decimal of the exponent",
        "How many different numbers can your function return?",
        (
            (
                _MAP,
                "return 10.0 ** np.round(np.log10(low) + u * np.log10(high / low), 1)",
            ),
        ),
    ),
    _log(
        "uniform in the square root",
        "Which scale has equal steps for equal factors?",
        ((_MAP, "return (np.sqrt(low) + u * (np.sqrt(high) - np.sqrt(low))) ** 2"),),
    ),
    _log(
        "uniform in 1 / r",
        "Which scale has equal steps for equal factors?",
        ((_MAP, "return 1 / (1 / low + u * (1 / high - 1 / low))"),),
    ),
    _log(
        "logarithm of u",
        "Is u uniform, or its logarithm?",
        ((_MAP, "return np.clip(low * np.exp(-np.log(u + 1e-300)), low, high)"),),
    ),
    _log(
        "the first number alone",
        "How many numbers are asked for?",
        (
            (
                _MAP,
                "r = np.exp(np.log(low) + u * (np.log(high) - np.log(low)))\n"
                "    return r.ravel()[0]",
            ),
        ),
    ),
    _log(
        "one range for all columns",
        _AXIS_HINT,
        ((_MAP, "low, high = np.min(low), np.max(high)\n    " + _MAP),),
    ),
    _log(
        "one range for each row",
        _AXIS_HINT,
        (
            (
                _MAP,
                "if np.ndim(low):\n"
                "        low, high = low[:, None], high[:, None]\n"
                "    " + _MAP,
            ),
        ),
    ),
    _log(
        "sorted",
        "Do your numbers stand in the order of u?",
        (
            (
                _MAP,
                _MAP.replace("return ", "return np.sort(") + ", axis=0)",
            ),
        ),
    ),
    _log(
        "u changes in place",
        _IN_PLACE_HINT,
        (
            (
                _MAP,
                "u *= np.log(high) - np.log(low)\n"
                "    u += np.log(low)\n"
                "    return np.exp(u)",
            ),
        ),
        caught_by="inputs",
    ),
)

_random = partial(Mistake, "random_search_points")

_DRAWN = "points = log_uniform(u, lows, highs)"
_SHARED_HINT = "How many different random numbers stand behind one row?"

RANDOM = (
    _random(
        "one random number for all hyperparameters",
        _SHARED_HINT,
        ((_DRAWN, "points = log_uniform(u[:, :1], lows, highs)"),),
    ),
    _random(
        "the last random number for all hyperparameters",
        _SHARED_HINT,
        ((_DRAWN, "points = log_uniform(u[:, -1:], lows, highs)"),),
    ),
    _random(
        "the first row for all trials",
        "How many different trials are there?",
        ((_DRAWN, "points = log_uniform(u[:1] + 0 * u, lows, highs)"),),
    ),
    _random(
        "uniform in place of log-uniform",
        _LINEAR_HINT,
        ((_DRAWN, "points = lows + u * (highs - lows)"),),
    ),
    _random(
        "log-uniform in the first column alone",
        _LINEAR_HINT,
        (
            (
                _DRAWN,
                "points = lows + u * (highs - lows)\n"
                "    points[:, 0] = log_uniform(u[:, 0], lows[0], highs[0])",
            ),
        ),
    ),
    _random(
        "ranges along the trials",
        _AXIS_HINT,
        ((_DRAWN, "points = log_uniform(u, lows[:, None], highs[:, None])"),),
    ),
    _random(
        "one range for all",
        "Which range belongs to the second column?",
        ((_DRAWN, "points = log_uniform(u, lows[0], highs[0])"),),
    ),
    _random(
        "the widest range for all",
        "Which range belongs to the second column?",
        ((_DRAWN, "points = log_uniform(u, lows.min(), highs.max())"),),
    ),
    _random(
        "columns from last to first",
        "Which column of u belongs to the first hyperparameter?",
        ((_DRAWN, "points = log_uniform(u[:, ::-1], lows, highs)"),),
    ),
    _random(
        "ranges from last to first",
        "Which range belongs to the first column?",
        ((_DRAWN, "points = log_uniform(u, lows[::-1], highs[::-1])"),),
    ),
    _random(
        "low and high swapped",
        "What does a row of zeros give?",
        ((_DRAWN, "points = log_uniform(u, highs, lows)"),),
    ),
    _random(
        "transposed",
        "Which shape is asked for?",
        ((_DRAWN, "points = log_uniform(u, lows, highs).T"),),
    ),
    _random(
        "read in another order",
        "Is row 0 of your points made of row 0 of u?",
        ((_DRAWN, "points = log_uniform(u.T.reshape(u.shape), lows, highs)"),),
    ),
    _random(
        "columns sorted",
        "Is row 0 of your points made of row 0 of u?",
        ((_DRAWN, "points = np.sort(log_uniform(u, lows, highs), axis=0)"),),
    ),
    _random(
        "rounded to whole decades",
        "Can your function return 0.003?",
        ((_DRAWN, "points = 10.0 ** np.round(np.log10(log_uniform(u, lows, highs)))"),),
    ),
    _random(
        "random numbers of its own",
        "Where do your random numbers come from?",
        (
            (
                _DRAWN,
                "u = np.random.default_rng(0).random(u.shape)\n"
                "    points = log_uniform(u, lows, highs)",
            ),
        ),
    ),
)

MISTAKES = (*LOG_UNIFORM, *RANDOM)
