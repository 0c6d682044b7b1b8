"""A call of kernels is run again on copies, the last program first."""

import os

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
import triton
import triton.language as tl

from autograder.student.kernels.twice import call_twice, copied, different_bits

N = 40


@triton.jit
def last_row_kernel(x_ptr, out_ptr, D, BLOCK: tl.constexpr):
    """Every program writes the same place."""
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * D + at, mask=at < D)
    tl.store(out_ptr + at, x, mask=at < D)


@triton.jit
def uniform_kernel(out_ptr, seed, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + at, tl.rand(seed, at), mask=at < n)


@triton.jit
def add_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    out = tl.load(out_ptr + at, mask=at < n)
    tl.store(out_ptr + at, out + tl.load(x_ptr + at, mask=at < n), mask=at < n)


@triton.jit
def sum_kernel(x_ptr, out_ptr):
    tl.atomic_add(out_ptr, tl.load(x_ptr + tl.program_id(0)))


def last_row(x):
    out = torch.empty_like(x[0])
    last_row_kernel[(x.shape[0],)](x, out, x.shape[1], 8)
    return out


def uniform(n, seed):
    out = torch.empty(n)
    uniform_kernel[(triton.cdiv(n, 16),)](out, seed, n, 16)
    return out


def add_to(out, x):
    add_kernel[(triton.cdiv(x.numel(), 16),)](x, out, x.numel(), 16)


def total(x):
    out = torch.zeros(1)
    sum_kernel[(x.numel(),)](x, out)
    return out, x.numel()


def broken(function, *arguments):
    return [name for name, _ in call_twice(function, arguments)[1].broken()]


def test_what_depends_on_the_last_program_shows_in_bits():
    x = torch.arange(12.0).view(3, 4)
    value, seen = call_twice(last_row, (x,))
    assert torch.equal(value, x[2])
    assert (seen.repeats, seen.races, seen.launches) == (4, 4, 1)
    assert broken(last_row, x) == ["race", "repeat"]
    assert broken(last_row, x[:1]) == []


def test_the_order_of_a_sum_shows_in_bits():
    x = torch.tensor([1e8, 1.0, -1e8, 3.0])
    assert broken(total, x) == ["order", "repeat"]


def test_random_numbers_of_a_seed_come_again():
    assert broken(uniform, 100, 7) == []


def test_random_numbers_of_a_generator_come_again():
    def draw(n, rng):
        first = uniform(n, int(torch.randint(1 << 20, (1,), generator=rng)))
        return first, uniform(n, int(torch.randint(1 << 20, (1,), generator=rng)))

    rng, again = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    value, seen = call_twice(draw, (50, rng))
    assert seen.repeats == 0
    assert not torch.equal(*value)
    assert torch.equal(draw(50, again)[0], value[0])
    assert torch.equal(rng.get_state(), again.get_state())


def test_numbers_without_a_seed_do_not():
    seeds = iter(range(10))
    assert broken(lambda n: uniform(n, next(seeds)), 100) == ["repeat"]


def test_an_argument_that_is_changed_is_changed_once():
    out, x = torch.ones(N), torch.ones(N)
    value, seen = call_twice(add_to, (out, x))
    assert value is None
    assert torch.equal(out, 2 * x)
    assert seen.broken() == ()


def test_a_call_that_fails_the_second_time_gives_nothing_again():
    calls = []

    def once(x):
        calls.append(x)
        if len(calls) > 1:
            raise ValueError
        return last_row(x)

    _, seen = call_twice(once, (torch.ones(1, 4),))
    assert seen.repeats == 4


def test_what_raises_the_first_time_raises():
    with pytest.raises(ZeroDivisionError):
        call_twice(lambda x: 1 / 0, (torch.ones(3),))


def test_it_prints_once(capsys):
    def says(x):
        print("once")
        return last_row(x)

    call_twice(says, (torch.ones(1, 4),))
    assert capsys.readouterr().out == "once\n"


def test_without_a_kernel_there_is_no_second_call():
    calls = []
    _, seen = call_twice(calls.append, (torch.ones(3),))
    assert len(calls) == 1
    assert seen.repeats is None


@pytest.mark.parametrize(
    "x",
    [
        torch.arange(12.0).view(3, 4).t(),
        torch.arange(24.0).view(3, 8)[:, ::2],
        torch.arange(4.0).expand(3, 4),
        torch.arange(12.0, dtype=torch.bfloat16)[3:],
        torch.ones(3, requires_grad=True),
        torch.ones(()),
        torch.empty(0),
    ],
    ids=str,
)
def test_a_copy_lies_in_memory_as_the_tensor_does(x):
    y = copied(x)
    assert torch.equal(x, y)
    assert (x.dtype, x.stride(), x.storage_offset()) == (
        y.dtype,
        y.stride(),
        y.storage_offset(),
    )
    assert not x.numel() or x.data_ptr() != y.data_ptr()
    assert not y.requires_grad


def test_copies_of_what_holds_tensors():
    x = torch.ones(3)
    value = {"cache": (x, [x, 2, None]), "mode": "train"}
    again = copied(value)
    assert different_bits(value, again) == 0
    again["cache"][1][0][1] = 7
    assert different_bits(value, again) == 1
    assert x.sum() == 3


def test_an_object_that_can_not_be_copied_is_handed_over_itself():
    class Stubborn:
        def __deepcopy__(self, memo):
            raise TypeError

    stubborn = Stubborn()
    assert copied(stubborn) is stubborn


def test_bits_are_compared_and_not_values():
    zero, nan = torch.zeros(2), torch.full((2,), torch.nan)
    assert different_bits(zero, -zero) == 2
    assert different_bits(nan, nan.clone()) == 0
    assert different_bits(zero, zero.double()) == 2
    assert different_bits(zero, zero.view(1, 2)) == 2
    assert different_bits((zero, nan), (zero,)) == 2
    assert different_bits(torch.ones((), dtype=torch.bfloat16), None) == 1
    assert different_bits(3, 4) == 0
