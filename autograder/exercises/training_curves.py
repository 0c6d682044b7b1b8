"""Reading curves: the range test of the learning rate, and loss curves.

A range test picks one step of a curve, and a diagnosis is one of five codes.
So each case holds several curves, drawn clear of every tie, that other rules
would judge otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.training import NOTEBOOK

Curves = tuple[np.ndarray, np.ndarray]
"""Losses and rates, or training and validation losses."""


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
    fall = 1 / (1 + np.exp((t - at - rng.uniform(-0.05, 0.05)) / 0.07))
    rise = np.exp(14 * (t - 0.9))
    losses = 0.4 + 1.9 * fall + rise + noise * rng.normal(size=n)
    if end is not None:
        losses[-2:] = end
    steps = rng.uniform(0.2, 1.8, n) if uneven else np.ones(n)
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
    yield case(uneven, *(_sweep(rng, 20, uneven=True) for _ in range(3)))
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


# --- loss curves ------------------------------------------------------------


def _falling(
    rng: np.random.Generator, n: int, start: float, end: float, speed: float = 5.0
) -> np.ndarray:
    """From ``start`` to ``end``; quick first and then slow, unless speed is 0."""
    t = np.linspace(0.0, 1.0, n)
    way = t if speed == 0 else (1 - np.exp(-speed * t)) / (1 - np.exp(-speed))
    wobble = 1 + 0.004 * rng.uniform(-1, 1, n)
    return (start + (end - start) * way) * wobble


def _with(x: np.ndarray, place: int, value: float) -> np.ndarray:
    x[place] = value
    return x


def _turning(
    rng: np.random.Generator, n: int, start: float, low: float, end: float
) -> np.ndarray:
    """Down to ``low`` at a third of the way, and up again to ``end``."""
    third = n // 3
    down = _falling(rng, third, start, low)
    up = np.linspace(low, end, n - third + 1)[1:]
    return np.concatenate([down, up])


def _stairs(n: int, *levels: tuple[int, float]) -> np.ndarray:
    """``level`` from ``place`` on, for every pair (place, level)."""
    x = np.zeros(n)
    for place, level in levels:
        x[place:] = level
    return x


def _unhealthy(rng: np.random.Generator) -> Iterator[Case]:
    fall = lambda n, start=2.3, end=0.2, **more: _falling(rng, n, start, end, **more)
    n = int(rng.integers(14, 20))
    yield Case(
        kind="NaN or infinity at the end of the training loss",
        curves=(
            (_with(fall(n), -1, np.nan), fall(n)),
            (_with(fall(n), -1, np.inf), fall(n)),
        ),
    )
    yield Case(
        kind="NaN or infinity on the way, or in the validation loss alone",
        curves=(
            (_with(fall(n), n // 3, np.nan), fall(n)),
            (_with(fall(n), n // 3, np.inf), fall(n)),
            (fall(n), _with(fall(n), -1, np.nan)),
            (fall(n), _with(fall(n), n // 2, np.inf)),
        ),
    )
    yield Case(
        kind="a training loss that ends above its beginning",
        curves=(
            (fall(n, 2.3, 3.1, speed=0), fall(n, 2.3, 2.2)),
            (_with(fall(n), -1, 2.6), fall(n)),
        ),
    )


def _slow(rng: np.random.Generator) -> Iterator[Case]:
    fall = lambda n, start, end, speed=5.0: _falling(rng, n, start, end, speed)
    n = int(rng.integers(14, 20))
    yield Case(
        kind="a training loss that falls slowly",
        curves=(
            (fall(n, 2.3, 2.0, 0.0), fall(n, 2.3, 2.1, 0.0)),
            (fall(n, 2.3, 1.3, 1.0), fall(n, 2.3, 1.2, 1.0)),
            (fall(n, 70.0, 60.0, 0.0), fall(n, 69.0, 61.0, 0.0)),
        ),
    )
    yield Case(
        kind="a training loss that stops early",
        curves=(
            (fall(n, 2.3, 1.6, 9.0), fall(n, 2.3, 1.7, 9.0)),
            (fall(n, 0.04, 0.03, 9.0), fall(n, 0.05, 0.03, 9.0)),
            (fall(n, 80.0, 50.0, 9.0), fall(n, 80.0, 30.0, 9.0)),
        ),
    )
    stairs = []
    for length in (n, n + 1):
        half = length // 2
        for steps in (
            ((0, 2.3), (half - 1, 1.9), (half, 1.6)),
            ((0, 2.3), (half - 1, 1.9), (half + 1, 1.6)),
        ):
            wobble = 1 + 0.001 * rng.uniform(-1, 1, length)
            stairs.append((_stairs(length, *steps) * wobble, fall(length, 2.3, 1.6)))
    yield Case(kind="steps near the middle", curves=tuple(stairs))


def _validation(rng: np.random.Generator) -> Iterator[Case]:
    fall = lambda n, start, end, speed=5.0: _falling(rng, n, start, end, speed)
    n = int(rng.integers(15, 21))
    yield Case(
        kind="a validation loss that turns",
        curves=(
            (fall(n, 2.3, 0.1), _turning(rng, n, 2.3, 0.9, 1.4)),
            (fall(n, 2.3, 0.1), _turning(rng, n, 2.3, 0.9, 3.0)),
            (fall(n, 0.05, 0.002), _turning(rng, n, 0.05, 0.02, 0.03)),
        ),
    )
    yield Case(
        kind="a validation loss that turns a little",
        curves=(
            (fall(n, 2.3, 0.3), _turning(rng, n, 2.3, 0.8, 0.84)),
            (fall(n, 90.0, 9.0), _turning(rng, n, 90.0, 30.0, 31.5)),
        ),
    )
    yield Case(
        kind="a validation loss that stays above the training loss",
        curves=(
            (fall(n, 2.3, 0.05), fall(n, 2.3, 0.6)),
            (fall(n, 2.3, 0.1), fall(n, 2.3, 1.5)),
        ),
    )
    yield Case(
        kind="two rules hold",
        curves=(
            (fall(n, 2.3, 1.7, 0.0), _turning(rng, n, 2.3, 1.8, 2.2)),
            (fall(n, 2.3, 1.7, 9.0), _turning(rng, n, 2.3, 1.8, 2.2)),
            (fall(n, 2.3, 3.0, 0.0), _turning(rng, n, 2.3, 1.8, 2.6)),
            (_with(fall(n, 2.3, 1.9, 0.0), 4, np.nan), fall(n, 2.3, 2.0, 0.0)),
        ),
    )


def _healthy(rng: np.random.Generator) -> Iterator[Case]:
    fall = lambda n, start, end, speed=5.0: _falling(rng, n, start, end, speed)
    n = int(rng.integers(14, 20))
    yield Case(
        kind="losses that fall",
        curves=(
            (fall(n, 2.3, 0.2), fall(n, 2.3, 0.3)),
            (fall(n, 0.06, 0.01), fall(n, 0.06, 0.012)),
            (fall(n, 2.3, 0.9, 0.0), fall(n, 2.3, 1.0, 0.0)),
        ),
    )
    yield Case(
        kind="a spike that heals, and a last step upwards",
        curves=(
            (_with(fall(n, 2.3, 0.2), n // 4, 6.0), fall(n, 2.3, 0.3)),
            (_with(fall(n, 2.3, 0.2), n // 2, 6.0), fall(n, 2.3, 0.3)),
            (_with(fall(n, 2.3, 0.2), -1, 0.7), fall(n, 2.3, 0.3)),
        ),
    )
    train, val = fall(n, 2.3, 1.9, 0.0), _turning(rng, n, 2.3, 1.0, 1.05)
    yield Case(
        kind="every other number of a wider array",
        curves=((strided(train), strided(val)),),
    )
    train, val = fall(n, 2.3, 0.3), _turning(rng, n, 2.3, 1.0, 1.5)
    yield Case(
        kind="float32",
        curves=((train.astype(np.float32), val.astype(np.float32)),),
    )
    four = (np.array([2.3, 1.0, 0.9, 0.5]), np.array([2.3, 1.1, 1.0, 0.9]))
    wobble = rng.uniform(0.98, 1.02, (2, 4))
    yield Case(kind="four epochs", curves=((four[0] * wobble[0], four[1] * wobble[1]),))


def diagnose_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _healthy(rng)
    yield from _unhealthy(rng)
    yield from _slow(rng)
    yield from _validation(rng)


def diagnose(impl: Any, case: Case) -> Mapping[str, Any]:
    outputs = {}
    for number, (train, val) in enumerate(case.curves, start=1):
        outputs[f"code of curve {number}"] = impl.diagnose(train, val)
    return outputs


EXERCISES = (
    Exercise(
        name="learning_rate_range",
        notebook=NOTEBOOK,
        points=3,
        cases=learning_rate_range_cases,
        scenario=learning_rate_range,
    ),
    Exercise(
        name="diagnose",
        notebook=NOTEBOOK,
        points=3,
        cases=diagnose_cases,
        scenario=diagnose,
    ),
)
