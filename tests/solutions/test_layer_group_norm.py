"""The references of layer, instance and group norm against float64 PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from solutions.layer_group_norm import layer_group_norm as reference
from tests.solutions.layouts import LAYOUTS, lay_out

NORMS = ("batch", "layer", "instance", "group")


@st.composite
def image_shapes(draw, largest: int = 5) -> tuple[tuple[int, ...], int]:
    """(N, C, H, W) and a G that divides C."""
    N, G, size, H, W = (draw(st.integers(1, n)) for n in (largest, 3, 3, largest, 4))
    return (N, G * size, H, W), G


@st.composite
def batches(draw, axes: int) -> dict[str, Any]:
    """Batches of odd shapes, with any mean, spread, eps and layout."""
    if axes == 2:
        shape, G = (draw(st.integers(1, 7)), draw(st.integers(1, 7))), 1
    else:
        shape, G = draw(image_shapes())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mean = draw(st.sampled_from([0.0, -3.0, 1e2, 1e4]))
    std = draw(st.sampled_from([1e-2, 0.3, 1.0, 50.0]))
    layout = draw(st.sampled_from(LAYOUTS))
    x = mean + std * rng.normal(size=shape)
    if draw(st.booleans()):
        x[0] = mean
    return {
        "x": lay_out(x, layout),
        "dout": lay_out(rng.normal(size=shape), layout),
        "gamma": lay_out(rng.normal(size=shape[1]), layout),
        "beta": rng.normal(size=shape[1]),
        "eps": draw(st.sampled_from([1e-5, 1e-3, 0.3])),
        "G": G,
    }


def in_torch(case: dict[str, Any], function: Any) -> dict[str, np.ndarray]:
    """Outputs and gradients of ``function(x, gamma, beta, eps)``.

    In C order: for one image, PyTorch 2.13 gives another gradient of instance
    norm on the CPU when dout has its channels last in memory.
    """

    def tensor(name: str) -> torch.Tensor:
        return torch.from_numpy(np.array(case[name], order="C"))

    given = {k: tensor(k).requires_grad_() for k in ("x", "gamma", "beta")}
    out = function(*given.values(), case["eps"])
    out.backward(tensor("dout"))
    gradients = {f"d{k}": t.grad.numpy() for k, t in given.items()}
    return {"out": out.detach().numpy(), **gradients}


def by_hand(G: int) -> Any:
    """Group norm by autograd alone: PyTorch's refuses one number a mean."""

    def function(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
        groups = x.reshape(x.shape[0], G, -1)
        var, mean = torch.var_mean(groups, dim=2, correction=0, keepdim=True)
        x_hat = ((groups - mean) / (var + eps).sqrt()).reshape(x.shape)
        return gamma[:, None, None] * x_hat + beta[:, None, None]

    return function


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


def check(
    case: dict[str, Any], norm: str, expected: dict[str, np.ndarray], *options: Any
) -> None:
    """All outputs are close, and what was handed over is as it was."""
    forward = getattr(reference, f"{norm}_forward")
    backward = getattr(reference, f"{norm}_backward")
    before = {k: v.tobytes() for k, v in case.items() if isinstance(v, np.ndarray)}
    param = {"eps": case["eps"]}
    out, cache = forward(case["x"], case["gamma"], case["beta"], *options, param)
    gradients = backward(case["dout"], cache)
    got = dict(zip(("dx", "dgamma", "dbeta"), gradients, strict=True))
    for name, content in before.items():
        assert case[name].tobytes() == content, f"{name} was changed"
    assert param == {"eps": case["eps"]}
    for name, array in {"out": out, **got}.items():
        assert_close(array, expected[name], case)


@settings(deadline=None, max_examples=150)
@given(batches(axes=2))
def test_layer_norm_is_torchs(case):
    def torchs(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
        return functional.layer_norm(x, gamma.shape, gamma, beta, eps)

    check(case, "layernorm", in_torch(case, torchs))


@settings(deadline=None, max_examples=100)
@given(batches(axes=4))
def test_instance_norm_is_torchs(case):
    def torchs(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
        return functional.instance_norm(x, weight=gamma, bias=beta, eps=eps)

    one_pixel = case["x"][0, 0].size == 1
    function = by_hand(case["x"].shape[1]) if one_pixel else torchs
    check(case, "instancenorm", in_torch(case, function))


@settings(deadline=None, max_examples=150)
@given(batches(axes=4))
def test_group_norm_is_torchs(case):
    def torchs(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
        return functional.group_norm(x, case["G"], gamma, beta, eps)

    one_number = case["x"].size == case["G"]
    function = by_hand(case["G"]) if one_number else torchs
    check(case, "groupnorm", in_torch(case, function), case["G"])


@settings(deadline=None, max_examples=50)
@given(batches(axes=4))
def test_ends_of_group_norm_are_the_other_two(case):
    x, gamma, beta, param = case["x"], case["gamma"], case["beta"], {"eps": case["eps"]}
    N, C, H, W = x.shape
    out, _ = reference.groupnorm_forward(x, gamma, beta, C, param)
    instance, _ = reference.instancenorm_forward(x, gamma, beta, param)
    assert_close(out, instance, case)
    out, _ = reference.groupnorm_forward(x, gamma, beta, 1, param)
    repeated = (np.repeat(a, H * W) for a in (gamma, beta))
    layer, _ = reference.layernorm_forward(x.reshape(N, -1), *repeated, param)
    assert_close(out, layer.reshape(x.shape), case)


def calls(dtype: Any) -> dict[str, tuple[Any, ...]]:
    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 3.0, size=(3, 4, 2, 5)).astype(dtype)
    gamma, beta = rng.normal(size=(2, 4)).astype(dtype)
    return {
        "layernorm": (x[:, :, 0, 0], gamma, beta),
        "instancenorm": (x, gamma, beta),
        "groupnorm": (x, gamma, beta, 2),
    }


@pytest.mark.parametrize("norm", ["layernorm", "instancenorm", "groupnorm"])
def test_float32_stays_float32(norm):
    arguments = calls(np.float32)[norm]
    out, cache = getattr(reference, f"{norm}_forward")(*arguments, {})
    gradients = getattr(reference, f"{norm}_backward")(arguments[0], cache)
    assert [a.dtype for a in (out, *gradients)] == [np.float32] * 4


@pytest.mark.parametrize("norm", ["layernorm", "instancenorm", "groupnorm"])
def test_eps_is_1e_5_if_missing(norm):
    arguments = calls(np.float64)[norm]
    forward = getattr(reference, f"{norm}_forward")
    without, given = (forward(*arguments, p)[0] for p in ({}, {"eps": 1e-5}))
    np.testing.assert_array_equal(without, given)
    assert not np.array_equal(without, forward(*arguments, {"eps": 1e-4})[0])


@pytest.mark.parametrize("G", [4, 5, 12])
def test_groups_that_do_not_fit_are_refused(G):
    x = np.ones((2, 6, 3, 3))
    with pytest.raises(ValueError, match=f"^6 channels can't be cut into {G} equal"):
        reference.groupnorm_forward(x, np.ones(6), np.zeros(6), G, {})


def torchs_norm(norm: str, x: Any, G: int) -> Any:
    """x_hat; eps is large, so that no derivative is tiny by chance."""
    functions = {
        "batch": lambda: functional.batch_norm(x, None, None, training=True, eps=1.0),
        "layer": lambda: functional.layer_norm(x, x.shape[1:], eps=1.0),
        "instance": lambda: functional.instance_norm(x, eps=1.0),
        "group": lambda: functional.group_norm(x, G, eps=1.0),
    }
    return functions[norm]()


@settings(deadline=None, max_examples=100)
@given(image_shapes(largest=3), st.sampled_from(NORMS), st.data())
def test_shared_statistics_are_those_of_torchs_gradient(shape_and_groups, norm, data):
    """An output depends on exactly the inputs that share its statistics."""
    shape, G = shape_and_groups
    index = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    shared = reference.shared_statistics(norm, shape, index, G)
    assert shared.shape == shape
    assert shared.dtype == bool
    if shared.sum() < 3:  # too few numbers for derivatives that tell
        assert shared[index]
        return
    x = torch.from_numpy(np.random.default_rng(0).normal(size=shape)).requires_grad_()
    torchs_norm(norm, x, G)[index].backward()
    np.testing.assert_array_equal(shared, x.grad.numpy() != 0)


@settings(deadline=None, max_examples=50)
@given(image_shapes(largest=3), st.sampled_from(NORMS))
def test_the_number_of_statistics_is_that_of_different_pictures(shape_and_groups, norm):
    shape, G = shape_and_groups
    pictures = {
        reference.shared_statistics(norm, shape, index, G).tobytes()
        for index in np.ndindex(*shape)
    }
    assert reference.number_of_statistics(norm, shape, G) == len(pictures)


@settings(deadline=None, max_examples=30)
@given(image_shapes(), st.sampled_from(NORMS))
def test_affine_parameters_are_those_of_torchs_layers(shape_and_groups, norm):
    (N, C, H, W), G = shape_and_groups
    layers = {
        "batch": lambda: nn.BatchNorm2d(C),
        "layer": lambda: nn.LayerNorm([C, H, W]),
        "instance": lambda: nn.InstanceNorm2d(C, affine=True),
        "group": lambda: nn.GroupNorm(G, C),
    }
    learned = sum(p.numel() for p in layers[norm]().parameters())
    assert reference.affine_parameters(norm, (N, C, H, W)) == learned


def test_another_norm_is_refused():
    shape = (2, 3, 4, 5)
    for call in (
        lambda: reference.shared_statistics("weight", shape, (0, 0, 0, 0), 1),
        lambda: reference.number_of_statistics("weight", shape, 1),
        lambda: reference.affine_parameters("weight", shape),
    ):
        with pytest.raises(ValueError, match="'weight' is none of the four norms"):
            call()


@settings(deadline=None, max_examples=60)
@given(batches(axes=4), st.data())
def test_the_error_of_the_mean_is_that_of_torchs_batch_statistics(case, data):
    """With momentum 1, batch norm's running mean is the mean of the last batch."""
    x, G = case["x"], case["G"]
    N, C, _, _ = x.shape
    batch_size = data.draw(st.integers(1, N))
    tensor = torch.from_numpy(np.array(x, order="C"))
    layer = nn.BatchNorm2d(C, momentum=1.0, dtype=torch.float64)
    means = []
    for first in range(0, N - batch_size + 1, batch_size):
        batch = tensor[first : first + batch_size]
        # A batch of one number a channel is refused, and its mean is itself.
        layer(batch if batch[:, 0].numel() > 1 else batch.repeat(2, 1, 1, 1))
        means.append(layer.running_mean.clone())
    off = torch.stack(means) - tensor.mean(dim=(0, 2, 3))
    expected = off.square().mean(dim=0).sqrt().mean().item()
    batch_error, group_error = reference.statistics_error(x, batch_size, G)
    np.testing.assert_allclose(batch_error, expected, rtol=1e-9, atol=1e-11)
    assert group_error <= 1e-15 * np.abs(x).max()
