"""Wrong solutions of the backward pass of group norm."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm import WRITES_HINT
from autograder.mistakes.layer_group_norm_backward import (
    GAMMA_HINT,
    RETURN,
    SHAPE_HINT,
    STD,
    wrong_backward,
)
from autograder.mistakes.layer_group_norm_instances import wrong_image_gradients

_wrong = partial(Mistake, "groupnorm_backward")

_COUNT = "M = C // G * H * W"
_DX_HAT = "dx_hat = (dout * gamma[:, None, None]).reshape(N, G, M)"
_X_HAT = "x_hat = x_hat.reshape(N, G, M)"
_GROUP_SUM = ".sum(axis=2, keepdims=True)"
_DX = "dx = (dx_hat - along_one / M - x_hat * along_x_hat / M) / std"
_BACK = "dx = dx.reshape(N, C, H, W)"

_COUNT_HINT = "How many numbers stand behind each mean?"
_SUM_HINT = (
    "Over which numbers did the mean of the forward run, and over which your sum?"
)
_MEMBERS_HINT = "Which channels form the first group, with 6 channels and G = 2?"


def _sums(make: str) -> tuple[tuple[str, str], ...]:
    """dx with both sums made by ``make``, which sums an array a of four axes."""
    return (
        (
            _DX,
            "d, z = (a.reshape(N, C, H, W) for a in (dx_hat, x_hat))\n"
            f"    along_one, along_x_hat = ({make} for a in (d, d * z))\n"
            "    s = np.repeat(std[:, :, 0], C // G, axis=1)[:, :, None, None]\n"
            "    dx = (d - along_one / M - z * along_x_hat / M) / s",
        ),
    )


MISTAKES = (
    *wrong_backward("groupnorm_backward", "2", "M"),
    *wrong_image_gradients("groupnorm_backward"),
    _wrong(
        "gamma taken out of the group sums",
        GAMMA_HINT,
        (
            (_DX_HAT, "dx_hat = dout.reshape(N, G, M)"),
            (_BACK, "dx = dx.reshape(N, C, H, W) * gamma[:, None, None]"),
        ),
    ),
    _wrong(
        "gamma missing in dx",
        "Double gamma. What happens to dx?",
        ((_DX_HAT, "dx_hat = dout.reshape(N, G, M)"),),
    ),
    _wrong(
        "1/(H W) in place of 1/(C/G H W)",
        _COUNT_HINT,
        ((_DX, _DX.replace("M", "(H * W)")),),
    ),
    _wrong(
        "1/(C H W) in place of 1/(C/G H W)",
        _COUNT_HINT,
        ((_DX, _DX.replace("M", "(C * H * W)")),),
    ),
    _wrong(
        "1/(G H W) in place of 1/(C/G H W)",
        _COUNT_HINT,
        ((_DX, _DX.replace("M", "(G * H * W)")),),
    ),
    _wrong("1/N in place of 1/(C/G H W)", _COUNT_HINT, ((_DX, _DX.replace("M", "N")),)),
    _wrong(
        "sums over each channel on the way to dx",
        _SUM_HINT,
        _sums("a.sum(axis=(2, 3), keepdims=True)"),
    ),
    _wrong(
        "sums over each pixel on the way to dx",
        _SUM_HINT,
        _sums("np.repeat(a.reshape(N, G, C // G, H, W).sum(axis=2), C // G, axis=1)"),
    ),
    _wrong(
        "sums over all channels on the way to dx",
        _SUM_HINT,
        _sums("a.sum(axis=(1, 2, 3), keepdims=True)"),
    ),
    _wrong(
        "sums over the batch on the way to dx",
        _SUM_HINT,
        ((_GROUP_SUM, ".sum(axis=(0, 2), keepdims=True)"),),
    ),
    _wrong(
        "strided groups",
        _MEMBERS_HINT,
        _sums(
            "np.tile(a.reshape(N, C // G, G, H * W).sum(axis=(1, 3)), "
            "(1, C // G))[:, :, None, None]"
        ),
    ),
    _wrong(
        "G taken as group size",
        "Is G the number of groups or the number of channels in one?",
        tuple(
            (old, new.replace("/ M", "/ (G * H * W)"))
            for old, new in _sums(
                "np.repeat(a.reshape(N, C // G, -1).sum(axis=2), G, axis=1)"
                "[:, :, None, None]"
            )
        ),
    ),
    _wrong(
        "tile for repeat",
        "Write down, for 6 channels in 2 groups, whose sum each channel gets.",
        _sums("np.tile(a.reshape(N, G, M).sum(axis=2), (1, C // G))[:, :, None, None]"),
    ),
    _wrong(
        "squeeze that fails at G = 1",
        "Print the shape of your standard deviation for G = 1, and for one image.",
        ((STD, f"{STD}.squeeze()[:, :, None]"),),
    ),
    _wrong(
        "1/std recovered by dividing by x - mean",
        "What do you get where x equals its mean exactly?",
        ((_DX, f"std = (x.reshape(N, G, M) - mean) / x_hat\n    {_DX}"),),
    ),
    _wrong(
        "dgamma and dbeta of each group",
        SHAPE_HINT,
        (
            (
                RETURN,
                "return (dx, dgamma.reshape(G, -1).sum(axis=1),\n"
                "            dbeta.reshape(G, -1).sum(axis=1))",
            ),
        ),
    ),
    _wrong(
        "dgamma and dbeta of each group, repeated",
        "Do the channels of a group share their gamma, or has each its own?",
        (
            (
                RETURN,
                "return (dx, np.repeat(dgamma.reshape(G, -1).sum(axis=1), C // G),\n"
                "            np.repeat(dbeta.reshape(G, -1).sum(axis=1), C // G))",
            ),
        ),
    ),
    _wrong(
        "dx keeps the axes of the groups",
        "Which shape has your dx?",
        ((_BACK, "dx = dx.reshape(N, G, C // G, H, W)"),),
    ),
    _wrong(
        "dout changes in place",
        WRITES_HINT,
        (
            (
                _DX_HAT,
                f"{_DX_HAT}\n    dout *= gamma[:, None, None]",
            ),
        ),
        caught_by="inputs",
    ),
)
