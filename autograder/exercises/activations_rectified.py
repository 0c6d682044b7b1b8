"""ReLU, leaky ReLU and PReLU: two half-lines, and what happens where they meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.activations import (
    EVERYWHERE,
    NOTEBOOK,
    Change,
    Rng,
    one_row_repeated,
    pair,
    single_precision,
    with_number,
)


def slopes(rng: Rng, channels: int) -> np.ndarray:
    """Slopes above 1, below 0 and between, in any order; none is 0 or 1."""
    ranges = ((1.3, 2.0), (-0.9, -0.3), (0.1, 0.6), (1.3, 2.0))
    found = [rng.uniform(*ranges[c % 4]) for c in range(channels)]
    return rng.permutation(found)


def _prelu(rng: Rng, kind: str, *shape: int, change: Change = np.asarray) -> Case:
    case = Case(
        kind=kind,
        x=2 * rng.normal(size=shape),
        alpha=slopes(rng, shape[1]),
        dout=rng.normal(size=shape),
    )
    case.x, case.dout = change(case.x), change(case.dout)
    return case


def _prelu_cases(rng: Rng) -> Iterator[Case]:
    yield _prelu(rng, "(N, D)", 4, 3)
    yield _prelu(rng, "(N, C, H, W), all different", 2, 3, 4, 5)
    yield _prelu(rng, "(N, C, L)", 2, 4, 3)
    yield _prelu(rng, "as many columns as channels", 2, 3, 1, 3)
    yield _prelu(rng, "as many examples as columns", 3, 3)
    yield _prelu(rng, "one channel", 4, 1, 3)
    yield _prelu(rng, "one example", 1, 4)
    yield _prelu(rng, "one element", 1, 1)
    zero = _prelu(rng, "zeros of both signs", 4, 3)
    zero.x[1:3] = rng.permuted([[0.0, -0.0, 0.0], [-0.0, 0.0, -0.0]], axis=1)
    yield zero
    large = _prelu(rng, "thousands", 4, 3)
    large.x *= 1e3
    yield large
    wide = _prelu(rng, "every other column of a wider array", 3, 4, change=strided)
    wide.alpha = strided(wide.alpha)
    yield wide
    yield _prelu(rng, "one row repeated (broadcast)", 4, 3, change=one_row_repeated)
    single = _prelu(rng, "float32", 3, 2, 4, change=single_precision)
    single.alpha = single_precision(single.alpha)
    yield single


def prelu_forward_cases(rng: Rng) -> Iterator[Case]:
    yield from _prelu_cases(rng)
    infinite = _prelu(rng, "infinities of both signs", 3, 3)
    infinite.x[0], infinite.x[1] = np.inf, -np.inf
    yield infinite


def prelu_backward_cases(rng: Rng) -> Iterator[Case]:
    yield from _prelu_cases(rng)
    infinite = _prelu(rng, "an infinite input in each channel", 3, 3)
    infinite.x[0] = np.inf
    yield infinite


def prelu_forward(impl: Any, case: Case) -> Mapping[str, Any]:
    out, _ = impl.prelu_forward(case.x, case.alpha)
    return {"out": out}


def prelu_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    _, cache = impl.prelu_forward(case.x, case.alpha)
    dx, dalpha = impl.prelu_backward(case.dout, cache)
    return {"dx": dx, "dalpha": dalpha}


EXERCISES = (
    *pair("relu", EVERYWHERE, points=(1, 2)),
    *pair(
        "leaky_relu",
        with_number("slope", 0.05, 0.6, EVERYWHERE),
        "slope",
        points=(1, 1),
    ),
    Exercise(
        name="prelu_forward",
        notebook=NOTEBOOK,
        points=2,
        cases=prelu_forward_cases,
        scenario=prelu_forward,
    ),
    Exercise(
        name="prelu_backward",
        notebook=NOTEBOOK,
        points=3,
        cases=prelu_backward_cases,
        scenario=prelu_backward,
        builds_on=("prelu_forward",),
    ),
)
