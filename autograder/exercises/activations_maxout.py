"""Maxout: the largest of several linear layers, ties included.

A tie has to survive that the recorder moves every number by a unit in the
last place. So the pieces that tie are exactly zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.activations import NOTEBOOK, Rng, single_precision

ARRAYS = ("x", "W", "b", "dout")


def _draw(rng: Rng, kind: str, N: int, D: int, K: int, H: int) -> Case:
    return Case(
        kind=kind,
        x=rng.normal(size=(N, D)),
        W=rng.normal(size=(K, D, H)),
        b=rng.normal(size=(K, H)),
        dout=rng.normal(size=(N, H)),
    )


def _tied(rng: Rng, kind: str, pieces: slice, others: float) -> Case:
    """In one unit ``pieces`` are zero for every example, the rest ``others``."""
    case = _draw(rng, kind, 4, 2, 3, 3)
    unit = int(rng.integers(3))
    case.W[:, :, unit] = 0.0
    case.b[:, unit] = others
    case.b[pieces, unit] = 0.0
    return case


def cases(rng: Rng) -> Iterator[Case]:
    yield _draw(rng, "three pieces", 5, 4, 3, 2)
    yield _draw(rng, "two pieces", 4, 3, 2, 5)
    yield _draw(rng, "one piece", 3, 2, 1, 4)
    yield _draw(rng, "one unit", 4, 3, 2, 1)
    yield _draw(rng, "one example", 1, 3, 4, 2)
    yield _draw(rng, "one input", 4, 1, 3, 2)
    yield _draw(rng, "one number, two pieces", 1, 1, 2, 1)
    yield _draw(rng, "all sizes equal", 3, 3, 3, 3)
    yield _tied(rng, "all pieces of a unit are equal", slice(0, 3), 0.0)
    yield _tied(rng, "the last two pieces of a unit are equal", slice(1, 3), -1.0)
    zero = _draw(rng, "an example of zeros, and no bias", 4, 3, 3, 2)
    zero.x[int(rng.integers(4))] = 0.0
    zero.b[:] = 0.0
    yield zero
    lost = _draw(rng, "a piece that never wins", 4, 2, 3, 2)
    lost.b[1] -= 100
    yield lost
    large = _draw(rng, "thousands", 4, 3, 2, 2)
    large.x *= 1e3
    yield large
    wide = _draw(rng, "every other column of a wider array", 3, 4, 2, 2)
    single = _draw(rng, "float32", 4, 2, 3, 2)
    for name in ARRAYS:
        setattr(wide, name, strided(getattr(wide, name)))
        setattr(single, name, single_precision(getattr(single, name)))
    yield wide
    yield single
    same = _draw(rng, "the same dout in each unit (broadcast)", 4, 2, 2, 3)
    same.dout = np.broadcast_to(same.dout[:, :1], same.dout.shape)
    yield same


def maxout_forward(impl: Any, case: Case) -> Mapping[str, Any]:
    out, _ = impl.maxout_forward(case.x, case.W, case.b)
    return {"out": out}


def maxout_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    _, cache = impl.maxout_forward(case.x, case.W, case.b)
    dx, dW, db = impl.maxout_backward(case.dout, cache)
    return {"dx": dx, "dW": dW, "db": db}


def parameter_cases(rng: Rng) -> Iterator[Case]:
    def sizes(kind: str, pieces: int) -> Case:
        inputs, units = (int(n) for n in rng.integers(3, 100, 2))
        return Case(kind=kind, inputs=inputs, units=units, pieces=pieces)

    yield sizes("one piece", 1)
    yield sizes("two pieces", 2)
    yield sizes("more pieces", int(rng.integers(3, 9)))
    one = sizes("one input", 3)
    one.inputs = 1
    yield one
    single = sizes("one unit", 4)
    single.units = 1
    yield single


def maxout_parameters(impl: Any, case: Case) -> Mapping[str, Any]:
    count = impl.maxout_parameters(case.inputs, case.units, case.pieces)
    return {"number of parameters": count}


EXERCISES = (
    Exercise(
        name="maxout_forward",
        notebook=NOTEBOOK,
        points=2,
        cases=cases,
        scenario=maxout_forward,
    ),
    Exercise(
        name="maxout_backward",
        notebook=NOTEBOOK,
        points=3,
        cases=cases,
        scenario=maxout_backward,
        builds_on=("maxout_forward",),
    ),
    Exercise(
        name="maxout_parameters",
        notebook=NOTEBOOK,
        points=1,
        cases=parameter_cases,
        scenario=maxout_parameters,
    ),
)
