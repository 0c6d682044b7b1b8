"""Wrong solutions of the softmax loss and of its gradient."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_wrong = partial(Mistake, "softmax_loss")

_SHIFTED = "shifted = scores - scores.max(axis=1, keepdims=True)"
_LOG_SUM = "log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))"
_LOSS = "loss = -log_probs[np.arange(N), y].mean()"
_PICKED = "log_probs[np.arange(N), y]"
_PROBS = "dscores = np.exp(log_probs)"
_MINUS = "dscores[np.arange(N), y] -= 1"
_OVER_N = "dscores = dscores / N"

_OVERFLOW_HINT = "What is np.exp(1000)? And what stays when 1000 is taken from a row?"
_ROW_HINT = (
    "Take the scores of one example alone. Do the others change its probability?"
)
_MEAN_HINT = "Repeat every example once. Should the loss double?"
_MEAN_GRADIENT_HINT = (
    "Repeat every example once. The loss stays; what happens to the gradient of each?"
)
_CLIP_HINT = "What is the loss of an example whose right class is 2000 behind?"
_SIGN_HINT = "Raise the score of the right class. Which way does the loss go?"
_BASE_HINT = "Which logarithm belongs to the exponential of the softmax?"
_IN_PLACE_HINT = "Which of the arrays you were handed does your code write into?"

LOSS = (
    _wrong(
        "exponential of the plain scores",
        _OVERFLOW_HINT,
        ((_SHIFTED, "shifted = scores"),),
    ),
    _wrong(
        "one maximum for the whole batch",
        "A row around -1000 in a batch with one around 1000: what is left of it?",
        ((_SHIFTED, "shifted = scores - scores.max()"),),
    ),
    _wrong(
        "maximum of each column",
        _ROW_HINT,
        ((_SHIFTED, "shifted = scores - scores.max(axis=0)"),),
    ),
    _wrong(
        "minimum in place of the maximum",
        "How large can a shifted score be, and what does exp make of it?",
        ((_SHIFTED, _SHIFTED.replace("max", "min")),),
    ),
    _wrong(
        "softmax over the examples",
        _ROW_HINT,
        (
            (_SHIFTED, "shifted = scores - scores.max(axis=0)"),
            (_LOG_SUM, "log_sum = np.log(np.exp(shifted).sum(axis=0))"),
        ),
    ),
    _wrong(
        "softmax over all scores at once",
        _ROW_HINT,
        (
            (_SHIFTED, "shifted = scores - scores.max()"),
            (_LOG_SUM, "log_sum = np.log(np.exp(shifted).sum())"),
        ),
    ),
    _wrong(
        "logarithm of a probability that is zero",
        "What is np.log(np.exp(-2000)), and what should it be?",
        ((_LOSS, "loss = -np.log(np.exp(log_probs)[np.arange(N), y]).mean()"),),
    ),
    _wrong(
        "logarithm of the probability plus a small number",
        _CLIP_HINT,
        ((_LOSS, "loss = -np.log(np.exp(log_probs)[np.arange(N), y] + 1e-8).mean()"),),
    ),
    _wrong(
        "probabilities clipped from below",
        _CLIP_HINT,
        (
            (
                _LOSS,
                "probs = np.clip(np.exp(log_probs), 1e-12, 1)\n"
                "    loss = -np.log(probs[np.arange(N), y]).mean()",
            ),
        ),
    ),
    _wrong(
        "sum in place of the mean, in the loss",
        _MEAN_HINT,
        ((_LOSS, _LOSS.replace("mean", "sum")),),
    ),
    _wrong(
        "sum in place of the mean, in loss and gradient",
        _MEAN_HINT,
        ((_LOSS, _LOSS.replace("mean", "sum")), (_OVER_N, "dscores = dscores * 1")),
    ),
    _wrong(
        "mean over classes too",
        "How many numbers are added up in the loss?",
        ((_LOSS, f"loss = -{_PICKED}.sum() / scores.size"),),
    ),
    _wrong(
        "logarithm of the mean probability",
        "Which comes first, the logarithm or the mean?",
        ((_LOSS, f"loss = -np.log(np.exp({_PICKED}).mean())"),),
    ),
    _wrong("sign of the loss", _SIGN_HINT, ((_LOSS, _LOSS.replace("-log", "log")),)),
    _wrong(
        "logarithm to base 2", _BASE_HINT, ((_LOSS, _LOSS + "\n    loss /= np.log(2)"),)
    ),
    _wrong(
        "logarithm to base 10",
        _BASE_HINT,
        ((_LOSS, _LOSS + "\n    loss /= np.log(10)"),),
    ),
    _wrong(
        "every example picks every label",
        "Which shape has log_probs[:, y], and which should it have?",
        ((_LOSS, "loss = -log_probs[:, y].mean()"),),
    ),
    _wrong(
        "loss of all classes",
        "Which of the C probabilities of an example counts?",
        ((_LOSS, "loss = -log_probs.sum() / N"),),
    ),
    _wrong(
        "the first class in place of the right one",
        "Where does your loss use y?",
        ((_LOSS, "loss = -log_probs[:, 0].mean()"),),
    ),
    _wrong(
        "the probability without its logarithm",
        "What is the loss when the right class has the probability 1?",
        ((_LOSS, f"loss = -np.exp({_PICKED}).mean()"),),
    ),
    _wrong(
        "loss kept as an array of shape (1,)",
        "Which shape is asked of the loss?",
        ((_LOSS, f"loss = -{_PICKED}.mean(keepdims=True)"),),
    ),
    _wrong(
        "loss of each example returned",
        "Is the loss one number, or one for each example?",
        ((_LOSS, f"loss = -{_PICKED}"),),
    ),
)

GRADIENT = (
    _wrong(
        "gradient not divided by N",
        _MEAN_GRADIENT_HINT,
        ((_OVER_N, "dscores = dscores * 1"),),
    ),
    _wrong(
        "gradient divided by N times C",
        _MEAN_GRADIENT_HINT,
        ((_OVER_N, "dscores = dscores / scores.size"),),
    ),
    _wrong(
        "gradient divided by C",
        "Over what does the loss take its mean?",
        ((_OVER_N, "dscores = dscores / scores.shape[1]"),),
    ),
    _wrong("sign of the gradient", _SIGN_HINT, ((_OVER_N, "dscores = -dscores / N"),)),
    _wrong(
        "1 not subtracted",
        "What is the sum of a row of the gradient?",
        ((_MINUS, ""),),
    ),
    _wrong(
        "1 added at the right class",
        "What is the sum of a row of the gradient?",
        ((_MINUS, _MINUS.replace("-=", "+=")),),
    ),
    _wrong(
        "1 subtracted after the division by N",
        "Which comes first, the 1 or the division?",
        ((_MINUS, ""), (_OVER_N, f"{_OVER_N}\n    {_MINUS}")),
    ),
    _wrong(
        "1 subtracted from every label's column",
        "Which entries does dscores[:, y] name?",
        ((_MINUS, "dscores[:, y] -= 1"),),
    ),
    _wrong(
        "gradient at the right class alone",
        "Raise the score of a wrong class. Does the loss change?",
        (
            (
                _OVER_N,
                "kept = dscores[np.arange(N), y] / N\n"
                "    dscores = np.zeros_like(dscores)\n"
                "    dscores[np.arange(N), y] = kept",
            ),
        ),
    ),
    _wrong(
        "gradient with respect to the probabilities",
        "Is this the gradient by the scores, or by the probabilities?",
        (
            (
                _OVER_N,
                f"dscores = np.zeros_like(dscores)\n"
                f"    dscores[np.arange(N), y] = -np.exp(-{_PICKED}) / N",
            ),
        ),
    ),
    _wrong(
        "gradient of the log-probabilities",
        "What stands in the formula, p or its logarithm?",
        ((_PROBS, "dscores = log_probs.copy()"),),
    ),
    _wrong(
        "exponentials that are not divided by their sum",
        "What is the sum of a row of probabilities?",
        ((_PROBS, "dscores = np.exp(shifted)"),),
    ),
    _wrong(
        "gradient times p (1 - p)",
        "The derivative of the softmax is in the formula already.",
        ((_OVER_N, "p = np.exp(log_probs)\n    dscores = dscores * p * (1 - p) / N"),),
    ),
    _wrong(
        "gradient rounded to the choice",
        "The gradient knows how sure the network is. Does yours?",
        (
            (
                _PROBS,
                "dscores = (log_probs == log_probs.max(axis=1, keepdims=True)) * 1.0",
            ),
        ),
    ),
    _wrong(
        "scores shifted in place",
        _IN_PLACE_HINT,
        (
            (
                _SHIFTED,
                "shifted = scores\n    shifted -= scores.max(axis=1, keepdims=True)",
            ),
        ),
        caught_by="inputs",
    ),
)

MISTAKES = (*LOSS, *GRADIENT)
