"""The kernels of the reference, their mistakes, and right ways beside them."""

import os
from functools import cache

import jupytext
import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import exercises_of
from autograder.exercises.layer_group_norm_cuda import NOTEBOOK
from autograder.reference import scripts
from autograder.student import kernels
from autograder.worker.cells import empty_namespace, run_cell

SOURCE = scripts.SOLUTIONS / f"{NOTEBOOK}.py"
EXERCISES = {e.name: e for e in exercises_of(NOTEBOOK)}
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)

# rounding of the result, and float32 arithmetic before it; bfloat16 is cut off
RTOL = {
    torch.float64: 1e-12,
    torch.float32: 4e-6,
    torch.float16: 2**-10,
    torch.bfloat16: 2**-7,
}


@cache
def reference():
    return scripts.namespace(NOTEBOOK)


def test_the_notebook_asks_for_what_the_exercises_grade():
    asked = [c.name for c in scripts.cells(NOTEBOOK) if c.solution]
    assert asked == list(EXERCISES)


def layouts(x):
    """The same numbers, lying in memory in four ways."""
    wide = torch.stack([x, torch.full_like(x, torch.nan)], dim=-1)
    return {
        "contiguous": x,
        "transposed": x.transpose(0, 1).contiguous().transpose(0, 1),
        "strided": wide[..., 0],
        "offset": torch.cat([x[:1], x])[1:],
    }


LAYOUTS = st.sampled_from(["contiguous", "transposed", "strided", "offset"])
EPS = st.sampled_from([0.25, 1.0])
FEW = settings(max_examples=12, deadline=None)


def close(got, want, like):
    """As torch in float64 says, in the dtype and on the device of an input."""
    assert (got.dtype, got.device, got.shape) == (like.dtype, like.device, want.shape)
    scale = max(want.abs().max().item(), 1.0)
    floor = 1e-12 if like.dtype == torch.float64 else 2e-6
    torch.testing.assert_close(
        got.double(), want, rtol=RTOL[like.dtype], atol=floor * scale
    )


def drawn(shape, features, dtype, layout, seed):
    """x in a layout, gamma and beta, and a gradient from above."""
    generator = torch.Generator().manual_seed(seed)
    x, dout = torch.randn(2, *shape, generator=generator)
    gamma, beta = torch.randn(2, shape[features], generator=generator)
    x = layouts((2 + x).to(dtype))[layout]
    return x, gamma.to(dtype), beta.to(dtype), dout.to(dtype)


def torch_gradients(function, dout, *inputs):
    """The result in float64, and the gradient of each input."""
    exact = [t.double().requires_grad_() for t in inputs]
    out = function(*exact)
    return out.detach(), torch.autograd.grad(out, exact, dout.double())


def wide(dtype):
    """What statistics are kept in."""
    return torch.float64 if dtype == torch.float64 else torch.float32


@FEW
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 70)),
    dtype=st.sampled_from(DTYPES),
    layout=LAYOUTS,
    eps=EPS,
    seed=st.integers(0, 2**31),
)
def test_layer_norm_agrees_with_torch_in_float64(shape, dtype, layout, eps, seed):
    x, gamma, beta, dout = drawn(shape, -1, dtype, layout, seed)
    norm = torch.nn.functional.layer_norm
    want, slopes = torch_gradients(
        lambda x, g, b: norm(x, shape[1:], g, b, eps), dout, x, gamma, beta
    )
    out, mean, rstd = reference()["cuda_layernorm_forward"](x, gamma, beta, eps)
    close(out, want, x)
    assert mean.dtype == rstd.dtype == wide(dtype)
    close(mean, x.double().mean(1), mean)
    close(rstd, (x.double().var(1, correction=0) + eps).rsqrt(), rstd)
    found = reference()["cuda_layernorm_backward"](dout, x, gamma, mean, rstd)
    for got, slope in zip(found, slopes, strict=True):
        close(got, slope, x)
    for name, option in (("wide", 16), ("short", 4)):
        same = reference()[f"cuda_layernorm_{name}_forward"]
        close(same(x, gamma, beta, option, eps)[0], want, x)
    fused, *_ = reference()["cuda_layernorm_gelu_forward"](x, gamma, beta, eps)
    close(fused, torch.nn.functional.gelu(want), x)


@FEW
@given(
    sizes=st.tuples(*[st.integers(1, n) for n in (4, 3, 3, 4, 5)]),
    dtype=st.sampled_from(DTYPES),
    layout=LAYOUTS,
    eps=EPS,
    seed=st.integers(0, 2**31),
)
def test_group_norm_agrees_with_torch_in_float64(sizes, dtype, layout, eps, seed):
    N, G, channels, H, W = sizes
    shape = (N, G * channels, H, W)
    x, gamma, beta, dout = drawn(shape, 1, dtype, layout, seed)
    inputs = (x, gamma, beta)

    def norm(x, g, b):
        x_hat = x.reshape(N, G, -1)
        x_hat = x_hat - x_hat.mean(-1, keepdim=True)
        var = x_hat.square().mean(-1, keepdim=True)
        x_hat = (x_hat / (var + eps).sqrt()).reshape(shape)
        return g[:, None, None] * x_hat + b[:, None, None]

    want, slopes = torch_gradients(norm, dout, *inputs)
    out, mean, rstd = reference()["cuda_groupnorm_forward"](*inputs, G, eps)
    close(out, want, x)
    assert mean.shape == rstd.shape == (N, G)
    found = reference()["cuda_groupnorm_backward"](dout, x, gamma, mean, rstd, G)
    for got, slope in zip(found, slopes, strict=True):
        close(got, slope, x)


def test_gradcheck_is_content():
    torch.manual_seed(0)
    given = {"dtype": torch.float64, "requires_grad": True}
    inputs = [torch.randn(n, **given) for n in ((10, 3), 3, 3)]
    layernorm = reference()["cuda_layernorm"]
    assert torch.autograd.gradcheck(layernorm, (*inputs, 0.25))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_two_runs_give_the_same_bits(dtype):
    torch.manual_seed(0)
    x, dout = torch.randn(2, 45, 7).to(dtype)
    gamma = torch.randn(7).to(dtype)
    mean, rstd = x.float().mean(1), x.float().var(1).rsqrt()
    backward = reference()["cuda_layernorm_backward"]
    one, other = (backward(dout, x, gamma, mean, rstd) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_long_rows_are_read_twice_and_others_once():
    x, dout = torch.randn(2, 40, 32)
    gamma, beta = torch.randn(2, 32)
    mean, rstd = x.mean(1), x.var(1).rsqrt()
    small = 2 * gamma.nbytes
    for name, arguments, reads, programs in (
        ("forward", (x, gamma, beta, 0.1), 1, 40),
        ("wide_forward", (x, gamma, beta, 8, 0.1), 2, 40),
        ("short_forward", (x, gamma, beta, 4, 0.1), 1, 10),
        ("gelu_forward", (x, gamma, beta, 0.1), 1, 40),
    ):
        with kernels.observe() as watch:
            found = reference()[f"cuda_layernorm_{name}"](*arguments)
        seen = watch.result(*found)
        assert seen.kernels == (f"layernorm_{name}_kernel",)
        assert seen.loads == reads * x.nbytes + programs * small
        assert seen.stores == x.nbytes + mean.nbytes + rstd.nbytes
        assert seen.broken() == ()
    with kernels.observe() as watch:
        found = reference()["cuda_layernorm_backward"](dout, x, gamma, mean, rstd)
    seen = watch.result(*found)
    assert seen.kernels == ("layernorm_backward_kernel", "column_sums_kernel")
    partial = 5 * small  # programs_for(40) rows of both buffers
    statistics = mean.nbytes + rstd.nbytes
    assert seen.loads == 2 * x.nbytes + 5 * gamma.nbytes + statistics + partial
    assert seen.stores == x.nbytes + partial + small


def test_the_notebook_runs_from_top_to_bottom(capsys):
    namespace = empty_namespace()
    for i, cell in enumerate(scripts.cells(NOTEBOOK)):
        if cell.kind == "code" and not cell.name.startswith("check_"):
            run_cell(cell.source, namespace, f"test of {NOTEBOOK} cell {i}")
    printed = capsys.readouterr().out
    assert "row 1: channels [3, 3, 4, 4, 5, 5]" in printed
    assert "True\n[True, True, True]" in printed
    assert "buffers weigh 400.00% of x" in printed
    assert "1 rows each: 1048576 programs load 256 MiB" in printed
    assert "apart      256 MiB" in printed
    for line in printed.splitlines():
        if line.startswith("G = "):
            assert float(line.split()[-1]) < 1e-5
        if line.startswith("merged"):
            _, got, _, exact = line.split()
            assert abs(float(got) - float(exact)) < 1e-3
        if line.startswith("one pass"):
            *_, got, _, exact = line.split()
            assert abs(float(got) - float(exact)) > 0.1


def test_the_source_comes_back_byte_for_byte():
    text = SOURCE.read_text()
    assert jupytext.writes(jupytext.reads(text, fmt="py:percent"), "py:percent") == text
