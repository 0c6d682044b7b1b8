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
from collections.abc import Callable, Iterable, Sequence
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
    large_mean: bool = False


@dataclass(frozen=True)
class Row:
    """What came out of a case."""

    case: str
    direction: str
    large_mean: bool
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
        return (
            f"| {self.case} | {self.median('plain'):.2f} | {self.median('fast'):.2f} "
            f"| {self.median('torch'):.2f} | {middle:.2f} "
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
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name in rng.permutation(list(candidates)):
            started = time.process_time()
            result = candidates[name]()
            times[name].append(time.process_time() - started)
            del result
    return Row(case.name, case.direction, case.large_mean, times, errors)


def _error(results: Sequence[Any], exact: Sequence[Array]) -> float:
    """The worst result's largest difference, relative to its largest number."""
    worst = 0.0
    for got, right in zip(results, exact, strict=True):
        difference = np.abs(np.asarray(got) - right).max()
        worst = max(worst, float(difference / max(np.abs(right).max(), 1e-300)))
    return worst


def geometric_mean(ratios: Iterable[float]) -> float:
    return float(np.exp(np.mean(np.log(list(ratios)))))


def _verdicts(rows: list[Row], goals: dict[str, Goal]) -> str:
    """Each goal with what came out: over all shapes, and which shapes missed it."""
    lines = []
    for direction, goal in goals.items():
        here = [r for r in rows if r.direction == direction]
        for one, other, limit, most in (
            ("fast", "torch", goal.torch, True),
            ("plain", "fast", goal.plain, False),
        ):
            found = {r.case: r.ratio(one, other) for r in here}
            mean = geometric_mean(found.values())
            said = f"- {direction}, {one} / {other}: geometric mean {mean:.2f}"
            if limit is None:
                lines.append(f"{said}; no goal.")
                continue
            missed = [
                f"{name} ({ratio:.2f})"
                for name, ratio in found.items()
                if (ratio > limit if most else ratio < limit)
            ]
            reached = mean <= limit if most else mean >= limit
            bound = "at most" if most else "at least"
            verdict = "reached" if reached else "MISSED"
            shapes = f"Missed by {', '.join(missed)}" if missed else "By every shape"
            lines.append(f"{said}, goal {bound} {limit}: **{verdict}**. {shapes}.")
    worse = [r for r in rows if r.errors["fast"] > r.errors["torch"]]
    lines.append(
        "- error no larger than PyTorch's: "
        + (
            "**MISSED** by "
            + ", ".join(f"{r.direction} of {r.case}" for r in worse)
            + "."
            if worse
            else "**reached** by every shape in both directions."
        )
    )
    lines += [
        f"- {r.direction} of {r.case}: error a tenth of PyTorch's or less: "
        f"**{'reached' if 10 * r.errors['fast'] <= r.errors['torch'] else 'MISSED'}** "
        f"({r.errors['torch'] / max(r.errors['fast'], 1e-300):.0f} times smaller)."
        for r in rows
        if r.large_mean
    ]
    return "\n".join(lines)


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
        + "\n".join(r.cells() for r in rows if r.direction == direction)
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
        goals=_verdicts(rows, goals),
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{topic}.md").write_text(text, "utf-8")
    print(text)
