"""PCA, PCA whitening and ZCA whitening.

The training split is made, not only drawn: its covariance has eigenvalues that
are well apart, so that its principal directions don't depend on rounding; and
in each direction one entry is clearly the largest, so that the sign does not
either. Any right way to the directions gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.preprocessing import (
    FAR,
    NOTEBOOK,
    change,
    first_row_repeated,
    single_precision,
    splits,
)


def directions(rng: np.random.Generator, features: int) -> np.ndarray:
    """Orthonormal columns, in each of which one entry is clearly the largest."""
    while True:
        q, _ = np.linalg.qr(rng.normal(size=(features, features)))
        sizes = np.sort(np.abs(q), axis=0)
        if features == 1 or (sizes[-1] - sizes[-2]).min() > 0.03:
            return q


def uncorrelated(rng: np.random.Generator, n: int, columns: int) -> np.ndarray:
    """(n, columns) with mean 0, variance 1 and no correlation, exactly."""
    drawn = rng.normal(size=(n, columns))
    q, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
    return np.sqrt(n) * q


def cloud(
    rng: np.random.Generator,
    kind: str,
    n: int,
    m: int,
    features: int,
    option: float,
    mean: float = 3.0,
    std: float = 2.0,
) -> Case:
    """A training split with standard deviations std, std/2, ... along its axes."""
    axes = directions(rng, features)
    spread = std * rng.uniform(0.9, 1.1, features) / 2.0 ** np.arange(features)
    rank = min(features, n - 1)
    where = mean + std * rng.normal(size=features)
    train = uncorrelated(rng, n, rank) * spread[:rank] @ axes[:, :rank].T
    test = (1.0 + rng.normal(size=(m, features))) * spread @ axes.T
    return Case(kind=kind, train=where + train, test=where + test, options=(option,))


def constant_feature(rng: np.random.Generator, n: int, m: int, option: float) -> Case:
    """Three features and one that is constant in the training split alone."""
    kind = "a feature that is constant in the training split"
    case = cloud(rng, kind, n, m, 3, option)
    at = int(rng.integers(0, 4))
    case.train = np.insert(case.train, at, 0.75, axis=1)
    case.test = np.insert(case.test, at, 0.75 + rng.normal(size=m), axis=1)
    return case


def _layouts(rng: np.random.Generator, option: float) -> Iterator[Case]:
    wide = cloud(rng, "every other column of a wider array", 6, 3, 4, option)
    yield change(wide, strided)
    turned = cloud(rng, "Fortran order", 7, 2, 3, option)
    yield change(turned, np.asfortranarray)
    repeated = cloud(rng, "one test example repeated (broadcast)", 6, 3, 3, option)
    repeated.test = first_row_repeated(repeated.test)
    yield repeated
    yield change(cloud(rng, "float32", 8, 3, 3, option), single_precision)


def pca_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield cloud(rng, "k between 1 and D", 7, 4, 4, 2)
    yield cloud(rng, "k = D", 7, 3, 3, 3)
    yield cloud(rng, "k = 1", 6, 3, 4, 1)
    yield cloud(rng, "one feature", 5, 3, 1, 1)
    yield cloud(rng, "two features", 9, 1, 2, 2)
    yield cloud(rng, "as many training as test examples", 5, 5, 3, 2)
    yield cloud(rng, "as many examples as features", 4, 3, 4, 3)
    yield constant_feature(rng, 7, 3, 2)
    yield cloud(rng, FAR, 7, 3, 3, 1, mean=1e4, std=0.01)
    scales = cloud(rng, "features of very different scale", 8, 3, 3, 2)
    yield change(scales, lambda x: x * [100.0, 1.0, 0.01])
    yield from _layouts(rng, 2)


def _whitening_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield cloud(rng, "eps 0.3", 7, 4, 4, 0.3)
    yield cloud(rng, "eps far below every eigenvalue", 7, 3, 3, 1e-8)
    yield cloud(rng, "eps larger than every eigenvalue", 6, 3, 3, 7.0)
    yield cloud(rng, "one feature", 5, 3, 1, 0.2)
    yield cloud(rng, "two examples of one feature", 2, 3, 1, 0.1)
    yield cloud(rng, "two features", 9, 1, 2, 0.05)
    yield cloud(rng, "as many examples as features", 4, 4, 4, 0.1)
    yield constant_feature(rng, 7, 3, 0.01)
    yield cloud(rng, FAR, 7, 3, 1, 1e-5, mean=1e4, std=0.01)
    far = "mean 100, standard deviation 0.1"
    yield cloud(rng, far, 7, 3, 3, 1e-3, mean=100.0, std=0.1)
    yield from _layouts(rng, 0.1)


def zca_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _whitening_cases(rng)
    # Of an empty direction only the whole space of them is defined: with one
    # example that is everything, and a thin decomposition loses most of it.
    yield cloud(rng, "one training example, four features", 1, 3, 4, 0.25)


EXERCISES = (
    Exercise(
        name="pca",
        notebook=NOTEBOOK,
        points=3,
        cases=pca_cases,
        scenario=splits("pca"),
        builds_on=("zero_center",),
    ),
    Exercise(
        name="whiten",
        notebook=NOTEBOOK,
        points=2,
        cases=_whitening_cases,
        scenario=splits("whiten"),
        builds_on=("zero_center", "pca"),
    ),
    Exercise(
        name="zca",
        notebook=NOTEBOOK,
        points=2,
        cases=zca_cases,
        scenario=splits("zca"),
        builds_on=("zero_center", "pca", "whiten"),
    ),
)
