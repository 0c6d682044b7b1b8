"""Addresses and secrets of a class."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.folders import database, submission_secret


@pytest.fixture(autouse=True)
def _class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_CLASS", str(tmp_path / "class"))
    monkeypatch.setenv("AUTOGRADER_SECRET", "one")
    monkeypatch.delenv("COURSE_DB", raising=False)


def test_a_class_has_a_gradebook_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database() == f"sqlite:///{tmp_path}/class/gradebook.db"
    monkeypatch.setenv("COURSE_DB", "postgresql+psycopg://host/name")
    assert database() == "postgresql+psycopg://host/name"


def test_a_submission_s_secret_is_its_own_and_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = submission_secret("warmup", "ann")
    assert submission_secret("warmup", "ann") == first
    others = [
        submission_secret("warmup", "bob"),
        submission_secret("batchnorm", "ann"),
    ]
    monkeypatch.setenv("AUTOGRADER_SECRET", "two")
    others.append(submission_secret("warmup", "ann"))
    assert len({first, *others}) == 4
    assert len(first) == 64
