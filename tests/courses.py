"""Copies of the course with a class of their own, for tests to run commands in."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
SECRET = "the secret of the tests"
TIMEOUT = 300
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FILES = ("nbgrader_config.py", "_config.yml", "pyproject.toml")


@dataclass(frozen=True)
class Course:
    """A copy of the course that holds one assignment, and one class of it."""

    root: Path
    class_name: str = "class"

    @property
    def class_folder(self) -> Path:
        return self.root / self.class_name

    @property
    def environment(self) -> dict[str, str]:
        """What an instructor's shell has, with a home of its own."""
        home = self.root / "home"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {
            "PATH": path,
            "HOME": str(home),
            "USER": os.environ.get("USER", "root"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "AUTOGRADER_SECRET": SECRET,
            "COURSE_CLASS": self.class_name,
        }

    def run(
        self, *command: str, cwd: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command; what it said is shown when it fails."""
        done = subprocess.run(
            command,
            cwd=cwd or self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def nbgrader(
        self, *arguments: str, cwd: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """One of nbgrader's commands, as typed."""
        command = (sys.executable, "-m", "nbgrader", *arguments)
        return self.run(*command, cwd=cwd, check=check)

    def autograder(
        self, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """The instructor's own command, as typed."""
        command = (sys.executable, "-m", "autograder.course", *arguments)
        return self.run(*command, check=check)

    def release(self, assignment: str = "warmup") -> NotebookNode:
        """What students get."""
        path = self.root / "assignments" / assignment / f"{assignment}.ipynb"
        return nbformat.read(path, as_version=4)

    def export(self) -> list[dict[str, str]]:
        """The rows that ``nbgrader export`` writes."""
        path = self.class_folder / "grades.csv"
        self.nbgrader("export", "--to", str(path))
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def new_class(self, name: str) -> Course:
        """Another class of the same course, without students."""
        course = Course(self.root, f"classes/{name}")
        course.class_folder.mkdir(parents=True)
        shutil.copy(self.root / "class" / "gradebook.db", course.class_folder)
        return course


def copy_course(root: Path) -> Course:
    """Copy what git tracks of a course with the warm-up alone."""
    left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for folder in ("autograder", "solutions/warmup", "assignments/warmup"):
        shutil.copytree(ROOT / folder, root / folder, ignore=left_out)
    (root / "solutions" / "warmup" / "warmup.ipynb").unlink(missing_ok=True)
    for name in FILES:
        shutil.copy(ROOT / name, root)
    (root / "home").mkdir()
    return Course(root)
