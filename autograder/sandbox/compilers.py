"""Warm parents of the two processes that compile a submission's kernels.

A kernel's text runs while Triton compiles it, so that happens behind the same
walls as the rest of a submission: no process, no program. What comes out is
PTX. The assembler that reads it is a program, so the other process may start
programs; it runs no code of a submission.
"""

from __future__ import annotations

from dataclasses import replace

from autograder.sandbox import syscalls
from autograder.sandbox.backends import Backend
from autograder.sandbox.warm import Parent, parent
from autograder.worker.walls import Walls

COMPILING = ("numpy", "autograder.student.compiling.ptx:warm_up_whole")
ASSEMBLING = ("numpy", "autograder.student.compiling.assembly")


def compiling(backend: Backend) -> Parent:
    """Forks processes in which Triton compiles, and does not interpret.

    Raises
    ------
    NoSandbox : when it does not start
    """
    return parent(backend, COMPILING)


def assembling(backend: Backend) -> Parent:
    """Forks processes that may start a program.

    Raises
    ------
    NoSandbox : when it does not start
    """
    return parent(replace(backend, walls=lambda: _with_programs(backend)), ASSEMBLING)


def _with_programs(backend: Backend) -> Walls:
    walls = backend.walls()
    if not walls.seccomp:
        return walls
    allowed = syscalls.compiled(alone=walls.namespaces, programs=True)
    return replace(walls, seccomp=allowed)
