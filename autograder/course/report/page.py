"""The report as one HTML file that loads nothing and runs nothing."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from statistics import median

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.course.export.safe import plain
from autograder.course.report import words
from autograder.course.report.summary import OUTCOMES, Summary

TEMPLATE = "report.html.j2"


def page(summary: Summary, class_folder: Path, place: Path) -> str:
    """The HTML of a summary.

    Parameters
    ----------
    class_folder : where feedback and autograded notebooks are looked for
    place : the folder that the page will lie in; its links are relative to it
    """
    return (
        _environment()
        .get_template(TEMPLATE)
        .render(
            s=summary,
            outcomes=OUTCOMES,
            median=median,
            links=lambda student, notebooks: _links(
                summary.assignment, student, notebooks, class_folder, place
            ),
        )
    )


def _links(
    assignment: str,
    student: str,
    notebooks: tuple[str, ...],
    class_folder: Path,
    place: Path,
) -> list[tuple[str, str]]:
    """Pairs (text, address) of the student's pages that there are."""
    found = []
    for step, kind, text in (
        ("feedback", "html", "feedback"),
        ("autograded", "ipynb", "notebook"),
    ):
        for notebook in notebooks:
            path = class_folder / step / student / assignment / f"{notebook}.{kind}"
            if os.path.isfile(path):
                which = f"{text} ({notebook})" if len(notebooks) > 1 else text
                found.append((which, words.address(os.path.relpath(path, place))))
    return found


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # HTML can't hold every control character either.
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    said = ("count", "points", "share", "duration", "memory", "names", "day")
    environment.filters.update({name: getattr(words, name) for name in said})
    return environment
