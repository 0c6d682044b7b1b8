"""What a class did in one assignment, counted from its records.

Of each record only a few numbers and names are kept, so a class of thousands
takes little memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from autograder.course.records import ExerciseRecord, NotebookRecord, Record
from autograder.course.report.words import names
from autograder.student.explain import FAULTS

SLOWEST = 5
RIGHT = "Every case passes."
"""What ``explain.reason`` says of an exercise that passes by itself."""

LOST = {
    "out of time": FAULTS["deadline"].removeprefix("{function}"),
    "ended the process": FAULTS["crashed"].partition("{function}")[0],
}
"""What a report says of an exercise that lost its process."""

OUTCOMES = ("passed", "followed through", "wrong", "not written", "not run")


@dataclass
class Exercise:
    """How a class did in one exercise.

    Attributes
    ----------
    outcomes : how many, for each of ``OUTCOMES``
    mistakes : how often each known mistake was named
    lost : how many ended the process or ran out of time
    unnamed : whose answer is wrong in a way that no known mistake explains
    """

    name: str
    notebook: str
    points: float
    outcomes: Counter[str] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    unnamed: list[str] = field(default_factory=list)

    @property
    def run(self) -> int:
        return self.outcomes.total() - self.outcomes["not run"]

    @property
    def right(self) -> int:
        """With full points, by itself or by following through."""
        return self.outcomes["passed"] + self.outcomes["followed through"]


@dataclass(frozen=True)
class Person:
    """A submission that a person should look at, and why."""

    student: str
    notebooks: tuple[str, ...]
    not_run: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Bin:
    """Submissions with a score from ``low`` to below ``high``."""

    low: float
    high: float
    submissions: int


@dataclass
class Sandbox:
    """The submissions that ran behind one kind of wall."""

    name: str
    submissions: int = 0
    seconds: list[float] = field(default_factory=list)


@dataclass
class Summary:
    """All that the page says.

    Attributes
    ----------
    absent : students of the gradebook who handed nothing in
    scores : of the submissions of which everything was run
    people : the submissions that a person should look at
    unwalled : whose code ran without a sandbox
    seconds : wall time of each submission
    processor, memory : seconds of all workers, bytes of the largest
    """

    assignment: str
    absent: list[str]
    submissions: int = 0
    most: float = 0.0
    scores: list[float] = field(default_factory=list)
    exercises: dict[tuple[str, str], Exercise] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    unwalled: list[str] = field(default_factory=list)
    sandboxes: dict[str, Sandbox] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    processor: float = 0.0
    memory: int = 0
    workers: int = 0
    graded: str = ""

    @property
    def median(self) -> float | None:
        return median(self.scores) if self.scores else None

    @property
    def full(self) -> int:
        """How many have all the points."""
        return sum(s == self.most for s in self.scores)

    @property
    def lost(self) -> int:
        """How many processes were ended, or did not end in time.

        More workers than submissions do not tell it: what builds on a wrong
        base is judged again in one of its own.
        """
        return sum(e.lost for e in self.exercises.values())

    @property
    def slowest(self) -> list[tuple[str, float]]:
        by_time = sorted(self.seconds.items(), key=lambda pair: -pair[1])
        return by_time[:SLOWEST]

    def bins(self) -> list[Bin]:
        """The distribution: at most a dozen bins, the last for full points."""
        steps = (s * 10.0**e for e in range(6) for s in (1, 2, 5))
        width = next(w for w in steps if self.most / w <= 11)
        counts = Counter(int(score // width) for score in self.scores)
        return [
            Bin(i * width, (i + 1) * width, counts[i])
            for i in range(int(self.most // width) + 1)
        ]


def summarise(records: Iterable[Record], absent: Sequence[str] = ()) -> Summary:
    """Count the records of one assignment.

    Raises
    ------
    ValueError : without records
    """
    summary: Summary | None = None
    for record in records:
        summary = summary or Summary(record.assignment, sorted(absent))
        _add(summary, record)
    if summary is None:
        raise ValueError("There is nothing to report on.")
    summary.people.sort(key=lambda p: (not p.not_run, p.student))
    return summary


def _add(summary: Summary, record: Record) -> None:
    exercises = [e for n in record.notebooks for e in n.exercises]
    seconds = sum(n.seconds for n in record.notebooks)
    summary.submissions += 1
    summary.most = max(summary.most, sum(e.points for e in exercises))
    if all(e.earned is not None for e in exercises):
        summary.scores.append(sum(e.earned or 0.0 for e in exercises))
    summary.graded = max(summary.graded, record.graded)
    summary.seconds[record.student] = seconds
    sandbox = summary.sandboxes.setdefault(record.sandbox, Sandbox(record.sandbox))
    sandbox.submissions += 1
    sandbox.seconds.append(seconds)
    if record.sandbox == "none":
        summary.unwalled.append(record.student)
    for notebook in record.notebooks:
        summary.processor += notebook.usage.seconds
        summary.memory = max(summary.memory, notebook.usage.memory)
        summary.workers += notebook.usage.workers
        for exercise in notebook.exercises:
            _count(summary, record.student, notebook.notebook, exercise)
    person = _person(record)
    if person.reasons:
        summary.people.append(person)


def _count(
    summary: Summary, student: str, notebook: str, found: ExerciseRecord
) -> None:
    exercise = summary.exercises.setdefault(
        (notebook, found.name), Exercise(found.name, notebook, found.points)
    )
    kind = outcome(found)
    exercise.outcomes[kind] += 1
    exercise.mistakes.update(found.mistakes)
    if lost(found):
        exercise.lost += 1
    elif kind == "wrong" and not found.mistakes:
        exercise.unnamed.append(student)


def outcome(exercise: ExerciseRecord) -> str:
    """One of ``OUTCOMES``."""
    if exercise.earned is None:
        return "not run"
    if exercise.passed:
        return "passed" if exercise.reason == RIGHT else "followed through"
    written = exercise.status not in ("not written", "missing")
    return "wrong" if written else "not written"


def _person(record: Record) -> Person:
    """Why a person should look at a submission; without reasons, none should."""
    exercises = [e for n in record.notebooks for e in n.exercises]
    not_run = [e.name for e in exercises if e.earned is None]
    said: list[str] = []
    for why in dict.fromkeys(e.reason for e in exercises if e.earned is None):
        which = [e.name for e in exercises if e.earned is None and e.reason == why]
        said.append(f"{names(which)}: {why}")
    said += [r for n in record.notebooks for r in n.reasons]
    said += [s for n in record.notebooks for s in _lost(n)]
    concerned = tuple(n.notebook for n in record.notebooks)
    return Person(record.student, concerned, tuple(not_run), tuple(said))


def _lost(notebook: NotebookRecord) -> Iterator[str]:
    """Exercises that ended the process or did not end."""
    found = {e.name: lost(e) for e in notebook.exercises}
    for how in LOST:
        which = [name for name, what in found.items() if what == how]
        if which:
            yield f"{names(which)}: {how}."


def lost(exercise: ExerciseRecord) -> str:
    """How an exercise lost its process: one of ``LOST``, or nothing."""
    if exercise.status == "failed":
        for how, phrase in LOST.items():
            if phrase in exercise.text:
                return how
    return ""
