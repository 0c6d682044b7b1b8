"""A course of stock nbgrader: the same answers, graded by cells with assertions.

No part of this course's configuration or plug-ins is used.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tests.faults import stock

CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "stock"
c.ExecutePreprocessor.timeout = 60
"""


@dataclass(frozen=True)
class StockCourse:
    """A course folder of stock nbgrader with one notebook."""

    root: Path
    notebook: str

    @property
    def assignment(self) -> str:
        return self.notebook.partition("/")[0]

    @property
    def name(self) -> str:
        return self.notebook.partition("/")[2]

    def make(self) -> None:
        """Write the source and let nbgrader generate the release."""
        source = self.root / "source" / self.assignment / f"{self.name}.ipynb"
        source.parent.mkdir(parents=True)
        (self.root / "nbgrader_config.py").write_text(CONFIG)
        nbformat.write(stock.source(self.notebook, ""), source)
        self.nbgrader("generate_assignment", self.assignment)

    def release(self) -> NotebookNode:
        """What students get."""
        path = self.root / "release" / self.assignment / f"{self.name}.ipynb"
        return nbformat.read(path, as_version=4)

    def hand_in(self, student: str, filled: NotebookNode) -> None:
        """Put a submission where collecting would put it."""
        folder = self.root / "submitted" / student / self.assignment
        folder.mkdir(parents=True)
        nbformat.write(filled, folder / f"{self.name}.ipynb")

    def nbgrader(self, *arguments: str) -> None:
        """Run one of nbgrader's commands.

        Raises
        ------
        subprocess.CalledProcessError : when it fails
        """
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
        environment.pop("PYTHONPATH", None)
        subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.root,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )


def answered(release: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """The release with these texts in its answer cells."""
    filled = nbformat.from_dict(release)
    for cell in filled.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell.source = answers.get(name, cell.source)
    return filled
