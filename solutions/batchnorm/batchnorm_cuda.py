# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---


# %% [markdown]
# # Batch normalization as kernels
#
# Batch norm is easy to compute and hard to feed. A few additions and
# multiplications an element, and three passes over memory to train: one for
# the statistics, two to normalize. And the statistics of a channel come from
# everywhere: from all images, at all positions.
#
# | you write | reads | writes |
# |---|---|---|
# | `cuda_batchnorm_statistics` | `x` | a mean and a variance a channel |
# | `cuda_batchnorm_forward` | `x` twice | `out` |
# | `cuda_batchnorm_fold` | four numbers a channel | two |
# | `cuda_batchnorm_test` | `x` | `out` |
# | `cuda_batchnorm_test_relu` | `x` | `out` |
# | `cuda_batchnorm_backward` | `dout` and `x`, both twice | `dx` |
# | `cuda_batchnorm` | the way there and back, for autograd | |
# | `cuda_batchnorm_rows_statistics` | `x` of shape (M, C) | as above |
#
# **No GPU? Go on.** Without one, the same kernels run in Triton's
# interpreter, on the CPU. It is slow, and its numbers are those of your
# kernel. Every check says which of the two it was.
#
# Triton exists for Linux alone: on macOS or Windows, open this notebook on
# Colab.
#
# The next cell decides where kernels run. It asks for the interpreter before
# it imports Triton, since later is too late. After a restart, run it first.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os

import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

import triton
import triton.language as tl

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## Rules of the house
#
# `activations/activations_cuda.ipynb` shows a whole kernel, with its blocks,
# its mask and its launch, and explains these rules. In short:
#
# 1. Inputs are left as they were, and may have any strides: call
#    `.contiguous()` before a kernel that takes neighbours for neighbours.
# 2. Kernels of yours do the work. torch may allocate, reshape and make things
#    contiguous.
# 3. Numbers are loaded as they are, computed in float32 (float64 stays
#    float64), and cast when they are stored. The two functions below say so
#    for kernels and for torch.
# 4. Statistics and sums over many numbers stay in float32 (float64 for
#    float64), also where `x` has 16 bits.
# 5. The same input gives the same bits in every run. So no atomics on floats:
#    they add up in the order in which programs happen to arrive.
# 6. Offsets are counted in 64 bits, by `.to(tl.int64)`: 2³¹ elements are no
#    longer many.
# 7. Bytes are counted. The budget is that of arrays as large as `x`; a few
#    numbers a channel are free.
#
# A number of Python's that is passed to a kernel arrives there as float32,
# also where the tensors are float64: so does $\epsilon$.

# %% nbgrader={"grade": false, "grade_id": "dtypes", "locked": true, "schema_version": 3, "solution": false, "task": false}
def compute_dtype(x):
    """What a kernel computes in: float64 for float64, else float32."""
    return tl.float64 if x.dtype == torch.float64 else tl.float32


def statistics_dtype(x):
    """The same for torch: dtype of statistics and of partial sums."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32

# %% [markdown]
# ## Statistics: a reduction in two steps
#
# $$
# \mu_c = \frac1n \sum_{i,h,w} x_{ichw}, \qquad
# \sigma_c^2 = \frac1n \sum_{i,h,w} (x_{ichw} - \mu_c)^2, \qquad
# n = N \cdot H \cdot W
# $$
#
# The variance divides by $n$, here and in the running statistics, as in
# `batchnorm.ipynb`.
#
# First the bytes: each number must come in once, $ns$ for $n$ numbers of $s$
# bytes. What goes back is two numbers a channel. The cell below takes the first
# batch norm of a ResNet-50, and asks two things. How long do the bytes take?
# And how many programs would share the work if one program took one channel?

# %% tags=["active-ipynb"]
# N, C, H, W, s = 256, 64, 112, 112, 2  # bfloat16
# read = N * C * H * W * s
# print(f"read {read / 2**20:.0f} MiB: {read / 4.8e12 * 1e6:.0f} us on an H200")
# print(f"one program a channel: {C} programs for 132 multiprocessors,")
# print(f"each with {N * H * W:,} numbers to add up")
# pieces = -(-H * W // 1024)
# print(f"chunks of at most 1,024: {pieces * N * C:,} programs")

# %% [markdown]
# 64 programs leave half of the multiprocessors idle. So each channel is
# **split**. One program takes one *chunk*: at most `BLOCK` neighbours of one
# channel of one image. In memory (contiguous, N, C, H, W) these lie side by
# side, from
#
# $$ (n \cdot C + c) \cdot HW + \text{piece} \cdot \text{BLOCK} $$
#
# on. The grid is `(pieces, N, C)`. A chunk fits in registers, so its program
# reads it once and goes over it twice:
#
# $$
# m_k = \frac{1}{n_k} \sum_{\text{chunk } k} x, \qquad
# M_k = \sum_{\text{chunk } k} (x - m_k)^2 .
# $$
#
# A second kernel, one program a channel, merges the chunks:
#
# $$
# n = \sum_k n_k, \qquad
# \mu = \frac1n \sum_k n_k m_k, \qquad
# n \sigma^2 = \sum_k \left( M_k + n_k (m_k - \mu)^2 \right).
# $$
#
# That is Chan's formula, for any number of parts at once. The last chunk of an
# image is shorter than the others, so the $n_k$ differ.
#
# Why not add up $x$ and $x^2$ and subtract? Look at the second line.

# %% tags=["active-ipynb"]
# x = 1e4 + torch.randn(4096, generator=torch.Generator().manual_seed(0))
# exact = x.double().var(correction=0).item()
# one_pass = (x.square().mean() - x.mean().square()).item()
# two_pass = (x - x.mean()).square().mean().item()
# print(f"exact     {exact:9.4f}")
# print(f"one pass  {one_pass:9.4f}   E[x^2] - E[x]^2, in float32")
# print(f"two passes{two_pass:9.4f}   E[(x - E[x])^2], in float32")

# %% [markdown]
# Two numbers near $10^8$ are subtracted, and float32 keeps seven digits of
# each. The two-pass form costs nothing here, since the chunk is in registers.
#
# **Write** both kernels and the function that launches them. A piece of advice:
# where the mask is false, a load gives what `other=` says. Is $0 - m_k$ zero?
# **The check looks at** sizes that no block divides, at planes longer than
# 1,024, at a constant channel, at a mean of 10,000 with a standard deviation of
# 0.01, at four dtypes, at strides, and at the bytes.

# %% nbgrader={"grade": false, "grade_id": "cuda_batchnorm_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def chunk_statistics_kernel(
    x_ptr, count_ptr, mean_ptr, m2_ptr, C, HW,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """count, mean and M2 of one chunk; the grid is (pieces, N, C)."""
    ### BEGIN SOLUTION
    piece, n, c = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    at = piece * BLOCK + tl.arange(0, BLOCK)  # within one plane
    inside = at < HW
    plane = (n.to(tl.int64) * C + c) * HW
    x = tl.load(x_ptr + plane + at, mask=inside, other=0.0).to(COMPUTE)
    count = tl.sum(inside.to(COMPUTE), axis=0)
    mean = tl.sum(x, axis=0) / count
    centred = tl.where(inside, x - mean, 0.0)
    m2 = tl.sum(centred * centred, axis=0)
    parts = tl.num_programs(0) * tl.num_programs(1)
    part = c * parts + n * tl.num_programs(0) + piece
    tl.store(count_ptr + part, count)
    tl.store(mean_ptr + part, mean)
    tl.store(m2_ptr + part, m2)
    ### END SOLUTION


@triton.jit
def merge_statistics_kernel(
    count_ptr, mean_ptr, m2_ptr, out_mean_ptr, out_var_ptr, parts,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """mean and variance of one channel from its parts; the grid is (C,)."""
    ### BEGIN SOLUTION
    c = tl.program_id(0)
    number = tl.zeros((BLOCK,), COMPUTE)
    weighted = tl.zeros((BLOCK,), COMPUTE)
    for start in range(0, parts, BLOCK):
        at = start + tl.arange(0, BLOCK)
        count = tl.load(count_ptr + c * parts + at, mask=at < parts, other=0.0)
        part = tl.load(mean_ptr + c * parts + at, mask=at < parts, other=0.0)
        number += count
        weighted += count * part
    n = tl.sum(number, axis=0)
    mean = tl.sum(weighted, axis=0) / n

    m2 = tl.zeros((BLOCK,), COMPUTE)
    for start in range(0, parts, BLOCK):
        at = start + tl.arange(0, BLOCK)
        count = tl.load(count_ptr + c * parts + at, mask=at < parts, other=0.0)
        part = tl.load(mean_ptr + c * parts + at, mask=at < parts, other=0.0)
        within = tl.load(m2_ptr + c * parts + at, mask=at < parts, other=0.0)
        delta = part - mean
        m2 += within + count * delta * delta
    var = tl.sum(m2, axis=0) / n
    tl.store(out_mean_ptr + c, mean)
    tl.store(out_var_ptr + c, var)
    ### END SOLUTION


def cuda_batchnorm_statistics(x):
    """Mean and variance of each channel, by the two kernels above.

        mean = sum of x / n
        var = sum of (x - mean)^2 / n         n = N H W numbers a channel

    x : tensor (N, C, H, W), any strides; float16, bfloat16, float32, float64

    Returns mean and var, new tensors (C,) of dtype statistics_dtype(x).
    Bytes: n s read of x, for all its n numbers, and no more.
    """
    ### BEGIN SOLUTION
    x = x.contiguous()
    N, C, H, W = x.shape
    HW = H * W
    block = min(1024, triton.next_power_of_2(HW))
    pieces = triton.cdiv(HW, block)
    parts = N * pieces
    like = {"dtype": statistics_dtype(x), "device": x.device}
    counts = torch.empty((C, parts), **like)
    means = torch.empty((C, parts), **like)
    m2s = torch.empty((C, parts), **like)
    chunk_statistics_kernel[(pieces, N, C)](
        x, counts, means, m2s, C, HW, block, compute_dtype(x)
    )
    mean, var = torch.empty(C, **like), torch.empty(C, **like)
    merge_statistics_kernel[(C,)](
        counts, means, m2s, mean, var, parts, 128, compute_dtype(x)
    )
    return mean, var
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm_statistics")
