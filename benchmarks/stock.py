"""A course of stock nbgrader: the same answers, graded by cells with assertions.

No part of this course's configuration or plug-ins is used.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.reference import scripts

CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "stock"
c.ExecutePreprocessor.timeout = 60
"""

HEAD = "import numpy as np\nx = np.arange(1.0, 7.0).reshape(2, 3)\n"
TESTS = {
    "relative_error": "assert abs(relative_error(x, 1.5 * x) - 0.2) < 1e-9\n"
    "assert relative_error(x, x) == 0",
    "numerical_gradient": "assert np.allclose(numerical_gradient(cubic, x), 3 * x**2)",
    "numerical_gradient_array": (
        "assert np.allclose(numerical_gradient_array(cube, x, 2 * x), 6 * x**3)"
    ),
    "gradient_check": (
        "assert gradient_check(cubic, cubic_gradient, x) < 1e-6\n"
        "assert gradient_check(cubic, cubic_gradient_with_a_slip, x) > 0.1"
    ),
    "relu_forward": "t = torch.linspace(-3, 3, 1000)\n"
    "assert torch.equal(relu_forward(t), torch.relu(t))",
    "relu_backward": "t = torch.linspace(-3, 3, 1000)\n"
    "assert torch.equal(relu_backward(t, t), torch.where(t > 0, t, 0.0))",
    "gelu_forward": "t = torch.linspace(-3, 3, 1000)\n"
    "assert torch.allclose(gelu_forward(t),"
    " torch.nn.functional.gelu(t), atol=1e-2)",
    "gelu_backward": "t = torch.linspace(-3, 3, 1000)\n"
    "assert gelu_backward(t, t).shape == t.shape",
}
"""One or two assertions an exercise: fewer than this course's cases by far."""


@dataclass(frozen=True)
class StockCourse:
    """A course folder of stock nbgrader with one notebook."""

    root: Path
    notebook: str

    @property
    def assignment(self) -> str:
        return self.notebook.partition("/")[0]

    @property
    def name(self) -> str:
        return self.notebook.partition("/")[2]

    def make(self) -> None:
        """Write the source and let nbgrader generate the release."""
        source = self.root / "source" / self.assignment / f"{self.name}.ipynb"
        source.parent.mkdir(parents=True)
        (self.root / "nbgrader_config.py").write_text(CONFIG)
        nbformat.write(self._source(), source)
        self.nbgrader("generate_assignment", self.assignment)

    def release(self) -> NotebookNode:
        """What students get."""
        path = self.root / "release" / self.assignment / f"{self.name}.ipynb"
        return nbformat.read(path, as_version=4)

    def hand_in(self, student: str, filled: NotebookNode) -> None:
        """Put a submission where collecting would put it."""
        folder = self.root / "submitted" / student / self.assignment
        folder.mkdir(parents=True)
        nbformat.write(filled, folder / f"{self.name}.ipynb")

    def nbgrader(self, *arguments: str) -> None:
        """Run one of nbgrader's commands.

        Raises
        ------
        subprocess.CalledProcessError : when it fails
        """
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
        environment.pop("PYTHONPATH", None)
        subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.root,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )

    def _source(self) -> NotebookNode:
        notebook = nbformat.v4.new_notebook()
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        for cell in scripts.cells(self.notebook):
            if not cell.active:
                continue
            notebook.cells.append(_cell(cell.name or "given", cell.source, "solution"))
            if not cell.solution:
                del notebook.cells[-1].metadata["nbgrader"]
            elif cell.name in TESTS:
                test = HEAD + TESTS[cell.name]
                notebook.cells.append(_cell(f"test_{cell.name}", test, "grade"))
        return notebook


def _cell(name: str, source: str, kind: str) -> NotebookNode:
    cell = nbformat.v4.new_code_cell(source)
    grade = kind == "grade"
    cell.metadata["nbgrader"] = {
        "grade": grade,
        "grade_id": name,
        "locked": grade,
        "schema_version": 3,
        "solution": not grade,
        "task": False,
        **({"points": 1} if grade else {}),
    }
    return cell


def answered(release: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """The release with these texts in its answer cells."""
    filled = nbformat.from_dict(release)
    for cell in filled.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell.source = answers.get(name, cell.source)
    return filled
