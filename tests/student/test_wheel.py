"""The wheel that students install holds their part and nothing else."""

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy
import pytest
import safetensors

from autograder.course.bundle import write_wheel
from autograder.mistakes import all_mistakes
from autograder.reference import scripts
from autograder.student.answers import SUFFIX, to_bytes

PACKAGE = scripts.ROOT / "autograder"
INSTRUCTORS = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "student" not in path.parts and path != PACKAGE / "__init__.py"
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return write_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_holds_the_students_part_as_it_is_here(files):
    modules = {name: text for name, text in files.items() if ".dist-info/" not in name}
    here = [PACKAGE / "__init__.py", *PACKAGE.glob("student/**/*.py")]
    assert modules == {
        path.relative_to(scripts.ROOT).as_posix(): path.read_text("utf-8")
        for path in here
    }


def test_beside_it_lies_nothing_but_the_wheels_own_record(files):
    rest = {Path(name).name for name in files if ".dist-info/" in name}
    assert rest <= {"METADATA", "WHEEL", "RECORD", "top_level.txt"}
    (metadata,) = [text for name, text in files.items() if name.endswith("METADATA")]
    needs = [x for x in metadata.splitlines() if x.startswith("Requires-Dist")]
    assert [x.split()[1].partition(">")[0] for x in needs] == ["numpy", "safetensors"]


def definitions(path):
    text = path.read_text("utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield ast.get_source_segment(text, node)


def test_it_holds_nothing_that_the_instructors_part_defines(files):
    whole = "\n".join(files.values())
    assert INSTRUCTORS
    found = [d for path in INSTRUCTORS for d in definitions(path) if d in whole]
    assert found == []


def test_it_holds_no_solution_and_no_known_mistake(files):
    whole = "\n".join(files.values())
    lines = {
        line.strip()
        for notebook in scripts.notebooks()
        for cell in scripts.cells(notebook)
        if cell.solution
        for line in cell.source.splitlines()
    }
    hints = {m.hint for m in all_mistakes()}
    names = {m.name for m in all_mistakes() if len(m.name) > 10}
    found = [x for x in lines | hints | names if len(x) > 20 and x in whole]
    assert found == []


def imported(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_it_imports_nothing_of_the_instructors(files):
    names = {
        name
        for file, text in files.items()
        if file.endswith(".py")
        for name in imported(text)
    }
    ours = {name for name in names if name.split(".")[0] == "autograder"}
    assert ours
    assert {name for name in ours if not name.startswith("autograder.student")} == set()


PROGRAM = """\
import sys
sys.path[:0] = {paths!r}
from autograder import check
import autograder

def forward(x, gamma):
    return gamma * x, (x, gamma)

def backward(dout, cache):
    x, gamma = cache
    return dout * gamma, (dout * x).sum(axis=0)

print(check("backward"))
print(autograder.__file__)
print(sorted(m for m in sys.modules if m.startswith("autograder.")))
"""


def test_installed_alone_it_checks(wheel, toy, tmp_path):
    """A Python without site-packages, with NumPy and safetensors alone."""
    place = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--no-index", "--disable-pip-version-check", "--target", str(place)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    needs = tmp_path / "needs"
    needs.mkdir()
    for module in (numpy, safetensors):
        folder = Path(module.__file__).parent
        (needs / folder.name).symlink_to(folder)
    if (libraries := Path(numpy.__file__).parents[1] / "numpy.libs").is_dir():
        (needs / "numpy.libs").symlink_to(libraries)
    (tmp_path / f"toy{SUFFIX}").write_bytes(to_bytes([toy.entry]))
    program = PROGRAM.format(paths=[str(place), str(needs)])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", program],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said, file, modules = done.stdout.splitlines()
    assert said.startswith("backward: ✓ right: 2 of 2 points")
    assert Path(file).is_relative_to(place)
    assert all(m.startswith("autograder.student") for m in ast.literal_eval(modules))
