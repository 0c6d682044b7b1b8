"""What intake finds in files that were sent is what it finds in the folder."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.course import handed
from autograder.course.submissions import submission
from autograder.judge.intake import LARGEST_FILE, rebuild

WARMUP = "warmup/warmup"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "submitted"
    made.mkdir()
    return made


@pytest.fixture(scope="module")
def text(released: NotebookNode) -> str:
    return json.dumps(submission(released, WARMUP))


def plain(folder: Path, text: str) -> None:
    (folder / "warmup.ipynb").write_text(text)


def renamed(folder: Path, text: str) -> None:
    (folder / "notes.ipynb").write_text("{}")
    (folder / "sub").mkdir()
    (folder / "sub" / "wärmup (1).ipynb").write_text(text)
    (folder / "link.ipynb").symlink_to("notes.ipynb")
    (folder / "empty.ipynb").touch()


def renamed_beside_an_empty_one(folder: Path, text: str) -> None:
    renamed(folder, text)
    (folder / "warmup.ipynb").touch()


def renamed_among_many(folder: Path, text: str) -> None:
    """Only the first twenty are looked at: both look at the same."""
    for i in range(30):
        (folder / f"{i:02}.ipynb").write_text(text if i in (19, 25) else "{}")


def empty(folder: Path, text: str) -> None:
    (folder / "warmup.ipynb").touch()


def large(folder: Path, text: str) -> None:
    plain(folder, text)
    os.truncate(folder / "warmup.ipynb", LARGEST_FILE + 7)


def largest(folder: Path, text: str) -> None:
    (folder / "warmup.ipynb").write_text(text + " " * (LARGEST_FILE - len(text)))


def link(folder: Path, text: str) -> None:
    (folder.parent / "other.ipynb").write_text(text)
    (folder / "warmup.ipynb").symlink_to(folder.parent / "other.ipynb")


def link_beside_a_copy(folder: Path, text: str) -> None:
    (folder / "copy.ipynb").write_text(text)
    (folder / "warmup.ipynb").symlink_to("copy.ipynb")


def a_folder(folder: Path, text: str) -> None:
    (folder / "warmup.ipynb").mkdir()


def a_pipe(folder: Path, text: str) -> None:
    os.mkfifo(folder / "warmup.ipynb")


def a_socket(folder: Path, text: str) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(folder)
        try:
            made.bind("warmup.ipynb")
        finally:
            os.chdir(here)


def damaged(folder: Path, text: str) -> None:
    (folder / "warmup.ipynb").write_text(text[:900])


@pytest.mark.parametrize(
    "make",
    [
        plain,
        renamed,
        renamed_beside_an_empty_one,
        renamed_among_many,
        empty,
        large,
        largest,
        link,
        link_beside_a_copy,
        a_folder,
        a_pipe,
        a_socket,
        damaged,
    ],
)
def test_intake_finds_the_same(
    make: Callable[[Path, str], None],
    folder: Path,
    text: str,
    tmp_path: Path,
    released: NotebookNode,
) -> None:
    make(folder, text)
    sent = tmp_path / "sent"
    sent.mkdir()
    handed.lay_out(handed.read(folder, ["warmup"]), sent)
    there = rebuild(released, folder / "warmup.ipynb")
    here = rebuild(released, sent / "warmup.ipynb")
    assert (here.reasons, here.notebook) == (there.reasons, there.notebook)


def test_a_missing_notebook_is_as_nbgrader_s_empty_one(folder: Path) -> None:
    missing = handed.read(folder, ["warmup"])
    (folder / "warmup.ipynb").touch()
    assert handed.read(folder, ["warmup"]) == missing


def test_a_folder_that_is_a_link_is_not_followed(folder: Path, text: str) -> None:
    plain(folder, text)
    other = folder.with_name("other")
    other.symlink_to(folder)
    assert handed.read(other, ["warmup"]) == (handed.File("warmup.ipynb", "link"),)
    assert handed.read(folder / "warmup.ipynb", ["a"])[0].kind == "link"


def test_a_large_file_is_neither_read_nor_sent_nor_written(
    folder: Path, tmp_path: Path
) -> None:
    large(folder, "{}")
    (file,) = handed.read(folder, ["warmup"])
    assert (file.kind, file.content) == ("large", b"")
    handed.lay_out([file], tmp_path)
    assert (tmp_path / "warmup.ipynb").stat().st_blocks == 0


def test_many_large_files_are_bounded_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed, "LARGEST_FILE", 1000)
    monkeypatch.setattr(handed, "MOST_BYTES", 3000)
    for i in range(10):
        (folder / f"{i}.ipynb").write_bytes(b"x" * 900)
    found = handed.read(folder, ["warmup"])
    assert [f.kind for f in found] == [*["plain"] * 4, *["large"] * 7]


@pytest.fixture
def no_rights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook can't be opened; root could open what has no rights."""
    opened = os.open

    def refuse(path: Path, *more: int) -> int:
        if Path(path).name == "warmup.ipynb":
            raise PermissionError(13, "Permission denied")
        return opened(path, *more)

    monkeypatch.setattr(os, "open", refuse)
    return folder


def test_what_can_not_be_read_has_the_system_s_reason(
    no_rights: Path, tmp_path: Path, released: NotebookNode
) -> None:
    files = handed.read(no_rights, ["warmup"])
    sent = tmp_path / "sent"
    sent.mkdir()
    handed.lay_out(files, sent)
    reasons = rebuild(released, sent / "warmup.ipynb").reasons
    assert handed.said(files, reasons)[0] == (
        "warmup.ipynb can't be read: Permission denied."
    )
    assert not any("not submitted" in r for r in handed.said(files, reasons))


def test_other_reasons_stay(folder: Path) -> None:
    assert handed.said(handed.read(folder, ["warmup"]), ["a", "b"]) == ["a", "b"]
