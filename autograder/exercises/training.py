"""The loss, and what is measured before and during a training.

Scores of 1000 overflow a plain exponential. Weights, activations and gradients
have means that are not zero and differ from layer to layer, so that a norm, a
standard deviation and a mean of absolute values are told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "training/training"


def single_precision(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32)


def each(case: Case, change: Callable[[np.ndarray], np.ndarray], *names: str) -> Case:
    """The same case with ``change`` made to the arrays, or lists of them, ``names``."""
    for name in names:
        old = getattr(case, name)
        new = [change(x) for x in old] if isinstance(old, list) else change(old)
        setattr(case, name, new)
    return case


# --- the loss ---------------------------------------------------------------


def _scores(
    rng: np.random.Generator, kind: str, n: int, classes: int, size: float = 1.0
) -> Case:
    return Case(
        kind=kind,
        scores=size * rng.normal(size=(n, classes)),
        y=rng.integers(0, classes, n),
    )


def _far_apart(rng: np.random.Generator) -> Case:
    """Rows around 1000 and around -1000 in one batch, and one that spans both."""
    case = _scores(rng, "scores of 1000 and of -1000", 5, 4)
    case.scores[:2] += 1000
    case.scores[2:4] -= 1000
    case.scores[4] += rng.permutation([1000.0, 0.0, -1000.0, 500.0])
    case.y[4] = case.scores[4].argmin()
    return case


def _one_class_for_all(rng: np.random.Generator) -> Case:
    case = _scores(rng, "all examples of one class", 4, 3, size=2.0)
    case.y[:] = rng.integers(0, 3)
    return case


def softmax_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _scores(rng, "seven examples, four classes", 7, 4, size=2.0)
    yield _scores(rng, "more classes than examples", 3, 8, size=2.0)
    yield _scores(rng, "as many examples as classes", 5, 5, size=2.0)
    yield _far_apart(rng)
    yield _one_class_for_all(rng)
    yield _scores(rng, "one example", 1, 5)
    yield _scores(rng, "two classes", 6, 2)
    yield _scores(rng, "one class", 4, 1)
    equal = _scores(rng, "equal scores in a row", 3, 4)
    equal.scores[:] = equal.scores[:, :1]
    yield equal
    wide = _scores(rng, "every other column of a wider array", 4, 3)
    yield each(wide, strided, "scores")
    turned = _scores(rng, "Fortran order", 4, 6)
    yield each(turned, np.asfortranarray, "scores")
    repeated = _scores(rng, "one row repeated (broadcast)", 4, 3)
    repeated.scores = np.broadcast_to(repeated.scores[:1], (4, 3))
    yield repeated
    yield each(_scores(rng, "float32", 5, 4), single_precision, "scores")


def softmax_loss(impl: Any, case: Case) -> Mapping[str, Any]:
    loss, dscores = impl.softmax_loss(case.scores, case.y)
    return {"loss": loss, "dscores": dscores}


def _layers(
    rng: np.random.Generator, kind: str, *shapes: tuple[int, ...], **more: Any
) -> Case:
    """Weights of different sizes, with means that are not zero."""
    sizes = rng.uniform(0.3, 2.0, len(shapes))
    weights = [
        s * (rng.normal(size=h) + 0.4) for s, h in zip(sizes, shapes, strict=True)
    ]
    return Case(kind=kind, weights=weights, **more)


def initial_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(kind: str, C: int, *shapes: tuple[int, ...], reg: float) -> Case:
        return _layers(rng, kind, *shapes, C=C, reg=reg * rng.uniform(0.8, 1.2))

    yield drawn("two layers", 10, (4, 6), (6, 10), reg=0.1)
    yield drawn("no regularization", 7, (3, 5), (5, 7), reg=0.0)
    yield drawn("a strength above 1", 5, (4, 5), reg=3.0)
    yield drawn("filters of a convolution", 3, (4, 3, 2, 2), (8, 3), reg=0.02)
    yield drawn("a bias among the weights", 4, (3, 4), (4,), reg=0.5)
    yield drawn("two classes", 2, (3, 2), reg=0.3)
    yield drawn("one class", 1, (3, 1), reg=0.3)
    yield drawn("a thousand classes", 1000, (2, 5), (5, 6), reg=0.01)
    wide = drawn("every other column of a wider array", 6, (3, 4), reg=0.2)
    yield each(wide, strided, "weights")


def initial_loss(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"loss": impl.initial_loss(case.C, case.reg, case.weights)}


def _tiny_batch(
    rng: np.random.Generator,
    kind: str,
    n: int,
    features: int,
    classes: int,
    *,
    rate: float = 0.5,
    steps: int = 6,
) -> Case:
    return Case(
        kind=kind,
        x=rng.normal(size=(n, features)) + 0.5,
        y=rng.integers(0, classes, n),
        W=rng.normal(size=(features, classes)),
        b=rng.normal(size=classes),
        rate=rate * rng.uniform(0.8, 1.2),
        steps=steps,
    )


def overfit_tiny_batch_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _tiny_batch(rng, "six steps", 5, 4, 3)
    yield _tiny_batch(rng, "one step", 4, 3, 5, steps=1)
    yield _tiny_batch(rng, "two steps", 3, 6, 4, steps=2)
    yield _tiny_batch(rng, "as many examples, features and classes", 4, 4, 4, steps=5)
    yield _tiny_batch(rng, "forty steps", 6, 5, 3, steps=40)
    yield _tiny_batch(rng, "a small learning rate", 5, 3, 4, rate=0.01)
    yield _tiny_batch(rng, "one example", 1, 4, 3, steps=4)
    yield _tiny_batch(rng, "one feature", 5, 1, 3, steps=4)
    zero = _tiny_batch(rng, "weights and bias that begin at zero", 5, 3, 4)
    yield each(zero, np.zeros_like, "W", "b")
    far = _tiny_batch(rng, "scores of 1000", 4, 3, 3, steps=3)
    far.b = rng.permutation([1000.0, -1000.0, 0.0])
    yield far
    wide = _tiny_batch(rng, "every other column of a wider array", 4, 3, 4)
    yield each(wide, strided, "x", "W", "b")
    single = _tiny_batch(rng, "float32", 5, 4, 3)
    yield each(single, single_precision, "x", "W", "b")


def overfit_tiny_batch(impl: Any, case: Case) -> Mapping[str, Any]:
    losses, W, b = impl.overfit_tiny_batch(
        case.x, case.y, case.W, case.b, case.rate, case.steps
    )
    return {"losses": losses, "W": W, "b": b}


# --- diagnostics ------------------------------------------------------------


def update_ratio_cases(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(kind: str, *shapes: tuple[int, ...], size: float = 1e-2) -> Case:
        case = _layers(rng, kind, *shapes)
        spread = rng.uniform(0.5, 2.0, len(shapes))
        case.updates = [
            size * s * (rng.normal(size=h) - 0.3)
            for s, h in zip(spread, shapes, strict=True)
        ]
        return case

    yield drawn("three layers", (4, 6), (6, 5), (5, 3))
    yield drawn("one layer", (3, 4))
    yield drawn("square layers", (3, 3), (3, 3))
    yield drawn("updates as large as the weights", (4, 3), (3, 5), size=1.0)
    yield drawn("updates a million times smaller", (4, 3), (3, 2), size=1e-6)
    yield drawn("filters of a convolution, and biases", (4, 3, 2, 2), (4,), (6, 2))
    zero = drawn("a layer of zeros", (3, 4), (4,), (4, 2))
    zero.weights[1][:] = 0.0
    yield zero
    still = drawn("an update of zeros", (3, 4), (4, 2))
    still.updates[0][:] = 0.0
    yield still
    yield drawn("one weight in each layer", (1, 1), (1,))
    wide = drawn("every other column of a wider array", (3, 4), (4, 3))
    yield each(wide, strided, "weights", "updates")


def update_ratio(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"ratios": impl.update_ratio(case.weights, case.updates)}


def layer_report_cases(rng: np.random.Generator) -> Iterator[Case]:
    def drawn(
        kind: str, n: int, *widths: int, gain: float = 1.5, shift: float = 0.3
    ) -> Case:
        activations = [
            np.tanh(gain * rng.uniform(0.6, 1.5) * rng.normal(size=(n, d)) + shift)
            for d in widths
        ]
        gradients = [
            10.0 ** rng.uniform(-2, 0) * (rng.normal(size=(n, d)) + 0.5) for d in widths
        ]
        return Case(kind=kind, activations=activations, gradients=gradients)

    yield drawn("three layers", 6, 5, 8, 4)
    yield drawn("most units saturated", 5, 6, 4, 7, gain=8.0)
    yield drawn("saturated on the lower side", 6, 4, 5, gain=2.0, shift=-2.5)
    yield drawn("no unit saturated", 4, 5, 3, gain=0.2)
    yield drawn("layers of one width", 5, 5, 5, 5, gain=3.0)
    yield drawn("one layer", 6, 7, gain=3.0)
    yield drawn("one example", 1, 8, 5, gain=3.0)
    yield drawn("one unit a layer", 9, 1, 1, gain=3.0)
    close = drawn("activations close to 0.99", 4, 6, 5, gain=0.5)
    for h in close.activations:
        h.flat[::2] = rng.choice([-1.0, 1.0], h.flat[::2].size) * rng.choice(
            [0.97, 0.985, 0.992, 0.997], h.flat[::2].size
        )
    yield close
    wide = drawn("every other column of a wider array", 4, 5, 3, gain=3.0)
    yield each(wide, strided, "activations", "gradients")


def layer_report(impl: Any, case: Case) -> Mapping[str, Any]:
    mean, std, saturated, ratio = impl.layer_report(case.activations, case.gradients)
    return {"mean": mean, "std": std, "saturated": saturated, "gradient_ratio": ratio}


EXERCISES = (
    Exercise(
        name="softmax_loss",
        notebook=NOTEBOOK,
        points=3,
        cases=softmax_loss_cases,
        scenario=softmax_loss,
    ),
    Exercise(
        name="initial_loss",
        notebook=NOTEBOOK,
        points=1,
        cases=initial_loss_cases,
        scenario=initial_loss,
    ),
    Exercise(
        name="overfit_tiny_batch",
        notebook=NOTEBOOK,
        points=3,
        cases=overfit_tiny_batch_cases,
        scenario=overfit_tiny_batch,
        builds_on=("softmax_loss",),
    ),
    Exercise(
        name="update_ratio",
        notebook=NOTEBOOK,
        points=1,
        cases=update_ratio_cases,
        scenario=update_ratio,
    ),
    Exercise(
        name="layer_report",
        notebook=NOTEBOOK,
        points=2,
        cases=layer_report_cases,
        scenario=layer_report,
    ),
)
