"""What was found about one submission, as data that a file can hold.

The batch journals records, the gradebook is written from them, and the report
and the exports read them. Nothing here depends on how they were come by.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from autograder.sandbox.usage import Usage
from autograder.student.explain import reason
from autograder.student.report import Report
from autograder.student.verdict import Result


@dataclass(frozen=True)
class ExerciseRecord:
    """One exercise of one submission.

    ``earned`` is None when it was not run. ``reason`` is one sentence;
    ``html`` and ``text`` are the report that the student reads.
    """

    name: str
    points: float
    earned: float | None
    status: str
    reason: str
    mistakes: tuple[str, ...]
    where: str
    html: str
    text: str

    @classmethod
    def of(cls, result: Result) -> ExerciseRecord:
        """The record of a result; no hidden input and no expected value."""
        report = Report((result,), show_expected=False)
        return cls(
            name=result.name,
            points=result.points,
            earned=result.earned,
            status=result.status,
            reason=reason(result),
            mistakes=tuple(m.name for m in result.mistakes),
            where=result.where,
            html=report._repr_html_(),
            text=repr(report),
        )

    @property
    def passed(self) -> bool:
        return self.earned is not None and self.earned == self.points


@dataclass(frozen=True)
class NotebookRecord:
    """One notebook of a submission.

    ``reasons`` say what was odd about the file. ``autograded`` is the rebuilt
    notebook with the reports in its check cells, as the text of a file.
    ``seconds`` is wall time of grading it.
    """

    notebook: str
    reasons: tuple[str, ...]
    exercises: tuple[ExerciseRecord, ...]
    usage: Usage
    seconds: float
    autograded: str


@dataclass(frozen=True)
class Record:
    """One submission: a student's notebooks of one assignment.

    ``key`` changes with whatever the grade depends on. ``sandbox`` names the
    wall that the code ran behind. ``graded`` is the time in UTC, ISO 8601.
    """

    assignment: str
    student: str
    key: str
    sandbox: str
    graded: str
    notebooks: tuple[NotebookRecord, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """Undo :meth:`to_json`."""
        notebooks = tuple(
            NotebookRecord(
                **{
                    **n,
                    "reasons": tuple(n["reasons"]),
                    "usage": Usage(**n["usage"]),
                    "exercises": tuple(
                        ExerciseRecord(**{**e, "mistakes": tuple(e["mistakes"])})
                        for e in n["exercises"]
                    ),
                }
            )
            for n in data["notebooks"]
        )
        return cls(**{**data, "notebooks": notebooks})
