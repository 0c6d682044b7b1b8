"""Final scores for Canvas: *Grades*, *Import*.

The columns are those of Canvas's own export: Student, ID, SIS User ID, SIS Login
ID and Section, then the assignment. Canvas finds a student by ID, or else by SIS
User ID, SIS Login ID or name. Here ID is the gradebook's ``lms_user_id`` when
that is a number, SIS User ID when it is not, and SIS Login ID is the student's
id. Canvas finds the assignment by its column: the title, or "Title (number)" as
in a file that it exported. An empty cell changes nothing in Canvas, so who
handed nothing in, or waits for a person, has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from autograder.course.export.safe import Cell
from autograder.course.results import Final

COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS = "    Points Possible"


def canvas(finals: Sequence[Final], column: str) -> Iterator[tuple[Cell, ...]]:
    """The rows of the file; ``column`` is the assignment in Canvas."""
    yield (*COLUMNS, column)
    yield (POINTS, *("" for _ in COLUMNS[1:]), _most(finals))
    for final in finals:
        number = final.lms.isdecimal() and final.lms.isascii()
        ids = (final.lms, "") if number else ("", final.lms)
        yield (_name(final), *ids, final.student, "", final.score)


def _most(finals: Iterable[Final]) -> float:
    return next((f.most for f in finals), 0.0)


def _name(final: Final) -> str:
    names = [n for n in (final.last_name, final.first_name) if n]
    return ", ".join(names) or final.student
