"""The percent scripts under ``solutions/``: read, run, and run with a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jupytext

from autograder.mistakes import Mistake
from autograder.worker.cells import empty_namespace, run_cell

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = ROOT / "solutions"
ONLY_IN_NOTEBOOK = "active-ipynb"


class EditError(ValueError):
    """A mistake's edit does not fit the reference's text any more."""


@dataclass(frozen=True)
class Cell:
    """One cell of a source. ``name`` is its grade_id; "" for prose."""

    name: str
    kind: str
    source: str
    solution: bool
    active: bool


def notebooks() -> list[str]:
    """Every source as ``"<assignment>/<notebook>"``."""
    found = sorted(SOLUTIONS.glob("*/*.py"))
    return [f"{p.parent.name}/{p.stem}" for p in found if p.stem != "__init__"]


@cache
def cells(notebook: str) -> tuple[Cell, ...]:
    """The cells of a source, in order."""
    return tuple(
        Cell(
            name=cell.metadata.get("nbgrader", {}).get("grade_id", ""),
            kind=cell.cell_type,
            source=cell.source,
            solution=cell.metadata.get("nbgrader", {}).get("solution", False),
            active=cell.cell_type == "code"
            and ONLY_IN_NOTEBOOK not in cell.metadata.get("tags", []),
        )
        for cell in jupytext.read(SOLUTIONS / f"{notebook}.py").cells
    )


def solution(notebook: str, exercise: str, mistake: Mistake | None = None) -> str:
    """The text of a solution cell, right or with a mistake.

    Raises
    ------
    EditError : when there is no such cell, or an edit's text is not in it
    """
    sources = [c.source for c in cells(notebook) if c.name == exercise and c.solution]
    if len(sources) != 1:
        raise EditError(f"{notebook}.py has {len(sources)} solution cells {exercise!r}")
    text = sources[0]
    if mistake is None:
        return text
    for old, new in mistake.edits:
        if old not in text:
            raise EditError(
                f"the mistake {mistake.name!r} of {exercise} edits a text that "
                f"the reference no longer has: {old!r}"
            )
        text = text.replace(old, new)
    return text


def namespace(notebook: str, mistake: Mistake | None = None) -> dict[str, Any]:
    """The names that the active cells define, with a mistake put in."""
    names = empty_namespace()
    for i, cell in enumerate(cells(notebook)):
        if not cell.active:
            continue
        text, label = cell.source, f"{notebook} cell {i}"
        if mistake is not None and cell.solution and cell.name == mistake.exercise:
            text = solution(notebook, cell.name, mistake)
            label += f": {mistake.name}"
        run_cell(text, names, label)
    return names
