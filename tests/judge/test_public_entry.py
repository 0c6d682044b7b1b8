"""The known mistakes that the judge compares with are those of the answer key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.judge import grade
from autograder.mistakes import mistakes_of
from autograder.reference import scripts
from autograder.student.verdict import Entry

NAME = "relative_error"


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    grade.public_entry.cache_clear()
    yield
    grade.public_entry.cache_clear()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The exercises whose mistakes are recorded anew."""
    real, seen = grade.record_with_mistakes, []

    def noting(exercise: object) -> Entry:
        seen.append(exercise.name)  # type: ignore[attr-defined]
        return real(exercise)  # type: ignore[arg-type]

    monkeypatch.setattr(grade, "record_with_mistakes", noting)
    return seen


def names(entry: Entry) -> list[str]:
    return [m.name for m in entry.mistakes]


def test_the_key_is_read(recorded: list[str]) -> None:
    assert names(grade.public_entry(NAME)) == [m.name for m in mistakes_of(NAME)]
    assert recorded == []


def test_without_a_key_they_are_recorded(
    recorded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "ROOT", tmp_path)
    assert names(grade.public_entry(NAME)) == [m.name for m in mistakes_of(NAME)]
    assert recorded == [NAME]


def test_a_key_of_other_mistakes_is_not_used(
    recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = mistakes_of(NAME)[1:]
    monkeypatch.setattr(grade, "mistakes_of", lambda name: fewer)
    grade.public_entry(NAME)
    assert recorded == [NAME]
