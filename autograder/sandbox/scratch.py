"""Folders on disk that a student's process wrote in: how they are removed."""

from __future__ import annotations

import contextlib
import os
import secrets


def remove(folder: str) -> None:
    """Remove a folder, however deep it is, when nothing writes to it any more.

    A tree of ten thousand levels has no path that the system takes, and is too
    deep for a function that calls itself. So what lies in a folder is moved up
    until none holds another.
    """
    with contextlib.suppress(OSError):
        while entries := list(os.scandir(folder)):
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    _move_up(entry.path, folder)
                else:
                    os.unlink(entry.path)
        os.rmdir(folder)


def _move_up(inner: str, folder: str) -> None:
    os.chmod(inner, 0o700)
    for child in list(os.scandir(inner)):
        if child.is_dir(follow_symlinks=False):
            os.chmod(child.path, 0o700)  # else its ".." could not be changed
        os.rename(child.path, f"{folder}/{secrets.token_hex(16)}")
    os.rmdir(inner)
