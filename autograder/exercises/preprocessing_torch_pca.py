"""PCA and ZCA on tensors.

The training split is made such that its eigenvalues are well apart, and one
entry of each direction is clearly the largest: any right way to the directions
gives the same answer, signs included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.preprocessing_torch import NOTEBOOK


def _directions(rng: np.random.Generator, features: int) -> np.ndarray:
    """Orthonormal columns, in each of which one entry is clearly the largest."""
    while True:
        q, _ = np.linalg.qr(rng.normal(size=(features, features)))
        sizes = np.sort(np.abs(q), axis=0)
        if features == 1 or (sizes[-1] - sizes[-2]).min() > 0.05:
            return np.asarray(q)


def cloud(
    rng: np.random.Generator,
    kind: str,
    shape: tuple[int, int],
    option: float,
    mean: float = 3.0,
    std: float = 2.0,
) -> Case:
    """Training data with standard deviations std, std/2, ... along its axes."""
    n, features = shape
    axes = _directions(rng, features)
    spread = std * rng.uniform(0.9, 1.1, features) / 2.0 ** np.arange(features)
    rank = min(features, n - 1)
    sample = rng.normal(size=(n, rank))
    q, _ = np.linalg.qr(sample - sample.mean(axis=0))
    where = mean + std * rng.normal(size=features)
    train = where + np.sqrt(n) * q * spread[:rank] @ axes[:, :rank].T
    test = where + (1.0 + rng.normal(size=(3, features))) * spread @ axes.T
    return Case(kind=kind, train=train, test=test, option=option)


def _in_dtype(case: Case, dtype: Any) -> Case:
    case.train, case.test = case.train.astype(dtype), case.test.astype(dtype)
    return case


def _pca_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield cloud(rng, "k between 1 and D", (7, 4), 2)
    yield cloud(rng, "k = D", (7, 3), 3)
    yield cloud(rng, "k = 1", (6, 3), 1)
    yield cloud(rng, "one feature", (5, 1), 1)
    yield cloud(rng, "as many examples as features", (4, 4), 3)
    yield cloud(rng, "mean 1000, standard deviation 0.1", (7, 3), 1, 1000.0, 0.1)
    wide = cloud(rng, "every other column of a wider tensor", (6, 3), 2)
    wide.train, wide.test = strided(wide.train), strided(wide.test)
    yield wide
    yield _in_dtype(cloud(rng, "float32", (8, 3), 2), np.float32)
    yield _in_dtype(cloud(rng, "bfloat16", (8, 3), 1), ml_dtypes.bfloat16)


def _zca_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield cloud(rng, "eps 0.3", (7, 4), 0.3)
    yield cloud(rng, "eps far below every eigenvalue", (7, 3), 1e-8)
    yield cloud(rng, "eps larger than every eigenvalue", (6, 3), 7.0)
    yield cloud(rng, "one feature", (5, 1), 0.2)
    yield cloud(rng, "as many examples as features", (4, 4), 0.1)
    yield cloud(rng, "one training example, four features", (1, 4), 0.25)
    yield cloud(rng, "mean 100, standard deviation 0.1", (7, 3), 1e-3, 100.0, 0.1)
    yield _in_dtype(cloud(rng, "float32", (8, 3), 0.1), np.float32)
    yield _in_dtype(cloud(rng, "bfloat16", (8, 3), 0.5), ml_dtypes.bfloat16)


def _pca(impl: Any, case: Case) -> Mapping[str, Any]:
    train, test = impl.torch_pca(case.train, case.test, case.option)
    return {"train": train, "test": test}


def _zca(impl: Any, case: Case) -> Mapping[str, Any]:
    train, test = impl.torch_zca(case.train, case.test, case.option)
    return {"train": train, "test": test}


EXERCISES = (
    Exercise(
        name="torch_pca",
        notebook=NOTEBOOK,
        points=2,
        cases=_pca_cases,
        scenario=_pca,
        path="torch",
    ),
    Exercise(
        name="torch_zca",
        notebook=NOTEBOOK,
        points=2,
        cases=_zca_cases,
        scenario=_zca,
        path="torch",
    ),
)
