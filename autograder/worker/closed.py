"""What the exercises of a notebook forbid is out of reach while it is graded."""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import sys
import weakref
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from autograder.student import closed


class Refuse(MetaPathFinder):
    """An importer that finds some packages first, and refuses them."""

    def __init__(self, packages: Iterable[str]) -> None:
        self.packages = frozenset(packages)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Raise for a package that is closed.

        Raises
        ------
        ModuleNotFoundError : with a sentence for the student
        """
        package = fullname.partition(".")[0]
        if package in self.packages:
            raise ModuleNotFoundError(
                f"{package} is closed here: write what is asked for without it"
            )
        return None


def shut(names: tuple[str, ...]) -> None:
    """Close packages and functions to the code that runs from now on.

    A package that was imported before is not taken back.
    """
    packages = [n for n in names if not closed.is_function(n)]
    if packages:
        sys.meta_path.insert(0, Refuse(packages))
    if any(map(closed.is_function, names)) and "torch" in sys.modules:
        _keep_for_good(closed.take_out(names))


def _keep_for_good(library: Any) -> None:
    """Let nobody find what could undo it: neither a name nor a finalizer."""
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        if (alive := finalizer.peek()) and alive[0] is library:
            finalizer.detach()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
    gc.freeze()


def folders(names: tuple[str, ...]) -> list[str]:
    """Where the files of closed packages lie."""
    found: list[str] = []
    for name in names:
        spec = None if closed.is_function(name) else importlib.util.find_spec(name)
        found += (spec.submodule_search_locations or ()) if spec else ()
    return found
