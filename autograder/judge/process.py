"""One worker process, seen from the judge.

A worker is started with one end of a socket pair, an empty folder and an
empty environment. It gets the student's part and the worker's part of this
package as a zip, so no file of the course lies on its path.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipapp
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import autograder
from autograder.student.replay import Fault, Outcome
from autograder.student.trace import Trace
from autograder.worker.frames import Closed, Frame, FrameError, Late, receive, send
from autograder.worker.messages import read_fault, read_outcome

START = """\
import sys
from autograder.worker.main import main
main(int(sys.argv[1]))
"""

STARTING = 60.0
"""Seconds for a worker to start; importing is most of it."""

Upcall = Callable[[str, dict[str, Any], dict[str, np.ndarray]], Frame]


class CannotStart(RuntimeError):
    """No worker runs on this machine; no student's code is to blame."""


class WorkerLost(Exception):
    """The worker ended, hung or sent nonsense; ``fault`` says which."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


@cache
def bundle() -> Path:
    """The zip that a worker runs: made once per process of the judge."""
    package = Path(autograder.__file__).parent
    folder = Path(tempfile.mkdtemp(prefix="autograder-bundle-"))
    target = folder / "autograder"
    target.mkdir()
    shutil.copy(package / "__init__.py", target)
    for part in ("student", "worker"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(package / part, target / part, ignore=ignore)
    (folder / "__main__.py").write_text(START)
    archive = folder.with_suffix(".pyz")
    zipapp.create_archive(folder, archive)
    shutil.rmtree(folder)
    atexit.register(archive.unlink, missing_ok=True)
    return archive


class WorkerProcess:
    """A running worker. Every call may raise :class:`WorkerLost`.

    Raises
    ------
    CannotStart : when no worker answers, before any code of a student ran
    """

    def __init__(self) -> None:
        if not bundle().is_file():  # a server outlives what cleans up /tmp
            bundle.cache_clear()
        self.scratch = tempfile.mkdtemp(prefix="autograder-worker-")
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-B", str(bundle()), str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                cwd=self.scratch,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.channel = ours
        try:
            self.rebind(())
        except WorkerLost as lost:
            self.stop()
            raise CannotStart(
                f"A worker does not start: {lost.fault.kind} {lost.fault.message}"
            ) from None

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": self.scratch,
            "TMPDIR": self.scratch,
            "LANG": "C.UTF-8",
            "PATH": os.defpath,
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TRITON_CACHE_DIR": f"{self.scratch}/triton",
        }

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the worker and all that it started; remove its folder."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.channel.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def run_cell(self, source: str, label: str, seconds: float) -> Fault | None:
        """Run one cell; None when it ran."""
        header, _ = self._ask(
            {"kind": "cell", "source": source, "label": label}, {}, seconds, label
        )
        fault = header.get("fault")
        try:
            return None if fault is None else read_fault(fault)
        except FrameError as error:
            raise WorkerLost(_lost(error, label)) from None

    def replay(
        self,
        trace: Trace,
        watch: tuple[str, ...],
        seconds: float,
        upcall: Upcall | None = None,
    ) -> Outcome:
        """Run one case; a broken reply is a fault of its exercise."""
        function = trace.steps[-1].function
        request = {"kind": "replay", "trace": trace.to_json(), "watch": watch}
        frame = self._ask(request, trace.arrays, seconds, function, upcall)
        try:
            return read_outcome(frame)
        except (FrameError, TypeError) as error:
            raise WorkerLost(_lost(FrameError(str(error)), function)) from None

    def rebind(self, names: tuple[str, ...]) -> None:
        """Let these functions be answered by the judge from now on.

        With no names it only waits until the worker serves.
        """
        self._ask({"kind": "rebind", "names": names}, {}, STARTING, "rebind")

    def _ask(
        self,
        request: dict[str, Any],
        arrays: dict[str, np.ndarray],
        seconds: float,
        function: str,
        upcall: Upcall | None = None,
    ) -> Frame:
        identity = secrets.token_hex(16)
        deadline = time.monotonic() + seconds
        try:
            send(self.channel, ({**request, "id": identity}, arrays), deadline)
            while True:
                header, body = receive(self.channel, deadline)
                if header.get("id") != identity:
                    raise FrameError("a reply that nobody asked for")
                if "upcall" not in header:
                    return header, body
                if upcall is None:
                    raise FrameError("a question where an answer was due")
                send(self.channel, upcall(header["upcall"], header, body), deadline)
        except FrameError as error:
            raise WorkerLost(_lost(error, function)) from None


def _lost(error: FrameError, function: str) -> Fault:
    if isinstance(error, Late):
        return Fault("deadline", function)
    if isinstance(error, Closed):
        return Fault("crashed", function)
    return Fault("crashed", function, message=f"It sent {error}.")
