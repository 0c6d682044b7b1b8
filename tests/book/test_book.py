"""The real book as files: its links, and its notebooks run on their own."""

import ast
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from coursebook.notebook import is_chapter
from IPython.core.inputtransformer2 import TransformerManager

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = sorted(
    path.stem
    for path in BOOK.glob("*.md")
    if is_chapter(path.read_text(encoding="utf-8"))
)
# The usual libraries, and what comes with them.
USUAL = {"numpy", "matplotlib", "sklearn", "scipy", "torch", "triton", "IPython"} | {
    "cycler",
    "matplotlib_inline",
    "threadpoolctl",
}
# What the notebook brings itself: the modules it writes, the wheel it installs.
BROUGHT = {"lecture", "cifar", "autograder"}


@pytest.mark.parametrize("path", sorted(BOOK.glob("*.md")), ids=lambda p: p.stem)
def test_no_line_of_text_vanishes(path: Path) -> None:
    """MyST takes a line that starts with a percent sign for a comment."""
    fenced = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
    text = fenced.sub("", path.read_text(encoding="utf-8"))
    assert [line for line in text.splitlines() if line.startswith("%")] == []


class Links(HTMLParser):
    """Collects the targets of a page's links, and the names they can aim at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a tag leads, and what it is called."""
        for key, value in attrs:
            if value and key in {"href", "src"} and tag not in {"use", "link"}:
                self.targets.add(value)
            elif value and key == "id":
                self.names.add(value)


def test_every_link_within_the_book_leads_somewhere(book_html: Path) -> None:
    pages = {
        path.relative_to(book_html).as_posix(): Links(path.read_text(encoding="utf-8"))
        for path in sorted(book_html.glob("*.html"))
    }
    lost = []
    for name, page in pages.items():
        for target in page.targets:
            link = urlsplit(target)
            if link.scheme or link.netloc:
                continue
            path = unquote(link.path) or name
            found = (book_html / path).is_file()
            if found and link.fragment and path in pages:
                found = unquote(link.fragment) in pages[path].names
            if not found:
                lost.append(f"{name}: {target}")
    assert lost == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_notebook_needs_nothing_but_the_usual_libraries(
    book_html: Path, chapter: str
) -> None:
    notebook = nbformat.read(book_html / "notebooks" / f"{chapter}.ipynb", as_version=4)
    to_python = TransformerManager().transform_cell
    imported: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(to_python(cell.source))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.partition(".")[0])
    assert imported - sys.stdlib_module_names - BROUGHT <= USUAL


@pytest.fixture(scope="module")
def students_package(book_html: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published wheel, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    wheels = [str(wheel) for wheel in (book_html / "dist").glob("*.whl")]
    options = ["--quiet", "--no-index", "--no-deps", "--target", str(folder)]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, *wheels], check=True
    )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_notebook_runs_alone_in_an_empty_folder(
    book_html: Path, students_package: Path, chapter: str, tmp_path: Path
) -> None:
    shutil.copy(book_html / "notebooks" / f"{chapter}.ipynb", tmp_path)
    execute = "from nbclient.cli import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", execute, f"{chapter}.ipynb", "--timeout=300"],
        cwd=tmp_path,
        # The wheel alone: nothing of the instructor's part is in reach.
        env={**os.environ, "PYTHONPATH": str(students_package)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
