"""The card that leads from a chapter to its assignment."""

from pathlib import Path

import pytest
from coursebook.assignments import Assignment, card, heading
from coursebook.site import Repository

REPOSITORY = Repository.parse("https://github.com/o/n", "main")
NOTEBOOK = Path(__file__).parent / "assignment.ipynb"


def test_the_title_is_the_notebooks_heading() -> None:
    assert heading(NOTEBOOK) == "Batch normalization by hand"


def test_the_card_links_notebook_zip_and_colab() -> None:
    html = card(Assignment("bn", "first"), "A <b>", "../", REPOSITORY)
    assert 'href="../assignments/bn/first.ipynb" download' in html
    assert 'href="../assignments/bn.zip" download' in html
    assert "/o/n/blob/main/assignments/bn/first.ipynb" in html
    assert "A &lt;b&gt;" in html


@pytest.mark.parametrize("text", ["", "one", "a/b/c", "../secret", "a/b.ipynb"])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write assignment/notebook"):
        Assignment.parse(text)
