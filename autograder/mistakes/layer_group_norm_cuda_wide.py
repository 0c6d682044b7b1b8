"""Wrong kernels of layer norm for rows longer than a block."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_cuda import (
    EPS,
    result_by_torch,
    wrong_launch,
)

LAYER_NORM = "torch.nn.functional.layer_norm(x, (D,), gamma, beta, eps)"

COUNT = "count = tl.minimum(D - start, BLOCK)"
PART = "part = count / (start + count).to(COMPUTE)"
BETWEEN = " + delta * delta * part * start"
WIDE_RSTD = "rstd = 1.0 / tl.sqrt(squares / D + eps)"
MERGE = "Merge two chunks by hand: 1, 1 and 3, 3, 3. What is the sum of squares?"


_wide = partial(Mistake, "cuda_layernorm_wide_forward")

MISTAKES = [
    *wrong_launch("cuda_layernorm_wide_forward"),
    result_by_torch("cuda_layernorm_wide_forward", LAYER_NORM),
    _wide("merged without the term in delta squared", MERGE, ((BETWEEN, ""),)),
    _wide("delta squared without its weights", MERGE, ((BETWEEN, " + delta * delta"),)),
    _wide(
        "delta squared weighted by the chunk alone",
        MERGE,
        ((BETWEEN, " + delta * delta * count"),),
    ),
    _wide(
        "delta taken again after the mean has moved",
        "Which mean does the formula subtract: the one before, or after the chunk?",
        (
            (
                BETWEEN,
                " + (chunk_mean - mean) * (chunk_mean - mean) * part * start",
            ),
        ),
    ),
    _wide(
        "last chunk counted as full",
        "A row of 37 in chunks of 8: how many numbers has the last chunk?",
        ((COUNT, "count = tl.minimum(D, 0) + BLOCK"),),
    ),
    _wide(
        "all chunks weighted alike",
        "A row of 9 in chunks of 8: how much does the last chunk weigh?",
        ((PART, "part = BLOCK / (start + BLOCK + 0 * count).to(COMPUTE)"),),
    ),
    _wide(
        "sum of squares of the last chunk alone",
        "Which chunks does your variance depend on?",
        (("squares += tl.sum(", "squares = tl.sum("),),
    ),
    _wide(
        "mean subtracted after the tail was masked",
        "What do the places beyond the row hold after the mean was subtracted?",
        (
            (
                "centred = tl.where(inside, x - chunk_mean, 0.0)",
                "centred = x - chunk_mean",
            ),
        ),
    ),
    _wide(
        "one-pass variance",
        "Take x around 10,000. How many digits of E[x^2] - E[x]^2 are left?",
        (
            (
                f"squares += tl.sum(centred * centred){BETWEEN}",
                "squares += tl.sum(x * x)",
            ),
            (WIDE_RSTD, "rstd = 1.0 / tl.sqrt(squares / D - mean * mean + eps)"),
        ),
    ),
    _wide("eps omitted", EPS, ((WIDE_RSTD, "rstd = 1.0 / tl.sqrt(squares / D)"),)),
    _wide(
        "eps outside the root",
        EPS,
        ((WIDE_RSTD, "rstd = 1.0 / (tl.sqrt(squares / D) + eps)"),),
    ),
    _wide(
        "sum of squares in place of the variance",
        "What becomes a variance only when it is divided?",
        ((WIDE_RSTD, "rstd = 1.0 / tl.sqrt(squares + eps)"),),
    ),
    _wide(
        "gamma and beta of the first chunk for all chunks",
        "Which entries of gamma does your second chunk load?",
        (
            ("gamma_ptr + at", "gamma_ptr + at - start"),
            ("beta_ptr + at", "beta_ptr + at - start"),
        ),
    ),
    _wide(
        "gamma ignored",
        "Which inputs does your kernel never use?",
        (("gamma * ((x - mean) * rstd)", "(x - mean) * rstd"),),
    ),
    _wide(
        "no mask at the tail",
        "A row of 37 in chunks of 8: which places does the last chunk touch?",
        ((", mask=inside, other=0.0", ""), (", mask=inside", "")),
        caught_by="outside",
    ),
    _wide(
        "short last chunk left out",
        "A row of 37 in chunks of 8: how often does your loop run?",
        (("range(0, D, BLOCK)", "range(0, D // BLOCK * BLOCK, BLOCK)"),),
        caught_by="unwritten",
    ),
    _wide(
        "a third loop for the variance",
        "Count the loops, and what each of them reads. What is the budget?",
        (
            (
                WIDE_RSTD,
                "squares = mean * 0.0\n"
                "    for start in range(0, D, BLOCK):\n"
                "        at = start + tl.arange(0, BLOCK)\n"
                "        inside = at < D\n"
                "        x = tl.load(x_ptr + start_of_row + at, mask=inside)\n"
                "        centred = tl.where(inside, x.to(COMPUTE) - mean, 0.0)\n"
                "        squares += tl.sum(centred * centred)\n"
                f"    {WIDE_RSTD}",
            ),
        ),
        caught_by="traffic",
    ),
]
