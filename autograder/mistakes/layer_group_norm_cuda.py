"""Wrong kernels of layer norm's forward, and what other forwards share with it."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake, in_each

X = "x = tl.load(x_ptr + row * D + at, mask=inside, other=0.0).to(COMPUTE)"
AGAIN = X.removeprefix("x = ")
CENTRED = "centred = tl.where(inside, x - mean, 0.0)"
VAR = "var = tl.sum(centred * centred) / D"
RSTD = "rstd = 1.0 / tl.sqrt(var + eps)"
OUT = "out = gamma * (centred * rstd) + beta"
CONTIGUOUS = "x, gamma, beta = x.contiguous(), gamma.contiguous(), beta.contiguous()"

LOADS = "Count the calls of `tl.load` on x. What is loaded can be used again."
WHO = "The values are right. Who computed them?"
EPS = "Where does eps stand in the formula, and which eps was handed over?"

LOW = """low = x_ptr.dtype.element_ty
    low = tl.float32 if low == tl.bfloat16 else low
    """
"""The dtype of x; bfloat16 is float32, since the interpreter can't compute in it."""


def wrong_forward(
    exercise: str, count: str, result: str = "out"
) -> tuple[Mistake, ...]:
    """What goes wrong in each kernel that has a row in registers.

    The statistics of a row are those of ``count`` numbers; what layer norm gives
    is named ``result``.
    """
    wrong = partial(Mistake, exercise)
    squares = f"tl.sum(centred * centred) / {count}"
    out = OUT.replace("out", result)
    return (
        wrong(
            "mean subtracted after the tail was masked",
            "What do the places beyond the row hold after the mean was subtracted?",
            ((CENTRED, "centred = x - mean"),),
        ),
        wrong(
            "one-pass variance",
            "Take x around 10,000. How many digits of E[x^2] - E[x]^2 are left?",
            ((squares, f"tl.sum(x * x) / {count} - mean * mean"),),
        ),
        wrong(
            "divided by the length of the block",
            "How many numbers has the row, and how many places the block?",
            (
                (f"tl.sum(x) / {count}", "tl.sum(x) / BLOCK"),
                (squares, squares.replace(count, "BLOCK")),
            ),
        ),
        wrong(
            "variance divides by the count less one",
            "By which number does the docstring divide?",
            ((squares, f"tl.sum(centred * centred) / ({count} - 1)"),),
        ),
        wrong("eps omitted", EPS, ((RSTD, "rstd = 1.0 / tl.sqrt(var)"),)),
        wrong("eps hard-coded", EPS, ((RSTD, "rstd = 1.0 / tl.sqrt(var + 1e-5)"),)),
        wrong(
            "eps outside the root",
            EPS,
            ((RSTD, "rstd = 1.0 / (tl.sqrt(var) + eps)"),),
        ),
        wrong(
            "divided by the variance",
            "Is it the variance that divides, or its root?",
            ((RSTD, "rstd = 1.0 / (var + eps)"),),
        ),
        wrong(
            "variance in place of rstd",
            "What does the docstring say that rstd is?",
            (("tl.store(rstd_ptr + row, rstd)", "tl.store(rstd_ptr + row, var)"),),
        ),
        wrong(
            "standard deviation in place of rstd",
            "What does the docstring say that rstd is?",
            (
                (
                    "tl.store(rstd_ptr + row, rstd)",
                    "tl.store(rstd_ptr + row, 1.0 / rstd)",
                ),
            ),
        ),
        wrong(
            "gamma ignored",
            "Which inputs does your kernel never use?",
            ((out, f"{result} = centred * rstd + beta"),),
        ),
        wrong(
            "beta ignored",
            "Which inputs does your kernel never use?",
            ((out, f"{result} = gamma * (centred * rstd)"),),
        ),
        wrong(
            "mean not subtracted from the result",
            "Which mean has a row of your result before gamma and beta?",
            ((out, out.replace("centred", "x")),),
        ),
    )


def result_by_torch(exercise: str, formula: str) -> Mistake:
    """The kernel runs, and what comes back is another result."""
    done = "return out, mean, rstd"
    return Mistake(
        exercise,
        "result computed by torch",
        WHO,
        ((done, f"out = {formula}\n    {done}"),),
        caught_by="framework",
    )


def wrong_launch(exercise: str) -> tuple[Mistake, ...]:
    """What goes wrong in each launcher of a forward."""
    wrong = partial(Mistake, exercise)
    return (
        wrong(
            "float64 computed in float32",
            "float64 has 16 digits. How many are left on the way?",
            (("compute_dtype(x)", "tl.float32"),),
        ),
        wrong(
            "result always in float32",
            "What dtype does the layer after this one expect?",
            (("torch.empty_like(x)", "torch.empty_like(x, dtype=torch.float32)"),),
        ),
        wrong(
            "strides ignored",
            "Print `x.stride()` and `gamma.stride()` for the case. Where does "
            "element 1 lie?",
            ((f"    {CONTIGUOUS}\n", ""),),
        ),
        wrong(
            "strides of gamma and beta ignored",
            "Print `gamma.stride()` for the case. Where does element 1 lie?",
            ((CONTIGUOUS, "x = x.contiguous()"),),
        ),
        wrong(
            "written into x",
            "The caller still needs `x`. Which buffer does your kernel write?",
            (("out = torch.empty_like(x)", "out = x"),),
            caught_by="inputs",
        ),
    )


_forward = partial(Mistake, "cuda_layernorm_forward")

MISTAKES = [
    *in_each(
        (
            "cuda_layernorm_forward",
            "cuda_layernorm_backward",
            "cuda_groupnorm_forward",
            "cuda_groupnorm_backward",
            "cuda_layernorm_wide_forward",
            "cuda_layernorm_short_forward",
            "cuda_layernorm_gelu_forward",
        ),
        "offsets in 32 bits",
        "A program's number has 32 bits, and so has its product with the length of "
        "a row. Which element is the last one that it can reach?",
        (".to(tl.int64)", ""),
        caught_by="offsets",
    ),
    *wrong_forward("cuda_layernorm_forward", "D"),
    *wrong_launch("cuda_layernorm_forward"),
    _forward(
        "no mask at the tail",
        "Which places does the last program touch when D is 37 and the block 64?",
        ((", mask=inside, other=0.0", ""), (", mask=inside", "")),
        caught_by="outside",
    ),
    _forward(
        "gamma and beta loaded without a mask",
        "A load beyond the end reads somebody else's memory, also when "
        "nobody looks at what it brought.",
        (
            ("gamma_ptr + at, mask=inside", "gamma_ptr + at"),
            ("beta_ptr + at, mask=inside", "beta_ptr + at"),
        ),
        caught_by="outside",
    ),
    _forward(
        "tail filled with minus infinity",
        "Which number may be added to a sum without changing it?",
        (("other=0.0", 'other=float("-inf")'),),
    ),
    _forward(
        "N in place of D",
        "How many numbers stand behind each mean?",
        (
            ("tl.sum(x) / D", "tl.sum(x) / tl.num_programs(0)"),
            (VAR, "var = tl.sum(centred * centred) / tl.num_programs(0)"),
        ),
    ),
    _forward(
        "mean and rstd swapped",
        "In which order does the docstring return the statistics?",
        (("return out, mean, rstd", "return out, rstd, mean"),),
    ),
    _forward(
        "computed in 16 bits",
        "Add 300 numbers around 350 in float16. What is the largest number it has?",
        ((X, LOW + X.replace("COMPUTE", "low")),),
    ),
    _forward(
        "statistics always in float32",
        "x arrives in float64. How many digits of its mean do you keep?",
        (
            (
                "buffer(x, N), buffer(x, N)",
                "buffer(x.new_empty(0, dtype=torch.float32), N), "
                "buffer(x.new_empty(0, dtype=torch.float32), N)",
            ),
        ),
    ),
    _forward(
        "a program for each block of rows",
        "How many programs does your grid have, and how many rows does each write?",
        (("[(N,)]", "[(triton.cdiv(N, block),)]"),),
        caught_by="unwritten",
    ),
    _forward(
        "a block of 1024 for every row",
        "Who handles element 1,025 of a row?",
        (("block = triton.next_power_of_2(D)", "block = 1024"),),
    ),
    _forward(
        "a block as long as the row",
        "Read the error message: which lengths may a block have?",
        (("block = triton.next_power_of_2(D)", "block = D"),),
    ),
    _forward(
        "x read more than once",
        LOADS,
        ((OUT, f"x = {AGAIN}\n    {OUT.replace('centred', '(x - mean)')}"),),
        caught_by="traffic",
    ),
    _forward(
        "torch in place of a kernel",
        WHO,
        (
            (
                "    layernorm_forward_kernel[(N,)](\n"
                "        x, gamma, beta, out, mean, rstd, D, eps, block, "
                "compute_dtype(x)\n    )\n    return out, mean, rstd",
                "    wide = x.to(mean.dtype)\n"
                "    mean = wide.mean(1)\n"
                "    rstd = (wide.var(1, correction=0) + eps).rsqrt()\n"
                "    out = torch.nn.functional.layer_norm(x, (D,), gamma, beta, eps)\n"
                "    return out, mean, rstd",
            ),
        ),
        caught_by="launch",
    ),
    result_by_torch(
        "cuda_layernorm_forward",
        "torch.nn.functional.layer_norm(x, (D,), gamma, beta, eps)",
    ),
]
