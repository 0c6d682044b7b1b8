"""From what was seen to what is said: cases, mistakes, points.

The same functions judge a student's own run of ``check`` and, in the judge,
what came back from the worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from autograder.student.compare import Expected, Verdict, agree, compare
from autograder.student.compiling.code import Built, Limits
from autograder.student.kernels import Budget
from autograder.student.replay import Fault, Outcome
from autograder.student.trace import Trace
from autograder.student.values import Returned

TAUGHT_DTYPE = ("torch", "triton")


@dataclass(frozen=True)
class Question:
    """One case with its answer. ``hidden``: its inputs may not be shown.

    ``budget`` is what the kernels of the exercise's own function may move;
    ``limits`` are those of the machine code, where the trace compiles.
    """

    trace: Trace
    expected: dict[str, Expected]
    hidden: bool = False
    budget: Budget | None = None
    limits: Limits | None = None


@dataclass(frozen=True)
class Symptom:
    """How a wrong solution shows in one case: only what differs."""

    fault: str = ""
    outputs: dict[str, Returned] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    def aspects(self) -> set[str]:
        return {*self.outputs, *self.others, *({"fault"} if self.fault else ())}


@dataclass(frozen=True)
class KnownMistake:
    """A named wrong solution, by what it returns for each question."""

    name: str
    hint: str
    symptoms: tuple[Symptom, ...]


@dataclass(frozen=True)
class Entry:
    """An exercise as data: all that is needed to check it."""

    name: str
    points: float
    path: str
    questions: tuple[Question, ...]
    mistakes: tuple[KnownMistake, ...] = ()
    builds_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseResult:
    """One case of one exercise, judged."""

    kind: str
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    changed: tuple[str, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    hidden: bool = False
    built: Built | None = None

    @property
    def passed(self) -> bool:
        wrong = (v for v in self.verdicts if not v.ok)
        clean = not self.changed and not self.broken
        return self.outcome.fault is None and clean and next(wrong, None) is None

    def symptom(self) -> Symptom:
        fault = self.outcome.fault
        if fault is not None:
            return Symptom(fault=f"{fault.kind} {fault.what}".strip())
        return Symptom(
            outputs={v.output: v.symptom() for v in self.verdicts if not v.ok},
            others=(
                *(f"changed {c}" for c in self.changed),
                *(name for name, _ in self.broken),
            ),
        )


@dataclass(frozen=True)
class Result:
    """One exercise, judged.

    ``earned`` is None when it was not run. ``cases`` is empty when the points
    were earned by following through on a wrong base; one of ``notes``, which
    are sentences about other exercises, says so.
    """

    name: str
    points: float
    earned: float | None
    cases: tuple[CaseResult, ...]
    mistakes: tuple[KnownMistake, ...] = ()
    notes: tuple[str, ...] = ()
    where: str = ""

    @property
    def passed(self) -> bool:
        return self.earned is not None and self.earned == self.points

    @property
    def status(self) -> str:
        """``passed``, ``failed``, ``not written``, ``missing`` or ``not run``."""
        faults = [c.outcome.fault for c in self.cases]
        kinds = {fault.kind if fault else "" for fault in faults}
        if self.earned is None:
            return "not run"
        if self.passed:
            return "passed"
        for kind, status in (("unwritten", "not written"), ("missing", "missing")):
            if kinds == {kind}:
                return status
        return "failed"

    def first_failure(self) -> CaseResult | None:
        return next((c for c in self.cases if not c.passed), None)


def judge_case(entry: Entry, question: Question, outcome: Outcome) -> CaseResult:
    """Compare every output, every input and every property of one case.

    Machine code is looked at where all else is right.
    """
    strict = entry.path in TAUGHT_DTYPE
    verdicts: tuple[Verdict, ...] = ()
    changed: tuple[str, ...] = ()
    if outcome.fault is None:
        verdicts = tuple(
            compare(
                name,
                expected,
                outcome.outputs.get(name, Returned("missing")),
                strict,
                outcome.outputs,
            )
            for name, expected in question.expected.items()
        )
        changed = tuple(
            label
            for label, before in question.trace.inputs().items()
            if not _identical(before, outcome.inputs.get(label, Returned("missing")))
        )
    broken = tuple(_broken(entry, question, outcome))
    kind, hidden = question.trace.kind, question.hidden
    case = CaseResult(kind, outcome, verdicts, changed, broken, hidden)
    if question.limits is None or not case.passed:
        return case
    # Compiling takes longer than the rest, and first it must be right.
    built = outcome.machine_code()
    over = built.broken(question.limits) if built else ()
    said = tuple((name, f"{entry.name}: {why}.") for name, why in over)
    return replace(case, broken=said, built=built)


def judge(entry: Entry, outcomes: Sequence[Outcome]) -> Result:
    """Judge all cases of an exercise: points, and the mistakes it shows."""
    cases = tuple(
        judge_case(entry, question, outcome)
        for question, outcome in zip(entry.questions, outcomes, strict=True)
    )
    where = cases[0].outcome.where
    if all(c.passed for c in cases):
        if why := _not_compiled(entry, cases):
            return Result(entry.name, entry.points, None, cases, where=why)
        return Result(entry.name, entry.points, entry.points, cases, where=where)
    named = recognise(entry, cases)
    return Result(entry.name, entry.points, 0.0, cases, named, where=where)


def recognise(entry: Entry, cases: Sequence[CaseResult]) -> tuple[KnownMistake, ...]:
    """The fewest known mistakes that explain what is wrong.

    What is wrong is split into aspects (each output, each changed input, each
    property). A mistake explains an aspect when it shows the same symptom of
    it in every case, also where that is none.
    """
    seen = [case.symptom() for case in cases]
    left = set().union(*(s.aspects() for s in seen))
    explains = {
        mistake.name: {a for a in left if _explains(entry, mistake, seen, a)}
        for mistake in entry.mistakes
    }
    extra = {
        mistake.name: len(set().union(*(s.aspects() for s in mistake.symptoms)) - left)
        for mistake in entry.mistakes
    }
    named: list[KnownMistake] = []
    while left and entry.mistakes:
        best = max(
            entry.mistakes, key=lambda m: (len(explains[m.name] & left), -extra[m.name])
        )
        if not explains[best.name] & left:
            break
        named.append(best)
        left -= explains[best.name]
    return tuple(named)


def _explains(
    entry: Entry, mistake: KnownMistake, seen: Sequence[Symptom], aspect: str
) -> bool:
    for question, mine, theirs in zip(
        entry.questions, seen, mistake.symptoms, strict=True
    ):
        if aspect == "fault":
            if mine.fault != theirs.fault:
                return False
        elif mine.fault or theirs.fault:
            continue
        elif aspect in mine.outputs or aspect in theirs.outputs:
            if not (aspect in mine.outputs and aspect in theirs.outputs):
                return False
            like = question.expected[aspect]
            if not agree(mine.outputs[aspect], theirs.outputs[aspect], like):
                return False
        elif (aspect in mine.others) != (aspect in theirs.others):
            return False
    return any(aspect in s.aspects() for s in mistake.symptoms)


def with_notes(result: Result, notes: Iterable[str]) -> Result:
    """The same result with more sentences beside it."""
    return replace(result, notes=(*result.notes, *notes))


def _identical(before: np.ndarray, after: Returned) -> bool:
    if after.array is None or after.array.shape != before.shape:
        return False
    return after.array.tobytes() == before.astype(after.array.dtype).tobytes()


def _broken(
    entry: Entry, question: Question, outcome: Outcome
) -> Iterable[tuple[str, str]]:
    """Properties of a kernel that do not hold, with a sentence each."""
    if outcome.fault is not None:
        return
    if entry.path == "triton" and entry.name not in outcome.measured:
        yield "launch", f"{entry.name}: no kernel was seen."
    for call, seen in outcome.measured.items():
        own = call.split(",")[0] == entry.name
        for name, why in seen.broken(question.budget if own else None):
            yield name, f"{call}: {why}."


def _not_compiled(entry: Entry, cases: Sequence[CaseResult]) -> str:
    """Why a property of the machine code is not known; "" when all are."""
    for question, case in zip(entry.questions, cases, strict=True):
        if question.limits is not None:
            built = case.built
            why = built.why_not if built else "no process compiled it"
            if why and question.hidden:  # words of a process that saw its inputs
                why = "its kernels differ with other numbers"
            if why:
                return f"not run to the end: every case is right; not compiled: {why}"
    return ""


def unrun(entry: Entry, why: str) -> Result:
    """A result for an exercise that could not be run, which is not a zero."""
    fault = Fault("not run", entry.name, message=why)
    outcome = Outcome(fault=fault, where=f"not run: {why}")
    cases = tuple(CaseResult(q.trace.kind, outcome, ()) for q in entry.questions[:1])
    return Result(entry.name, entry.points, None, cases, where=outcome.where)
