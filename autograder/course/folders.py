"""Where the course keeps what it generates and what a class hands in."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import autograder
from autograder.reference.scripts import ROOT

ASSIGNMENTS = ROOT / "assignments"
SITE_FILES = ROOT / "dist"
CLASS_VARIABLE = "COURSE_CLASS"
DATABASE_VARIABLE = "COURSE_DB"
"""Names a gradebook on a server, and keeps its password out of git."""

CHECK = "check_"
"""A check cell's grade_id: this, and the name of the exercise."""

SECRET_FILE = "course.secret"
SECRET_VARIABLE = "AUTOGRADER_SECRET"
"""Overrides the file, for a course graded on several machines."""


def class_folder() -> Path:
    """The class at hand: ``class/``, or what ``COURSE_CLASS`` names.

    It holds the submissions, the grades, the feedback and the secret of one
    class, and nothing of it is in git.
    """
    return ROOT / os.environ.get(CLASS_VARIABLE, "class")


def database() -> str:
    """The gradebook's address: a file of the class, or what ``COURSE_DB`` names.

    SQLAlchemy's form; ``postgresql+psycopg://user:password@host/name``, say.
    """
    beside = f"sqlite:///{class_folder() / 'gradebook.db'}"
    return os.environ.get(DATABASE_VARIABLE, beside)


def secret() -> bytes:
    """What hidden cases are drawn from: made on first use, kept by the course."""
    given = os.environ.get(SECRET_VARIABLE)
    if given:
        return given.encode()
    path = class_folder() / SECRET_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()


def submission_secret(assignment: str, student: str) -> str:
    """A stand-in for the file of that name, the same whenever it is asked for."""
    name = f"{assignment}/{student}".encode("utf-8", "surrogateescape")
    return hmac.new(secret(), name, hashlib.sha256).hexdigest()


def hidden_places() -> tuple[Path, ...]:
    """What no student's code may see: the solutions, the class, this program."""
    package = Path(autograder.__file__).parent
    return ROOT / "solutions", class_folder(), package / "mistakes"
