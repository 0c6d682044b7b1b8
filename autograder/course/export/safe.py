"""Text of students, fit for spreadsheets and for XML; files that are written."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

Cell = str | float | None

# XML 1.0 has no way to write these, not even as a reference.
CONTROLS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain(text: str) -> str:
    """Without the control characters that no file format here can hold."""
    return CONTROLS.sub("", text)


def cell(value: Cell) -> str | float:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers.

    An apostrophe in front marks text, as OWASP has it for CSV injection.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    text = plain(value)
    if NUMBER.fullmatch(text):
        return text
    # Some spreadsheets drop blanks before they look.
    risky = text.startswith(FORMULA) or text.lstrip().startswith(FORMULA)
    return f"'{text}" if risky else text


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """A text file to write, with its folder.

    Raises
    ------
    ValueError : when it can't be written
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
            yield file
    except OSError as error:
        raise ValueError(f"{path} can't be written: {error.strerror}.") from error


def write_table(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    """Rows as CSV.

    Raises
    ------
    ValueError : when the file can't be written
    """
    with writing(path) as file:
        csv.writer(file).writerows([cell(v) for v in row] for row in rows)
