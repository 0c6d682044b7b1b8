"""Batches and clusters as processes that tests start, watch and kill."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from autograder.course.submissions import hand_in, right_answers, submission
from autograder.mistakes import mistakes_of
from autograder.reference import scripts

WARMUP = "warmup/warmup"
PATIENCE = 120.0


def until(what: Callable[[], Any], why: str) -> Any:
    """Wait for something true, and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"after {PATIENCE:g} s still not: {why}")


def start(one: Any, *arguments: str) -> subprocess.Popen[str]:
    """``autograder grade``, as typed into a terminal of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "autograder.course", "grade", *arguments],
        cwd=one.root,
        env=one.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def graded(one: Any) -> int:
    """How many records the journal holds."""
    return len(list((one.class_folder / "journal").glob("*/*.json")))


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs any more."""

    def runs(process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            return process.status() != psutil.STATUS_ZOMBIE
        return False

    return not any(p.is_running() and runs(p) for p in processes)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


@contextmanager
def dask(one: Any, workers: int = 2) -> Iterator[str]:
    """A scheduler and workers as processes, in a course; yields the address."""
    address = f"tcp://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]
    folder = one.root / "dask"
    folder.mkdir(exist_ok=True)
    quiet = ("--no-dashboard",)
    commands = [("scheduler", "--host", "127.0.0.1", "--port", port, *quiet)]
    commands += [
        ("worker", address, "--nthreads", "1", "--local-directory", str(folder), *quiet)
    ] * workers
    running = []
    try:
        for number, command in enumerate(commands):
            with (folder / f"{number}.log").open("w") as log:
                running.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "dask", *command],
                        cwd=one.root,
                        env=one.environment,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )
                )
        yield address
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


def small_class(one: Any) -> list[str]:
    """Twelve submissions: right, with mistakes, damaged, missing, linked."""
    right, released = right_answers(WARMUP), one.release()
    wrong = [
        {e: scripts.solution(WARMUP, e, m)}
        for e in ("relative_error", "numerical_gradient")
        for m in mistakes_of(e)[:2]
    ]
    head = right["relative_error"].split("### BEGIN SOLUTION")[0].rstrip()
    wrong += [
        {"relative_error": f"{head}\n    import os; os._exit(1)"},
        {"relative_error": f"{head}\n    raise ValueError('a NUL: \\0')"},
        {},
        {},
    ]
    made = []
    for i, answers in enumerate(wrong):
        made.append(put(one, f"s{i:02}", submission(released, WARMUP, right | answers)))
    for spoil in (
        lambda path: path.write_text(path.read_text()[:2000]),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.symlink_to("/etc/hostname")),
        lambda path: path.write_bytes(b" " * (21 << 20)),
    ):
        path = put(one, f"s{len(made):02}", submission(released, WARMUP))
        spoil(path)
        made.append(path)
    return [path.parents[1].name for path in made]


def put(one: Any, student: str, notebook: Any) -> Path:
    """Hand in at a time that is always the same."""
    path = hand_in(one.class_folder, student, WARMUP, notebook)
    (path.parent / "timestamp.txt").write_text("2026-01-30 15:00:00.000000 UTC")
    return path
