"""The demonstration class: everybody gets what they stand for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

POINTS = {
    "ada-all-right": 6,
    "ben-one-mistake": 5,
    "cleo-first-half": 3,
    "dora-honest-mess": 6,
    "emil-ends-python": 5,
    "finn-damaged-file": 0,
    "gus-nothing-done": 0,
}


@pytest.fixture(scope="module")
def demonstration(course: Any, once: Callable[..., Path]) -> tuple[Path, str]:
    """The course in which the command ran once, and what it printed."""

    def fill(root: Path) -> None:
        ignored = shutil.ignore_patterns("classes", "class", "home")
        shutil.copytree(course.root, root, ignore=ignored)
        (root / "home").mkdir()
        (root / "said.txt").write_text(
            replace(course, root=root).autograder("demo").stdout
        )

    root = once("demo", fill)
    return root, (root / "said.txt").read_text()


@pytest.mark.parametrize("student", POINTS)
def test_a_student_gets_the_points_of_the_story(
    student: str, demonstration: tuple[Path, str]
) -> None:
    _, said = demonstration
    assert re.search(rf"{student} +{POINTS[student]} of 6$", said, re.MULTILINE)


def test_every_student_gets_feedback_and_no_real_class_is_touched(
    demonstration: tuple[Path, str],
) -> None:
    root, said = demonstration
    folder = root / "_build" / "class" / "feedback"
    assert {p.name for p in folder.iterdir()} == set(POINTS)
    assert all((p / "warmup" / "warmup.html").is_file() for p in folder.iterdir())
    assert "_build/class/feedback/" in said
    assert "Graded behind the sandbox bwrap:" in said
    assert not (root / "class").exists()
