"""PReLU and Maxout on tensors, and what a backward keeps.

The pieces of a Maxout that tie are exactly zero: so a tie survives that the
recorder moves every number by a unit in the last place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.activations_torch import (
    CLOSED,
    NOTEBOOK,
    SIXTEEN_BITS,
    Change,
    Rng,
    one_row_repeated,
)

ARRAYS = ("x", "weight", "W", "b", "dout")


def slopes(rng: Rng, count: int) -> np.ndarray:
    """Slopes above 1, below 0 and between, in any order; none is 0 or 1."""
    ranges = ((1.3, 2.0), (-0.9, -0.3), (0.1, 0.6))
    found = [rng.uniform(*ranges[c % 3]) for c in range(count)]
    return rng.permutation(found)


def each(case: Case, change: Change) -> Case:
    """The same case with all its arrays changed."""
    for name in ARRAYS:
        if hasattr(case, name):
            setattr(case, name, change(getattr(case, name)))
    return case


def in_dtype(case: Case, dtype: Any) -> Case:
    """The same case with all arrays rounded to a dtype."""
    return each(case, lambda x: x.astype(dtype))


def _prelu(rng: Rng, kind: str, *shape: int, count: int = 0) -> Case:
    """``count``: number of slopes; 0 for one a channel."""
    return Case(
        kind=kind,
        x=2 * rng.normal(size=shape),
        weight=slopes(rng, count or shape[1]),
        dout=rng.normal(size=shape),
    )


def _shares(rng: Rng, kind: str) -> Case:
    """Shares of the slopes' gradients around 3 and -3, whose sum is small."""
    case = _prelu(rng, kind, 8, 3)
    case.x = rng.uniform(3, 4, (8, 3))
    case.x[:6] *= -1
    case.dout = rng.uniform(0.9, 1.1, (8, 3))
    case.dout[::2] *= -1
    return case


def _prelu_cases(rng: Rng) -> Iterator[Case]:
    yield _prelu(rng, "(N, C)", 4, 3)
    yield _prelu(rng, "(N, C, H, W), all different", 2, 3, 4, 5)
    yield _prelu(rng, "as many columns as channels", 2, 3, 1, 3)
    yield _prelu(rng, "as many examples as channels", 3, 3)
    yield _prelu(rng, "one slope for all, (N, C)", 4, 3, count=1)
    yield _prelu(rng, "one slope for all, (N, C, H, W)", 2, 3, 4, 2, count=1)
    yield _prelu(rng, "one channel", 4, 1, 3, 2)
    yield _prelu(rng, "one element", 1, 1)
    zero = _prelu(rng, "zeros of both signs", 4, 3)
    zero.x[1:3] = rng.permuted([[0.0, -0.0, 0.0], [-0.0, 0.0, -0.0]], axis=1)
    yield zero
    large = _prelu(rng, "thousands", 4, 3)
    large.x *= 1e3
    yield large
    infinite = _prelu(rng, "an infinite input in each channel", 3, 3)
    infinite.x[0] = np.inf
    yield infinite
    yield each(_prelu(rng, "every other element of a buffer", 3, 4), strided)
    repeated = _prelu(rng, "one row repeated (expand)", 4, 3)
    repeated.x, repeated.dout = map(one_row_repeated, (repeated.x, repeated.dout))
    yield repeated
    yield in_dtype(_prelu(rng, "float32", 3, 2, 4, 2), np.float32)
    for dtype in SIXTEEN_BITS:
        kind = f"{np.dtype(dtype).name}, shares that nearly cancel"
        yield in_dtype(_shares(rng, kind), dtype)
    elsewhere = _prelu(rng, 'the device "meta"', 4, 3)
    elsewhere.meta = True
    yield elsewhere


def _prelu_function(impl: Any, case: Case) -> Mapping[str, Any]:
    arrays = (case.x, case.weight, case.dout)
    if hasattr(case, "meta"):
        arrays = tuple(impl.meta(a) for a in arrays)
    x, weight, dout = arrays
    out, dx, dweight = impl.own_gradients(impl.torch_prelu, dout, x, weight)
    return {"out": out, "dx": dx, "dweight": dweight}


def _module_cases(rng: Rng) -> Iterator[Case]:
    """``options`` are the module's arguments; ``load``: slopes to load into it."""
    for kind, shape, options in (
        ("defaults, several channels", (4, 3), ()),
        ("one slope a channel, as it was made", (2, 3, 4, 2), (3,)),
        ("init 0.6", (5, 4), (4, 0.6)),
    ):
        case = _prelu(rng, kind, *shape)
        yield Case(**{**vars(case), "options": options, "load": False})
    for kind, shape, count in (
        ("slopes loaded, rows", (5, 3), 3),
        ("slopes loaded, images", (2, 4, 3, 2), 4),
        ("one slope loaded, images", (2, 3, 1, 3), 1),
        ("slopes loaded, float32", (4, 3), 3),
    ):
        case = _prelu(rng, kind, *shape, count=count)
        case.options, case.load = (count,), True
        yield in_dtype(case, np.float32) if "float32" in kind else case


def _module(impl: Any, case: Case) -> Mapping[str, Any]:
    made = impl.TorchPReLU(*case.options)
    impl.on(made, "to", case.x)
    if case.load:
        impl.on(made, "load_state_dict", {"weight": case.weight})
    out, dx, dweight = impl.module_gradients(made, case.x, case.dout)
    outputs = {"out": out, "dx": dx, "dweight": dweight}
    if not case.load:
        outputs["learned numbers"] = impl.learned_numbers(made)
    outputs["weight"] = impl.attribute(made, "weight")
    return outputs


def _maxout(rng: Rng, kind: str, N: int, D: int, K: int, H: int) -> Case:
    return Case(
        kind=kind,
        x=rng.normal(size=(N, D)),
        W=rng.normal(size=(K, H, D)),
        b=rng.normal(size=(K, H)),
        dout=rng.normal(size=(N, H)),
    )


def _tied(rng: Rng, kind: str, pieces: slice, others: float) -> Case:
    """In one unit ``pieces`` are zero for every example, the rest ``others``."""
    case = _maxout(rng, kind, 4, 2, 3, 3)
    unit = int(rng.integers(3))
    case.W[:, unit] = 0.0
    case.b[:, unit] = others
    case.b[pieces, unit] = 0.0
    return case


def _cancelling(rng: Rng, kind: str, dtype: Any) -> Case:
    """Products around 30, and biases that take them away."""
    case = _maxout(rng, kind, 4, 3, 2, 3)
    case.x = 8 + case.x
    case.b = case.b - 8 * case.W.sum(axis=2)
    return in_dtype(case, dtype)


def _maxout_cases(rng: Rng) -> Iterator[Case]:
    yield _maxout(rng, "three pieces", 5, 4, 3, 2)
    yield _maxout(rng, "one piece", 3, 2, 1, 4)
    yield _maxout(rng, "one example, one unit", 1, 3, 4, 1)
    yield _maxout(rng, "all sizes equal", 3, 3, 3, 3)
    yield _tied(rng, "all pieces of a unit are equal", slice(0, 3), 0.0)
    yield _tied(rng, "the last two pieces of a unit are equal", slice(1, 3), -1.0)
    lost = _maxout(rng, "a piece that never wins", 4, 2, 3, 2)
    lost.b[1] -= 100
    yield lost
    yield each(_maxout(rng, "every other element of a buffer", 3, 4, 2, 2), strided)
    yield in_dtype(_maxout(rng, "float32", 4, 2, 3, 2), np.float32)
    for dtype in SIXTEEN_BITS:
        kind = f"{np.dtype(dtype).name}, products that the bias takes away"
        yield _cancelling(rng, kind, dtype)
    elsewhere = _maxout(rng, 'the device "meta"', 4, 3, 2, 2)
    elsewhere.meta = True
    yield elsewhere


def _maxout_function(impl: Any, case: Case) -> Mapping[str, Any]:
    arrays = (case.x, case.W, case.b, case.dout)
    if hasattr(case, "meta"):
        arrays = tuple(impl.meta(a) for a in arrays)
    x, W, b, dout = arrays
    out, dx, dW, db = impl.own_gradients(impl.torch_maxout, dout, x, W, b)
    return {"out": out, "dx": dx, "dW": dW, "db": db}


KEEPERS = {
    "its input": "keeps_input",
    "its output": "keeps_output",
    "a mask": "keeps_mask",
    "one tensor twice": "keeps_one_tensor_twice",
    "two tensors": "keeps_two_tensors",
    "nothing": "keeps_nothing",
}


def _bytes_cases(rng: Rng) -> Iterator[Case]:
    for kind, name in KEEPERS.items():
        shape = tuple(int(n) for n in rng.integers(2, 6, 2))
        yield Case(
            kind=f"a function that keeps {kind}",
            function=name,
            x=rng.normal(size=shape),
        )


def _bytes(impl: Any, case: Case) -> Mapping[str, Any]:
    function = getattr(impl, case.function)
    return {"bytes": impl.torch_saved_bytes(function, case.x)}


EXERCISES = tuple(
    Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=points,
        cases=cases,
        scenario=scenario,
        path="torch",
        forbids=CLOSED,
    )
    for name, points, cases, scenario in (
        ("torch_prelu", 3, _prelu_cases, _prelu_function),
        ("TorchPReLU", 2, _module_cases, _module),
        ("torch_maxout", 3, _maxout_cases, _maxout_function),
        ("torch_saved_bytes", 2, _bytes_cases, _bytes),
    )
)
