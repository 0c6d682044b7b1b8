"""Which code reaches around the watch over kernels, and which does not."""

from __future__ import annotations

from collections.abc import Callable

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.judge.tampering import tampering

KERNELS = "activations/activations_cuda"


def added(source: str) -> NotebookNode:
    """A notebook with one cell that a student added."""
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["tags"] = ["added-by-student"]
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize(
    "source",
    [
        "import ctypes",
        "import concurrent.futures as f",
        "from autograder.student import kernels",
        "from torch.utils._python_dispatch import _disable_current_modes",
        "from triton.runtime import interpreter",
        "torch.relu = None",
        "tl.load = lambda *a: 0",
        "x.untyped_storage()",
        "getattr(torch, 're' + 'lu')(x)",
        "getattr(torch, '_C')",
        "eval('1')",
        "f.__globals__",
        "%time 1\nimport gc",
    ],
)
def test_it_is_found(source: str) -> None:
    assert tampering(added(source))


@pytest.mark.parametrize(
    "source",
    [
        "import sys, warnings\nimport numpy as np\nprint(torch.__version__)",
        "from autograder import check",
        "assert torch.equal(cuda_relu_forward(x), torch.relu(x))",
        "class A:\n    def __init__(self):\n        self._x = 1",
        "getattr(torch, 'float32')",
        "class Scale(torch.autograd.Function):\n    @staticmethod\n"
        "    def forward(ctx, x):\n        ctx.save_for_backward(x)\n        return x\n"
        "    @staticmethod\n    def backward(ctx, dout):\n"
        "        (x,) = ctx.saved_tensors\n"
        "        return dout if ctx.needs_input_grad[0] else None\n"
        "def scale(x):\n    return Scale.apply(x)",
        "def broken(:",
        "",
    ],
)
def test_honest_code_is_let_alone(source: str) -> None:
    assert tampering(added(source)) == ""


def test_what_was_given_and_the_reference_are_let_alone(
    answered: Callable[..., NotebookNode],
) -> None:
    assert tampering(answered(KERNELS)) == ""
