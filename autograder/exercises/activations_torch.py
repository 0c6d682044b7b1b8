"""Activations of one number on tensors: seven functions, one table of cases.

Each has a backward of its own, so an overflow shows as what it makes of values
and gradients: NaN, or an infinity. Numbers beyond float32 show who computes
float64 in it; numbers without others of size 1 show lost digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "activations/activations_torch"
CLOSED = (
    *("torch.sigmoid", "torch.nn.functional.threshold"),
    *("torch.nn.functional.softmax", "torch.nn.functional.log_softmax"),
    *("torch.nn.functional.relu", "torch.nn.functional.leaky_relu"),
    *("torch.nn.functional.prelu", "torch.nn.functional.elu"),
    *("torch.nn.functional.gelu", "torch.nn.functional.silu"),
)
"""In grading, what one exercise of a notebook forbids is closed to all."""

SIXTEEN_BITS = (np.float16, ml_dtypes.bfloat16)

Rng = np.random.Generator
Draw = Callable[[Rng], Iterator[Case]]
Change = Callable[[np.ndarray], np.ndarray]


def single_precision(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32)


def one_row_repeated(x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(x[:1], x.shape)


def draw(rng: Rng, kind: str, *shape: int, change: Change = np.asarray) -> Case:
    """Numbers around zero and a gradient from above, both after ``change``."""
    return Case(
        kind=kind,
        x=change(2 * rng.normal(size=shape)),
        dout=change(rng.normal(size=shape)),
    )


def numbers(rng: Rng, kind: str, values: Iterable[float], dtype: Any = float) -> Case:
    """These numbers alone, in any order."""
    x = rng.permutation(np.array(list(values)))
    dout = rng.normal(size=x.shape)
    return Case(kind=kind, x=x.astype(dtype), dout=dout.astype(dtype))


def among_others(
    rng: Rng, kind: str, values: Iterable[float], dtype: Any = float
) -> Case:
    """The numbers ``values`` at random places of a (3, 4) of ordinary ones."""
    case = draw(rng, kind, 3, 4)
    found = np.array(list(values))
    case.x.flat[rng.permutation(case.x.size)[: found.size]] = found
    case.x, case.dout = case.x.astype(dtype), case.dout.astype(dtype)
    return case


def either_sign(sizes: np.ndarray) -> np.ndarray:
    """The first half of the numbers, and minus the rest."""
    return sizes * np.where(np.arange(sizes.size) < sizes.size // 2, 1, -1)


def everywhere(rng: Rng) -> Iterator[Case]:
    """Shapes, strides, dtypes, large numbers, limits, and no device at all."""
    yield draw(rng, "a matrix", 3, 5)
    yield draw(rng, "four axes of different lengths", 2, 3, 1, 4)
    yield draw(rng, "one element", 1, 1)
    yield draw(rng, "every other element of a buffer", 3, 4, change=strided)
    yield draw(rng, "transposed", 4, 3, change=np.asfortranarray)
    yield draw(rng, "one row repeated (expand)", 4, 3, change=one_row_repeated)
    yield among_others(rng, "zeros of both signs", (0.0, 0.0, -0.0, -0.0))
    thousands = either_sign(rng.uniform(1e3, 5e3, 8))
    yield among_others(rng, "thousands of both signs", thousands)
    yield numbers(
        rng,
        "float64 beyond what float32 holds, both signs",
        either_sign(10 ** rng.uniform(50, 100, 6)),
    )
    yield among_others(rng, "infinities of both signs", (np.inf, np.inf, -np.inf))
    yield draw(rng, "float32", 5, 3, change=single_precision)
    hundreds = either_sign(rng.uniform(100, 500, 8))
    yield among_others(rng, "float32, hundreds of both signs", hundreds, np.float32)
    for dtype in SIXTEEN_BITS:
        spread = np.linspace(-4, 4, 16) + rng.uniform(-0.2, 0.2, 16)
        yield numbers(rng, np.dtype(dtype).name, spread, dtype)
    elsewhere = draw(rng, 'the device "meta"', 4, 3)
    elsewhere.meta = True
    yield elsewhere


def saturated(rng: Rng) -> Iterator[Case]:
    """Where sigmoid is nearly 1, and 1 - sigmoid is what counts."""
    yield numbers(rng, "all between 7 and 10", rng.uniform(7, 10, 6))


def far_left(rng: Rng) -> Iterator[Case]:
    """Where Phi is small, and a rounded argument costs many of its digits."""
    for dtype in SIXTEEN_BITS:
        kind = f"{np.dtype(dtype).name}, all between -4 and -3"
        yield numbers(rng, kind, rng.uniform(-4, -3, 8), dtype)


def tiny(rng: Rng) -> Iterator[Case]:
    """Where exp(x) - 1 is all rounding."""
    small = -(10 ** rng.uniform(-5, -4, 6))
    yield numbers(rng, "float32, between -0.0001 and -0.00001", small, np.float32)


def with_option(
    name: str, low: float, high: float, *sources: Draw
) -> Callable[[Rng], Iterator[Case]]:
    """The cases of all sources with a number as argument, and one without."""

    def cases(rng: Rng) -> Iterator[Case]:
        for source in sources:
            for case in source(rng):
                case.options = (float(rng.uniform(low, high)),)
                yield case
        yield draw(rng, f"{name} not given", 3, 4)

    return cases


def together(*sources: Draw) -> Draw:
    """The cases of all sources, one after the other."""

    def cases(rng: Rng) -> Iterator[Case]:
        for source in sources:
            yield from source(rng)

    return cases


def scenario(name: str) -> Callable[[Any, Case], Mapping[str, Any]]:
    """The function's value, and its gradient by its own backward."""

    def run(impl: Any, case: Case) -> Mapping[str, Any]:
        x, dout = case.x, case.dout
        if hasattr(case, "meta"):
            x, dout = impl.meta(x), impl.meta(dout)
        options = getattr(case, "options", ())
        out, dx = impl.own_gradients(getattr(impl, name), dout, x, *options)
        return {"out": out, "dx": dx}

    return run


def elementwise(name: str, points: int, cases: Draw) -> Exercise:
    return Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=points,
        cases=cases,
        scenario=scenario(name),
        path="torch",
        forbids=CLOSED,
    )


EXERCISES = (
    elementwise("torch_sigmoid", 2, together(everywhere, saturated)),
    elementwise("torch_relu", 2, everywhere),
    elementwise("torch_leaky_relu", 1, with_option("slope", 0.05, 0.6, everywhere)),
    elementwise("torch_elu", 2, with_option("alpha", 1.3, 2.5, everywhere, tiny)),
    elementwise("torch_selu", 1, together(everywhere, tiny)),
    elementwise("torch_gelu", 3, together(everywhere, far_left)),
    elementwise("torch_silu", 2, everywhere),
)
