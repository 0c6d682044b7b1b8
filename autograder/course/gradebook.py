"""nbgrader's steps of autograding, with the judge in place of a kernel.

They are named in ``nbgrader_config.py``; nothing of nbgrader is patched.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Unicode

from autograder.course import journal
from autograder.course.arrivals import released_names, sweep
from autograder.course.autograded import grader, judged
from autograder.course.folders import (
    ASSIGNMENTS,
    hidden_places,
    secret,
    submission_secret,
)
from autograder.course.handed import read
from autograder.course.keys import batch_key, submission_key
from autograder.course.records import Record
from autograder.course.scores import Cells, Scores
from autograder.course.task import now
from autograder.course.terms import Terms
from autograder.judge.intake import rebuild
from autograder.judge.session import CELL_SECONDS
from autograder.sandbox import NoSandbox, choose, parent

Resources = dict[str, Any]


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


def released_texts(assignment: str) -> dict[str, str]:
    """The texts of an assignment's released notebooks, by name."""
    folder = ASSIGNMENTS / assignment
    names = released_names(assignment)
    return {n: (folder / f"{n}.ipynb").read_text("utf-8") for n in names}


class IntakeExporter(NotebookExporter):
    """Reads a submission as intake rebuilds it; anything else as it is.

    Raises
    ------
    NbGraderException : when no student's code can run; nbgrader makes this
        object once, before it touches a submission
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        try:
            parent(choose(Judge(parent=self.parent).sandbox, hidden_places()))
        except NoSandbox as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None

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
        help="The walls that students' code runs behind: bwrap, landlock or none.",
    ).tag(config=True)
    cell_seconds = Float(
        CELL_SECONDS, help="Seconds that one cell of a notebook may take."
    ).tag(config=True)

    @property
    def terms(self) -> Terms:
        """What students' code is run under."""
        return Terms(self.sandbox, self.cell_seconds)

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        ids = resources["nbgrader"]
        assignment, student, name = (
            ids[k] for k in ("assignment", "student", "notebook")
        )
        folder = Path(resources["metadata"]["path"])
        sweep(folder, assignment, submission_secret(assignment, student))
        by = grader(f"{assignment}/{name}", secret(), self.terms)
        record, grading = judged(nb, name, by)
        resources["record"] = record
        journal.add(
            Record(
                assignment=assignment,
                student=student,
                key=self._key(assignment, student),
                sandbox=grading.sandbox,
                graded=now(),
                notebooks=(record,),
            )
        )
        return nb, resources

    def _key(self, assignment: str, student: str) -> str:
        """As the batch has it, which then need not grade it again."""
        course = self.parent.parent.coursedir
        folder = course.format_path(course.submitted_directory, student, assignment)
        texts = released_texts(assignment)
        batch = batch_key(assignment, texts, secret(), self.terms)
        return submission_key(batch, read(Path(folder), list(texts)))


class SaveJudgedGrades(NbGraderPreprocessor):
    """Write the judge's points and reasons into the gradebook."""

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        ids = resources["nbgrader"]
        with Gradebook(ids["db_url"]) as gradebook:
            submitted = gradebook.find_submission_notebook(
                ids["notebook"], ids["assignment"], ids["student"]
            )
            cells = Cells.of(submitted.notebook)
            Scores(gradebook.db, submitted.id, cells).put(resources["record"])
            gradebook.db.commit()
        return nb, resources
