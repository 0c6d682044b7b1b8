"""The facts of a machine that decide which walls it can have."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.worker.walls import landlock

RESTRICTING_PROFILE = "/etc/apparmor.d/bwrap-userns-restrict"
RIGHTS = {"NET_ADMIN": 12, "SYS_ADMIN": 21}
"""What bubblewrap needs of root, and a container's root may not have."""

ALL_USERS = 2**32 - 1


@dataclass(frozen=True)
class Machine:
    """What is known of a machine. None: it does not say.

    Attributes
    ----------
    system : Linux, Darwin or Windows
    kernel : its release
    distribution, version : as in os-release, such as ubuntu and 24.04
    root : whether the doctor runs as root
    users : how many of the machine's users there are here; fewer than all where
        root is one of a user namespace
    rights : of :data:`RIGHTS`, those that root has
    container : docker, podman, kubernetes, lxc, or ""
    wsl : 1 or 2 inside Windows, else 0
    github : whether this is GitHub Actions
    apparmor_restricts : whether AppArmor restricts user namespaces
    restricting_profile : whether Ubuntu's own profile for bubblewrap is there
    userns_allowed : Debian's old switch for user namespaces
    most_userns : how many user namespaces there may be
    bwrap, libseccomp : their versions, "" when they are missing
    bwrap_path : where bubblewrap is
    landlock : the version of its interface, 0 when the kernel has none
    memory : bytes
    processors : as many as may be used
    """

    system: str = "Linux"
    kernel: str = ""
    distribution: str = ""
    version: str = ""
    root: bool = False
    users: int = ALL_USERS
    rights: tuple[str, ...] = tuple(RIGHTS)
    container: str = ""
    wsl: int = 0
    github: bool = False
    apparmor_restricts: bool | None = None
    restricting_profile: bool = False
    userns_allowed: bool | None = None
    most_userns: int | None = None
    bwrap: str = "0.8.0"
    bwrap_path: str = "/usr/bin/bwrap"
    libseccomp: str = "2.5.4"
    landlock: int = 0
    memory: int = 0
    processors: int = 1

    def facts(self) -> list[tuple[str, str]]:
        """What to print, in words."""
        system = f"{self.distribution} {self.version}".strip() or self.system
        facts = [
            ("system", f"{system}, {self.system} {self.kernel}".strip()),
            ("user", self._user()),
            ("container", self.container or "no"),
            ("WSL", f"WSL {self.wsl}" if self.wsl else "no"),
            ("GitHub Actions", "yes" if self.github else "no"),
        ]
        if self.system != "Linux":
            return facts
        return [
            *facts,
            ("user namespaces", self._namespaces()),
            ("bubblewrap", self.bwrap or "missing"),
            ("libseccomp", self.libseccomp or "missing"),
            ("Landlock", f"version {self.landlock}" if self.landlock else "no"),
            ("memory", f"{self.memory / 2**30:.0f} GiB, {self.processors} processors"),
        ]

    def _user(self) -> str:
        if not self.root:
            return "an ordinary one"
        return "root" if self.users == ALL_USERS else "root of a user namespace alone"

    def _namespaces(self) -> str:
        if self.userns_allowed is False:
            return "switched off (kernel.unprivileged_userns_clone)"
        if self.most_userns == 0:
            return "switched off (user.max_user_namespaces)"
        if self.apparmor_restricts:
            return "restricted by AppArmor"
        return "allowed" if self.most_userns else "not known"


def this_machine(
    top: Path = Path("/"), environment: Mapping[str, str] = os.environ
) -> Machine:
    """The machine at hand; ``top`` is another root folder in tests."""
    release = _os_release(top)
    path = shutil.which("bwrap", path=environment.get("PATH", os.defpath)) or ""
    kernel = platform.release()
    return Machine(
        system=platform.system(),
        kernel=kernel,
        distribution=release.get("ID", ""),
        version=release.get("VERSION_ID", ""),
        root=hasattr(os, "getuid") and os.getuid() == 0,
        users=_users(top),
        rights=_rights(top),
        container=_container(top, environment),
        wsl=_wsl(kernel),
        github=environment.get("GITHUB_ACTIONS") == "true",
        apparmor_restricts=_switch(top, "kernel/apparmor_restrict_unprivileged_userns"),
        restricting_profile=(top / RESTRICTING_PROFILE[1:]).exists(),
        userns_allowed=_switch(top, "kernel/unprivileged_userns_clone"),
        most_userns=_number(top, "user/max_user_namespaces"),
        bwrap=_bwrap(path),
        bwrap_path=path,
        libseccomp=_libseccomp(),
        landlock=landlock.version() if sys.platform == "linux" else 0,
        memory=psutil.virtual_memory().total,
        processors=os.cpu_count() or 1,
    )


def _text(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text()
    return ""


def _number(top: Path, name: str) -> int | None:
    with contextlib.suppress(ValueError):
        return int(_text(top / "proc/sys" / name))
    return None


def _switch(top: Path, name: str) -> bool | None:
    number = _number(top, name)
    return None if number is None else bool(number)


def _os_release(top: Path) -> dict[str, str]:
    text = _text(top / "etc/os-release") or _text(top / "usr/lib/os-release")
    pairs = (line.partition("=") for line in text.splitlines())
    return {name: value.strip().strip("\"'") for name, _, value in pairs}


def _rights(top: Path) -> tuple[str, ...]:
    found = re.search(
        r"^CapEff:\s*([0-9a-f]+)", _text(top / "proc/self/status"), re.MULTILINE
    )
    if found is None:
        return tuple(RIGHTS)
    return tuple(n for n, bit in RIGHTS.items() if int(found[1], 16) >> bit & 1)


def _users(top: Path) -> int:
    lines = [line.split() for line in _text(top / "proc/self/uid_map").splitlines()]
    return sum(int(words[2]) for words in lines) or ALL_USERS


def _container(top: Path, environment: Mapping[str, str]) -> str:
    if "KUBERNETES_SERVICE_HOST" in environment:
        return "kubernetes"
    if (top / "run/.containerenv").exists():
        return "podman"
    if (top / ".dockerenv").exists():
        return "docker"
    groups = _text(top / "proc/1/cgroup")
    for word, name in (
        ("kubepods", "kubernetes"),
        ("libpod", "podman"),
        ("docker", "docker"),
        ("lxc", "lxc"),
    ):
        if word in groups:
            return name
    return environment.get("container", "")


def _wsl(kernel: str) -> int:
    """WSL 1 is no Linux: it calls itself 4.4.0-19041-Microsoft."""
    if "microsoft" not in kernel.lower():
        return 0
    return 1 if kernel.endswith("-Microsoft") else 2


def _bwrap(path: str) -> str:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
        return done.stdout.split()[-1] if done.stdout.split() else "present"
    return ""


class _Version(ctypes.Structure):
    _fields_ = tuple((n, ctypes.c_uint) for n in ("major", "minor", "micro"))


def _libseccomp() -> str:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return ""
    library.seccomp_version.restype = ctypes.POINTER(_Version)
    found = library.seccomp_version().contents
    return f"{found.major}.{found.minor}.{found.micro}"
