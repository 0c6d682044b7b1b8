"""Whether one output is right: first its shape, then its numbers.

An output passes when ``|got - expected| <= rtol * |expected| + atol`` for
every element. Both tolerances are measured when the case is drawn: see
:mod:`autograder.reference.recorder`. NaN never passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder.student.laws import Law, alike, broken, fingerprint
from autograder.student.values import Returned


@dataclass(frozen=True)
class Expected:
    """The reference's output in float64, and how far off an answer may be.

    ``dtype`` and ``kind`` say what the reference returns. With a ``law`` the
    answer is random: there is no array, and the law is what must hold.
    """

    array: np.ndarray
    rtol: float
    atol: float
    dtype: str
    kind: str = "NumPy array"
    law: Law | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape if self.law is None else self.law.shape

    def allowed(self) -> np.ndarray:
        """The largest error that passes; at infinity as if it were zero."""
        finite = np.where(np.isfinite(self.array), self.array, 0.0)
        with np.errstate(all="ignore"):  # a notebook may have asked for exceptions
            return np.asarray(self.rtol * np.abs(finite) + self.atol)


@dataclass(frozen=True)
class Verdict:
    """One output of one case.

    problem : empty when it is right, else ``missing``, ``type``, ``shape``,
        ``dtype``, ``nan``, ``values`` or ``law``
    error : the largest absolute error that does not pass, at ``index``; where
        there is NaN, ``index`` is its first place
    wrong : how many elements do not pass, or are NaN
    test : which test of a law failed; ``error`` is then what was measured
    """

    output: str
    problem: str
    got: Returned
    expected: Expected
    error: float = 0.0
    index: tuple[int, ...] = ()
    error_map: np.ndarray | None = field(default=None, repr=False)
    wrong: int = 0
    test: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem

    def symptom(self) -> Returned:
        """What is kept of a wrong output, to know it again."""
        if self.expected.law is None or self.got.array is None:
            return self.got
        return replace(self.got, array=fingerprint(self.got.array))

    @property
    def other_dtype(self) -> bool:
        """Whether the dtype differs; a fault only where dtype is taught."""
        return bool(self.got.dtype) and self.got.dtype != self.expected.dtype


def compare(
    output: str,
    expected: Expected,
    got: Returned,
    strict: bool,
    others: Mapping[str, Returned] | None = None,
) -> Verdict:
    """Judge one output; ``strict`` makes another kind or dtype a fault.

    A law may say how it is to differ from ``others``.
    """

    def verdict(problem: str, **more: Any) -> Verdict:
        return Verdict(output, problem, got, expected, **more)

    if got.array is None:
        return verdict("missing" if got.kind == "missing" else "type")
    if expected.shape and (got.kind == "number" or _is_foreign(got, expected)):
        return verdict("type")
    if got.array.shape != expected.shape:
        return verdict("shape")
    if expected.law is not None:
        return _by_law(output, expected.law, expected, got, others or {}, strict)
    errors = differences(expected.array, got.array)
    outside = np.asarray(errors > expected.allowed())
    if (nan := np.isnan(got.array)).any():
        first = np.unravel_index(int(np.argmax(nan)), nan.shape)
        return verdict(
            "nan",
            index=tuple(int(i) for i in first),
            error_map=errors,
            wrong=int(nan.sum()),
        )
    if outside.any():
        far = np.where(outside, errors, -1.0)
        worst = np.unravel_index(int(np.argmax(far)), errors.shape)
        return verdict(
            "values",
            error=float(errors[worst]),
            index=tuple(int(i) for i in worst),
            error_map=errors,
            wrong=int(outside.sum()),
        )
    if strict and got.dtype != expected.dtype:
        return verdict("dtype")
    return verdict("")


def _by_law(
    output: str,
    law: Law,
    expected: Expected,
    got: Returned,
    others: Mapping[str, Returned],
    strict: bool,
) -> Verdict:
    assert got.array is not None
    problem, found = "", None
    if not np.isfinite(got.array).all():
        problem = "nan"
    else:
        arrays = {k: r.array for k, r in others.items() if r.array is not None}
        found = broken(law, got.array, arrays)
    if found is not None:
        return Verdict(
            output, "law", got, expected, error=found.measured, test=found.test
        )
    if not problem and strict and got.dtype != expected.dtype:
        problem = "dtype"
    wrong = int((~np.isfinite(got.array)).sum())
    first = np.argwhere(~np.isfinite(got.array))[:1].ravel()
    return Verdict(
        output,
        problem,
        got,
        expected,
        index=tuple(int(i) for i in first),
        wrong=wrong,
    )


def _is_foreign(got: Returned, expected: Expected) -> bool:
    return got.kind.split()[0] != expected.kind.split()[0]


def differences(expected: np.ndarray, got: np.ndarray) -> np.ndarray:
    """Absolute errors; equal infinities differ by 0, NaN by infinity."""
    with np.errstate(all="ignore"):
        errors = np.abs(got.astype(np.float64) - expected)
    errors = np.where(expected == got, 0.0, errors)
    return np.where(np.isnan(errors), np.inf, errors)


def agree(one: Returned, other: Returned, like: Expected) -> bool:
    """Whether two wrong outputs are the same wrong output."""
    if one.array is None or other.array is None:
        return one.array is None and other.array is None and one.kind == other.kind
    if like.law is not None:
        return alike(one.array, other.array)
    if one.array.shape != other.array.shape:
        return False
    with np.errstate(all="ignore"):
        a = one.array.astype(np.float64)
        b = other.array.astype(np.float64)
        scale = float(np.abs(a[np.isfinite(a)]).max(initial=0.0))
        near, floor = 10 * like.rtol, like.atol + like.rtol * scale
        return bool(np.allclose(a, b, rtol=near, atol=floor, equal_nan=True))
