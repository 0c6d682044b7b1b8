"""Other right routes pass, in whatever order they draw; small changes don't."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograder.exercises import all_exercises
from autograder.reference import scripts
from autograder.reference.recorder import record
from autograder.student.replay import replay
from autograder.student.verdict import Result, judge

NOTEBOOK = "initialization/initialization"
SECRETS = (b"one", b"two", b"three", b"four")


def judged(name: str, function: Any, secret: bytes) -> Result:
    entry = record(all_exercises()[name], secret)
    names = {**scripts.namespace(NOTEBOOK), name: function}
    return judge(entry, [replay(q.trace, names) for q in entry.questions])


def fan(shape: tuple[int, ...], kind: str) -> float:
    inside, outside = scripts.namespace(NOTEBOOK)["fans"](shape)
    return {"in": inside, "out": outside, "average": (inside + outside) / 2}[kind]


def sums_of_bits(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Normal numbers by Box and Muller, drawn backwards and column by column."""
    n = math.prod(shape)
    one, two = rng.random(n)[::-1], rng.random(n)
    normal = np.sqrt(-2 * np.log1p(-one)) * np.cos(2 * np.pi * two)
    return normal.reshape(shape[::-1]).T


ROUTES = {
    "xavier_normal": {
        "Box and Muller": lambda shape, rng, kind="average": (
            sums_of_bits(shape, rng) / math.sqrt(fan(shape, kind))
        ),
        "scale of normal": lambda shape, rng, kind="average": rng.normal(
            0, fan(shape, kind) ** -0.5, shape
        ),
        "float32": lambda shape, rng, kind="average": (
            rng.standard_normal(shape, np.float32) / np.float32(fan(shape, kind) ** 0.5)
        ),
    },
    "xavier_uniform": {
        "shifted": lambda shape, rng, kind="average": (
            (2 * rng.random(shape) - 1) * math.sqrt(3 / fan(shape, kind))
        ),
        "number by number": lambda shape, rng, kind="average": (
            np.array([rng.uniform(-1, 1) for _ in range(math.prod(shape))]).reshape(
                shape
            )
            * math.sqrt(3 / fan(shape, kind))
        ),
    },
    "kaiming_normal": {
        "by the gain": lambda shape, rng, kind="in", slope=0.0: (
            rng.normal(size=shape)
            * scripts.namespace(NOTEBOOK)["gain"]("leaky_relu", slope)
            / math.sqrt(fan(shape, kind))
        ),
    },
    "kaiming_uniform": {
        "shifted": lambda shape, rng, kind="in", slope=0.0: (
            (rng.random(shape) - 0.5)
            * 2
            * math.sqrt(6 / (1 + slope**2) / fan(shape, kind))
        ),
    },
}
EACH = [
    pytest.param(name, route, id=f"{name}: {said}")
    for name, routes in ROUTES.items()
    for said, route in routes.items()
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(("name", "route"), EACH)
def test_another_right_route_passes(name: str, route: Any, secret: bytes) -> None:
    result = judged(name, route, secret)
    failure = result.first_failure()
    assert failure is None, (failure.kind, failure.symptom())


CHANGES = {
    "six per cent too wide": lambda w, rng: 1.06 * w,
    "six per cent too narrow": lambda w, rng: 0.94 * w,
    "large ones drawn anew": lambda w, rng: np.where(
        abs(w) > 1.5 * w.std(), w.std() * rng.uniform(-1, 1, w.shape), w
    ),
    "a constant added": lambda w, rng: w + 0.1 * w.std(),
    "half of it zero": lambda w, rng: math.sqrt(2) * w * (rng.random(w.shape) < 0.5),
    "sorted": lambda w, rng: np.sort(w, axis=None).reshape(w.shape),
    "one row repeated": lambda w, rng: np.tile(w[:1], (len(w), *[1] * (w.ndim - 1))),
}


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_small_change_of_the_law_does_not_pass(name: str, change: Any) -> None:
    right = scripts.namespace(NOTEBOOK)[name]

    def wrong(shape: Any, rng: np.random.Generator, *more: Any) -> np.ndarray:
        return change(right(shape, rng, *more), rng)

    assert not judged(name, wrong, SECRETS[0]).passed


def test_the_answer_key_holds_no_random_numbers() -> None:
    entry = record(all_exercises()["kaiming_normal"])
    for question in entry.questions:
        assert question.trace.arrays == {}
        assert {e.array.size for e in question.expected.values()} == {0}
