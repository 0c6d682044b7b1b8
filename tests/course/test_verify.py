"""The dry run: the reference earns all, the skeleton nothing, a mistake its own."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from autograder.course import verify as module
from autograder.course.submissions import right_answers, wrong_answers
from autograder.course.verify import _DryRun, count, verify
from autograder.exercises import Exercise, exercises_of
from autograder.mistakes import Mistake, mistakes_of
from autograder.reference.scripts import notebooks

WARMUP = "warmup/warmup"


def tried(exercise: Exercise) -> list[Mistake]:
    """Its mistakes. A kernel's take seconds each, so one of those is tried, and
    where others call the function none: kernels can't be judged on a right base."""
    mistakes = mistakes_of(exercise.name)
    if exercise.path != "triton":
        return mistakes
    bases = {b for e in exercises_of(exercise.notebook) for b in e.builds_on}
    return [] if exercise.name in bases else mistakes[:1]


MISTAKES = [
    pytest.param(notebook, mistake, id=f"{mistake.exercise}: {mistake.name}")
    for notebook in notebooks()
    for exercise in exercises_of(notebook)
    for mistake in tried(exercise)
]


@pytest.fixture(scope="module")
def dry_run() -> Any:
    """The dry run of a notebook, kept; its secret is that of the tests."""
    kept: dict[str, _DryRun] = {}

    def of(notebook: str) -> _DryRun:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AUTOGRADER_SECRET", "the secret of the tests")
            if notebook not in kept:
                kept[notebook] = _DryRun(notebook, time.perf_counter)
        return kept[notebook]

    return of


@pytest.mark.parametrize("notebook", notebooks())
def test_the_reference_earns_all_and_the_skeleton_nothing(
    notebook: str, dry_run: Any
) -> None:
    run = dry_run(notebook)
    reference = run.row("reference", right_answers(notebook), run.full)
    skeleton = run.row("skeleton", {}, run.empty)
    assert (reference.problem, skeleton.problem) == ("", "")
    assert reference.earned == reference.points > 0
    assert skeleton.earned == 0


@pytest.mark.parametrize(("notebook", "mistake"), MISTAKES)
def test_a_known_mistake_costs_its_exercise_and_is_named(
    notebook: str, mistake: Any, dry_run: Any
) -> None:
    row = dry_run(notebook).mistake(mistake)
    assert row.problem == ""
    exercise = next(e for e in exercises_of(notebook) if e.name == mistake.exercise)
    assert row.earned == row.points - exercise.points


def test_a_mistake_that_survives_is_a_problem(dry_run: Any) -> None:
    harmless = replace(
        mistakes_of("relative_error")[0], edits=(("return np", "return 1 * np"),)
    )
    assert dry_run(WARMUP).mistake(harmless).problem == "lost points in nothing"


def test_a_mistake_that_is_named_as_another_is_a_problem(dry_run: Any) -> None:
    one, other = mistakes_of("relative_error")[:2]
    confused = replace(one, edits=other.edits)
    problem = dry_run(WARMUP).mistake(confused).problem
    assert problem == f"was named {other.name}"


def test_a_mistake_that_costs_more_than_its_exercise_is_a_problem(
    dry_run: Any,
) -> None:
    run = dry_run(WARMUP)
    both = [mistakes_of(n)[0] for n in ("relative_error", "numerical_gradient_array")]
    row = run.row("both", wrong_answers(WARMUP, *both), run.full)
    assert row.problem == "lost points in relative_error, numerical_gradient_array"


def test_a_skeleton_that_earns_points_is_a_problem(dry_run: Any) -> None:
    run = dry_run(WARMUP)
    row = run.row("generous", right_answers(WARMUP), run.empty)
    assert row.problem.startswith("earned points in relative_error")


def test_the_rows_are_as_many_as_announced(
    dry_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_DryRun", lambda notebook, clock: dry_run(notebook))
    monkeypatch.setattr(module, "mistakes_of", lambda name: mistakes_of(name)[:1])
    rows = list(verify([WARMUP], time.perf_counter))
    assert len(rows) == count([WARMUP]) == 2 + len(exercises_of(WARMUP))
    assert [r.who for r in rows[:2]] == ["reference", "skeleton"]
    assert not any(r.problem for r in rows)
