"""nbgrader's steps of autograding, with the judge in place of a kernel.

They are named in ``nbgrader_config.py``; nothing of nbgrader is patched.
"""

from __future__ import annotations

import html
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Float, Unicode

from autograder.course.arrivals import sweep
from autograder.course.folders import ASSIGNMENTS, class_folder, hidden_places
from autograder.course.release import CHECK
from autograder.judge.grade import Grader
from autograder.judge.intake import META, rebuild
from autograder.judge.session import CELL_SECONDS
from autograder.sandbox import choose
from autograder.student.explain import reason
from autograder.student.report import Report
from autograder.student.verdict import Result

Resources = dict[str, Any]
SECRET_FILE = "course.secret"
SECRET_VARIABLE = "AUTOGRADER_SECRET"
"""Overrides the file, for a course graded on several machines."""


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


@cache
def grader(
    notebook: str, key: bytes, sandbox: str, cell_seconds: float = CELL_SECONDS
) -> Grader:
    """One grader a notebook and secret: the cases are drawn once.

    Raises
    ------
    NoSandbox : when the sandbox of that name can't be had
    """
    return Grader(notebook, key, choose(sandbox, hidden_places()), cell_seconds)


@cache
def _release(path: Path, changed: int) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def release(assignment: str, notebook: str) -> NotebookNode:
    """The released notebook.

    Raises
    ------
    FileNotFoundError : with the command that makes it
    """
    path = ASSIGNMENTS / assignment / f"{notebook}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(
            f"{assignment}/{notebook}.ipynb is not released; run "
            f"nbgrader generate_assignment {assignment}"
        )
    return _release(path, path.stat().st_mtime_ns)


class IntakeExporter(NotebookExporter):
    """Reads a submission as intake rebuilds it; anything else as it is."""

    def from_filename(
        self, filename: str, resources: Resources | None = None, **kw: Any
    ) -> tuple[str, Resources]:
        assert resources is not None
        path, ids = Path(filename), resources["nbgrader"]
        if not self._is_submitted(path, ids):
            return super().from_filename(filename, resources=resources, **kw)
        rebuilt = rebuild(release(ids["assignment"], ids["notebook"]), path)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return self.from_notebook_node(rebuilt.notebook, resources=resources, **kw)

    def _is_submitted(self, path: Path, ids: dict[str, str]) -> bool:
        course = self.parent.coursedir
        folder = course.format_path(
            course.submitted_directory, ids["student"], ids["assignment"]
        )
        return path.parent.resolve() == Path(folder).resolve()


class Judge(NbGraderPreprocessor):
    """Grade the rebuilt notebook, and write a report into each check cell."""

    sandbox = Unicode(
        "bwrap",
        help="The walls that students' code runs behind: bwrap, landlock or none. "
        "None stands in for another; `autograder doctor` says what this machine "
        "can do.",
    ).tag(config=True)
    cell_seconds = Float(
        CELL_SECONDS, help="Seconds that one cell of a notebook may take."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        ids = resources["nbgrader"]
        sweep(Path(resources["metadata"]["path"]), ids["assignment"])
        name = f"{ids['assignment']}/{ids['notebook']}"
        judge = grader(name, secret(), self.sandbox, self.cell_seconds)
        results = {r.name: r for r in judge.grade(nb).results}
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            if utils.is_grade(cell):
                result = results[cell.metadata.nbgrader.grade_id.removeprefix(CHECK)]
                cell.outputs = [_output(result)]
        resources["results"] = results
        resources["reasons"] = nb.metadata.get(META, {}).get("reasons", [])
        self._show_reasons(nb)
        return nb, resources

    def _show_reasons(self, nb: NotebookNode) -> None:
        """What was odd about the file, where the student reads it."""
        reasons = nb.metadata.get(META, {}).get("reasons", [])
        if reasons:
            text = "\n".join(
                [
                    "**About the submitted file:**",
                    "",
                    *(f"- `{r}`" for r in reasons),
                ]
            )
            cell = nbformat.v4.new_markdown_cell(text)
            cell["id"] = "about-the-file"
            nb.cells.insert(0, cell)


def _output(result: Result) -> NotebookNode:
    report = Report((result,), show_expected=False)
    data = {"text/html": report._repr_html_(), "text/plain": repr(report)}
    return nbformat.v4.new_output("display_data", data)


class SaveJudgedGrades(SaveAutoGrades):
    """Write the judge's points and reasons into the gradebook.

    An exercise that was not run gets no score and asks for a person.
    """

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        result = _result(cell, resources, CHECK)
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"],
            self.notebook_id,
            self.assignment_id,
            self.student_id,
        )
        grade.auto_score = result.earned
        grade.needs_manual_grade = (
            grade.manual_score is not None or result.earned is None
        )
        self.gradebook.db.commit()

    def _add_comment(self, cell: NotebookNode, resources: Resources) -> None:
        result = _result(cell, resources, "")
        comment = self.gradebook.find_comment(
            cell.metadata["nbgrader"]["grade_id"],
            self.notebook_id,
            self.assignment_id,
            self.student_id,
        )
        file = resources["reasons"] if not result.passed else []
        where = [f"[{result.where}]"] if result.where else []
        said = " ".join([reason(result), *file, *where])
        # Feedback renders it as Markdown, which lets HTML through.
        comment.auto_comment = html.escape(said, quote=False)
        self.gradebook.db.commit()


def _result(cell: NotebookNode, resources: Resources, prefix: str) -> Result:
    name = cell.metadata["nbgrader"]["grade_id"].removeprefix(prefix)
    return resources["results"][name]
