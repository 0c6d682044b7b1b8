"""What the batch leaves is what ``nbgrader autograde`` leaves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.course.submissions import hand_in, submission
from tests.course.conftest import CLASS, hand_in_class
from tests.course.gradebooks import files, of_class

WARMUP = "warmup/warmup"


@pytest.fixture(scope="module")
def batched(course: Any, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """The class of ``conftest.py``, graded by the batch; its folder."""

    def fill(result: Path) -> None:
        one = course.new_class("batched")
        hand_in_class(one)
        before = files(one.class_folder / "submitted")
        done = one.autograder("grade", "warmup", "--jobs", "2")
        assert files(one.class_folder / "submitted") == before
        one.nbgrader("generate_feedback", "warmup")
        shutil.copytree(one.class_folder, result, symlinks=True)
        (result / "said.txt").write_text(done.stdout + done.stderr)

    return once("batched", fill)


@pytest.mark.parametrize("table", ["student", "notebook", "grade", "comment"])
def test_the_gradebook_says_the_same(table: str, batched: Path, graded: Any) -> None:
    assert of_class(batched)[table] == of_class(graded.folder)[table]


def test_times_are_known_where_they_can_be_read(batched: Path) -> None:
    known = {s: t is not None for s, _, t, _ in of_class(batched)["submission"]}
    assert known.keys() == CLASS.keys()
    assert [s for s, k in known.items() if not k] == ["timefolder", "timestamp"]


@pytest.mark.parametrize("student", CLASS)
def test_feedback_is_made_from_the_same_notebook(
    student: str, batched: Path, graded: Any
) -> None:
    for folder, name in (("autograded", "ipynb"), ("feedback", "html")):
        path = Path(folder) / student / "warmup" / f"warmup.{name}"
        assert (batched / path).read_bytes() == (graded.folder / path).read_bytes()


@pytest.mark.parametrize("student", CLASS)
def test_the_folder_holds_what_nbgrader_leaves_there(
    student: str, batched: Path, graded: Any
) -> None:
    def described(folder: Path) -> set[tuple[str, str]]:
        found = (folder / "autograded" / student / "warmup").iterdir()
        return {(p.name, oct(p.stat().st_mode)) for p in found}

    assert described(batched) == described(graded.folder)


def test_the_journal_is_the_same_but_for_times(batched: Path, graded: Any) -> None:
    def records(folder: Path) -> dict[str, Any]:
        found = {}
        for path in (folder / "journal" / "warmup").glob("*.json"):
            record = json.loads(path.read_text())
            # Some of the class hold cells with random ids, so keys differ.
            del record["graded"], record["key"]
            for notebook in record["notebooks"]:
                del notebook["seconds"], notebook["usage"]
            found[path.name] = record
        return found

    assert records(batched).keys() == {f"{s}.json" for s in CLASS}
    assert records(batched) == records(graded.folder)


def test_what_was_odd_is_counted(batched: Path) -> None:
    said = (batched / "said.txt").read_text()
    assert f"{len(CLASS)} graded, 0 unchanged, 0 failed" in said
    assert "of the files something was odd" in said


LATE = """
from nbgrader.plugins import BasePlugin
class Half(BasePlugin):
    def late_submission_penalty(self, student_id, score, seconds):
        return {"ann": score / 2, "bob": 100, "cyd": -1}[student_id]
c.AssignLatePenalties.plugin_class = Half
"""
BY_HAND = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///{folder}/gradebook.db") as gradebook:
    gradebook.update_or_create_assignment("warmup", duedate="2020-01-01 00:00:00 UTC")
    gradebook.update_or_create_student("dan")
    gradebook.update_or_create_submission("warmup", "dan")
    gradebook.grant_extension("warmup", "dan", weeks=5200)
"""
MANUAL = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///{folder}/gradebook.db") as gradebook:
    grade = gradebook.find_grade("check_relative_error", "warmup", "warmup", "ann")
    grade.manual_score, grade.extra_credit = 0.25, 0.5
    grade.needs_manual_grade = False
    gradebook.db.commit()
"""


def test_penalties_extensions_and_points_by_hand(own_course: Any) -> None:
    """Graded by the batch and by nbgrader, from the same gradebook."""
    config = own_course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + LATE)
    folder = own_course.class_folder
    right = submission(own_course.release(), WARMUP)
    for student in ("ann", "bob", "cyd", "dan"):
        hand_in(folder, student, WARMUP, right)
    own_course.run("python", "-c", BY_HAND.format(folder=folder))
    start = (folder / "gradebook.db").read_bytes()
    found = []
    for command in (
        lambda *more: own_course.autograder("grade", "warmup", "--jobs", "2", *more),
        lambda *more: own_course.nbgrader("autograde", "warmup", *more),
    ):
        shutil.rmtree(folder / "autograded", ignore_errors=True)
        shutil.rmtree(folder / "journal", ignore_errors=True)
        (folder / "gradebook.db").write_bytes(start)
        command()
        first = of_class(folder)
        own_course.run("python", "-c", MANUAL.format(folder=folder))
        command("--force")
        found.append((first, of_class(folder)))
    assert found[0] == found[1]
    first, second = found[0]
    assert [p for _, _, p, _ in first["notebook"]] == [3.0, 6.0, 0.0, None]
    assert second["notebook"][0][2] == pytest.approx(5.75 / 2)
    changed = [g for g in second["grade"] if g[4] is not None]
    assert [(g[0], *g[3:]) for g in changed] == [("ann", 1.0, 0.25, 0.5, 1)]


def test_points_by_hand_stay_reviewed_when_nothing_changed(own_course: Any) -> None:
    folder = own_course.class_folder
    hand_in(folder, "ann", WARMUP, submission(own_course.release(), WARMUP))
    own_course.autograder("grade", "warmup")
    own_course.run("python", "-c", MANUAL.format(folder=folder))
    before = of_class(folder)
    own_course.autograder("grade", "warmup")
    assert of_class(folder) == before


def test_what_is_lost_comes_back_without_grading(own_course: Any) -> None:
    """A gradebook or a folder that was set back is written from the journal."""
    folder = own_course.class_folder
    start = (folder / "gradebook.db").read_bytes()
    for student in ("ann", "bob"):
        hand_in(folder, student, WARMUP, submission(own_course.release(), WARMUP))
    own_course.autograder("grade", "warmup")
    graded, written = of_class(folder), files(folder / "autograded")
    (folder / "gradebook.db").write_bytes(start)
    shutil.rmtree(folder / "autograded" / "bob")
    (folder / "autograded" / "ann" / ".warmup.new").mkdir()
    done = own_course.autograder("grade", "warmup")
    assert "0 graded, 2 unchanged" in done.stdout
    assert of_class(folder) == graded
    assert files(folder / "autograded") == written


def test_a_student_that_may_not_be_added_is_named(own_course: Any) -> None:
    config = own_course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.Autograde.create_student = False\n")
    folder = own_course.class_folder
    hand_in(folder, "ann", WARMUP, submission(own_course.release(), WARMUP))
    done = own_course.autograder("grade", "warmup", check=False)
    assert done.returncode == 1
    assert "ann failed: UnknownStudent: The gradebook has no" in done.stdout
    assert of_class(folder)["student"] == []
