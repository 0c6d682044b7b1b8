"""Layer normalization: forward in one read, backward with sums over rows.

Backward programs go through many rows each. They keep their sums for gamma and beta in
registers and write them once; a second kernel adds up those few rows.
"""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels import layernorm_wide as wide
from autograder.reference.kernels.launch import (
    Persistent,
    Tile,
    backward_rows,
    compute_dtype,
    multiprocessors,
    power_of_2,
    share,
    statistics_dtype,
)
from autograder.reference.kernels.reduce import sum_rows
from autograder.reference.kernels.rows import load, normalize, store

IN_REGISTERS = 8192
"""Numbers of a row that fit beside its sums."""
IN_QUARTERS = 16384
"""The same, when a row is read again, a quarter at a time."""


@triton.jit(do_not_specialize=["R", "TILES"])
def layernorm_backward_rows(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, dx_ptr, partial_ptr, R, TILES,
    D: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr, STAGES: tl.constexpr,
    EVEN: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """dx for TILES tiles of ROWS rows, and this program's sums for gamma and beta."""
    program = tl.program_id(0).to(tl.int64)
    row, cols = tl.arange(0, ROWS), tl.arange(0, BLOCK)
    inside = cols < D
    gamma = load(gamma_ptr + cols, inside, BLOCK == D, "").to(COMPUTE)[None, :]
    dgamma = tl.zeros((ROWS, BLOCK), COMPUTE)
    dbeta = tl.zeros((ROWS, BLOCK), COMPUTE)
    at = row[:, None] * D + cols[None, :]
    for tile in tl.range(0, TILES, num_stages=STAGES):
        first = (program * TILES + tile) * ROWS
        there = first + row < R
        both = there[:, None] & inside[None, :]
        x = load(x_ptr + first * D + at, both, EVEN, "evict_first").to(COMPUTE)
        dout = load(dout_ptr + first * D + at, both, EVEN, "evict_first").to(COMPUTE)
        mean = tl.load(mean_ptr + first + row, mask=there, other=0.0)
        rstd = tl.load(rstd_ptr + first + row, mask=there, other=0.0)
        x_hat = (x - mean[:, None]) * rstd[:, None]
        slope = dout * gamma
        c1 = tl.sum(slope, 1) * (1.0 / D)
        c2 = tl.sum(slope * x_hat, 1) * (1.0 / D)
        dx = (slope - c1[:, None] - x_hat * c2[:, None]) * rstd[:, None]
        store(dx_ptr + first * D + at, dx, both, EVEN, "evict_first")
        dgamma += dout * x_hat
        dbeta += dout
    here = partial_ptr + program * (2 * D) + cols
    store(here, tl.sum(dgamma, 0), inside, BLOCK == D, "")
    store(here + D, tl.sum(dbeta, 0), inside, BLOCK == D, "")


def layernorm_forward(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    eps: float = 1e-5,
    tile: Tile | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalize each row of ``x`` over its last axis, then scale and shift it.

        out = gamma (x - mean) / sqrt(var + eps) + beta

    ``x`` is (..., D); ``gamma`` and ``beta`` are (D,). Returns ``out`` in the dtype of
    ``x``, and ``mean`` and ``rstd``, one for each row, in float32 (float64 for
    float64).
    """
    out, mean, rstd = normalize(x, gamma, beta, x.shape[-1], 1, 1, eps, tile)
    return out, mean.view(x.shape[:-1]), rstd.view(x.shape[:-1])


def layernorm_backward(
    dout: torch.Tensor,
    x: torch.Tensor,
    gamma: torch.Tensor,
    mean: torch.Tensor,
    rstd: torch.Tensor,
    plan: Persistent | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """dx, dgamma, dbeta from the statistics that the forward pass returned.

        dx = rstd (g - mean(g) - x_hat mean(g x_hat)),  g = dout gamma

    The result depends on the number of multiprocessors in its last bits, and on
    nothing else.
    """
    dout, x, gamma = dout.contiguous(), x.contiguous(), gamma.contiguous()
    D = x.shape[-1]
    R = x.numel() // D if D else 0
    if R == 0:
        return torch.empty_like(x), torch.zeros_like(gamma), torch.zeros_like(gamma)
    given = dout, x, gamma, mean.contiguous(), rstd.contiguous()
    limit = 2 if x.dtype == torch.float64 else 1
    if IN_REGISTERS < D * limit <= IN_QUARTERS:
        dx, partial = wide.backward_quarters(*given, R, D)
    elif D * limit > IN_QUARTERS:
        dx, partial = wide.backward_chunks(*given, R, D)
    else:
        dx, partial = _backward_rows(given, R, D, plan or backward_rows(D))
    dgamma, dbeta = sum_rows(partial, gamma.dtype).view(2, D)
    return dx, dgamma, dbeta


def _backward_rows(
    given: tuple[torch.Tensor, ...], R: int, D: int, plan: Persistent
) -> tuple[torch.Tensor, torch.Tensor]:
    """dx, and the programs' sums for gamma and beta."""
    x = given[1]
    rows = min(plan.rows, power_of_2(R))
    tiles, programs = share(
        triton.cdiv(R, rows), plan.programs * multiprocessors(x.device)
    )
    dx = torch.empty_like(x)
    partial = torch.empty((programs, 2 * D), dtype=statistics_dtype(x), device=x.device)
    even = plan.block == D and programs * tiles * rows == R
    layernorm_backward_rows[(programs,)](
        *given, dx, partial, R, tiles, D, rows, plan.block, plan.stages, even,
        compute_dtype(x), num_warps=plan.warps,
    )  # fmt: skip
    return dx, partial
