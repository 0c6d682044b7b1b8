"""Grade one submission: what runs in a process of Dask, on any machine.

It sees no class folder and no gradebook; a job holds all that it needs.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course.autograded import grader, judged
from autograder.course.folders import hidden_places
from autograder.course.handed import File, lay_out, said
from autograder.course.keys import circumstances
from autograder.course.records import NotebookRecord, Record
from autograder.course.terms import Terms
from autograder.judge.grade import Grading
from autograder.judge.intake import META, rebuild
from autograder.sandbox import choose, parent


class OtherCourse(RuntimeError):
    """This machine would grade by another version of the course."""


@dataclass(frozen=True)
class Job:
    """One submission to grade.

    Attributes
    ----------
    key : of the submission, kept with its record
    files : that were handed in
    released : the texts of the released notebooks, by name
    circumstances : that this must be graded under
    """

    assignment: str
    student: str
    key: str
    files: tuple[File, ...]
    released: Mapping[str, str]
    secret: bytes
    terms: Terms
    circumstances: Mapping[str, str]


def ready(assignment: str, sandbox: str) -> dict[str, str]:
    """Start what grading needs; returns the circumstances on this machine.

    Raises
    ------
    NoSandbox : when the sandbox can't be had
    """
    parent(choose(sandbox, hidden_places()))
    return circumstances(assignment)


def grade(job: Job) -> Record:
    """The record of a submission.

    Raises
    ------
    OtherCourse : when this machine has other code or packages
    NoSandbox, CannotStart : when no student's code can run here
    """
    if circumstances(job.assignment) != job.circumstances:
        raise OtherCourse("A worker has another version of the course.")
    notebooks: list[NotebookRecord] = []
    with tempfile.TemporaryDirectory(prefix="autograder-intake-") as folder:
        lay_out(job.files, Path(folder))
        for name, text in sorted(job.released.items()):
            rebuilt = rebuild(_released(text), Path(folder) / f"{name}.ipynb")
            rebuilt.notebook.metadata[META]["reasons"] = said(
                job.files, rebuilt.reasons
            )
            record, grading = _grade(job, name, rebuilt.notebook)
            notebooks.append(record)
    return Record(
        assignment=job.assignment,
        student=job.student,
        key=job.key,
        sandbox=grading.sandbox,
        graded=now(),
        notebooks=tuple(notebooks),
    )


def grade_packed(job: bytes) -> Record:
    """As :func:`grade`; packed, because a scheduler that has no course can't
    read a job."""
    return grade(pickle.loads(job))


def _grade(
    job: Job, name: str, notebook: NotebookNode
) -> tuple[NotebookRecord, Grading]:
    by = grader(f"{job.assignment}/{name}", job.secret, job.terms)
    return judged(notebook, name, by)


@cache
def _released(text: str) -> NotebookNode:
    return nbformat.reads(text, as_version=4)


def now() -> str:
    """The time that a record carries."""
    return datetime.now(UTC).isoformat(timespec="seconds")
