"""How long a student waits for ``check(...)``, beside ``nbgrader validate``.

    python benchmarks/bench_check.py [--rounds 30] [--validations 3]

Writes ``benchmarks/results/check.md``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import nbformat  # noqa: E402

from autograder.course.submissions import right_answers, submission  # noqa: E402
from autograder.exercises import Exercise, all_exercises, exercises_of  # noqa: E402
from autograder.mistakes import Mistake, mistakes_of  # noqa: E402
from autograder.reference import scripts  # noqa: E402
from autograder.student import answers  # noqa: E402
from autograder.student.check import check_one  # noqa: E402
from autograder.student.report import Report  # noqa: E402
from benchmarks.machine import machine  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "check.md"
GOAL = 100.0
"""Milliseconds that the median check may take."""

TEXT = """\
# How long a check takes

{machine}.
The inputs are the public cases, which a fixed seed draws: the same in every run.
Made by `python benchmarks/bench_check.py`.

## One exercise

From the call of `check` to its text and its page, in a notebook that runs. A
right answer and the known mistake that takes longest, by turns, {rounds} times
each.

| | median, ms | largest, ms |
|---|---:|---:|
{single}

Median of all: {median:.1f} ms; slowest median: {slowest:.1f} ms. The goal is
{goal:.0f} ms.

## A whole notebook

All exercises, right, in a notebook that runs; the answer key is read anew each
time. `nbgrader validate` starts a kernel and runs the same answers and the same
checks, which is what it is for. By turns, {validations} times each.

| | median, ms | largest, ms |
|---|---:|---:|
{whole}
"""


@dataclass(frozen=True)
class Row:
    """Times in milliseconds of one thing that a student may run."""

    name: str
    times: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    def cells(self) -> str:
        return f"| {self.name} | {self.median:,.1f} | {max(self.times):,.1f} |"


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    started = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - started)


def key_path(notebook: str) -> Path:
    return ROOT / "assignments" / f"{notebook}{answers.SUFFIX}"


def check_rows(notebook: str, rounds: int) -> Iterator[Row]:
    """Each exercise right, and with its slowest known mistake, in turn."""
    entries = answers.read(key_path(notebook))

    def waiting(exercise: Exercise, names: dict[str, Any]) -> Callable[[], object]:
        def work() -> object:
            report = Report((check_one(entries, exercise.name, names),))
            return report._repr_html_(), repr(report)

        work()  # what is only slow the first time
        return work

    for exercise in exercises_of(notebook):
        right = waiting(exercise, scripts.namespace(notebook))
        wrong = max(
            (
                waiting(exercise, _wrong(notebook, m))
                for m in mistakes_of(exercise.name)
            ),
            key=timed,
        )
        pairs = [(timed(right), timed(wrong)) for _ in range(rounds)]
        yield Row(f"`{exercise.name}`, right", tuple(p[0] for p in pairs))
        yield Row(f"`{exercise.name}`, a known mistake", tuple(p[1] for p in pairs))


def _wrong(notebook: str, mistake: Mistake) -> dict[str, Any]:
    return scripts.namespace(notebook, mistake)


def whole_rows(notebook: str, rounds: int) -> Iterator[Row]:
    """All checks of a notebook, and nbgrader's validation of the same cells."""
    names = scripts.namespace(notebook)

    def all_checks() -> object:
        entries = answers.read(key_path(notebook))
        results = tuple(check_one(entries, name, names) for name in entries)
        return Report(results)._repr_html_()

    with tempfile.TemporaryDirectory() as folder:
        path = _only_answers_and_checks(notebook, Path(folder))

        def validate() -> object:
            command = [sys.executable, "-m", "nbgrader", "validate", str(path)]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True
            )
            if "Success" not in done.stdout:
                raise RuntimeError(
                    f"nbgrader validate said: {done.stdout}{done.stderr}"
                )
            return done

        pairs = [(timed(all_checks), timed(validate)) for _ in range(rounds)]
    yield Row(f"`{notebook}`: `check()`, all exercises", tuple(p[0] for p in pairs))
    yield Row(f"`{notebook}`: `nbgrader validate`", tuple(p[1] for p in pairs))


def _only_answers_and_checks(notebook: str, folder: Path) -> Path:
    """The right notebook without the cells that only show results."""
    name = notebook.rpartition("/")[2]
    released = nbformat.read(ROOT / "assignments" / f"{notebook}.ipynb", as_version=4)
    filled = submission(released, notebook, right_answers(notebook))
    filled.cells = [c for c in filled.cells if "nbgrader" in c.metadata]
    path = folder / f"{name}.ipynb"
    nbformat.write(filled, path)
    (folder / key_path(notebook).name).write_bytes(key_path(notebook).read_bytes())
    return path


def report(rounds: int, validations: int) -> str:
    """The whole result as Markdown."""
    notebooks = dict.fromkeys(
        e.notebook for e in all_exercises().values() if e.path == "numpy"
    )
    single = [row for n in notebooks for row in check_rows(n, rounds)]
    whole = [row for n in notebooks for row in whole_rows(n, validations)]
    return TEXT.format(
        machine=machine("numpy", "safetensors", "nbgrader"),
        rounds=rounds,
        validations=validations,
        single="\n".join(row.cells() for row in single),
        whole="\n".join(row.cells() for row in whole),
        median=statistics.median(t for row in single for t in row.times),
        slowest=max(row.median for row in single),
        goal=GOAL,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--validations", type=int, default=3)
    options = parser.parse_args()
    text = report(options.rounds, options.validations)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
