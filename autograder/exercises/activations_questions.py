"""The lecture's questions about saturation, signs and dead units, as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.activations import NOTEBOOK, Rng, single_precision


def saturation_point_cases(rng: Rng) -> Iterator[Case]:
    def between(kind: str, low: float, high: float) -> Case:
        return Case(kind=kind, share=float(rng.uniform(low, high)))

    yield between("about a fifth", 0.18, 0.22)
    yield between("about a tenth", 0.08, 0.12)
    yield between("near a quarter", 0.24, 0.249)
    yield between("about a hundredth", 0.008, 0.02)
    yield between("a millionth or two", 1e-6, 3e-6)


def saturation_point(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"point": impl.saturation_point(case.share)}


def saturated_share_cases(rng: Rng) -> Iterator[Case]:
    def case(kind: str, scale: float, *shape: int) -> Case:
        x = scale * rng.normal(size=shape)
        return Case(kind=kind, x=x, share=float(rng.uniform(0.05, 0.15)))

    yield case("weights of an ordinary scale", 2.0, 5, 7)
    yield case("weights that are too large", 10.0, 6, 5)
    yield case("four axes", 3.0, 2, 3, 1, 5)
    yield case("one unit, thousands", 1e4, 1)
    small = case("a share of one in ten thousand", 6.0, 5, 6)
    small.share = float(rng.uniform(0.5e-4, 2e-4))
    yield small
    most = case("a share that most units are below", 1.0, 4, 5)
    most.share = float(rng.uniform(0.22, 0.245))
    yield most
    edge = case("slopes that equal the share", 2.0, 4, 3)
    edge.share = 0.25
    edge.x[1:3] = rng.permuted([[0.0, 0.0, 1.0], [3.0, -0.0, 0.0]], axis=1)
    yield edge
    large = case("thousands on both sides", 1.0, 4, 4)
    large.x[0], large.x[1] = rng.uniform(1e3, 5e3, (2, 4)) * [[1], [-1]]
    yield large
    wide = case("every other column of a wider array", 3.0, 4, 5)
    wide.x = strided(wide.x)
    yield wide
    single = case("float32", 3.0, 5, 5)
    single.x = single_precision(single.x)
    yield single


def saturated_share(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"saturated": impl.saturated_share(case.x, case.share)}


def slopes_cases(rng: Rng) -> Iterator[Case]:
    yield Case(kind="one layer", depth=1)
    yield Case(kind="no layer", depth=0)
    yield Case(kind="a few layers", depth=int(rng.integers(2, 7)))
    yield Case(kind="tens of layers", depth=int(rng.integers(10, 40)))
    yield Case(kind="a hundred layers or more", depth=int(rng.integers(100, 160)))


def product_of_sigmoid_slopes(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"factor": impl.product_of_sigmoid_slopes(case.depth)}


def gradient_signs_cases(rng: Rng) -> Iterator[Case]:
    def case(kind: str, N: int, D: int, low: float = 0.1, high: float = 2.0) -> Case:
        x = rng.uniform(low, high, size=(N, D))
        dout = rng.uniform(0.3, 2.0, N) * rng.permutation(np.resize([1, -1], N))
        return Case(kind=kind, dout=dout, x=x)

    yield case("all inputs positive", 4, 5)
    yield case("all inputs positive, one example", 1, 4)
    yield case("inputs of both signs", 5, 4, -2.0, 2.0)
    yield case("inputs of both signs, one example", 1, 7, -2.0, 2.0)
    yield case("all inputs negative", 3, 4, -2.0, -0.1)
    yield case("many examples", 12, 5)
    yield case("as many examples as inputs", 4, 4, -1.0, 2.0)
    yield case("one input", 5, 1, -2.0, 2.0)
    same = case("every dout positive", 4, 3)
    same.dout = np.abs(same.dout)
    yield same
    for most, signs in (
        ("negative", [0, 1, -1, -1, -1]),
        ("positive", [0, -1, 1, 1, 1]),
    ):
        blank = case(f"an input that is zero everywhere, most others {most}", 4, 5)
        blank.x *= rng.permutation(signs)
        blank.dout = np.abs(blank.dout)
        yield blank
    silent = case("an example with dout zero", 4, 3)
    silent.dout[int(rng.integers(4))] = 0.0
    yield silent
    loud = case("one example outweighs the rest", 6, 4, -1.0, 2.0)
    loud.dout[int(rng.integers(6))] *= 1e4
    yield loud
    wide = case("every other column of a wider array", 3, 4, -2.0, 2.0)
    wide.dout, wide.x = strided(wide.dout), strided(wide.x)
    yield wide
    single = case("float32", 5, 3, -1.0, 2.0)
    single.dout, single.x = single_precision(single.dout), single_precision(single.x)
    yield single


def gradient_signs(impl: Any, case: Case) -> Mapping[str, Any]:
    signs, batch_signs, rarer = impl.gradient_signs(case.dout, case.x)
    return {"signs": signs, "batch_signs": batch_signs, "rarer": rarer}


def zigzag_path_cases(rng: Rng) -> Iterator[Case]:
    def case(kind: str, N: int, D: int, low: float = 0.0) -> Case:
        x = rng.uniform(low, 2.0, size=(N, D))
        lr = float(rng.uniform(0.5, 1.5) / (x**2).sum(axis=1).max())
        w, target = rng.normal(size=(2, D))
        return Case(kind=kind, w=w, target=target, x=x, lr=lr)

    yield case("positive inputs, two weights", 8, 2)
    yield case("inputs of both signs, two weights", 6, 2, -2.0)
    yield case("three weights", 5, 3)
    yield case("one example", 1, 3)
    yield case("one weight", 5, 1)
    yield case("as many examples as weights", 4, 4)
    arrived = case("it starts at the target", 4, 2)
    arrived.target = arrived.w.copy()
    yield arrived
    far = case("it starts far away", 5, 2)
    far.w *= 1e4
    yield far
    wide = case("every other column of a wider array", 4, 3, -1.0)
    wide.w, wide.target = strided(wide.w), strided(wide.target)
    wide.x = strided(wide.x)
    yield wide
    same = case("the same example again and again (broadcast)", 5, 3)
    same.x = np.broadcast_to(same.x[:1], same.x.shape)
    yield same
    single = case("float32", 4, 3)
    for name in ("w", "target", "x"):
        setattr(single, name, single_precision(getattr(single, name)))
    yield single


def zigzag_path(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"path": impl.zigzag_path(case.w, case.target, case.x, case.lr)}


def _layer(rng: Rng, kind: str, N: int, D: int, H: int, dead: int) -> Case:
    """``dead`` units that no example reaches; one reaches each of the others."""
    x, W = rng.normal(size=(N, D)), rng.normal(size=(D, H))
    gap = rng.uniform(0.05, 0.15, H)
    gap[rng.permutation(H)[:dead]] *= -1
    return Case(kind=kind, W=W, b=gap - (x @ W).max(axis=0), x=x)


def dead_fraction_cases(rng: Rng) -> Iterator[Case]:
    yield _layer(rng, "some units dead", 5, 3, 8, 3)
    yield _layer(rng, "no unit dead", 4, 3, 6, 0)
    yield _layer(rng, "every unit dead", 4, 2, 5, 5)
    yield _layer(rng, "as many units as examples", 5, 3, 5, 2)
    yield _layer(rng, "one example", 1, 4, 7, 3)
    yield _layer(rng, "one unit", 6, 3, 1, 0)
    yield _layer(rng, "one input", 4, 1, 5, 2)
    usual = _layer(rng, "no bias", 3, 2, 9, 0)
    usual.b[:] = 0.0
    yield usual
    mixed = _layer(rng, "most examples reach most units", 6, 4, 7, 0)
    mixed.b = np.abs(rng.normal(size=7))
    mixed.b[int(rng.integers(7))] = -100.0
    yield mixed
    zero = _layer(rng, "units that are exactly zero", 4, 3, 6, 2)
    silent = rng.permutation(6)[:2]
    zero.W[:, silent], zero.b[silent] = 0.0, 0.0
    yield zero
    wide = _layer(rng, "every other column of a wider array", 4, 3, 5, 2)
    wide.W, wide.b, wide.x = strided(wide.W), strided(wide.b), strided(wide.x)
    yield wide
    single = _layer(rng, "float32", 5, 3, 6, 4)
    for name in ("W", "b", "x"):
        setattr(single, name, single_precision(getattr(single, name)))
    yield single


def dead_fraction(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"dead": impl.dead_fraction(case.W, case.b, case.x)}


EXERCISES = (
    Exercise(
        name="saturation_point",
        notebook=NOTEBOOK,
        points=1,
        cases=saturation_point_cases,
        scenario=saturation_point,
    ),
    Exercise(
        name="saturated_share",
        notebook=NOTEBOOK,
        points=1,
        cases=saturated_share_cases,
        scenario=saturated_share,
        builds_on=("sigmoid_forward", "sigmoid_backward"),
    ),
    Exercise(
        name="product_of_sigmoid_slopes",
        notebook=NOTEBOOK,
        points=1,
        cases=slopes_cases,
        scenario=product_of_sigmoid_slopes,
    ),
    Exercise(
        name="gradient_signs",
        notebook=NOTEBOOK,
        points=2,
        cases=gradient_signs_cases,
        scenario=gradient_signs,
    ),
    Exercise(
        name="zigzag_path",
        notebook=NOTEBOOK,
        points=2,
        cases=zigzag_path_cases,
        scenario=zigzag_path,
    ),
    Exercise(
        name="dead_fraction",
        notebook=NOTEBOOK,
        points=2,
        cases=dead_fraction_cases,
        scenario=dead_fraction,
        builds_on=("relu_forward",),
    ),
)
