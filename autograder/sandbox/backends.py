"""The three kinds of walls, what each needs, and what each leaves open."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from autograder.sandbox import syscalls, visible
from autograder.worker.walls import Walls, landlock

INSIDE = "/autograder.pyz"
SCRATCH = "/scratch"
DEVICES = ("null", "zero", "full", "random", "urandom")
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": os.defpath,
    "USER": "student",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    # There is no GPU inside, and Triton reads this when it is imported.
    "TRITON_INTERPRET": "1",
}
PACKAGE = Path(__file__).parents[1]
FIRST_UID, UIDS = 1_900_000_000, 200_000_000
"""Users that no system gives to anybody."""


class NoSandbox(RuntimeError):
    """These walls can't be had here; one sentence says what to do."""


@dataclass(frozen=True)
class Backend:
    """A kind of walls.

    Attributes
    ----------
    name : as it is chosen, and as it is recorded with every grade
    strength : in one sentence
    leaves_open : what it does not cover, a sentence each
    command : what starts a warm parent from the bundle, before its arguments
    walls : what each submission is confined by, inside
    missing : what stands against using it here, as a sentence, or ""
    """

    name: str
    strength: str
    leaves_open: tuple[str, ...]
    command: Callable[[Path], list[str]]
    walls: Callable[[], Walls]
    missing: Callable[[], str]

    def scratch(self) -> str | None:
        """The scratch folder's path inside; None when one must be made."""
        return SCRATCH if self.walls().namespaces else None

    def uid(self) -> bool:
        """Whether each submission gets a user of its own."""
        return self.walls().namespaces and has_users()


def has_users() -> bool:
    """Whether this is root, and may give each submission a user of its own.

    In a user namespace, as in a container without rights, root has few users.
    """
    if os.getuid() != 0:
        return False
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    spans = [[int(n) for n in line.split()] for line in lines]
    return any(
        first <= FIRST_UID and first + count >= FIRST_UID + UIDS
        for first, _, count in spans
    )


def _python(program: str) -> list[str]:
    # Not -I: it would ignore the seed of hashes, and sets would have no order.
    return [sys.executable, "-s", "-P", "-B", program]


def _jail(bundle: Path) -> list[str]:
    """bubblewrap's command line: an empty machine with Python in it.

    Root keeps the four rights that the parent needs to give each submission
    namespaces and a user of its own; an ordinary user has user namespaces.
    """
    command = [shutil.which("bwrap") or "bwrap", "--new-session", "--clearenv"]
    command += [f"--unshare-{n}" for n in ("pid", "ipc", "net", "uts", "cgroup-try")]
    command += ["--hostname", "jail"]
    if has_users():
        command += ["--cap-drop", "ALL"]
        for right in ("SYS_ADMIN", "SETUID", "SETGID", "KILL"):
            command += ["--cap-add", f"CAP_{right}"]
    else:
        command += ["--unshare-user"]
    for name, value in environment(SCRATCH).items():
        command += ["--setenv", name, value]
    shown = visible.readable()
    # bubblewrap would make them for root alone.
    for folder in dict.fromkeys(p for s in shown for p in reversed(Path(s).parents)):
        command += ["--dir", str(folder)] if folder != Path("/") else []
    for path in shown:
        command += _shown(path)
    command += ["--dir", "/dev"]
    for device in DEVICES:
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    # The parent's own; each submission gets another one on top of it.
    command += ["--proc", "/proc", "--tmpfs", SCRATCH]
    command += ["--ro-bind", str(bundle), INSIDE, "--remount-ro", "/", "--chdir", "/"]
    return [*command, *_python(INSIDE)]


def _shown(path: str) -> list[str]:
    """A link stays a link, as /lib is one on merged systems."""
    if os.path.islink(path) and path.count("/") == 1:
        return ["--symlink", os.readlink(path), path]
    return ["--ro-bind", path, path]


def environment(scratch: str) -> dict[str, str]:
    """All that a student's process finds in its environment."""
    return {**ENVIRONMENT, "HOME": scratch, "TMPDIR": scratch}


def _on_linux() -> str:
    if sys.platform == "linux":
        return ""
    system = platform.system()
    return (
        f"{system} has no such sandbox; grade on Linux, or in a Linux virtual "
        "machine or container on this computer."
    )


def _no_filter() -> str:
    try:
        syscalls.compiled(alone=True)
    except (RuntimeError, ImportError):
        return (
            "libseccomp is missing. Run: sudo apt-get install libseccomp2, "
            "then make again."
        )
    return ""


def _no_bwrap() -> str:
    if problem := _on_linux():
        return problem
    if shutil.which("bwrap") is None:
        return "bubblewrap is missing. Run: sudo apt-get install bubblewrap"
    return _no_filter()


def _no_landlock() -> str:
    if problem := _on_linux():
        return problem
    if landlock.version() == 0:
        return (
            "This kernel has no Landlock: it needs Linux 5.13 or newer, with "
            "landlock among the modules in the boot option lsm=."
        )
    return _no_filter()


def _jail_walls() -> Walls:
    return Walls(
        namespaces=True,
        landlock=("/",) if landlock.version() else None,
        seccomp=syscalls.compiled(alone=True),
    )


def _landlock_walls() -> Walls:
    return Walls(
        landlock=(*visible.readable(), *(f"/dev/{d}" for d in DEVICES)),
        seccomp=syscalls.compiled(alone=False),
    )


BACKENDS = {
    backend.name: backend
    for backend in (
        Backend(
            "bwrap",
            "A jail of its own for every submission.",
            (),
            _jail,
            cache(_jail_walls),
            _no_bwrap,
        ),
        Backend(
            "landlock",
            "Allowed files and allowed system calls, on the machine's own system.",
            (
                "It can learn which files exist, their sizes and times.",
                "It runs as you, among your processes, though it can't reach them.",
                "Its scratch folder is on your disk, looked at five times a second; "
                "a file that it removed and still writes to is not seen there.",
                "It can start as many threads as its memory holds.",
                "A package that an exercise closes can't be imported, and its files "
                "can be read.",
            ),
            lambda bundle: _python(str(bundle)),
            cache(_landlock_walls),
            _no_landlock,
        ),
        Backend(
            "none",
            "No walls: time and memory of one process are limited, no more.",
            (
                "It can read, change and delete whatever you can.",
                "It can use the network and start programs.",
            ),
            lambda bundle: _python(str(bundle)),
            Walls,
            lambda: "",
        ),
    )
}


def choose(name: str, secrets: tuple[Path, ...] = (PACKAGE / "mistakes",)) -> Backend:
    """The walls of that name.

    Parameters
    ----------
    secrets : files and folders that no student's process may see

    Raises
    ------
    NoSandbox : when they can't be had on this machine, or would show a secret
    """
    if name not in BACKENDS:
        raise NoSandbox(f"There is no sandbox {name!r}; choose {', '.join(BACKENDS)}.")
    backend = BACKENDS[name]
    if problem := backend.missing():
        raise NoSandbox(f"The sandbox {name} can't be used here: {problem}")
    if name != "none" and (shown := visible.exposed(secrets)):
        raise NoSandbox(
            f"{shown[0]} lies in a folder that students' code may read. Move it; "
            "if this repository is installed as a package, first: "
            "pip uninstall autograder"
        )
    return backend


def strongest(tell: Callable[[str], None] = lambda why: None) -> Backend:
    """The strongest walls that can be had; for code that you know.

    Nothing grades a class by it: there the walls are chosen by their name.
    ``tell`` gets the reason of each that can't be had.
    """
    from autograder.sandbox.warm import parent

    for name in BACKENDS:
        try:
            backend = choose(name)
            parent(backend)
        except NoSandbox as error:
            tell(str(error))
            continue
        return backend
    raise NoSandbox("Not even a plain process starts; run: autograder doctor")
