"""What the documents for people say: commands, links, examples, reports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader.apps import NbGraderApp

from autograder.course.cli import main
from autograder.student.check import Check

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/design.md", "docs/style.md")
PAGES = ("book/students.md", "book/instructors.md")
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS + PAGES}
FENCE = re.compile(r"^ *```(?P<kind>\S*)[^\n]*\n(?P<text>.*?)^ *```$", re.M | re.S)
CODE = re.compile(r"`[^`\n]+`|^(?: {4}|\$ ).*$", re.M)


def blocks(name: str, kind: str) -> list[str]:
    found = FENCE.finditer(TEXTS[name])
    return [match["text"] for match in found if match["kind"] == kind]


def commands(tool: str) -> set[tuple[str, str]]:
    """Which words follow a tool's name where code is shown, and in what text."""
    found = set()
    for name, text in TEXTS.items():
        fenced = (m["text"] for m in FENCE.finditer(text) if m["kind"] != "python")
        shown = [*CODE.findall(text), *fenced]
        for part in shown:
            lines = re.findall(rf"^[`$ ]*{tool} ([a-z_]+)", part, re.M)
            found |= {(name, word) for word in lines}
    return found


def test_make_targets_exist() -> None:
    rules = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", rules, re.M)
    assert phony is not None
    used = commands("make")
    assert ("README.md", "course") in used
    assert {word for _, word in used} <= set(phony[1].split())


def test_nbgraders_commands_exist() -> None:
    used = commands("nbgrader")
    assert ("book/instructors.md", "autograde") in used
    assert ("book/students.md", "submit") in used
    assert {word for _, word in used} <= set(NbGraderApp.subcommands)


@pytest.mark.parametrize("word", sorted({word for _, word in commands("autograder")}))
def test_the_courses_commands_exist(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([word, "--help"])
    assert ended.value.code == 0
    assert word in capsys.readouterr().out


def anchors(path: Path) -> set[str]:
    """The anchors of a Markdown file's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in kept}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        place = (ROOT / name).parent / path
        assert place.is_file(), target
        assert not anchor or anchor in anchors(place), target


def test_the_picture_of_a_page_is_small() -> None:
    assert 0 < (ROOT / "docs" / "page.png").stat().st_size < 200_000


def test_the_readme_shows_a_real_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the function that the students' page shows first."""
    monkeypatch.chdir(ROOT / "assignments" / "warmup")
    cell = next(t for t in blocks("book/students.md", "{code-cell}") if "np.mean" in t)
    namespace: dict[str, Any] = {"check": Check("warmup/warmup")}
    code = cell.replace("\ncheck(", "\nreport = check(")
    exec(f"import numpy as np\n{code}", namespace)
    indented = "\n".join(f"    {x}" for x in repr(namespace["report"]).split("\n"))
    assert indented in TEXTS["README.md"]


def test_the_students_page_names_cells_of_the_released_notebook() -> None:
    path = ROOT / "assignments" / "warmup" / "warmup.ipynb"
    cells = json.loads(path.read_text("utf-8"))["cells"]
    text = TEXTS["book/students.md"]
    named = re.findall(r'cells\["(\w+)"\]', text)
    assert named
    assert set(named) <= {cell["id"] for cell in cells}
    stub = re.search(r"say\s+`(# [^`]+)`", text)
    assert stub is not None
    assert any(stub[1] in "".join(cell["source"]) for cell in cells)


def test_the_instructors_example_is_a_whole_exercise(own_course: Any) -> None:
    """The three files, as they stand on the page, pass the dry run."""
    name = "book/instructors.md"
    exercise, source, mistakes = blocks(name, "python")
    course = own_course
    place: Callable[[str], Path] = course.root.joinpath
    place("solutions/scaling").mkdir()
    place("solutions/scaling/scaling.py").write_text(source, "utf-8")
    place("autograder/exercises/scaling.py").write_text(exercise, "utf-8")
    place("autograder/mistakes/scaling.py").write_text(mistakes, "utf-8")
    course.nbgrader("generate_assignment", "scaling")
    table = course.autograder("verify", "scaling/scaling").stdout
    assert table.endswith("3 of 3 as they must be.\n")
    assert any(table in block for block in blocks(name, "console"))


def test_the_instructors_page_lists_the_columns_of_the_csv() -> None:
    from autograder.course.export import COLUMNS

    assert f"{','.join(COLUMNS)}\n" in TEXTS["book/instructors.md"]


def test_the_reasons_on_the_instructors_page_are_those_that_intake_gives() -> None:
    said = re.findall(r"^\| `([^`]+)` \|", TEXTS["book/instructors.md"], re.M)
    reasons = [text for text in said if text.endswith(".")]
    assert len(reasons) > 5
    code = (ROOT / "autograder" / "judge" / "intake.py").read_text("utf-8")
    named = r"my-homework\.ipynb|warmup\.ipynb|(?:check_)?relative_error|20"
    for text in reasons:
        longest = max(re.split(named, text), key=len).strip()
        assert longest.rstrip(".") in code, text
