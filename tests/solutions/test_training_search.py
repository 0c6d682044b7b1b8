"""The references of hyperparameter search, against loops and closed forms."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from solutions.training import training as reference

seeds = st.integers(0, 2**32)
dimensions = st.integers(1, 4)


def ranges(rng: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    lows = 10.0 ** rng.uniform(-6, 1, d)
    return lows, lows * 10.0 ** rng.uniform(0.3, 5, d)


@settings(deadline=None)
@given(seeds, st.sampled_from([(), (1,), (7,), (3, 4), (2, 3, 2)]))
def test_log_uniform_is_a_power(seed, shape):
    rng = np.random.default_rng(seed)
    low, high = (float(end[0]) for end in ranges(rng, 1))
    u = np.asarray(rng.random(shape))
    r = np.asarray(reference.log_uniform(u, low, high))
    assert r.shape == shape
    for index in np.ndindex(shape):
        expected = low * (high / low) ** u[index]
        assert r[index] == pytest.approx(expected, rel=1e-12)


def test_each_decade_gets_its_share():
    u = (np.arange(4000) + 0.5) / 4000
    r = reference.log_uniform(u, 1e-4, 1.0)
    counts, _ = np.histogram(np.log10(r), bins=[-4, -3, -2, -1, 0])
    np.testing.assert_array_equal(counts, 1000)


@settings(deadline=None)
@given(seeds, dimensions, st.integers(2, 5))
def test_a_grid_is_nested_loops(seed, d, k):
    lows, highs = ranges(np.random.default_rng(seed), d)
    values = [
        [low * (high / low) ** (i / (k - 1)) for i in range(k)]
        for low, high in zip(lows, highs, strict=True)
    ]
    points = reference.grid_search_points(lows, highs, k)
    expected = np.array(list(itertools.product(*values)))
    np.testing.assert_allclose(points, expected, rtol=1e-12)


@settings(deadline=None)
@given(seeds, st.integers(1, 6), dimensions)
def test_random_points_use_a_number_of_their_own(seed, n, d):
    rng = np.random.default_rng(seed)
    lows, highs = ranges(rng, d)
    u = rng.random((n, d))
    points = reference.random_search_points(u, lows, highs)
    assert points.shape == (n, d)
    for i, j in np.ndindex(n, d):
        expected = math.log(lows[j]) + u[i, j] * math.log(highs[j] / lows[j])
        assert math.log(points[i, j]) == pytest.approx(expected, abs=1e-12)


@st.composite
def searches(draw):
    """Points of a search and their scores, some of them NaN."""
    rng = np.random.default_rng(draw(seeds))
    n, d = draw(st.integers(1, 9)), draw(dimensions)
    lows, highs = ranges(rng, d)
    points = np.exp(rng.uniform(np.log(lows), np.log(highs), (n, d)))
    scores = rng.normal(size=n)
    blown_up = draw(st.integers(0, n - 1))
    scores[rng.choice(n, blown_up, replace=False)] = np.nan
    return points, scores, lows, highs, n - blown_up


def ranked(scores: np.ndarray) -> list[int]:
    """Numbers of the trials that have a score, the best first."""
    numbered = [i for i, s in enumerate(scores) if not math.isnan(s)]
    return sorted(numbered, key=lambda i: -scores[i])


@settings(deadline=None, max_examples=200)
@given(searches(), st.floats(0.05, 0.95), st.data())
def test_coarse_to_fine_is_its_rule_by_loops(search, shrink, data):
    points, scores, lows, highs, valid = search
    keep = data.draw(st.integers(1, valid))
    before = [a.tobytes() for a in search[:4]]
    new_lows, new_highs = reference.coarse_to_fine(*search[:4], keep, shrink)
    assert [a.tobytes() for a in search[:4]] == before
    best = ranked(scores)[:keep]
    for j in range(len(lows)):
        centre = math.prod(points[i, j] for i in best) ** (1 / keep)
        reach = (highs[j] / lows[j]) ** (shrink / 2)
        assert new_lows[j] == pytest.approx(max(lows[j], centre / reach), rel=1e-9)
        assert new_highs[j] == pytest.approx(min(highs[j], centre * reach), rel=1e-9)
    assert (lows <= new_lows).all()
    assert (new_highs <= highs).all()
    assert (new_lows < new_highs).all()


@settings(deadline=None, max_examples=200)
@given(searches(), st.floats(0.01, 0.45))
def test_an_edge_is_its_rule_by_loops(search, margin):
    points, scores, lows, highs, _ = search
    best = points[ranked(scores)[0]]
    steps = [
        math.log(p / low) / math.log(high / low)
        for p, low, high in zip(best, lows, highs, strict=True)
    ]
    answer = reference.best_is_at_edge(points, scores, lows, highs, margin)
    assert type(answer) is int
    assert answer == any(t < margin or t > 1 - margin for t in steps)


def test_a_point_at_the_very_end_is_at_an_edge():
    lows, highs = np.array([1e-4]), np.array([1.0])
    points = reference.grid_search_points(lows, highs, 5)
    for best, answer in enumerate([1, 0, 0, 0, 1]):
        scores = -np.abs(np.arange(5.0) - best)
        assert reference.best_is_at_edge(points, scores, lows, highs, 0.1) == answer


ROOT_PI = math.sqrt(math.pi)
THIRD = math.asin(1 / 3)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (2, 1 / ROOT_PI),
        (3, 1.5 / ROOT_PI),
        (4, 1.5 / ROOT_PI * (1 + 2 / math.pi * THIRD)),
        (5, 1.25 / ROOT_PI * (1 + 6 / math.pi * THIRD)),
    ],
)
def test_luck_has_a_closed_form_for_few_scores(n, expected):
    assert reference.selection_optimism(n, 1.0) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [2, 7, 30, 100, 1000])
@pytest.mark.parametrize("sigma", [0.01, 3.0])
def test_luck_is_gauss_and_legendres(n, sigma):
    nodes, weights = np.polynomial.legendre.leggauss(200)
    z = torch.from_numpy(10 * nodes)
    log_density = math.log(n) + (n - 1) * torch.special.log_ndtr(z) - z**2 / 2
    integrand = z * log_density.exp() / math.sqrt(2 * math.pi)
    expected = sigma * 10 * float(weights @ integrand.numpy())
    got = reference.selection_optimism(n, sigma)
    assert got == pytest.approx(expected, rel=1e-8)


def test_luck_is_what_draws_show():
    rng = np.random.default_rng(0)
    best = rng.normal(0.0, 0.5, (20_000, 12)).max(axis=1)
    error = best.std() / math.sqrt(len(best))
    assert abs(best.mean() - reference.selection_optimism(12, 0.5)) < 4 * error
