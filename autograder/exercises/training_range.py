"""The range test of the learning rate.

The answer is one step of a curve. So each case holds curves, drawn clear of
every tie, of which other rules would choose another step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.training import NOTEBOOK

Curves = tuple[np.ndarray, np.ndarray]
"""Losses, and the rates at which they were measured."""


def _sweep(
    rng: np.random.Generator,
    n: int = 24,
    *,
    at: float = 0.45,
    noise: float = 0.03,
    scale: float = 1.0,
    end: float | None = np.nan,
    uneven: bool = False,
) -> Curves:
    """Flat, then a fall at ``at`` of the way, then a rise, then ``end`` twice."""
    t = np.linspace(0.0, 1.0, n)
    width = 0.15 if uneven else 0.07
    fall = 1 / (1 + np.exp((t - at - rng.uniform(-0.05, 0.05)) / width))
    rise = np.exp(14 * (t - 0.9))
    losses = 0.4 + 1.9 * fall + rise + noise * rng.normal(size=n)
    if end is not None:
        losses[-2:] = end
    steps = 10 ** rng.uniform(-1, 0.3, n) if uneven else np.ones(n)
    logs = np.log(1e-5) + np.cumsum(steps) * rng.uniform(0.4, 0.6)
    return scale * losses, np.exp(logs)


def _after_the_end(rng: np.random.Generator, end: float) -> Curves:
    """Finite losses again behind the explosion, falling more steeply than ever."""
    losses, rates = _sweep(rng, 22, end=None)
    losses[-6] = end
    losses[-5:] = 9.0 - 2 * np.arange(5.0) + 0.1 * rng.normal(size=5)
    return losses, rates


def _one_spike(rng: np.random.Generator) -> Curves:
    """One noisy batch: the steepest single step is not the fall."""
    losses, rates = _sweep(rng, 26, noise=0.01)
    losses[5] += 0.9
    losses[7] -= 0.25
    return losses, rates


def _always(rng: np.random.Generator, sign: float) -> Curves:
    """A curve that bends, and is steepest at one of its two ends."""
    n = 12
    t = np.linspace(0.0, 1.0, n)
    bend = 1 - t**3 if sign > 0 else (1 - t) ** 3
    losses = 0.5 + 2 * bend + 0.002 * rng.normal(size=n)
    return losses, np.geomspace(1e-4, rng.uniform(0.5, 2.0), n)


def learning_rate_range_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(kind: str, *curves: Curves) -> Case:
        return Case(kind=kind, curves=curves)

    yield case("NaN at the end", _sweep(rng), _sweep(rng, 17))
    yield case("infinity at the end", _sweep(rng, end=np.inf))
    yield case("no explosion", _sweep(rng, end=None), _sweep(rng, 15, end=None))
    finite = "finite losses behind NaN or infinity"
    yield case(finite, _after_the_end(rng, np.nan), _after_the_end(rng, np.inf))
    uneven = "rates that are not evenly spaced"
    yield case(uneven, *(_sweep(rng, 20, uneven=True) for _ in range(4)))
    noisy = "noise from step to step"
    yield case(noisy, _sweep(rng, 30, noise=0.15), _one_spike(rng))
    ends = "steepest at the beginning, and at the end"
    yield case(ends, _always(rng, -1.0), _always(rng, 1.0))
    large = "losses of 1000, and of 0.001"
    yield case(large, _sweep(rng, scale=1e3), _sweep(rng, scale=1e-3))
    four = _always(rng, 1.0)
    yield case("four losses", (four[0][-4:], four[1][-4:]))
    early = _sweep(rng, 12, at=0.3, end=None)
    early[0][5] = np.nan
    yield case("NaN in the middle of the fall", early)
    losses, rates = _sweep(rng, 16)
    wide = "every other number of a wider array"
    yield case(wide, (strided(losses), strided(rates)))
    losses, rates = _sweep(rng, 18, noise=0.01)
    yield case("float32", (losses.astype(np.float32), rates.astype(np.float32)))


def learning_rate_range(impl: Any, case: Case) -> Mapping[str, Any]:
    outputs = {}
    for number, (losses, rates) in enumerate(case.curves, start=1):
        outputs[f"rate {number}"] = impl.learning_rate_range(losses, rates)
    return outputs


EXERCISES = (
    Exercise(
        name="learning_rate_range",
        notebook=NOTEBOOK,
        points=3,
        cases=learning_rate_range_cases,
        scenario=learning_rate_range,
    ),
)
