"""The ``autograder`` command, as typed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.course.cli import aligned, main


def keep_mistakes(root: Path, edits: str) -> None:
    """Leave one known mistake of the course, with these edits."""
    for path in (root / "autograder" / "mistakes").glob("[!_]*.py"):
        path.unlink()
    (root / "autograder" / "mistakes" / "warmup.py").write_text(
        "from autograder.mistakes import Mistake\n"
        "MISTAKES = (Mistake('relative_error', 'absolute error', 'A hint.', "
        f"{edits}),)\n"
    )


@pytest.mark.parametrize(
    ("edits", "code", "says"),
    [
        (
            "(('np.max(np.abs(x - y) / size)', 'np.max(np.abs(x - y))'),)",
            0,
            "3 of 3 as",
        ),
        ("(('np.max(', '1 * np.max('),)", 1, "lost points in nothing"),
        ("(('no such text', ''),)", 1, "edits a text that the reference no longer has"),
    ],
    ids=["caught", "survives", "does not apply"],
)
def test_verify_ends_with_an_error_for_a_mistake_that_survives(
    edits: str, code: int, says: str, own_course: Any
) -> None:
    keep_mistakes(own_course.root, edits)
    done = own_course.autograder("verify", "warmup/warmup", check=False)
    assert done.returncode == code
    said = done.stdout + done.stderr
    assert says in said
    assert "Traceback" not in said
    if code == 0:
        assert re.search(r"reference +6 of 6 +as it must", done.stdout)
        assert re.search(r"skeleton +0 of 6 +as it must", done.stdout)
        assert re.search(r"absolute error +5 of 6 +as it must", done.stdout)


def test_verify_names_the_notebooks_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", "warmup/wramup"]) == 1
    said = capsys.readouterr().err
    assert "There is no notebook warmup/wramup" in said
    assert "warmup/warmup" in said


def test_release_comes_back_byte_for_byte(own_course: Any) -> None:
    """Also with the notebooks beside the sources gone, as in a fresh clone."""
    folder = own_course.root / "assignments" / "warmup"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    for path in (own_course.root / "solutions").glob("*/*.ipynb"):
        path.unlink()
    own_course.autograder("release")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_failing_release_shows_what_nbgrader_said(own_course: Any) -> None:
    source = own_course.root / "solutions" / "warmup" / "warmup.py"
    text = source.read_text()
    source.write_text(text.replace("check_relative_error", "check_no_such"))
    done = own_course.autograder("release", check=False)
    assert done.returncode == 1
    assert "no exercise 'no_such' is defined" in done.stderr
    assert "This command failed:" in done.stderr


def test_bundle_writes_a_zip_that_holds_no_solution(own_course: Any) -> None:
    own_course.autograder("bundle")
    (archive,) = (own_course.root / "dist").glob("*.zip")
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
        text = "".join(
            file.read(n).decode() for n in names if n.endswith((".py", ".ipynb"))
        )
    assert "warmup/warmup.ipynb" in names
    assert "warmup/autograder/student/check.py" in names
    assert not any("mistakes" in n or "judge" in n for n in names)
    assert "np.max(np.abs(x - y) / size)" not in text


def test_a_table_is_aligned_without_trailing_blanks() -> None:
    table = aligned([["a", "long name"], ["bbb", "c"]])
    assert table == "a    long name\nbbb  c"
