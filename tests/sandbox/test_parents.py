"""What a warm parent has imported, and what it holds."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.judge.process import WorkerProcess
from autograder.sandbox import BACKENDS, Backend, Parent, choose, parent
from autograder.sandbox.backends import environment
from autograder.sandbox.bundle import bundle
from autograder.sandbox.warm import HEAVY, LIGHT
from tests import processes
from tests.sandbox.workers import SOON, said


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
