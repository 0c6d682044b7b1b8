"""``autograder``: the instructor's command beside nbgrader's own."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tqdm import tqdm

from autograder.course import bundle, demo, doctor, export, grade, report
from autograder.course.folders import SITE_FILES, class_folder
from autograder.course.release import write_source_notebooks
from autograder.course.tables import aligned
from autograder.course.verify import Row, count, verify
from autograder.judge.process import CannotStart
from autograder.reference.scripts import ROOT, notebooks
from autograder.sandbox import NoSandbox, strongest


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    dry = commands.add_parser(
        "verify", help="grade the reference, the skeleton and every known mistake"
    )
    dry.add_argument("notebook", nargs="*", help="ASSIGNMENT/NOTEBOOK; all if none")
    commands.add_parser("release", help="generate every assignment with nbgrader")
    commands.add_parser("bundle", help="write the student's wheel and the zips")
    commands.add_parser("demo", help="grade a class of demonstration students")
    grade.add_options(
        commands.add_parser("grade", help="grade all submissions of an assignment")
    )
    doctor.add_options(
        commands.add_parser("doctor", help="try out what the sandbox holds here")
    )
    told = commands.add_parser("report", help="write a page about an assignment")
    sent = commands.add_parser("export", help="write results for other programs")
    for command in (told, sent):
        command.add_argument("assignment", metavar="NAME", help="of the assignment")
        command.add_argument("--to", type=Path, metavar="PATH", help="what to write")
    sent.add_argument("--format", choices=export.FORMATS, required=True)
    sent.add_argument(
        "--column", default="", help="what Canvas or Moodle calls the assignment"
    )
    options, others = parser.parse_known_args(arguments)
    if others and options.command != "grade":
        parser.error(f"unknown: {' '.join(others)}")
    try:
        if options.command == "grade":
            return grade.run(options, others)
        if options.command == "doctor":
            return doctor.run(options)
        if options.command == "verify":
            return _verify(options.notebook)
        if options.command == "report":
            return _written(report.write(options.assignment, options.to))
        if options.command == "export":
            form, column = options.format, options.column
            name, to = options.assignment, options.to
            return _written(export.write(name, form, to, column))
        return {"release": _release, "bundle": _bundle, "demo": _demo}[
            options.command
        ]()
    except subprocess.CalledProcessError as error:
        print(error.stderr or "", file=sys.stderr)
        print(f"This command failed: {' '.join(error.cmd)}", file=sys.stderr)
        return 1
    except (FileNotFoundError, ValueError, NoSandbox, CannotStart) as error:
        print(error, file=sys.stderr)
        return 1


def _written(path: Path) -> int:
    print(f"Written: {path}")
    return 0


def _progress(steps: Iterable[object], total: int, what: str) -> Iterable[object]:
    return tqdm(steps, total=total, desc=what, unit="step", dynamic_ncols=True)


def _verify(chosen: Sequence[str]) -> int:
    unknown = set(chosen) - set(notebooks())
    if unknown:
        raise ValueError(
            f"There is no notebook {sorted(unknown)[0]}; there are "
            f"{', '.join(notebooks())}."
        )
    names = list(chosen) or notebooks()
    rows: list[Row] = []
    for row in _progress(verify(names, time.perf_counter), count(names), "verify"):
        assert isinstance(row, Row)
        rows.append(row)
    lines = [["notebook", "submission", "points", "verdict"]]
    lines += [
        [r.notebook, r.who, f"{r.earned:g} of {r.points:g}", r.problem or "as it must"]
        for r in rows
    ]
    print(aligned(lines))
    wrong = [r for r in rows if r.problem]
    print(f"\n{len(rows) - len(wrong)} of {len(rows)} as they must be.")
    return 1 if wrong else 0


def _release() -> int:
    write_source_notebooks()
    names = sorted({n.partition("/")[0] for n in notebooks()})
    for name in _progress(names, len(names), "release"):
        demo.nbgrader("generate_assignment", str(name), "--force")
    return 0


def _bundle() -> int:
    names = bundle.assignments()
    bundle.write_wheel(SITE_FILES)
    for name in _progress(names, len(names), "zips"):
        bundle.write_zip(str(name), SITE_FILES)
    print(f"The wheel and {len(names)} zips are in {SITE_FILES.relative_to(ROOT)}/.")
    return 0


def _demo() -> int:
    # What is graded here is the course's own, so weaker walls will do.
    weaker: list[str] = []
    sandbox = strongest(weaker.append)
    steps = demo.grade(sandbox.name)
    bar = tqdm(steps, desc="class", unit="step", dynamic_ncols=True)
    for step in bar:
        bar.set_postfix_str(step)
    folder = class_folder()
    feedback = (folder / "feedback").relative_to(ROOT)
    walls = f"Graded behind the sandbox {sandbox.name}: {sandbox.strength}"
    lines = [aligned(demo.table()), "", *weaker, walls]
    text = "\n".join([*lines, f"What each student reads: {feedback}/"])
    (folder / "grades.txt").write_text(f"{text}\n", "utf-8")
    print(text)
    return 0
