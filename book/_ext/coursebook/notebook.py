"""A chapter as a plain notebook: no outputs, no MyST, runs on its own."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml

from coursebook.inline import NoPlainForm
from coursebook.markdown import plain
from coursebook.references import References

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
CODE_CELL = re.compile(r"^(?:`{3,}|:{3,})\{code-cell\}", re.MULTILINE)
MODULE = "lecture"
PACKAGE = "autograder"
INSTALL = """\
try:
    import {package}
except ImportError:  # the students' package of the course
    %pip install --quiet {wheel}"""
# Only the book has MyST-NB; the module brings a function that does the same.
MYST_GLUE = re.compile(r"^from myst_nb import glue$", re.MULTILINE)


def is_chapter(source: str) -> bool:
    """Tell a MyST notebook with code from a page of text."""
    header = FRONT_MATTER.match(source)
    if header is None or CODE_CELL.search(source) is None:
        return False
    metadata: dict[str, Any] = yaml.safe_load(header[1]) or {}
    text = metadata.get("jupytext", {}).get("text_representation", {})
    return bool(text.get("format_name") == "myst")


def plain_notebook(
    source: str,
    references: References,
    *,
    modules: Mapping[str, str],
    wheel: str | None,
    address: str,
) -> nbformat.NotebookNode:
    """Return a chapter's source as a plain notebook.

    `modules` are the sources of the modules that lie beside the chapters: the
    first cells write those that the chapter imports beside the notebook. `wheel` is
    the address of the students' package, and installed likewise. `address` is
    the chapter on the published book, named at the notebook's end.
    The same source gives the same notebook, cell ids included. Raises
    NoPlainForm for what a plain notebook cannot show or do.
    """
    chapter = jupytext.reads(source, fmt="md:myst")
    cells = []
    for cell in chapter.cells:
        if cell.cell_type == "code":
            text = MYST_GLUE.sub(f"from {MODULE} import glue", cell.source)
            cells.append(_code(text, list(cell.metadata.get("tags", []))))
        elif text := plain(cell.source, references):
            cells.append(nbformat.v4.new_markdown_cell(text))
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    first = [cell.cell_type for cell in cells].index("code")
    for name in sorted(modules, reverse=True):
        if _imports(name, code):
            text = f"%%writefile {name}.py\n{modules[name]}"
            cells.insert(first, _code(text, ["hide-input"]))
    if _imports(PACKAGE, code):
        if wheel is None:
            raise NoPlainForm(f"{PACKAGE} is imported, and there is no wheel of it")
        text = INSTALL.format(package=PACKAGE, wheel=wheel)
        cells.insert(first, _code(text, []))
    cells.append(
        nbformat.v4.new_markdown_cell(
            f"---\nThis notebook is a page of the course: <{address}>. "
            "Text under CC BY 4.0, code under the MIT licence."
        )
    )
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
    )


def _imports(module: str, code: list[str]) -> bool:
    """Tell whether a line of the code imports a module or a part of it."""
    line = re.compile(rf"^ *(?:import|from) {module}\b", re.MULTILINE)
    return any(line.search(text) for text in code)


def _code(text: str, tags: list[str]) -> nbformat.NotebookNode:
    """Return a code cell; a page that folds it away is followed here."""
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    if {"hide-input", "hide-cell", "remove-input", "remove-cell"} & set(tags):
        metadata["jupyter"] = {"source_hidden": True}
    return nbformat.v4.new_code_cell(text.rstrip("\n"), metadata=metadata)


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook that nbformat finds valid."""
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
