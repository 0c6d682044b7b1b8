"""Wrong kernels for the statistics of rows: blocks in two dimensions."""

from __future__ import annotations

from autograder.mistakes import Mistake

NAME = "cuda_batchnorm_rows_statistics"

AT = "at = m[:, None].to(tl.int64) * C + c[None, :]"
INSIDE = "inside = (m[:, None] < M) & (c[None, :] < C)"
CENTRED = "centred = tl.where(inside, x - mean[None, :], 0.0)"
M2 = "m2 = tl.sum(centred * centred, axis=0)"
PLACE = "place = c * tl.num_programs(0) + part"

AGAIN = """again = tl.load(x_ptr + at, mask=inside, other=0.0)
    centred = tl.where(inside, again.to(COMPUTE) - mean[None, :], 0.0)"""

SIXTEEN_BITS = """low = x_ptr.dtype.element_ty
    low = tl.float32 if low == tl.bfloat16 else low
    mean = (tl.sum(x, axis=0) / count).to(low).to(COMPUTE)"""
"""bfloat16 stays in float32: the interpreter has no arithmetic for it."""

BY_TORCH = """    wide = x.to(statistics_dtype(x))
    return wide.mean(0), wide.var(0, correction=0)
    M, C = x.shape
"""


def _wrong(
    name: str, hint: str, *edits: tuple[str, str], caught_by: str = "values"
) -> Mistake:
    return Mistake(NAME, name, hint, edits, caught_by)


MISTAKES = [
    _wrong(
        "no mask on the rows",
        "75 rows in blocks of 32: what lies behind row 74?",
        (INSIDE, "inside = (m[:, None] >= 0) & (c[None, :] < C)"),
        caught_by="outside",
    ),
    _wrong(
        "no mask on the channels",
        "Five channels in a block of eight: what lies behind the fifth?",
        (INSIDE, "inside = (m[:, None] < M) & (c[None, :] >= 0)"),
        (", mask=c < C)", ")"),
        caught_by="outside write",
    ),
    _wrong(
        "mean subtracted after the tail was masked",
        "Where the mask is false, the load gave 0. What is there after the "
        "mean was subtracted, and after squaring?",
        (CENTRED, "centred = x - mean[None, :]"),
    ),
    _wrong(
        "the tail counted as if it were there",
        "By what is the sum divided when the rows end within the block?",
        ("tl.minimum(M - part * ROWS, ROWS)", "(part * 0 + ROWS)"),
    ),
    _wrong(
        "rows and channels swapped in the offset",
        "x is contiguous as (M, C). How far apart are two rows?",
        (AT, "at = m[:, None].to(tl.int64) + c[None, :] * M"),
    ),
    _wrong(
        "parts laid out as (parts, C)",
        "Your merging kernel reads the parts of one channel side by side. "
        "Where did this kernel put them?",
        (PLACE, "place = part * C + c"),
    ),
    _wrong(
        "parts overwrite each other",
        "Several programs have the same channels. Which of them writes last?",
        (PLACE, "place = c"),
        ("mean, var, parts, M", "mean, var, 1, M"),
        caught_by="race",
    ),
    _wrong(
        "the last rows left out",
        "How many programs take 75 rows, if each takes 32?",
        ("triton.cdiv(M, rows)", "max(1, M // rows)"),
    ),
    _wrong(
        "the first block of channels alone",
        "How many programs take 35 channels, if each takes 32?",
        ("triton.cdiv(C, cols))", "1)"),
    ),
    _wrong(
        "one-pass variance",
        "Two large numbers that are nearly the same: how many digits has their "
        "difference?",
        (M2, "m2 = tl.sum(x * x, axis=0) - count * mean * mean"),
    ),
    _wrong(
        "mean of the whole block",
        "How many means has a block of 32 rows and 5 channels?",
        (
            "mean = tl.sum(x, axis=0) / count",
            "mean = tl.sum(tl.sum(x, axis=0), axis=0) / (count * C) + tl.zeros"
            "((COLS,), COMPUTE)",
        ),
    ),
    _wrong(
        "sums kept in 16 bits",
        "How many digits has a float16? What does it cost to keep a mean in float32?",
        ("mean = tl.sum(x, axis=0) / count  # (COLS,)", SIXTEEN_BITS),
    ),
    _wrong(
        "statistics in the dtype of x",
        "How many digits has a bfloat16? Which dtype does the docstring ask for?",
        ('"dtype": statistics_dtype(x)', '"dtype": x.dtype'),
    ),
    _wrong(
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        ("compute_dtype(x)", "tl.float32"),
    ),
    _wrong(
        "offsets in 32 bits",
        "A program's number has 32 bits, and so has a product with it. Which "
        "element is the last one that it can reach?",
        (".to(tl.int64)", ""),
        caught_by="offsets",
    ),
    _wrong(
        "blocks with less than 16 bytes for a thread",
        "A program runs on 128 threads. How many elements does your block give "
        "to each, and how many does a load of 16 bytes take?",
        ("rows, cols = 32, min(32,", "rows, cols = 8, min(8,"),
        caught_by="width",
    ),
    _wrong(
        "strides ignored",
        "Print `x.stride()` for a transposed x. Where is element 1?",
        ("    x = x.contiguous()\n", ""),
    ),
    _wrong(
        "x read twice",
        "Count the calls of `tl.load` that read x. What is loaded can be used again.",
        (CENTRED, AGAIN),
        caught_by="traffic",
    ),
    _wrong(
        "torch in place of kernels",
        "The values are right. Who computed them?",
        ("    M, C = x.shape\n", BY_TORCH),
        caught_by="launch",
    ),
]
