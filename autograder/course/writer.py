"""The batch's one writer: nbgrader's gradebook, and the autograded folders.

What it leaves is what ``nbgrader autograde`` leaves, so formgrader, feedback
and export go on from there. Writing a record twice is writing it once.
"""

from __future__ import annotations

import os
import shutil
from types import SimpleNamespace
from typing import Any

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc, rmtree
from sqlalchemy import select
from sqlalchemy.orm import load_only

from autograder.course.arrivals import TIMESTAMP, papers
from autograder.course.folders import submission_secret
from autograder.course.records import Record
from autograder.course.scores import Cells, Scores
from autograder.course.settings import Settings


class UnknownStudent(Exception):
    """The gradebook has no such student, and none may be added."""


class Writer:
    """Writes the records of one assignment. Close it when done."""

    def __init__(self, settings: Settings, assignment: str) -> None:
        directory = settings.directory
        self.settings = settings
        self.gradebook = Gradebook(directory.db_url, directory.course_id)
        self.db = self.gradebook.db()
        self.db.expire_on_commit = False  # the assignment is read once
        self.assignment: Any = self.gradebook.find_assignment(assignment)
        self.cells = {n.id: Cells.of(n) for n in self.assignment.notebooks}
        self.names = {n.id: n.name for n in self.assignment.notebooks}
        self.late = AssignLatePenalties(parent=settings.app)
        self.late.init_plugin()
        self.db.commit()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self.gradebook.close()

    def holds(self, record: Record) -> bool:
        """Whether gradebook and folder say what the record says."""
        files = self._files(record)
        folder = self.settings.autograded(record.student, record.assignment)
        if not _same(folder, files):
            return False
        with self.db.begin():
            submission = self._find(record.student)
            timestamp = _timestamp(files)
            if submission is None or timestamp not in (None, submission.timestamp):
                return False
            return all(s.hold(n) for s, n, _ in self._notebooks(submission, record))

    def save(self, record: Record) -> None:
        """Write a record: first the folder, then the gradebook at one go.

        So what the gradebook has is complete, wherever a kill comes.

        Raises
        ------
        UnknownStudent : with ``Autograde.create_student`` off
        sqlalchemy.exc.DBAPIError : when the gradebook can't be written
        """
        files = self._files(record)
        self._write(record, files)
        with self.db.begin():
            submission = self._find(record.student) or self._create(record.student)
            submission.timestamp = _timestamp(files) or submission.timestamp
            for scores, notebook, row in self._notebooks(submission, record):
                scores.put(notebook)
                row.late_submission_penalty = self._penalty(submission, scores)

    def _find(self, student: str) -> Any:
        query = (
            select(SubmittedAssignment)
            .where(
                SubmittedAssignment.assignment_id == self.assignment.id,
                SubmittedAssignment.student_id == student,
            )
            .options(
                load_only(
                    SubmittedAssignment.assignment_id,
                    SubmittedAssignment.student_id,
                    SubmittedAssignment.timestamp,
                    SubmittedAssignment.extension,
                )
            )
            .execution_options(populate_existing=True)
        )
        return self.db.scalars(query).one_or_none()

    def _create(self, student: str) -> SubmittedAssignment:
        """A submission with the structure of its assignment, and its student."""
        known = self.db.scalar(select(Student.id).where(Student.id == student))
        if known is None:
            if not self.settings.autograde.create_student:
                raise UnknownStudent(f"The gradebook has no student {student}.")
            self.db.add(Student(id=student))
        submission = SubmittedAssignment(
            id=new_uuid(), assignment_id=self.assignment.id, student_id=student
        )
        self.db.add(submission)
        for notebook_id, cells in self.cells.items():
            row = SubmittedNotebook(
                id=new_uuid(), notebook_id=notebook_id, assignment_id=submission.id
            )
            self.db.add(row)
            of = {"notebook_id": row.id}
            self.db.add_all(Grade(cell_id=c, **of) for c in cells.grades)
            self.db.add_all(Comment(cell_id=c, **of) for c in cells.comments)
        self.db.flush()
        return submission

    def _notebooks(self, submission: Any, record: Record) -> list[tuple[Any, ...]]:
        """Scores, record and row of each notebook."""
        query = (
            select(SubmittedNotebook)
            .where(
                SubmittedNotebook.notebook_id.in_(self.cells),
                SubmittedNotebook.assignment_id == submission.id,
            )
            .options(load_only(SubmittedNotebook.notebook_id))
        )
        records = {n.notebook: n for n in record.notebooks}
        return [
            (
                Scores(self.db, row.id, self.cells[row.notebook_id]),
                records[self.names[row.notebook_id]],
                row,
            )
            for row in self.db.scalars(query)
            if self.names[row.notebook_id] in records
        ]

    def _penalty(self, submission: Any, scores: Scores) -> float | None:
        """As nbgrader's own step of autograding finds it."""
        seconds = submission.total_seconds_late
        if seconds <= 0:
            return None
        score = scores.total()
        plugin = self.late.plugin_inst
        asked = plugin.late_submission_penalty(submission.student_id, score, seconds)
        if asked is None:
            return None
        return self.late._check_late_penalty(SimpleNamespace(score=score), asked)

    def _files(self, record: Record) -> dict[str, bytes]:
        """All that belongs into the autograded folder."""
        folder = self.settings.submitted(record.student, record.assignment)
        secret = submission_secret(record.assignment, record.student)
        notebooks = {
            f"{n.notebook}.ipynb": n.autograded.encode() for n in record.notebooks
        }
        return notebooks | papers(folder, secret)

    def _write(self, record: Record, files: dict[str, bytes]) -> None:
        folder = self.settings.autograded(record.student, record.assignment)
        new = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for name, content in files.items():
            (new / name).write_bytes(content)
        if folder.exists():
            rmtree(str(folder))
        os.rename(new, folder)
        self.settings.autograde.set_permissions(record.assignment, record.student)


def _same(folder: Any, files: dict[str, bytes]) -> bool:
    try:
        return {p.name: p.read_bytes() for p in folder.iterdir()} == files
    except OSError:
        return False


def _timestamp(files: dict[str, bytes]) -> Any:
    """When it was handed in, in UTC; None when that is not known."""
    text = files[TIMESTAMP].decode().strip()
    return parse_utc(text) if text else None
