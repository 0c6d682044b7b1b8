"""A student's notebook, kept running: a lost worker is started again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from nbformat import NotebookNode

from autograder.judge.process import Upcall, WorkerLost, WorkerProcess
from autograder.judge.upcalls import Upcalls
from autograder.reference.scripts import ONLY_IN_NOTEBOOK
from autograder.sandbox import Usage
from autograder.student.replay import Fault, Outcome
from autograder.student.verdict import Entry, Question

CELL_SECONDS = 60.0
SECONDS = 900.0
"""That a whole submission may take, however many cells it has."""

TORCH = re.compile(r"^\s*(?:import|from)\s+(?:torch|triton)\b", re.MULTILINE)


class Session:
    """The code cells of a rebuilt notebook in a worker.

    Cells run in order. One that ends or hangs the process is left out when
    the worker is started again; one that raises is reported, and the rest
    still runs. When ``seconds`` are used up, all that is left is late.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        start: Callable[[], WorkerProcess],
        cell_seconds: float = CELL_SECONDS,
        seconds: float = SECONDS,
    ) -> None:
        self.cells = [
            (label(c, i), c.source) for i, c in enumerate(notebook.cells) if is_run(c)
        ]
        self.start_worker = start
        self.cell_seconds = cell_seconds
        self.deadline = time.monotonic() + seconds
        self.faults: dict[str, Fault] = {}
        self.lethal: set[str] = set()
        self.worker: WorkerProcess | None = None
        self.usage = Usage()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker."""
        if self.worker is not None:
            self.usage += self.worker.stop()
            self.worker = None

    def ready(self) -> WorkerProcess:
        """A worker with all cells run, as far as they can be."""
        while self.worker is None:
            worker = self.start_worker()
            try:
                for name, source in self.cells:
                    if name not in self.lethal:
                        self._run(worker, name, source)
                self.worker = worker
            except WorkerLost as lost:
                self.lethal.add(lost.fault.function)
                self.faults[lost.fault.function] = lost.fault
                self.usage += worker.stop()
        return self.worker

    def _run(self, worker: WorkerProcess, name: str, source: str) -> None:
        fault = worker.run_cell(source, name, self._within(self.cell_seconds))
        if fault is not None:
            self.faults[name] = fault

    def _within(self, seconds: float) -> float:
        """No more than the submission has left."""
        return min(seconds, max(0.0, self.deadline - time.monotonic()))

    def outcomes(
        self,
        entry: Entry,
        questions: Iterable[Question],
        seconds: float,
        upcall: Upcall | None = None,
    ) -> list[Outcome]:
        """Replay every question; a lost worker costs the rest of them."""
        found: list[Outcome] = []
        lost: Fault | None = None
        for question in questions:
            if lost is None:
                try:
                    outcome = self.ready().replay(
                        question.trace,
                        entry.builds_on,
                        self._within(seconds),
                        upcall,
                    )
                    found.append(self._with_cell_fault(outcome))
                    continue
                except WorkerLost as error:
                    lost = error.fault
                    self.close()
            found.append(Outcome(fault=lost))
        return found

    def on_right_base(
        self,
        entry: Entry,
        questions: Iterable[Question],
        seconds: float,
        upcalls: Upcalls,
    ) -> list[Outcome]:
        """Replay with some functions answered by the judge, in a new worker."""
        self.close()
        try:
            self.ready().rebind(tuple(upcalls.functions))
            return self.outcomes(entry, questions, seconds, upcalls)
        except WorkerLost as lost:
            return [Outcome(fault=lost.fault) for _ in questions]
        finally:
            self.close()

    def _with_cell_fault(self, outcome: Outcome) -> Outcome:
        """A missing function is explained by the cell that did not run."""
        fault = outcome.fault
        if fault is None or fault.kind != "missing":
            return outcome
        cell = self.faults.get(fault.function)
        if cell is None:
            return outcome
        return replace(outcome, fault=replace(cell, function=fault.function))


def is_run(cell: NotebookNode) -> bool:
    """Definitions and the student's own cells; not checks, not live examples."""
    return cell.cell_type == "code" and ONLY_IN_NOTEBOOK not in cell.metadata.get(
        "tags", []
    )


def label(cell: NotebookNode, position: int) -> str:
    """The exercise's name for its cell, else the place in the notebook."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    return grade_id or f"cell {position + 1}"


def imports_torch(notebook: NotebookNode) -> bool:
    """Whether a cell that is run imports torch or Triton, as far as one can see."""
    return any(TORCH.search(c.source) for c in notebook.cells if is_run(c))
