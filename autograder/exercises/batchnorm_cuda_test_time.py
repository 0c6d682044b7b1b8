"""Batch norm in test mode as Triton kernels: two numbers a channel, one pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Traffic
from autograder.exercises.batchnorm import each
from autograder.exercises.batchnorm_cuda import (
    AXES,
    FAR,
    MACHINE,
    Scenario,
    affine,
    arguments,
    exercise,
    images,
    kept,
    layer_cases,
    per_channel,
)

if TYPE_CHECKING:
    from torch import Tensor

TEST = Traffic(of="x", reads=1.02, writes=1.02)
"""2ns bytes; the 2 % let a kernel read a few numbers beside x."""

STORED = replace(MACHINE, store=16)
FOLD = ("cuda_batchnorm_fold",)


def cuda_batchnorm_fold(
    gamma: Tensor,
    beta: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    eps: float,
) -> tuple[Tensor, Tensor]:
    """Test mode as one scale and one shift a channel, in float64."""
    scale = gamma / (running_var + eps).sqrt()
    shift = beta - running_mean * scale
    return scale, shift


def cuda_batchnorm_test(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    eps: float,
) -> Tensor:
    """Test mode in float64."""
    centred = x - per_channel(running_mean)
    rstd = 1 / (running_var + eps).sqrt()
    return per_channel(gamma * rstd) * centred + per_channel(beta)


def cuda_batchnorm_test_relu(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    eps: float,
) -> Tensor:
    """Test mode, then ReLU, in float64."""
    out = cuda_batchnorm_test(x, gamma, beta, running_mean, running_var, eps)
    return out.clamp(min=0)


ORACLE = {
    f.__name__: f
    for f in (cuda_batchnorm_fold, cuda_batchnorm_test, cuda_batchnorm_test_relu)
}


def _test_cases(rng: np.random.Generator) -> Iterator[Case]:
    """The same; and a batch far from the statistics that are kept."""
    yield from layer_cases(rng)
    x = images(rng, 4, 3, 2, 5, mean=30.0, std=6.0)
    numbers = {**affine(rng, x), **kept(rng, images(rng, 4, 3, 2, 5))}
    kind = "a batch unlike those before it"
    yield Case(kind=kind, x=x, eps=0.3, momentum=0.5, **numbers)


def _relu_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Some of the same: what comes after the ReLU's sum is the same kernel."""
    unlike = (
        "more images",
        "one image, mean",
        FAR,
        "a constant",
        "the first",
        "one el",
    )
    yield from (c for c in _test_cases(rng) if not c.kind.startswith(unlike))


def _fold_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, C, dtype, eps in (
        ("five channels, eps 0.3", 5, np.float32, 0.3),
        ("one channel", 1, np.float32, 0.1),
        ("130 channels", 130, np.float32, 0.2),
        ("float64", 6, np.float64, 0.25),
        ("float16", 7, np.float16, 0.05),
        ("bfloat16", 6, ml_dtypes.bfloat16, 0.05),
    ):
        x = images(rng, 1, C, 1, 2).astype(dtype)
        yield Case(kind=kind, eps=eps, **affine(rng, x), **kept(rng, x))
    small = Case(kind="variances of 0.000001", eps=1e-5, **affine(rng, x[:, :3]))
    small = each(small, lambda v: v.astype(np.float32), "gamma", "beta")
    x = images(rng, 2, 3, 4, 5, std=1e-3)
    small.running_mean = x.mean(AXES)
    small.running_var = x.var(AXES) + np.float32(1e-6)
    yield small


def _fold(impl: Any, case: Case) -> dict[str, Any]:
    scale, shift = impl.cuda_batchnorm_fold(*arguments(case), case.eps)
    return {"scale": scale, "shift": shift}


def _test(name: str) -> Scenario:
    def scenario(impl: Any, case: Case) -> dict[str, Any]:
        return {"out": getattr(impl, name)(case.x, *arguments(case), case.eps)}

    return scenario


EXERCISES = [
    replace(e, oracle=ORACLE)
    for e in (
        exercise("cuda_batchnorm_fold", 1, _fold_cases, _fold, None, None),
        exercise(
            "cuda_batchnorm_test",
            2,
            _test_cases,
            _test("cuda_batchnorm_test"),
            TEST,
            STORED,
            builds_on=FOLD,
        ),
        exercise(
            "cuda_batchnorm_test_relu",
            1,
            _relu_cases,
            _test("cuda_batchnorm_test_relu"),
            TEST,
            STORED,
            builds_on=FOLD,
        ),
    )
]
