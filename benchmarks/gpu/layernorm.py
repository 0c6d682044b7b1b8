"""Layer norm's cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from autograder.reference.kernels.layernorm import (
    layernorm_backward,
    layernorm_forward,
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

WIDTHS = (128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
LISTED = (
    *((4096, D) for D in (1024, 2048, 4096, 8192, 16384)),
    *((32768, D) for D in (256, 1024, 4096, 16384, 65536)),
    *((8192, 768), (8192, 1600), (4096, 5000), (4096, 5001)),
    *((1, 4096), (7, 33), (64, 1024)),
)
FIRST = {"float32": WIDTHS[1:], "bfloat16": (1024, 4096, 16384), "float16": ()}
FORWARD = {128: 0.80, 256: 0.80, 512: 0.90, 32768: 0.92}
BACKWARD = {16384: 0.75, 64: 0.70}


def cases(setting: Setting, dtype: str) -> Iterator[Case]:
    """The large ones first: every width with half a gigabyte of ``x``."""
    for D in (*WIDTHS, 64):
        first = D in FIRST[dtype]
        rows = batch_for(D, dtype) if D > 64 else 1048576
        priority = 0 if first else 1 if dtype != "float16" else 2
        yield from pair(setting, rows, D, dtype, priority, D == 64)
    for rows, D in LISTED:
        yield from pair(setting, rows, D, dtype, 2 if dtype == "float32" else 3)
    yield from pair(setting, 8192, 768, dtype, 2, mean=1000.0)


def pair(
    setting: Setting, rows: int, D: int, dtype: str, priority: int,
    claimed: bool = False, mean: float = 0.0,
) -> Iterator[Case]:  # fmt: skip
    """Both directions of one shape."""
    name = f"({rows}, {D})" + (f", mean {mean:.0f}" if mean else "")
    goals = FORWARD.get(D, 0.95 if 1024 <= D <= 16384 else None)
    backward = BACKWARD.get(D, 0.85 if 1024 <= D <= 8192 else None)
    R, D = setting.cut(rows, 5), setting.cut(D, 40)
    n = R * D * (4 if dtype == "float32" else 2)
    size = size_of(n, 2 * n < 2**24)
    given = mean, setting, (R, D), dtype
    claim = size == "large" or claimed
    others, others_back = _others(D)
    yield Case(
        "layernorm", "forward", name, dtype, size, 2 * n, goals if claim else None,
        priority, lambda g: _inputs(g, *given)[1:],
        lambda x, gamma, beta: layernorm_forward(x, gamma, beta, EPS)[:1],
        lambda x, gamma, beta: torch.native_layer_norm(x, (D,), gamma, beta, EPS)[:1],
        lambda x, gamma, beta: exact_rows(x, *double(gamma, beta))[:1],
        others,
    )  # fmt: skip
    yield Case(
        "layernorm", "backward", name, dtype, size, 3 * n, backward if claim else None,
        priority, lambda g: _measured(*_inputs(g, *given)),
        lambda *v: layernorm_backward(*v[:5]), _eager_backward, _exact_backward,
        others_back,
    )  # fmt: skip


def _inputs(
    g: torch.Generator,
    mean: float,
    setting: Setting,
    shape: tuple[int, int],
    dtype: str,
) -> Tensors:
    dout = setting.draw(g, shape, dtype)
    x = setting.draw(g, shape, dtype, mean)
    return dout, x, *(setting.draw(g, shape[1:], dtype) for _ in range(2))


def _measured(dout: Any, x: Any, gamma: Any, beta: Any) -> Tensors:
    """What a backward pass is given: statistics of the forward pass, and beta."""
    _, mean, rstd = torch.native_layer_norm(x, x.shape[-1:], gamma, beta, EPS)
    if x.device.type == "cpu":  # there torch returns them in the dtype of x
        mean, rstd = mean.float(), rstd.float()
    return dout, x, gamma, mean.flatten(), rstd.flatten(), beta


def _eager_backward(
    dout: Any, x: Any, gamma: Any, mean: Any, rstd: Any, beta: Any
) -> Any:
    if x.device.type == "cpu":
        mean, rstd = mean.to(x.dtype), rstd.to(x.dtype)
    mean, rstd = mean[:, None], rstd[:, None]
    return torch.ops.aten.native_layer_norm_backward(
        dout, x, x.shape[-1:], mean, rstd, gamma, beta, [True] * 3
    )


def _exact_backward(
    dout: Any, x: Any, gamma: Any, mean: Any, rstd: Any, beta: Any
) -> Any:
    dout, gamma, x = double(dout, gamma, x)
    mean = x.mean(-1, keepdim=True)
    rstd = ((x - mean).square().mean(-1, keepdim=True) + EPS).rsqrt()
    x_hat = (x - mean) * rstd
    del x
    dx = exact_dx(dout * gamma, x_hat, rstd)
    return dx, (dout * x_hat).sum(0), dout.sum(0)


def _others(D: int) -> tuple[dict[str, Run], dict[str, Run]]:
    """The notebook's kernels and liger's, where they are to be had."""
    forward: dict[str, Run] = {}
    backward: dict[str, Run] = {}
    if read := solution("layer_group_norm/layer_group_norm_cuda"):
        if D <= 16384:
            forward["readable"] = lambda x, g, b: read.cuda_layernorm_forward(
                x, g, b, EPS
            )[:1]
        if D <= 8192:
            backward["readable"] = lambda *v: read.cuda_layernorm_backward(*v[:5])
    if (theirs := liger("layer_norm")) and D <= 65536:
        forward["liger"] = lambda x, g, b: theirs.layer_norm_forward(x, g, b, EPS)[:1]
        backward["liger"] = lambda dout, x, g, mean, rstd, b: (
            theirs.layer_norm_backward(dout, x, g, b, mean, rstd)
        )
    return forward, backward
