"""What stops a batch before it starts: one sentence, and nothing is touched."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from autograder.course.submissions import submission
from tests.course.batches import WARMUP, put
from tests.course.test_cluster import refused


@pytest.fixture(scope="module")
def one(course: Any, worker_id: str) -> Any:
    """A class with a submission that no test here grades."""
    made = course.new_class(f"preflight-{worker_id}")
    put(made, "ann", submission(made.release(), WARMUP))
    return made


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["warmpu"],
            "There is no released assignment warmpu; run: autograder release",
        ),
        (
            ["warmup", "--sandbox=nonsense"],
            "There is no sandbox 'nonsense'; choose bwrap, landlock, none.",
        ),
        (["warmup", "--student=bob"], "Nobody handed in warmup: there is no "),
        (
            ["warmup", "--db=sqlite:////no/such/folder/gradebook.db"],
            "The gradebook does not have warmup as it is released; "
            "run: autograder release",
        ),
        (["warmup", "--db=nonsense"], "db_url is no address of a database"),
        (["warmup", "--db=nonsense://host/name"], "db_url is no address of"),
        (
            ["warmup", "--db=mysql+pymysql://user:password@localhost/name"],
            "The driver for mysql+pymysql://user:***@localhost/name is missing; "
            "run: pip install pymysql",
        ),
        (
            ["warmup", "--db=postgresql+psycopg://me:secret@127.0.0.1:1/grades"],
            "The gradebook at postgresql+psycopg://me:***@127.0.0.1:1/grades can't "
            "be reached: connection failed",
        ),
    ],
)
def test_one_sentence_and_nothing_touched(
    arguments: list[str], said: str, one: Any
) -> None:
    assert refused(one, *arguments).startswith(said)


def test_a_release_that_the_gradebook_does_not_know(own_course: Any) -> None:
    put(own_course, "ann", submission(own_course.release(), WARMUP))
    path = own_course.root / "assignments" / "warmup" / "warmup.ipynb"
    path.write_text(path.read_text().replace('"points": 2', '"points": 3', 1))
    said = "The gradebook does not have warmup as it is released"
    assert refused(own_course, "warmup").startswith(said)


def test_an_assignment_that_was_never_released(own_course: Any) -> None:
    put(own_course, "ann", submission(own_course.release(), WARMUP))
    shutil.rmtree(own_course.root / "assignments" / "warmup")
    said = "There is no released assignment warmup; run: autograder release"
    assert refused(own_course, "warmup") == said


def test_a_configuration_that_does_not_run(own_course: Any) -> None:
    put(own_course, "ann", submission(own_course.release(), WARMUP))
    path = own_course.root / "nbgrader_config.py"
    path.write_text(path.read_text() + "\nc.Nothing = nothing\n")
    assert refused(own_course, "warmup") == (
        "nbgrader_config.py can't be read: NameError: name 'nothing' is not defined"
    )


def test_the_sandbox_of_the_configuration_counts(own_course: Any) -> None:
    put(own_course, "ann", submission(own_course.release(), WARMUP))
    path = own_course.root / "nbgrader_config.py"
    path.write_text(path.read_text() + "\nc.Judge.sandbox = 'paper'\n")
    said = refused(own_course, "warmup")
    assert said == "There is no sandbox 'paper'; choose bwrap, landlock, none."


def test_nbgraders_own_command_touches_nothing_without_a_sandbox(one: Any) -> None:
    def files() -> set[str]:
        return {str(p) for p in one.class_folder.rglob("*")}

    option = "--Judge.sandbox=paper"
    before = files()
    done = one.nbgrader("autograde", "warmup", option, check=False)
    assert done.returncode == 1
    said = "There is no sandbox 'paper'; choose bwrap, landlock, none."
    assert [line for line in done.stderr.splitlines() if "ERROR" in line] == [
        f"[AutogradeApp | ERROR] {said}"
    ]
    assert "Traceback" not in done.stderr
    assert files() == before


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_a_number_of_jobs_that_is_none(jobs: str, one: Any) -> None:
    done = one.autograder("grade", "warmup", f"--jobs={jobs}", check=False)
    assert done.returncode == 2
    assert "argument --jobs" in done.stderr


def test_other_commands_take_no_options_of_nbgrader(one: Any) -> None:
    done = one.autograder("bundle", "--student=ann", check=False)
    assert done.returncode == 2
    assert "unknown: --student=ann" in done.stderr
