"""Initializations: fans and gains by value, random weights by their law."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from autograder.exercises import Case, Exercise, RandomLaw

NOTEBOOK = "initialization/initialization"
FIRST, OTHER, AGAIN = "W", "W from another generator", "W from the first again"
Family = Literal["normal", "uniform"]

SHAPES = {
    "a linear layer, wide to narrow": (200, 50),
    "a linear layer, narrow to wide": (25, 160),
    "a convolution": (20, 7, 3, 5),
    "a convolution of few filters": (5, 24, 5, 4),
    "a column": (2400, 1),
    "six numbers": (3, 2),
}
"""All sizes differ, so that no fan stands for another one."""


def seed(rng: np.random.Generator) -> int:
    """For a generator that a student is given."""
    return int(rng.integers(1 << 31))


def three_draws(impl: Any, case: Case, name: str) -> Mapping[str, Any]:
    """From one generator, from another, and from the first again."""
    function = getattr(impl, name)
    return {
        FIRST: function(case.shape, impl.rng(case.seed), *case.more),
        OTHER: function(case.shape, impl.rng(case.seed + 1), *case.more),
        AGAIN: function(case.shape, impl.rng(case.seed), *case.more),
    }


def laws(case: Case) -> Mapping[str, RandomLaw]:
    """All three draws have one law; the case says with which deviation."""
    like = (case.shape, case.family, case.std)
    return {
        FIRST: RandomLaw(*like),
        OTHER: RandomLaw(*like, unlike=FIRST),
        AGAIN: RandomLaw(*like, same_as=FIRST),
    }


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """fan-in and fan-out: from the shape alone, written a second time."""
    if len(shape) == 2:
        return shape[0], shape[1]
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _random(
    name: str,
    points: int,
    family: Family,
    options: Mapping[str, tuple[Any, ...]],
    variance: Callable[..., float],
    builds_on: tuple[str, ...] = ("fans",),
) -> Exercise:
    """An exercise whose answer is random.

    Parameters
    ----------
    options : by their name in a case's kind, further arguments
    variance : of a weight, from fan-in, fan-out and these arguments
    """

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for i, (kind, shape) in enumerate(SHAPES.items()):
            said, more = list(options.items())[i % len(options)]
            std = math.sqrt(variance(*fans(shape), *more))
            yield Case(
                kind=f"{kind}{said}",
                shape=shape,
                seed=seed(rng),
                more=more,
                family=family,
                std=std,
            )

    return Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=points,
        cases=cases,
        scenario=lambda impl, case: three_draws(impl, case, name),
        builds_on=builds_on,
        laws=laws,
    )


def _xavier(fan_in: int, fan_out: int, fan: str = "average") -> float:
    return 1 / fan_in if fan == "in" else 2 / (fan_in + fan_out)


def _kaiming(fan_in: int, fan_out: int, fan: str = "in", slope: float = 0.0) -> float:
    return 2 / (1 + slope**2) / (fan_in if fan == "in" else fan_out)


XAVIER = {"": (), ", fan in": ("in",), ", fan average": ("average",)}
KAIMING = {
    "": (),
    ", fan out": ("out",),
    ", slope 0.7": ("in", 0.7),
    ", fan out, slope 1.5": ("out", 1.5),
}
STDS = {", std 0.01": (0.01,), ", std 2": (2.0,)}


def _fans_cases(rng: np.random.Generator) -> Iterator[Case]:
    kinds = {"linear": 2, "one input": 2, "one output": 2}
    for kind, axes in kinds.items():
        shape = [int(n) for n in rng.permutation(np.arange(2, 60))[:axes]]
        if kind != "linear":
            shape[kind == "one output"] = 1
        yield Case(kind=kind, shape=tuple(shape))
    for kind in ("convolution", "1 x 1 convolution", "convolution of one channel"):
        F, C, HH, WW = (int(n) for n in rng.permutation(np.arange(2, 12))[:4])
        shape = [F, C, HH, WW]
        if kind.startswith("1 x 1"):
            shape[2:] = 1, 1
        elif kind.endswith("channel"):
            shape[1] = 1
        yield Case(kind=kind, shape=tuple(shape))


def _fans(impl: Any, case: Case) -> Mapping[str, Any]:
    fan_in, fan_out = impl.fans(case.shape)
    return {"fan_in": fan_in, "fan_out": fan_out}


def _constant_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, shape in (("linear", (3, 5)), ("convolution", (2, 3, 4, 5))):
        yield Case(kind=kind, shape=shape, value=float(rng.normal()))
    yield Case(kind="a whole number", shape=(4, 2), value=int(rng.integers(2, 9)))
    yield Case(kind="zero", shape=(2, 3), value=0.0)


def _variance_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind in ("means of zero", "x with a mean", "w with a mean", "both with a mean"):
        mean_x, mean_w = rng.uniform(0.5, 2.0, 2) * rng.choice([-1.0, 1.0], 2)
        yield Case(
            kind=kind,
            numbers=(
                int(rng.integers(5, 500)),
                float(mean_x) if kind.startswith(("x", "both")) else 0.0,
                float(rng.uniform(0.3, 3.0)),
                float(mean_w) if kind.startswith(("w", "both")) else 0.0,
                float(rng.uniform(0.01, 0.5)),
            ),
        )
    yield Case(kind="constants", numbers=(7, float(mean_x), 0.0, float(mean_w), 0.0))


def _gain_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        yield Case(kind=name, arguments=(name,))
    for kind, low, high in (("small", 0.1, 0.4), ("large", 0.8, 2.0)):
        slope = float(rng.uniform(low, high))
        yield Case(
            kind=f"leaky_relu with a {kind} slope", arguments=("leaky_relu", slope)
        )
    yield Case(kind="relu, whatever the slope", arguments=("relu", 0.5))


def _layers(rng: np.random.Generator) -> Iterator[Case]:
    """Small networks whose layers all differ in width."""
    for kind, f, scale, dims in (
        ("tanh", "tanh", 0.5, (4, 6, 3, 5)),
        ("ReLU", "relu", 0.7, (4, 6, 7, 5)),
        ("tanh that saturates", "tanh", 4.0, (5, 7, 4)),
        ("ReLU with small weights", "relu", 0.01, (5, 6, 7, 3)),
        ("one layer", "tanh", 1.0, (3, 4)),
    ):
        pairs = list(pairwise(dims))
        weights = [scale * rng.standard_normal(p) for p in pairs]
        x = rng.standard_normal((5, dims[0]))
        dout = rng.standard_normal((5, dims[-1]))
        yield Case(kind=kind, x=x, weights=weights, f=f, dout=dout)


def _activations(impl: Any, case: Case) -> Mapping[str, Any]:
    means, stds = impl.activation_statistics(case.x, case.weights, case.f)
    return {"means": means, "stds": stds}


def _gradients(impl: Any, case: Case) -> Mapping[str, Any]:
    on_activations, on_weights = impl.gradient_statistics(
        case.x, case.weights, case.f, case.dout
    )
    return {"on_activations": on_activations, "on_weights": on_weights}


def _value(
    name: str,
    points: int,
    cases: Callable[[np.random.Generator], Iterator[Case]],
    scenario: Callable[[Any, Case], Mapping[str, Any]],
) -> Exercise:
    return Exercise(name, NOTEBOOK, points, cases, scenario)


EXERCISES = (
    _value("fans", 2, _fans_cases, _fans),
    _value(
        "constant_init",
        1,
        _constant_cases,
        lambda impl, case: {"W": impl.constant_init(case.shape, case.value)},
    ),
    _random(
        "small_random_init",
        1,
        "normal",
        STDS,
        lambda fan_in, fan_out, std: std**2,
        builds_on=(),
    ),
    _value(
        "output_variance",
        2,
        _variance_cases,
        lambda impl, case: {"variance": impl.output_variance(*case.numbers)},
    ),
    _random("xavier_normal", 2, "normal", XAVIER, _xavier),
    _random("xavier_uniform", 2, "uniform", XAVIER, _xavier),
    _value(
        "gain",
        1,
        _gain_cases,
        lambda impl, case: {"gain": impl.gain(*case.arguments)},
    ),
    _random("kaiming_normal", 2, "normal", KAIMING, _kaiming, ("fans", "gain")),
    _random("kaiming_uniform", 2, "uniform", KAIMING, _kaiming, ("fans", "gain")),
    _value("activation_statistics", 2, _layers, _activations),
    _value("gradient_statistics", 3, _layers, _gradients),
)
