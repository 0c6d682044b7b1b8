"""``autograder doctor``: what the walls hold on this machine, tried out.

Every act that walls must stop is tried behind them, by the very command that
grades. Behind ``none`` the same acts show that they are seen when they succeed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tqdm import tqdm

from autograder.course.doctor.examine import CANARIES, Report, examine
from autograder.course.doctor.machine import Machine, this_machine
from autograder.course.doctor.remedies import remedy
from autograder.course.tables import aligned
from autograder.sandbox import BACKENDS
from autograder.worker.walls import Walls

DEFAULT = "bwrap"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--sandbox", choices=list(BACKENDS), help="examine this one alone"
    )


def run(options: argparse.Namespace) -> int:
    """Examine, and print what holds; 0 when the walls in use hold."""
    machine = this_machine()
    configured, odd = _configured()
    used = options.sandbox or configured
    names = [options.sandbox] if options.sandbox else list(BACKENDS)
    facts = [*machine.facts(), ("the class", odd or f"is graded with {configured}")]
    print(aligned(facts))
    with tqdm(
        total=len(names) * len(CANARIES), unit="canary", leave=False, disable=None
    ) as bar:

        def tell(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        reports = [examine(name, tell) for name in names]
    tried = [r for r in reports if r.findings]
    print(f"\n{table(tried)}\n" if tried else "")
    for report in reports:
        print(sentence(report))
        if report.backend in (used, DEFAULT) and not report.holds:
            print(f"  {remedy(machine, report.backend, report.problem)}")
    if used not in BACKENDS:
        print(f"There is no sandbox {used!r}; choose {', '.join(BACKENDS)}.")
    for line in _advice(machine):
        print(line)
    return 0 if any(r.backend == used and r.holds for r in reports) else 1


def table(reports: Sequence[Report]) -> str:
    """A line for each canary, a column for each kind of walls."""
    rows = [["it tries to", *(r.backend for r in reports)]]
    for i, canary in enumerate(CANARIES):
        rows.append([canary.name, *(r.findings[i].verdict for r in reports)])
    return aligned(rows)


def sentence(report: Report) -> str:
    """What holds behind one kind of walls."""
    if report.problem:
        # What it advises is less exact than the remedy.
        return report.problem.partition(" (autograder doctor")[0].partition(" Run: ")[0]
    if report.backend == "none":
        return (
            "none has no walls: that the canaries are seen there shows that "
            "they would be seen behind the others."
        )
    missing = [f.canary.name for f in report.findings if f.verdict == "not covered"]
    but = f"; it does not cover: {', '.join(missing)}" if missing else ""
    if report.holds:
        return f"{report.backend} holds all that it promises{but}."
    wrong = "; ".join(
        f"{f.canary.name} ({', '.join(f.open)})"
        for f in report.findings
        if f.verdict == "does not hold"
    )
    return f"{report.backend} does not hold. A student's code can: {wrong}{but}."


def _configured() -> tuple[str, str]:
    """The class's sandbox, and what is odd about it."""
    try:
        # Reading nbgrader's configuration takes all of nbgrader.
        from autograder.course.settings import Settings

        return Settings().terms.sandbox, ""
    except Exception as error:
        return DEFAULT, f"its configuration can't be read: {error}"


def _advice(machine: Machine) -> list[str]:
    """What is no wall, and can spoil a batch nevertheless."""
    each = Walls().memory
    jobs = max(1, machine.memory // each)
    if jobs >= machine.processors:
        return []
    return [
        f"A submission may take {each >> 30} GiB: with the memory of this machine, "
        f"grade with --jobs {jobs} at most."
    ]
