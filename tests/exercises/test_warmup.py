"""The warm-up: right solutions by other routes pass, near misses do not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.exercises import Exercise, all_exercises, exercises_of
from autograder.reference import scripts
from autograder.reference.recorder import generator
from autograder.student.replay import replay
from autograder.student.values import layout_of
from autograder.student.verdict import Result, judge
from tests.exercises.judging import entry_of

NOTEBOOK = "warmup/warmup"
NAMES = [e.name for e in exercises_of(NOTEBOOK)]
SECRETS = (b"public cases", b"one secret", b"another secret")


def masked_error(x, y):
    """Divide only where there is something to divide."""
    size = np.abs(x) + np.abs(y)
    size[size < 1e-8] = 1e-8
    return float((np.abs(x - y) / size).max())


def looping_error(x, y):
    pairs = zip(np.ravel(x).tolist(), np.ravel(y).tolist(), strict=True)
    return max(abs(a - b) / max(1e-8, abs(a) + abs(b)) for a, b in pairs)


def copying_gradient(f, x, h=1e-5):
    """Two fresh copies for each entry; the halves of the difference apart."""
    grad = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        plus, minus = np.array(x, np.float64), np.array(x, np.float64)
        plus[index] += h
        minus[index] -= h
        grad[index] = f(plus) / (2 * h) - f(minus) / (2 * h)
    return grad


def iterating_gradient(f, x, h=1e-5):
    """The course's classic: nditer over the array itself, put back at the end."""
    x = x if x.dtype == np.float64 else x.astype(np.float64)
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=[["readwrite"]])
    while not it.finished:
        index = it.multi_index
        old = x[index].item()
        x[index] = old + h
        upper = f(x)
        x[index] = old - h
        lower = f(x)
        x[index] = old
        grad[index] = (upper - lower) / (2 * h)
        it.iternext()
    return grad


def stacked_gradient(f, x, h=1e-5):
    """One shifted point for each entry, made from the identity matrix."""
    shifts = h * np.eye(x.size).reshape(x.size, *x.shape)
    values = [(f(x + s) - f(x - s)) / (2 * h) for s in shifts]
    return np.array(values).reshape(x.shape)


def array_by_the_scalar_one(f, x, dout, h=1e-5):
    return copying_gradient(lambda point: np.sum(f(point) * dout), x, h)


def array_by_dot(f, x, dout, h=1e-5):
    grad = []
    for shift in h * np.eye(x.size).reshape(x.size, *x.shape):
        difference = f(x + shift).ravel() - f(x - shift).ravel()
        grad.append(difference.dot(dout.ravel()) / (2 * h))
    return np.array(grad).reshape(x.shape)


def own_check(f, gradient, x, h=1e-5):
    """With no use of the other two functions."""
    x = np.array(x, dtype=float)
    return masked_error(gradient(x), copying_gradient(f, x, h))


ROUTES: dict[str, tuple[Callable[..., Any], ...]] = {
    "relative_error": (masked_error, looping_error),
    "numerical_gradient": (copying_gradient, iterating_gradient, stacked_gradient),
    "numerical_gradient_array": (array_by_the_scalar_one, array_by_dot),
    "gradient_check": (own_check,),
}


def judged(exercise: Exercise, function: Callable[..., Any], secret: bytes) -> Result:
    names = {**scripts.namespace(NOTEBOOK), exercise.name: function}
    entry = entry_of(exercise.name, secret)
    return judge(entry, [replay(q.trace, names) for q in entry.questions])


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", NAMES)
def test_right_solutions_by_other_routes_pass(name, secret):
    for function in ROUTES[name]:
        result = judged(all_exercises()[name], function, secret)
        failed = result.first_failure()
        assert failed is None, f"{function.__name__}, {failed.kind}: {failed.symptom()}"


def five_points(f, x, h=1e-5):
    """A better difference, but not the one that was asked for."""
    near, far = (copying_gradient(f, x, k * h) for k in (1, 2))
    return (4 * near - far) / 3


def test_a_better_formula_is_another_formula():
    exercise = all_exercises()["numerical_gradient"]
    assert not judged(exercise, five_points, SECRETS[0]).passed


def test_a_gradient_check_builds_on_its_parts():
    exercise = all_exercises()["gradient_check"]
    assert set(exercise.builds_on) == {"relative_error", "numerical_gradient"}


@pytest.mark.parametrize("name", NAMES)
def test_cases_come_from_the_generator_alone(name):
    exercise = all_exercises()[name]
    once, again = (
        list(exercise.cases(generator(exercise, b"secret"))) for _ in range(2)
    )
    kinds = [c.kind for c in once]
    assert kinds == [c.kind for c in again]
    assert len(set(kinds)) == len(kinds) <= 14
    for mine, same in zip(once, again, strict=True):
        for x, y in zip(vars(mine).values(), vars(same).values(), strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("name", NAMES)
def test_cases_cover_layouts_and_precisions(name):
    exercise = all_exercises()[name]
    arrays = [
        x
        for case in exercise.cases(generator(exercise, b"secret"))
        for x in vars(case).values()
        if isinstance(x, np.ndarray)
    ]
    assert {"C", "F", "strided"} <= {layout_of(x).get("layout", "C") for x in arrays}
    assert {x.dtype.name for x in arrays} == {"float32", "float64"}
    assert all(x.size <= 60 for x in arrays)
