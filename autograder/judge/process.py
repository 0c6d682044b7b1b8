"""One worker process, seen from the judge.

A worker is a confined process that a warm parent forked; see
:mod:`autograder.sandbox`. The judge holds one end of a socket pair, and of a
leash: when it lets go of that, the worker ends.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.sandbox import Child, Parent, Usage, scratch
from autograder.student.replay import Fault, Outcome
from autograder.student.trace import Trace
from autograder.worker.frames import Closed, Frame, FrameError, Late, receive, send
from autograder.worker.messages import read_fault, read_outcome

STARTING = 60.0
"""Seconds for a process to say that it is ready."""

GONE = "it has gone before it was ready"

ENDING = 10.0
"""Seconds for what a submission used to be written down, when it has ended."""

Upcall = Callable[[str, dict[str, Any], dict[str, np.ndarray]], Frame]


class CannotStart(RuntimeError):
    """No worker runs on this machine; no student's code is to blame."""


class EndedFromOutside(RuntimeError):
    """The worker went with its parent; grade the submission again."""


class WorkerLost(Exception):
    """The worker ended, hung or sent nonsense; ``fault`` says which."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class WorkerProcess:
    """A running worker.

    Every call may raise :class:`WorkerLost`, which is the student's to bear,
    and :class:`EndedFromOutside`, which is not.

    Parameters
    ----------
    closed : packages and functions that the notebook's exercises forbid

    Raises
    ------
    CannotStart : when no worker is ready, before any code of a student ran
    """

    def __init__(self, parent: Parent, closed: tuple[str, ...] = ()) -> None:
        self.parent = parent
        self.closed = closed
        self.stopped = Usage()
        said = self._begin(parent)
        if said == GONE:  # a parent that was killed; there will be another one
            parent.start()
            said = self._begin(parent)
        if said:
            raise CannotStart(
                f"The sandbox {parent.backend.name} does not hold a worker: {said} "
                "(autograder doctor says what helps)"
            )

    def _begin(self, parent: Parent) -> str:
        """Wait until the worker is ready; else what stands against it."""
        self.child: Child = parent.fork(self.closed)
        self.channel = self.child.channel
        try:
            header, _ = receive(self.channel, time.monotonic() + STARTING)
        except FrameError as error:
            header = {"error": GONE if isinstance(error, Closed) else str(error)}
        if header.get("ready") is True:
            return ""
        return str(self._let_go().get("error") or header.get("error"))

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> Usage:
        """End the worker and all that it started; what it used."""
        if self.channel.fileno() >= 0:
            report = self._let_go()
            seconds, memory = report.get("seconds", 0.0), report.get("memory", 0)
            self.stopped = Usage(float(seconds), int(memory), workers=1)
        return self.stopped

    def _let_go(self) -> dict[str, Any]:
        """The supervisor's last words. It runs no code of the student."""
        self.channel.close()
        leash, said = self.child.leash, b""
        with leash, contextlib.suppress(OSError):
            leash.shutdown(socket.SHUT_WR)
            leash.settimeout(ENDING)
            said = b"".join(iter(lambda: leash.recv(1 << 12), b""))
        if self.child.scratch is not None:
            scratch.remove(self.child.scratch)
        return dict(json.loads(said or b"{}"))

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
        """Let these functions be answered by the judge from now on."""
        self._ask({"kind": "rebind", "names": names}, {}, STARTING, "rebind")

    def compile(self, request: str, seconds: float) -> dict[str, Any]:
        """PTX and TTIR of a launch, or why they can't be had."""
        asked = {"kind": "compile", "request": request}
        return self._ask(asked, {}, seconds, "compile")[0]

    def assemble(
        self, request: str, ptx: str, ttir: str, seconds: float
    ) -> dict[str, Any]:
        """The numbers of PTX, or why they can't be had."""
        asked = {"kind": "assemble", "request": request, "ptx": ptx, "ttir": ttir}
        return self._ask(asked, {}, seconds, "assemble")[0]

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
            if isinstance(error, Closed) and not self.parent.is_alive():
                raise EndedFromOutside("The sandbox was ended from outside.") from None
            raise WorkerLost(_lost(error, function)) from None


def _lost(error: FrameError, function: str) -> Fault:
    if isinstance(error, Late):
        return Fault("deadline", function)
    if isinstance(error, Closed):
        return Fault("crashed", function)
    return Fault("crashed", function, message=f"It sent {error}.")
