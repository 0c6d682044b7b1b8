"""The reference on tensors, against PyTorch's own layers and gradcheck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as functional
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import all_exercises
from autograder.reference import scripts
from autograder.reference.recorder import record
from autograder.student.replay import replay
from autograder.student.verdict import Result, judge

NAMES = scripts.namespace("layer_group_norm/layer_group_norm_torch")
SIZE = st.integers(1, 6)
ROWS = st.one_of(st.tuples(SIZE, SIZE), st.tuples(SIZE, SIZE, SIZE))
EPS = st.floats(1e-5, 1)
MANY = settings(deadline=None, max_examples=40)


@st.composite
def images(draw: Any) -> tuple[tuple[int, ...], int]:
    """A shape (N, C, H, W), and a number of groups that divides C."""
    G, size, *others = (draw(SIZE) for _ in range(5))
    return (others[0], G * size, others[1], others[2]), G


def drawn(
    shape: tuple[int, ...], features: int, dtype: torch.dtype = torch.float64
) -> list[torch.Tensor]:
    """x, gamma, beta and a gradient from above."""
    generator = torch.Generator().manual_seed(sum(shape))
    sizes = (shape, (shape[features],), (shape[features],), shape)
    return [
        torch.randn(s, generator=generator, dtype=torch.float64).to(dtype)
        for s in sizes
    ]


def same(
    mine: Callable[..., torch.Tensor],
    theirs: Callable[..., torch.Tensor],
    arrays: list[torch.Tensor],
) -> None:
    """Equal values and gradients at x, gamma and beta."""
    *given, dout = arrays
    inputs = [t.detach().clone().requires_grad_() for t in given]
    both = [f(*inputs) for f in (mine, theirs)]
    torch.testing.assert_close(*both)
    one, other = (torch.autograd.grad(out, inputs, dout) for out in both)
    torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-6)


@MANY
@given(ROWS, EPS)
def test_layer_norm_is_pytorchs(shape: tuple[int, ...], eps: float) -> None:
    same(
        lambda x, g, b: NAMES["torch_layernorm"](x, g, b, eps),
        lambda x, g, b: functional.layer_norm(x, shape[-1:], g, b, eps),
        drawn(shape, -1),
    )


@MANY
@given(images(), EPS)
def test_group_norm_is_pytorchs(
    drawn_shape: tuple[tuple[int, ...], int], eps: float
) -> None:
    shape, G = drawn_shape
    x, gamma, beta, dout = drawn(shape, 1)
    if x.numel() == G:  # PyTorch refuses one number a group
        found = NAMES["torch_groupnorm"](x, G, gamma, beta, eps)
        assert torch.equal(found.flatten(), beta)
        return
    same(
        lambda x, g, b: NAMES["torch_groupnorm"](x, G, g, b, eps),
        lambda x, g, b: functional.group_norm(x, G, g, b, eps),
        [x, gamma, beta, dout],
    )


@MANY
@given(st.tuples(SIZE, SIZE, SIZE, SIZE), EPS)
def test_instance_norm_is_pytorchs(shape: tuple[int, ...], eps: float) -> None:
    if shape[2] * shape[3] == 1:  # PyTorch refuses one pixel
        x, gamma, beta, _ = drawn(shape, 1)
        found = NAMES["torch_instancenorm"](x, gamma, beta, eps)
        assert torch.equal(found, beta.reshape(-1, 1, 1).expand(shape))
        return
    same(
        lambda x, g, b: NAMES["torch_instancenorm"](x, g, b, eps),
        lambda x, g, b: functional.instance_norm(x, weight=g, bias=b, eps=eps),
        drawn(shape, 1),
    )


CALLS = {
    "torch_layernorm": ((2, 3, 4), -1, ()),
    "torch_groupnorm": ((2, 6, 2, 3), 1, (3,)),
    "torch_instancenorm": ((2, 3, 2, 4), 1, ()),
}


def call(name: str, x: torch.Tensor, *more: Any) -> torch.Tensor:
    return NAMES[name](x, *CALLS[name][2], *more)


@pytest.mark.parametrize("name", CALLS)
def test_gradcheck_passes(name: str) -> None:
    shape, features, more = CALLS[name]
    x, gamma, beta = (t.requires_grad_() for t in drawn(shape, features)[:3])
    assert torch.autograd.gradcheck(NAMES[name], (x, *more, gamma, beta, 0.1))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_dtype_and_device_are_kept(name: str, dtype: torch.dtype) -> None:
    x, gamma, beta, dout = drawn(*CALLS[name][:2], dtype)
    inputs = [t.requires_grad_() for t in (x, gamma, beta)]
    out = call(name, *inputs, 0.1)
    grads = torch.autograd.grad(out, inputs, dout)
    assert {t.dtype for t in (out, *grads)} == {dtype}
    meta = call(name, *(t.detach().to("meta") for t in inputs), 0.1)
    assert (meta.device.type, meta.shape, meta.dtype) == ("meta", x.shape, dtype)


@pytest.mark.parametrize("name", CALLS)
def test_memory_layout_does_not_matter(name: str) -> None:
    x, gamma, beta, _ = drawn(*CALLS[name][:2])
    turned = x.permute(*range(x.ndim)[::-1]).contiguous()
    turned = turned.permute(*range(x.ndim)[::-1])
    assert not turned.is_contiguous()
    found = call(name, turned, gamma, beta, 0.1)
    torch.testing.assert_close(found, call(name, x, gamma, beta, 0.1))


@MANY
@given(images())
def test_the_module_is_pytorchs(drawn_shape: tuple[tuple[int, ...], int]) -> None:
    shape, G = drawn_shape
    x, gamma, beta, _ = drawn(shape, 1)
    if x.numel() == G:
        return
    theirs = torch.nn.GroupNorm(G, shape[1], eps=0.2).double()
    mine = NAMES["TorchGroupNorm"](G, shape[1], 0.2).double()
    torch.testing.assert_close(dict(mine.state_dict()), dict(theirs.state_dict()))
    for module in (mine, theirs):
        module.load_state_dict({"weight": gamma, "bias": beta})
    for mode in (True, False):
        found, wanted = (m.train(mode)(x) for m in (mine, theirs))
        torch.testing.assert_close(found, wanted)


def test_groups_must_be_equal() -> None:
    x, gamma, beta, _ = drawn((2, 5, 1, 3), 1)
    with pytest.raises(ValueError, match="5 channels do not make 2"):
        NAMES["torch_groupnorm"](x, 2, gamma, beta, 0.1)
    with pytest.raises(ValueError, match="must divide"):
        NAMES["TorchGroupNorm"](2, 5)


@pytest.mark.parametrize("norm", ["layer", "instance", "group"])
@pytest.mark.parametrize("wide", [(), (1, 1)])
def test_one_norm_does_the_work_of_three(norm: str, wide: tuple[int, ...]) -> None:
    shape = (2, 6, 3, 2)
    x, gamma, beta, _ = drawn(shape, 1)
    gamma, beta = (p.reshape(1, 6, 1, 1) if wide else p for p in (gamma, beta))
    G, weight, bias = NAMES["torch_groupnorm_arguments"](norm, gamma, beta, 3)
    scale, shift = gamma.reshape(6, 1, 1), beta.reshape(6, 1, 1)
    wanted = {
        "layer": functional.layer_norm(x, shape[1:]) * scale + shift,
        "instance": functional.instance_norm(x) * scale + shift,
        "group": functional.group_norm(x, 3) * scale + shift,
    }
    assert isinstance(G, int)
    torch.testing.assert_close(functional.group_norm(x, G, weight, bias), wanted[norm])


def test_a_norm_that_is_none_of_the_three_is_refused() -> None:
    with pytest.raises(ValueError, match="'batch'"):
        NAMES["torch_groupnorm_arguments"]("batch", torch.ones(3), torch.ones(3), 1)


def judged(name: str, answer: Any) -> Result:
    entry = record(all_exercises()[name], b"one")
    names = {**NAMES, name: answer}
    return judge(entry, [replay(q.trace, names) for q in entry.questions])


class Rows(torch.autograd.Function):
    """Normalized rows, whose backward is a product with the Jacobian."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, eps: float) -> torch.Tensor:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        var, mean = torch.var_mean(wide, -1, correction=0, keepdim=True)
        x_hat = (wide - mean) * torch.rsqrt(var + eps)
        ctx.save_for_backward(x_hat, torch.rsqrt(var + eps))
        ctx.dtype = x.dtype
        return x_hat

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        x_hat, inv_std = ctx.saved_tensors
        D = x_hat.shape[-1]
        outer = x_hat.unsqueeze(-1) * x_hat.unsqueeze(-2)
        jacobian = torch.eye(D).to(outer) - 1 / D - outer / D
        dx = inv_std * (jacobian @ grads[0].unsqueeze(-1)).squeeze(-1)
        return dx.to(ctx.dtype), None


class Affine(torch.autograd.Function):
    """Scale and shift of the axis before ``behind`` others."""

    @staticmethod
    def forward(ctx: Any, x_hat: Any, gamma: Any, beta: Any, behind: int) -> Any:
        shape = (-1, *[1] * behind)
        ctx.save_for_backward(x_hat, gamma)
        ctx.shape = shape
        ctx.axes = [a for a in range(x_hat.ndim) if a != x_hat.ndim - behind - 1]
        wide = gamma.to(x_hat.dtype).reshape(shape) * x_hat
        return (wide + beta.to(x_hat.dtype).reshape(shape)).to(gamma.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        x_hat, gamma = ctx.saved_tensors
        dout = grads[0].to(x_hat.dtype)
        scale = gamma.to(x_hat.dtype).reshape(ctx.shape)
        dgamma, dbeta = ((dout * f).sum(ctx.axes) for f in (x_hat, 1))
        return dout * scale, dgamma.to(gamma.dtype), dbeta.to(gamma.dtype), None


def in_groups(x: Any, G: int, gamma: Any, beta: Any, eps: float) -> torch.Tensor:
    groups = Rows.apply(x.unflatten(1, (G, -1)).flatten(2), eps)
    return Affine.apply(groups.reshape(x.shape), gamma, beta, 2)


ROUTES = {
    "torch_layernorm: in two functions": lambda x, gamma, beta, eps: Affine.apply(
        Rows.apply(x, eps), gamma, beta, 0
    ),
    "torch_groupnorm: in two functions": in_groups,
    "torch_instancenorm: as a group norm": lambda x, gamma, beta, eps: NAMES[
        "torch_groupnorm"
    ](x, x.shape[1], gamma, beta, eps),
    "torch_groupnorm_arguments: by squeezing": lambda norm, gamma, beta, G: (
        {"layer": 1, "instance": max(gamma.shape), "group": G}[norm],
        gamma.flatten(),
        beta.flatten(),
    ),
}


@pytest.mark.parametrize("route", ROUTES)
def test_another_right_route_passes(route: str) -> None:
    failure = judged(route.partition(":")[0], ROUTES[route]).first_failure()
    assert failure is None, (failure.kind, failure.symptom())


class CallsTheFunction(torch.nn.GroupNorm):
    """PyTorch's parameters, and a function of the notebook for the work."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return NAMES["torch_groupnorm"](
            x, self.num_groups, self.weight, self.bias, self.eps
        )


def test_a_module_may_call_the_function() -> None:
    failure = judged("TorchGroupNorm", CallsTheFunction).first_failure()
    assert failure is None, (failure.kind, failure.symptom())


PYTORCHS = {
    "torch_layernorm": lambda x, gamma, beta, eps: functional.layer_norm(
        x, x.shape[-1:], gamma, beta, eps
    ),
    "torch_groupnorm": functional.group_norm,
    "torch_instancenorm": lambda x, gamma, beta, eps: functional.instance_norm(
        x, weight=gamma, bias=beta, eps=eps
    ),
    "TorchGroupNorm": torch.nn.GroupNorm,
}


@pytest.mark.parametrize("name", PYTORCHS)
def test_pytorchs_own_norms_are_closed(name: str) -> None:
    result = judged(name, PYTORCHS[name])
    faults = [c.outcome.fault for c in result.cases]
    assert result.earned == 0
    assert {f.kind if f else "" for f in faults} <= {"closed", "raised"}
    assert faults[0] is not None
    assert faults[0].kind == "closed"
