"""What the doctor plants for canaries to find, and its own look at it afterwards.

All of it is small, made for one examination, and taken away after it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from autograder.course.folders import class_folder
from autograder.reference.scripts import ROOT
from autograder.sandbox.backends import PACKAGE

VARIABLE = "AUTOGRADER_DOCTOR"
PATIENCE = 3.0
"""Seconds for what a canary says it did to show."""

EVERYBODYS = ("/tmp", "/var/tmp", "/dev/shm")


class Planted:
    """Secrets, files, doors and a process, all outside of the walls."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(12)
        self.mark = f"c{self.token[:12]}"  # 15 characters are a process's name
        self.home = Path(os.path.expanduser("~"))
        self.undo = contextlib.ExitStack()
        try:
            self._plant()
        except BaseException:
            self.undo.close()
            raise

    def __enter__(self) -> Planted:
        return self

    def __exit__(self, *error: object) -> None:
        self.end_marked()
        self.undo.close()

    def _plant(self) -> None:
        os.environ[VARIABLE] = self.token
        self.undo.callback(os.environ.pop, VARIABLE, None)
        self.folder = Path(tempfile.mkdtemp(prefix="autograder-doctor-"))
        self.undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        self.open = self.folder / "open"
        self.doors = self.folder / "doors"
        for folder in (self.open, self.doors):
            folder.mkdir()
            folder.chmod(0o777)
        self.file = self.open / "file"
        self.restore()
        self.secrets = {"a shared folder": str(self._secret(self.folder / "secret"))}
        for name, folder in (
            ("the class folder", class_folder()),
            ("your home", self.home),
        ):
            with contextlib.suppress(OSError):
                self._folder(folder)
                path = folder / f".doctor-{self.token}"
                self.secrets[name] = str(self._secret(path))
        self._listen()
        self._start_victim()

    def _folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir()
            self.undo.callback(_remove_empty, folder)

    def _secret(self, path: Path) -> Path:
        path.write_text(self.token)
        self.undo.callback(path.unlink, missing_ok=True)
        path.chmod(0o644)
        return path

    def _listen(self) -> None:
        """Doors that a canary may try; nobody has to answer them."""
        self.listening: dict[str, socket.socket] = {}
        stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
        wanted: list[tuple[str, str, int, Any]] = [
            ("tcp", "AF_INET", stream, ("127.0.0.1", 0)),
            ("tcp6", "AF_INET6", stream, ("::1", 0)),
            ("udp", "AF_INET", datagram, ("127.0.0.1", 0)),
            ("unix", "AF_UNIX", stream, str(self.doors / "stream")),
            ("datagram", "AF_UNIX", datagram, str(self.doors / "datagram")),
            ("abstract", "AF_UNIX", stream, f"\0{self.mark}"),
        ]
        for name, family, kind, address in wanted:
            with contextlib.suppress(OSError, AttributeError):
                door = socket.socket(getattr(socket, family), kind)
                self.undo.callback(door.close)
                door.bind(address)
                door.setblocking(False)
                if kind == stream:
                    door.listen(16)
                self.listening[name] = door
        for path in self.doors.iterdir():
            path.chmod(0o777)

    def _start_victim(self) -> None:
        """A process of the same user, that only waits."""
        self.victim = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            env={VARIABLE: self.token},
        )
        self.undo.callback(self._end_victim)
        self.victims_environment = 0
        with contextlib.suppress(OSError, IndexError):
            text = Path(f"/proc/{self.victim.pid}/stat").read_text()
            self.victims_environment = int(text.rpartition(")")[2].split()[47])

    def _end_victim(self) -> None:
        assert self.victim.stdin is not None
        self.victim.kill()
        self.victim.stdin.close()
        self.victim.wait()

    def values(self) -> dict[str, Any]:
        """What a canary is told: an attacker who knows this machine well."""
        ports = {
            name: door.getsockname()[1]
            for name, door in self.listening.items()
            if name in ("tcp", "tcp6", "udp")
        }
        return {
            "token": self.token,
            "mark": self.mark,
            "variable": VARIABLE,
            "secrets": self.secrets,
            "solution": str(min((ROOT / "solutions").glob("*/*.py"), default="")),
            "mistakes": str(PACKAGE / "mistakes" / "warmup.py"),
            "open": str(self.open),
            "file": str(self.file),
            "home": str(self.home),
            "everybodys": EVERYBODYS,
            "ports": ports,
            "doors": str(self.doors),
            "victim": self.victim.pid,
            "environment": self.victims_environment,
            "python": sys.executable,
        }

    def restore(self) -> None:
        """The writable folder as it was, and a note of how it is."""
        for path in self.open.iterdir():
            folder = path.is_dir() and not path.is_symlink()
            shutil.rmtree(path) if folder else path.unlink()
        self.file.write_text(self.token)
        self.file.chmod(0o666)
        self.before = self._state()

    def _state(self) -> list[tuple[Any, ...]]:
        state: list[tuple[Any, ...]] = []
        for path in sorted(self.open.rglob("*")):
            found = path.lstat()
            more = _attributes(path)
            state.append((path, found.st_mode, found.st_nlink, found.st_mtime_ns, more))
        return state

    def changed(self) -> bool:
        """Whether anything was written outside; it is put back."""
        touched = self._state() != self.before
        if touched:
            self.restore()
        for folder in (*EVERYBODYS, str(self.home)):
            path = Path(folder, f"{self.mark}-was-here")
            with contextlib.suppress(OSError):
                path.unlink()
                touched = True
        return touched

    def heard(self) -> bool:
        """Whether somebody came to a door."""
        came = False
        for door in self.listening.values():
            with contextlib.suppress(BlockingIOError):
                while True:
                    if door.type == socket.SOCK_STREAM:
                        door.accept()[0].close()
                    else:
                        door.recv(1 << 10)
                    came = True
        return came

    def read(self, told: str) -> bool:
        """Whether these are the words of a secret."""
        known = [self.token]
        for name in ("solution", "mistakes"):
            with contextlib.suppress(OSError):
                data = Path(self.values()[name]).read_bytes()
                known.append(hashlib.sha256(data).hexdigest())
        return told in known

    def stopped(self) -> bool:
        """Whether the waiting process was stopped; it goes on."""
        return self.is_stopped(self.victim.pid)

    def is_stopped(self, pid: int) -> bool:
        """Whether a process was stopped; it goes on."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if psutil.Process(pid).status() == psutil.STATUS_STOPPED:
                    os.kill(pid, signal.SIGCONT)
                    return True
            time.sleep(0.01)
        return False

    def altered(self) -> bool:
        """Whether the waiting process has another priority or other limits."""
        victim, me = psutil.Process(self.victim.pid), psutil.Process()
        if victim.nice() != me.nice():
            return True
        return bool(
            hasattr(victim, "rlimit")
            and victim.rlimit(psutil.RLIMIT_CORE) != me.rlimit(psutil.RLIMIT_CORE)
        )

    def marked(self) -> list[psutil.Process]:
        """Processes that carry the canary's mark."""
        found = []
        for process in psutil.process_iter(["name", "cmdline", "status"]):
            words = [process.info["name"], *(process.info["cmdline"] or [])]
            running = process.info["status"] != psutil.STATUS_ZOMBIE
            if self.mark in words and running:
                found.append(process)
        return found

    def left(self) -> bool:
        """Whether something of the canary is still running; it is ended."""
        until = time.monotonic() + PATIENCE
        while left := self.marked():
            if time.monotonic() > until:
                break
            time.sleep(0.01)
        self.end_marked()
        return bool(left)

    def end_marked(self) -> None:
        """End what a canary started."""
        for process in self.marked():
            with contextlib.suppress(psutil.Error):
                process.kill()


def _attributes(path: Path) -> list[str]:
    if not hasattr(os, "listxattr"):
        return []
    return os.listxattr(path, follow_symlinks=False)


def _remove_empty(folder: Path) -> None:
    """Unless something has come into it."""
    with contextlib.suppress(OSError):
        folder.rmdir()
