"""Layer norm as Triton kernels: a row in registers, forward, backward, autograd.

The statistics are results of the forward and inputs of the backward, so each
of the two is judged by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, Machine, Traffic, strided
from autograder.exercises.batchnorm import each, factors

if TYPE_CHECKING:
    from torch import Tensor

NOTEBOOK = "layer_group_norm/layer_group_norm_cuda"
FORWARD = Traffic(of="x", reads=1.02, writes=1.02)
BACKWARD = Traffic(of="x", reads=2.04, writes=1.02)
BOTH = Traffic(of="x", reads=3.06, writes=2.04)
"""2ns and 3ns bytes; the 2 % let a kernel read a few numbers beside x."""

LONG = "a row of 1,040"
TWO_LONG = "2 rows of 528"
"""Multiples of 16, so that Triton may move four numbers at once."""

SIXTEEN_BITS = (np.float16, ml_dtypes.bfloat16)
WIDE = "every other element of a buffer"


def compiled(kind: str) -> Machine:
    """What machine code is asked for: no spills, wide accesses, 64-bit offsets."""
    return Machine(kind, stack=0, load=16, store=16, offsets=64)


def normalized(x: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """x_hat, mean and rstd of rows along the last axis, in float64."""
    mean = x.mean(-1)
    centred = x - mean[..., None]
    rstd = (centred.square().mean(-1) + eps).rsqrt()
    return centred * rstd[..., None], mean, rstd


def cuda_layernorm_forward(
    x: Tensor, gamma: Tensor, beta: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Layer norm of each row, its mean and 1 / sqrt(var + eps), in float64."""
    x_hat, mean, rstd = normalized(x, eps)
    out = gamma * x_hat + beta
    return out, mean, rstd


def input_gradient(dx_hat: Tensor, x_hat: Tensor, rstd: Tensor) -> Tensor:
    """The gradient with respect to x, of rows along the last axis."""
    along_one = dx_hat.mean(-1, keepdim=True)
    along_x_hat = (dx_hat * x_hat).mean(-1, keepdim=True)
    return rstd[..., None] * (dx_hat - along_one - x_hat * along_x_hat)


def cuda_layernorm_backward(
    dout: Tensor, x: Tensor, gamma: Tensor, mean: Tensor, rstd: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients with the statistics that it is handed, in float64."""
    x_hat = (x - mean[:, None]) * rstd[:, None]
    dx = input_gradient(dout * gamma, x_hat, rstd)
    dgamma, dbeta = (dout * x_hat).sum(0), dout.sum(0)
    return dx, dgamma, dbeta


def cuda_layernorm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
    """Layer norm of each row in float64; autograd knows its way back."""
    return cuda_layernorm_forward(x, gamma, beta, eps)[0]


ORACLE: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (cuda_layernorm_forward, cuda_layernorm_backward, cuda_layernorm)
}


def draw(
    rng: np.random.Generator,
    kind: str,
    *shape: int,
    mean: float = 0.0,
    std: float = 1.0,
    eps: float = 0.3,
    dtype: Any = np.float32,
    features: int = -1,
) -> Case:
    """Rows that differ in mean and spread; ``features`` is gamma's axis in x."""
    rows = (*shape[:2], *[1] * (len(shape) - 2)) if len(shape) > 2 else (shape[0], 1)
    own = rng.normal(size=rows) + rng.uniform(0.5, 2.0, rows) * rng.normal(size=shape)
    size = shape[features]
    return Case(
        kind=kind,
        x=(mean + std * own).astype(dtype),
        gamma=factors(rng, size).astype(dtype),
        beta=factors(rng, size).astype(dtype),
        dout=rng.normal(size=shape).astype(dtype),
        eps=eps,
    )


def rows(rng: np.random.Generator) -> Iterator[Case]:
    """Batches (N, D): sizes, values, layouts and dtypes that a kernel meets."""
    yield draw(rng, "float32, 5 rows of 37, eps 0.3", 5, 37)
    yield draw(rng, "float64, 3 rows of 19, mean 4", 3, 19, mean=4.0, dtype=np.float64)
    for dtype in SIXTEEN_BITS:
        name = np.dtype(dtype).name
        yield draw(rng, f"{name}, 3 rows of 45, mean 4", 3, 45, mean=4.0, dtype=dtype)
    yield draw(rng, "as many rows as columns", 7, 7, mean=-2.0, eps=0.2)
    yield draw(rng, "a power of two", 3, 16, mean=2.0, eps=0.1)
    yield draw(rng, "one row", 1, 21, mean=1.0)
    yield draw(rng, "one column", 6, 1)
    yield draw(rng, "one element", 1, 1)
    constant = draw(rng, "a constant row", 3, 9)
    constant.x[1] = 0.75
    yield constant
    yield draw(rng, "standard deviation 0.001, eps 0.00001", 3, 13, std=1e-3, eps=1e-5)
    yield draw(rng, "mean 10,000, standard deviation 1", 3, 27, mean=1e4, eps=0.01)
    kind = "float64, mean 10,000, standard deviation 0.01"
    yield draw(rng, kind, 3, 13, mean=1e4, std=0.01, eps=1e-5, dtype=np.float64)
    yield each(draw(rng, WIDE, 3, 11), strided, "x", "gamma", "beta", "dout")
    yield each(draw(rng, "transposed", 5, 6), np.asfortranarray, "x", "dout")


def statistics(x: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """mean and rstd of rows along the last axis, as a forward pass stores them."""
    wide = x.astype(np.float64)
    kept = np.float64 if x.dtype == np.float64 else np.float32
    mean, var = wide.mean(-1), wide.var(-1)
    return mean.astype(kept), (1 / np.sqrt(var + eps)).astype(kept)


def _forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from rows(rng)
    yield draw(rng, LONG, 1, 1040, mean=3.0)
    kind = "float16, sums beyond 65,504"
    yield draw(rng, kind, 2, 301, mean=350.0, std=40.0, dtype=np.float16)
    row = draw(rng, "one row repeated (broadcast)", 3, 10)
    row.x = np.broadcast_to(row.x[:1], row.x.shape)
    yield row


def _backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from rows(rng)
    yield draw(rng, "53 rows", 53, 3, mean=-1.0)
    yield draw(rng, TWO_LONG, 2, 528, mean=-2.0)
    for dtype in SIXTEEN_BITS:
        kind = f"{np.dtype(dtype).name}, gradients that nearly cancel"
        yield cancelling(draw(rng, kind, 20, 3, mean=1.0, dtype=dtype), rng)
    column = draw(rng, "one dout for all columns (broadcast)", 9, 5)
    column.dout = np.broadcast_to(column.dout[:, :1], column.dout.shape)
    yield column


def cancelling(case: Case, rng: np.random.Generator) -> Case:
    """Each row comes twice, with gradients that cancel but for a tenth.

    Sums over all are then small, and those over some of the rows are large.
    """
    half = len(case.x) // 2
    first = 8 * case.dout[:half].astype(np.float64)
    second = 0.1 * case.dout[half:].astype(np.float64) - first
    order = rng.permutation(2 * half)
    case.x = np.concatenate([case.x[:half]] * 2)[order]
    case.dout = np.concatenate([first, second])[order].astype(case.x.dtype)
    return case


def _autograd_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield draw(rng, "float32, 5 rows of 37, eps 0.3", 5, 37)
    yield draw(rng, "19 rows of 6", 19, 6, mean=2.0, eps=0.2)
    yield draw(rng, "float64, mean 4", 3, 19, mean=4.0, dtype=np.float64)
    for dtype in SIXTEEN_BITS:
        yield draw(rng, np.dtype(dtype).name, 10, 9, mean=1.0, dtype=dtype)
    yield draw(rng, "one row", 1, 21, mean=1.0)
    yield each(draw(rng, WIDE, 3, 11), strided, "x", "gamma", "beta", "dout")
    yield each(draw(rng, "transposed", 5, 6), np.asfortranarray, "x", "dout")


def outputs(case: Case, results: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is judged: of 16-bit inputs not the statistics, which are wider."""
    if case.x.dtype.itemsize == 2:
        return {k: v for k, v in results.items() if k not in ("mean", "rstd")}
    return results


def forward(name: str, *options: str) -> Callable[[Any, Case], Mapping[str, Any]]:
    """The scenario of a forward; ``options`` stand between beta and eps."""

    def scenario(impl: Any, case: Case) -> Mapping[str, Any]:
        more = (getattr(case, o) for o in options)
        out, mean, rstd = getattr(impl, name)(
            case.x, case.gamma, case.beta, *more, case.eps
        )
        return outputs(case, {"out": out, "mean": mean, "rstd": rstd})

    return scenario


def _backward(impl: Any, case: Case) -> Mapping[str, Any]:
    mean, rstd = statistics(case.x, case.eps)
    dx, dgamma, dbeta = impl.cuda_layernorm_backward(
        case.dout, case.x, case.gamma, mean, rstd
    )
    return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def _autograd(impl: Any, case: Case) -> Mapping[str, Any]:
    out, dx, dgamma, dbeta = impl.own_gradients(
        impl.cuda_layernorm, case.dout, case.x, case.gamma, case.beta, case.eps
    )
    return {"out": out, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}


EXERCISES = [
    Exercise(
        name="cuda_layernorm_forward",
        notebook=NOTEBOOK,
        points=3,
        cases=_forward_cases,
        scenario=forward("cuda_layernorm_forward"),
        path="triton",
        oracle=ORACLE,
        traffic=FORWARD,
        machine=compiled(LONG),
    ),
    Exercise(
        name="cuda_layernorm_backward",
        notebook=NOTEBOOK,
        points=4,
        cases=_backward_cases,
        scenario=_backward,
        path="triton",
        oracle=ORACLE,
        traffic=BACKWARD,
        machine=compiled(TWO_LONG),
    ),
    Exercise(
        name="cuda_layernorm",
        notebook=NOTEBOOK,
        points=2,
        cases=_autograd_cases,
        scenario=_autograd,
        path="triton",
        builds_on=("cuda_layernorm_forward", "cuda_layernorm_backward"),
        oracle=ORACLE,
        traffic=BOTH,
    ),
]
