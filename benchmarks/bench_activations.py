"""The fast activations beside the plain formulas and PyTorch.

    python benchmarks/bench_activations.py [--rounds 15] [--seed 0]

Writes ``benchmarks/results/activations.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.norms import Array, Case, Goal, run  # noqa: E402  isort: skip

import numpy as np  # noqa: E402
import torch  # noqa: E402
from scipy.special import erf  # noqa: E402

from autograder.reference.fast import activations as fast  # noqa: E402
from autograder.reference.fast import learned  # noqa: E402
from solutions.activations import activations as solutions  # noqa: E402

SIZES = (1 << 20, 1 << 24)
PRELU = ((16, 64, 32, 32), (64, 64, 64, 64), (65536, 128))
MAXOUT = ((1024, 128, 2, 256), (1024, 128, 4, 256))
"""N, D, K and H."""
ALPHA, SCALE = fast.SELU_ALPHA, fast.SELU_SCALE
GOALS = {"forward": Goal(None, 3.0), "backward": Goal(None, 2.5)}
REMARKS = """\
There is no goal against PyTorch here. Nothing can be three times as fast as
`np.maximum(0, x)` or `np.tanh(x)`, which are one step already; the goals against
the plain formulas are those of the norms and are judged all the same. PyTorch's
sigmoid, SiLU and GELU evaluate exp and erf in registers; NumPy's steps go through
the cache. After a name stands how many numbers there are, or the shape.
PReLU and Maxout have their plain formulas from `solutions/activations/`. That of
Maxout is an `einsum`, which doesn't go through BLAS; the fast one does."""

Formula = Callable[..., Any]


def sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def normal_cdf(x: Array) -> Array:
    return (1 + erf(x / x.dtype.type(np.sqrt(2)))) / 2


def normal_pdf(x: Array) -> Array:
    return np.exp(-(x**2) / 2) / x.dtype.type(np.sqrt(2 * np.pi))


def elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_slope(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x.dtype.type(1), alpha * np.exp(np.minimum(x, 0)))


def leaky_slope(x: Array) -> Array:
    return np.where(x > 0, x.dtype.type(1), x.dtype.type(0.01))


def silu_slope(x: Array) -> Array:
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


PLAIN: dict[str, tuple[Formula, Formula]] = {
    "relu": (lambda x: np.maximum(0, x), lambda dout, x, out: dout * (x > 0)),
    "leaky_relu": (
        lambda x: leaky_slope(x) * x,
        lambda dout, x, out: dout * leaky_slope(x),
    ),
    "elu": (elu, lambda dout, x, out: dout * elu_slope(x)),
    "selu": (
        lambda x: SCALE * elu(x, ALPHA),
        lambda dout, x, out: SCALE * dout * elu_slope(x, ALPHA),
    ),
    "sigmoid": (sigmoid, lambda dout, x, out: dout * out * (1 - out)),
    "tanh": (np.tanh, lambda dout, x, out: dout * (1 - out**2)),
    "silu": (lambda x: x * sigmoid(x), lambda dout, x, out: dout * silu_slope(x)),
    "gelu": (
        lambda x: x * normal_cdf(x),
        lambda dout, x, out: dout * (normal_cdf(x) + x * normal_pdf(x)),
    ),
}
"""Forward of x, and backward of dout, x and out."""

ATEN = torch.ops.aten
TORCH: dict[str, tuple[Formula, Formula]] = {
    "relu": (torch.relu, lambda dout, x, out: ATEN.threshold_backward(dout, out, 0)),
    "leaky_relu": (
        ATEN.leaky_relu,
        lambda dout, x, out: ATEN.leaky_relu_backward(dout, x, 0.01, False),
    ),
    "elu": (
        ATEN.elu,
        lambda dout, x, out: ATEN.elu_backward(dout, 1, 1, 1, False, x),
    ),
    "selu": (
        torch.selu,
        lambda dout, x, out: ATEN.elu_backward(dout, ALPHA, SCALE, 1, False, x),
    ),
    "sigmoid": (
        torch.sigmoid,
        lambda dout, x, out: ATEN.sigmoid_backward(dout, out),
    ),
    "tanh": (torch.tanh, lambda dout, x, out: ATEN.tanh_backward(dout, out)),
    "silu": (ATEN.silu, lambda dout, x, out: ATEN.silu_backward(dout, x)),
    "gelu": (ATEN.gelu, lambda dout, x, out: ATEN.gelu_backward(dout, x)),
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Every activation and size, forward and backward."""
    for name in PLAIN:
        for size in SIZES:
            x, dout = rng.standard_normal((2, size), np.float32)
            x *= np.float32(2)
            yield from pair(name, x, dout)
    for shape in PRELU:
        x, dout = rng.standard_normal((2, *shape), np.float32)
        alpha = rng.standard_normal(shape[1], np.float32)
        yield from prelu(x, alpha, dout)
    for N, D, K, H in MAXOUT:
        given = [
            rng.standard_normal(shape, np.float32)
            for shape in ((N, D), (K, D, H), (K, H), (N, H))
        ]
        yield from maxout(given, f"`maxout` ({N}, {D}), W ({K}, {D}, {H})")


def pair(name: str, x: Array, dout: Array) -> Iterator[Case]:
    """Both directions of one activation."""
    forward, backward = PLAIN[name]
    torch_forward, torch_backward = TORCH[name]
    fast_forward, fast_backward = (
        getattr(fast, f"fast_{name}_{way}") for way in ("forward", "backward")
    )
    tensor, given = torch.from_numpy(x), torch.from_numpy(dout)
    double, double_dout = x.astype(np.float64), dout.astype(np.float64)
    title = f"`{name}` 2^{x.size.bit_length() - 1}"
    yield Case(
        "forward",
        title,
        lambda: (forward(x),),
        lambda: fast_forward(x)[:1],
        lambda: (torch_forward(tensor),),
        lambda: (forward(double),),
    )
    out, torch_out, cache = forward(x), torch_forward(tensor), fast_forward(x)[1]
    yield Case(
        "backward",
        title,
        lambda: (backward(dout, x, out),),
        lambda: (fast_backward(dout, cache),),
        lambda: (torch_backward(given, tensor, torch_out),),
        lambda: (backward(double_dout, double, forward(double)),),
    )


def prelu(x: Array, alpha: Array, dout: Array) -> Iterator[Case]:
    """Both directions; PyTorch's backward leaves the sum over a channel to others."""
    tensors = [torch.from_numpy(v) for v in (x, alpha, dout)]
    slope = tensors[1].reshape(1, -1, *[1] * (x.ndim - 2))
    axes = [i for i in range(x.ndim) if i != 1]
    kernel: Any = ATEN._prelu_kernel
    backward: Any = ATEN._prelu_kernel_backward

    def torch_backward() -> Any:
        dx, each = backward(tensors[2], tensors[0], slope)
        return dx, each.sum(axes)

    yield from both_ways(
        f"`prelu` {x.shape}",
        (solutions.prelu_forward, solutions.prelu_backward),
        (learned.fast_prelu_forward, learned.fast_prelu_backward),
        (lambda: kernel(tensors[0], slope), torch_backward),
        (x, alpha, dout),
    )


def maxout(given: list[Array], title: str) -> Iterator[Case]:
    """Both directions; PyTorch takes the same steps, which are not one operator."""
    x, W, b, dout = (torch.from_numpy(v) for v in given)

    def forward() -> Any:
        out, winner = torch.addmm(b[0], x, W[0]), torch.zeros(dout.shape)
        for k in range(1, len(W)):
            piece = torch.addmm(b[k], x, W[k])
            winner[piece > out] = k
            out = torch.maximum(out, piece)
        return out, winner

    winner = forward()[1]

    def backward() -> Any:
        shares = [dout * (winner == k) for k in range(len(W))]
        dx = sum(share @ w.T for share, w in zip(shares, W, strict=True))
        dW = torch.stack([x.T @ share for share in shares])
        return dx, dW, torch.stack([share.sum(0) for share in shares])

    yield from both_ways(
        title,
        (solutions.maxout_forward, solutions.maxout_backward),
        (learned.fast_maxout_forward, learned.fast_maxout_backward),
        (lambda: forward()[0], backward),
        tuple(given),
    )


def both_ways(
    title: str,
    plain: tuple[Formula, Formula],
    quick: tuple[Formula, Formula],
    in_torch: tuple[Formula, Formula],
    given: tuple[Array, ...],
) -> Iterator[Case]:
    """A function of several arrays; the last one given is dout."""
    *inputs, dout = given
    *doubles, double_dout = (v.astype(np.float64) for v in given)
    yield Case(
        "forward",
        title,
        lambda: plain[0](*inputs)[:1],
        lambda: quick[0](*inputs)[:1],
        lambda: (in_torch[0](),),
        lambda: plain[0](*doubles)[:1],
    )
    caches = [forward(*inputs)[1] for forward in (plain[0], quick[0])]
    exact = plain[0](*doubles)[1]
    yield Case(
        "backward",
        title,
        lambda: plain[1](dout, caches[0]),
        lambda: quick[1](dout, caches[1]),
        in_torch[1],
        lambda: plain[1](double_dout, exact),
    )


if __name__ == "__main__":
    title = "How fast the activations are"
    count = 2 * (len(PLAIN) * len(SIZES) + len(PRELU) + len(MAXOUT))
    run("activations", title, cases, count, GOALS, REMARKS)
