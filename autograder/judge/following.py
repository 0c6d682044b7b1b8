"""What builds on a function that fails: is it right for what it was given?"""

from __future__ import annotations

from collections.abc import Sequence

from autograder.exercises import Exercise, all_exercises
from autograder.mistakes import mistakes_of
from autograder.reference.recorder import known
from autograder.student.compare import agree
from autograder.student.replay import Outcome
from autograder.student.verdict import Entry, KnownMistake, judge


def consequence_of(entry: Entry, base: str, mistake: str) -> KnownMistake:
    """What a right solution of ``entry`` gives on a base with a mistake."""
    exercise = all_exercises()[entry.name]
    found = next(m for m in mistakes_of(base) if m.name == mistake)
    return known(exercise, entry, found)


def follows(
    entry: Entry, outcomes: Sequence[Outcome], consequence: KnownMistake
) -> bool:
    """Whether the outcomes are, case by case, those of the consequence.

    Where the function itself mostly raises, that proves nothing: whatever
    raises the same exception would follow. A base that raises in every case
    leaves nothing to judge. Nor does one after which every case has the same
    result: a constant would follow.
    """
    own = sum(o.fault is not None and o.fault.function == entry.name for o in outcomes)
    if 2 * own > len(outcomes) or all(s.fault for s in consequence.symptoms):
        return False
    if _is_constant(consequence):
        return False
    cases = judge(entry, outcomes).cases
    for question, case, theirs in zip(
        entry.questions, cases, consequence.symptoms, strict=True
    ):
        mine = case.symptom()
        if mine.aspects() != theirs.aspects() or mine.fault != theirs.fault:
            return False
        if not all(
            agree(mine.outputs[o], theirs.outputs[o], question.expected[o])
            for o in mine.outputs
        ):
            return False
    return True


def _is_constant(consequence: KnownMistake) -> bool:
    """Whether what differs from the reference is one number in all cases."""
    seen = [r.array for s in consequence.symptoms for r in s.outputs.values()]
    arrays = [a for a in seen if a is not None and a.size]
    values = {float(v) for a in arrays for v in (a.min(), a.max())}
    return len(values) == 1


def closure(exercise: Exercise) -> tuple[str, ...]:
    """All that an exercise builds on, directly or not, bases first."""
    found: dict[str, None] = {}
    for name in exercise.builds_on:
        for base in closure(all_exercises()[name]):
            found[base] = None
        found[name] = None
    return tuple(found)


def may_call(outcomes: Sequence[Outcome], names: tuple[str, ...]) -> bool:
    """Whether one of ``names`` was called, or could not even be.

    A function that is not there is not seen when it is called, and a process
    that ended says nothing of what it called.
    """
    faults = {o.fault.kind for o in outcomes if o.fault is not None}
    called = {name for o in outcomes for name in o.called}
    return bool(called & set(names) or faults & {"raised", "deadline", "crashed"})
