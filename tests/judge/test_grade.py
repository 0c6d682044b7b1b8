"""Points are right: a mistake costs its exercise once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from nbformat import NotebookNode

from autograder.exercises import all_exercises, exercises_of
from autograder.judge import grade as grading
from autograder.judge.grade import Grader
from autograder.mistakes import mistakes_of
from autograder.reference import scripts
from autograder.sandbox import Backend
from autograder.student.explain import case_sentences, reason
from autograder.student.report import Report
from autograder.student.verdict import Result

WARMUP, BATCHNORM = "warmup/warmup", "batchnorm/batchnorm"
TEST_SECRET = b"the secret of the tests"
Grade = Callable[[NotebookNode], dict[str, Result]]
Answered = Callable[..., NotebookNode]

pytestmark = pytest.mark.usefixtures("no_worker_left")


def edited(notebook: str, name: str, old: str, new: str) -> str:
    """The reference's answer with one text replaced."""
    text = scripts.solution(notebook, name)
    assert old in text
    return text.replace(old, new)


def known(notebook: str, exercise: str, position: int = 0) -> tuple[str, str]:
    """The text and the name of a known mistake."""
    mistake = mistakes_of(exercise)[position]
    return scripts.solution(notebook, exercise, mistake), mistake.name


def lost(results: dict[str, Result]) -> list[str]:
    return [name for name, r in results.items() if r.earned != r.points]


def end(notebook: str, name: str, act: str) -> str:
    """An answer that does ``act`` when it is called."""
    head = scripts.solution(notebook, name).split("### BEGIN SOLUTION")[0].rstrip()
    return f"{head}\n    {act}\n"


@pytest.mark.parametrize("notebook", [WARMUP, BATCHNORM])
def test_the_reference_earns_every_point(
    notebook: str, answered: Answered, request: pytest.FixtureRequest
) -> None:
    grade = request.getfixturevalue(f"grade_{notebook.split('/')[0]}")
    results = grade(answered(notebook))
    assert list(results) == [e.name for e in exercises_of(notebook)]
    assert lost(results) == []
    assert {reason(r) for r in results.values()} == {"Every case passes."}
    assert {r.where for r in results.values()} == {"NumPy"}


def test_hidden_cases_are_drawn_from_the_secret_and_the_same_for_all(
    backend: Backend,
) -> None:
    def inputs(secret: bytes) -> list[bytes]:
        entry = Grader(WARMUP, secret, backend).hidden["relative_error"]
        return [q.trace.arrays["a0"].tobytes() for q in entry.questions]

    assert inputs(b"one") == inputs(b"one")
    assert inputs(b"one") != inputs(b"two")


def test_an_answer_that_knows_the_public_cases_alone_earns_nothing(
    grade_warmup: Grade, answered: Answered, backend: Backend
) -> None:
    """Its hash decides whether to be right."""
    right = scripts.solution(WARMUP, "relative_error")
    entry = Grader(WARMUP, b"", backend).public["relative_error"]
    seen = {q.trace.arrays["a0"].tobytes() for q in entry.questions}
    crib = f"{right}\nright, PUBLIC = relative_error, {seen!r}\n"
    crib += (
        "def relative_error(x, y):\n"
        "    known = np.array(x, order='C').tobytes() in PUBLIC\n"
        "    return right(x, y) if known else 0.5\n"
    )
    results = grade_warmup(answered(WARMUP, relative_error=crib))
    assert lost(results) == ["relative_error"]


def digits(values: np.ndarray) -> set[str]:
    """The first digits of every number that has some."""
    found = {f"{abs(v):.17f}".strip("0").lstrip(".")[:7] for v in values.ravel()}
    return {d[:6] for d in found if len(set(d)) > 3 and len(d) == 7}


LEAKS = {
    "raises": "raise ValueError(str(list(map(float, x.ravel()))))",
    "names a type": "raise type(str(list(map(float, x.ravel()))), (Exception,), {})",
    "returns a type": "return type(str(list(map(float, x.ravel()))), (), {})()",
    "warns": "warnings.warn(str(list(map(float, x.ravel())))); return 0.0",
    "prints": "print(list(map(float, x.ravel()))); return 0.0",
    "measures": "return 0.0",
    "measures an input": "return -1e9 * x.ravel()[0]",
}


@pytest.mark.parametrize("act", LEAKS.values(), ids=LEAKS)
def test_of_a_hidden_case_only_its_kind_is_told(
    act: str, grade_warmup: Grade, answered: Answered, backend: Backend
) -> None:
    """The student's code is right in public cases, and tells of the others."""
    right = scripts.solution(WARMUP, "relative_error")
    grader = Grader(WARMUP, TEST_SECRET, backend)
    public, hidden = grader.public["relative_error"], grader.hidden["relative_error"]
    seen = {q.trace.arrays["a0"].tobytes() for q in public.questions}
    spy = (
        f"import warnings\n{right}\nright, PUBLIC = relative_error, {seen!r}\n"
        "KEPT = []\n"
        "def relative_error(x, y):\n"
        "    if np.array(x, order='C').tobytes() in PUBLIC:\n"
        "        return right(x, y)\n"
        "    KEPT.append(str(list(map(float, x.ravel()))))\n"
        f"    {act}\n"
    )
    later = end(WARMUP, "gradient_check", "raise ValueError(KEPT[-1])")
    results = grade_warmup(answered(WARMUP, relative_error=spy, gradient_check=later))
    assert {"relative_error", "gradient_check"} <= set(lost(results))
    secret = set()
    for question in hidden.questions:
        secret |= digits(question.trace.arrays["a0"])
        secret |= digits(question.expected["error"].array)
    assert len(secret) > 50
    said = " ".join(f"{reason(r)} {Report((r,), False)!r}" for r in results.values())
    said += " ".join(Report((r,), False)._repr_html_() for r in results.values())
    assert not [d for d in secret if d[:4] in said.replace(".", "")]
    assert hidden.questions[0].trace.kind in said


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


def test_a_changed_input_is_reported_for_itself(
    grade_warmup: Grade, answered: Answered
) -> None:
    """The values are right, and are not called wrong."""
    writes = scripts.solution(WARMUP, "relative_error") + (
        "\nright = relative_error\n"
        "def relative_error(x, y):\n"
        "    error = right(x, y)\n"
        "    if x.flags.writeable:\n"
        "        x += 1\n"
        "    return error\n"
    )
    results = grade_warmup(answered(WARMUP, relative_error=writes))
    result = results["relative_error"]
    assert lost(results) == ["relative_error"]
    failure = result.first_failure()
    assert failure is not None
    assert failure.changed == ("x of relative_error",)
    said = case_sentences(failure, show_expected=False)
    assert len(said) == 1
    assert "changed" in said[0]
    assert "x of relative_error" in said[0]


def test_what_can_not_run_here_is_neither_passed_nor_failed(
    answered: Answered, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "cannot_run", lambda path: "no GPU here")
    results = Grader(WARMUP, b"secret", backend).grade(answered(WARMUP)).results
    assert [r.earned for r in results] == [None] * len(results)
    assert {r.status for r in results} == {"not run"}
    assert {r.where for r in results} == {"not run: no GPU here"}
    assert not any(r.passed for r in results)


def test_a_base_that_was_not_run_is_not_called_wrong(
    answered: Answered, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    grader = Grader(WARMUP, b"secret", backend)
    grader.exercises = [
        replace(e, path="triton") if e.name == "numerical_gradient" else e
        for e in grader.exercises
    ]
    monkeypatch.setattr(
        grading, "cannot_run", lambda path: "no Triton" if path == "triton" else ""
    )
    wrong = edited(WARMUP, "gradient_check", "return relative", "return 2 * relative")
    found = grader.grade(answered(WARMUP, gradient_check=wrong)).results
    results = {r.name: r for r in found}
    assert results["numerical_gradient"].status == "not run"
    assert results["gradient_check"].earned == 0
    assert not any("fails" in n for n in results["gradient_check"].notes)


def test_a_notebook_without_exercises_can_not_be_graded(backend: Backend) -> None:
    with pytest.raises(ValueError, match="no exercises are defined"):
        Grader("warmup/nothing", b"secret", backend)


def test_every_base_of_an_exercise_belongs_to_the_same_notebook() -> None:
    """A right base is looked up in the notebook's own reference."""
    for exercise in all_exercises().values():
        names = {e.name for e in exercises_of(exercise.notebook)}
        assert set(exercise.builds_on) <= names
