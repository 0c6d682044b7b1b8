"""The judge's side of warm parents: one a kind of walls and set of packages.

A parent has imported NumPy, and torch and Triton when they are asked for. For
each submission it forks, so none waits for an import. It is started anew
after :data:`MOST_FORKS` submissions, or when it has gone.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import json
import os
import secrets
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.sandbox import scratch
from autograder.sandbox.backends import (
    FIRST_UID,
    UIDS,
    Backend,
    NoSandbox,
    environment,
)
from autograder.sandbox.bundle import bundle
from autograder.worker.frames import FrameError, receive
from autograder.worker.walls import Walls

STARTING = 120.0
"""Seconds for a parent to import torch on a cold and busy machine."""

ENDING, GOING = 10.0, 0.1
MOST_FORKS = 500
LIGHT = ("numpy", "numpy.random")
HEAVY = (
    *LIGHT,
    "torch",
    "torch._dynamo",
    "torch._subclasses.schema_check_mode",
    "triton",
    "triton.language",
    "triton.compiler.code_generator",
    "triton.runtime.interpreter",
)
"""With what torch and Triton import only when a tensor is first looked at, or a
kernel first launched; that takes a second."""


@dataclass(frozen=True)
class Child:
    """A submission's process: the channel to it, and its leash.

    ``scratch`` is a folder to remove when it has ended, or None.
    """

    channel: socket.socket
    leash: socket.socket
    scratch: str | None


class Parent:
    """A warm parent. :meth:`fork` makes a confined process of it.

    Raises
    ------
    NoSandbox : when it does not start, with what bubblewrap or Python said
    """

    def __init__(self, backend: Backend, modules: tuple[str, ...] = LIGHT) -> None:
        self.backend = backend
        self.modules = modules
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.forks = 0
        self.retired: list[tuple[subprocess.Popen[bytes], str]] = []
        self.start()

    def start(self) -> None:
        """Start it, or another one in its place.

        The one before goes by itself, when its last submission has.
        """
        self._retire()
        if not bundle().is_file():  # a server outlives what cleans up /tmp
            bundle.cache_clear()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.home = tempfile.mkdtemp(prefix="autograder-home-")
        with theirs, open(self._log(), "wb") as log:
            self.process = subprocess.Popen(
                [*self.backend.command(bundle()), str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                cwd=self.home,
                env=environment(self.home),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        self.control, self.forks = ours, 0
        setting = {
            "walls": dataclasses.asdict(self.backend.walls()),
            "modules": self.modules,
        }
        ours.settimeout(STARTING)
        try:
            ours.send(json.dumps(setting).encode())
            answer = json.loads(ours.recv(1 << 16) or b"{}")
        except (OSError, ValueError):
            answer = {}
        if answer.get("threads") != 1:
            said = self._said() or f"it has {answer.get('threads', 'no')} threads"
            self.stop()
            raise NoSandbox(
                f"The sandbox {self.backend.name} does not start: {said} "
                "(autograder doctor says what helps)"
            )
        self._try_out()

    def _try_out(self) -> None:
        """Put up the walls once: a machine may allow the jail and not those."""
        child = self._fork()
        with child.channel, child.leash:
            try:
                header, _ = receive(child.channel, time.monotonic() + STARTING)
            except FrameError as error:
                header = {"error": str(error)}
            child.leash.shutdown(socket.SHUT_WR)
            last = child.leash.recv(1 << 12)
        if child.scratch is not None:
            scratch.remove(child.scratch)
        self.forks = 0
        if not header.get("ready"):
            said = json.loads(last or b"{}").get("error") or header.get("error")
            self.stop()
            raise NoSandbox(
                f"The sandbox {self.backend.name} does not hold a worker: {said} "
                "(autograder doctor says what helps)"
            )

    def _log(self) -> str:
        return f"{self.home}/log"

    def _said(self) -> str:
        """The last line that it wrote on its way out."""
        assert self.process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        text = Path(self._log()).read_text(errors="replace")
        lines = text.strip().splitlines()
        return lines[-1][:300] if lines else ""

    def stop(self) -> None:
        """Let it go, and wait until it has ended."""
        self._retire()
        for process, home in self.retired:
            _end(process)
            shutil.rmtree(home, ignore_errors=True)
        self.retired.clear()

    def _retire(self) -> None:
        """Without its control socket it ends when its last submission has."""
        if self.control is not None:
            self.control.close()
            self.control = None
        if self.process is not None:
            self.retired.append((self.process, self.home))
            self.process = None
        for process, home in list(self.retired):
            if process.poll() is not None:
                shutil.rmtree(home, ignore_errors=True)
                self.retired.remove((process, home))

    def is_alive(self) -> bool:
        """Whether the parent still runs, and is not just about to go."""
        if self.process is None or self.control is None:
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(GOING)
        hung_up = select.poll()
        hung_up.register(self.control, select.POLLHUP)
        return self.process.poll() is None and not hung_up.poll(0)

    def fork(self, closed: tuple[str, ...] = ()) -> Child:
        """A new confined process, which says on its channel that it is ready.

        Parameters
        ----------
        closed : packages and functions that are out of its reach

        Raises
        ------
        NoSandbox : when there is no parent and none starts
        """
        with self.lock:
            if self.forks >= MOST_FORKS or self.process is None:
                self.start()
            try:
                return self._fork(closed)
            except OSError:  # it has gone
                self.start()
                return self._fork(closed)

    def _fork(self, closed: tuple[str, ...] = ()) -> Child:
        assert self.control is not None
        inside = self.backend.scratch()
        made = None if inside else tempfile.mkdtemp(prefix="autograder-worker-")
        own_user = self.backend.uid()
        uid = FIRST_UID + secrets.randbelow(UIDS) if own_user else None
        request = {"scratch": inside or made, "uid": uid, "closed": closed}
        ours, theirs = socket.socketpair()
        leash, held = socket.socketpair()
        try:
            with theirs, held:
                descriptors = [theirs.fileno(), held.fileno()]
                message = json.dumps(request).encode()
                socket.send_fds(self.control, [message], descriptors)
        except OSError:
            ours.close()
            leash.close()
            if made:
                os.rmdir(made)
            raise
        self.forks += 1
        return Child(ours, leash, made)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for it; end by force what does not end by itself."""
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()
        process.wait()


_Key = tuple[str, Walls, tuple[str, ...], int]
_parents: dict[_Key, Parent] = {}
_lock = threading.Lock()


def parent(backend: Backend, modules: tuple[str, ...] = LIGHT) -> Parent:
    """The warm parent of this process for a kind of walls; made on first use.

    Raises
    ------
    NoSandbox : when it does not start
    """
    with _lock:
        key = (backend.name, backend.walls(), modules, os.getpid())
        if key not in _parents:
            _parents[key] = Parent(backend, modules)
            atexit.register(_stop, key)
        return _parents[key]


def _stop(key: _Key) -> None:
    if key[-1] == os.getpid():
        _parents.pop(key).stop()
