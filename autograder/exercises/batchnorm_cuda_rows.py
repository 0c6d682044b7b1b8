"""Batch norm's statistics of rows (M, C), where neighbours are channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Machine, strided
from autograder.exercises.batchnorm import batch
from autograder.exercises.batchnorm_cuda import FAR, READ, exercise

if TYPE_CHECKING:
    from torch import Tensor


def cuda_batchnorm_rows_statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of each column in float64."""
    mean = x.mean(0)
    var = (x - mean).square().mean(0)
    return mean, var


ORACLE = {"cuda_batchnorm_rows_statistics": cuda_batchnorm_rows_statistics}


LONG = "40 rows of 16"


def rows(
    rng: np.random.Generator, M: int, C: int, mean: float = 0.0, std: float = 1.0
) -> np.ndarray:
    """M rows of C channels whose mean drifts, so that parts differ."""
    drift = std * np.linspace(-1, 1, M)[:, None] * rng.uniform(0.5, 1.5, C)
    return (batch(rng, (M, C), mean, std) + drift).astype(np.float32)


def _cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case(kind="75 rows of 3", x=rows(rng, 75, 3))
    yield Case(kind="7 rows of 34", x=rows(rng, 7, 34))
    yield Case(kind="one channel, 67 rows", x=rows(rng, 67, 1))
    yield Case(kind="one row", x=rows(rng, 1, 5))
    yield Case(kind=LONG, x=rows(rng, 40, 16))
    yield Case(kind=FAR, x=rows(rng, 40, 3, mean=1e4, std=0.01))
    yield Case(kind="mean 1,000", x=rows(rng, 37, 3, mean=1e3))
    constant = rows(rng, 39, 2)
    constant[:, 1] = 0.75
    yield Case(kind="a constant channel", x=constant)
    yield Case(kind="transposed", x=rows(rng, 3, 35).T)
    yield Case(kind="every other channel of a buffer", x=strided(rows(rng, 34, 3)))
    yield Case(kind="one row, broadcast", x=np.broadcast_to(rows(rng, 1, 3), (33, 3)))
    far = 1e4 + 0.01 * rows(rng, 33, 3).astype(np.float64)
    yield Case(kind=f"float64, {FAR}", x=far)
    for dtype in (np.float16, ml_dtypes.bfloat16):
        kind = f"{np.dtype(dtype).name}, mean 4"
        yield Case(kind=kind, x=rows(rng, 45, 3, mean=4.0).astype(dtype))


def _statistics(impl: Any, case: Case) -> dict[str, Any]:
    mean, var = impl.cuda_batchnorm_rows_statistics(case.x)
    return {"mean": mean, "var": var}


EXERCISES = [
    replace(
        exercise(
            "cuda_batchnorm_rows_statistics",
            3,
            _cases,
            _statistics,
            READ,
            Machine(LONG, stack=0, load=16, offsets=64),
            builds_on=("cuda_batchnorm_statistics",),
        ),
        oracle=ORACLE,
    )
]
