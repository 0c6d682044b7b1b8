"""Batch normalization: forward, backward twice, spatial, and folding.

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


def _factors(rng: np.random.Generator, n: int) -> np.ndarray:
    """Numbers of either sign that are neither 0 nor 1: gamma and beta."""
    return rng.uniform(1.2, 2.5, n) * rng.choice([-1.0, 1.0], n)


def _running(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    return {"running_mean": rng.normal(size=n), "running_var": rng.uniform(0.4, 2.5, n)}


def _batch(
    rng: np.random.Generator, shape: tuple[int, ...], mean: float, std: float
) -> np.ndarray:
    """Numbers around ``mean``, and around a mean of each channel's own."""
    own = rng.normal(size=(shape[1], *[1] * (len(shape) - 2)))
    return mean + std * (own + rng.normal(size=shape))


def _case(
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
        x=_batch(rng, shape, mean, std),
        gamma=_factors(rng, shape[1]),
        beta=_factors(rng, shape[1]),
        dout=rng.normal(size=shape),
        bn_param={"mode": mode, **bn_param},
        later=(),
    )


def _each(case: Case, change: Callable[[np.ndarray], np.ndarray], *names: str) -> Case:
    """The same case with ``change`` made to the arrays ``names``."""
    for name in names:
        setattr(case, name, change(getattr(case, name)))
    return case


def _single(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32)


def _channels_last(x: np.ndarray) -> np.ndarray:
    """The same numbers, in memory with the channels of a pixel side by side."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def _same_in_each_channel(x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(x[:, :1], x.shape)


def _at_its_mean(rng: np.random.Generator) -> Case:
    kind = "a constant column, and entries equal to their mean"
    case = _case(rng, kind, 5, 3, eps=0.3, momentum=0.7)
    a, b = rng.integers(1, 9, 2) / 8
    case.x[:, 0] = 0.75
    case.x[:, 1] = 0.5 + rng.permutation([a, -a, 0.0, b, -b])
    return case


def _flat_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Batches (N, D) in train mode."""
    yield _case(rng, "eps 0.3", 5, 3, eps=0.3, momentum=0.7)
    yield _case(rng, "eps not given", 4, 3)
    yield _at_its_mean(rng)
    yield _case(rng, "standard deviation 0.001", 6, 3, std=1e-3)
    far = "mean 10,000, standard deviation 0.01"
    yield _case(rng, far, 7, 3, mean=1e4, std=0.01)
    yield _case(rng, "one row", 1, 4, eps=0.3, momentum=0.6)
    yield _case(rng, "one column", 6, 1, eps=0.3, momentum=0.6)
    wide = _case(rng, "every other column of a wider array", 5, 4, eps=0.1)
    yield _each(wide, strided, *ARRAYS)
    turned = _case(rng, "Fortran order", 4, 5, eps=0.2, momentum=0.8)
    yield _each(turned, np.asfortranarray, "x", "dout")
    single = _case(rng, "float32", 6, 4, mean=2.0, eps=0.3, momentum=0.8)
    yield _each(single, _single, *ARRAYS)


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _flat_cases(rng)
    several = _case(rng, "three batches", 4, 3, momentum=0.6, **_running(rng, 3))
    several.later = tuple(
        ("train", _batch(rng, (n, 3), float(n), 2.0)) for n in (5, 7)
    )
    yield several
    yield _case(rng, "test mode", 5, 3, mode="test", eps=0.3, **_running(rng, 3))
    row = _case(rng, "test mode, one row repeated (broadcast)", 4, 2, mode="test",
                eps=0.05, **_running(rng, 2))
    row.x = np.broadcast_to(row.x[:1], row.x.shape)
    yield row
    both = _case(rng, "train mode, then test mode", 5, 3, momentum=0.5, eps=0.2,
                 **_running(rng, 3))
    both.later = (("test", _batch(rng, (1, 3), 1.0, 1.0)),)
    yield both


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _flat_cases(rng)
    yield _case(rng, "eps larger than the variance", 5, 3, std=0.1, eps=0.5)
    repeated = _case(rng, "the same dout in each column (broadcast)", 6, 3, eps=0.3)
    yield _each(repeated, _same_in_each_channel, "dout")


def _image_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Batches (N, C, H, W) in train mode."""
    yield _case(rng, "N, C, H, W all differ", 2, 3, 4, 5, eps=0.3, momentum=0.7)
    yield _case(rng, "eps not given", 3, 2, 1, 5)
    yield _case(rng, "one image", 1, 3, 2, 4, eps=0.2, momentum=0.6)
    yield _case(rng, "one channel", 3, 1, 2, 4, eps=0.2, momentum=0.6)
    yield _case(rng, "one pixel", 5, 3, 1, 1, eps=0.2, momentum=0.6)
    constant = _case(rng, "a constant channel", 2, 3, 1, 4, eps=0.3)
    constant.x[:, 1] = -0.75
    yield constant
    far = "mean 10,000, standard deviation 0.01"
    yield _case(rng, far, 3, 2, 4, 1, mean=1e4, std=0.01)
    wide = _case(rng, "every other column of a wider array", 3, 2, 1, 4, eps=0.1)
    yield _each(wide, strided, *ARRAYS)
    last = _case(rng, "channels last in memory", 2, 3, 1, 4, eps=0.1)
    yield _each(last, _channels_last, "x", "dout")
    single = _case(rng, "float32", 2, 4, 3, 1, mean=2.0, eps=0.3)
    yield _each(single, _single, *ARRAYS)


def spatial_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _image_cases(rng)
    several = _case(rng, "two batches", 2, 3, 1, 4, momentum=0.6, **_running(rng, 3))
    several.later = (("train", _batch(rng, (4, 3, 2, 1), 3.0, 2.0)),)
    yield several
    yield _case(rng, "test mode", 2, 3, 4, 1, mode="test", eps=0.3, **_running(rng, 3))
    both = _case(rng, "train mode, then test mode", 4, 2, 3, 1, momentum=0.5, eps=0.2)
    both.later = (("test", _batch(rng, (1, 2, 4, 3), 1.0, 1.0)),)
    yield both


def spatial_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _image_cases(rng)
    kind = "the same dout in each channel (broadcast)"
    repeated = _case(rng, kind, 2, 3, 1, 5, eps=0.3)
    yield _each(repeated, _same_in_each_channel, "dout")


def _forward(impl: Any, case: Case, name: str) -> Mapping[str, Any]:
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
    return _forward(impl, case, "batchnorm_forward")


def spatial_batchnorm_forward(impl: Any, case: Case) -> Mapping[str, Any]:
    return _forward(impl, case, "spatial_batchnorm_forward")


def _backward(impl: Any, case: Case, forward: str, backward: str) -> Mapping[str, Any]:
    bn_param = dict(case.bn_param)
    _, cache = getattr(impl, forward)(case.x, case.gamma, case.beta, bn_param)
    dx, dgamma, dbeta = getattr(impl, backward)(case.dout, cache)
    return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def batchnorm_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    return _backward(impl, case, "batchnorm_forward", "batchnorm_backward")


def batchnorm_backward_alt(impl: Any, case: Case) -> Mapping[str, Any]:
    return _backward(impl, case, "batchnorm_forward", "batchnorm_backward_alt")


def spatial_batchnorm_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    forward, backward = "spatial_batchnorm_forward", "spatial_batchnorm_backward"
    return _backward(impl, case, forward, backward)


def _layer(
    rng: np.random.Generator, kind: str, *shape: int, out: int, eps: float = 0.3
) -> Case:
    """A layer with weights of ``shape`` and the batch norm behind it."""
    return Case(
        kind=kind,
        W=rng.normal(size=shape),
        b=_factors(rng, out),
        gamma=_factors(rng, out),
        beta=_factors(rng, out),
        **_running(rng, out),
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
    yield _each(wide, strided, *weights)
    turned = layer("Fortran order", 5, 3)
    yield _each(turned, np.asfortranarray, "W")
    yield _each(layer("float32", 4, 3), _single, *weights)
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
        case.W, case.b, case.gamma, case.beta,
        case.running_mean, case.running_var, case.eps,
    )
    return {"W_folded": W, "b_folded": b}


def fold_batchnorm_into_linear(impl: Any, case: Case) -> Mapping[str, Any]:
    return _fold(impl, case, "fold_batchnorm_into_linear")


def fold_batchnorm_into_conv(impl: Any, case: Case) -> Mapping[str, Any]:
    return _fold(impl, case, "fold_batchnorm_into_conv")


EXERCISES = (
    Exercise(
        name="batchnorm_forward",
        notebook=NOTEBOOK,
        points=4,
        cases=forward_cases,
        scenario=batchnorm_forward,
    ),
    Exercise(
        name="fold_batchnorm_into_linear",
        notebook=NOTEBOOK,
        points=1,
        cases=fold_linear_cases,
        scenario=fold_batchnorm_into_linear,
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
    Exercise(
        name="spatial_batchnorm_forward",
        notebook=NOTEBOOK,
        points=2,
        cases=spatial_forward_cases,
        scenario=spatial_batchnorm_forward,
        builds_on=("batchnorm_forward",),
    ),
    Exercise(
        name="spatial_batchnorm_backward",
        notebook=NOTEBOOK,
        points=2,
        cases=spatial_backward_cases,
        scenario=spatial_batchnorm_backward,
        builds_on=(
            "batchnorm_forward",
            "batchnorm_backward",
            "batchnorm_backward_alt",
            "spatial_batchnorm_forward",
        ),
    ),
    Exercise(
        name="fold_batchnorm_into_conv",
        notebook=NOTEBOOK,
        points=1,
        cases=fold_conv_cases,
        scenario=fold_batchnorm_into_conv,
    ),
)
