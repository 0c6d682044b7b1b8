"""Each thing that a watch sees is shown by a kernel that is wrong in it."""

import os

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch

from autograder.student.kernels import Budget, Moved, Observation, observe
from tests.student.some_kernels import (
    BLOCK,
    N,
    add_first_kernel,
    block_sum_kernel,
    copy_kernel,
    double_kernel,
    histogram_kernel,
    launched,
    load_without_mask_kernel,
    names,
    read_twice_kernel,
    seen_of,
    store_without_mask_kernel,
    sum_of_all_loads_kernel,
)


def test_a_right_kernel_moves_its_bytes_and_nothing_is_broken():
    out, seen = seen_of(double_kernel)
    assert torch.equal(out, 2 * torch.arange(N, dtype=torch.float32))
    assert seen == Observation(
        *(1, ("double_kernel",), 4 * N, 4 * N, 0, 0, 0, ()),
        *(0, 0, 0, 0),
        moved=(Moved(N, 4 * N, 4 * N),),
    )
    assert seen.broken(Budget(N, 4 * N, 4 * N)) == ()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_bytes_follow_the_dtype(dtype):
    _, seen = seen_of(copy_kernel, torch.ones(N, dtype=dtype))
    assert seen.loads == seen.stores == N * dtype.itemsize


def test_loads_beyond_the_end_are_seen_though_the_result_is_right():
    out, seen = seen_of(load_without_mask_kernel)
    assert torch.equal(out, 2 * torch.arange(N, dtype=torch.float32))
    assert (seen.outside, seen.outside_stores) == (28, 0)
    assert seen.broken() == (("outside", "28 elements read outside the tensors"),)


def test_what_a_load_beyond_the_end_brings_is_nan():
    x = torch.ones(N)
    with observe() as watch:
        out = launched(sum_of_all_loads_kernel, x[:60], torch.empty(1), 1)
    assert out.isnan().all()
    assert watch.result(out).outside == 4


def test_stores_beyond_the_end_are_seen_and_harm_nobody():
    whole = torch.zeros(2 * N)
    x = torch.ones(N)
    with observe() as watch:
        out = launched(store_without_mask_kernel, x, whole[:N])
    seen = watch.result(out)
    assert (seen.outside, seen.outside_stores) == (28, 28)
    assert names(seen) == ["outside write"]
    assert torch.equal(whole, torch.cat([2 * x, torch.zeros(N)]))


def test_a_neighbour_in_memory_does_not_hide_an_access_beyond_the_end():
    both = torch.ones(2, N)
    with observe() as watch:
        out = launched(load_without_mask_kernel, both[0].clone(), both[1].clone())
    assert watch.result(out).outside == 28


def test_atomics_beyond_the_end_are_seen():
    out, seen = seen_of(histogram_kernel, torch.zeros(N))
    assert (seen.outside, seen.outside_stores) == (56, 28)  # each reads and writes
    assert out.isnan().all()  # NaN + 1


def test_elements_that_no_kernel_wrote_are_counted_and_hold_nan():
    out, seen = seen_of(double_kernel, programs=1)
    assert seen.unwritten == N - BLOCK
    assert out[BLOCK:].isnan().all()
    assert names(seen) == ["unwritten"]


def test_only_the_elements_of_a_strided_result_must_be_written():
    wide = torch.empty(2, N)
    with observe() as watch:
        launched(double_kernel, torch.ones(N), wide[0])
    assert watch.result(wide[0]).unwritten == 0
    assert watch.result(wide).unwritten == N
    assert watch.result(wide[:, ::2]).unwritten == N // 2


def test_a_result_that_torch_copied_afterwards_was_not_written_by_a_kernel():
    x = torch.ones(N)
    with observe() as watch:
        out = launched(double_kernel, x, torch.empty_like(x)).clone()
    assert watch.result(out).unwritten == N


def test_reading_twice_breaks_the_byte_budget():
    _, seen = seen_of(read_twice_kernel)
    assert seen.loads == 2 * 4 * N
    why = "kernels read 800 bytes of tensors with 100 elements or more"
    assert seen.broken(Budget(N, 1.02 * 4 * N, 4 * N)) == (
        ("traffic", f"{why}; the budget is 408"),
    )
    assert seen.broken(Budget(N + 1, 0, 0)) == ()


def test_one_address_in_many_lanes_is_fetched_once():
    _, seen = seen_of(add_first_kernel)
    assert seen.loads == 2 * 4  # once for each of the two programs


def test_bytes_are_told_apart_by_tensor():
    x, out = torch.ones(N), torch.zeros(1)
    with observe() as watch:
        launched(block_sum_kernel, x, out)
    assert out.item() == N
    assert watch.loads_of(x) == 4 * N
    assert watch.stores_of(x) == 0
    assert watch.loads_of(out) == watch.stores_of(out) == 2 * 4


def test_a_view_counts_as_what_it_views_and_a_copy_as_itself():
    x, out = torch.ones(4, N), torch.empty(4, N)
    with observe() as watch:
        for row in range(4):
            launched(copy_kernel, x[row], out[row])
        launched(copy_kernel, x.t().contiguous()[0], torch.empty(4), 1)
    assert watch.result(out).moved == (
        Moved(4 * N, 4 * 4 * N + 16, 4 * 4 * N),
        Moved(4, 0, 16),
    )


def test_many_sizes_are_put_together():
    with observe() as watch:
        for n in range(1, 104):
            launched(copy_kernel, torch.ones(n), torch.empty(n), 2)
    moved = watch.result().moved
    assert [m.elements for m in moved] == list(range(103, 3, -1))
    assert moved[-1] == Moved(4, 4 * (4 + 3 + 2 + 1), 4 * (4 + 3 + 2 + 1))
    assert sum(m.loads for m in moved) == watch.result().loads
