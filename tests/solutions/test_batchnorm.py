"""The references of batch normalization against float64 PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from solutions.batchnorm import batchnorm as reference
from tests.solutions.layouts import LAYOUTS, lay_out


@st.composite
def batches(draw, axes: int) -> dict[str, Any]:
    """Batches of odd shapes, with any mean, spread, eps and layout."""
    shape = tuple(draw(st.integers(1, 7)) for _ in range(axes))
    channels = shape[1]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mean = draw(st.sampled_from([0.0, -3.0, 1e2, 1e4]))
    std = draw(st.sampled_from([1e-2, 0.3, 1.0, 50.0]))
    layout = draw(st.sampled_from(LAYOUTS))
    x = mean + std * rng.normal(size=shape)
    if draw(st.booleans()):
        x[:, 0] = mean
    return {
        "x": lay_out(x, layout),
        "dout": lay_out(rng.normal(size=shape), layout),
        "gamma": lay_out(rng.normal(size=channels), layout),
        "beta": rng.normal(size=channels),
        "eps": draw(st.sampled_from([1e-5, 1e-3, 0.3])),
        "momentum": draw(st.sampled_from([0.0, 0.5, 0.9, 0.99])),
        "running_mean": rng.normal(size=channels),
        "running_var": rng.uniform(0.1, 3.0, channels),
    }


def in_torch(case: dict[str, Any], training: bool) -> dict[str, np.ndarray]:
    """What PyTorch makes of the same batch; its running variance is unbiased."""
    tensors = {
        k: torch.from_numpy(np.array(case[k]))
        for k in ("x", "dout", "gamma", "beta", "running_mean", "running_var")
    }
    for name in ("x", "gamma", "beta"):
        tensors[name].requires_grad_()
    out = functional.batch_norm(
        tensors["x"],
        tensors["running_mean"],
        tensors["running_var"],
        tensors["gamma"],
        tensors["beta"],
        training=training,
        momentum=1 - case["momentum"],
        eps=case["eps"],
    )
    out.backward(tensors["dout"])
    return {
        "out": out.detach().numpy(),
        "running_mean": tensors["running_mean"].numpy(),
        "running_var": tensors["running_var"].numpy(),
        **{f"d{k}": tensors[k].grad.numpy() for k in ("x", "gamma", "beta")},
    }


def bn_param(case: dict[str, Any], mode: str) -> dict[str, Any]:
    keys = ("eps", "momentum", "running_mean", "running_var")
    return {"mode": mode, **{k: case[k] for k in keys}}


def assert_close(got: np.ndarray, expected: np.ndarray, case: dict[str, Any]) -> None:
    """Close as far as the inputs' own rounding allows.

    An input of size 10,000 is known to 2e-12. Divided by the smallest spread,
    sqrt(eps), and once more in the backward, that is what both may be off.
    """
    size = max(1.0, float(np.abs(expected).max()))
    ulp = 4e-16 * max(1.0, float(np.abs(case["x"]).max()))
    allowed = 1e-10 + 50 * ulp / case["eps"]
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() <= allowed * size


def enough_rows(case: dict[str, Any]) -> bool:
    """PyTorch refuses to train on one number a channel."""
    return case["x"].size > case["x"].shape[1]


def check_train(case: dict[str, Any], forward: Any, backwards: tuple[Any, ...]) -> None:
    before = {k: v.tobytes() for k, v in case.items() if isinstance(v, np.ndarray)}
    parameters = bn_param(case, "train")
    out, cache = forward(case["x"], case["gamma"], case["beta"], parameters)
    gradients = [backward(case["dout"], cache) for backward in backwards]
    for name, content in before.items():
        assert case[name].tobytes() == content, f"{name} was changed"
    if not enough_rows(case):
        np.testing.assert_array_equal(
            out,
            np.broadcast_to(case["beta"].reshape(-1, *[1] * (out.ndim - 2)), out.shape),
        )
        return
    expected = in_torch(case, training=True)
    assert_close(out, expected["out"], case)
    assert_close(parameters["running_mean"], expected["running_mean"], case)
    rows = case["x"].size // case["x"].shape[1]
    kept = case["momentum"] * case["running_var"]
    biased = kept + (expected["running_var"] - kept) * (rows - 1) / rows
    assert_close(parameters["running_var"], biased, case)
    for dx, dgamma, dbeta in gradients:
        assert_close(dx, expected["dx"], case)
        assert_close(dgamma, expected["dgamma"], case)
        assert_close(dbeta, expected["dbeta"], case)


@settings(deadline=None, max_examples=200)
@given(batches(axes=2))
def test_train_mode_is_torchs(case):
    check_train(
        case,
        reference.batchnorm_forward,
        (reference.batchnorm_backward, reference.batchnorm_backward_alt),
    )


@settings(deadline=None, max_examples=100)
@given(batches(axes=4))
def test_spatial_train_mode_is_torchs(case):
    check_train(
        case,
        reference.spatial_batchnorm_forward,
        (reference.spatial_batchnorm_backward,),
    )


@settings(deadline=None, max_examples=100)
@given(batches(axes=2) | batches(axes=4))
def test_test_mode_is_torchs(case):
    flat = case["x"].ndim == 2
    forward = (
        reference.batchnorm_forward if flat else reference.spatial_batchnorm_forward
    )
    parameters = bn_param(case, "test")
    out, _ = forward(case["x"], case["gamma"], case["beta"], parameters)
    assert_close(out, in_torch(case, training=False)["out"], case)
    assert parameters["running_mean"] is case["running_mean"]
    assert parameters["running_var"] is case["running_var"]


def test_running_statistics_start_at_zero():
    x = np.random.default_rng(0).normal(3.0, 2.0, (6, 4))
    parameters: dict[str, Any] = {"mode": "train"}
    reference.batchnorm_forward(x, np.ones(4), np.zeros(4), parameters)
    np.testing.assert_allclose(parameters["running_mean"], 0.1 * x.mean(axis=0))
    np.testing.assert_allclose(parameters["running_var"], 0.1 * x.var(axis=0))


@pytest.mark.parametrize("mode", ["train", "test"])
def test_float32_stays_float32(mode):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 3)).astype(np.float32)
    gamma, beta = rng.normal(size=(2, 3)).astype(np.float32)
    parameters: dict[str, Any] = {"mode": mode}
    out, cache = reference.batchnorm_forward(x, gamma, beta, parameters)
    assert out.dtype == np.float32
    if mode == "train":
        assert parameters["running_mean"].dtype == np.float32
        assert parameters["running_var"].dtype == np.float32
        for backward in (
            reference.batchnorm_backward,
            reference.batchnorm_backward_alt,
        ):
            assert [g.dtype for g in backward(x, cache)] == [np.float32] * 3


def test_another_mode_is_refused():
    x = np.ones((2, 2))
    with pytest.raises(ValueError, match="'validate'"):
        reference.batchnorm_forward(x, x[0], x[0], {"mode": "validate"})


@settings(deadline=None)
@given(batches(axes=2), st.integers(1, 5))
def test_folded_linear_layer_is_the_two_layers(case, inputs):
    rng = np.random.default_rng(inputs)
    features = case["gamma"].size
    W, b = rng.normal(size=(inputs, features)), rng.normal(size=features)
    x = rng.normal(size=(6, inputs))
    two, _ = reference.batchnorm_forward(
        x @ W + b, case["gamma"], case["beta"], bn_param(case, "test")
    )
    folded_W, folded_b = reference.fold_batchnorm_into_linear(
        W,
        b,
        case["gamma"],
        case["beta"],
        case["running_mean"],
        case["running_var"],
        case["eps"],
    )
    np.testing.assert_allclose(x @ folded_W + folded_b, two, rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(batches(axes=4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_folded_convolution_is_the_two_layers(case, channels, height, width):
    rng = np.random.default_rng(channels)
    filters = case["gamma"].size
    W, b = rng.normal(size=(filters, channels, height, width)), rng.normal(size=filters)
    x = torch.from_numpy(rng.normal(size=(2, channels, 5, 4)))

    def convolve(W: np.ndarray, b: np.ndarray) -> np.ndarray:
        return functional.conv2d(x, torch.from_numpy(W), torch.from_numpy(b)).numpy()

    two, _ = reference.spatial_batchnorm_forward(
        convolve(W, b), case["gamma"], case["beta"], bn_param(case, "test")
    )
    folded = reference.fold_batchnorm_into_conv(
        W,
        b,
        case["gamma"],
        case["beta"],
        case["running_mean"],
        case["running_var"],
        case["eps"],
    )
    np.testing.assert_allclose(convolve(*folded), two, rtol=1e-9, atol=1e-9)
