"""What reports and exports are made from: records, and final scores.

Records say what the judge found. The final score of a submission is in
nbgrader's gradebook alone: points given by hand and late penalties count there.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import case, func, select
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import journal
from autograder.course.folders import ASSIGNMENTS
from autograder.course.records import Record
from autograder.course.settings import CannotGrade, Settings


@dataclass(frozen=True)
class Final:
    """A student's standing in one assignment.

    Attributes
    ----------
    lms : the student's id in Canvas or Moodle, if the gradebook has one
    submitted : False when nothing was handed in
    score : after the late penalty; None when there is none yet, because nothing
        was handed in or a person has to grade what was not run
    most : points that can be had
    comments : pairs (exercise, what was said of it), in the exercises' order
    """

    student: str
    first_name: str
    last_name: str
    email: str
    lms: str
    submitted: bool
    score: float | None
    most: float
    comments: tuple[tuple[str, str], ...] = ()


def released(assignment: str) -> None:
    """Make sure that there is such an assignment.

    Raises
    ------
    ValueError : with the names that there are
    """
    names = sorted(p.name for p in ASSIGNMENTS.iterdir() if p.is_dir())
    if assignment not in names:
        raise ValueError(
            f"There is no assignment {assignment}; there are {', '.join(names)}."
        )


def graded(assignment: str) -> Iterator[Record]:
    """The records of an assignment by student, one in memory at a time.

    Raises
    ------
    ValueError : when there is no such assignment, or nothing of it is graded
    """
    released(assignment)
    records = journal.records(assignment)
    first = next(records, None)
    if first is None:
        raise ValueError(
            f"Nothing of {assignment} is graded yet; run "
            f"`autograder grade {assignment}`."
        )
    return chain([first], records)


@contextmanager
def gradebook() -> Iterator[Gradebook]:
    """The gradebook that nbgrader is configured to use.

    Raises
    ------
    ValueError : when it is not there, or can't be read
    """
    try:
        directory = Settings().directory
    except CannotGrade as error:
        raise ValueError(str(error)) from error
    url = str(directory.db_url)
    file = Path(url.removeprefix("sqlite:///"))
    # SQLite would make an empty one, and say that the class has no students.
    if url.startswith("sqlite:///") and not file.is_file():
        raise ValueError(f"There is no gradebook at {file}; nothing is graded yet.")
    try:
        with Gradebook(url, directory.course_id) as opened:
            yield opened
    except SQLAlchemyError as error:
        said = str(error).splitlines()[0]
        raise ValueError(f"The gradebook can't be read: {said}") from error


def absent(book: Gradebook, assignment: str) -> list[str]:
    """The students of the gradebook who handed nothing in."""
    return [f.student for f in finals(book, assignment) if not f.submitted]


def entry(book: Gradebook, assignment: str) -> Assignment:
    """The assignment in the gradebook.

    Raises
    ------
    ValueError : when nothing of it is graded
    """
    try:
        found = book.find_assignment(assignment)
    except MissingEntry:
        found = None
    if found is None or not found.num_submissions:
        raise ValueError(f"The gradebook has no submission of {assignment} yet.")
    return found


def finals(book: Gradebook, assignment: str) -> list[Final]:
    """Every student of the gradebook, by id, with the final score.

    Raises
    ------
    ValueError : when nothing of the assignment is graded
    """
    found = entry(book, assignment)
    scores = _scores(book, found.id)
    comments = _comments(book, found.id)
    columns = (
        Student.id,
        Student.first_name,
        Student.last_name,
        Student.email,
        Student.lms_user_id,
    )
    return [
        Final(
            student=student,
            first_name=first or "",
            last_name=last or "",
            email=email or "",
            lms=lms or "",
            submitted=student in scores,
            score=scores.get(student),
            most=found.max_score,
            comments=tuple(comments[student]),
        )
        for student, first, last, email, lms in book.db.execute(
            select(*columns).order_by(Student.id)
        )
    ]


def _scores(book: Gradebook, assignment_id: str) -> dict[str, float | None]:
    """Two sums over the assignment, whatever the size of the class."""
    grades = (
        select(
            SubmittedAssignment.student_id,
            func.coalesce(func.sum(Grade.score), 0.0),
            func.sum(
                case(
                    (Grade.auto_score.is_(None) & Grade.manual_score.is_(None), 1),
                    else_=0,
                )
            ),
        )
        .join(
            SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id
        )
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .where(SubmittedAssignment.assignment_id == assignment_id)
        .group_by(SubmittedAssignment.student_id)
    )
    late = (
        select(
            SubmittedAssignment.student_id,
            func.coalesce(func.sum(SubmittedNotebook.late_submission_penalty), 0.0),
        )
        .join(
            SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id
        )
        .where(SubmittedAssignment.assignment_id == assignment_id)
        .group_by(SubmittedAssignment.student_id)
    )
    penalties = dict(book.db.execute(late).all())
    return {
        student: None if open_ else max(0.0, score - penalties[student])
        for student, score, open_ in book.db.execute(grades)
    }


def _comments(
    book: Gradebook, assignment_id: str
) -> defaultdict[str, list[tuple[str, str]]]:
    """What each student is told; a person's comment in place of the judge's."""
    query = (
        select(SubmittedAssignment.student_id, BaseCell.name, Comment.comment)
        .join(
            SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id
        )
        .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
        .where(SubmittedAssignment.assignment_id == assignment_id)
    )
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for student, cell, comment in book.db.execute(query):
        if comment:
            found[student].append((cell, html.unescape(comment)))
    return found
