"""Judge functions that a test wrote, as a student's would be."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from autograder.exercises import all_exercises
from autograder.reference.recorder import record
from autograder.student.replay import replay
from autograder.student.verdict import Entry, Result, judge


@cache
def entry_of(name: str, secret: bytes) -> Entry:
    """An exercise with cases drawn from ``secret``."""
    return record(all_exercises()[name], secret)


def judged(name: str, names: Mapping[str, Any], secret: bytes) -> Result:
    """An exercise, answered by functions in ``names``."""
    entry = entry_of(name, secret)
    return judge(entry, [replay(q.trace, names) for q in entry.questions])


def why(result: Result) -> str:
    """The first failure in short, or nothing."""
    failed = result.first_failure()
    return "" if failed is None else f"{failed.kind}: {failed.symptom()}"
