"""Activations on tensors: right solutions by other routes pass, closed ones do not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as functional

from autograder.exercises import exercises_of
from autograder.reference import scripts
from autograder.reference.recorder import record
from autograder.student.replay import replay
from autograder.student.verdict import judge

NOTEBOOK = "activations/activations_torch"
NAMES = scripts.namespace(NOTEBOOK)
EXERCISES = {e.name: e for e in exercises_of(NOTEBOOK)}
CLOSED: dict[str, Callable[..., torch.Tensor]] = {
    "torch_sigmoid": torch.special.expit,
    "torch_relu": torch.relu,
    "torch_leaky_relu": functional.leaky_relu,
    "torch_elu": functional.elu,
    "torch_selu": torch.selu,
    "torch_gelu": functional.gelu,
    "torch_silu": functional.silu,
    "torch_prelu": torch.prelu,
}


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


@pytest.mark.parametrize("name", CLOSED)
def test_pytorchs_own_function_is_closed(name: str) -> None:
    entry = record(EXERCISES[name])
    names = {**NAMES, name: CLOSED[name]}
    result = judge(entry, [replay(q.trace, names) for q in entry.questions])
    assert {c.outcome.fault.kind for c in result.cases if c.outcome.fault} == {"closed"}
    assert result.earned == 0
