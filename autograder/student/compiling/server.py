"""A process beside this one that compiles, for code that may do what it likes.

It is started when the first kernel is compiled, since importing Triton takes
seconds, and ends with this process. In grading nothing of this is used.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from autograder.student.compiling import assembly, ptx
from autograder.student.compiling.code import (
    Built,
    MachineCode,
    Refused,
    from_json,
    to_json,
)

ROOT = Path(__file__).parents[3]
"""What ``autograder`` is imported from: a folder, or a zip."""

PROGRAM = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    "from autograder.student.compiling.server import main; main()"
)
SECONDS = 120.0
"""For one kernel, with the start of the process."""


def build(requests: Sequence[str]) -> Built:
    """Compile the launches of one call, each at most once in this process."""
    try:
        return Built(tuple(_compiled(request) for request in requests))
    except Refused as why:
        return Built(why_not=str(why))


@lru_cache(maxsize=1000)
def _compiled(request: str) -> MachineCode:
    return _server().ask(request)


class Server:
    """The process that compiles, and the pipes to it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        self.folder = tempfile.TemporaryDirectory(prefix="autograder-compiler-")
        env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
        cache = {"TRITON_CACHE_DIR": self.folder.name, "PYTHONWARNINGS": "ignore"}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**env, **cache},
            )
        except OSError as error:
            self.folder.cleanup()
            raise Refused(f"no process can be started: {error.strerror}") from None

    def ask(self, request: str) -> MachineCode:
        """Compile one launch.

        Raises
        ------
        Refused : when it can't be, or takes too long
        """
        with self.lock:
            try:
                answer = json.loads(self._exchange(request))
            except (OSError, ValueError):
                self.stop()
                raise Refused("the compiler ended without an answer") from None
        if "refused" in answer:
            raise Refused(answer["refused"])
        return from_json(answer)

    def _exchange(self, request: str) -> bytes:
        given, answers = self.process.stdin, self.process.stdout
        assert given is not None
        assert answers is not None
        given.write(request.encode() + b"\n")
        given.flush()
        if not select.select([answers], [], [], SECONDS)[0]:
            self.stop()
            raise Refused(f"it took more than {SECONDS:.0f} s")
        return answers.readline()

    def is_running(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def stop(self) -> None:
        """End it."""
        if self.owner != os.getpid():
            return
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self.folder.cleanup()


_running: list[Server] = []


def _server() -> Server:
    """The server of this process; another one when it has gone."""
    if not _running or not _running[0].is_running():
        if _running:
            _running.pop().stop()
        _running.append(Server())
        atexit.register(_running[0].stop)
    return _running[0]


def main() -> None:
    """Answer requests, a line each, until there are no more."""
    # What a kernel's text prints must not get among the answers.
    answers: IO[str] = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    requests: IO[str] = os.fdopen(os.dup(0))
    os.dup2(nowhere, 0)
    with contextlib.suppress(BrokenPipeError):
        for line in requests:
            answers.write(json.dumps(_answer(json.loads(line))) + "\n")
            answers.flush()


_warm: list[bool] = []


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        if not _warm:
            ptx.warm_up()
            _warm.append(True)
        return to_json(assembly.assemble(request, **ptx.compile_ptx(request)))
    except ImportError as error:
        return {"refused": f"Triton can't be imported: {error}"}
    except Refused as why:
        return {"refused": str(why)}
