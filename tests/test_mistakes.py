"""The check accepts the reference, rejects every known mistake, and names it."""

import os

import pytest

# Before Triton is imported: without a GPU its kernels run in the interpreter.
os.environ.setdefault("TRITON_INTERPRET", "1")

from autograder.exercises import all_exercises
from autograder.judge.grade import public_entry
from autograder.mistakes import all_mistakes, mistakes_of
from autograder.reference import scripts
from autograder.reference.recorder import PUBLIC, record
from autograder.student.check import cannot_run
from autograder.student.replay import replay
from autograder.student.verdict import judge, judge_case

EXERCISES = all_exercises()
SECRETS = (b"one", b"two", b"three")
each_exercise = pytest.mark.parametrize("name", EXERCISES)
each_mistake = pytest.mark.parametrize(
    ("name", "mistake"),
    [
        pytest.param(name, mistake, id=f"{name}: {mistake.name}")
        for name in EXERCISES
        for mistake in mistakes_of(name)
    ],
)


@pytest.fixture(autouse=True)
def runs_here(name):
    if why := cannot_run(EXERCISES[name].path):
        pytest.skip(why)


def outcomes(entry, names):
    return [replay(q.trace, names) for q in entry.questions]


@each_exercise
@pytest.mark.parametrize("secret", [PUBLIC, *SECRETS])
def test_the_reference_passes(name, secret):
    names = scripts.namespace(EXERCISES[name].notebook)
    entry = record(EXERCISES[name], secret)
    result = judge(entry, outcomes(entry, names))
    failure = result.first_failure()
    assert failure is None, (failure.kind, failure.symptom())


@each_mistake
def test_a_mistake_is_caught_and_named(name, mistake):
    entry = public_entry(name)
    wrong = scripts.namespace(EXERCISES[name].notebook, mistake)
    result = judge(entry, outcomes(entry, wrong))
    assert result.earned == 0
    assert [m.name for m in result.mistakes] == [mistake.name]
    assert result.mistakes[0].hint == mistake.hint
    assert mistake.caught_by in shown(result)


def shown(result):
    """What of a result is wrong, in the words of ``caught_by``."""
    found = {name for case in result.cases for name, _ in case.broken}
    if any(v.problem for case in result.cases for v in case.verdicts):
        found.add("values")
    if any(case.outcome.fault for case in result.cases):
        found.add("values")
    if any(case.changed for case in result.cases):
        found |= {"inputs", "changed"}
    return found


@each_exercise
def test_mistakes_are_caught_with_other_numbers_too(name):
    entry = record(EXERCISES[name], SECRETS[0])
    survivors = [
        mistake.name
        for mistake in mistakes_of(name)
        if all(
            judge_case(entry, q, replay(q.trace, wrong)).passed
            for wrong in [scripts.namespace(EXERCISES[name].notebook, mistake)]
            for q in entry.questions
        )
    ]
    assert survivors == []


@each_exercise
def test_no_two_mistakes_have_one_name_or_one_text(name):
    notebook = EXERCISES[name].notebook
    found = mistakes_of(name)
    assert found, "an exercise without a known mistake"
    assert len({m.name for m in found}) == len(found)
    texts = {scripts.solution(notebook, name, m) for m in found}
    assert len(texts) == len(found)
    assert scripts.solution(notebook, name) not in texts


@each_exercise
def test_a_hint_is_there_and_does_not_give_the_answer_away(name):
    lines = {
        line.strip()
        for line in scripts.solution(EXERCISES[name].notebook, name).splitlines()
        if "=" in line
    }
    for mistake in mistakes_of(name):
        assert mistake.hint.strip().endswith((".", "?"))
        assert not any(line in mistake.hint for line in lines)


@pytest.mark.parametrize("name", [next(iter(EXERCISES))])
def test_every_mistake_belongs_to_an_exercise(name):
    assert {m.exercise for m in all_mistakes()} <= set(EXERCISES)
