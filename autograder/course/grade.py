"""``autograder grade``: check all that can be checked, then run the batch."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType

from autograder.course import journal
from autograder.course.batch import ONCE_MORE, Batch, Plan, Summary
from autograder.course.cluster import connect, cores
from autograder.course.preflight import (
    check_gradebook,
    check_release,
    check_sandbox,
    check_students,
)
from autograder.course.progress import Progress
from autograder.course.settings import CannotGrade, Settings

STOPPED = 130


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options; others are nbgrader's own."""
    parser.add_argument("name", help="the assignment")
    parser.add_argument(
        "--jobs", type=_some, default=cores(), help="processes; all cores if not given"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster: tcp://HOST:PORT"
    )
    parser.add_argument("--sandbox", help="bwrap, landlock or none")
    parser.add_argument(
        "--force", action="store_true", help="grade again what has not changed"
    )
    parser.epilog = (
        "Further options are nbgrader's, such as --student=NAME and --db=URL."
    )


def _some(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def run(options: argparse.Namespace, others: Sequence[str]) -> int:
    """Grade an assignment; returns the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        summary = _grade(options, others)
    except (CannotGrade, journal.Busy) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Stopped. {ONCE_MORE}", file=sys.stderr)
        return STOPPED
    print(_said(options.name, summary))
    return 1 if summary.failed else 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _grade(options: argparse.Namespace, others: Sequence[str]) -> Summary:
    released = check_release(options.name)
    settings = Settings(others)
    terms = settings.terms
    if options.sandbox:
        terms = replace(terms, sandbox=options.sandbox)
    plan = Plan(
        assignment=options.name,
        students=check_students(settings, options.name),
        released=released,
        terms=terms,
        force=options.force,
    )
    check_sandbox(terms.sandbox)
    check_gradebook(settings, plan.assignment, released)
    with (
        connect(options.scheduler, min(options.jobs, len(plan.students))) as client,
        journal.alone(),
        Progress(plan.assignment, len(plan.students)) as progress,
    ):
        return Batch(plan, settings, client, progress).run()


def _said(name: str, summary: Summary) -> str:
    lines = [
        f"{name}: {summary.graded} graded, {summary.kept} unchanged, "
        f"{len(summary.failed)} failed."
    ]
    lines += [f"  {who} failed: {why}" for who, why in sorted(summary.failed.items())]
    if summary.failed:
        lines.append("The same command tries the failed ones again.")
    if summary.odd:
        lines.append(
            f"With {summary.odd} of the files something was odd; "
            f"autograder report {name} tells what."
        )
    return "\n".join(lines)
