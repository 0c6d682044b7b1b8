"""Batch normalization at test time: folded into the linear layer before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.batchnorm import (
    NOTEBOOK,
    each,
    factors,
    running,
    single_precision,
)


def _layer(
    rng: np.random.Generator, kind: str, *shape: int, out: int, eps: float = 0.3
) -> Case:
    """A layer with weights of ``shape`` and the batch norm behind it."""
    return Case(
        kind=kind,
        W=rng.normal(size=shape),
        b=factors(rng, out),
        gamma=factors(rng, out),
        beta=factors(rng, out),
        **running(rng, out),
        eps=eps,
    )


def _fold_cases(
    rng: np.random.Generator, shape: Callable[[int, int], tuple[int, ...]]
) -> Iterator[Case]:
    """Layers whose weights have the shape ``shape(inputs, outputs)``."""

    def layer(kind: str, inputs: int, out: int, eps: float = 0.3) -> Case:
        return _layer(rng, kind, *shape(inputs, out), out=out, eps=eps)

    yield layer("eps 0.3", 4, 3)
    yield layer("eps 0.00001", 2, 5, eps=1e-5)
    tiny = layer("running standard deviation 0.001", 4, 3, eps=1e-5)
    tiny.running_var *= 1e-6
    yield tiny
    dead = layer("a running variance of zero", 3, 4, eps=1e-3)
    dead.running_var[1] = 0.0
    yield dead
    far = layer("running mean 10,000", 2, 3, eps=0.1)
    far.running_mean += 1e4
    yield far
    yield layer("one output", 4, 1)
    yield layer("one input", 1, 3)
    weights = ("W", "b", "gamma", "beta", "running_mean", "running_var")
    wide = layer("every other column of a wider array", 3, 4)
    yield each(wide, strided, *weights)
    turned = layer("Fortran order", 5, 3)
    yield each(turned, np.asfortranarray, "W")
    yield each(layer("float32", 4, 3), single_precision, *weights)
    constant = layer("the same gamma for all (broadcast)", 3, 2)
    constant.gamma = np.broadcast_to(constant.gamma[:1], (2,))
    yield constant


def fold_linear_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _fold_cases(rng, lambda inputs, out: (inputs, out))
    yield _layer(rng, "as many inputs as outputs", 3, 3, out=3)


def fold_conv_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _fold_cases(rng, lambda inputs, out: (out, inputs, 1, 2))
    yield _layer(rng, "all axes differ", 2, 3, 4, 1, out=2)
    yield _layer(rng, "all axes alike", 2, 2, 2, 2, out=2)


def _fold(impl: Any, case: Case, name: str) -> Mapping[str, Any]:
    W, b = getattr(impl, name)(
        case.W,
        case.b,
        case.gamma,
        case.beta,
        case.running_mean,
        case.running_var,
        case.eps,
    )
    return {"W_folded": W, "b_folded": b}


def fold_batchnorm_into_linear(impl: Any, case: Case) -> Mapping[str, Any]:
    return _fold(impl, case, "fold_batchnorm_into_linear")


def fold_batchnorm_into_conv(impl: Any, case: Case) -> Mapping[str, Any]:
    return _fold(impl, case, "fold_batchnorm_into_conv")


EXERCISES = (
    Exercise(
        name="fold_batchnorm_into_linear",
        notebook=NOTEBOOK,
        points=1,
        cases=fold_linear_cases,
        scenario=fold_batchnorm_into_linear,
    ),
    Exercise(
        name="fold_batchnorm_into_conv",
        notebook=NOTEBOOK,
        points=1,
        cases=fold_conv_cases,
        scenario=fold_batchnorm_into_conv,
    ),
)
