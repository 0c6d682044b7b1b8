"""Wrong kernels for batch norm in train mode: normalizing, running statistics."""

from __future__ import annotations

from autograder.mistakes import Mistake

NAME = "cuda_batchnorm_forward"

RSTD = "rstd = 1.0 / tl.sqrt(var + eps)"
NEW_MEAN = "new_mean = momentum * old_mean + (1.0 - momentum) * mean"
NEW_VAR = "new_var = momentum * old_var + (1.0 - momentum) * var"
OUT = "out = gamma * x_hat + beta"
X_HAT = "x_hat = (x - mean) * rstd"

AGAIN = f"""again = tl.load(x_ptr + plane + at, mask=inside).to(COMPUTE)
    {X_HAT.replace("x -", "again -")}"""

SIXTEEN_BITS = """low = x_ptr.dtype.element_ty
    low = tl.float32 if low == tl.bfloat16 else low
    x_hat = (x - mean.to(low).to(COMPUTE)) * rstd.to(low).to(COMPUTE)"""
"""bfloat16 stays in float32: the interpreter has no arithmetic for it."""

BY_TORCH = """new_running_mean = momentum * running_mean + (1 - momentum) * mean
    new_running_var = momentum * running_var + (1 - momentum) * var
    return out, mean, rstd, new_running_mean, new_running_var"""


def _wrong(
    name: str, hint: str, *edits: tuple[str, str], caught_by: str = "values"
) -> Mistake:
    return Mistake(NAME, name, hint, edits, caught_by)


MISTAKES = [
    _wrong(
        "eps outside the root",
        "What is rstd of a constant channel, if eps is 0.3?",
        (RSTD, "rstd = 1.0 / (tl.sqrt(var) + eps)"),
    ),
    _wrong(
        "no eps",
        "What is rstd of a constant channel?",
        (RSTD, "rstd = 1.0 / tl.sqrt(var)"),
    ),
    _wrong(
        "divided by the variance",
        "In which unit is x_hat, if x is in metres?",
        (RSTD, "rstd = 1.0 / (var + eps)"),
    ),
    _wrong(
        "standard deviation returned as rstd",
        "The r of rstd: what will the backward pass do with it?",
        (
            "    tl.store(rstd_ptr + c, rstd, mask=inside)",
            "    tl.store(rstd_ptr + c, tl.sqrt(var + eps), mask=inside)",
        ),
        (X_HAT, "x_hat = (x - mean) / rstd"),
    ),
    _wrong(
        "mean not subtracted",
        "What is the mean of a channel of x_hat?",
        (X_HAT, "x_hat = x * rstd"),
    ),
    _wrong(
        "gamma ignored",
        "What does the layer return when gamma is twice as large?",
        (OUT, "out = x_hat + beta"),
    ),
    _wrong(
        "beta ignored",
        "What does the layer return for a constant channel?",
        (OUT, "out = gamma * x_hat"),
    ),
    _wrong(
        "beta subtracted",
        "What does the layer return for a constant channel?",
        (OUT, "out = gamma * x_hat - beta"),
    ),
    _wrong(
        "gamma scales beta as well",
        "Which of the two comes first, the scale or the shift?",
        (OUT, "out = gamma * (x_hat + beta)"),
    ),
    _wrong(
        "gamma and beta taken by image",
        "Gamma has one number for each channel. With what is it indexed?",
        ("tl.load(gamma_ptr + c)", "tl.load(gamma_ptr + n % C)"),
        ("tl.load(beta_ptr + c)", "tl.load(beta_ptr + n % C)"),
    ),
    _wrong(
        "gamma and beta taken by position",
        "Gamma has one number for each channel. With what is it indexed?",
        ("tl.load(gamma_ptr + c)", "tl.load(gamma_ptr + at % C)"),
        ("tl.load(beta_ptr + c)", "tl.load(beta_ptr + at % C)"),
    ),
    _wrong(
        "running statistics used to train",
        "Two modes, two pairs of statistics. Which of them normalizes here?",
        (
            "        x, mean, rstd, gamma, beta, out,",
            "        x, running_mean.to(mean.dtype), rstd, gamma, beta, out,",
        ),
    ),
    _wrong(
        "momentum and its complement swapped",
        "With a momentum of 0.9, how much of the old statistics stays?",
        (NEW_MEAN, "new_mean = (1.0 - momentum) * old_mean + momentum * mean"),
        (NEW_VAR, "new_var = (1.0 - momentum) * old_var + momentum * var"),
    ),
    _wrong(
        "momentum ignored: the last batch alone",
        "With a momentum of 0.9, how much of the old statistics stays?",
        (NEW_MEAN, "new_mean = mean + 0.0 * old_mean"),
        (NEW_VAR, "new_var = var + 0.0 * old_var"),
    ),
    _wrong(
        "running statistics not updated",
        "What do the new running statistics know about this batch?",
        (NEW_MEAN, "new_mean = old_mean"),
        (NEW_VAR, "new_var = old_var"),
    ),
    _wrong(
        "unbiased running variance",
        "PyTorch keeps a variance that divides by n - 1. What does this course?",
        (NEW_VAR, NEW_VAR + " * count / (count - 1.0)"),
        ("momentum, eps, C,\n    BLOCK", "momentum, eps, C, count,\n    BLOCK"),
        ("momentum, eps, C,\n        128", "momentum, eps, C, N * HW,\n        128"),
    ),
    _wrong(
        "running variance accumulates var + eps",
        "Test mode adds eps by itself. How often is it in there then?",
        (NEW_VAR, "new_var = momentum * old_var + (1.0 - momentum) * (var + eps)"),
    ),
    _wrong(
        "running variance accumulates the standard deviation",
        "In which unit is running_var, if x is in metres?",
        (NEW_VAR, "new_var = momentum * old_var + (1.0 - momentum) * tl.sqrt(var)"),
    ),
    _wrong(
        "running variance accumulates rstd",
        "What is the running statistic called, and what do you add to it?",
        (NEW_VAR, "new_var = momentum * old_var + (1.0 - momentum) * rstd"),
    ),
    _wrong(
        "running statistics changed in place",
        "The caller keeps the old ones. Which buffers does your kernel write?",
        (
            "new_running_mean = torch.empty_like(running_mean)",
            "new_running_mean = running_mean",
        ),
        (
            "new_running_var = torch.empty_like(running_var)",
            "new_running_var = running_var",
        ),
        caught_by="inputs",
    ),
    _wrong(
        "written into x",
        "The backward pass still needs `x`. Which buffer does your kernel write?",
        ("out = torch.empty_like(x)", "out = x"),
        caught_by="inputs",
    ),
    _wrong(
        "no mask at the tail",
        "A plane of 35 pixels in a block of 64: whose are the last 29 numbers?",
        ("plane + at, mask=inside)", "plane + at)"),
        ("plane + at, out, mask=inside)", "plane + at, out)"),
        caught_by="outside write",
    ),
    _wrong(
        "no mask on the channels",
        "How many channels has a block, and how many has x?",
        ("_ptr + c, mask=inside", "_ptr + c"),
        ("var_ptr + c, other=1.0", "var_ptr + c"),
        (", rstd, mask=inside", ", rstd"),
        (", new_mean, mask=inside", ", new_mean"),
        (", new_var, mask=inside", ", new_var"),
        caught_by="outside write",
    ),
    _wrong(
        "the last piece of a plane left out",
        "How many programs take 1,040 pixels, if each takes 1,024?",
        ("[(triton.cdiv(HW, block), N", "[(max(1, HW // block), N"),
        caught_by="unwritten",
    ),
    _wrong(
        "N and C mixed in the offset",
        "x is contiguous as (N, C, H, W). How many planes lie before channel c "
        "of image n?",
        (
            "(n.to(tl.int64) * C + c) * HW",
            "(c.to(tl.int64) * tl.num_programs(1) + n) * HW",
        ),
    ),
    _wrong(
        "normalized by statistics in 16 bits",
        "How many digits has a float16? Where do they go in x - mean?",
        (X_HAT, SIXTEEN_BITS),
    ),
    _wrong(
        "result always in float32",
        "What dtype does the layer after this one expect?",
        ("out = torch.empty_like(x)", "out = torch.empty_like(x, dtype=torch.float32)"),
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
        ("min(1024,", "min(128,"),
        caught_by="width",
    ),
    _wrong(
        "strides ignored",
        "Print `x.stride()` where the first axis lies last in memory. Where is "
        "element 1?",
        ("    x = x.contiguous()\n", ""),
    ),
    _wrong(
        "result laid out like x with its strides",
        "`torch.empty_like` copies strides too. In which order does your kernel write?",
        ("    x = x.contiguous()\n", "    like_x, x = x, x.contiguous()\n"),
        ("out = torch.empty_like(x)", "out = torch.empty_like(like_x)"),
    ),
    _wrong(
        "x read three times",
        "Count the calls of `tl.load` that read x. What is loaded can be used again.",
        (X_HAT, AGAIN),
        caught_by="traffic",
    ),
    _wrong(
        "torch in place of a kernel",
        "The values are right. Who computed the running statistics?",
        ("return out, mean, rstd, new_running_mean, new_running_var", BY_TORCH),
        caught_by="framework",
    ),
]
