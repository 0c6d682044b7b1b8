"""Compiling our kernels ahead, on all cores, into Triton's cache on disk.

A case's own calls are made on tensors of the ``meta`` device, which have no numbers:
what they would launch is compiled for the GPU that is there. Then the few minutes
that somebody has a GPU for are not spent on waiting for one core. What fails here
is compiled later, when it is launched.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.gpu.machine_code import pretend

if TYPE_CHECKING:
    from benchmarks.gpu.cases import Case

LONGEST = 90
"""Seconds after which measuring begins all the same."""


def warm_all(program: Path, arguments: list[str], capability: tuple[int, int]) -> str:
    """Start a process for each core but one; in words, what became of them."""
    count = min(max((os.cpu_count() or 2) - 1, 1), 16)
    target = capability[0] * 10 + capability[1]
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen(
            [sys.executable, program, *arguments, "--warm", f"{target}:{i}:{count}"],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for i in range(count)
    ]
    failed = 0
    for process in running:
        try:
            failed += process.wait(LONGEST) != 0
        except subprocess.TimeoutExpired:
            process.kill()
            failed += 1
    return f"{count - failed} of {count} processes compiled ahead"


def warm(cases: Iterable[Case], target: int) -> int:
    """Compile what the cases launch; how many of them could not be compiled."""
    pretend(target)
    failed = 0
    for case in cases:
        try:
            nothing: Any = None
            case.ours(*case.inputs(nothing))
        except Exception:
            failed += 1
    return failed
