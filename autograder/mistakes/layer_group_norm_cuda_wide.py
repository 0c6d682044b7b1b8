"""Wrong kernels of layer norm for long rows, for short rows, and with GELU."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_cuda import (
    EPS,
    LOADS,
    WHO,
    result_by_torch,
    wrong_forward,
    wrong_launch,
)

LAYER_NORM = "torch.nn.functional.layer_norm(x, (D,), gamma, beta, eps)"

COUNT = "count = tl.minimum(D - start, BLOCK)"
PART = "part = count / (start + count).to(COMPUTE)"
BETWEEN = " + delta * delta * part * start"
WIDE_RSTD = "rstd = 1.0 / tl.sqrt(squares / D + eps)"
MERGE = "Merge two chunks by hand: 1, 1 and 3, 3, 3. What is the sum of squares?"

SHORT_RSTD = "rstd = 1.0 / tl.sqrt(var + eps)"
SHORT_INSIDE = "inside = exists[:, None] & (at < D)[None, :]"
SHORT_OUT = "out = gamma * (centred * rstd[:, None]) + beta"

Z = "z = gamma * (centred * rstd) + beta"
GELU = "out = 0.5 * z * (1.0 + tl.erf(0.7071067811865476 * z))"
WHICH = "Close, but not the function that is asked for. Which one does the text name?"

_wide = partial(Mistake, "cuda_layernorm_wide_forward")
_short = partial(Mistake, "cuda_layernorm_short_forward")
_gelu = partial(Mistake, "cuda_layernorm_gelu_forward")

LONG_ROWS = [
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

SHORT_ROWS = [
    *wrong_launch("cuda_layernorm_short_forward"),
    result_by_torch("cuda_layernorm_short_forward", LAYER_NORM),
    _short(
        "no check that a row exists",
        "Share 21 rows, 16 at a time. Which rows does the second program touch?",
        (
            (SHORT_INSIDE, "inside = (row >= 0)[:, None] & (at < D)[None, :]"),
            (", mask=exists", ""),
        ),
        caught_by="outside",
    ),
    _short(
        "no mask behind the last column",
        "A row of 37 has a line of 64 places. What lies in the others?",
        ((SHORT_INSIDE, "inside = exists[:, None] & (at >= 0)[None, :]"),),
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
    _short("eps omitted", EPS, ((SHORT_RSTD, "rstd = 1.0 / tl.sqrt(var)"),)),
    _short(
        "eps outside the root",
        EPS,
        ((SHORT_RSTD, "rstd = 1.0 / (tl.sqrt(var) + eps)"),),
    ),
    _short(
        "gamma ignored",
        "Which inputs does your kernel never use?",
        ((SHORT_OUT, "out = centred * rstd[:, None] + beta"),),
    ),
    _short(
        "x read more than once",
        LOADS,
        (
            (
                SHORT_OUT,
                "x = tl.load(x_ptr + place, mask=inside, other=0.0).to(COMPUTE)\n"
                "    centred = x - mean[:, None]\n"
                f"    {SHORT_OUT}",
            ),
        ),
        caught_by="traffic",
    ),
]

OWN_KERNEL = """@triton.jit
def gelu_kernel(z_ptr, out_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    z = tl.load(z_ptr + at, mask=at < n).to(COMPUTE)
    out = 0.5 * z * (1.0 + tl.erf(0.7071067811865476 * z))
    tl.store(out_ptr + at, out, mask=at < n)


def cuda_layernorm_gelu_forward("""

WITH_GELU = [
    *wrong_forward("cuda_layernorm_gelu_forward", "D", result="z"),
    *wrong_launch("cuda_layernorm_gelu_forward"),
    result_by_torch(
        "cuda_layernorm_gelu_forward", f"torch.nn.functional.gelu({LAYER_NORM})"
    ),
    _gelu(
        "GELU left out", "Which function comes behind the norm?", ((GELU, "out = z"),)
    ),
    _gelu(
        "ReLU in place of GELU",
        WHICH,
        ((GELU, "out = tl.maximum(z, 0.0)"),),
    ),
    _gelu(
        "tanh approximation",
        WHICH,
        (
            (
                GELU,
                "u = 1.5957691216057308 * (z + 0.044715 * z * z * z)\n"
                "    out = z / (1.0 + tl.exp(-u))",
            ),
        ),
    ),
    _gelu(
        "GELU before gamma and beta",
        "What is the input of the activation: x_hat, or what layer norm returns?",
        (
            (Z, "z = centred * rstd"),
            (GELU, GELU.replace("= ", "= gamma * (", 1) + ") + beta"),
        ),
    ),
    _gelu(
        "GELU in a kernel of its own",
        "Count the bytes of both launches. What is the budget?",
        (
            (GELU, "out = z"),
            ("def cuda_layernorm_gelu_forward(", OWN_KERNEL),
            (
                "    return out, mean, rstd",
                "    z, out = out, torch.empty_like(x)\n"
                "    programs = (triton.cdiv(N * D, 256),)\n"
                "    gelu_kernel[programs](z, out, N * D, 256, compute_dtype(x))\n"
                "    return out, mean, rstd",
            ),
        ),
        caught_by="traffic",
    ),
    _gelu(
        "activation by torch",
        WHO,
        (
            (GELU, "out = z"),
            (
                "return out, mean, rstd",
                "return torch.nn.functional.gelu(out), mean, rstd",
            ),
        ),
        caught_by="framework",
    ),
]

MISTAKES = [*LONG_ROWS, *SHORT_ROWS, *WITH_GELU]
