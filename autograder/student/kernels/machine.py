"""What runs a Triton kernel here: a GPU, the interpreter, or nothing."""

from __future__ import annotations

import importlib.util
import os
import sys

RESTART = "restart the kernel and run the cells from the top"


def interpreted() -> bool:
    """Whether kernels run, or would run, in Triton's interpreter."""
    wanted = os.environ.get("TRITON_INTERPRET", "").lower()
    return wanted in {"1", "true", "yes", "on", "y"}


def where() -> str:
    """In words, what runs a kernel here, or ``"not run: reason"``."""
    if not importlib.util.find_spec("triton"):
        return "not run: Triton is not installed; it exists for Linux alone"
    if interpreted():
        # tl.sum and the like are made when Triton is imported, and stay so
        loaded = sys.modules.get("triton.language.standard")
        if loaded and type(loaded.sum).__name__ != "InterpretedFunction":
            late = "TRITON_INTERPRET was set after Triton was imported"
            return f"not run: {late}; {RESTART}"
        return "Triton interpreter on cpu"
    import torch

    if torch.cuda.is_available():
        return f"Triton on cuda ({torch.cuda.get_device_name()})"
    return f"not run: no GPU, and TRITON_INTERPRET=1 was not set; {RESTART}"


def available() -> bool:
    """Whether kernels can run at all."""
    return not where().startswith("not run")
