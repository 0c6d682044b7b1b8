"""What students get: fresh, without a solution, and working where they open it."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from filelock import FileLock
from safetensors.numpy import load

from autograder.course.bundle import write_wheel, write_zip
from autograder.course.submissions import right_answers, submission
from autograder.exercises import exercises_of
from autograder.mistakes import all_mistakes
from autograder.reference import scripts
from autograder.reference.scripts import ROOT
from autograder.student.answers import SUFFIX

NOTEBOOKS = scripts.notebooks()
each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS)

GENERATE = """\
import sys
from nbgrader.apps import GenerateAssignmentApp

for name in sys.argv[1:]:
    GenerateAssignmentApp.clear_instance()
    app = GenerateAssignmentApp.instance()
    app.initialize([name, "--force"])
    app.start()
"""


def environment(**changes):
    """A shell without this repository on Python's path."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    direct = {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    return {**kept, "PATH": path, "JUPYTER_PLATFORM_DIRS": "1", **direct, **changes}


def regenerate(course, seed):
    """Start to release every assignment with nbgrader in a copy of the course."""
    ignored = shutil.ignore_patterns("__pycache__", "*.ipynb", ".ipynb_checkpoints")
    for folder in ("autograder", "solutions"):
        shutil.copytree(ROOT / folder, course / folder, ignore=ignored)
    for file in ("nbgrader_config.py", "_config.yml", "pyproject.toml"):
        shutil.copy(ROOT / file, course)
    names = sorted({n.partition("/")[0] for n in NOTEBOOKS})
    changes = {
        "HOME": str(course / "home"),
        "PYTHONPATH": str(course),
        "PYTHONHASHSEED": seed,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", GENERATE, *names],
        cwd=course,
        env=environment(**changes),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="session")
def releases(tmp_path_factory):
    """Two releases of the whole course, made once for all workers."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    courses = [shared / f"released-{seed}" for seed in ("1", "2")]
    with FileLock(shared / "releases.lock"):
        if not (shared / "releases.done").exists():
            running = [regenerate(c, str(seed)) for seed, c in enumerate(courses)]
            for process in running:
                _, said = process.communicate()
                assert process.returncode == 0, said
            (shared / "releases.done").touch()
    return [course / "assignments" for course in courses]


def committed(notebook, suffix=".ipynb"):
    return ROOT / "assignments" / f"{notebook}{suffix}"


def test_the_release_holds_notebooks_and_their_keys_and_nothing_else(releases):
    wanted = sorted(f"{n}{s}" for n in NOTEBOOKS for s in (".ipynb", SUFFIX))
    for folder in (*releases, ROOT / "assignments"):
        files = (p for p in folder.rglob("*") if p.is_file())
        names = (p.relative_to(folder).as_posix() for p in files)
        assert sorted(n for n in names if ".ipynb_checkpoints" not in n) == wanted


@each_notebook
@pytest.mark.parametrize("suffix", [".ipynb", SUFFIX])
def test_two_releases_are_the_same_bytes(releases, notebook, suffix):
    one, other = (r / f"{notebook}{suffix}" for r in releases)
    assert one.read_bytes() == other.read_bytes()


@each_notebook
def test_the_committed_notebook_is_fresh(releases, notebook):
    fresh = (releases[0] / f"{notebook}.ipynb").read_text("utf-8")
    assert committed(notebook).read_text("utf-8") == fresh


def key_of(path):
    """The JSON of an answer key without its measured tolerances, and its arrays."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    key = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["key"])
    wanted = set()
    for exercise in key["exercises"]:
        for question in exercise["questions"]:
            wanted |= set(question["arrays"].values())
            for expected in question["expected"].values():
                wanted.add(expected["array"])
                del expected["atol"]  # measured in units of the last place
    return key, load(content), wanted


@each_notebook
def test_the_committed_answer_key_is_fresh(releases, notebook):
    """To the last digits: another processor rounds exp and sums otherwise.

    What a mistake returns may be nothing but such digits.
    """
    key, arrays, wanted = key_of(releases[0] / f"{notebook}{SUFFIX}")
    old_key, old_arrays, _ = key_of(committed(notebook, SUFFIX))
    assert old_key == key
    assert old_arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        old = old_arrays[name]
        assert (old.dtype, old.shape) == (array.dtype, array.shape)
        if name in wanted:
            np.testing.assert_allclose(old, array, rtol=1e-9, atol=1e-12)


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
    return found - code(c for c in cells if not c.solution)


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
        assert f"def {name}(" in source
        assert "# Write your code here.\n    raise NotImplementedError()" in source
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


def execute(notebook, folder, *options, **changes):
    """Run a notebook in a kernel of its own, where it lies."""
    path = folder / "notebook.ipynb"
    nbformat.write(notebook, path)
    command = "from nbclient.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, str(path), "--inplace", *options],
        cwd=folder,
        env=environment(MPLBACKEND="agg", **changes),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return nbformat.read(path, as_version=4)


def shown(cell):
    """What a cell shows as text."""
    parts = (
        o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs
    )
    return "".join(parts).strip()


def checks(notebook):
    """What each check of an executed notebook showed, by exercise."""
    return {
        cell.metadata.nbgrader.grade_id.removeprefix("check_"): shown(cell)
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


def errors(notebook):
    return [
        o.ename
        for cell in notebook.cells
        if cell.cell_type == "code"
        for o in cell.outputs
        if o.output_type == "error"
    ]


@pytest.fixture
def unpacked(tmp_path, notebook):
    """A student's download, unpacked in an empty folder."""
    assignment = notebook.partition("/")[0]
    with zipfile.ZipFile(write_zip(assignment, tmp_path / "site")) as archive:
        archive.extractall(tmp_path / "home")
    return tmp_path / "home" / assignment


WHERE = nbformat.v4.new_code_cell("import autograder\nprint(autograder.__file__)")


def in_zip(notebook, unpacked):
    name = notebook.partition("/")[2]
    released = nbformat.read(unpacked / f"{name}.ipynb", as_version=4)
    released.cells.append(WHERE)
    return released


@each_notebook
def test_a_downloaded_zip_is_ready_to_work_in(notebook, unpacked):
    done = execute(in_zip(notebook, unpacked), unpacked, "--allow-errors")
    assert set(errors(done)) <= {"NotImplementedError"}  # cells that show results
    assert Path(shown(done.cells[-1])).is_relative_to(unpacked)
    said = checks(done)
    assert said.keys() == {e.name for e in exercises_of(notebook)}
    for name, text in said.items():
        assert text.startswith(f"{name}: · not written yet: 0 of ")


@each_notebook
def test_right_answers_are_right_in_a_downloaded_zip(notebook, unpacked):
    released = in_zip(notebook, unpacked)
    filled = submission(released, notebook, right_answers(notebook))
    done = execute(filled, unpacked)
    assert Path(shown(done.cells[-1])).is_relative_to(unpacked)
    for name, text in checks(done).items():
        assert text.startswith(f"{name}: ✓ right: "), text


def test_a_clone_is_ready_to_work_in(tmp_path):
    """The checks lie in a folder above the notebook."""
    folder = tmp_path / "assignments" / "warmup"
    shutil.copytree(committed("warmup/warmup").parent, folder)
    shutil.copytree(ROOT / "autograder", tmp_path / "autograder")
    done = execute(only_one_check(), folder)
    assert shown(done.cells[-1]).startswith("relative_error: ✓ right")


def only_one_check(*calls):
    """The warm-up with its first answer and without what does not belong to it."""
    wanted = ("imports", "setup", "relative_error", "check_relative_error")
    released = nbformat.read(committed("warmup/warmup"), as_version=4)
    filled = submission(released, "warmup/warmup", right_answers("warmup/warmup"))
    filled.cells = [
        cell
        for cell in filled.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") in wanted
    ]
    filled.cells += [nbformat.v4.new_code_cell(call) for call in calls]
    return filled


@pytest.fixture
def site(tmp_path):
    """The published site on this machine: its folder and its address."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def pointed_at(address, notebook):
    """The notebook with the site's address replaced, as its constant says."""
    (setup,) = [c for c in notebook.cells if c.id == "setup"]
    lines = [
        f'SITE = "{address}"' if line.startswith("SITE = ") else line
        for line in setup.source.splitlines()
    ]
    assert f'SITE = "{address}"' in lines
    setup.source = "\n".join(lines)
    return notebook


def wheel_folder(notebook):
    """Where on the site the notebook looks for the wheel."""
    (setup,) = [c for c in notebook.cells if c.id == "setup"]
    (path,) = re.findall(r"\{SITE\}/(\S+)\.whl", setup.source)
    return Path(path).parent


def test_a_notebook_alone_installs_the_checks_and_fetches_its_key(tmp_path, site):
    """As on Colab, with every way in which the key may fail to come."""
    folder, address = site
    write_wheel(folder / wheel_folder(only_one_check()))
    key = folder / "assignments" / "warmup" / f"warmup{SUFFIX}"
    key.parent.mkdir(parents=True)
    good = committed("warmup/warmup", SUFFIX)
    place, alone = tmp_path / "packages", tmp_path / "alone"
    place.mkdir()
    alone.mkdir()
    notebook = only_one_check(
        f"open({str(key)!r}, 'wb').write(b'not a key')",
        "check('relative_error')",
        f"import shutil; shutil.copy({str(good)!r}, {str(key)!r})",
        "check('relative_error')",
        "check('relative_eror')",
        f"open('warmup{SUFFIX}', 'wb').write(b'damaged')",
        "check('relative_error')",
        "import autograder; print(autograder.__file__)",
    )
    done = execute(
        pointed_at(address, notebook),
        alone,
        PYTHONPATH=str(place),
        PIP_TARGET=str(place),
        PIP_NO_DEPS="1",
        PIP_NO_INDEX="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_ROOT_USER_ACTION="ignore",
    )
    assert errors(done) == []
    url = f"{address}/assignments/warmup/warmup{SUFFIX}"
    apart = f"warmup{SUFFIX} does not lie beside this notebook, and {url}"
    again = "Download the assignment again."
    said = [shown(cell) for cell in done.cells]
    assert "ERROR" not in said[1]
    assert (
        said[3] == f"{apart} can't be fetched (HTTP Error 404: File not found). {again}"
    )
    assert said[5] == f"{apart} is damaged. Download it again."
    assert said[7].startswith("relative_error: ✓ right: 1 of 1 point")
    assert said[8] == (
        "This notebook has no exercise 'relative_eror'; did you mean 'relative_error'?"
    )
    assert said[10] == f"warmup{SUFFIX} is damaged. Download it again."
    assert Path(said[11]).is_relative_to(place)
