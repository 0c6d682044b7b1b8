"""A chapter as a plain notebook."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from coursebook.inline import NoPlainForm
from coursebook.notebook import is_chapter, plain_notebook, write

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""
CELL = "```{code-cell} ipython3\n%s\n```\n"


class NoReferences:
    """References for a text that has none."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nothing here refers to anything: {name}")


def convert(
    body: str, wheel: str | None = "https://site/a.whl"
) -> nbformat.NotebookNode:
    return plain_notebook(
        HEADER + body,
        NoReferences(),
        modules={"lecture": "answer = 42\n", "cifar": "size = 32\n"},
        wheel=wheel,
        address="https://page",
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (HEADER + CELL % "x", True),
        (HEADER + "# Only text", False),
        (CELL % "x", False),
        ("---\ntitle: x\n---\n" + CELL % "x", False),
    ],
)
def test_a_chapter_has_a_header_and_code(source: str, expected: bool) -> None:
    assert is_chapter(source) is expected


def test_cells_keep_their_order_and_the_page_is_named_last() -> None:
    made = convert("# Title\n\n" + CELL % "x = 1" + "\nText.\n")
    kinds = [(cell.cell_type, cell.source.split("\n")[0]) for cell in made.cells]
    assert kinds == [
        ("markdown", "# Title"),
        ("code", "x = 1"),
        ("markdown", "Text."),
        ("markdown", "---"),
    ]
    assert "<https://page>" in made.cells[-1].source


def test_every_module_that_lies_beside_a_chapter_is_brought() -> None:
    made = convert(CELL % "import lecture\nimport cifar")
    code = [c.source for c in made.cells if c.cell_type == "code"]
    assert code[:2] == [
        "%%writefile cifar.py\nsize = 32",
        "%%writefile lecture.py\nanswer = 42",
    ]


@pytest.mark.parametrize("line", ["import lecture", "from lecture import answer"])
def test_the_helper_module_is_written_by_the_first_cell(line: str) -> None:
    made = convert("# Title\n\n" + CELL % "x = 1" + CELL % line)
    code = [cell.source for cell in made.cells if cell.cell_type == "code"]
    assert code == ["%%writefile lecture.py\nanswer = 42", "x = 1", line]


def test_without_the_import_there_is_no_such_cell() -> None:
    made = convert(CELL % "import lectures")
    assert not any("%%writefile" in cell.source for cell in made.cells)


def test_the_students_package_is_installed_where_it_is_missing() -> None:
    made = convert(CELL % "from autograder.student import kernels")
    assert made.cells[0].source.startswith("try:\n    import autograder\n")
    assert made.cells[0].source.endswith("%pip install --quiet https://site/a.whl")


def test_without_a_wheel_such_a_chapter_has_no_plain_form() -> None:
    with pytest.raises(NoPlainForm, match="there is no wheel"):
        convert(CELL % "import autograder", wheel=None)


def test_glue_comes_from_the_helper_module() -> None:
    made = convert(CELL % "from myst_nb import glue")
    assert made.cells[1].source == "from lecture import glue"


def test_a_folded_cell_is_folded_in_the_notebook() -> None:
    made = convert(CELL % ":tags: [hide-input]\nx = 1")
    assert made.cells[0].metadata.jupyter == {"source_hidden": True}


def test_the_same_source_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(convert("# Title\n\n" + CELL % "x = 1"), tmp_path / f"{name}.ipynb")
    first, second = (tmp_path / "a.ipynb", tmp_path / "b.ipynb")
    assert first.read_bytes() == second.read_bytes()
    made = nbformat.read(first, as_version=4)
    assert all(not cell.get("outputs") for cell in made.cells)
    assert made.metadata.kernelspec.name == "python3"
