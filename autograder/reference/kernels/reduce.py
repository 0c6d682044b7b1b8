"""Adding up what programs have left: the second half of a sum over many rows."""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.launch import compute_dtype, power_of_2


@triton.jit(do_not_specialize=["R"])
def sum_rows_kernel(
    x_ptr, out_ptr, R,
    W: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):  # fmt: skip
    """BLOCK columns of x (R, W) are added up, always in the same order."""
    row = tl.arange(0, ROWS)
    cols = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = cols < W
    total = tl.zeros((ROWS, BLOCK), COMPUTE)
    for first in tl.range(0, R, ROWS, num_stages=1):
        at = (first + row).to(tl.int64)[:, None] * W + cols[None, :]
        there = (first + row < R)[:, None] & inside[None, :]
        total += tl.load(x_ptr + at, mask=there, other=0.0).to(COMPUTE)
    out = tl.sum(total, 0)
    tl.store(out_ptr + cols, out.to(out_ptr.dtype.element_ty), mask=inside)


def sum_rows(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The sums over the rows of ``x`` (R, W), in ``dtype``."""
    R, W = x.shape
    out = torch.empty(W, dtype=dtype, device=x.device)
    block = min(max(power_of_2(W // 256), 16), 128)
    rows = min(power_of_2(R), 2048 // block)
    sum_rows_kernel[(triton.cdiv(W, block),)](
        x, out, R, W, rows, block, compute_dtype(x), num_warps=4
    )
    return out
