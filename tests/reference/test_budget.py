"""How many bytes the kernels of a case may move."""

import ml_dtypes
import numpy as np
import pytest

from autograder.exercises import Case, Traffic
from autograder.reference.recorder import record
from autograder.student.kernels import Budget
from tests.reference.made_up import course, matrix, of_variance

__all__ = ["course"]


def budget_of(course, of, other=(), **fields):
    """Of a case of ``variance``, whose exercise may move its input twice."""

    def scenario(impl, case):
        for x in case.others:
            impl.centre(x, {})
        return of_variance(impl, case)

    case = Case(kind="k", x=of, others=other, **fields)
    traffic = Traffic(of="x", reads=2.0, writes=0.5)
    exercise = course(scenario, case, name="variance", traffic=traffic)
    return record(exercise).questions[0].budget


def test_a_budget_is_bytes_of_tensors_as_large_as_the_input(course):
    x = np.ones((4, 3))
    assert budget_of(course, x) == Budget(12, 192, 48)
    assert budget_of(course, x.astype(np.float32)) == Budget(12, 96, 24)
    assert budget_of(course, x.astype(ml_dtypes.bfloat16)) == Budget(12, 48, 12)
    assert budget_of(course, np.broadcast_to(x[0], (4, 3))) == Budget(12, 192, 48)
    assert budget_of(course, x, [np.ones((4, 3)), x[0]]) == Budget(12, 192, 48)


def test_there_is_none_where_sizes_do_not_tell_tensors_apart(course):
    x = np.ones((4, 3))
    assert budget_of(course, x, [np.ones((3, 4))]) is None
    assert budget_of(course, np.ones((1, 1))) is None  # the result is one number
    assert budget_of(course, x, traffic=False) is None


def test_a_budget_of_an_input_that_is_not_there_is_an_error(course):
    traffic = Traffic(of="y", reads=1, writes=1)
    exercise = course(of_variance, matrix([1.0]), name="variance", traffic=traffic)
    with pytest.raises(ValueError, match="not called with y"):
        record(exercise)
