"""Group norm as Triton kernels; instance norm and layer norm are cases of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.batchnorm import each
from autograder.exercises.layer_group_norm_cuda import (
    BACKWARD,
    FORWARD,
    NOTEBOOK,
    SIXTEEN_BITS,
    WIDE,
    cancelling,
    compiled,
    draw,
    forward,
    input_gradient,
    normalized,
    statistics,
)

if TYPE_CHECKING:
    from torch import Tensor


def cuda_groupnorm_forward(
    x: Tensor, gamma: Tensor, beta: Tensor, G: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Group norm of images, its means and 1 / sqrt(var + eps), in float64."""
    x_hat, mean, rstd = normalized(x.reshape(x.shape[0], G, -1), eps)
    scale, shift = gamma.reshape(-1, 1, 1), beta.reshape(-1, 1, 1)
    out = scale * x_hat.reshape(x.shape) + shift
    return out, mean, rstd


def cuda_groupnorm_backward(
    dout: Tensor, x: Tensor, gamma: Tensor, mean: Tensor, rstd: Tensor, G: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients with the statistics that it is handed, in float64."""
    groups = x.reshape(x.shape[0], G, -1)
    x_hat = (groups - mean[..., None]) * rstd[..., None]
    dx_hat = (dout * gamma.reshape(-1, 1, 1)).reshape(groups.shape)
    dx = input_gradient(dx_hat, x_hat, rstd).reshape(x.shape)
    dgamma = (dout * x_hat.reshape(x.shape)).sum((0, 2, 3))
    dbeta = dout.sum((0, 2, 3))
    return dx, dgamma, dbeta


ORACLE: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (cuda_groupnorm_forward, cuda_groupnorm_backward)
}


LONG = "16 by 17 pixels"
"""A multiple of 16, so that Triton may move four numbers at once."""


def images(
    rng: np.random.Generator, kind: str, *shape: int, G: int, **like: Any
) -> Case:
    """Images (N, C, H, W), in G groups of channels."""
    case = draw(rng, kind, *shape, features=1, **like)
    case.G = G
    return case


def _cases(rng: np.random.Generator) -> Iterator[Case]:
    yield images(rng, "6 channels in 2 groups, eps 0.3", 2, 6, 3, 5, G=2)
    yield images(rng, "6 channels in 3 groups", 3, 6, 1, 4, G=3, mean=2.0, eps=0.2)
    yield images(rng, "as many groups as channels", 2, 3, 2, 4, G=3, mean=-1.0)
    yield images(rng, "one group", 2, 3, 2, 4, G=1, eps=0.2)
    yield images(rng, "N, C and W are one number", 4, 4, 1, 4, G=2, eps=0.1)
    kind = "float64, 6 channels in 2 groups, mean 4"
    yield images(rng, kind, 2, 6, 3, 1, G=2, mean=4.0, dtype=np.float64)
    for dtype in SIXTEEN_BITS:
        kind = f"{np.dtype(dtype).name}, 4 channels in 2 groups, mean 4"
        yield images(rng, kind, 2, 4, 3, 3, G=2, mean=4.0, dtype=dtype)
    yield images(rng, "one image of one pixel", 1, 6, 1, 1, G=2)
    yield images(rng, "one channel of one pixel", 2, 1, 1, 1, G=1)
    constant = images(rng, "a constant group", 2, 6, 1, 3, G=2)
    constant.x[0, 3:] = -0.75
    yield constant
    yield images(rng, LONG, 1, 4, 16, 17, G=2, mean=1.0)
    kind = "standard deviation 0.001, eps 0.00001"
    yield images(rng, kind, 2, 4, 2, 3, G=2, std=1e-3, eps=1e-5)
    kind = "mean 10,000, standard deviation 1"
    yield images(rng, kind, 2, 6, 3, 2, G=2, mean=1e4, eps=0.01)
    kind = "float64, mean 10,000, standard deviation 0.01"
    far = {"mean": 1e4, "std": 0.01, "eps": 1e-5, "dtype": np.float64}
    yield images(rng, kind, 2, 4, 1, 3, G=2, **far)
    yield each(
        images(rng, WIDE, 2, 4, 2, 3, G=2), strided, "x", "gamma", "beta", "dout"
    )
    kind = "the first axis last in memory"
    yield each(images(rng, kind, 2, 4, 3, 2, G=2), np.asfortranarray, "x", "dout")


def _forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _cases(rng)
    image = images(rng, "one image repeated (broadcast)", 3, 4, 1, 3, G=2)
    image.x = np.broadcast_to(image.x[:1], image.x.shape)
    yield image


def _backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _cases(rng)
    yield images(rng, "17 images", 17, 4, 1, 3, G=2, mean=1.0)
    for dtype in SIXTEEN_BITS:
        kind = f"{np.dtype(dtype).name}, gradients that nearly cancel"
        yield cancelling(images(rng, kind, 8, 4, 1, 3, G=2, dtype=dtype), rng)
    image = images(rng, "the same dout in each image (broadcast)", 3, 4, 1, 3, G=2)
    image.dout = np.broadcast_to(image.dout[:1], image.dout.shape)
    yield image


def _backward(impl: Any, case: Case) -> Mapping[str, Any]:
    groups = case.x.reshape(case.x.shape[0], case.G, -1)
    mean, rstd = statistics(groups, case.eps)
    dx, dgamma, dbeta = impl.cuda_groupnorm_backward(
        case.dout, case.x, case.gamma, mean, rstd, case.G
    )
    return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}


EXERCISES = [
    Exercise(
        name="cuda_groupnorm_forward",
        notebook=NOTEBOOK,
        points=3,
        cases=_forward_cases,
        scenario=forward("cuda_groupnorm_forward", "G"),
        path="triton",
        oracle=ORACLE,
        traffic=FORWARD,
        machine=compiled(LONG),
    ),
    Exercise(
        name="cuda_groupnorm_backward",
        notebook=NOTEBOOK,
        points=4,
        cases=_backward_cases,
        scenario=_backward,
        path="triton",
        oracle=ORACLE,
        traffic=BACKWARD,
        machine=compiled(LONG),
    ),
]
