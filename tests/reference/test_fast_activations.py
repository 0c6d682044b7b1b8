"""The fast activations against float64 PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from autograder.reference.fast import activations
from autograder.reference.fast.learned import (
    fast_maxout_backward,
    fast_maxout_forward,
    fast_prelu_backward,
    fast_prelu_forward,
)
from solutions.activations import activations as plain
from tests.reference.inputs import LAYOUTS, lay_out, small_blocks

ACTIVATIONS: dict[str, Any] = {
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "selu": functional.selu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "silu": functional.silu,
    "gelu": functional.gelu,
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_activation(name, dtype, data):
    shape = tuple(data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x, dout = 3 * rng.normal(size=shape), rng.normal(size=shape)
    special = [0.0, -0.0, 1000.0, -1000.0, 12.0, -12.0, 1e-20, -1e-20]
    x.flat[: len(special)] = special[: x.size]
    layout = data.draw(st.sampled_from(LAYOUTS))
    x, dout = (lay_out(v.astype(dtype), layout) for v in (x, dout))
    before = x.tobytes(), dout.tobytes()
    with small_blocks(data.draw(st.sampled_from([0, 16, 64]))):
        out, cache = getattr(activations, f"fast_{name}_forward")(x)
        dx = getattr(activations, f"fast_{name}_backward")(dout, cache)
    assert (x.tobytes(), dout.tobytes()) == before
    tensor = torch.from_numpy(np.array(x, np.float64)).requires_grad_()
    expected = ACTIVATIONS[name](tensor)
    expected.backward(torch.from_numpy(np.array(dout, np.float64)))
    digits = {"float32": 4e-7, "float64": 4e-15}[dtype]
    for got, right in ((out, expected.detach().numpy()), (dx, tensor.grad.numpy())):
        assert (got.dtype, got.shape) == (x.dtype, x.shape)
        # relative where the result is large, to the size of the input elsewhere
        assert (np.abs(got - right) <= digits * (3 + np.abs(right))).all()


@pytest.mark.parametrize("name", ["leaky_relu", "elu"])
def test_an_activations_own_parameter(name):
    x = np.linspace(-3, 3, 50)
    tensor = torch.from_numpy(x.copy()).requires_grad_()
    expected = getattr(functional, name)(tensor, 0.3)
    expected.sum().backward()
    out, cache = getattr(activations, f"fast_{name}_forward")(x, 0.3)
    dx = getattr(activations, f"fast_{name}_backward")(np.ones(50), cache)
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-14)
    np.testing.assert_allclose(dx, tensor.grad.numpy(), rtol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_passes_through_an_activation(name):
    x = np.array([1.0, np.nan, -1.0])
    out, _ = getattr(activations, f"fast_{name}_forward")(x)
    assert np.isnan(out).tolist() == [False, True, False]


def test_gelu_keeps_its_digits_far_below_zero():
    x = np.array([-5.0, -8.0, -12.0])
    out, _ = activations.fast_gelu_forward(x)
    exact = [-1.4332578596e-06, -4.9767677e-15, -2.13178e-32]
    np.testing.assert_allclose(out, exact, rtol=1e-5)


def test_what_an_activation_refuses():
    with pytest.raises(ValueError, match="slope is 2"):
        activations.fast_leaky_relu_forward(np.ones(4), 2)
    for dtype in (np.int64, np.float16):
        with pytest.raises(TypeError, match="not float32 or float64"):
            activations.fast_gelu_forward(np.ones(4, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_prelu(dtype, data):
    shape = tuple(data.draw(st.lists(st.integers(1, 7), min_size=2, max_size=4)))
    if data.draw(st.booleans()):  # rows long enough to be worked on one by one
        shape = (*shape[:2], 17, 17)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x, dout = (v.astype(dtype) for v in rng.normal(size=(2, *shape)))
    x.flat[:2] = [0.0, -0.0][: x.size]
    alpha = rng.normal(scale=2, size=shape[1]).astype(dtype)
    layout = data.draw(st.sampled_from(LAYOUTS))
    x, dout = lay_out(x, layout), lay_out(dout, layout)
    before = x.tobytes(), dout.tobytes(), alpha.tobytes()
    with small_blocks(data.draw(st.sampled_from([0, 16, 64]))):
        out, cache = fast_prelu_forward(x, alpha)
        gradients = fast_prelu_backward(dout, cache)
    assert (x.tobytes(), dout.tobytes(), alpha.tobytes()) == before
    tensors = [
        torch.from_numpy(np.array(v, np.float64)).requires_grad_() for v in (x, alpha)
    ]
    expected = functional.prelu(*tensors)
    expected.backward(torch.from_numpy(np.array(dout, np.float64)))
    exact = expected.detach().numpy(), *(t.grad.numpy() for t in tensors)
    digits = {"float32": 4e-7, "float64": 4e-15}[dtype]
    for got, right in zip((out, *gradients), exact, strict=True):
        assert (got.dtype, got.shape) == (x.dtype, right.shape)
        # dalpha is a sum over a channel: relative to the sum of the magnitudes
        assert (np.abs(got - right) <= digits * (3 + np.abs(x * dout).sum())).all()


def test_prelu_sums_many_numbers_to_almost_all_digits():
    rng = np.random.default_rng(0)
    x, dout = rng.normal(size=(2, 64, 8, 40, 40)).astype(np.float32)
    _, cache = fast_prelu_forward(x, np.full(8, 0.25, np.float32))
    _, dalpha = fast_prelu_backward(dout, cache)
    terms = np.minimum(x, 0).astype(np.float64) * dout
    exact, largest = terms.sum(axis=(0, 2, 3)), np.abs(terms).sum(axis=(0, 2, 3))
    assert (np.abs(dalpha - exact) <= 1e-7 * largest).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_maxout(dtype, data):
    """Against the plain formula in float64, with small whole numbers, so with ties."""
    N, D, K, H = (data.draw(st.integers(1, 5)) for _ in range(4))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    shapes = (N, D), (K, D, H), (K, H), (N, H)
    x, W, b, dout = (rng.integers(-2, 3, shape).astype(dtype) for shape in shapes)
    layout = data.draw(st.sampled_from(LAYOUTS))
    given_ = [lay_out(v, layout) for v in (x, W, b, dout)]
    before = [v.tobytes() for v in given_]
    out, cache = fast_maxout_forward(*given_[:3])
    gradients = fast_maxout_backward(given_[3], cache)
    assert [v.tobytes() for v in given_] == before
    right, plain_cache = plain.maxout_forward(*(v.astype(float) for v in (x, W, b)))
    exact = right, *plain.maxout_backward(dout.astype(float), plain_cache)
    for got, expected in zip((out, *gradients), exact, strict=True):
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, expected)  # whole numbers: no rounding


def test_maxout_of_more_pieces_than_a_byte_counts():
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=(20, 3)), rng.normal(size=(300, 3, 2))
    b, dout = rng.normal(size=(300, 2)), rng.normal(size=(20, 2))
    b[299] += 9
    _, cache = fast_maxout_forward(x, W, b)
    _, plain_cache = plain.maxout_forward(x, W, b)
    found = fast_maxout_backward(dout, cache)
    exact = plain.maxout_backward(dout, plain_cache)
    for got, right in zip(found, exact, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-12, atol=1e-13)


def test_what_prelu_and_maxout_refuse():
    one = np.ones((4, 4), np.float16)
    with pytest.raises(TypeError, match="not float32 or float64"):
        fast_prelu_forward(one, one[0])
    with pytest.raises(TypeError, match="not float32 or float64"):
        fast_maxout_forward(one, one[None], one[:1])
