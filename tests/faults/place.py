"""Where a batch of faults is graded: a course of its own, with canaries."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = ("nbgrader_config.py", "_config.yml", "pyproject.toml")
ASSIGNMENTS = ("warmup", "activations", "batchnorm")
DEADLINE = ("autograder/exercises/__init__.py", "deadline: float = 10.0", 3.0)


def token(kind: str) -> str:
    """A word that nobody can guess."""
    return f"CANARY-{kind}-{secrets.token_hex(6)}"


@dataclass(frozen=True)
class Place:
    """A folder with a course, a class, a home, a drop and a scratch folder."""

    base: Path
    canaries: dict[str, str] = field(default_factory=dict)
    run: str = ""
    stock: bool = False

    @property
    def course(self) -> Path:
        return self.base / "course"

    @property
    def class_folder(self) -> Path:
        return self.course if self.stock else self.course / "classes" / "faults"

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def drop(self) -> Path:
        return self.base / "drop"

    @property
    def scratch(self) -> Path:
        return self.base / "tmp"

    @property
    def environment(self) -> dict[str, str]:
        """What the grading process sees, with a canary and the secret in it."""
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "USER": os.environ.get("USER", "root"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.course),
            "PYTHONDONTWRITEBYTECODE": "1",
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "TRITON_INTERPRET": "1",
            "TMPDIR": str(self.scratch),
            "COURSE_CLASS": "classes/faults",
            "AUTOGRADER_SECRET": self.canaries["secret"],
            "FAULTS_CANARY": self.canaries["environment"],
        }

    def save(self) -> None:
        kept = {"canaries": self.canaries, "run": self.run, "stock": self.stock}
        (self.base / "place.json").write_text(json.dumps(kept))

    @classmethod
    def load(cls, base: Path) -> Place:
        data = json.loads((base / "place.json").read_text())
        return cls(base, **data)


def empty(base: Path, stock: bool = False) -> Place:
    """Folders and canaries, without a course."""
    kinds = ("solutions", "gradebook", "secret", "submission", "home", "environment")
    canaries = {k: token(k) for k in kinds}
    place = Place(base, canaries, secrets.token_hex(3), stock)
    for folder in (place.course, place.home, place.drop, place.scratch):
        folder.mkdir(parents=True)
    for folder in (place.drop, place.scratch):
        folder.chmod(0o1777)
    for name in (".ssh/id_ed25519", ".bashrc", ".netrc", ".jupyter/token", "notes.txt"):
        path = place.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# {place.canaries['home']}\n")
    place.save()
    return place


def fill_gradebook(place: Place) -> None:
    """Somebody whose name nobody may read."""
    name = f"--last-name={place.canaries['gradebook']}"
    nbgrader(place, "db", "student", "add", "zz", name)


def build(base: Path, notebook: str) -> Place:
    """A course with one notebook released, and a class with canaries."""
    place = empty(base)
    assignment, _, own = notebook.partition("/")
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for folder in (
        "autograder",
        f"solutions/{assignment}",
        f"assignments/{assignment}",
    ):
        shutil.copytree(ROOT / folder, place.course / folder, ignore=ignore)
    for name in FILES:
        shutil.copy(ROOT / name, place.course)
    for folder in ("solutions", "assignments"):
        for path in (place.course / folder / assignment).glob("*"):
            other = path.name.partition(".")[0] not in (own, "__init__")
            if other or (folder == "solutions" and path.suffix == ".ipynb"):
                path.unlink()
    if assignment == "warmup":  # hanging ones shall not take minutes
        name, text, seconds = DEADLINE
        shorten(place.course / name, text, seconds)
    place.class_folder.mkdir(parents=True)
    nbgrader(place, "generate_assignment", assignment, "--force")
    fill_gradebook(place)
    plant(place, assignment)
    return place


def shorten(path: Path, text: str, seconds: float) -> None:
    """A shorter time limit, in this copy of the course."""
    before = path.read_text()
    head, found, _ = text.rpartition(" ")
    assert text in before, f"{path} no longer says {text}"
    path.write_text(before.replace(text, f"{head}{found}{seconds}"))


def plant(place: Place, assignment: str) -> None:
    """Canaries where the answers and the secret of a class lie."""
    for script in (place.course / "solutions" / assignment).glob("*.py"):
        text = script.read_text()
        mark = f"### BEGIN SOLUTION\n    # {place.canaries['solutions']}"
        script.write_text(text.replace("### BEGIN SOLUTION", mark, 1))
    (place.class_folder / "course.secret").write_text(place.canaries["secret"])


def nbgrader(place: Place, *arguments: str) -> None:
    """One of nbgrader's commands, before anything hostile is there."""
    done = subprocess.run(
        (sys.executable, "-m", "nbgrader", *arguments),
        cwd=place.course,
        env=place.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
