"""A copy of this course with a class of its own, to grade and to measure."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil

from autograder.course.submissions import (
    hand_in,
    right_answers,
    submission,
    wrong_answers,
)
from autograder.exercises import exercises_of
from autograder.mistakes import mistakes_of

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("autograder", "solutions", "assignments")
FILES = ("nbgrader_config.py", "_config.yml", "pyproject.toml")


@dataclass(frozen=True)
class Kind:
    """What is handed in."""

    name: str
    notebook: str


@dataclass(frozen=True)
class Run:
    """One run of a command: seconds, and the coordinator's memory in MB."""

    seconds: float
    memory: float


class OurCourse:
    """A copy of this course with a class of its own, and some of its notebooks."""

    def __init__(self, root: Path, kinds: Sequence[Kind]) -> None:
        self.root = root
        left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        for folder in COPIED:
            shutil.copytree(ROOT / folder, root / folder, ignore=left_out)
        for name in FILES:
            shutil.copy(ROOT / name, root)
        kept = {kind.notebook for kind in kinds}
        for script in (root / "solutions").glob("*/*.py"):
            if f"{script.parent.name}/{script.stem}" not in kept:
                script.unlink()
        for released in (root / "assignments").iterdir():
            shutil.rmtree(released)
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
            filled = submission(released, kind.notebook, answers)
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

    def times(self, kind: Kind) -> tuple[list[float], list[float]]:
        """Milliseconds of the student's processes, and beyond them."""
        notebooks = [n for r in self.records(kind) for n in r["notebooks"]]
        own = [1e3 * n["usage"]["seconds"] for n in notebooks]
        beyond = [1e3 * n["seconds"] for n in notebooks]
        return own, [b - o for o, b in zip(own, beyond, strict=True)]

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
