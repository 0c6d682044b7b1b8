"""Looking after a training: right solutions by other routes pass."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.exercises import Case, all_exercises, exercises_of
from autograder.reference.recorder import generator
from autograder.student.values import layout_of
from tests.exercises.judging import entry_of, judged, why
from tests.exercises.training_routes import ROUTES

NOTEBOOK = "training/training"
NAMES = [e.name for e in exercises_of(NOTEBOOK)]
SECRETS = (b"public cases", b"one secret", b"another secret")
CODES = ("diagnose", "best_is_at_edge")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", NAMES)
def test_a_right_solution_by_another_route_passes(name, route, secret):
    result = judged(name, ROUTES[route], secret)
    assert result.passed, why(result)


def a_little_off(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(a_little_off(v) for v in value)
    return value * (1 + 1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_five_digits_are_not_enough_in_float64(name):
    names = dict(ROUTES["arrays"])
    names[name] = lambda *arguments: a_little_off(ROUTES["arrays"][name](*arguments))
    assert not judged(name, names, SECRETS[0]).passed


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("answer", range(6))
def test_no_constant_answer_passes(name, answer):
    names = {name: lambda *arguments: answer}
    for secret in SECRETS:
        assert not judged(name, names, secret).passed


# --- cases ------------------------------------------------------------------


def numbers_of(value: Any) -> Iterator[np.ndarray]:
    """Every array and number that a case hands over, however deep."""
    if isinstance(value, Case):
        yield from numbers_of(vars(value))
    elif isinstance(value, dict):
        yield from numbers_of(list(value.values()))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from numbers_of(inner)
    elif isinstance(value, np.ndarray | float | int):
        yield np.asarray(value)


@pytest.mark.parametrize("name", NAMES)
def test_cases_come_from_the_generator_alone(name):
    exercise = all_exercises()[name]
    once, again, other = (
        list(exercise.cases(generator(exercise, secret)))
        for secret in (b"secret", b"secret", b"other")
    )
    kinds = [c.kind for c in once]
    assert kinds == [c.kind for c in again] == [c.kind for c in other]
    assert len(set(kinds)) == len(kinds) <= 16
    for mine, same, different in zip(once, again, other, strict=True):
        found = list(numbers_of(mine))
        for x, y in zip(found, numbers_of(same), strict=True):
            np.testing.assert_array_equal(x, y)
            assert x.size <= 100
        pairs = zip(found, numbers_of(different), strict=True)
        assert any(not np.array_equal(x, y) for x, y in pairs)


IN_LISTS = ("initial_loss", "update_ratio", "layer_report")
"""A case's precision is read from its arrays, not from lists of them."""


@pytest.mark.parametrize("name", [n for n in NAMES if n != "selection_optimism"])
def test_cases_cover_layouts_and_precisions(name):
    exercise = all_exercises()[name]
    cases = exercise.cases(generator(exercise, b"secret"))
    arrays = [x for x in numbers_of(list(cases)) if x.ndim and x.dtype.kind == "f"]
    layouts = {layout_of(x).get("layout", "C") for x in arrays}
    assert {"C", "strided"} <= layouts
    wanted = {"float64"} if name in IN_LISTS else {"float32", "float64"}
    assert {x.dtype.name for x in arrays} == wanted


def cases_of(name: str) -> list[Case]:
    exercise = all_exercises()[name]
    return list(exercise.cases(generator(exercise, b"secret")))


def test_scores_overflow_and_underflow_a_plain_exponential():
    scores = [c.scores for c in cases_of("softmax_loss")]
    assert any(s.max() > 750 and s.min() < -750 for s in scores)
    assert any((s.max(axis=1) < -750).any() for s in scores)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(("name", "codes"), [(CODES[0], 6), (CODES[1], 2)])
def test_every_answer_is_asked_for(name, codes, secret):
    expected = [
        e for q in entry_of(name, secret).questions for e in q.expected.values()
    ]
    counts = np.bincount([int(e.array) for e in expected], minlength=codes)
    assert len(counts) == codes
    assert (counts[1 if codes == 6 else 0 :] >= 4).all()
    assert all(e.atol < 0.01 for e in expected), "a curve lies on a threshold"


def test_range_tests_end_in_nan_in_infinity_and_in_neither():
    losses = [x for c in cases_of("learning_rate_range") for x, _ in c.curves]
    assert any(np.isnan(x[-1]) for x in losses)
    assert any(np.isinf(x[-1]) for x in losses)
    assert any(np.isfinite(x).all() for x in losses)
    behind = [x for x in losses if np.isfinite(x[-1]) and not np.isfinite(x).all()]
    assert len(behind) >= 2


def test_ranges_differ_and_their_ends_are_no_powers_of_ten():
    for case in cases_of("random_search_points"):
        logs = np.log10(np.concatenate([case.lows, case.highs]).astype(float))
        assert (np.abs(logs - np.round(logs)) > 1e-6).all()
        assert len(set(logs)) == len(logs)
        assert (case.highs / case.lows > 10).all()
