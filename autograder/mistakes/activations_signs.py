"""Wrong answers to the lecture's question about inputs that are all positive."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.activations import IN_PLACE

_signs = partial(Mistake, "gradient_signs")
_path = partial(Mistake, "zigzag_path")

_EACH = "each = dout[:, None] * x  # (N, D)"
_SIGNS = "signs = np.sign(each)"
_BATCH = "batch_signs = np.sign(each.sum(axis=0))"
_POSITIVE = "positive = np.sum(batch_signs > 0)"
_NEGATIVE = "negative = np.sum(batch_signs < 0)"
_RARER = "rarer = min(positive, negative) / x.shape[1]"
_RULE = "What does the chain rule give for one weight and one example?"
_SUM = "Which is summed over the examples: gradients, or their signs?"
_OF_WHAT = "The share of what is asked for, and in which gradient?"

SIGNS = (
    _signs("signs of x alone", _RULE, ((_SIGNS, "signs = np.sign(x)"),)),
    _signs(
        "signs of dout alone",
        _RULE,
        ((_SIGNS, "signs = np.sign(dout)[:, None] * np.ones(x.shape)"),),
    ),
    _signs(
        "signs of the step",
        "Does the gradient point to where the loss grows, or falls?",
        ((_SIGNS, "signs = -np.sign(each)"),),
    ),
    _signs(
        "gradients in place of their signs",
        "Which three numbers may occur?",
        ((_SIGNS, "signs = each"),),
    ),
    _signs(
        "0 counts as positive in signs",
        "Which sign has 0?",
        ((_SIGNS, "signs = np.where(each >= 0, 1, -1)"),),
    ),
    _signs(
        "dout along the wrong axis",
        "Which axis of x counts the examples?",
        ((_EACH, "each = dout * x"),),
    ),
    _signs(
        "a vote of the examples",
        _SUM,
        ((_BATCH, "batch_signs = np.sign(signs.sum(axis=0))"),),
    ),
    _signs(
        "sums taken apart",
        "Is the sum of products the product of the sums?",
        ((_BATCH, "batch_signs = np.sign(x.sum(axis=0) * dout.sum())"),),
    ),
    _signs(
        "batch_signs by example",
        "How many weights are there?",
        ((_BATCH, "batch_signs = np.sign(each.sum(axis=1))"),),
    ),
    _signs(
        "batch_signs of x alone",
        _RULE,
        ((_BATCH, "batch_signs = np.sign(x.sum(axis=0))"),),
    ),
    _signs(
        "batch_signs of the first example",
        _SUM,
        ((_BATCH, "batch_signs = np.sign(each[0])"),),
    ),
    _signs(
        "batch_signs of the product over the examples",
        _SUM,
        ((_BATCH, "batch_signs = np.sign(each.prod(axis=0))"),),
    ),
    _signs(
        "the more frequent sign",
        "Which of the two signs is asked for?",
        ((_RARER, "rarer = max(positive, negative) / x.shape[1]"),),
    ),
    _signs(
        "a number in place of a share",
        "Between which numbers does a share lie?",
        ((_RARER, "rarer = min(positive, negative)"),),
    ),
    _signs(
        "divided by the number of examples",
        _OF_WHAT,
        ((_RARER, "rarer = min(positive, negative) / len(x)"),),
    ),
    _signs(
        "rarer among all examples' signs",
        _OF_WHAT,
        ((_RARER, "rarer = min(np.mean(signs > 0), np.mean(signs < 0))"),),
    ),
    _signs(
        "whether signs are mixed, not how much",
        _OF_WHAT,
        ((_RARER, "rarer = float(min(positive, negative) > 0)"),),
    ),
    _signs(
        "0 counts as positive in rarer",
        "Which sign has 0?",
        ((_POSITIVE, "positive = np.sum(batch_signs >= 0)"),),
    ),
    _signs(
        "0 counts as negative in rarer",
        "Which sign has 0?",
        ((_NEGATIVE, "negative = np.sum(batch_signs <= 0)"),),
    ),
    _signs(
        "rarer is the share of negative signs",
        "Which sign is rarer when most are negative?",
        ((_RARER, "rarer = negative / x.shape[1]"),),
    ),
)

_START = "path = [w]"
_ERROR = "error = (w - target) @ row"
_STEP = "w = w - lr * error * row"
_APPEND = "path.append(w)"
_RESULT = "return np.array(path)"
_LOOP = "for row in x:"
_FORMULA = "Compare your step with the formula, factor by factor."
_POINTS = "How many points has a path of N steps?"

PATH = (
    _path("the start is missing", _POINTS, ((_START, "path = []"),)),
    _path(
        "the last point is missing", _POINTS, ((_RESULT, "return np.array(path[:-1])"),)
    ),
    _path(
        "every point before its step",
        "After which example does the second point of your path come?",
        (
            (_STEP, "path.append(w)\n        w = w - lr * error * row"),
            (f"{_STEP}\n        {_APPEND}", _STEP),
        ),
    ),
    _path(
        "the steps in place of the points",
        "What is the first row of the path?",
        ((_RESULT, "return np.diff(path, axis=0)"),),
    ),
    _path(
        "all points are one array, and w too",
        "Does w -= ... make a new array?",
        ((_STEP, "w -= lr * error * row"),),
    ),
    _path(
        "w is changed in place",
        IN_PLACE,
        (
            (_START, "path = [w.copy()]"),
            (_STEP, "w -= lr * error * row"),
            (_APPEND, "path.append(w.copy())"),
        ),
        caught_by="inputs",
    ),
    _path(
        "uphill",
        "Does the loss fall along your path?",
        ((_STEP, "w = w + lr * error * row"),),
    ),
    _path(
        "the learning rate is forgotten", _FORMULA, ((_STEP, "w = w - error * row"),)
    ),
    _path(
        "the example is forgotten in the step",
        _FORMULA,
        ((_STEP, "w = w - lr * error"),),
    ),
    _path("the error is forgotten", _FORMULA, ((_STEP, "w = w - lr * row"),)),
    _path(
        "only the sign of the error",
        _FORMULA,
        ((_STEP, "w = w - lr * np.sign(error) * row"),),
    ),
    _path(
        "twice the gradient",
        "Where does the 1/2 in the loss go?",
        ((_STEP, "w = w - 2 * lr * error * row"),),
    ),
    _path(
        "an error for each weight",
        "How many errors does one example have?",
        ((_ERROR, "error = (w - target) * row"),),
    ),
    _path(
        "straight to the target",
        "May a step look at anything but the example?",
        ((_STEP, "w = w - lr * (w - target)"),),
    ),
    _path(
        "target taken for the right answer",
        "What is the right answer on an example x?",
        ((_ERROR, "error = w @ row - target"),),
    ),
    _path(
        "the error of the start in every step",
        "Which weights make the error of the second step?",
        ((_ERROR, "error = (path[0] - target) @ row"),),
    ),
    _path(
        "all examples in every step",
        "How many examples does one step use?",
        ((_STEP, "w = w - lr * x.T @ (x @ (w - target))"),),
    ),
    _path(
        "the average of all examples in every step",
        "How many examples does one step use?",
        ((_STEP, "w = w - lr * x.T @ (x @ (w - target)) / len(x)"),),
    ),
    _path(
        "divided by the square of the example",
        _FORMULA,
        ((_STEP, "w = w - lr * error * row / (row @ row)"),),
    ),
    _path(
        "the examples in reverse",
        "Which example comes first?",
        ((_LOOP, "for row in x[::-1]:"),),
    ),
    _path(
        "the first example in every step",
        "Which example makes the second step?",
        ((_LOOP, "for row in x[:1].repeat(len(x), axis=0):"),),
    ),
)

MISTAKES = (*SIGNS, *PATH)
