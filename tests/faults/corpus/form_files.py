"""The files of a submission: damaged, renamed, linked, and what lies beside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tests.faults.fault import Change, Fault


def content(make: Callable[[str], str | bytes]) -> Change:
    """Write something else, made of the notebook's text."""

    def change(filled: NotebookNode, path: Path) -> None:
        made = make(json.dumps(filled))
        path.write_bytes(made if isinstance(made, bytes) else made.encode())

    return change


def files(act: Callable[[Path], Any]) -> Change:
    """Do something with the file."""
    return lambda filled, path: void(act(path))


def void(_: object) -> None:
    """Drop a result."""


def stamp(text: bytes) -> Change:
    return files(lambda path: (path.parent / "timestamp.txt").write_bytes(text))


def damaged(name: str, what: str, change: Change, points: float = 0) -> Fault:
    return Fault(f"form-{name}", what, points, change=change)


def fine(name: str, what: str, change: Change) -> Fault:
    return Fault(f"form-{name}", what, 6, change=change)


def linked(target: str) -> Change:
    def act(path: Path) -> None:
        submitted = path.parents[2]
        path.unlink()
        path.symlink_to(target.format(submitted=submitted, folder=submitted.parent))

    return files(act)


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe_in_its_place(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def in_a_folder(path: Path) -> None:
    (path.parent / "warmup (1)" / "new").mkdir(parents=True)
    path.rename(path.parent / "warmup (1)" / "new" / "warmup.ipynb")


def copies(path: Path) -> None:
    for i in range(30):
        (path.parent / f"copy {i}.ipynb").write_text(path.read_text()[: i * 50])


def links_beside(path: Path) -> None:
    for name, target in (("grades.db", "../../../gradebook.db"), ("all", "/")):
        (path.parent / name).symlink_to(target)
    (path.parent / "round").symlink_to(".")
    os.mkfifo(path.parent / "pipe")


def sparse(path: Path) -> None:
    with (path.parent / "data.csv").open("wb") as file:
        file.truncate(200 << 20)


def deep_folders(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)
    for _ in range(1200):
        os.mkdir("a")
        os.chdir("a")
    os.chdir(here)


def stamp_elsewhere(path: Path) -> None:
    place = path.parent / "timestamp.txt"
    place.unlink()
    place.symlink_to("/etc/passwd")


def stamp_folder(path: Path) -> None:
    (path.parent / "timestamp.txt").unlink()
    (path.parent / "timestamp.txt").mkdir()


def long_lines(text: str) -> str:
    data = json.loads(text)
    data["cells"].append(nbformat.v4.new_code_cell("x = '" + "y" * (2 << 20) + "'"))
    return json.dumps(data)


def doubled_keys(text: str) -> str:
    return '{"cells": [], "nbformat": 3, ' + text[1:]


FAULTS = (
    damaged(
        "half", "The file ends in the middle.", content(lambda t: t[: len(t) // 2])
    ),
    damaged("empty", "The file is empty.", content(lambda t: b"")),
    damaged("no-json", "The file is no JSON.", content(lambda t: b"\0\xff" * 999)),
    damaged(
        "deep-json",
        "JSON that is 100,000 deep.",
        content(lambda t: '{"cells":' + "[" * 10**5),
    ),
    damaged(
        "deep-closed",
        "The same, and closed again.",
        content(lambda t: "[" * 10**5 + "]" * 10**5),
    ),
    damaged("a-list", "The file is a list.", content(lambda t: f"[{t}]")),
    damaged(
        "a-number", "A number of a million digits.", content(lambda t: "9" * 10**6)
    ),
    damaged("wide", "A file of 30 MB.", content(lambda t: t + " " * (30 << 20))),
    damaged("utf-16", "The text is UTF-16.", content(lambda t: t.encode("utf-16"))),
    fine(
        "utf-8-mark",
        "The file begins with a mark.",
        content(lambda t: t.encode("utf-8-sig")),
    ),
    fine("doubled-keys", "Keys are there twice.", content(doubled_keys)),
    fine("long-line", "A cell of 2 MB.", content(long_lines)),
    fine(
        "bad-bytes",
        "A comment holds bytes that are no text.",
        content(lambda t: t.encode().replace(b"Largest", b"L\xe4rgest", 1)),
    ),
    damaged(
        "link-classmate",
        "A link to a classmate's file.",
        linked("{submitted}/canary/warmup/warmup.ipynb"),
    ),
    damaged(
        "link-gradebook", "A link to the gradebook.", linked("{folder}/gradebook.db")
    ),
    damaged("link-device", "A link to a device without end.", linked("/dev/zero")),
    damaged("link-nowhere", "A link to nothing.", linked("/no/such/file")),
    damaged("link-round", "A link to itself.", linked("warmup.ipynb")),
    damaged("folder", "A folder of that name.", files(folder_in_its_place)),
    damaged("pipe", "A pipe that nobody writes to.", files(pipe_in_its_place)),
    damaged("missing", "There is no notebook.", files(lambda p: p.unlink())),
    damaged(
        "python",
        "A script in its place.",
        files(lambda p: p.rename(p.with_suffix(".py"))),
    ),
    fine(
        "renamed",
        "The file has another name.",
        files(lambda p: p.rename(p.with_name("my work (2).ipynb"))),
    ),
    fine(
        "renamed-oddly",
        "A name of bytes.",
        files(
            lambda p: os.rename(p, os.path.join(os.fsencode(p.parent), b"\xff\n.ipynb"))
        ),
    ),
    fine("moved", "The file is in a folder.", files(in_a_folder)),
    fine("copies", "Thirty broken copies beside it.", files(copies)),
    fine("links-beside", "Links and a pipe beside it.", files(links_beside)),
    fine(
        "sparse-beside", "A file of 200 MB beside it that holds nothing.", files(sparse)
    ),
    fine("deep-beside", "Folders beside it, 1,200 deep.", files(deep_folders)),
    fine("time-words", "A timestamp in words.", stamp(b"next tuesday")),
    fine("time-empty", "An empty timestamp.", stamp(b"")),
    fine("time-bytes", "A timestamp of bytes.", stamp(b"\xff\xfe\0")),
    fine(
        "time-far", "A timestamp of the year 99999.", stamp(b"99999-01-01 00:00:00 UTC")
    ),
    fine(
        "time-first",
        "A timestamp before all time.",
        stamp(b"0001-01-01 00:00:00 +1400"),
    ),
    fine("time-late", "The last moment of time.", stamp(b"9999-12-31 23:59:59 -1400")),
    fine("time-long", "A timestamp of 20 MB.", stamp(b"2026 " * (4 << 20))),
    fine("time-link", "The timestamp is a link.", files(stamp_elsewhere)),
    fine("time-folder", "The timestamp is a folder.", files(stamp_folder)),
)
