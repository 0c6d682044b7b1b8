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
# # Initialization as kernels: random numbers without a state
#
# Weights are the first numbers that a network needs, and they come from
# nothing: no input is read. This notebook makes them in kernels, from a
# generator that you write yourself.
#
# | you write | what it is |
# |---|---|
# | `cuda_constant` | one number everywhere, to warm up |
# | `cuda_philox` | the generator, in integers |
# | `cuda_normal_pairs` | from two integers to two normal numbers |
# | `cuda_uniform`, `cuda_normal` | kernels that fill a tensor |
# | `cuda_xavier_uniform`, `cuda_xavier_normal` | for linear layers and tanh |
# | `cuda_kaiming_uniform`, `cuda_kaiming_normal` | for ReLU and leaky ReLU |
#
# Pass `activations_cuda.ipynb` first. It explains blocks, masks and launches.
#
# **No GPU? Go on.** Without one, the same kernels run in Triton's
# interpreter, on the CPU. Every check says which of the two it was.
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
# ## The bytes
#
# Initialization reads nothing and writes each of $n$ numbers of $s$ bytes
# once: $ns$ bytes. A constant costs just that, so it is the yardstick for all
# that follows. The cell divides by the bandwidth of the memory, as its maker
# states it.

# %% tags=["active-ipynb"]
# n = 4096 * 4096
# for machine, bandwidth in {"A100, 80 GB": 2.04e12, "H200": 4.8e12}.items():
#     for dtype in (torch.float32, torch.bfloat16):
#         time = n * dtype.itemsize / bandwidth
#         print(f"{machine:12s} {dtype}  {time * 1e6:5.1f} µs")

# %% [markdown]
# Half the bytes, half the time. Reading `weight` too would double it. And a
# generator that writes its uniform numbers first, and reads them again to make
# normal ones of them, moves $3ns$.
#
# ## Rules of the house
#
# They hold for all functions that fill a tensor.
#
# 1. `weight` says what is wanted: the result has its shape, dtype and device.
#    Its numbers do not matter, and they stay as they are.
# 2. A kernel of yours writes every number, once, and reads none.
#    `torch.empty_like(weight)` allocates. `torch.rand`, `torch.randn`,
#    `torch.full` and arithmetic on tensors are the kernel's work.
# 3. Kernels compute in float32. `tl.store` casts to what the tensor holds:
#    float32, bfloat16 or float16.
#
# Random answers are judged by their mean, standard deviation, distribution and
# independence, each so strictly that a right answer fails in less than one
# class in a million.
#
# ## A constant
#
# **Write** a kernel that stores one number everywhere, and the function that
# launches it.
# **The check looks at** sizes that no block divides, at dtypes, at the bytes
# that you read, and at `weight`.

# %% nbgrader={"grade": false, "grade_id": "cuda_constant", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def constant_kernel(out_ptr, value, n, BLOCK: tl.constexpr):
    """out[i] = value for one block of i."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    numbers = tl.full((BLOCK,), value, tl.float32)
    tl.store(out_ptr + at, numbers, mask=at < n)
    ### END SOLUTION


def cuda_constant(weight, value):
    """A tensor that holds value everywhere, by constant_kernel.

    weight : tensor; its shape, dtype and device are taken, its numbers not
    value : number

    Returns a new tensor like weight. Bytes: none read, n s written.
    """
    ### BEGIN SOLUTION
    out = torch.empty_like(weight)
    n, block = out.numel(), 1024
    constant_kernel[(triton.cdiv(n, block),)](out, value, n, block)
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_constant", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_constant")

# %% [markdown]
# ## A generator without a state
#
# Most generators have a state: number 1,000 is made from what number 999 left
# behind. Thousands of programs that run at the same time can't wait for each
# other like that.
#
# A **counter-based** generator has none. It is a function
#
# $$\text{counter}, \text{key} \;\mapsto\; \text{random words},$$
#
# made like a cipher: neighbouring counters give words that have nothing to do
# with each other. Each program counts for itself. The key is the seed.
#
# Philox-4x32-10 (Salmon, Moraes, Dror and Shaw 2011) is the one that PyTorch
# uses on GPUs, and Triton too. Its counter has four words of 32 bits, $c_0$ to
# $c_3$, and its key two, $k_0$ and $k_1$. Ten times it does this:
#
# $$
# \begin{aligned}
# c_0' &= \text{high}(B \cdot c_2) \oplus c_1 \oplus k_0
#      & c_1' &= \text{low}(B \cdot c_2) \\
# c_2' &= \text{high}(A \cdot c_0) \oplus c_3 \oplus k_1
#      & c_3' &= \text{low}(A \cdot c_0)
# \end{aligned}
# $$
#
# All four new words come from the old ones. Then the key moves on, modulo
# $2^{32}$: $k_0$ by `0x9E3779B9`, $k_1$ by `0xBB67AE85`. The first round takes
# the key as it is given. The constants are $A$ = `0xD2511F53` and $B$ =
# `0xCD9E8D57`.
#
# The product of two words has 64 bits. Here they are, for one multiplication.
# Look at the halves.

# %% tags=["active-ipynb"]
# A, word = 0xD2511F53, 0x12345678
# product = A * word
# print(f"product {product:016x}")
# print(f"high    {product >> 32:08x}")
# print(f"low             {product & 0xFFFFFFFF:08x}")

# %% [markdown]
# In Triton, `tl.umulhi(a, b)` is the high half, and `a * b` of `tl.uint32` is
# the low half: what is above 32 bits is lost. `^` is $\oplus$.
#
# Here a counter is one integer of 64 bits. Its low half is $c_0$, its high
# half $c_1$, and $c_2 = c_3 = 0$. The seed is split in the same way, into
# $k_0$ and $k_1$. (`tl.to_tensor(seed)` is a tensor also where Triton has made
# a constant of the seed, as it does with 1.)
#
# **Write** the ten rounds and the launch. The kernel is given.
# **The check looks at** every bit of the words, at counters and seeds beyond 32
# bits, and at sizes that no block divides.

# %% nbgrader={"grade": false, "grade_id": "cuda_philox", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def philox(counter, seed):
    """Philox-4x32-10: four blocks of random words (tl.uint32).

    counter : block of tl.int64
    seed : one integer of up to 64 bits
    """
    ### BEGIN SOLUTION
    c0 = counter.to(tl.uint32)
    c1 = (counter >> 32).to(tl.uint32)
    c2 = tl.zeros_like(c0)
    c3 = tl.zeros_like(c0)
    key = tl.to_tensor(seed).to(tl.uint64)
    k0 = key.to(tl.uint32)
    k1 = (key >> 32).to(tl.uint32)
    for _ in range(10):
        high_a = tl.umulhi(c0, 0xD2511F53)
        low_a = c0 * 0xD2511F53
        high_b = tl.umulhi(c2, 0xCD9E8D57)
        low_b = c2 * 0xCD9E8D57
        c0, c1 = high_b ^ c1 ^ k0, low_b
        c2, c3 = high_a ^ c3 ^ k1, low_a
        k0 += 0x9E3779B9
        k1 += 0xBB67AE85
    return c0, c1, c2, c3
    ### END SOLUTION


@triton.jit
def philox_kernel(counters_ptr, words_ptr, seed, n, BLOCK: tl.constexpr):
    """The four words of each counter of one block."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    counter = tl.load(counters_ptr + at, mask=inside, other=0)
    a, b, c, d = philox(counter, seed)
    tl.store(words_ptr + 4 * at, a, mask=inside)
    tl.store(words_ptr + 4 * at + 1, b, mask=inside)
    tl.store(words_ptr + 4 * at + 2, c, mask=inside)
    tl.store(words_ptr + 4 * at + 3, d, mask=inside)


def cuda_philox(counters, seed):
    """The random words of each counter, by philox_kernel.

    counters : tensor (n,) of int64, contiguous, none of them negative
    seed : whole number from 0 to 2^63 - 1

    Returns words, a tensor (n, 4) of int32: the bits of four words a counter.
    """
    ### BEGIN SOLUTION
    n, block = counters.numel(), 256
    like = {"dtype": torch.int32, "device": counters.device}
    words = torch.empty(n, 4, **like)
    grid = (triton.cdiv(n, block),)
    philox_kernel[grid](counters, words, seed, n, block)
    return words
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_philox", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_philox")

# %% [markdown]
# Two counters that differ in one bit: in how many of their 128 bits do the
# words differ? Before you run it: in how many would fair coins differ?

# %% tags=["active-ipynb"]
# device = "cuda" if torch.cuda.is_available() else "cpu"
# counters = torch.tensor([0, 1, 2, 1000, 1001], device=device)
# words = cuda_philox(counters, 7)
# for row in words.tolist():
#     print(*(f"{word & 0xFFFFFFFF:08x}" for word in row))
# changed = (words[0] ^ words[1]).tolist()
# print(sum((word & 0xFFFFFFFF).bit_count() for word in changed), "of 128 bits")

# %% [markdown]
# About half of them. Counter 1,000 took no longer than counter 0 and needed no
# other. That is what makes the generator fit for a GPU.
#
# Triton has the same function: `a, b, c, d = tl.randint4x(seed, counter)` are
# your four words. From here on, take that one or your own.
#
# ## From words to numbers
#
# A word $w$ is a whole number below $2^{32}$. A float32 number between 0.5 and
# 1 has 24 binary digits, and 32 do not fit. Look at what becomes of the
# largest word.

# %% tags=["active-ipynb"]
# largest = torch.tensor(2.0**32 - 1, dtype=torch.float64)
# print("all 32 bits:", (largest.float() * 2.0**-32).item())
# print("24 bits:", ((largest.long() >> 8).float() * 2.0**-24).item())

# %% [markdown]
# With all 32 bits it is rounded up, to 1. With the upper 24 bits nothing is
# rounded: $(w \gg 8) \cdot 2^{-24}$ is exact, below 1, and every number of this
# form is as likely as every other. The shift must be that of `tl.uint32`: a
# signed one drags the sign along.
#
# Two uniform numbers make two normal ones (Box and Muller 1958):
#
# $$
# r = \sqrt{-2 \ln u_1}, \qquad
# z_1 = r \cos(2 \pi u_2), \qquad z_2 = r \sin(2 \pi u_2) .
# $$
#
# $u_1 = 0$ would be a logarithm of 0. So $u_1$ counts from 1 on:
#
# $$
# u_1 = \bigl((w_1 \gg 8) + 1\bigr) \cdot 2^{-24}, \qquad
# u_2 = (w_2 \gg 8) \cdot 2^{-24} .
# $$
#
# **Write** a kernel that turns pairs of words into pairs of normal numbers.
# Words that are loaded as int32 become unsigned by
# `.to(tl.uint32, bitcast=True)`: the bits stay.
# **The check looks at** the smallest and the largest words, at strides, and at
# sizes that no block divides.

# %% nbgrader={"grade": false, "grade_id": "cuda_normal_pairs", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def normal_pairs_kernel(words_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """Two normal numbers from the two words of each row of one block."""
    ### BEGIN SOLUTION
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    first = tl.load(words_ptr + 2 * at, mask=inside, other=0)
    second = tl.load(words_ptr + 2 * at + 1, mask=inside, other=0)
    first = first.to(tl.uint32, bitcast=True)
    second = second.to(tl.uint32, bitcast=True)
    u1 = ((first >> 8) + 1).to(tl.float32) * 5.9604644775390625e-08
    u2 = (second >> 8).to(tl.float32) * 5.9604644775390625e-08
    radius = tl.sqrt(-2.0 * tl.log(u1))
    angle = 6.283185307179586 * u2
    tl.store(out_ptr + 2 * at, radius * tl.cos(angle), mask=inside)
    tl.store(out_ptr + 2 * at + 1, radius * tl.sin(angle), mask=inside)
    ### END SOLUTION


def cuda_normal_pairs(words):
    """Two normal numbers from each pair of words, by normal_pairs_kernel.

    words : tensor (n, 2) of int32, the bits of w1 and w2; any strides

    Returns a new tensor (n, 2) of float32: z1 and z2.
    """
    ### BEGIN SOLUTION
    words = words.contiguous()
    like = {"dtype": torch.float32, "device": words.device}
    out = torch.empty(words.shape, **like)
    n, block = words.shape[0], 256
    normal_pairs_kernel[(triton.cdiv(n, block),)](words, out, n, block)
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_normal_pairs", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_normal_pairs")

# %% [markdown]
# The smallest $u_1$ is $2^{-24}$. So how large can a number get, and how often
# would a normal number be larger?

# %% tags=["active-ipynb"]
# import math
#
# largest = math.sqrt(2 * 24 * math.log(2))
# beyond = math.erfc(largest / math.sqrt(2))
# print(f"no number is larger than {largest:.2f}")
# print(f"one of {1 / beyond:,.0f} normal numbers is")

# %% [markdown]
# For weights that is of no account. For a simulation of rare events it would
# be, and one takes more bits there.
#
# ## Uniform numbers
#
# Now a kernel that fills a tensor on $[\text{low}, \text{high})$. A counter
# gives four words, so a program that takes `BLOCK` counters writes `4 * BLOCK`
# neighbours. `tl.interleave(a, b)` lays two blocks out in turn, like shuffled
# cards: $a_0, b_0, a_1, b_1, \ldots$ The cell does that twice, on words that
# show where they are from.

# %% tags=["active-ipynb"]
# def interleave(a, b):
#     return [word for pair in zip(a, b, strict=True) for word in pair]
#
#
# a, b, c, d = (["a0", "a1"], ["b0", "b1"], ["c0", "c1"], ["d0", "d1"])
# print(*interleave(interleave(a, c), interleave(b, d)))

# %% [markdown]
# That is one block in the order of the counters, and it takes one store.
#
# The numbers may depend on the seed and on the place alone. How many programs
# there are, and how long their blocks are, is a matter of speed: whoever tunes
# `block` must not get another network.
#
# (With $u < 1$, $\text{low} + (\text{high} - \text{low})\, u$ is below `high`,
# but for rounding. Weights do not mind. A logarithm would.)
#
# **Write** the kernel and its launch. `block` is the number of counters of a
# program.
# **The check looks at** the numbers' distribution, at two lengths of blocks
# with one seed, and at two seeds, which may differ in their upper 32 bits
# alone.

# %% nbgrader={"grade": false, "grade_id": "cuda_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def uniform_kernel(out_ptr, low, high, seed, n, BLOCK: tl.constexpr):
    """4 BLOCK uniform numbers from BLOCK counters."""
    ### BEGIN SOLUTION
    start = tl.program_id(0).to(tl.int64) * BLOCK
    counter = start + tl.arange(0, BLOCK)
    a, b, c, d = tl.randint4x(seed, counter)
    words = tl.interleave(tl.interleave(a, c), tl.interleave(b, d))
    u = (words >> 8).to(tl.float32) * 5.9604644775390625e-08
    at = 4 * start + tl.arange(0, 4 * BLOCK)
    tl.store(out_ptr + at, low + (high - low) * u, mask=at < n)
    ### END SOLUTION


def cuda_uniform(weight, low, high, seed, block=1024):
    """Uniform numbers on [low, high), by uniform_kernel.

    weight : tensor; its shape, dtype and device are taken, its numbers not
    seed : whole number from 0 to 2^63 - 1; another one, other numbers
    block : counters of one program, a power of two; the same numbers for all

    Returns a new tensor like weight. Bytes: none read, n s written.
    """
    ### BEGIN SOLUTION
    out = torch.empty_like(weight)
    n = out.numel()
    grid = (triton.cdiv(n, 4 * block),)
    uniform_kernel[grid](out, low, high, seed, n, block)
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_uniform", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_uniform")

# %% [markdown]
# What does a number cost beside its bytes? Philox multiplies four times a round
# (twice for a high half, twice for a low one) and makes four words in ten
# rounds. Compare what one number costs with what a ReLU does.

# %% tags=["active-ipynb"]
# multiplications = 4 * 10
# print(multiplications / 4, "multiplications of integers for each number")
# print(multiplications / 1, "if only the first word of a counter is used")

# %% [markdown]
# That is no longer nothing. A kernel that throws three of four words away does
# four times the work for the same bytes, and a fast GPU may notice.
#
# ## Normal numbers
#
# Four words are two pairs, and a pair makes two numbers. Words $a$ and $b$ are
# one pair, $c$ and $d$ the other, or however you like: the check has no say in
# the order. Throw none away, and use none twice.

# %% nbgrader={"grade": false, "grade_id": "cuda_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
@triton.jit
def normal_kernel(out_ptr, std, seed, n, BLOCK: tl.constexpr):
    """4 BLOCK normal numbers from BLOCK counters."""
    ### BEGIN SOLUTION
    start = tl.program_id(0).to(tl.int64) * BLOCK
    counter = start + tl.arange(0, BLOCK)
    a, b, c, d = tl.randint4x(seed, counter)
    first = tl.interleave(a, c)
    second = tl.interleave(b, d)
    u1 = ((first >> 8) + 1).to(tl.float32) * 5.9604644775390625e-08
    u2 = (second >> 8).to(tl.float32) * 5.9604644775390625e-08
    radius = std * tl.sqrt(-2.0 * tl.log(u1))
    angle = 6.283185307179586 * u2
    numbers = tl.interleave(radius * tl.cos(angle), radius * tl.sin(angle))
    at = 4 * start + tl.arange(0, 4 * BLOCK)
    tl.store(out_ptr + at, numbers, mask=at < n)
    ### END SOLUTION


def cuda_normal(weight, std, seed, block=1024):
    """Normal numbers with mean 0 and standard deviation std.

    weight : tensor; its shape, dtype and device are taken, its numbers not
    seed : whole number from 0 to 2^63 - 1; another one, other numbers
    block : counters of one program, a power of two; the same numbers for all

    Returns a new tensor like weight, by normal_kernel. Bytes: none read, n s
    written.
    """
    ### BEGIN SOLUTION
    out = torch.empty_like(weight)
    n = out.numel()
    grid = (triton.cdiv(n, 4 * block),)
    normal_kernel[grid](out, std, seed, n, block)
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_normal", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_normal")

# %% [markdown]
# ## Xavier
#
# $\text{Var}(w) = 1 / \text{fan}$. The paper's fan is the average
# $(\text{fan}_{in} + \text{fan}_{out}) / 2$, the lecture's is
# $\text{fan}_{in}$. In PyTorch's layout a weight is (D_out, D_in), or
# (F, C, HH, WW) for a convolution, and
#
# $$
# \text{fan}_{in} = \text{inputs} \cdot \text{receptive field}, \qquad
# \text{fan}_{out} = \text{outputs} \cdot \text{receptive field} .
# $$
#
# A uniform distribution on $[-a, a)$ has the variance $a^2 / 3$.
#
# **Write** both with the kernels that you have. What is wrong there is wrong
# here too, so pass their checks first.
# **The check looks at** linear layers and convolutions, at 16 bits, and at two
# seeds. Two layers that start from the same numbers are a mistake that no
# statistic of one layer shows.

# %% nbgrader={"grade": false, "grade_id": "cuda_xavier_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cuda_xavier_uniform(weight, seed, fan="average"):
    """Uniform weights with mean 0 and variance 1 / fan, by cuda_uniform.

    weight : tensor (D_out, D_in) or (F, C, ...); its numbers do not matter
    seed : whole number; another one, other numbers
    fan : "in" takes fan_in, "average" takes (fan_in + fan_out) / 2

    Returns a new tensor like weight. Glorot and Bengio 2010.
    """
    ### BEGIN SOLUTION
    field = weight[0, 0].numel()
    fan_out, fan_in = (n * field for n in weight.shape[:2])
    count = fan_in if fan == "in" else (fan_in + fan_out) / 2
    bound = (3 / count) ** 0.5
    return cuda_uniform(weight, -bound, bound, seed)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_xavier_uniform", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_xavier_uniform")

# %% nbgrader={"grade": false, "grade_id": "cuda_xavier_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cuda_xavier_normal(weight, seed, fan="average"):
    """Normal weights with mean 0 and variance 1 / fan, by cuda_normal.

    weight : tensor (D_out, D_in) or (F, C, ...); its numbers do not matter
    seed : whole number; another one, other numbers
    fan : "in" takes fan_in, "average" takes (fan_in + fan_out) / 2

    Returns a new tensor like weight. Glorot and Bengio 2010.
    """
    ### BEGIN SOLUTION
    field = weight[0, 0].numel()
    fan_out, fan_in = (n * field for n in weight.shape[:2])
    count = fan_in if fan == "in" else (fan_in + fan_out) / 2
    std = (1 / count) ** 0.5
    return cuda_normal(weight, std, seed)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_xavier_normal", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_xavier_normal")

# %% [markdown]
# ## Kaiming
#
# A leaky ReLU with slope $s$ keeps $(1 + s^2) / 2$ of $E[x^2]$, a ReLU half of
# it. The **gain** makes up for that:
#
# $$
# \text{Var}(w) = \frac{\text{gain}^2}{\text{fan}}, \qquad
# \text{gain}^2 = \frac{2}{1 + s^2} .
# $$

# %% nbgrader={"grade": false, "grade_id": "cuda_kaiming_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cuda_kaiming_uniform(weight, seed, fan="in", slope=0.0):
    """Uniform weights, mean 0 and variance 2 / ((1 + slope^2) fan).

    weight : tensor (D_out, D_in) or (F, C, ...); its numbers do not matter
    seed : whole number; another one, other numbers
    fan : "in" or "out"
    slope : of the leaky ReLU that follows; 0 is a ReLU

    Returns a new tensor like weight, by cuda_uniform. He and others 2015.
    """
    ### BEGIN SOLUTION
    field = weight[0, 0].numel()
    fan_out, fan_in = (n * field for n in weight.shape[:2])
    count = fan_in if fan == "in" else fan_out
    gain = (2 / (1 + slope**2)) ** 0.5
    bound = gain * (3 / count) ** 0.5
    return cuda_uniform(weight, -bound, bound, seed)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_kaiming_uniform", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_kaiming_uniform")

# %% nbgrader={"grade": false, "grade_id": "cuda_kaiming_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cuda_kaiming_normal(weight, seed, fan="in", slope=0.0):
    """Normal weights, mean 0 and variance 2 / ((1 + slope^2) fan).

    weight : tensor (D_out, D_in) or (F, C, ...); its numbers do not matter
    seed : whole number; another one, other numbers
    fan : "in" or "out"
    slope : of the leaky ReLU that follows; 0 is a ReLU

    Returns a new tensor like weight, by cuda_normal. He and others 2015.
    """
    ### BEGIN SOLUTION
    field = weight[0, 0].numel()
    fan_out, fan_in = (n * field for n in weight.shape[:2])
    count = fan_in if fan == "in" else fan_out
    gain = (2 / (1 + slope**2)) ** 0.5
    std = gain * (1 / count) ** 0.5
    return cuda_normal(weight, std, seed)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_cuda_kaiming_normal", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("cuda_kaiming_normal")

# %% [markdown]
# Six ReLU layers start from your kernels. Each layer has a seed of its own.
# Look at $\sqrt{E[h^2]}$ after each of them.

# %% nbgrader={"grade": false, "grade_id": "see_layers", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# device = "cuda" if torch.cuda.is_available() else "cpu"
# like = torch.empty(256, 256, device=device)
# start = torch.empty(64, 256, device=device)
# for name, initialize in {"Kaiming": cuda_kaiming_normal,
#                          "Xavier": cuda_xavier_normal}.items():
#     h, sizes = cuda_normal(start, 1.0, seed=100), []
#     for layer in range(6):
#         h = torch.relu(h @ initialize(like, seed=layer).T)
#         sizes.append(f"{h.square().mean().sqrt().item():.2f}")
#     print(f"{name:8s}", *sizes)

# %% [markdown]
# Kaiming keeps the size, but for chance. Xavier loses a factor of about
# $\sqrt 2$ a layer: it knows nothing of the half that a ReLU takes away.
#
# ## What you have now
#
# A generator in ten rounds of integers, and weights that depend on a seed and
# a place, not on who computed them. Run the notebook on a GPU with another
# block, and it is the same network.
