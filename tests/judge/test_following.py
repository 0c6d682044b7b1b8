"""What builds on a wrong answer keeps its points; the root alone costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.judge.grade import Grader
from autograder.mistakes import mistakes_of
from autograder.reference import scripts
from autograder.sandbox import Backend
from autograder.student.explain import reason
from tests.judge.graded import (
    BATCHNORM,
    WARMUP,
    Answered,
    Grade,
    edited,
    end,
    known,
    lost,
)

pytestmark = pytest.mark.usefixtures("no_worker_left")


def test_a_known_mistake_in_a_base_is_named_once_and_costs_once(
    grade_warmup: Grade, answered: Answered
) -> None:
    wrong, name = known(WARMUP, "numerical_gradient")
    results = grade_warmup(answered(WARMUP, numerical_gradient=wrong))
    assert lost(results) == ["numerical_gradient"]
    assert [m.name for m in results["numerical_gradient"].mistakes] == [name]
    note = reason(results["gradient_check"])
    assert "builds on numerical_gradient" in note
    assert name in note
    assert results["gradient_check"].mistakes == ()


UNKNOWN = {
    "a wrong number": ("return grad", "return 1.37 * grad + 0.2"),
    "an exception": ("return grad", "return grad[None, None, None, 0]"),
    "nothing returned": ("return grad", "return None"),
    "another shape": ("return grad", "return grad.ravel()[None]"),
    "not written": ("return grad", "raise NotImplementedError()"),
    "the process ends": ("return grad", "import os; os._exit(1)"),
    "a syntax error": ("return grad", "return grad)"),
    "another name": ("def numerical_gradient", "def my_gradient"),
}


@pytest.mark.parametrize(("old", "new"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_calls_a_wrong_base_is_judged_on_a_right_one(
    old: str, new: str, grade_warmup: Grade, answered: Answered
) -> None:
    wrong = edited(WARMUP, "numerical_gradient", old, new)
    results = grade_warmup(answered(WARMUP, numerical_gradient=wrong))
    assert lost(results) == ["numerical_gradient"]
    assert "On a right numerical_gradient" in reason(results["gradient_check"])


def test_a_right_base_may_be_called_by_keyword(
    grade_warmup: Grade, answered: Answered
) -> None:
    wrong = edited(WARMUP, "numerical_gradient", "return grad", "return grad + 0.2")
    call = "numerical_gradient(f, point, h)"
    keywords = edited(
        WARMUP, "gradient_check", call, "numerical_gradient(h=h, x=point, f=f)"
    )
    results = grade_warmup(
        answered(WARMUP, numerical_gradient=wrong, gradient_check=keywords)
    )
    assert lost(results) == ["numerical_gradient"]


def test_a_base_that_loops_costs_itself_alone(
    answered: Answered, backend: Backend
) -> None:
    grader = Grader(WARMUP, b"secret", backend)
    names = ("relative_error", "gradient_check")
    grader.exercises = [
        replace(e, deadline=1.0) for e in grader.exercises if e.name in names
    ]
    loop = end(WARMUP, "relative_error", "while True: pass")
    results = {
        r.name: r for r in grader.grade(answered(WARMUP, relative_error=loop)).results
    }
    assert lost(results) == ["relative_error"]
    assert "did not finish in time" in reason(results["relative_error"])


def test_what_is_wrong_itself_loses_its_own_points_too(
    grade_warmup: Grade, answered: Answered
) -> None:
    base = edited(WARMUP, "numerical_gradient", "return grad", "return grad + 0.2")
    own = edited(WARMUP, "gradient_check", "return relative", "return 0.9 * relative")
    results = grade_warmup(
        answered(WARMUP, numerical_gradient=base, gradient_check=own)
    )
    assert lost(results) == ["numerical_gradient", "gradient_check"]
    assert any("builds on" in n for n in results["gradient_check"].notes)


def test_a_known_mistake_on_a_known_mistake_loses_both(
    grade_warmup: Grade, answered: Answered
) -> None:
    base, _ = known(WARMUP, "numerical_gradient")
    own, _ = known(WARMUP, "gradient_check")
    results = grade_warmup(
        answered(WARMUP, numerical_gradient=base, gradient_check=own)
    )
    assert lost(results) == ["numerical_gradient", "gradient_check"]


def test_images_on_a_wrong_flat_forward_keep_their_points(
    grade_batchnorm: Grade, answered: Answered
) -> None:
    """An unknown error: the cache of the right base stays with the judge."""
    wrong = edited(BATCHNORM, "batchnorm_forward", "return out,", "return 1.3 * out,")
    results = grade_batchnorm(answered(BATCHNORM, batchnorm_forward=wrong))
    assert lost(results) == ["batchnorm_forward"]
    note = reason(results["spatial_batchnorm_forward"])
    assert "On a right batchnorm_forward" in note


def test_images_on_a_wrong_flat_backward_keep_their_points(
    grade_batchnorm: Grade, answered: Answered
) -> None:
    wrong = edited(BATCHNORM, "batchnorm_backward", "return dx,", "return dx + 0.1,")
    results = grade_batchnorm(answered(BATCHNORM, batchnorm_backward=wrong))
    assert lost(results) == ["batchnorm_backward"]
    note = reason(results["spatial_batchnorm_backward"])
    assert "On a right batchnorm_backward" in note


def test_a_backward_of_an_own_wrong_forward_is_not_rewarded(
    grade_batchnorm: Grade, answered: Answered
) -> None:
    """Right for the student's forward, which is not batch norm."""
    forward = edited(BATCHNORM, "batchnorm_forward", "return out,", "return 1.3 * out,")
    backward = edited(
        BATCHNORM,
        "batchnorm_backward",
        "return dx, dgamma",
        "return 1.3 * dx, 1.3 * dgamma",
    )
    results = grade_batchnorm(
        answered(BATCHNORM, batchnorm_forward=forward, batchnorm_backward=backward)
    )
    assert "batchnorm_backward" in lost(results)
    assert "batchnorm_backward_alt" not in lost(results)


def test_a_known_mistake_of_the_forward_is_followed_through(
    grade_batchnorm: Grade, answered: Answered
) -> None:
    """Every backward and every image pass is what it gives on that forward."""
    found = {m.name: m for m in mistakes_of("batchnorm_forward")}
    outside = next(name for name in found if "eps outside" in name)
    wrong = scripts.solution(BATCHNORM, "batchnorm_forward", found[outside])
    results = grade_batchnorm(answered(BATCHNORM, batchnorm_forward=wrong))
    assert lost(results) == ["batchnorm_forward"]
    assert [m.name for m in results["batchnorm_forward"].mistakes] == [outside]
