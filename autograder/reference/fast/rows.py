"""Rows that are normalized one by one: what layer and group norm share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograder.reference.fast import blocks
from autograder.reference.fast.blocks import (
    Array,
    few,
    fold,
    mean_and_variance,
    moments,
)


class Statistics(NamedTuple):
    """Of each row: its mean, ``near + rest``, and 1 / sqrt(var + eps) in float64."""

    near: Array
    rest: Array
    rstd: Array

    @classmethod
    def empty(cls, rows: Array) -> Statistics:
        near, rest = np.zeros((2, len(rows)), rows.dtype)
        return cls(near, rest, np.zeros(len(rows)))

    def of(self, i: slice) -> Statistics:
        """Those of some rows, sharing memory."""
        return Statistics(self.near[i], self.rest[i], self.rstd[i])


def block_shape(rows: Array) -> tuple[int, int]:
    """Height and width of a block: whole rows, unless one is too long."""
    fit = blocks.BLOCK // rows.itemsize
    length = max(1, rows.shape[1])
    return (max(1, fit // length), length) if length <= fit else (1, fit)


class Averages:
    """Means and mean squares of rows of one length, in float64."""

    def __init__(self, rows: Array) -> None:
        self.length = np.float64(max(1, rows.shape[1]))
        self.parts = fold(max(1, rows.shape[1]))
        self.ones = np.ones(int(self.length) // self.parts, rows.dtype)

    def mean(self, block: Array) -> Array:
        return self._average(block.reshape(-1, self.ones.size) @ self.ones)

    def square(self, block: Array) -> Array:
        parts = block.reshape(-1, self.ones.size)
        return self._average(np.vecdot(parts, parts))

    def _average(self, sums: Array) -> Array:
        if self.parts > 1:
            sums = sums.reshape(-1, self.parts).sum(axis=1, dtype=np.float64)
        return np.asarray(sums / self.length)


def large(mean: Array, var: Array) -> bool:
    """Whether a mean is larger than the standard deviation."""
    return bool((mean * mean > var).any())


def centre(
    block: Array, averages: Averages, eps: float, out: Array, statistics: Statistics
) -> None:
    """out = block - mean of each row, and the statistics of the rows.

    ``near`` is subtracted first, which is exact where it is large (Sterbenz). What
    its rounding left, ``rest``, follows only if it would show; else it is 0.
    """
    near, rest, rstd = statistics
    near[:] = averages.mean(block)
    np.subtract(block, near[:, None], out=out)
    var = averages.square(out)
    if large(near, var):
        left = averages.mean(out)
        if np.max(np.abs(left) / np.sqrt(var + eps)) > np.finfo(out.dtype).eps:
            rest[:] = left
            np.subtract(out, rest[:, None], out=out)
            var -= left * left
    rstd[:] = 1 / np.sqrt(var + eps)


def centre_if_large(
    block: Array, averages: Averages, eps: float, out: Array, statistics: Statistics,
    guess: bool,
) -> bool:  # fmt: skip
    """The statistics of the rows, and whether a mean is large.

    If so, ``out`` holds ``block - near`` at the end. Else the block is not moved,
    which saves a step. A right ``guess`` saves one as well.
    """
    near, rest, rstd = statistics
    mean = averages.mean(block)
    near[:] = mean
    if not guess:
        var = averages.square(block) - mean * mean
        if not large(mean, var):
            rest[:] = mean - near
            rstd[:] = 1 / np.sqrt(var + eps)
            return False
    np.subtract(block, near[:, None], out=out)
    rest[:] = left = averages.mean(out)
    var = averages.square(out) - left * left
    rstd[:] = 1 / np.sqrt(var + eps)
    return True


def measure_long(rows: Array, eps: float, statistics: Statistics) -> None:
    """The statistics of rows that don't fit a block."""
    length = rows.shape[1]
    mean, var = mean_and_variance(
        lambda near: moments(rows, near, 1), rows[:, few(length)].T, length
    )
    statistics.near[:] = mean
    statistics.rest[:] = mean - statistics.near
    statistics.rstd[:] = 1 / np.sqrt(var + eps)


def subtract_mean(rows: Array, statistics: Statistics, out: Array) -> None:
    """out = rows - mean."""
    np.subtract(rows, statistics.near[:, None], out=out)
    if statistics.rest.any():
        np.subtract(out, statistics.rest[:, None], out=out)
