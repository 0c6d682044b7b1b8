"""``nbgrader export`` writes one line for each student and exercise."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.course.export import COLUMNS
from autograder.course.submissions import hand_in, submission

WARMUP = "warmup/warmup"


@pytest.fixture(scope="module")
def small_class(course: Any, once: Callable[..., Path]) -> Any:
    """Two students; one of them was given a point by hand."""
    once("export", lambda _: grade_two(course.new_class("export")))
    return replace(course, class_name="classes/export")


def grade_two(one: Any) -> None:
    """Grade them with nbgrader's own commands."""
    for student, answers in (("ann", None), ("bob", {})):
        notebook = submission(one.release(), WARMUP, answers)
        hand_in(one.class_folder, student, WARMUP, notebook)
    one.nbgrader("autograde", "warmup")
    by_hand = f"""
from nbgrader.api import Gradebook
with Gradebook("sqlite:///{one.class_folder}/gradebook.db") as gradebook:
    names = ("warmup", "warmup", "bob")
    grade = gradebook.find_grade("check_relative_error", *names)
    grade.manual_score, grade.needs_manual_grade = 0.5, False
    comment = gradebook.find_comment("relative_error", *names)
    comment.manual_comment = "We talked; 1 < 2 & all is well."
    gradebook.db.commit()
"""
    one.run("python", "-c", by_hand)


def test_every_exercise_of_every_student_is_a_line(
    small_class: Any, tmp_path: Path
) -> None:
    path = tmp_path / "all.csv"
    small_class.nbgrader("export", "--to", str(path))
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 1 + 2 * 4
    ann = [r for r in rows if r[2] == "ann"]
    assert [float(r[4]) for r in ann] == [1, 2, 2, 1]
    assert {r[7] for r in ann} == {"Every case passes. [NumPy]"}


def test_a_grade_and_a_comment_by_hand_win(small_class: Any) -> None:
    row = next(
        r
        for r in small_class.export()
        if (r["student_id"], r["exercise"]) == ("bob", "relative_error")
    )
    assert (row["score"], row["state"]) == ("0.5", "graded")
    assert row["reason"] == "We talked; 1 < 2 & all is well."


@pytest.mark.parametrize(
    ("option", "students"),
    [
        ("--student=['bob']", {"bob"}),
        ("--assignment=['warmup']", {"ann", "bob"}),
        ("--assignment=['other']", set()),
    ],
)
def test_students_and_assignments_can_be_chosen(
    option: str, students: set[str], small_class: Any, tmp_path: Path
) -> None:
    path = tmp_path / "some.csv"
    small_class.nbgrader("export", "--to", str(path), option)
    with path.open(newline="", encoding="utf-8") as file:
        assert {r["student_id"] for r in csv.DictReader(file)} == students
