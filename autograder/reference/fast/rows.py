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
        self.length = max(1, rows.shape[1])
        self.parts = fold(self.length)
        self.ones = np.ones(self.length // self.parts, rows.dtype)

    def mean(self, block: Array) -> Array:
        return self._average(block.reshape(-1, self.ones.size) @ self.ones)

    def square(self, block: Array) -> Array:
        parts = block.reshape(-1, self.ones.size)
        return self._average(np.vecdot(parts, parts))

    def _average(self, sums: Array) -> Array:
        if self.parts == 1:
            return sums.astype(np.float64) / self.length
        exact = sums.reshape(-1, self.parts).sum(axis=1, dtype=np.float64)
        return np.asarray(exact / self.length)


def measure(
    block: Array, averages: Averages, eps: float, out: Array, statistics: Statistics
) -> bool:
    """Find the statistics of the rows of a block.

    Returns whether the means are small, none above a standard deviation. Then the
    sums of ``block`` itself do. Else ``out`` holds ``block - mean`` at the end.
    ``near`` is subtracted first, which is exact (Sterbenz). What its rounding
    left, ``rest``, follows only if it would show in the result; else it is 0.
    """
    near, rest, rstd = statistics
    near[:] = mean = averages.mean(block)
    square = mean * mean
    var = averages.square(block) - square
    if (square < var).all():
        rstd[:] = 1 / np.sqrt(var + eps)
        return True
    np.subtract(block, near[:, None], out=out)
    left = averages.mean(out)
    rstd[:] = 1 / np.sqrt(averages.square(out) + eps)
    if np.max(np.abs(left) * rstd, initial=0) > np.finfo(out.dtype).eps:
        rest[:] = left
        np.subtract(out, rest[:, None], out=out)
        rstd[:] = 1 / np.sqrt(averages.square(out) + eps)
    return False


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
