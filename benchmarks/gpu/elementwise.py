"""Cases of activations, and of filling a tensor with random numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional

from autograder.reference.kernels.elementwise import (
    activation_backward,
    activation_forward,
)
from autograder.reference.kernels.fill import normal_, uniform_
from benchmarks.gpu.cases import (
    DTYPES,
    LARGE,
    Case,
    Run,
    Setting,
    Tensors,
    double,
    size_of,
)
from benchmarks.gpu.others import solution

NAMES = ("relu", "gelu", "silu")
BACKWARD: dict[str, Any] = {
    "relu": lambda dout, x: torch.ops.aten.threshold_backward(dout, x, 0),
    "gelu": torch.ops.aten.gelu_backward,
    "silu": torch.ops.aten.silu_backward,
}


def activations(setting: Setting, dtype: str) -> Iterator[Case]:
    """Half a gigabyte; what L2 holds; an odd number."""
    rest = 1 if dtype != "float16" else 2
    s = 4 if dtype == "float32" else 2
    for n in (LARGE // s, 2**20, 1_000_003):
        for name in NAMES:
            first = n * s >= LARGE and dtype != "float16" and name != "silu"
            yield from pair(setting, name, n, dtype, 0 if first else rest)


def pair(
    setting: Setting, name: str, n: int, dtype: str, priority: int
) -> Iterator[Case]:
    """Both directions of one activation."""
    title = f"{name}, n = {n}"
    n = setting.cut(n, 1000)
    size = n * (4 if dtype == "float32" else 2)
    claim = size >= LARGE
    forward, backward = _others(name)
    yield Case(
        "activations", "forward", title, dtype, size_of(size, size < 2**24), 2 * size,
        0.97 if claim else None, priority, lambda g: (setting.draw(g, (n,), dtype),),
        lambda x: (activation_forward(x, name),),
        lambda x: (getattr(functional, name)(x),),
        lambda x: (_exact(x, name),), forward,
    )  # fmt: skip
    yield Case(
        "activations", "backward", title, dtype, size_of(size, size < 2**24), 3 * size,
        0.95 if claim else None, priority,
        lambda g: tuple(setting.draw(g, (n,), dtype) for _ in range(2)),
        lambda dout, x: (activation_backward(dout, x, name),),
        lambda dout, x: (BACKWARD[name](dout, x),),
        lambda dout, x: (_exact_backward(dout, x, name),), backward,
    )  # fmt: skip


def fills(setting: Setting, dtype: str) -> Iterator[Case]:
    """Uniform and normal numbers; the roof is a fill. Nothing is exact here."""
    s = 4 if dtype == "float32" else 2
    priority = 0 if dtype != "float16" else 2
    n = setting.cut(2 * LARGE // s, 1000)
    kinds: tuple[Any, ...] = (("uniform", uniform_, 0.93), ("normal", normal_, None))
    for name, run, goal in kinds:

        def eager(out: Any, name: str = name) -> Tensors:
            return (getattr(out, f"{name}_")(),)

        def ours(out: Any, run: Any = run) -> Tensors:
            return (run(out, 1),)

        yield Case(
            "fill", name, f"n = {n}", dtype, "large", n * s, goal, priority,
            lambda g: (torch.empty(n, dtype=DTYPES[dtype], device=setting.device),),
            ours, eager, None, fill=True,
        )  # fmt: skip


def _exact(x: Any, name: str) -> torch.Tensor:
    return getattr(functional, name)(x.double())


def _exact_backward(dout: Any, x: Any, name: str) -> torch.Tensor:
    dout, x = double(dout, x)
    if name == "relu":
        return dout * (x > 0)
    if name == "silu":
        sigmoid = x.sigmoid()
        return dout * sigmoid * (1 + x * (1 - sigmoid))
    below = 0.5 * torch.erfc(-x / math.sqrt(2))
    return dout * (below + x * torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi))


def _others(name: str) -> tuple[dict[str, Run], dict[str, Run]]:
    read = solution("activations/activations_cuda")
    if read is None or not hasattr(read, f"cuda_{name}_forward"):
        return {}, {}
    forward = getattr(read, f"cuda_{name}_forward")
    backward = getattr(read, f"cuda_{name}_backward")
    return (
        {"readable": lambda x: (forward(x),)},
        {"readable": lambda dout, x: (backward(dout, x),)},
    )
