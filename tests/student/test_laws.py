"""Random numbers are judged by tests that hardly ever err on right ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograder.student import laws
from autograder.student.laws import Law, alike, broken, fingerprint

SHAPE = (120, 60)
NORMAL = Law(SHAPE, "normal", 0.1)
UNIFORM = Law(SHAPE, "uniform", 0.1)
LAWS = {"normal": NORMAL, "uniform": UNIFORM}


def right(law: Law, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if law.family == "normal":
        return law.std * rng.standard_normal(law.shape)
    return rng.uniform(-law.bound, law.bound, law.shape)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_right_numbers_pass(law: Law, dtype: type) -> None:
    for seed in range(100):
        assert broken(law, right(law, seed).astype(dtype), {}) is None


WRONG = {
    "another standard deviation": (lambda w: 1.08 * w, "std"),
    "a variance in its place": (lambda w: 0.1 * w, "std"),
    "shifted": (lambda w: w + 0.01, "mean"),
    "positive": (np.abs, "mean"),
    "one row for all": (lambda w: np.tile(w[:1], (len(w), 1)), "repeats"),
    "each number twice": (lambda w: np.repeat(w[:, ::2], 2, 1), "repeats"),
    "neighbours mixed": (
        lambda w: (w + np.roll(w, 1, 0)) / math.sqrt(2),
        "neighbours",
    ),
    "zeros": (lambda w: 0 * w, "repeats"),
}


@pytest.mark.parametrize(("change", "test"), WRONG.values(), ids=WRONG)
def test_wrong_numbers_are_found_out(change, test: str) -> None:
    found = broken(NORMAL, change(right(NORMAL, 1)), {})
    assert found is not None
    assert found.test == test


def test_the_other_family_is_found_out() -> None:
    as_uniform = right(UNIFORM, 2)
    found = broken(NORMAL, as_uniform, {})
    assert found is not None
    assert found.test in ("std", "family")
    found = broken(UNIFORM, right(NORMAL, 2), {})
    assert found is not None
    truncated = np.clip(right(NORMAL, 3), -UNIFORM.bound, UNIFORM.bound)
    found = broken(UNIFORM, truncated * 0.1 / truncated.std(), {})
    assert found is not None


def test_one_number_beyond_the_support_is_too_many() -> None:
    w = right(UNIFORM, 4)
    w[3, 4] = 1.01 * UNIFORM.bound
    found = broken(UNIFORM, w, {})
    assert found == laws.Broken("bound", pytest.approx(1.01 * UNIFORM.bound))


SIXTEEN_BITS = {"float16": 10, "bfloat16": 7}


def cut(w: np.ndarray, digits: int) -> np.ndarray:
    """The same numbers with so many binary digits after the first, towards 0."""
    fraction, exponent = np.frexp(w)
    wide = 2.0 ** (digits + 1)
    return np.ldexp(np.trunc(fraction * wide) / wide, exponent)


@pytest.mark.parametrize("dtype", SIXTEEN_BITS)
@pytest.mark.parametrize("family", LAWS)
@pytest.mark.parametrize("mean", [0.0, 0.3])
def test_right_numbers_pass_in_16_bits(dtype: str, family: str, mean: float) -> None:
    digits = SIXTEEN_BITS[dtype]
    law = Law(SHAPE, family, 0.1, mean=mean, unit=2.0**-digits)
    for seed in range(50):
        w = mean + right(LAWS[family], seed)
        assert broken(law, cut(w, digits), {}) is None
        if dtype == "float16":
            assert broken(law, w.astype(np.float16), {}) is None


@pytest.mark.parametrize("dtype", SIXTEEN_BITS)
def test_wrong_numbers_are_found_out_in_16_bits(dtype: str) -> None:
    digits = SIXTEEN_BITS[dtype]
    law = Law(SHAPE, "normal", 0.1, unit=2.0**-digits)
    uniform = Law(SHAPE, "uniform", 0.1, unit=2.0**-digits)
    for change, test in (
        (lambda w: 1.15 * w, "std"),
        (lambda w: w + 0.02, "mean"),
        (lambda w: (w + np.roll(w, 1, 0)) / math.sqrt(2), "neighbours"),
    ):
        found = broken(law, cut(change(right(law, 1)), digits), {})
        assert found is not None
        assert found.test == test
    for one, other in ((law, uniform), (uniform, law)):
        found = broken(one, cut(right(other, 2), digits), {})
        assert found is not None
        assert found.test in ("std", "family", "bound")


def test_numbers_may_spread_around_another_mean() -> None:
    law = Law(SHAPE, "uniform", 0.1, mean=2.0)
    for seed in range(20):
        assert broken(law, 2 + right(law, seed), {}) is None
    found = broken(law, right(law, 1), {})
    assert found is not None
    assert found.test == "mean"
    assert abs(found.measured) < 0.01
    beyond = 2 + right(law, 1)
    beyond[0, 0] = 2 + 1.01 * law.bound
    found = broken(law, beyond, {})
    assert found == laws.Broken("bound", pytest.approx(1.01 * law.bound))
    other = Law(SHAPE, "uniform", 0.1, unlike="first", mean=2.0)
    first = 2 + right(law, 3)
    assert broken(other, 2 + right(law, 4), {"first": first}) is None
    found = broken(other, 4 - first, {"first": first})
    assert found is not None
    assert found.test == "unlike"


def test_few_numbers_are_judged_by_their_size_alone() -> None:
    law = Law((2, 3), "uniform", 0.5)
    assert broken(law, np.full((2, 3), 0.1), {}) is None
    assert broken(law, np.full((2, 3), 0.9), {}) is not None
    law = Law((1,), "normal", 0.5)
    assert broken(law, np.array([2.9]), {}) is None
    assert broken(law, np.array([3.2]), {}) is not None


def test_a_generator_gives_its_numbers_again_and_another_one_others() -> None:
    w = right(NORMAL, 5)
    again = Law(SHAPE, "normal", 0.1, same_as="first")
    assert broken(again, w, {"first": w.copy()}) is None
    found = broken(again, right(NORMAL, 6), {"first": w})
    assert found is not None
    assert found.test == "same"
    other = Law(SHAPE, "normal", 0.1, unlike="first")
    assert broken(other, right(NORMAL, 6), {"first": w}) is None
    for same in (w.copy(), -w, (w + 0.1 * right(NORMAL, 7)) / math.sqrt(1.01)):
        found = broken(other, same, {"first": w})
        assert found is not None
        assert found.test == "unlike"


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_the_measure_of_spread_is_a_standard_normal_number(law: Law) -> None:
    """Else the false alarms would not be as rare as they are said to be."""
    found = []
    for seed in range(400):
        w = right(law, seed)
        found.append(laws._deviation(law, float((w * w).mean()), w.size))
    assert abs(np.mean(found)) < 5 / math.sqrt(400)
    assert abs(np.std(found) - 1) < 5 / math.sqrt(800)
    assert pytest.approx(6.109, abs=1e-3) == laws.FAR
    assert 2 * math.exp(-2 * laws.FARTHEST**2) == pytest.approx(laws.LEVEL)


def test_a_fingerprint_knows_a_law_again() -> None:
    one, other = right(NORMAL, 8), right(NORMAL, 9)
    assert fingerprint(one).size == 7
    assert alike(fingerprint(one), fingerprint(other))
    for wrong in (1.2 * other, other + 0.05, right(UNIFORM, 8), other.T, other[:50]):
        assert not alike(fingerprint(one), fingerprint(wrong))
    nan = np.full(SHAPE, np.nan)
    assert alike(fingerprint(nan), fingerprint(nan))
    assert not alike(fingerprint(nan), fingerprint(one))
    empty = np.zeros((0, 3))
    assert alike(fingerprint(empty), fingerprint(empty))
