"""ReLU and GELU as Triton kernels, forward and backward."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, Machine, Traffic, strided

if TYPE_CHECKING:
    from torch import Tensor

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

NOTEBOOK = "activations/activations_cuda"
FORWARD = Traffic(of="x", reads=1.02, writes=1.02)
BACKWARD = Traffic(of="x", reads=2.04, writes=1.02)
"""2ns and 3ns bytes; the 2 % let a kernel read a few numbers beside x."""

MACHINE = Machine("1,040 elements", stack=0, load=16, store=16, offsets=64)
"""1,040 is a multiple of 16, so that Triton may move four numbers at once."""


def cuda_relu_forward(x: Tensor) -> Tensor:
    """max(x, 0) in float64."""
    return x.clamp(min=0)


def cuda_relu_backward(dout: Tensor, x: Tensor) -> Tensor:
    """dout where x > 0, else 0, in float64."""
    return dout.where(x > 0, 0.0)


def cuda_gelu_forward(x: Tensor) -> Tensor:
    """x Phi(x) in float64; ndtr keeps its digits in the left tail."""
    from torch.special import ndtr

    return x * ndtr(x)


def cuda_gelu_backward(dout: Tensor, x: Tensor) -> Tensor:
    """dout (Phi(x) + x phi(x)) in float64."""
    from torch.special import ndtr

    return dout * (ndtr(x) + x * (-0.5 * x * x).exp() / math.sqrt(2 * math.pi))


ORACLE = {
    f.__name__: f
    for f in (
        cuda_relu_forward,
        cuda_relu_backward,
        cuda_gelu_forward,
        cuda_gelu_backward,
    )
}


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return 2 * rng.standard_normal(shape)


def _sizes(rng: np.random.Generator, draw: Draw) -> Iterator[tuple[str, np.ndarray]]:
    """Sizes and layouts that a kernel meets, in float32."""
    yield "one element", draw(rng, (1,)).astype(np.float32)
    yield "127 elements", draw(rng, (127,)).astype(np.float32)
    yield "1,025 elements", draw(rng, (1025,)).astype(np.float32)
    yield "1,040 elements", draw(rng, (1040,)).astype(np.float32)
    yield "2-D", draw(rng, (5, 37)).astype(np.float32)
    yield "4-D", draw(rng, (2, 3, 5, 7)).astype(np.float32)
    yield "transposed", draw(rng, (37, 5)).astype(np.float32).T
    yield (
        "every other element of a buffer",
        strided(draw(rng, (6, 9)).astype(np.float32)),
    )
    row = draw(rng, (1, 21)).astype(np.float32)
    yield "one row, broadcast", np.broadcast_to(row, (4, 21))


def _dtypes(rng: np.random.Generator, draw: Draw) -> Iterator[tuple[str, np.ndarray]]:
    """The dtypes beside float32, with a tail that no block size divides."""
    for dtype in (np.float64, np.float16, ml_dtypes.bfloat16):
        name = np.dtype(dtype).name
        yield f"{name}, 301 elements", draw(rng, (301,)).astype(dtype)


def _signed(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """31 numbers of that size, about half of them negative."""
    return rng.uniform(low, high, 31) * rng.choice([-1, 1], 31)


def _relu_special(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    special = np.array([0, 0, -0.0, np.inf, -np.inf])
    x = np.concatenate([special, _normal(rng, (12,))])
    for dtype in (np.float32, np.float16, ml_dtypes.bfloat16):
        name = np.dtype(dtype).name
        yield f"zeros and infinities, {name}", rng.permutation(x).astype(dtype)
    yield "around 50,000, float16", _signed(rng, 4e4, 6e4).astype(np.float16)
    yield "beyond the range of float32, float64", _signed(rng, 1e200, 1e300)


def _gelu_special(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    mixed = np.concatenate([[0, -0.0], rng.uniform(-1, 1, 29)])
    yield "around zero", rng.permutation(mixed).astype(np.float32)
    yield "thousands", _signed(rng, 1e3, 1e4).astype(np.float32)
    tail = rng.uniform(-3.5, -1.5, 257)
    for dtype in (np.float32, np.float16, ml_dtypes.bfloat16):
        yield f"left tail, {np.dtype(dtype).name}", tail.astype(dtype)


def _relu_inputs(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    yield from _sizes(rng, _normal)
    yield from _dtypes(rng, _normal)
    yield from _relu_special(rng)


def _gelu_inputs(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    yield from _sizes(rng, _normal)
    yield from _dtypes(rng, _normal)
    yield from _gelu_special(rng)


Inputs = Callable[[np.random.Generator], Iterator[tuple[str, np.ndarray]]]


def _forward_cases(inputs: Inputs) -> Callable[[np.random.Generator], Iterator[Case]]:
    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for kind, x in inputs(rng):
            yield Case(kind=kind, x=x)

    return cases


def _backward_cases(inputs: Inputs) -> Callable[[np.random.Generator], Iterator[Case]]:
    """The same x; dout is contiguous, also where x is not, and the reverse.

    dout goes beyond the range of float32 where x does.
    """

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for kind, x in inputs(rng):
            scale = 1e200 if kind.startswith("beyond") else 1.0
            dout = (scale * rng.standard_normal(x.shape)).astype(x.dtype)
            yield Case(kind=kind, dout=dout, x=x)
        x = _normal(rng, (7, 11)).astype(np.float32)
        dout = rng.standard_normal((11, 7)).astype(np.float32).T
        yield Case(kind="dout transposed, x not", dout=dout, x=x)

    return cases


def _forward(name: str) -> Callable[[Any, Case], dict[str, Any]]:
    return lambda impl, case: {"out": getattr(impl, name)(case.x)}


def _backward(name: str) -> Callable[[Any, Case], dict[str, Any]]:
    return lambda impl, case: {"dx": getattr(impl, name)(case.dout, case.x)}


EXERCISES = [
    Exercise(
        name="cuda_relu_forward",
        notebook=NOTEBOOK,
        points=2,
        cases=_forward_cases(_relu_inputs),
        scenario=_forward("cuda_relu_forward"),
        path="triton",
        oracle=ORACLE,
        traffic=FORWARD,
        machine=MACHINE,
    ),
    Exercise(
        name="cuda_relu_backward",
        notebook=NOTEBOOK,
        points=2,
        cases=_backward_cases(_relu_inputs),
        scenario=_backward("cuda_relu_backward"),
        path="triton",
        oracle=ORACLE,
        traffic=BACKWARD,
        machine=MACHINE,
    ),
    Exercise(
        name="cuda_gelu_forward",
        notebook=NOTEBOOK,
        points=3,
        cases=_forward_cases(_gelu_inputs),
        scenario=_forward("cuda_gelu_forward"),
        path="triton",
        oracle=ORACLE,
        traffic=FORWARD,
        machine=MACHINE,
    ),
    Exercise(
        name="cuda_gelu_backward",
        notebook=NOTEBOOK,
        points=3,
        cases=_backward_cases(_gelu_inputs),
        scenario=_backward("cuda_gelu_backward"),
        path="triton",
        oracle=ORACLE,
        traffic=BACKWARD,
        machine=MACHINE,
    ),
]
