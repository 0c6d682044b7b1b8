"""From the release to the feedback, by the exchange and by a download."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import nbformat

from autograder.course.submissions import right_answers, submission

WARMUP = "warmup/warmup"
COURSE = "training-neural-networks"


def fill_in(path: Path, **answers: str) -> None:
    """Write answers into a notebook, as a student would."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.write(submission(notebook, WARMUP, right_answers(WARMUP) | answers), path)


def totals(rows: list[dict[str, str]]) -> dict[str, float]:
    points: dict[str, float] = {}
    for row in rows:
        who = row["student_id"]
        points[who] = points.get(who, 0.0) + float(row["score"])
    return points


def test_the_exchange_from_release_to_feedback(course: Any, tmp_path: Path) -> None:
    one = course.new_class("exchange")
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    student = tmp_path / "student"
    student.mkdir()
    root, of_course = f"--Exchange.root={exchange}", f"--course={COURSE}"

    one.nbgrader("release_assignment", "warmup", root)
    one.nbgrader("fetch_assignment", "warmup", of_course, root, cwd=student)
    fetched = {p.name for p in (student / "warmup").iterdir()}
    assert fetched == {"warmup.ipynb", "warmup.answers.safetensors"}
    fill_in(
        student / "warmup" / "warmup.ipynb", relative_error="def relative_error(): 0"
    )
    one.nbgrader("submit", "warmup", of_course, root, cwd=student)

    inbound = exchange / COURSE / "inbound"
    (mine,) = inbound.iterdir()
    other = inbound / f"zoe+warmup+{mine.name.split('+')[2]}"
    shutil.copytree(mine, other)
    (other / "submission_secret.txt").write_bytes(b"\xff\xfe")
    fill_in(other / "warmup.ipynb")

    one.nbgrader("collect", "warmup", root)
    one.nbgrader("autograde", "warmup")
    one.nbgrader("generate_feedback", "warmup")
    one.nbgrader("release_feedback", "warmup", root)
    one.nbgrader("fetch_feedback", "warmup", of_course, root, cwd=student)

    user = mine.name.split("+")[0]
    assert totals(one.export()) == {user: 5.0, "zoe": 6.0}
    (page,) = (student / "warmup" / "feedback").glob("*/warmup.html")
    assert "Score: 5.0 / 6.0" in page.read_text()


PATTERNS = {
    "moodle, a folder for each": (
        r".*/(?P<first_name>[^/_]+) (?P<last_name>[^/_]+)_(?P<student_id>\d+)"
        r"_assignsubmission_file_?/(?P<file_id>[^/]+)\.ipynb$",
        "Ada Byron_4711_assignsubmission_file_/warmup.ipynb",
        "4711",
    ),
    "moodle, one folder": (
        r".*/[^/]+_(?P<student_id>\d+)_assignsubmission_file_(?P<file_id>[^/]+)\.ipynb$",
        "Bo Li_4712_assignsubmission_file_warmup.ipynb",
        "4712",
    ),
    "canvas": (
        r".*/(?P<student_id>[a-z]+)_(?:LATE_)?\d+_\d+_(?P<file_id>\w+?)(?:-\d+)?\.ipynb$",
        "byronada_LATE_12345_67890_warmup-2.ipynb",
        "byronada",
    ),
    "blackboard": (
        r".*/[^/]*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)"
        r"_(?P<file_id>\w+)\.ipynb$",
        "warmup_aby12_attempt_2026-01-30-15-00-00_warmup.ipynb",
        "aby12",
    ),
    "canvas, renamed by the student": (
        r".*/(?P<student_id>[a-z]+)_\d+_\d+_(?P<file_id>[^/]+)\.ipynb$",
        "libo_12345_67890_My solution.ipynb",
        "libo",
    ),
}


def test_downloads_from_learning_platforms(course: Any) -> None:
    """One archive for each way to name files, collected one after the other."""
    one = course.new_class("downloads")
    archive = one.class_folder / "downloaded" / "warmup" / "archive"
    archive.mkdir(parents=True)
    notebook = nbformat.writes(submission(one.release(), WARMUP))
    for pattern, name, _ in PATTERNS.values():
        with zipfile.ZipFile(archive / "submissions.zip", "w") as file:
            file.writestr(name, notebook)
            file.writestr("readme.txt", "from the platform")
        option = f"--FileNameCollectorPlugin.named_regexp={pattern}"
        one.nbgrader("zip_collect", "warmup", "--force", option)
    one.nbgrader("autograde", "warmup")
    one.nbgrader("generate_feedback", "warmup")
    students = {student for _, _, student in PATTERNS.values()}
    assert totals(one.export()) == dict.fromkeys(students, 6.0)
    for student in students:
        page = one.class_folder / "feedback" / student / "warmup" / "warmup.html"
        assert "Score: 6.0 / 6.0" in page.read_text()
