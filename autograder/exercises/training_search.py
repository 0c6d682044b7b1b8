"""Hyperparameter search: where to try, where to look next, how much is luck.

Ranges span several decades, have bounds that are no powers of ten, and differ
from one hyperparameter to the next. So a linear scale, a wrong base and a
wrong axis all show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.training import NOTEBOOK, each, single_precision


def ranges(rng: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends, from one and a half to four decades apart."""
    lows = 10.0 ** rng.uniform(-5, -1, d)
    return lows, lows * 10.0 ** rng.uniform(1.5, 4, d)


def log_uniform_cases(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(kind: str, *shape: int) -> Case:
        low, high = (float(end[0]) for end in ranges(rng, 1))
        return Case(kind=kind, u=np.asarray(rng.random(shape)), low=low, high=high)

    def given(kind: str, low: float, high: float) -> Case:
        return Case(kind=kind, u=rng.random(6), low=low, high=high)

    yield drawn("a row of numbers", 8)
    yield drawn("a matrix", 3, 4)
    yield given("from 0.0001 to 1", 1e-4, 1.0)
    yield given("from 2 to 1000", 2.0, 1000.0)
    yield given("less than one decade", 0.3, 0.7)
    yield given("from 1e-9 to 1e6", 1e-9, 1e6)
    ends = drawn("zero, and close to one", 4)
    ends.u[:2] = 0.0, 1 - 2.0**-53
    yield ends
    yield drawn("one number", 1)
    columns = drawn("one range for each column", 4, 3)
    columns.low, columns.high = ranges(rng, 3)
    yield columns
    square = drawn("as many rows as columns", 3, 3)
    square.low, square.high = ranges(rng, 3)
    yield square
    yield each(drawn("every other column of a wider array", 3, 4), strided, "u")
    yield each(drawn("float32", 5), single_precision, "u")


def log_uniform(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"r": impl.log_uniform(case.u, case.low, case.high)}


def grid_search_points_cases(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(kind: str, d: int, k: int) -> Case:
        lows, highs = ranges(rng, d)
        return Case(kind=kind, lows=lows, highs=highs, k=k)

    yield drawn("two hyperparameters, three values", 2, 3)
    yield drawn("two hyperparameters, two values", 2, 2)
    yield drawn("three hyperparameters", 3, 3)
    yield drawn("one hyperparameter", 1, 5)
    yield drawn("four hyperparameters, two values", 4, 2)
    yield drawn("many values", 2, 7)
    same = drawn("two equal ranges", 2, 4)
    same.lows[:], same.highs[:] = same.lows[0], same.highs[0]
    yield same
    yield each(drawn("a strided range", 3, 2), strided, "lows", "highs")
    yield each(drawn("float32", 2, 3), single_precision, "lows", "highs")


def grid_search_points(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"points": impl.grid_search_points(case.lows, case.highs, case.k)}


def random_search_points_cases(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(kind: str, n: int, d: int) -> Case:
        lows, highs = ranges(rng, d)
        return Case(kind=kind, u=rng.random((n, d)), lows=lows, highs=highs)

    yield drawn("six trials, two hyperparameters", 6, 2)
    yield drawn("as many trials as hyperparameters", 3, 3)
    yield drawn("more hyperparameters than trials", 2, 5)
    yield drawn("one trial", 1, 4)
    yield drawn("one hyperparameter", 7, 1)
    zero = drawn("a row of zeros", 4, 3)
    zero.u[1] = 0.0
    yield zero
    wide = drawn("every other column of a wider array", 4, 3)
    yield each(wide, strided, "u", "lows", "highs")
    yield each(drawn("Fortran order", 5, 3), np.asfortranarray, "u")
    repeated = drawn("the same u in each column (broadcast)", 4, 3)
    repeated.u = np.broadcast_to(repeated.u[:, :1], (4, 3))
    yield repeated
    yield each(drawn("float32", 4, 3), single_precision, "u", "lows", "highs")


def random_search_points(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"points": impl.random_search_points(case.u, case.lows, case.highs)}


def _tried(
    rng: np.random.Generator, kind: str, n: int, d: int, nan: int = 0, **more: Any
) -> Case:
    """Points in a range with a score each, ``nan`` of them without a number."""
    lows, highs = ranges(rng, d)
    points = np.exp(rng.uniform(np.log(lows), np.log(highs), (n, d)))
    scores = rng.permutation(np.linspace(0.2, 0.9, n)) + rng.uniform(-0.01, 0.01, n)
    scores[rng.choice(n, nan, replace=False)] = np.nan
    return Case(kind=kind, points=points, scores=scores, lows=lows, highs=highs, **more)


def _put(case: Case, at: np.ndarray) -> Case:
    """Move the best points to these positions of their ranges, best first."""
    order = np.argsort(-case.scores)
    logs = np.log(case.lows) + at * np.log(case.highs / case.lows)
    case.points[order[: len(at)]] = np.exp(logs)
    return case


def coarse_to_fine_cases(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(
        kind: str, n: int, d: int, keep: int, shrink: float, nan: int = 0
    ) -> Case:
        return _tried(rng, kind, n, d, nan, keep=keep, shrink=shrink)

    def inside(case: Case) -> Case:
        """The best points in the middle: nothing is cut off."""
        at = rng.uniform(0.35, 0.65, (case.keep, len(case.lows)))
        return _put(case, at)

    yield inside(drawn("the best three of nine", 9, 2, 3, 0.4))
    yield inside(drawn("the best one", 6, 3, 1, 0.3))
    yield inside(drawn("all of them", 4, 2, 4, 0.5))
    yield inside(drawn("NaN among the scores", 8, 2, 3, 0.35, nan=3))
    yield inside(drawn("as many points as hyperparameters", 3, 3, 2, 0.2))
    low, high = (
        drawn(f"close to the {e} end", 8, 2, 2, 0.5) for e in ("lower", "upper")
    )
    yield _put(low, rng.uniform(0.02, 0.1, (2, 2)))
    yield _put(high, rng.uniform(0.9, 0.98, (2, 2)))
    both = drawn("one column close to each end", 9, 3, 3, 0.4)
    yield _put(both, np.array([0.05, 0.95, 0.5]) + rng.uniform(-0.03, 0.03, (3, 3)))
    yield inside(drawn("one hyperparameter", 7, 1, 3, 0.25))
    wide = inside(drawn("every other column of a wider array", 7, 2, 2, 0.3))
    yield each(wide, strided, "points", "scores", "lows", "highs")
    single = inside(drawn("float32", 6, 2, 2, 0.4, nan=1))
    yield each(single, single_precision, "points", "scores", "lows", "highs")


def coarse_to_fine(impl: Any, case: Case) -> Mapping[str, Any]:
    new_lows, new_highs = impl.coarse_to_fine(
        case.points, case.scores, case.lows, case.highs, case.keep, case.shrink
    )
    return {"new_lows": new_lows, "new_highs": new_highs}


def best_is_at_edge_cases(rng: np.random.Generator) -> Iterator[Case]:
    def trials(
        kind: str, *best: tuple[float, ...], margin: float = 0.1, nan: int = 0
    ) -> Case:
        """One search for each position of the best point."""
        found = []
        for number, position in enumerate(best):
            n, d = int(rng.integers(6, 10)), len(position)
            trial = _tried(rng, "", n, d, nan, margin=margin)
            at, ends = np.array(position), np.isin(position, (0.0, 1.0))
            at = np.where(ends, at, at + rng.uniform(-0.01, 0.01, d))
            near = bool(((at < margin) | (at > 1 - margin)).any())
            # All others say the opposite, but for the worst in every other trial.
            rest = np.full((n, d), 0.5 if near else 0.03)
            rest[0] = at
            if number % 2:
                rest[n - nan - 1] = 0.03 if near else 0.5
            rest[1:] += rng.uniform(-0.01, 0.01, (n - 1, d))
            trial = _put(trial, rest)
            first = np.nanargmax(trial.scores)
            end = np.where(at < 0.5, trial.lows, trial.highs)
            trial.points[first] = np.where(ends, end, trial.points[first])
            found.append(trial)
        return Case(kind=kind, trials=found)

    yield trials("one hyperparameter", (0.04,), (0.96,), (0.5,), (0.3,))
    columns = ((0.04, 0.5), (0.5, 0.04), (0.96, 0.5), (0.5, 0.96), (0.5, 0.5))
    yield trials("two hyperparameters", *columns)
    yield trials("close to two ends", (0.05, 0.95), (0.95, 0.05), (0.04, 0.04))
    yield trials("the geometric middle", (0.5, 0.5, 0.5), (0.45, 0.55, 0.4))
    yield trials("points at the very ends", (0.0, 0.5), (0.4, 1.0), (0.5, 0.6))
    large = ((0.25, 0.5), (0.5, 0.75), (0.4, 0.6), (0.5, 0.35))
    yield trials("a large margin", *large, margin=0.3)
    small = ((0.1, 0.5), (0.02, 0.5), (0.5, 0.9), (0.5, 0.98))
    yield trials("a small margin", *small, margin=0.04)
    nan = ((0.04, 0.5), (0.5, 0.5), (0.5, 0.96), (0.6, 0.4))
    yield trials("NaN among the scores", *nan, nan=3)
    three = ((0.5, 0.04, 0.5), (0.5, 0.5, 0.96), (0.7, 0.2, 0.4))
    yield trials("three hyperparameters", *three)
    wide = trials("every other column of a wider array", (0.04, 0.5), (0.5, 0.6))
    single = trials("float32", (0.5, 0.96), (0.4, 0.5))
    for case, change in ((wide, strided), (single, single_precision)):
        for trial in case.trials:
            each(trial, change, "points", "scores", "lows", "highs")
        yield case


def best_is_at_edge(impl: Any, case: Case) -> Mapping[str, Any]:
    outputs = {}
    for number, t in enumerate(case.trials, start=1):
        outputs[f"answer {number}"] = impl.best_is_at_edge(
            t.points, t.scores, t.lows, t.highs, t.margin
        )
    return outputs


def selection_optimism_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, n, sigma in (
        ("two scores", 2, 1.0),
        ("three scores, a small error", 3, 0.01),
        ("ten scores", 10, 0.3),
        ("a hundred scores", 100, 0.02),
        ("a thousand scores", 1000, 2.0),
    ):
        yield Case(kind=kind, n=n, sigma=float(sigma * rng.uniform(0.8, 1.2)))
    yield Case(kind="any number of scores", n=int(rng.integers(15, 60)), sigma=0.1)


def selection_optimism(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"optimism": impl.selection_optimism(case.n, case.sigma)}


EXERCISES = (
    Exercise(
        name="log_uniform",
        notebook=NOTEBOOK,
        points=1,
        cases=log_uniform_cases,
        scenario=log_uniform,
    ),
    Exercise(
        name="grid_search_points",
        notebook=NOTEBOOK,
        points=2,
        cases=grid_search_points_cases,
        scenario=grid_search_points,
    ),
    Exercise(
        name="random_search_points",
        notebook=NOTEBOOK,
        points=1,
        cases=random_search_points_cases,
        scenario=random_search_points,
        builds_on=("log_uniform",),
    ),
    Exercise(
        name="coarse_to_fine",
        notebook=NOTEBOOK,
        points=2,
        cases=coarse_to_fine_cases,
        scenario=coarse_to_fine,
    ),
    Exercise(
        name="best_is_at_edge",
        notebook=NOTEBOOK,
        points=2,
        cases=best_is_at_edge_cases,
        scenario=best_is_at_edge,
    ),
    Exercise(
        name="selection_optimism",
        notebook=NOTEBOOK,
        points=2,
        cases=selection_optimism_cases,
        scenario=selection_optimism,
    ),
)
