"""Rebuild a submission from the release, with the student's text put in.

Only the text of the student's answer cells, and of cells that the student
added, is taken from what was submitted. Outputs, tags, points, flags, ids and
test cells come from the release. Whatever is wrong with the file becomes a
reason that the student reads; it never stops a batch.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode

LARGEST_FILE = 20 << 20
LARGEST_CELL = 1 << 20
MOST_CELLS = 2000
MOST_FILES = 20
DEEPEST = 8
MOST_REASONS = 20
LONGEST_REASON = 200
META = "autograder"
GONE = "# This cell was not in the notebook that was handed in."


@dataclass(frozen=True)
class Submitted:
    """One cell as it was handed in: which released cell it claims to be."""

    grade_id: str
    cell_id: str
    kind: str
    source: str


@dataclass
class Intake:
    """A rebuilt notebook, and what was odd about the submission."""

    notebook: NotebookNode
    reasons: list[str] = field(default_factory=list)


def rebuild(release: NotebookNode, path: Path) -> Intake:
    """The released notebook with the answers of the submission at ``path``."""
    reasons: list[str] = []
    found = find(path.parent, path.stem, release)
    if found != path:
        reasons.append(f"It was submitted as {found.relative_to(path.parent)}.")
    submitted = read_cells(found, reasons)
    notebook = _put_in(release, submitted, reasons)
    reasons = [_one_line(r) for r in dict.fromkeys(reasons)][:MOST_REASONS]
    notebook.metadata[META] = {"reasons": reasons}
    return Intake(notebook, reasons)


def find(folder: Path, name: str, release: NotebookNode) -> Path:
    """The submitted notebook: by its name, or else by its answer cells."""
    expected = folder / f"{name}.ipynb"
    if _holds_something(expected):
        return expected
    answers = [c for c in release.cells if _is_answer(c)]
    others = sorted(p for p in notebooks_below(folder) if _holds_something(p))

    def fitting(path: Path) -> int:
        claims = _claims(release, read_cells(path, []))
        return sum(a in claims for a in answers)

    best = max(others[:MOST_FILES], key=fitting, default=None)
    return best if best is not None and fitting(best) else expected


def notebooks_below(folder: Path) -> list[Path]:
    """Every ``*.ipynb`` in a folder and those in it, not through links.

    Nor in folders deeper than :data:`DEEPEST`: some trees have no end.
    """
    found: list[Path] = []
    left = [(folder, 0)]
    while left:
        place, depth = left.pop()
        with contextlib.suppress(OSError):
            for entry in os.scandir(place):
                if entry.is_dir(follow_symlinks=False):
                    left += [(Path(entry.path), depth + 1)] if depth < DEEPEST else []
                elif entry.name.endswith(".ipynb"):
                    found.append(Path(entry.path))
    return found


def _holds_something(path: Path) -> bool:
    """A file with content; no link, and not the empty one put in its place."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size > 0


def _one_line(reason: str) -> str:
    """A reason without anything that Markdown or a table could trip over."""
    plain = "".join(c if c.isprintable() and c != "`" else " " for c in reason)
    return plain[:LONGEST_REASON]


def read_cells(path: Path, reasons: list[str]) -> list[Submitted]:
    """The cells of a submitted file, as far as they can be read."""
    data = _read_json(path, reasons)
    if data is None:
        return []
    version = data.get("nbformat")
    if version != 4:
        said = version if isinstance(version, int | str) else "something else"
        reasons.append(f"The notebook says that its format is {said}, not 4.")
    cells = data.get("cells")
    if cells is None and isinstance(data.get("worksheets"), list):
        sheets = [s.get("cells") for s in data["worksheets"] if isinstance(s, dict)]
        cells = [c for sheet in sheets if isinstance(sheet, list) for c in sheet]
    if not isinstance(cells, list):
        reasons.append("The notebook holds no cells.")
        return []
    if len(cells) > MOST_CELLS:
        reasons.append(f"Only the first {MOST_CELLS} of {len(cells)} cells are read.")
    read = [_read_cell(c, reasons) for c in cells[:MOST_CELLS] if isinstance(c, dict)]
    return [c for c in read if c is not None]


def _read_json(path: Path, reasons: list[str]) -> dict[str, Any] | None:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            reasons.append(f"{path.name} is a link or no plain file; it is not read.")
            return None
        if status.st_size == 0:
            reasons.append(f"{path.name} was not submitted, or is empty.")
            return None
        if status.st_size > LARGEST_FILE:
            reasons.append(f"{path.name} is larger than {LARGEST_FILE >> 20} MB.")
            return None
        data = json.loads(path.read_bytes().decode("utf-8-sig", errors="replace"))
    except FileNotFoundError:
        reasons.append(f"{path.name} was not submitted.")
        return None
    except OSError as error:
        reasons.append(f"{path.name} can't be read: {error.strerror}.")
        return None
    except (ValueError, RecursionError):
        reasons.append(f"{path.name} is damaged: it is no valid notebook file.")
        return None
    if not isinstance(data, dict):
        reasons.append(f"{path.name} is damaged: it is no valid notebook file.")
        return None
    return data


def _read_cell(cell: dict[str, Any], reasons: list[str]) -> Submitted | None:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        return None
    if len(source) > LARGEST_CELL:
        reasons.append("A cell larger than 1 MB is not read.")
        return None
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    cell_id = cell.get("id")
    return Submitted(
        grade_id=grade_id if isinstance(grade_id, str) else "",
        cell_id=cell_id if isinstance(cell_id, str) else "",
        kind="code" if cell.get("cell_type") == "code" else "markdown",
        source=source.encode("utf-8", "replace").decode(),
    )


def _put_in(
    release: NotebookNode, submitted: list[Submitted], reasons: list[str]
) -> NotebookNode:
    """Released cells in their order; added cells after the one they followed."""
    claimed = _claims(release, submitted)
    answers: dict[str, str] = {}
    added: dict[str, list[Submitted]] = {}
    after = ""
    for cell, known in zip(submitted, claimed, strict=True):
        name = "" if known is None else _grade_id(known)
        if known is not None and not (name and name in answers):
            after = known.id
            if _is_answer(known):
                answers[name] = cell.source
                if cell.kind != known.cell_type:
                    reasons.append(f"The cell of {name} is no code cell; read as one.")
            elif cell.source.strip() != known.source.strip():
                if name:
                    reasons.append(
                        f"The cell {name} was changed; the given one counts."
                    )
                elif cell.kind == "code":
                    added.setdefault(after, []).append(cell)
        elif cell.source.strip() and not _is_given(release, cell):
            added.setdefault(after, []).append(cell)
    rebuilt = nbformat.from_dict({**release, "cells": []})
    rebuilt.cells += _added(added.pop("", []), "first")
    for cell in release.cells:
        copy = nbformat.from_dict(cell)
        if _is_answer(cell):
            copy.source = answers.get(_grade_id(cell), cell.source)
            if submitted and _grade_id(cell) not in answers:
                reasons.append(
                    f"The cell of {_grade_id(cell)} was not in the notebook."
                )
                # Not the released stub: it would undo a definition elsewhere.
                copy.source = GONE
        rebuilt.cells.append(copy)
        rebuilt.cells += _added(added.pop(cell.id, []), cell.id)
    return rebuilt


def _claims(
    release: NotebookNode, submitted: list[Submitted]
) -> list[NotebookNode | None]:
    """For each submitted cell the released one that it is, or None.

    A cell is known by its grade_id, its id, or its unchanged text. Editors
    may drop all metadata: then an answer is known by the function it defines.
    """
    by_grade_id = {_grade_id(c): c for c in release.cells if _grade_id(c)}
    by_id = {c.id: c for c in release.cells}
    by_text = {c.source.strip(): c for c in release.cells if not _is_answer(c)}
    found = [
        by_grade_id.get(c.grade_id)
        or by_id.get(c.cell_id)
        or by_text.get(c.source.strip())
        for c in submitted
    ]
    taken = {_grade_id(c) for c in found if c is not None}
    for name, cell in by_grade_id.items():
        if _is_answer(cell) and name not in taken:
            defines = re.compile(rf"^def {re.escape(name)}\(", re.MULTILINE)
            places = [
                i
                for i, c in enumerate(submitted)
                if found[i] is None and defines.search(c.source)
            ]
            if places:
                found[places[0]] = cell
    return found


def _is_given(release: NotebookNode, cell: Submitted) -> bool:
    """Whether it is a copy of a released cell, such as an untouched stub."""
    return any(cell.source.strip() == c.source.strip() for c in release.cells)


def _grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _is_answer(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _added(cells: Iterable[Submitted], after: str) -> list[NotebookNode]:
    """Cells of the student's own; their Markdown loses active HTML and links."""
    clean = SanitizeHTML()
    made = []
    for i, cell in enumerate(cells):
        if cell.kind == "code":
            node = nbformat.v4.new_code_cell(cell.source)
        else:
            node = nbformat.v4.new_markdown_cell(cell.source)
            node, _ = clean.preprocess_cell(node, {}, 0)
            # Markdown has links and images of its own, to any address.
            node.source = re.sub(r"\]([(:\[])", r"] \1", node.source)
        node["id"] = f"{after[:50]}-added-{i}"
        node.metadata["tags"] = ["added-by-student"]
        made.append(node)
    return made
