"""What runs below this process: warm parents, and the submissions they forked."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from autograder.sandbox import warm
from autograder.sandbox.warm import Parent

SOON = 20.0


def eventually(holds: Callable[[], bool], seconds: float = SOON) -> bool:
    """Whether it comes to hold in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def chain(parent: Parent) -> Iterator[psutil.Process]:
    """bubblewrap's processes, where there are some, and the warm Python."""
    if parent.process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess, IndexError):
        process = psutil.Process(parent.process.pid)
        yield process
        while process.name() == "bwrap":
            process = process.children()[0]
            yield process


def python(parent: Parent) -> psutil.Process:
    """The warm Python itself."""
    return list(chain(parent))[-1]


def below(process: psutil.Process) -> list[psutil.Process]:
    """All that it started and that runs."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [p for p in process.children(recursive=True) if runs(p)]
    return []


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended, waited for or not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def submissions(parent: Parent) -> list[psutil.Process]:
    """Supervisors and students' processes of one warm parent."""
    found = list(chain(parent))
    return below(found[-1]) if found else []


def student(parent: Parent) -> psutil.Process:
    """The one student's process of a warm parent, as the machine sees it."""
    (supervisor,) = python(parent).children()
    (process,) = supervisor.children()
    return process


def all_submissions() -> list[psutil.Process]:
    """Of all warm parents that the judge keeps."""
    return [p for parent in list(warm._parents.values()) for p in submissions(parent)]


def others() -> set[psutil.Process]:
    """What else was started from here: neither warm parents nor submissions."""
    kept = {p for parent in list(warm._parents.values()) for p in chain(parent)}
    return set(below(psutil.Process())) - kept - set(all_submissions())


def homes() -> set[Path]:
    """The empty folders that warm parents run in."""
    return {Path(parent.home) for parent in warm._parents.values()}
