"""A worker is alone, can do no harm to the judge, and leaves nothing behind."""

from __future__ import annotations

import time
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import psutil
import pytest

from autograder.judge.process import WorkerProcess
from autograder.sandbox import (
    Backend,
    NoSandbox,
    Parent,
    choose,
    parent,
    warm,
)
from autograder.sandbox.backends import SCRATCH, environment
from autograder.sandbox.bundle import bundle
from tests.judge.sessions import SOON, lost


def said(worker: WorkerProcess, expression: str, before: str = "") -> str:
    """What an expression is over there, by way of an exception's message."""
    cell = f"{before}\nraise Exception({expression})"
    fault = worker.run_cell(cell, "cell 1", SOON)
    assert fault is not None
    assert fault.what == "Exception"
    return fault.message


def test_the_environment_of_the_judge_is_not_there(
    walls: Backend,
    own_parent: type[Parent],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", "hush")
    monkeypatch.setenv("PYTHONPATH", "/course")
    own = own_parent(walls)  # those that are kept were started before
    with WorkerProcess(own) as worker:
        names = said(worker, "' '.join(os.environ)", "import os").split()
        home = said(worker, "os.path.expanduser('~')", "import os")
        folder = said(worker, "os.getcwd()", "import os")
    # bubblewrap says where it is.
    expected = {*environment(""), "TRITON_CACHE_DIR"}
    assert set(names) - {"PWD"} == expected
    assert home == folder == (worker.child.scratch or SCRATCH)


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
    with zipfile.ZipFile(bundle()) as archive:
        folders = {Path(name).parts[:2] for name in archive.namelist()}
    assert folders == {
        ("__main__.py",),
        ("autograder",),
        ("autograder", "__init__.py"),
        ("autograder", "student"),
        ("autograder", "worker"),
    }


def test_a_bundle_that_was_cleaned_away_is_made_again(
    walls: Backend, own_parent: type[Parent]
) -> None:
    own = own_parent(walls)
    bundle().unlink()
    own.start()
    with WorkerProcess(own) as worker:
        assert worker.run_cell("x = 1", "cell 1", SOON) is None
    assert bundle().is_file()
    bundle().unlink()
    bundle.cache_clear()


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
        "import os\nos.abort()",
        "import os\nos.closerange(3, 64)",
        "import sys\nsys.setrecursionlimit(10**8)\nx = []\n"
        "for _ in range(10**6): x = [x]\nrepr(x)",
    ],
    ids=["exit", "segfault", "abort", "close", "overflow"],
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
        "import signal\nfor s in set(signal.Signals) - {9, 19}:\n"
        "    signal.signal(s, signal.SIG_IGN)\nwhile True:\n    pass",
        "while True:\n    try:\n        while True: pass\n"
        "    except BaseException: pass",
    ],
    ids=["loop", "wait", "loop in C", "deaf", "stubborn"],
)
def test_what_does_not_end_meets_the_deadline(
    source: str, worker: WorkerProcess
) -> None:
    started = time.monotonic()
    assert lost(worker, source, 0.5) == "deadline"
    assert time.monotonic() - started < SOON


@pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP", "SIGTERM"])
def test_a_signal_to_itself(number: str, walls: Backend, worker: WorkerProcess) -> None:
    """In a jail it is the first process, which signals of its own do not end."""
    source = f"import os, signal\nos.kill(os.getpid(), signal.{number})"
    if walls.name == "bwrap":
        assert worker.run_cell(source, "cell 1", SOON) is None
    elif walls.name == "landlock":
        fault = worker.run_cell(source, "cell 1", SOON)
        assert fault is not None
        assert fault.what == "PermissionError"
    else:
        stopped = number == "SIGSTOP"
        expected = "deadline" if stopped else "crashed"
        assert lost(worker, source, 0.5 if stopped else SOON) == expected


STARTS = """
import os, subprocess, sys
open('left', 'w').write('x')
child = subprocess.Popen(['sleep', '600'])
read, write = os.pipe()
if os.fork() == 0:  # a daemon
    os.setsid()
    if os.fork() == 0:
        os.write(write, str(os.getpid()).encode())
        os.execvp('sleep', ['sleep', '600'])
    os._exit(0)
daemon = os.read(read, 20).decode()
"""


def test_stopping_ends_what_the_worker_started(no_worker_left: None) -> None:
    """Only without walls can it start something."""
    with WorkerProcess(parent(choose("none"))) as worker:
        numbers = said(worker, "f'{child.pid} {daemon}'", STARTS)
        started = [psutil.Process(int(n)) for n in numbers.split()]
        assert len(started) == 2
    gone, _ = psutil.wait_procs(started, SOON)
    assert set(gone) == set(started)


def test_stopping_removes_the_scratch_folder(walls: Backend) -> None:
    with WorkerProcess(parent(walls)) as worker:
        assert worker.run_cell("open('left', 'w').write('x')", "cell 1", SOON) is None
        scratch = worker.child.scratch
        assert (scratch is None) == (walls.name == "bwrap")
    assert scratch is None or not Path(scratch).exists()


def test_a_parent_that_can_not_start_is_nobodys_mistake(
    walls: Backend,
    own_parent: type[Parent],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no NumPy here')")
    monkeypatch.setattr(warm, "bundle", cache(lambda: broken))
    with pytest.raises(NoSandbox, match="does not start: no NumPy here"):
        own_parent(walls)


def test_a_wall_that_can_not_be_put_up_lets_no_code_run(
    walls: Backend, own_parent: type[Parent]
) -> None:
    without = replace(walls.walls(), seccomp="00" * 8)
    with pytest.raises(NoSandbox, match="seccomp: Invalid argument"):
        own_parent(replace(walls, walls=lambda: without))
