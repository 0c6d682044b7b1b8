"""Relative error, numerical gradients and the gradient check.

The functions to differentiate are those of the notebook, passed by name. They
are chosen so that the differences leave an error of their own: with a step of
0.1 the gradient of ``cubic`` is off by 0.01, so another step or another
formula shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "warmup/warmup"


def relative_error_cases(rng: np.random.Generator) -> Iterator[Case]:
    def near(kind: str, *shape: int, noise: float = 1e-2, size: float = 1.0) -> Case:
        x = size * rng.normal(size=shape)
        y = x + size * noise * rng.normal(size=shape)
        return Case(kind=kind, x=x, y=y)

    yield near("a matrix", 3, 5)
    yield near("three axes", 2, 3, 4, noise=0.1)
    yield near("one entry", 1, noise=0.5)
    yield Case(kind="both are zero everywhere", x=np.zeros((2, 3)), y=np.zeros((2, 3)))
    some = near("some entries are zero in both", 4, 3)
    some.x[1:3] = some.y[1:3] = 0.0
    yield some
    yield near("numbers near the floor", 6, noise=0.3, size=5e-9)
    lone = near("one entry is zero in x alone", 5)
    lone.x[2] = 0.0
    yield lone
    signs = near("signs differ in one entry", 2, 4)
    signs.y[1, 2] = -0.5 * signs.x[1, 2]
    yield signs
    spread = near("large and tiny entries together", 6, noise=1e-3)
    scale = 10.0 ** np.arange(-4, 5, 1.6)
    yield Case(kind=spread.kind, x=spread.x * scale, y=spread.y * scale)
    single = near("float32", 4, 5, noise=0.1)
    yield Case(kind="float32", x=np.float32(single.x), y=np.float32(single.y))
    wide = near("every other column of a wider array", 3, 4)
    yield Case(kind=wide.kind, x=strided(wide.x), y=np.asfortranarray(wide.y))
    row = rng.normal(size=(1, 4))
    yield Case(
        kind="one row repeated (broadcast)",
        x=np.broadcast_to(row, (3, 4)),
        y=row + 0.1 * rng.normal(size=(3, 4)),
    )


def relative_error(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"error": impl.relative_error(case.x, case.y)}


def _point(
    rng: np.random.Generator, kind: str, f: str, *shape: int, h: float | None = None
) -> Case:
    """A point with entries of size 0.5 to 1.5, so that no derivative is tiny."""
    x = rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
    return Case(kind=kind, f=f, x=np.asarray(x), h=h)


def numerical_gradient_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _point(rng, "a matrix", "weighted_sine", 3, 4, h=0.1)
    yield _point(rng, "a large step", "cubic", 2, 3, h=0.5)
    yield _point(rng, "the default step", "log_sum_exp", 5)
    yield _point(rng, "entries influence one another", "log_sum_exp", 2, 4, h=0.3)
    yield _point(rng, "three axes", "weighted_sine", 2, 3, 2, h=0.2)
    yield _point(rng, "one entry", "cubic", 1, 1, h=0.1)
    yield _point(rng, "a number, shape ()", "cubic", h=0.1)
    zero = _point(rng, "an entry at zero", "cubic", 4, h=0.1)
    zero.x[1] = 0.0
    yield zero
    large = _point(rng, "mean 10,000", "quadratic", 5, h=0.1)
    large.x += 1e4
    yield large
    wide = _point(
        rng, "every other column of a wider array", "log_sum_exp", 3, 4, h=0.1
    )
    wide.x = strided(wide.x)
    yield wide
    turned = _point(rng, "Fortran order", "weighted_sine", 3, 4, h=0.1)
    turned.x = np.asfortranarray(turned.x)
    yield turned
    single = _point(rng, "float32", "log_sum_exp", 2, 3)
    single.x = np.float32(single.x)
    yield single


def numerical_gradient(impl: Any, case: Case) -> Mapping[str, Any]:
    f = getattr(impl, case.f)
    step = () if case.h is None else (case.h,)
    return {"grad": impl.numerical_gradient(f, case.x, *step)}


def numerical_gradient_array_cases(rng: np.random.Generator) -> Iterator[Case]:
    def point(
        kind: str, f: str, *shape: int, out: tuple[int, ...] = (), h: float | None = 0.1
    ) -> Case:
        case = _point(rng, kind, f, *shape, h=h)
        case.dout = rng.normal(size=out or shape)
        return case

    yield point("each output depends on one entry", "cube", 3, 4)
    yield point("each output depends on its row", "row_softmax", 3, 4, h=0.3)
    yield point("the output has fewer columns", "affine_map", 4, 3, out=(4, 2))
    yield point("the output has one axis less", "row_products", 3, 4, out=(3,))
    yield point("f returns a view", "first_columns", 3, 4, out=(3, 2))
    yield point("the default step", "row_softmax", 2, 3, h=None)
    yield point("a large step", "cube", 2, 5, h=0.5)
    yield point("one entry", "cube", 1, 1)
    yield point("three axes", "cube", 2, 2, 3)
    wide = point("every other column of a wider array", "row_softmax", 3, 4)
    wide.x, wide.dout = strided(wide.x), strided(wide.dout)
    yield wide
    turned = point("Fortran order", "row_softmax", 4, 3, h=0.2)
    turned.x, turned.dout = np.asfortranarray(turned.x), np.asfortranarray(turned.dout)
    yield turned
    single = point("float32", "row_softmax", 2, 4, h=None)
    single.x, single.dout = np.float32(single.x), np.float32(single.dout)
    yield single
    repeated = point("the same dout in each column (broadcast)", "cube", 3, 4)
    repeated.dout = np.broadcast_to(rng.normal(size=(3, 1)), (3, 4))
    yield repeated


def numerical_gradient_array(impl: Any, case: Case) -> Mapping[str, Any]:
    f = getattr(impl, case.f)
    step = () if case.h is None else (case.h,)
    return {"grad": impl.numerical_gradient_array(f, case.x, case.dout, *step)}


def gradient_check_cases(rng: np.random.Generator) -> Iterator[Case]:
    def point(
        kind: str, f: str, *shape: int, gradient: str = "", h: float | None = 0.1
    ) -> Case:
        case = _point(rng, kind, f, *shape, h=h)
        case.gradient = gradient or f"{f}_gradient"
        return case

    slip = "cubic_gradient_with_a_slip"
    wrong = "weighted_sine_gradient_wrong"
    yield point("a right gradient", "cubic", 3, 4)
    yield point("a right gradient, a large step", "log_sum_exp", 2, 3, h=0.4)
    yield point("wrong in one entry", "cubic", 4, 3, gradient=slip)
    yield point(
        "wrong in one entry, the default step", "cubic", 5, gradient=slip, h=None
    )
    yield point("wrong everywhere", "weighted_sine", 3, 3, gradient=wrong)
    zero = point("one entry of the gradient is zero", "cubic", 4)
    zero.x[2] = 0.0
    yield zero
    yield point("three axes", "weighted_sine", 2, 3, 2, h=0.2)
    yield point("one entry", "cubic", 1, 1)
    wide = point("every other column of a wider array", "log_sum_exp", 3, 4, h=0.2)
    wide.x = strided(wide.x)
    yield wide
    turned = point("Fortran order", "cubic", 3, 4, gradient=slip)
    turned.x = np.asfortranarray(turned.x)
    yield turned
    single = point("float32", "log_sum_exp", 2, 4, h=0.02)
    single.x = np.float32(single.x)
    yield single


def gradient_check(impl: Any, case: Case) -> Mapping[str, Any]:
    f, gradient = getattr(impl, case.f), getattr(impl, case.gradient)
    step = () if case.h is None else (case.h,)
    return {"error": impl.gradient_check(f, gradient, case.x, *step)}


EXERCISES = (
    Exercise(
        name="relative_error",
        notebook=NOTEBOOK,
        points=1,
        cases=relative_error_cases,
        scenario=relative_error,
    ),
    Exercise(
        name="numerical_gradient",
        notebook=NOTEBOOK,
        points=2,
        cases=numerical_gradient_cases,
        scenario=numerical_gradient,
    ),
    Exercise(
        name="numerical_gradient_array",
        notebook=NOTEBOOK,
        points=2,
        cases=numerical_gradient_array_cases,
        scenario=numerical_gradient_array,
    ),
    Exercise(
        name="gradient_check",
        notebook=NOTEBOOK,
        points=1,
        cases=gradient_check_cases,
        scenario=gradient_check,
        builds_on=("relative_error", "numerical_gradient"),
    ),
)
