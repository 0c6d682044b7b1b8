"""Training on tensors: what to measure, and what to do when it is too large."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise
from autograder.exercises.training_torch import NOTEBOOK, labels


def _ratio_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, shapes in (
        ("two matrices and a vector", [(3, 4), (4,), (2, 3)]),
        ("a filter", [(2, 3, 3, 3)]),
        ("a vector of zeros", [(3, 2), (3,)]),
        ("means that are not zero", [(5, 3), (3, 4)]),
        ("float32", [(4, 3), (3,)]),
    ):
        mean = 3.0 if kind == "means that are not zero" else 0.0
        dtype = np.float32 if kind == "float32" else np.float64
        before = [rng.normal(mean, 1, s) for s in shapes]
        if kind == "a vector of zeros":
            before[1] *= 0
        after = [p + 0.01 * rng.normal(mean, 1, p.shape) for p in before]
        yield Case(
            kind=kind,
            before=[p.astype(dtype) for p in before],
            after=[p.astype(dtype) for p in after],
        )


def _ratios(impl: Any, case: Case) -> Mapping[str, Any]:
    before = [impl.leaf(p) for p in case.before]
    after = [impl.leaf(p) for p in case.after]
    ratios = impl.torch_update_ratios(before, after)
    kept = impl.in_a_graph(ratios)
    return {
        "ratios": ratios,
        "ratios in a graph": kept,
        "before[0] afterwards": before[0],
        "after[0] afterwards": after[0],
    }


def _norm_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, sizes, gain in (
        ("three layers", (4, 5, 3, 6), 1.0),
        ("square weights", (4, 4, 4, 4), 1.0),
        ("one layer", (5, 3), 1.0),
        ("saturated layers", (4, 6, 5, 3), 5.0),
        ("float32", (5, 4, 3), 1.0),
    ):
        dtype = np.float32 if kind == "float32" else np.float64
        n = 5
        pairs = list(itertools.pairwise(sizes))
        yield Case(
            kind=kind,
            weights=[
                (gain * rng.normal(size=(o, i)) / i**0.5).astype(dtype)
                for i, o in pairs
            ],
            biases=[(0.5 * rng.normal(size=o)).astype(dtype) for _, o in pairs],
            x=rng.normal(size=(n, sizes[0])).astype(dtype),
            y=labels(rng, n, sizes[-1]),
        )


def _norms(impl: Any, case: Case) -> Mapping[str, Any]:
    y = impl.class_indices(case.y)
    weights = [impl.leaf(W) for W in case.weights]
    impl.pull(weights[0], case.weights[0] + 1)
    norms = impl.torch_gradient_norms(
        impl.distance_loss, weights, case.biases, case.x, y
    )
    return {
        "norms": norms,
        "gradient of the first weight afterwards": impl.gradient_of(weights[0]),
        "norms in a graph": impl.in_a_graph(norms),
    }


def _clip_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, size, max_norm in (
        ("far too long", 10.0, 1.0),
        ("short enough", 0.1, 5.0),
        ("each of them short enough, together too long", 0.4, 1.3),
        ("tiny gradients", 1e-5, 1e-5),
        ("zeros", 0.0, 1.0),
        ("float32", 4.0, 2.0),
    ):
        dtype = np.float32 if kind == "float32" else np.float64
        yield Case(
            kind=kind,
            gradients=[
                (size * _of_length(rng, shape)).astype(dtype)
                for shape in ((2, 3), (3,), *[(2, 2, 2)] * 8)
            ],
            max_norm=max_norm * float(rng.uniform(0.8, 0.9)),
        )


def _of_length(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random numbers with a norm between 1 and 2."""
    drawn = rng.normal(size=shape)
    return np.asarray(drawn / np.linalg.norm(drawn) * rng.uniform(1, 2))


def _clip(impl: Any, case: Case) -> Mapping[str, Any]:
    """Tensors come from a function, so that their dtype is that of the case."""
    gradients = [impl.on(impl.leaf(g), "detach") for g in case.gradients]
    norm, clipped = impl.torch_clip_gradients(gradients, case.max_norm)
    parts = {f"clipped[{i}]": impl.on(clipped, "__getitem__", i) for i in range(3)}
    return {"norm": norm, **parts, "gradients[0] afterwards": gradients[0]}


EXERCISES = (
    Exercise(
        name="torch_update_ratios",
        notebook=NOTEBOOK,
        points=2,
        cases=_ratio_cases,
        scenario=_ratios,
        path="torch",
    ),
    Exercise(
        name="torch_gradient_norms",
        notebook=NOTEBOOK,
        points=3,
        cases=_norm_cases,
        scenario=_norms,
        path="torch",
    ),
    Exercise(
        name="torch_clip_gradients",
        notebook=NOTEBOOK,
        points=2,
        cases=_clip_cases,
        scenario=_clip,
        path="torch",
        forbids=("torch.nn.utils.clip_grad",),
    ),
)
