"""A scenario becomes data: its calls, its answers, and how far off one may be."""

from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pytest

from autograder.exercises import Case, all_exercises, strided
from autograder.mistakes import Mistake
from autograder.reference import recorder
from autograder.reference.recorder import (
    PUBLIC,
    Recorder,
    generator,
    known,
    record,
    record_with_mistakes,
)
from autograder.student.compare import compare
from autograder.student.replay import replay
from autograder.student.values import describe
from tests.reference.made_up import (
    centred,
    course,
    matrix,
    of_variance,
    only,
    random_case,
)

__all__ = ["course"]


def test_calls_are_written_down(course):
    entry = record(course(centred, matrix(np.eye(3))))
    trace = only(entry).trace
    (step,) = trace.steps
    assert (step.function, step.parameters) == ("centre", ("x", "state"))
    assert step.returns == ("out", "value 2")  # no text of the solution
    assert step.arguments[1] == {"dict": {"mode": {"scalar": "train"}}}
    assert trace.outputs == {
        "out": {"result": [0, 0]},
        "mean": {"after": [0, 1, "mean"]},
    }
    assert np.array_equal(trace.inputs()["x of centre"], np.eye(3))


def test_answers_are_the_references_in_float64(course):
    x = np.array([[0.1, 7.0], [0.3, 9.0]], np.float32)
    expected = only(record(course(centred, matrix(x)))).expected
    exact = x.astype(np.float64)
    assert np.array_equal(expected["out"].array, exact - exact.mean(axis=0))
    assert expected["out"].array.dtype == np.float64
    assert expected["out"].dtype == "float32"  # what the reference returns for x


def test_an_answer_that_is_zero_everywhere_leaves_room_for_rounding(course):
    x = np.array([[0.1, 0.3]])  # one row is its own mean, to the last bit
    question = only(record(course(centred, matrix(x))))
    assert not question.expected["out"].array.any()
    assert verdict(question, "out", np.full((1, 2), 1e-17)).ok
    assert not verdict(question, "out", np.full((1, 2), 1e-12)).ok


def test_the_case_is_left_as_it_was(course):
    x, options = np.ones((2, 2)), {"mode": "train"}
    case = Case(kind="k", x=x, options=options)

    def scenario(impl, case):
        out, _ = impl.centre(case.x, case.options)
        return {"out": out, "mean": case.options["mean"]}

    record(course(scenario, case))
    assert options == {"mode": "train"}
    assert np.array_equal(x, np.ones((2, 2)))


def test_functions_and_lists_are_arguments_too(course):
    def scenario(impl, case):
        return {"value": impl.apply(impl.variance, [case.x, 3])}

    x = np.array([1.0, 3.0], np.float32)
    question = only(record(course(scenario, matrix(x))))
    (step,) = question.trace.steps
    assert step.arguments[0] == {"name": "variance"}
    assert list(step.arguments[1]) == ["list"]
    assert question.expected["value"].array == 1.0
    names = {"apply": lambda f, values: f(values[0]), "variance": lambda x: x.sum()}
    assert replay(question.trace, names).outputs["value"].array == 4.0


def test_a_result_handed_on_is_the_students_own(course):
    def scenario(impl, case):
        out, cache = impl.centre(case.x, {})
        return {"again": impl.apply(impl.variance, (out, cache))}

    question = only(record(course(scenario, matrix(np.eye(2)))))
    argument = question.trace.steps[1].arguments[1]
    assert argument == {"tuple": [{"result": [0, 0]}, {"result": [0, 1]}]}


def test_a_function_that_the_reference_does_not_define(course):
    def scenario(impl, case):
        return {"out": impl.center(case.x)}

    with pytest.raises(AttributeError, match="the reference defines no center"):
        record(course(scenario, matrix(np.eye(2))))


def same_inputs(one, other):
    pairs = zip(one.questions, other.questions, strict=True)
    return all(
        np.array_equal(a.trace.arrays["a0"], b.trace.arrays["a0"]) for a, b in pairs
    )


def test_the_same_secret_gives_the_same_cases_and_another_gives_others(course):
    exercise = course(centred, random_case, random_case)
    assert same_inputs(record(exercise), record(exercise))
    assert same_inputs(record(exercise, b"s"), record(exercise, b"s"))
    assert not same_inputs(record(exercise), record(exercise, b"s"))
    assert not same_inputs(record(exercise, b"s"), record(exercise, b"t"))


def test_exercises_do_not_share_their_numbers(course):
    one, other = course(centred, random_case), course(centred, random_case, name="b")
    assert generator(one, b"s").random() != generator(other, b"s").random()
    # a secret and a name can't be told apart by moving the boundary
    longer = SimpleNamespace(name="bb")
    assert generator(other, b"sb").random() != generator(longer, b"s").random()


def test_cases_of_a_secret_are_hidden(course):
    exercise = course(centred, random_case)
    assert not only(record(exercise, PUBLIC)).hidden
    assert only(record(exercise, b"secret")).hidden


def verdict(question, output, got):
    return compare(output, question.expected[output], describe(got), False)


def test_the_tolerance_follows_from_the_conditioning(course):
    """Far from zero a variance is ill-conditioned: two ways differ, both right."""
    rng = np.random.default_rng(0)
    x = 1e8 + 0.01 * rng.normal(size=6)
    near = only(record(course(of_variance, matrix(x - 1e8), name="v"))).expected
    question = only(record(course(of_variance, matrix(x), name="v")))
    assert question.expected["var"].atol > 100 * near["var"].atol
    pairwise = ((x[:, None] - x[None, :]) ** 2).mean() / 2
    assert verdict(question, "var", pairwise).ok
    one_pass = (x**2).mean() - x.mean() ** 2
    assert not verdict(question, "var", one_pass).ok
    unbiased = x.var(ddof=1)
    assert not verdict(question, "var", unbiased).ok


def test_a_right_answer_in_float32_passes_and_a_sloppy_one_does_not(course):
    x = np.random.default_rng(1).normal(5.0, 1.0, 1000).astype(np.float32)
    question = only(record(course(of_variance, matrix(x), name="v")))
    assert verdict(question, "var", x.var()).ok
    assert not verdict(question, "var", x.var() * np.float32(1 + 1e-4)).ok
    assert not verdict(question, "var", x.astype(np.float16).var()).ok


def test_in_float64_six_digits_are_asked(course):
    x = np.random.default_rng(2).normal(size=50)
    question = only(record(course(of_variance, matrix(x), name="v")))
    assert verdict(question, "var", x.var() * (1 + 5e-7)).ok
    assert not verdict(question, "var", x.var() * (1 + 1e-5)).ok


@pytest.mark.parametrize("layout", [strided, np.asfortranarray])
def test_the_layout_reaches_the_student(course, layout):
    x = layout(np.arange(12.0).reshape(3, 4))
    question = only(record(course(centred, matrix(x))))
    seen = []

    def centre(x, state):
        seen.append(x.strides)
        return x, None

    replay(question.trace, {"centre": centre})
    assert seen[0] == x.strides


def test_tensors_arrive_in_their_own_dtype():
    import torch

    functions = {"double": lambda x: 2 * x}
    recording = Recorder(functions, "torch")
    x = np.array([1.0, 2.5]).astype(ml_dtypes.bfloat16)
    result = recording.double(x)
    assert result.value.dtype == torch.float64
    (spec,) = recording.steps[0].arguments
    assert (spec["dtype"], spec["of"]) == ("bfloat16", "torch")


def test_a_mistake_is_known_by_what_it_returns(course):
    exercise = course(centred, matrix([[1.0, 2.0], [3.0, 6.0]]))
    wrong = Mistake("centre", "sign", "h", (("x - mean", "x + mean"),))
    found = known(exercise, record(exercise), wrong)
    (symptom,) = found.symptoms
    assert list(symptom.outputs) == ["out"]
    assert np.array_equal(symptom.outputs["out"].array, [[3.0, 6.0], [5.0, 10.0]])


def test_every_known_mistake_is_in_the_record(monkeypatch, course):
    wrong = Mistake("centre", "sign", "h", (("x - mean", "x + mean"),))
    monkeypatch.setattr(recorder, "mistakes_of", lambda name: [wrong])
    entry = record_with_mistakes(course(centred, random_case), b"s")
    assert [m.name for m in entry.mistakes] == ["sign"]
    assert record(course(centred, random_case), b"s").mistakes == ()


@pytest.mark.parametrize(
    ("answer", "dtype", "tolerance"),
    [
        (np.array([7, -3], np.int32), "int32", 0.0),
        (np.array([7.5, -3.0], np.float32), "float32", 7.5e-5),
    ],
)
def test_of_whole_numbers_an_oracle_says_what_is_asked_for(
    course, answer, dtype, tolerance
):
    counters = Case(kind="two", x=np.array([1, 2]))
    exercise = course(
        of_variance,
        counters,
        name="v",
        path="triton",
        oracle={"variance": lambda x: answer},
    )
    expected = record(exercise).questions[0].expected["var"]
    assert (expected.dtype, expected.array.tolist()) == (dtype, answer.tolist())
    assert expected.atol == pytest.approx(tolerance)
    if not tolerance:
        assert not expected.allowed().any()


def test_an_oracle_stands_in_for_the_reference(course):
    exercise = course(
        of_variance, matrix([1.0, 3.0]), name="v", oracle={"variance": lambda x: 7.0}
    )
    assert only(record(exercise)).expected["var"].array == 7.0


def test_an_exercise_becomes_an_entry_with_its_settings():
    for exercise in all_exercises().values():
        if exercise.path != "numpy":
            continue
        entry = record(exercise)
        assert (entry.name, entry.points) == (exercise.name, exercise.points)
        assert (entry.path, entry.builds_on) == (exercise.path, exercise.builds_on)
        kinds = [q.trace.kind for q in entry.questions]
        assert len(set(kinds)) == len(kinds)
