"""What the fast kernels read and write, seen by the interpreter's watch."""

import os

import pytest
import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

from autograder.reference.kernels import (
    batchnorm,
    elementwise,
    fill,
    groupnorm,
    layernorm,
    layernorm_wide,
    rows,
)
from autograder.student.kernels import interpreted, observe

pytestmark = pytest.mark.skipif(
    not interpreted(), reason="only the interpreter sees every address"
)


def draw(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def passes(function, *given):
    """How many times each large tensor was read, the result was written, and all."""
    with observe() as watch:
        out = function(*given)
    large = out[0] if isinstance(out, tuple) else out
    size = large.numel() * large.element_size()
    seen = watch.result(*(out if isinstance(out, tuple) else (out,)))
    assert not seen.broken()
    reads = [watch.loads_of(t) / size for t in given if t.shape == large.shape]
    return reads, watch.stores_of(large) / size


def layernorm_inputs(R, D):
    x, gamma = draw(R, D), draw(D)
    return x, gamma, draw(R), draw(R).abs()


def test_a_row_in_registers_is_read_once():
    x, gamma, mean, rstd = layernorm_inputs(5, 50)
    assert passes(layernorm.layernorm_forward, x, gamma, gamma) == ([1], 1)
    backward = layernorm.layernorm_backward
    assert passes(backward, x.clone(), x, gamma, mean, rstd) == ([1, 1], 1)


def test_a_row_in_chunks_is_read_twice(monkeypatch):
    monkeypatch.setattr(rows, "resident", lambda x: 8)
    monkeypatch.setattr(rows, "chunk_of", lambda D: 32)
    monkeypatch.setattr(rows, "batch_of_rows", lambda row_bytes, rows, l2: 2)
    x, gamma, *_ = layernorm_inputs(5, 50)
    assert passes(layernorm.layernorm_forward, x, gamma, gamma) == ([2], 1)


@pytest.mark.parametrize("limit", ["IN_REGISTERS", "IN_QUARTERS"])
def test_a_long_row_is_read_twice_by_the_backward_pass(limit, monkeypatch):
    monkeypatch.setattr(layernorm, limit, 8)
    monkeypatch.setattr(layernorm_wide, "chunk_of", lambda D: 64)
    x, gamma, mean, rstd = layernorm_inputs(3, 50)
    backward = layernorm.layernorm_backward
    assert passes(backward, x.clone(), x, gamma, mean, rstd) == ([2, 2], 1)


def test_a_group_in_registers_is_read_once():
    x, gamma = draw(2, 6, 3, 3), draw(6)

    def forward(x):
        return groupnorm.groupnorm_forward(x, gamma, gamma, 3)

    def backward(dout, x, mean, rstd):
        return groupnorm.groupnorm_backward(dout, x, gamma, mean, rstd, 3)

    assert passes(forward, x) == ([1], 1)
    mean = draw(2, 3)
    assert passes(backward, x.clone(), x, mean, mean.abs()) == ([1, 1], 1)


@pytest.mark.parametrize("shape", [(3, 4, 5, 5), (30, 4)])
def test_batchnorm_reads_once_for_the_sums_and_once_for_the_result(shape):
    x, gamma = draw(*shape), draw(4)
    assert passes(batchnorm.batchnorm_forward, x, gamma, gamma) == ([2], 1)
    backward = batchnorm.batchnorm_backward
    given = x.clone(), x, gamma, gamma, gamma.abs()
    assert passes(backward, *given) == ([2, 2], 1)
    test = batchnorm.batchnorm_test
    assert passes(test, x, *[gamma.abs()] * 4) == ([1], 1)


def test_activations_and_fills_move_what_they_must():
    x = draw(3001)

    def forward(x):
        return elementwise.activation_forward(x, "gelu")

    def backward(dout, x):
        return elementwise.activation_backward(dout, x, "gelu")

    assert passes(forward, x) == ([1], 1)
    assert passes(backward, x.clone(), x) == ([1, 1], 1)
    out = torch.empty(3001)
    assert passes(lambda out: fill.normal_(out, 1), out) == ([0], 1)
