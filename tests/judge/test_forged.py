"""Whatever a student's process sends, the judge reads a reply or loses a worker."""

from __future__ import annotations

import pytest

from autograder.judge.process import WorkerLost, WorkerProcess
from autograder.student.trace import Step, Trace
from tests.judge.sessions import SOON, lost

# Writes to every descriptor that is a socket, as a student might find it.
TO_THE_CHANNEL = """
import os, stat
def to_the_channel(content):
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.write(fd, content)
        except OSError:
            pass
"""
FORGED = """
import json, struct
def frame(header, body=b'\\x08\\0\\0\\0\\0\\0\\0\\0{}      '):
    head = json.dumps(header).encode()
    return struct.pack('!IQ', len(head), len(body)) + head + body
"""


@pytest.mark.parametrize(
    "act",
    [
        "to_the_channel(b'garbage ' * 100)",
        "to_the_channel(b'\\xff' * 12)",
        "to_the_channel(b'\\0' * 12)",
        "to_the_channel(frame({'fault': None}))",
        "to_the_channel(frame({'id': '0' * 32, 'fault': None}))",
        "to_the_channel(frame({'id': None, 'upcall': 'f', 'arguments': []}))",
        "to_the_channel(frame([]))",
        "to_the_channel(frame({'fault': None}, b'nonsense'))",
        "to_the_channel(frame({'fault': None})[:-3])",
    ],
)
def test_forged_frames_cost_the_cell_that_sends_them(
    act: str, worker: WorkerProcess
) -> None:
    assert lost(worker, f"{TO_THE_CHANNEL}{FORGED}{act}") == "crashed"


def test_a_frame_sent_ahead_is_no_answer_to_the_next_question(
    worker: WorkerProcess,
) -> None:
    """The cell teaches the loop to send another frame after each answer."""
    source = """
import autograder.worker.main as loop
send = loop.send
def twice(channel, *frame):
    send(channel, *frame)
    send(channel, ({'id': 'x', 'outputs': {}, 'inputs': {}}, {}))
loop.send = twice
"""
    assert worker.run_cell(source, "cell 1", SOON) is None
    trace = Trace("a case", "numpy", (Step("f", (), (), None),), {}, {})
    with pytest.raises(WorkerLost) as caught:
        worker.replay(trace, (), SOON)
    assert caught.value.fault.kind == "crashed"


def test_a_forged_reply_of_another_form_costs_its_exercise(
    worker: WorkerProcess,
) -> None:
    """The function finds the id of the request and answers in the loop's place."""
    source = f"""{TO_THE_CHANNEL}{FORGED}
import gc, os
def f():
    served = next(o for o in gc.get_objects() if type(o).__name__ == 'Worker')
    to_the_channel(frame({{'id': served.request, 'outputs': 'all right'}}))
    os._exit(0)
"""
    assert worker.run_cell(source, "f", SOON) is None
    trace = Trace("a case", "numpy", (Step("f", (), (), None),), {}, {})
    with pytest.raises(WorkerLost) as caught:
        worker.replay(trace, (), SOON)
    assert (caught.value.fault.kind, caught.value.fault.function) == ("crashed", "f")
