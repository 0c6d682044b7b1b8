"""Layer normalization of (N, D) and instance normalization of (N, C, H, W).

Each row, and each channel of each image, has a mean and a spread of its own,
so that a statistic over the wrong elements shows. eps is large in most cases,
gamma differs from entry to entry, and the axes have different lengths but in
one case, where a wrong axis raises no error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.batchnorm import (
    ARRAYS,
    each,
    factors,
    same_in_each_channel,
    single_precision,
)

NOTEBOOK = "layer_group_norm/layer_group_norm"
FAR = "mean 10,000, standard deviation 0.01"
WIDE = "every other column of a wider array"


def examples(
    rng: np.random.Generator, shape: tuple[int, ...], mean: float, std: float
) -> np.ndarray:
    """Numbers around ``mean``; rows and columns differ in mean and spread."""
    N, C = shape[:2]
    positions = [1] * (len(shape) - 2)
    own = rng.normal(size=(N, 1)) + rng.normal(size=(1, C))
    spread = rng.uniform(0.6, 1.6, (N, 1)) * rng.uniform(0.6, 1.6, (1, C))
    noise = rng.normal(size=shape)
    parts = (a.reshape(N, C, *positions) for a in (own, spread))
    return mean + std * (next(parts) + next(parts) * noise)


def draw(
    rng: np.random.Generator,
    kind: str,
    *shape: int,
    mean: float = 0.0,
    std: float = 1.0,
    **param: Any,
) -> Case:
    """One batch and a gradient from above; ``param`` is ln_param and its like."""
    return Case(
        kind=kind,
        x=examples(rng, shape, mean, std),
        gamma=factors(rng, shape[1]),
        beta=factors(rng, shape[1]),
        dout=rng.normal(size=shape),
        param=param,
    )


def exact(case: Case) -> Case:
    """Products without rounding, so that a gradient of zero is zero by any route."""
    return each(case, lambda x: np.round(8 * x) / 8, "gamma", "dout")


def around_their_mean(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers whose mean is 0.5 exactly; an odd one out equals it."""
    count = int(np.prod(shape))
    half = rng.integers(1, 9, count // 2) / 8
    values = np.concatenate([half, -half, np.zeros(count % 2)])
    return 0.5 + rng.permutation(values).reshape(shape)


def channels_last(x: np.ndarray) -> np.ndarray:
    """The same numbers, in memory with the channels of a pixel side by side."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def _flat_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Batches (N, D)."""
    yield draw(rng, "eps 0.3", 3, 5, eps=0.3)
    yield draw(rng, "eps not given", 4, 3)
    yield draw(rng, "as many rows as columns", 4, 4, eps=0.2)
    kind = "a constant row, and entries equal to their mean"
    constant = draw(rng, kind, 3, 5, eps=0.3)
    constant.x[0] = 0.75
    constant.x[1] = around_their_mean(rng, (5,))
    yield constant
    yield draw(rng, "standard deviation 0.001", 3, 6, std=1e-3)
    yield draw(rng, FAR, 3, 7, mean=1e4, std=0.01)
    yield draw(rng, "one row", 1, 5, eps=0.2)
    yield exact(draw(rng, "one column", 5, 1, eps=0.25))
    yield exact(draw(rng, "one element", 1, 1, eps=0.25))
    yield each(draw(rng, WIDE, 5, 4, eps=0.1), strided, *ARRAYS)
    turned = draw(rng, "Fortran order", 4, 5, eps=0.2)
    yield each(turned, np.asfortranarray, "x", "dout")
    single = draw(rng, "float32", 4, 6, mean=2.0, eps=0.3)
    yield each(single, single_precision, *ARRAYS)


def layernorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _flat_cases(rng)
    row = draw(rng, "one row repeated (broadcast)", 3, 4, eps=0.05)
    row.x = np.broadcast_to(row.x[:1], row.x.shape)
    yield row


def layernorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _flat_cases(rng)
    yield draw(rng, "eps larger than the variance", 3, 5, std=0.1, eps=0.5)
    repeated = draw(rng, "the same dout in each column (broadcast)", 3, 6, eps=0.3)
    yield each(repeated, same_in_each_channel, "dout")


def _image_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Batches (N, C, H, W)."""
    yield draw(rng, "N, C, H, W all differ", 2, 3, 4, 5, eps=0.3)
    yield draw(rng, "eps not given", 3, 2, 1, 5)
    yield draw(rng, "N, C, H, W are one number", 2, 2, 2, 2, eps=0.2)
    yield draw(rng, "one image", 1, 3, 2, 4, eps=0.2)
    yield draw(rng, "one channel", 3, 1, 2, 4, eps=0.2)
    yield exact(draw(rng, "one pixel", 4, 3, 1, 1, eps=0.25))
    yield exact(draw(rng, "one element", 1, 1, 1, 1, eps=0.25))
    kind = "a constant channel, and entries equal to their mean"
    constant = draw(rng, kind, 2, 3, 1, 5, eps=0.3)
    constant.x[0, 1] = -0.75
    constant.x[1, 0] = around_their_mean(rng, (1, 5))
    yield constant
    yield draw(rng, "standard deviation 0.001", 2, 3, 2, 3, std=1e-3)
    yield draw(rng, FAR, 3, 2, 4, 1, mean=1e4, std=0.01)
    yield each(draw(rng, WIDE, 3, 2, 1, 4, eps=0.1), strided, *ARRAYS)
    last = draw(rng, "channels last in memory", 2, 3, 2, 2, eps=0.1)
    yield each(last, channels_last, "x", "dout")
    single = draw(rng, "float32", 2, 4, 3, 1, mean=2.0, eps=0.3)
    yield each(single, single_precision, *ARRAYS)


def instancenorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _image_cases(rng)
    image = draw(rng, "one image repeated (broadcast)", 3, 2, 2, 4, eps=0.1)
    image.x = np.broadcast_to(image.x[:1], image.x.shape)
    yield image


def instancenorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _image_cases(rng)
    kind = "the same dout in each channel (broadcast)"
    repeated = draw(rng, kind, 2, 3, 1, 5, eps=0.3)
    yield each(repeated, same_in_each_channel, "dout")


def run_forward(impl: Any, case: Case, forward: str, *options: Any) -> tuple[Any, Any]:
    """``options`` stand between beta and the dict, as G does in group norm."""
    function = getattr(impl, forward)
    return function(case.x, case.gamma, case.beta, *options, dict(case.param))


def gradients(impl: Any, case: Case, norm: str, *options: Any) -> Mapping[str, Any]:
    _, cache = run_forward(impl, case, f"{norm}_forward", *options)
    dx, dgamma, dbeta = getattr(impl, f"{norm}_backward")(case.dout, cache)
    return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def layernorm_forward(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"out": run_forward(impl, case, "layernorm_forward")[0]}


def layernorm_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    return gradients(impl, case, "layernorm")


def instancenorm_forward(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"out": run_forward(impl, case, "instancenorm_forward")[0]}


def instancenorm_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    return gradients(impl, case, "instancenorm")


EXERCISES = (
    Exercise(
        name="layernorm_forward",
        notebook=NOTEBOOK,
        points=3,
        cases=layernorm_forward_cases,
        scenario=layernorm_forward,
    ),
    Exercise(
        name="layernorm_backward",
        notebook=NOTEBOOK,
        points=4,
        cases=layernorm_backward_cases,
        scenario=layernorm_backward,
        builds_on=("layernorm_forward",),
    ),
    Exercise(
        name="instancenorm_forward",
        notebook=NOTEBOOK,
        points=2,
        cases=instancenorm_forward_cases,
        scenario=instancenorm_forward,
        builds_on=("layernorm_forward",),
    ),
    Exercise(
        name="instancenorm_backward",
        notebook=NOTEBOOK,
        points=2,
        cases=instancenorm_backward_cases,
        scenario=instancenorm_backward,
        builds_on=(
            "layernorm_forward",
            "layernorm_backward",
            "instancenorm_forward",
        ),
    ),
)
