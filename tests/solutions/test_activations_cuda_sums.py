"""PReLU's sum over programs and Maxout's loop, against PyTorch in float64."""

import os
from functools import cache

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import all_exercises
from autograder.exercises.activations_cuda import NOTEBOOK
from autograder.mistakes import Mistake
from autograder.reference import recorder, scripts
from autograder.student import kernels
from autograder.student.kernels.compiled import machine_code
from autograder.student.replay import replay
from autograder.student.verdict import judge

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
RTOL = dict(zip(DTYPES, (1e-12, 1e-5, 2**-10, 2**-7), strict=True))


@cache
def reference():
    return scripts.namespace(NOTEBOOK)


@cache
def answers(exercise):
    return recorder.record(all_exercises()[exercise], b"a secret of the tests")


def close(got, want):
    scale = want.abs().max().item()
    rtol = RTOL[got.dtype]
    atol = (1e-12 if got.dtype == torch.float64 else 1e-5) * scale
    torch.testing.assert_close(got.double(), want, rtol=rtol, atol=atol)


@given(
    shape=st.lists(st.integers(1, 9), min_size=2, max_size=4),
    dtype=st.sampled_from(DTYPES),
    transposed=st.booleans(),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=25, deadline=None)
def test_prelu_is_pytorchs(shape, dtype, transposed, seed):
    rng = torch.Generator().manual_seed(seed)
    x, dout = (torch.randn(shape, generator=rng).to(dtype) for _ in range(2))
    x = x.transpose(0, 1).contiguous().transpose(0, 1) if transposed else x
    alpha = (torch.rand(shape[1], generator=rng) * 4 - 1).to(dtype)
    at, slopes = x.double().requires_grad_(), alpha.double().requires_grad_()
    y = torch.nn.functional.prelu(at, slopes)
    dx, dalpha = torch.autograd.grad(y, (at, slopes), dout.double())
    close(reference()["cuda_prelu_forward"](x, alpha), y.detach())
    ours = reference()["cuda_prelu_backward"](dout, x, alpha)
    assert [g.dtype for g in ours] == [dtype, dtype]
    assert [g.shape for g in ours] == [x.shape, alpha.shape]
    for got, want in zip(ours, (dx, dalpha), strict=True):
        close(got, want)


def test_the_sum_of_many_parts_is_right_and_the_same_every_time():
    rng = torch.Generator().manual_seed(0)
    x = -torch.rand(40, 2, 500, generator=rng)
    dout = torch.randn(x.shape, generator=rng)
    alpha = torch.rand(2)
    with kernels.observe() as watch:
        dx, dalpha = reference()["cuda_prelu_backward"](dout, x, alpha)
    close(dalpha, (dout.double() * x.double()).sum((0, 2)))
    again = reference()["cuda_prelu_backward"](dout, x, alpha)[1]
    assert torch.equal(again, dalpha)
    seen = watch.result(dx, dalpha)
    assert seen.kernels == ("prelu_backward_kernel", "sum_parts_kernel")
    assert seen.broken() == ()


@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 6), st.integers(1, 9)),
    dtype=st.sampled_from(DTYPES),
    ties=st.booleans(),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=25, deadline=None)
def test_maxout_is_the_largest_and_the_first_of_equal_ones_wins(
    shape, dtype, ties, seed
):
    rng = torch.Generator().manual_seed(seed)
    pieces = torch.randn(shape, generator=rng).to(dtype)
    pieces = pieces.round() if ties else pieces
    dout = torch.randn(shape[0], shape[2], generator=rng).to(dtype)
    out = reference()["cuda_maxout_forward"](pieces)
    assert torch.equal(out, pieces.amax(1))
    got = reference()["cuda_maxout_backward"](dout, pieces)
    want = torch.zeros_like(pieces)
    for n in range(shape[0]):
        for h in range(shape[2]):
            row = pieces[n, :, h].tolist()
            want[n, row.index(max(row)), h] = dout[n, h]
    assert torch.equal(got, want)


ADDED = "part = tl.sum(dout * tl.minimum(x, 0.0))"
LOAD = "parts = tl.load(parts_ptr + at, mask=k < blocks, other=0.0)"
STORE = "tl.store(dalpha_ptr + c, tl.sum(parts))"
LOOP = """total = tl.load(parts_ptr + c)
    for k in range(1, blocks):
        total += tl.load(parts_ptr + k * C + c)
    tl.store(dalpha_ptr + c, total)"""

OTHERS = [
    ("cuda_prelu_forward", [("x > 0, x, alpha * x", "x <= 0, alpha * x, x")]),
    (
        "cuda_prelu_forward",
        [("(at // M) % C", "(at % (C * M)) // M"), ("numel(), 1024", "numel(), 64")],
    ),
    ("cuda_prelu_backward", [(ADDED, "part = tl.sum(tl.where(x < 0, dout * x, 0.0))")]),
    ("cuda_prelu_backward", [("numel(), 256", "numel(), 1024")]),
    ("cuda_prelu_backward", [(f"{LOAD}\n    {STORE}", LOOP)]),
    (
        "cuda_maxout_forward",
        [("tl.maximum(best, piece)", "tl.where(piece > best, piece, best)")],
    ),
    ("cuda_maxout_forward", [("numel(), 256", "numel(), 32")]),
    (
        "cuda_maxout_backward",
        [
            (
                "dpiece = tl.where(winner == k, dout, 0.0)",
                "dpiece = dout * (winner == k)",
            )
        ],
    ),
    (
        "cuda_maxout_backward",
        [
            ("winner = tl.where(piece > best, k, winner)\n", "larger = piece > best\n"),
            (
                "best = tl.maximum(best, piece)",
                "best = tl.where(larger, piece, best)\n"
                "        winner = tl.where(larger, k, winner)",
            ),
        ],
    ),
]


@pytest.mark.parametrize(("exercise", "edits"), OTHERS)
def test_another_right_way_passes(exercise, edits):
    variant = scripts.namespace(NOTEBOOK, Mistake(exercise, "", "", tuple(edits)))
    entry = answers(exercise)
    result = judge(entry, [replay(q.trace, variant) for q in entry.questions])
    assert result.status == "passed", result.first_failure()


def test_the_kernels_compile_for_a_gpu_that_is_not_there():
    x, alpha, pieces = torch.rand(4, 16, 64), torch.rand(16), torch.rand(16, 3, 64)
    for name, arguments in {
        "cuda_prelu_forward": (x, alpha),
        "cuda_prelu_backward": (x, x.clone(), alpha),
        "cuda_maxout_forward": (pieces,),
        "cuda_maxout_backward": (pieces[:, 0].clone(), pieces),
    }.items():
        for code in machine_code(reference()[name], *arguments).kernels:
            assert (code.stack, code.narrow) == (0, ()), (name, code)
