"""Where the course keeps what it generates and what a class hands in."""

from __future__ import annotations

import os
from pathlib import Path

import autograder
from autograder.reference.scripts import ROOT

ASSIGNMENTS = ROOT / "assignments"
SITE_FILES = ROOT / "dist"
CLASS_VARIABLE = "COURSE_CLASS"


def class_folder() -> Path:
    """The class at hand: ``class/``, or what ``COURSE_CLASS`` names.

    It holds the submissions, the grades, the feedback and the secret of one
    class, and nothing of it is in git.
    """
    return ROOT / os.environ.get(CLASS_VARIABLE, "class")


def hidden_places() -> tuple[Path, ...]:
    """What no student's code may see: the solutions, the class, this program."""
    package = Path(autograder.__file__).parent
    return ROOT / "solutions", class_folder(), package / "mistakes"
