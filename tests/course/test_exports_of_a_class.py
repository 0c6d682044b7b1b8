"""``autograder export`` over classes: what is in every file, and what in none."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from autograder.course.submissions import hand_in, submission
from tests.course.test_gradebook import hidden_numbers

WARMUP = "warmup/warmup"
FORMATS = ("canvas", "moodle", "gradescope", "junit", "csv")


@pytest.fixture(scope="module")
def by_hand(course: Any, once: Callable[..., Path]) -> Any:
    """A class with points by hand, a late penalty and someone who is absent."""

    def fill(_: Path) -> None:
        one = course.new_class("by-hand")
        for student, answers in (("=ann", None), ("ben", {}), ("cleo", {})):
            notebook = submission(one.release(), WARMUP, answers)
            hand_in(one.class_folder, student, WARMUP, notebook)
        one.nbgrader("autograde", "warmup")
        change = f"""
from nbgrader.api import Gradebook
with Gradebook("sqlite:///{one.class_folder}/gradebook.db") as book:
    book.add_student("zoe", first_name="Zoe", last_name="Zhu", lms_user_id="99")
    grade = book.find_grade("check_relative_error", "warmup", "warmup", "ben")
    grade.manual_score, grade.extra_credit = 0.75, 0.5
    comment = book.find_comment("relative_error", "warmup", "warmup", "ben")
    comment.manual_comment = "We talked; 1 < 2."
    late = book.find_submission_notebook("warmup", "warmup", "=ann")
    late.late_submission_penalty = 1.5
    lost = book.find_submission_notebook("warmup", "warmup", "cleo")
    lost.late_submission_penalty = 3
    grade = book.find_grade("check_relative_error", "warmup", "warmup", "cleo")
    grade.auto_score = None
    book.db.commit()
"""
        one.run("python", "-c", change)

    once("by-hand", fill)
    return replace(course, class_name="classes/by-hand")


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_final_scores_are_the_gradebooks(by_hand: Any, tmp_path: Path) -> None:
    """By hand, late, not run, handed in nothing; the file says it all."""
    path = tmp_path / "canvas.csv"
    options = ("--format", "canvas", "--column", "Warm-up (12)", "--to", str(path))
    done = by_hand.autograder("export", "warmup", *options)
    assert done.stdout == f"Written: {path}\n"
    rows = read(path)
    assert rows[0][5] == "Warm-up (12)"
    assert rows[1][5] == "6.0"
    assert {r[3]: r[5] for r in rows[2:]} == {
        "'=ann": "4.5",
        "ben": "1.25",
        "cleo": "",
        "zoe": "",
    }
    assert rows[-1][:3] == ["Zhu, Zoe", "99", ""]


@pytest.mark.parametrize(
    ("form", "plugin"), [("canvas", "CanvasCsv"), ("moodle", "MoodleCsv")]
)
def test_nbgraders_own_command_writes_the_same(
    form: str, plugin: str, by_hand: Any, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    by_hand.autograder("export", "warmup", "--format", form, "--to", str(ours))
    by_hand.nbgrader(
        "export",
        f"--exporter=autograder.course.export.{plugin}",
        "--assignment=['warmup']",
        "--to",
        str(theirs),
    )
    assert ours.read_bytes() == theirs.read_bytes()
    if form == "moodle":
        ben = next(r for r in read(ours) if r[0] == "ben")
        assert "We talked; 1 &lt; 2." in ben[6]


@pytest.fixture(scope="module")
def written(course: Any, graded: Any, once: Callable[..., Path]) -> Path:
    """A report and every export of the class in which everything happened."""

    def fill(folder: Path) -> None:
        one = replace(course, class_name=str(graded.folder))
        one.autograder("report", "warmup", "--to", str(folder / "report.html"))
        for form in FORMATS:
            path = str(folder / form)
            one.autograder("export", "warmup", "--format", form, "--to", path)

    return once("written", fill)


def test_every_student_of_a_real_class_is_in_every_file(
    written: Path, graded: Any
) -> None:
    students = {r["student_id"] for r in graded.rows}
    assert {r[3] for r in read(written / "canvas")[2:]} == students
    assert {r[0] for r in read(written / "moodle")[1:]} == students
    assert {p.stem for p in (written / "gradescope").iterdir()} == students
    root = ElementTree.parse(written / "junit").getroot()
    assert {s.get("name") for s in root} == {f"{s}/warmup" for s in students}
    for student in students:
        found = json.loads((written / "gradescope" / f"{student}.json").read_text())
        assert found["score"] == graded.points(student)
    report = (written / "report.html").read_text()
    assert f"{len(students)} submissions, median 5 of 6" in report
    for student in ("half", "link", "missing", "renamed", "exits"):
        assert f'<bdi class="id">{student}</bdi>' in report


def test_nothing_hidden_is_in_any_file(written: Path) -> None:
    secret_numbers = hidden_numbers()
    for path in written.rglob("*"):
        if path.is_file():
            text = html.unescape(path.read_text("utf-8"))
            digits = set(re.findall(r"(?=(\d{6}))", text.replace(".", "")))
            assert digits & secret_numbers == set(), path.name
            assert "in place of" not in text
            assert "BEGIN SOLUTION" not in text


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["report", "wramup"], 1, "There is no assignment wramup; there are warmup."),
        (["export", "wramup", "--format", "junit"], 1, "no assignment wramup"),
        (["report", "warmup"], 1, "Nothing of warmup is graded yet"),
        (["export", "warmup", "--format", "junit"], 1, "Nothing of warmup is graded"),
        (["export", "warmup", "--format", "moodle"], 1, "no submission of warmup yet"),
        (["export", "warmup", "--format", "csv"], 1, "no submission of warmup yet"),
        (["export", "warmup", "--format", "pdf"], 2, "invalid choice: 'pdf'"),
    ],
)
def test_what_can_not_be_written_is_one_sentence(
    arguments: list[str], code: int, says: str, course: Any
) -> None:
    done = course.autograder(*arguments, check=False)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    if code == 1:
        assert len(done.stderr.strip().splitlines()) == 1
