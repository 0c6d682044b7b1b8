"""Dask workers of another machine, joined by the scheduler's address."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course import cluster
from autograder.course.cluster import _same_dask, connect
from autograder.course.settings import CannotGrade
from autograder.course.submissions import submission
from tests.course import batches
from tests.course.batches import WARMUP, put, until
from tests.course.gradebooks import files, of_class


@pytest.fixture
def one(course: Any, request: pytest.FixtureRequest) -> Any:
    """A class with two submissions."""
    made = course.new_class(request.node.name.replace("[", "-").replace("]", ""))
    right = submission(made.release(), WARMUP)
    put(made, "ann", right)
    put(made, "bob", made.release())
    return made


def refused(one: Any, *arguments: str) -> str:
    """The one sentence of a batch that does not start, and touches nothing."""
    before = files(one.class_folder)
    done = one.autograder("grade", *arguments, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    (sentence,) = done.stderr.strip().splitlines()
    after = files(one.class_folder)
    assert {k: v for k, v in after.items() if k != "journal/lock"} == before
    return sentence


def test_two_workers_grade_what_another_machine_sends(
    one: Any, course: Any, tmp_path: Path
) -> None:
    """They have the course, and neither the class nor what is released."""
    there = tmp_path / "there"
    ignored = shutil.ignore_patterns("class", "classes", "assignments", "home")
    shutil.copytree(course.root, there, ignore=ignored)
    (there / "home").mkdir()
    with batches.dask(type(one)(there)) as address:
        done = one.autograder("grade", "warmup", "--scheduler", address)
        logs = [p.read_text() for p in sorted((there / "dask").glob("*.log"))]
    assert "2 graded, 0 unchanged, 0 failed" in done.stdout
    assert logs[0].count("Register worker") == 2
    assert not (there / "class").exists()
    scores: dict[str, float] = {}
    for who, _, _, score, *_ in of_class(one.class_folder)["grade"]:
        scores[who] = scores.get(who, 0) + score
    assert scores == {"ann": 6, "bob": 0}


def test_a_scheduler_that_is_not_there(one: Any) -> None:
    address = f"tcp://127.0.0.1:{batches.free_port()}"
    said = refused(one, "warmup", "--scheduler", address)
    assert said == f"No Dask scheduler answers at {address}."


def try_to_connect(address: str) -> None:
    """In another thread: a browser of other tests has an event loop in this one."""

    def enter() -> None:
        with connect(address, 1):
            pass

    with ThreadPoolExecutor(1) as pool:
        pool.submit(enter).result()


@pytest.mark.parametrize("address", ["nonsense://here", "here", "tls://127.0.0.1:1"])
def test_an_address_that_is_none(address: str, course: Any) -> None:
    with pytest.raises(CannotGrade, match=f"No Dask scheduler answers at {address}"):
        try_to_connect(address)


def test_a_scheduler_without_workers(one: Any) -> None:
    with batches.dask(one, workers=0) as address:
        log = one.root / "dask" / "0.log"
        until(lambda: "Scheduler at" in log.read_text(), "the scheduler listens")
        said = refused(one, "warmup", "--scheduler", address)
    assert said.startswith(f"The scheduler at {address} has no workers; start one")


def test_workers_without_the_course(one: Any, tmp_path: Path) -> None:
    class Bare(type(one)):  # type: ignore[misc]
        @property
        def environment(self) -> dict[str, str]:
            found = super().environment
            del found["PYTHONPATH"]
            return found

    with batches.dask(Bare(tmp_path), workers=1) as address:
        said = refused(one, "warmup", "--scheduler", address)
    assert said.startswith("The workers can't import the course (No module named")


def test_workers_with_another_version_of_the_course(one: Any, own_course: Any) -> None:
    path = own_course.root / "autograder" / "judge" / "grade.py"
    path.write_text(path.read_text() + "\nCHANGED = True\n")
    with batches.dask(own_course, workers=1) as address:
        said = refused(one, "warmup", "--scheduler", address)
    assert said.endswith("has another version of: course.")


def test_a_scheduler_that_goes_away_costs_nothing_that_was_graded(one: Any) -> None:
    with batches.dask(one, workers=1) as address:
        one.autograder("grade", "warmup", "--scheduler", address, "--student=ann")
        before = files(one.class_folder / "journal")
        hang = submission(one.release(), WARMUP)
        endless = nbformat.v4.new_code_cell("while True: pass", id="added")
        hang.cells.append(endless)
        put(one, "bob", hang)
        lock = one.class_folder / "journal" / "lock"
        lock.unlink()
        running = batches.start(one, "warmup", "--scheduler", address)
        until(lambda: lock.exists(), "it begins")
    with running:
        said, errors = running.communicate(timeout=batches.PATIENCE)
    assert running.returncode == 1, said + errors
    assert errors.strip().splitlines()[-1] == (
        "The Dask scheduler is gone. What was graded is kept; the same command goes "
        "on from there."
    )
    assert before.items() <= files(one.class_folder / "journal").items()


class Client:
    """Says which versions a cluster has."""

    def __init__(self, theirs: str) -> None:
        self.theirs = theirs

    def get_versions(self) -> Any:
        mine = {"packages": {"python": "3", "dask": "1", "distributed": "1"}}
        other = {"packages": mine["packages"] | {"distributed": self.theirs}}
        return {"client": mine, "scheduler": mine, "workers": {"tcp://w": other}}


def test_another_version_of_dask_is_named() -> None:
    _same_dask(Client("1"), "tcp://s")  # type: ignore[arg-type]
    with pytest.raises(CannotGrade, match="runs distributed 2, and this machine 1"):
        _same_dask(Client("2"), "tcp://s")  # type: ignore[arg-type]


def test_the_address_is_tried_for_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cluster.CONNECTING == 10
    monkeypatch.setattr(cluster, "CONNECTING", 0.1)
    with pytest.raises(CannotGrade, match="No Dask scheduler answers"):
        try_to_connect(f"tcp://127.0.0.1:{batches.free_port()}")


def test_there_is_a_core() -> None:
    assert cluster.cores() >= 1


MANY = """
import os, psutil
from uuid import uuid4
from distributed import as_completed
from autograder.course.cluster import connect

def megabytes():
    return psutil.Process().memory_info().rss / 1e6

with connect(None, 1) as client:
    done = as_completed(loop=client.loop)
    for number in range(400):
        if number == 100:
            before = megabytes()
        job = os.urandom(500_000)
        done.add(client.submit(bytes, job, key=uuid4().hex, pure=False))
        if number >= 4:
            next(done).result()
    print(megabytes() - before)
"""


def test_what_was_sent_and_came_back_is_not_kept(course: Any) -> None:
    """Of 150 MB sent and as much received nearly nothing stays."""
    done = course.run("python", "-c", MANY)
    assert float(done.stdout) < 40
    assert done.stderr == ""
