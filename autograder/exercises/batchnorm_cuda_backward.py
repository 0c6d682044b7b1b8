"""Batch norm's way back as Triton kernels, and both ways through autograd.

mean and rstd are inputs of the backward, so it is judged apart from the forward.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.exercises import Case, Traffic
from autograder.exercises.batchnorm_cuda import (
    AXES,
    affine,
    cuda_batchnorm_forward,
    exercise,
    images,
    per_channel,
    statistics_dtype,
    with_one_element,
)

if TYPE_CHECKING:
    from torch import Tensor

BACK = Traffic(of="x", reads=4.08, writes=1.02)
BOTH = Traffic(of="x", reads=6.12, writes=2.04)
"""5ns bytes; with the 3ns of the forward, 8ns."""

THROUGH_AUTOGRAD = 6
"""Cases: what single kernels meet has been met by then."""


def cuda_batchnorm_backward(
    dout: Tensor, x: Tensor, gamma: Tensor, mean: Tensor, rstd: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The closed form of the gradients in float64."""
    x_hat = (x - per_channel(mean)) * per_channel(rstd)
    dbeta = dout.sum(AXES)
    dgamma = (dout * x_hat).sum(AXES)
    n = x.numel() / x.shape[1]
    ways = per_channel(dbeta) / n + x_hat * per_channel(dgamma) / n
    dx = per_channel(gamma * rstd) * (dout - ways)
    return dx, dgamma, dbeta


def cuda_batchnorm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
    """Train mode in float64; torch's autograd finds the way back."""
    unread = gamma.detach()
    return cuda_batchnorm_forward(x, gamma, beta, unread, unread, 0.0, eps)[0]


ORACLE = {f.__name__: f for f in (cuda_batchnorm_backward, cuda_batchnorm)}


def statistics(x: np.ndarray, eps: float) -> dict[str, np.ndarray]:
    """mean and rstd of each channel, as a forward pass keeps them."""
    wide = x.astype(np.float64)
    found = {"mean": wide.mean(AXES), "rstd": 1 / np.sqrt(wide.var(AXES) + eps)}
    return {n: v.astype(statistics_dtype(x)) for n, v in found.items()}


def _draw(rng: np.random.Generator, kind: str, x: np.ndarray, eps: float) -> Case:
    """With a gradient from above that has a mean in each channel."""
    dout = rng.normal(size=x.shape) + rng.normal(size=(1, x.shape[1], 1, 1))
    numbers = {**affine(rng, x), **statistics(x, eps)}
    return Case(kind=kind, dout=dout.astype(x.dtype), x=x, eps=eps, **numbers)


def _backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, x, eps in with_one_element(rng):
        yield _draw(rng, kind, x, eps)
    turned = _draw(rng, "dout turned, x not", images(rng, 2, 2, 4, 5), 0.2)
    turned.dout = np.asfortranarray(turned.dout)
    yield turned
    same = _draw(rng, "dout of one image, broadcast", images(rng, 2, 2, 4, 5), 0.2)
    same.dout = np.broadcast_to(same.dout[:1], same.dout.shape)
    yield same


def _backward(impl: Any, case: Case) -> dict[str, Any]:
    dx, dgamma, dbeta = impl.cuda_batchnorm_backward(
        case.dout, case.x, case.gamma, case.mean, case.rstd
    )
    return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def _autograd_cases(rng: np.random.Generator) -> Iterator[Case]:
    found = list(_backward_cases(rng))
    wanted = ("N, C, H", "one image", "the first", "float64, eps", "bfloat", "dout of")
    yield from (c for c in found if c.kind.startswith(wanted))


def _autograd(impl: Any, case: Case) -> dict[str, Any]:
    out, dx, dgamma, dbeta = impl.own_gradients(
        impl.cuda_batchnorm, case.dout, case.x, case.gamma, case.beta, case.eps
    )
    return {"out": out, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}


EXERCISES = [
    replace(e, oracle={**(e.oracle or {}), **ORACLE})
    for e in (
        exercise("cuda_batchnorm_backward", 4, _backward_cases, _backward, BACK),
        exercise(
            "cuda_batchnorm",
            2,
            _autograd_cases,
            _autograd,
            BOTH,
            None,
            builds_on=("cuda_batchnorm_forward", "cuda_batchnorm_backward"),
        ),
    )
]
