"""What students get: fresh, reproducible, and without a solution."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache

# Before Triton is imported: without a GPU its kernels run in the interpreter.
os.environ.setdefault("TRITON_INTERPRET", "1")

import nbformat
import numpy as np
import pytest
from filelock import FileLock
from safetensors.numpy import load

from autograder.exercises import exercises_of
from autograder.judge.session import is_run
from autograder.mistakes import all_mistakes
from autograder.reference import scripts
from autograder.reference.scripts import ROOT
from autograder.student.answers import SUFFIX, take
from autograder.student.check import cannot_run
from autograder.worker.cells import empty_namespace, run_cell

NOTEBOOKS = scripts.notebooks()
ASSIGNMENTS = {n.partition("/")[0] for n in NOTEBOOKS}
TWICE = ("initialization", "warmup")
"""Assignments that are released twice: with random answers, and without."""
each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS)

IDIOMS = {"with torch.no_grad():"}
"""Lines that many programs have, and that solve nothing."""

GENERATE = """\
import sys
from nbgrader.apps import GenerateAssignmentApp

for name in sys.argv[1:]:
    GenerateAssignmentApp.clear_instance()
    app = GenerateAssignmentApp.instance()
    app.initialize([name, "--force"])
    app.start()
"""


def regenerate(course, seed, names, shell):
    """Release assignments with nbgrader in a copy of the course."""
    ignored = shutil.ignore_patterns("__pycache__", "*.ipynb", ".ipynb_checkpoints")
    for folder in ("autograder", "solutions"):
        shutil.copytree(ROOT / folder, course / folder, ignore=ignored)
    for file in ("nbgrader_config.py", "_config.yml", "pyproject.toml"):
        shutil.copy(ROOT / file, course)
    changes = {
        "HOME": str(course / "home"),
        "PYTHONPATH": str(course),
        "PYTHONHASHSEED": seed,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", GENERATE, *names],
        cwd=course,
        env=shell(**changes),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@cache
def just_released():
    """Whether make has released these very sources into this checkout."""
    command = ["make", "--question", "_build/done/release"]
    return subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0


@pytest.fixture(scope="session")
def releases(tmp_path_factory, shell):
    """A release of the whole course and one of a part, made once for all workers."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    whole, part = (shared / f"released-{seed}" for seed in ("1", "2"))
    with FileLock(shared / "releases.lock"):
        if not (shared / "releases.done").exists():
            if not just_released():
                regenerate(whole, "1", sorted(ASSIGNMENTS), shell)
            regenerate(part, "2", TWICE, shell)
            (shared / "releases.done").touch()
    whole = ROOT if just_released() else whole
    return whole / "assignments", part / "assignments"


def committed(notebook, suffix=".ipynb"):
    return ROOT / "assignments" / f"{notebook}{suffix}"


def kept(notebook, suffix=".ipynb"):
    """What git has of it, or is about to be given; a release may have come since."""
    path = committed(notebook, suffix)
    place = f":{path.relative_to(ROOT).as_posix()}"
    shown = subprocess.run(["git", "show", place], cwd=ROOT, capture_output=True)
    return path.read_bytes() if shown.returncode else shown.stdout


@each_notebook
def test_an_unfinished_notebook_runs(notebook):
    """Stubs raise when they are called, and not when they are defined."""
    if why := cannot_run(exercises_of(notebook)[0].path):
        pytest.skip(why)
    names = empty_namespace()
    for cell in nbformat.read(committed(notebook), as_version=4).cells:
        if is_run(cell):
            run_cell(cell.source, names, cell.id)
    for exercise in exercises_of(notebook):
        assert callable(names[exercise.name])


def test_the_release_holds_notebooks_and_their_keys_and_nothing_else(releases):
    wanted = sorted(f"{n}{s}" for n in NOTEBOOKS for s in (".ipynb", SUFFIX))
    for folder in (releases[0], ROOT / "assignments"):
        files = (p for p in folder.rglob("*") if p.is_file())
        names = (p.relative_to(folder).as_posix() for p in files)
        assert sorted(n for n in names if ".ipynb_checkpoints" not in n) == wanted


@pytest.mark.parametrize("notebook", [n for n in NOTEBOOKS if n.startswith(TWICE)])
@pytest.mark.parametrize("suffix", [".ipynb", SUFFIX])
def test_two_releases_are_the_same_bytes(releases, notebook, suffix):
    one, other = (r / f"{notebook}{suffix}" for r in releases)
    assert one.read_bytes() == other.read_bytes()


@each_notebook
def test_the_committed_notebook_is_fresh(releases, notebook):
    fresh = (releases[0] / f"{notebook}.ipynb").read_text("utf-8")
    assert kept(notebook).decode() == fresh


def key_of(content):
    """The JSON of an answer key with what it says of arrays, and those to compare.

    Of an array only shape and dtype stay in the JSON; measured tolerances, in
    units of the last place, are left out.
    """
    length = int.from_bytes(content[:8], "little")
    key = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["key"])
    store, wanted = load(content), []

    def form(place):
        return None if place is None else [place[0], place[2]]

    for exercise in key["exercises"]:
        for question in exercise["questions"]:
            wanted += [take(store, p) for p in question["arrays"].values()]
            question["arrays"] = {k: form(v) for k, v in question["arrays"].items()}
            for expected in question["expected"].values():
                wanted.append(take(store, expected["array"]))
                expected["array"] = form(expected["array"])
                del expected["atol"]
        for symptom in (s for m in exercise["mistakes"] for s in m["symptoms"]):
            for returned in symptom.get("outputs", {}).values():
                returned[2] = form(returned[2])
    return key, wanted


@each_notebook
def test_the_committed_answer_key_is_fresh(releases, notebook):
    """To the last digits: another processor rounds exp and sums otherwise.

    What a mistake returns may be nothing but such digits.
    """
    key, arrays = key_of((releases[0] / f"{notebook}{SUFFIX}").read_bytes())
    old_key, old_arrays = key_of(kept(notebook, SUFFIX))
    assert old_key == key
    for old, new in zip(old_arrays, arrays, strict=True):
        np.testing.assert_allclose(old, new, rtol=1e-9, atol=1e-12)


def code(cells):
    return {
        line.strip()
        for cell in cells
        for line in cell.source.splitlines()
        if cell.kind == "code"
    }


def solution_lines(notebook):
    """Lines between the marks that no cell gives away on purpose."""
    inside, found = False, set()
    cells = scripts.cells(notebook)
    for line in (x for c in cells if c.solution for x in c.source.splitlines()):
        inside = (inside or "BEGIN SOLUTION" in line) and "END SOLUTION" not in line
        if inside and len(line.strip()) > 20:
            found.add(line.strip())
    return found - given() - IDIOMS


@cache
def given():
    """Lines that some notebook gives."""
    cells = (c for n in NOTEBOOKS for c in scripts.cells(n) if not c.solution)
    return code(cells)


def test_no_released_notebook_holds_a_line_of_a_solution():
    lines = {line for n in NOTEBOOKS for line in solution_lines(n)}
    assert len(lines) > 30
    for notebook in NOTEBOOKS:
        text = committed(notebook).read_text("utf-8")
        assert "SOLUTION" not in text
        cells = nbformat.reads(text, as_version=4).cells
        given = {x.strip() for cell in cells for x in cell.source.splitlines()}
        assert given & lines == set()


@each_notebook
def test_answer_cells_hold_a_signature_a_docstring_and_the_stub(notebook):
    found = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in nbformat.read(committed(notebook), as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    assert found.keys() == {e.name for e in exercises_of(notebook)}
    for name, source in found.items():
        assert re.search(rf"^(def|class) {name}\b", source, re.MULTILINE)
        stub = r"^ +# Write your code here\.\n +raise NotImplementedError\(\)$"
        assert re.search(stub, source, re.MULTILINE)
        right = scripts.solution(notebook, name).splitlines()
        inside = {line.strip() for line in right} & solution_lines(notebook)
        assert not inside & {line.strip() for line in source.splitlines()}


@each_notebook
def test_the_answer_key_holds_no_code(notebook):
    content = committed(notebook, SUFFIX).read_bytes()
    edits = {
        text
        for mistake in all_mistakes()
        for pair in mistake.edits
        for text in pair
        if len(text) > 20
    }
    lines = {line for n in NOTEBOOKS for line in solution_lines(n)}
    texts = [json.dumps(x)[1:-1].encode() for x in edits | lines]
    assert [x for x in texts if x in content] == []


@each_notebook
def test_no_outputs_and_no_trace_of_who_made_it(notebook):
    released = nbformat.read(committed(notebook), as_version=4)
    assert set(released.metadata) == {"kernelspec", "language_info"}
    for cell in released.cells:
        assert set(cell.metadata) <= {"nbgrader", "tags", "deletable", "editable"}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    ids = [cell.id for cell in released.cells]
    assert len(set(ids)) == len(ids)
