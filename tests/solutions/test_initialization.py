"""The reference of the initializations, against PyTorch's and against formulas."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.reference import scripts

NAMES = scripts.namespace("initialization/initialization")
SIZES = st.integers(1, 40)


@given(st.one_of(st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES, SIZES, SIZES)))
def test_fans_are_pytorchs(shape: tuple[int, ...]) -> None:
    """PyTorch keeps a linear layer's weight as (D_out, D_in)."""
    theirs = shape[::-1] if len(shape) == 2 else shape
    tensor = torch.empty(theirs, device="meta")
    found = torch.nn.init._calculate_fan_in_and_fan_out(tensor)
    assert NAMES["fans"](shape) == found


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (1, 2, 3, 4, 5), ()])
def test_a_shape_of_no_layer_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="2 or 4 axes"):
        NAMES["fans"](shape)


@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "selu"])
def test_gains_are_pytorchs(name: str) -> None:
    assert NAMES["gain"](name) == pytest.approx(torch.nn.init.calculate_gain(name))


@given(st.floats(0, 10))
def test_the_gain_of_a_leaky_relu_keeps_the_mean_square(slope: float) -> None:
    gain = NAMES["gain"]("leaky_relu", slope)
    assert gain == pytest.approx(torch.nn.init.calculate_gain("leaky_relu", slope))
    assert gain**2 * (1 + slope**2) / 2 == pytest.approx(1)


def test_no_gain_is_guessed() -> None:
    with pytest.raises(ValueError, match="'swish'"):
        NAMES["gain"]("swish")


@settings(deadline=None)
@given(st.integers(2, 50), *[st.floats(-2, 2)] * 2, *[st.floats(0, 3)] * 2)
def test_the_variance_of_an_output(
    fan_in: int, mean_x: float, mean_w: float, var_x: float, var_w: float
) -> None:
    """Numbers that take two values each: the variance by going through them."""
    x = mean_x + math.sqrt(var_x) * np.array([-1.0, 1.0])
    w = mean_w + math.sqrt(var_w) * np.array([-1.0, 1.0])
    one = np.outer(x, w).var()
    found = NAMES["output_variance"](fan_in, mean_x, var_x, mean_w, var_w)
    assert found == pytest.approx(fan_in * one, abs=1e-9)


THEIRS = {
    "xavier_normal": lambda w: torch.nn.init.xavier_normal_(w),
    "xavier_uniform": lambda w: torch.nn.init.xavier_uniform_(w),
    "kaiming_normal": lambda w: torch.nn.init.kaiming_normal_(w),
    "kaiming_uniform": lambda w: torch.nn.init.kaiming_uniform_(w),
}


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.parametrize("shape", [(400, 150), (60, 20, 5, 7)])
def test_weights_are_distributed_as_pytorchs(name: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    stored = shape[::-1] if len(shape) == 2 else shape
    theirs = THEIRS[name](torch.empty(stored, dtype=torch.float64)).numpy()
    ours = NAMES[name](shape, np.random.default_rng(0))
    assert ours.shape == shape
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)
    both = np.sort(ours, axis=None), np.sort(theirs, axis=None)
    shares = np.linspace(0.01, 0.99, 25)
    one, other = (np.quantile(b, shares) for b in both)
    np.testing.assert_allclose(one, other, atol=0.04 * theirs.std())


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_statistics_are_those_of_autograd(nonlinearity: str) -> None:
    rng = np.random.default_rng(3)
    dims = [7, 5, 6, 4]
    weights = [rng.normal(size=pair) for pair in pairwise(dims)]
    x, dout = rng.normal(size=(9, 7)), rng.normal(size=(9, 4))
    f = torch.tanh if nonlinearity == "tanh" else torch.relu
    tensors = [torch.tensor(w, requires_grad=True) for w in weights]
    layers = [torch.tensor(x)]
    for tensor in tensors:
        layers.append(f(layers[-1] @ tensor))
        layers[-1].retain_grad()
    layers[-1].backward(torch.tensor(dout))
    means, stds = NAMES["activation_statistics"](x, weights, nonlinearity)
    np.testing.assert_allclose(means, [h.mean().item() for h in layers[1:]])
    np.testing.assert_allclose(stds, [h.std(correction=0).item() for h in layers[1:]])
    back, grads = NAMES["gradient_statistics"](x, weights, nonlinearity, dout)

    def size(gradient: torch.Tensor | None) -> float:
        assert gradient is not None
        return gradient.square().mean().sqrt().item()

    np.testing.assert_allclose(back, [size(h.grad) for h in layers[1:]])
    np.testing.assert_allclose(grads, [size(w.grad) for w in tensors])
