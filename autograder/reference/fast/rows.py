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
)


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
    square = near * near
    mean_square = np.vecdot(block, block)
    mean_square *= weights[0]
    if np.all(square + square < mean_square):
        _root(np.subtract(mean_square, square, out=rstd), eps)
        return True
    np.subtract(block, near[:, None], out=out)
    left = out @ weights
    _root(np.multiply(np.vecdot(out, out), weights[0], out=rstd), eps)
    if np.max(np.abs(left) * rstd, initial=0) > np.finfo(out.dtype).eps:
        rest[:] = left
        np.subtract(out, left[:, None], out=out)
        _root(np.multiply(np.vecdot(out, out), weights[0], out=rstd), eps)
    return False


def _root(var: Array, eps: float) -> None:
    """var = 1 / sqrt(var + eps)"""
    np.add(var, eps, out=var)
    np.sqrt(var, out=var)
    np.reciprocal(var, out=var)


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
