"""The walls around a student's code, put up from inside its own process.

Which of them are used is data (:class:`Walls`) that the judge's side sends;
see :mod:`autograder.sandbox` for the backends. Nothing here can be undone by
the code that comes after it.
"""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import sys
from dataclasses import dataclass

from autograder.worker.walls import landlock, namespaces

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Walls:
    """What a student's process is confined by.

    Attributes
    ----------
    namespaces : own mounts, processes, network and users, and a scratch
        folder in memory
    landlock : folders that may be read; None for no Landlock rules
    seccomp : the compiled filter of system calls as hexadecimal text, or ""
    memory : bytes that a process may map beyond what it starts with
    file_size, files : bytes of one file, and open files
    threads : of one process; and processes, where the filter lets them be
    disk, inodes : bytes and files of the scratch folder
    """

    namespaces: bool = False
    landlock: tuple[str, ...] | None = None
    seccomp: str = ""
    memory: int = 2 << 30
    file_size: int = 64 << 20
    files: int = 256
    threads: int = 64
    disk: int = 64 << 20
    inodes: int = 1000


def confine(walls: Walls, scratch: str, uid: int | None, mapped: int) -> None:
    """Put up all walls around this process, for good.

    Parameters
    ----------
    scratch : the one folder that can be written to
    uid : a user and group of its own, where root starts the process
    mapped : bytes that are mapped already

    Raises
    ------
    OSError : when one of the walls can't be put up
    """
    os.umask(0o077)
    _limit(walls, mapped, uid is not None)
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.chdir(scratch)
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if walls.seccomp:
            _lose_capabilities()
            _prctl(PR_SET_DUMPABLE, 0)
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if walls.landlock is not None:
        landlock.restrict(walls.landlock, scratch)
    if walls.seccomp:
        _filter(bytes.fromhex(walls.seccomp))


def _counts_by_namespace() -> bool:
    """Since Linux 5.14."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(re.sub(r"\D.*", "", minor))) >= (5, 14)


def _limit(walls: Walls, mapped: int, own_user: bool) -> None:
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": walls.file_size,
        "RLIMIT_NOFILE": walls.files,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 256,
    }
    if mapped:
        limits["RLIMIT_AS"] = mapped + walls.memory
    if walls.namespaces and (own_user or _counts_by_namespace()):
        # Elsewhere this counts all processes of the user, not those of the jail.
        limits["RLIMIT_NPROC"] = walls.threads
    for name, most in limits.items():
        if hasattr(resource, name):
            resource.setrlimit(getattr(resource, name), (most, most))


def _prctl(option: int, value: int) -> None:
    namespaces.checked(namespaces.LIBC.prctl(option, value, 0, 0, 0), "prctl")


def _lose_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    namespaces.checked(namespaces.LIBC.capset(header, nothing), "capset")


class _Program(ctypes.Structure):
    """``struct sock_fprog``: a program of 8 bytes an instruction."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _filter(code: bytes) -> None:
    program = _Program(len(code) // 8, code)
    done = namespaces.LIBC.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0
    )
    namespaces.checked(done, "seccomp")
