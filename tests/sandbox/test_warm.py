"""A warm parent outlives what it forks, and ends with the judge."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograder.judge.process import EndedFromOutside, WorkerLost, WorkerProcess
from autograder.sandbox import BACKENDS, Backend, Parent, choose, parent, warm
from autograder.sandbox.backends import environment
from autograder.sandbox.bundle import bundle
from autograder.sandbox.warm import HEAVY, LIGHT
from tests import processes
from tests.processes import eventually
from tests.users import ROOT

SOON = 20.0


@pytest.fixture(params=BACKENDS)
def walls(request: pytest.FixtureRequest) -> Backend:
    return choose(request.param)


@pytest.fixture
def own(walls: Backend, own_parent: type[Parent]) -> Parent:
    """A warm parent of the test's own."""
    return own_parent(walls)


def said(worker: WorkerProcess, expression: str, before: str = "pass") -> str:
    """What an expression is over there."""
    fault = worker.run_cell(f"{before}\nraise Exception({expression})", "c", SOON)
    assert fault is not None
    assert fault.what == "Exception", fault.message
    return fault.message


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


def test_one_parent_a_kind_of_walls_and_set_of_packages(walls: Backend) -> None:
    light = parent(walls)
    assert parent(walls, LIGHT) is light
    other = replace(walls, walls=lambda: replace(walls.walls(), threads=63))
    narrow = parent(other)
    assert narrow is not light
    heavy = parent(walls, HEAVY)
    assert heavy is not light
    names = "' '.join(m for m in ('numpy', 'torch', 'triton') if m in sys.modules)"
    for warm_parent, expected in ((light, "numpy"), (heavy, "numpy torch triton")):
        with WorkerProcess(warm_parent) as worker:
            assert said(worker, names, "import sys") == expected


def test_a_parent_goes_without_a_package_that_is_missing(
    own_parent: type[Parent], backend: Backend
) -> None:
    """There is no Triton for some machines; code that imports it says so."""
    own = own_parent(backend, ("numpy", "no_such_package"))
    with WorkerProcess(own) as worker:
        fault = worker.run_cell("import no_such_package", "cell 1", SOON)
        assert fault is not None
        assert "No module named 'no_such_package'" in fault.message


def test_torch_computes_in_16_bits_inside(walls: Backend) -> None:
    """It asks /proc what the processor can do, once, and there is none inside."""
    convert = (
        "import torch\nfor t in torch.ones(70).half(), torch.ones(70).bfloat16():\n"
    )
    convert += "    t.float().exp().to(t.dtype).sum()"
    with WorkerProcess(parent(walls, HEAVY)) as worker:
        assert worker.run_cell(convert, "cell 1", SOON) is None


def test_a_parent_holds_nothing_of_the_judge(
    walls: Backend, own_parent: type[Parent], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its environment, among its files, in its memory."""
    monkeypatch.setenv("AUTOGRADER_SECRET", "sesame-" + "open" * 3)
    kept = os.open(__file__, os.O_RDONLY)
    os.set_inheritable(kept, True)
    own = own_parent(walls)
    os.close(kept)
    known = ("/dev/null", "socket:", own.home, str(bundle()))
    for process in processes.chain(own):
        assert set(process.environ()) <= {*environment(""), "PWD"}
        opened = [os.readlink(p) for p in Path(f"/proc/{process.pid}/fd").iterdir()]
        assert "test_warm" not in " ".join(opened)
    assert [f for f in opened if not f.startswith(known)] == []
    needle = ("sesame-" + "open" * 3).encode()
    assert needle not in memory(processes.python(own).pid)


def memory(pid: int) -> bytes:
    """What a process may write in."""
    found = bytearray()
    with open(f"/proc/{pid}/mem", "rb", 0) as file:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if rights.startswith("rw"):
                start, end = (int(n, 16) for n in span.split("-"))
                try:
                    file.seek(start)
                    found += file.read(end - start)
                except (OSError, ValueError, OverflowError):
                    continue
    assert len(found) > 1 << 20
    return bytes(found)


def test_sets_have_the_same_order_in_every_parent(own_parent: type[Parent]) -> None:
    words = "''.join({f'w{i}' for i in range(60)})[:250]"
    orders = set()
    for name in BACKENDS:
        with WorkerProcess(own_parent(choose(name))) as worker:
            orders.add(said(worker, words))
    assert len(orders) == 1


CHANCE = {
    "numpy.random": "__import__('numpy').random.rand()",
    "default_rng": "__import__('numpy').random.default_rng().random()",
    "random": "__import__('random').random()",
    "os.urandom": "__import__('os').urandom(8).hex()",
    "torch": "float(__import__('torch').rand(1))",
}


@pytest.mark.parametrize(
    ("modules", "same"),
    [(LIGHT, {"numpy.random", "random"}), (HEAVY, {"numpy.random", "random", "torch"})],
)
def test_unseeded_global_generators_give_every_submission_the_same_numbers(
    modules: tuple[str, ...], same: set[str], backend: Backend
) -> None:
    names = [n for n in CHANCE if n != "torch" or modules == HEAVY]
    repeats = set()
    for name in names:
        found = set()
        for _ in range(2):
            with WorkerProcess(parent(backend, modules)) as worker:
                found.add(said(worker, CHANCE[name]))
        repeats |= {name} if len(found) == 1 else set()
    assert repeats == same


def test_a_bundle_is_one_for_all_parents() -> None:
    assert bundle() is bundle()
    assert bundle().stat().st_mode & 0o777 == 0o644
