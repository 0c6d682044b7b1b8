"""Layer norm as kernels for other rows: long ones, short ones, and one with GELU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.exercises import Case, Exercise, Traffic
from autograder.exercises.layer_group_norm_cuda import (
    FORWARD,
    NOTEBOOK,
    SIXTEEN_BITS,
    compiled,
    cuda_layernorm_forward,
    draw,
    forward,
    rows,
)

if TYPE_CHECKING:
    from torch import Tensor

LONG = "a row of 528"
TWO_READS = Traffic(of="x", reads=2.04, writes=1.02)


def cuda_layernorm_wide_forward(
    x: Tensor, gamma: Tensor, beta: Tensor, block: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Layer norm in float64, whatever the block is."""
    out, mean, rstd = cuda_layernorm_forward(x, gamma, beta, eps)
    return out, mean, rstd


def cuda_layernorm_short_forward(
    x: Tensor, gamma: Tensor, beta: Tensor, rows: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Layer norm in float64, whatever the number of rows in a program is."""
    out, mean, rstd = cuda_layernorm_forward(x, gamma, beta, eps)
    return out, mean, rstd


def cuda_layernorm_gelu_forward(
    x: Tensor, gamma: Tensor, beta: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """z Phi(z) of z, the result of layer norm, in float64."""
    from torch.special import ndtr

    z, mean, rstd = cuda_layernorm_forward(x, gamma, beta, eps)
    out = z * ndtr(z)
    return out, mean, rstd


ORACLE: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        cuda_layernorm_wide_forward,
        cuda_layernorm_short_forward,
        cuda_layernorm_gelu_forward,
    )
}


def _with(case: Case, **more: int) -> Case:
    """The same case with another argument, which its kind names."""
    for name, value in more.items():
        setattr(case, name, value)
        case.kind += f"; {name} {value}"
    return case


def _wide_cases(rng: np.random.Generator) -> Iterator[Case]:
    for case in rows(rng):
        yield _with(case, block=8)
    for dtype in (np.float32, np.float64, *SIXTEEN_BITS):
        kind = f"{np.dtype(dtype).name}, numbers that grow along the row"
        grow = draw(rng, kind, 2, 43, dtype=dtype)
        grow.x = np.sort(8 * grow.x.astype(np.float64)).astype(dtype)
        yield _with(grow, block=16)
    yield _with(draw(rng, LONG, 1, 528, mean=5.0), block=512)
    row = draw(rng, "one row repeated (broadcast)", 3, 10)
    row.x = np.broadcast_to(row.x[:1], row.x.shape)
    yield _with(row, block=4)


def _short_cases(rng: np.random.Generator) -> Iterator[Case]:
    for case in rows(rng):
        yield _with(case, rows=2)
    yield _with(draw(rng, "21 rows of 3", 21, 3, mean=1.0), rows=16)
    yield _with(draw(rng, "16 rows of 8", 16, 8, mean=-1.0, eps=0.2), rows=4)
    yield _with(draw(rng, "20 rows of 32", 20, 32, mean=2.0), rows=16)
    yield _with(draw(rng, "fewer rows than a program handles", 3, 5), rows=8)
    row = draw(rng, "one row repeated (broadcast)", 5, 6)
    row.x = np.broadcast_to(row.x[:1], row.x.shape)
    yield _with(row, rows=4)


def _gelu_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from rows(rng)
    yield draw(rng, LONG, 1, 528)
    far = draw(rng, "gamma of 10 and more", 3, 17)
    far.gamma = 8 * far.gamma
    yield far


def _exercise(
    name: str,
    points: int,
    cases: Callable[[np.random.Generator], Iterator[Case]],
    *options: str,
    long: str,
    traffic: Traffic = FORWARD,
) -> Exercise:
    return Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=points,
        cases=cases,
        scenario=forward(name, *options),
        path="triton",
        oracle=ORACLE,
        traffic=traffic,
        machine=compiled(long),
    )


EXERCISES = [
    _exercise(
        "cuda_layernorm_wide_forward",
        3,
        _wide_cases,
        "block",
        long=f"{LONG}; block 512",
        traffic=TWO_READS,
    ),
    _exercise(
        "cuda_layernorm_short_forward",
        2,
        _short_cases,
        "rows",
        long="20 rows of 32; rows 16",
    ),
    _exercise("cuda_layernorm_gelu_forward", 1, _gelu_cases, long=LONG),
]
