"""Grade one rebuilt notebook: every exercise, in fresh and public cases.

Hidden cases come from the same generator as the public ones, fed with the
course's secret, and of a hidden case only its kind is ever told. An exercise
earns its points when all of both pass. When a base function fails, what builds
on it is judged again, so that one error is reported once and costs once:

- with the mistake taken as given, when the base shows a known mistake and the
  answer is what a right solution gives on that mistake;
- on a right base, when the function calls the failing one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from nbformat import NotebookNode

from autograder.exercises import Exercise, all_exercises, exercises_of
from autograder.judge.compiling import Compiler
from autograder.judge.following import closure, consequence_of, follows, may_call
from autograder.judge.process import WorkerProcess
from autograder.judge.session import CELL_SECONDS, Session, imports_torch
from autograder.judge.tampering import tampering
from autograder.judge.upcalls import Upcalls
from autograder.mistakes import mistakes_of
from autograder.reference import scripts
from autograder.reference.recorder import record, record_with_mistakes
from autograder.sandbox import Backend, Usage, parent
from autograder.sandbox.warm import HEAVY, LIGHT
from autograder.student import answers
from autograder.student.check import cannot_run
from autograder.student.replay import Outcome
from autograder.student.verdict import (
    Entry,
    Result,
    judge,
    unrun,
    with_notes,
)

IN_THE_JAIL = {
    "numpy": "NumPy",
    "torch": "torch on cpu",
    "triton": "Triton interpreter on cpu",
}


@dataclass(frozen=True)
class Grading:
    """The results of a notebook's exercises, and what they cost."""

    results: tuple[Result, ...]
    usage: Usage
    sandbox: str


class Grader:
    """Grades the notebooks of one assignment notebook.

    Parameters
    ----------
    notebook : ``"<assignment>/<notebook>"``
    secret : what the hidden cases are drawn from
    backend : the walls that students' code runs behind
    cell_seconds : that one cell may take

    Raises
    ------
    ValueError : for a notebook without exercises
    """

    def __init__(
        self,
        notebook: str,
        secret: bytes,
        backend: Backend,
        cell_seconds: float = CELL_SECONDS,
    ) -> None:
        self.notebook = notebook
        self.backend = backend
        self.cell_seconds = cell_seconds
        self.exercises = exercises_of(notebook)
        if not self.exercises:
            raise ValueError(f"no exercises are defined for the notebook {notebook}")
        self.public = {e.name: record(e) for e in self.exercises}
        self.hidden = {e.name: record(e, secret) for e in self.exercises}

    def grade(self, submission: NotebookNode) -> Grading:
        """The result of every exercise of a rebuilt notebook.

        Raises
        ------
        NoSandbox, CannotStart : when no worker can be had; no student's fault
        """
        results: dict[str, Result] = {}
        around = tampering(submission)
        compiler = Compiler(self.backend)
        with self.session(submission) as session:
            # Public cases first: what is said of them, in words of the student's
            # code, was said before that code had seen a hidden input.
            public = {
                e.name: session.outcomes(
                    self.public[e.name], self.public[e.name].questions, e.deadline
                )
                for e in self.exercises
                if not cannot_run(e.path) and not (e.path == "triton" and around)
            }
            for e in self.exercises:
                if e.path == "triton" and around:
                    results[e.name] = _refused(e, around)
                else:
                    results[e.name] = self._exercise(
                        e, session, compiler, public, results
                    )
        usage = session.usage + compiler.usage
        return Grading(tuple(results.values()), usage, self.backend.name)

    def session(self, submission: NotebookNode) -> Session:
        """A worker for it, forked from a parent that has what it imports."""
        closed = tuple(dict.fromkeys(c for e in self.exercises for c in e.closed))
        heavy = "torch" not in closed and imports_torch(submission)
        warm = parent(self.backend, HEAVY if heavy else LIGHT)
        return Session(
            submission, lambda: WorkerProcess(warm, closed), self.cell_seconds
        )

    def all_questions(self, name: str) -> Entry:
        """Public and hidden cases as one entry."""
        public, hidden = self.public[name], self.hidden[name]
        return replace(public, questions=(*public.questions, *hidden.questions))

    def _exercise(
        self,
        exercise: Exercise,
        session: Session,
        compiler: Compiler,
        public: dict[str, list[Outcome]],
        results: dict[str, Result],
    ) -> Result:
        entry = self.all_questions(exercise.name)
        if exercise.name not in public:
            return unrun(entry, cannot_run(exercise.path))
        outcomes = public[exercise.name]
        questions = self.hidden[exercise.name].questions
        if _lost(outcomes[-1]):
            outcomes = [*outcomes, *(outcomes[-1] for _ in questions)]
        else:
            hidden = session.outcomes(entry, questions, exercise.deadline)
            outcomes = [*outcomes, *hidden]
        # What ran it is known here, and not asked of the student's process.
        outcomes = [replace(o, where=IN_THE_JAIL[entry.path]) for o in outcomes]
        outcomes = compiler.compiled(entry, outcomes)
        result = self._judge(exercise.name, outcomes)
        if result.passed or result.earned is None:
            return result
        failing = [b for b in exercise.builds_on if _failed(results.get(b))]
        if not failing:
            return result
        again = self._with_mistake_given(entry, outcomes, failing, results)
        again = again or self._on_right_base(
            exercise, entry, session, compiler, outcomes, results
        )
        return again or with_notes(
            result, (f"It builds on {failing[0]}, which fails.",)
        )

    def _judge(self, name: str, outcomes: Sequence[Outcome]) -> Result:
        """Points from all cases; mistakes are recognised on the public ones."""
        whole = judge(self.all_questions(name), outcomes)
        if whole.passed or whole.earned is None:
            return whole
        public = public_entry(name)
        named = judge(public, outcomes[: len(public.questions)]).mistakes
        return replace(whole, mistakes=named)

    def _with_mistake_given(
        self,
        entry: Entry,
        outcomes: Sequence[Outcome],
        failing: Sequence[str],
        results: dict[str, Result],
    ) -> Result | None:
        """Full points when the answer is right for the base's known mistake."""
        for base in failing:
            for mistake in results[base].mistakes:
                given = consequence_of(entry, base, mistake.name)
                if follows(entry, outcomes, given):
                    return _earned(
                        entry,
                        outcomes,
                        (
                            f"It builds on {base}, where the mistake is "
                            f"“{mistake.name}”. With that given, it is right.",
                        ),
                    )
        return None

    def _on_right_base(
        self,
        exercise: Exercise,
        entry: Entry,
        session: Session,
        compiler: Compiler,
        outcomes: Sequence[Outcome],
        results: dict[str, Result],
    ) -> Result | None:
        """Full points when only the functions that it calls were wrong."""
        direct = {s.function for q in entry.questions for s in q.trace.steps}
        bases = closure(exercise)
        if not any(_failed(results.get(b)) for b in bases):
            return None
        rebound = tuple(b for b in bases if b not in direct)
        if not rebound or not may_call(outcomes, rebound):
            return None
        given = {
            name: value
            for name, value in scripts.namespace(self.notebook).items()
            if name in rebound or name not in all_exercises()
        }
        sizes = [a.size for q in entry.questions for a in q.trace.arrays.values()]
        upcalls = Upcalls(given, rebound, 16 * max(sizes, default=0) + 4096)
        again = session.on_right_base(
            entry, entry.questions, exercise.deadline, upcalls
        )
        again = compiler.compiled(entry, again)
        if not judge(entry, again).passed:
            return None
        wrong = next(b for b in bases if _failed(results.get(b)))
        return _earned(
            entry,
            again,
            (f"It calls {wrong}, which fails. On a right {wrong}, it is right.",),
        )


@cache
def public_entry(name: str) -> Entry:
    """The public cases with the known mistakes: those of the answer key.

    The release wrote them there. They are recorded anew, which takes seconds
    for a kernel, where the key is missing or of other mistakes.
    """
    exercise = all_exercises()[name]
    key = scripts.ROOT / "assignments" / f"{exercise.notebook}{answers.SUFFIX}"
    try:
        entry = answers.read(key)[name]
    except (KeyError, answers.AnswersError):
        return record_with_mistakes(exercise)
    wanted = [(m.name, m.hint) for m in mistakes_of(name)]
    found = [(m.name, m.hint) for m in entry.mistakes]
    return entry if found == wanted else record_with_mistakes(exercise)


def _lost(outcome: Outcome) -> bool:
    return outcome.fault is not None and outcome.fault.kind in ("deadline", "crashed")


def _failed(result: Result | None) -> bool:
    return result is not None and result.earned is not None and not result.passed


def _refused(exercise: Exercise, around: str) -> Result:
    """No points: what kernels do could not be seen."""
    why = (
        f"Kernels are not graded beside code that could hide what they do: {around}. "
        "Take it out and hand in again."
    )
    return Result(exercise.name, exercise.points, 0.0, (), notes=(why,))


def _earned(
    entry: Entry, outcomes: Sequence[Outcome], notes: tuple[str, ...]
) -> Result:
    """Full points by following through; the root is reported elsewhere."""
    where = outcomes[0].where
    return Result(entry.name, entry.points, entry.points, (), (), notes, where)
