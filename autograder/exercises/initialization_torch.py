"""Initializations on tensors: weights by their law, in PyTorch's layout."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from autograder.exercises import Case, Exercise, RandomLaw
from autograder.exercises.initialization import (
    AGAIN,
    FIRST,
    KAIMING,
    OTHER,
    XAVIER,
    seed,
)
from autograder.exercises.initialization import laws as three_laws

NOTEBOOK = "initialization/initialization_torch"
CLOSED = ("torch.nn.init",)
Family = Literal["normal", "uniform"]

SHAPES: Mapping[str, tuple[int, ...]] = {
    "a linear layer, wide to narrow": (50, 100),
    "a linear layer, narrow to wide": (160, 25),
    "a convolution": (20, 7, 3, 5),
    "a convolution of few filters": (5, 24, 5, 4),
    "one output": (1, 2400),
    "six numbers": (2, 3),
}
"""All sizes differ, so that no fan stands for another one."""

DTYPES = (np.float32, np.float64)


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """fan-in and fan-out of PyTorch's layout, from the shape alone."""
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _fans_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, axes in (
        ("linear", 2),
        ("one input", 2),
        ("one output", 2),
        ("a convolution of images", 4),
        ("a convolution of one pixel", 4),
        ("a convolution of sequences", 3),
        ('the device "meta"', 2),
    ):
        shape = [int(n) for n in rng.permutation(np.arange(2, 7))[:axes]]
        if kind.startswith("one "):
            shape[kind == "one input"] = 1
        if kind.endswith("pixel"):
            shape[2:] = 1, 1
        yield Case(kind=kind, weight=rng.normal(size=shape), meta="meta" in kind)


def _fans(impl: Any, case: Case) -> Mapping[str, Any]:
    weight = impl.meta(case.weight) if case.meta else case.weight
    fan_in, fan_out = impl.torch_fans(weight)
    return {"fan_in": fan_in, "fan_out": fan_out}


def three_draws(impl: Any, case: Case, name: str) -> Mapping[str, Any]:
    """From one generator, from another, and from the first again.

    The first answer is the tensor that the others are to be like, so one that
    is filled in place shows.
    """
    function = getattr(impl, name)
    first = function(case.weight, impl.rng(case.seed), *case.more)
    return {
        FIRST: first,
        OTHER: function(first, impl.rng(case.seed + 1), *case.more),
        AGAIN: function(first, impl.rng(case.seed), *case.more),
    }


def _xavier(fan_in: int, fan_out: int, fan: str = "average") -> float:
    return 1 / fan_in if fan == "in" else 2 / (fan_in + fan_out)


def _kaiming(fan_in: int, fan_out: int, fan: str = "in", slope: float = 0.0) -> float:
    return 2 / (1 + slope**2) / (fan_in if fan == "in" else fan_out)


def _random(
    name: str,
    family: Family,
    options: Mapping[str, tuple[Any, ...]],
    variance: Callable[..., float],
) -> Exercise:
    """An exercise whose answer is a random tensor.

    Parameters
    ----------
    options : by their name in a case's kind, further arguments
    variance : of a weight, from fan-in, fan-out and these arguments
    """

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for i, (kind, shape) in enumerate(SHAPES.items()):
            said, more = list(options.items())[i % len(options)]
            dtype = DTYPES[i % 2]
            yield Case(
                kind=f"{kind}{said}, {np.dtype(dtype).name}",
                weight=rng.normal(size=shape).astype(dtype),
                shape=shape,
                seed=seed(rng),
                more=more,
                family=family,
                std=math.sqrt(variance(*fans(shape), *more)),
            )

    return Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=2,
        cases=cases,
        scenario=lambda impl, case: three_draws(impl, case, name),
        path="torch",
        forbids=CLOSED,
        laws=three_laws,
    )


def _network_cases(rng: np.random.Generator) -> Iterator[Case]:
    starts: dict[str, tuple[int, ...]] = {
        "three layers": (25, 90, 30, 55),
        "equal layers": (50, 50, 50, 20),
        "one layer, moved to float64": (60, 25),
    }
    for kind, dims in starts.items():
        dtype = np.float64 if "float64" in kind else np.float32
        x = rng.normal(size=(1, dims[0])).astype(dtype)
        yield Case(kind=kind, x=x, dims=dims, seed=seed(rng), state={})
    loaded: dict[str, tuple[int, ...]] = {
        "other weights, three layers": (3, 5, 4, 2),
        "other weights, two layers": (4, 6, 3),
        "other weights, one layer": (3, 4),
    }
    for kind, dims in loaded.items():
        state = {}
        for i, (D_in, D_out) in enumerate(pairwise(dims)):
            state[f"layers.{i}.weight"] = rng.normal(size=(D_out, D_in))
            state[f"layers.{i}.bias"] = rng.normal(size=D_out)
        x = rng.normal(size=(5, dims[0]))
        yield Case(kind=kind, x=x, dims=dims, seed=seed(rng), state=state)


def _network(impl: Any, case: Case) -> Mapping[str, Any]:
    """What a network starts from; or its answer with weights that are given."""

    def network(number: int) -> Any:
        made = impl.TorchMLP(case.dims, impl.rng(number))
        impl.on(made, "to", case.x)
        return made

    made = network(case.seed)
    if case.state:
        impl.on(made, "load_state_dict", case.state)
        return {"out": impl.on(made, "__call__", case.x)}
    outputs = {}
    for i in range(len(case.dims) - 1):
        for name in ("weight", "bias"):
            parameter = f"layers.{i}.{name}"
            outputs[parameter] = impl.on(made, "get_parameter", parameter)
    other, again = network(case.seed + 1), network(case.seed)
    outputs[OTHER] = impl.on(other, "get_parameter", "layers.0.weight")
    outputs[AGAIN] = impl.on(again, "get_parameter", "layers.0.weight")
    return outputs


def _network_laws(case: Case) -> Mapping[str, RandomLaw]:
    if case.state:
        return {}
    found: dict[str, RandomLaw] = {}
    first = "layers.0.weight"
    for i, (D_in, D_out) in enumerate(pairwise(case.dims)):
        before = f"layers.{i - 1}.weight" if i else ""
        found[f"layers.{i}.weight"] = RandomLaw(
            (D_out, D_in), "normal", math.sqrt(2 / D_in), unlike=before
        )
    like = (found[first].shape, found[first].family, found[first].std)
    found[OTHER] = RandomLaw(*like, unlike=first)
    found[AGAIN] = RandomLaw(*like, same_as=first)
    return found


EXERCISES = (
    Exercise(
        name="torch_fans",
        notebook=NOTEBOOK,
        points=1,
        cases=_fans_cases,
        scenario=_fans,
        path="torch",
        forbids=CLOSED,
    ),
    _random("torch_xavier_normal", "normal", XAVIER, _xavier),
    _random("torch_xavier_uniform", "uniform", XAVIER, _xavier),
    _random("torch_kaiming_normal", "normal", KAIMING, _kaiming),
    _random("torch_kaiming_uniform", "uniform", KAIMING, _kaiming),
    Exercise(
        name="TorchMLP",
        notebook=NOTEBOOK,
        points=3,
        cases=_network_cases,
        scenario=_network,
        path="torch",
        forbids=CLOSED,
        laws=_network_laws,
    ),
)
