"""Rows that are normalized one by one: what layer and group norm share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograder.reference.fast import blocks
from autograder.reference.fast.blocks import (
    Array,
    few,
    mean_and_variance,
    moments,
    pieces,
)


SUM = 1 << 13
"""So many squares are summed up in a row's own dtype."""


class Statistics(NamedTuple):
    """Of each row: its mean, ``near + rest``, and 1 / sqrt(var + eps)."""

    near: Array
    rest: Array
    rstd: Array

    @classmethod
    def empty(cls, rows: Array) -> Statistics:
        return cls(*np.zeros((3, len(rows)), rows.dtype))

    def of(self, i: slice) -> Statistics:
        """Those of some rows, sharing memory."""
        return Statistics(self.near[i], self.rest[i], self.rstd[i])


def block_shape(rows: Array) -> tuple[int, int]:
    """Height and width of a block: whole rows, unless one is too long."""
    fit = blocks.BLOCK // rows.itemsize
    length = max(1, rows.shape[1])
    return (max(1, fit // length), length) if length <= fit else (1, fit)


def measure(
    block: Array, weights: Array, eps: float, out: Array, statistics: Statistics
) -> bool:
    """Find the statistics of the rows of a block; each weight is 1 / row's length.

    Returns whether the means are small, none above a standard deviation. Then the
    sums of ``block`` itself do. Else ``out`` holds ``block - mean`` at the end.
    ``near`` is subtracted first, which is exact (Sterbenz). What its rounding
    left, ``rest``, follows only if it would show in the result; else it is 0.
    """
    near, rest, rstd = statistics
    np.matmul(block, weights, out=near)
    n = block.shape[1]
    square = near.astype(np.float64) ** 2
    var = _squares(block) / n - square
    if np.all(square < var):
        rstd[:] = 1 / np.sqrt(var + eps)
        return True
    np.subtract(block, near[:, None], out=out)
    left = out @ weights
    rstd[:] = _rstd(out, eps)
    if np.max(np.abs(left) * rstd, initial=0) > np.finfo(out.dtype).eps:
        rest[:] = left
        np.subtract(out, left[:, None], out=out)
        rstd[:] = _rstd(out, eps)
    return False


def _rstd(centred: Array, eps: float) -> Array:
    """1 / sqrt(var + eps) of rows with mean zero, in float64."""
    return 1 / np.sqrt(_squares(centred) / centred.shape[1] + eps)


def _squares(block: Array) -> Array:
    """Sum of the squares of each row, in float64 from up to ``SUM`` at a time."""
    total = np.zeros(len(block))
    for j in pieces(block.shape[1], SUM):
        total += np.vecdot(block[:, j], block[:, j])
    return total


def measure_long(rows: Array, eps: float, statistics: Statistics) -> None:
    """The statistics of rows that don't fit a block."""
    length = rows.shape[1]
    mean, var = mean_and_variance(
        lambda near: moments(rows, near, 1), rows[:, few(length)], length
    )
    statistics.near[:] = mean
    statistics.rest[:] = mean - statistics.near
    statistics.rstd[:] = 1 / np.sqrt(var + eps)


def subtract_mean(rows: Array, statistics: Statistics, out: Array) -> None:
    """out = rows - mean."""
    np.subtract(rows, statistics.near[:, None], out=out)
    if statistics.rest.any():
        np.subtract(out, statistics.rest[:, None], out=out)
