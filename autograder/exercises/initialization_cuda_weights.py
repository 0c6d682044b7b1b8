"""The kernels' weights: Xavier and Kaiming, in PyTorch's layout, by their law."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, RandomLaw
from autograder.exercises.initialization import FIRST, KAIMING, OTHER, XAVIER, seed
from autograder.exercises.initialization_cuda import FILL, NOTEBOOK, same_numbers
from autograder.exercises.initialization_torch import Family, fans

if TYPE_CHECKING:
    from torch import Tensor

CASES: Mapping[str, tuple[tuple[int, ...], Any]] = {
    "a convolution": ((20, 7, 3, 5), np.float32),
    "a linear layer, narrow to wide": ((96, 25), ml_dtypes.bfloat16),
    "a linear layer, wide to narrow": ((30, 80), np.float32),
    "a convolution of few filters": ((5, 24, 5, 4), np.float16),
}
"""All sizes differ, so that no fan stands for another one."""


def _weights(weight: Tensor, seed: int, fan: str = "", slope: float = 0.0) -> Tensor:
    """Any numbers: a law says what they must be like."""
    return weight


def _xavier(fan_in: int, fan_out: int, fan: str = "average") -> float:
    return 1 / fan_in if fan == "in" else 2 / (fan_in + fan_out)


def _kaiming(fan_in: int, fan_out: int, fan: str = "in", slope: float = 0.0) -> float:
    return 2 / (1 + slope**2) / (fan_in if fan == "in" else fan_out)


def _laws(case: Case) -> Mapping[str, RandomLaw]:
    like = (case.shape, case.family, case.std)
    found = {FIRST: RandomLaw(*like)}
    return {**found, OTHER: RandomLaw(*like, unlike=FIRST)} if case.twice else found


def _exercise(
    name: str,
    family: Family,
    options: Mapping[str, tuple[Any, ...]],
    variance: Callable[..., float],
) -> Exercise:
    """An exercise that sets the size of weights.

    Parameters
    ----------
    options : by their name in a case's kind, further arguments
    variance : of a weight, from fan-in, fan-out and these arguments
    """

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for i, (kind, (shape, dtype)) in enumerate(CASES.items()):
            said, more = list(options.items())[i % len(options)]
            yield Case(
                kind=f"{kind}{said}, {np.dtype(dtype).name}",
                weight=same_numbers(shape, dtype),
                seed=seed(rng),
                more=more,
                shape=shape,
                family=family,
                std=math.sqrt(variance(*fans(shape), *more)),
                twice=i == 0,
            )

    def scenario(impl: Any, case: Case) -> Mapping[str, Any]:
        function = getattr(impl, name)
        drawn = {FIRST: function(case.weight, case.seed, *case.more)}
        if case.twice:
            drawn[OTHER] = function(case.weight, case.seed + 1, *case.more)
        return drawn

    return Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=2,
        cases=cases,
        scenario=scenario,
        path="triton",
        builds_on=(f"cuda_{family}",),
        oracle={name: _weights},
        traffic=FILL,
        laws=_laws,
    )


EXERCISES = [
    _exercise("cuda_xavier_uniform", "uniform", XAVIER, _xavier),
    _exercise("cuda_xavier_normal", "normal", XAVIER, _xavier),
    _exercise("cuda_kaiming_uniform", "uniform", KAIMING, _kaiming),
    _exercise("cuda_kaiming_normal", "normal", KAIMING, _kaiming),
]
