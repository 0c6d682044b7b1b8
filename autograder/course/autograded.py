"""A judged notebook: the reports put into its check cells, and its record."""

from __future__ import annotations

import time
from functools import cache

import nbformat
from nbformat import NotebookNode

from autograder.course.folders import CHECK, hidden_places
from autograder.course.records import ExerciseRecord, NotebookRecord
from autograder.course.terms import Terms
from autograder.judge.grade import Grader, Grading
from autograder.judge.intake import META
from autograder.sandbox import choose


@cache
def grader(notebook: str, secret: bytes, terms: Terms) -> Grader:
    """One grader a process, notebook, secret and terms: cases are drawn once.

    Raises
    ------
    NoSandbox : when the sandbox can't be had on this machine
    """
    return Grader(
        notebook, secret, choose(terms.sandbox, hidden_places()), terms.cell_seconds
    )


def judged(
    notebook: NotebookNode, name: str, by: Grader
) -> tuple[NotebookRecord, Grading]:
    """Grade a rebuilt notebook, and write the reports into it.

    Parameters
    ----------
    notebook : as intake rebuilt it; it is changed in place
    name : of the notebook, without its assignment
    """
    start = time.perf_counter()
    grading = by.grade(notebook)
    seconds = time.perf_counter() - start
    exercises = tuple(ExerciseRecord.of(r) for r in grading.results)
    reasons = tuple(notebook.metadata.get(META, {}).get("reasons", ()))
    _show(notebook, {e.name: e for e in exercises}, reasons)
    record = NotebookRecord(
        notebook=name,
        reasons=reasons,
        exercises=exercises,
        usage=grading.usage,
        seconds=seconds,
        autograded=f"{nbformat.writes(notebook, version=4)}\n",
    )
    return record, grading


def _show(
    notebook: NotebookNode,
    exercises: dict[str, ExerciseRecord],
    reasons: tuple[str, ...],
) -> None:
    """A report in each check cell; what was odd about the file on top."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        nbgrader = cell.metadata.get("nbgrader", {})
        if nbgrader.get("grade"):
            exercise = exercises[nbgrader["grade_id"].removeprefix(CHECK)]
            data = {"text/html": exercise.html, "text/plain": exercise.text}
            cell.outputs = [nbformat.v4.new_output("display_data", data)]
    if reasons:
        lines = ["**About the submitted file:**", "", *(f"- `{r}`" for r in reasons)]
        cell = nbformat.v4.new_markdown_cell("\n".join(lines))
        cell["id"] = "about-the-file"
        notebook.cells.insert(0, cell)
