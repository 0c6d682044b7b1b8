"""Ask several workers something, as whoever runs this; answers as JSON.

Reads ``{"sandbox", "heavy", "seconds", "probes": {name: [cell, ...]}}``, gives
every cell to a worker of its own, and keeps those of a probe until its end.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from autograder.judge.process import WorkerLost, WorkerProcess
from autograder.sandbox import choose, parent
from autograder.sandbox.warm import HEAVY, LIGHT
from tests import processes

FIELDS = ("Uid", "NoNewPrivs", "Seccomp", "CapInh", "CapPrm", "CapEff", "CapAmb")


def main() -> None:
    with tempfile.NamedTemporaryFile("w", dir="/tmp") as temporary:
        answer_all(json.load(sys.stdin), temporary.name)


def answer_all(asked: dict[str, Any], temporary: str) -> None:
    """Write the answers to standard output."""
    warm = parent(choose(asked["sandbox"]), HEAVY if asked["heavy"] else LIGHT)
    places = {
        "@ROOT@": str(Path(__file__).parents[2]),
        "@HOME@": os.environ["HOME"],
        "@TEMPORARY@": temporary,
        "@JUDGE@": str(os.getpid()),
    }
    before = processes.python(warm).pid
    earlier = scratch()
    answers = {}
    for name, cells in asked["probes"].items():
        lay_out_home()
        try:
            with contextlib.ExitStack() as stack:
                for cell in cells:
                    for place, value in places.items():
                        cell = cell.replace(place, value)
                    worker = stack.enter_context(WorkerProcess(warm))
                    answers[name] = answer(worker, cell, asked["seconds"])
        except Exception as error:
            answers[name] = f"judge: {type(error).__name__}", str(error)
    with WorkerProcess(warm):
        state = status(processes.student(warm).pid)
    kept = processes.python(warm).pid == before
    left = sorted(scratch() - earlier)
    facts = {"parent kept": kept, "scratch": left, "state": state}
    print(json.dumps({"answers": answers, **facts}))


def scratch() -> set[str]:
    """Folders of submissions on the disk."""
    return {p.name for p in Path(os.environ["TMPDIR"]).glob("autograder-worker-*")}


def lay_out_home() -> None:
    """A file to be found, and none that an earlier probe left."""
    for path in Path(os.environ["HOME"]).iterdir():
        if not path.name.startswith(("autograder-", ".")):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    Path(os.environ["HOME"], "canary").write_text("canary")


def answer(worker: WorkerProcess, cell: str, seconds: float) -> tuple[str, str]:
    """How it ended: "" when it ran through; and what it said."""
    try:
        fault = worker.run_cell(cell, "cell 1", seconds)
    except WorkerLost as lost:
        return f"lost: {lost.fault.kind}", lost.fault.message
    return ("", "") if fault is None else (fault.what, f"{fault.message} {fault.line}")


def status(pid: int) -> dict[str, str]:
    """What the kernel says of a process, and who owns its entry in /proc."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    owner = str(os.stat(f"/proc/{pid}/environ").st_uid)
    return {name: found[name] for name in FIELDS} | {"owner": owner}


main()
