"""Kernels of others that may be there: the notebooks' readable ones, and liger's."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"


@cache
def solution(notebook: str) -> Any:
    """The module of a solution's script, or None where there is none yet."""
    path = SOLUTIONS / f"{notebook}.py"
    if not path.exists():
        return None
    name = f"solutions_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@cache
def liger(name: str) -> Any:
    """``liger_kernel.ops.<name>``, or None where it is not installed."""
    if not importlib.util.find_spec("liger_kernel"):
        return None
    return importlib.import_module(f"liger_kernel.ops.{name}")


def liger_version() -> str:
    """Of liger-kernel, or that it is not installed."""
    if not importlib.util.find_spec("liger_kernel"):
        return "liger-kernel not installed"
    return f"liger-kernel {importlib.metadata.version('liger-kernel')}"
