"""What students get works where they open it: a zip, a clone, a notebook alone."""

import functools
import http.server
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.course.bundle import write_wheel, write_zip
from autograder.course.submissions import right_answers, submission
from autograder.exercises import exercises_of
from autograder.reference import scripts
from autograder.reference.scripts import ROOT
from autograder.student.answers import SUFFIX

each_notebook = pytest.mark.parametrize("notebook", scripts.notebooks())


def committed(notebook, suffix=".ipynb"):
    return ROOT / "assignments" / f"{notebook}{suffix}"


@pytest.fixture
def execute(shell):
    """Runs a notebook in a kernel of its own, where it lies."""

    def execute(notebook, folder, *options, **changes):
        path = folder / "notebook.ipynb"
        nbformat.write(notebook, path)
        command = "from nbclient.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", command, str(path), "--inplace", *options],
            cwd=folder,
            env=shell(MPLBACKEND="agg", **changes),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return nbformat.read(path, as_version=4)

    return execute


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
def test_a_downloaded_zip_is_ready_to_work_in(notebook, unpacked, execute):
    done = execute(in_zip(notebook, unpacked), unpacked, "--allow-errors")
    assert set(errors(done)) <= {"NotImplementedError"}  # cells that show results
    assert Path(shown(done.cells[-1])).is_relative_to(unpacked)
    said = checks(done)
    assert said.keys() == {e.name for e in exercises_of(notebook)}
    for name, text in said.items():
        assert text.startswith(f"{name}: · not written yet: 0 of ")


@each_notebook
def test_right_answers_are_right_in_a_downloaded_zip(notebook, unpacked, execute):
    released = in_zip(notebook, unpacked)
    filled = submission(released, notebook, right_answers(notebook))
    done = execute(filled, unpacked)
    assert Path(shown(done.cells[-1])).is_relative_to(unpacked)
    for name, text in checks(done).items():
        assert text.startswith(f"{name}: ✓ right: "), text


def test_a_clone_is_ready_to_work_in(tmp_path, execute):
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


def test_a_notebook_alone_installs_the_checks_and_its_key(tmp_path, site, execute):
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
