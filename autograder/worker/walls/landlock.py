"""Landlock: a process gives up the file system but for the folders it names.

https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable

from autograder.worker.walls.namespaces import LIBC, checked

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH = 1
VERSION = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
READING = EXECUTE | READ_FILE | READ_DIR
RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""File system rights that each version of the interface knows."""
FROM_NETWORK, FROM_SCOPES = 4, 6
BIND_CONNECT = 0b11
ABSTRACT_SOCKETS_SIGNALS = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """The version of Landlock in this kernel; 0 when there is none."""
    return max(0, LIBC.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION))


def restrict(readable: Iterable[str], writable: str) -> None:
    """Only read below ``readable``, only write below ``writable``, no network.

    Takes the process's own right to gain rights (``no_new_privs``) as given.

    Raises
    ------
    OSError : when the kernel has no Landlock
    """
    known = version()
    files = (1 << max(n for v, n in RIGHTS.items() if v <= max(known, 1))) - 1
    ruleset = _Ruleset(
        files,
        BIND_CONNECT if known >= FROM_NETWORK else 0,
        ABSTRACT_SOCKETS_SIGNALS if known >= FROM_SCOPES else 0,
    )
    handle = LIBC.syscall(
        CREATE_RULESET,
        ctypes.byref(ruleset),
        ctypes.c_size_t(ctypes.sizeof(ruleset)),
        0,
    )
    checked(handle, "landlock")
    try:
        for path in readable:
            _allow(handle, path, READING & files)
        _allow(handle, writable, files & ~EXECUTE)
        _allow(handle, os.devnull, READ_FILE | WRITE_FILE)
        checked(LIBC.syscall(RESTRICT_SELF, handle, 0), "landlock")
    finally:
        os.close(handle)


def _allow(handle: int, path: str, rights: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= EXECUTE | READ_FILE | WRITE_FILE
        rule = _PathBeneath(rights, folder)
        done = LIBC.syscall(ADD_RULE, handle, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        checked(done, f"landlock {path}")
    finally:
        os.close(folder)
