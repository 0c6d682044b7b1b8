"""The table of the kernels, the goals beside it, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.gpu.measure import MODES, Result

EAGER = {
    ("layernorm", "forward"): 1.4,
    ("layernorm", "backward"): 2.0,
    ("groupnorm", "forward"): 3.0,
    ("groupnorm", "backward"): 2.2,
    ("instancenorm", "forward"): 1.5,
    ("instancenorm", "backward"): 1.5,
    ("batchnorm", "forward"): 1.15,
    ("batchnorm", "backward"): 1.15,
    ("fill", "normal"): 1.0,
}
"""How many times as fast as eager PyTorch, in the geometric mean."""
EAGER_BFLOAT16 = {("batchnorm", "forward"): 2.0, ("batchnorm", "backward"): 2.0}
OTHERS, OTHERS_MEAN = 0.97, 1.05
RELU = 1.02
HEADER = """\
| shape | dtype | size | ms | GB/s | eff | goal | | P1 eager | P2 compile | P2 max \
| P3 liger | readable | error | error, P1 | same bits |
|---|---|---|---:|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---|
"""
TEXT = """\
# How fast the kernels are on a GPU

{machine}.
Made by `python benchmarks/bench_kernels.py {arguments}`.

The candidates of a row take turns, {rounds} rounds in an order that changes; times
come from CUDA events, and are medians. Buffers are rotated, so that none is in L2
from the last call. Calls that move less than 512 MB are replayed from a CUDA graph,
all candidates alike. "eff" is (bytes that must move / time) over the same of a
device copy (for "fill", of a fill) of as many bytes in the same run. P1, P2, P3 and
"readable" (the notebook's kernels) are times over ours: above 1 we are faster.
Errors were taken after the timing: the largest difference to float64, relative to
the largest number, of several results the worst. "large" is x of 512 MB or more:
goals for bandwidth speak of those.

{tables}
## Goals

{goals}

## Left out

{left_out}
"""


def page(
    results: list[Result],
    left_out: list[str],
    machine: str,
    arguments: str,
    rounds: int,
) -> str:
    """The whole page."""
    done = [r for r in results if r.times.get("ours")]
    kinds = sorted(set(map(_kind, done)), key=_order)
    tables = [
        f"## {family}, {direction}\n\n{HEADER}"
        + "".join(_line(r) for r in done if _kind(r) == (family, direction))
        for family, direction in kinds
    ]
    notes = [f"{r.case.title}: {note}" for r in results for note in r.notes]
    missing = [f"- {text}." for text in dict.fromkeys([*notes, *left_out])]
    return TEXT.format(
        machine=machine,
        arguments=arguments,
        rounds=rounds,
        tables="\n".join(tables),
        goals="\n".join(_goals(done)) or "- nothing was measured.",
        left_out="\n".join(missing) or "Nothing.",
    )


def records(results: list[Result]) -> list[dict[str, Any]]:
    """Each result as JSON has it."""
    return [
        {
            "family": r.case.family,
            "direction": r.case.direction,
            "shape": r.case.name,
            "dtype": r.case.dtype,
            "size": r.case.size,
            "bytes": r.case.bytes,
            "goal": r.case.goal,
            "efficiency": r.efficiency,
            "milliseconds": {name: r.time(name) for name in r.times},
            "errors": r.errors,
            "same_bits": r.same_bits,
            "notes": r.notes,
        }
        for r in results
    ]


def _order(kind: tuple[str, str]) -> tuple[int, str]:
    """Families as the goals list them, forward before backward."""
    return list(EAGER).index(kind) if kind in EAGER else len(EAGER), ", ".join(kind)


def _kind(r: Result) -> tuple[str, str]:
    return r.case.family, r.case.direction


def _line(r: Result) -> str:
    case, ms = r.case, r.time("ours")
    goal = verdict = ""
    if case.goal is not None and r.efficiency is not None:
        goal = f"{case.goal:.2f}"
        verdict = "met" if r.efficiency >= case.goal else "**missed**"
    names = ("eager", *MODES, "liger", "readable")
    ratios = [_number(r.ratio(name, "ours"), ".2f") for name in names]
    errors = [_number(r.errors.get(name), ".1e") for name in ("ours", "eager")]
    cells = [
        case.name,
        case.dtype,
        case.size,
        f"{ms:.4f}",
        f"{case.bytes / ms / 1e6:.0f}",
        _number(r.efficiency, ".2f"),
        goal,
        verdict,
        *ratios,
        *errors,
        "yes" if r.same_bits else "**no**",
    ]
    return f"| {' | '.join(cells)} |\n"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def geometric_mean(values: Iterable[float]) -> float:
    logs = [math.log(v) for v in values]
    return math.exp(sum(logs) / len(logs))


def _goals(done: list[Result]) -> Iterator[str]:
    """Each goal with what came out."""
    claimed = [(r, r.efficiency) for r in done if r.case.goal is not None]
    missed = [
        f"{r.case.title} ({e:.2f} of {r.case.goal:.2f})"
        for r, e in claimed
        if e is not None and r.case.goal is not None and e < r.case.goal
    ]
    met = len(claimed) - len(missed)
    yield f"- efficiency: {met} of {len(claimed)} met." + _list(missed)
    for kind in sorted(set(map(_kind, done)), key=_order):
        yield from _against_eager([r for r in done if _kind(r) == kind], kind)
    large = [r for r in done if r.case.size == "large" and r.best_other is not None]
    yield from _against_others([(r, r.best_other or 0.0) for r in large])
    yield from _relu(done)
    checked = [r for r in done if {"ours", "eager"} <= set(r.errors)]
    worse = [
        f"{r.case.title} ({r.errors['ours']:.1e}, {r.errors['eager']:.1e})"
        for r in checked
        if not r.errors["ours"] <= r.errors["eager"]
    ]
    yield (
        f"- error at most that of P1: {len(checked) - len(worse)} of {len(checked)}."
        + _list(worse)
    )
    unlike = [r.case.title for r in done if not r.same_bits]
    yield (
        f"- two runs give the same bits: {len(done) - len(unlike)} of {len(done)}."
        + (_list(unlike))
    )


def _against_eager(here: list[Result], kind: tuple[str, str]) -> Iterator[str]:
    for dtype in dict.fromkeys(r.case.dtype for r in here):
        ratios = [r.ratio("eager", "ours") for r in here if r.case.dtype == dtype]
        found = [x for x in ratios if x is not None]
        goal = EAGER.get(kind)
        if dtype != "float32":
            goal = EAGER_BFLOAT16.get(kind, goal)
        if found:
            mean = geometric_mean(found)
            what = f"- {', '.join(kind)}, {dtype}: {mean:.2f} times as fast as P1"
            if goal is None:
                yield f"{what}; no goal."
            else:
                said = "met" if mean >= goal else "**missed**"
                yield f"{what}, goal {goal}: {said}."


def _against_others(large: list[tuple[Result, float]]) -> Iterator[str]:
    if not large:
        yield "- against P2 and P3: not measured."
        return
    mean = geometric_mean(ratio for _, ratio in large)
    slower = [f"{r.case.title} ({x:.2f})" for r, x in large if x < OTHERS]
    yield (
        f"- the better of P2 and P3, large shapes: {mean:.2f} in the mean, goal "
        f"{OTHERS_MEAN}: {'met' if mean >= OTHERS_MEAN else '**missed**'}; at least "
        f"{OTHERS} by {len(large) - len(slower)} of {len(large)}." + _list(slower)
    )


def _relu(done: list[Result]) -> Iterator[str]:
    """What a fused ReLU costs."""
    tests = {
        (r.case.name, r.case.dtype, r.case.direction): r.time("ours")
        for r in done
        if r.case.direction.startswith("test mode") and r.case.size == "large"
    }
    costs = {
        f"{name}, {dtype}": tests[name, dtype, direction]
        / tests[name, dtype, "test mode"]
        for name, dtype, direction in tests
        if direction != "test mode" and (name, dtype, "test mode") in tests
    }
    if costs:
        dear = [f"{name} ({cost:.3f})" for name, cost in costs.items() if cost > RELU]
        yield (
            f"- a fused ReLU costs 2 % at most: {len(costs) - len(dear)} of "
            f"{len(costs)}." + _list(dear)
        )


def _list(missed: list[str]) -> str:
    return f" **Missed** by {'; '.join(missed)}." if missed else ""
