"""Namespaces of its own for one submission: mounts, processes, network, users."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
EVERYTHING = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18


def checked(returned: int, what: str) -> None:
    """Raise the OSError of a system call that failed."""
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter(
    scratch: str,
    disk: int,
    inodes: int,
    owner: int | None,
    hidden: Iterable[str] = (),
) -> None:
    """Leave everything behind but the files that can only be read.

    The next child is the first process of a new process namespace: when it
    ends, the kernel ends all that it started. ``/proc`` disappears, and
    ``scratch`` becomes a new folder in memory, with a size.

    Parameters
    ----------
    disk, inodes : bytes and files that ``scratch`` may hold
    owner : user and group of ``scratch``; None for those of this process
    hidden : folders that appear empty

    Raises
    ------
    OSError : when the kernel refuses
    """
    user, group = os.getuid(), os.getgid()
    own_users = CLONE_NEWUSER if owner is None else 0
    checked(LIBC.unshare(EVERYTHING | own_users), "unshare")
    if own_users:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _mount(None, "/", MS_REC | MS_PRIVATE, "")
    who = user if owner is None else owner
    options = f"size={disk},nr_inodes={inodes},mode=0700,uid={who},gid={who}"
    _mount("tmpfs", scratch, MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
    for folder in ("/proc", *hidden):
        _mount("tmpfs", folder, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k")


def _mount(kind: str | None, target: str, flags: int, options: str) -> None:
    name = None if kind is None else kind.encode()
    done = LIBC.mount(
        name, target.encode(), name, ctypes.c_ulong(flags), options.encode()
    )
    checked(done, f"mount {target}")
