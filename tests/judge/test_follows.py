"""What counts as a right answer on a base with a known mistake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autograder.exercises import all_exercises
from autograder.judge.following import follows
from autograder.mistakes import mistakes_of
from autograder.reference.recorder import known, record
from autograder.reference.scripts import namespace
from autograder.student.replay import Fault, Outcome, replay
from autograder.student.values import Returned
from autograder.student.verdict import Entry, KnownMistake, Symptom

NOTEBOOK = "batchnorm/batchnorm"


@pytest.fixture(scope="module")
def entry() -> Entry:
    return record(all_exercises()["batchnorm_backward"], b"a secret of the tests")


@pytest.fixture(scope="module")
def on_the_mistake(entry: Entry) -> tuple[list[Outcome], KnownMistake]:
    """A right backward after a forward that divides by N - 1."""
    forward = mistakes_of("batchnorm_forward")
    wrong = next(m for m in forward if m.name == "N - 1 in the normalization")
    names = namespace(NOTEBOOK, wrong)
    outcomes = [replay(q.trace, names) for q in entry.questions]
    return outcomes, known(all_exercises()[entry.name], entry, wrong)


def test_the_consequence_of_a_mistake_follows_from_it(
    entry: Entry, on_the_mistake: tuple[list[Outcome], KnownMistake]
) -> None:
    assert follows(entry, *on_the_mistake)


def test_another_value_in_one_case_does_not(
    entry: Entry, on_the_mistake: tuple[list[Outcome], KnownMistake]
) -> None:
    outcomes, consequence = on_the_mistake
    dx = outcomes[0].outputs["dx"].array
    assert dx is not None
    other = Returned("NumPy array", np.asarray(dx * 1.01), "float64")
    outputs = {**outcomes[0].outputs, "dx": other}
    changed = [replace(outcomes[0], outputs=outputs), *outcomes[1:]]
    assert not follows(entry, changed, consequence)


def test_an_exception_does_not_follow_from_an_exception(entry: Entry) -> None:
    fault = Fault("raised", entry.name, "ValueError")
    outcomes = [Outcome(fault=fault) for _ in entry.questions]
    symptoms = tuple(Symptom(fault="raised ValueError") for _ in entry.questions)
    assert not follows(entry, outcomes, KnownMistake("m", "", symptoms))
