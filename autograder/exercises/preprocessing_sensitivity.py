"""The loss of one classifier in two forms, when its weights are nudged.

The weights are chosen for the normalized data, so that the scores stay of
moderate size however far from the origin the data lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.preprocessing import NOTEBOOK, single_precision

ARRAYS = ("x", "W", "b", "dW")


def draw(
    rng: np.random.Generator,
    kind: str,
    n: int,
    features: int,
    classes: int,
    mean: float = 2.0,
    scales: tuple[float, ...] | None = None,
    nudge: float = 0.2,
) -> Case:
    """n rows around ``mean``; each feature has its own spread."""
    drawn = rng.uniform(0.5, 2.0, features)
    spread = drawn if scales is None else np.array(scales)
    where = mean * rng.uniform(0.7, 1.3, features) * rng.choice([-1, 1], features)
    weights = rng.normal(size=(features, classes)) / spread[:, None]
    return Case(
        kind=kind,
        x=where + spread * rng.normal(size=(n, features)),
        y=rng.permutation(np.arange(n) % classes),
        W=weights,
        b=rng.normal(size=classes) - where @ weights,
        dW=nudge * rng.normal(size=(features, classes)),
    )


def loss_sensitivity_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield draw(rng, "three features, four classes", 7, 3, 4)
    yield draw(rng, "as many features as classes", 6, 3, 3)
    yield draw(rng, "one feature", 5, 1, 3)
    yield draw(rng, "two classes", 8, 4, 2)
    yield draw(rng, "mean 0", 7, 3, 2, mean=0.0)
    yield draw(rng, "mean 100", 6, 2, 3, mean=100.0)
    yield draw(rng, "mean 10,000, standard deviation 0.01", 6, 2, 2, 1e4, (0.01, 0.01))
    scales = (0.01, 1.0, 30.0)
    yield draw(rng, "features of very different scale", 7, 3, 3, scales=scales)
    none = draw(rng, "a nudge of zero", 5, 3, 2)
    none.dW[:] = 0.0
    yield none
    yield draw(rng, "a large nudge", 6, 3, 4, nudge=20.0)
    wide = draw(rng, "every other column of a wider array", 6, 3, 4)
    turned = draw(rng, "Fortran order", 6, 4, 3)
    single = draw(rng, "float32", 8, 3, 3)
    for name in ARRAYS:
        setattr(wide, name, strided(getattr(wide, name)))
        setattr(turned, name, np.asfortranarray(getattr(turned, name)))
        setattr(single, name, single_precision(getattr(single, name)))
    yield from (wide, turned, single)


def loss_sensitivity(impl: Any, case: Case) -> Mapping[str, Any]:
    raw, normalized = impl.loss_sensitivity(case.x, case.y, case.W, case.b, case.dW)
    return {"raw": raw, "normalized": normalized}


EXERCISES = (
    Exercise(
        name="loss_sensitivity",
        notebook=NOTEBOOK,
        points=3,
        cases=loss_sensitivity_cases,
        scenario=loss_sensitivity,
        builds_on=("zero_center",),
    ),
)
