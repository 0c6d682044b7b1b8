"""Every sentence that a check can say, word for word."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.student.compare import Expected, Verdict, compare
from autograder.student.explain import (
    case_sentences,
    fault_sentence,
    notes,
    pair,
    reason,
    verdict_sentence,
)
from autograder.student.kernels import Observation
from autograder.student.laws import Law
from autograder.student.replay import Fault, Outcome, replay
from autograder.student.values import Returned, describe
from autograder.student.verdict import judge, judge_case, unrun, with_notes


def sentence(expected, got, show_expected=True, strict=False):
    wanted = Expected(np.asarray(expected, np.float64), 1e-6, 1e-9, "float64")
    returned = got if isinstance(got, Returned) else describe(got)
    return verdict_sentence(compare("dx", wanted, returned, strict), show_expected)


SQUARE = np.array([[1.0, 2.0], [3.0, 4.0]])
NEAR = SQUARE + np.array([[0, 0], [0, 1e-5]])


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        (SQUARE, SQUARE, ""),
        (
            SQUARE,
            np.array([[1.5, 2.0], [3.0, 4.0]]),
            "dx is wrong in 1 of 4 places; the largest error is 0.5, at [0, 0]: "
            "1.5 in place of 1.",
        ),
        (
            SQUARE,
            -SQUARE,
            "dx is wrong in all 4 places; the largest error is 8, at [1, 1]: "
            "-4 in place of 4.",
        ),
        (
            SQUARE,
            NEAR,
            "dx is wrong in 1 of 4 places; the largest error is 1e-05, at [1, 1]: "
            "4.00001 in place of 4.",
        ),
        (0.5, 0.25, "dx is 0.25 and should be 0.5."),
        ([0.5], np.array([np.inf]), "dx is inf and should be 0.5."),
        (0.5, np.nan, "dx is NaN and should be 0.5."),
        (SQUARE, SQUARE * [1, np.nan], "dx is NaN in 2 of 4 places, first at [0, 1]."),
        (SQUARE, np.ones((1, 2, 2)), None),
        (SQUARE, SQUARE[0], "dx has shape (2,); it must have shape (2, 2)."),
        (0.5, SQUARE, "dx has shape (2, 2); it must have shape (), a number."),
        (SQUARE, None, "dx is None and must be a NumPy array. Is a return missing?"),
        (0.5, None, "dx is None and must be a number. Is a return missing?"),
        (SQUARE, [1.0], "dx is a list; it must be a NumPy array."),
        (SQUARE, 1.0, "dx is a number; it must be a NumPy array."),
        (SQUARE, True, "dx is True or False; it must be a NumPy array."),
        (0.5, (1.0,), "dx is a tuple; it must be a number."),
        (
            SQUARE,
            np.array([object()]),
            "dx is a NumPy array of dtype object; it must be a NumPy array.",
        ),
        (SQUARE, Returned("missing"), "dx is missing after the call."),
    ],
)
def test_what_is_wrong_with_an_output(expected, got, said):
    if said is None:
        said = "dx has shape (1, 2, 2); it must have shape (2, 2)."
    assert sentence(expected, got) == said


def test_dtype():
    said = sentence(SQUARE, SQUARE.astype(np.float32), strict=True)
    assert said == "dx is float32; it must be float64 like the input."


@pytest.mark.parametrize("got", [SQUARE + 0.125, SQUARE * [1, np.nan]])
def test_without_expected_values_none_is_said(got):
    said = sentence(SQUARE, got, show_expected=False)
    assert "in place of" not in said
    assert sentence(0.123, 0.5, show_expected=False) == "dx is wrong by 0.377."
    assert sentence(0.123, np.nan, show_expected=False) == "dx is NaN."


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("mean", "W: its mean is 0.5; it must be 2."),
        (
            "bound",
            "W: it holds a number that is 0.5 away from 2; the largest that is "
            "right is 0.173.",
        ),
    ],
)
def test_what_is_wrong_with_random_numbers_around_another_mean(test, said):
    law = Law((2, 2), "uniform", 0.1, mean=2.0)
    expected = Expected(np.zeros(0), 0.0, 0.0, "float64", law=law)
    verdict = Verdict("W", "law", describe(SQUARE), expected, 0.5, test=test)
    assert verdict_sentence(verdict) == said
    assert "2" not in verdict_sentence(verdict, show_expected=False)


def test_two_numbers_that_differ_never_look_alike():
    assert pair(1.0, 2.0) == ("1", "2")
    assert pair(1.0, 1.0 + 1e-9) == ("1", "1.000000001")
    one, other = pair(1.0, np.nextafter(1.0, 2.0))
    assert one != other


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Fault("missing", "f"),
            "The notebook defines no function f. Run its cell first.",
        ),
        (Fault("unwritten", "f"), "f is not written yet."),
        (Fault("deadline", "f"), "f did not finish in time."),
        (Fault("crashed", "f"), "The Python process ended while f ran."),
        (Fault("not run", "f", message="no GPU"), "Not run: no GPU"),
        (Fault("raised", "f", "KeyError", "'eps'"), "f raises KeyError: 'eps'"),
        (
            Fault("raised", "f", "ZeroDivisionError", "", "line 2: 1 / 0"),
            "f raises ZeroDivisionError (line 2: 1 / 0)",
        ),
        (Fault("returned", "f", "it must return 2 values"), "f: it must return 2 v"),
        (
            Fault("cell", "f", "SyntaxError", "invalid syntax", "line 3: def"),
            "A cell does not run, so there is no f: SyntaxError, invalid syntax "
            "(line 3: def).",
        ),
    ],
)
def test_why_there_is_no_result(fault, said):
    assert fault_sentence(fault).startswith(said)


def test_a_changed_input_is_named(toy):
    question = toy.entry.questions[0]
    outcome = replay(question.trace, toy.right)
    other = {**outcome.inputs, "x of forward": describe(np.zeros((4, 3)))}
    case = judge_case(toy.entry, question, replace(outcome, inputs=other))
    assert case_sentences(case) == ["An input was changed in place: x of forward."]


SECRET = "0.123456789"


def told(toy, outcome, hidden):
    question = replace(toy.entry.questions[0], hidden=hidden)
    return " ".join(case_sentences(judge_case(toy.entry, question, outcome)))


def outcomes_with_a_secret(toy):
    fine = replay(toy.entry.questions[0].trace, toy.right)
    for kind in ("raised", "returned", "cell", "missing", "unwritten"):
        yield Outcome(fault=Fault(kind, SECRET, SECRET, SECRET, SECRET))
    yield replace(fine, outputs={**fine.outputs, "dx": Returned(SECRET)})
    blank = Observation(1, (), None, None, None, None, 0, (SECRET,))
    yield replace(fine, measured={SECRET: blank})


def test_of_a_hidden_case_nothing_is_said_that_the_student_made_up(toy):
    for outcome in outcomes_with_a_secret(toy):
        assert SECRET in told(toy, outcome, hidden=False)
        said = told(toy, outcome, hidden=True)
        assert said
        assert SECRET not in said


def test_every_problem_has_a_sentence_in_a_hidden_case_too(toy):
    question = replace(toy.entry.questions[0], hidden=True)
    fine = replay(question.trace, toy.right)
    dx = fine.outputs["dx"].array
    for got in (dx + 1.5, dx[0], np.full_like(dx, np.nan), None):
        outcome = replace(fine, outputs={**fine.outputs, "dx": describe(got)})
        said = case_sentences(judge_case(toy.entry, question, outcome))
        assert len(said) == 1
        assert said[0].startswith("dx ")
        assert not any(c.isdigit() for c in said[0])


def judged(toy, *outcomes):
    questions = toy.entry.questions[: len(outcomes)]
    return judge(replace(toy.entry, questions=questions, mistakes=()), outcomes)


def test_notes_say_what_costs_nothing(toy):
    question = toy.entry.questions[0]
    fine = replay(question.trace, toy.right)
    loud = replace(fine, printed="hello", warned=("A: 1", "B: 2", "C: 3"))
    result = with_notes(judged(toy, loud), ["last"])
    assert result.passed
    assert notes(result) == [
        "It prints. That costs nothing, but slows a training loop.",
        "It warns: A: 1",
        "It warns: B: 2",
        "last",
    ]


def test_a_wider_dtype_is_a_note(toy):
    question = toy.entry.questions[2]
    entry = replace(toy.entry, questions=(question,), mistakes=())
    fine = replay(question.trace, toy.right)
    wide = describe(fine.outputs["dx"].array.astype(np.float64))
    outcome = replace(fine, outputs={**fine.outputs, "dx": wide})
    result = judge(entry, [outcome])
    assert result.passed
    assert notes(result) == ["dx comes back as float64, where float32 is enough."]
    assert notes(judge(entry, [fine])) == []
    wrong = replace(outcome, outputs={**fine.outputs, "dx": describe(wide.array + 1)})
    assert notes(judge(entry, [wrong])) == []


def test_a_plain_number_has_no_dtype_to_note(toy):
    question = toy.entry.questions[2]
    wanted = Expected(np.array(0.5), 1e-6, 1e-6, "float32")
    alone = replace(question, expected={"dx": wanted})
    fine = replay(question.trace, toy.right)
    outcome = replace(fine, outputs={"dx": describe(0.5)})
    entry = replace(toy.entry, questions=(alone,), mistakes=())
    result = judge(entry, [outcome])
    assert result.passed
    assert notes(result) == []


def test_a_hidden_case_makes_no_notes(toy):
    question = replace(toy.entry.questions[0], hidden=True)
    loud = replace(
        replay(question.trace, toy.right), printed=SECRET, warned=(f"W: {SECRET}",)
    )
    entry = replace(toy.entry, questions=(question,), mistakes=())
    assert notes(judge(entry, [loud])) == []


def test_reasons(toy):
    fine = replay(toy.entry.questions[0].trace, toy.right)
    assert reason(judged(toy, fine)) == "Every case passes."
    late = judged(toy, Outcome(fault=Fault("deadline", "backward")))
    assert reason(late) == "Case “a matrix”: backward did not finish in time."
    empty = judged(toy, Outcome(fault=Fault("unwritten", "backward")))
    assert reason(empty) == "backward is not written yet."
    assert reason(unrun(toy.entry, "no GPU")) == "Not run: no GPU"
    through = replace(judged(toy, fine), cases=(), notes=("It builds on f.",))
    assert reason(through) == "It builds on f."
    known = replace(judged(toy, late.cases[0].outcome), mistakes=toy.entry.mistakes)
    assert reason(known) == (
        "It looks like this known mistake: dgamma per row and gamma ignored."
    )
