"""JUnit XML as Jenkins, GitLab and others read it.

A ``testsuite`` is one notebook of one student, a ``testcase`` one exercise. Wrong
is a ``failure``, not run is ``skipped``.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import TextIOBase
from typing import TextIO, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from autograder.course.export.safe import plain
from autograder.course.records import ExerciseRecord, NotebookRecord, Record


def junit(records: Iterable[Record], name: str, file: TextIO) -> None:
    """Write a document; one record is held in memory at a time."""
    xml = _Writer(cast(TextIOBase, file), "utf-8", short_empty_elements=True)
    xml.startDocument()
    xml.open("testsuites", name=name)
    for record in records:
        for notebook in record.notebooks:
            _suite(xml, record, notebook)
    xml.close("testsuites")
    xml.endDocument()


class _Writer(XMLGenerator):
    """Elements on lines of their own, without what XML can't hold."""

    def open(self, tag: str, **attributes: str) -> None:
        said = {name: plain(value) for name, value in attributes.items()}
        self.startElement(tag, AttributesImpl(said))

    def close(self, tag: str) -> None:
        self.endElement(tag)
        self.ignorableWhitespace("\n")

    def text(self, tag: str, content: str, **attributes: str) -> None:
        self.open(tag, **attributes)
        self.characters(plain(content))
        self.close(tag)


def _suite(xml: _Writer, record: Record, notebook: NotebookRecord) -> None:
    exercises = notebook.exercises
    not_run = sum(e.earned is None for e in exercises)
    xml.open(
        "testsuite",
        name=f"{record.student}/{notebook.notebook}",
        package=record.assignment,
        tests=str(len(exercises)),
        failures=str(sum(not e.passed for e in exercises) - not_run),
        errors="0",
        skipped=str(not_run),
        time=f"{notebook.seconds:.3f}",
        # The schema has no room for a time zone; it is UTC.
        timestamp=record.graded[:19],
    )
    for exercise in exercises:
        _case(xml, f"{record.assignment}.{notebook.notebook}", exercise)
    if notebook.reasons:
        xml.text("system-out", "\n".join(notebook.reasons))
    xml.close("testsuite")


def _case(xml: _Writer, group: str, exercise: ExerciseRecord) -> None:
    xml.open("testcase", classname=group, name=exercise.name)
    if exercise.earned is None:
        xml.open("skipped", message=exercise.reason)
        xml.close("skipped")
    elif not exercise.passed:
        said = {"message": exercise.reason, "type": exercise.status}
        xml.text("failure", exercise.text, **said)
    xml.close("testcase")
