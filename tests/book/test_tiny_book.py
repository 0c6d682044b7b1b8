"""Whole builds of tiny books: one that is right, one with faults."""

import json
import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest


@pytest.fixture(scope="module")
def page(tiny_html: Path) -> str:
    return (tiny_html / "chapter.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cells(tiny_html: Path) -> list[str]:
    text = (tiny_html / "notebooks" / "chapter.ipynb").read_text(encoding="utf-8")
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


def test_mathjax_is_served_by_the_site(tiny_html: Path, page: str) -> None:
    assert 'src="_static/mathjax/tex-svg.js"' in page
    assert (tiny_html / "_static" / "mathjax" / "tex-svg.js").is_file()


def test_nothing_is_loaded_from_another_host(page: str) -> None:
    loaded = re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=\"([^\"]*)\"", page)
    loaded += re.findall(r"<link[^>]*rel=\"(?!canonical)[^>]*href=\"([^\"]*)\"", page)
    assert loaded
    assert not [address for address in loaded if "//" in address]


def test_the_script_that_throws_is_gone(page: str) -> None:
    assert "THEBE_JS_URL" not in page


def test_claims_are_words_with_a_class(page: str) -> None:
    for claim in ("derived", "measured", "reported", "disputed"):
        assert f'<span class="claim claim-{claim}">{claim}</span>' in page


def test_the_card_takes_its_title_from_the_notebook(page: str) -> None:
    assert "Assignment: Batch normalization by hand" in page


def test_the_assignment_its_zip_and_the_wheel_are_published(tiny_html: Path) -> None:
    for path in (
        "assignments/batchnorm/batchnorm.ipynb",
        "assignments/batchnorm.zip",
        "dist/autograder-1.0-py3-none-any.whl",
    ):
        assert (tiny_html / path).is_file()


def test_works_of_the_bibliography_are_items_of_a_list(tiny_html: Path) -> None:
    html = (tiny_html / "bibliography.html").read_text(encoding="utf-8")
    assert html.count('role="listitem"') == 3
    assert "doc-biblioentry" not in html


def test_buttons_stand_on_notebook_pages_alone(tiny_html: Path, page: str) -> None:
    assert 'href="notebooks/chapter.ipynb" download' in page
    assert "/blob/gh-pages/notebooks/chapter.ipynb" in page
    assert "notebook-button" not in (tiny_html / "index.html").read_text()


def test_the_number_of_an_equation_is_that_of_the_page(
    page: str, cells: list[str]
) -> None:
    shown = re.search(r'class="eqno">\(([\d.]+)\)', page)
    assert shown
    assert f"\\tag{{{shown[1]}}}" in cells[0]
    assert f"[({shown[1]})]" in cells[0]


def test_citations_references_and_values_become_text(cells: list[str]) -> None:
    assert "Ioffe and Szegedy (2015)" in cells[0]
    assert "(Solo, 2010; van der Maaten et al., 2013)" in cells[0]
    assert "[A section](https://" in cells[0]
    assert "chapter.html#second)" in cells[0]
    assert "Half is 0.50." in cells[-2]


def test_the_notebook_brings_the_helper_module(cells: list[str]) -> None:
    helper = Path(__file__).parents[2] / "book" / "lecture.py"
    source = helper.read_text(encoding="utf-8").rstrip("\n")
    assert cells[1] == f"%%writefile lecture.py\n{source}"


@pytest.mark.parametrize(
    "complaint",
    [
        "unknown claim 'guessed'",
        "assignment lost/lost: lost.ipynb is not there",
        "assignment lost/lost: lost.zip is not there",
        "no plain notebook: the directive 'list-table' has no plain form",
    ],
)
def test_a_fault_is_named_and_fails_the_build(
    broken_build: CompletedProcess[str], complaint: str
) -> None:
    assert broken_build.returncode != 0
    assert complaint in broken_build.stderr
