"""Training on tensors: loss, tiny batch, optimizer, and what to measure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "training/training_torch"
CLOSED = ("torch.nn.functional.log_softmax", "torch.nn.functional.softmax")
NARROW = (np.float32, np.float16, ml_dtypes.bfloat16)


def labels(rng: np.random.Generator, n: int, classes: int) -> np.ndarray:
    """Class indices, of which the last class is one."""
    found = rng.integers(0, classes, n)
    found[-1] = classes - 1
    return found


def scored(rng: np.random.Generator, kind: str, n: int, classes: int) -> Case:
    """Scores, labels, and the gradient from above of the loss."""
    return Case(
        kind=kind,
        scores=2 * rng.normal(size=(n, classes)),
        y=labels(rng, n, classes),
        dout=np.array(rng.uniform(0.5, 2.0)),
    )


def _loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield scored(rng, "five rows, four classes", 5, 4)
    yield scored(rng, "one row", 1, 3)
    yield scored(rng, "one class", 4, 1)
    far = scored(rng, "scores of 1000 and -1000", 4, 3)
    far.scores[0] = [1000.0, -1000.0, 0.0]
    far.scores[1] -= 1000.0
    far.scores[2] = [-1000.0, 1000.0, 1000.0]
    far.y[:3] = rng.permutation(3)
    yield far
    wide = scored(rng, "every other element of a buffer", 6, 5)
    wide.scores = strided(wide.scores)
    yield wide
    for dtype in NARROW:
        case = scored(rng, f"{np.dtype(dtype).name}, almost sure and right", 9, 6)
        sure = 20 + 6.0 * np.eye(6)[case.y]  # the sum of exponentials is near 1
        case.scores = (sure + 0.15 * case.scores).astype(dtype)
        case.dout = case.dout.astype(dtype)
        yield case
    elsewhere = scored(rng, 'the device "meta"', 4, 3)
    elsewhere.meta = True
    yield elsewhere


def _loss(impl: Any, case: Case) -> Mapping[str, Any]:
    if hasattr(case, "meta"):
        y = impl.class_indices(impl.meta(case.y.astype(float)))
        return {"loss": impl.torch_softmax_loss(impl.meta(case.scores), y)}
    y = impl.class_indices(case.y)
    loss, dscores = impl.gradients(impl.torch_softmax_loss, case.dout, case.scores, y)
    return {"loss": loss, "dscores": dscores}


def _tiny_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, n, d, classes, steps in (
        ("one step", 4, 3, 5, 1),
        ("eight steps", 5, 6, 3, 8),
        ("one example", 1, 4, 3, 4),
        ("as many features as classes", 6, 4, 4, 5),
        ("float32", 5, 4, 3, 6),
    ):
        case = Case(
            kind=kind,
            x=rng.normal(size=(n, d)),
            y=labels(rng, n, classes),
            W=0.5 * rng.normal(size=(classes, d)),
            b=0.5 * rng.normal(size=classes),
            options=(float(rng.uniform(0.2, 0.6)), steps),
        )
        if kind == "float32":
            for name in ("x", "W", "b"):
                setattr(case, name, getattr(case, name).astype(np.float32))
        yield case


def _tiny(impl: Any, case: Case) -> Mapping[str, Any]:
    y = impl.class_indices(case.y)
    losses, W, b = impl.torch_overfit_tiny_batch(
        case.x, y, case.W, case.b, *case.options
    )
    kept = impl.in_a_graph(losses)
    return {"losses": losses, "W": W, "b": b, "losses in a graph": kept}


def _step_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Options are momentum, weight decay, decoupled."""
    for kind, options in (
        ("nothing but a learning rate", ()),
        ("momentum 0.8", (0.8,)),
        ("weight decay 0.3", (0.0, 0.3)),
        ("momentum 0.8 and weight decay 0.3", (0.8, 0.3)),
        ("momentum 0.8 and decoupled decay 0.3", (0.8, 0.3, True)),
        ("float32", (0.7, 0.2)),
    ):
        dtype = np.float32 if kind == "float32" else np.float64
        yield Case(
            kind=kind,
            W=rng.normal(1, 1, (3, 2)).astype(dtype),
            b=rng.normal(1, 1, 3).astype(dtype),
            unused=rng.normal(1, 1, 2).astype(dtype),
            targets=[rng.normal(size=(3, 2)).astype(dtype) for _ in range(4)],
            target=rng.normal(size=3).astype(dtype),
            rates=(float(rng.uniform(0.2, 0.4)), float(rng.uniform(0.05, 0.1))),
            options=options,
        )


def _step(impl: Any, case: Case) -> Mapping[str, Any]:
    """A step; a step on two batches; a step at a lower learning rate."""
    W, b = impl.leaf(case.W), impl.leaf(case.b)
    unused = impl.leaf(case.unused)
    optimizer = impl.TorchSGD([W, unused, b], case.rates[0], *case.options)
    one, two, three, four = case.targets
    impl.pull(W, one)
    impl.pull(b, case.target)
    impl.on(optimizer, "step")
    outputs = {"W, step 1": impl.on(W, "clone")}
    outputs["gradient of W after step 1"] = impl.gradient_of(W)
    impl.on(optimizer, "zero_grad")
    outputs["gradient of W after zero_grad"] = impl.gradient_of(W)
    impl.pull(W, two)
    impl.pull(W, three)
    impl.on(optimizer, "step")
    outputs["W, step 2, two batches"] = impl.on(W, "clone")
    impl.on(optimizer, "zero_grad")
    impl.on(optimizer, "__setattr__", "learning_rate", case.rates[1])
    impl.pull(W, four)
    impl.pull(b, case.target)
    impl.on(optimizer, "step")
    outputs["W, step 3, another learning rate"] = W
    return {**outputs, "b, no gradient in step 2": b, "unused parameter": unused}


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
            biases=[0.5 * rng.normal(size=o).astype(dtype) for _, o in pairs],
            x=rng.normal(size=(n, sizes[0])).astype(dtype),
            y=labels(rng, n, sizes[-1]),
        )


def _norms(impl: Any, case: Case) -> Mapping[str, Any]:
    y = impl.class_indices(case.y)
    weights = [impl.leaf(W) for W in case.weights]
    impl.pull(weights[0], case.weights[0] + 1)
    norms = impl.torch_gradient_norms(weights, case.biases, case.x, y)
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
    return drawn / np.linalg.norm(drawn) * rng.uniform(1, 2)


def _clip(impl: Any, case: Case) -> Mapping[str, Any]:
    """Tensors come from a function, so that their dtype is that of the case."""
    gradients = [impl.on(impl.leaf(g), "detach") for g in case.gradients]
    norm, clipped = impl.torch_clip_gradients(gradients, case.max_norm)
    parts = {f"clipped[{i}]": impl.on(clipped, "__getitem__", i) for i in range(3)}
    return {"norm": norm, **parts, "gradients[0] afterwards": gradients[0]}


EXERCISES = (
    Exercise(
        name="torch_softmax_loss",
        notebook=NOTEBOOK,
        points=3,
        cases=_loss_cases,
        scenario=_loss,
        path="torch",
        forbids=CLOSED,
    ),
    Exercise(
        name="torch_overfit_tiny_batch",
        notebook=NOTEBOOK,
        points=3,
        cases=_tiny_cases,
        scenario=_tiny,
        path="torch",
    ),
    Exercise(
        name="TorchSGD",
        notebook=NOTEBOOK,
        points=4,
        cases=_step_cases,
        scenario=_step,
        path="torch",
    ),
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
    ),
)
