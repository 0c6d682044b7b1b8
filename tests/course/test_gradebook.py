"""``nbgrader autograde`` over a class in which everything has happened."""

from __future__ import annotations

import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from autograder.course import folders
from autograder.course.folders import secret
from autograder.course.gradebook import release
from autograder.exercises import exercises_of
from autograder.reference.recorder import record

WARMUP = "warmup/warmup"
EXERCISES = [e.name for e in exercises_of(WARMUP)]
HONEST = (
    "honest",
    "mess",
    "editor",
    "own-terms",
    "renamed",
    "beside",
    "timestamp",
    "timefolder",
    "html",
)
LOSE_ONE = ("surrogate", "mistake", "wrong", "exits", "python2")
LOSE_ALL = ("stub", "half", "deep", "binary", "large", "missing", "link")
SAYS = {
    "renamed": "It was submitted as my warmup (1).ipynb.",
    "own-terms": "The cell check_relative_error was changed; the given one counts.",
    "surrogate": "raises ValueError",
    "mistake": "absolute error",
    "wrong": "0.123",
    "exits": "The Python process ended while relative_error ran.",
    "python2": "Missing parentheses in call to",
    "stub": "relative_error is not written yet.",
    "half": "warmup.ipynb is damaged",
    "deep": "warmup.ipynb is damaged",
    "binary": "warmup.ipynb is damaged",
    "large": "warmup.ipynb is larger than 20 MB.",
    "missing": "warmup.ipynb was not submitted, or is empty.",
    "link": "warmup.ipynb is a link or no plain file; it is not read.",
}


class Reader(HTMLParser):
    """The text of a page, and what it would run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.active, self.inside = "", [], []  # type: ignore[var-annotated]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)
        self.active += [f"{tag} {k}" for k, _ in attrs if k.startswith("on")]
        self.active += [v for _, v in attrs if v and "javascript:" in v.lower()]

    def handle_endtag(self, tag: str) -> None:
        while tag in self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if {"script", "style"} & set(self.inside):
            self.active += [data] if "alert(" in data else []
        else:
            self.text += data


def test_no_submission_stops_a_command(graded: Any) -> None:
    logs = "".join(p.read_text() for p in graded.folder.glob("*.log"))
    assert graded.codes == {"autograde": 0, "generate_feedback": 0}, logs


def test_the_class_is_complete(graded: Any) -> None:
    found = {(r["student_id"], r["exercise"]) for r in graded.rows}
    assert found == {(s, e) for s in (*HONEST, *LOSE_ONE, *LOSE_ALL) for e in EXERCISES}
    assert {r["state"] for r in graded.rows} == {"graded"}


@pytest.mark.parametrize("student", HONEST)
def test_an_honest_submission_gets_full_points(student: str, graded: Any) -> None:
    assert graded.points(student) == 6


@pytest.mark.parametrize("student", LOSE_ONE)
def test_one_wrong_exercise_costs_its_own_point(student: str, graded: Any) -> None:
    lost = [
        r["exercise"]
        for r in graded.rows
        if r["student_id"] == student and float(r["score"]) < float(r["max_score"])
    ]
    assert lost == ["relative_error"]


@pytest.mark.parametrize("student", LOSE_ALL)
def test_what_can_not_be_read_earns_nothing(student: str, graded: Any) -> None:
    assert graded.points(student) == 0


@pytest.mark.parametrize("student", SAYS)
def test_the_reason_is_in_the_feedback(student: str, graded: Any) -> None:
    said = " ".join(Reader(graded.feedback(student)).text.split())
    assert SAYS[student] in said


@pytest.mark.parametrize("student", [*LOSE_ONE, *LOSE_ALL])
def test_the_reason_is_in_the_table(student: str, graded: Any) -> None:
    assert SAYS[student] in graded.reasons(student)


@pytest.mark.parametrize("student", ["honest", "wrong"])
def test_points_and_where_it_ran_are_shown_for_each_exercise(
    student: str, graded: Any
) -> None:
    text = Reader(graded.feedback(student)).text
    for exercise in exercises_of(WARMUP):
        assert f"check_{exercise.name}" in text
        rows = [
            r
            for r in graded.rows
            if (r["student_id"], r["exercise"]) == (student, exercise.name)
        ]
        assert float(rows[0]["max_score"]) == exercise.points
        assert rows[0]["reason"].endswith("[NumPy]")
    assert f"Score: {graded.points(student)} / 6.0" in text


@pytest.mark.parametrize("student", ["html", "surrogate", "own-terms", "mess"])
def test_what_a_student_wrote_runs_nowhere_in_the_feedback(
    student: str, graded: Any
) -> None:
    assert Reader(graded.feedback(student)).active == []


def hidden_numbers() -> set[str]:
    """Six digits of the hidden inputs and of what is expected for them."""
    secret = b"the secret of the tests"
    numbers = []
    for entry in (record(e, secret) for e in exercises_of(WARMUP)):
        for question in entry.questions:
            numbers += [a.ravel() for a in question.trace.arrays.values()]
            numbers += [e.array.ravel() for e in question.expected.values()]
    values = np.abs(np.concatenate(numbers)).astype(float)
    digits = {f"{v:.17g}".replace(".", "").lstrip("0")[:6] for v in values}
    return {d for d in digits if len(set(d)) > 3 and len(d) == 6}


def test_no_hidden_input_and_no_expected_value_is_shown(graded: Any) -> None:
    secret_numbers = hidden_numbers()
    assert len(secret_numbers) > 500
    for student in (*LOSE_ONE, "stub"):
        notebook = graded.folder / "autograded" / student / "warmup" / "warmup.ipynb"
        shown = Reader(graded.feedback(student)).text + graded.reasons(student)
        shown += notebook.read_text("utf-8")
        digits = set(re.findall(r"(?=(\d{6}))", shown.replace(".", "")))
        assert digits & secret_numbers == set()


def test_an_expected_value_of_a_public_case_is_not_shown_either(graded: Any) -> None:
    notebook = graded.folder / "autograded" / "wrong" / "warmup" / "warmup.ipynb"
    shown = Reader(graded.feedback("wrong")).text + notebook.read_text("utf-8")
    assert "in place of" not in shown
    assert "BEGIN SOLUTION" not in Reader(graded.feedback("stub")).text


def test_no_file_from_beside_a_notebook_goes_further(graded: Any) -> None:
    for step, kind in (("autograded", "ipynb"), ("feedback", "html")):
        for folder in (graded.folder / step).glob("*/warmup"):
            names = {p.name for p in folder.iterdir()}
            assert names == {f"warmup.{kind}", "timestamp.txt", "submission_secret.txt"}
            assert not any(p.is_symlink() for p in folder.iterdir())


def test_the_graded_notebook_is_the_release_with_the_students_text(
    graded: Any, released: nbformat.NotebookNode
) -> None:
    path = graded.folder / "autograded" / "own-terms" / "warmup" / "warmup.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.kernelspec == released.metadata.kernelspec
    grades = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }
    assert grades == {f"check_{e.name}": e.points for e in exercises_of(WARMUP)}


def test_the_gradebook_says_the_same_as_the_table(graded: Any) -> None:
    with sqlite3.connect(graded.folder / "gradebook.db") as database:
        rows = database.execute(
            "select student.id, base_cell.name, grade.auto_score, "
            "grade.needs_manual_grade from grade "
            "join base_cell on base_cell.id = grade.cell_id "
            "join submitted_notebook on submitted_notebook.id = grade.notebook_id "
            "join submitted_assignment on "
            "submitted_assignment.id = submitted_notebook.assignment_id "
            "join student on student.id = submitted_assignment.student_id"
        ).fetchall()
    database.close()
    assert {
        (s, n.removeprefix("check_"), float(v), bool(m)) for s, n, v, m in rows
    } == {
        (r["student_id"], r["exercise"], float(r["score"]), False) for r in graded.rows
    }


def test_grading_again_changes_nothing_and_takes_resubmissions(course: Any) -> None:
    """Without --force only what is newer is graded; a broken timestamp is not."""
    from autograder.course.submissions import hand_in, submission

    one = course.new_class("again")
    right = submission(one.release(), WARMUP)
    for student, notebook in (("ann", right), ("bob", one.release())):
        hand_in(one.class_folder, student, WARMUP, notebook)
    one.nbgrader("autograde", "warmup")
    first = one.export()
    graded_file = one.class_folder / "autograded/ann/warmup/warmup.ipynb"
    before = graded_file.stat().st_mtime_ns
    hand_in(one.class_folder, "bob", WARMUP, right)
    broken = one.class_folder / "submitted/ann/warmup/timestamp.txt"
    broken.write_text("yesterday-ish")
    one.nbgrader("autograde", "warmup")
    second = one.export()
    assert graded_file.stat().st_mtime_ns == before
    assert [r for r in second if r["student_id"] == "ann"] == [
        r for r in first if r["student_id"] == "ann"
    ]
    assert sum(float(r["score"]) for r in first if r["student_id"] == "bob") == 0
    assert sum(float(r["score"]) for r in second if r["student_id"] == "bob") == 6


def test_what_was_not_run_has_no_score_and_asks_for_a_person(own_course: Any) -> None:
    """As on a machine without Triton: one exercise can't run there."""
    from autograder.course.submissions import hand_in, submission

    config = own_course.root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + "\nimport autograder.judge.grade as grade\n"
        "grade.cannot_run = lambda path: 'Triton is not installed'\n"
    )
    hand_in(
        own_course.class_folder, "ann", WARMUP, submission(own_course.release(), WARMUP)
    )
    own_course.nbgrader("autograde", "warmup")
    own_course.nbgrader("generate_feedback", "warmup")
    rows = own_course.export()
    assert {r["state"] for r in rows} == {"not run"}
    assert {r["score"] for r in rows} == {""}
    assert all("Triton is not installed" in r["reason"] for r in rows)
    with sqlite3.connect(own_course.class_folder / "gradebook.db") as database:
        found = database.execute("select auto_score, needs_manual_grade from grade")
        assert set(found.fetchall()) == {(None, 1)}
    database.close()
    page = own_course.class_folder / "feedback/ann/warmup/warmup.html"
    assert "not run" in Reader(page.read_text()).text


def test_the_secret_is_made_once_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(folders.SECRET_VARIABLE, raising=False)
    monkeypatch.setenv("COURSE_CLASS", str(tmp_path / "class"))
    first = secret()
    assert len(first) >= 32
    assert secret() == first
    path = tmp_path / "class" / folders.SECRET_FILE
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    monkeypatch.setenv(folders.SECRET_VARIABLE, "given")
    assert secret() == b"given"


def test_an_assignment_that_is_not_released_names_the_command() -> None:
    with pytest.raises(FileNotFoundError, match="nbgrader generate_assignment nothing"):
        release("nothing", "nothing")
