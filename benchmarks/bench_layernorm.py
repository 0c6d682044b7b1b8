"""The fast layer norm beside the plain formula and PyTorch.

    python benchmarks/bench_layernorm.py [--rounds 15] [--seed 0]

Writes ``benchmarks/results/layernorm.md``.
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

from autograder.reference.fast.layernorm import (  # noqa: E402
    fast_layernorm_backward,
    fast_layernorm_forward,
)
from solutions.layer_group_norm.layer_group_norm import (  # noqa: E402
    layernorm_backward,
    layernorm_forward,
)

EPS = 1e-5
SHAPES = (
    (4096, 1024, 0.0),
    (16384, 1024, 0.0),
    (2048, 8192, 0.0),
    (256, 65536, 0.0),
    (8192, 768, 0.0),
    (8192, 1600, 0.0),
    (262144, 64, 0.0),
    (2000, 5001, 0.0),
    (8192, 768, 1000.0),
)
GOALS = {"forward": Goal(2.2, 3.0), "backward": Goal(2.5, 2.5)}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Every shape, forward and backward."""
    for rows, D, mean in SHAPES:
        x, dout = rng.standard_normal((2, rows, D), np.float32)
        x += np.float32(mean)
        gamma, beta = rng.standard_normal((2, D), np.float32)
        name = f"({rows}, {D})" + (f", mean {mean:.0f}" if mean else "")
        yield from pair(name, x, dout, gamma, beta)


def pair(name: str, x: Array, dout: Array, gamma: Array, beta: Array) -> Iterator[Case]:
    """Both directions of one shape."""
    plain_forward: Any = layernorm_forward
    fast_forward: Any = fast_layernorm_forward
    torch_forward: Any = torch.native_layer_norm
    inputs: Any = x, gamma, beta
    tensors: Any = [torch.from_numpy(v) for v in inputs]
    length, eps = x.shape[1:], {"eps": EPS}
    doubles: Any = [v.astype(np.float64) for v in inputs]

    def in_torch() -> Any:
        return torch_forward(tensors[0], length, *tensors[1:], EPS)

    yield Case(
        "forward",
        name,
        lambda: plain_forward(*inputs, eps)[:1],
        lambda: fast_forward(*inputs, EPS)[:1],
        lambda: in_torch()[:1],
        lambda: plain_forward(*doubles, eps)[:1],
    )
    plain, fast, exact = (
        plain_forward(*inputs, eps)[1],
        fast_forward(*inputs, EPS)[1],
        plain_forward(*doubles, eps)[1],
    )
    _, mean, rstd = in_torch()
    given = torch.from_numpy(dout)
    yield Case(
        "backward",
        name,
        lambda: layernorm_backward(dout, plain),
        lambda: fast_layernorm_backward(dout, fast),
        lambda: torch.ops.aten.native_layer_norm_backward(
            given, tensors[0], length, mean, rstd, *tensors[1:], [True] * 3
        ),
        lambda: layernorm_backward(dout.astype(np.float64), exact),
    )


if __name__ == "__main__":
    run("layernorm", "How fast layer norm is", cases, 2 * len(SHAPES), GOALS)
