"""Points are right: a mistake costs its exercise once, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autograder.exercises import all_exercises, exercises_of
from autograder.judge import grade as grading
from autograder.judge.grade import Grader
from autograder.reference import scripts
from autograder.sandbox import Backend
from autograder.student.explain import case_sentences, reason
from autograder.student.report import Report
from tests.judge.graded import BATCHNORM, WARMUP, Answered, Grade, edited, end, lost

TEST_SECRET = b"the secret of the tests"

pytestmark = pytest.mark.usefixtures("no_worker_left")


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
