"""Wrong kernels for the statistics of a channel: chunks, and merging them."""

from __future__ import annotations

from autograder.mistakes import Mistake

NAME = "cuda_batchnorm_statistics"

CENTRED = "centred = tl.where(inside, x - mean, 0.0)"
CHUNK_M2 = "m2 = tl.sum(centred * centred, axis=0)"
MERGED_M2 = "m2 += within + count * delta * delta"
STRIDES = "    x = x.contiguous()\n"

SIXTEEN_BITS = """low = x_ptr.dtype.element_ty
    low = tl.float32 if low == tl.bfloat16 else low
    mean = (tl.sum(x, axis=0) / count).to(low).to(COMPUTE)"""
"""bfloat16 stays in float32: the interpreter has no arithmetic for it."""

AGAIN = """again = tl.load(x_ptr + plane + at, mask=inside, other=0.0)
    centred = tl.where(inside, again.to(COMPUTE) - mean, 0.0)"""

BY_TORCH = """    return x.mean((0, 2, 3)).to(counts.dtype), x.var(
        (0, 2, 3), correction=0
    ).to(counts.dtype)
"""

MERGED_BY_TORCH = """    n = counts.sum(1)
    mean = (counts * means).sum(1) / n
    var = (m2s + counts * (means - mean[:, None]) ** 2).sum(1) / n
    return mean, var"""


def _wrong(
    name: str, hint: str, *edits: tuple[str, str], caught_by: str = "values"
) -> Mistake:
    return Mistake(NAME, name, hint, edits, caught_by)


MISTAKES = [
    _wrong(
        "no mask at the tail",
        "A plane of 35 pixels in a block of 64: whose are the last 29 numbers?",
        (", mask=inside, other=0.0", ""),
        caught_by="outside",
    ),
    _wrong(
        "mean subtracted after the tail was masked",
        "Where the mask is false, the load gave 0. What is there after the "
        "mean was subtracted, and after squaring?",
        (CENTRED, "centred = x - mean"),
    ),
    _wrong(
        "the tail counted as if it were there",
        "By what is the sum of a chunk divided when the plane ends within it?",
        ("tl.minimum(HW - piece * BLOCK, BLOCK)", "(piece * 0 + BLOCK)"),
    ),
    _wrong(
        "one-pass variance",
        "Two large numbers that are nearly the same: how many digits has their "
        "difference?",
        (CHUNK_M2, "m2 = tl.sum(x * x, axis=0) - count * mean * mean"),
    ),
    _wrong(
        "divided by n - 1",
        "By what does the variance of this course divide?",
        ("var = tl.sum(m2, axis=0) / n", "var = tl.sum(m2, axis=0) / (n - 1)"),
    ),
    _wrong(
        "standard deviation in place of the variance",
        "In which unit is a variance, if x is in metres?",
        ("tl.store(out_var_ptr + c, var)", "tl.store(out_var_ptr + c, tl.sqrt(var))"),
    ),
    _wrong(
        "merged without the distances of the means",
        "Two chunks, one all zeros, the other all ones. What is the variance "
        "within each, and what is it of both together?",
        (MERGED_M2, "m2 += within"),
    ),
    _wrong(
        "merged with the distance not squared",
        "Which unit has each term of the sum, if x is in metres?",
        (MERGED_M2, "m2 += within + count * tl.abs(delta)"),
    ),
    _wrong(
        "distances of the means without their counts",
        "How many numbers of a chunk are that far from the mean of all?",
        (MERGED_M2, "m2 += within + delta * delta"),
    ),
    _wrong(
        "every chunk weighs the same",
        "A chunk of 1,024 numbers and one of 16: how much does each say about "
        "the mean?",
        ("weighted += count * part", "weighted += part"),
        ("tl.sum(weighted, axis=0) / n", "tl.sum(weighted, axis=0) / parts"),
    ),
    _wrong(
        "the first image alone",
        "How many parts has a channel, if each image is cut into pieces?",
        ("kernel[(pieces, N, C)]", "kernel[(pieces, 1, C)]"),
        ("parts = N * pieces", "parts = pieces"),
        ("parts, N * HW, 128", "parts, HW, 128"),
    ),
    _wrong(
        "the last piece of a plane left out",
        "How many programs take 1,040 pixels, if each takes 1,024?",
        ("triton.cdiv(HW, block)", "max(1, HW // block)"),
    ),
    _wrong(
        "one statistic an image",
        "How many means has a batch of ten images with three channels?",
        ("kernel[(C,)]", "kernel[(C * N,)]"),
        ("m2s, mean, var, parts, N * HW", "m2s, mean, var, pieces, HW"),
        (
            "mean, var = torch.empty(C, **like), torch.empty(C, **like)",
            "mean, var = (torch.empty((C, N), **like) for _ in range(2))",
        ),
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
        "sums kept in 16 bits",
        "How many digits has a float16? The mean of a chunk is one number: what "
        "does it cost to keep it in float32?",
        ("mean = tl.sum(x, axis=0) / count", SIXTEEN_BITS),
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
        ("min(1024,", "min(128,"),
        caught_by="width",
    ),
    _wrong(
        "strides ignored",
        "Print `x.stride()` where the first axis lies last in memory. Where is "
        "element 1?",
        (STRIDES, ""),
    ),
    _wrong(
        "x read twice",
        "Count the calls of `tl.load` in the kernel of the chunks. What is "
        "loaded can be used again.",
        (CENTRED, AGAIN),
        caught_by="traffic",
    ),
    _wrong(
        "all chunks of a channel write to one place",
        "Several programs have the same channel. Which of them writes last, "
        "and who decides that?",
        ("part = c * parts + n * tl.num_programs(0) + piece", "part = c"),
        ("parts = N * pieces", "parts = 1"),
        caught_by="race",
    ),
    _wrong(
        "torch in place of kernels",
        "The values are right. Who computed them?",
        ("    chunk_statistics_kernel[", BY_TORCH + "    chunk_statistics_kernel["),
        caught_by="launch",
    ),
    _wrong(
        "chunks merged by torch",
        "The first kernel is launched. Who does the work of the second?",
        (
            "    mean, var = torch.empty(C",
            MERGED_BY_TORCH + "\n    mean, var = torch.empty(C",
        ),
        caught_by="framework",
    ),
]
