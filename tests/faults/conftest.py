"""The whole corpus, graded once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.faults.plan import BATCHES, run

Once = Callable[[str, Callable[[Path], object]], Path]
Graded = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def corpus(once: Once) -> Graded:
    """What came of each batch, by its name; two are graded at a time."""

    def fill(folder: Path) -> None:
        with ThreadPoolExecutor(2) as pool:
            found = dict(
                zip([b.name for b in BATCHES], pool.map(run, BATCHES), strict=True)
            )
        folder.mkdir()
        (folder / "found.json").write_text(json.dumps(found))

    found: Graded = json.loads((once("faults", fill) / "found.json").read_text())
    return found
