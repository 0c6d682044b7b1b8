"""A warm parent outlives what it forks, and ends with the judge."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from autograder.judge.process import EndedFromOutside, WorkerLost, WorkerProcess
from autograder.sandbox import Backend, Parent, choose, warm
from tests import processes
from tests.processes import eventually
from tests.sandbox.workers import SOON, said
from tests.users import ROOT

ENDS = {
    "nothing": "x = 1",
    "exception": "1 / 0",
    "exit": "import os; os._exit(3)",
    "abort": "import os; os.abort()",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "memory": "import numpy as np\nx = []\nwhile True: x.append(np.zeros(1 << 28))",
    "recursion": "import sys; sys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "closed": "import os; os.closerange(3, 64)",
    "loop": "while True: pass",
    "deaf": "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, 1)\n"
    "    except (OSError, ValueError): pass\nwhile True: pass",
    "stopped": "import os\ntry: os.kill(os.getpid(), 19)\nexcept OSError: pass",
    "group": "import os\ntry: os.killpg(0, 9)\nexcept OSError: pass",
}


def test_whatever_ends_a_submission_leaves_the_parent(own: Parent) -> None:
    before = processes.python(own)
    for source in ENDS.values():
        with WorkerProcess(own) as worker, contextlib.suppress(WorkerLost):
            worker.run_cell(source, "cell 1", 1.0)
        with WorkerProcess(own) as worker:
            assert said(worker, "1 + 1") == "2"
    assert processes.python(own) == before
    assert own.forks == 2 * len(ENDS)
    assert eventually(lambda: processes.submissions(own) == [])


def test_a_submission_that_is_killed_or_stopped_from_outside(own: Parent) -> None:
    before = processes.python(own)
    for act in (psutil.Process.kill, psutil.Process.suspend):
        with WorkerProcess(own) as worker:
            act(processes.student(own))
            with pytest.raises(WorkerLost):
                worker.run_cell("x = 1", "cell 1", 0.5)
    assert eventually(lambda: processes.submissions(own) == [])
    assert processes.python(own) == before


def test_many_at_once_do_not_meet(own: Parent) -> None:
    workers = [WorkerProcess(own) for _ in range(8)]
    for number, worker in enumerate(workers):
        assert worker.run_cell(f"mine = {number}", "cell 1", SOON) is None
    assert [said(w, "mine") for w in workers] == [*map(str, range(8))]
    for worker in workers[::2]:
        worker.stop()
    assert [said(w, "mine") for w in workers[1::2]] == ["1", "3", "5", "7"]
    for worker in workers:
        worker.stop()
    assert eventually(lambda: processes.submissions(own) == [])


def test_a_parent_that_was_killed_is_started_again(own: Parent) -> None:
    before = processes.python(own)
    before.kill()
    before.wait(SOON)
    with WorkerProcess(own) as worker:
        assert said(worker, "1 + 1") == "2"
    assert processes.python(own) != before


def test_what_runs_goes_on_when_the_parent_is_killed(own: Parent) -> None:
    with WorkerProcess(own) as worker:
        processes.python(own).kill()
        assert said(worker, "1 + 1") == "2"


def test_a_jail_that_was_killed_is_no_fault_of_the_student(
    own_parent: type[Parent],
) -> None:
    own = own_parent(choose("bwrap"))
    with WorkerProcess(own) as worker:
        _, first, _ = processes.chain(own)  # of the jail's processes
        first.kill()
        with pytest.raises(EndedFromOutside):
            worker.run_cell("while True: pass", "cell 1", SOON)


def test_a_new_parent_after_many_forks_leaves_what_runs(
    own: Parent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "MOST_FORKS", 2)
    monkeypatch.setattr(warm, "ENDING", 0.5)
    with WorkerProcess(own) as old:
        assert old.run_cell("x = 1", "cell 1", SOON) is None
        for _ in range(3):
            with WorkerProcess(own) as worker:
                assert said(worker, "1 + 1") == "2"
        assert said(old, "x") == "1"


def test_a_parent_is_new_after_many_forks(
    own: Parent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "MOST_FORKS", 2)
    seen: set[psutil.Process] = set()
    for _ in range(5):
        with WorkerProcess(own) as worker:
            assert said(worker, "1 + 1") == "2"
            seen.add(processes.python(own))
    assert len(seen) == 3
    last = [processes.python(own)]
    assert processes.eventually(lambda: [p for p in seen if processes.runs(p)] == last)


JUDGE = """
import sys, psutil
from autograder.judge.process import WorkerProcess
from autograder.sandbox import choose, parent
warm = parent(choose(sys.argv[1]))
workers = [WorkerProcess(warm) for _ in range(3)]
workers[0].run_cell("import threading", "c", 20)
try:
    workers[0].run_cell("while True: pass", "c", 0.1)
except Exception:
    pass
print(*[p.pid for p in psutil.Process().children(recursive=True)], flush=True)
sys.stdin.read()
"""


def test_all_ends_when_the_judge_is_killed(walls: Backend, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", JUDGE, walls.name],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as judge:
        assert judge.stdout is not None
        started = [psutil.Process(int(n)) for n in judge.stdout.readline().split()]
        assert len(started) >= 1 + 3 * 2
        judge.kill()
    _, alive = psutil.wait_procs(started, SOON)
    assert alive == []


def test_what_a_submission_used_is_its_own(own: Parent) -> None:
    """Time and memory; what came before counts for nothing."""
    with WorkerProcess(own) as worker:
        assert worker.run_cell("x = 1", "cell 1", SOON) is None
    idle = worker.stop()
    busy = "import time\nwhile time.process_time() < 0.4: pass"
    with WorkerProcess(own) as worker:
        assert worker.run_cell(busy, "cell 1", SOON) is None
    used = worker.stop()
    assert idle.seconds < 0.2 < used.seconds < 5
    assert idle.workers == used.workers == 1
    with WorkerProcess(own) as worker:
        hold = "import numpy as np; x = np.ones(200 << 20, 'u1')"
        assert worker.run_cell(hold, "cell 1", SOON) is None
    held = worker.stop()
    assert 190 << 20 < held.memory - idle.memory < 260 << 20
    with WorkerProcess(own) as worker:
        assert worker.run_cell("x = 1", "cell 1", SOON) is None
    again = worker.stop()
    assert again.seconds < 0.2
    assert again.memory - idle.memory < 50 << 20
    assert worker.stop() == again  # and is not counted twice
