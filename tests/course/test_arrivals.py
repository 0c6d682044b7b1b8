"""Submitted folders are mended so that no command of nbgrader gives up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from autograder.course import arrivals
from autograder.course.arrivals import (
    mend,
    mend_all,
    sweep,
    untouched,
    use_released_names,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty submission of an assignment with two notebooks."""
    released = tmp_path / "assignments" / "warmup"
    released.mkdir(parents=True)
    for name in ("one.ipynb", "two.ipynb", "one.answers.safetensors"):
        (released / name).write_text("{}")
    monkeypatch.setattr(arrivals, "ASSIGNMENTS", released.parent)
    monkeypatch.setenv("COURSE_CLASS", str(tmp_path / "class"))
    made = tmp_path / "class" / "submitted" / "ann" / "warmup"
    made.mkdir(parents=True)
    return made


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_a_missing_notebook_gets_an_empty_file_in_its_place(folder: Path) -> None:
    (folder / "one.ipynb").write_text("mine")
    mend(folder)
    assert (folder / "one.ipynb").read_text() == "mine"
    assert (folder / "two.ipynb").read_bytes() == b""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"soon",
        b"\xff\xfe",
        b"9" * 30,
        b"2026-13-45 00:00:00 UTC",
        b"x" * 2000,
        b"2026-01-01 00:00:00 99999999999999999",
    ],
)
def test_a_timestamp_that_does_not_parse_is_put_aside(
    content: bytes, folder: Path
) -> None:
    (folder / "timestamp.txt").write_bytes(content)
    mend(folder)
    assert "timestamp.txt" not in names(folder)
    assert (folder / "timestamp.txt.unreadable").read_bytes() == content


def test_a_right_timestamp_stays(folder: Path) -> None:
    (folder / "timestamp.txt").write_text("2026-01-30 15:00:00.000000 UTC")
    mend(folder)
    assert {"timestamp.txt"} == {n for n in names(folder) if "timestamp" in n}


def test_mending_twice_is_mending_once(folder: Path) -> None:
    for _ in range(2):
        (folder / "timestamp.txt").mkdir()
        (folder / "timestamp.txt" / "x").write_text("x")
        mend(folder)
    assert names(folder) == {"one.ipynb", "two.ipynb", "timestamp.txt.unreadable"}


def test_what_can_not_be_copied_goes_and_nothing_behind_a_link(
    folder: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("not theirs")
    (folder / "link").symlink_to(kept / "file")
    (folder / "tree").symlink_to(kept)
    (folder / "gone").symlink_to("/no/such/file")
    (folder / "timestamp.txt").symlink_to(kept / "file")
    os.mkfifo(folder / "pipe")
    (folder / "data.csv").write_text("1, 2")
    mend(folder)
    assert names(folder) == {"one.ipynb", "two.ipynb", "data.csv"}
    assert (kept / "file").read_text() == "not theirs"


def test_a_linked_notebook_stays_for_intake_to_refuse(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "one.ipynb").symlink_to("/no/such/file")
    mend(folder)
    assert (folder / "one.ipynb").is_symlink()


def test_every_folder_of_the_class_is_mended_and_others_are_left(
    folder: Path, tmp_path: Path
) -> None:
    other = folder.parent / "another-assignment"
    other.mkdir()
    mend_all()
    assert names(folder) == {"one.ipynb", "two.ipynb"}
    assert names(other) == set()


def test_nothing_is_mended_for_what_reads_with_intake_alone(folder: Path) -> None:
    with untouched():
        mend_all()
    assert names(folder) == set()
    mend_all()
    assert names(folder) == {"one.ipynb", "two.ipynb"}


def test_a_class_without_submissions_is_no_error(folder: Path) -> None:
    shutil.rmtree(folder.parents[1])
    mend_all()
    assert not folder.exists()


def test_submitted_names_are_replaced_by_the_released(folder: Path) -> None:
    found = [str(folder / "my one.ipynb"), str(folder / "two.ipynb")]
    use_released_names("warmup", "ann", found)
    assert found == [str(folder / "one.ipynb"), str(folder / "two.ipynb")]


@pytest.mark.parametrize("secret", [b"", b"\xff", b"x" * 5000, None])
def test_a_sweep_leaves_what_feedback_is_released_by(
    secret: bytes | None, folder: Path
) -> None:
    for name in ("one.ipynb", "numpy.py", "one.answers.safetensors"):
        (folder / name).write_text("x")
    (folder / "sub").mkdir()
    (folder / "timestamp.txt").write_text("2026-01-30 15:00:00 UTC")
    if secret is not None:
        (folder / "submission_secret.txt").write_bytes(secret)
    sweep(folder, "warmup", "made up")
    assert names(folder) == {"one.ipynb", "timestamp.txt", "submission_secret.txt"}
    assert (folder / "timestamp.txt").read_text() == "2026-01-30 15:00:00 UTC"
    assert (folder / "submission_secret.txt").read_text() == "made up"


def test_a_timestamp_that_says_nothing_is_swept_empty(folder: Path) -> None:
    (folder / "timestamp.txt").write_text("soon")
    sweep(folder, "warmup", "made up")
    assert (folder / "timestamp.txt").read_text() == ""


def test_a_sweep_keeps_the_secret_of_a_submission(folder: Path) -> None:
    (folder / "submission_secret.txt").write_text("of the student")
    sweep(folder, "warmup", "made up")
    assert (folder / "submission_secret.txt").read_text() == "of the student"
