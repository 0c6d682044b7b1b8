"""A bar in a terminal, and lines in a log."""

from __future__ import annotations

import io
import time

import pytest

from autograder.course.progress import Count, Progress


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which stands still unless a test moves it."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_what_is_left_is_what_has_no_end_yet() -> None:
    assert Count(10, kept=1, graded=2, failed=3).left == 4


def test_time_to_go_follows_from_grading_alone(clock: list[float]) -> None:
    progress = Progress("warmup", 100, io.StringIO())
    for _ in range(50):
        progress.add("kept")
    assert progress.sentence() == "warmup: 50 done, 0 failed, 50 left"
    clock[0] += 20
    for what in ("graded", "graded", "graded", "failed"):
        progress.add(what)
    assert progress.sentence() == "warmup: 53 done, 1 failed, 46 left, 03:50 to go"


def test_a_log_gets_a_line_now_and_then_and_the_last(clock: list[float]) -> None:
    log = io.StringIO()
    with Progress("warmup", 6, log) as progress:
        for seconds in (1, 1, 30, 1, 1, 1):
            clock[0] += seconds
            progress.add("graded")
    assert log.getvalue().splitlines() == [
        "warmup: 3 done, 0 failed, 3 left, 00:32 to go",
        "warmup: 6 done, 0 failed, 0 left",
    ]


def test_a_terminal_gets_a_bar() -> None:
    terminal = Terminal()
    with Progress("warmup", 2, terminal) as progress:
        progress.add("graded")
        progress.add("failed")
    last = terminal.getvalue().strip().rpartition("\r")[2]
    assert last.startswith("100%|")
    assert last.endswith("| warmup: 1 done, 1 failed, 0 left")
