"""The dry run: grade what is known to be right, empty and wrong.

The reference must get full marks, the released skeleton none, and every known
mistake must lose exactly the points of its exercise and be named. All of them
go through the same intake, worker and judge as a student's notebook.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.course.folders import secret
from autograder.course.gradebook import release
from autograder.course.submissions import right_answers, submission, wrong_answers
from autograder.exercises import exercises_of
from autograder.judge.grade import Grader
from autograder.judge.intake import rebuild
from autograder.mistakes import Mistake, mistakes_of
from autograder.sandbox import strongest
from autograder.student.verdict import Result


@dataclass(frozen=True)
class Row:
    """One dry run: who it was, what it got, and what is wrong with that."""

    notebook: str
    who: str
    earned: float
    points: float
    seconds: float
    problem: str = ""


def verify(notebooks: Iterable[str], clock: Callable[[], float]) -> Iterator[Row]:
    """Grade all dry runs of these notebooks, one row at a time."""
    for notebook in notebooks:
        run = _DryRun(notebook, clock)
        yield run.row("reference", right_answers(notebook), run.full)
        yield run.row("skeleton", {}, run.empty)
        for exercise in exercises_of(notebook):
            for mistake in mistakes_of(exercise.name):
                yield run.mistake(mistake)


def count(notebooks: Iterable[str]) -> int:
    """How many rows :func:`verify` will yield."""
    return sum(
        2 + sum(len(mistakes_of(e.name)) for e in exercises_of(notebook))
        for notebook in notebooks
    )


Judgement = Callable[[dict[str, Result]], str]


class _DryRun:
    def __init__(self, notebook: str, clock: Callable[[], float]) -> None:
        self.notebook = notebook
        self.clock = clock
        # What is graded here is the course's own.
        self.grader = Grader(notebook, secret(), strongest())
        self.points = sum(e.points for e in exercises_of(notebook))

    def row(self, who: str, answers: dict[str, str], judgement: Judgement) -> Row:
        started = self.clock()
        results = {r.name: r for r in self._grade(answers)}
        earned = sum(r.earned or 0.0 for r in results.values())
        seconds = self.clock() - started
        problem = judgement(results)
        return Row(self.notebook, who, earned, self.points, seconds, problem)

    def mistake(self, mistake: Mistake) -> Row:
        def judgement(results: dict[str, Result]) -> str:
            wrong = [name for name, r in results.items() if not r.passed]
            if wrong != [mistake.exercise]:
                return f"lost points in {', '.join(wrong) or 'nothing'}"
            named = [m.name for m in results[mistake.exercise].mistakes]
            if named != [mistake.name]:
                return f"was named {', '.join(named) or 'nothing'}"
            return ""

        who = f"{mistake.exercise}: {mistake.name}"
        return self.row(who, wrong_answers(self.notebook, mistake), judgement)

    def _grade(self, answers: dict[str, str]) -> tuple[Result, ...]:
        """As a file that was handed in: through intake, worker and judge."""
        assignment, _, name = self.notebook.partition("/")
        released = release(assignment, name)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.ipynb"
            nbformat.write(submission(released, self.notebook, answers), path)
            return self.grader.grade(rebuild(released, path).notebook).results

    @staticmethod
    def full(results: dict[str, Result]) -> str:
        """The reference passes everything."""
        wrong = [name for name, r in results.items() if not r.passed]
        return f"lost points in {', '.join(wrong)}" if wrong else ""

    @staticmethod
    def empty(results: dict[str, Result]) -> str:
        """The skeleton earns nothing."""
        earned = [name for name, r in results.items() if r.earned]
        return f"earned points in {', '.join(earned)}" if earned else ""
