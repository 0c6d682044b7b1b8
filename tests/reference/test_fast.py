"""The fast references against their plain formulas and float64 PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from autograder.reference.fast import batchnorm
from autograder.reference.fast.batchnorm import (
    fast_batchnorm_backward,
    fast_batchnorm_forward,
    fast_spatial_batchnorm_backward,
    fast_spatial_batchnorm_forward,
)
from autograder.reference.fast.groupnorm import (
    fast_groupnorm_backward,
    fast_groupnorm_forward,
    fast_instancenorm_backward,
    fast_instancenorm_forward,
)
from autograder.reference.fast.layernorm import (
    fast_layernorm_backward,
    fast_layernorm_forward,
)
from solutions.batchnorm import batchnorm as plain
from tests.reference.inputs import arrays, lay_out, small_blocks

FORWARD = {"float32": 1e-5, "float64": 1e-13}
BACKWARD = {"float32": 1e-4, "float64": 1e-12}


def affine(case: dict[str, Any], features: int) -> tuple[np.ndarray, np.ndarray]:
    gamma, beta = case["rng"].normal(size=(2, features)).astype(case["x"].dtype)
    return gamma, beta


def assert_close(
    got: np.ndarray, expected: np.ndarray, case: dict[str, Any], scale: float, rtol: Any
) -> None:
    """Close relative to ``scale``, the largest number that went into the result.

    In float64 PyTorch is no oracle beyond what the rounding of its own mean does.
    """
    dtype = case["x"].dtype.name
    ulp = 4e-16 * max(1.0, float(np.abs(case["x"]).max()))
    allowed = rtol[dtype] + 50 * ulp / case["eps"]
    assert got.dtype == case["x"].dtype
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() <= allowed * scale


def in_torch(norm: Any, case: dict[str, Any], gamma: Any, beta: Any) -> list[Any]:
    """What PyTorch makes of the same numbers in float64: out, dx, dgamma, dbeta.

    With channels last the variance of its group norm is E[x²] - E[x]², and its
    batch norm takes some gradients that lie otherwise than x amiss: order C for all.
    """
    tensors = [
        torch.from_numpy(np.array(v, np.float64, order="C")).requires_grad_()
        for v in (case["x"], gamma, beta)
    ]
    out = norm(*tensors)
    out.backward(torch.from_numpy(np.array(case["dout"], np.float64, order="C")))
    return [out.detach().numpy(), *(t.grad.numpy() for t in tensors)]


def in_rows(case: dict[str, Any], gamma: Any, beta: Any, length: int) -> list[Any]:
    """The plain formula in float64, of rows of some length that share a statistic.

    ``gamma`` and ``beta`` are given for each number. Returns out, dx, and what
    dgamma and dbeta sum up, all in the shape of x.
    """
    rows = [
        np.broadcast_to(v, case["x"].shape).astype(np.float64).reshape(-1, length)
        for v in (case["x"], gamma, beta, case["dout"])
    ]
    x, gamma, beta, dout = rows
    average = lambda v: v.mean(axis=1, keepdims=True)
    std = np.sqrt(average((x - average(x)) ** 2) + case["eps"])
    x_hat = (x - average(x)) / std
    given = dout * gamma
    dx = (given - average(given) - x_hat * average(given * x_hat)) / std
    found = gamma * x_hat + beta, dx, dout * x_hat, dout
    return [v.reshape(case["x"].shape) for v in found]


def check(
    case: dict[str, Any],
    parameters: tuple[np.ndarray, np.ndarray],
    forward: Any,
    backward: Any,
    expected: list[Any],
) -> None:
    """Forward and backward with and without small blocks; inputs stay as they are."""
    given = (case["x"], case["dout"], *parameters)
    before = [v.tobytes() for v in given]
    with small_blocks(case["blocks"]):
        out, cache = forward(case["x"], *parameters)
        gradients = backward(case["dout"], cache)
    assert [v.tobytes() for v in given] == before
    size = case["x"].size
    x_hat = np.sqrt(size)  # no larger, whatever shares a statistic
    gamma = 1 + float(np.abs(parameters[0]).max())
    largest = float(np.abs(case["dout"]).max())
    scales = (
        max(1.0, float(np.abs(expected[0]).max())),
        gamma * largest * min(x_hat, 10.0) / np.sqrt(case["eps"]),
        max(1.0, float(np.abs(expected[2]).max()), largest * np.sqrt(size)),
        max(1.0, float(np.abs(expected[3]).max())),
    )
    assert_close(out, expected[0], case, scales[0], FORWARD)
    for got, right, scale in zip(gradients, expected[1:], scales[1:], strict=True):
        assert_close(got, right, case, scale, BACKWARD)


@settings(deadline=None, max_examples=300)
@given(arrays(axes=2))
def test_layer_norm(case):
    gamma, beta = affine(case, case["x"].shape[1])
    norm = lambda x, g, b: functional.layer_norm(x, x.shape[1:], g, b, case["eps"])
    forward = lambda x, g, b: fast_layernorm_forward(x, g, b, case["eps"])
    out, dx, *sums = in_rows(case, gamma, beta, case["x"].shape[1])
    exact = [out, dx, *(v.sum(axis=0) for v in sums)]
    for expected in (exact, in_torch(norm, case, gamma, beta)):
        check(case, (gamma, beta), forward, fast_layernorm_backward, expected)


def test_layer_norm_normalizes_the_last_axis_of_any_shape():
    rng = np.random.default_rng(0)
    x, dout = rng.normal(size=(2, 3, 4, 5))
    gamma, beta = rng.normal(size=(2, 5))
    out, cache = fast_layernorm_forward(x, gamma, beta, 1e-5)
    flat, flat_cache = fast_layernorm_forward(x.reshape(12, 5), gamma, beta, 1e-5)
    np.testing.assert_array_equal(out.reshape(12, 5), flat)
    dx, _, _ = fast_layernorm_backward(dout, cache)
    flat_dx, _, _ = fast_layernorm_backward(dout.reshape(12, 5), flat_cache)
    np.testing.assert_array_equal(dx.reshape(12, 5), flat_dx)


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_layer_norm_puts_rows_side_by_side_and_leaves_none_out(rows):
    rng = np.random.default_rng(rows)  # of 4,096 numbers, so by twos
    x, dout = rng.normal(size=(2, rows, 1500))
    gamma, beta = rng.normal(size=(2, 1500))
    exact = in_rows({"x": x, "dout": dout, "eps": 1e-5}, gamma, beta, 1500)
    exact[2:] = (v.sum(axis=0) for v in exact[2:])
    out, cache = fast_layernorm_forward(x, gamma, beta, 1e-5)
    found = out, *fast_layernorm_backward(dout, cache)
    for got, right in zip(found, exact, strict=True):
        np.testing.assert_allclose(got, right, rtol=0, atol=1e-12)


@pytest.mark.parametrize("means", [(0, 1000), (1000, 0), (0, 1000, 0)])
def test_group_norm_of_images_some_of_which_have_a_large_mean(means):
    rng = np.random.default_rng(0)  # each is a block: the guess is wrong
    x = rng.normal(size=(len(means), 4, 3, 3)).astype(np.float32)
    x += np.array(means, np.float32)[:, None, None, None]
    gamma, beta = rng.normal(size=(2, 4)).astype(np.float32)
    per_pixel = gamma[:, None, None], beta[:, None, None]
    exact = in_rows({"x": x, "dout": x, "eps": 1e-5}, *per_pixel, 18)
    with small_blocks(x[0].nbytes):
        out, _ = fast_groupnorm_forward(x, gamma, beta, 2)
    np.testing.assert_allclose(out, exact[0], rtol=0, atol=2e-6)


@settings(deadline=None, max_examples=300)
@given(arrays(axes=4), st.integers(1, 4), st.booleans())
def test_group_norm(case, size, instance):
    x = case["x"]
    if instance:
        forward, backward, G = (
            lambda x, g, b: fast_instancenorm_forward(x, g, b, case["eps"]),
            fast_instancenorm_backward,
            x.shape[1],
        )
    else:
        for name in ("x", "dout"):  # so that groups have more than a channel
            case[name] = np.repeat(case[name], size, axis=1)
        G = x.shape[1]
        forward = lambda x, g, b: fast_groupnorm_forward(x, g, b, G, case["eps"])
        backward = fast_groupnorm_backward
    gamma, beta = affine(case, case["x"].shape[1])
    C, H, W = case["x"].shape[1:]
    per_pixel = gamma[:, None, None], beta[:, None, None]
    out, dx, *sums = in_rows(case, *per_pixel, C // G * H * W)
    exact = [out, dx, *(v.sum(axis=(0, 2, 3)) for v in sums)]
    check(case, (gamma, beta), forward, backward, exact)
    if C // G * H * W > 1:  # PyTorch refuses one number a group
        norm = lambda x, g, b: functional.group_norm(x, G, g, b, case["eps"])
        expected = in_torch(norm, case, gamma, beta)
        check(case, (gamma, beta), forward, backward, expected)


@settings(deadline=None, max_examples=400)
@given(arrays(axes=2) | arrays(axes=4), st.sampled_from([0.0, 0.5, 0.9]))
def test_batch_norm_in_train_mode(case, momentum):
    x = case["x"]
    flat = x.ndim == 2
    gamma, beta = affine(case, x.shape[1])
    old = {
        "running_mean": case["rng"].normal(size=x.shape[1]).astype(x.dtype),
        "running_var": case["rng"].uniform(0.5, 2, x.shape[1]).astype(x.dtype),
    }
    fast, exact = (
        {"mode": "train", "eps": case["eps"], "momentum": momentum} for _ in range(2)
    )
    fast.update(old)
    exact.update({k: v.astype(np.float64) for k, v in old.items()})
    doubles = [v.astype(np.float64) for v in (x, gamma, beta, case["dout"])]
    if flat:
        forward, backward = fast_batchnorm_forward, fast_batchnorm_backward
        out, cache = plain.batchnorm_forward(*doubles[:3], exact)
        gradients = plain.batchnorm_backward(doubles[3], cache)
    else:
        forward = fast_spatial_batchnorm_forward
        backward = fast_spatial_batchnorm_backward
        out, cache = plain.spatial_batchnorm_forward(*doubles[:3], exact)
        gradients = plain.spatial_batchnorm_backward(doubles[3], cache)
    check(
        case,
        (gamma, beta),
        lambda x, g, b: forward(x, g, b, fast),
        backward,
        [out, *gradients],
    )
    for name in ("running_mean", "running_var"):
        assert fast[name] is not old[name]
        scale = max(1.0, float(np.abs(exact[name]).max()))
        assert_close(fast[name], exact[name], case, scale, FORWARD)
    if x.size > x.shape[1]:  # PyTorch refuses one number a channel
        norm = lambda x, g, b: functional.batch_norm(
            x, None, None, g, b, True, 0.1, case["eps"]
        )
        expected = in_torch(norm, case, gamma, beta)
        fast.update(old)
        check(
            case, (gamma, beta), lambda x, g, b: forward(x, g, b, fast), backward,
            expected,
        )  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(arrays(axes=2) | arrays(axes=4))
def test_batch_norm_in_test_mode(case):
    x = case["x"]
    gamma, beta = affine(case, x.shape[1])
    bn_param = {
        "mode": "test",
        "eps": case["eps"],
        "running_mean": (x.mean() + case["rng"].normal(size=x.shape[1])).astype(
            x.dtype
        ),
        "running_var": case["rng"].uniform(0.5, 2, x.shape[1]).astype(x.dtype),
    }
    statistics = dict(bn_param)
    forward = fast_batchnorm_forward if x.ndim == 2 else fast_spatial_batchnorm_forward
    exact = plain.batchnorm_forward if x.ndim == 2 else plain.spatial_batchnorm_forward
    with small_blocks(case["blocks"]):
        out, cache = forward(x, gamma, beta, bn_param)
    doubles = {
        k: v.astype(np.float64) if isinstance(v, np.ndarray) else v
        for k, v in bn_param.items()
    }
    expected, _ = exact(*(v.astype(np.float64) for v in (x, gamma, beta)), doubles)
    assert cache is None
    assert bn_param == statistics or all(bn_param[k] is statistics[k] for k in bn_param)
    scale = max(1.0, float(np.abs(expected).max()))
    assert_close(out, expected, case, scale, FORWARD)


def test_batch_norm_keeps_the_channels_where_they_lie():
    x = lay_out(np.random.default_rng(0).normal(size=(2, 3, 4, 5)), "channels last")
    one = np.ones(3)
    out, cache = fast_spatial_batchnorm_forward(x, one, one, {"mode": "train"})
    dx, _, _ = fast_spatial_batchnorm_backward(x, cache)
    assert batchnorm.channels_last(out)
    assert batchnorm.channels_last(dx)


@pytest.mark.parametrize("shape", [(65536, 32), (8, 16, 24, 24)])
def test_a_large_mean_costs_batch_norm_a_tenth_of_what_it_costs_torch(shape):
    """(M, C) and channels last, in float32 with a mean of 1,000."""
    rng = np.random.default_rng(0)
    x = (1000 + rng.normal(size=shape)).astype(np.float32)
    one, zero = np.ones((2, shape[1]), np.float32) * [[1], [0]]
    one, zero = one.astype(np.float32), zero.astype(np.float32)
    x = lay_out(x, "channels last")
    flat = x.ndim == 2
    forward = fast_batchnorm_forward if flat else fast_spatial_batchnorm_forward
    out, _ = forward(x, one, zero, {"mode": "train"})
    tensor = torch.from_numpy(x)
    norm = lambda x: functional.batch_norm(x, None, None, training=True).numpy()
    exact = norm(tensor.double())
    error = np.abs(out - exact).max()
    assert error <= 1e-6
    assert 10 * error <= np.abs(norm(tensor) - exact).max()
