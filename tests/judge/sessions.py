"""Small exercises, how a session answers them, and how a worker is lost."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.judge.process import WorkerLost, WorkerProcess
from autograder.judge.session import Session
from autograder.student.compare import Expected
from autograder.student.replay import Outcome
from autograder.student.trace import Step, Trace
from autograder.student.verdict import Entry, Question, judge

SECONDS = 1.5
SOON = 5.0

X = np.array([1.0, 2.0, 3.0])
ARRAY = {"array": "x", "dtype": "float64", "of": "numpy"}


def expect(array: np.ndarray) -> Expected:
    return Expected(array, 1e-6, 1e-9, "float64")


def entry_of(function: str, factor: float = 2.0, cases: int = 2) -> Entry:
    """An exercise: ``function(x)`` returns ``factor * x``."""
    step = Step(function, ("x",), (ARRAY,), None)
    trace = Trace("a case", "numpy", (step,), {"out": {"result": [0, 0]}}, {"x": X})
    questions = (Question(trace, {"out": expect(factor * X)}),) * cases
    return Entry(function, 1.0, "numpy", questions)


def forward_backward() -> Entry:
    """An exercise on the cache: backward(dout, cache) is dout times x."""
    steps = (
        Step("forward", ("x",), (ARRAY,), ("out", "cache")),
        Step("backward", ("dout", "cache"), (ARRAY, {"result": [0, 1]}), None),
    )
    trace = Trace("a case", "numpy", steps, {"dx": {"result": [1, 0]}}, {"x": X})
    return Entry("backward", 1.0, "numpy", (Question(trace, {"dx": expect(X * X)}),))


def outcomes(session: Session, entry: Entry) -> list[Outcome]:
    return session.outcomes(entry, entry.questions, SECONDS)


def passes(session: Session, entry: Entry) -> bool:
    return judge(entry, outcomes(session, entry)).passed


def kind(session: Session, entry: Entry) -> str:
    """The fault of the first case; every later one has it too."""
    faults = [o.fault for o in outcomes(session, entry)]
    assert None not in faults
    assert len({f.kind for f in faults if f}) == 1
    assert faults[0] is not None
    return faults[0].kind


def lost(worker: WorkerProcess, source: str, seconds: float = SOON) -> str:
    """How a cell loses the worker."""
    with pytest.raises(WorkerLost) as caught:
        worker.run_cell(source, "cell 1", seconds)
    assert caught.value.fault.function == "cell 1"
    return caught.value.fault.kind
