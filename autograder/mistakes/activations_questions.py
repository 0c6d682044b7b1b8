"""Wrong answers to the lecture's questions about saturation and dead units."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_point = partial(Mistake, "saturation_point")
_share = partial(Mistake, "saturated_share")
_slopes = partial(Mistake, "product_of_sigmoid_slopes")
_dead = partial(Mistake, "dead_fraction")

_POINT = "point = math.acosh(0.5 / share - 1)  # s (1 - s) = 1 / (2 + 2 cosh x)"
_PUT_IN = "Put your x into the slope of the sigmoid. Do you get share?"

POINT = (
    _point(
        "the approximation far out",
        "What do you leave out of 1 + exp(-x)? Try a share near a quarter.",
        ((_POINT, "point = -math.log(share)"),),
    ),
    _point(
        "the point on the left",
        "Which of the two solutions is asked for?",
        ((_POINT, "point = -math.acosh(0.5 / share - 1)"),),
    ),
    _point(
        "the value of the sigmoid, not its argument",
        "Your quadratic equation has the solution s. What is asked for?",
        ((_POINT, "point = (1 + math.sqrt(1 - 4 * share)) / 2"),),
    ),
    _point(
        "where the sigmoid is 1 - share",
        "Is share compared with the sigmoid, or with its slope?",
        ((_POINT, "point = math.log((1 - share) / share)"),),
    ),
    _point(
        "share of the largest slope",
        _PUT_IN,
        ((_POINT, "point = math.acosh(2 / share - 1)"),),
    ),
    _point(
        "the root is not halved",
        _PUT_IN,
        (
            (
                _POINT,
                "s = 1 + math.sqrt(1 - 4 * share)\n"
                "    point = abs(math.log(s / abs(1 - s)))",
            ),
        ),
    ),
    _point(
        "a decimal logarithm",
        "To which base is the logarithm that undoes exp?",
        ((_POINT, f"{_POINT}\n    point = point / math.log(10)"),),
    ),
    _point(
        "the slope of tanh",
        "Which function has the slope s (1 - s)?",
        ((_POINT, "point = math.acosh(1 / math.sqrt(share))"),),
    ),
)

_SLOPE = "slope = out * (1 - out)"
_SHARE = "return np.mean(slope < share)"
_WHICH = "Is share compared with the sigmoid, or with its slope?"

SHARE = (
    _share(
        "equal counts as below",
        "Is 1/4 below 1/4?",
        ((_SHARE, "return np.mean(slope <= share)"),),
    ),
    _share(
        "the output in place of the slope",
        _WHICH,
        ((_SHARE, "return np.mean(out < share)"),),
    ),
    _share(
        "outputs within share of 0 or 1",
        _WHICH,
        ((_SHARE, "return np.mean(np.minimum(out, 1 - out) < share)"),),
    ),
    _share(
        "the units that are not saturated",
        "Which share is asked for?",
        ((_SHARE, "return np.mean(slope >= share)"),),
    ),
    _share(
        "a number of units in place of a share",
        "Between which numbers does a share lie?",
        ((_SHARE, "return np.sum(slope < share)"),),
    ),
    _share(
        "one share for each column",
        "How many numbers are asked for?",
        ((_SHARE, "return np.mean(slope < share, axis=0)"),),
    ),
    _share(
        "measured against the largest slope",
        "Does the text say a share of the gradient, or of the largest slope?",
        ((_SHARE, "return np.mean(4 * slope < share)"),),
    ),
    _share(
        "on the right side alone",
        "On how many sides does a sigmoid saturate?",
        ((_SHARE, "return np.mean((slope < share) & (x > 0))"),),
    ),
    _share(
        "on the left side alone",
        "On how many sides does a sigmoid saturate?",
        ((_SHARE, "return np.mean((slope < share) & (x < 0))"),),
    ),
    _share(
        "the slope of tanh",
        "What is the slope of the sigmoid at 0?",
        ((_SLOPE, "slope = 1 - np.tanh(x) ** 2"),),
    ),
    _share(
        "a share of 0.01 whatever was asked",
        "What does your function do with its second argument?",
        ((_SHARE, "return np.mean(slope < 0.01)"),),
    ),
    _share(
        "the mean slope",
        "What is asked for: how steep, or how many?",
        ((_SHARE, "return np.mean(slope)"),),
    ),
)

_FACTOR = "factor = 0.25**depth"
_ONE_LAYER = "What does your function give for one layer, and for no layer at all?"

SLOPES = (
    _slopes(
        "1/2 in place of 1/4",
        "What is the slope of the sigmoid at 0?",
        ((_FACTOR, "factor = 0.5**depth"),),
    ),
    _slopes(
        "the slope of tanh",
        "What is the slope of the sigmoid at 0?",
        ((_FACTOR, "factor = 1.0"),),
    ),
    _slopes(
        "the slopes are added",
        "What does the chain rule do with the slopes of two layers?",
        ((_FACTOR, "factor = 0.25 * depth"),),
    ),
    _slopes(
        "one layer too few", _ONE_LAYER, ((_FACTOR, "factor = 0.25 ** (depth - 1)"),)
    ),
    _slopes(
        "one layer too many", _ONE_LAYER, ((_FACTOR, "factor = 0.25 ** (depth + 1)"),)
    ),
    _slopes(
        "how much is lost in place of what is left",
        "Is the factor above or below 1?",
        ((_FACTOR, "factor = 4.0**depth"),),
    ),
    _slopes(
        "1 minus what is left",
        "What is left after a hundred layers?",
        ((_FACTOR, "factor = 1 - 0.25**depth"),),
    ),
    _slopes(
        "one layer whatever was asked",
        "What does depth change?",
        ((_FACTOR, "factor = 0.25"),),
    ),
    _slopes(
        "divided by the depth",
        "What does the chain rule do with the slopes of two layers?",
        ((_FACTOR, "factor = 0.25 / max(depth, 1)"),),
    ),
    _slopes(
        "base and exponent swapped", _ONE_LAYER, ((_FACTOR, "factor = depth**0.25"),)
    ),
)

_A = "a = x @ W + b  # (N, H)"
_DEAD = "dead = (a <= 0).all(axis=0)  # (H,)"
_MEAN = "return np.mean(dead)"
_ALIVE = "How many examples does it take to keep a unit alive?"

DEAD = (
    _dead(
        "a unit at exactly 0 counts as alive",
        "What is the gradient of ReLU at 0?",
        ((_DEAD, "dead = (a < 0).all(axis=0)"),),
    ),
    _dead(
        "the bias is forgotten",
        "Subtract 100 from b. How many units are dead?",
        ((_A, "a = x @ W"),),
    ),
    _dead(
        "the bias is subtracted",
        "Subtract 100 from b. How many units are dead?",
        ((_A, "a = x @ W - b"),),
    ),
    _dead(
        "the share of zeros in place of units",
        "What is counted: units, or activations?",
        ((_DEAD, "dead = a <= 0"),),
    ),
    _dead(
        "off for one example is enough",
        _ALIVE,
        ((_DEAD, "dead = (a <= 0).any(axis=0)"),),
    ),
    _dead(
        "examples in place of units",
        "Which axis counts the units?",
        ((_DEAD, "dead = (a <= 0).all(axis=1)"),),
    ),
    _dead("negative on average", _ALIVE, ((_DEAD, "dead = a.mean(axis=0) <= 0"),)),
    _dead("the first example decides", _ALIVE, ((_DEAD, "dead = a[0] <= 0"),)),
    _dead(
        "off for most examples",
        _ALIVE,
        ((_DEAD, "dead = (a <= 0).mean(axis=0) > 0.5"),),
    ),
    _dead(
        "0 is looked for in front of the ReLU",
        "Where is a dead unit 0: in front of max(0, ·), or behind?",
        ((_DEAD, "dead = (a == 0).all(axis=0)"),),
    ),
    _dead(
        "the units that are alive",
        "Which share is asked for?",
        ((_MEAN, "return 1 - np.mean(dead)"),),
    ),
    _dead(
        "a number of units in place of a share",
        "Between which numbers does a share lie?",
        ((_MEAN, "return np.sum(dead)"),),
    ),
    _dead(
        "per cent",
        "Between which numbers does a share lie?",
        ((_MEAN, "return 100 * np.mean(dead)"),),
    ),
    _dead(
        "divided by the number of examples",
        "Of what is it a share?",
        ((_MEAN, "return np.sum(dead) / len(x)"),),
    ),
)

MISTAKES = (*POINT, *SHARE, *SLOPES, *DEAD)
