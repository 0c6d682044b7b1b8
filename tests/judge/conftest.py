"""Submissions for intake to read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.submissions import submission
from autograder.judge.intake import Intake, rebuild

WARMUP = "warmup/warmup"


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
