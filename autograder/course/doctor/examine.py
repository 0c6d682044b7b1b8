"""Run every canary behind a kind of walls, as a submission is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from autograder.course.doctor import limits, outside, within
from autograder.course.doctor.canary import KIT, Canary, Planted, Way
from autograder.course.folders import hidden_places
from autograder.judge.process import CannotStart, WorkerLost, WorkerProcess
from autograder.sandbox import Backend, NoSandbox, Parent, choose

CANARIES = (
    outside.READ_A_SECRET,
    outside.LOOK_INTO,
    outside.WHICH_FILES,
    outside.CONNECT,
    outside.WRITE_OUTSIDE,
    outside.STOP_ANOTHER,
    within.START_PROCESSES,
    limits.START_THREADS,
    limits.TAKE_MEMORY,
    limits.FILL_A_DISK,
    limits.FILL_UNSEEN,
    limits.OUTLIVE,
    within.REACH_KERNEL,
    within.REACH_ANOTHER,
    within.AGREE,
)


@dataclass(frozen=True)
class Finding:
    """What became of one canary.

    ``open`` names the ways that were open.
    """

    canary: Canary
    backend: str
    open: tuple[str, ...]

    @property
    def promised(self) -> bool:
        """Whether these walls say that they hold here."""
        return self.backend not in self.canary.not_covered

    @property
    def verdict(self) -> str:
        """One word or three, as the table has it."""
        if not self.open:
            return "holds"
        return "does not hold" if self.promised else "not covered"


@dataclass(frozen=True)
class Report:
    """What holds behind one kind of walls; ``problem``: why none could be tried."""

    backend: str
    findings: tuple[Finding, ...] = ()
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether all that these walls promise is so."""
        return not self.problem and all(
            f.verdict != "does not hold" for f in self.findings
        )


def examine(
    name: str,
    tell: Callable[[str], object] = lambda text: None,
    canaries: tuple[Canary, ...] = CANARIES,
) -> Report:
    """Try every canary; ``tell`` is called with the name of each.

    It never raises for what the machine lacks: that is what it reports.
    """
    try:
        with Planted() as planted:
            backend = choose(name, hidden_places())
            parent = Parent(backend)
            try:
                sizes = _sizes(backend)
                findings = []
                for canary in canaries:
                    tell(canary.name)
                    found = (
                        way.name
                        for way in canary.ways
                        if _goes_through(parent, planted, way, sizes)
                    )
                    findings.append(Finding(canary, name, tuple(found)))
                return Report(name, tuple(findings))
            finally:
                parent.stop()
    except (NoSandbox, CannotStart, OSError, psutil.Error) as error:
        return Report(name, problem=str(error))


def _sizes(backend: Backend) -> dict[str, int]:
    walls = backend.walls()
    return {
        "memory": walls.memory,
        "threads": walls.threads,
        "disk": walls.disk,
        "files": walls.inodes,
        "file_size": walls.file_size,
    }


def _goes_through(
    parent: Parent, planted: Planted, way: Way, sizes: dict[str, int]
) -> bool:
    values = planted.values() | sizes
    neighbour = None
    try:
        if way.neighbour:
            neighbour = WorkerProcess(parent)
            left = _told(neighbour, way.neighbour, values, way.seconds) or " 0"
            folder, _, note = left.rpartition(" ")
            # Where it can't be seen from here, another can't mean it either.
            them = [p.pid for p in planted.marked()] or [2**22 - 1]
            values |= {
                "their_folder": folder,
                "their_note": int(note),
                "them": them[0],
            }
        worker = WorkerProcess(parent)
        try:
            told = _told(worker, way.source, values, way.seconds)
            if not way.ended:
                return way.seen(planted, told)
        finally:
            worker.stop()
        return way.seen(planted, told)
    finally:
        planted.end_marked()
        if neighbour is not None:
            neighbour.stop()


def _told(
    worker: WorkerProcess, source: str, values: dict[str, Any], seconds: float
) -> str | None:
    """What it says when it believes that it went through; None when it did not."""
    try:
        fault = worker.run_cell(f"AT = {values!r}\n{KIT}\n{source}", "doctor", seconds)
    except WorkerLost:
        return None
    return fault.message if fault is not None and fault.what == "Reached" else None
