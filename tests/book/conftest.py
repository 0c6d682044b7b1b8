"""The built book, a tiny one, and a browser, for the tests beside this file.

BOOK_HTML names a book that is built already; without it the book lies in
`_build/html`, and is built first when it is not there.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

# The extension and the chapters' helper module, as the book itself finds them.
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "book")]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of tests that take long."""
    config.addinivalue_line("markers", "slow: runs every cell of a chapter")


def run_jupyter_book(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the book in `folder`, strictly, as `make book` does."""
    command = Path(sys.executable).with_name("jupyter-book")
    options = ["--path-output", ".", "--all", "-W", "-n", "--keep-going"]
    search_path = os.pathsep.join((str(command.parent), os.environ["PATH"]))
    return subprocess.run(
        [str(command), "build", "book", "--config", "_config.yml", *options],
        cwd=folder,
        env={
            **os.environ,
            "PATH": search_path,
            # Pages import the students' package from the repository itself.
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def make_book(folder: Path, pages: Path) -> Path:
    """Lay out a book of `pages` with the real book's settings and extension."""
    book = folder / "book"
    shutil.copytree(pages, book)
    shutil.copy(ROOT / "_config.yml", folder)
    shutil.copy(HERE / "tiny" / "references.bib", book)
    shutil.copy(ROOT / "book" / "lecture.py", book)
    for name in ("_ext", "_static"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "book" / name, book / name, ignore=ignored)
    return folder


@pytest.fixture(scope="session")
def tiny_html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of `tiny/`, built with an assignment, a zip and a wheel."""
    folder = make_book(tmp_path_factory.mktemp("tiny") / "repo", HERE / "tiny")
    notebook = folder / "assignments" / "batchnorm" / "batchnorm.ipynb"
    notebook.parent.mkdir(parents=True)
    shutil.copy(HERE / "assignment.ipynb", notebook)
    (folder / "dist").mkdir()
    (folder / "dist" / "batchnorm.zip").write_bytes(b"zip")
    (folder / "dist" / "autograder-1.0-py3-none-any.whl").write_bytes(b"wheel")
    build = run_jupyter_book(folder)
    assert build.returncode == 0, build.stdout + build.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="session")
def broken_build(
    tmp_path_factory: pytest.TempPathFactory,
) -> subprocess.CompletedProcess[str]:
    """The strict build of `broken/`, which must fail."""
    folder = make_book(tmp_path_factory.mktemp("broken") / "repo", HERE / "broken")
    return run_jupyter_book(folder)


@pytest.fixture(scope="session")
def book_html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real book, built; by the first worker when it is not there yet."""
    built = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
    # All workers of one run share the parent of their temporary folders.
    with FileLock(tmp_path_factory.getbasetemp().parent / "book.lock"):
        if not (built / "index.html").is_file():
            build = run_jupyter_book(ROOT)
            assert build.returncode == 0, build.stdout + build.stderr
    return built


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line on stderr for each."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on a free loopback port; yields its address."""
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def serving() -> Callable[[Path], AbstractContextManager[str]]:
    """The function that serves a folder, for a test with pages of its own."""
    return serve


@pytest.fixture(scope="session")
def book_site(book_html: Path) -> Iterator[str]:
    """The address of the real book."""
    with serve(book_html) as address:
        yield address


@pytest.fixture(scope="session")
def tiny_site(tiny_html: Path) -> Iterator[str]:
    """The address of the tiny book."""
    with serve(tiny_html) as address:
        yield address
