"""What the benchmarks of the fast references share: measuring, errors, the table.

Three candidates take turns in one process, in an order that changes each round:
the plain NumPy formula, the fast reference, and PyTorch. All run on one thread, with
huge pages. Import this module before NumPy and PyTorch: both read their settings
when they are imported.
"""

from __future__ import annotations

import os

os.environ.update(
    THP_MEM_ALLOC_ENABLE="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"
)

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.machine import machine

torch.set_num_threads(1)
RESULTS = Path(__file__).resolve().parent / "results"
Array = np.ndarray[Any, Any]
Results = Callable[[], Sequence[Any]]

TEXT = """\
# {title}

{machine}.
Made by `python benchmarks/bench_{topic}.py {arguments}`.

float32, one thread, huge pages. The candidates take turns, in an order that
changes each round, {rounds} rounds; the time is processor time, which leaves out
how long a process had to wait for its turn. Times are medians, ratios are
medians of the rounds' ratios, and "spread" is half the distance of the quartiles
of fast / torch by its median: how noisy it was. Errors are the largest difference
to the plain formula in float64, relative to the largest number; of several
results the worst.
{remarks}
{tables}
## Goals

{goals}
"""
HEADER = """\
| | plain, ms | fast, ms | torch, ms | fast / torch | spread | plain / fast \
| error, fast | error, torch |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""


@dataclass(frozen=True)
class Case:
    """One shape in one direction: what each candidate does, and what is right."""

    direction: str
    name: str
    plain: Results
    fast: Results
    torch: Results
    exact: Results
    group: str = ""
    """Goals are judged by group."""
    large_mean: bool = False
    """Whether the error should be a tenth of PyTorch's."""
    steps: Results | None = None
    """NumPy's steps over the array alone: the least that they can take."""


@dataclass(frozen=True)
class Row:
    """What came out of a case."""

    case: Case
    times: dict[str, list[float]] = field(repr=False)
    errors: dict[str, float]

    def median(self, name: str) -> float:
        return 1e3 * statistics.median(self.times[name])

    def ratios(self, one: str, other: str) -> list[float]:
        pairs = zip(self.times[one], self.times[other], strict=True)
        return [a / b for a, b in pairs]

    def ratio(self, one: str, other: str) -> float:
        return statistics.median(self.ratios(one, other))

    def cells(self) -> str:
        low, middle, high = np.percentile(self.ratios("fast", "torch"), (25, 50, 75))
        times = [f"{self.median(name):.2f}" for name in ("plain", "fast", "torch")]
        return (
            f"| {self.case.name} | {' | '.join(times)} | {middle:.2f} "
            f"| {(high - low) / 2 / middle:.0%} | {self.ratio('plain', 'fast'):.1f} "
            f"| {self.errors['fast']:.1e} | {self.errors['torch']:.1e} |"
        )


@dataclass(frozen=True)
class Goal:
    """What a direction should reach; without a number nothing is asked."""

    torch: float | None
    """Times PyTorch's time, at most."""
    plain: float | None
    """Times as fast as the plain formula, at least."""


def measure(case: Case, rounds: int, rng: np.random.Generator) -> Row:
    """Run the candidates by turns, after one turn that is not counted."""
    candidates = {"plain": case.plain, "fast": case.fast, "torch": case.torch}
    exact = [np.asarray(v) for v in case.exact()]
    errors = {name: _error(run(), exact) for name, run in candidates.items()}
    del exact
    if case.steps:
        candidates["steps"] = case.steps
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name in rng.permutation(list(candidates)):
            started = time.process_time()
            result = candidates[name]()
            times[name].append(time.process_time() - started)
            del result
    return Row(case, times, errors)


def _error(results: Sequence[Any], exact: Sequence[Array]) -> float:
    """The worst result's largest difference, relative to its largest number."""
    worst = 0.0
    for got, right in zip(results, exact, strict=True):
        difference = np.abs(np.asarray(got) - right).max()
        worst = max(worst, float(difference / max(np.abs(right).max(), 1e-300)))
    return worst


def geometric_mean(ratios: Iterable[float]) -> float:
    return float(np.exp(np.mean(np.log(list(ratios)))))


def _verdicts(rows: list[Row], goals: dict[str, Goal]) -> Iterator[str]:
    """Each goal with what came out: over all shapes, and which shapes missed it."""
    for direction, goal in goals.items():
        for group in dict.fromkeys(r.case.group for r in rows):
            place = direction, group
            here = [r for r in rows if (r.case.direction, r.case.group) == place]
            which = f"{direction}, {group}" if group else direction
            yield _verdict(
                f"{which}, fast / torch", here, ("fast", "torch"), goal.torch
            )
            yield _verdict(
                f"{which}, plain / fast", here, ("plain", "fast"), goal.plain
            )
    yield _accuracy(rows)
    for row in rows:
        if row.case.large_mean:
            smaller = row.errors["torch"] / max(row.errors["fast"], 1e-300)
            yield (
                f"- error a tenth of PyTorch's, {row.case.direction} of "
                f"{row.case.name}: **{'reached' if smaller >= 10 else 'MISSED'}** "
                f"({smaller:,.0f} times smaller)."
            )


def _verdict(
    what: str, rows: list[Row], ratio: tuple[str, str], limit: float | None
) -> str:
    """One goal over some shapes; a ratio to PyTorch should be small, else large."""
    found = {r.case.name: r.ratio(*ratio) for r in rows}
    mean = geometric_mean(found.values())
    if limit is None:
        return f"- {what}: geometric mean {mean:.2f}; no goal."
    sign = 1 if ratio[1] == "torch" else -1
    missed = [f"{n} ({r:.2f})" for n, r in found.items() if sign * (r - limit) > 0]
    bound = "most" if sign > 0 else "least"
    verdict = "MISSED" if sign * (mean - limit) > 0 else "reached"
    return (
        f"- {what}: geometric mean {mean:.2f}, goal at {bound} {limit}: **{verdict}**. "
        + (f"Missed by {', '.join(missed)}." if missed else "By every shape.")
        + (_steps(rows) if missed and sign > 0 else "")
    )


def _steps(rows: list[Row]) -> str:
    """How long NumPy's bare steps take beside PyTorch, where they were measured."""
    found = {r.case.name: r.ratio("steps", "torch") for r in rows if "steps" in r.times}
    if not found:
        return ""
    each = ", ".join(f"{name} ({ratio:.2f})" for name, ratio in found.items())
    return (
        f" NumPy's steps alone, with nothing between them, take "
        f"{geometric_mean(found.values()):.2f} times PyTorch's time: {each}."
    )


def _accuracy(rows: list[Row]) -> str:
    """Where the error is larger than PyTorch's, and how many times."""
    worse = [
        f"{r.case.direction} of {r.case.name} "
        f"({r.errors['fast'] / max(r.errors['torch'], 1e-300):.2f} times: "
        f"{2**24 * r.errors['fast']:.1f} and {2**24 * r.errors['torch']:.1f} roundings)"
        for r in rows
        if r.errors["fast"] > r.errors["torch"]
    ]
    said = "- error no larger than PyTorch's: "
    if not worse:
        return f"{said}**reached** by every shape in both directions."
    return (
        f"{said}**MISSED** by {', '.join(worse)}. A rounding is 2^-24 of the largest "
        "number, the most that storing it costs; NumPy rounds after each step."
    )


def run(
    topic: str,
    title: str,
    cases: Callable[[np.random.Generator], Iterable[Case]],
    count: int,
    goals: dict[str, Goal],
    remarks: str = "",
) -> None:
    """Measure ``count`` cases, write ``results/<topic>.md``, and print it."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    rows = [
        measure(case, options.rounds, rng)
        for case in tqdm(cases(rng), total=count, file=sys.stderr, unit="case")
    ]
    tables = [
        f"\n## {direction.capitalize()}\n\n{HEADER}"
        + "\n".join(r.cells() for r in rows if r.case.direction == direction)
        for direction in goals
    ]
    text = TEXT.format(
        title=title,
        topic=topic,
        machine=machine("numpy", "torch"),
        arguments=f"--rounds {options.rounds} --seed {options.seed}",
        rounds=options.rounds,
        remarks=f"\n{remarks}\n" if remarks else "",
        tables="\n".join(tables) + "\n",
        goals="\n".join(_verdicts(rows, goals)),
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{topic}.md").write_text(text, "utf-8")
    print(text)
