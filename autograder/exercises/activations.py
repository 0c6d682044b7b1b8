"""Sigmoid and tanh, and the cases that every activation of one number meets.

Ordinary numbers hide most mistakes here. So there are zeros of both signs,
infinities, and numbers of size 1000 on either side by themselves: there an
overflow, of which NumPy only warns, is made an error by the notebook's own
``without_overflow``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "activations/activations"

Rng = np.random.Generator
Draw = Callable[[Rng], Iterator[Case]]
Scenario = Callable[[Any, Case], Mapping[str, Any]]
Change = Callable[[np.ndarray], np.ndarray]


def single_precision(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32)


def one_row_repeated(x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(x[:1], x.shape)


def draw(
    rng: Rng, kind: str, *shape: int, change: Change = np.asarray, **more: Any
) -> Case:
    """Numbers around zero and a gradient from above, both after ``change``.

    Fields that a case may have beside: ``strict``, an overflow is an error;
    ``dout_again``, the cache serves a second backward pass.
    """
    return Case(
        kind=kind,
        x=change(2 * rng.normal(size=shape)),
        dout=change(rng.normal(size=shape)),
        **more,
    )


def among_others(rng: Rng, kind: str, values: Iterable[float], **more: Any) -> Case:
    """The numbers ``values`` at random places of a (3, 4) of ordinary ones."""
    case = draw(rng, kind, 3, 4, **more)
    found = np.array(list(values))
    case.x.flat[rng.permutation(case.x.size)[: found.size]] = found
    return case


def shapes(rng: Rng) -> Iterator[Case]:
    """Sizes, layouts and precisions; the first cache serves two backward passes."""
    yield draw(rng, "a matrix", 3, 5, dout_again=rng.normal(size=(3, 5)))
    yield draw(rng, "four axes of different lengths", 2, 3, 1, 4)
    yield draw(rng, "one element", 1)
    yield draw(rng, "every other column of a wider array", 3, 4, change=strided)
    yield draw(rng, "one row repeated (broadcast)", 4, 3, change=one_row_repeated)
    turned = "float32 in Fortran order"
    yield draw(rng, turned, 5, 3, change=lambda x: np.asfortranarray(x, np.float32))


def zeros(rng: Rng) -> Iterator[Case]:
    yield among_others(rng, "zeros of both signs", (0.0, 0.0, -0.0, -0.0))


def infinities(rng: Rng) -> Iterator[Case]:
    yield among_others(rng, "infinities of both signs", (np.inf, np.inf, -np.inf))


def _large(
    rng: Rng, name: str, low: float, high: float, change: Change
) -> Iterator[Case]:
    """Numbers of that size, each side by itself; an overflow is an error."""
    for side, sign in (("negative", -1), ("positive", 1)):
        numbers = sign * rng.uniform(low, high, 5)
        case = among_others(rng, f"{name}, {side}", numbers, strict=True)
        case.x, case.dout = change(case.x), change(case.dout)
        yield case


def large(rng: Rng) -> Iterator[Case]:
    yield from _large(rng, "thousands", 1e3, 5e3, np.asarray)


def large_in_float32(rng: Rng) -> Iterator[Case]:
    """exp leaves the range of float32 at 89."""
    yield from _large(rng, "hundreds, float32", 100, 500, single_precision)


def with_number(name: str, low: float, high: float, cases: Draw) -> Draw:
    """The same cases, each with a field ``name`` between ``low`` and ``high``."""

    def numbered(rng: Rng) -> Iterator[Case]:
        for case in cases(rng):
            setattr(case, name, float(rng.uniform(low, high)))
            yield case

    return numbered


def together(*sources: Draw) -> Draw:
    """The cases of all sources, one after the other."""

    def cases(rng: Rng) -> Iterator[Case]:
        for source in sources:
            yield from source(rng)

    return cases


def forward(name: str, *more: str) -> Scenario:
    """``name``_forward of x and the case's fields ``more``."""

    def scenario(impl: Any, case: Case) -> Mapping[str, Any]:
        function = getattr(impl, f"{name}_forward")
        arguments = (case.x, *(getattr(case, m) for m in more))
        if hasattr(case, "strict"):
            out, _ = impl.without_overflow(function, *arguments)
        else:
            out, _ = function(*arguments)
        return {"out": out}

    return scenario


def backward(name: str, *more: str) -> Scenario:
    """The same forward, and ``name``_backward on its cache."""

    def scenario(impl: Any, case: Case) -> Mapping[str, Any]:
        function = getattr(impl, f"{name}_backward")
        arguments = (case.x, *(getattr(case, m) for m in more))
        _, cache = getattr(impl, f"{name}_forward")(*arguments)
        if hasattr(case, "strict"):
            return {"dx": impl.without_overflow(function, case.dout, cache)}
        outputs = {"dx": function(case.dout, cache)}
        if hasattr(case, "dout_again"):
            outputs["dx again"] = function(case.dout_again, cache)
        return outputs

    return scenario


def pair(
    name: str,
    cases: Draw,
    *more: str,
    points: tuple[int, int],
    calls: tuple[str, ...] = (),
) -> tuple[Exercise, Exercise]:
    """Forward and backward of one activation; ``calls``: others it may call."""
    return (
        Exercise(
            name=f"{name}_forward",
            notebook=NOTEBOOK,
            points=points[0],
            cases=cases,
            scenario=forward(name, *more),
            builds_on=tuple(f"{c}_forward" for c in calls),
        ),
        Exercise(
            name=f"{name}_backward",
            notebook=NOTEBOOK,
            points=points[1],
            cases=cases,
            scenario=backward(name, *more),
            builds_on=(
                *(f"{c}_{way}" for c in calls for way in ("forward", "backward")),
                f"{name}_forward",
            ),
        ),
    )


EVERYWHERE = together(shapes, zeros, large, infinities)
WITH_EXP = together(EVERYWHERE, large_in_float32)

EXERCISES = (
    *pair("sigmoid", WITH_EXP, points=(2, 1)),
    *pair("tanh", WITH_EXP, points=(1, 1)),
)
