"""What the tests of intake ask of a submission, and of what it becomes."""

from __future__ import annotations

import warnings
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.judge import intake
from autograder.judge.intake import Intake


def answer(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The cell of a grade_id."""
    return next(
        c
        for c in data["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def answers(rebuilt: Intake) -> dict[str, str]:
    """What the rebuilt notebook holds in the answer cells."""
    return {
        c.metadata.nbgrader.grade_id: c.source
        for c in rebuilt.notebook.cells
        if c.metadata.get("nbgrader", {}).get("solution")
    }


def added(rebuilt: Intake) -> list[NotebookNode]:
    return [
        c
        for c in rebuilt.notebook.cells
        if "added-by-student" in c.metadata.get("tags", [])
    ]


def assert_like_the_release(rebuilt: Intake, released: NotebookNode) -> None:
    """All but the text of the answers, and the added cells, is the release."""
    mine = [
        c
        for c in rebuilt.notebook.cells
        if "added-by-student" not in c.metadata.get("tags", [])
    ]
    assert [c.id for c in mine] == [c.id for c in released.cells]
    for cell, given_cell in zip(mine, released.cells, strict=True):
        assert cell.cell_type == given_cell.cell_type
        assert cell.metadata == given_cell.metadata
        assert cell.get("outputs", []) == []
        if not given_cell.metadata.get("nbgrader", {}).get("solution"):
            assert cell.source == given_cell.source
    metadata = dict(rebuilt.notebook.metadata)
    metadata.pop(intake.META)
    assert metadata == released.metadata
    assert (rebuilt.notebook.nbformat, rebuilt.notebook.nbformat_minor) == (4, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(rebuilt.notebook)
