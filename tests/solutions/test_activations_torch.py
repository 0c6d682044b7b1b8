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

from autograder.exercises import exercises_of
from autograder.reference import scripts
from autograder.reference.recorder import record
from autograder.student.replay import replay
from autograder.student.verdict import judge

NOTEBOOK = "activations/activations_torch"
NAMES = scripts.namespace(NOTEBOOK)
EXERCISES = {e.name: e for e in exercises_of(NOTEBOOK)}
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


# Other right routes, which pass the check too.


def logistic_by_tanh(x: torch.Tensor) -> torch.Tensor:
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(x)
            return (0.5 * (1 + torch.tanh(NAMES["wide"](x) / 2))).to(x.dtype)

        @staticmethod
        def backward(ctx: Any, dout: torch.Tensor) -> torch.Tensor:
            half = NAMES["wide"](ctx.saved_tensors[0]).abs() / 2
            z = torch.exp(-2 * half)
            return dout * z / (1 + z) ** 2

    return Function.apply(x)


def relu_by_its_output(x: torch.Tensor) -> torch.Tensor:
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            out = torch.maximum(x, x.new_zeros(()))
            ctx.save_for_backward(out)
            return out

        @staticmethod
        def backward(ctx: Any, dout: torch.Tensor) -> torch.Tensor:
            return dout * (ctx.saved_tensors[0] > 0)

    return Function.apply(x)


def elu_by_its_output(x: torch.Tensor, alpha: float = 1.0) -> torch.Tensor:
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            t = NAMES["wide"](x)
            negative = alpha * torch.expm1(torch.minimum(t, t.new_zeros(())))
            out = t.clamp(min=0) + negative
            ctx.save_for_backward(out)
            return out.to(x.dtype)

        @staticmethod
        def backward(ctx: Any, dout: torch.Tensor) -> torch.Tensor:
            (out,) = ctx.saved_tensors
            return torch.where(out > 0, dout, dout * (out + alpha))

    return Function.apply(x)


def gelu_by_erf(x: torch.Tensor) -> torch.Tensor:
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            t = NAMES["wide"](x)
            ctx.save_for_backward(t)
            out = t * (1 + torch.erf(t * 0.5**0.5)) / 2
            return torch.where(t == -math.inf, 0, out).to(x.dtype)

        @staticmethod
        def backward(ctx: Any, dout: torch.Tensor) -> torch.Tensor:
            (t,) = ctx.saved_tensors
            below = (1 + torch.erf(t * 0.5**0.5)) / 2
            bell = t * torch.exp(-t * t / 2) / (2 * math.pi) ** 0.5
            return dout * (below + torch.where(t.isinf(), 0, bell))

    return Function.apply(x)


def silu_by_the_notebooks_sigmoid(x: torch.Tensor) -> torch.Tensor:
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            t = NAMES["wide"](x)
            s = NAMES["torch_sigmoid"](t)
            out = torch.where(t == -math.inf, 0, t * s)
            ctx.save_for_backward(s, out)
            return out.to(x.dtype)

        @staticmethod
        def backward(ctx: Any, dout: torch.Tensor) -> torch.Tensor:
            s, out = ctx.saved_tensors
            return dout * (s + torch.where(out.isinf(), 0, out) * (1 - s))

    return Function.apply(x)


def maxout_by_a_mask(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    wide = NAMES["wide"]

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: torch.Tensor) -> torch.Tensor:
            x, W, b = map(wide, tensors)
            pieces = x @ W.mT + b[:, None]  # (K, N, H)
            number = torch.arange(len(W), device=x.device)[:, None, None]
            mask = pieces.argmax(dim=0) == number
            ctx.save_for_backward(x, W, mask)
            return pieces.amax(dim=0).to(tensors[0].dtype)

        @staticmethod
        def backward(ctx: Any, dout: torch.Tensor) -> tuple[torch.Tensor, ...]:
            x, W, mask = ctx.saved_tensors
            pieces = wide(dout) * mask
            return (pieces @ W).sum(0), pieces.mT @ x, pieces.sum(1)

    return Function.apply(x, W, b)


def bytes_in_a_list(function: Callable[..., Any], x: torch.Tensor) -> int:
    kept: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(t) or t, lambda t: t
    ):
        function(x.clone().requires_grad_(True))
    return sum({t.data_ptr(): t.nbytes for t in kept}.values())


ROUTES = {
    "torch_sigmoid": logistic_by_tanh,
    "torch_relu": relu_by_its_output,
    "torch_elu": elu_by_its_output,
    "torch_gelu": gelu_by_erf,
    "torch_silu": silu_by_the_notebooks_sigmoid,
    "torch_maxout": maxout_by_a_mask,
    "torch_saved_bytes": bytes_in_a_list,
}


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("secret", [b"public cases", b"one secret", b"another"])
def test_other_right_routes_pass(name: str, secret: bytes) -> None:
    entry = record(EXERCISES[name], secret)
    names = {**NAMES, name: ROUTES[name]}
    result = judge(entry, [replay(q.trace, names) for q in entry.questions])
    failure = result.first_failure()
    assert failure is None, (failure.kind, failure.outcome.fault, failure.symptom())


@each_function
def test_pytorchs_own_function_is_closed(name: str) -> None:
    entry = record(EXERCISES[name])
    names = {**NAMES, name: THEIRS[name]}
    result = judge(entry, [replay(q.trace, names) for q in entry.questions])
    assert {c.outcome.fault.kind for c in result.cases if c.outcome.fault} == {"closed"}
    assert result.earned == 0


@each_function
def test_pytorchs_sample_inputs(name: str) -> None:
    pytest.importorskip("expecttest", reason="PyTorch's own tests need expecttest")
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
