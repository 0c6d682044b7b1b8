"""What a worker says of an expression."""

from __future__ import annotations

from autograder.judge.process import WorkerProcess

SOON = 20.0


def said(worker: WorkerProcess, expression: str, before: str = "pass") -> str:
    """What an expression is over there."""
    fault = worker.run_cell(f"{before}\nraise Exception({expression})", "c", SOON)
    assert fault is not None
    assert fault.what == "Exception", fault.message
    return fault.message
