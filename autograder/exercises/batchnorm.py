"""Batch normalization of (N, D): forward, and backward in two ways.

Ordinary data with the default eps hides most mistakes. So in most cases eps is
large, gamma differs from column to column, beta is not zero, momentum is not
0.9, and all axes have different lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "batchnorm/batchnorm"
ARRAYS = ("x", "gamma", "beta", "dout")


def factors(rng: np.random.Generator, n: int) -> np.ndarray:
    """Numbers of either sign that are neither 0 nor 1: gamma and beta."""
    return rng.uniform(1.2, 2.5, n) * rng.choice([-1.0, 1.0], n)


def running(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Running statistics that are not those of any batch."""
    return {"running_mean": rng.normal(size=n), "running_var": rng.uniform(0.4, 2.5, n)}


def batch(
    rng: np.random.Generator, shape: tuple[int, ...], mean: float, std: float
) -> np.ndarray:
    """Numbers around ``mean``, and around a mean of each channel's own."""
    own = rng.normal(size=(shape[1], *[1] * (len(shape) - 2)))
    return mean + std * (own + rng.normal(size=shape))


def draw(
    rng: np.random.Generator,
    kind: str,
    *shape: int,
    mean: float = 0.0,
    std: float = 1.0,
    mode: str = "train",
    **bn_param: Any,
) -> Case:
    """One batch and a gradient from above; ``later`` holds (mode, batch)."""
    return Case(
        kind=kind,
        x=batch(rng, shape, mean, std),
        gamma=factors(rng, shape[1]),
        beta=factors(rng, shape[1]),
        dout=rng.normal(size=shape),
        bn_param={"mode": mode, **bn_param},
        later=(),
    )


def each(case: Case, change: Callable[[np.ndarray], np.ndarray], *names: str) -> Case:
    """The same case with ``change`` made to the arrays ``names``."""
    for name in names:
        setattr(case, name, change(getattr(case, name)))
    return case


def single_precision(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32)


def same_in_each_channel(x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(x[:, :1], x.shape)


def _eighths(x: np.ndarray) -> np.ndarray:
    """Numbers whose products are exact, so that zero is zero by any route."""
    return np.round(8 * x) / 8


def _at_its_mean(rng: np.random.Generator) -> Case:
    kind = "a constant column, and entries equal to their mean"
    case = draw(rng, kind, 5, 3, eps=0.3, momentum=0.7)
    a, b = rng.integers(1, 9, 2) / 8
    case.x[:, 0] = 0.75
    case.x[:, 1] = 0.5 + rng.permutation([a, -a, 0.0, b, -b])
    return case


def _flat_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Batches (N, D) in train mode."""
    yield draw(rng, "eps 0.3", 5, 3, eps=0.3, momentum=0.7)
    yield draw(rng, "eps not given", 4, 3)
    yield _at_its_mean(rng)
    yield draw(rng, "standard deviation 0.001", 6, 3, std=1e-3)
    far = "mean 10,000, standard deviation 0.01"
    yield draw(rng, far, 7, 3, mean=1e4, std=0.01)
    row = draw(rng, "one row", 1, 4, eps=0.25, momentum=0.6)
    yield each(row, _eighths, "gamma", "dout")
    yield draw(rng, "one column", 6, 1, eps=0.3, momentum=0.6)
    wide = draw(rng, "every other column of a wider array", 5, 4, eps=0.1)
    yield each(wide, strided, *ARRAYS)
    turned = draw(rng, "Fortran order", 4, 5, eps=0.2, momentum=0.8)
    yield each(turned, np.asfortranarray, "x", "dout")
    single = draw(rng, "float32", 6, 4, mean=2.0, eps=0.3, momentum=0.8)
    yield each(single, single_precision, *ARRAYS)


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _flat_cases(rng)
    several = draw(rng, "three batches", 4, 3, momentum=0.6, **running(rng, 3))
    several.later = tuple(("train", batch(rng, (n, 3), float(n), 2.0)) for n in (5, 7))
    yield several
    yield draw(rng, "test mode", 5, 3, mode="test", eps=0.3, **running(rng, 3))
    row = draw(
        rng,
        "test mode, one row repeated (broadcast)",
        4,
        2,
        mode="test",
        eps=0.05,
        **running(rng, 2),
    )
    row.x = np.broadcast_to(row.x[:1], row.x.shape)
    yield row
    both = draw(
        rng,
        "train mode, then test mode",
        5,
        3,
        momentum=0.5,
        eps=0.2,
        **running(rng, 3),
    )
    both.later = (("test", batch(rng, (1, 3), 1.0, 1.0)),)
    yield both


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _flat_cases(rng)
    yield draw(rng, "eps larger than the variance", 5, 3, std=0.1, eps=0.5)
    repeated = draw(rng, "the same dout in each column (broadcast)", 6, 3, eps=0.3)
    yield each(repeated, same_in_each_channel, "dout")


def run_forward(impl: Any, case: Case, name: str) -> Mapping[str, Any]:
    """One batch after the other, each with a dict of its own."""
    function = getattr(impl, name)
    options = {k: v for k, v in case.bn_param.items() if k in ("eps", "momentum")}
    bn_param = dict(case.bn_param)
    out, _ = function(case.x, case.gamma, case.beta, bn_param)
    outputs = {"out": out}
    for number, (mode, x) in enumerate(case.later, start=2):
        kept = {k: bn_param[k] for k in ("running_mean", "running_var")}
        bn_param = {"mode": mode, **options, **kept}
        out, _ = function(x, case.gamma, case.beta, bn_param)
        outputs[f"out {number}"] = out
    for key in ("running_mean", "running_var"):
        outputs[key] = bn_param[key]
    return outputs


def batchnorm_forward(impl: Any, case: Case) -> Mapping[str, Any]:
    return run_forward(impl, case, "batchnorm_forward")


def run_backward(
    impl: Any, case: Case, forward: str, backward: str
) -> Mapping[str, Any]:
    bn_param = dict(case.bn_param)
    _, cache = getattr(impl, forward)(case.x, case.gamma, case.beta, bn_param)
    dx, dgamma, dbeta = getattr(impl, backward)(case.dout, cache)
    return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def batchnorm_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    return run_backward(impl, case, "batchnorm_forward", "batchnorm_backward")


def batchnorm_backward_alt(impl: Any, case: Case) -> Mapping[str, Any]:
    return run_backward(impl, case, "batchnorm_forward", "batchnorm_backward_alt")


EXERCISES = (
    Exercise(
        name="batchnorm_forward",
        notebook=NOTEBOOK,
        points=4,
        cases=forward_cases,
        scenario=batchnorm_forward,
    ),
    Exercise(
        name="batchnorm_backward",
        notebook=NOTEBOOK,
        points=4,
        cases=backward_cases,
        scenario=batchnorm_backward,
        builds_on=("batchnorm_forward",),
    ),
    Exercise(
        name="batchnorm_backward_alt",
        notebook=NOTEBOOK,
        points=2,
        cases=backward_cases,
        scenario=batchnorm_backward_alt,
        builds_on=("batchnorm_forward",),
    ),
)
