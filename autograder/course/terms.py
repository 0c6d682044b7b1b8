"""What students' code is run under; part of what a grade depends on."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.judge.session import CELL_SECONDS


@dataclass(frozen=True)
class Terms:
    """The name of the sandbox, and the seconds that one cell may take."""

    sandbox: str = "bwrap"
    cell_seconds: float = CELL_SECONDS
