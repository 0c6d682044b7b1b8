"""Known wrong solutions, each with a name and a hint: one module a topic.

A mistake is an edit of the reference's own text, so it stays a wrong
solution when the reference is rewritten, or says that it no longer applies.
Nothing of this package reaches a student: the answer key holds only what a
mistake *returns* for the public cases, its name and its hint.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Mistake:
    """A wrong solution of ``exercise``.

    Attributes
    ----------
    exercise : the exercise it is a wrong solution of
    name : how students and instructors see it ("eps outside the root")
    hint : a question or a pointer that does not give the answer away
    edits : pairs (text in the reference's cell, text in its place); each
        text must occur in the cell, and every occurrence is replaced
    caught_by : ``"values"`` when outputs differ; ``"traffic"``, ``"race"`` or
        another property's name when only properties show it, one of which it is
    """

    exercise: str
    name: str
    hint: str
    edits: tuple[tuple[str, str], ...]
    caught_by: str = "values"


def in_each(
    exercises: tuple[str, ...],
    name: str,
    hint: str,
    *edits: tuple[str, str],
    caught_by: str = "values",
) -> list[Mistake]:
    """The same mistake in several exercises."""
    return [Mistake(e, name, hint, edits, caught_by) for e in exercises]


@cache
def all_mistakes() -> tuple[Mistake, ...]:
    """Every known mistake of the course, in the order of its modules."""
    modules = sorted(m.name for m in pkgutil.iter_modules(__path__))
    return tuple(
        mistake
        for module in modules
        for mistake in importlib.import_module(f"{__name__}.{module}").MISTAKES
    )


def mistakes_of(exercise: str) -> list[Mistake]:
    """The known mistakes of one exercise, in their order."""
    return [m for m in all_mistakes() if m.exercise == exercise]
