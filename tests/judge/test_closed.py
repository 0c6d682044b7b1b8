"""What exercises forbid is out of reach while a notebook is graded."""

from __future__ import annotations

import importlib.util
from typing import Any

import nbformat
import pytest

from autograder.judge.grade import Grader
from autograder.judge.process import WorkerProcess
from autograder.reference import scripts
from autograder.sandbox import Backend, parent
from autograder.sandbox.warm import HEAVY, LIGHT
from autograder.student.explain import reason
from tests.judge.graded import WARMUP, Answered, Grade, lost

SOON = 20.0
PACKAGES = ("torch", "scipy")
pytestmark = pytest.mark.usefixtures("no_worker_left")


def fault(worker: WorkerProcess, source: str) -> Any:
    return worker.run_cell(source, "cell 1", SOON)


IMPORTS = {
    "a package": "import scipy",
    "a part": "from scipy.special import expit",
    "by name": "__import__('scipy.special')",
    "importlib": "import importlib; importlib.import_module('scipy')",
}


@pytest.mark.parametrize("source", IMPORTS.values(), ids=IMPORTS)
def test_a_closed_package_can_not_be_imported(source: str, backend: Backend) -> None:
    with WorkerProcess(parent(backend, LIGHT), PACKAGES) as worker:
        found = fault(worker, source)
        assert found is not None
        assert found.what == "ModuleNotFoundError"
        assert "scipy is closed here: write what is asked for without it" in (
            found.message
        )
        assert fault(worker, "import numpy, json") is None


def test_its_files_can_not_be_found_either(backend: Backend) -> None:
    spec = importlib.util.find_spec("scipy")
    assert spec is not None
    (folder,) = spec.submodule_search_locations or ()
    empty = f"import os; assert os.listdir({folder!r}) == []"
    with WorkerProcess(parent(backend, LIGHT), PACKAGES) as worker:
        assert fault(worker, empty) is None
    with WorkerProcess(parent(backend, LIGHT)) as worker:  # others find them
        assert fault(worker, empty) is not None


def test_a_closed_function_is_refused_by_whatever_name(backend: Backend) -> None:
    closed = ("torch.nn.functional.layer_norm",)
    with WorkerProcess(parent(backend, HEAVY), closed) as worker:
        for call in (
            "torch.nn.functional.layer_norm(x, (4,))",
            "torch.nn.LayerNorm(4)(x)",
            "torch.ops.aten.native_layer_norm(x, [4], None, None, 1e-5)",
        ):
            found = fault(worker, f"import torch; x = torch.ones(3, 4); {call}")
            assert found is not None
            assert (found.what, found.message) == ("Closed", closed[0])
        assert fault(worker, "torch.nn.functional.group_norm(x, 2)") is None
    with WorkerProcess(parent(backend, HEAVY)) as worker:
        assert (
            fault(worker, "import torch; torch.nn.LayerNorm(4)(torch.ones(4))") is None
        )


def test_nothing_that_python_keeps_undoes_it(backend: Backend) -> None:
    search = """
import gc, weakref, torch
for f in list(weakref.finalize._registry):
    f()
for found in gc.get_objects():
    if isinstance(found, torch.library.Library):
        found._destroy()
gc.collect()
torch.nn.LayerNorm(4)(torch.ones(4))
"""
    closed = ("torch.nn.functional.layer_norm",)
    with WorkerProcess(parent(backend, HEAVY), closed) as worker:
        found = fault(worker, search)
        assert found is not None
        assert found.what == "Closed"


def test_a_numpy_exercise_that_imports_torch_is_told(
    grade_warmup: Grade, answered: Answered
) -> None:
    text = "import torch\n\n\ndef relative_error(x, y):\n    return float(x.max())\n"
    results = grade_warmup(answered(WARMUP, relative_error=text))
    assert lost(results) == ["relative_error"]
    assert "torch is closed here" in reason(results["relative_error"])


def test_a_cell_of_ones_own_with_torch_costs_nothing(
    grade_warmup: Grade, answered: Answered
) -> None:
    notebook = answered(WARMUP)
    own = nbformat.v4.new_code_cell("import torch; print(torch.ones(3))")
    own.metadata.tags = ["added-by-student"]
    notebook.cells.append(own)
    assert lost(grade_warmup(notebook)) == []


def test_initializers_are_out_of_reach_and_layers_are_not(backend: Backend) -> None:
    closed = ("torch.nn.init",)
    with WorkerProcess(parent(backend, HEAVY), closed) as worker:
        assert fault(worker, "import torch; torch.nn.Linear(3, 4)") is None
        for call in (
            "torch.nn.init.zeros_(x)",
            "from torch.nn.init import ones_ as o; o(x)",
        ):
            found = fault(worker, f"x = torch.empty(3); {call}")
            assert found is not None
            assert found.what == "Closed"


def test_optimizers_are_out_of_reach(backend: Backend) -> None:
    with WorkerProcess(parent(backend, HEAVY), ("torch.optim",)) as worker:
        setting = "import torch; p = torch.nn.Parameter(torch.ones(3)); "
        for call in (
            "torch.optim.SGD([p], 0.1)",
            "from torch.optim import Adam as a; a([p])",
            "torch.optim.Optimizer([p], {})",
        ):
            found = fault(worker, setting + call)
            assert found is not None
            assert found.what == "Closed"


@pytest.mark.parametrize(
    "notebook", [n for n in scripts.notebooks() if n.endswith("_torch")]
)
def test_a_right_answer_needs_nothing_that_is_closed(
    notebook: str, answered: Answered, backend: Backend
) -> None:
    grading = Grader(notebook, b"secret", backend).grade(answered(notebook))
    assert {r.name: reason(r) for r in grading.results if not r.passed} == {}
