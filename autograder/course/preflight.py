"""What must hold before a batch starts; each failure is one sentence."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autograder.course.folders import hidden_places
from autograder.course.gradebook import released_texts
from autograder.course.settings import CannotGrade, Settings
from autograder.exercises import exercises_of
from autograder.sandbox import NoSandbox, choose

CONNECTING = 10
"""Seconds for a database server to answer."""


def check_release(assignment: str) -> dict[str, str]:
    """The texts of the released notebooks, by name."""
    texts = released_texts(assignment)
    if not texts:
        raise CannotGrade(
            f"There is no released assignment {assignment}; run: autograder release"
        )
    for name in texts:
        if not exercises_of(f"{assignment}/{name}"):
            raise CannotGrade(f"{assignment}/{name}.ipynb has no exercises to grade.")
    return texts


def check_sandbox(name: str) -> None:
    """The walls can be had here, and hide what they must hide."""
    try:
        choose(name, hidden_places())
    except NoSandbox as error:
        raise CannotGrade(str(error)) from None


def check_students(settings: Settings, assignment: str) -> list[str]:
    """Who handed in."""
    students = settings.students(assignment)
    if not students:
        folder = settings.submitted(settings.directory.student_id, assignment)
        raise CannotGrade(f"Nobody handed in {assignment}: there is no {folder}.")
    return students


def check_gradebook(settings: Settings, assignment: str, texts: dict[str, str]) -> None:
    """The gradebook answers, and has the assignment as it is released."""
    url = settings.directory.db_url
    missing = CannotGrade(
        f"The gradebook does not have {assignment} as it is released; "
        "run: autograder release"
    )
    if not _has_tables(url):
        raise missing
    with Gradebook(url, settings.directory.course_id) as gradebook:
        for name, text in texts.items():
            try:
                found = gradebook.find_notebook(name, assignment)
            except MissingEntry:
                raise missing from None
            points = {c.name: float(c.max_score) for c in found.grade_cells}
            if points != _points(text):
                raise missing


def _points(text: str) -> dict[str, float]:
    cells = nbformat.reads(text, as_version=4).cells
    of = [c.metadata.get("nbgrader", {}) for c in cells]
    return {n["grade_id"]: float(n["points"]) for n in of if n.get("grade")}


def _has_tables(address: str) -> bool:
    """Whether a gradebook is there.

    Raises
    ------
    CannotGrade : when the database can't be reached
    """
    try:
        url = make_url(address)
        if url.get_backend_name() == "sqlite":
            # To connect would make the file.
            if not url.database or not Path(url.database).is_file():
                return False
            options = {}
        else:
            options = {"connect_timeout": CONNECTING}
        engine = create_engine(url, connect_args=options)
        try:
            return inspect(engine).has_table("assignment")
        finally:
            engine.dispose()
    except (ArgumentError, NoSuchModuleError):
        raise CannotGrade(
            "db_url is no address of a database that SQLAlchemy knows, such as "
            "postgresql+psycopg://user:password@host/name"
        ) from None
    except ModuleNotFoundError as error:
        raise CannotGrade(
            f"The driver for {_shown(url)} is missing; run: pip install {error.name}"
        ) from None
    except SQLAlchemyError as error:
        raise CannotGrade(
            f"The gradebook at {_shown(url)} can't be reached: {cause(error)}"
        ) from None


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def cause(error: SQLAlchemyError) -> str:
    """What the database's driver said, on one line."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0] if said else type(error).__name__
