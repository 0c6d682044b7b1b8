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
# # Activations as kernels: ReLU and GELU
#
# On a GPU, ReLU costs next to nothing to compute. It costs what its numbers
# weigh: they come in from memory, and they go back. This notebook counts
# those bytes first and writes the kernels second.
#
# You write four functions. Each one allocates its result and launches a
# kernel of your own, written in Triton.
#
# | function | reads | writes |
# |---|---|---|
# | `cuda_relu_forward` | `x` | `out` |
# | `cuda_relu_backward` | `dout`, `x` | `dx` |
# | `cuda_gelu_forward` | `x` | `out` |
# | `cuda_gelu_backward` | `dout`, `x` | `dx` |
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
# ## First the bytes, then the code
#
# Take $n$ numbers of $s$ bytes each. Forward reads $x$ once and writes the
# output once. Backward reads $\partial L/\partial y$ and $x$, and writes
# $\partial L/\partial x$.
#
# | pass | bytes that must move |
# |---|---|
# | forward | $2ns$ |
# | backward | $3ns$ |
#
# No kernel can move less. A good one moves no more. Bytes divided by the
# memory's bandwidth is the time to beat.
#
# The cell below does this division for $2^{26}$ float32 numbers. The
# bandwidths are those that the makers state. Look at how far the lines are
# apart.

# %% tags=["active-ipynb"]
# n, s = 64 * 2**20, 4
# for machine, bandwidth in {
#     "laptop, two channels of DDR5-5600": 89.6e9,
#     "A100, 80 GB": 2.04e12,
#     "H200": 4.8e12,
# }.items():
#     forward, backward = 2 * n * s / bandwidth, 3 * n * s / bandwidth
#     print(f"{machine:34s} {forward * 1e3:6.2f} ms forward", end="")
#     print(f" {backward * 1e3:6.2f} ms backward")

# %% [markdown]
# The ratio of backward to forward is 1.5 on every line. It depends on the
# bytes alone.
#
# ## A whole kernel to read
#
# `scale` multiplies every number by a constant. It has all the parts that
# your kernels will have:
#
# - A **program** handles one block of `BLOCK` neighbours. Many programs run,
#   each with its own `tl.program_id(0)`.
# - `at` holds the places of the block's elements.
# - `inside` is the **mask**. The last block may reach beyond the end, and
#   what is beyond the end belongs to somebody else.
# - `COMPUTE` is the dtype of the arithmetic. Numbers are **loaded** as they
#   are, computed in float32 (float64 stays float64), and cast back when they
#   are stored.
# - The function below the kernel allocates the result, counts the programs
#   and launches them.

# %% nbgrader={"grade": false, "grade_id": "scale", "locked": true, "schema_version": 3, "solution": false, "task": false}
def compute_dtype(x):
    """What a kernel computes in: float64 for float64, else float32."""
    return tl.float64 if x.dtype == torch.float64 else tl.float32


@triton.jit
def scale_kernel(
    x_ptr, out_ptr, factor, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = factor * x[i] for one block of i."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    tl.store(out_ptr + at, factor * x, mask=inside)


def scale(x, factor, block=1024):
    """factor * x, in the shape, dtype and device of x."""
    x = x.contiguous()
    out = torch.empty_like(x)
    n = x.numel()
    programs = triton.cdiv(n, block)
    scale_kernel[(programs,)](x, out, factor, n, block, compute_dtype(x))
    return out

# %% [markdown]
# Ten numbers in blocks of four take three programs. The cell below computes
# `at` and `inside` for each of them. Look at the last line.

# %% tags=["active-ipynb"]
# n, block = 10, 4
# for program in range(triton.cdiv(n, block)):
#     at = program * block + torch.arange(block)
#     print(program, at.tolist(), (at < n).tolist())

# %% [markdown]
# Places 10 and 11 do not exist, and the mask is false there. A masked load
# reads nothing, and a masked store writes nothing.
#
# Now `scale` runs, with somebody counting. `observe` is part of the grader:
# it sees launches, and in the interpreter it sees every address. Look at
# `loads` and `stores`.

# %% tags=["active-ipynb"]
# from autograder.student.kernels import observe, where
#
# x = torch.arange(1000, dtype=torch.float32)
# with observe() as watch:
#     out = scale(x, 3.0)
# print("where:", where())
# print(out[:5], out[-2:])
# print(watch.result(out))

# %% [markdown]
# A thousand float32 numbers are 4,000 bytes: read once, written once. That is
# the budget of $2ns$ to the byte. (On a GPU nobody can look over the memory's
# shoulder, and the two fields say `None`.)
#
# ## Rules of the house
#
# They hold for all four functions.
#
# 1. The result has the shape, dtype and device of `x`. The inputs are left as
#    they were.
# 2. `x` may have any shape and any strides. A kernel that takes element `i`
#    at address `i` needs contiguous memory: call `.contiguous()` first. It
#    costs nothing when `x` is contiguous already.
# 3. A kernel of yours does the work and writes the result. torch may
#    allocate, reshape and make things contiguous. Casts belong to the kernel.
# 4. Bytes are counted: each input is read once.
#
# About 16 bits. The interpreter keeps bfloat16 as plain 16-bit integers:
# arithmetic on it *without a cast* fails there, or gives nonsense. Cast right
# after the load, as `scale` does. When the interpreter casts back to bfloat16
# it cuts digits off where a GPU rounds. The checks know that.
#
# ## ReLU, forward
#
# $$y = \max(x, 0)$$
#
# One load, one line, one store. Two values are worth a thought: $-\infty$
# becomes 0, and 0 stays 0.

# %% nbgrader={"grade": false, "grade_id": "cuda_relu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def relu_forward_kernel(
    x_ptr, out_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = max(x[i], 0) for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    out = tl.maximum(x, 0.0)
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_relu_forward(x):
    """max(x, 0), by relu_forward_kernel.

    x : tensor of any shape and strides; float16, bfloat16, float32 or float64

    Returns out, a new tensor with the shape, dtype and device of x.
    Bytes: n s read, n s written.
    """
    ### BEGIN SOLUTION
    x = x.contiguous()
    out = torch.empty_like(x)
    n, block = x.numel(), 1024
    grid = (triton.cdiv(n, block),)
    relu_forward_kernel[grid](x, out, n, block, compute_dtype(x))
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_relu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_relu_forward")

# %% [markdown]
# ## ReLU, backward
#
# $$\frac{\partial L}{\partial x}
# = \frac{\partial L}{\partial y} \cdot [x > 0]$$
#
# At $x = 0$ there is a kink, and any slope between 0 and 1 would do. The
# convention of the field, and of this course, is 0.
#
# Two inputs mean two loads. `dout` may have other strides than `x`.

# %% nbgrader={"grade": false, "grade_id": "cuda_relu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def relu_backward_kernel(
    dout_ptr, x_ptr, dx_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """dx[i] = dout[i] where x[i] > 0, else 0, for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    dout = tl.load(dout_ptr + at, mask=inside).to(COMPUTE)
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    dx = tl.where(x > 0, dout, 0.0)
    tl.store(dx_ptr + at, dx, mask=inside)
    ### END SOLUTION


def cuda_relu_backward(dout, x):
    """The gradient of ReLU at x, by relu_backward_kernel.

    dout : gradient of the loss by the output; shape and dtype of x
    x : what the forward pass was given

    Returns dx, a new tensor with the shape, dtype and device of x.
    Bytes: 2 n s read, n s written.
    """
    ### BEGIN SOLUTION
    dout, x = dout.contiguous(), x.contiguous()
    dx = torch.empty_like(x)
    n, block = x.numel(), 1024
    grid = (triton.cdiv(n, block),)
    relu_backward_kernel[grid](dout, x, dx, n, block, compute_dtype(x))
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_relu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_relu_backward")

# %% [markdown]
# ## GELU, forward
#
# $$y = x \, \Phi(x), \qquad
# \Phi(x) = \tfrac12 \left(1 + \operatorname{erf}(x / \sqrt 2)\right)$$
#
# $\Phi(x)$ is the probability that a standard normal number lies below $x$.
# There is a well-known approximation with tanh. This exercise asks for the
# exact function: Triton has `tl.erf`.
#
# As PyTorch calls, without fusion, that formula is five passes over memory.
# The cell below counts the bytes of each way. Look at the ratio.

# %% tags=["active-ipynb"]
# n, s = 64 * 2**20, 4
# passes = ["x / sqrt(2)", "erf", "1 +", "x *", "0.5 *"]
# reads = [1, 1, 1, 2, 1]
# unfused = sum((r + 1) * n * s for r in reads)
# print(f"{len(passes)} calls move {unfused / 2**30:.2f} GiB")
# print(f"1 kernel moves {2 * n * s / 2**30:.2f} GiB")
# print(f"ratio {unfused / (2 * n * s):.1f}")

# %% [markdown]
# One kernel keeps everything between the load and the store in registers.
# Those cost no bytes.

# %% nbgrader={"grade": false, "grade_id": "cuda_gelu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def gelu_forward_kernel(
    x_ptr, out_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = x[i] Phi(x[i]) for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    below = 0.5 * (1.0 + tl.erf(0.7071067811865476 * x))
    out = x * below
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_gelu_forward(x):
    """x Phi(x) with the exact Phi, by gelu_forward_kernel.

    x : tensor of any shape and strides; float16, bfloat16, float32 or float64

    Returns out, a new tensor with the shape, dtype and device of x.
    Bytes: n s read, n s written.
    """
    ### BEGIN SOLUTION
    x = x.contiguous()
    out = torch.empty_like(x)
    n, block = x.numel(), 1024
    grid = (triton.cdiv(n, block),)
    gelu_forward_kernel[grid](x, out, n, block, compute_dtype(x))
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_gelu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_gelu_forward")

# %% [markdown]
# ## GELU, backward
#
# The product rule gives two terms. The derivative of $\Phi$ is the normal
# density $\varphi(x) = e^{-x^2/2} / \sqrt{2\pi}$.
#
# Where is the derivative taken: at the input of GELU, or at its output? The
# table of bytes at the top of the notebook says what the kernel is given.

# %% nbgrader={"grade": false, "grade_id": "cuda_gelu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def gelu_backward_kernel(
    dout_ptr, x_ptr, dx_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """dx[i] = dout[i] times the derivative of GELU, for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    dout = tl.load(dout_ptr + at, mask=inside).to(COMPUTE)
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    below = 0.5 * (1.0 + tl.erf(0.7071067811865476 * x))
    density = 0.3989422804014327 * tl.exp(-0.5 * x * x)
    dx = dout * (below + x * density)
    tl.store(dx_ptr + at, dx, mask=inside)
    ### END SOLUTION


def cuda_gelu_backward(dout, x):
    """The gradient of GELU at x, by gelu_backward_kernel.

    dout : gradient of the loss by the output; shape and dtype of x
    x : what the forward pass was given

    Returns dx, a new tensor with the shape, dtype and device of x.
    Bytes: 2 n s read, n s written.
    """
    ### BEGIN SOLUTION
    dout, x = dout.contiguous(), x.contiguous()
    dx = torch.empty_like(x)
    n, block = x.numel(), 1024
    grid = (triton.cdiv(n, block),)
    gelu_backward_kernel[grid](dout, x, dx, n, block, compute_dtype(x))
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_gelu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_gelu_backward")

# %% [markdown]
# ## What you have now
#
# Four kernels, each as short in bytes as can be, and right at every size you
# tried. What the interpreter can't tell you is the speed. On a machine with a
# GPU the same notebook runs natively, and nothing in it has to change.
