"""Wrong solutions of instance norm, and of dgamma and dbeta for images."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm import (
    ROOT,
    WRITES_HINT,
    wrong_forward,
    wrong_image_parameters,
)
from autograder.mistakes.layer_group_norm_backward import (
    RETURN,
    SHAPE_HINT,
    STD,
    wrong_backward,
)

_IMAGES_HINT = "Does the output of one image depend on the other images of its batch?"
_CHANNELS_HINT = "Does the output of one channel depend on the others?"


def wrong_image_gradients(exercise: str) -> tuple[Mistake, ...]:
    """dgamma and dbeta over the wrong axes, or of the wrong shape."""
    wrong = partial(Mistake, exercise)
    sums = ".sum(axis=(0, 2, 3))"
    return (
        wrong(
            "dgamma and dbeta of each image",
            "How many images use one entry of gamma? " + SHAPE_HINT,
            ((sums, ".sum(axis=(2, 3))"),),
        ),
        wrong(
            "dgamma and dbeta of each position",
            "How many positions use one entry of gamma? " + SHAPE_HINT,
            ((sums, ".sum(axis=0)"),),
        ),
        wrong(
            "dgamma and dbeta of shape (1, C, 1, 1)",
            SHAPE_HINT,
            ((sums, ".sum(axis=(0, 2, 3), keepdims=True)"),),
        ),
        wrong(
            "dgamma of shape (1, C, 1, 1)",
            SHAPE_HINT,
            ((RETURN, "return dx, dgamma.reshape(1, C, 1, 1), dbeta"),),
        ),
        wrong(
            "dgamma and dbeta of shape (C, 1, 1)",
            SHAPE_HINT,
            (
                (
                    RETURN,
                    "return dx, dgamma[:, None, None], dbeta[:, None, None]",
                ),
            ),
        ),
        wrong(
            "dgamma and dbeta averaged over the positions",
            "Is the gradient of a shared parameter a sum or a mean?",
            ((RETURN, "return dx, dgamma / (H * W), dbeta / (H * W)"),),
        ),
    )


_forward = partial(Mistake, "instancenorm_forward")

_OWN = "axis=(2, 3)"
_X_HAT = f"x_hat = (x - mean) / {ROOT}"

FORWARD = (
    *wrong_forward(
        "instancenorm_forward", "x", "(2, 3)", "x[0, 0].size", "[:, None, None]"
    ),
    *wrong_image_parameters("instancenorm_forward"),
    _forward("it is batch norm", _IMAGES_HINT, ((_OWN, "axis=(0, 2, 3)"),)),
    _forward("it is layer norm", _CHANNELS_HINT, ((_OWN, "axis=(1, 2, 3)"),)),
    _forward(
        "statistics of each pixel",
        "Which numbers does one pixel hold? " + _CHANNELS_HINT,
        ((_OWN, "axis=1"),),
    ),
    _forward(
        "statistics of each line of an image",
        "Over which of the axes H and W does your mean run?",
        ((_OWN, "axis=3"),),
    ),
    _forward(
        "statistics of each position",
        _IMAGES_HINT,
        ((_OWN, "axis=0"),),
    ),
    _forward(
        "reshaped to N*C columns without a transpose",
        "Print what the first column of your rows holds, for x = np.arange(24) in "
        "the shape (2, 3, 1, 4). Does it come from one channel of one image?",
        (
            (
                _X_HAT,
                "rows = x.reshape(-1, x.shape[0] * x.shape[1])\n"
                "    x_hat = (rows - rows.mean(axis=0)) / "
                "np.sqrt(rows.var(axis=0) + eps)\n"
                "    x_hat = x_hat.reshape(x.shape)",
            ),
        ),
    ),
    _forward(
        "axes of length one are squeezed away",
        "Print the shape of your mean for one image, and for one channel.",
        (
            (
                _X_HAT,
                "m, v = (s.squeeze()[..., None, None] for s in (mean, var))\n"
                "    x_hat = (x - m) / np.sqrt(v + eps)",
            ),
        ),
    ),
)

_backward = partial(Mistake, "instancenorm_backward")

_COUNT = "M = H * W"
_DX_HAT = "dx_hat = dout * gamma[:, None, None]"
_OWN_SUM = ".sum(axis=(2, 3), keepdims=True)"
_COUNT_HINT = "How many numbers stand behind each mean?"
_SUM_HINT = "Over which axes did the mean of the forward run, and over which your sum?"

BACKWARD = (
    *wrong_backward("instancenorm_backward", "(2, 3)", "M"),
    *wrong_image_gradients("instancenorm_backward"),
    _backward(
        "gamma missing in dx",
        "Double gamma. What happens to dx?",
        ((_DX_HAT, "dx_hat = dout"),),
    ),
    _backward("1/N in place of 1/(H W)", _COUNT_HINT, ((_COUNT, "M = N"),)),
    _backward("1/C in place of 1/(H W)", _COUNT_HINT, ((_COUNT, "M = C"),)),
    _backward(
        "1/(N H W) in place of 1/(H W)", _COUNT_HINT, ((_COUNT, "M = N * H * W"),)
    ),
    _backward(
        "sums over the batch on the way to dx",
        _SUM_HINT,
        ((_OWN_SUM, ".sum(axis=(0, 2, 3), keepdims=True)"),),
    ),
    _backward(
        "it is batch norm's backward",
        _SUM_HINT,
        (
            (_COUNT, "M = N * H * W"),
            (_OWN_SUM, ".sum(axis=(0, 2, 3), keepdims=True)"),
        ),
    ),
    _backward(
        "it is layer norm's backward",
        _SUM_HINT,
        (
            (_COUNT, "M = C * H * W"),
            (_OWN_SUM, ".sum(axis=(1, 2, 3), keepdims=True)"),
        ),
    ),
    _backward(
        "1/std recovered by dividing by x - mean",
        "What do you get where x equals its mean exactly?",
        ((STD, "std = (x - mean) / x_hat"),),
    ),
    _backward(
        "dout changes in place",
        WRITES_HINT,
        ((_DX_HAT, "dx_hat = dout\n    dx_hat *= gamma[:, None, None]"),),
        caught_by="inputs",
    ),
)

MISTAKES = (*FORWARD, *BACKWARD)
