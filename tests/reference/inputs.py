"""Inputs for the fast references: odd shapes, layouts, means, and small blocks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import strategies as st

from autograder.reference.fast import activations, batchnorm, blocks
from tests.solutions.layouts import lay_out as lay_out

LAYOUTS = ("C", "F", "strided", "reversed", "channels last")


@contextmanager
def small_blocks(size: int) -> Iterator[None]:
    """Blocks of some bytes, so that small arrays have many; 0 for the usual ones."""
    if not size:
        yield
        return
    with (
        mock.patch.multiple(blocks, BLOCK=size, WIDE=3),
        mock.patch.multiple(batchnorm, ENOUGH=5, LONG=6),
        mock.patch.object(activations, "STEP", size),
    ):
        yield


@st.composite
def arrays(draw, axes: int) -> dict[str, Any]:
    """Inputs of odd shapes, with any mean, spread, eps, dtype and layout."""
    shape = tuple(draw(st.integers(1, 9)) for _ in range(axes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mean = draw(st.sampled_from([0.0, -3.0, 1e2, 1e4]))
    std = draw(st.sampled_from([1e-2, 0.3, 1.0, 50.0]))
    dtype = draw(st.sampled_from(["float32", "float64"]))
    x = mean + std * rng.normal(size=shape)
    constant = draw(st.sampled_from(["nothing", "a row", "a column", "all", "a drift"]))
    if constant == "a row":
        x[0] = mean
    elif constant == "a column":
        x[..., 0] = x[:, :1] = mean
    elif constant == "all":
        x[:] = 0.1
    elif constant == "a drift":  # the first numbers are unlike the others
        x[0] += 30 * std
    layout = draw(st.sampled_from(LAYOUTS))
    return {
        "x": lay_out(x.astype(dtype), layout),
        "dout": lay_out(rng.normal(size=shape).astype(dtype), layout),
        "rng": rng,
        "eps": draw(st.sampled_from([1e-5, 1e-3, 0.3])),
        "blocks": draw(st.sampled_from([0, 64, 200])),
    }
