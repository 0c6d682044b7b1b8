"""Measuring one case: candidates by turns, on buffers that L2 has forgotten."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from benchmarks.gpu.cases import Case, Run, Tensors

FORGET = 240 * 2**20
"""Bytes between two uses of one buffer: four times the L2 of an H200."""
GRAPH = 512 * 2**20
"""Bytes below which calls are replayed from a CUDA graph: else Python is measured."""
EACH = 3.0
"""Milliseconds that a candidate's turn should last."""
MODES = {"compile": "default", "compile, max": "max-autotune-no-cudagraphs"}


@dataclass
class Result:
    """What came out of a case. Times are milliseconds a call, one a round."""

    case: Case
    times: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    same_bits: bool | None = None
    notes: list[str] = field(default_factory=list)

    def time(self, name: str) -> float:
        return statistics.median(self.times[name])

    def ratio(self, one: str, other: str) -> float | None:
        """The median of the rounds' ratios of times, or None."""
        if one not in self.times or other not in self.times:
            return None
        pairs = zip(self.times[one], self.times[other], strict=True)
        return statistics.median(a / b for a, b in pairs)

    @property
    def efficiency(self) -> float | None:
        return self.ratio("roof", "ours")

    @property
    def best_other(self) -> float | None:
        """The time of the best of torch.compile and liger over that of ours."""
        ratios = [self.ratio(name, "ours") for name in (*MODES, "liger")]
        return min((r for r in ratios if r is not None), default=None)


class Candidate:
    """A function that takes turns, and its place in the rotation of buffers."""

    def __init__(self, run: Run, sets: list[Tensors]) -> None:
        self.run, self.sets, self.next = run, sets, 0
        self.graph: Any = None

    def capture(self) -> None:
        """Record one call on every set, to be replayed with no Python between."""
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            for tensors in self.sets:
                self.run(*tensors)

    def calls(self, count: int) -> int:
        """Make at least ``count`` calls; how many it were."""
        if self.graph is not None:
            replays = -(-count // len(self.sets))
            for _ in range(replays):
                self.graph.replay()
            return replays * len(self.sets)
        for _ in range(count):
            self.run(*self.sets[self.next])
            self.next = (self.next + 1) % len(self.sets)
        return count


def measure(
    case: Case, modes: Iterable[str], rounds: int, generator: torch.Generator
) -> Result:
    """Let the candidates warm up, time them by turns, and check what they gave."""
    result, cuda = Result(case), generator.device.type == "cuda"
    sets = _sets(case, generator)
    candidates = dict(_warm(case, sets, modes, result, cuda))
    if "ours" not in candidates:
        return result
    if cuda and case.bytes < GRAPH:
        for name in list(candidates):
            with _noted(name, candidates, result):
                candidates[name].capture()
    estimate = case.bytes / 4e9
    count = min(max(round(EACH / estimate), 2), 256) if cuda else 1
    for name in candidates:
        result.times[name] = []
    turns = torch.Generator().manual_seed(0)
    for _ in range(rounds):
        order = torch.randperm(len(candidates), generator=turns).tolist()
        names = [list(candidates)[i] for i in order]
        for name, ms in _round(candidates, names, count, cuda):
            result.times[name].append(ms)
    _check(case, candidates, sets[0], result)
    return result


def _sets(case: Case, generator: torch.Generator) -> list[Tensors]:
    first = case.inputs(generator)
    size = sum(t.numel() * t.element_size() for t in first)
    count = min(max(-(-FORGET // size), 2), 16)
    if generator.device.type != "cuda":
        count = 2
    return [first, *(case.inputs(generator) for _ in range(count - 1))]


def _roof(case: Case, sets: list[Tensors]) -> Candidate:
    """A copy that moves as many bytes, or a fill of as many."""
    device = sets[0][0].device
    if case.fill:
        return Candidate(lambda out: (out.fill_(0.5),), sets)
    half = max(case.bytes // 2 // 16 * 4, 1)
    pairs: list[Tensors] = [
        tuple(torch.ones(half, device=device, dtype=torch.float32) for _ in range(2))
        for _ in sets
    ]
    return Candidate(lambda source, target: (target.copy_(source),), pairs)


def _warm(
    case: Case, sets: list[Tensors], modes: Iterable[str], result: Result, cuda: bool
) -> Iterator[tuple[str, Candidate]]:
    """The candidates that work here, after one call on every set."""
    torch.compiler.reset()
    runs: dict[str, Run] = {"ours": case.ours, **case.others, "eager": case.eager}
    for name in modes:
        # on a CPU the compiler is left out: a dry run shows the way, not the code
        compiled: Any = case.eager
        if cuda:
            compiled = torch.compile(case.eager, mode=MODES[name], dynamic=False)
        runs[name] = compiled
    found = {"roof": _roof(case, sets)}
    for name, run in runs.items():
        found[name] = Candidate(run, sets)
    for name in list(found):
        with _noted(name, found, result):
            for _ in range(2 if cuda else 1):
                found[name].calls(len(sets))
            if cuda:
                torch.cuda.synchronize()
    yield from found.items()


@contextmanager
def _noted(
    name: str, candidates: dict[str, Candidate], result: Result
) -> Iterator[None]:
    """Drop a candidate that fails, and note why."""
    try:
        yield
    except Exception as error:
        del candidates[name]
        said = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {said[0] if said else ''}"
        result.notes.append(f"{name} failed: {reason[:200]}")


def _round(
    candidates: dict[str, Candidate], names: list[str], count: int, cuda: bool
) -> Iterator[tuple[str, float]]:
    """Each candidate's turn. The GPU is not waited for before the end."""
    if not cuda:
        for name in names:
            started = time.perf_counter()
            calls = candidates[name].calls(count)
            yield name, 1e3 * (time.perf_counter() - started) / calls
        return
    turns = []
    for name in names:
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        calls = candidates[name].calls(count)
        end.record()
        turns.append((name, start, end, calls))
    torch.cuda.synchronize()
    for name, start, end, calls in turns:
        yield name, start.elapsed_time(end) / calls


def _check(
    case: Case, candidates: dict[str, Candidate], given: Tensors, result: Result
) -> None:
    """After the timing: errors against float64, and whether two runs agree."""
    first, second = (case.ours(*given) for _ in range(2))
    if case.fill:  # a fill gives back what it was given: the one tensor
        first = tuple(t.clone() for t in case.ours(*given))
        second = case.ours(*given)
    result.same_bits = all(map(_equal, first, second))
    del first, second
    if case.exact is None:
        return
    exact = case.exact(*given)
    for name, candidate in candidates.items():
        if name != "roof":
            with _noted(name, dict(candidates), result):
                result.errors[name] = _error(candidate.run(*given), exact)


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether all bits are the same; NaN is."""
    bits: Callable[[torch.Tensor], torch.Tensor] = lambda t: t.contiguous().view(
        torch.int32 if t.element_size() == 4 else torch.int16
    )
    return torch.equal(bits(one), bits(other))


def _error(got: Tensors, exact: Tensors) -> float:
    """The worst result's largest difference, relative to its largest number."""
    worst = 0.0
    for mine, right in zip(got, exact, strict=True):
        apart = (mine.double() - right).abs().max() / right.abs().max().clamp_min(
            1e-300
        )
        apart = float(apart)
        worst = max(worst, apart) if apart == apart else float("nan")
    return worst
