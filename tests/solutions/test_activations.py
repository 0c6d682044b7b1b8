"""The references of the activations against float64 PyTorch."""

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from solutions.activations import activations as reference
from tests.solutions.layouts import LAYOUTS, lay_out

IN_TORCH: dict[str, Callable[..., torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "selu": functional.selu,
    "gelu": functional.gelu,
    "silu": functional.silu,
}
OPTION = {"leaky_relu": "slope", "elu": "alpha"}
LIMITS = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "leaky_relu": (-np.inf, np.inf),
    "elu": (-0.3, np.inf),
    "selu": (-reference.SELU_SCALE * reference.SELU_ALPHA, np.inf),
}


def functions(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return tuple(getattr(reference, f"{name}_{way}") for way in ("forward", "backward"))


@st.composite
def inputs(draw, axes: tuple[int, int] = (1, 4)) -> dict[str, Any]:
    """x and dout of odd shapes, of any size and layout, with zeros here and there."""
    shape = tuple(draw(st.integers(1, 5)) for _ in range(draw(st.integers(*axes))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = draw(st.sampled_from([1e-3, 1.0, 6.0, 40.0, 1e3])) * rng.normal(size=shape)
    x[rng.random(shape) < 0.2] = draw(st.sampled_from([0.0, -0.0]))
    layout = draw(st.sampled_from(LAYOUTS))
    return {
        "x": lay_out(x, layout),
        "dout": lay_out(rng.normal(size=shape), layout),
        "option": draw(st.sampled_from([0.01, 0.3, 0.9])),
        "rng": rng,
    }


def in_torch(
    function: Callable[..., torch.Tensor], dout: np.ndarray, *arrays: Any
) -> list[np.ndarray]:
    """The output and the gradient of every array, by autograd in float64."""
    given = [
        torch.tensor(np.array(a), requires_grad=True)
        if isinstance(a, np.ndarray)
        else a
        for a in arrays
    ]
    out = function(*given)
    out.backward(torch.tensor(np.array(dout)))
    gradients = [a.grad.numpy() for a in given if isinstance(a, torch.Tensor)]
    return [out.detach().numpy(), *gradients]


def assert_close(got: np.ndarray, expected: np.ndarray) -> None:
    """Close but for rounding: 1 - out**2 is known to a unit in the last place of 1."""
    assert got.shape == expected.shape
    size = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15 * size)


@pytest.mark.parametrize("name", IN_TORCH)
@settings(deadline=None, max_examples=60)
@given(case=inputs())
def test_forward_and_backward_are_torchs(name, case):
    forward, backward = functions(name)
    options = (case["option"],) if name in OPTION else ()
    before = [case[k].tobytes() for k in ("x", "dout")]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        out, cache = forward(case["x"], *options)
        once, twice = (backward(case["dout"], cache) for _ in range(2))
    assert [case[k].tobytes() for k in ("x", "dout")] == before
    expected, dx = in_torch(IN_TORCH[name], case["dout"], case["x"], *options)
    assert_close(out, expected)
    assert_close(once, dx)
    np.testing.assert_array_equal(once, twice)
    assert not np.shares_memory(out, case["x"])
    assert not np.shares_memory(once, case["dout"])


@settings(deadline=None, max_examples=100)
@given(inputs(axes=(2, 5)), st.booleans())
def test_prelu_is_torchs(case, wide):
    alpha = case["rng"].uniform(-1, 2.5, case["x"].shape[1])
    alpha = lay_out(alpha, "strided") if wide else alpha
    before = [a.tobytes() for a in (case["x"], case["dout"], alpha)]
    out, cache = reference.prelu_forward(case["x"], alpha)
    dx, dalpha = reference.prelu_backward(case["dout"], cache)
    assert [a.tobytes() for a in (case["x"], case["dout"], alpha)] == before
    expected = in_torch(functional.prelu, case["dout"], case["x"], alpha)
    for mine, theirs in zip((out, dx, dalpha), expected, strict=True):
        assert_close(mine, theirs)


def torch_maxout(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Piece by piece, as K linear layers."""
    pieces = [functional.linear(x, w.T, c) for w, c in zip(W, b, strict=True)]
    return torch.stack(pieces).max(dim=0).values


@settings(deadline=None, max_examples=100)
@given(st.tuples(*[st.integers(1, 6)] * 4), st.integers(0, 2**32))
def test_maxout_is_torchs(sizes, seed):
    N, D, K, H = sizes
    rng = np.random.default_rng(seed)
    x, W = rng.normal(size=(N, D)), rng.normal(size=(K, D, H))
    b, dout = rng.normal(size=(K, H)), rng.normal(size=(N, H))
    before = [a.tobytes() for a in (x, W, b, dout)]
    out, cache = reference.maxout_forward(x, W, b)
    gradients = reference.maxout_backward(dout, cache)
    assert [a.tobytes() for a in (x, W, b, dout)] == before
    expected = in_torch(torch_maxout, dout, x, W, b)
    for mine, theirs in zip((out, *gradients), expected, strict=True):
        assert_close(mine, theirs)
    assert reference.maxout_parameters(D, H, K) == W.size + b.size


def test_a_tie_goes_to_the_first_of_the_largest_pieces():
    x, dout = np.array([[2.0, -1.0]]), np.array([[3.0]])
    W = np.array([[-1.0, 5.0], [1.0, 1.0], [1.0, 1.0]])[..., None]
    _, cache = reference.maxout_forward(x, W, np.zeros((3, 1)))
    dx, dW, db = reference.maxout_backward(dout, cache)
    np.testing.assert_array_equal(db.ravel(), [0, 3, 0])
    np.testing.assert_array_equal(dW[..., 0], [[0, 0], [6, -3], [0, 0]])
    np.testing.assert_array_equal(dx, [[3, 3]])


def test_maxout_generalizes_relu_and_leaky_relu():
    x = np.random.default_rng(0).normal(size=(20, 1))
    one = np.ones((1, 1))
    for slope, other in (
        (0, reference.relu_forward(x)[0]),
        (0.1, reference.leaky_relu_forward(x, 0.1)[0]),
    ):
        W = np.stack([slope * one, one])
        out, _ = reference.maxout_forward(x, W, np.zeros((2, 1)))
        np.testing.assert_allclose(out, other)


@pytest.mark.parametrize("name", LIMITS)
def test_infinities_have_their_limits_and_slopes(name):
    forward, backward = functions(name)
    options = (0.3,) if name in OPTION else ()
    with np.errstate(all="raise", under="ignore"):
        out, cache = forward(np.array([-np.inf, np.inf]), *options)
        dx = backward(np.array([2.0, 2.0]), cache)
    np.testing.assert_allclose(out, LIMITS[name])
    slopes = {
        "relu": (0, 1),
        "leaky_relu": (0.3, 1),
        "elu": (0, 1),
        "selu": (0, reference.SELU_SCALE),
    }
    np.testing.assert_allclose(dx, 2 * np.array(slopes.get(name, (0, 0))))


@pytest.mark.parametrize("name", [*IN_TORCH, "prelu"])
def test_large_float32_neither_overflows_nor_becomes_float64(name):
    forward, backward = functions(name)
    x = np.array([[-1e4, -500, -100, -1, 0, 1, 100, 500, 1e4]], np.float32)
    options: tuple[Any, ...] = (0.3,) if name in OPTION else ()
    if name == "prelu":
        options = (np.linspace(-1, 2, x.size, dtype=np.float32),)
    with np.errstate(all="raise", under="ignore"):
        out, cache = forward(x, *options)
        gradients = backward(np.ones_like(x), cache)
    for array in (out, *(gradients if name == "prelu" else (gradients,))):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


def test_without_overflow_makes_an_error_of_an_overflow_and_of_nothing_else():
    x = np.array([-1000.0])
    with pytest.raises(FloatingPointError, match="overflow"):
        reference.without_overflow(lambda x: 1 / (1 + np.exp(-x)), x)
    assert reference.without_overflow(lambda x, y: x + y, x, 2.0) == [-998.0]
    assert reference.without_overflow(np.exp, x) == [0.0]  # underflow is right


def erf_by_its_series(x: float) -> float:
    """The power series with sixty digits; rounded once, at the end."""
    with localcontext() as context:
        context.prec = 60
        square, power, total, n = Decimal(x) ** 2, Decimal(x), Decimal(0), 0
        while abs(power) > Decimal("1e-40"):
            total += power / (2 * n + 1)
            n += 1
            power *= -square / n
        pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
        return float(2 * total / pi.sqrt())


def test_the_given_erf_is_right_to_the_last_digits():
    x = np.concatenate([np.linspace(-6, 6, 241), [1e-9, 0.1, 1 / 3]])
    exact = np.array([erf_by_its_series(v) for v in x])
    got = reference.erf(x)
    assert (np.abs(got - exact) <= 2 * np.spacing(np.abs(exact))).all()
    assert reference.erf(np.float32(x)).dtype == np.float32
    assert reference.erf(np.zeros((0, 3))).shape == (0, 3)
    np.testing.assert_array_equal(reference.erf(np.array([-1e4, 1e4])), [-1, 1])


def test_the_constants_of_selu_keep_mean_zero_and_variance_one():
    def below(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    alpha, scale = reference.SELU_ALPHA, reference.SELU_SCALE
    half = math.exp(0.5) * below(-1)  # E[exp(z); z < 0]
    mean = 1 / math.sqrt(2 * math.pi) + alpha * (half - 0.5)
    square = 0.5 + alpha**2 * (math.exp(2) * below(-2) - 2 * half + 0.5)
    assert abs(scale * mean) < 1e-14
    assert abs(scale**2 * square - 1) < 1e-14
