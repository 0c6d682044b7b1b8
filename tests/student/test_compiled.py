"""Compiling for a GPU that is not there, and reading the result."""

import os

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import triton
import triton.language as tl

from autograder.student.kernels.compiled import compiled

POINTERS = ("x_ptr", "out_ptr")
SIGNATURE = {"x_ptr": "*bf16", "out_ptr": "*bf16", "n": "i32", "BLOCK": 1024}


@triton.jit
def square_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside).to(tl.float32)
    tl.store(out_ptr + at, x * x, mask=inside)


@triton.jit
def centred_row_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at).to(tl.float32)
    tl.store(out_ptr + at, x - tl.sum(x) / BLOCK)


@triton.jit
def broken_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    tl.store(out_ptr, no_such_name)  # noqa: F821


def test_a_size_divisible_by_16_gives_wide_accesses():
    seen = compiled(square_kernel, SIGNATURE, (*POINTERS, "n"))
    assert (seen.load, seen.store, seen.stack) == (16, 16, 0)
    assert 8 <= seen.registers <= 64


def test_a_mask_at_any_size_takes_elements_one_by_one():
    seen = compiled(square_kernel, SIGNATURE, POINTERS)
    assert (seen.load, seen.store) == (2, 2)


def test_a_row_too_wide_for_the_registers_spills():
    narrow, wide = ({**SIGNATURE, "BLOCK": size} for size in (4096, 65536))
    assert compiled(centred_row_kernel, narrow, POINTERS).stack == 0
    assert compiled(centred_row_kernel, wide, POINTERS).stack > 0


def test_the_compilers_complaint_comes_back():
    with pytest.raises(RuntimeError, match="no_such_name"):
        compiled(broken_kernel, SIGNATURE)
