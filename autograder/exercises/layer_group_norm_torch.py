"""Layer, group and instance norm on tensors: functions, a module, arguments.

Each row, and each channel of each image, has a mean and a spread of its own,
so statistics over other axes are other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.batchnorm import each, factors

NOTEBOOK = "layer_group_norm/layer_group_norm_torch"
CLOSED = tuple(f"torch.nn.functional.{n}_norm" for n in ("batch", "layer", "group"))
DTYPES = (np.float32, np.float16, ml_dtypes.bfloat16)
FAR = "mean 10,000, standard deviation 0.01"
SMALL = "eps 0.00001, standard deviation 0.001"
WIDE = "every other element of a buffer"
TURNED = "the first axis last in memory"
ARRAYS = ("x", "gamma", "beta", "dout")


def draw(
    rng: np.random.Generator,
    kind: str,
    *shape: int,
    mean: float = 0.0,
    std: float = 1.0,
    eps: float = 0.1,
    features: int = -1,
) -> Case:
    """An input and a gradient from above; ``features`` is gamma's axis in x."""
    size = shape[features]
    rows = (*shape[:2], *[1] * (len(shape) - 2)) if len(shape) > 2 else (shape[0], 1)
    own = rng.normal(size=rows) + rng.uniform(0.5, 2.0, rows) * rng.normal(size=shape)
    return Case(
        kind=kind,
        x=mean + std * own,
        gamma=factors(rng, size),
        beta=factors(rng, size),
        dout=rng.normal(size=shape),
        eps=eps,
    )


def images(
    rng: np.random.Generator,
    kind: str,
    *shape: int,
    G: int = 0,
    mean: float = 0.0,
    std: float = 1.0,
    eps: float = 0.1,
) -> Case:
    """Images of shape (N, C, H, W), in G groups of channels."""
    case = draw(rng, kind, *shape, mean=mean, std=std, eps=eps, features=1)
    case.G = G
    return case


def in_dtype(case: Case, dtype: Any) -> Case:
    """The same case with all arrays rounded to a dtype."""
    return each(case, lambda x: x.astype(dtype), *ARRAYS)


def turned(x: np.ndarray) -> np.ndarray:
    """The same array, its axes in memory the other way round."""
    return np.asfortranarray(x)


def on_meta(case: Case) -> Case:
    """The same case on a device without numbers."""
    case.meta = True
    return case


def _layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield draw(rng, "rows, eps 0.3", 5, 3, eps=0.3)
    yield draw(rng, "sequences, eps 0.3", 2, 4, 5, eps=0.3)
    yield draw(rng, "as many rows as columns", 4, 4, eps=0.2)
    yield draw(rng, SMALL, 3, 6, std=1e-3, eps=1e-5)
    yield draw(rng, FAR, 3, 7, mean=1e4, std=0.01, eps=1e-5)
    yield draw(rng, "one row", 1, 4, eps=0.25)
    yield draw(rng, "one column", 3, 1)
    constant = draw(rng, "a constant row", 3, 5, eps=0.2)
    constant.x[1] = 0.75
    yield constant
    yield each(draw(rng, WIDE, 3, 2, 6, eps=0.2), strided, *ARRAYS)
    yield each(draw(rng, TURNED, 2, 3, 4), turned, "x", "dout")
    for dtype in DTYPES:
        kind = f"{np.dtype(dtype).name}, mean 4"
        yield in_dtype(draw(rng, kind, 5, 9, mean=4.0, eps=0.05), dtype)
    yield on_meta(draw(rng, 'the device "meta"', 4, 3))


def _group_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield images(rng, "4 channels in 2 groups, eps 0.3", 2, 4, 3, 5, G=2, eps=0.3)
    yield images(rng, "6 channels in 2 groups", 3, 6, 1, 2, G=2, eps=0.2)
    yield images(rng, "6 channels in 3 groups", 2, 6, 3, 1, G=3)
    yield images(rng, "one group", 2, 3, 2, 4, G=1, eps=0.2)
    yield images(rng, "as many groups as channels", 2, 3, 2, 4, G=3, eps=0.2)
    yield images(rng, "N, C and W are one number", 4, 4, 1, 4, G=2, eps=0.2)
    yield images(rng, SMALL, 2, 4, 2, 3, G=2, std=1e-3, eps=1e-5)
    yield images(rng, FAR, 2, 6, 3, 1, G=2, mean=1e4, std=0.01, eps=1e-5)
    yield images(rng, "one pixel", 3, 6, 1, 1, G=2, eps=0.2)
    yield images(rng, "one channel of one pixel", 4, 1, 1, 1, G=1)
    constant = images(rng, "a constant group", 2, 6, 1, 3, G=2, eps=0.3)
    constant.x[0, 3:] = -0.75
    yield constant
    yield each(images(rng, WIDE, 2, 6, 2, 3, G=3, eps=0.2), strided, *ARRAYS)
    yield each(images(rng, TURNED, 2, 4, 3, 2, G=2), turned, "x", "dout")
    for dtype in DTYPES:
        kind = f"{np.dtype(dtype).name}, mean 4"
        case = images(rng, kind, 2, 4, 3, 3, G=2, mean=4.0, eps=0.05)
        yield in_dtype(case, dtype)
    yield on_meta(images(rng, 'the device "meta"', 2, 4, 3, 1, G=2))


def _instance_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield images(rng, "images, eps 0.3", 2, 3, 4, 5, eps=0.3)
    yield images(rng, "one image", 1, 4, 2, 3, eps=0.2)
    yield images(rng, "N, C, H and W are one number", 3, 3, 3, 3, eps=0.2)
    yield images(rng, SMALL, 2, 3, 2, 3, std=1e-3, eps=1e-5)
    yield images(rng, FAR, 3, 2, 4, 1, mean=1e4, std=0.01, eps=1e-5)
    yield images(rng, "one pixel", 3, 2, 1, 1)
    constant = images(rng, "a constant channel", 2, 3, 2, 2, eps=0.3)
    constant.x[0, 1] = -0.75
    yield constant
    yield each(images(rng, WIDE, 2, 3, 2, 4, eps=0.2), strided, *ARRAYS)
    yield each(images(rng, TURNED, 3, 2, 2, 4), turned, "x", "dout")
    for dtype in DTYPES:
        kind = f"{np.dtype(dtype).name}, mean 4"
        yield in_dtype(images(rng, kind, 2, 3, 3, 4, mean=4.0, eps=0.05), dtype)
    yield on_meta(images(rng, 'the device "meta"', 2, 3, 2, 4))


def _function(name: str) -> Callable[[Any, Case], Mapping[str, Any]]:
    """Result and gradients of a function of x, (G,) gamma, beta and eps."""

    def scenario(impl: Any, case: Case) -> Mapping[str, Any]:
        G = (case.G,) if name == "torch_groupnorm" else ()
        function = getattr(impl, name)
        if hasattr(case, "meta"):
            x, gamma, beta = (impl.meta(a) for a in (case.x, case.gamma, case.beta))
            return {"out": function(x, *G, gamma, beta, case.eps)}
        out, dx, dgamma, dbeta = impl.own_gradients(
            function, case.dout, case.x, *G, case.gamma, case.beta, case.eps
        )
        return {"out": out, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}

    return scenario


def _module_cases(rng: np.random.Generator) -> Iterator[Case]:
    for said, shape, options in (
        ("2 groups of 3 channels, eps 0.3", (2, 6, 3, 4), (2, 6, 0.3)),
        ("3 groups of 2 channels, eps 0.1", (3, 6, 1, 5), (3, 6, 0.1)),
        ("eps not given", (2, 4, 2, 3), (2, 4)),
        ("one group", (2, 3, 4, 2), (1, 3, 0.2)),
        ("as many groups as channels", (2, 3, 2, 4), (3, 3, 0.2)),
    ):
        small = 0.01 if said == "eps not given" else 1.0
        for kind in ("new", "loaded"):
            one = images(rng, f"{kind}, {said}", *shape, std=small, mean=1.0)
            one.y = images(rng, "", *shape, std=2 * small).x
            one.options, one.loaded = options, kind == "loaded"
            yield one
    single = images(rng, "loaded, float32", 2, 4, 3, 2)
    single.y, single.options, single.loaded = single.x + 1, (2, 4, 0.2), True
    yield each(single, lambda a: a.astype(np.float32), *ARRAYS, "y")


def _module(impl: Any, case: Case) -> Mapping[str, Any]:
    """One batch in train mode, another in eval mode; then the parameters."""
    made = impl.TorchGroupNorm(*case.options)
    impl.on(made, "to", case.x)
    if case.loaded:
        state = {"weight": case.gamma, "bias": case.beta}
        impl.on(made, "load_state_dict", state)
    train = impl.on(made, "__call__", case.x)
    impl.on(made, "eval")
    return {
        "out, train mode": train,
        "out, eval mode": impl.on(made, "__call__", case.y),
        "weight": impl.attribute(made, "weight"),
        "bias": impl.attribute(made, "bias"),
    }


def _argument_cases(rng: np.random.Generator) -> Iterator[Case]:
    for norm in ("layer", "instance", "group"):
        C, G = 6, int(rng.choice([2, 3]))
        gamma, beta = factors(rng, C), factors(rng, C)
        yield Case(kind=f"{norm}, (C,)", arguments=(norm, gamma, beta, G))
        gamma, beta = (factors(rng, C).reshape(1, C, 1, 1) for _ in range(2))
        yield Case(kind=f"{norm}, (1, C, 1, 1)", arguments=(norm, gamma, beta, G))
    gamma, beta = (factors(rng, 1).reshape(1, 1, 1, 1) for _ in range(2))
    yield Case(kind="one channel", arguments=("instance", gamma, beta, 1))


def _arguments(impl: Any, case: Case) -> Mapping[str, Any]:
    num_groups, weight, bias = impl.torch_groupnorm_arguments(*case.arguments)
    return {"num_groups": num_groups, "weight": weight, "bias": bias}


def _exercise(
    name: str,
    points: int,
    cases: Callable[[np.random.Generator], Iterator[Case]],
    scenario: Callable[[Any, Case], Mapping[str, Any]],
) -> Exercise:
    return Exercise(
        name, NOTEBOOK, points, cases, scenario, path="torch", forbids=CLOSED
    )


EXERCISES = (
    _exercise("torch_layernorm", 4, _layer_cases, _function("torch_layernorm")),
    _exercise("torch_groupnorm", 4, _group_cases, _function("torch_groupnorm")),
    _exercise(
        "torch_instancenorm", 2, _instance_cases, _function("torch_instancenorm")
    ),
    _exercise("TorchGroupNorm", 3, _module_cases, _module),
    _exercise("torch_groupnorm_arguments", 1, _argument_cases, _arguments),
)
