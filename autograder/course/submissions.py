"""Make submissions out of the release: right, untouched, or with a mistake.

They are ordinary notebooks, as a student would hand them in. The dry run, the
demonstration class and the tests use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.exercises import exercises_of
from autograder.mistakes import Mistake
from autograder.reference import scripts


def submission(
    release: NotebookNode,
    notebook: str,
    answers: Mapping[str, str] | None = None,
) -> NotebookNode:
    """The release with the texts of ``answers`` in its answer cells.

    None fills in every answer from the reference.
    """
    if answers is None:
        answers = right_answers(notebook)
    filled = nbformat.from_dict(release)
    for cell in filled.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name in answers:
            cell.source = answers[name]
    return filled


def right_answers(notebook: str) -> dict[str, str]:
    """The reference's answer of every exercise."""
    names = [e.name for e in exercises_of(notebook)]
    return {name: scripts.solution(notebook, name) for name in names}


def wrong_answers(notebook: str, *mistakes: Mistake) -> dict[str, str]:
    """The reference's answers with these mistakes put in."""
    wrong = {m.exercise: scripts.solution(notebook, m.exercise, m) for m in mistakes}
    return right_answers(notebook) | wrong


def hand_in(folder: Path, student: str, notebook: str, filled: NotebookNode) -> Path:
    """Write a submission into a class, where nbgrader's collect would put it."""
    assignment, _, name = notebook.partition("/")
    place = folder / "submitted" / student / assignment
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{name}.ipynb"
    nbformat.write(filled, path)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    (place / "timestamp.txt").write_text(now)
    return path
