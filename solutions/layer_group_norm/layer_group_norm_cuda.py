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
# # Layer and group norm as kernels
#
# A norm needs two sums over a row before it can change the first number of
# that row. Typed as array operations, it reads the row three or four times. A
# kernel reads it once: the row stays in registers while the sums are taken.
#
# | function | what is new | reads | writes |
# |---|---|---|---|
# | `cuda_layernorm_forward` | a row in registers | `x` | `out` |
# | `cuda_layernorm_backward` | sums across programs | `dout`, `x` | `dx` |
# | `cuda_layernorm` | both of them in autograd | | |
# | `cuda_groupnorm_forward` | γ by channel | `x` | `out` |
# | `cuda_groupnorm_backward` | a row as a 2-D block | `dout`, `x` | `dx` |
# | `cuda_layernorm_wide_forward` | rows beyond a block | `x` twice | `out` |
# | `cuda_layernorm_short_forward` | many rows in a block | `x` | `out` |
# | `cuda_layernorm_gelu_forward` | the next layer, fused | `x` | `out` |
#
# Do `activations_cuda.ipynb` first: blocks, masks, launches and the budget of
# bytes are explained there, and the rules of the house are the same.
#
# **No GPU? Go on.** Without one, kernels run in Triton's interpreter, on the
# CPU, and every check says so. Triton exists for Linux alone: on macOS or
# Windows, open this notebook on Colab.
#
# The next cell decides where kernels run. After a restart, run it first.

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
# ## The rules, in short
#
# 1. Results have the dtype and the device of what they belong to: `out` and
#    `dx` those of `x`, `dgamma` and `dbeta` those of `gamma`. Statistics are
#    float32, and float64 where `x` is float64.
# 2. Inputs are left as they were. They may have any strides: call
#    `.contiguous()`.
# 3. Kernels do the work and write the results. torch may allocate and
#    reshape. Casts belong to kernels: load, cast, compute, store.
# 4. Bytes of tensors as large as `x` are counted. Those of γ, β and the
#    statistics are few, and are not.
# 5. Two runs give the same bits. So no sum may depend on which program comes
#    first: no atomics.
#
# The cell below has three helpers. `column_sums` is a whole kernel to read,
# and both backward passes will need it: a program has a block of columns, and
# walks down the rows in their order.

# %% nbgrader={"grade": false, "grade_id": "helpers", "locked": true, "schema_version": 3, "solution": false, "task": false}
def compute_dtype(x):
    """What a kernel computes in: float64 for float64, else float32."""
    return tl.float64 if x.dtype == torch.float64 else tl.float32


def buffer(x, *shape):
    """Memory for what is computed: of x's device, float32 or float64."""
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    return torch.empty(shape, dtype=wide, device=x.device)


@triton.jit
def column_sums_kernel(
    x_ptr, out_ptr, rows, columns, BLOCK: tl.constexpr, COMPUTE: tl.constexpr
):
    """out[j] = sum of x[i, j] over i, for one block of j."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < columns
    total = tl.zeros((BLOCK,), COMPUTE)
    start = x_ptr
    for _ in range(rows):
        total += tl.load(start + at, mask=inside, other=0.0).to(COMPUTE)
        start += columns
    tl.store(out_ptr + at, total, mask=inside)


def column_sums(x, dtype):
    """Sums over the first axis of x, (rows, columns): a tensor (columns,)."""
    rows, columns = x.shape
    out = torch.empty(columns, dtype=dtype, device=x.device)
    block = min(triton.next_power_of_2(columns), 128)
    grid = (triton.cdiv(columns, block),)
    column_sums_kernel[grid](x, out, rows, columns, block, compute_dtype(x))
    return out

# %% [markdown]
# `other=0.0` is what a masked load puts where it may not read. A sum over the
# block takes those places in as well, so they must hold what changes no sum.
#
# ## Layer norm, forward
#
# For `x` of shape (N, D), each row is normalized with its own $D$ numbers:
#
# $$
# \mu = \frac1D \sum_j x_j, \qquad
# \sigma^2 = \frac1D \sum_j (x_j - \mu)^2, \qquad
# r = \frac{1}{\sqrt{\sigma^2 + \epsilon}}, \qquad
# y_j = \gamma_j\, (x_j - \mu)\, r + \beta_j .
# $$
#
# First the bytes. The cell counts them for 8192 rows of 4096 bfloat16
# numbers: for one read, and for one read for each sum and another for the
# result. Look at what the kernel gains over the formula.

# %% tags=["active-ipynb"]
# N, D, s = 8192, 4096, 2
# once, thrice = 2 * N * D * s, 4 * N * D * s
# rest = 2 * D * s + 2 * N * 4  # gamma and beta, mean and rstd
# print(f"x read once, out written: {once / 2**20:5.0f} MiB")
# print(f"x read three times:       {thrice / 2**20:5.0f} MiB")
# print(f"gamma, beta, mean, rstd:  {rest / 2**20:5.2f} MiB")
# for machine, bandwidth in {"A100, 80 GB": 2.04e12, "H200": 4.8e12}.items():
#     times = [b / bandwidth * 1e6 for b in (once, thrice)]
#     print(f"{machine:12s} {times[0]:5.1f} µs or {times[1]:5.1f} µs")

# %% [markdown]
# Half of the time. The price is that a row must fit into the registers of one
# program, so its block is the next power of two. That is good for $D$ up to
# 16,384, and the exercise asks for no more.
#
# **Write** a kernel with one program for each row. With the row in registers,
# the second pass of the variance costs no bytes, so take it:
# $E[x^2] - E[x]^2$ would lose all digits where the mean is large.
#
# A trap waits at the tail. In the places beyond $D$, `x` is 0, and what is
# `x - mean` there?
#
# `mean` and `rstd`, which is $r$, are returned as well: the way back needs
# them. The offset of a row can pass $2^{31}$, so the number of the row is
# cast to `tl.int64` before anything is multiplied.
#
# **The check looks at** one row and one column, at rows that no block fits
# and at one that a block of 1024 does not hold, at constant rows, at means of
# 10,000, at all four dtypes, and at inputs that are not contiguous.

# %% nbgrader={"grade": false, "grade_id": "cuda_layernorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def layernorm_forward_kernel(
    x_ptr, gamma_ptr, beta_ptr, out_ptr, mean_ptr, rstd_ptr,
    D, eps, BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """One row: out, mean and rstd. BLOCK >= D."""
    ### BEGIN SOLUTION
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    inside = at < D
    x = tl.load(x_ptr + row * D + at, mask=inside, other=0.0).to(COMPUTE)
    mean = tl.sum(x) / D
    centred = tl.where(inside, x - mean, 0.0)
    var = tl.sum(centred * centred) / D
    rstd = 1.0 / tl.sqrt(var + eps)

    gamma = tl.load(gamma_ptr + at, mask=inside).to(COMPUTE)
    beta = tl.load(beta_ptr + at, mask=inside).to(COMPUTE)
    out = gamma * (centred * rstd) + beta
    tl.store(out_ptr + row * D + at, out, mask=inside)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)
    ### END SOLUTION


def cuda_layernorm_forward(x, gamma, beta, eps):
    """Normalize each row of x, then scale and shift each column.

    x : (N, D), D up to 16,384; float16, bfloat16, float32 or float64
    gamma, beta : (D,), scale and shift
    eps : added to the variance, which divides by D, under the root

    Returns out (N, D) in the dtype of x, and mean and rstd (N,) in float32
    (float64 for float64), with rstd = 1 / sqrt(var + eps).
    Bytes: N D s read, N D s written.
    """
    ### BEGIN SOLUTION
    x, gamma, beta = x.contiguous(), gamma.contiguous(), beta.contiguous()
    N, D = x.shape
    out = torch.empty_like(x)
    mean, rstd = buffer(x, N), buffer(x, N)
    block = triton.next_power_of_2(D)
    layernorm_forward_kernel[(N,)](
        x, gamma, beta, out, mean, rstd, D, eps, block, compute_dtype(x)
    )
    return out, mean, rstd
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_layernorm_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_layernorm_forward")

# %% [markdown]
# ## Layer norm, backward
#
# With $\hat x_j = (x_j - \mu)\, r$ and $\bar v$ for the gradient of the loss
# with respect to $v$, a row has
#
# $$
# \bar{\hat x}_j = \gamma_j \bar y_j, \qquad
# \bar x_j = r \Bigl( \bar{\hat x}_j - \frac1D \sum_k \bar{\hat x}_k
# - \hat x_j\, \frac1D \sum_k \bar{\hat x}_k \hat x_k \Bigr),
# $$
#
# and all rows together have $\bar\gamma_j = \sum_i \bar y_{ij} \hat x_{ij}$
# and $\bar\beta_j = \sum_i \bar y_{ij}$.
#
# The first line is a matter of one row, so of one program. The second adds up
# over rows, so over programs. A kernel of its own for it would read `dout`
# and `x` once more. And if all programs added to the same D numbers, then
# either they would overwrite each other, or, with atomics, the order of the
# additions would change from run to run, and the last digits with it.
#
# So split the sum. A fixed number of programs share the rows: each of the $P$
# programs takes $\lceil N / P \rceil$ neighbours, in a loop, and keeps its own
# sums over them in registers. At the end program $p$ writes them as row $p$
# of a buffer (P, D). A second kernel, `column_sums`, adds up the rows of the
# buffer in their order.
#
# The buffer is bytes, too. The cell below compares it with `x`, for a program
# for each row and for at most 128 programs with at least 8 rows each. Look at
# the last column.

# %% nbgrader={"grade": false, "grade_id": "programs_for", "locked": true, "schema_version": 3, "solution": false, "task": false}
def programs_for(rows):
    """How many programs share the rows: up to 128, each with 8 at least."""
    return min(triton.cdiv(rows, 8), 128)

# %% tags=["active-ipynb"]
# D, s = 4096, 2
# print("    N  programs  x, MiB   two buffers, MiB: P = N    P programs")
# for N in (1, 37, 1000, 8192):
#     P = programs_for(N)
#     size, each, few = (b / 2**20 for b in (N * D * s, 8 * N * D, 8 * P * D))
#     print(f"{N:5d} {P:9d} {size:7.2f} {each:23.2f} {few:13.2f}")

# %% [markdown]
# With a program for each row, the buffers weigh four times as much as `x`:
# there are two of them, in float32 against bfloat16. With `programs_for` they
# weigh less than `x` from 8 rows on, and a sixteenth of it in the last line.
# Use it, or a number of your own below N. A buffer with as many numbers as
# `x` is counted with the bytes.
#
# **Write** the first kernel and the launcher. `range(n)` may run up to an
# argument of the kernel. The number of programs need not divide N. Neither
# the partial sums nor anything else is added up in 16 bits.
#
# **The check looks at** one row and 53 rows, at a γ that changes from column
# to column, at each gradient's dtype, at which program wrote what, and at all
# that it looked at above.

# %% nbgrader={"grade": false, "grade_id": "cuda_layernorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def layernorm_backward_kernel(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr,
    dx_ptr, dgamma_ptr, dbeta_ptr,
    N, D, rows_each, BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """dx of rows_each rows, and row p of the partial sums (P, D)."""
    ### BEGIN SOLUTION
    program = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    inside = at < D
    gamma = tl.load(gamma_ptr + at, mask=inside, other=0.0).to(COMPUTE)
    dgamma = tl.zeros((BLOCK,), COMPUTE)
    dbeta = tl.zeros((BLOCK,), COMPUTE)
    for i in range(rows_each):
        row = program * rows_each + i
        here = inside & (row < N)
        place = row * D + at
        dout = tl.load(dout_ptr + place, mask=here, other=0.0).to(COMPUTE)
        x = tl.load(x_ptr + place, mask=here, other=0.0).to(COMPUTE)
        mean = tl.load(mean_ptr + row, mask=row < N, other=0.0)
        rstd = tl.load(rstd_ptr + row, mask=row < N, other=0.0)

        x_hat = (x - mean) * rstd
        dx_hat = dout * gamma
        along_one = tl.sum(dx_hat) / D
        along_x_hat = tl.sum(dx_hat * x_hat) / D
        dx = rstd * (dx_hat - along_one - x_hat * along_x_hat)
        tl.store(dx_ptr + place, dx, mask=here)

        dgamma += dout * x_hat
        dbeta += dout
    tl.store(dgamma_ptr + program * D + at, dgamma, mask=inside)
    tl.store(dbeta_ptr + program * D + at, dbeta, mask=inside)
    ### END SOLUTION


def cuda_layernorm_backward(dout, x, gamma, mean, rstd):
    """Gradients of layer norm, by layernorm_backward_kernel and column_sums.

    dout : (N, D), gradient of the loss by out; dtype of x
    x, gamma : what the forward was given
    mean, rstd : (N,), what it returned

    Returns dx (N, D) in the dtype of x, and dgamma and dbeta (D,) in the
    dtype of gamma.
    Bytes: 2 N D s read, N D s written.
    """
    ### BEGIN SOLUTION
    dout, x, gamma = dout.contiguous(), x.contiguous(), gamma.contiguous()
    N, D = x.shape
    programs = programs_for(N)
    rows_each = triton.cdiv(N, programs)
    dx = torch.empty_like(x)
    dgamma, dbeta = buffer(x, programs, D), buffer(x, programs, D)
    layernorm_backward_kernel[(programs,)](
        dout, x, gamma, mean, rstd, dx, dgamma, dbeta,
        N, D, rows_each, triton.next_power_of_2(D), compute_dtype(x),
    )
    dgamma = column_sums(dgamma, gamma.dtype)
    dbeta = column_sums(dbeta, gamma.dtype)
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_layernorm_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_layernorm_backward")

# %% [markdown]
# ## Both in autograd
#
# `torch.autograd.Function` joins the two, as in the PyTorch notebook of this
# topic. What the way back needs goes into `ctx`. Keep `x` itself, and not
# $\hat x$: `x` is alive anyway, $\hat x$ would be as large again, and it can
# be computed again in registers.
#
# **The check looks at** the result and the three gradients, and at the bytes
# of both ways together: $3ns$ read, $2ns$ written.

# %% nbgrader={"grade": false, "grade_id": "cuda_layernorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
class LayerNormKernels(torch.autograd.Function):
    """Layer normalization by your kernels, for autograd."""

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        """The result; keeps in ctx what the way back needs."""
        ### BEGIN SOLUTION
        out, mean, rstd = cuda_layernorm_forward(x, gamma, beta, eps)
        ctx.save_for_backward(x, gamma, mean, rstd)
        return out
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """One gradient for each argument of the forward."""
        ### BEGIN SOLUTION
        x, gamma, mean, rstd = ctx.saved_tensors
        grads = cuda_layernorm_backward(dout, x, gamma, mean, rstd)
        return (*grads, None)
        ### END SOLUTION


def cuda_layernorm(x, gamma, beta, eps):
    """Layer norm of (N, D), and its way back, by LayerNormKernels.

    x : (N, D)
    gamma, beta : (D,), scale and shift
    eps : added to the variance under the root

    Returns out (N, D) in the dtype of x.
    Bytes, both ways together: 3 N D s read, 2 N D s written.
    """
    ### BEGIN SOLUTION
    return LayerNormKernels.apply(x, gamma, beta, eps)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_layernorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_layernorm")

# %% [markdown]
# `gradcheck` compares a backward with differences of its forward, in float64.
# The second line runs the way back twice. Look at whether a bit differs.

# %% tags=["active-ipynb"]
# device = "cuda" if torch.cuda.is_available() else "cpu"
# torch.manual_seed(0)
# wide = {"dtype": torch.float64, "device": device, "requires_grad": True}
# x, gamma, beta = (torch.randn(n, **wide) for n in ((10, 3), 3, 3))
# print(torch.autograd.gradcheck(cuda_layernorm, (x, gamma, beta, 0.25)))
# x, dout = torch.randn(2, 100, 37, device=device)
# gamma, beta = torch.randn(2, 37, device=device)
# _, mean, rstd = cuda_layernorm_forward(x, gamma, beta, 1e-5)
# one, other = (
#     cuda_layernorm_backward(dout, x, gamma, mean, rstd) for _ in range(2)
# )
# print([torch.equal(a, b) for a, b in zip(one, other)])

# %% [markdown]
# ## Group norm, forward
#
# For `x` of shape (N, C, H, W), the channels are cut into G groups of
# neighbours. Group $g$ of image $n$ has $\tfrac CG\, H W$ numbers, and in
# contiguous memory they lie side by side. So it is a row, and there are
# $N \cdot G$ of them: row $nG + g$. With $G = C$ this is instance norm, with
# $G = 1$ layer norm over C, H and W.
#
# One thing is new. $\gamma$ and $\beta$ have one entry for each channel. The
# cell below prints, for 6 channels of 2 pixels in 2 groups, the rows and the
# channel of each place. Look at how the channel follows from row and place.

# %% tags=["active-ipynb"]
# C, pixels, G = 6, 2, 2
# channels = torch.arange(C).repeat_interleave(pixels).reshape(G, -1)
# for row, of_row in enumerate(channels):
#     print(f"row {row}: channels {of_row.tolist()}")

# %% [markdown]
# **Write** a kernel with one program for each group of each image. A load
# may go to any addresses, also to the same one many times: that is how a
# block of places gets its γ.
#
# **The check looks at** G = 1, at G = C and between, at groups whose size is
# not G, at images with one pixel, and at all that it looked at above.

# %% nbgrader={"grade": false, "grade_id": "cuda_groupnorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def groupnorm_forward_kernel(
    x_ptr, gamma_ptr, beta_ptr, out_ptr, mean_ptr, rstd_ptr,
    G, size, pixels, eps, BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """One group of one image: size numbers, pixels of them in a channel."""
    ### BEGIN SOLUTION
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    inside = at < size
    place = row * size + at
    x = tl.load(x_ptr + place, mask=inside, other=0.0).to(COMPUTE)
    mean = tl.sum(x) / size
    centred = tl.where(inside, x - mean, 0.0)
    var = tl.sum(centred * centred) / size
    rstd = 1.0 / tl.sqrt(var + eps)

    channel = (row % G) * (size // pixels) + at // pixels
    gamma = tl.load(gamma_ptr + channel, mask=inside).to(COMPUTE)
    beta = tl.load(beta_ptr + channel, mask=inside).to(COMPUTE)
    out = gamma * (centred * rstd) + beta
    tl.store(out_ptr + place, out, mask=inside)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)
    ### END SOLUTION


def cuda_groupnorm_forward(x, gamma, beta, G, eps):
    """Normalize each group of channels of an image, scale and shift channels.

    x : (N, C, H, W), up to 16,384 numbers in a group
    gamma, beta : (C,), scale and shift of each channel
    G : number of groups, which divides C
    eps : added to the variance, which divides by C // G * H * W, under the
        root

    Returns out (N, C, H, W) in the dtype of x, and mean and rstd (N, G) in
    float32 (float64 for float64).
    Bytes, with n = N C H W: n s read, n s written.
    """
    ### BEGIN SOLUTION
    x, gamma, beta = x.contiguous(), gamma.contiguous(), beta.contiguous()
    N, C, H, W = x.shape
    size = C // G * H * W
    out = torch.empty_like(x)
    mean, rstd = buffer(x, N, G), buffer(x, N, G)
    block = triton.next_power_of_2(size)
    groupnorm_forward_kernel[(N * G,)](
        x, gamma, beta, out, mean, rstd,
        G, size, H * W, eps, block, compute_dtype(x),
    )
    return out, mean, rstd
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_groupnorm_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_groupnorm_forward")

# %% [markdown]
# ## Group norm, backward
#
# The gradient of a row is that of layer norm, with $\gamma_c$ of the channel
# inside of the row sums. But $\bar\gamma_c$ and $\bar\beta_c$ are other sums:
# over the pixels of a channel, and then over the images.
#
# The first half of that is within one program, if it can tell the channels of
# its row apart. So lay the row out as a **2-D block**, a channel a line:
# `channel[:, None] * pixels + pixel[None, :]` are its places, and
# `tl.sum(..., axis=1)` gives one sum for each channel. The second half is
# over the images, and `column_sums` does it.
#
# First the bytes: are the buffers small this time? The cell below compares
# them with `x` in bfloat16. Look at what decides.

# %% tags=["active-ipynb"]
# for shape in ((32, 256, 56, 56), (32, 256, 7, 7), (32, 256, 1, 1)):
#     N, C, H, W = shape
#     ratio = 2 * 4 * N * C / (2 * N * C * H * W)
#     print(f"{str(shape):18s} buffers weigh {ratio:.2%} of x")

# %% [markdown]
# The number of pixels decides: each sum stands for the H·W numbers of a
# channel.
#
# Both lengths of a block are powers of two, so a row of 3 channels of 35
# pixels takes a block of 4 by 64, and there are two ways to be outside.
#
# **Write** the kernel and the launcher.

# %% nbgrader={"grade": false, "grade_id": "cuda_groupnorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def groupnorm_backward_kernel(
    dout_ptr, x_ptr, gamma_ptr, mean_ptr, rstd_ptr,
    dx_ptr, dgamma_ptr, dbeta_ptr, G, channels, pixels,
    CHANNELS: tl.constexpr, PIXELS: tl.constexpr, COMPUTE: tl.constexpr,
):
    """One group of one image: dx, and the sums of each of its channels."""
    ### BEGIN SOLUTION
    row = tl.program_id(0).to(tl.int64)
    size = channels * pixels
    channel = tl.arange(0, CHANNELS)
    pixel = tl.arange(0, PIXELS)
    exists = channel < channels
    inside = exists[:, None] & (pixel < pixels)[None, :]
    place = row * size + channel[:, None] * pixels + pixel[None, :]
    dout = tl.load(dout_ptr + place, mask=inside, other=0.0).to(COMPUTE)
    x = tl.load(x_ptr + place, mask=inside, other=0.0).to(COMPUTE)
    mean = tl.load(mean_ptr + row)
    rstd = tl.load(rstd_ptr + row)
    own = (row % G) * channels + channel
    gamma = tl.load(gamma_ptr + own, mask=exists, other=0.0).to(COMPUTE)

    x_hat = (x - mean) * rstd
    dx_hat = dout * gamma[:, None]
    along_one = tl.sum(dx_hat) / size
    along_x_hat = tl.sum(dx_hat * x_hat) / size
    dx = rstd * (dx_hat - along_one - x_hat * along_x_hat)
    tl.store(dx_ptr + place, dx, mask=inside)

    partial = row * channels + channel  # n C + c, since row = n G + g
    dgamma = tl.sum(dout * x_hat, axis=1)
    dbeta = tl.sum(dout, axis=1)
    tl.store(dgamma_ptr + partial, dgamma, mask=exists)
    tl.store(dbeta_ptr + partial, dbeta, mask=exists)
    ### END SOLUTION


def cuda_groupnorm_backward(dout, x, gamma, mean, rstd, G):
    """Gradients of group norm, by groupnorm_backward_kernel and column_sums.

    dout : (N, C, H, W), gradient of the loss by out; dtype of x
    x, gamma, G : what the forward was given
    mean, rstd : (N, G), what it returned

    Returns dx (N, C, H, W) in the dtype of x, and dgamma and dbeta (C,) in
    the dtype of gamma.
    Bytes, with n = N C H W: 2 n s read, n s written.
    """
    ### BEGIN SOLUTION
    dout, x, gamma = dout.contiguous(), x.contiguous(), gamma.contiguous()
    N, C, H, W = x.shape
    channels, pixels = C // G, H * W
    dx = torch.empty_like(x)
    dgamma, dbeta = buffer(x, N, C), buffer(x, N, C)
    groupnorm_backward_kernel[(N * G,)](
        dout, x, gamma, mean, rstd, dx, dgamma, dbeta, G, channels, pixels,
        triton.next_power_of_2(channels), triton.next_power_of_2(pixels),
        compute_dtype(x),
    )
    dgamma = column_sums(dgamma, gamma.dtype)
    dbeta = column_sums(dbeta, gamma.dtype)
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_groupnorm_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_groupnorm_backward")

# %% [markdown]
# Your group norm holds two others. The cell below compares its ends with
# PyTorch's instance norm and layer norm. Look at the differences.

# %% tags=["active-ipynb"]
# device = "cuda" if torch.cuda.is_available() else "cpu"
# torch.manual_seed(1)
# x = torch.randn(2, 6, 5, 3, device=device)
# one, zero = torch.ones(6, device=device), torch.zeros(6, device=device)
# instance = torch.nn.functional.instance_norm(x)
# layer = torch.nn.functional.layer_norm(x, x.shape[1:])
# for G, theirs in ((6, instance), (1, layer)):
#     out, _, _ = cuda_groupnorm_forward(x, one, zero, G, 1e-5)
#     print(f"G = {G}: {(out - theirs).abs().max().item():.0e}")

# %% [markdown]
# ## Rows longer than a block
#
# A row of 65,536 numbers does not fit into the registers of one program. What
# does not fit spills to memory, which is what we wanted to avoid. So the row
# is cut into **chunks** of one block each, and a loop runs over them.
#
# The result can't be written before the last chunk has been seen, so a second
# loop has to read the row again: two reads, one write, $3ns$. A third read,
# one for the mean and one for the variance, is not in the budget.
#
# So each chunk is taken once, and its statistics are merged into those of the
# chunks before it. Let these have $n$ numbers, mean $\mu$ and sum of squares
# about the mean $M$, and the new chunk $n'$, $\mu'$ and $M'$. With
# $\delta = \mu' - \mu$, all together have (*derived*; Chan, Golub and LeVeque
# published it in 1979)
#
# $$
# \mu \leftarrow \mu + \delta\, \frac{n'}{n + n'}, \qquad
# M \leftarrow M + M' + \delta^2\, \frac{n\, n'}{n + n'} .
# $$
#
# Within a chunk the variance is two-pass, in registers. The cell below merges
# two chunks around 10,000 in float32, and compares with one pass over both.
# Look at the digits.

# %% tags=["active-ipynb"]
# torch.manual_seed(2)
# x = 10_000 + torch.randn(200)
# (a, b), n = x.split(100), 100.0
# M, M_new = ((c - c.mean()).square().sum() for c in (a, b))
# delta = b.mean() - a.mean()
# merged = (M + M_new + delta**2 * n * n / (n + n)) / 200
# one_pass = x.square().mean() - x.mean() ** 2
# exact = x.double().var(correction=0)
# for name, value in (("merged", merged), ("one pass", one_pass)):
#     print(f"{name:8s} {value.item():8.4f}   exact {exact.item():.4f}")

# %% [markdown]
# **Write** a kernel with one program for each row, and two loops over its
# chunks. `range(0, D, BLOCK)` may be such a loop. The last chunk may be
# short: how many numbers has it? A variable that a loop changes must have its
# dtype before the loop: `tl.full((), 0.0, COMPUTE)` is a zero of that dtype.
#
# **The check** hands over the length of a block, small, so that there are
# many chunks; it looks at last chunks of one number, full ones, and rows
# shorter than a block.

# %% nbgrader={"grade": false, "grade_id": "cuda_layernorm_wide_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def layernorm_wide_forward_kernel(
    x_ptr, gamma_ptr, beta_ptr, out_ptr, mean_ptr, rstd_ptr,
    D, eps, BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """One row in chunks of BLOCK: out, mean and rstd."""
    ### BEGIN SOLUTION
    row = tl.program_id(0).to(tl.int64)
    start_of_row = row * D
    mean = tl.full((), 0.0, COMPUTE)
    squares = tl.full((), 0.0, COMPUTE)
    for start in range(0, D, BLOCK):
        at = start + tl.arange(0, BLOCK)
        inside = at < D
        x = tl.load(x_ptr + start_of_row + at, mask=inside, other=0.0)
        x = x.to(COMPUTE)
        count = tl.minimum(D - start, BLOCK)
        chunk_mean = tl.sum(x) / count
        centred = tl.where(inside, x - chunk_mean, 0.0)
        delta = chunk_mean - mean
        part = count / (start + count).to(COMPUTE)
        mean += delta * part
        squares += tl.sum(centred * centred) + delta * delta * part * start
    rstd = 1.0 / tl.sqrt(squares / D + eps)

    for start in range(0, D, BLOCK):
        at = start + tl.arange(0, BLOCK)
        inside = at < D
        x = tl.load(x_ptr + start_of_row + at, mask=inside).to(COMPUTE)
        gamma = tl.load(gamma_ptr + at, mask=inside).to(COMPUTE)
        beta = tl.load(beta_ptr + at, mask=inside).to(COMPUTE)
        out = gamma * ((x - mean) * rstd) + beta
        tl.store(out_ptr + start_of_row + at, out, mask=inside)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)
    ### END SOLUTION


def cuda_layernorm_wide_forward(x, gamma, beta, block, eps):
    """Layer norm of rows of any length, by chunks.

    x : (N, D)
    gamma, beta : (D,), scale and shift
    block : numbers in a chunk, a power of two
    eps : added to the variance, which divides by D, under the root

    Returns out (N, D) in the dtype of x, and mean and rstd (N,) in float32
    (float64 for float64).
    Bytes: 2 N D s read, N D s written.
    """
    ### BEGIN SOLUTION
    x, gamma, beta = x.contiguous(), gamma.contiguous(), beta.contiguous()
    N, D = x.shape
    out = torch.empty_like(x)
    mean, rstd = buffer(x, N), buffer(x, N)
    layernorm_wide_forward_kernel[(N,)](
        x, gamma, beta, out, mean, rstd, D, eps, block, compute_dtype(x)
    )
    return out, mean, rstd
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_layernorm_wide_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_layernorm_wide_forward")

# %% [markdown]
# ## Many short rows
#
# A million rows of 64 numbers would be a million programs with next to
# nothing to do. Each starts, loads γ and β, and asks memory for 128 bytes in
# bfloat16. Give a program several rows, as a 2-D block: a row a line,
# `tl.sum(..., axis=1)` for one statistic a line, and `[:, None]` to bring it
# back to the block.
#
# The cell below counts programs, and what they load of γ and β, for one row
# in a program and for 16. Look at what is saved.

# %% tags=["active-ipynb"]
# N, D, s = 2**20, 64, 2
# print(f"x and out weigh {2 * N * D * s / 2**20:.0f} MiB")
# for rows in (1, 16):
#     programs = triton.cdiv(N, rows)
#     small = programs * 2 * D * s / 2**20
#     print(f"{rows:2d} rows each: {programs:7d} programs load", end=" ")
#     print(f"{small:3.0f} MiB of gamma and beta")

# %% [markdown]
# Those loads come out of the cache, since γ and β are small, but they are
# still asked for. With 16 rows they are a sixteenth.
#
# **Write** a kernel whose program has `rows` rows. Two things can be outside:
# a place beyond $D$, and a row beyond $N$.
# **The check looks at** N that `rows` does not divide, and at all that it
# looked at in the first exercise.

# %% nbgrader={"grade": false, "grade_id": "cuda_layernorm_short_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def layernorm_short_forward_kernel(
    x_ptr, gamma_ptr, beta_ptr, out_ptr, mean_ptr, rstd_ptr,
    N, D, eps, ROWS: tl.constexpr, BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """ROWS rows in a block of ROWS by BLOCK: out, mean and rstd."""
    ### BEGIN SOLUTION
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    at = tl.arange(0, BLOCK)
    exists = row < N
    inside = exists[:, None] & (at < D)[None, :]
    place = row[:, None] * D + at[None, :]
    x = tl.load(x_ptr + place, mask=inside, other=0.0).to(COMPUTE)
    mean = tl.sum(x, axis=1) / D
    centred = tl.where(inside, x - mean[:, None], 0.0)
    var = tl.sum(centred * centred, axis=1) / D
    rstd = 1.0 / tl.sqrt(var + eps)

    gamma = tl.load(gamma_ptr + at, mask=at < D)[None, :].to(COMPUTE)
    beta = tl.load(beta_ptr + at, mask=at < D)[None, :].to(COMPUTE)
    out = gamma * (centred * rstd[:, None]) + beta
    tl.store(out_ptr + place, out, mask=inside)
    tl.store(mean_ptr + row, mean, mask=exists)
    tl.store(rstd_ptr + row, rstd, mask=exists)
    ### END SOLUTION


def cuda_layernorm_short_forward(x, gamma, beta, rows, eps):
    """Layer norm of many short rows, several of them in a program.

    x : (N, D), D small
    gamma, beta : (D,), scale and shift
    rows : how many rows a program handles, a power of two
    eps : added to the variance, which divides by D, under the root

    Returns out (N, D) in the dtype of x, and mean and rstd (N,) in float32
    (float64 for float64).
    Bytes: N D s read, N D s written.
    """
    ### BEGIN SOLUTION
    x, gamma, beta = x.contiguous(), gamma.contiguous(), beta.contiguous()
    N, D = x.shape
    out = torch.empty_like(x)
    mean, rstd = buffer(x, N), buffer(x, N)
    block = triton.next_power_of_2(D)
    layernorm_short_forward_kernel[(triton.cdiv(N, rows),)](
        x, gamma, beta, out, mean, rstd,
        N, D, eps, rows, block, compute_dtype(x),
    )
    return out, mean, rstd
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_layernorm_short_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_layernorm_short_forward")

# %% [markdown]
# ## The next layer, in the same kernel
#
# Behind a norm there is often an activation. As a kernel of its own it reads
# what the norm has just written, and writes as much again: $4ns$ for both. In
# the norm's kernel it costs a line, and $2ns$ is all that moves. The cell
# below counts, and gives the time that the saved bytes would take.

# %% tags=["active-ipynb"]
# N, D, s = 8192, 4096, 2
# apart, together = (k * N * D * s for k in (4, 2))
# for name, moved in (("apart", apart), ("together", together)):
#     time = moved / 4.8e12 * 1e6
#     print(f"{name:9s} {moved / 2**20:4.0f} MiB, {time:5.1f} µs on an H200")

# %% [markdown]
# Half again. That is the whole idea of fusing.
#
# **Write** layer norm followed by the exact GELU,
# $z\, \tfrac12 (1 + \operatorname{erf}(z / \sqrt 2))$, where $z$ is what
# layer norm returns. The activation comes last, behind γ and β.

# %% nbgrader={"grade": false, "grade_id": "cuda_layernorm_gelu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def layernorm_gelu_forward_kernel(
    x_ptr, gamma_ptr, beta_ptr, out_ptr, mean_ptr, rstd_ptr,
    D, eps, BLOCK: tl.constexpr, COMPUTE: tl.constexpr,
):
    """One row: GELU of layer norm, mean and rstd. BLOCK >= D."""
    ### BEGIN SOLUTION
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    inside = at < D
    x = tl.load(x_ptr + row * D + at, mask=inside, other=0.0).to(COMPUTE)
    mean = tl.sum(x) / D
    centred = tl.where(inside, x - mean, 0.0)
    var = tl.sum(centred * centred) / D
    rstd = 1.0 / tl.sqrt(var + eps)

    gamma = tl.load(gamma_ptr + at, mask=inside, other=0.0).to(COMPUTE)
    beta = tl.load(beta_ptr + at, mask=inside, other=0.0).to(COMPUTE)
    z = gamma * (centred * rstd) + beta
    out = 0.5 * z * (1.0 + tl.erf(0.7071067811865476 * z))
    tl.store(out_ptr + row * D + at, out, mask=inside)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)
    ### END SOLUTION


def cuda_layernorm_gelu_forward(x, gamma, beta, eps):
    """GELU of layer norm, in one kernel.

    x : (N, D), D up to 16,384
    gamma, beta : (D,), scale and shift
    eps : added to the variance, which divides by D, under the root

    Returns out (N, D) in the dtype of x, and mean and rstd (N,) of the rows
    of x, in float32 (float64 for float64).
    Bytes: N D s read, N D s written.
    """
    ### BEGIN SOLUTION
    x, gamma, beta = x.contiguous(), gamma.contiguous(), beta.contiguous()
    N, D = x.shape
    out = torch.empty_like(x)
    mean, rstd = buffer(x, N), buffer(x, N)
    block = triton.next_power_of_2(D)
    layernorm_gelu_forward_kernel[(N,)](
        x, gamma, beta, out, mean, rstd, D, eps, block, compute_dtype(x)
    )
    return out, mean, rstd
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_layernorm_gelu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_layernorm_gelu_forward")

# %% [markdown]
# ## What you have now
#
# Norms that read a row as often as they must: once where it fits, twice where
# it doesn't. Gradients of γ and β whose bits do not depend on who comes
# first. What is missing is speed that was measured: how many warps a program
# should have, how many programs, and how long a block. That takes a GPU, and
# the functions stay as they are.
#
# ## To think about
#
# 1. `cuda_layernorm_forward` with a block of 2048 for rows of 1025 numbers
#    leaves half of its places empty. Which of your kernels wastes less on
#    such rows, and what does it pay for that?
# 2. The way back behind the fused GELU needs the slope at $z$. What would you
#    keep for it: $z$, or what computes it again? Count the bytes of both.
# 3. Batch norm sums over the rows of (N, D). Which of your kernels is closest
#    to what it needs, and in which order should it read?
