"""Batch normalization on tensors: a function, a module, and folding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.batchnorm import draw, each, factors, running

NOTEBOOK = "batchnorm/batchnorm_torch"
CLOSED = tuple(f"torch.nn.functional.{n}_norm" for n in ("batch", "layer", "group"))
DTYPES = (np.float32, np.float16, ml_dtypes.bfloat16)
FAR = "mean 10,000, standard deviation 0.01"
ARRAYS = ("x", "gamma", "beta", "dout")


def in_dtype(case: Case, dtype: Any) -> Case:
    """The same case with all arrays rounded to a dtype."""
    return each(case, lambda x: x.astype(dtype), *ARRAYS)


def _function_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield draw(rng, "rows, eps 0.3", 5, 3, eps=0.3)
    yield draw(rng, "images, eps 0.3", 2, 3, 4, 5, eps=0.3)
    yield draw(rng, "eps 0.00001, standard deviation 0.001", 6, 3, std=1e-3, eps=1e-5)
    yield draw(rng, FAR, 7, 3, mean=1e4, std=0.01, eps=1e-5)
    yield draw(rng, "one row", 1, 4, eps=0.25)
    yield draw(rng, "one channel of one pixel", 6, 1, 1, 1, eps=0.1)
    wide = draw(rng, "every other element of a buffer", 4, 3, 2, 6, eps=0.2)
    yield each(wide, strided, *ARRAYS)
    for dtype in DTYPES:
        kind = f"{np.dtype(dtype).name}, mean 4"
        yield in_dtype(draw(rng, kind, 9, 5, mean=4.0, eps=0.05), dtype)
    elsewhere = draw(rng, 'the device "meta"', 4, 3, eps=0.1)
    elsewhere.meta = True
    yield elsewhere


def _function(impl: Any, case: Case) -> Mapping[str, Any]:
    eps = case.bn_param["eps"]
    arrays = (case.x, case.gamma, case.beta)
    if hasattr(case, "meta"):
        return {"out": impl.torch_batchnorm(*(impl.meta(a) for a in arrays), eps)}
    out, dx, dgamma, dbeta = impl.own_gradients(
        impl.torch_batchnorm, case.dout, *arrays, eps
    )
    return {"out": out, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def _module_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, shape, options in (
        ("rows", (5, 3), (0.3, 0.1)),
        ("images, momentum 0.4", (2, 3, 4, 5), (0.2, 0.4)),
        ("defaults", (6, 4), ()),
        ("far from zero", (8, 3), (1e-5, 0.25)),
    ):
        mean = 1e3 if kind == "far from zero" else 0.0
        one, two, three = (draw(rng, kind, *shape, mean=mean).x for _ in range(3))
        yield Case(kind=kind, options=options, batches=(one, two), x=three)
    single = Case(kind="float32", options=(0.1, 0.2), **_batches(rng))
    single.batches = tuple(b.astype(np.float32) for b in single.batches)
    single.x = single.x.astype(np.float32)
    yield single


def _batches(rng: np.random.Generator) -> dict[str, Any]:
    one, two, three = (draw(rng, "", 7, 3).x for _ in range(3))
    return {"batches": (one, 2 * two + 1), "x": three}


def _module(impl: Any, case: Case) -> Mapping[str, Any]:
    """Two batches to train, one to evaluate; then the statistics."""
    made = impl.TorchBatchNorm(case.x.shape[1], *case.options)
    impl.on(made, "to", case.x)
    outputs = {}
    for i, batch in enumerate(case.batches, start=1):
        outputs[f"out {i}, train mode"] = impl.on(made, "__call__", batch)
    impl.on(made, "eval")
    outputs["out, eval mode"] = impl.on(made, "__call__", case.x)
    for name in ("weight", "bias", "running_mean", "running_var"):
        outputs[name] = impl.attribute(made, name)
    return outputs


def _convention_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, n in (("two numbers a channel", 2), ("many numbers a channel", 48)):
        yield Case(
            kind=kind,
            arguments=(
                float(rng.uniform(0.6, 0.95)),
                rng.uniform(0.4, 2.5, 3),
                n,
            ),
        )


def _conventions(impl: Any, case: Case) -> Mapping[str, Any]:
    momentum, running_var = impl.torch_running_statistics(*case.arguments)
    return {"momentum": momentum, "running_var": running_var}


def _fold_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, shape in (
        ("linear", (3, 4)),
        ("convolution", (3, 2, 3, 5)),
        ("one output", (1, 4)),
    ):
        out = shape[0]
        statistics = running(rng, out)
        yield Case(
            kind=kind,
            arguments=(
                rng.normal(size=shape),
                factors(rng, out),
                factors(rng, out),
                factors(rng, out),
                statistics["running_mean"],
                statistics["running_var"],
                0.3,
            ),
        )
    single = Case(kind="float32", arguments=(*_numbers(rng), 1e-3))
    yield single


def _numbers(rng: np.random.Generator) -> list[np.ndarray]:
    found = [rng.normal(size=(4, 3)), *(factors(rng, 4) for _ in range(4))]
    return [a.astype(np.float32) for a in (*found, rng.uniform(0.4, 2.5, 4))]


def _fold(impl: Any, case: Case) -> Mapping[str, Any]:
    weight, bias = impl.torch_fold_batchnorm(*case.arguments)
    return {"weight": weight, "bias": bias}


EXERCISES = (
    Exercise(
        name="torch_batchnorm",
        notebook=NOTEBOOK,
        points=4,
        cases=_function_cases,
        scenario=_function,
        path="torch",
        forbids=CLOSED,
    ),
    Exercise(
        name="TorchBatchNorm",
        notebook=NOTEBOOK,
        points=3,
        cases=_module_cases,
        scenario=_module,
        path="torch",
        forbids=CLOSED,
    ),
    Exercise(
        name="torch_running_statistics",
        notebook=NOTEBOOK,
        points=1,
        cases=_convention_cases,
        scenario=_conventions,
        path="torch",
        forbids=CLOSED,
    ),
    Exercise(
        name="torch_fold_batchnorm",
        notebook=NOTEBOOK,
        points=2,
        cases=_fold_cases,
        scenario=_fold,
        path="torch",
        forbids=CLOSED,
    ),
)
