"""Sigmoid, tanh and SiLU as Triton kernels; elementwise kernels in general."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.activations_cuda import BACKWARD, FORWARD, NOTEBOOK

if TYPE_CHECKING:
    from torch import Tensor

Rng = np.random.Generator
Numbers = Callable[[Rng], tuple[float, ...]]
"""Draws what a kernel is given beside tensors: a slope, an alpha."""


def cuda_sigmoid_forward(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)) in float64."""
    return x.sigmoid()


def cuda_sigmoid_backward(dout: Tensor, out: Tensor) -> Tensor:
    """dout out (1 - out) in float64."""
    return dout * out * (1 - out)


def cuda_tanh_forward(x: Tensor) -> Tensor:
    """tanh(x) in float64."""
    return x.tanh()


def cuda_tanh_backward(dout: Tensor, out: Tensor) -> Tensor:
    """dout (1 - out^2) in float64."""
    return dout * (1 - out * out)


def cuda_silu_forward(x: Tensor) -> Tensor:
    """x sigmoid(x) in float64."""
    return x * x.sigmoid()


def cuda_silu_backward(dout: Tensor, x: Tensor) -> Tensor:
    """dout times the slope of SiLU at x, in float64."""
    s = x.sigmoid()
    return dout * s * (1 + x * (1 - s))


def inputs(rng: Rng) -> Iterator[tuple[str, np.ndarray]]:
    """Sizes, layouts, dtypes and sizes of numbers that a kernel meets."""

    def normal(*shape: int) -> np.ndarray:
        return 2 * rng.standard_normal(shape)

    yield "one element", normal(1).astype(np.float32)
    yield "1,025 elements, float16", normal(1025).astype(np.float16)
    yield "transposed", normal(13, 5).astype(np.float32).T
    yield "every other element of a buffer", strided(normal(6, 9).astype(np.float32))
    for dtype in (np.float64, ml_dtypes.bfloat16):
        yield f"{np.dtype(dtype).name}, 61 elements", normal(61).astype(dtype)
    mixed = np.concatenate([np.zeros(9), [-0.0], normal(11)])
    yield "with zeros", rng.permutation(mixed).astype(np.float32)
    far = rng.uniform(500, 1000, 31) * rng.choice([-1, 1], 31)
    for dtype in (np.float32, np.float64):
        yield f"hundreds on both sides, {np.dtype(dtype).name}", far.astype(dtype)


def _none(rng: Rng) -> tuple[float, ...]:
    return ()


def forward(name: str, oracle: Callable[..., Tensor], numbers: Numbers = _none) -> Any:
    """The exercise of an elementwise kernel of x."""

    def cases(rng: Rng) -> Iterator[Case]:
        for kind, x in inputs(rng):
            yield Case(kind=kind, x=x, numbers=numbers(rng))

    return Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=1,
        cases=cases,
        scenario=lambda impl, case: {"out": getattr(impl, name)(case.x, *case.numbers)},
        path="triton",
        oracle={name: oracle},
        traffic=FORWARD,
    )


def backward(
    name: str,
    oracle: Callable[..., Tensor],
    numbers: Numbers = _none,
    range_of: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Any:
    """The exercise of an elementwise kernel of dout and x.

    Parameters
    ----------
    range_of : the function whose output takes the place of x
    """

    def cases(rng: Rng) -> Iterator[Case]:
        for kind, x in inputs(rng):
            at = x
            if range_of is not None:
                wide = x.astype(np.float64)
                at = np.zeros_like(x)  # of the same layout
                at[...] = range_of(wide)
            dout = rng.standard_normal(x.shape).astype(x.dtype)
            yield Case(kind=kind, dout=dout, at=at, numbers=numbers(rng))
        dout = rng.standard_normal((11, 7)).astype(np.float32).T
        at = rng.uniform(0.1, 0.9, (7, 11)).astype(np.float32)
        yield Case(kind="dout transposed alone", dout=dout, at=at, numbers=numbers(rng))

    def scenario(impl: Any, case: Case) -> dict[str, Any]:
        return {"dx": getattr(impl, name)(case.dout, case.at, *case.numbers)}

    return Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=1,
        cases=cases,
        scenario=scenario,
        path="triton",
        oracle={name: oracle},
        traffic=BACKWARD if range_of is None else OF_OUTPUT,
    )


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


OF_OUTPUT = type(BACKWARD)(of="out", reads=BACKWARD.reads, writes=BACKWARD.writes)
"""3ns bytes, where x is not needed."""

EXERCISES = [
    forward("cuda_sigmoid_forward", cuda_sigmoid_forward),
    backward("cuda_sigmoid_backward", cuda_sigmoid_backward, range_of=_sigmoid),
    forward("cuda_tanh_forward", cuda_tanh_forward),
    backward("cuda_tanh_backward", cuda_tanh_backward, range_of=np.tanh),
    forward("cuda_silu_forward", cuda_silu_forward),
    backward("cuda_silu_backward", cuda_silu_backward),
]
