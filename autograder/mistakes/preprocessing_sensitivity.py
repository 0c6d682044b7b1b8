"""Wrong solutions of the sensitivity of the loss to its weights."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_STATISTICS = "mean, std = x.mean(axis=0), x.std(axis=0)"
_X_HAT = "x_hat = (x - mean) / std"
_W_HAT = "W_hat = W * std[:, None]"
_B_HAT = "b_hat = b + mean @ W"
_RAW = "raw = softmax_loss(x @ (W + dW) + b, y) - softmax_loss(x @ W + b, y)"
_BEFORE = "before = softmax_loss(x_hat @ W_hat + b_hat, y)"
_AFTER = "normalized = softmax_loss(x_hat @ (W_hat + dW) + b_hat, y) - before"

_SAME_SCORES = (
    "Compare x @ W + b with x_hat @ W_hat + b_hat. Are they the same numbers?"
)
_NUDGE = "Which array is added to the weights, and is it the same in both forms?"
_CHANGE = "Two losses are subtracted from each other. Which from which?"

_wrong = partial(Mistake, "loss_sensitivity")

FORMS = (
    _wrong(
        "the same weights on both data",
        _SAME_SCORES,
        ((_W_HAT, "W_hat = W"), (_B_HAT, "b_hat = b")),
    ),
    _wrong("the weights are not rescaled", _SAME_SCORES, ((_W_HAT, "W_hat = W"),)),
    _wrong("the bias stays as it was", _SAME_SCORES, ((_B_HAT, "b_hat = b"),)),
    _wrong(
        "the weights are divided by the std",
        _SAME_SCORES,
        ((_W_HAT, "W_hat = W / std[:, None]"),),
    ),
    _wrong(
        "the std along the classes",
        "W has the shape (D, C). Which axis belongs to the features?",
        ((_W_HAT, "W_hat = W * std"),),
    ),
    _wrong(
        "the mean is taken off the bias",
        _SAME_SCORES,
        ((_B_HAT, "b_hat = b - mean @ W"),),
    ),
    _wrong(
        "the new bias from the new weights",
        "Put x = std * x_hat + mean into x @ W + b. Which weights meet the mean?",
        ((_B_HAT, "b_hat = b + mean @ W_hat"),),
    ),
)

NORMALIZATION = (
    _wrong(
        "centred and not scaled, or the nudge scaled as well",
        "Multiply a feature by ten and divide its weights by ten. Does your change "
        "on the normalized data stay as it was?",
        ((_STATISTICS, "mean, std = x.mean(axis=0), np.ones(x.shape[1])"),),
    ),
    _wrong(
        "scaled and not centred",
        "What is the mean of your normalized data?",
        ((_STATISTICS, "mean, std = np.zeros(x.shape[1]), x.std(axis=0)"),),
    ),
    _wrong(
        "divided by the variance",
        "What is the standard deviation of your normalized data?",
        ((_STATISTICS, "mean, std = x.mean(axis=0), x.var(axis=0)"),),
    ),
    _wrong(
        "N - 1 in the variance",
        "By what does the variance divide here?",
        ((_STATISTICS, "mean, std = x.mean(axis=0), x.std(axis=0, ddof=1)"),),
    ),
    _wrong(
        "one mean and one std for all features",
        "How many means and how many standard deviations does (N, D) have?",
        (
            (
                _STATISTICS,
                "mean = np.full(x.shape[1], x.mean())\n"
                "    std = np.full(x.shape[1], x.std())",
            ),
        ),
    ),
    _wrong(
        "statistics of each example",
        "Over which axis do the mean and the standard deviation run?",
        (
            (
                _X_HAT,
                "x_hat = x - x.mean(axis=1, keepdims=True)\n"
                "    x_hat = x_hat / (x.std(axis=1, keepdims=True) + 1e-8)",
            ),
        ),
    ),
)

CHANGES = (
    _wrong(
        "the nudge of the raw weights is rescaled",
        _NUDGE,
        ((_RAW, _RAW.replace("dW", "dW / std[:, None]")),),
    ),
    _wrong(
        "the raw weights nudged, then rewritten",
        "Where is the nudge added: before W_hat is computed, or after?",
        (
            (
                _AFTER,
                "both = (W + dW) * std[:, None]\n"
                "    normalized = softmax_loss("
                "x_hat @ both + b + mean @ (W + dW), y) - before",
            ),
        ),
    ),
    _wrong(
        "the nudge is subtracted",
        _NUDGE,
        (
            (_RAW, _RAW.replace("+ dW", "- dW")),
            (_AFTER, _AFTER.replace("+ dW", "- dW")),
        ),
    ),
    _wrong(
        "before minus after",
        _CHANGE,
        ((_AFTER, f"{_AFTER}\n    raw, normalized = -raw, -normalized"),),
    ),
    _wrong(
        "size of the change",
        "May a change of the loss be negative?",
        ((_AFTER, f"{_AFTER}\n    raw, normalized = abs(raw), abs(normalized)"),),
    ),
    _wrong(
        "the loss in place of its change",
        "What should come back when dW is zero?",
        (
            (_RAW, "raw = softmax_loss(x @ (W + dW) + b, y)"),
            (_AFTER, "normalized = softmax_loss(x_hat @ (W_hat + dW) + b_hat, y)"),
        ),
    ),
    _wrong(
        "relative change",
        "Is a change asked for, or a ratio?",
        (
            (
                _AFTER,
                f"{_AFTER}\n    raw, normalized = raw / before, normalized / before",
            ),
        ),
    ),
    _wrong(
        "change to first order",
        "Is the change of the loss the same as its gradient times dW?",
        (
            (
                _AFTER,
                "h = 1e-6\n"
                "    raw = (softmax_loss(x @ (W + h * dW) + b, y)\n"
                "           - softmax_loss(x @ (W - h * dW) + b, y)) / (2 * h)\n"
                "    up = softmax_loss(x_hat @ (W_hat + h * dW) + b_hat, y)\n"
                "    down = softmax_loss(x_hat @ (W_hat - h * dW) + b_hat, y)\n"
                "    normalized = (up - down) / (2 * h)",
            ),
        ),
    ),
    _wrong(
        "the two changes come back in the other order",
        "Which of the two results is asked first?",
        (("return raw, normalized", "return normalized, raw"),),
    ),
    _wrong(
        "x is centred in place",
        "Which of the arrays you were handed does your code write into?",
        ((_AFTER, f"{_AFTER}\n    x -= mean"),),
        caught_by="inputs",
    ),
)

MISTAKES = (*FORMS, *NORMALIZATION, *CHANGES)
