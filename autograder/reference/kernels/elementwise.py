"""Activations, forward and backward: every number is read once and written once."""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.launch import compute_dtype, flat_block
from autograder.reference.kernels.rows import load, store

NAMES = ("relu", "gelu", "silu")


@triton.jit
def below(x, SHORT: tl.constexpr):
    """Phi(x), the part of the normal distribution below x.

    For SHORT results of 16 bits there is Abramowitz and Stegun's 7.1.28, off by 2e-7 at
    most: half the instructions of `tl.erf`, which would take longer than memory.
    """
    if SHORT:
        y = 0.7071067811865476 * tl.abs(x)
        p = (4.30638e-5 * y + 2.765672e-4) * y + 1.520143e-4
        p = ((p * y + 9.2705272e-3) * y + 4.22820123e-2) * y + 7.05230784e-2
        p = p * y + 1.0
        p = p * p
        p = p * p
        p = p * p
        beyond = 0.5 / (p * p)  # what lies beyond |x|
        return tl.where(x < 0.0, beyond, 1.0 - beyond)
    else:
        return 0.5 * (1.0 + tl.erf(0.7071067811865476 * x))


@triton.jit
def activate(x, NAME: tl.constexpr, SHORT: tl.constexpr):
    """relu, gelu (exact) or silu of x. NaN stays NaN."""
    if NAME == "relu":
        return tl.where(x < 0.0, 0.0, x)
    elif NAME == "gelu":
        return x * below(x, SHORT)
    else:
        return x / (1.0 + tl.exp(-x))


@triton.jit
def slope(x, NAME: tl.constexpr, SHORT: tl.constexpr):
    """The derivative at x; that of relu at 0 is 0."""
    if NAME == "relu":
        return tl.where(x > 0.0, 1.0, 0.0)
    elif NAME == "gelu":
        return below(x, SHORT) + x * (0.3989422804014327 * tl.exp(-0.5 * x * x))
    else:
        sigmoid = 1.0 / (1.0 + tl.exp(-x))
        return sigmoid * (1.0 + x * (1.0 - sigmoid))


@triton.jit
def activation_forward_kernel(
    x_ptr, out_ptr, n,
    NAME: tl.constexpr, BLOCK: tl.constexpr, EVEN: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    first = tl.program_id(0).to(tl.int64) * BLOCK
    i = tl.arange(0, BLOCK)
    inside = i < n - first
    x = load(x_ptr + first + i, inside, EVEN, "evict_first").to(COMPUTE)
    SHORT: tl.constexpr = x_ptr.dtype.element_ty.primitive_bitwidth == 16
    store(out_ptr + first + i, activate(x, NAME, SHORT), inside, EVEN, "evict_first")


@triton.jit
def activation_backward_kernel(
    dout_ptr, x_ptr, dx_ptr, n,
    NAME: tl.constexpr, BLOCK: tl.constexpr, EVEN: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    first = tl.program_id(0).to(tl.int64) * BLOCK
    i = tl.arange(0, BLOCK)
    inside = i < n - first
    x = load(x_ptr + first + i, inside, EVEN, "evict_first").to(COMPUTE)
    dout = load(dout_ptr + first + i, inside, EVEN, "evict_first").to(COMPUTE)
    if NAME == "relu":  # what flows back is dout or 0, also when dout is infinite
        dx = tl.where(x <= 0.0, 0.0, dout)
    else:
        SHORT: tl.constexpr = x_ptr.dtype.element_ty.primitive_bitwidth == 16
        dx = dout * slope(x, NAME, SHORT)
    store(dx_ptr + first + i, dx, inside, EVEN, "evict_first")


def activation_forward(x: torch.Tensor, name: str) -> torch.Tensor:
    """relu, gelu or silu of ``x``, in its dtype.

    Raises ValueError for another name.
    """
    _check(name)
    x = x.contiguous()
    out = torch.empty_like(x)
    n, block = x.numel(), flat_block(x)
    if n:
        activation_forward_kernel[(triton.cdiv(n, block),)](
            x, out, n, name, block, n % block == 0, compute_dtype(x), num_warps=4
        )
    return out


def activation_backward(dout: torch.Tensor, x: torch.Tensor, name: str) -> torch.Tensor:
    """dout times the derivative of the activation at ``x``."""
    _check(name)
    dout, x = dout.contiguous(), x.contiguous()
    dx = torch.empty_like(x)
    n, block = x.numel(), flat_block(x)
    if n:
        activation_backward_kernel[(triton.cdiv(n, block),)](
            dout, x, dx, n, name, block, n % block == 0, compute_dtype(x), num_warps=4
        )
    return dx


def _check(name: str) -> None:
    if name not in NAMES:
        raise ValueError(f"no activation {name!r}; there are {', '.join(NAMES)}")
