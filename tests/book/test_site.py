"""Addresses that follow from the repository's."""

import pytest
from coursebook.site import Repository

REPOSITORY = Repository.parse("https://github.com/Owner/name", "main")


def test_the_published_book_is_on_github_pages() -> None:
    assert REPOSITORY.pages == "https://owner.github.io/name/"


def test_a_committed_notebook_opens_from_the_main_branch() -> None:
    address = REPOSITORY.colab_source("assignments/a/b.ipynb")
    expected = "github/Owner/name/blob/main/assignments/a/b.ipynb"
    assert address == f"https://colab.research.google.com/{expected}"


def test_a_built_notebook_opens_from_the_published_branch() -> None:
    address = REPOSITORY.colab_published("notebooks/a b.ipynb")
    assert address.endswith("/Owner/name/blob/gh-pages/notebooks/a%20b.ipynb")


def test_the_ending_of_a_clone_address_is_dropped() -> None:
    assert Repository.parse("https://github.com/o/n.git/", "x").name == "n"


@pytest.mark.parametrize(
    "url", ["", "https://gitlab.com/o/n", "https://github.com/o", "o/n"]
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a repository on GitHub"):
        Repository.parse(url, "main")
