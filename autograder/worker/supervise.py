"""One submission inside the walls: a supervisor, and the student's process.

The supervisor runs no code of a student. It holds one end of a *leash*: when
the judge lets go of the other, the student's process ends with all that it
started, and what it used is written down.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import random
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from autograder.worker import closed
from autograder.worker.frames import send
from autograder.worker.main import Worker
from autograder.worker.walls import Walls, confine, namespaces

PR_SET_CHILD_SUBREAPER = 36
LOOK_EVERY = 0.2
"""Seconds between looks at a scratch folder on disk."""


def supervise(walls: Walls, request: dict[str, Any], channel: int, leash: int) -> None:
    """Run one submission in a child; returns when nothing of it is left.

    Parameters
    ----------
    request : its ``scratch`` folder, its user ``uid`` or None, and the names
        that are ``closed`` to it

    Raises
    ------
    OSError : when a wall can't be put up; no code of a student has run then
    """
    _only_these_stay_open(channel, leash)
    scratch, uid = request["scratch"], request["uid"]
    mapped = _mapped()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if walls.namespaces:
        hidden = closed.folders(tuple(request["closed"]))
        namespaces.enter(scratch, walls.disk, walls.inodes, uid, hidden)
    elif sys.platform == "linux":
        # What the student's process leaves behind becomes a child of this one.
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ended, tell = socket.socketpair()
    ended.setblocking(False)
    tell.setblocking(False)
    signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _only_these_stay_open(channel)
        _serve(walls, request, mapped, channel)
    os.close(channel)
    watched = None if walls.namespaces else scratch
    _wait(child, leash, ended, watched, walls)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    if not walls.namespaces:
        _end_what_is_left()
    report = {
        "seconds": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "status": status,
    }
    with contextlib.suppress(OSError):
        os.write(leash, json.dumps(report).encode())


def _serve(walls: Walls, request: dict[str, Any], mapped: int, descriptor: int) -> None:
    """The student's process: it never returns to the supervisor's code."""
    try:
        os.setsid()
        channel = socket.socket(fileno=descriptor)
        try:
            confine(walls, request["scratch"], request["uid"], mapped)
        except OSError as error:
            send(channel, ({"ready": False, "error": str(error)}, {}))
        else:
            _seed()
            closed.shut(tuple(request["closed"]))
            send(channel, ({"ready": True}, {}))
            Worker(channel).serve()
    finally:
        os._exit(1)


def _seed() -> None:
    """Unseeded global generators give every submission the same numbers.

    So a grade is the same whenever, and wherever, it is computed.
    """
    random.seed(0)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def _wait(
    child: int, leash: int, ended: socket.socket, watched: str | None, walls: Walls
) -> None:
    """Until the child ended, the judge lets go, or the folder is too full."""
    while True:
        every = None if watched is None else LOOK_EVERY
        ready = select.select([leash, ended.fileno()], [], [], every)[0]
        if leash in ready:
            return
        if ended.fileno() in ready:  # of an orphan, perhaps
            ended.recv(1 << 10)
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return
        if watched is not None and _is_full(watched, walls):
            return


def _is_full(folder: str, walls: Walls) -> bool:
    """Where the scratch folder lies on a disk, nothing else bounds it.

    What can't be looked into (too deep, or closed) counts as full.
    """
    used = files = 0
    places = [folder]
    try:
        while places:
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                for entry in os.scandir(places.pop()):
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        places.append(entry.path)
                    else:
                        used += entry.stat(follow_symlinks=False).st_blocks * 512
            if used > walls.disk or files > walls.inodes:
                return True
    except OSError:
        return True
    return False


def _end_what_is_left() -> None:
    """Kill children until there are none; orphans become children here."""
    while True:
        for child in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.001)
        except ChildProcessError:
            return


def _children() -> list[int]:
    me = os.getpid()
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == me:
                found.append(int(path.parent.name))
    return found


def _mapped() -> int:
    """Bytes of address space that this process has."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGESIZE")
    return 0


def _only_these_stay_open(*kept: int) -> None:
    """Standard streams lead nowhere; all else but ``kept`` is closed."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    most = os.sysconf("SC_OPEN_MAX")
    edges = [2, *sorted(kept), min(most, 1 << 16)]
    for low, high in itertools.pairwise(edges):
        os.closerange(low + 1, high)
