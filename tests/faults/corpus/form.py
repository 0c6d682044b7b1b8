"""The form of the notebook: cells, flags, versions, ids. It costs no points
where the answers can still be read, and earns none where they are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tests.faults.fault import WRONG, Change, Fault


def edit(change: Callable[[NotebookNode], Any]) -> Change:
    """Change the notebook, and write it without anybody's check."""

    def make(filled: NotebookNode, path: Path) -> None:
        change(filled)
        path.write_text(json.dumps(filled), "utf-8")

    return make


def each(change: Callable[[dict[str, Any]], Any]) -> Change:
    """Change every cell that nbgrader knows."""

    def every(filled: NotebookNode) -> None:
        for cell in filled.cells:
            if "nbgrader" in cell.metadata:
                change(cell.metadata["nbgrader"])

    return edit(every)


def named(filled: NotebookNode, name: str) -> NotebookNode:
    return next(
        c
        for c in filled.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") == name
    )


def checks(filled: NotebookNode) -> list[NotebookNode]:
    return [c for c in filled.cells if c.metadata.get("nbgrader", {}).get("grade")]


def harmless(name: str, what: str, change: Change, points: float = 6) -> Fault:
    return Fault(f"form-{name}", what, points, change=change)


def greedy(name: str, what: str, change: Change) -> Fault:
    """All answers are wrong."""
    return Fault(f"form-{name}", what, 0, answers=WRONG, change=change)


def no_checks(filled: NotebookNode) -> None:
    gone = [c.metadata.nbgrader.grade_id for c in checks(filled)]
    filled.cells = [
        c
        for c in filled.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") not in gone
    ]


def doubled(filled: NotebookNode) -> None:
    cell = named(filled, "relative_error")
    first = nbformat.from_dict(cell)
    first["id"] = "another"
    first["source"] = WRONG["relative_error"]
    filled.cells.insert(filled.cells.index(cell), first)


def all_doubled(filled: NotebookNode) -> None:
    filled.cells = [c for cell in filled.cells for c in (cell, dict(cell))]


def swapped(filled: NotebookNode) -> None:
    one, two = (
        named(filled, n) for n in ("relative_error", "numerical_gradient_array")
    )
    one.metadata["nbgrader"], two.metadata["nbgrader"] = (
        two.metadata["nbgrader"],
        one.metadata["nbgrader"],
    )


def claims(filled: NotebookNode) -> None:
    filled.metadata["autograder"] = {"reasons": ["full marks"], "points": 6}
    for cell in checks(filled):
        cell["source"] = "6.0"
        cell["outputs"] = [
            nbformat.v4.new_output("execute_result", {"text/plain": "6.0"})
        ]


def bonus(filled: NotebookNode) -> None:
    for kind in ({"grade": True}, {"grade": True, "solution": True}, {"task": True}):
        cell = nbformat.v4.new_code_cell("50.0")
        flags = {"grade": False, "solution": False, "task": False, "locked": False}
        cell.metadata["nbgrader"] = {
            **flags,
            **kind,
            "grade_id": f"bonus_{'_'.join(kind)}",
            "points": 50,
            "schema_version": 3,
        }
        filled.cells.append(cell)


def paths_as_ids(filled: NotebookNode) -> None:
    texts = ("../../x", "'; drop table grade; --", "a\0b", "\ud800", "x" * 10_000)
    for cell, text in zip(checks(filled), texts, strict=False):
        cell.metadata["nbgrader"]["grade_id"] = text
        cell["id"] = text


def many_cells(filled: NotebookNode) -> None:
    filled.cells += [nbformat.v4.new_code_cell("pass") for _ in range(5000)]


def deep_metadata(filled: NotebookNode) -> None:
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    filled.metadata["deep"] = deep


def huge_outputs(filled: NotebookNode) -> None:
    html = {"text/html": "<script>alert(1)</script>" * 500_000}
    filled.cells[1]["outputs"] = [{"output_type": "display_data", "data": html}]


def active(filled: NotebookNode) -> None:
    text = (
        "<script>alert(1)</script><img src=x onerror=alert(2)>"
        "<a href='javascript:alert(3)'>x</a> [y](javascript:alert(4)) "
        "<iframe srcdoc='<script>alert(5)</script>'></iframe><svg onload=alert(6)>"
    )
    filled.cells.insert(0, nbformat.v4.new_markdown_cell(text))
    filled.cells.append(nbformat.v4.new_code_cell(f"# {text}\n1"))


def odd_cells(filled: NotebookNode) -> None:
    filled["cells"] += [
        None,
        7,
        [],
        {},
        {"cell_type": "code"},
        {"cell_type": "code", "source": 5, "metadata": None},
        {
            "cell_type": "raw",
            "source": [1, None, "x = 1\n"],
            "metadata": {"nbgrader": 3},
        },
        {"cell_type": {}, "source": {}, "metadata": [], "id": 9, "outputs": "x"},
    ]


def older(filled: NotebookNode) -> None:
    cells = [
        {**c, "input": c["source"]} if c["cell_type"] == "code" else c
        for c in filled["cells"]
    ]
    filled["worksheets"] = [{"cells": cells, "metadata": {}}]
    del filled["cells"]
    filled["nbformat"], filled["nbformat_minor"] = 3, 0


def drop(name: str) -> Change:
    return edit(lambda nb: nb.cells.remove(named(nb, name)))


def retype(names: tuple[str, ...], kind: str) -> Change:
    def change(filled: NotebookNode) -> None:
        for name in names:
            named(filled, name)["cell_type"] = kind

    return edit(change)


def flags(**values: Any) -> Change:
    return each(lambda nbgrader: nbgrader.update(values))


ANSWERS = tuple(WRONG)
CHECKS = tuple(f"check_{name}" for name in WRONG)

FAULTS = (
    harmless("checks-deleted", "The check cells are deleted.", edit(no_checks)),
    harmless("answer-deleted", "One answer is deleted.", drop("relative_error"), 5),
    harmless(
        "everything-deleted", "No cell is left.", edit(lambda nb: nb.cells.clear()), 0
    ),
    harmless(
        "answer-doubled", "A wrong answer, and a right one below it.", edit(doubled)
    ),
    harmless("all-doubled", "Every cell is there twice.", edit(all_doubled)),
    harmless(
        "answers-as-markdown", "Answers are Markdown.", retype(ANSWERS, "markdown")
    ),
    harmless("answers-raw", "Answers are raw cells.", retype(ANSWERS, "raw")),
    harmless("checks-as-markdown", "Checks are Markdown.", retype(CHECKS, "markdown")),
    greedy("checks-retyped", "Checks are raw, answers wrong.", retype(CHECKS, "raw")),
    harmless("unlocked", "Every cell is unlocked.", flags(locked=False)),
    greedy(
        "all-answers", "Every cell says that it is an answer.", flags(solution=True)
    ),
    greedy("no-answers", "No cell says that it is graded.", flags(grade=False)),
    greedy("all-graded", "Every cell says that it is graded.", flags(grade=True)),
    greedy("all-tasks", "Every cell says that it is a task.", flags(task=True)),
    greedy("points-raised", "Every cell is worth 100 points.", flags(points=100)),
    greedy(
        "points-negative", "Every cell is worth less than nothing.", flags(points=-5)
    ),
    greedy("points-text", "The points are no number.", flags(points="many")),
    greedy("points-nan", "The points are NaN.", flags(points=float("nan"))),
    harmless("points-zero", "Every cell is worth nothing.", flags(points=0)),
    harmless(
        "schema-newer", "The schema of nbgrader is newer.", flags(schema_version=99)
    ),
    harmless("schema-older", "The schema of nbgrader is old.", flags(schema_version=0)),
    harmless("schema-text", "The schema is a word.", flags(schema_version="new")),
    harmless(
        "flags-gone",
        "The flags are removed, the names stay.",
        each(
            lambda n: [
                n.pop(k, None) for k in ("grade", "solution", "locked", "points")
            ]
        ),
    ),
    harmless(
        "tags",
        "Tags that hide cells from the grader.",
        edit(
            lambda nb: [
                c.metadata.update(tags=["active-ipynb", "hide_input", "skip-execution"])
                for c in nb.cells
            ]
        ),
    ),
    harmless(
        "ids-removed",
        "The ids of cells are removed.",
        edit(lambda nb: [c.pop("id", None) for c in nb.cells]),
    ),
    harmless(
        "ids-equal",
        "All cells have one id.",
        edit(lambda nb: [c.update(id="one") for c in nb.cells]),
    ),
    harmless("ids-swapped", "Two answers have changed their names.", edit(swapped)),
    harmless(
        "metadata-removed",
        "All metadata is removed.",
        edit(lambda nb: [c.update(metadata={}) for c in nb.cells]),
    ),
    harmless("ids-hostile", "Ids that are paths, SQL and NUL.", edit(paths_as_ids)),
    harmless(
        "format-newer", "The format is 5.", edit(lambda nb: nb.update(nbformat=5))
    ),
    harmless(
        "format-minor",
        "The format is 4.99.",
        edit(lambda nb: nb.update(nbformat_minor=99)),
    ),
    harmless(
        "format-text", "The format is text.", edit(lambda nb: nb.update(nbformat="4"))
    ),
    harmless("format-older", "The format is 3.", edit(older)),
    harmless(
        "kernel",
        "The notebook asks for another kernel.",
        edit(
            lambda nb: nb.metadata.update(
                kernelspec={"name": "../../bash", "display_name": "b", "language": "sh"}
            )
        ),
    ),
    greedy("claims", "Checks and outputs claim full marks.", edit(claims)),
    greedy("bonus", "Graded cells of the student's own.", edit(bonus)),
    harmless("odd-cells", "Cells that are no cells.", edit(odd_cells)),
    harmless("many-cells", "Five thousand cells.", edit(many_cells)),
    harmless("deep-metadata", "Metadata that is 900 deep.", edit(deep_metadata)),
    harmless("huge-outputs", "An output of 12 MB.", edit(huge_outputs)),
    harmless("active-html", "HTML that would run in the feedback.", edit(active)),
)
