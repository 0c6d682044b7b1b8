"""The fast kernels beside PyTorch, torch.compile and liger-kernel, on a GPU.

    python benchmarks/bench_kernels.py [--budget 540] [--quick] [--only layernorm]
    python benchmarks/bench_kernels.py --compiled    # no GPU: what the compiler says
    python benchmarks/bench_kernels.py --dry-run     # no GPU: the way, no numbers

Writes ``benchmarks/results/kernels.md`` and ``kernels.json``, or with ``--compiled``
``kernels_compiled.md``. What the budget does not allow for is left out and named.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
RESULTS = Path(__file__).resolve().parent / "results"
FAMILIES = ("layernorm", "groupnorm", "batchnorm", "activations", "fill")
NO_GPU = (
    "No GPU was found, so nothing was measured: run this on a machine with one, "
    "or try --compiled or --dry-run."
)

if TYPE_CHECKING:
    from benchmarks.gpu.cases import Case
    from benchmarks.gpu.measure import Result


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast the kernels are on a GPU.")
    parser.add_argument("--budget", type=float, default=540, help="seconds in all")
    parser.add_argument("--quick", action="store_true", help="the first shapes alone")
    parser.add_argument("--only", choices=FAMILIES, action="append")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--compiled", action="store_true", help="no GPU is needed")
    parser.add_argument("--dry-run", action="store_true", help="tiny, on the CPU")
    parser.add_argument("--verbose", action="store_true", help="print a dry run's page")
    parser.add_argument("--warm", help=argparse.SUPPRESS)
    return parser.parse_args()


def queue(options: argparse.Namespace, device: Any) -> list[Case]:
    """All cases, the most telling first, the families by turns."""
    from benchmarks.gpu import batchnorm, elementwise, groupnorm, layernorm
    from benchmarks.gpu.cases import DTYPES, Setting

    makers: dict[str, Callable[[Setting, str], Iterator[Case]]] = {
        "layernorm": layernorm.cases,
        "groupnorm": groupnorm.cases,
        "batchnorm": batchnorm.cases,
        "activations": elementwise.activations,
        "fill": elementwise.fills,
    }
    setting = Setting(device, options.dry_run)
    placed = []
    for family in options.only or FAMILIES:
        every = [c for dtype in DTYPES for c in makers[family](setting, dtype)]
        for priority in {c.priority for c in every}:
            here = [c for c in every if c.priority == priority]
            placed += [(priority, i / len(here), c) for i, c in enumerate(here)]
    placed.sort(key=lambda item: item[:2])
    cases = [c for _, _, c in placed]
    return [c for c in cases if c.priority == 0] if options.quick else cases


class Budget:
    """Seconds that are left, and what a case costs with and without a compiler."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.costs = {0: 3.0, 1: 9.0, 2: 20.0}

    @property
    def left(self) -> float:
        return self.end - time.monotonic()

    def modes(self, waiting: int) -> int | None:
        """How many modes of torch.compile the next case may have, or None: no time.

        ``waiting`` cases of its priority come after it, and should not starve.
        """
        free = self.left - waiting * self.costs[0]
        for count in (2, 1):
            kept = 0.0 if count == 1 else waiting * (self.costs[1] - self.costs[0])
            if free - kept > self.costs[count]:
                return count
        return 0 if self.left > 1.5 * self.costs[0] else None

    def note(self, modes: int, seconds: float) -> None:
        self.costs[modes] += 0.2 * (seconds - self.costs[modes])


def measure_all(
    cases: list[Case], options: argparse.Namespace, device: Any, started: float
) -> tuple[list[Result], list[str]]:
    """Measure while there is time."""
    import torch
    from tqdm import tqdm

    from benchmarks.gpu.measure import MODES, measure

    generator = torch.Generator(device).manual_seed(options.seed)
    budget = Budget(options.budget - (time.monotonic() - started))
    results, left_out, uncompiled = [], [], 0
    for i, case in enumerate(tqdm(cases, unit="case", file=sys.stderr)):
        waiting = sum(c.priority == case.priority for c in cases[i + 1 :])
        modes = budget.modes(waiting)
        if modes is None:
            left_out.append(f"{case.title}: no time was left")
            continue
        uncompiled += modes == 0
        began = time.monotonic()
        results.append(measure(case, list(MODES)[:modes], options.rounds, generator))
        budget.note(modes, time.monotonic() - began)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    if uncompiled:
        left_out.append(f"torch.compile for {uncompiled} cases: no time was left")
    return results, left_out


def machine_line(device: Any) -> str:
    """The GPU and the versions, in one line."""
    import torch
    import triton

    from benchmarks.gpu.others import liger_version

    versions = (
        f"Python {sys.version.split()[0]}, torch {torch.__version__}, "
        f"triton {triton.__version__}, {liger_version()}"
    )
    if device.type != "cuda":
        return f"Triton's interpreter, {versions}"
    p = torch.cuda.get_device_properties(device)
    return (
        f"{p.name}, {p.multi_processor_count} multiprocessors, "
        f"{p.L2_cache_size / 1e6:.0f} MB of L2, CUDA {torch.version.cuda}, {versions}"
    )


def main() -> int:
    started = time.monotonic()
    options = arguments()
    if options.compiled:
        from benchmarks.gpu.compiled_table import write

        print(write(options.output))
        return 0
    if options.dry_run:
        os.environ["TRITON_INTERPRET"] = "1"  # before Triton is imported
    import torch

    if options.warm:
        from benchmarks.gpu.warm import warm

        target, first, step = map(int, options.warm.split(":"))
        return warm(queue(options, torch.device("meta"))[first::step], target)
    if not options.dry_run and not torch.cuda.is_available():
        print(NO_GPU)
        return 1
    device = torch.device("cpu" if options.dry_run else "cuda:0")
    from benchmarks.gpu.report import page, records

    if device.type == "cuda":
        from benchmarks.gpu.warm import warm_all

        capability = torch.cuda.get_device_capability(device)
        ahead = warm_all(Path(__file__), sys.argv[1:], capability)
        print(f"{ahead}, {time.monotonic() - started:.0f} s", file=sys.stderr)
    cases = queue(options, device)
    results, left_out = measure_all(cases, options, device, started)
    said = " ".join(sys.argv[1:])
    line = machine_line(device)
    text = page(results, left_out, line, said, options.rounds)
    data = {"machine": line, "seed": options.seed, "results": records(results)}
    if options.dry_run:
        json.dumps(data)
        print(text if options.verbose else f"{len(results)} cases ran.")
        print("\n".join(left_out + [n for r in results for n in r.notes]))
        return 0
    options.output.mkdir(exist_ok=True, parents=True)
    (options.output / "kernels.md").write_text(text, "utf-8")
    (options.output / "kernels.json").write_text(json.dumps(data, indent=1), "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
