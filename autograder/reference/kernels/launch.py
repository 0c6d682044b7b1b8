"""Sizes of blocks, programs and warps, for all kernels in one place.

A kernel that waits for memory is fast when enough bytes are on their way: about
30 kB for each multiprocessor of an H200. So a thread holds 16 to 32 numbers, which
leaves registers for several blocks of threads side by side, and it loads 16
bytes at a time.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl

SMS = 132
"""Multiprocessors of an H200, where there is no GPU to ask."""
L2_FORWARD, L2_BACKWARD = 24 * 2**20, 16 * 2**20
"""Bytes that one launch of two passes may hope to find again in L2 (60 MB).

So many that an H200 has two waves of programs forward, and one backward, nearly full.
"""
RESIDENT = 32768
"""The longest row of float32 that stays in registers."""
SHORT = 2048
"""Numbers of a tile of short rows."""


class Tile(NamedTuple):
    """A block of rows, and the warps that hold it."""

    rows: int
    block: int
    warps: int
    registers: int | None = None
    """Of a thread at most, so that more blocks of threads find place."""


@cache
def multiprocessors(device: torch.device) -> int:
    """How many programs run truly at the same time."""
    if device.type != "cuda":
        return SMS
    return int(torch.cuda.get_device_properties(device).multi_processor_count)


def compute_dtype(x: torch.Tensor) -> Any:
    """What a kernel computes in: float64 for float64, else float32."""
    return tl.float64 if x.dtype == torch.float64 else tl.float32


def statistics_dtype(x: torch.Tensor) -> torch.dtype:
    """What statistics are kept in."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def resident(x: torch.Tensor) -> int:
    """Numbers of the longest row that fits the registers of one program."""
    return RESIDENT // 2 if x.dtype == torch.float64 else RESIDENT


def power_of_2(n: int) -> int:
    """The smallest power of two that is not below ``n``."""
    return 1 << max(n - 1, 0).bit_length()


def warps_for(numbers: int, each: int = 16) -> int:
    """Warps that hold ``numbers`` with ``each`` of them in a thread."""
    return min(max(power_of_2(numbers) // (32 * each), 1), 32)


def forward_rows(D: int) -> Tile:
    """Rows that stay in registers between mean and output."""
    block = power_of_2(D)
    if block <= SHORT:
        return Tile(SHORT // block, block, 4, 56)
    if block <= 8192:
        return Tile(1, block, warps_for(block), 40)
    return Tile(1, block, warps_for(block, 32), 64)


class Persistent(NamedTuple):
    """Programs that go through many tiles each, and what they keep meanwhile."""

    rows: int
    block: int
    warps: int
    programs: int
    """For each multiprocessor."""
    stages: int
    """Tiles that are on their way while one is computed with."""


def backward_rows(D: int) -> Persistent:
    """Rows of ``x`` and ``dout`` beside the sums over rows, all in registers."""
    block = power_of_2(D)
    if block <= 2048:
        return Persistent(max(2048 // block, 1), block, 4, 4, 3)
    if block == 4096:
        return Persistent(1, block, 8, 2, 3)
    return Persistent(1, block, 16, 1, 3)


def registers_for(x: torch.Tensor, D: int, tile: Tile, plain: bool) -> int | None:
    """Registers of a thread: fewer where loads are wide and gamma lies as x does."""
    if x.dtype == torch.float64 or tile.registers is None:
        return None
    wide = D * x.element_size() % 16 == 0
    return tile.registers if wide and plain else max(tile.registers, 64)


def chunk_of(D: int) -> int:
    """Numbers of a row that one program takes when several share it."""
    return min(power_of_2(D), 8192)


def channel_tile(CG: int, HW: int) -> tuple[int, int]:
    """Channels of a tile, and numbers of each: 8192 in all, or fewer."""
    block = min(power_of_2(HW), 8192)
    return min(power_of_2(CG), 8192 // block), block


def batch_of_rows(row_bytes: int, rows: int, l2: int) -> int:
    """Rows whose second pass finds in L2 what the first has read."""
    if rows * row_bytes <= 2 * l2:
        return rows
    return max(l2 // row_bytes, 1)


def share(total: int, programs: int) -> tuple[int, int]:
    """Split ``total`` evenly: how much each takes, and how many it takes."""
    each = triton.cdiv(total, max(min(programs, total), 1)) if total else 1
    return each, max(triton.cdiv(total, each), 1)


def channel_slabs(tiles: int, C: int, device: torch.device) -> tuple[int, int]:
    """Tiles of a channel for each program, and programs for each channel.

    A few waves of programs, so that the last one is short.
    """
    return share(tiles, triton.cdiv(16 * multiprocessors(device), C))


def columns_tile(W: int) -> tuple[int, int]:
    """Rows and columns of a tile of a wide matrix."""
    block = min(power_of_2(W), SHORT // 2)
    return SHORT // block, block


def flat_block(x: torch.Tensor) -> int:
    """Numbers of one program without rows: four loads of 16 bytes a thread."""
    return 128 * 64 // x.element_size()


def launch_batches(
    kernel: Any,
    programs: int,
    rows: int,
    batch: int,
    given: tuple[Any, ...],
    **how: Any,
) -> None:
    """Launch ``kernel`` for each batch of ``rows``, and once more for the last one.

    ``given`` is what a launch is given, with a place for the first row of the batch
    that says None. A batch takes some ten microseconds, a launch by way of Triton's
    checks longer; so all but the first go to the compiled kernel. (The interpreter has
    none.)
    """
    place = [value is None for value in given].index(True)
    before, after = given[:place], given[place + 1 :]
    compiled, grid = None, (programs, 1, 1)
    for first in range(0, rows + batch, batch):
        if compiled is None:
            compiled = kernel[grid](*before, first, *after, **how)
        else:
            compiled[grid](*before, first, *after)
