"""The worker's answers, one request after the other."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.judge.upcalls import Upcalls
from autograder.student.trace import Step, Trace
from autograder.worker.frames import Frame, receive, send
from autograder.worker.main import Worker
from autograder.worker.messages import read_fault, read_outcome

SOON = 5.0


class Judge:
    """The other end of a worker that serves in a thread."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.asked = 0

    def ask(
        self, kind: str, arrays: dict[str, np.ndarray] | None = None, **more: Any
    ) -> Frame:
        self.asked += 1
        request = {"kind": kind, "id": str(self.asked), **more}
        send(self.channel, (request, arrays or {}))
        return self.receive()

    def receive(self) -> Frame:
        header, arrays = receive(self.channel, time.monotonic() + SOON)
        assert header["id"] == str(self.asked)
        return header, arrays

    def run(self, source: str) -> str | None:
        """Run a cell; the kind of exception that it raised."""
        fault = self.ask("cell", source=source, label="cell 1")[0]["fault"]
        return None if fault is None else read_fault(fault).what


@pytest.fixture
def judge() -> Iterator[Judge]:
    """A judge whose worker runs in this process."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = threading.Thread(target=Worker(theirs).serve)
        thread.start()
        yield Judge(ours)
        ours.close()
        thread.join(SOON)
        assert not thread.is_alive()


def call_of(function: str, *arguments: Any, **arrays: np.ndarray) -> tuple[dict, dict]:
    """A trace of one call, as a request; it returns one value, "out"."""
    names = tuple(f"p{i}" for i in range(len(arguments)))
    step = Step(function, names, arguments, None)
    trace = Trace("a case", "numpy", (step,), {"out": {"result": [0, 0]}}, {})
    return {"trace": trace.to_json(), "watch": []}, arrays


X = {"array": "x", "dtype": "float64", "of": "numpy"}


def test_a_fault_in_a_cell_is_told_and_the_next_cell_runs(judge: Judge) -> None:
    assert judge.run("a = 1\nraise ValueError('no')") == "ValueError"
    assert judge.run("import sys\nsys.exit(0)") == "SystemExit"
    assert judge.run("raise KeyboardInterrupt") == "KeyboardInterrupt"
    assert judge.run("assert a == 1") is None


def test_a_check_left_in_a_cell_does_nothing(judge: Judge) -> None:
    assert judge.run("check('relu')\ncheck()") is None


def test_a_case_is_replayed_on_what_the_cells_defined(judge: Judge) -> None:
    judge.run("def double(x):\n    return 2 * x")
    request, arrays = call_of("double", X, x=np.arange(3.0))
    outcome = read_outcome(judge.ask("replay", arrays, **request))
    np.testing.assert_array_equal(outcome.outputs["out"].array, [0.0, 2.0, 4.0])


def test_a_rebound_function_is_answered_by_the_judge(judge: Judge) -> None:
    """By position and keyword, with a cache behind it, and a dict that it fills."""

    def scale(x: np.ndarray, param: dict[str, Any], by: float = 1.0) -> tuple:
        param["seen"] = x.sum()
        return by * x, (x, object())

    def unscale(y: np.ndarray, cache: tuple) -> np.ndarray:
        return y - cache[0]

    judge.run("def double(x):\n    return 2 * x")
    judge.run(
        "def f(x):\n"
        "    param = {'by': 3.0, 'own': object()}\n"
        "    y, cache = scale(x, by=3.0, param=param)\n"
        "    return unscale(y, cache=cache) + param['seen'] + apply(double, x)\n"
    )
    judge.ask("rebind", names=["scale", "unscale", "apply"])
    reference = {
        "scale": scale,
        "unscale": unscale,
        "apply": lambda f, x: f(x),
        "double": lambda x: 20 * x,
    }
    upcalls = Upcalls(reference, ("scale", "unscale", "apply"), 100)
    request, arrays = call_of("f", X, x=np.arange(3.0))
    reply = judge.ask("replay", arrays, **request)
    while "upcall" in reply[0]:
        send(judge.channel, upcalls(reply[0]["upcall"], *reply))
        reply = judge.receive()
    outcome = read_outcome(reply)
    assert outcome.fault is None
    np.testing.assert_array_equal(outcome.outputs["out"].array, [3.0, 25.0, 47.0])
    assert upcalls.calls == 3


def test_an_error_of_the_judges_function_is_an_exception_of_the_call(
    judge: Judge,
) -> None:
    judge.run("def f(x):\n    return g(x, x)")
    judge.ask("rebind", names=["g"])
    upcalls = Upcalls({"g": lambda x: x}, ("g",), 100)
    request, arrays = call_of("f", X, x=np.ones(2))
    header, body = judge.ask("replay", arrays, **request)
    send(judge.channel, upcalls(header["upcall"], header, body))
    fault = read_outcome(judge.receive()).fault
    assert fault is not None
    assert (fault.kind, fault.what) == ("raised", "ValueError")
    assert "TypeError" in fault.message
