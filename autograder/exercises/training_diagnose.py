"""Reading loss curves: a diagnosis is one of five codes.

One code says little about how it was found. So each case holds several pairs
of curves, drawn clear of every threshold, that other rules would judge
otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.training import NOTEBOOK

Curves = tuple[np.ndarray, np.ndarray]
"""Training and validation losses."""


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


def _near_the_middle(rng: np.random.Generator, n: int) -> tuple[Curves, ...]:
    """Two steps down; the second one just before the middle, and just after."""
    curves = []
    for length in (n, n + 1):
        for second in (length // 2, length // 2 + 1):
            train = np.full(length, 2.3)
            train[length // 2 - 1 :] = 1.9
            train[second:] = 1.6
            train *= 1 + 0.001 * rng.uniform(-1, 1, length)
            curves.append((train, _falling(rng, length, 2.3, 1.6)))
    return tuple(curves)


def _unhealthy(rng: np.random.Generator) -> Iterator[Case]:
    fall = lambda n, start=2.3, end=0.2, **more: _falling(rng, n, start, end, **more)
    n = int(rng.integers(14, 20))
    yield Case(
        kind="NaN or infinity at the end of the training loss, and NaN alone",
        curves=(
            (_with(fall(n), -1, np.nan), fall(n)),
            (_with(fall(n), -1, np.inf), fall(n)),
            (np.full(n, np.nan), np.full(n, np.nan)),
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
    yield Case(kind="steps near the middle", curves=_near_the_middle(rng, n))
    wobble = lambda: 1 + 0.001 * rng.uniform(-1, 1, n)
    late = np.concatenate([np.full(n - 6, 2.3), np.linspace(2.25, 1.6, 6)])
    end, half = np.full(n, 2.3), np.full(n, 2.3)
    end[-1], half[n // 2 + 1 :] = 1.9, 1.6
    yield Case(
        kind="a training loss that begins to fall late",
        curves=tuple((x * wobble(), fall(n, 2.3, 1.6)) for x in (late, end, half)),
    )


def _validation(rng: np.random.Generator) -> Iterator[Case]:
    fall = lambda n, start, end, speed=5.0: _falling(rng, n, start, end, speed)
    n = int(rng.integers(15, 21))
    yield Case(
        kind="a validation loss that turns",
        curves=(
            (fall(n, 2.3, 0.1), _turning(rng, n, 2.3, 0.9, 1.4)),
            (fall(n, 2.3, 0.1), _turning(rng, n, 2.3, 0.9, 2.3)),
            (fall(n, 2.3, 0.1), _turning(rng, n, 2.3, 1.9, 2.9)),
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
        name="diagnose",
        notebook=NOTEBOOK,
        points=3,
        cases=diagnose_cases,
        scenario=diagnose,
    ),
)
