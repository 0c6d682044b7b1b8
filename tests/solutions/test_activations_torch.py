"""The references on tensors, against PyTorch's own functions and gradcheck."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as functional
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.reference import scripts

NOTEBOOK = "activations/activations_torch"
NAMES = scripts.namespace(NOTEBOOK)
THEIRS: dict[str, Callable[..., torch.Tensor]] = {
    "torch_sigmoid": torch.sigmoid,
    "torch_relu": functional.relu,
    "torch_leaky_relu": functional.leaky_relu,
    "torch_elu": functional.elu,
    "torch_selu": functional.selu,
    "torch_gelu": functional.gelu,
    "torch_silu": functional.silu,
}
OPTION = {"torch_leaky_relu", "torch_elu"}
LIMITS = {  # value and slope at minus and at plus infinity
    "torch_sigmoid": ((0, 0), (1, 0)),
    "torch_relu": ((0, 0), (math.inf, 1)),
    "torch_leaky_relu": ((-math.inf, 0.01), (math.inf, 1)),
    "torch_elu": ((-1, 0), (math.inf, 1)),
    "torch_selu": ((-1.7580993408473766, 0), (math.inf, 1.0507009873554805)),
    "torch_gelu": ((0, 0), (math.inf, 1)),
    "torch_silu": ((0, 0), (math.inf, 1)),
}
SIZE = st.integers(1, 5)
SHAPES = st.lists(SIZE, max_size=4).map(tuple)
MANY = settings(deadline=None, max_examples=40)
each_function = pytest.mark.parametrize("name", THEIRS)


def drawn(*shapes: tuple[int, ...], scale: float = 3.0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(len(shapes) + sum(map(sum, shapes)))
    return [
        scale * torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes
    ]


def gradients(
    function: Callable[..., torch.Tensor], dout: torch.Tensor, *inputs: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """The value, and the gradient of each input."""
    leaves = [t.detach().clone().requires_grad_() for t in inputs]
    out = function(*leaves)
    return out.detach(), *torch.autograd.grad(out, leaves, dout)


def same(mine: Any, theirs: Any) -> None:
    torch.testing.assert_close(mine, theirs, atol=1e-9, rtol=1e-6)


@MANY
@given(st.sampled_from(list(THEIRS)), SHAPES, st.floats(0.05, 2))
def test_values_and_gradients_are_pytorchs(
    name: str, shape: tuple[int, ...], option: float
) -> None:
    x, dout = drawn(shape, shape)
    for options in [(), (option,)] if name in OPTION else [()]:
        found, wanted = (
            gradients(lambda x, f=f, o=options: f(x, *o), dout, x)
            for f in (NAMES[name], THEIRS[name])
        )
        same(found, wanted)


@each_function
def test_at_zero_and_at_large_numbers_they_are_pytorchs(name: str) -> None:
    x = torch.tensor([0.0, -0.0, 1e3, -1e3, 1e5, -1e5], dtype=torch.float64)
    found, wanted = (
        gradients(f, torch.ones_like(x), x) for f in (NAMES[name], THEIRS[name])
    )
    same(found, wanted)


@each_function
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_infinities_have_the_limits(name: str, dtype: torch.dtype) -> None:
    x = torch.tensor([-math.inf, math.inf], dtype=dtype)
    out, dx = gradients(NAMES[name], torch.ones_like(x), x)
    (left, left_slope), (right, right_slope) = LIMITS[name]
    wanted = torch.tensor([[left, right], [left_slope, right_slope]])
    torch.testing.assert_close(torch.stack([out, dx]), wanted.to(dtype))


@pytest.mark.parametrize("function", [functional.gelu, functional.silu])
def test_pytorchs_own_are_nan_at_minus_infinity(function: Any) -> None:
    """The last line of the notebook's table."""
    found = gradients(function, torch.ones(1), torch.tensor([-math.inf]))
    assert all(t.isnan().all() for t in found)


def test_the_table_of_defaults_is_pytorchs() -> None:
    def default(thing: Any, name: str) -> Any:
        return inspect.signature(thing).parameters[name].default

    nn = torch.nn
    assert default(nn.LeakyReLU, "negative_slope") == 0.01
    assert default(nn.ELU, "alpha") == 1.0
    assert default(nn.GELU, "approximate") == "none"
    assert default(nn.PReLU, "num_parameters") == 1
    assert default(nn.PReLU, "init") == 0.25
    for module in (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.SiLU):
        assert default(module, "inplace") is False
    assert default(NAMES["torch_leaky_relu"], "slope") == 0.01
    assert default(NAMES["torch_elu"], "alpha") == 1.0
    assert nn.Linear(2, 3).weight.shape == (3, 2)


@each_function
def test_gradcheck_passes(name: str) -> None:
    (x,) = drawn((4, 3))
    assert torch.autograd.gradcheck(NAMES[name], (x.requires_grad_(),))


@each_function
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_dtype_device_and_strides(name: str, dtype: torch.dtype) -> None:
    x, dout = (t.to(dtype) for t in drawn((3, 8), (3, 4)))
    found = gradients(NAMES[name], dout, x[:, ::2])
    assert {t.dtype for t in found} == {dtype}
    exact = gradients(NAMES[name], dout.double(), x[:, ::2].double())
    for mine, wanted in zip(found, exact, strict=True):
        rounding = torch.finfo(dtype).eps
        torch.testing.assert_close(mine.double(), wanted, atol=1e-5, rtol=rounding)
    meta = gradients(NAMES[name], dout.to("meta"), x[:, ::2].to("meta"))
    assert {(t.device.type, t.shape, t.dtype) for t in meta} == {
        ("meta", (3, 4), dtype)
    }


PRELU_SHAPES = st.one_of(st.tuples(SIZE, SIZE), st.tuples(SIZE, SIZE, SIZE, SIZE))


@MANY
@given(PRELU_SHAPES, st.booleans())
def test_prelu_is_pytorchs(shape: tuple[int, ...], shared: bool) -> None:
    count = 1 if shared else shape[1]
    x, weight, dout = drawn(shape, (count,), shape)
    found, wanted = (
        gradients(f, dout, x, weight) for f in (NAMES["torch_prelu"], functional.prelu)
    )
    same(found, wanted)
    mine = NAMES["TorchPReLU"](count).double()
    theirs = torch.nn.PReLU(count).double()
    same(dict(mine.state_dict()), dict(theirs.state_dict()))
    theirs.load_state_dict({"weight": weight})
    mine.load_state_dict(theirs.state_dict())
    same(NAMES["module_gradients"](mine, x, dout), wanted)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4, 2)])
def test_gradcheck_passes_for_prelu(shape: tuple[int, ...]) -> None:
    x, weight = (t.requires_grad_() for t in drawn(shape, (3,)))
    assert torch.autograd.gradcheck(NAMES["torch_prelu"], (x, weight))


@MANY
@given(SIZE, SIZE, SIZE, SIZE)
def test_maxout_is_the_maximum_of_linear_layers(N: int, D: int, K: int, H: int) -> None:
    x, W, b, dout = drawn((N, D), (K, H, D), (K, H), (N, H))

    def layers(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        pieces = [functional.linear(x, w, c) for w, c in zip(W, b, strict=True)]
        return torch.stack(pieces).max(dim=0).values

    found = gradients(NAMES["torch_maxout"], dout, x, W, b)
    same(found, gradients(layers, dout, x, W, b))


def test_a_tie_goes_to_the_first_piece_once() -> None:
    x, dout = drawn((4, 2), (4, 3))
    W, b = torch.zeros(3, 3, 2).double(), torch.zeros(3, 3).double()
    _, _, _, db = gradients(NAMES["torch_maxout"], dout, x, W, b)
    same(db, torch.stack([dout.sum(0), torch.zeros(3), torch.zeros(3)]).double())


def test_the_bytes_of_the_functions_themselves() -> None:
    """What the notebook's last demonstration shows."""
    x = torch.randn(6, 8)
    W = torch.randn(8, 8).requires_grad_()
    count = NAMES["torch_saved_bytes"]
    without = count(lambda x: x @ W @ W, x)
    found = {
        name: (
            count(NAMES[name], x) / 192,
            (count(lambda x, n=name: NAMES[n](x @ W) @ W, x) - without) / 192,
        )
        for name in ("torch_sigmoid", "torch_relu", "torch_gelu")
    }
    assert found == {
        "torch_sigmoid": (1, 0),
        "torch_relu": (0.25, 0.25),
        "torch_gelu": (1, 1),
    }


def test_what_the_text_says_of_pytorch() -> None:
    x = torch.randn(6, 8, dtype=torch.bfloat16)
    assert NAMES["torch_saved_bytes"](torch.sigmoid, x) == 2 * 48  # 16 bits each
    tie = torch.ones(1, 2)
    one = torch.ones(1)
    same(gradients(lambda t: t.amax(dim=1), one, tie)[1], tie / 2)
    same(gradients(lambda t: t.max(dim=1).values, one, tie)[1], torch.eye(2)[:1])
    chosen = gradients(
        lambda t: torch.where(t > 0, t, t.exp() - 1), one, torch.full((1,), 1e3)
    )
    assert chosen[0] == 1000
    assert chosen[1].isnan()


@each_function
def test_pytorchs_sample_inputs(name: str) -> None:
    from torch.testing._internal.common_methods_invocations import op_db

    short = name.removeprefix("torch_")
    found = [o for o in op_db if o.name in (short, f"nn.functional.{short}")]
    seen = 0
    for op in found:
        for sample in op.sample_inputs("cpu", torch.float64):
            options = {k: v for k, v in sample.kwargs.items() if k != "inplace"}
            if sample.args or options.get("approximate", "none") != "none":
                continue  # another function
            options.pop("approximate", None)
            values = tuple(options.values())
            theirs = THEIRS[name](sample.input, **options)
            same(NAMES[name](sample.input, *values), theirs)
            seen += 1
    assert seen
