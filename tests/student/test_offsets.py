"""Which offsets of which kernels are too short for elements beyond 2^31."""

import os

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
import triton
import triton.language as tl

from autograder.student.kernels import machine_code

M, N = 8, 304
WIDTH = tl.constexpr(304)


@triton.jit
def row_in_32_bits(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride + at, mask=at < n)
    tl.store(out_ptr + row.to(tl.int64) * stride + at, x, mask=at < n)


@triton.jit
def row_in_64_bits(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride + at, mask=at < n)
    tl.store(out_ptr + row * stride + at, x, mask=at < n)


@triton.jit
def cast_after_the_product(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    start = (tl.program_id(0) * stride).to(tl.int64)
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + start + at, mask=at < n)
    tl.store(out_ptr + start + at, x, mask=at < n)


@triton.jit
def blocks_in_32_bits(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < ROWS * n
    tl.store(out_ptr + at, tl.load(x_ptr + at, mask=inside), mask=inside)


@triton.jit
def blocks_in_64_bits(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < ROWS * n
    tl.store(out_ptr + at, tl.load(x_ptr + at, mask=inside), mask=inside)


@triton.jit
def columns_in_a_loop(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    for start in range(0, n, BLOCK):
        at = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row * stride + at, mask=at < n)
        tl.store(out_ptr + row * stride + at, x, mask=at < n)


@triton.jit
def columns_by_count(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    for i in range(tl.cdiv(n, BLOCK)):
        at = i * BLOCK + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row * stride + at, mask=at < n)
        tl.store(out_ptr + row * stride + at, x, mask=at < n)


@triton.jit
def carried_columns(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    for _ in range(0, n, BLOCK):
        x = tl.load(x_ptr + row * stride + at, mask=at < n)
        tl.store(out_ptr + row * stride + at, x, mask=at < n)
        at += BLOCK


@triton.jit
def carried_pointers(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x_ptr += tl.program_id(0).to(tl.int64) * stride + at
    out_ptr += tl.program_id(0) * stride + at
    for start in range(0, n, BLOCK):
        x = tl.load(x_ptr, mask=start + at < n)
        tl.store(out_ptr, x, mask=start + at < n)
        x_ptr += BLOCK
        out_ptr += BLOCK


@triton.jit
def every_nth_row(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    stride64 = tl.cast(stride, tl.int64)
    at = tl.arange(0, BLOCK)
    for row in range(tl.program_id(0), ROWS, tl.num_programs(0)):
        x = tl.load(x_ptr + row * stride + at, mask=at < n)
        tl.store(out_ptr + row * stride64 + at, x, mask=at < n)


@triton.jit
def every_nth_row_by_while(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    row = tl.program_id(0)
    while row < ROWS:
        x = tl.load(x_ptr + row * stride + at, mask=at < n)
        tl.store(out_ptr + row.to(tl.int64) * stride + at, x, mask=at < n)
        row += tl.num_programs(0)


@triton.jit
def a_stripe_of_rows(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    first = tl.program_id(0) * 4
    for i in range(4):
        x = tl.load(x_ptr + (first + i) * stride + at, mask=at < n)
        row = (first + i).to(tl.int64)
        tl.store(out_ptr + row * stride + at, x, mask=at < n)


@triton.jit
def a_tile_of_rows(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    rows = tl.program_id(0) * 4 + tl.arange(0, 4)
    at = tl.arange(0, BLOCK)
    inside = (rows < ROWS)[:, None] & (at < n)[None, :]
    x = tl.load(x_ptr + rows[:, None] * stride + at[None, :], mask=inside)
    rows64 = rows.to(tl.int64)
    tl.store(out_ptr + rows64[:, None] * stride + at[None, :], x, mask=inside)


@triton.jit
def rows_under_a_column(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    stride64 = tl.cast(stride, tl.int64)
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    for row in range(ROWS):
        x = tl.load(x_ptr + row * stride + at, mask=at < n)
        tl.store(out_ptr + row * stride64 + at, x, mask=at < n)


@triton.jit
def added_up_rows(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    at = tl.program_id(0) + tl.arange(0, BLOCK)
    place = at
    place64 = at.to(tl.int64)
    for _ in range(ROWS):
        x = tl.load(x_ptr + place, mask=at < n)
        tl.store(out_ptr + place64, x, mask=at < n)
        place += stride
        place64 += stride


@triton.jit
def width_known_when_compiled(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * WIDTH + at, mask=at < n)
    tl.store(out_ptr + row.to(tl.int64) * WIDTH + at, x, mask=at < n)


@triton.jit
def remainder_of_the_program(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    blocks = tl.cdiv(n, BLOCK)
    row = (tl.program_id(0) // blocks).to(tl.int64)
    at = tl.program_id(0) % blocks * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride + at, mask=at < n)
    tl.store(out_ptr + row * stride + at, x, mask=at < n)


@triton.jit
def quotient_of_the_program(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    blocks = tl.cdiv(n, BLOCK)
    row = tl.program_id(0) // blocks
    at = tl.program_id(0) % blocks * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride + at, mask=at < n)
    tl.store(out_ptr + row * stride + at, x, mask=at < n)


@triton.jit
def second_axis_for_columns(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride + at, mask=at < n)
    tl.store(out_ptr + row * stride + at, x, mask=at < n)


@triton.jit
def the_column_cast_and_not_the_row(
    x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr
):
    row = tl.program_id(1)
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride + at, mask=at < n)
    tl.store(out_ptr + row * stride + at, x, mask=at < n)


@triton.jit
def in_a_branch(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    if row < n:  # noqa: SIM108  (a branch is what is tested)
        start = (row * stride).to(tl.int64)
    else:
        start = row.to(tl.int64)
    x = tl.load(x_ptr + start + at, mask=at < n)
    tl.store(out_ptr + row.to(tl.int64) * stride + at, x, mask=at < n)


@triton.jit
def start_of(row, stride):
    return row * stride


@triton.jit
def in_a_helper(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + start_of(row, stride) + at, mask=at < n)
    tl.store(out_ptr + start_of(row.to(tl.int64), stride) + at, x, mask=at < n)


@triton.jit(noinline=True)
def start_called(row, stride):
    return row * stride


@triton.jit
def in_a_called_helper(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + start_called(row, stride) + at, mask=at < n)
    tl.store(out_ptr + row.to(tl.int64) * stride + at, x, mask=at < n)


@triton.jit
def cast_back(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * stride
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + start.to(tl.int32) + at, mask=at < n)
    tl.store(out_ptr + start + at, x, mask=at < n)


@triton.jit
def rows_by_ticket(x_ptr, out_ptr, stride, n, ROWS, BLOCK: tl.constexpr):
    row = tl.atomic_add(out_ptr.to(tl.pointer_type(tl.int32)), 0)
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride + at, mask=at < n)
    tl.store(out_ptr + row.to(tl.int64) * stride + at, x, mask=at < n)


X, BOTH = ("x_ptr",), ("x_ptr", "out_ptr")
KERNELS = [
    (row_in_32_bits, X),
    (row_in_64_bits, ()),
    (cast_after_the_product, BOTH),
    (blocks_in_32_bits, BOTH),
    (blocks_in_64_bits, ()),
    (columns_in_a_loop, ()),
    (columns_by_count, ()),
    (carried_columns, ()),
    (carried_pointers, ("out_ptr",)),
    (every_nth_row, X),
    (every_nth_row_by_while, X),
    (a_stripe_of_rows, X),
    (a_tile_of_rows, X),
    (rows_under_a_column, X),
    (added_up_rows, X),
    (width_known_when_compiled, X),
    (remainder_of_the_program, ()),
    (quotient_of_the_program, BOTH),
    (second_axis_for_columns, ()),
    (the_column_cast_and_not_the_row, BOTH),
    (in_a_branch, X),
    (in_a_helper, X),
    (in_a_called_helper, X),
    (cast_back, X),
    (rows_by_ticket, X),
]


def launched(kernel):
    """One program of it, in the interpreter; then compiled."""
    x = torch.zeros(M, N)
    block = 128 if "loop" in kernel.__name__ else 64

    def call(x, out):
        kernel[(1,)](x, out, N, N, M, block)

    return machine_code(call, x, torch.zeros_like(x)).kernels[0]


@pytest.mark.parametrize(
    ("kernel", "narrow"), KERNELS, ids=[k.__name__ for k, _ in KERNELS]
)
def test_offsets(kernel, narrow):
    assert set(launched(kernel).narrow) == set(narrow)
