"""A class of demonstration students, graded as any other.

Each of them stands for something that happens: everything right, right by
another route, a known mistake, an honest mess, the end of the process, a
damaged file, nothing done at all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.course.folders import CLASS_VARIABLE, DATABASE_VARIABLE, class_folder
from autograder.course.gradebook import release
from autograder.course.submissions import (
    hand_in,
    right_answers,
    submission,
    wrong_answers,
)
from autograder.exercises import exercises_of
from autograder.mistakes import mistakes_of
from autograder.reference.scripts import ROOT, notebooks

FOLDER = "_build/class"

MESS = """\
%matplotlib inline
import warnings
print("trying things out")
warnings.warn("left over from yesterday")
notes = {"todo": "ask about momentum"}
"""


def _right(notebook: str, release: NotebookNode) -> NotebookNode:
    return submission(release, notebook)


def _one_mistake(notebook: str, release: NotebookNode) -> NotebookNode:
    first = next(m for e in exercises_of(notebook) for m in mistakes_of(e.name))
    return submission(release, notebook, wrong_answers(notebook, first))


def _first_half(notebook: str, release: NotebookNode) -> NotebookNode:
    answers = list(right_answers(notebook).items())
    return submission(release, notebook, dict(answers[: len(answers) // 2]))


def _mess(notebook: str, release: NotebookNode) -> NotebookNode:
    """Right, among prints, warnings, magics and cells of the student's own."""
    filled = submission(release, notebook)
    for position in (1, len(filled.cells)):
        cell = nbformat.v4.new_code_cell(MESS)
        filled.cells.insert(position, cell)
    return filled


def _ends_python(notebook: str, release: NotebookNode) -> NotebookNode:
    """One answer ends the process, the others are right."""
    answers = right_answers(notebook)
    name = list(answers)[-1]
    head = answers[name].split("### BEGIN SOLUTION")[0].rstrip()
    answers[name] = f"{head}\n    import os\n    os._exit(1)\n"
    return submission(release, notebook, answers)


def _nothing(notebook: str, release: NotebookNode) -> NotebookNode:
    return submission(release, notebook, {})


STUDENTS: dict[str, Callable[[str, NotebookNode], NotebookNode]] = {
    "ada-all-right": _right,
    "ben-one-mistake": _one_mistake,
    "cleo-first-half": _first_half,
    "dora-honest-mess": _mess,
    "emil-ends-python": _ends_python,
    "finn-damaged-file": _right,
    "gus-nothing-done": _nothing,
}


def hand_in_all(folder: Path) -> None:
    """Write the submissions of the whole class, in place of older ones."""
    for step in ("submitted", "autograded", "feedback"):
        shutil.rmtree(folder / step, ignore_errors=True)
    for notebook in notebooks():
        assignment, _, name = notebook.partition("/")
        released = release(assignment, name)
        for student, make in STUDENTS.items():
            path = hand_in(folder, student, notebook, make(notebook, released))
            if student == "finn-damaged-file":
                path.write_text(path.read_text("utf-8")[:2000], "utf-8")


def grade(sandbox: str) -> Iterator[str]:
    """Grade the class assignment by assignment; yields the name of each step.

    Raises
    ------
    subprocess.CalledProcessError : when a command fails; its log is in stderr
    """
    os.environ[CLASS_VARIABLE] = FOLDER
    os.environ.pop(DATABASE_VARIABLE, None)  # that one is of a real class
    hand_in_all(class_folder())
    for assignment in sorted({n.partition("/")[0] for n in notebooks()}):
        if assignment not in _in_gradebook():
            yield f"generate_assignment {assignment}"
            nbgrader("generate_assignment", assignment, "--force")
        yield f"grade {assignment}"
        _run("autograder.course", "grade", assignment, f"--sandbox={sandbox}")
        yield f"generate_feedback {assignment}"
        nbgrader("generate_feedback", assignment, "--force")


def _in_gradebook() -> set[str]:
    """The assignments that the class's gradebook has; a release adds them."""
    path = class_folder() / "gradebook.db"
    if not path.exists():
        return set()
    with Gradebook(f"sqlite:///{path}") as gradebook:
        return {a.name for a in gradebook.assignments}


def nbgrader(*arguments: str) -> None:
    """Run one of nbgrader's commands as an instructor would."""
    _run("nbgrader", *arguments)


def _run(module: str, *arguments: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
        text=True,
    )


def table() -> list[list[str]]:
    """The grades of the class: a line a student, a column an assignment."""
    with Gradebook(f"sqlite:///{class_folder() / 'gradebook.db'}") as gradebook:
        names = sorted(a.name for a in gradebook.assignments)
        rows = [["student", *names]]
        for student in sorted(gradebook.students, key=lambda s: s.id):
            scores = {s.assignment.name: s for s in student.submissions}
            rows.append([student.id, *(_score(scores.get(n)) for n in names)])
    return rows


def _score(submitted: object) -> str:
    if submitted is None:
        return "none"
    score, most = submitted.score, submitted.max_score  # type: ignore[attr-defined]
    return f"{score:g} of {most:g}"
