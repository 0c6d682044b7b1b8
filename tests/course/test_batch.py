"""``autograder grade``: the same grades, whatever happens on the way."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from autograder.course.submissions import submission
from tests.course import batches
from tests.course.batches import WARMUP, put, small_class, start, until
from tests.course.gradebooks import files, of_class


@pytest.fixture(scope="module")
def local(course: Any, once: Callable[[str, Callable[[Path], object]], Path]) -> Any:
    """The small class graded by one process: what all others must equal."""

    def fill(_: Path) -> None:
        one = course.new_class("one-job")
        small_class(one)
        one.autograder("grade", "warmup", "--jobs", "1")

    once("one-job", fill)
    return replace(course, class_name="classes/one-job")


@pytest.fixture(scope="module")
def cluster(course: Any) -> Iterator[str]:
    """Two Dask workers that several tests share; the address."""
    with batches.dask(course) as address:
        yield address


def copy(local: Any, name: str, *left_out: str) -> Any:
    """The same submissions in a class of their own, not graded yet."""
    one = local.new_class(name)
    for folder in ("submitted", *left_out):
        source, target = local.class_folder / folder, one.class_folder / folder
        shutil.copytree(source, target, symlinks=True)
    return one


def assert_same(one: Any, other: Any) -> None:
    assert of_class(one.class_folder) == of_class(other.class_folder)
    for folder in ("submitted", "autograded"):
        assert files(one.class_folder / folder) == files(other.class_folder / folder)


def ended(running: Any) -> bool:
    return running.poll() is not None


def test_the_small_class_has_all_kinds(local: Any) -> None:
    points: dict[str, float] = {}
    for who, _, _, score, *_ in of_class(local.class_folder)["grade"]:
        points[who] = points.get(who, 0.0) + score
    assert sorted(set(points.values())) == [0, 4, 5, 6]
    assert len(points) == 12


@pytest.mark.parametrize("jobs", [2, 4, 8])
def test_the_same_to_the_bit_for_any_number_of_jobs(jobs: int, local: Any) -> None:
    one = copy(local, f"jobs-{jobs}")
    done = one.autograder("grade", "warmup", "--jobs", str(jobs))
    assert "12 graded, 0 unchanged, 0 failed" in done.stdout
    assert "warmup: 12 done, 0 failed, 0 left" in done.stderr
    assert_same(one, local)
    assert one.export() == local.export()


@pytest.mark.parametrize("seed", [1])
def test_ten_kills_at_random_points(seed: int, local: Any, cluster: str) -> None:
    print("seed", seed)
    draw = random.Random(seed)
    one = copy(local, f"kills-{seed}")
    lock = one.class_folder / "journal" / "lock"
    for _ in range(10):
        lock.unlink(missing_ok=True)
        with start(one, "warmup", "--scheduler", cluster) as running:
            until(lambda p=running: lock.exists() or ended(p), "it begins")
            time.sleep(draw.uniform(0.0, 0.5))
            running.kill()
        assert running.returncode in (0, -signal.SIGKILL)
    before = batches.graded(one)
    done = one.autograder("grade", "warmup", "--scheduler", cluster)
    found = re.search(r"(\d+) graded, (\d+) unchanged, 0 failed", done.stdout)
    assert found is not None
    assert (int(found[1]), int(found[2])) == (12 - before, before)
    assert_same(one, local)
    assert not list(one.class_folder.rglob("*.new"))


def test_a_kill_leaves_no_process_and_the_next_run_goes_on(local: Any) -> None:
    one = copy(local, "killed")
    with start(one, "warmup", "--jobs", "2") as running:
        until(lambda: batches.graded(one) >= 3, "three are graded")
        left = psutil.Process(running.pid).children(recursive=True)
        assert left
        running.kill()
    until(lambda: batches.all_gone(left), "all that it started has ended")
    before = batches.graded(one)
    done = one.autograder("grade", "warmup", "--jobs", "2")
    assert f"{12 - before} graded, {before} unchanged" in done.stdout
    assert_same(one, local)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_says_how_to_go_on_and_leaves_no_process(
    number: signal.Signals, local: Any
) -> None:
    one = copy(local, f"stopped-{number}")
    slow = submission(one.release(), WARMUP)
    slow.cells.insert(0, nbformat.v4.new_code_cell("import time; time.sleep(20)"))
    put(one, "s11", slow)
    with start(one, "warmup", "--jobs", "2") as running:
        until(lambda: batches.graded(one) >= 1, "one is graded")
        left = psutil.Process(running.pid).children(recursive=True)
        # A terminal sends it to all of a command's processes.
        os.killpg(running.pid, number)
        _, said = running.communicate(timeout=batches.PATIENCE)
    assert running.returncode == 130
    assert said.strip() == (
        "Stopped. What was graded is kept; the same command goes on from there."
    )
    until(lambda: batches.all_gone(left), "all that it started has ended")


def test_nothing_is_graded_twice_but_what_changed(local: Any, cluster: str) -> None:
    one = copy(local, "changes", "journal", "autograded")
    shutil.copy(local.class_folder / "gradebook.db", one.class_folder)

    def grade(*more: str) -> str:
        done = one.autograder("grade", "warmup", "--scheduler", cluster, *more)
        return done.stdout.split(":")[1].split(",")[0].strip()

    assert grade() == "0 graded"
    assert_same(one, local)
    put(one, "s00", submission(one.release(), WARMUP))
    assert grade() == "1 graded"
    # A damaged record is no record.
    (one.class_folder / "journal" / "warmup" / "s01.json").write_text("{")
    assert grade() == "1 graded"
    assert grade("--student=s02", "--force") == "1 graded"
    assert grade("--sandbox=none") == "12 graded"
    assert grade("--sandbox=none") == "0 graded"
    # A file beside the notebook decides nothing.
    (one.class_folder / "submitted" / "s00" / "warmup" / "notes.txt").write_text("x")
    assert grade("--sandbox=none") == "0 graded"


def test_another_release_or_solution_or_secret_is_graded_anew(
    own_course: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(own_course, "ann", submission(own_course.release(), WARMUP))

    def grade() -> str:
        done = own_course.autograder("grade", "warmup", check=False)
        return (done.stdout or done.stderr).split(",")[0].strip()

    assert [grade(), grade()] == ["warmup: 1 graded", "warmup: 0 graded"]
    source = own_course.root / "solutions" / "warmup" / "warmup.py"
    source.write_text(source.read_text().replace("# Warm-up", "# The warm-up", 1))
    assert grade() == "warmup: 1 graded"
    own_course.autograder("release")
    assert grade() == "warmup: 1 graded"
    assert grade() == "warmup: 0 graded"
    environment = type(own_course).environment
    monkeypatch.setattr(
        type(own_course),
        "environment",
        property(lambda c: environment.fget(c) | {"AUTOGRADER_SECRET": "other"}),
    )
    assert grade() == "warmup: 1 graded"


def test_what_nbgrader_graded_is_not_graded_again(course: Any, cluster: str) -> None:
    """And the other way round: nbgrader finds it done."""
    one = course.new_class("both")
    right = submission(one.release(), WARMUP)
    for student in ("ann", "bob"):
        put(one, student, right)
    (one.class_folder / "submitted/bob/warmup/warmup.ipynb").unlink()
    one.nbgrader("autograde", "warmup")
    before = of_class(one.class_folder), files(one.class_folder / "autograded")
    put(one, "cyd", right)
    done = one.autograder("grade", "warmup", "--scheduler", cluster)
    assert "1 graded, 2 unchanged" in done.stdout
    again = one.nbgrader("autograde", "warmup")
    assert again.stderr.count("Skipping existing assignment") == 3
    after = of_class(one.class_folder), files(one.class_folder / "autograded")
    assert before[1].items() <= after[1].items()
    assert set(before[0]["comment"]) <= set(after[0]["comment"])


BROKEN = """

_judged = judged
def judged(notebook, name, by):
    text = str(notebook)
    if "POISON" in text:
        {what}
    return _judged(notebook, name, by)
"""


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise RuntimeError('broken here')", "bob failed: RuntimeError: broken here"),
        ("import os; os._exit(9)", "bob failed: KilledWorker"),
    ],
    ids=["raises", "ends"],
)
def test_what_can_not_be_graded_is_named_and_costs_no_one_else(
    what: str, said: str, own_course: Any
) -> None:
    """An error of ours, that is; a student's own is a grade."""
    path = own_course.root / "autograder" / "course" / "autograded.py"
    text = path.read_text()
    path.write_text(text + BROKEN.format(what=what))
    right = submission(own_course.release(), WARMUP)
    for student in ("ann", "cyd", "dan"):
        put(own_course, student, right)
    poisoned = submission(own_course.release(), WARMUP)
    poisoned.cells.append(nbformat.v4.new_code_cell("'POISON'", id="added"))
    put(own_course, "bob", poisoned)
    done = own_course.autograder("grade", "warmup", "--jobs", "1", check=False)
    assert done.returncode == 1
    assert "warmup: 3 graded, 0 unchanged, 1 failed." in done.stdout
    assert said in done.stdout
    assert "Traceback" not in done.stderr
    assert of_class(own_course.class_folder)["student"] == [
        (s,) for s in ("ann", "cyd", "dan")
    ]
    path.write_text(text)
    done = own_course.autograder("grade", "warmup", "--jobs", "1")
    assert "0 failed" in done.stdout
    assert ("bob",) in of_class(own_course.class_folder)["student"]


def test_a_dask_worker_that_is_killed_loses_nothing(local: Any) -> None:
    one = copy(local, "worker-killed")
    with start(one, "warmup", "--jobs", "2") as running:
        until(lambda: batches.graded(one) >= 2, "two are graded")
        mine = psutil.Process(running.pid).children()
        workers = [p for p in mine if "spawn_main" in " ".join(p.cmdline())]
        assert len(workers) == 2
        workers[0].kill()
        said, errors = running.communicate(timeout=batches.PATIENCE)
    assert running.returncode == 0, said + errors
    assert "12 graded, 0 unchanged, 0 failed" in said
    assert_same(one, local)


def test_a_second_batch_of_the_class_is_refused(local: Any, cluster: str) -> None:
    one = copy(local, "two-at-once")
    with start(one, "warmup", "--jobs", "1") as running:
        until(lambda: batches.graded(one) >= 1, "one is graded")
        running.send_signal(signal.SIGSTOP)
        try:
            done = one.autograder(
                "grade", "warmup", "--scheduler", cluster, check=False
            )
        finally:
            running.send_signal(signal.SIGCONT)
        said, _ = running.communicate(timeout=batches.PATIENCE)
    assert done.returncode == 1
    assert done.stderr.strip() == f"Another batch of {one.class_folder} is running."
    assert "12 graded" in said
