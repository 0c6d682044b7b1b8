"""A toy layer as an exercise: out = gamma x, with a cache, in three cases."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.student.answers import SUFFIX, to_bytes
from autograder.student.compare import Expected
from autograder.student.replay import replay
from autograder.student.trace import Step, Trace
from autograder.student.values import encode
from autograder.student.verdict import Entry, KnownMistake, Question, judge_case

RTOL = {"float64": 1e-6, "float32": 1e-5}


def forward(x, gamma):
    return gamma * x, (x, gamma)


def backward(dout, cache):
    x, gamma = cache
    return dout * gamma, (dout * x).sum(axis=0)


def dgamma_for_each_row(dout, cache):
    x, gamma = cache
    return dout * gamma, dout * x


def gamma_ignored(dout, cache):
    x, _ = cache
    return dout, (dout * x).sum(axis=0)


def question(kind: str, shape: tuple[int, int], dtype: str, seed: int) -> Question:
    rng = np.random.default_rng(seed)
    x, dout = rng.normal(size=(2, *shape)).astype(dtype)
    gamma = rng.uniform(1.5, 2.5, shape[1]).astype(dtype)
    arrays: dict[str, np.ndarray] = {}
    first = (encode(x, arrays, "numpy"), encode(gamma, arrays, "numpy"))
    second = (encode(dout, arrays, "numpy"), {"result": [0, 1]})
    steps = (
        Step("forward", ("x", "gamma"), first, ("out", "cache")),
        Step("backward", ("dout", "cache"), second, ("dx", "dgamma")),
    )
    outputs = {"dx": {"result": [1, 0]}, "dgamma": {"result": [1, 1]}}
    exact = backward(dout.astype(float), (x.astype(float), gamma.astype(float)))
    expected = {
        name: Expected(array, RTOL[dtype], RTOL[dtype], dtype)
        for name, array in zip(outputs, exact, strict=True)
    }
    return Question(Trace(kind, "numpy", steps, outputs, arrays), expected)


def known(entry: Entry, name: str, hint: str, wrong: Any) -> KnownMistake:
    names = {"forward": forward, "backward": wrong}
    symptoms = tuple(
        judge_case(entry, q, replay(q.trace, names)).symptom() for q in entry.questions
    )
    return KnownMistake(name, hint, symptoms)


@dataclass(frozen=True)
class Toy:
    """The exercise, and functions that solve it."""

    entry: Entry
    right: dict[str, Any]
    dgamma_for_each_row: Any
    gamma_ignored: Any

    def names(self, **changed: Any) -> dict[str, Any]:
        return {**self.right, **changed}


@pytest.fixture(scope="session")
def toy() -> Toy:
    questions = (
        question("a matrix", (4, 3), "float64", 1),
        question("one row", (1, 3), "float64", 2),
        question("float32", (3, 2), "float32", 3),
    )
    entry = Entry("backward", 2.0, "numpy", questions, builds_on=("forward",))
    mistakes = (
        known(entry, "dgamma per row", "Which shape?", dgamma_for_each_row),
        known(entry, "gamma ignored", "What if gamma doubles?", gamma_ignored),
    )
    entry = replace(entry, mistakes=mistakes)
    right = {"forward": forward, "backward": backward}
    return Toy(entry, right, dgamma_for_each_row, gamma_ignored)


@pytest.fixture
def folder(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a student works: the answer key of the toy lies beside the notebook."""
    (tmp_path / f"toy{SUFFIX}").write_bytes(to_bytes([toy.entry]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def shell() -> Callable[..., dict[str, str]]:
    """Makes the environment of a shell without this repository on Python's path."""

    def environment(**changes: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        direct = {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
        return {**kept, "PATH": path, "JUPYTER_PLATFORM_DIRS": "1", **direct, **changes}

    return environment
