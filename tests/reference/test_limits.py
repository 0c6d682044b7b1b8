"""Which case is compiled, and what becomes of it in a result."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

from autograder.exercises import Exercise, Machine, activations_cuda
from autograder.reference import scripts
from autograder.reference.recorder import record
from autograder.student import answers
from autograder.student.compiling.code import Built, Limits
from autograder.student.explain import notes, reason
from autograder.student.replay import replay
from autograder.student.report import Report
from autograder.student.verdict import Entry, judge


def an_exercise(case: str) -> Exercise:
    """ReLU with three of its cases."""
    exercise = activations_cuda.EXERCISES[0]

    def cases(rng: np.random.Generator) -> list[activations_cuda.Case]:
        return list(exercise.cases(rng))[1:4]

    return replace(exercise, cases=cases, machine=Machine(case, load=16))


@pytest.fixture(scope="module")
def entry() -> Entry:
    return record(an_exercise("1,040 elements"))


def test_one_case_is_compiled(entry: Entry) -> None:
    limits = Limits(stack=0, load=16, store=None, offsets=64)
    assert [q.limits for q in entry.questions] == [None, None, limits]
    compiled = [q.trace.compiles for q in entry.questions]
    assert compiled == ["", "", "cuda_relu_forward"]


def test_a_kind_that_no_case_has_is_an_error() -> None:
    with pytest.raises(ValueError, match="has 0 cases 'no such case'"):
        record(an_exercise("no such case"))


def test_an_answer_key_says_which(entry: Entry) -> None:
    again = answers.from_bytes(answers.to_bytes([entry]), "key")[entry.name]
    assert [q.limits for q in again.questions] == [q.limits for q in entry.questions]
    assert again.questions[2].trace.compiles == "cuda_relu_forward"


def test_a_check_says_what_the_compiler_made(entry: Entry) -> None:
    names = scripts.namespace(activations_cuda.NOTEBOOK)
    result = judge(entry, [replay(q.trace, names) for q in entry.questions])
    assert result.passed
    (said,) = notes(result)
    assert said.startswith("Compiled for sm_90: relu_forward_kernel: ")
    assert said in repr(Report((result,)))


@pytest.mark.parametrize(
    ("built", "why"),
    [
        (Built(why_not="Triton came without ptxas"), "Triton came without ptxas"),
        (None, "no process compiled it"),
    ],
)
def test_what_is_not_compiled_is_not_run(
    entry: Entry, built: Built | None, why: str
) -> None:
    names = scripts.namespace(activations_cuda.NOTEBOOK)
    outcomes = [replay(q.trace, names, compiles=False) for q in entry.questions]
    assert outcomes[2].launches
    outcomes[2] = replace(outcomes[2], built=built)
    result = judge(entry, outcomes)
    assert (result.earned, result.status) == (None, "not run")
    assert result.where.endswith(f"every case is right; not compiled: {why}")
    assert why in reason(result)
    assert why in repr(Report((result,)))


def test_what_is_wrong_is_wrong_though_not_compiled(entry: Entry) -> None:
    names = scripts.namespace(activations_cuda.NOTEBOOK)
    names["cuda_relu_forward"] = names["cuda_gelu_forward"]
    outcomes = [replay(q.trace, names, compiles=False) for q in entry.questions]
    assert judge(entry, outcomes).earned == 0
