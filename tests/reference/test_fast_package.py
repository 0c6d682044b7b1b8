"""What the fast references refuse, leave as it was, and import."""

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.reference.fast import blocks
from autograder.reference.fast.batchnorm import (
    fast_spatial_batchnorm_forward,
)
from autograder.reference.fast.groupnorm import (
    fast_groupnorm_forward,
)
from autograder.reference.fast.layernorm import (
    fast_layernorm_forward,
)

PACKAGE = Path(blocks.__file__).parent


def test_what_is_refused():
    x, one = np.ones((2, 4, 1, 1)), np.ones(4)
    with pytest.raises(ValueError, match="4 channels can't be cut into 3 groups"):
        fast_groupnorm_forward(x, one, one, 3)
    with pytest.raises(ValueError, match="'validate'"):
        fast_spatial_batchnorm_forward(x, one, one, {"mode": "validate"})
    for dtype in (np.int64, np.float16):
        with pytest.raises(TypeError, match="not float32 or float64"):
            fast_layernorm_forward(np.ones((2, 4), dtype), one, one)


def test_numpys_buffer_is_as_it_was():
    before = np.getbufsize()
    fast_layernorm_forward(np.ones((2, 600)), np.ones(600), np.ones(600))
    with pytest.raises(TypeError):
        fast_layernorm_forward(np.ones((2, 600)), np.ones(600), np.ones(600), "eps")
    assert np.getbufsize() == before


def test_nothing_but_numpy_is_imported():
    names = set()
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(str(node.module))
    outside = {n for n in names if not n.startswith("autograder.reference.fast")}
    assert {n.split(".")[0] for n in outside} <= {"numpy", *sys.stdlib_module_names}
