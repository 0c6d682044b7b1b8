"""The fast batch norm beside the plain formula and PyTorch, in train mode.

    python benchmarks/bench_batchnorm.py [--rounds 15] [--seed 0]

Writes ``benchmarks/results/batchnorm.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.norms import Array, Case, Goal, run  # noqa: E402  isort: skip

import numpy as np  # noqa: E402
import torch  # noqa: E402

from autograder.reference.fast import batchnorm as fast  # noqa: E402
from autograder.reference.fast.batchnorm import ENOUGH  # noqa: E402
from autograder.reference.fast.blocks import (  # noqa: E402
    BLOCK,
    broadcasting,
    pieces,
)
from solutions.batchnorm import batchnorm as plain  # noqa: E402

EPS = 1e-5
SHAPES: tuple[tuple[tuple[int, ...], str, float], ...] = (
    ((32, 64, 112, 112), "NCHW", 0.0),
    ((32, 256, 56, 56), "NCHW", 0.0),
    ((32, 512, 28, 28), "NCHW", 0.0),
    ((32, 1024, 14, 14), "NCHW", 0.0),
    ((32, 2048, 7, 7), "NCHW", 0.0),
    ((32, 256, 56, 56), "NCHW", 1000.0),
    ((32, 64, 112, 112), "NHWC", 0.0),
    ((32, 512, 28, 28), "NHWC", 0.0),
    ((32, 2048, 7, 7), "NHWC", 0.0),
    ((32, 512, 28, 28), "NHWC", 1000.0),
    ((65536, 128), "(M, C)", 0.0),
    ((2000001, 3), "(M, C)", 0.0),
    ((1000000, 1), "(M, C)", 0.0),
    ((65536, 128), "(M, C)", 1000.0),
)
GOALS = {"forward": Goal(0.9, 3.0), "backward": Goal(2.1, 2.5)}
REMARKS = """\
The plain formula is that of `solutions/batchnorm/`: through the graph for images,
in one line for (M, C).

With channels last NumPy needs five steps a number: the sum, the square, the sum of
squares; later times scale, and plus offset. PyTorch reads x three times from main
memory and computes in registers meanwhile. The fast reference reads x twice, but
between steps it reads and writes the second cache. `bare_steps` in the program
takes these five steps and nothing else, on the same blocks; where a shape misses
a goal against PyTorch, their time is given too. A mean of 1,000 needs a sixth and
a seventh step, which subtract it."""


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Every shape, forward and backward."""
    for shape, layout, mean in SHAPES:
        x, dout = rng.standard_normal((2, *shape), np.float32)
        x += np.float32(mean)
        gamma, beta = rng.standard_normal((2, shape[1]), np.float32)
        if layout == "NHWC":
            x, dout = (
                np.ascontiguousarray(v.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
                for v in (x, dout)
            )
        name = f"{layout} {shape}" + (f", mean {mean:.0f}" if mean else "")
        yield from pair(name, x, dout, (gamma, beta), layout)


def bare_steps(x: Array) -> tuple[Array]:
    """The five steps on blocks of rows, channels last, with made-up numbers."""
    rows = x if x.ndim == 2 else x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])
    beside = max(1, ENOUGH // rows.shape[1])
    rows = rows[: len(rows) // beside * beside].reshape(-1, beside * rows.shape[1])
    height = max(1, BLOCK // rows[0].nbytes)
    out, step = np.empty_like(rows), np.empty_like(rows[:height])
    ones, scale = np.ones(height, x.dtype), np.ones(rows.shape[1], x.dtype)
    cuts = list(pieces(len(rows), height))
    with broadcasting(rows.shape[1]):
        for i in cuts:
            block = rows[i]
            square, weights = step[: len(block)], ones[: len(block)]
            weights @ block
            np.square(block, out=square)
            weights @ square
        for i in reversed(cuts):
            np.multiply(rows[i], scale, out=out[i])
            np.add(out[i], scale, out=out[i])
    return (out,)


def pair(
    name: str, x: Array, dout: Array, parameters: tuple[Array, Array], layout: str
) -> Iterator[Case]:
    """Both directions of one shape."""
    torch_forward: Any = torch.native_batch_norm
    flat = x.ndim == 2
    weak = layout != "NCHW" and "mean" in name  # where PyTorch is inaccurate
    kind = "batchnorm" if flat else "spatial_batchnorm"
    forward, fast_forward, fast_backward = (
        getattr(plain, f"{kind}_forward"),
        getattr(fast, f"fast_{kind}_forward"),
        getattr(fast, f"fast_{kind}_backward"),
    )
    backward = (
        plain.batchnorm_backward_alt if flat else plain.spatial_batchnorm_backward
    )
    inputs = x, *parameters
    doubles: Any = [v.astype(np.float64) for v in inputs]
    tensors: Any = [torch.from_numpy(v) for v in (*inputs, dout)]
    running: Any = torch.zeros(x.shape[1]), torch.ones(x.shape[1])

    def train() -> dict[str, Any]:
        return {"mode": "train", "eps": EPS}

    def in_torch() -> Any:
        return torch_forward(*tensors[:3], *running, True, 0.1, EPS)

    yield Case(
        "forward",
        name,
        lambda: forward(*inputs, train())[:1],
        lambda: fast_forward(*inputs, train())[:1],
        lambda: in_torch()[:1],
        lambda: forward(*doubles, train())[:1],
        group=layout,
        large_mean=weak,
        steps=None if layout == "NCHW" else lambda: bare_steps(x),
    )
    plain_cache, fast_cache, exact_cache = (
        forward(*inputs, train())[1],
        fast_forward(*inputs, train())[1],
        forward(*doubles, train())[1],
    )
    _, mean, rstd = in_torch()
    yield Case(
        "backward",
        name,
        lambda: backward(dout, plain_cache),
        lambda: fast_backward(dout, fast_cache),
        lambda: torch.ops.aten.native_batch_norm_backward(
            tensors[3],
            *tensors[:2],
            *running,
            mean,
            rstd,
            True,
            EPS,
            [True] * 3,
        ),
        lambda: backward(dout.astype(np.float64), exact_cache),
        group=layout,
        large_mean=weak,
    )


if __name__ == "__main__":
    title = "How fast batch norm is"
    run("batchnorm", title, cases, 2 * len(SHAPES), GOALS, REMARKS)
