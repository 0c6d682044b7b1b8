"""Elementwise kernels beside ReLU and GELU, against PyTorch in float64."""

import os
from functools import cache

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import (
    activations_cuda_rectified,
    activations_cuda_smooth,
    all_exercises,
)
from autograder.exercises.activations_cuda import NOTEBOOK
from autograder.mistakes import Mistake
from autograder.reference import recorder, scripts
from autograder.student import kernels
from autograder.student.kernels.compiled import machine_code
from autograder.student.replay import replay
from autograder.student.verdict import judge

EXERCISES = [
    e.name
    for module in (activations_cuda_smooth, activations_cuda_rectified)
    for e in module.EXERCISES
]
RTOL = {
    torch.float64: 1e-13,
    torch.float32: 1e-6,
    torch.float16: 2**-10,
    torch.bfloat16: 2**-7,
}
F = torch.nn.functional
FUNCTIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "silu": F.silu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.25),
    "elu": lambda x: F.elu(x, 1.5),
    "selu": F.selu,
}
NUMBERS = {"leaky_relu": (0.25,), "elu": (1.5,)}
OF_OUTPUT = {"sigmoid": lambda y: y * (1 - y), "tanh": lambda y: 1 - y * y}
AT_ZERO = {
    "leaky_relu": 0.25,
    "elu": 1.5,
    "selu": 1.0507009873554805 * 1.6732632423543772,
}
"""Slopes of the left side, which our convention takes at 0."""


@cache
def reference():
    return scripts.namespace(NOTEBOOK)


@cache
def answers(exercise):
    return recorder.record(all_exercises()[exercise], b"a secret of the tests")


def call(name, direction, *tensors):
    function = reference()[f"cuda_{name}_{direction}"]
    return function(*tensors, *NUMBERS.get(name, ()))


def close(got, want, dtype):
    scale = want.abs().max().item()
    atol = 0.0 if dtype == torch.float64 else 2e-7 * scale
    atol += 1e-15 * scale
    torch.testing.assert_close(got.double(), want, rtol=RTOL[dtype], atol=atol + 1e-7)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(
    shape=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    dtype=st.sampled_from(list(RTOL)),
    transposed=st.booleans(),
    scale=st.sampled_from([1.0, 20.0, 1e3]),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=12, deadline=None)
def test_both_passes_agree_with_autograd(name, shape, dtype, transposed, scale, seed):
    rng = torch.Generator().manual_seed(seed)
    x = (scale * torch.randn(shape, generator=rng)).to(dtype)
    x.view(-1)[0] = 0.0
    x = x.t().contiguous().t() if transposed else x
    dout = torch.randn(shape, generator=rng).to(dtype)
    exact = x.double().requires_grad_()
    y = FUNCTIONS[name](exact)
    out = call(name, "forward", x)
    assert (out.dtype, out.shape) == (dtype, x.shape)
    close(out, y.detach(), dtype)
    at = y.detach().to(dtype) if name in OF_OUTPUT else x
    if name in OF_OUTPUT:
        want = dout.double() * OF_OUTPUT[name](at.double())
    else:
        (want,) = torch.autograd.grad(y, exact, dout.double())
        at_zero = AT_ZERO.get(name, 0.5) * dout.double()
        want = torch.where(x == 0, at_zero, want)
    dx = call(name, "backward", dout, at)
    assert (dx.dtype, dx.shape) == (dtype, x.shape)
    close(dx, want, dtype)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_reference_moves_the_bytes_that_must_move(exercise):
    name, _, direction = exercise.removeprefix("cuda_").rpartition("_")
    x, dout = torch.rand(1025), torch.randn(1025)
    tensors = (x,) if direction == "forward" else (dout, x)
    with kernels.observe() as watch:
        out = call(name, direction, *tensors)
    seen = watch.result(out)
    assert (seen.launches, seen.kernels) == (1, (f"{name}_{direction}_kernel",))
    assert (seen.loads, seen.stores) == (len(tensors) * x.nbytes, x.nbytes)
    assert seen.broken() == ()


OTHERS = [
    (
        "cuda_sigmoid_forward",
        "tl.where(x >= 0, 1.0, z) / (1.0 + z)",
        "1.0 / (1.0 + tl.exp(-x))",
    ),
    ("cuda_sigmoid_forward", "tl.where(x >= 0, 1.0, z) / (1.0 + z)", "tl.sigmoid(x)"),
    ("cuda_sigmoid_backward", "dout * out * (1.0 - out)", "dout * (out - out * out)"),
    (
        "cuda_tanh_forward",
        "tl.where(x < 0, -size, size)",
        "2.0 * tl.sigmoid(2.0 * x) - 1.0",
    ),
    ("cuda_tanh_backward", "1.0 - out * out", "(1.0 - out) * (1.0 + out)"),
    ("cuda_silu_forward", "out = x * s", "out = x / (1.0 + tl.exp(-x))"),
    ("cuda_silu_backward", "s * (1.0 + x * (1.0 - s))", "(s + x * s * (1.0 - s))"),
    ("cuda_leaky_relu_forward", "tl.where(x > 0, x, slope * x)",
     "tl.maximum(x, slope * x)"),
    ("cuda_leaky_relu_backward", "tl.where(x > 0, dout, slope * dout)",
     "dout * tl.where(x <= 0, slope, 1.0)"),
    ("cuda_elu_forward", "tl.exp(left)", "tl.exp(x)"),
    ("cuda_elu_backward", "tl.exp(left)", "tl.exp(x)"),
    (
        "cuda_selu_forward",
        "SELU_SCALE * elu",
        "tl.where(x > 0, SELU_SCALE * x, SELU_SCALE * elu)",
    ),
    ("cuda_selu_backward", "dout * SELU_SCALE * slope", "(SELU_SCALE * dout) * slope"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "old", "new"), OTHERS)
def test_another_right_formula_passes(exercise, old, new):
    variant = scripts.namespace(NOTEBOOK, Mistake(exercise, "", "", ((old, new),)))
    entry = answers(exercise)
    result = judge(entry, [replay(q.trace, variant) for q in entry.questions])
    assert result.status == "passed", result.first_failure()


def test_every_exercise_has_another_right_formula():
    assert {exercise for exercise, _, _ in OTHERS} == set(EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_kernels_compile_for_a_gpu_that_is_not_there(exercise):
    function = reference()[exercise]
    name = exercise.removeprefix("cuda_").rpartition("_")[0]
    x = torch.rand(1040)
    tensors = (x,) if exercise.endswith("forward") else (x, x.clone())
    (code,) = machine_code(function, *tensors, *NUMBERS.get(name, ())).kernels
    assert (code.stack, code.load, code.store, code.narrow) == (0, 16, 16, ())
