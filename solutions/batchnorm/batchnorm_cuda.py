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
# | `cuda_batchnorm_backward` | `dout` and `x`, both twice | `dx` |
# | `cuda_batchnorm` | the way there and back, for autograd | |
# | `cuda_batchnorm_rows_statistics` | `x` of shape (M, C) | the same of rows |
# | `cuda_batchnorm_fold` | four numbers a channel | two |
# | `cuda_batchnorm_test` | `x` | `out` |
# | `cuda_batchnorm_test_relu` | `x` | `out` |
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
# 8. Your kernels are compiled for an H200 as well, with no GPU at hand.
#    Nothing may spill out of the registers, and large arrays come in by 16
#    bytes a thread. Blocks of 1,024 numbers do that.
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


DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

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
# That is Chan's formula, for any number of parts at once. The last chunk of a
# plane is shorter than the others, so the $n_k$ differ.
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
# 0.01, at four dtypes, at strides, at the bytes, and at the machine code.

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
    count = tl.minimum(HW - piece * BLOCK, BLOCK).to(COMPUTE)
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
    count_ptr, mean_ptr, m2_ptr, out_mean_ptr, out_var_ptr, parts, n,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """mean and variance of one channel; the grid is (C,).

    Its parts lie side by side in tensors (C, parts), and hold n numbers.
    """
    ### BEGIN SOLUTION
    c = tl.program_id(0)
    first = c * parts
    zero = tl.zeros((BLOCK,), COMPUTE)
    weighted = zero
    for start in range(0, parts, BLOCK):
        at = start + tl.arange(0, BLOCK)
        count = tl.load(count_ptr + first + at, mask=at < parts, other=0.0)
        part = tl.load(mean_ptr + first + at, mask=at < parts, other=0.0)
        weighted += count * part
    mean = tl.sum(weighted, axis=0) / n

    m2 = zero
    for start in range(0, parts, BLOCK):
        at = start + tl.arange(0, BLOCK)
        count = tl.load(count_ptr + first + at, mask=at < parts, other=0.0)
        part = tl.load(mean_ptr + first + at, mask=at < parts, other=0.0)
        within = tl.load(m2_ptr + first + at, mask=at < parts, other=0.0)
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
        counts, means, m2s, mean, var, parts, N * HW, 128, compute_dtype(x)
    )
    return mean, var
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm_statistics")

# %% [markdown]
# ## Forward, to train
#
# $$
# \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad
# y = \gamma \hat x + \beta, \qquad
# \text{running} \leftarrow m \cdot \text{running} + (1 - m) \cdot
# \text{statistic of the batch}
# $$
#
# with the course's momentum $m$, the weight of the *old* statistics, and the
# variance as it is, dividing by $n$.
#
# First the bytes. No program can normalize before all have been read, so
# $x$ comes in a second time: $2ns$ read and $ns$ written. What fits in the
# GPU's second cache (L2) is still there the second time. The cell below says
# for which layers of a ResNet-50, with 64 images in bfloat16, that holds.

# %% tags=["active-ipynb"]
# for C, side in (64, 112), (64, 56), (256, 56), (512, 28), (2048, 7):
#     size = 64 * C * side * side * 2
#     kept = "fits in" if size <= 50 * 2**20 else "is more than"
#     print(f"{C:5d} channels of {side:3d}^2: 3ns is {3 * size / 2**20:6.1f}"
#           f" MiB, x {kept} 50 MiB of L2")

# %% [markdown]
# Two of the five do not fit, and pay for all three passes.
#
# All that the backward pass needs besides $x$ and $\gamma$ is two
# numbers a channel: $\mu$ and $1 / \sqrt{\sigma^2 + \epsilon}$, called `rstd`.
# They are returned. So are the new running statistics, as new tensors.
#
# **Write** three steps: your statistics; a kernel over the $C$ channels for
# `rstd` and the running statistics; a kernel with the grid of the chunks that
# normalizes. **The check looks at** each of the five results, at an $\epsilon$
# that is not small, at a momentum that is not 0.9, at the arrays that you were
# given, and at the bytes.

# %% nbgrader={"grade": false, "grade_id": "cuda_batchnorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def channel_kernel(
    mean_ptr, var_ptr, running_mean_ptr, running_var_ptr,
    rstd_ptr, new_mean_ptr, new_var_ptr, momentum, eps, C,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """rstd and the new running statistics of one block of channels."""
    ### BEGIN SOLUTION
    c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = c < C
    mean = tl.load(mean_ptr + c, mask=inside)
    var = tl.load(var_ptr + c, mask=inside, other=1.0)
    old_mean = tl.load(running_mean_ptr + c, mask=inside).to(COMPUTE)
    old_var = tl.load(running_var_ptr + c, mask=inside).to(COMPUTE)
    rstd = 1.0 / tl.sqrt(var + eps)
    new_mean = momentum * old_mean + (1.0 - momentum) * mean
    new_var = momentum * old_var + (1.0 - momentum) * var
    tl.store(rstd_ptr + c, rstd, mask=inside)
    tl.store(new_mean_ptr + c, new_mean, mask=inside)
    tl.store(new_var_ptr + c, new_var, mask=inside)
    ### END SOLUTION


@triton.jit
def normalize_kernel(
    x_ptr, mean_ptr, rstd_ptr, gamma_ptr, beta_ptr, out_ptr, C, HW,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """out of one chunk; the grid is (pieces, N, C)."""
    ### BEGIN SOLUTION
    piece, n, c = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    at = piece * BLOCK + tl.arange(0, BLOCK)
    inside = at < HW
    plane = (n.to(tl.int64) * C + c) * HW
    x = tl.load(x_ptr + plane + at, mask=inside).to(COMPUTE)
    mean, rstd = tl.load(mean_ptr + c), tl.load(rstd_ptr + c)
    gamma = tl.load(gamma_ptr + c).to(COMPUTE)
    beta = tl.load(beta_ptr + c).to(COMPUTE)
    x_hat = (x - mean) * rstd
    out = gamma * x_hat + beta
    tl.store(out_ptr + plane + at, out, mask=inside)
    ### END SOLUTION


def cuda_batchnorm_forward(
    x, gamma, beta, running_mean, running_var, momentum, eps
):
    """Batch norm in train mode, by cuda_batchnorm_statistics and two kernels.

        rstd = 1 / sqrt(var + eps)
        out = gamma (x - mean) rstd + beta
        running = momentum running + (1 - momentum) (mean or var)

    x : tensor (N, C, H, W), any strides; float16, bfloat16, float32, float64
    gamma, beta : tensors (C,), contiguous
    running_mean, running_var : tensors (C,), contiguous, left as they are
    momentum : weight of the old running statistics
    eps : added to the variance under the root

    Returns
    -------
    out : new tensor, shape and dtype of x
    mean, rstd : new tensors (C,) of dtype statistics_dtype(x)
    new_running_mean, new_running_var : new tensors (C,), dtype of
        running_mean

    Bytes: 2 n s read, n s written.
    """
    ### BEGIN SOLUTION
    x = x.contiguous()
    N, C, H, W = x.shape
    HW = H * W
    mean, var = cuda_batchnorm_statistics(x)
    rstd = torch.empty_like(mean)
    new_running_mean = torch.empty_like(running_mean)
    new_running_var = torch.empty_like(running_var)
    channel_kernel[(triton.cdiv(C, 128),)](
        mean, var, running_mean, running_var,
        rstd, new_running_mean, new_running_var, momentum, eps, C,
        128, compute_dtype(x),
    )
    out = torch.empty_like(x)
    block = min(1024, triton.next_power_of_2(HW))
    normalize_kernel[(triton.cdiv(HW, block), N, C)](
        x, mean, rstd, gamma, beta, out, C, HW, block, compute_dtype(x)
    )
    return out, mean, rstd, new_running_mean, new_running_var
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm_forward")

# %% [markdown]
# The formula says that each channel of $\hat x$ has mean 0, and a variance just
# below 1. Look at both, and at how often `x` was read. (On a GPU nobody sees
# the addresses, and the last line says so.)

# %% tags=["active-ipynb"]
# from autograder.student.kernels import observe, where
#
# x = 5 + 2 * torch.randn(4, 3, 9, 11, device=DEVICE)
# one, zero = torch.ones(3, device=DEVICE), torch.zeros(3, device=DEVICE)
# with observe() as watch:
#     out, *_ = cuda_batchnorm_forward(x, one, zero, zero, one, 0.9, 1e-5)
# print("mean    ", out.mean((0, 2, 3)))
# print("variance", out.var((0, 2, 3), correction=0))
# reads = watch.loads_of(x) / x.nbytes if watch.sees_memory else "not seen"
# print(f"{where()}: reads of x: {reads}")

# %% [markdown]
# The means are zero up to rounding, the variances one up to $\epsilon$, and
# `x` came in twice.
#
# ## Backward
#
# With $\hat x = (x - \mu) \cdot \text{rstd}$ and $n = N \cdot H \cdot W$:
#
# $$
# \frac{\partial L}{\partial \beta} = \sum \frac{\partial L}{\partial y},
# \qquad
# \frac{\partial L}{\partial \gamma}
# = \sum \frac{\partial L}{\partial y} \hat x,
# \qquad
# \frac{\partial L}{\partial x} = \gamma \cdot \text{rstd} \left(
# \frac{\partial L}{\partial y}
# - \frac1n \frac{\partial L}{\partial \beta}
# - \hat x\, \frac1n \frac{\partial L}{\partial \gamma} \right).
# $$
#
# First the bytes. The two sums need `dout` and `x`. `dx` needs the sums, and
# then both once more: $4ns$ read, $ns$ written. Storing $\hat x$ in the forward
# pass would not save any. The cell counts both ways.

# %% tags=["active-ipynb"]
# s = 4
# print("bytes an element, forward and backward")
# print(f"x read again:   {3 * s} and {5 * s}")
# print(f"x_hat is kept:  {4 * s} and {5 * s}")

# %% [markdown]
# The way back costs the same, and the way there costs more.
#
# The sums are split like the statistics: chunks first, then one program a
# channel. Sums are simpler than variances, so the parts just add up. It is
# tempting to let the chunks add to one place instead, by `tl.atomic_add`. Then
# the order of the additions changes from run to run, and with it the last
# digits. Rule 5 forbids it.
#
# **Write** three kernels: the sums of the chunks, their sum for each channel,
# and `dx`. **The check looks at** each of the three gradients, at an $\epsilon$
# that is not small, at `dout` with other strides than `x`, and at the bytes.
# `mean` and `rstd` are given: your forward is not asked here.

# %% nbgrader={"grade": false, "grade_id": "cuda_batchnorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def chunk_sums_kernel(
    dout_ptr, x_ptr, mean_ptr, rstd_ptr, sum_ptr, product_ptr, C, HW,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """Sums of dout and of dout x_hat over one chunk; grid (pieces, N, C)."""
    ### BEGIN SOLUTION
    piece, n, c = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    at = piece * BLOCK + tl.arange(0, BLOCK)
    inside = at < HW
    plane = (n.to(tl.int64) * C + c) * HW
    dout = tl.load(dout_ptr + plane + at, mask=inside, other=0.0).to(COMPUTE)
    x = tl.load(x_ptr + plane + at, mask=inside, other=0.0).to(COMPUTE)
    x_hat = (x - tl.load(mean_ptr + c)) * tl.load(rstd_ptr + c)
    parts = tl.num_programs(0) * tl.num_programs(1)
    part = c * parts + n * tl.num_programs(0) + piece
    tl.store(sum_ptr + part, tl.sum(dout, axis=0))
    tl.store(product_ptr + part, tl.sum(dout * x_hat, axis=0))
    ### END SOLUTION


@triton.jit
def add_parts_kernel(
    sum_ptr, product_ptr, dbeta_sum_ptr, dgamma_sum_ptr,
    dbeta_ptr, dgamma_ptr, parts,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """dbeta and dgamma of one channel, as summed and in gamma's dtype."""
    ### BEGIN SOLUTION
    c = tl.program_id(0)
    zero = tl.zeros((BLOCK,), COMPUTE)
    sums, products = zero, zero
    for start in range(0, parts, BLOCK):
        at = start + tl.arange(0, BLOCK)
        inside = at < parts
        sums += tl.load(sum_ptr + c * parts + at, mask=inside, other=0.0)
        products += tl.load(
            product_ptr + c * parts + at, mask=inside, other=0.0
        )
    dbeta = tl.sum(sums, axis=0)
    dgamma = tl.sum(products, axis=0)
    tl.store(dbeta_sum_ptr + c, dbeta)
    tl.store(dgamma_sum_ptr + c, dgamma)
    tl.store(dbeta_ptr + c, dbeta)
    tl.store(dgamma_ptr + c, dgamma)
    ### END SOLUTION


@triton.jit
def dx_kernel(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr, dbeta_sum_ptr,
    dgamma_sum_ptr, dx_ptr, C, HW,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """dx of one chunk; the grid is (pieces, N, C)."""
    ### BEGIN SOLUTION
    piece, n, c = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    at = piece * BLOCK + tl.arange(0, BLOCK)
    inside = at < HW
    plane = (n.to(tl.int64) * C + c) * HW
    dout = tl.load(dout_ptr + plane + at, mask=inside).to(COMPUTE)
    x = tl.load(x_ptr + plane + at, mask=inside).to(COMPUTE)
    rstd = tl.load(rstd_ptr + c)
    x_hat = (x - tl.load(mean_ptr + c)) * rstd
    count = tl.num_programs(1) * HW
    mean_dout = tl.load(dbeta_sum_ptr + c) / count
    mean_product = tl.load(dgamma_sum_ptr + c) / count
    gamma = tl.load(gamma_ptr + c).to(COMPUTE)
    dx = gamma * rstd * (dout - mean_dout - x_hat * mean_product)
    tl.store(dx_ptr + plane + at, dx, mask=inside)
    ### END SOLUTION


def cuda_batchnorm_backward(dout, x, gamma, mean, rstd):
    """Gradients of batch norm in train mode, by the three kernels above.

        x_hat = (x - mean) rstd
        dbeta = sum of dout
        dgamma = sum of dout x_hat
        dx = gamma rstd (dout - dbeta / n - x_hat dgamma / n)

    dout : gradient of the loss by the output; shape and dtype of x
    x : tensor (N, C, H, W), what the forward pass was given
    gamma : tensor (C,), contiguous
    mean, rstd : tensors (C,) of dtype statistics_dtype(x), contiguous

    Returns
    -------
    dx : new tensor, shape and dtype of x
    dgamma, dbeta : new tensors (C,), dtype of gamma

    Bytes: 4 n s read, n s written.
    """
    ### BEGIN SOLUTION
    dout, x = dout.contiguous(), x.contiguous()
    N, C, H, W = x.shape
    HW = H * W
    block = min(1024, triton.next_power_of_2(HW))
    pieces = triton.cdiv(HW, block)
    parts = N * pieces
    sums = torch.empty((C, parts), dtype=mean.dtype, device=x.device)
    products = torch.empty_like(sums)
    chunk_sums_kernel[(pieces, N, C)](
        dout, x, mean, rstd, sums, products, C, HW, block, compute_dtype(x)
    )
    dbeta_sum, dgamma_sum = torch.empty_like(mean), torch.empty_like(mean)
    dbeta, dgamma = torch.empty_like(gamma), torch.empty_like(gamma)
    add_parts_kernel[(C,)](
        sums, products, dbeta_sum, dgamma_sum, dbeta, dgamma, parts,
        128, compute_dtype(x),
    )
    dx = torch.empty_like(x)
    dx_kernel[(pieces, N, C)](
        dout, x, gamma, mean, rstd, dbeta_sum, dgamma_sum, dx, C, HW,
        block, compute_dtype(x),
    )
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm_backward")

# %% [markdown]
# ## A layer for autograd
#
# What is left to use the kernels in a network is a `torch.autograd.Function`.
# It keeps what the way back needs, and launches nothing that you have not
# written: $3ns$ bytes there, $5ns$ back.
#
# `cuda_batchnorm_forward` wants running statistics. This layer has none, so
# hand over some that nobody will read. Gradients from above may come with any
# strides, also with steps of zero: yours is a function that can take them.
#
# **Write** both methods and the function. **The check looks at** the result and
# all three gradients, through autograd, and at the bytes of both ways.

# %% nbgrader={"grade": false, "grade_id": "cuda_batchnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
class CudaBatchNorm(torch.autograd.Function):
    """Batch normalization in train mode, for autograd, by your kernels."""

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        """The result; keeps in ctx what the way back needs."""
        ### BEGIN SOLUTION
        unread = torch.zeros(
            x.shape[1], dtype=statistics_dtype(x), device=x.device
        )
        out, mean, rstd, _, _ = cuda_batchnorm_forward(
            x, gamma, beta, unread, unread, 0.0, eps
        )
        ctx.save_for_backward(x, gamma, mean, rstd)
        return out
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """Gradients of x, gamma and beta, and None for eps."""
        ### BEGIN SOLUTION
        x, gamma, mean, rstd = ctx.saved_tensors
        dx, dgamma, dbeta = cuda_batchnorm_backward(
            dout, x, gamma, mean, rstd
        )
        return dx, dgamma, dbeta, None
        ### END SOLUTION


def cuda_batchnorm(x, gamma, beta, eps):
    """Normalize each channel of x over the batch, then scale and shift.

    x : tensor (N, C, H, W), any strides
    gamma, beta : tensors (C,), contiguous
    eps : added to the variance under the root

    Returns out, shape and dtype of x; its gradient is the backward of
    CudaBatchNorm.
    """
    ### BEGIN SOLUTION
    return CudaBatchNorm.apply(x, gamma, beta, eps)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm")

# %% [markdown]
# `gradcheck` compares the way back with differences of the way there, in
# float64. Both run your kernels here. It says nothing about a forward that is
# wrong.

# %% nbgrader={"grade": false, "grade_id": "see_gradcheck_of_kernels", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# x, gamma, beta = (
#     torch.randn(*shape, dtype=torch.float64, device=DEVICE).requires_grad_()
#     for shape in ((2, 3, 2, 3), (3,), (3,))
# )
# print(torch.autograd.gradcheck(cuda_batchnorm, (x, gamma, beta, 0.25)))

# %% [markdown]
# ## Rows: another way through memory
#
# Behind a linear layer `x` has the shape (M, C). And images may lie in memory
# channels last: (N, H, W, C), which is (M, C) with $M = NHW$ rows. Now the
# neighbours in memory are *channels*. The cell shows which addresses 32 threads
# that work side by side ask for, if they take one channel, and if they take one
# row. Memory comes in pieces of 32 bytes. Look at how many are fetched.

# %% tags=["active-ipynb"]
# C, s = 64, 4
# for name, step in ("down one channel", C), ("along one row", 1):
#     touched = {thread * step * s // 32 for thread in range(32)}
#     print(f"{name:17s}: {len(touched)} pieces for {32 * s} bytes")

# %% [markdown]
# A program that walks down one channel would fetch eight times what it needs.
# So a program takes a **block in two dimensions**: `ROWS` rows of `COLS`
# channels. Its offsets are a column of rows plus a row of channels,
#
#     m[:, None] * C + c[None, :]        # (ROWS, COLS)
#
# and it has a mask in each direction. Sums go along `axis=0` and leave `COLS`
# numbers: a count, a mean and an M2 for each channel of the block. First the
# bytes: $ns$ read, as before.
#
# The parts are merged as before, too. Lay them out as (C, parts), and
# `merge_statistics_kernel` does it.
#
# **Write** the kernel and its launch.
# **The check looks at** M and C that no block divides, at more channels than a
# block has, and at all that `cuda_batchnorm_statistics` met.

# %% nbgrader={"grade": false, "grade_id": "cuda_batchnorm_rows_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def rows_statistics_kernel(
    x_ptr, count_ptr, mean_ptr, m2_ptr, M, C,
    ROWS: tl.constexpr, COLS: tl.constexpr, COMPUTE: tl.constexpr,
):
    """count, mean and M2 of COLS channels over ROWS rows.

    The grid is (blocks of rows, blocks of channels).
    """
    ### BEGIN SOLUTION
    part = tl.program_id(0)
    m = part * ROWS + tl.arange(0, ROWS)
    c = tl.program_id(1) * COLS + tl.arange(0, COLS)
    inside = (m[:, None] < M) & (c[None, :] < C)
    at = m[:, None].to(tl.int64) * C + c[None, :]
    x = tl.load(x_ptr + at, mask=inside, other=0.0).to(COMPUTE)
    count = tl.minimum(M - part * ROWS, ROWS).to(COMPUTE)
    mean = tl.sum(x, axis=0) / count  # (COLS,)
    centred = tl.where(inside, x - mean[None, :], 0.0)
    m2 = tl.sum(centred * centred, axis=0)
    place = c * tl.num_programs(0) + part
    tl.store(count_ptr + place, count, mask=c < C)
    tl.store(mean_ptr + place, mean, mask=c < C)
    tl.store(m2_ptr + place, m2, mask=c < C)
    ### END SOLUTION


def cuda_batchnorm_rows_statistics(x):
    """Mean and variance of each column, by rows_statistics_kernel.

        mean = sum of x / M
        var = sum of (x - mean)^2 / M

    x : tensor (M, C), any strides; float16, bfloat16, float32, float64

    Returns mean and var, new tensors (C,) of dtype statistics_dtype(x).
    Bytes: n s read of x, for all its n numbers, and no more.
    """
    ### BEGIN SOLUTION
    x = x.contiguous()
    M, C = x.shape
    rows, cols = 32, min(32, triton.next_power_of_2(C))
    parts = triton.cdiv(M, rows)
    like = {"dtype": statistics_dtype(x), "device": x.device}
    counts = torch.empty((C, parts), **like)
    means = torch.empty((C, parts), **like)
    m2s = torch.empty((C, parts), **like)
    rows_statistics_kernel[(parts, triton.cdiv(C, cols))](
        x, counts, means, m2s, M, C, rows, cols, compute_dtype(x)
    )
    mean, var = torch.empty(C, **like), torch.empty(C, **like)
    merge_statistics_kernel[(C,)](
        counts, means, m2s, mean, var, parts, M, 128, compute_dtype(x)
    )
    return mean, var
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm_rows_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm_rows_statistics")

# %% [markdown]
# The two ways to the same numbers agree, up to the order of additions.

# %% tags=["active-ipynb"]
# x = torch.randn(3, 5, 7, 9, device=DEVICE)
# rows = x.permute(0, 2, 3, 1).reshape(-1, 5)  # channels last
# for one, other in zip(cuda_batchnorm_statistics(x),
#                       cuda_batchnorm_rows_statistics(rows)):
#     print(one, "largest difference", (one - other).abs().max().item())

# %% [markdown]
# ## Test mode: two numbers a channel
#
# With the running statistics fixed, the layer multiplies and adds:
#
# $$
# y = \text{scale} \cdot x + \text{shift}, \qquad
# \text{scale} = \frac{\gamma}{\sqrt{\text{running var} + \epsilon}}, \qquad
# \text{shift} = \beta - \text{running mean} \cdot \text{scale}.
# $$
#
# First the bytes: each number comes in once and goes back once, $2ns$. Four
# numbers a channel become two, by a kernel over the $C$ channels.
#
# **Write** that kernel. **The check looks at** an $\epsilon$ that is not small,
# at statistics far from zero, and at dtypes.

# %% nbgrader={"grade": false, "grade_id": "cuda_batchnorm_fold", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def fold_kernel(
    gamma_ptr, beta_ptr, mean_ptr, var_ptr, scale_ptr, shift_ptr, eps, C,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """scale and shift of one block of channels."""
    ### BEGIN SOLUTION
    c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = c < C
    gamma = tl.load(gamma_ptr + c, mask=inside).to(COMPUTE)
    beta = tl.load(beta_ptr + c, mask=inside).to(COMPUTE)
    mean = tl.load(mean_ptr + c, mask=inside).to(COMPUTE)
    var = tl.load(var_ptr + c, mask=inside, other=1.0).to(COMPUTE)
    scale = gamma / tl.sqrt(var + eps)
    shift = beta - mean * scale
    tl.store(scale_ptr + c, scale, mask=inside)
    tl.store(shift_ptr + c, shift, mask=inside)
    ### END SOLUTION


def cuda_batchnorm_fold(gamma, beta, running_mean, running_var, eps):
    """Batch norm in test mode as one scale and one shift a channel.

        scale = gamma / sqrt(running_var + eps)
        shift = beta - running_mean scale

    gamma, beta, running_mean, running_var : tensors (C,), contiguous
    eps : added to running_var under the root

    Returns scale and shift, new tensors (C,), dtype of running_mean (which
    is float32, or float64 for float64), by fold_kernel.
    """
    ### BEGIN SOLUTION
    C = gamma.numel()
    scale = torch.empty_like(running_mean)
    shift = torch.empty_like(running_mean)
    fold_kernel[(triton.cdiv(C, 128),)](
        gamma, beta, running_mean, running_var, scale, shift, eps, C,
        128, compute_dtype(running_mean),
    )
    return scale, shift
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm_fold", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm_fold")

# %% [markdown]
# Now a kernel with the grid of the chunks: one load, one line, one store, and
# two numbers that are the same for the whole chunk.
#
# **Write** it, on your `cuda_batchnorm_fold` or directly with the four numbers.
# **The check looks at** what test mode must not do: look at the batch. And at
# the bytes.

# %% nbgrader={"grade": false, "grade_id": "cuda_batchnorm_test", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def scale_shift_kernel(
    x_ptr, scale_ptr, shift_ptr, out_ptr, C, HW,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """out = scale x + shift of one chunk; the grid is (pieces, N, C)."""
    ### BEGIN SOLUTION
    piece, n, c = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    at = piece * BLOCK + tl.arange(0, BLOCK)
    inside = at < HW
    plane = (n.to(tl.int64) * C + c) * HW
    x = tl.load(x_ptr + plane + at, mask=inside).to(COMPUTE)
    out = tl.load(scale_ptr + c) * x + tl.load(shift_ptr + c)
    tl.store(out_ptr + plane + at, out, mask=inside)
    ### END SOLUTION


def cuda_batchnorm_test(x, gamma, beta, running_mean, running_var, eps):
    """Batch norm in test mode, by scale_shift_kernel.

        out = gamma (x - running_mean) / sqrt(running_var + eps) + beta

    x : tensor (N, C, H, W), any strides; float16, bfloat16, float32, float64
    gamma, beta, running_mean, running_var : tensors (C,), contiguous
    eps : added to running_var under the root

    Returns out, a new tensor, shape and dtype of x.
    Bytes: n s read, n s written.
    """
    ### BEGIN SOLUTION
    x = x.contiguous()
    N, C, H, W = x.shape
    HW = H * W
    scale, shift = cuda_batchnorm_fold(
        gamma, beta, running_mean, running_var, eps
    )
    out = torch.empty_like(x)
    block = min(1024, triton.next_power_of_2(HW))
    scale_shift_kernel[(triton.cdiv(HW, block), N, C)](
        x, scale, shift, out, C, HW, block, compute_dtype(x)
    )
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm_test", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm_test")

# %% [markdown]
# ### And the activation
#
# In most networks a ReLU follows. The cell below counts what it costs as a
# kernel of its own, and what it costs within yours.

# %% tags=["active-ipynb"]
# n, s = 32 * 256 * 56 * 56, 2
# apart, fused = 2 * n * s + 2 * n * s, 2 * n * s
# print(f"two kernels move {apart / 2**20:.0f} MiB, one {fused / 2**20:.0f}")

# %% [markdown]
# Fused, the ReLU costs no bytes at all.
#
# **Write** test mode with the ReLU inside. It is `scale_shift_kernel` and one
# operation more, and the same bytes.

# %% nbgrader={"grade": false, "grade_id": "cuda_batchnorm_test_relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def scale_shift_relu_kernel(
    x_ptr, scale_ptr, shift_ptr, out_ptr, C, HW,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """out = max(scale x + shift, 0) of one chunk; the grid as before."""
    ### BEGIN SOLUTION
    piece, n, c = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    at = piece * BLOCK + tl.arange(0, BLOCK)
    inside = at < HW
    plane = (n.to(tl.int64) * C + c) * HW
    x = tl.load(x_ptr + plane + at, mask=inside).to(COMPUTE)
    out = tl.load(scale_ptr + c) * x + tl.load(shift_ptr + c)
    tl.store(out_ptr + plane + at, tl.maximum(out, 0.0), mask=inside)
    ### END SOLUTION


def cuda_batchnorm_test_relu(
    x, gamma, beta, running_mean, running_var, eps
):
    """ReLU of batch norm in test mode, by scale_shift_relu_kernel.

        out = max(test mode of x, 0)

    Arguments and result as in cuda_batchnorm_test.
    Bytes: n s read, n s written.
    """
    ### BEGIN SOLUTION
    x = x.contiguous()
    N, C, H, W = x.shape
    HW = H * W
    scale, shift = cuda_batchnorm_fold(
        gamma, beta, running_mean, running_var, eps
    )
    out = torch.empty_like(x)
    block = min(1024, triton.next_power_of_2(HW))
    scale_shift_relu_kernel[(triton.cdiv(HW, block), N, C)](
        x, scale, shift, out, C, HW, block, compute_dtype(x)
    )
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_batchnorm_test_relu", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_batchnorm_test_relu")

# %% [markdown]
# ## What you have now
#
# A batch norm with its way back, on no more than the bytes that it must move,
# and with the same bits in every run. What the interpreter can't tell you is
# the speed. On a machine with a GPU the same notebook runs natively, and
# nothing in it has to change.
#
# 1. In which layers of a ResNet-50 is `block` much longer than a plane? What
#    does a program do with the rest of its block, and how would a program that
#    takes several images help?
# 2. `cuda_batchnorm_test` could start from $x - \text{running mean}$. For which
#    $x$ has that form more correct digits than scale and shift?
# 3. Write the backward of `cuda_batchnorm_test_relu`. What must be kept, and
#    how many bytes does it move?
