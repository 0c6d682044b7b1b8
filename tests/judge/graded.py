"""Answers to grade, and what was lost by them."""

from __future__ import annotations

from collections.abc import Callable

from nbformat import NotebookNode

from autograder.mistakes import mistakes_of
from autograder.reference import scripts
from autograder.student.verdict import Result

WARMUP, BATCHNORM = "warmup/warmup", "batchnorm/batchnorm"
Grade = Callable[[NotebookNode], dict[str, Result]]
Answered = Callable[..., NotebookNode]


def edited(notebook: str, name: str, old: str, new: str) -> str:
    """The reference's answer with one text replaced."""
    text = scripts.solution(notebook, name)
    assert old in text
    return text.replace(old, new)


def known(notebook: str, exercise: str, position: int = 0) -> tuple[str, str]:
    """The text and the name of a known mistake."""
    mistake = mistakes_of(exercise)[position]
    return scripts.solution(notebook, exercise, mistake), mistake.name


def lost(results: dict[str, Result]) -> list[str]:
    """The exercises without full points."""
    return [name for name, r in results.items() if r.earned != r.points]


def end(notebook: str, name: str, act: str) -> str:
    """An answer that does ``act`` when it is called."""
    head = scripts.solution(notebook, name).split("### BEGIN SOLUTION")[0].rstrip()
    return f"{head}\n    {act}\n"
