"""What a canary is: an act in several ways, each tried in a worker of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograder.course.doctor.planted import Planted

Seen = Callable[[Planted, str | None], bool]
"""From what was planted, and what the canary told (None: nothing)."""

KIT = """
import contextlib, ctypes, errno, mmap, os, platform, resource, signal, socket, sys
import threading, time
LIBC = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() in ("aarch64", "arm64")

class Reached(Exception):
    pass

def reached(text=""):
    raise Reached(text)

def first(*acts):
    "The first that succeeds ends the cell."
    for act in acts:
        try:
            found = act()
        except Exception:
            continue
        reached(found if isinstance(found, str) else "")

def put_mark():
    "A name that is seen from outside."
    LIBC.prctl(15, AT["mark"].encode(), 0, 0, 0)

def child(act):
    "In a new process: wait until it has a name."
    here, there = os.pipe()
    pid = act()
    if pid == 0:
        put_mark()
        os.write(there, b".")
        os.closerange(3, 256)  # the judge then sees at once that the first has ended
        time.sleep(8)
        os._exit(0)
    if pid < 0:
        raise OSError(ctypes.get_errno(), "refused")
    os.read(here, 1)
    return pid

def checked(answer):
    if answer < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return answer

def gets_through(answer):
    "The kernel has looked at it, whatever it thinks of the arguments."
    refused = (errno.EPERM, errno.EACCES, errno.ENOSYS)
    if answer >= 0 or ctypes.get_errno() not in refused:
        reached()
"""
"""What every canary has at hand, beside ``AT``: where everything is."""


def says_so(planted: Planted, told: str | None) -> bool:
    """The canary's own word, for what leaves no trace outside."""
    return told is not None


@dataclass(frozen=True)
class Way:
    """One way to do it.

    Attributes
    ----------
    name : as it is reported when it is open
    source : the code; it ends with ``reached(...)`` when it believes it was done
    seen : whether it was done, as seen from outside
    neighbour : code that runs before, as another submission
    seconds : its deadline
    ended : look when the worker is gone, not while it is there
    """

    name: str
    source: str
    seen: Seen = says_so
    neighbour: str = ""
    seconds: float = 20.0
    ended: bool = False


@dataclass(frozen=True)
class Canary:
    """An act that no student's process may do.

    Attributes
    ----------
    name : a verb: what it tries
    ways : all of them must be closed
    not_covered : kinds of walls that do not promise to close them
    """

    name: str
    ways: tuple[Way, ...]
    not_covered: tuple[str, ...] = ()
