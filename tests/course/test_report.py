"""The report's numbers, counted from records, and its words."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course.export.safe import plain
from autograder.course.records import ExerciseRecord, Record
from autograder.course.report import words
from autograder.course.report.page import page
from autograder.course.report.summary import Summary, outcome, summarise
from autograder.student.replay import Fault, Outcome
from autograder.student.verdict import CaseResult, Result
from tests.course.made_up import (
    CLASS,
    A,
    N,
    R,
    not_run,
    record,
    wrong,
)


@pytest.fixture(scope="module")
def summary() -> Summary:
    return summarise(CLASS, ["paula", "otto"])


def test_scores_are_those_of_submissions_that_were_run_whole(summary: Summary) -> None:
    assert summary.submissions == 21
    assert len(summary.scores) == 20
    assert (summary.median, summary.most, summary.full) == (5, 5, 12)
    assert [b.submissions for b in summary.bins()] == [1, 0, 1, 5, 1, 12]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (R, {"passed": 18, "wrong": 2, "not written": 1}),
        (N, {"passed": 17, "followed through": 1, "wrong": 2, "not written": 1}),
        (A, {"passed": 15, "wrong": 4, "not written": 1, "not run": 1}),
    ],
)
def test_each_outcome_of_an_exercise_is_counted(
    name: str, counts: dict[str, int], summary: Summary
) -> None:
    assert summary.exercises["warmup", name].outcomes == counts


def test_mistakes_come_with_their_frequency(summary: Summary) -> None:
    first, second, third = summary.exercises.values()
    assert first.mistakes == {"absolute error": 2}
    assert first.unnamed == []
    assert third.mistakes == {"sum over the wrong axis": 2, "divides by D": 1}
    assert third.unnamed == ["dora", "jan"]
    # Who lost the process shows no mistake, known or new.
    assert (second.lost, second.unnamed) == (2, [])


def test_who_needs_a_person_and_why(summary: Summary) -> None:
    assert {p.student: p.reasons for p in summary.people} == {
        "hana": ("affine_backward: Not run: Triton is not installed",),
        "emil": ("numerical_gradient: ended the process.",),
        "finn": ("warmup.ipynb is damaged: it is no notebook.",),
        "ida": ("numerical_gradient: out of time.",),
        "jan": ("It was submitted as my warmup (1).ipynb.",),
    }
    assert summary.people[0].student == "hana", "what was not run comes first"
    assert summary.absent == ["otto", "paula"]


def test_a_second_worker_alone_is_no_reason() -> None:
    """What builds on a wrong base is judged again in a worker of its own."""
    summary = summarise([record("ann", workers=2)])
    assert summary.people == []
    assert (summary.lost, summary.workers) == (0, 2)


def test_time_and_memory(summary: Summary) -> None:
    assert sum(summary.seconds.values()) == pytest.approx(174.76)
    assert summary.processor == pytest.approx(174.76 / 2)
    assert summary.memory == 240_000_000
    assert (summary.lost, summary.workers) == (2, 23)
    assert summary.slowest[0] == ("ida", 125.0)
    assert len(summary.slowest) == 5


def test_sandboxes_are_counted_apart() -> None:
    summary = summarise([*CLASS, record("zoe", sandbox="none")])
    assert {n: s.submissions for n, s in summary.sandboxes.items()} == {
        "bwrap": 21,
        "none": 1,
    }
    assert summary.unwalled == ["zoe"]


def result(*kinds: str, notes: tuple[str, ...] = (), earned: float = 0) -> Result:
    """What the judge finds; each kind is the fault of a case."""
    cases = tuple(
        CaseResult("small", Outcome(fault=Fault(kind, "f") if kind else None), ())
        for kind in kinds
    )
    return Result("f", 1.0, None if "not run" in kinds else earned, cases, (), notes)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (result("", earned=1), "passed"),
        (result(notes=("It calls g, which fails.",), earned=1), "followed through"),
        (result("unwritten"), "not written"),
        (result("missing"), "not written"),
        (result("raised", ""), "wrong"),
        (result("crashed"), "wrong"),
        (result("not run"), "not run"),
    ],
)
def test_outcomes_are_told_from_what_the_judge_records(
    found: Result, kind: str
) -> None:
    assert outcome(ExerciseRecord.of(found)) == kind


@pytest.mark.parametrize("kind", ["crashed", "deadline"])
def test_a_lost_process_is_told_from_what_the_judge_records(kind: str) -> None:
    found = replace(ExerciseRecord.of(result("", kind)), name=R)
    assert summarise([record("ann", found)]).exercises["warmup", R].lost == 1


@pytest.mark.parametrize("most", [0.5, 1, 6, 11, 12, 60, 100, 1234])
def test_a_distribution_has_a_dozen_bins_at_most(most: float) -> None:
    scores = [0, most / 3, most / 2, most]
    bins = Summary("x", [], 4, most, scores).bins()
    assert len(bins) <= 12
    assert sum(b.submissions for b in bins) == 4
    assert bins[-1].low <= most <= bins[-1].high


def test_nothing_graded_is_no_report() -> None:
    with pytest.raises(ValueError, match="nothing to report"):
        summarise([])


def test_a_large_class_takes_little_memory() -> None:
    """A record carries its notebook; the summary keeps none of them."""

    def many() -> Iterator[Record]:
        for i in range(2000):
            one = record(f"student-{i}", wrong(R, "absolute error"))
            notebook = replace(one.notebooks[0], autograded="x" * 100_000)
            yield replace(one, notebooks=(notebook,))

    tracemalloc.start()
    summary = summarise(many())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert summary.submissions == 2000
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3599.6, "1 h"),
        (12_000, "3 h 20 min"),
        (100_000, "27 h 47 min"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        *((0, 7, "0 %"), (1, 6, "17 %"), (1, 2000, "1 %"), (1999, 2000, "99 %")),
        *((7, 7, "100 %"), (0, 0, "–")),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(
    part: int, whole: int, said: str
) -> None:
    assert words.share(part, whole) == said


def test_other_words() -> None:
    assert words.count(1, "student") == "1 student"
    assert words.count(12_345, "student") == "12 345 students"
    assert [words.points(p) for p in (4.0, 4.5, 10, 1 / 3)] == [
        "4",
        "4.5",
        "10",
        "0.33",
    ]
    assert [words.memory(b) for b in (0, 240e6, 1.5e9)] == ["0 MB", "240 MB", "1.5 GB"]
    assert words.names(["a", "b", "c"]) == "a, b and c"
    assert words.day("2026-05-04T10:20:30.5+00:00") == "2026-05-04 10:20 UTC"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@settings(deadline=None)  # the first example compiles the template
@given(student=TEXT, reason=TEXT)
def test_any_text_reads_back_from_the_page(student: str, reason: str) -> None:
    hostile = record(student, not_run(N), wrong(A), reasons=(reason,))
    text = page(summarise([hostile], [student]), Path("/no"), Path("/no"))
    found = BeautifulSoup(text, "html.parser")
    assert {b.text for b in found.find_all("bdi")} == {plain(student)}
    assert plain(reason) in [li.text for li in found.select(".cards li li")]
    assert not found.find_all(["script", "img", "iframe", "link", "svg"])


def test_links_lead_from_the_page_to_what_there_is(tmp_path: Path) -> None:
    name = "a b#c?d%20<e>&"
    for step, kind in (("feedback", "html"), ("autograded", "ipynb")):
        folder = tmp_path / "class" / step / name / "warmup"
        folder.mkdir(parents=True)
        (folder / f"warmup.{kind}").touch()
    text = page(
        summarise([record(name, not_run(A)), record("ben", not_run(A))]),
        tmp_path / "class",
        tmp_path / "elsewhere",
    )
    links = [str(a["href"]) for a in BeautifulSoup(text, "html.parser").find_all("a")]
    quoted = "a%20b%23c%3Fd%2520%3Ce%3E%26"
    assert links == [
        f"../class/feedback/{quoted}/warmup/warmup.html",
        f"../class/autograded/{quoted}/warmup/warmup.ipynb",
    ]


def test_a_class_in_which_all_is_well_has_an_end(tmp_path: Path) -> None:
    text = page(summarise([record("ann")]), tmp_path, tmp_path)
    said = BeautifulSoup(text, "html.parser").get_text(" ", strip=True)
    assert "1 submission, median 5 of 5" in said
    assert "No answer is wrong." in said
    assert "Nobody: every file was in order" in said
    assert "0 handed in nothing" in said


def test_a_class_in_which_nothing_was_run_has_no_median(tmp_path: Path) -> None:
    nothing = record("ann", *(not_run(n) for n in (R, N, A)))
    text = page(summarise([nothing]), tmp_path, tmp_path)
    assert (
        "median" not in BeautifulSoup(text, "html.parser").select(".headline")[0].text
    )
