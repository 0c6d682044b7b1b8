"""The fast activations and random numbers, in the interpreter or on a GPU."""

import pytest
import torch

from tests.reference.kernel_inputs import (  # first: it asks for the interpreter
    DEVICE,
    DTYPES,
    RTOL,
    draw,
    error,
    gradients,
)

from torch.nn import functional  # isort: skip

from autograder.reference.kernels import elementwise, fill  # isort: skip


@pytest.mark.parametrize("name", elementwise.NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [4096, 5001])
def test_activations(name, dtype, n):
    x, dout = 2 * draw(n, dtype=dtype), draw(n, dtype=dtype, seed=1)
    exact = gradients(getattr(functional, name), dout, x)
    got = [
        elementwise.activation_forward(x, name),
        elementwise.activation_backward(dout, x, name),
    ]
    rtol = RTOL[dtype] if dtype != torch.float64 else 1e-12
    assert error(got, exact) < rtol


def test_relu_keeps_nan_and_lets_no_infinity_through():
    x = torch.tensor([torch.nan, -torch.inf, -1.0, 0.0, torch.inf], device=DEVICE)
    out = elementwise.activation_forward(x, "relu")
    assert out[0].isnan()
    assert out[1:].tolist() == [0, 0, 0, torch.inf]
    dx = elementwise.activation_backward(torch.full_like(x, torch.inf), x, "relu")
    assert dx[1:].tolist() == [0, 0, 0, torch.inf]


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="no activation 'swish'"):
        elementwise.activation_forward(draw(3), "swish")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_uniform_numbers(dtype):
    u = fill.uniform_(torch.empty(30_001, dtype=dtype, device=DEVICE), 7, -1, 3)
    u = u.double()
    assert u.min() >= -1
    assert u.max() <= 3
    assert abs(u.mean() - 1) < 4 * (16 / 12 / u.numel()) ** 0.5 + 2**-8
    counts = torch.histc(u, 20, -1, 3)
    expected = u.numel() / 20
    assert ((counts - expected) ** 2 / expected).sum() < 60  # 19 degrees of freedom


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_normal_numbers(dtype):
    x = fill.normal_(torch.empty(30_001, dtype=dtype, device=DEVICE), 7, 2.0, 3.0)
    z = (x.double() - 2) / 3
    n = z.numel()
    assert abs(z.mean()) < 4 / n**0.5 + 2**-8
    assert abs(z.var() - 1) < 4 * (2 / n) ** 0.5 + 2**-6
    assert abs((z**4).mean() - 3) < 4 * (96 / n) ** 0.5 + 2**-4
    for level in (-2.0, -1.0, 0.0, 1.0, 2.0):
        below = 0.5 * (1 + torch.erf(torch.tensor(level / 2**0.5)))
        assert abs((z < level).double().mean() - below) < 0.02
    assert abs((z[:-1] * z[1:]).mean()) < 5 / n**0.5


def test_random_numbers_depend_on_seed_and_place_alone():
    one = fill.normal_(torch.empty(5000, device=DEVICE), 3)
    assert torch.equal(one[:77], fill.normal_(torch.empty(77, device=DEVICE), 3))
    assert not torch.equal(one, fill.normal_(torch.empty(5000, device=DEVICE), 4))
    assert one.unique().numel() > 4990


def test_only_what_is_contiguous_can_be_filled():
    with pytest.raises(ValueError, match="contiguous"):
        fill.uniform_(torch.empty(4, 4, device=DEVICE).T, 0)
