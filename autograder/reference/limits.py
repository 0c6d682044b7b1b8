"""Which cases of kernels are looked at more closely: compiled, and run twice."""

from __future__ import annotations

from dataclasses import replace

from autograder.exercises import Exercise
from autograder.student.compiling.code import Limits
from autograder.student.verdict import Question

TWICE = 3
"""Cases of an exercise that run twice: those with the most numbers, which have
the most programs. A second run of all would double the time of every check."""


def repeated(
    exercise: Exercise, questions: tuple[Question, ...]
) -> tuple[Question, ...]:
    """The questions; of kernels, the largest are asked twice."""
    if exercise.path != "triton":
        return questions
    sizes = [sum(a.size for a in q.trace.arrays.values()) for q in questions]
    largest = sorted(range(len(sizes)), key=sizes.__getitem__)[-TWICE:]
    return tuple(
        replace(q, trace=replace(q.trace, twice=i in largest))
        for i, q in enumerate(questions)
    )


def limited(
    exercise: Exercise, questions: tuple[Question, ...]
) -> tuple[Question, ...]:
    """The questions, with the limits of machine code in the one that it names.

    Raises
    ------
    ValueError : when there is no case of that kind, or more than one
    """
    machine = exercise.machine
    if machine is None:
        return questions
    kinds = [q.trace.kind for q in questions]
    if kinds.count(machine.case) != 1:
        count = kinds.count(machine.case)
        raise ValueError(f"{exercise.name} has {count} cases {machine.case!r}")
    at = kinds.index(machine.case)
    question = questions[at]
    limits = Limits(machine.stack, machine.load, machine.store, machine.offsets)
    trace = replace(question.trace, compiles=exercise.name)
    asked = replace(question, trace=trace, limits=limits)
    return (*questions[:at], asked, *questions[at + 1 :])
