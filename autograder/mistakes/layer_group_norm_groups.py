"""Wrong solutions of the forward pass of group norm.

Where statistics have other axes than the reference's, the cache keeps the
right ones: a backward could not use it, and what it can't use can't be judged.
"""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm import (
    ROOT,
    wrong_forward,
    wrong_image_parameters,
)

_wrong = partial(Mistake, "groupnorm_forward")

_GROUPS = "groups = x.reshape(N, G, -1)"
_STATISTICS = "axis=2"
_X_HAT = f"x_hat = ((groups - mean) / {ROOT}).reshape(N, C, H, W)"
_OUT = "out = gamma[:, None, None] * x_hat + beta[:, None, None]"

_MEMBERS_HINT = (
    "Move one entry of x, with 6 channels in 2 groups. Which channels of the output "
    "move with it, and which should?"
)
_NUMBER_HINT = "How many means has an image with 6 channels and G = 2?"
_PIXEL_HINT = "Move one pixel of x. Do the other pixels of its group move with it?"
_BATCH_HINT = "Does the output of one image depend on the other images of its batch?"
_SHAPE_HINT = "Print the shape of your mean for G = 1, and for one image."


def _normalized(statistics: str) -> str:
    """x_hat by the text of two lines that make ``parts``, ``m`` and ``v``."""
    return (
        f"{statistics}\n"
        "    x_hat = ((parts - m) / np.sqrt(v + eps)).reshape(N, C, H, W)"
    )


GROUPING = (
    _wrong(
        "layer norm per pixel over a group's channels",
        _PIXEL_HINT,
        (
            (
                _X_HAT,
                _normalized(
                    "parts = x.reshape(N, G, C // G, H, W)\n"
                    "    m, v = (f(axis=2, keepdims=True) for f in "
                    "(parts.mean, parts.var))"
                ),
            ),
        ),
    ),
    _wrong(
        "layer norm per pixel over all channels",
        _PIXEL_HINT,
        (
            (
                _X_HAT,
                _normalized(
                    "parts = x\n"
                    "    m, v = (f(axis=1, keepdims=True) for f in "
                    "(parts.mean, parts.var))"
                ),
            ),
        ),
    ),
    _wrong(
        "instance norm in place of group norm",
        _NUMBER_HINT,
        ((_GROUPS, f"G = C\n    {_GROUPS}"),),
    ),
    _wrong(
        "layer norm in place of group norm",
        _NUMBER_HINT,
        ((_GROUPS, f"G = 1\n    {_GROUPS}"),),
    ),
    _wrong(
        "it is batch norm",
        _BATCH_HINT,
        ((_GROUPS, f"G = C\n    {_GROUPS}"), (_STATISTICS, "axis=(0, 2)")),
    ),
    _wrong(
        "statistics of a group over the batch",
        _BATCH_HINT,
        ((_STATISTICS, "axis=(0, 2)"),),
    ),
    _wrong(
        "G taken as group size",
        "Is G the number of groups or the number of channels in one?",
        ((_GROUPS, f"G = C // G\n    {_GROUPS}"),),
    ),
    _wrong(
        "strided groups",
        _MEMBERS_HINT,
        (
            (
                _X_HAT,
                "parts = x.reshape(N, C // G, G, H, W)\n"
                "    m, v = (f(axis=(1, 3, 4), keepdims=True) for f in "
                "(parts.mean, parts.var))\n"
                "    x_hat = ((parts - m) / np.sqrt(v + eps)).reshape(N, C, H, W)",
            ),
        ),
    ),
    _wrong(
        "tile for repeat",
        "Write down, for 6 channels in 2 groups, whose mean each channel gets.",
        (
            (
                _X_HAT,
                "m, v = (np.tile(s, (1, C // G, 1))[..., None] for s in (mean, var))\n"
                "    x_hat = (x - m) / np.sqrt(v + eps)",
            ),
        ),
    ),
    _wrong(
        "squeeze that fails at G = 1",
        _SHAPE_HINT,
        (
            (
                _X_HAT,
                _normalized(
                    "parts = groups\n"
                    "    m, v = (s.squeeze()[:, :, None] for s in (mean, var))"
                ),
            ),
        ),
    ),
    _wrong(
        "positions in front of channels",
        _MEMBERS_HINT,
        (
            (
                _X_HAT,
                "parts = x.transpose(0, 2, 3, 1).reshape(N, G, -1)\n"
                "    m, v = (f(axis=2, keepdims=True) for f in "
                "(parts.mean, parts.var))\n"
                "    x_hat = ((parts - m) / np.sqrt(v + eps)).reshape(N, H, W, C)\n"
                "    x_hat = x_hat.transpose(0, 3, 1, 2)",
            ),
        ),
    ),
    _wrong(
        "the mean of a group, the variance of a channel",
        "Which numbers stand behind your mean, and which behind your variance?",
        (
            (
                _X_HAT,
                "x_hat = (groups - mean).reshape(N, C, H, W)\n"
                "    x_hat = x_hat / np.sqrt(x.var(axis=(2, 3), keepdims=True) + eps)",
            ),
        ),
    ),
    _wrong(
        "the variance averaged over the channels of a group",
        "Two channels of a group are constant, one at 0 and one at 10. What is the "
        "variance of the group?",
        (
            (
                _X_HAT,
                "inner = x.var(axis=(2, 3)).reshape(N, G, -1)\n"
                "    v = inner.mean(axis=2, keepdims=True)\n"
                "    x_hat = ((groups - mean) / np.sqrt(v + eps))"
                ".reshape(N, C, H, W)",
            ),
        ),
    ),
)

PARAMETERS = (
    *wrong_image_parameters("groupnorm_forward"),
    _wrong(
        "gamma and beta of each group",
        "Do the channels of a group share their gamma, or has each its own?",
        (
            (
                _OUT,
                "g, b = (np.repeat(p[:G], C // G)[:, None, None] "
                "for p in (gamma, beta))\n"
                "    out = g * x_hat + b",
            ),
        ),
    ),
    _wrong(
        "gamma and beta tiled over the groups",
        "Which entry of gamma belongs to the last channel?",
        (
            (
                _OUT,
                "g, b = (np.tile(p[: C // G], G)[:, None, None] "
                "for p in (gamma, beta))\n"
                "    out = g * x_hat + b",
            ),
        ),
    ),
    _wrong(
        "the output keeps the axes of the groups",
        "Which shape has your output?",
        (("return out, cache", "return out.reshape(N, G, C // G, H, W), cache"),),
    ),
)

MISTAKES = (
    *wrong_forward(
        "groupnorm_forward", "groups", "2", "groups.shape[2]", "[:, None, None]"
    ),
    *GROUPING,
    *PARAMETERS,
)
