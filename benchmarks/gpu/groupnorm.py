"""Cases of group norm and of instance norm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from autograder.reference.kernels.groupnorm import (
    groupnorm_backward,
    groupnorm_forward,
)
from benchmarks.gpu.cases import (
    EPS,
    Case,
    Run,
    Setting,
    Tensors,
    batch_for,
    double,
    exact_dx,
    exact_rows,
    size_of,
)
from benchmarks.gpu.others import liger, solution

GROUPS = (
    *((320, 64, 32), (512, 32, 32), (640, 32, 32), (512, 64, 32)),
    *((256, 256, 32), (128, 512, 32), (512, 16, 1), (320, 64, 320), (128, 512, 1)),
)
FIRST = {
    "float32": GROUPS[:2] + GROUPS[5:6] + GROUPS[7:8],
    "bfloat16": GROUPS[:1] + GROUPS[5:6],
    "float16": (),
}
aten: Any = torch.ops.aten
REGISTER_BYTES = 128 * 1024


def cases(setting: Setting, dtype: str) -> Iterator[Case]:
    """Group norm with half a gigabyte of ``x``; instance norm (16, 64, 512, 512)."""
    rest = 1 if dtype != "float16" else 2
    yield from pair(
        setting,
        16,
        64,
        512,
        64,
        dtype,
        0 if dtype == "float32" else rest,
        "instancenorm",
    )
    for C, H, G in GROUPS:
        priority = 0 if (C, H, G) in FIRST[dtype] else rest
        N = batch_for(C * H * H, dtype)
        yield from pair(setting, N, C, H, G, dtype, priority, "groupnorm")
    yield from pair(setting, 4, 320, 64, 32, dtype, rest + 1, "groupnorm")
    yield from pair(setting, 3, 30, 17, 6, dtype, rest + 1, "groupnorm")


def pair(
    setting: Setting, N: int, C: int, H: int, G: int, dtype: str, priority: int,
    family: str
) -> Iterator[Case]:  # fmt: skip
    """Both directions of one shape."""
    name = f"({N}, {C}, {H}²), G = {G}"
    if setting.tiny:
        N, C, H, G = 2, 4, 3, {1: 1, C: 4}.get(G, 2)
    s = 4 if dtype == "float32" else 2
    n = N * C * H * H * s
    short = C // G * H * H * s <= REGISTER_BYTES
    size = size_of(n, n < 2**24)
    claim = size == "large"
    shape = N, C, H, H
    others, others_back = _others(G)
    yield Case(
        family, "forward", name, dtype, size, 2 * n,
        (0.90 if short else 0.75) if claim else None, priority,
        lambda g: _inputs(g, setting, shape, dtype)[1:],
        lambda x, gamma, beta: groupnorm_forward(x, gamma, beta, G, EPS)[:1],
        lambda x, gamma, beta: torch.native_group_norm(
            x, gamma, beta, N, C, H * H, G, EPS
        )[:1],
        lambda x, gamma, beta: _exact(x, gamma, beta, G), others,
    )  # fmt: skip
    yield Case(
        family, "backward", name, dtype, size, 3 * n,
        (0.80 if short else 0.65) if claim else None, priority,
        lambda g: _measured(_inputs(g, setting, shape, dtype), G),
        lambda dout, x, gamma, mean, rstd, *_: groupnorm_backward(
            dout, x, gamma, mean, rstd, G
        ),
        lambda dout, x, gamma, _, __, mean, rstd: aten.native_group_norm_backward(
            dout, x, mean, rstd, gamma, N, C, H * H, G, [True] * 3
        ),
        lambda dout, x, gamma, *_: _exact_backward(dout, x, gamma, G), others_back,
    )  # fmt: skip


def _inputs(
    g: torch.Generator, setting: Setting, shape: tuple[int, ...], dtype: str
) -> Tensors:
    x = [setting.draw(g, shape, dtype) for _ in range(2)]
    return *x, *(setting.draw(g, shape[1:2], dtype) for _ in range(2))


def _measured(given: Tensors, G: int) -> Tensors:
    """What a backward pass is given: our statistics, and torch's in its dtype."""
    dout, x, gamma, beta = given
    N, C = x.shape[:2]
    HW = x[0, 0].numel()
    _, mean, rstd = torch.native_group_norm(x, gamma, beta, N, C, HW, G, EPS)
    _, ours, other = groupnorm_forward(x, gamma, beta, G, EPS)
    return dout, x, gamma, ours, other, mean, rstd


def _exact(x: Any, gamma: Any, beta: Any, G: int) -> Tensors:
    out = exact_rows(x.view(x.shape[0], G, -1), 1.0, 0.0)[0].view(x.shape)
    gamma, beta = double(gamma, beta)
    return (out.mul_(gamma[:, None, None]).add_(beta[:, None, None]),)


def _exact_backward(dout: Any, x: Any, gamma: Any, G: int) -> Tensors:
    N = x.shape[0]
    dout, x, gamma = double(dout, x, gamma)
    x_hat, _, rstd = exact_rows(x.view(N, G, -1), 1.0, 0.0)
    del x
    slope = (dout * gamma[:, None, None]).view(N, G, -1)
    dx = exact_dx(slope, x_hat, rstd).view(dout.shape)
    sums = (dout * x_hat.view(dout.shape)).sum((0, 2, 3))
    return dx, sums, dout.sum((0, 2, 3))


def _others(G: int) -> tuple[dict[str, Run], dict[str, Run]]:
    forward: dict[str, Run] = {}
    backward: dict[str, Run] = {}
    if read := solution("layer_group_norm/layer_group_norm_cuda"):
        forward["readable"] = lambda x, g, b: read.cuda_groupnorm_forward(
            x, g, b, G, EPS
        )[:1]
        backward["readable"] = lambda *v: read.cuda_groupnorm_backward(*v[:5], G)
    if theirs := liger("group_norm"):
        forward["liger"] = lambda x, g, b: theirs.group_norm_forward(
            x, x.shape[1], G, g, b, EPS
        )[:1]
        backward["liger"] = lambda dout, x, g, mean, rstd, *_: (
            theirs.group_norm_backward(dout, x, g, g, mean, rstd, x.shape[1], G)
        )
    return forward, backward
