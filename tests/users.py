"""Run a script as the user of the tests, or as one without any rights."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOBODY = 65534
TIMEOUT = 300


@dataclass(frozen=True)
class User:
    """Somebody who runs Python with this course.

    Attributes
    ----------
    home : a folder of the user's own
    command : what makes the user of a command that follows
    """

    home: Path
    command: tuple[str, ...] = ()

    def run(self, script: Path, *arguments: str, given: str = "") -> str:
        """What a script prints; what it complains of is shown when it fails."""
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [*self.command, sys.executable, str(script), *arguments],
            cwd=self.home,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def home() -> Iterator[Path]:
    """A folder that goes, however deep a student's folders in it are.

    It lies outside pytest's own, whose way down is too short for them.
    """
    folder = Path(tempfile.mkdtemp(prefix="tests-home-"))
    try:
        yield folder
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", folder], check=False)
        subprocess.run(["rm", "-rf", folder], check=True)


def why_no_ordinary_user() -> str:
    """What stands against running a script with less rights; "" when nothing."""
    missing = [n for n in ("bwrap", "setpriv") if shutil.which(n) is None]
    if os.getuid() == 0 and missing:
        return f"no ordinary user: {' and '.join(missing)} is not on this machine"
    return ""


def ordinary(home: Path) -> User:
    """A user without rights, who can still read this Python and the course.

    Where the tests run as root and either lies in a folder of root's alone,
    the user sees an empty one there, with nothing but that in it.
    """
    if os.getuid() != 0:
        return User(home)
    os.chown(home, NOBODY, NOBODY)
    command = ["bwrap", "--dev-bind", "/", "/"]
    needed = [p for p in (Path(sys.base_prefix), ROOT) if _closed(p)]
    for folder in dict.fromkeys(_closed(p)[0] for p in needed):
        command += ["--perms", "0755", "--tmpfs", str(folder)]
    for path in needed:
        for folder in (p for p in reversed(path.parents) if _closed(p)):
            command += ["--perms", "0755", "--dir", str(folder)]
        command += ["--ro-bind", str(path), str(path)]
    command += ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return User(home, tuple(command))


def _closed(path: Path) -> list[Path]:
    """The path from the first folder on that others can't enter."""
    whole = [*reversed(path.parents), path]
    for i, folder in enumerate(whole):
        if not folder.stat().st_mode & 0o001:
            return whole[i:]
    return []
