"""Submissions for intake to read, workers, and sessions of a notebook."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.submissions import submission
from autograder.judge.intake import Intake, rebuild
from autograder.judge.process import WorkerProcess
from autograder.judge.session import Session
from autograder.sandbox import BACKENDS, Backend, choose, parent

WARMUP = "warmup/warmup"
Make = Callable[[Iterable[tuple[str, str]]], NotebookNode]


@pytest.fixture
def filled(released: NotebookNode) -> dict[str, Any]:
    """A right submission as the JSON of its file."""
    return json.loads(nbformat.writes(submission(released, WARMUP)))


@pytest.fixture
def take_in(released: NotebookNode, tmp_path: Path) -> Callable[..., Intake]:
    """Hand in a notebook's JSON, or bytes, as a file of some name."""

    def take(content: dict[str, Any] | bytes, name: str = "warmup.ipynb") -> Intake:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        (tmp_path / name).write_bytes(raw)
        return rebuild(released, tmp_path / "warmup.ipynb")

    return take


@pytest.fixture(params=BACKENDS)
def walls(request: pytest.FixtureRequest) -> Backend:
    """Each kind of walls; a test fails where one can't be had."""
    return choose(request.param)


@pytest.fixture
def worker(walls: Backend, no_worker_left: None) -> Iterator[WorkerProcess]:
    """A worker with nothing run."""
    with WorkerProcess(parent(walls)) as worker:
        yield worker


@pytest.fixture
def opened(make_notebook: Make, backend: Backend) -> Callable[..., Session]:
    """A session of a notebook from pairs (grade_id or "", source)."""

    def make(cells: Iterable[tuple[str, str]], **limits: float) -> Session:
        warm = parent(backend)
        return Session(make_notebook(cells), lambda: WorkerProcess(warm), **limits)

    return make
