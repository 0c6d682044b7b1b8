"""A key changes with all that a grade depends on, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course import keys
from autograder.course.handed import File
from autograder.course.keys import batch_key, circumstances, submission_key
from autograder.course.terms import Terms

BATCH = ("warmup", {"one": "text"}, b"secret", Terms("bwrap"))
FILES = (File("a.ipynb", "plain", b"12"), File("b.ipynb", "link"))


def test_the_same_gives_the_same() -> None:
    assert batch_key(*BATCH) == batch_key(*BATCH)
    assert submission_key("k", FILES) == submission_key("k", FILES[::-1])


@pytest.mark.parametrize(
    "other",
    [
        ("batchnorm", {"one": "text"}, b"secret", Terms("bwrap")),
        ("warmup", {"one": "texts"}, b"secret", Terms("bwrap")),
        ("warmup", {"two": "text"}, b"secret", Terms("bwrap")),
        ("warmup", {"one": "text", "two": ""}, b"secret", Terms("bwrap")),
        ("warmup", {"one": "text"}, b"secrets", Terms("bwrap")),
        ("warmup", {"one": "text"}, b"secret", Terms("landlock")),
        ("warmup", {"one": "text"}, b"secret", Terms("bwrap", 5.0)),
    ],
    ids=[
        "assignment",
        "release",
        "name",
        "one more",
        "secret",
        "sandbox",
        "time of a cell",
    ],
)
def test_a_batch_differs(other: tuple[str, dict[str, str], bytes, Terms]) -> None:
    assert batch_key(*other) != batch_key(*BATCH)


@pytest.mark.parametrize(
    "files",
    [
        (),
        (FILES[0],),
        (File("a.ipynb", "plain", b"13"), FILES[1]),
        (File("c.ipynb", "plain", b"12"), FILES[1]),
        (File("a.ipynb", "large", b"12"), FILES[1]),
        (File("a.ipynb", "plain", b"1"), File("2b.ipynb", "link")),
        (File("\udcff.ipynb", "plain", b"12"), FILES[1]),
    ],
)
def test_a_submission_differs(files: tuple[File, ...]) -> None:
    assert submission_key("k", files) != submission_key("k", FILES)
    assert submission_key("k", files) != submission_key("other", files)


@pytest.fixture
def copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, Path]]:
    """A package and sources that may be changed."""
    package, solutions = tmp_path / "autograder", tmp_path / "solutions"
    for part in keys.PARTS:
        path = package / part
        path = path if path.suffix else path / "module.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1")
    for name in ("warmup", "batchnorm"):
        (solutions / name).mkdir(parents=True)
        (solutions / name / f"{name}.py").write_text("y = 1")
    monkeypatch.setattr(keys, "PACKAGE", package)
    monkeypatch.setattr(keys, "SOLUTIONS", solutions)
    circumstances.cache_clear()
    yield package, solutions
    circumstances.cache_clear()


def course() -> str:
    circumstances.cache_clear()
    return circumstances("warmup")["course"]


@pytest.mark.parametrize("part", keys.PARTS)
def test_every_part_that_decides_a_grade_counts(
    part: str, copied: tuple[Path, Path]
) -> None:
    before = course()
    path = copied[0] / part
    (path if path.suffix else path / "module.py").write_text("x = 2")
    assert course() != before


def test_the_assignment_s_own_solution_counts_and_no_other(
    copied: tuple[Path, Path],
) -> None:
    before = course()
    (copied[1] / "batchnorm" / "batchnorm.py").write_text("y = 2")
    assert course() == before
    (copied[1] / "warmup" / "warmup.py").write_text("y = 2")
    assert course() != before


def test_packages_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = batch_key(*BATCH)
    circumstances.cache_clear()
    monkeypatch.setattr(keys.metadata, "version", lambda name: "99")
    assert batch_key(*BATCH) != before
    circumstances.cache_clear()


def test_a_package_that_is_not_there_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "PACKAGES", ("no-such-package",))
    circumstances.cache_clear()
    assert circumstances("warmup")["no-such-package"] == "none"
    circumstances.cache_clear()
