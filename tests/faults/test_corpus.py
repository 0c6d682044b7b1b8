"""The corpus of faults: no point unearned, none lost, nothing leaks, all ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from autograder.exercises import exercises_of
from autograder.reference.recorder import record
from tests.faults.batch import fault
from tests.faults.corpus import BY_NAME, FAULTS
from tests.faults.fault import WARMUP
from tests.faults.plan import BATCHES, OF

KINDS = {
    "reading",
    "memory",
    "process",
    "writing",
    "notes",
    "verdict",
    "numbers",
    "frames",
    "kernels",
    "life",
    "form",
    "honest",
}
MATES = [(b.name, mate) for b in BATCHES for mate in b.mates]


def score(corpus: Any, batch: str, student: str) -> float | None:
    """The points of a student; None when an exercise has none."""
    points = corpus[batch]["points"].get(student)
    if not points or None in points.values():
        return None
    return sum(points.values())


def test_the_corpus_is_large_and_every_case_has_its_own_name() -> None:
    assert len(FAULTS) == len(BY_NAME) >= 100
    assert {f.kind for f in FAULTS} == KINDS
    assert sorted(n for b in BATCHES for n in b.faults) == sorted(BY_NAME)


@pytest.mark.parametrize("batch", [b.name for b in BATCHES])
def test_no_fault_stops_a_batch(batch: str, corpus: Any) -> None:
    assert corpus[batch]["codes"] == [0], corpus[batch]["log"]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_fault_gets_the_score_that_it_must_get(name: str, corpus: Any) -> None:
    assert score(corpus, OF[name].name, name) == BY_NAME[name].points


@pytest.mark.parametrize(("batch", "mate"), MATES)
def test_an_honest_classmate_keeps_full_marks(
    batch: str, mate: str, corpus: Any
) -> None:
    notebook = next(b.notebook for b in BATCHES if b.name == batch)
    assert score(corpus, batch, mate) == fault(mate, notebook).points


@pytest.mark.parametrize("name", BY_NAME)
def test_nothing_leaks_to_or_from_a_fault(name: str, corpus: Any) -> None:
    assert corpus[OF[name].name]["leaks"].get(name, []) == []


def digits(arrays: Iterable[np.ndarray]) -> set[str]:
    """Eight digits of every number, without the point: too many for chance."""
    values = np.abs(np.concatenate([np.ravel(a) for a in arrays])).astype(float)
    found = {f"{v:.17g}".replace(".", "").lstrip("0")[:8] for v in values}
    return {d for d in found if len(d) == 8 and len(set(d)) > 3}


def test_no_hidden_number_is_told(corpus: Any) -> None:
    found = corpus[OF["memory-hidden-inputs"].name]
    hidden = [
        q
        for e in exercises_of(WARMUP)
        for q in record(e, found["secret"].encode()).questions
    ]
    numbers = digits(
        a
        for q in hidden
        for a in (*q.trace.arrays.values(), *(v.array for v in q.expected.values()))
    )
    assert len(numbers) > 500
    for name, shown in found["shown"].items():
        told = set(re.findall(r"(?=(\d{8}))", shown.replace(".", "")))
        assert told & numbers == set(), name


@pytest.mark.parametrize("batch", [b.name for b in BATCHES])
def test_nothing_leaks_without_a_name(batch: str, corpus: Any) -> None:
    known = {*BY_NAME}
    others = {k: v for k, v in corpus[batch]["leaks"].items() if k not in known}
    assert others == {}


@pytest.mark.parametrize("batch", [b.name for b in BATCHES])
def test_no_file_of_the_course_or_of_others_changes(batch: str, corpus: Any) -> None:
    assert corpus[batch]["changed"] == []


@pytest.mark.parametrize("batch", [b.name for b in BATCHES])
def test_nothing_is_left_running_or_lying_about(batch: str, corpus: Any) -> None:
    found = corpus[batch]
    assert (found["left"], found["scratch"], found["mounts"]) == ([], [], [])
