"""A torch.autograd.Function around kernels, and ways around the kernels."""

import os

import numpy as np
import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
import triton
import triton.language as tl

from autograder.reference.calls import Recorder
from autograder.student.replay import replay
from autograder.student.trace import Trace

SHAPE = (3, 7)


@triton.jit
def scale_kernel(x_ptr, gamma_ptr, out_ptr, n, D, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    gamma = tl.load(gamma_ptr + at % D, mask=at < n)
    tl.store(out_ptr + at, gamma * x, mask=at < n)


@triton.jit
def column_sum_kernel(dout_ptr, x_ptr, dgamma_ptr, N, D, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    total = tl.zeros((BLOCK,), dgamma_ptr.dtype.element_ty)
    for row in range(N):
        x = tl.load(x_ptr + row * D + at, mask=at < D)
        total += x * tl.load(dout_ptr + row * D + at, mask=at < D)
    tl.store(dgamma_ptr + at, total, mask=at < D)


def scaled(x, gamma):
    x, out = x.contiguous(), torch.empty_like(x, memory_format=torch.contiguous_format)
    n = x.numel()
    scale_kernel[(triton.cdiv(n, 16),)](x, gamma, out, n, gamma.numel(), 16)
    return out


def column_sum(dout, x):
    dgamma = torch.empty_like(x[0])
    column_sum_kernel[(1,)](dout.contiguous(), x.contiguous(), dgamma, *x.shape, 8)
    return dgamma


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma):
        ctx.save_for_backward(x, gamma)
        return scaled(x, gamma)

    @staticmethod
    def backward(ctx, dout):
        x, gamma = ctx.saved_tensors
        dx = scaled(dout, gamma) if ctx.needs_input_grad[0] else None
        return dx, column_sum(dout, x) if ctx.needs_input_grad[1] else None


def function(name, forward=None, backward=None):
    """A Function that does one part another way."""
    parts = {"forward": forward, "backward": backward}
    own = {k: staticmethod(f) for k, f in parts.items() if f}
    return type(name, (Scale,), own).apply


def saved(ctx, x, gamma):
    ctx.save_for_backward(x, gamma)


def forward_by_torch(ctx, x, gamma):
    saved(ctx, x, gamma)
    return scaled(x * gamma, torch.ones_like(gamma))


def forward_without_kernel(ctx, x, gamma):
    saved(ctx, x, gamma)
    return torch.nn.functional.normalize(x)


def backward_by_torch(ctx, dout):
    x, gamma = ctx.saved_tensors
    return dout * gamma, column_sum(dout, x)


def backward_sum_by_torch(ctx, dout):
    x, gamma = ctx.saved_tensors
    return scaled(dout, gamma), scaled(dout, x.flatten()).sum(0)


def backward_by_autograd(ctx, dout):
    x, gamma = (t.detach().requires_grad_() for t in ctx.saved_tensors)
    with torch.enable_grad():
        out = x * gamma
    return torch.autograd.grad(out, (x, gamma), dout)


class Product(Scale):
    @staticmethod
    def backward(ctx, dout):
        x, factor = ctx.saved_tensors
        return scaled(dout, factor.flatten()), scaled(dout, x.flatten())


def gamma_spread_by_torch(x, gamma):
    """autograd adds up the rows of expand's gradient."""
    return Product.apply(x, gamma.expand(x.shape).contiguous())


def two_uses(x, gamma):
    """x comes twice, so autograd adds its two gradients."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, gamma, again):
            saved(ctx, again, gamma)
            return scaled(x, gamma)

        @staticmethod
        def backward(ctx, dout):
            x, gamma = ctx.saved_tensors
            return scaled(dout, gamma), column_sum(dout, x), torch.zeros_like(x)

    return Both.apply(x, gamma, x)


def without_backward(x, gamma):
    return scaled(x, gamma)


@pytest.fixture(params=["float32", "float64"])
def traced(request):
    """A case of gradients of cuda_scale, and what they must be."""
    rng = np.random.default_rng(0)
    x, dout = rng.normal(size=(2, *SHAPE)).astype(request.param)
    gamma = rng.normal(size=SHAPE[1]).astype(request.param)
    recorder = Recorder({"cuda_scale": lambda x, gamma: x * gamma}, "torch")
    out, dx, dgamma = recorder.gradients(recorder.cuda_scale, dout, x, gamma)
    outputs = {"out": out, "dx": dx, "dgamma": dgamma}
    specs = {name: result.spec for name, result in outputs.items()}
    trace = Trace("case", "triton", recorder.steps, specs, recorder.arrays)
    return trace, {name: r.value.detach().numpy() for name, r in outputs.items()}


def seen_of(trace, apply):
    outcome = replay(trace, {"cuda_scale": lambda x, gamma: apply(x, gamma)})
    return outcome, outcome.measured.get("cuda_scale")


@pytest.mark.parametrize(
    "apply", [Scale.apply, two_uses], ids=["kernels alone", "x used twice"]
)
def test_kernels_in_both_directions_are_seen_and_nothing_is_broken(traced, apply):
    trace, exact = traced
    outcome, seen = seen_of(trace, apply)
    assert outcome.fault is None
    for name, want in exact.items():
        np.testing.assert_allclose(outcome.outputs[name].array, want, rtol=1e-5)
    assert seen.launches == 3
    assert seen.broken() == ()


CHEATS = {
    "forward by torch": (function("F", forward_by_torch), {"mul"}),
    "forward without a kernel": (function("N", forward_without_kernel), {"div"}),
    "backward by torch": (function("B", None, backward_by_torch), {"mul"}),
    "sum by torch": (function("S", None, backward_sum_by_torch), {"sum"}),
    "backward by autograd": (function("A", None, backward_by_autograd), {"mul", "sum"}),
    "sum by expand": (gamma_spread_by_torch, {"sum"}),
}


@pytest.mark.parametrize("name", CHEATS)
def test_work_of_torch_is_reported_in_both_directions(traced, name):
    apply, calls = CHEATS[name]
    outcome, seen = seen_of(traced[0], apply)
    assert outcome.fault is None
    assert calls <= set(seen.framework_calls)
    assert "framework" in [broken for broken, _ in seen.broken()]


def test_without_a_function_of_autograd_there_is_no_way_back(traced):
    outcome, _ = seen_of(traced[0], without_backward)
    assert outcome.fault.kind == "returned"
    assert "autograd can't go back" in outcome.fault.what


def test_gradients_alone_need_a_kernel_of_their_own(traced):
    """A backward that computes nothing gives views of what came in."""
    passing = function("P", None, lambda ctx, dout: (dout, dout[0]))
    _, seen = seen_of(traced[0], passing)
    assert seen.launches == 1
    assert seen.unwritten == 3 * 7 + 7
