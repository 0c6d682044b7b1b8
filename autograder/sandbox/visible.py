"""What of the machine a jail shows: the interpreter, its packages, no more."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib32", "/lib64")
"""Shared libraries. Not the whole of ``/usr``: nbgrader's exchange is in it."""

SINGLE_FILES = ("/etc/ld.so.cache", "/etc/localtime")


def interpreter() -> list[Path]:
    """The folders and files of this Python and its packages."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    paths = [Path(sysconfig.get_path(name)) for name in names]
    paths += [Path(p) for p in site.getsitepackages()]
    program = Path(sys.executable)
    paths += [program, program.resolve(), Path(sys.prefix) / "pyvenv.cfg"]
    # Where a Python of its own keeps its shared library.
    paths += [Path(sys.base_prefix) / "lib"] if sys.base_prefix != "/usr" else []
    return [p for p in dict.fromkeys(paths) if p.exists()]


def readable() -> list[str]:
    """All that a student's process may read, outermost paths alone."""
    system = [Path(p) for p in (*SYSTEM, *SINGLE_FILES) if Path(p).exists()]
    return [str(p) for p in _outermost([*system, *interpreter()])]


def _outermost(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in sorted(dict.fromkeys(paths), key=lambda p: len(p.parts)):
        if not any(path.is_relative_to(f) for f in found):
            found.append(path)
    return found


def exposed(secrets: Iterable[Path]) -> list[Path]:
    """Those of ``secrets`` that lie, or link to what lies, where all can read."""
    shown = [Path(os.path.realpath(p)) for p in readable()]
    return [
        secret
        for secret in secrets
        if any(Path(os.path.realpath(secret)).is_relative_to(s) for s in shown)
    ]
