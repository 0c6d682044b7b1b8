"""Every part imports only what lies below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "autograder"
BELOW = {
    "student": set(),
    "worker": {"student"},
    "exercises": set(),
    "mistakes": set(),
    "reference": {"student", "worker", "exercises", "mistakes"},
    "sandbox": {"worker"},
    "judge": {"student", "worker", "exercises", "mistakes", "reference", "sandbox"},
    "course": {
        *("student", "worker", "exercises", "mistakes", "reference", "sandbox"),
        "judge",
    },
}
INSTRUCTORS_PACKAGES = {
    *("nbgrader", "nbformat", "nbconvert", "jupytext", "tqdm", "yaml"),
    *("dask", "distributed", "sqlalchemy", "psycopg"),
}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(part: str) -> list[Path]:
    return sorted((PACKAGE / part).rglob("*.py"))


def test_the_parts_are_all_there_and_no_others() -> None:
    found = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    assert found == set(BELOW)


@pytest.mark.parametrize("part", BELOW)
def test_a_part_imports_what_lies_below_it_alone(part: str) -> None:
    used = {
        name.split(".")[1]
        for path in modules(part)
        for name in imports(path)
        if name.startswith("autograder.") and name.split(".")[1] in BELOW
    }
    assert used - {part} <= BELOW[part]


def test_the_package_itself_shows_the_students_part_alone() -> None:
    names = set(imports(PACKAGE / "__init__.py")) - {"__future__"}
    assert all(name.startswith("autograder.student") for name in names)


@pytest.mark.parametrize("part", ["student", "worker"])
def test_what_runs_beside_students_code_needs_only_what_students_have(
    part: str,
) -> None:
    names = {n.split(".")[0] for path in modules(part) for n in imports(path)}
    assert not names & INSTRUCTORS_PACKAGES


@pytest.mark.parametrize("part", BELOW)
def test_a_module_can_be_read_in_one_sitting(part: str) -> None:
    long = [p for p in modules(part) if len(p.read_text().splitlines()) > 300]
    assert [p.name for p in long if part != "mistakes"] == []
