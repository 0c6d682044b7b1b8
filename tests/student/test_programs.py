"""What goes wrong between the programs of a launch, and between its threads."""

import os

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
import triton
import triton.language as tl

from autograder.student.kernels import observe

ROWS, COLUMNS = 6, 5
BLOCK = 8


@triton.jit
def plain_sum_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * D + at, mask=at < D)
    total = tl.load(out_ptr + at, mask=at < D)
    tl.store(out_ptr + at, total + x, mask=at < D)


@triton.jit
def atomic_sum_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * D + at, mask=at < D)
    tl.atomic_add(out_ptr + at, x, mask=at < D)


@triton.jit
def locked_sum_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * D + at, mask=at < D)
    while tl.atomic_cas(aux_ptr, 0, 1) == 1:
        pass
    total = tl.load(out_ptr + at, mask=at < D)
    tl.store(out_ptr + at, total + x, mask=at < D)
    tl.debug_barrier()
    tl.atomic_xchg(aux_ptr, 0)


@triton.jit
def locked_sum_without_barrier_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * D + at, mask=at < D)
    while tl.atomic_cas(aux_ptr, 0, 1) == 1:
        pass
    total = tl.load(out_ptr + at, mask=at < D)
    tl.store(out_ptr + at, total + x, mask=at < D)
    tl.atomic_cas(aux_ptr, 1, 0)


@triton.jit
def lock_that_is_kept_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    while tl.atomic_cas(aux_ptr, 0, 1) == 1:
        pass
    tl.store(out_ptr + at, tl.load(x_ptr + at, mask=at < D), mask=at < D)
    tl.debug_barrier()


@triton.jit
def plain_unlock_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    while tl.atomic_cas(aux_ptr, 0, 1) == 1:
        pass
    tl.debug_barrier()
    tl.store(aux_ptr, 0)


@triton.jit
def copied_after_unlock_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * D + at, mask=at < D)
    while tl.atomic_cas(aux_ptr, 0, 1) == 1:
        pass
    tl.debug_barrier()
    tl.atomic_add(aux_ptr, -1)
    tl.store(out_ptr + at, x, mask=at < D)


@triton.jit
def written_before_lock_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    row = tl.program_id(0)
    x = tl.load(x_ptr + row * D + at, mask=at < D)
    tl.store(out_ptr + at, x, mask=(at < D) & (row == 0))
    tl.debug_barrier()
    while tl.atomic_cas(aux_ptr, 0, 1) == 1:
        pass
    tl.load(out_ptr + at, mask=at < D)
    tl.atomic_xchg(aux_ptr, 0)


@triton.jit
def ticket_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    """The program that comes last adds up what all have written."""
    at = tl.arange(0, BLOCK)
    row = tl.program_id(0)
    x = tl.load(x_ptr + row * D + at, mask=at < D)
    tl.store(out_ptr + (1 + row) * D + at, 2 * x, mask=at < D)
    tl.debug_barrier()
    if tl.atomic_add(aux_ptr, 1) == tl.num_programs(0) - 1:
        total = tl.zeros((BLOCK,), tl.float32)
        for i in range(tl.num_programs(0)):
            total += tl.load(out_ptr + (1 + i) * D + at, mask=at < D)
        tl.store(out_ptr + at, total, mask=at < D)


@triton.jit
def ticket_without_barrier_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    row = tl.program_id(0)
    x = tl.load(x_ptr + row * D + at, mask=at < D)
    tl.store(out_ptr + (1 + row) * D + at, 2 * x, mask=at < D)
    if tl.atomic_add(aux_ptr, 1) == tl.num_programs(0) - 1:
        for i in range(tl.num_programs(0)):
            part = tl.load(out_ptr + (1 + i) * D + at, mask=at < D)
            tl.store(out_ptr + at, part, mask=at < D)


@triton.jit
def ticket_of_last_number_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    """As if the program with the highest number came last."""
    at = tl.arange(0, BLOCK)
    row = tl.program_id(0)
    x = tl.load(x_ptr + row * D + at, mask=at < D)
    tl.store(out_ptr + (1 + row) * D + at, 2 * x, mask=at < D)
    tl.debug_barrier()
    tl.atomic_add(aux_ptr, 1)
    if row == tl.num_programs(0) - 1:
        for i in range(tl.num_programs(0)):
            tl.load(out_ptr + (1 + i) * D + at, mask=at < D)


@triton.jit
def count_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    tl.atomic_add(aux_ptr + tl.zeros((BLOCK,), tl.int32), 1)
    at = tl.arange(0, BLOCK)
    to = out_ptr + tl.program_id(0) * D + at
    tl.store(to, tl.load(x_ptr + at, mask=at < D), mask=at < D)


@triton.jit
def neighbour_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    """In place: each row takes its value from the next one."""
    at = tl.arange(0, BLOCK)
    to = x_ptr + tl.program_id(0) * D + at
    own = tl.load(to, mask=at < D)
    tl.store(to, own + tl.load(to + D, mask=at < D), mask=at < D)


@triton.jit
def read_again_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    row = tl.program_id(0) * D
    x = tl.load(x_ptr + row + at, mask=at < D)
    tl.store(out_ptr + row + at, x, mask=at < D)
    turned = tl.load(out_ptr + row + D - 1 - at, mask=at < D)
    tl.debug_barrier()
    tl.store(out_ptr + row + at, turned, mask=at < D)


@triton.jit
def read_again_after_barrier_kernel(x_ptr, out_ptr, aux_ptr, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    row = tl.program_id(0) * D
    x = tl.load(x_ptr + row + at, mask=at < D)
    tl.store(out_ptr + row + at, x, mask=at < D)
    tl.debug_barrier()
    turned = tl.load(out_ptr + row + D - 1 - at, mask=at < D)
    tl.debug_barrier()
    tl.store(out_ptr + row + at, turned, mask=at < D)


KERNELS = {
    # kernel: elements in (race, order, barrier, deadlock), programs forward; backward
    plain_sum_kernel: ((5, 0, 0, 0), (5, 0, 0, 0)),
    atomic_sum_kernel: ((0, 5, 0, 0), (0, 5, 0, 0)),
    locked_sum_kernel: ((0, 5, 0, 0), (0, 5, 0, 0)),
    locked_sum_without_barrier_kernel: ((0, 5, 5, 0), (0, 5, 5, 0)),
    lock_that_is_kept_kernel: ((0, 0, 0, 5), (0, 0, 0, 5)),
    plain_unlock_kernel: ((1, 0, 0, 0), (1, 0, 0, 0)),
    copied_after_unlock_kernel: ((5, 0, 0, 0), (5, 0, 0, 0)),
    written_before_lock_kernel: ((0, 0, 0, 0), (5, 0, 0, 0)),
    ticket_kernel: ((0, 0, 0, 0), (0, 0, 0, 0)),
    ticket_without_barrier_kernel: ((0, 0, 30, 0), (0, 0, 30, 0)),
    ticket_of_last_number_kernel: ((0, 0, 0, 0), (25, 0, 0, 0)),
    count_kernel: ((0, 0, 0, 0), (0, 0, 0, 0)),
    neighbour_kernel: ((25, 0, 0, 0), (25, 0, 0, 0)),
    read_again_kernel: ((0, 0, 30, 0), (0, 0, 30, 0)),
    read_again_after_barrier_kernel: ((0, 0, 0, 0), (0, 0, 0, 0)),
}


def ran(kernel, backwards=False, dtype=torch.float32, grid=(ROWS,)):
    x = torch.arange(float(ROWS * COLUMNS + COLUMNS)).to(dtype)
    out = torch.zeros((ROWS + 1) * COLUMNS, dtype=dtype)
    aux = torch.zeros(1, dtype=torch.int32)
    with observe(backwards) as watch:
        kernel[grid](x, out, aux, COLUMNS, BLOCK)
    return x, out, watch.result()


def counts(seen):
    return seen.races, seen.orders, seen.barriers, seen.deadlocks


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.fn.__name__)
def test_what_a_kernel_does_wrong(kernel, backwards):
    _, _, seen = ran(kernel, backwards)
    assert counts(seen) == KERNELS[kernel][backwards]
    broken = [name for name, _ in seen.broken()]
    names = ("race", "order", "barrier", "deadlock")
    assert broken == [n for n, k in zip(names, counts(seen), strict=True) if k]


def test_results_are_those_of_the_kernel():
    x, out, _ = ran(ticket_kernel)
    rows = x[: ROWS * COLUMNS].view(ROWS, COLUMNS)
    assert torch.equal(out[:COLUMNS], 2 * rows.sum(0))
    for backwards in (False, True):
        _, out, _ = ran(locked_sum_kernel, backwards)
        assert torch.equal(out[:COLUMNS], rows.sum(0))


def test_backwards_runs_the_last_program_first_on_every_axis():
    @triton.jit
    def number_kernel(out_ptr, count_ptr):
        x, y, z = tl.program_id(0), tl.program_id(1), tl.program_id(2)
        at = (x * tl.num_programs(1) + y) * tl.num_programs(2) + z
        tl.store(out_ptr + at, tl.atomic_add(count_ptr, 1))

    for backwards, numbers in ((False, range(24)), (True, range(23, -1, -1))):
        out, count = torch.zeros(24, dtype=torch.int32), torch.zeros(1).int()
        with observe(backwards) as watch:
            number_kernel[(2, 3, 4)](out, count)
        assert out.tolist() == list(numbers)
        assert watch.result().broken() == ()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_dtype_of_floats_has_an_order(dtype):
    assert counts(ran(locked_sum_kernel, dtype=dtype)[2]) == (0, 5, 0, 0)


def test_whole_numbers_have_none():
    assert counts(ran(locked_sum_kernel, dtype=torch.int32)[2]) == (0, 0, 0, 0)


def test_one_program_is_alone():
    for kernel in (plain_sum_kernel, atomic_sum_kernel, locked_sum_kernel):
        assert counts(ran(kernel, grid=(1,))[2]) == (0, 0, 0, 0)


def test_two_launches_come_one_after_the_other():
    x, out = torch.ones(COLUMNS), torch.zeros(COLUMNS)
    aux = torch.zeros(1, dtype=torch.int32)
    with observe() as watch:
        for _ in range(3):
            plain_sum_kernel[(1,)](x, out, aux, COLUMNS, BLOCK)
            atomic_sum_kernel[(1,)](x, out, aux, COLUMNS, BLOCK)
    assert counts(watch.result()) == (0, 0, 0, 0)
    assert torch.equal(out, 6 * x)


def test_launches_add_up():
    x, out = torch.ones(COLUMNS), torch.zeros(COLUMNS)
    with observe() as watch:
        for _ in range(2):
            atomic_sum_kernel[(2,)](x, out, x, 0, BLOCK)  # of no column
            atomic_sum_kernel[(2,)](torch.ones(2 * COLUMNS), out, x, COLUMNS, BLOCK)
    assert counts(watch.result()) == (0, 2 * COLUMNS, 0, 0)


def test_a_student_reads_a_sentence():
    said = dict(ran(locked_sum_without_barrier_kernel)[2].broken())
    assert said["barrier"].startswith("5 elements read again, or given free")
    assert "the order in which they arrive" in said["order"]
    assert (
        "nothing that says who comes first"
        in dict(ran(plain_sum_kernel)[2].broken())["race"]
    )
    assert (
        "5 programs waited"
        in dict(ran(lock_that_is_kept_kernel)[2].broken())["deadlock"]
    )
