"""Batch norm as Triton kernels: statistics, and the forward to train.

The statistics come back in float32 (float64 for float64), whatever x is. The
images of a batch differ in brightness, so that the parts of a channel have
means of their own and merging them is more than adding up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, Machine, Traffic, strided
from autograder.exercises.batchnorm import batch, factors, running

if TYPE_CHECKING:
    from torch import Tensor

NOTEBOOK = "batchnorm/batchnorm_cuda"
READ = Traffic(of="x", reads=1.02, writes=0.02)
TRAIN = Traffic(of="x", reads=2.04, writes=1.02)
"""ns and 3ns bytes; the 2 % let a kernel read a few numbers beside x."""

LONG = "one channel, planes of 1,040"
MACHINE = Machine(LONG, stack=0, load=16, offsets=64)
FAR = "mean 10,000, standard deviation 0.01"
AXES = (0, 2, 3)


def per_channel(v: Tensor) -> Tensor:
    """(C,) as (C, 1, 1), to meet (N, C, H, W)."""
    return v[:, None, None]


def cuda_batchnorm_statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of each channel in float64."""
    mean = x.mean(AXES)
    var = (x - per_channel(mean)).square().mean(AXES)
    return mean, var


def cuda_batchnorm_forward(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Train mode in float64; momentum is the weight of the old statistics."""
    mean, var = cuda_batchnorm_statistics(x)
    rstd = 1 / (var + eps).sqrt()
    x_hat = (x - per_channel(mean)) * per_channel(rstd)
    out = per_channel(gamma) * x_hat + per_channel(beta)
    new_running_mean = momentum * running_mean + (1 - momentum) * mean
    new_running_var = momentum * running_var + (1 - momentum) * var
    return out, mean, rstd, new_running_mean, new_running_var


ORACLE = {
    f.__name__: f
    for f in (
        cuda_batchnorm_statistics,
        cuda_batchnorm_forward,
    )
}

Scenario = Callable[[Any, Case], dict[str, Any]]
Input = tuple[str, np.ndarray, float]
"""What is special, x, and an eps: exact in float32 where x is float64."""


def images(
    rng: np.random.Generator, *shape: int, mean: float = 0.0, std: float = 1.0
) -> np.ndarray:
    """A batch (N, C, H, W) in float32, each image of a brightness of its own."""
    bright = std * rng.normal(size=(shape[0], 1, 1, 1))
    return (batch(rng, shape, mean, std) + bright).astype(np.float32)


def inputs(rng: np.random.Generator) -> Iterator[Input]:
    """Shapes, layouts, numbers and dtypes that a batch norm meets."""
    yield "N, C, H and W all differ, eps 0.3", images(rng, 2, 3, 5, 7), 0.3
    small = images(rng, 3, 2, 3, 5, std=1e-3)
    yield "more images than channels, standard deviation 0.001", small, 1e-5
    yield LONG, images(rng, 1, 1, 26, 40), 0.2
    yield "one image, mean 1,000", images(rng, 1, 3, 2, 7, mean=1e3), 1e-5
    yield FAR, images(rng, 2, 2, 3, 5, mean=1e4, std=0.01), 1e-5
    constant = images(rng, 2, 2, 3, 5)
    constant[:, 1] = 0.75
    yield "a constant channel", constant, 0.3
    turned = np.asfortranarray(images(rng, 2, 2, 3, 5))
    yield "the first axis last in memory", turned, 0.1
    yield "every other element of a buffer", strided(images(rng, 2, 2, 3, 5)), 0.1
    one = images(rng, 1, 2, 3, 7)
    yield "one image, broadcast", np.broadcast_to(one, (2, 2, 3, 7)), 0.1
    yield "float64, eps 0.25", images(rng, 2, 2, 4, 5).astype(np.float64), 0.25
    far = 1e4 + 0.01 * images(rng, 2, 2, 3, 5).astype(np.float64)
    yield f"float64, {FAR}", far, 2.0**-17
    half = images(rng, 2, 2, 5, 7, mean=50.0).astype(np.float16)
    yield "float16, mean 50", half, 0.05
    brain = images(rng, 2, 2, 7, 5, mean=4.0).astype(ml_dtypes.bfloat16)
    yield "bfloat16, mean 4", brain, 0.05


def statistics_dtype(x: np.ndarray) -> Any:
    """The dtype of what is added up, and of the running statistics."""
    return np.float64 if x.dtype == np.float64 else np.float32


def affine(rng: np.random.Generator, x: np.ndarray) -> dict[str, np.ndarray]:
    """gamma and beta in the dtype of x; beside float16 they are float32."""
    dtype = np.float32 if x.dtype == np.float16 else x.dtype
    C = x.shape[1]
    return {n: factors(rng, C).astype(dtype) for n in ("gamma", "beta")}


def kept(rng: np.random.Generator, x: np.ndarray) -> dict[str, np.ndarray]:
    """Running statistics, of about the size of those of x."""
    found = running(rng, x.shape[1])
    wide = x.astype(np.float64)
    centre, spread = wide.mean(), max(wide.std(), 0.1)
    found["running_mean"] = centre + spread * found["running_mean"]
    found["running_var"] = spread**2 * found["running_var"]
    return {n: v.astype(statistics_dtype(x)) for n, v in found.items()}


def _statistics_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, x, _ in inputs(rng):
        yield Case(kind=kind.partition(", eps")[0], x=x)


def with_one_element(rng: np.random.Generator) -> Iterator[Input]:
    yield from inputs(rng)
    yield "one element a channel", images(rng, 1, 4, 1, 1), 0.25


def layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, x, eps in with_one_element(rng):
        momentum = float(rng.choice([0.375, 0.625, 0.75]))
        numbers = {**affine(rng, x), **kept(rng, x)}
        yield Case(kind=kind, x=x, eps=eps, momentum=momentum, **numbers)


def _statistics(impl: Any, case: Case) -> dict[str, Any]:
    mean, var = impl.cuda_batchnorm_statistics(case.x)
    return {"mean": mean, "var": var}


def arguments(case: Case) -> tuple[np.ndarray, ...]:
    return (case.gamma, case.beta, case.running_mean, case.running_var)


def _forward(impl: Any, case: Case) -> dict[str, Any]:
    out, mean, rstd, new_mean, new_var = impl.cuda_batchnorm_forward(
        case.x, *arguments(case), case.momentum, case.eps
    )
    return {
        "out": out,
        "mean": mean,
        "rstd": rstd,
        "new_running_mean": new_mean,
        "new_running_var": new_var,
    }


def exercise(
    name: str,
    points: int,
    cases: Callable[[np.random.Generator], Iterator[Case]],
    scenario: Scenario,
    traffic: Traffic | None,
    machine: Machine | None = MACHINE,
    builds_on: tuple[str, ...] = (),
) -> Exercise:
    """An exercise of this notebook, with the oracles of this module."""
    return Exercise(
        name,
        NOTEBOOK,
        points,
        cases,
        scenario,
        path="triton",
        builds_on=builds_on,
        oracle=ORACLE,
        traffic=traffic,
        machine=machine,
    )


EXERCISES = [
    exercise("cuda_batchnorm_statistics", 4, _statistics_cases, _statistics, READ),
    exercise(
        "cuda_batchnorm_forward",
        3,
        layer_cases,
        _forward,
        TRAIN,
        builds_on=("cuda_batchnorm_statistics",),
    ),
]
