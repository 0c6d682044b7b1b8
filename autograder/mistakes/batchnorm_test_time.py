"""Wrong solutions of folding batch normalization into the layer before it."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_SCALE = "scale = gamma / np.sqrt(running_var + eps)"
_BIAS = "b_folded = (b - running_mean) * scale + beta"
_LINEAR = "W_folded = W * scale"
_CONV = "W_folded = W * scale[:, None, None, None]"

_ROOT_HINT = "What does batch norm divide by in test mode?"
_INPUT_HINT = "Put in x = 0: what do the two layers give, and what does yours?"


def _shared(exercise: str) -> tuple[Mistake, ...]:
    """What goes wrong for either layer."""
    wrong = partial(Mistake, exercise)
    return (
        wrong(
            "gamma forgotten",
            "Double gamma. What should happen to the weights?",
            ((_SCALE, _SCALE.replace("gamma", "1")),),
        ),
        wrong(
            "gamma forgotten in the bias",
            "The bias goes through the same batch norm as the weights do.",
            ((_BIAS, _BIAS.replace("scale", "scale / gamma")),),
        ),
        wrong("eps forgotten", _ROOT_HINT, ((_SCALE, _SCALE.replace(" + eps", "")),)),
        wrong(
            "eps outside the root",
            _ROOT_HINT,
            ((_SCALE, "scale = gamma / (np.sqrt(running_var) + eps)"),),
        ),
        wrong(
            "eps hard-coded",
            "Where does your eps come from?",
            ((_SCALE, _SCALE.replace("eps", "1e-5")),),
        ),
        wrong(
            "divided by the variance",
            _ROOT_HINT,
            ((_SCALE, _SCALE.replace("np.sqrt", "")),),
        ),
        wrong(
            "multiplied by the root",
            _ROOT_HINT,
            ((_SCALE, _SCALE.replace("gamma /", "gamma *")),),
        ),
        wrong("the bias stays as it was", _INPUT_HINT, ((_BIAS, "b_folded = b"),)),
        wrong(
            "the bias of the layer is lost",
            _INPUT_HINT,
            ((_BIAS, "b_folded = beta - running_mean * scale"),),
        ),
        wrong(
            "the bias of the layer is not scaled",
            _INPUT_HINT,
            ((_BIAS, "b_folded = b - running_mean * scale + beta"),),
        ),
        wrong(
            "the running mean is not scaled",
            _INPUT_HINT,
            ((_BIAS, "b_folded = b * scale - running_mean + beta"),),
        ),
        wrong(
            "the running mean is forgotten",
            _INPUT_HINT,
            ((_BIAS, "b_folded = b * scale + beta"),),
        ),
        wrong(
            "the running mean is added",
            "Does batch norm add the mean, or take it away?",
            ((_BIAS, "b_folded = (b + running_mean) * scale + beta"),),
        ),
        wrong(
            "beta forgotten",
            _INPUT_HINT,
            ((_BIAS, "b_folded = (b - running_mean) * scale"),),
        ),
        wrong(
            "beta subtracted",
            "What does batch norm do with beta?",
            ((_BIAS, "b_folded = (b - running_mean) * scale - beta"),),
        ),
        wrong(
            "beta scaled",
            "Is beta added before or after the scaling?",
            ((_BIAS, "b_folded = (b - running_mean + beta) * scale"),),
        ),
    )


LINEAR = (
    *_shared("fold_batchnorm_into_linear"),
    Mistake(
        "fold_batchnorm_into_linear",
        "scale on the wrong axis",
        "W has the shape (M, D). Which axis belongs to the outputs?",
        ((_LINEAR, "W_folded = W * scale[:, None]"),),
    ),
    Mistake(
        "fold_batchnorm_into_linear",
        "the weights stay as they were",
        "Double gamma. What should happen to the weights?",
        ((_LINEAR, "W_folded = W.copy()"),),
    ),
    Mistake(
        "fold_batchnorm_into_linear",
        "W changes in place",
        "Which of the arrays you were handed does your code write into?",
        ((_LINEAR, "W *= scale\n    W_folded = W"),),
        caught_by="inputs",
    ),
)

CONV = (
    *_shared("fold_batchnorm_into_conv"),
    Mistake(
        "fold_batchnorm_into_conv",
        "scale along the input channels",
        "Which axis of W counts the channels that batch norm sees?",
        ((_CONV, "W_folded = W * scale[:, None, None]"),),
    ),
    Mistake(
        "fold_batchnorm_into_conv",
        "scale along the width",
        "With which axis does NumPy line up an array of shape (F,)?",
        ((_CONV, "W_folded = W * scale"),),
    ),
    Mistake(
        "fold_batchnorm_into_conv",
        "the filters stay as they were",
        "Double gamma. What should happen to the filters?",
        ((_CONV, "W_folded = W.copy()"),),
    ),
    Mistake(
        "fold_batchnorm_into_conv",
        "W changes in place",
        "Which of the arrays you were handed does your code write into?",
        ((_CONV, "W *= scale[:, None, None, None]\n    W_folded = W"),),
        caught_by="inputs",
    ),
)

MISTAKES = (*LINEAR, *CONV)
