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
# # Activations as kernels
#
# On a GPU, ReLU costs next to nothing to compute. It costs what its numbers
# weigh: they come in from memory, and they go back. This notebook counts
# those bytes first and writes the kernels second.
#
# You write all activations of the lecture, forward and backward. Each function
# launches a kernel of your own, written in Triton.
#
# | function | reads | writes |
# |---|---|---|
# | `cuda_…_forward` of all but Maxout | `x` | `out` |
# | `cuda_…_backward` of sigmoid and tanh | `dout`, `out` | `dx` |
# | `cuda_…_backward` of other elementwise ones | `dout`, `x` | `dx` |
# | `cuda_prelu_backward` | `dout`, `x`, `alpha` | `dx`, `dalpha` |
# | `cuda_maxout_…` | `pieces`, and `dout` | `out`, or `dpieces` |
#
# ReLU and GELU come first, with everything around the kernel. Then the launch
# is given, and an activation takes a few lines. PReLU adds a sum over many
# programs, Maxout a loop.
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
# device = "cuda" if torch.cuda.is_available() else "cpu"
# x = torch.arange(1000, dtype=torch.float32, device=device)
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
# They hold for all functions.
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
# ## One launcher for many kernels
#
# From here to SELU, every function is elementwise: same launch, another line in
# the middle. So the launch is given. `elementwise` makes its inputs contiguous,
# allocates, and hands your kernel the pointers in order: inputs, output,
# further numbers, `n`, and the two constants. The shape and dtype are those of
# the last input.

# %% nbgrader={"grade": false, "grade_id": "elementwise", "locked": true, "schema_version": 3, "solution": false, "task": false}
def elementwise(kernel, inputs, *numbers):
    """One launch of an elementwise kernel over tensors of one shape.

    kernel : called as kernel(*inputs, out, *numbers, n, BLOCK, COMPUTE)
    inputs : tensors of one shape and dtype, of any strides

    Returns out, a new tensor.
    """
    inputs = [x.contiguous() for x in inputs]
    out = torch.empty_like(inputs[-1])
    n, block = out.numel(), 1024
    grid = (triton.cdiv(n, block),)
    kernel[grid](*inputs, out, *numbers, n, block, compute_dtype(out))
    return out

# %% [markdown]
# **The checks look at** sizes that no block divides, at strides, at all four
# dtypes, at zeros, and at numbers of size 1000 on both sides.
#
# ## Sigmoid
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}, \qquad
# \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\, y\, (1 - y)$$
#
# In float32, $e^{x}$ is infinite from $x = 89$ on. Which formulas survive that?
# The cell shows two. Look for `nan`.

# %% tags=["active-ipynb"]
# x = torch.tensor([-1000.0, 0.0, 1000.0])
# print("exp(x) / (1 + exp(x)):", (x.exp() / (1 + x.exp())).tolist())
# z = torch.exp(-x.abs())
# stable = torch.where(x >= 0, 1, z) / (1 + z)
# print("by exp(-|x|):         ", stable.tolist())

# %% [markdown]
# With $e^{-|x|}$ nothing can become infinite. `tl.abs`, `tl.exp` and `tl.where`
# do in a kernel what they do above.
#
# The backward pass takes the *output* of the forward pass. It needs no `exp`,
# and `x` need not be kept.

# %% nbgrader={"grade": false, "grade_id": "cuda_sigmoid_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def sigmoid_forward_kernel(
    x_ptr, out_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = sigmoid(x[i]) for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    z = tl.exp(-tl.abs(x))
    out = tl.where(x >= 0, 1.0, z) / (1.0 + z)
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_sigmoid_forward(x):
    """1 / (1 + exp(-x)), by sigmoid_forward_kernel. Bytes: 2 n s."""
    ### BEGIN SOLUTION
    return elementwise(sigmoid_forward_kernel, (x,))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_sigmoid_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_sigmoid_forward")

# %% nbgrader={"grade": false, "grade_id": "cuda_sigmoid_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def sigmoid_backward_kernel(
    dout_ptr, out_ptr, dx_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """dx[i] from dout[i] and the output out[i], for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    dout = tl.load(dout_ptr + at, mask=inside).to(COMPUTE)
    out = tl.load(out_ptr + at, mask=inside).to(COMPUTE)
    dx = dout * out * (1.0 - out)
    tl.store(dx_ptr + at, dx, mask=inside)
    ### END SOLUTION


def cuda_sigmoid_backward(dout, out):
    """The gradient of the sigmoid, by sigmoid_backward_kernel.

    out : what the forward pass returned

    Returns dx. Bytes: 3 n s.
    """
    ### BEGIN SOLUTION
    return elementwise(sigmoid_backward_kernel, (dout, out))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_sigmoid_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_sigmoid_backward")

# %% [markdown]
# ## tanh
#
# $$\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}} = 2\sigma(2x) - 1, \qquad
# \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\, (1 - y^2)$$
#
# Triton has no `tl.tanh`. The quotient as it stands divides infinity by
# infinity. Backward takes the output again.

# %% nbgrader={"grade": false, "grade_id": "cuda_tanh_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def tanh_forward_kernel(
    x_ptr, out_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = tanh(x[i]) for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    z = tl.exp(-2.0 * tl.abs(x))
    size = (1.0 - z) / (1.0 + z)
    out = tl.where(x < 0, -size, size)
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_tanh_forward(x):
    """tanh(x), by tanh_forward_kernel. Bytes: 2 n s."""
    ### BEGIN SOLUTION
    return elementwise(tanh_forward_kernel, (x,))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_tanh_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_tanh_forward")

# %% nbgrader={"grade": false, "grade_id": "cuda_tanh_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def tanh_backward_kernel(
    dout_ptr, out_ptr, dx_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """dx[i] from dout[i] and the output out[i], for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    dout = tl.load(dout_ptr + at, mask=inside).to(COMPUTE)
    out = tl.load(out_ptr + at, mask=inside).to(COMPUTE)
    dx = dout * (1.0 - out * out)
    tl.store(dx_ptr + at, dx, mask=inside)
    ### END SOLUTION


def cuda_tanh_backward(dout, out):
    """The gradient of tanh, by tanh_backward_kernel.

    out : what the forward pass returned

    Returns dx. Bytes: 3 n s.
    """
    ### BEGIN SOLUTION
    return elementwise(tanh_backward_kernel, (dout, out))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_tanh_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_tanh_backward")

# %% [markdown]
# ## SiLU
#
# $$y = x\,\sigma(x), \qquad
# \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\,
# \sigma(x)\,\bigl(1 + x\,(1 - \sigma(x))\bigr)$$
#
# SiLU is not monotone: two $x$ may have the same $y$. So can its backward pass
# make do with the output?

# %% nbgrader={"grade": false, "grade_id": "cuda_silu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def silu_forward_kernel(
    x_ptr, out_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = x[i] sigmoid(x[i]) for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    z = tl.exp(-tl.abs(x))
    s = tl.where(x >= 0, 1.0, z) / (1.0 + z)
    out = x * s
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_silu_forward(x):
    """x sigmoid(x), by silu_forward_kernel. Bytes: 2 n s."""
    ### BEGIN SOLUTION
    return elementwise(silu_forward_kernel, (x,))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_silu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_silu_forward")

# %% nbgrader={"grade": false, "grade_id": "cuda_silu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def silu_backward_kernel(
    dout_ptr, x_ptr, dx_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """dx[i] = dout[i] times the slope of SiLU at x[i]."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    dout = tl.load(dout_ptr + at, mask=inside).to(COMPUTE)
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    z = tl.exp(-tl.abs(x))
    s = tl.where(x >= 0, 1.0, z) / (1.0 + z)
    dx = dout * s * (1.0 + x * (1.0 - s))
    tl.store(dx_ptr + at, dx, mask=inside)
    ### END SOLUTION


def cuda_silu_backward(dout, x):
    """The gradient of SiLU at x, by silu_backward_kernel. Bytes: 3 n s."""
    ### BEGIN SOLUTION
    return elementwise(silu_backward_kernel, (dout, x))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_silu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_silu_backward")

# %% [markdown]
# ## Leaky ReLU
#
# $$y = x \text{ where } x > 0, \text{ else } s\,x, \qquad
# \text{slope } s \text{ at } x = 0$$
#
# A number is an argument of the kernel like `n`. It moves no bytes to speak of.

# %% nbgrader={"grade": false, "grade_id": "cuda_leaky_relu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def leaky_relu_forward_kernel(
    x_ptr, out_ptr, slope, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = x[i] where x[i] > 0, else slope x[i]."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    out = tl.where(x > 0, x, slope * x)
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_leaky_relu_forward(x, slope):
    """x where x > 0, else slope x; 0 < slope < 1. Bytes: 2 n s."""
    ### BEGIN SOLUTION
    return elementwise(leaky_relu_forward_kernel, (x,), slope)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_leaky_relu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_leaky_relu_forward")

# %% nbgrader={"grade": false, "grade_id": "cuda_leaky_relu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def leaky_relu_backward_kernel(
    dout_ptr, x_ptr, dx_ptr, slope, n,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """dx[i] = dout[i] where x[i] > 0, else slope dout[i]."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    dout = tl.load(dout_ptr + at, mask=inside).to(COMPUTE)
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    dx = tl.where(x > 0, dout, slope * dout)
    tl.store(dx_ptr + at, dx, mask=inside)
    ### END SOLUTION


def cuda_leaky_relu_backward(dout, x, slope):
    """The gradient of leaky ReLU at x; slope at x = 0. Bytes: 3 n s."""
    ### BEGIN SOLUTION
    return elementwise(leaky_relu_backward_kernel, (dout, x), slope)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_leaky_relu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_leaky_relu_backward")

# %% [markdown]
# ## ELU
#
# $$y = x \text{ where } x > 0, \text{ else } \alpha\,(e^x - 1), \qquad
# \text{slope } \alpha\, e^x \text{ where } x \le 0$$
#
# `tl.where` computes both sides for every number and keeps one. An infinite
# number on the side that is not kept does no harm, and multiplied by a zero it
# does.

# %% nbgrader={"grade": false, "grade_id": "cuda_elu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def elu_forward_kernel(
    x_ptr, out_ptr, alpha, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = x[i] where x[i] > 0, else alpha (exp(x[i]) - 1)."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    left = tl.minimum(x, 0.0)
    out = tl.where(x > 0, x, alpha * (tl.exp(left) - 1.0))
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_elu_forward(x, alpha):
    """x where x > 0, else alpha (exp(x) - 1); alpha > 0. Bytes: 2 n s."""
    ### BEGIN SOLUTION
    return elementwise(elu_forward_kernel, (x,), alpha)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_elu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_elu_forward")

# %% nbgrader={"grade": false, "grade_id": "cuda_elu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def elu_backward_kernel(
    dout_ptr, x_ptr, dx_ptr, alpha, n,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """dx[i] = dout[i] times the slope of ELU at x[i]."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    dout = tl.load(dout_ptr + at, mask=inside).to(COMPUTE)
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    left = tl.minimum(x, 0.0)
    dx = dout * tl.where(x > 0, 1.0, alpha * tl.exp(left))
    tl.store(dx_ptr + at, dx, mask=inside)
    ### END SOLUTION


def cuda_elu_backward(dout, x, alpha):
    """The gradient of ELU at x; alpha at x = 0. Bytes: 3 n s."""
    ### BEGIN SOLUTION
    return elementwise(elu_backward_kernel, (dout, x), alpha)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_elu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_elu_backward")

# %% [markdown]
# ## SELU
#
# SELU is the ELU with a fixed $\alpha$, times a fixed scale. A kernel may use a
# global number if it is a `tl.constexpr`: known when the kernel is compiled.

# %% nbgrader={"grade": false, "grade_id": "selu_constants", "locked": true, "schema_version": 3, "solution": false, "task": false}
SELU_ALPHA = tl.constexpr(1.6732632423543772)
SELU_SCALE = tl.constexpr(1.0507009873554805)

# %% nbgrader={"grade": false, "grade_id": "cuda_selu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def selu_forward_kernel(
    x_ptr, out_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[i] = SELU(x[i]) for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    left = tl.minimum(x, 0.0)
    elu = tl.where(x > 0, x, SELU_ALPHA * (tl.exp(left) - 1.0))
    out = SELU_SCALE * elu
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_selu_forward(x):
    """SELU_SCALE times the ELU with SELU_ALPHA. Bytes: 2 n s."""
    ### BEGIN SOLUTION
    return elementwise(selu_forward_kernel, (x,))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_selu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_selu_forward")

# %% nbgrader={"grade": false, "grade_id": "cuda_selu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def selu_backward_kernel(
    dout_ptr, x_ptr, dx_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """dx[i] = dout[i] times the slope of SELU at x[i]."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    dout = tl.load(dout_ptr + at, mask=inside).to(COMPUTE)
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    left = tl.minimum(x, 0.0)
    slope = tl.where(x > 0, 1.0, SELU_ALPHA * tl.exp(left))
    dx = dout * SELU_SCALE * slope
    tl.store(dx_ptr + at, dx, mask=inside)
    ### END SOLUTION


def cuda_selu_backward(dout, x):
    """The gradient of SELU at x. Bytes: 3 n s."""
    ### BEGIN SOLUTION
    return elementwise(selu_backward_kernel, (dout, x))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_selu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_selu_backward")

# %% [markdown]
# ## PReLU, forward
#
# $$y = x \text{ where } x > 0, \text{ else } \alpha_c\, x$$
#
# The slope is learned, one for each channel $c$. It may be negative or above 1,
# so $\max(\alpha x, x)$ is another function. `x` has the shape (N, C, ...), and
# `alpha` (C,). With $M$ numbers behind the axis of channels (1 for (N, C)), the
# flat place $i$ of a contiguous tensor belongs to channel
# $\lfloor i / M \rfloor \bmod C$. Look at it for the shape (2, 3, 2).

# %% tags=["active-ipynb"]
# C, M = 3, 2
# print([(i // M) % C for i in range(12)])

# %% [markdown]
# A load takes any block of addresses. `tl.load(alpha_ptr + channel)` brings
# each element the slope of its channel.

# %% nbgrader={"grade": false, "grade_id": "cuda_prelu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def prelu_forward_kernel(
    x_ptr, alpha_ptr, out_ptr, n, C, M,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """out[i] = x[i] where x[i] > 0, else its channel's slope times x[i]."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    channel = (at // M) % C
    x = tl.load(x_ptr + at, mask=inside).to(COMPUTE)
    alpha = tl.load(alpha_ptr + channel, mask=inside).to(COMPUTE)
    out = tl.where(x > 0, x, alpha * x)
    tl.store(out_ptr + at, out, mask=inside)
    ### END SOLUTION


def cuda_prelu_forward(x, alpha):
    """x where x > 0, else alpha of the channel times x.

    x : (N, C, ...), any strides
    alpha : (C,), contiguous, of the dtype of x

    Returns out, a new tensor like x, by prelu_forward_kernel. Bytes: 2 n s.
    """
    ### BEGIN SOLUTION
    x = x.contiguous()
    out = torch.empty_like(x)
    n, C, M, block = x.numel(), x.shape[1], x[0, 0].numel(), 1024
    grid = (triton.cdiv(n, block),)
    prelu_forward_kernel[grid](
        x, alpha, out, n, C, M, block, compute_dtype(x)
    )
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_prelu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_prelu_forward")

# %% [markdown]
# ## PReLU, backward: the first sum
#
# $$
# \frac{\partial L}{\partial \alpha_c} =
# \sum_{i \text{ in channel } c} \frac{\partial L}{\partial y_i} \cdot
# \min(x_i, 0)
# $$
#
# Thousands of programs hold a piece of this sum. They could all add to one
# address, with `tl.atomic_add`. But they arrive in another order each time, and
# a sum of floats depends on the order. Two runs would give two results.
#
# So the sum is taken in **two stages**. First, each program adds up its own
# block and stores that part in a place of its own. Then a second kernel adds up
# the parts, always in the same order.
#
# A program needs numbers of one channel. Number $j$ of channel $c$, for
# $j = 0, \ldots, NM - 1$, lies at
#
# $$
# \lfloor j / M \rfloor \cdot C M + c\,M + (j \bmod M) .
# $$
#
# The grid has two axes: `tl.program_id(0)` is the block within the channel,
# `tl.program_id(1)` the channel. (With $M = 1$ the neighbours $j$ lie $C$ apart
# in memory. That is right and slow; the batch norm notebook does better.)
#
# **Write** both kernels. Parts are kept in what the kernel computes in: a part
# in float16 ends at 65,504.
# **The check looks at** slopes below 0 and above 1, at two to four axes, at
# channels of several blocks, and at large parts whose sum is small.

# %% nbgrader={"grade": false, "grade_id": "cuda_prelu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def prelu_backward_kernel(
    dout_ptr, x_ptr, alpha_ptr, dx_ptr, parts_ptr, C, M, count,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """dx of one block of a channel, and that block's part of dalpha.

    parts : (blocks, C)
    count : numbers in a channel, N M
    """
    ### BEGIN SOLUTION
    block = tl.program_id(0).to(tl.int64)
    c = tl.program_id(1).to(tl.int64)
    j = block * BLOCK + tl.arange(0, BLOCK)
    inside = j < count
    at = (j // M) * C * M + c * M + j % M
    dout = tl.load(dout_ptr + at, mask=inside, other=0.0).to(COMPUTE)
    x = tl.load(x_ptr + at, mask=inside, other=0.0).to(COMPUTE)
    alpha = tl.load(alpha_ptr + c).to(COMPUTE)
    dx = tl.where(x > 0, dout, alpha * dout)
    tl.store(dx_ptr + at, dx, mask=inside)
    part = tl.sum(dout * tl.minimum(x, 0.0))
    tl.store(parts_ptr + block * C + c, part)
    ### END SOLUTION


@triton.jit
def sum_parts_kernel(
    parts_ptr, dalpha_ptr, blocks, C, BLOCK: tl.constexpr
):
    """dalpha of one channel: the sum of its parts."""
    ### BEGIN SOLUTION
    c = tl.program_id(0)
    k = tl.arange(0, BLOCK)
    at = k * C + c
    parts = tl.load(parts_ptr + at, mask=k < blocks, other=0.0)
    tl.store(dalpha_ptr + c, tl.sum(parts))
    ### END SOLUTION


def cuda_prelu_backward(dout, x, alpha):
    """Gradients of PReLU at x with respect to x and to the slopes.

    dout, x : (N, C, ...), any strides
    alpha : (C,), contiguous, of the dtype of x

    Returns
    dx : like x
    dalpha : (C,), the dtype of alpha, the same bits at every run
    """
    ### BEGIN SOLUTION
    dout, x = dout.contiguous(), x.contiguous()
    dx, dalpha = torch.empty_like(x), torch.empty_like(alpha)
    C, M, block = x.shape[1], x[0, 0].numel(), 256
    count = x.shape[0] * M
    blocks = triton.cdiv(count, block)
    is_double = x.dtype == torch.float64
    wide = torch.float64 if is_double else torch.float32
    parts = torch.empty(blocks, C, dtype=wide, device=x.device)
    prelu_backward_kernel[(blocks, C)](
        dout, x, alpha, dx, parts, C, M, count, block, compute_dtype(x)
    )
    width = triton.next_power_of_2(blocks)
    sum_parts_kernel[(C,)](parts, dalpha, blocks, C, width)
    return dx, dalpha
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_prelu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_prelu_backward")

# %% [markdown]
# ## Maxout
#
# A Maxout unit is the largest of $K$ linear layers. The layers are matrix
# products, which a library does better. What is left is a kernel: `pieces` has
# the shape (N, K, H), and the output is the largest along the axis in the
# middle.
#
# $$y_{nh} = \max_k a_{nkh}$$
#
# A program takes a block of outputs and walks through their $K$ pieces with a
# `for` loop. The first piece of output $i = nH + h$ lies at $n K H + h$, each
# further one $H$ behind. Forward reads $K n s$ bytes for $n$ outputs.

# %% nbgrader={"grade": false, "grade_id": "cuda_maxout_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def maxout_forward_kernel(
    pieces_ptr, out_ptr, n, K, H,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """out[i] = the largest of the K pieces of i, for one block of i."""
    ### BEGIN SOLUTION
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = i < n
    first = (i // H) * K * H + i % H
    best = tl.load(pieces_ptr + first, mask=inside).to(COMPUTE)
    for k in range(1, K):
        at = first + k * H
        piece = tl.load(pieces_ptr + at, mask=inside).to(COMPUTE)
        best = tl.maximum(best, piece)
    tl.store(out_ptr + i, best, mask=inside)
    ### END SOLUTION


def cuda_maxout_forward(pieces):
    """The largest of K pieces, by maxout_forward_kernel.

    pieces : (N, K, H), any strides

    Returns out (N, H), of the dtype of pieces.
    """
    ### BEGIN SOLUTION
    pieces = pieces.contiguous()
    N, K, H = pieces.shape
    out = torch.empty(N, H, dtype=pieces.dtype, device=pieces.device)
    n, block = out.numel(), 256
    grid = (triton.cdiv(n, block),)
    maxout_forward_kernel[grid](
        pieces, out, n, K, H, block, compute_dtype(pieces)
    )
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_maxout_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_maxout_forward")

# %% [markdown]
# In the backward pass the whole gradient goes to the piece that won, and zeros
# go to the others. Of several that are equally large, the first one wins.
#
# **Write** a kernel that reads every piece once. It walks twice: the first time
# it reads, and remembers who won; the second time it only writes.
# **The check looks at** ties of two and of all pieces, at the bytes, and at
# places that nobody writes.

# %% nbgrader={"grade": false, "grade_id": "cuda_maxout_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def maxout_backward_kernel(
    dout_ptr, pieces_ptr, dpieces_ptr, n, K, H,
    BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """dpieces = dout at the first largest piece, 0 at the others."""
    ### BEGIN SOLUTION
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = i < n
    first = (i // H) * K * H + i % H
    dout = tl.load(dout_ptr + i, mask=inside).to(COMPUTE)
    best = tl.load(pieces_ptr + first, mask=inside).to(COMPUTE)
    winner = tl.zeros((BLOCK,), tl.int32)
    for k in range(1, K):
        at = first + k * H
        piece = tl.load(pieces_ptr + at, mask=inside).to(COMPUTE)
        winner = tl.where(piece > best, k, winner)
        best = tl.maximum(best, piece)
    for k in range(K):
        dpiece = tl.where(winner == k, dout, 0.0)
        tl.store(dpieces_ptr + first + k * H, dpiece, mask=inside)
    ### END SOLUTION


def cuda_maxout_backward(dout, pieces):
    """The gradient of Maxout by its pieces, by maxout_backward_kernel.

    dout : (N, H)
    pieces : (N, K, H), what the forward pass was given

    Returns dpieces (N, K, H), of the dtype of pieces.
    """
    ### BEGIN SOLUTION
    dout, pieces = dout.contiguous(), pieces.contiguous()
    dpieces = torch.empty_like(pieces)
    N, K, H = pieces.shape
    n, block = dout.numel(), 256
    grid = (triton.cdiv(n, block),)
    maxout_backward_kernel[grid](
        dout, pieces, dpieces, n, K, H, block, compute_dtype(pieces)
    )
    return dpieces
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_maxout_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_maxout_backward")

# %% [markdown]
# ## What you have now
#
# Kernels that are each as short in bytes as can be, and right at every size you
# tried. What the interpreter can't tell you is the speed. On a machine with a
# GPU the same notebook runs natively, and nothing in it has to change.
