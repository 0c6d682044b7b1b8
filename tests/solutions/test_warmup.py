"""The warm-up's references against closed formulas and float64 PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from solutions.warmup import warmup as reference
from tests.solutions.layouts import LAYOUTS, lay_out

SCALAR = ("quadratic", "cubic", "weighted_sine", "log_sum_exp")
SHAPES = ((), (1,), (7,), (3, 5), (1, 4), (2, 3, 2))


@st.composite
def points(draw, shapes=SHAPES):
    """A point of moderate size in any layout."""
    shape = draw(st.sampled_from(shapes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.uniform(0.3, 2.0, shape) * rng.choice([-1.0, 1.0], shape)
    return lay_out(np.asarray(x), draw(st.sampled_from(LAYOUTS)))


def torch_gradient(name: str, x: np.ndarray) -> np.ndarray:
    """The gradient of a practice function, by autograd in float64."""
    point = torch.from_numpy(np.array(x, np.float64)).requires_grad_()
    weights = torch.arange(point.numel(), dtype=torch.float64).reshape(point.shape)
    value = {
        "quadratic": lambda: 0.5 * (point**2).sum(),
        "cubic": lambda: (point**3).sum(),
        "weighted_sine": lambda: (weights * point.sin()).sum(),
        "log_sum_exp": lambda: point.flatten().logsumexp(0),
    }[name]()
    value.backward()
    assert point.grad is not None
    return point.grad.numpy()


@settings(deadline=None)
@given(points(), st.sampled_from(SCALAR))
def test_practice_gradients_are_autograds(x, name):
    gradient = getattr(reference, f"{name}_gradient")(x)
    np.testing.assert_allclose(gradient, torch_gradient(name, x), rtol=1e-12)


@settings(deadline=None)
@given(points(), st.sampled_from(SCALAR))
def test_numerical_gradient_is_autograds(x, name):
    before = x.tobytes()
    grad = reference.numerical_gradient(getattr(reference, name), x)
    np.testing.assert_allclose(grad, torch_gradient(name, x), rtol=1e-6, atol=1e-7)
    assert x.tobytes() == before


@settings(deadline=None)
@given(points(), st.sampled_from([0.5, 0.1, 1e-2]))
def test_the_error_for_a_cube_is_the_square_of_the_step(x, h):
    error = reference.numerical_gradient(reference.cubic, x, h) - 3 * x**2
    np.testing.assert_allclose(error, np.full(x.shape, h**2), rtol=1e-7, atol=1e-10)


@settings(deadline=None)
@given(points(((1, 3), (4, 3), (2, 3))), st.integers(0, 2**32))
def test_numerical_gradient_array_is_autograds(x, seed):
    rng = np.random.default_rng(seed)
    maps = {
        "cube": lambda t: t**3,
        "row_softmax": lambda t: t.softmax(1),
        "row_products": lambda t: t.prod(1),
        "first_columns": lambda t: t[:, :2],
    }
    for name, f in maps.items():
        point = torch.from_numpy(np.array(x)).requires_grad_()
        out = f(point)
        dout = rng.normal(size=tuple(out.shape))
        out.backward(torch.from_numpy(dout))
        grad = reference.numerical_gradient_array(getattr(reference, name), x, dout)
        assert point.grad is not None
        np.testing.assert_allclose(
            grad, point.grad.numpy(), rtol=1e-6, atol=1e-7, err_msg=name
        )


def test_affine_map_has_the_gradient_of_its_matrix():
    rng = np.random.default_rng(0)
    x, dout = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    matrix = reference.affine_map(np.eye(3)) - reference.affine_map(np.zeros((3, 3)))
    grad = reference.numerical_gradient_array(reference.affine_map, x, dout)
    np.testing.assert_allclose(grad, dout @ matrix.T, rtol=1e-7)


@pytest.mark.parametrize(
    ("x", "y", "error"),
    [
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([1.0], [-1.0], 1.0),
        ([0.0, 1.0], [1e-3, 1.0], 1.0),
        ([3.0, 1.0], [1.0, 1.0], 0.5),
        ([1e-9], [2e-9], 0.1),
        ([5.0, 1.0], [5.0, np.nan], np.nan),
    ],
)
def test_relative_error_by_hand(x, y, error):
    got = reference.relative_error(np.array(x), np.array(y))
    assert got == pytest.approx(error, rel=1e-12, nan_ok=True)


@given(points(), st.floats(-1e4, 1e4))
def test_relative_error_is_symmetric_and_at_most_one(x, shift):
    y = x * 0.7 + shift
    error = reference.relative_error(x, y)
    assert error == reference.relative_error(y, x)
    assert 0 <= error <= 1


@settings(deadline=None)
@given(points(), st.sampled_from(SCALAR))
def test_gradient_check_passes_right_gradients(x, name):
    f, gradient = (getattr(reference, n) for n in (name, f"{name}_gradient"))
    assert reference.gradient_check(f, gradient, x) < 1e-5


@settings(deadline=None)
@given(points())
def test_gradient_check_sees_one_wrong_entry(x):
    slip = reference.cubic_gradient_with_a_slip
    error = reference.gradient_check(reference.cubic, slip, x)
    assert error == pytest.approx(1 / 3, rel=1e-6)


def test_float32_inputs_are_differentiated_in_float64():
    x = np.float32([0.5, -1.25, 2.0])
    grad = reference.numerical_gradient(reference.log_sum_exp, x)
    exact = reference.log_sum_exp_gradient(x.astype(np.float64))
    np.testing.assert_allclose(grad, exact, rtol=1e-8)
