"""The NumPy references on the inputs with which PyTorch tests its own operators.

An operator's samples hold shapes, layouts and options that nobody here thought
of. Those that an exercise has no words for (half of them, by kind) are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from autograder.reference import scripts

ACTIVATIONS = scripts.namespace("activations/activations")
NORMS = scripts.namespace("layer_group_norm/layer_group_norm")
BATCHNORM = scripts.namespace("batchnorm/batchnorm")


@cache
def operators() -> dict[tuple[str, str], Any]:
    from torch.testing._internal.common_methods_invocations import op_db

    return {(o.name.rpartition(".")[2], o.variant_test_name): o for o in op_db}


def samples(name: str) -> Iterator[tuple[Any, Any]]:
    """The operator, and each of its sample inputs in float64 with gradients."""
    operator = operators()[name, ""]
    for sample in operator.sample_inputs("cpu", torch.float64, requires_grad=True):
        yield operator.op, sample


def assert_agrees(
    forward: Callable[..., tuple[np.ndarray, Any]],
    backward: Callable[..., Any],
    arguments: list[torch.Tensor],
    more: tuple[Any, ...],
    theirs: torch.Tensor,
) -> None:
    """Values, and the gradient of every argument."""
    dout = torch.from_numpy(np.random.default_rng(0).normal(size=theirs.shape))
    wanted = torch.autograd.grad(theirs, arguments, dout)
    out, cache_ = forward(*(a.detach().numpy() for a in arguments), *more)
    np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)
    found = backward(dout.numpy(), cache_)
    for mine, other in zip(
        found if isinstance(found, tuple) else (found,), wanted, strict=True
    ):
        np.testing.assert_allclose(mine, other.numpy(), rtol=1e-7, atol=1e-11)


PLAIN = {
    "relu": lambda sample: (),
    "sigmoid": lambda sample: (),
    "tanh": lambda sample: (),
    "selu": lambda sample: (),
    "silu": lambda sample: (),
    "gelu": lambda sample: (
        () if sample.kwargs.get("approximate", "none") == "none" else None
    ),
    "elu": lambda sample: (sample.kwargs.get("alpha", 1.0),),
    "leaky_relu": lambda sample: (sample.kwargs.get("negative_slope", 0.01),),
}
"""Further arguments of the course's function; None where it has no such option."""


@pytest.mark.parametrize("name", PLAIN)
def test_activations(name: str) -> None:
    tried = 0
    for op, sample in samples(name):
        more = PLAIN[name](sample)
        if more is None or sample.args:
            continue
        tried += 1
        assert_agrees(
            ACTIVATIONS[f"{name}_forward"],
            ACTIVATIONS[f"{name}_backward"],
            [sample.input],
            more,
            op(sample.input, **sample.kwargs),
        )
    assert tried


def as_images(x: torch.Tensor) -> torch.Tensor:
    """(N, C, ...) as (N, C, H, W)."""
    sizes = (*x.shape, 1, 1)[:4] if x.ndim < 4 else (*x.shape[:3], -1)
    return x.reshape(sizes)


def fits(x: torch.Tensor, options: dict[str, Any]) -> bool:
    return x.ndim >= 2 and x.numel() > 0 and options.get("eps", 1e-5) > 0


def affine(value: torch.Tensor | None, size: int, default: float) -> torch.Tensor:
    if value is None:
        value = torch.full((size,), default, dtype=torch.float64, requires_grad=True)
    return value


def test_layer_norm() -> None:
    tried = 0
    for op, sample in samples("layer_norm"):
        x, (shape, *given) = sample.input, sample.args
        weight, bias = (*given, None, None)[:2]
        eps = sample.kwargs.get("eps", 1e-5)
        if x.numel() == 0 or eps < 0 or tuple(shape) != x.shape[-len(shape) :]:
            continue
        tried += 1
        size = int(np.prod(shape))
        gamma, beta = affine(weight, size, 1.0), affine(bias, size, 0.0)
        theirs = op(x, shape, gamma.reshape(shape), beta.reshape(shape), eps)

        def forward(x: Any, g: Any, b: Any, size: int = size, eps: float = eps) -> Any:
            rows, flat = x.reshape(-1, size), (g.reshape(-1), b.reshape(-1))
            out, kept = NORMS["layernorm_forward"](rows, *flat, {"eps": eps})
            return out.reshape(x.shape), (kept, x.shape, g.shape)

        def backward(dout: Any, kept: Any, size: int = size) -> Any:
            cache_, shape, affine_shape = kept
            dx, dg, db = NORMS["layernorm_backward"](dout.reshape(-1, size), cache_)
            return dx.reshape(shape), dg.reshape(affine_shape), db.reshape(affine_shape)

        assert_agrees(forward, backward, [x, gamma, beta], (), theirs)
    assert tried


def test_group_norm() -> None:
    tried = 0
    for op, sample in samples("group_norm"):
        x, options = sample.input, dict(sample.kwargs)
        if not fits(x, options):
            continue
        tried += 1
        C = x.shape[1]
        gamma = affine(options.pop("weight", None), C, 1.0)
        beta = affine(options.pop("bias", None), C, 0.0)
        theirs = op(x, *sample.args, weight=gamma, bias=beta, **options)
        G, eps = sample.args[0], options.get("eps", 1e-5)
        check_images(
            lambda x, g, b, G=G, eps=eps: NORMS["groupnorm_forward"](
                x, g, b, G, {"eps": eps}
            ),
            NORMS["groupnorm_backward"],
            [x, gamma, beta],
            theirs,
        )
    assert tried


def test_instance_norm() -> None:
    tried = 0
    for op, sample in samples("instance_norm"):
        x, options = sample.input, dict(sample.kwargs)
        if not fits(x, options) or not options.get("use_input_stats", True):
            continue
        tried += 1
        C = x.shape[1]
        gamma = affine(options.get("weight"), C, 1.0)
        beta = affine(options.get("bias"), C, 0.0)
        eps = options.get("eps", 1e-5)
        theirs = op(x, weight=gamma, bias=beta, eps=eps)
        check_images(
            lambda x, g, b, eps=eps: NORMS["instancenorm_forward"](
                x, g, b, {"eps": eps}
            ),
            NORMS["instancenorm_backward"],
            [x, gamma, beta],
            theirs,
        )
    assert tried


def test_batch_norm() -> None:
    tried = 0
    for op, sample in samples("batch_norm"):
        x, options = sample.input, dict(sample.kwargs)
        statistics = (*sample.args, None, None, None, None)[:4]
        if not fits(x, options) or not options.get("training", False):
            continue
        tried += 1
        C = x.shape[1]
        gamma = affine(statistics[2], C, 1.0)
        beta = affine(statistics[3], C, 0.0)
        eps = options.get("eps", 1e-5)
        theirs = op(x, None, None, gamma, beta, training=True, eps=eps)
        check_images(
            lambda x, g, b, eps=eps: BATCHNORM["spatial_batchnorm_forward"](
                x, g, b, {"mode": "train", "eps": eps}
            ),
            BATCHNORM["spatial_batchnorm_backward"],
            [x, gamma, beta],
            theirs,
        )
    assert tried


def check_images(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    arguments: list[torch.Tensor],
    theirs: torch.Tensor,
) -> None:
    """The exercise takes images; an input of other axes is turned into some."""
    shape = tuple(arguments[0].shape)
    sizes = tuple(as_images(arguments[0]).shape)

    def of_images(x: np.ndarray, *more: Any) -> Any:
        out, kept = forward(x.reshape(sizes), *more)
        return out.reshape(shape), kept

    def back(dout: np.ndarray, kept: Any) -> Any:
        dx, dgamma, dbeta = backward(dout.reshape(sizes), kept)
        return dx.reshape(shape), dgamma, dbeta

    assert_agrees(of_images, back, arguments, (), theirs)
