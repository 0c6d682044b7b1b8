"""How fast a class is graded, beside stock nbgrader on the same answers.

    python benchmarks/bench_grading.py [--stock 16] [--many 160] [--sizes 10 100]

Writes ``benchmarks/results/grading.md``. The whole table (up to 2000
submissions) takes about half an hour: ``--sizes 10 100 1000 2000``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import nbformat  # noqa: E402
import psutil  # noqa: E402
from nbformat import NotebookNode  # noqa: E402
from tqdm import tqdm  # noqa: E402

from autograder.course.submissions import (  # noqa: E402
    hand_in,
    right_answers,
    submission,
    wrong_answers,
)
from autograder.exercises import exercises_of  # noqa: E402
from autograder.mistakes import mistakes_of  # noqa: E402
from benchmarks.machine import machine  # noqa: E402
from benchmarks.stock import StockCourse, answered  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "grading.md"
COPIED = ("autograder", "solutions", "assignments")
FILES = ("nbgrader_config.py", "_config.yml", "pyproject.toml")
TORCH_CELL = "import torch\n"

TEXT = """\
# How fast a class is graded

{machine}.
Made by `python benchmarks/bench_grading.py {arguments}`.
Students' code runs behind the sandbox `{sandbox}`.

## Beside stock nbgrader

The same answers: half of them right, half with one known mistake. Stock
nbgrader runs one or two assertions an exercise; `autograder grade` runs all
public and hidden cases, and names the mistakes. Both from the command to its
end, start-up included, on {cores} cores.

| notebook | stock, submissions a minute | here, submissions a minute | ratio | goal |
|---|---:|---:|---:|---:|
{ratios}

## What a submission costs beyond its own code

Wall time of grading it, less the processor time of the student's process; one
job, nothing else running. That process's time holds the student's code and the
exchange of inputs and results.

| notebook | median, ms | 95 % of them, ms | goal |
|---|---:|---:|---:|
{overheads}

## Size of the class

`autograder grade warmup`, {cores} jobs, on an empty journal. The coordinator's
memory is the largest that was seen, sampled ten times a second.

| submissions | seconds | submissions a minute | coordinator, MB |
|---:|---:|---:|---:|
{sizes}

## Jobs

{jobs_size} submissions of `warmup`.

| jobs | seconds | speed-up | same grades as with one |
|---:|---:|---:|---|
{jobs}
"""


@dataclass(frozen=True)
class Kind:
    """What is handed in: a notebook, and a cell that some students add."""

    name: str
    notebook: str
    first: str = ""
    goal: int = 10


KINDS = (
    Kind("`warmup`, NumPy", "warmup/warmup"),
    Kind("`warmup` with `import torch`", "warmup/warmup", TORCH_CELL, 25),
    Kind("`activations_cuda`, Triton", "activations/activations_cuda", "", 25),
)


@dataclass(frozen=True)
class Run:
    """One run of a command: seconds, and the coordinator's memory in MB."""

    seconds: float
    memory: float


class OurCourse:
    """A copy of this course with a class of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        for folder in COPIED:
            shutil.copytree(ROOT / folder, root / folder, ignore=left_out)
        for name in FILES:
            shutil.copy(ROOT / name, root)
        self.run("release")

    @property
    def folder(self) -> Path:
        return self.root / "class"

    def run(self, *arguments: str) -> Run:
        """Run one of the instructor's commands, and watch its memory."""
        bin_folder = Path(sys.executable).parent
        environment = {
            **os.environ,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.root),
            "OMP_NUM_THREADS": "1",
            "AUTOGRADER_SECRET": "benchmark",
        }
        command = [sys.executable, "-m", "autograder.course", *arguments]
        started = time.perf_counter()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdout=said, stderr=said
            )
            watched, largest = psutil.Process(process.pid), 0
            while process.poll() is None:
                try:
                    largest = max(largest, watched.memory_info().rss)
                except psutil.NoSuchProcess:
                    break
                time.sleep(0.1)
            seconds = time.perf_counter() - started
            if process.wait():
                said.seek(0)
                raise RuntimeError(said.read().decode())
        return Run(seconds, largest / 1e6)

    def hand_in(self, kind: Kind, count: int) -> None:
        """A class of ``count``, in place of an earlier one."""
        for step in ("submitted", "autograded", "journal"):
            shutil.rmtree(self.folder / step, ignore_errors=True)
        path = self.root / "assignments" / f"{kind.notebook}.ipynb"
        released = nbformat.read(path, as_version=4)
        for student, answers in class_of(kind.notebook, count):
            filled = _with_first(submission(released, kind.notebook, answers), kind)
            hand_in(self.folder, student, kind.notebook, filled)

    def grade(self, kind: Kind, jobs: int, sandbox: str) -> Run:
        """Grade all of it anew."""
        shutil.rmtree(self.folder / "journal", ignore_errors=True)
        name = kind.notebook.partition("/")[0]
        return self.run("grade", name, "--jobs", str(jobs), "--sandbox", sandbox)

    def records(self, kind: Kind) -> list[dict]:
        """What the journal holds."""
        name = kind.notebook.partition("/")[0]
        paths = sorted((self.folder / "journal" / name).glob("*.json"))
        return [json.loads(p.read_text()) for p in paths]

    def overheads(self, kind: Kind) -> list[float]:
        """Milliseconds beyond the student's process, a submission."""
        return [
            1e3 * (n["seconds"] - n["usage"]["seconds"])
            for record in self.records(kind)
            for n in record["notebooks"]
        ]

    def scores(self, kind: Kind) -> list[object]:
        """Every student's points, exercise by exercise."""
        return [
            (r["student"], [(e["name"], e["earned"]) for e in n["exercises"]])
            for r in self.records(kind)
            for n in r["notebooks"]
        ]


def class_of(notebook: str, count: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Students with their answers: right, and with one known mistake, by turns."""
    mistakes = [m for e in exercises_of(notebook) for m in mistakes_of(e.name)]
    for i in range(count):
        mistake = mistakes[i % len(mistakes)]
        wrong = i % 2 == 1
        answers = wrong_answers(notebook, mistake) if wrong else right_answers(notebook)
        yield f"student-{i:04d}", answers


def _with_first(filled: NotebookNode, kind: Kind) -> NotebookNode:
    if kind.first:
        filled.cells.insert(0, nbformat.v4.new_code_cell(kind.first))
    return filled


def stock_rate(folder: Path, kind: Kind, count: int) -> float:
    """Submissions a minute of stock ``nbgrader autograde``."""
    course = StockCourse(folder, kind.notebook)
    course.make()
    released = course.release()
    for student, answers in class_of(kind.notebook, count):
        course.hand_in(student, _with_first(answered(released, answers), kind))
    started = time.perf_counter()
    course.nbgrader("autograde", course.assignment)
    return 60 * count / (time.perf_counter() - started)


def report(options: argparse.Namespace) -> str:
    """The whole result as Markdown."""
    cores = os.cpu_count() or 1
    bar = tqdm(total=len(KINDS) * 3 + len(options.sizes) + len(options.jobs))
    ratios, overheads, sizes, jobs = [], [], [], []
    with tempfile.TemporaryDirectory() as place:
        ours = OurCourse(Path(place) / "ours")
        for i, kind in enumerate(KINDS):
            stock = stock_rate(Path(place) / f"stock-{i}", kind, options.stock)
            bar.update()
            ours.hand_in(kind, options.many)
            run = ours.grade(kind, cores, options.sandbox)
            bar.update()
            rate = 60 * options.many / run.seconds
            ratios.append(
                f"| {kind.name} | {stock:,.0f} | {rate:,.0f} | {rate / stock:.1f} "
                f"| {kind.goal} |"
            )
            ours.hand_in(kind, max(10, options.many // 4))
            ours.grade(kind, 1, options.sandbox)
            bar.update()
            times = sorted(ours.overheads(kind))
            overheads.append(
                f"| {kind.name} | {statistics.median(times):.0f} "
                f"| {times[int(0.95 * len(times))]:.0f} | 100 |"
            )
        for size in options.sizes:
            ours.hand_in(KINDS[0], size)
            run = ours.grade(KINDS[0], cores, options.sandbox)
            bar.update()
            rate = 60 * size / run.seconds
            sizes.append(
                f"| {size:,} | {run.seconds:.1f} | {rate:,.0f} | {run.memory:.0f} |"
            )
        ours.hand_in(KINDS[0], options.many)
        first: tuple[float, object] | None = None
        for number in options.jobs:
            run = ours.grade(KINDS[0], number, options.sandbox)
            bar.update()
            scores = ours.scores(KINDS[0])
            first = first or (run.seconds, scores)
            same = "yes" if scores == first[1] else "NO"
            jobs.append(
                f"| {number} | {run.seconds:.1f} | {first[0] / run.seconds:.2f} "
                f"| {same} |"
            )
    bar.close()
    return TEXT.format(
        machine=machine("numpy", "torch", "nbgrader", "distributed"),
        arguments=" ".join(sys.argv[1:]),
        sandbox=options.sandbox,
        cores=cores,
        ratios="\n".join(ratios),
        overheads="\n".join(overheads),
        sizes="\n".join(sizes),
        jobs="\n".join(jobs),
        jobs_size=options.many,
    )


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stock", type=int, default=16, help="submissions for stock")
    parser.add_argument("--many", type=int, default=160, help="submissions here")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10, 100])
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--sandbox", default="bwrap")
    text = report(parser.parse_args())
    print(text)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
