"""A record's points and reasons in nbgrader's gradebook.

``nbgrader autograde`` and the batch write them by the same lines.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Comment, Grade, Notebook
from sqlalchemy import func, select
from sqlalchemy.orm import Session, load_only

from autograder.course.folders import CHECK
from autograder.course.records import ExerciseRecord, NotebookRecord


@dataclass(frozen=True)
class Cells:
    """A notebook's cells in the gradebook: the exercise of each id."""

    grades: dict[str, str]
    comments: dict[str, str]

    @classmethod
    def of(cls, notebook: Notebook) -> Cells:
        """The cells of the released notebook."""
        graded = [*notebook.grade_cells, *notebook.task_cells]
        commented = [*notebook.solution_cells, *notebook.task_cells]
        return cls(
            {c.id: c.name.removeprefix(CHECK) for c in graded},
            {c.id: c.name for c in commented},
        )


class Scores:
    """The grades and comments of one submitted notebook.

    Its queries go by the gradebook's indices and leave out nbgrader's sums over
    whole tables, so their time does not grow with the class.
    """

    def __init__(self, db: Session, notebook_id: str, cells: Cells) -> None:
        self.cells = cells
        self.db = db
        self.grades = self._rows(
            Grade, cells.grades, notebook_id, "auto_score", "manual_score"
        )
        self.comments = self._rows(Comment, cells.comments, notebook_id, "auto_comment")
        self.notebook_id = notebook_id

    def _rows(
        self, model: Any, cells: dict[str, str], notebook_id: str, *columns: str
    ) -> list[Any]:
        query = (
            select(model)
            .where(model.cell_id.in_(cells), model.notebook_id == notebook_id)
            .options(
                load_only(model.cell_id, *(getattr(model, name) for name in columns))
            )
            .execution_options(populate_existing=True)
        )
        return list(self.db.scalars(query))

    def put(self, record: NotebookRecord) -> None:
        """Write what the judge found; the caller commits.

        An exercise that was not run gets no score and asks for a person, and
        so does one with points given by hand: they are kept, and may not fit
        the new submission.
        """
        exercises = {e.name: e for e in record.exercises}
        for grade in self.grades:
            exercise = exercises.get(self.cells.grades[grade.cell_id])
            if exercise is not None:
                grade.auto_score = exercise.earned
                grade.needs_manual_grade = (
                    grade.manual_score is not None or exercise.earned is None
                )
        for comment in self.comments:
            exercise = exercises.get(self.cells.comments[comment.cell_id])
            if exercise is not None:
                comment.auto_comment = sentence(exercise, record.reasons)
        self.db.flush()

    def hold(self, record: NotebookRecord) -> bool:
        """Whether the gradebook says what the record says."""
        exercises = {e.name: e for e in record.exercises}
        scores = {self.cells.grades[g.cell_id]: g.auto_score for g in self.grades}
        said = {self.cells.comments[c.cell_id]: c.auto_comment for c in self.comments}
        return all(
            exercises[name].earned == score
            for name, score in scores.items()
            if name in exercises
        ) and all(
            sentence(exercises[name], record.reasons) == text
            for name, text in said.items()
            if name in exercises
        )

    def total(self) -> float:
        """The notebook's points, with those given by hand."""
        query = select(func.coalesce(func.sum(Grade.score), 0.0)).where(
            Grade.cell_id.in_(self.cells.grades),
            Grade.notebook_id == self.notebook_id,
        )
        return self.db.execute(query).scalar_one()


def sentence(exercise: ExerciseRecord, reasons: tuple[str, ...]) -> str:
    """What the comment at the answer cell says."""
    file = reasons if not exercise.passed else ()
    where = [f"[{exercise.where}]"] if exercise.where else []
    said = " ".join([exercise.reason, *file, *where])
    # Feedback renders it as Markdown, which lets HTML through; PostgreSQL takes
    # no NUL in a text.
    return html.escape(said, quote=False).replace("\0", "")
