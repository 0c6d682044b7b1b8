"""Group normalization; instance norm is G = C, and layer norm of images G = 1.

The forward pass is that of rows. Backward, the sums for gamma and beta and those for dx
are the same two numbers of each channel: the sums of dout and of dout x_hat.
"""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.launch import (
    L2_BACKWARD,
    Tile,
    batch_of_rows,
    channel_tile,
    compute_dtype,
    launch_batches,
    power_of_2,
    statistics_dtype,
    warps_for,
)
from autograder.reference.kernels.reduce import sum_rows
from autograder.reference.kernels.rows import load, normalize, store

IN_REGISTERS = 16384
"""Numbers of a group whose x and dout stay in registers."""


@triton.jit
def groupnorm_backward_rows(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, dx_ptr, partial_ptr,
    G: tl.constexpr, CG: tl.constexpr, HW: tl.constexpr,
    CHANNELS: tl.constexpr, BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """A whole group: dx, and the two sums of each of its channels."""
    EVEN: tl.constexpr = CHANNELS == CG and BLOCK == HW
    D: tl.constexpr = CG * HW
    row = tl.program_id(0).to(tl.int64)
    c, p = tl.arange(0, CHANNELS), tl.arange(0, BLOCK)
    inside = (c < CG)[:, None] & (p < HW)[None, :]
    at = c[:, None] * HW + p[None, :]
    x = load(x_ptr + row * D + at, inside, EVEN, "evict_first").to(COMPUTE)
    dout = load(dout_ptr + row * D + at, inside, EVEN, "evict_first").to(COMPUTE)
    mean, rstd = tl.load(mean_ptr + row), tl.load(rstd_ptr + row)
    group = (row % G) * CG + c
    gamma = tl.load(gamma_ptr + group, mask=c < CG, other=0.0).to(COMPUTE)
    x_hat = (x - mean) * rstd
    sum_gx = tl.sum(dout * x_hat, 1)
    sum_g = tl.sum(dout, 1)
    c1 = tl.sum(gamma * sum_g, 0) * (1.0 / D)
    c2 = tl.sum(gamma * sum_gx, 0) * (1.0 / D)
    dx = (dout * gamma[:, None] - c1 - x_hat * c2) * rstd
    store(dx_ptr + row * D + at, dx, inside, EVEN, "evict_first")
    here = partial_ptr + (row // G) * (2 * G * CG) + group
    tl.store(here, sum_gx, mask=c < CG)
    tl.store(here + G * CG, sum_g, mask=c < CG)


@triton.jit(do_not_specialize=["R", "BATCH", "measured"])
def groupnorm_backward_chunks(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, dx_ptr, partial_ptr, R, BATCH,
    measured,
    G: tl.constexpr, CG: tl.constexpr, HW: tl.constexpr, CHANNELS: tl.constexpr,
    BLOCK: tl.constexpr, PIECES: tl.constexpr, TILES: tl.constexpr,
    PIECES_2: tl.constexpr, CG_2: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """Sums of one tile of a group of this batch, dx of one of the last batch.

    A tile has BLOCK numbers of CHANNELS channels; PIECES of them make HW. ``partial``
    is (N, PIECES, 2, C). ``measured`` is the first group of this batch.
    """
    EVEN: tl.constexpr = CG % CHANNELS == 0 and HW % BLOCK == 0
    D: tl.constexpr = CG * HW
    place, tile = tl.program_id(0) // TILES, tl.program_id(0) % TILES
    row = measured.to(tl.int64) + place
    piece = tile % PIECES
    c = (tile // PIECES) * CHANNELS + tl.arange(0, CHANNELS)
    p = piece * BLOCK + tl.arange(0, BLOCK)
    inside = (c < CG)[:, None] & (p < HW)[None, :]
    at = c[:, None] * HW + p[None, :]
    if row < R:
        x = load(x_ptr + row * D + at, inside, EVEN, "evict_last").to(COMPUTE)
        dout = load(dout_ptr + row * D + at, inside, EVEN, "evict_last").to(COMPUTE)
        x_hat = (x - tl.load(mean_ptr + row)) * tl.load(rstd_ptr + row)
        here = partial_ptr + (row // G * PIECES + piece) * (2 * G * CG)
        here += (row % G) * CG + c
        tl.store(here, tl.sum(dout * x_hat, 1), mask=c < CG)
        tl.store(here + G * CG, tl.sum(dout, 1), mask=c < CG)
    # what was read last is in L2 for certain, so it comes first
    row = measured.to(tl.int64) - 1 - place
    if row >= measured - BATCH and row >= 0 and row < R:
        x = load(x_ptr + row * D + at, inside, EVEN, "evict_first").to(COMPUTE)
        dout = load(dout_ptr + row * D + at, inside, EVEN, "evict_first").to(COMPUTE)
        every, k = tl.arange(0, CG_2), tl.arange(0, PIECES_2)
        both = (k < PIECES)[:, None] & (every < CG)[None, :]
        here = partial_ptr + row // G * PIECES * (2 * G * CG) + (row % G) * CG
        here += k[:, None] * (2 * G * CG) + every[None, :]
        gammas = gamma_ptr + (row % G) * CG
        gamma = tl.load(gammas + every, mask=every < CG, other=0.0).to(COMPUTE)
        sum_gx = tl.sum(tl.load(here, mask=both, other=0.0), 0)
        sum_g = tl.sum(tl.load(here + G * CG, mask=both, other=0.0), 0)
        c1 = tl.sum(gamma * sum_g, 0) * (1.0 / D)
        c2 = tl.sum(gamma * sum_gx, 0) * (1.0 / D)
        gamma = tl.load(gammas + c, mask=c < CG, other=0.0).to(COMPUTE)[:, None]
        rstd = tl.load(rstd_ptr + row)
        x_hat = (x - tl.load(mean_ptr + row)) * rstd
        dx = (dout * gamma - c1 - x_hat * c2) * rstd
        store(dx_ptr + row * D + at, dx, inside, EVEN, "evict_first")


def groupnorm_forward(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    G: int,
    eps: float = 1e-5,
    tile: Tile | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalize each image over G groups of neighbouring channels.

    ``x`` is (N, C, ...); ``gamma`` and ``beta`` are (C,). Returns ``out`` in the dtype
    of ``x``, and ``mean`` and ``rstd`` (N, G) in float32 (float64 for float64).
    Raises ValueError unless G divides C.
    """
    N, C, HW = _shape(x, G)
    out, mean, rstd = normalize(x, gamma, beta, C // G * HW, G, HW, eps, tile)
    return out, mean.view(N, G), rstd.view(N, G)


def groupnorm_backward(
    dout: torch.Tensor,
    x: torch.Tensor,
    gamma: torch.Tensor,
    mean: torch.Tensor,
    rstd: torch.Tensor,
    G: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """dx, dgamma, dbeta from the statistics that the forward pass returned."""
    N, C, HW = _shape(x, G)
    dout, x, gamma = dout.contiguous(), x.contiguous(), gamma.contiguous()
    if x.numel() == 0:
        return torch.empty_like(x), torch.zeros_like(gamma), torch.zeros_like(gamma)
    CG, dx = C // G, torch.empty_like(x)
    given = dout, x, gamma, mean.contiguous(), rstd.contiguous(), dx
    numbers = power_of_2(CG) * power_of_2(HW)
    double = 2 if x.dtype == torch.float64 else 1
    kept = statistics_dtype(x)
    if numbers * double <= IN_REGISTERS:
        partial = torch.empty((N, 2 * C), dtype=kept, device=x.device)
        groupnorm_backward_rows[(N * G,)](
            *given, partial, G, CG, HW, power_of_2(CG), power_of_2(HW),
            compute_dtype(x), num_warps=warps_for(numbers),
        )  # fmt: skip
    else:
        channels, block = channel_tile(CG, HW)
        pieces = triton.cdiv(HW, block)
        tiles = triton.cdiv(CG, channels) * pieces
        partial = torch.empty((N * pieces, 2 * C), dtype=kept, device=x.device)
        batch = batch_of_rows(2 * CG * HW * x.element_size(), N * G, L2_BACKWARD)
        shape = G, CG, HW, channels, block, pieces, tiles
        launch_batches(
            groupnorm_backward_chunks, batch * tiles, N * G, batch,
            (*given, partial, N * G, batch, None, *shape, power_of_2(pieces),
             power_of_2(CG), compute_dtype(x)),
            num_warps=warps_for(channels * block),
        )  # fmt: skip
    dgamma, dbeta = sum_rows(partial, gamma.dtype).view(2, C)
    return dx, dgamma, dbeta


def _shape(x: torch.Tensor, G: int) -> tuple[int, int, int]:
    """N, C and the numbers of a channel."""
    N, C = x.shape[:2]
    if G < 1 or C % G:
        raise ValueError(f"{C} channels can't be split into {G} groups")
    return N, C, x[0, 0].numel() if N * C else 1
