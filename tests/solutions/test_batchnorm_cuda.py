"""Batch norm's kernels: the reference, its accuracy, its bytes and its bits."""

import os
import subprocess
import sys
from functools import cache

import jupytext
import numpy as np
import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import batchnorm_cuda, exercises_of
from autograder.reference import recorder, scripts
from autograder.student import kernels
from autograder.student.replay import replay
from autograder.student.verdict import judge
from autograder.worker.cells import empty_namespace, run_cell

NOTEBOOK = batchnorm_cuda.NOTEBOOK
SOURCE = scripts.SOLUTIONS / f"{NOTEBOOK}.py"
EXERCISES = {e.name: e for e in exercises_of(NOTEBOOK)}
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
AXES = (0, 2, 3)


@cache
def reference():
    return scripts.namespace(NOTEBOOK)


def test_the_notebook_asks_for_what_the_exercises_grade():
    asked = [c.name for c in scripts.cells(NOTEBOOK) if c.solution]
    assert asked == list(EXERCISES)
    assert sum(e.points for e in EXERCISES.values()) == 20


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_reference_passes(exercise):
    entry = recorder.record(EXERCISES[exercise], b"one class")
    result = judge(entry, [replay(q.trace, reference()) for q in entry.questions])
    assert result.status == "passed", result.first_failure()
    assert result.where == kernels.where()
    assert result.notes == ()


def close(got, want, dtype):
    """To the rounding of the result, and of float32 arithmetic before it."""
    rtol = {torch.float64: 1e-7, torch.float16: 2**-10, torch.bfloat16: 2**-7}
    scale = want.abs().max().item()
    assert got.dtype == dtype
    tolerance = rtol.get(dtype, 1e-5)
    torch.testing.assert_close(
        got.double(), want, rtol=tolerance, atol=tolerance * 0.1 * scale + 1e-7
    )


@settings(max_examples=15, deadline=None)
@given(
    shape=st.tuples(*(st.integers(a, b) for a, b in ((1, 3), (1, 3), (1, 9), (2, 11)))),
    dtype=st.sampled_from(DTYPES),
    layout=st.sampled_from(["contiguous", "channels last", "strided"]),
    mean=st.sampled_from([0.0, -20.0]),
    seed=st.integers(0, 2**31),
)
def test_there_and_back_agree_with_torch_in_float64(shape, dtype, layout, mean, seed):
    rng = torch.Generator().manual_seed(seed)
    x, dout = (torch.randn(shape, generator=rng) for _ in range(2))
    x, dout = (mean + 2 * x).to(dtype), dout.to(dtype)
    if layout == "channels last":
        x = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    elif layout == "strided":
        x = torch.stack([x, torch.full_like(x, torch.nan)], -1)[..., 0]
    C, eps, momentum = shape[1], 0.25, 0.75
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    gamma, beta = (torch.randn(C, generator=rng).to(dtype) for _ in range(2))
    kept = torch.randn(C, generator=rng).to(exact), torch.rand(C, generator=rng)
    kept = (kept[0], kept[1].to(exact))
    wide = x.double().requires_grad_()
    wide_gamma, wide_beta = gamma.double().requires_grad_(), beta.double()
    # torch's own running variance is unbiased, so none is handed over
    want = torch.nn.functional.batch_norm(
        wide, None, None, wide_gamma, wide_beta, True, 0.0, eps
    )
    var, centre = torch.var_mean(x.double(), AXES, correction=0)
    slopes = torch.autograd.grad(want, (wide, wide_gamma), dout.double())

    numbers = (gamma, beta, *kept)
    out, m, rstd, new_mean, new_var = reference()["cuda_batchnorm_forward"](
        x, *numbers, momentum, eps
    )
    close(out, want.detach(), dtype)
    close(m, centre, exact)
    close(rstd, (var + eps).rsqrt(), exact)
    close(new_mean, momentum * kept[0].double() + 0.25 * centre, exact)
    close(new_var, momentum * kept[1].double() + 0.25 * var, exact)
    dx, dgamma, dbeta = reference()["cuda_batchnorm_backward"](dout, x, gamma, m, rstd)
    close(dx, slopes[0], dtype)
    close(dgamma, slopes[1], dtype)
    close(dbeta, dout.double().sum(AXES), dtype)

    tested = torch.nn.functional.batch_norm(
        x.double(), *(v.double() for v in kept), gamma.double(), beta.double(), eps=eps
    )
    close(reference()["cuda_batchnorm_test"](x, *numbers, eps), tested, dtype)
    relu = reference()["cuda_batchnorm_test_relu"](x, *numbers, eps)
    close(relu, tested.clamp(min=0), dtype)
    rows = reference()["cuda_batchnorm_rows_statistics"](
        x.permute(0, 2, 3, 1).reshape(-1, C)
    )
    close(rows[0], centre, exact)
    close(rows[1], var, exact)


def test_gradcheck_is_content():
    rng = torch.Generator().manual_seed(0)
    x, gamma, beta = (
        torch.randn(*shape, generator=rng, dtype=torch.float64).requires_grad_()
        for shape in ((2, 2, 1, 3), (2,), (2,))
    )
    layer = reference()["cuda_batchnorm"]
    assert torch.autograd.gradcheck(layer, (x, gamma, beta, 0.25))


BUDGETS = {
    "cuda_batchnorm_statistics": (1, 0),
    "cuda_batchnorm_forward": (2, 1),
    "cuda_batchnorm_test": (1, 1),
    "cuda_batchnorm_test_relu": (1, 1),
    "cuda_batchnorm_backward": (4, 1),
}


def arguments_of(name, x):
    """Arguments of a function for that x; dout is x itself."""
    C = x.shape[1]
    exact = torch.float64 if x.dtype == torch.float64 else torch.float32
    wide = [torch.rand(C, dtype=exact) + 0.5 for _ in range(2)]
    narrow = [torch.rand(C).to(x.dtype) for _ in range(2)]
    return {
        "cuda_batchnorm_statistics": (x,),
        "cuda_batchnorm_forward": (x, *narrow, *wide, 0.75, 0.25),
        "cuda_batchnorm_backward": (x.clone(), x, narrow[0], *wide),
    }.get(name, (x, *narrow, *wide, 0.25))


@pytest.mark.parametrize("name", BUDGETS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_reference_moves_the_bytes_that_must_move(name, dtype):
    x = torch.randn(2, 2, 5, 7).to(dtype)
    arguments = arguments_of(name, x)
    large = [a for a in arguments if hasattr(a, "nbytes") and a.shape == x.shape]
    with kernels.observe() as watch:
        results = reference()[name](*arguments)
    results = results if isinstance(results, tuple) else (results,)
    reads, writes = BUDGETS[name]
    assert sum(watch.loads_of(a) for a in large) == reads * x.nbytes
    of_shape = [r for r in results if r.shape == x.shape]
    assert len(of_shape) == writes
    assert sum(watch.stores_of(r) for r in of_shape) == writes * x.nbytes
    assert sum(watch.stores_of(a) for a in large) == 0
    assert watch.result(*results).broken() == ()


def test_two_runs_give_the_same_bits():
    x = torch.randn(2, 2, 33, 35)
    for name in BUDGETS:
        arguments = arguments_of(name, x)
        one, other = (reference()[name](*arguments) for _ in range(2))
        for a, b in zip(one, other, strict=True):
            assert torch.equal(a, b)


def test_the_variance_keeps_its_digits_far_from_zero():
    x = 1e4 + 0.01 * torch.randn(
        2, 2, 9, 15, generator=torch.Generator().manual_seed(1)
    )
    _, var = reference()["cuda_batchnorm_statistics"](x)
    exact = x.double().var(AXES, correction=0)
    one_pass = x.square().mean(AXES) - x.mean(AXES).square()
    # half of what float32 tells apart at 10,000 is 5 % of the standard deviation
    assert ((var - exact).abs() < 0.01 * exact).all()
    assert ((one_pass - exact).abs() >= exact).all()


def test_the_cases_hold_what_tells_the_mistakes_apart():
    rng = np.random.default_rng(0)
    cases = list(EXERCISES["cuda_batchnorm_forward"].cases(rng))
    assert {str(c.x.dtype) for c in cases} == {
        *("float64", "float32", "float16", "bfloat16")
    }
    shapes = [c.x.shape for c in cases]
    assert any(len(set(shape)) == 4 for shape in shapes)
    assert any(N > C > 1 for N, C, _, _ in shapes)
    assert any(C == 1 for _, C, _, _ in shapes)
    assert any(H * W > 1024 for _, _, H, W in shapes)
    assert any(N * H * W == 1 for N, _, H, W in shapes)
    assert any(not c.x.flags.c_contiguous for c in cases)
    assert {c.eps for c in cases} >= {0.3, 1e-5}
    assert all(c.momentum not in (0.5, 0.9) for c in cases)
    for c in cases:
        for numbers in (c.gamma, c.beta):
            assert (np.abs(numbers.astype(float)) > 1.1).all()
    constant = next(c for c in cases if c.kind == "a constant channel")
    assert np.ptp(constant.x, AXES).min() == 0


def test_the_notebook_runs_from_top_to_bottom(capsys):
    namespace = empty_namespace()
    for i, cell in enumerate(scripts.cells(NOTEBOOK)):
        if cell.kind == "code" and not cell.name.startswith("check_"):
            run_cell(cell.source, namespace, f"test of {NOTEBOOK} cell {i}")
    printed = capsys.readouterr().out
    assert "one program a channel: 64 programs for 132 multiprocessors" in printed
    assert "x fits in 50 MiB of L2" in printed
    assert printed.count("x is more than 50 MiB of L2") == 2
    assert printed.count(" channels of ") == 5
    assert "one pass     0.0000" in printed
    assert "down one channel : 32 pieces for 128 bytes" in printed
    assert "along one row    : 4 pieces for 128 bytes" in printed
    assert "\nTrue\n" in printed
    if kernels.interpreted():
        assert "reads of x: 2.0" in printed


def test_the_source_comes_back_byte_for_byte():
    text = SOURCE.read_text()
    assert jupytext.writes(jupytext.reads(text, fmt="py:percent"), "py:percent") == text


def test_importing_the_source_only_asks_for_the_interpreter():
    code = (
        "import os, sys; before = dict(os.environ)\n"
        f"sys.path.insert(0, {str(SOURCE.parent)!r})\n"
        "import batchnorm_cuda, torch\n"
        "new = {k: v for k, v in os.environ.items() if before.get(k) != v}\n"
        "wanted = {} if torch.cuda.is_available() else {'TRITON_INTERPRET': '1'}\n"
        "assert {k: new[k] for k in new if 'TRITON' in k} == wanted, new"
    )
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
