"""The reference on tensors, against PyTorch's own initializations."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import all_exercises
from autograder.reference import scripts
from autograder.reference.recorder import record
from autograder.student.laws import Law, broken
from autograder.student.replay import replay
from autograder.student.verdict import Result, judge

NOTEBOOK = "initialization/initialization_torch"
NAMES = scripts.namespace(NOTEBOOK)
SHAPES = st.lists(st.integers(1, 9), min_size=2, max_size=5)
LARGE = [(150, 400), (60, 20, 5, 7)]
DRAWS = ("xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform")
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(SHAPES)
def test_fans_are_pytorchs(shape: list[int]) -> None:
    weight = torch.empty(shape, device="meta")
    theirs = torch.nn.init._calculate_fan_in_and_fan_out(weight)
    assert NAMES["torch_fans"](weight) == theirs


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_weight_has_at_least_two_axes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 2 axes"):
        NAMES["torch_fans"](torch.empty(shape))


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("shape", LARGE)
def test_pytorchs_numbers_follow_the_law_of_ours(name: str, shape: Any) -> None:
    """Ours, in the same order, and theirs pass the same law."""
    torch.manual_seed(0)
    theirs = getattr(torch.nn.init, f"{name}_")(torch.empty(shape).double())
    ours = NAMES[f"torch_{name}"](torch.empty(shape).double(), generator())
    fan_in, fan_out = NAMES["torch_fans"](ours)
    variance = 2 / fan_in if "kaiming" in name else 2 / (fan_in + fan_out)
    law = Law(tuple(shape), name.partition("_")[2], math.sqrt(variance))
    for weight in (ours, theirs):
        assert broken(law, weight.numpy(), {}) is None
    torch.testing.assert_close(ours, theirs)


@settings(deadline=None)
@given(st.sampled_from([("in", "fan_in"), ("out", "fan_out")]), st.floats(0, 3))
def test_fan_mode_and_slope_are_pytorchs(names: tuple[str, str], slope: float) -> None:
    weight = torch.empty(30, 20, 3, dtype=torch.float64)
    for name in ("kaiming_normal", "kaiming_uniform"):
        torch.manual_seed(1)
        theirs = getattr(torch.nn.init, f"{name}_")(
            weight.clone(), a=slope, mode=names[1]
        )
        ours = NAMES[f"torch_{name}"](weight, generator(1), names[0], slope)
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_result_is_new_and_like_the_weight(name: str, dtype: torch.dtype) -> None:
    weight = torch.nn.Parameter(torch.ones(4, 3, dtype=dtype))
    found = NAMES[f"torch_{name}"](weight, generator())
    assert (found.shape, found.dtype) == (weight.shape, dtype)
    assert found.requires_grad is False
    assert torch.equal(weight, torch.ones_like(weight))
    elsewhere = NAMES[f"torch_{name}"](weight.to("meta"), generator())
    assert (elsewhere.device.type, elsewhere.shape) == ("meta", weight.shape)


def test_pytorchs_linear_layer_is_kaiming_uniform_with_the_root_of_five() -> None:
    torch.manual_seed(2)
    layer = torch.nn.Linear(400, 300, dtype=torch.float64)
    bound = 1 / math.sqrt(400)
    assert bound == pytest.approx(math.sqrt(6 / (1 + math.sqrt(5) ** 2) / 400))
    law = Law((300, 400), "uniform", bound / math.sqrt(3))
    assert broken(law, layer.weight.detach().numpy(), {}) is None
    assert float(layer.bias.detach().abs().max()) == pytest.approx(bound, rel=0.02)
    torch.manual_seed(2)
    ours = NAMES["torch_kaiming_uniform"](
        layer.weight, torch.default_generator, "in", math.sqrt(5)
    )
    torch.testing.assert_close(ours, layer.weight.detach())


def test_the_network_computes_what_pytorchs_layers_do() -> None:
    network = NAMES["TorchMLP"]((5, 4, 3, 2), generator())
    linear = list(network.layers)
    relu = torch.nn.ReLU()
    theirs = torch.nn.Sequential(linear[0], relu, linear[1], relu, linear[2])
    x = torch.randn(7, 5, generator=generator(1))
    torch.testing.assert_close(network(x), theirs(x))
    assert all(not layer.bias.any() for layer in linear)
    assert all(p.requires_grad for p in network.parameters())


def sizes(network: torch.nn.Module, x: torch.Tensor) -> list[float]:
    """Root mean square of the activations, from the input on."""
    found = [float(x.square().mean().sqrt())]
    with torch.no_grad():
        for layer in network.layers:
            x = torch.relu(layer(x))
            found.append(float(x.square().mean().sqrt()))
    return found


def test_pytorchs_default_loses_a_signal_that_kaiming_keeps() -> None:
    """The notebook's last figures: where the default ends, biases are left."""
    torch.manual_seed(3)
    network = NAMES["TorchMLP"]([512] * 7, generator(4))
    x = torch.randn(64, 512, generator=generator(5))
    kept = sizes(network, x)
    assert min(kept) > 0.7
    for layer in network.layers:
        layer.reset_parameters()
    lost = sizes(network, x)
    factors = [a / b for a, b in pairwise(lost)]
    assert factors[0] == pytest.approx(math.sqrt(6), rel=0.05)
    assert factors[1] == pytest.approx(math.sqrt(6), rel=0.1)
    assert factors[-1] < 1.5
    for layer in network.layers:
        torch.nn.init.zeros_(layer.bias)
    assert sizes(network, x)[-1] < lost[-1] / 3


def judged(name: str, function: Any) -> Result:
    entry = record(all_exercises()[name], b"one")
    names = {**NAMES, name: function}
    return judge(entry, [replay(q.trace, names) for q in entry.questions])


def fan(weight: torch.Tensor, kind: str) -> float:
    inside, outside = NAMES["torch_fans"](weight)
    return {"in": inside, "out": outside, "average": (inside + outside) / 2}[kind]


ROUTES = {
    "torch_xavier_normal: filled in place": lambda weight, g, kind="average": (
        torch.empty_like(weight).normal_(0, fan(weight, kind) ** -0.5, generator=g)
    ),
    "torch_xavier_uniform: filled in place": lambda weight, g, kind="average": (
        torch.empty_like(weight)
        .uniform_(-1, 1, generator=g)
        .mul_((3 / fan(weight, kind)) ** 0.5)
    ),
    "torch_kaiming_normal: torch.normal": lambda weight, g, kind="in", s=0.0: (
        torch.normal(
            0.0,
            (2 / (1 + s**2) / fan(weight, kind)) ** 0.5,
            weight.shape,
            generator=g,
            dtype=weight.dtype,
            device=weight.device,
        )
    ),
    "torch_kaiming_uniform: column by column": lambda weight, g, kind="in", s=0.0: (
        torch.rand(weight.shape[::-1], generator=g, dtype=weight.dtype)
        .permute(*range(weight.ndim)[::-1])
        .sub(0.5)
        .mul((24 / (1 + s**2) / fan(weight, kind)) ** 0.5)
    ),
}


@pytest.mark.parametrize("route", ROUTES)
def test_another_right_route_passes(route: str) -> None:
    failure = judged(route.partition(":")[0], ROUTES[route]).first_failure()
    assert failure is None, (failure.kind, failure.symptom())


class OtherMLP(torch.nn.Module):
    """Right, and drawn from the last layer to the first."""

    def __init__(self, dims: tuple[int, ...], g: torch.Generator) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList()
        for i, j in pairwise(dims):
            self.layers.append(torch.nn.Linear(i, j))
        for layer in reversed(self.layers):
            std = math.sqrt(2 / layer.in_features)
            layer.weight.data.normal_(0, std, generator=g)
            layer.bias.data = torch.zeros(layer.out_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for i, layer in enumerate(self.layers):
            x = layer(x.clamp(min=0) if i else x)
        return x


class Untouched(OtherMLP):
    """The biases are those that PyTorch has drawn."""

    def __init__(self, dims: tuple[int, ...], g: torch.Generator) -> None:
        super().__init__(dims, g)
        for layer in self.layers:
            layer.bias = torch.nn.Linear(layer.in_features, layer.out_features).bias


def test_another_right_network_passes_and_one_with_biases_does_not() -> None:
    failure = judged("TorchMLP", OtherMLP).first_failure()
    assert failure is None, (failure.kind, failure.symptom())
    seen = judged("TorchMLP", Untouched).first_failure()
    assert seen is not None
    assert all(name.endswith("bias") for name in seen.symptom().outputs)
