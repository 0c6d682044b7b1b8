"""The fast group norm beside the plain formula and PyTorch.

    python benchmarks/bench_groupnorm.py [--rounds 15] [--seed 0]

Writes ``benchmarks/results/groupnorm.md``.
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

from autograder.reference.fast.groupnorm import (  # noqa: E402
    fast_groupnorm_backward,
    fast_groupnorm_forward,
)
from solutions.layer_group_norm.layer_group_norm import (  # noqa: E402
    groupnorm_backward,
    groupnorm_forward,
)

EPS = 1e-5
SHAPES = (
    ((8, 320, 64, 64), 32, 0.0),
    ((2, 128, 256, 256), 32, 0.0),
    ((1, 64, 512, 512), 32, 0.0),
    ((32, 256, 28, 28), 32, 0.0),
    ((32, 512, 7, 7), 32, 0.0),
    ((8, 320, 64, 64), 1, 0.0),
    ((8, 320, 64, 64), 320, 0.0),
    ((1, 64, 512, 512), 64, 0.0),
    ((8, 320, 64, 64), 32, 1000.0),
)
GOALS = {"forward": Goal(1.9, 3.0), "backward": Goal(2.2, 2.5)}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Every shape, forward and backward."""
    for shape, G, mean in SHAPES:
        x, dout = rng.standard_normal((2, *shape), np.float32)
        x += np.float32(mean)
        gamma, beta = rng.standard_normal((2, shape[1]), np.float32)
        name = f"{shape}, G = {G}" + (f", mean {mean:.0f}" if mean else "")
        yield from pair(name, x, dout, gamma, beta, G)


def pair(
    name: str, x: Array, dout: Array, gamma: Array, beta: Array, G: int
) -> Iterator[Case]:
    """Both directions of one shape."""
    plain_forward: Any = groupnorm_forward
    fast_forward: Any = fast_groupnorm_forward
    torch_forward: Any = torch.native_group_norm
    inputs: Any = x, gamma, beta
    tensors: Any = [torch.from_numpy(v) for v in inputs]
    N, C, H, W = x.shape
    sizes = N, C, H * W, G
    eps = {"eps": EPS}
    doubles: Any = [v.astype(np.float64) for v in inputs]

    def in_torch() -> Any:
        return torch_forward(*tensors, *sizes, EPS)

    yield Case(
        "forward",
        name,
        lambda: plain_forward(*inputs, G, eps)[:1],
        lambda: fast_forward(*inputs, G, EPS)[:1],
        lambda: in_torch()[:1],
        lambda: plain_forward(*doubles, G, eps)[:1],
    )
    plain, fast, exact = (
        plain_forward(*inputs, G, eps)[1],
        fast_forward(*inputs, G, EPS)[1],
        plain_forward(*doubles, G, eps)[1],
    )
    _, mean, rstd = in_torch()
    given = torch.from_numpy(dout)
    yield Case(
        "backward",
        name,
        lambda: groupnorm_backward(dout, plain),
        lambda: fast_groupnorm_backward(dout, fast),
        lambda: torch.ops.aten.native_group_norm_backward(
            given, tensors[0], mean, rstd, tensors[1], *sizes, [True] * 3
        ),
        lambda: groupnorm_backward(dout.astype(np.float64), exact),
    )


if __name__ == "__main__":
    run(
        "groupnorm",
        "How fast group and instance norm are",
        cases,
        2 * len(SHAPES),
        GOALS,
        remarks="With G = C it is instance norm.",
    )
