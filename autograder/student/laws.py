"""Whether random numbers are those that were asked for.

An initialization has no one right answer, so it is judged by tests of its
numbers: mean, standard deviation, the family of the distribution
(Kolmogorov-Smirnov), its support, neighbours that depend on each other, and
numbers that repeat. Each test errs on right numbers with a probability of at
most :data:`LEVEL`; an exercise makes a few hundred of them, so a right answer
fails in less than one of a million classes. No test depends on the order in
which the numbers were drawn. Numbers of 16 bits are rounded, up or down or
always towards zero; what that can do to a test is allowed on top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

LEVEL = 1e-9
"""Probability that one test rejects right numbers."""

FAR = NormalDist().inv_cdf(1 - LEVEL / 2)
"""Standard deviations beyond which a normal number is that rare: 6.1."""

FARTHEST = math.sqrt(math.log(2 / LEVEL) / 2)
"""The same for Kolmogorov's distribution: 3.3."""

ENOUGH = 500
"""Numbers that it takes for the tests' approximations to hold so far out."""

KURTOSIS = {"normal": 3.0, "uniform": 1.8}

DENSITY = {"normal": 1 / math.sqrt(2 * math.pi), "uniform": 1 / math.sqrt(12)}
"""The largest density of standardized numbers."""


@dataclass(frozen=True)
class Law:
    """What random numbers must be like.

    Attributes
    ----------
    family : "normal" or "uniform"
    std : how far the numbers spread; a uniform one lies within sqrt(3) of it
    same_as : an output that the same generator must give again
    unlike : an output that another generator gave, so this one differs
    mean : what they spread around
    unit : one unit in the last place of 16 bits, relatively; 0 for wider dtypes
    """

    shape: tuple[int, ...]
    family: str
    std: float
    same_as: str = ""
    unlike: str = ""
    mean: float = 0.0
    unit: float = 0.0

    @property
    def bound(self) -> float:
        """No right number is farther away from the mean."""
        size = max(1, math.prod(self.shape))
        rare = NormalDist().inv_cdf(1 - LEVEL / (2 * size))
        return self.std * (math.sqrt(3) if self.family == "uniform" else rare)

    @property
    def rounding(self) -> float:
        """How far off a number may be for want of bits."""
        return self.unit * (abs(self.mean) + self.bound)

    def spread(self) -> float:
        """How far off a standard deviation may be measured, relatively."""
        n = math.prod(self.shape)
        return FAR * math.sqrt((KURTOSIS[self.family] - 1) / (4 * n))


@dataclass(frozen=True)
class Broken:
    """A test that failed: ``mean``, ``std``, ``family``, ``bound``,
    ``neighbours``, ``repeats``, ``same`` or ``unlike``; and what was measured."""

    test: str
    measured: float = 0.0


def broken(law: Law, w: np.ndarray, others: Mapping[str, np.ndarray]) -> Broken | None:
    """The first test that the numbers fail; None when they are as asked.

    Parameters
    ----------
    w : finite numbers of the law's shape
    others : outputs that the law may name
    """
    x = w.astype(np.float64)
    centred = x - law.mean
    tests = [
        _repeatable(law, x, others),
        _statistics(law, centred, others),
        _bound(law, centred),
    ]
    return next((b for test in tests for b in test), None)


def _repeatable(
    law: Law, x: np.ndarray, others: Mapping[str, np.ndarray]
) -> Iterator[Broken]:
    if law.same_as in others and not np.array_equal(others[law.same_as], x):
        yield Broken("same")
    if law.unlike in others and np.array_equal(others[law.unlike], x):
        yield Broken("unlike")


def _statistics(
    law: Law, x: np.ndarray, others: Mapping[str, np.ndarray]
) -> Iterator[Broken]:
    n = x.size
    if n < ENOUGH:
        return
    mean = float(x.mean())
    square = float((x * x).mean())
    std = float(x.std())
    if np.unique(x).size < 0.99 * n and not law.unit:
        yield Broken("repeats", np.unique(x).size)
    if (abs(mean) - law.rounding) * math.sqrt(n) > FAR * max(law.std, std):
        yield Broken("mean", law.mean + mean)
    rms = math.sqrt(square)
    near = min(max(law.std, rms - law.rounding), rms + law.rounding)
    if abs(_deviation(law, near**2, n)) > FAR:
        yield Broken("std", std)
    moved = DENSITY[law.family] * law.rounding / law.std
    if math.sqrt(n) * (_distance(law, x / law.std) - moved) > FARTHEST:
        yield Broken("family")
    for axis in range(x.ndim):
        one = np.moveaxis(x, axis, 0)
        if _depends(one[1:], one[:-1]):
            yield Broken("neighbours")
    other = others.get(law.unlike)
    if other is not None and other.shape == x.shape and _depends(x, other - law.mean):
        yield Broken("unlike")


def _bound(law: Law, x: np.ndarray) -> Iterator[Broken]:
    largest = float(np.abs(x).max(initial=0.0))
    if largest > law.bound * (1 + 1e-6) + law.rounding:
        yield Broken("bound", largest)


def _deviation(law: Law, square: float, n: int) -> float:
    """The mean square as a standard normal number.

    Of normal numbers, n times it is chi-squared, whose cube root is nearly
    normal (Wilson and Hilferty 1931). Of uniform ones it is a sum of bounded
    numbers.
    """
    ratio = square / law.std**2
    if law.family == "uniform":
        return (ratio - 1) / math.sqrt((KURTOSIS["uniform"] - 1) / n)
    spread = 2 / (9 * n)
    return (ratio ** (1 / 3) - (1 - spread)) / math.sqrt(spread)


def _distance(law: Law, x: np.ndarray) -> float:
    """Kolmogorov and Smirnov's distance from the law, of standardized numbers."""
    ordered = np.sort(x, axis=None)
    n = ordered.size
    if law.family == "uniform":
        below = np.clip(ordered / (2 * math.sqrt(3)) + 0.5, 0, 1)
    else:
        below = 0.5 * np.array([math.erfc(-v / math.sqrt(2)) for v in ordered.tolist()])
    steps = np.arange(n + 1) / n
    return float(max((steps[1:] - below).max(), (below - steps[:-1]).max()))


def _depends(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two sets of numbers, pair by pair, are correlated."""
    if one.size < ENOUGH:
        return False
    scale = math.sqrt(float((one * one).mean() * (other * other).mean()))
    return abs(float((one * other).mean())) * math.sqrt(one.size) > FAR * scale > 0


def fingerprint(x: np.ndarray) -> np.ndarray:
    """What is kept of wrong random numbers, to know them again.

    The shape, mean and standard deviation, kurtosis, and the share of
    different numbers.
    """
    x = x.astype(np.float64)
    if not np.isfinite(x).all():
        return np.array([x.ndim, *x.shape, math.nan])
    std = float(x.std()) if x.size else 0.0
    kurtosis = float(((x - x.mean()) ** 4).mean()) / std**4 if std else 0.0
    mean = float(x.mean()) if x.size else 0.0
    different = np.unique(x).size / max(x.size, 1)
    return np.array([x.ndim, *x.shape, mean, std, kurtosis, different])


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two fingerprints may come from the same law."""
    sizes = 1 + int(one[0])
    if one.shape != other.shape or not np.array_equal(one[:sizes], other[:sizes]):
        return False
    n = float(np.prod(one[1:sizes]))
    if one.size < sizes + 4 or n < ENOUGH:
        return True
    near = FAR * math.sqrt(2 / n)
    mean, std, kurtosis, different = np.abs(one - other)[sizes:]
    scale = max(one[sizes + 1], other[sizes + 1])
    most = max(one[sizes + 2], other[sizes + 2])
    return bool(
        mean <= near * scale
        and std <= near * scale
        and kurtosis <= 0.25 * most
        and different <= 0.05
    )
