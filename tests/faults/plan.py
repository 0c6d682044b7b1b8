"""Which faults are graded together, and how a batch is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import jail, place
from tests.faults.corpus import FAULTS
from tests.faults.fault import ACTIVATIONS, BATCHNORM, WARMUP

CELL_SECONDS = 5
EVERY = 10
"""So many faults have one honest classmate in their midst."""

ALONE = ("form-deep-beside",)
"""Found to stop every command: in a class of its own."""

FIRST = ("reading", "memory", "process", "writing", "notes", "verdict", "frames")


@dataclass(frozen=True)
class Batch:
    """One class that is graded by one command."""

    name: str
    notebook: str
    faults: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def students(self) -> list[str]:
        """The faults, with honest classmates before, between and after."""
        found = ["a-mate"]
        for i, name in enumerate(self.faults):
            found += [name, f"{name}-mate"] if i % EVERY == 5 else [name]
        return [*found, "zz-mate"]

    @property
    def mates(self) -> list[str]:
        return [s for s in self.students if s.endswith("-mate")]


def _faults(notebook: str, first: bool | None = None) -> tuple[str, ...]:
    return tuple(
        f.name
        for f in FAULTS
        if f.notebook == notebook
        and first in (None, f.kind in FIRST)
        and f.name not in ALONE
    )


SHORT = (f"--Judge.cell_seconds={CELL_SECONDS}",)
BATCHES = (
    Batch("attacks", WARMUP, _faults(WARMUP, True), SHORT),
    Batch("mishaps", WARMUP, _faults(WARMUP, False), SHORT),
    Batch("kernels", ACTIVATIONS, _faults(ACTIVATIONS)),
    Batch("follows", BATCHNORM, _faults(BATCHNORM)),
    Batch("alone", WARMUP, ALONE, SHORT),
)
OF = {name: batch for batch in BATCHES for name in batch.students}


def run(batch: Batch, in_jail: bool = False) -> dict[str, Any]:
    """Build a course, hand in, grade, look around, and clean up.

    ``in_jail`` puts the whole batch into a jail, for graders without walls.
    """
    base = Path(tempfile.mkdtemp(prefix="faults-", dir="/tmp"))
    base.chmod(0o755)
    try:
        place.build(base, batch.notebook)
        (base / "names.json").write_text(json.dumps(batch.students))
        command = [
            *(sys.executable, "-m", "tests.faults.batch"),
            *(str(base), batch.notebook, *batch.options),
        ]
        if in_jail:
            command = jail.jailed(base, command, place.ROOT)
        done = subprocess.run(
            command,
            cwd=place.ROOT,
            env={**os.environ, "PYTHONPATH": str(place.ROOT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads((base / "result.json").read_text())
        return found
    finally:
        jail.remove(base)
