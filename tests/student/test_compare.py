"""One output: shape first, then numbers; NaN never passes."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.student.compare import Expected, agree, compare, differences
from autograder.student.values import Returned, describe

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)
NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)
ARRAYS = hnp.arrays(np.float64, SHAPES, elements=NUMBERS)
RTOLS = st.sampled_from([1e-6, 1e-5, 2**-10])
ATOLS = st.sampled_from([1e-9, 1e-5, 0.1])


def judged(expected, got, rtol=1e-6, atol=1e-9, strict=False, **more):
    wanted = Expected(np.asarray(expected, np.float64), rtol, atol, "float64", **more)
    return compare("out", wanted, describe(got), strict)


def place(x, number):
    return np.unravel_index(number % x.size, x.shape)


@given(ARRAYS, RTOLS, ATOLS, hnp.arrays(np.int8, 1), st.floats(-0.999, 0.999))
def test_within_the_tolerance_it_passes(x, rtol, atol, signs, share):
    off = share * (rtol * np.abs(x) + atol)
    rounding = 1e-15 * np.abs(x)
    assume((np.abs(off) + rounding <= rtol * np.abs(x) + atol).all())
    assert judged(x, x + off, rtol, atol).ok


@given(ARRAYS, RTOLS, ATOLS, st.integers(0, 63), st.sampled_from([-1.01, 1.01]))
def test_one_element_beyond_the_tolerance_fails_and_is_found(x, rtol, atol, at, share):
    at = place(x, at)
    got = x.copy()
    got[at] += share * (rtol * abs(x[at]) + atol)
    assume(abs(got[at] - x[at]) > rtol * abs(x[at]) + atol)
    verdict = judged(x, got, rtol, atol)
    assert (verdict.problem, verdict.index, verdict.wrong) == ("values", at, 1)
    assert verdict.error == abs(got[at] - x[at])


@given(ARRAYS, st.integers(0, 63))
def test_nan_never_passes_however_wide_the_tolerance(x, at):
    got = x.copy()
    got[place(x, at)] = np.nan
    verdict = judged(x, got, rtol=1e300, atol=1e300)
    assert (verdict.problem, verdict.wrong) == ("nan", 1)
    assert verdict.index == place(x, at)


def test_nan_does_not_even_pass_for_nan():
    assert not judged([np.nan, 1.0], np.array([np.nan, 1.0])).ok
    assert not judged([np.nan, 1.0], np.array([0.0, 1.0])).ok


@given(ARRAYS, st.integers(0, 63), st.sampled_from([np.inf, -np.inf]))
def test_infinity_passes_for_itself_alone(x, at, infinity):
    at = place(x, at)
    infinite = x.copy()
    infinite[at] = infinity
    assert judged(infinite, infinite).ok
    assert judged(infinite, x, rtol=1.0, atol=1e300).problem == "values"
    assert judged(x, infinite, rtol=1.0, atol=1e300).error == np.inf
    other = infinite.copy()
    other[at] = -infinity
    assert judged(infinite, other).wrong == 1


def test_the_place_that_is_shown_is_one_that_is_wrong():
    """The largest error may lie within the tolerance of a large element."""
    verdict = judged([1e6, 1.0], np.array([1e6 + 0.5, 1.1]), rtol=1e-6, atol=0.01)
    assert verdict.index == (1,)
    assert verdict.error == pytest.approx(0.1)
    assert verdict.wrong == 1


def test_shape_comes_before_values():
    assert judged(np.ones(3), np.zeros((1, 3))).problem == "shape"
    assert judged(np.ones((2, 2)), np.full((2, 1), np.nan)).problem == "shape"
    assert judged(np.ones(()), np.ones(1)).problem == "shape"
    assert judged(np.ones((0, 3)), np.ones((0, 3))).ok


def test_a_number_will_do_where_a_number_is_asked():
    for value in (0.5, np.float64(0.5), np.array(0.5)):
        assert judged(0.5, value).ok
    assert judged([0.5], 0.5).problem == "type"


@pytest.mark.parametrize("value", [None, [1.0, 2.0], "text", True, {"out": 1}])
def test_another_type(value):
    assert judged([1.0, 2.0], value).problem == "type"
    assert judged(1.0, value).problem == "type"


def test_a_tensor_is_no_array():
    import torch

    assert judged([1.0, 2.0], torch.tensor([1.0, 2.0])).problem == "type"
    assert judged([1.0], np.ones(1), kind="torch tensor").problem == "type"


def test_what_is_not_there_is_missing():
    wanted = Expected(np.ones(1), 1e-6, 1e-9, "float64")
    assert compare("out", wanted, Returned("missing"), False).problem == "missing"


def test_another_dtype_is_a_fault_only_where_dtype_is_taught():
    got = np.ones(2, np.float32)
    lenient = judged(np.ones(2), got)
    assert lenient.ok
    assert lenient.other_dtype
    assert judged(np.ones(2), got, strict=True).problem == "dtype"
    assert judged(np.ones(2), got + 1, strict=True).problem == "values"


def test_integers_and_booleans_are_numbers():
    assert judged([1.0, 0.0], np.array([1, 0])).ok
    assert judged([1.0, 0.0], np.array([True, False])).ok


def test_a_notebook_that_turns_numpy_warnings_into_errors_changes_nothing():
    tiny = np.array([1e-308, np.inf, 1e308])
    with np.errstate(all="raise"):
        assert judged(tiny, tiny.copy()).ok
        assert not judged(tiny, -tiny).ok
        like = Expected(tiny, 1e-6, 0.0, "float64")
        assert agree(describe(tiny), describe(tiny), like)


@given(ARRAYS)
def test_errors_are_absolute_and_never_nan(x):
    assert np.array_equal(differences(x, x), np.zeros(x.shape))
    assert np.array_equal(differences(x, -x), np.abs(2 * x))
    assert np.isposinf(differences(x, np.full(x.shape, np.nan))).all()


LIKE = Expected(np.ones(2), 1e-6, 1e-9, "float64")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (np.array([2.0, 3.0]), np.array([2.0, 3.0 + 1e-8]), True),
        (np.array([2.0, 3.0]), np.array([2.0, 3.1]), False),
        (np.array([2.0, 3.0]), np.array([[2.0, 3.0]]), False),
        (np.array([np.nan, 3.0]), np.array([np.nan, 3.0]), True),
        (np.array([np.nan, 3.0]), np.array([1.0, 3.0]), False),
        (np.array([np.inf, 3.0]), np.array([-np.inf, 3.0]), False),
        (None, None, True),
        (None, [1.0], False),
        (None, np.ones(2), False),
    ],
)
def test_two_wrong_outputs_that_are_the_same(one, other, same):
    assert agree(describe(one), describe(other), LIKE) is same
    assert agree(describe(other), describe(one), LIKE) is same
