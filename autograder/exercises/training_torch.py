"""Training on tensors: the loss, a tiny batch, an optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "training/training_torch"
CLOSED = ("torch.nn.functional.log_softmax", "torch.nn.functional.softmax")
NARROW = (np.float16, ml_dtypes.bfloat16)


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


def in_dtype(case: Case, dtype: Any) -> Case:
    """The same case with all arrays rounded to a dtype, and labels as they are."""
    arrays = {
        name: value.astype(dtype)
        for name, value in vars(case).items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
    }
    return Case(**{**vars(case), **arrays})


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
    single = scored(rng, "float32, scores around 20", 9, 6)
    single.scores += 20
    yield in_dtype(single, np.float32)
    for dtype in NARROW:
        case = scored(rng, f"{np.dtype(dtype).name}, almost sure and right", 9, 6)
        sure = 6.0 * np.eye(6)[case.y]  # the sum of exponentials is near 1
        case.scores = sure + 0.15 * case.scores
        yield in_dtype(case, dtype)
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
            options=(float(rng.uniform(0.1, 0.3)), steps),
        )
        yield in_dtype(case, np.float32) if kind == "float32" else case


def _tiny(impl: Any, case: Case) -> Mapping[str, Any]:
    y = impl.class_indices(case.y)
    losses, W, b = impl.torch_overfit_tiny_batch(
        impl.distance_loss, case.x, y, case.W, case.b, *case.options
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
        forbids=("torch.optim",),
    ),
)
