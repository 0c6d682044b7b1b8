"""Batch norm's cases: the shapes of ResNet-50, in both layouts, and matrices."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from autograder.reference.kernels.batchnorm import (
    batchnorm_backward,
    batchnorm_forward,
    batchnorm_test,
)
from benchmarks.gpu.cases import (
    EPS,
    L2_RESIDENT,
    Case,
    Run,
    Setting,
    Tensors,
    double,
    exact_dx,
    exact_rows,
    size_of,
)
from benchmarks.gpu.others import solution

RESNET = (
    *((64, 112), (256, 56), (512, 28), (2048, 7)),
    *((64, 56), (128, 28), (256, 14), (1024, 14), (512, 7)),
)
FIRST = {"float32": RESNET[:4], "bfloat16": RESNET[:2], "float16": ()}


def cases(setting: Setting, dtype: str) -> Iterator[Case]:
    """Batch 256 first, then batch 32; then (M, C) and one channel."""
    rest = 1 if dtype != "float16" else 2
    for last in (False, True):
        for C, H in RESNET:
            for N in (256, 32):
                first = N == 256 and (C, H) in FIRST[dtype] and (not last or H == 112)
                priority = 0 if first else rest + (N == 32)
                yield from triple(setting, (N, C, H, H), dtype, priority, last)
    yield from triple(setting, (65536, 128), dtype, rest, False)
    yield from triple(setting, (256, 1, 112, 112), dtype, rest + 1, False)
    yield from triple(setting, (33, 5, 13, 13), dtype, rest + 1, False)


def triple(
    setting: Setting, shape: tuple[int, ...], dtype: str, priority: int, last: bool
) -> Iterator[Case]:
    """Train mode in both directions, and test mode with and without ReLU."""
    where = ", channels last" if last else ""
    name = (
        "(" + ", ".join(map(str, shape[:2])) + (f", {shape[2]}²" if shape[2:] else "")
    )
    name += f"){where}"
    if setting.tiny:
        shape = (6, 4) if len(shape) == 2 else (3, min(shape[1], 4), 3, 3)
    numbers = 1
    for axis in shape:
        numbers *= axis
    n = numbers * (4 if dtype == "float32" else 2)
    size = size_of(n, n <= L2_RESIDENT)
    given = setting, shape, dtype, last
    forward, backward, test = _others(shape, last)
    passes = (2, 0.85) if n <= L2_RESIDENT else (3, 0.92)
    yield Case(
        "batchnorm", "forward", name, dtype, size, passes[0] * n, passes[1], priority,
        lambda g: _inputs(g, *given)[1:4],
        lambda x, gamma, beta: batchnorm_forward(x, gamma, beta, EPS)[:1],
        lambda x, gamma, beta: torch.native_batch_norm(
            x, gamma, beta, None, None, True, 0.1, EPS
        )[:1],
        lambda x, gamma, beta: (_exact(x, gamma, beta),), forward,
    )  # fmt: skip
    back = (3, None) if 2 * n <= L2_RESIDENT else (5, 0.88)
    yield Case(
        "batchnorm", "backward", name, dtype, size, int(back[0] * n), back[1], priority,
        lambda g: _measured(*_inputs(g, *given)),
        batchnorm_backward,
        lambda dout, x, gamma, mean, rstd: torch.ops.aten.native_batch_norm_backward(
            dout, x, gamma, None, None, mean, rstd, True, EPS, [True] * 3
        ),
        lambda dout, x, gamma, mean, rstd: _exact_backward(dout, x, gamma), backward,
    )  # fmt: skip
    for relu in (False, True):
        what = "test mode" + (" with ReLU" if relu else "")
        yield Case(
            "batchnorm", what, name, dtype, size, 2 * n,
            0.97 if size == "large" else None, priority,
            lambda g: _inputs(g, *given)[1:],
            partial(_ours_test, relu),
            partial(_eager_test, relu),
            partial(_exact_test, relu),
            {k: v for k, v in test.items() if not relu},
        )  # fmt: skip


def _inputs(
    g: torch.Generator, setting: Setting, shape: tuple[int, ...], dtype: str, last: bool
) -> Tensors:
    """dout, x, gamma, beta, mean, var; parameters are float32, as amp keeps them."""
    images: list[Any] = [setting.draw(g, shape, dtype) for _ in range(2)]
    if last:
        images = [x.contiguous(memory_format=torch.channels_last) for x in images]
    gamma, beta, mean, var = (setting.draw(g, shape[1:2], "float32") for _ in range(4))
    return *images, gamma, beta, mean, var.abs_().add_(0.5)


def _measured(dout: Any, x: Any, gamma: Any, *unused: Any) -> Tensors:
    _, mean, rstd = torch.native_batch_norm(x, gamma, gamma, None, None, True, 0.1, EPS)
    return dout, x, gamma, mean, rstd


def _ours_test(
    relu: bool, x: Any, gamma: Any, beta: Any, mean: Any, var: Any
) -> Tensors:
    return (batchnorm_test(x, gamma, beta, mean, var, EPS, relu),)


def _eager_test(
    relu: bool, x: Any, gamma: Any, beta: Any, mean: Any, var: Any
) -> Tensors:
    out = torch.nn.functional.batch_norm(x, mean, var, gamma, beta, False, 0.1, EPS)
    return (out.relu() if relu else out,)


def _fit(x: torch.Tensor, *channels: torch.Tensor) -> Iterator[torch.Tensor]:
    return (c.double().view(1, -1, *[1] * (x.dim() - 2)) for c in channels)


def _exact(x: Any, gamma: Any, beta: Any) -> torch.Tensor:
    rows = x.transpose(0, 1).flatten(1)
    out = exact_rows(rows, *(v[:, None] for v in double(gamma, beta)))[0]
    return out.view(x.shape[1], x.shape[0], *x.shape[2:]).transpose(0, 1)


def _exact_backward(dout: Any, x: Any, gamma: Any) -> Tensors:
    rows: list[Any] = [v.transpose(0, 1).flatten(1).double() for v in (dout, x)]
    x_hat, _, rstd = exact_rows(rows[1], 1.0, 0.0)
    dx = exact_dx(rows[0] * gamma.double()[:, None], x_hat, rstd)
    dx = dx.view(x.shape[1], x.shape[0], *x.shape[2:]).transpose(0, 1)
    return dx, (rows[0] * x_hat).sum(1), rows[0].sum(1)


def _exact_test(
    relu: bool, x: Any, gamma: Any, beta: Any, mean: Any, var: Any
) -> Tensors:
    gamma, beta, mean, var = _fit(x, gamma, beta, mean, var)
    out = (x.double() - mean) * ((var + EPS).rsqrt() * gamma) + beta
    return (out.relu_() if relu else out,)


def _others(
    shape: tuple[int, ...], last: bool
) -> tuple[dict[str, Run], dict[str, Run], dict[str, Run]]:
    """The notebook's kernels, which take NCHW."""
    read = solution("batchnorm/batchnorm_cuda")
    if read is None or last or len(shape) != 4:
        return {}, {}, {}
    return (
        {
            "readable": lambda x, g, b: read.cuda_batchnorm_forward(
                x, g, b, torch.zeros_like(g), torch.ones_like(g), 0.9, EPS
            )[:1]
        },
        {"readable": lambda *v: read.cuda_batchnorm_backward(*v)},
        {"readable": lambda *v: (read.cuda_batchnorm_test(*v, EPS),)},
    )
