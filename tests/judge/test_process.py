"""A worker is alone, can do no harm to the judge, and leaves nothing behind."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psutil
import pytest

from autograder.judge import process
from autograder.judge.process import CannotStart, WorkerLost, WorkerProcess
from autograder.student.trace import Step, Trace

SOON = 5.0

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


@pytest.fixture
def worker(no_worker_left: None) -> Iterator[WorkerProcess]:
    """A worker with nothing run."""
    with WorkerProcess() as worker:
        yield worker


def said(worker: WorkerProcess, expression: str, before: str = "") -> str:
    """What an expression is over there, by way of an exception's message."""
    cell = f"{before}\nraise Exception({expression})"
    fault = worker.run_cell(cell, "cell 1", SOON)
    assert fault is not None
    assert fault.what == "Exception"
    return fault.message


def lost(worker: WorkerProcess, source: str, seconds: float = SOON) -> str:
    """How a cell loses the worker."""
    with pytest.raises(WorkerLost) as caught:
        worker.run_cell(source, "cell 1", seconds)
    assert caught.value.fault.function == "cell 1"
    return caught.value.fault.kind


def test_the_environment_of_the_judge_is_not_there(
    monkeypatch: pytest.MonkeyPatch, no_worker_left: None
) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", "hush")
    monkeypatch.setenv("PYTHONPATH", "/course")
    with WorkerProcess() as worker:
        names = said(worker, "' '.join(os.environ)", "import os")
        home = said(worker, "os.path.expanduser('~')", "import os")
        folder = said(worker, "os.getcwd()", "import os")
    assert "AUTOGRADER_SECRET" not in names
    assert "PYTHONPATH" not in names
    assert home == folder == worker.scratch


@pytest.mark.parametrize(
    "part", ["reference", "judge", "course", "exercises", "mistakes"]
)
def test_no_part_of_the_instructor_can_be_imported(
    part: str, worker: WorkerProcess
) -> None:
    fault = worker.run_cell(f"import autograder.{part}", "cell 1", SOON)
    assert fault is not None
    assert fault.what == "ModuleNotFoundError"


def test_what_a_worker_runs_is_the_students_and_its_own_part_alone() -> None:
    with zipfile.ZipFile(process.bundle()) as archive:
        folders = {Path(name).parts[:2] for name in archive.namelist()}
    assert folders == {
        ("__main__.py",),
        ("autograder",),
        ("autograder", "__init__.py"),
        ("autograder", "student"),
        ("autograder", "worker"),
    }


def test_a_bundle_that_was_cleaned_away_is_made_again(no_worker_left: None) -> None:
    process.bundle().unlink()
    with WorkerProcess() as worker:
        assert worker.run_cell("x = 1", "cell 1", SOON) is None
    process.bundle().unlink()
    process.bundle.cache_clear()


def test_modules_in_the_scratch_folder_shadow_nothing(worker: WorkerProcess) -> None:
    worker.run_cell("open('random.py', 'w').write('1/0')", "cell 1", SOON)
    assert worker.run_cell("import random", "cell 2", SOON) is None


def test_a_flood_on_the_standard_streams_goes_nowhere(worker: WorkerProcess) -> None:
    flood = """
import os, sys
for _ in range(200):
    os.write(1, b'x' * (1 << 20))
    sys.stderr.write('y' * (1 << 20))
print(sys.stdin.read())
"""
    assert worker.run_cell(flood, "cell 1", SOON) is None
    assert worker.run_cell("x = 1", "cell 2", SOON) is None


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos._exit(0)",
        "import ctypes\nctypes.string_at(0)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "import os\nos.closerange(3, 64)",
        "import sys\nsys.setrecursionlimit(10**8)\nx = []\n"
        "for _ in range(10**6): x = [x]\nrepr(x)",
    ],
    ids=["exit", "segfault", "kill", "close", "overflow"],
)
def test_the_end_of_the_process_is_told_apart(
    source: str, worker: WorkerProcess
) -> None:
    assert lost(worker, source) == "crashed"


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    pass",
        "import threading\nthreading.Event().wait()",
        "sum(range(10**15))",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "import signal\nfor s in set(signal.Signals) - {9, 19}:\n"
        "    signal.signal(s, signal.SIG_IGN)\nwhile True:\n    pass",
        "while True:\n    try:\n        while True: pass\n"
        "    except BaseException: pass",
    ],
    ids=["loop", "wait", "loop in C", "stop", "deaf", "stubborn"],
)
def test_what_does_not_end_meets_the_deadline(
    source: str, worker: WorkerProcess
) -> None:
    started = time.monotonic()
    assert lost(worker, source, 0.5) == "deadline"
    assert time.monotonic() - started < SOON


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


def test_stopping_ends_what_the_worker_started_and_removes_its_folder(
    no_worker_left: None,
) -> None:
    with WorkerProcess() as worker:
        number = said(
            worker,
            "child.pid",
            "import subprocess\nopen('left', 'w').write('x')\n"
            "child = subprocess.Popen(['sleep', '600'])",
        )
        child = psutil.Process(int(number))
        assert os.getpgid(child.pid) == worker.process.pid
    assert not Path(worker.scratch).exists()
    gone, _ = psutil.wait_procs([child], SOON)
    assert gone == [child] or child.status() == psutil.STATUS_ZOMBIE


def test_a_worker_that_can_not_start_is_nobodys_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_worker_left: None
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no NumPy here')")
    monkeypatch.setattr(process, "bundle", cache(lambda: broken))
    with pytest.raises(CannotStart):
        WorkerProcess()
