"""nbgrader's configuration, read as nbgrader's own commands read it."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.converters import Autograde

from autograder.course.arrivals import untouched
from autograder.course.gradebook import Judge
from autograder.reference.scripts import ROOT


class CannotGrade(Exception):
    """Nothing can be graded; one sentence says why, and what to do."""


class Settings:
    """``nbgrader_config.py``, with options of nbgrader's command line.

    Attributes
    ----------
    app : nbgrader's autograde command, set up and not started
    courses : where the course keeps what, and the gradebook's address
    autograde : the converter, for what is configured there
    """

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self.app = AutogradeApp()
        self.app.load_cwd_config = False  # the course's folder is given below
        self.app.raise_config_file_errors = True
        try:
            with untouched():
                self.app.initialize(["--log-level=ERROR", *arguments], root=str(ROOT))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise CannotGrade(f"nbgrader_config.py can't be read: {said}") from error
        self.directory: Any = self.app.coursedir
        self.autograde: Any = Autograde(coursedir=self.directory, parent=self.app)
        self.terms = Judge(parent=self.app).terms

    def submitted(self, student: str, assignment: str) -> Path:
        """Where a student's submission lies."""
        steps = self.directory
        return Path(steps.format_path(steps.submitted_directory, student, assignment))

    def autograded(self, student: str, assignment: str) -> Path:
        """Where feedback is made from."""
        steps = self.directory
        return Path(steps.format_path(steps.autograded_directory, student, assignment))

    def students(self, assignment: str) -> list[str]:
        """Who handed something in, of those that ``--student`` asks for."""
        steps = self.directory
        pattern = self.submitted(steps.student_id, assignment)
        names = re.compile(
            steps.format_path(
                steps.submitted_directory, "(?P<student>.*)", assignment, escape=True
            )
        )
        found = (names.fullmatch(path) for path in glob.glob(str(pattern)))
        left_out = set(steps.student_id_exclude.split(","))
        return sorted({m["student"] for m in found if m} - left_out)
