"""A course of one notebook, for exercises that a test makes up."""

import numpy as np
import pytest

from autograder.exercises import Case, Exercise
from autograder.reference import scripts

SCRIPT = """\
# %%
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "centre", "locked": false, "schema_version": 3, "solution": true, "task": false}
def centre(x, state):
    mean = x.mean(axis=0)
    state["mean"] = mean
    out = x - mean
    return out, (x, mean)


def variance(x):
    return ((x - x.mean()) ** 2).mean()


def apply(f, values):
    return f(values[0])
"""  # noqa: E501


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Makes exercises of a notebook that defines the functions above."""
    (tmp_path / "topic").mkdir()
    (tmp_path / "topic" / "part.py").write_text(SCRIPT)
    monkeypatch.setattr(scripts, "SOLUTIONS", tmp_path)
    scripts.cells.cache_clear()

    def exercise(scenario, *cases, name="centre", **more):
        def draw(rng):
            return [c(rng) if callable(c) else c for c in cases]

        return Exercise(name, "topic/part", 1, draw, scenario, **more)

    yield exercise
    scripts.cells.cache_clear()


def centred(impl, case):
    state = {"mode": "train"}
    out, _ = impl.centre(case.x, state)
    return {"out": out, "mean": state["mean"]}


def of_variance(impl, case):
    return {"var": impl.variance(case.x)}


def random_case(rng):
    return Case(kind="random", x=rng.normal(size=(4, 3)))


def matrix(x, kind="k"):
    return Case(kind=kind, x=np.asarray(x))


def only(entry):
    (question,) = entry.questions
    return question
