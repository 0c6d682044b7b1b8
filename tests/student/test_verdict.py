"""Points, and which known mistakes explain what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.student.kernels import Budget, Moved, Observation
from autograder.student.replay import Fault, Outcome, replay
from autograder.student.verdict import judge, judge_case, unrun, with_notes


def result_of(toy, entry=None, **changed):
    entry = entry or toy.entry
    names = toy.names(**changed)
    return judge(entry, [replay(q.trace, names) for q in entry.questions])


def named(result):
    return [m.name for m in result.mistakes]


def test_the_right_solution_earns_the_points(toy):
    result = result_of(toy)
    assert (result.status, result.earned, result.mistakes) == ("passed", 2.0, ())
    assert result.first_failure() is None
    assert result.where == "NumPy"


def test_each_output_has_its_own_verdict(toy):
    def wrong(dout, cache):
        dx, dgamma = toy.right["backward"](dout, cache)
        return dx, dgamma[None]

    result = result_of(toy, backward=wrong)
    assert (result.status, result.earned) == ("failed", 0.0)
    problems = [{v.output: v.problem for v in c.verdicts} for c in result.cases]
    assert problems == [{"dx": "", "dgamma": "shape"}] * 3


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ("dgamma_for_each_row", "dgamma per row"),
        ("gamma_ignored", "gamma ignored"),
    ],
)
def test_a_known_mistake_is_named(toy, wrong, name):
    assert named(result_of(toy, backward=getattr(toy, wrong))) == [name]


def test_two_mistakes_in_two_outputs_are_both_named(toy):
    def both(dout, cache):
        return dout, dout * cache[0]

    result = result_of(toy, backward=both)
    assert sorted(named(result)) == ["dgamma per row", "gamma ignored"]


def test_another_error_is_not_called_by_a_known_name(toy):
    def another(dout, cache):
        dx, dgamma = toy.right["backward"](dout, cache)
        return -dx, dgamma

    assert named(result_of(toy, backward=another)) == []


def test_a_mistake_must_show_in_every_case_as_it_would(toy):
    """Only in one row: what the mistake gives there, but right elsewhere."""

    def sometimes(dout, cache):
        wrong = len(dout) == 1
        return (toy.gamma_ignored if wrong else toy.right["backward"])(dout, cache)

    result = result_of(toy, backward=sometimes)
    assert [c.passed for c in result.cases] == [True, False, True]
    assert named(result) == []


def test_a_changed_input_costs_the_points_by_itself(toy):
    def destroys(dout, cache):
        dx, dgamma = toy.right["backward"](dout, cache)
        dout[:] = 0.0
        return dx, dgamma

    result = result_of(toy, backward=destroys)
    assert result.earned == 0.0
    case = result.first_failure()
    assert case.changed == ("dout of backward",)
    assert all(v.ok for v in case.verdicts)


def test_a_cached_input_may_not_be_changed_either(toy):
    def destroys(dout, cache):
        gradients = toy.right["backward"](dout, cache)
        cache[0][:] = 0.0
        return gradients

    assert result_of(toy, backward=destroys).cases[0].changed == ("x of forward",)


def test_an_input_of_another_shape_is_a_changed_one(toy):
    def flattens(dout, cache):
        gradients = toy.right["backward"](dout, cache)
        cache[0].resize(cache[0].size, refcheck=False)
        return gradients

    assert result_of(toy, backward=flattens).cases[0].changed == ("x of forward",)


def stub(*arguments):
    raise NotImplementedError()


def test_status(toy):
    def test_mode_is_left_out(dout, cache):
        return stub() if len(dout) == 1 else toy.right["backward"](dout, cache)

    assert result_of(toy, backward=stub).status == "not written"
    assert result_of(toy, forward=stub).status == "not written"
    assert result_of(toy, backward=None).status == "missing"
    assert result_of(toy, backward=lambda *a: 1 / 0).status == "failed"
    assert result_of(toy, backward=test_mode_is_left_out).status == "failed"


def test_not_run_is_neither_a_pass_nor_a_zero(toy):
    result = unrun(toy.entry, "no GPU")
    assert (result.status, result.earned, result.passed) == ("not run", None, False)
    assert result.where == "not run: no GPU"


def test_notes_are_added(toy):
    result = with_notes(with_notes(result_of(toy), ["one"]), ["two"])
    assert result.notes == ("one", "two")
    assert result.passed


def test_where_dtype_is_taught_another_one_is_wrong(toy):
    def in_double(dout, cache):
        dx, dgamma = toy.right["backward"](dout, cache)
        return dx.astype(np.float64), dgamma

    taught = replace(toy.entry, path="torch")
    question = toy.entry.questions[2]
    outcome = replay(question.trace, toy.names(backward=in_double))
    assert judge_case(toy.entry, question, outcome).passed
    strict = judge_case(taught, question, outcome)
    assert [v.problem for v in strict.verdicts] == ["dtype", ""]


def observed(question, toy, **seen):
    blank = Observation(1, ("k",), None, None, None, None, 0, ())
    outcome = replay(question.trace, toy.right)
    return replace(outcome, measured={"backward": replace(blank, **seen)})


def test_a_kernel_must_hold_its_properties(toy):
    question = replace(toy.entry.questions[0], budget=Budget(12, 96, 192))

    def broken(**seen):
        return judge_case(toy.entry, question, observed(question, toy, **seen)).broken

    small = Moved(11, 1000, 1000)
    assert broken(moved=(Moved(13, 40, 100), Moved(12, 56, 92), small)) == ()
    assert broken(moved=(Moved(12, 0, 193), small)) == (
        (
            "traffic",
            "backward: kernels wrote 193 bytes of tensors with 12 elements or more; "
            "the budget is 192.",
        ),
    )
    assert [name for name, _ in broken(moved=(Moved(12, 97, 0),))] == ["traffic"]
    assert [name for name, _ in broken(launches=0)] == ["launch"]
    seen = observed(question, toy, launches=0)
    assert not judge_case(toy.entry, question, seen).passed


def test_the_budget_is_of_the_exercises_own_function(toy):
    question = replace(toy.entry.questions[0], budget=Budget(12, 96, 192))
    much = (Moved(12, 97, 0),)
    seen = observed(question, toy, moved=much)
    (found,) = seen.measured.values()
    for call, broken in (("forward", ()), ("backward, call 2", ("traffic",))):
        outcome = replace(seen, measured={call: found})
        shown = judge_case(toy.entry, question, outcome).broken
        assert tuple(name for name, _ in shown) == broken


def test_a_hidden_question_makes_a_hidden_case(toy):
    question = replace(toy.entry.questions[0], hidden=True)
    outcome = Outcome(fault=Fault("deadline", "backward"))
    assert judge_case(toy.entry, question, outcome).hidden
    assert not judge_case(toy.entry, toy.entry.questions[0], outcome).hidden


def test_a_fault_in_one_case_is_recognised(toy):
    def fails_on_one_row(dout, cache):
        if len(dout) == 1:
            raise ZeroDivisionError
        return toy.right["backward"](dout, cache)

    result = result_of(toy, backward=fails_on_one_row)
    mistake = replace(
        toy.entry.mistakes[0],
        name="fails on one row",
        symptoms=tuple(c.symptom() for c in result.cases),
    )
    entry = replace(toy.entry, mistakes=(mistake, *toy.entry.mistakes))
    assert named(result_of(toy, entry, backward=fails_on_one_row)) == [mistake.name]
    assert named(result_of(toy, entry, backward=lambda *a: 1 / 0)) == []
