"""Without walls the same faults do harm, and it is seen: the net has no hole.

They run in a jail around the whole batch (:mod:`tests.faults.jail`).
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.batch import left_running, mark_number
from tests.faults.fault import WARMUP
from tests.faults.place import Place
from tests.faults.plan import SHORT, Batch, run

LEAKS = {
    "reading-solutions-by-path": "wrote outside of the sandbox",
    "reading-gradebook": "shows the canary of gradebook",
    "reading-home": "shows the canary of home",
    "memory-parent-environment": "shows the canary of environment",
    "memory-parent-memory": "shows the canary of secret",
    "writing-drop": "wrote outside of the sandbox",
    "writing-start-up-of-the-shell": "wrote into .bashrc",
    "reading-loopback": "reached the network",
}
EARNS = {"reading-solutions-by-path": 6.0, "reading-classmates": 6.0}
BARE = Batch("bare", WARMUP, (*LEAKS, "reading-classmates"))


@pytest.fixture(scope="session")
def bare(once: Callable[[str, Callable[[Path], object]], Path]) -> Any:
    """A few faults, graded without walls."""
    if shutil.which("bwrap") is None:
        pytest.skip("hostile code is not run without bubblewrap")

    def fill(folder: Path) -> None:
        options = (*SHORT, "--Judge.sandbox=none")
        batch = Batch(BARE.name, BARE.notebook, BARE.faults, options)
        found = run(batch, in_jail=True)
        folder.mkdir()
        (folder / "found.json").write_text(json.dumps(found))

    return json.loads((once("bare", fill) / "found.json").read_text())


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_seen(name: str, bare: Any) -> None:
    assert LEAKS[name] in bare["leaks"].get(name, [])


@pytest.mark.parametrize("name", EARNS)
def test_points_that_were_not_earned_are_seen(name: str, bare: Any) -> None:
    assert sum(bare["points"][name].values()) == EARNS[name]


def test_a_changed_file_is_seen(bare: Any) -> None:
    assert any(path.endswith(".bashrc") for path in bare["changed"])


def test_a_process_that_stays_is_seen(tmp_path: Path) -> None:
    place = Place(tmp_path, run=secrets.token_hex(3))
    child = subprocess.Popen(["sleep", f"6{mark_number(place, 1)}"])
    found = left_running(place, ["one", "two"])
    assert [line.partition(":")[0] for line in found] == ["two"]
    assert child.wait(5) < 0
