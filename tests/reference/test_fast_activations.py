"""The fast activations against float64 PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from autograder.reference.fast import activations
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
