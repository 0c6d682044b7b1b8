"""Landlock alone, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.worker.walls import landlock
from tests.users import ROOT

SCRIPT = """
import ctypes, os, sys
from autograder.worker.walls import landlock
readable, scratch, other, version, act = sys.argv[1:]
if version:
    landlock.version = lambda: int(version)
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
landlock.restrict((readable, f"{other}/one", f"{other}/not there"), scratch)
try:
    exec(act)
except PermissionError:
    print("refused")
else:
    print("done")
"""
DONE = {
    "read": "open(f'{readable}/file').read()",
    "list": "os.listdir(readable)",
    "read one file": "open(f'{other}/one').read()",
    "write": "open(f'{scratch}/new', 'w').write('x')",
    "remove": "os.remove(f'{scratch}/file')",
    "make folders": "os.makedirs(f'{scratch}/a/b')",
    "rename": "os.rename(f'{scratch}/file', f'{scratch}/other')",
    "link": "os.symlink('/', f'{scratch}/link')",
}
REFUSED = {
    "read another": "open(f'{other}/file').read()",
    "list another": "os.listdir(other)",
    "read by a link": (
        "os.symlink(f'{other}/file', f'{scratch}/l'); open(f'{scratch}/l')"
    ),
    "read above": "open(f'{readable}/../other/file')",
    "write where it may read": "open(f'{readable}/file', 'w')",
    "write onto the one file": "open(f'{other}/one', 'a')",
    "make a file": "open(f'{readable}/new', 'w')",
    "make a folder": "os.mkdir(f'{readable}/new')",
    "remove it": "os.remove(f'{readable}/file')",
    "execute": "os.execv('/bin/true', ['true'])",
    "execute what was written": (
        "import shutil; p = shutil.copy(sys.executable, scratch); os.execv(p, [p])"
    ),
}
LATER = {
    3: {"empty": "os.truncate(f'{other}/file', 0)"},
    4: {"connect": "import socket; socket.create_connection(('127.0.0.1', 9))"},
    6: {"signal": "os.kill(os.getppid(), 0)"},
}
"""What only newer versions refuse."""


def happens(act: str, folder: Path, version: str = "") -> str:
    for name in ("readable", "scratch", "other"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("x")
    (folder / "other" / "one").write_text("x")
    places = [str(folder / n) for n in ("readable", "scratch", "other")]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *places, version, act],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("version", ["", "1"])
@pytest.mark.parametrize("act", DONE.values(), ids=DONE)
def test_it_can(act: str, version: str, tmp_path: Path) -> None:
    assert happens(act, tmp_path, version) == "done"


@pytest.mark.parametrize("version", ["", "1"])
@pytest.mark.parametrize("act", REFUSED.values(), ids=REFUSED)
def test_it_can_not(act: str, version: str, tmp_path: Path) -> None:
    assert happens(act, tmp_path, version) == "refused"


@pytest.mark.parametrize("since", LATER)
def test_newer_versions_refuse_more(since: int, tmp_path: Path) -> None:
    if landlock.version() < since:
        pytest.skip(f"this kernel's Landlock has version {landlock.version()}")
    (act,) = LATER[since].values()
    assert happens(act, tmp_path) == "refused"


@pytest.mark.parametrize(("said", "version"), [(-1, 0), (1, 1), (7, 7)])
def test_the_version_is_what_the_kernel_says(
    said: int, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Kernel:
        @staticmethod
        def syscall(*arguments: object) -> int:
            return said

    monkeypatch.setattr(landlock, "LIBC", Kernel)
    assert landlock.version() == version


def test_rights_are_those_of_the_kernels_header() -> None:
    """From linux/landlock.h: one bit more for each right that was added."""
    rights = landlock.RIGHTS
    assert rights == {1: 13, 2: 14, 3: 15, 5: 16}
