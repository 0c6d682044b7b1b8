"""Names and years of the works that a chapter cites."""

from pathlib import Path

import pytest
from coursebook.references import authors
from pybtex.database import parse_file

WORKS = parse_file(str(Path(__file__).parent / "tiny" / "references.bib"))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("one2010", "Solo"),
        ("two2015", "Ioffe and Szegedy"),
        ("three2013", "van der Maaten et al."),
    ],
)
def test_authors_by_their_number(key: str, expected: str) -> None:
    assert authors(WORKS.entries[key]) == expected
