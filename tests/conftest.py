"""What several test folders share: notebooks to grade, and a course to run in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from nbformat import NotebookNode
from playwright.sync_api import Browser, sync_playwright

from autograder.exercises import exercises_of
from autograder.judge.grade import Grader
from autograder.reference import scripts
from autograder.sandbox import Backend, choose, warm
from autograder.sandbox.bundle import bundle
from autograder.student.verdict import Result
from tests import processes, users
from tests.courses import Course, copy_course
from tests.processes import eventually

ROOT = Path(__file__).parents[1]
SECRET = "the secret of the tests"
TIMEOUT = 300
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FILES = ("nbgrader_config.py", "_config.yml", "pyproject.toml")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One temporary folder for all processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def once(shared_folder: Path) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a folder once, whichever process comes first; the others wait."""

    def make(name: str, fill: Callable[[Path], object]) -> Path:
        folder = shared_folder / name
        with FileLock(shared_folder / f"{name}.lock"):
            if not (shared_folder / f"{name}.done").exists():
                fill(folder)
                (shared_folder / f"{name}.done").touch()
        return folder

    return make


@pytest.fixture(scope="session")
def course(once: Callable[[str, Callable[[Path], object]], Path]) -> Course:
    """A course with the warm-up released. Take ``new_class`` to write in it."""

    def fill(folder: Path) -> None:
        copy_course(folder).nbgrader("generate_assignment", "warmup", "--force")

    return Course(once("course", fill))


@pytest.fixture
def own_course(course: Course, tmp_path: Path) -> Course:
    """A copy of the course for tests that change its files."""
    ignored = shutil.ignore_patterns("classes", "home")
    shutil.copytree(course.root, tmp_path / "own", ignore=ignored)
    (tmp_path / "own" / "home").mkdir()
    return Course(tmp_path / "own")


@pytest.fixture(scope="session")
def released() -> NotebookNode:
    """The warm-up as students get it."""
    path = ROOT / "assignments" / "warmup" / "warmup.ipynb"
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="session")
def make_notebook() -> Callable[[Iterable[tuple[str, str]]], NotebookNode]:
    """A rebuilt notebook from pairs (grade_id or "", source)."""

    def make(cells: Iterable[tuple[str, str]]) -> NotebookNode:
        notebook = nbformat.v4.new_notebook()
        for i, (name, source) in enumerate(cells):
            cell = nbformat.v4.new_code_cell(source, id=f"cell-{i}")
            if name:
                cell.metadata["nbgrader"] = {"grade_id": name, "solution": True}
            notebook.cells.append(cell)
        return notebook

    return make


@pytest.fixture(scope="session")
def answered(
    make_notebook: Callable[[Iterable[tuple[str, str]]], NotebookNode],
) -> Callable[..., NotebookNode]:
    """The reference as a rebuilt notebook, with some answers replaced."""

    def make(notebook: str, **answers: str) -> NotebookNode:
        unknown = set(answers) - {e.name for e in exercises_of(notebook)}
        assert not unknown, f"no such exercise: {unknown}"
        cells = (c for c in scripts.cells(notebook) if c.active)
        return make_notebook(
            (c.name, answers.get(c.name, c.source) if c.solution else c.source)
            for c in cells
        )

    return make


Grade = Callable[[NotebookNode], dict[str, Result]]


@pytest.fixture(scope="session")
def backend() -> Backend:
    """The walls that students' code is graded behind: a test fails without."""
    return choose("bwrap")


@pytest.fixture(scope="session")
def current_user() -> Iterator[users.User]:
    """Runs a script as who runs the tests, with a home of its own."""
    with users.home() as folder:
        yield users.User(folder)


@pytest.fixture(scope="session")
def ordinary_user() -> Iterator[users.User]:
    """Runs a script without any rights, also when root runs the tests."""
    if reason := users.why_no_ordinary_user():
        pytest.skip(reason)
    with users.home() as folder:
        yield users.ordinary(folder)


def _grade(notebook: str, backend: Backend) -> Grade:
    grader = Grader(notebook, SECRET.encode(), backend)
    return lambda submission: {r.name: r for r in grader.grade(submission).results}


@pytest.fixture(scope="session")
def grade_warmup(backend: Backend) -> Grade:
    """Grades a rebuilt notebook of the warm-up; results by name."""
    return _grade("warmup/warmup", backend)


@pytest.fixture(scope="session")
def grade_batchnorm(backend: Backend) -> Grade:
    """Grades a rebuilt notebook of batch normalization; results by name."""
    return _grade("batchnorm/batchnorm", backend)


@pytest.fixture
def no_worker_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail when a worker, what it started, or its folder outlives the test.

    The warm parents, and the empty folders that they run in, stay, and so does
    what PyTorch makes for itself where the reference runs.
    """
    bundle()  # made once, and not in the folder that must end empty
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    before = processes.others()
    yield
    assert eventually(lambda: not processes.all_submissions())
    assert eventually(lambda: processes.others() <= before)
    left = {p for p in folder.iterdir() if not p.name.startswith("torchinductor_")}
    assert left <= processes.homes()


@pytest.fixture
def own_parent(
    no_worker_left: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[type[warm.Parent]]:
    """Warm parents of the test's own: they end with it."""
    begun: dict[int, warm.Parent] = {}
    start = warm.Parent.start

    def begin(self: warm.Parent) -> None:
        begun[id(self)] = self
        start(self)

    monkeypatch.setattr(warm.Parent, "start", begin)
    yield warm.Parent
    for parent in begun.values():
        if parent not in warm._parents.values():
            parent.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium of this system; without one, the tests that need it skip."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on this system: apt-get install chromium")
    # Chromium refuses to run as root with its own sandbox.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
