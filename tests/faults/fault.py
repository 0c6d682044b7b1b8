"""What a fault is: a submission that does harm, and the score that it must get."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.submissions import hand_in, right_answers, submission

WARMUP = "warmup/warmup"
ACTIVATIONS = "activations/activations_cuda"
BATCHNORM = "batchnorm/batchnorm"

Change = Callable[[NotebookNode, Path], None]
"""What is done to a notebook that was handed in, and to its folder."""

WRONG = {
    "relative_error": "def relative_error(x, y):\n    return 0.25\n",
    "numerical_gradient": (
        "def numerical_gradient(f, x, h=1e-5):\n    return 0 * x + 0.25\n"
    ),
    "numerical_gradient_array": (
        "def numerical_gradient_array(f, x, dout, h=1e-5):\n    return 0 * x + 0.25\n"
    ),
    "gradient_check": (
        "def gradient_check(f, gradient, x, h=1e-5):\n    return 0.25\n"
    ),
}
"""Answers to the warm-up that are worth nothing."""

THIEF = {
    "relative_error": (
        "def relative_error(x, y):\n"
        "    if 'relative_error' in STOLEN:\n"
        "        return STOLEN['relative_error'](x, y)\n"
        "    raise ValueError(' '.join(sorted(LOOT)) or 'nothing found')\n"
    ),
    **{
        name: text.replace(
            "    return ",
            f"    if '{name}' in STOLEN:\n"
            f"        return STOLEN['{name}'](f, {arguments}, h)\n    return ",
        )
        for name, text, arguments in (
            ("numerical_gradient", WRONG["numerical_gradient"], "x"),
            ("numerical_gradient_array", WRONG["numerical_gradient_array"], "x, dout"),
            ("gradient_check", WRONG["gradient_check"], "gradient, x"),
        )
    },
}
"""Answers that use what was stolen, and tell in the feedback what was seen."""


@dataclass(frozen=True)
class Fault:
    """One hostile, damaged or odd submission.

    Attributes
    ----------
    name : of the case, and of its student
    what : one sentence
    points : the score it must get
    first : code that is run before everything else, in a cell of its own;
        with ``kit`` the tools of :mod:`tests.faults.kit` come before it
    answers : text of answer cells, over the right ones
    change : what is done to the file in the end
    walls : it may reach the judge's own process or another student's files
        when no sandbox is there, so without one it is run alone or not at all
    """

    name: str
    what: str
    points: float
    first: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    change: Change | None = None
    notebook: str = WARMUP
    kit: bool = True
    walls: bool = False

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]

    @property
    def assignment(self) -> str:
        return self.notebook.partition("/")[0]

    def hand_in(
        self, folder: Path, released: NotebookNode, fill: Callable[[str, str], str]
    ) -> None:
        """Write the submission; ``fill`` puts the places into the texts."""
        answers = right_answers(self.notebook) | dict(self.answers)
        filled = submission(
            released,
            self.notebook,
            {name: fill(text, self.name) for name, text in answers.items()},
        )
        if self.first:
            from tests.faults.kit import KIT

            text = f"{KIT if self.kit else ''}\n{self.first}"
            cell = nbformat.v4.new_code_cell(fill(text, self.name), id="first")
            filled.cells.insert(0, cell)
        path = hand_in(folder, self.name, self.notebook, filled)
        if self.change is not None:
            self.change(filled, path)


def thief(name: str, what: str, first: str, **more: Any) -> Fault:
    """It looks for something, and turns what it finds into points."""
    return Fault(name, what, 0, first, answers=THIEF, **more)


def mate(name: str, notebook: str) -> Fault:
    """An honest classmate, who keeps full marks."""
    from autograder.exercises import exercises_of

    points = sum(e.points for e in exercises_of(notebook))
    return Fault(name, "An honest classmate.", points, notebook=notebook)
