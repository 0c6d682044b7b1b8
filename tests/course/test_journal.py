"""Records on disk: whole or not there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course import journal
from autograder.course.records import ExerciseRecord, NotebookRecord, Record
from autograder.sandbox import Usage

EXERCISE = ExerciseRecord(
    "relu", 2.0, 0.1, "failed", "It is wrong: \ud800 \0 é", ("m",), "NumPy", "<p>", "t"
)


@pytest.fixture(autouse=True)
def _class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_CLASS", str(tmp_path / "class"))


def notebook(name: str = "one") -> NotebookRecord:
    return NotebookRecord(name, ("odd",), (EXERCISE,), Usage(1.5, 7, 2), 0.25, "{}\n")


def record(student: str = "ann", key: str = "k", *names: str) -> Record:
    notebooks = tuple(notebook(n) for n in names or ("one",))
    return Record("warmup", student, key, "bwrap", "2026-01-01T00:00:00", notebooks)


def test_a_record_comes_back_as_it_was() -> None:
    journal.write(record())
    assert journal.read("warmup", "ann") == record()


def test_there_is_none_before_it_is_written() -> None:
    assert journal.read("warmup", "ann") is None
    assert list(journal.records("warmup")) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"assignment": 1}', b"[" * 100_000],
    ids=lambda c: c[:5],
)
def test_a_damaged_record_counts_as_none(content: bytes) -> None:
    journal.write(record())
    (journal.folder("warmup") / "ann.json").write_bytes(content)
    assert journal.read("warmup", "ann") is None
    assert list(journal.records("warmup")) == []


def test_a_record_of_someone_else_counts_as_none() -> None:
    journal.write(record("bob"))
    folder = journal.folder("warmup")
    (folder / "bob.json").rename(folder / "ann.json")
    assert journal.read("warmup", "ann") is None


def test_records_come_by_student_one_at_a_time() -> None:
    for student in ("zoe", "ann", "bob"):
        journal.write(record(student))
    found = journal.records("warmup")
    assert next(found).student == "ann"
    (journal.folder("warmup") / "bob.json").unlink()
    assert [r.student for r in found] == ["zoe"]


def test_a_kill_while_writing_leaves_the_older_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal.write(record(key="old"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, killed)
            with pytest.raises(KeyboardInterrupt):
                journal.write(record(key="new"))
        assert journal.read("warmup", "ann") == record(key="old")
        assert [r.key for r in journal.records("warmup")] == ["old"]
    journal.write(record(key="new"))
    assert [p.name for p in journal.folder("warmup").iterdir()] == ["ann.json"]


def test_notebooks_are_added_one_after_the_other() -> None:
    for name in ("two", "one", "two"):
        journal.add(record("ann", "k", name))
    assert journal.read("warmup", "ann") == record("ann", "k", "one", "two")


def test_notebooks_of_an_older_key_are_dropped() -> None:
    journal.add(record("ann", "old", "one"))
    journal.add(record("ann", "new", "two"))
    assert journal.read("warmup", "ann") == record("ann", "new", "two")


def test_a_second_batch_is_kept_away() -> None:
    with (
        journal.alone(),
        pytest.raises(journal.Busy, match="is running"),
        journal.alone(),
    ):
        pass
    with journal.alone():
        pass


def test_a_record_can_be_replaced() -> None:
    journal.write(record())
    journal.write(replace(record(), sandbox="none"))
    found = journal.read("warmup", "ann")
    assert found is not None
    assert found.sandbox == "none"
