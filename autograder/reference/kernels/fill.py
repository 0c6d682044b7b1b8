"""Random numbers on the GPU: uniform and normal, written once.

A counter goes through Philox and gives 128 random bits: four numbers, or eight of
16 bits. The generator is Philox-4x32 with seven rounds, the fewest that pass
BigCrush (Salmon and others, 2011); ten cost more than the memory does. Numbers
depend on the seed, on their place and on the width of the dtype, on nothing else.
"""

# Kernels are compiled by Triton: their arguments have types of its own.
# mypy: allow-untyped-defs, no-check-untyped-defs
from __future__ import annotations

import torch
import triton
import triton.language as tl

from autograder.reference.kernels.launch import SHORT
from autograder.reference.kernels.rows import store

ROUNDS = tl.constexpr(7)


@triton.jit
def interleave(a, b, c, d):
    """a0 b0 c0 d0 a1 b1 ...: what one counter gives lies side by side."""
    pairs = tl.join(tl.join(a, c), tl.join(b, d))
    return tl.reshape(pairs, (4 * a.shape[0],))


@triton.jit
def unit(bits):
    """24 random bits as a number in [0, 1)."""
    return (bits >> 8).to(tl.int32).to(tl.float32) * (1.0 / 16777216.0)


@triton.jit
def halves(bits):
    """16 random bits, twice, as numbers in [0, 1)."""
    low = (bits & 0xFFFF).to(tl.int32).to(tl.float32) * (1.0 / 65536.0)
    return low, (bits >> 16).to(tl.int32).to(tl.float32) * (1.0 / 65536.0)


@triton.jit
def uniform_kernel(
    out_ptr, n, seed, low, span,
    COUNTERS: tl.constexpr, SHORT: tl.constexpr, EVEN: tl.constexpr,
):  # fmt: skip
    """Four numbers for each counter, or eight SHORT ones."""
    EACH: tl.constexpr = 8 if SHORT else 4
    program = tl.program_id(0).to(tl.int64)
    counter = program * COUNTERS + tl.arange(0, COUNTERS)
    a, b, c, d = tl.randint4x(seed, counter, ROUNDS)
    if SHORT:
        a, e = halves(a)
        b, f = halves(b)
        c, g = halves(c)
        d, h = halves(d)
        u = tl.join(interleave(a, b, c, d), interleave(e, f, g, h))
        u = tl.reshape(u, (8 * COUNTERS,))
    else:
        u = interleave(unit(a), unit(b), unit(c), unit(d))
    first = program * (EACH * COUNTERS)
    i = tl.arange(0, EACH * COUNTERS)
    out = low + span * u
    store(out_ptr + first + i, out, i < n - first, EVEN, "")


@triton.jit
def turn(bits):
    """Cosine and sine of an angle that is uniform on the circle.

    Two bits choose a quarter, 24 the angle in it, from -pi/4 to pi/4, where the
    polynomials of Cephes hold. `tl.cos` must be ready for any angle, and is slower.
    """
    quarter = bits >> 30
    r = ((bits >> 6) & 0xFFFFFF).to(tl.int32).to(tl.float32) * (1.0 / 16777216.0)
    r = (r - 0.5) * 1.5707963267948966
    z = r * r
    s = (-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1
    s = s * z * r + r
    c = (2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2
    c = c * z * z - 0.5 * z + 1.0
    cosine = tl.where(quarter & 1 == 0, c, s)
    sine = tl.where(quarter & 1 == 0, s, c)
    cosine = tl.where((quarter + 1) & 2 == 0, cosine, -cosine)
    return cosine, tl.where(quarter & 2 == 0, sine, -sine)


@triton.jit
def normal_pair(a, b):
    """Two normal numbers from 64 random bits (Box and Muller)."""
    radius = tl.sqrt(-2.0 * tl.log(1.0 - unit(a)))  # of a number in (0, 1]
    cosine, sine = turn(b)
    return radius * cosine, radius * sine


@triton.jit
def normal_kernel(
    out_ptr, n, seed, mean, std, COUNTERS: tl.constexpr, EVEN: tl.constexpr
):
    """Four numbers for each counter."""
    program = tl.program_id(0).to(tl.int64)
    counter = program * COUNTERS + tl.arange(0, COUNTERS)
    a, b, c, d = tl.randint4x(seed, counter, ROUNDS)
    a, b = normal_pair(a, b)
    c, d = normal_pair(c, d)
    out = mean + std * interleave(a, b, c, d)
    first = program * (4 * COUNTERS)
    i = tl.arange(0, 4 * COUNTERS)
    store(out_ptr + first + i, out, i < n - first, EVEN, "")


def uniform_(
    out: torch.Tensor, seed: int, low: float = 0.0, high: float = 1.0
) -> torch.Tensor:
    """Fill contiguous ``out`` with numbers of U(low, high).

    float32 numbers have 24 random bits, 16-bit ones have 16. Rounding may give
    ``high`` itself. Raises ValueError unless ``out`` is contiguous.
    """
    _check(out)
    short = out.element_size() == 2
    counters = SHORT // 8 if short else SHORT // 4
    each = SHORT
    n = out.numel()
    if n:
        uniform_kernel[(triton.cdiv(n, each),)](
            out, n, seed, low, high - low, counters, short, n % each == 0, num_warps=4
        )
    return out


def normal_(
    out: torch.Tensor, seed: int, mean: float = 0.0, std: float = 1.0
) -> torch.Tensor:
    """Fill contiguous ``out`` with numbers of N(mean, std^2), at most 5.8 std away.

    Raises ValueError unless ``out`` is contiguous.
    """
    _check(out)
    n = out.numel()
    if n:
        normal_kernel[(triton.cdiv(n, SHORT),)](
            out, n, seed, mean, std, SHORT // 4, n % SHORT == 0, num_warps=4
        )
    return out


def _check(out: torch.Tensor) -> None:
    if not out.is_contiguous():
        raise ValueError("only a contiguous tensor can be filled")
