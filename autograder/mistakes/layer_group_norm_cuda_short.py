"""Wrong kernels of layer norm with several short rows in a program."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_cuda import (
    EPS,
    LOADS,
    result_by_torch,
    wrong_launch,
)
from autograder.mistakes.layer_group_norm_cuda_wide import LAYER_NORM

RSTD = "rstd = 1.0 / tl.sqrt(var + eps)"
INSIDE = "inside = exists[:, None] & (at < D)[None, :]"
OUT = "out = gamma * (centred * rstd[:, None]) + beta"

_short = partial(Mistake, "cuda_layernorm_short_forward")

MISTAKES = [
    *wrong_launch("cuda_layernorm_short_forward"),
    result_by_torch("cuda_layernorm_short_forward", LAYER_NORM),
    _short(
        "no check that a row exists",
        "Share 21 rows, 16 at a time. Which rows does the second program touch?",
        (
            (INSIDE, "inside = (row >= 0)[:, None] & (at < D)[None, :]"),
            (", mask=exists", ""),
        ),
        caught_by="outside",
    ),
    _short(
        "no mask behind the last column",
        "A row of 37 has a line of 64 places. What lies in the others?",
        ((INSIDE, "inside = exists[:, None] & (at >= 0)[None, :]"),),
    ),
    _short(
        "rows left over skipped",
        "Share 21 rows, 16 at a time. How many programs does that take?",
        (("triton.cdiv(N, rows)", "max(N // rows, 1)"),),
        caught_by="unwritten",
    ),
    _short(
        "one mean for all rows of a block",
        "Print the shape of your mean. How many rows has a block?",
        (
            (
                "mean = tl.sum(x, axis=1) / D",
                "mean = tl.sum(x) / (ROWS * D) + 0.0 * row",
            ),
        ),
    ),
    _short(
        "mean subtracted after the tail was masked",
        "What do the places beyond the row hold after the mean was subtracted?",
        (("tl.where(inside, x - mean[:, None], 0.0)", "x - mean[:, None]"),),
    ),
    _short(
        "one-pass variance",
        "Take x around 10,000. How many digits of E[x^2] - E[x]^2 are left?",
        (
            (
                "tl.sum(centred * centred, axis=1) / D",
                "tl.sum(x * x, axis=1) / D - mean * mean",
            ),
        ),
    ),
    _short(
        "divided by the length of the block",
        "How many numbers has the row, and how many places a line of the block?",
        (("axis=1) / D", "axis=1) / BLOCK"),),
    ),
    _short(
        "N in place of D",
        "How many numbers stand behind each mean?",
        (("axis=1) / D", "axis=1) / N"),),
    ),
    _short("eps omitted", EPS, ((RSTD, "rstd = 1.0 / tl.sqrt(var)"),)),
    _short(
        "eps outside the root",
        EPS,
        ((RSTD, "rstd = 1.0 / (tl.sqrt(var) + eps)"),),
    ),
    _short(
        "gamma ignored",
        "Which inputs does your kernel never use?",
        ((OUT, "out = centred * rstd[:, None] + beta"),),
    ),
    _short(
        "one row in a program",
        "How many threads has a program, and how many bytes does each ask for?",
        (("N, D = x.shape", "N, D = x.shape\n    rows = 1"),),
        caught_by="width",
    ),
    _short(
        "x read more than once",
        LOADS,
        (
            (
                OUT,
                "x = tl.load(x_ptr + place, mask=inside, other=0.0).to(COMPUTE)\n"
                "    centred = x - mean[:, None]\n"
                f"    {OUT}",
            ),
        ),
        caught_by="traffic",
    ),
]
