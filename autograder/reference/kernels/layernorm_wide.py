"""Layer norm's backward pass for rows that do not fit beside their sums."""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.launch import (
    chunk_of,
    compute_dtype,
    multiprocessors,
    power_of_2,
    share,
    statistics_dtype,
    warps_for,
)
from autograder.reference.kernels.rows import load, store


@triton.jit
def slopes(
    dout_ptr,
    x_ptr,
    gamma_ptr,
    cols,
    mean,
    rstd,
    D: tl.constexpr,
    EVEN: tl.constexpr,
    POLICY: tl.constexpr,
    COMPUTE: tl.constexpr,
):
    """dout, x_hat and dout gamma of a piece of one row."""
    inside = cols < D
    x = load(x_ptr + cols, inside, EVEN, POLICY).to(COMPUTE)
    dout = load(dout_ptr + cols, inside, EVEN, POLICY).to(COMPUTE)
    gamma = load(gamma_ptr + cols, inside, EVEN, "evict_last").to(COMPUTE)
    return dout, (x - mean) * rstd, dout * gamma


@triton.jit
def finished(
    here,
    there,
    gamma_ptr,
    dx_ptr,
    cols,
    mean,
    rstd,
    c1,
    c2,
    dgamma,
    dbeta,
    D: tl.constexpr,
    COMPUTE: tl.constexpr,
):
    """dx of a quarter of a row, and its sums for gamma and beta a row further."""
    dout, x_hat, slope = slopes(
        there, here, gamma_ptr, cols, mean, rstd, D, False, "evict_first", COMPUTE
    )
    dx = (slope - c1 - x_hat * c2) * rstd
    store(dx_ptr + cols, dx, cols < D, False, "evict_first")
    return dgamma + dout * x_hat, dbeta + dout


@triton.jit(do_not_specialize=["R", "ROWS", "QUARTERS"])
def layernorm_backward_quarters(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, dx_ptr, partial_ptr, R, ROWS,
    QUARTERS,
    D: tl.constexpr, BLOCK: tl.constexpr, STAGES: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """ROWS rows, each in quarters that are measured first and then read again.

    The sums for gamma and beta take half of the registers there are, so a whole row has
    no place beside them. The second reading comes from L2.
    """
    program = tl.program_id(0).to(tl.int64)
    a = tl.arange(0, BLOCK)
    b, c, d = a + BLOCK, a + 2 * BLOCK, a + 3 * BLOCK
    zeros = tl.zeros((BLOCK,), COMPUTE)
    dgamma_a, dgamma_b, dgamma_c, dgamma_d = zeros, zeros, zeros, zeros
    dbeta_a, dbeta_b, dbeta_c, dbeta_d = zeros, zeros, zeros, zeros
    zero = tl.sum(zeros, 0)
    for i in tl.range(0, ROWS, num_stages=1):
        row = program * ROWS + i
        if row < R:
            m, r = tl.load(mean_ptr + row), tl.load(rstd_ptr + row)
            x, y, dx = x_ptr + row * D, dout_ptr + row * D, dx_ptr + row * D
            c1, c2 = zero, zero
            for quarter in tl.range(0, QUARTERS, num_stages=STAGES):
                cols = quarter * BLOCK + a
                _, x_hat, g = slopes(
                    y, x, gamma_ptr, cols, m, r, D, False, "evict_last", COMPUTE
                )
                c1 += tl.sum(g, 0)
                c2 += tl.sum(g * x_hat, 0)
            c1, c2 = c1 * (1.0 / D), c2 * (1.0 / D)
            dgamma_d, dbeta_d = finished(
                x, y, gamma_ptr, dx, d, m, r, c1, c2, dgamma_d, dbeta_d, D, COMPUTE
            )
            dgamma_c, dbeta_c = finished(
                x, y, gamma_ptr, dx, c, m, r, c1, c2, dgamma_c, dbeta_c, D, COMPUTE
            )
            dgamma_b, dbeta_b = finished(
                x, y, gamma_ptr, dx, b, m, r, c1, c2, dgamma_b, dbeta_b, D, COMPUTE
            )
            dgamma_a, dbeta_a = finished(
                x, y, gamma_ptr, dx, a, m, r, c1, c2, dgamma_a, dbeta_a, D, COMPUTE
            )
    gammas = partial_ptr + program * (2 * D)
    betas = gammas + D
    store(gammas + a, dgamma_a, a < D, False, "")
    store(gammas + b, dgamma_b, b < D, False, "")
    store(gammas + c, dgamma_c, c < D, False, "")
    store(gammas + d, dgamma_d, d < D, False, "")
    store(betas + a, dbeta_a, a < D, False, "")
    store(betas + b, dbeta_b, b < D, False, "")
    store(betas + c, dbeta_c, c < D, False, "")
    store(betas + d, dbeta_d, d < D, False, "")


@triton.jit
def layernorm_backward_sums(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, sums_ptr,
    D: tl.constexpr, CHUNK: tl.constexpr, CHUNKS: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """One chunk of a row: its sums of g and of g x_hat."""
    row, chunk = tl.program_id(0).to(tl.int64) // CHUNKS, tl.program_id(0) % CHUNKS
    cols = chunk * CHUNK + tl.arange(0, CHUNK)
    mean, rstd = tl.load(mean_ptr + row), tl.load(rstd_ptr + row)
    _, x_hat, slope = slopes(
        dout_ptr + row * D,
        x_ptr + row * D,
        gamma_ptr,
        cols,
        mean,
        rstd,
        D,
        D % CHUNK == 0,
        "",
        COMPUTE,
    )
    here = sums_ptr + row * (2 * CHUNKS) + chunk
    tl.store(here, tl.sum(slope, 0))
    tl.store(here + CHUNKS, tl.sum(slope * x_hat, 0))


@triton.jit(do_not_specialize=["R", "ROWS"])
def layernorm_backward_chunks(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, dx_ptr, sums_ptr, partial_ptr, R,
    ROWS,
    D: tl.constexpr, CHUNK: tl.constexpr, CHUNKS: tl.constexpr, WIDTH: tl.constexpr,
    COMPUTE: tl.constexpr,
):  # fmt: skip
    """One chunk of ROWS rows: dx, and the chunk's sums for gamma and beta."""
    EVEN: tl.constexpr = D % CHUNK == 0
    program, chunk = tl.program_id(0).to(tl.int64) // CHUNKS, tl.program_id(0) % CHUNKS
    cols = chunk * CHUNK + tl.arange(0, CHUNK)
    part = tl.arange(0, WIDTH)
    dgamma = tl.zeros((CHUNK,), COMPUTE)
    dbeta = tl.zeros((CHUNK,), COMPUTE)
    for i in tl.range(0, ROWS, num_stages=1):
        row = program * ROWS + i
        if row < R:
            mean, rstd = tl.load(mean_ptr + row), tl.load(rstd_ptr + row)
            here = sums_ptr + row * (2 * CHUNKS) + part
            c1 = tl.sum(tl.load(here, mask=part < CHUNKS, other=0.0), 0) * (1.0 / D)
            c2 = tl.load(here + CHUNKS, mask=part < CHUNKS, other=0.0)
            c2 = tl.sum(c2, 0) * (1.0 / D)
            dout, x_hat, slope = slopes(
                dout_ptr + row * D,
                x_ptr + row * D,
                gamma_ptr,
                cols,
                mean,
                rstd,
                D,
                EVEN,
                "evict_first",
                COMPUTE,
            )
            dx = (slope - c1 - x_hat * c2) * rstd
            store(dx_ptr + row * D + cols, dx, cols < D, EVEN, "evict_first")
            dgamma += dout * x_hat
            dbeta += dout
    here = partial_ptr + program * (2 * D) + cols
    store(here, dgamma, cols < D, EVEN, "")
    store(here + D, dbeta, cols < D, EVEN, "")


Pair = tuple[torch.Tensor, torch.Tensor]


def backward_quarters(
    dout: torch.Tensor,
    x: torch.Tensor,
    gamma: torch.Tensor,
    mean: torch.Tensor,
    rstd: torch.Tensor,
    R: int,
    D: int,
) -> Pair:
    """dx, and the programs' sums for gamma and beta."""
    rows, programs = share(R, multiprocessors(x.device))
    dx = torch.empty_like(x)
    partial = torch.empty((programs, 2 * D), dtype=statistics_dtype(x), device=x.device)
    layernorm_backward_quarters[(programs,)](
        dout, x, gamma, mean, rstd, dx, partial, R, rows, 4, D, power_of_2(D) // 4,
        3, compute_dtype(x), num_warps=8,
    )  # fmt: skip
    return dx, partial


def backward_chunks(
    dout: torch.Tensor,
    x: torch.Tensor,
    gamma: torch.Tensor,
    mean: torch.Tensor,
    rstd: torch.Tensor,
    R: int,
    D: int,
) -> Pair:
    """dx, and the programs' sums for gamma and beta; ``x`` is read twice."""
    chunk = chunk_of(D) // 2
    chunks = triton.cdiv(D, chunk)
    given = dout, x, gamma, mean, rstd
    sums = torch.empty((R, 2, chunks), dtype=statistics_dtype(x), device=x.device)
    layernorm_backward_sums[(R * chunks,)](
        *given, sums, D, chunk, chunks, compute_dtype(x), num_warps=warps_for(chunk)
    )
    rows, programs = share(R, triton.cdiv(4 * multiprocessors(x.device), chunks))
    dx = torch.empty_like(x)
    partial = torch.empty((programs, 2 * D), dtype=sums.dtype, device=x.device)
    layernorm_backward_chunks[(programs * chunks,)](
        *given, dx, sums, partial, R, rows,
        D, chunk, chunks, power_of_2(chunks), compute_dtype(x),
        num_warps=warps_for(chunk),
    )  # fmt: skip
    return dx, partial
