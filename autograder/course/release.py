"""What ``nbgrader generate_assignment`` does here beside its own steps.

nbgrader looks for notebooks; the sources are percent scripts. So a notebook
stands beside each script (not in git), and the first step of a release reads
the script instead of it. The last step adds the answer key to the release.
"""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course.folders import CHECK
from autograder.exercises import Exercise, all_exercises, exercises_of
from autograder.mistakes import mistakes_of
from autograder.reference import scripts
from autograder.reference.recorder import record_with_mistakes
from autograder.student import answers
from autograder.student.verdict import Entry

Resources = dict[str, Any]

MANY = 50
"""Mistakes of a notebook that take longer than starting processes for them."""

SETUP = """\
# The checks lie beside this notebook, in a folder above it, or on the site.
import importlib.util
import sys
from pathlib import Path

SITE = "{site}"
for folder in (Path.cwd(), *Path.cwd().parents):
    if (folder / "autograder" / "student").is_dir():
        sys.path.insert(0, str(folder))
        break
if importlib.util.find_spec("autograder") is None:
    %pip install --quiet {{SITE}}/dist/{wheel}
from autograder.student.check import Check

check = Check("{notebook}", SITE)"""


def site() -> str:
    """Where the book is published: the pages of ``_config.yml``'s repository."""
    config = yaml.safe_load((scripts.ROOT / "_config.yml").read_text("utf-8"))
    owner, name = config["repository"]["url"].rstrip("/").split("/")[-2:]
    return f"https://{owner}.github.io/{name}"


def wheel_name() -> str:
    """The file name of the student's wheel, from ``pyproject.toml``."""
    text = (scripts.ROOT / "pyproject.toml").read_text("utf-8")
    found = re.search(r'^version = "(.+)"$', text, re.MULTILINE)
    assert found is not None
    return f"autograder-{found[1]}-py3-none-any.whl"


def write_source_notebooks() -> list[Path]:
    """Put a notebook beside every percent script, where one is missing.

    Only its presence counts: a release reads the script.
    """
    written = []
    for notebook in scripts.notebooks():
        path = scripts.SOLUTIONS / f"{notebook}.ipynb"
        if not path.exists():
            nbformat.write(jupytext.read(path.with_suffix(".py")), path)
            written.append(path)
    return written


def _notebook(resources: Resources) -> str:
    ids = resources["nbgrader"]
    return f"{ids['assignment']}/{ids['notebook']}"


class ReadScript(NbGraderPreprocessor):
    """Take the notebook from its percent script, and complete its cells."""

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        notebook = _notebook(resources)
        script = scripts.SOLUTIONS / f"{notebook}.py"
        if not script.is_file():
            raise FileNotFoundError(
                f"{script.name} is missing: every notebook under solutions/ needs "
                "its percent script"
            )
        nb = jupytext.read(script)
        exercises = {e.name: e for e in exercises_of(notebook)}
        for position, cell in enumerate(nb.cells):
            self._complete(cell, position, notebook, exercises)
        nb.metadata = nbformat.from_dict(
            {
                "kernelspec": {
                    "display_name": "Python 3 (ipykernel)",
                    "language": "python",
                    "name": "python3",
                },
                "language_info": {"name": "python"},
            }
        )
        nb.nbformat, nb.nbformat_minor = 4, 5
        return nb, resources

    def _complete(
        self,
        cell: NotebookNode,
        position: int,
        notebook: str,
        exercises: dict[str, Exercise],
    ) -> None:
        """Points from the exercise, a lasting id, the text of the set-up cell."""
        cell.metadata.pop("lines_to_next_cell", None)
        nbgrader = cell.metadata.get("nbgrader", {})
        grade_id = nbgrader.get("grade_id", "")
        cell["id"] = re.sub(r"[^A-Za-z0-9_-]", "-", grade_id) or f"cell-{position}"
        if nbgrader.get("grade"):
            name = grade_id.removeprefix(CHECK)
            if name not in exercises:
                raise ValueError(
                    f"{notebook}.py has a check cell {grade_id!r}, but no exercise "
                    f"{name!r} is defined for this notebook"
                )
            nbgrader["points"] = exercises[name].points
        if grade_id == "setup":
            cell.source = SETUP.format(
                site=site(), wheel=wheel_name(), notebook=notebook
            )


@cache
def processes() -> ProcessPoolExecutor:
    """One a core, for as long as this process lives."""
    return ProcessPoolExecutor(mp_context=get_context("spawn"))


def recorded(notebook: str) -> list[Entry]:
    """The answers to a notebook; where they take long, all cores help."""
    exercises = exercises_of(notebook)
    if sum(len(mistakes_of(e.name)) for e in exercises) < MANY:
        return [record_with_mistakes(e) for e in exercises]
    return list(processes().map(recorded_by_name, [e.name for e in exercises]))


def recorded_by_name(name: str) -> Entry:
    """The answers to one exercise, in another process."""
    return record_with_mistakes(all_exercises()[name])


class AddAnswers(NbGraderPreprocessor):
    """Add the answer key of the public cases to the release."""

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        notebook = _notebook(resources)
        entries = recorded(notebook)
        name = f"{notebook.rpartition('/')[2]}{answers.SUFFIX}"
        outputs = resources.setdefault("outputs", {})
        outputs[name] = answers.to_bytes(entries)
        return nb, resources
