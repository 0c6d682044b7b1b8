"""What the benchmark of the kernels measures: one operation on one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

Tensors = tuple[Any, ...]
Run = Callable[..., Tensors]

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
LARGE = 512 * 2**20
"""Bytes of ``x`` from which on a bandwidth is claimed."""
L2_RESIDENT = 24 * 2**20
"""Bytes of the inputs up to which a second reading comes from an H200's L2."""
EPS = 1e-5


@dataclass(frozen=True)
class Case:
    """One operation on one shape: what each candidate does, and what is right.

    bytes : that must move, for the bound that the goal speaks of
    goal : smallest efficiency, (bytes / time) over that of a device copy
    priority : 0 is measured first and with every candidate
    fill : whether the roof is a fill and not a copy
    """

    family: str
    direction: str
    name: str
    dtype: str
    size: str
    bytes: int
    goal: float | None
    priority: int
    inputs: Callable[[torch.Generator], Tensors] = field(repr=False)
    ours: Run = field(repr=False)
    eager: Run = field(repr=False)
    exact: Run | None = field(repr=False)
    others: dict[str, Run] = field(repr=False, default_factory=dict)
    fill: bool = False

    @property
    def title(self) -> str:
        return f"{self.family} {self.direction}, {self.name}, {self.dtype}"


@dataclass(frozen=True)
class Setting:
    """Where cases are made, and whether their shapes are tiny (for a dry run)."""

    device: torch.device
    tiny: bool

    def draw(
        self,
        generator: torch.Generator,
        shape: tuple[int, ...],
        dtype: str,
        mean: float = 0,
    ) -> torch.Tensor:
        x = torch.empty(shape, dtype=DTYPES[dtype], device=self.device)
        return x.normal_(mean, 1, generator=generator)

    def cut(self, n: int, limit: int) -> int:
        return min(n, limit) if self.tiny else n


def size_of(nbytes: int, resident: bool) -> str:
    """large, resident, or in between."""
    if nbytes >= LARGE:
        return "large"
    return "resident" if resident else "medium"


def batch_for(numbers: int, dtype: str) -> int:
    """How many of ``numbers`` make a large tensor."""
    size = torch.empty((), dtype=DTYPES[dtype]).element_size()
    return -(-LARGE // (numbers * size))


def double(*tensors: torch.Tensor) -> Iterator[torch.Tensor]:
    return (t.double() for t in tensors)


def exact_rows(
    x: torch.Tensor, gamma: Any, beta: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The plain formula in float64 over the last axis; gamma and beta fit ``x``."""
    x = x.double()
    mean = x.mean(-1, keepdim=True)
    x = x - mean
    rstd = (x.square().mean(-1, keepdim=True) + EPS).rsqrt()
    return x * rstd * gamma + beta, mean, rstd


def exact_dx(
    slope: torch.Tensor, x_hat: torch.Tensor, rstd: torch.Tensor
) -> torch.Tensor:
    """The gradient of a norm over the last axis, in float64."""
    c1 = slope.mean(-1, keepdim=True)
    c2 = (slope * x_hat).mean(-1, keepdim=True)
    return (slope - c1 - x_hat * c2) * rstd
