"""How fast a class is graded, beside stock nbgrader on the same answers.

    python benchmarks/bench_grading.py [--stock 16] [--many 160] [--sizes 10 100]

Writes ``benchmarks/results/grading.md``. The whole table (up to 2000
submissions) takes about half an hour: ``--sizes 10 100 1000 2000``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tqdm import tqdm  # noqa: E402

from autograder.exercises import exercises_of  # noqa: E402
from autograder.reference.recorder import record  # noqa: E402
from benchmarks.machine import machine  # noqa: E402
from benchmarks.ours import Kind, OurCourse, Run, class_of  # noqa: E402
from benchmarks.stock import StockCourse, answered  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "grading.md"

TEXT = """\
# How fast a class is graded

{machine}.
Made by `python benchmarks/bench_grading.py {arguments}`.
Students' code runs behind the sandbox `{sandbox}`.

## Beside stock nbgrader

The same answers: half of them right, half with one known mistake. Stock
nbgrader runs one or two assertions an exercise; `autograder grade` runs all
public and hidden cases, and names the mistakes. Both from the command to its
end, start-up included, on {cores} cores; {stock} submissions there, {many} here.

| notebook | cases here | stock, a minute | here, a minute | ratio |
|---|---:|---:|---:|---:|
{ratios}

## What a submission costs beyond its own code

Wall time of grading it, less the processor time of the student's process; one
job, nothing else running. That process's time holds the student's code and the
exchange of inputs and results.

| notebook | its process, median ms | beyond, median ms | beyond, 95 %, ms |
|---|---:|---:|---:|
{overheads}

## Size of the class

`autograder grade warmup`, {cores} jobs, on an empty journal. The coordinator's
memory is the largest that was seen, sampled ten times a second.

| submissions | seconds | submissions a minute | coordinator, MB |
|---:|---:|---:|---:|
{sizes}

## Jobs

{many} submissions of `warmup`.

| jobs | seconds | speed-up | same grades as with one |
|---:|---:|---:|---|
{jobs}
"""


KINDS = (
    Kind("`warmup`, NumPy", "warmup/warmup"),
    Kind("`batchnorm_torch`, PyTorch", "batchnorm/batchnorm_torch"),
    Kind("`activations_cuda`, Triton", "activations/activations_cuda"),
)
CORES = os.cpu_count() or 1


def stock_rate(folder: Path, kind: Kind, count: int) -> float:
    """Submissions a minute of stock ``nbgrader autograde``."""
    course = StockCourse(folder, kind.notebook)
    course.make()
    released = course.release()
    for student, answers in class_of(kind.notebook, count):
        course.hand_in(student, answered(released, answers))
    started = time.perf_counter()
    course.nbgrader("autograde", course.assignment)
    return 60 * count / (time.perf_counter() - started)


def cases(kind: Kind) -> int:
    """Of a right submission, public and hidden."""
    return sum(2 * len(record(e).questions) for e in exercises_of(kind.notebook))


class Tables:
    """The rows of every table, from a course to grade in."""

    def __init__(self, place: Path, options: argparse.Namespace, bar: tqdm) -> None:
        self.place = place
        self.options = options
        self.bar = bar
        self.ours = OurCourse(place / "ours", KINDS)

    def grade(self, kind: Kind, jobs: int = CORES) -> Run:
        """Grade the class that was handed in."""
        run = self.ours.grade(kind, jobs, self.options.sandbox)
        self.bar.update()
        return run

    def ratio(self, kind: Kind) -> str:
        """Beside stock nbgrader."""
        folder = self.place / f"stock-{KINDS.index(kind)}"
        stock = stock_rate(folder, kind, self.options.stock)
        self.bar.update()
        self.ours.hand_in(kind, self.options.many)
        rate = 60 * self.options.many / self.grade(kind).seconds
        return (
            f"| {kind.name} | {cases(kind)} | {stock:,.0f} | {rate:,.0f} "
            f"| {rate / stock:.1f} |"
        )

    def overhead(self, kind: Kind) -> str:
        """One after another, as students' processes alone would be."""
        self.ours.hand_in(kind, max(10, self.options.many // 4))
        self.grade(kind, 1)
        own, beyond = self.ours.times(kind)
        return (
            f"| {kind.name} | {statistics.median(own):.0f} "
            f"| {statistics.median(beyond):.0f} "
            f"| {sorted(beyond)[int(0.95 * len(beyond))]:.0f} |"
        )

    def size(self, count: int) -> str:
        """Of the class."""
        self.ours.hand_in(KINDS[0], count)
        run = self.grade(KINDS[0])
        rate = 60 * count / run.seconds
        return f"| {count:,} | {run.seconds:.1f} | {rate:,.0f} | {run.memory:.0f} |"

    def jobs(self) -> Iterator[str]:
        """The same class with more and more processes."""
        self.ours.hand_in(KINDS[0], self.options.many)
        first: tuple[float, object] | None = None
        for number in self.options.jobs:
            run = self.grade(KINDS[0], number)
            scores = self.ours.scores(KINDS[0])
            first = first or (run.seconds, scores)
            same = "yes" if scores == first[1] else "NO"
            yield (
                f"| {number} | {run.seconds:.1f} | {first[0] / run.seconds:.2f} "
                f"| {same} |"
            )


def report(options: argparse.Namespace) -> str:
    """The whole result as Markdown."""
    total = len(KINDS) * 3 + len(options.sizes) + len(options.jobs)
    with tempfile.TemporaryDirectory() as place, tqdm(total=total) as bar:
        tables = Tables(Path(place), options, bar)
        return TEXT.format(
            machine=machine("numpy", "torch", "nbgrader", "distributed"),
            arguments=" ".join(sys.argv[1:]),
            sandbox=options.sandbox,
            cores=CORES,
            stock=options.stock,
            many=options.many,
            ratios="\n".join(tables.ratio(kind) for kind in KINDS),
            overheads="\n".join(tables.overhead(kind) for kind in KINDS),
            sizes="\n".join(tables.size(count) for count in options.sizes),
            jobs="\n".join(tables.jobs()),
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
