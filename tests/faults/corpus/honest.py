"""Honest submissions that are not as tidy as the release: full marks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.submissions import right_answers
from tests.faults.corpus.form import edit, named
from tests.faults.corpus.form_files import content
from tests.faults.fault import WARMUP, Change, Fault

RIGHT = right_answers(WARMUP)
RELATIVE = RIGHT["relative_error"]
START = "    size = np.maximum"


def cell(name: str, what: str, source: str) -> Fault:
    """Cells of the student's own, at the start, in the middle, at the end."""

    def change(filled: NotebookNode) -> None:
        for position in (0, 5, len(filled.cells)):
            filled.cells.insert(position, nbformat.v4.new_code_cell(source))

    return Fault(f"honest-{name}", what, 6, change=edit(change))


def written(name: str, what: str, **answers: str) -> Fault:
    """The answers are written in another way."""
    assert all(text != RIGHT[key] for key, text in answers.items()), name
    return Fault(f"honest-{name}", what, 6, answers=answers)


def saved(name: str, what: str, change: Change) -> Fault:
    return Fault(f"honest-{name}", what, 6, change=change)


def within(line: str) -> str:
    """The right answer with a line before its work."""
    return RELATIVE.replace(START, f"    {line}\n{START}")


def split(filled: NotebookNode) -> None:
    answer = named(filled, "relative_error")
    helper = nbformat.v4.new_code_cell("def floor():\n    return 1e-8\n")
    filled.cells.insert(filled.cells.index(answer), helper)
    answer["source"] = RELATIVE.replace("1e-8,", "floor(),")


def helper_below(filled: NotebookNode) -> None:
    answer = named(filled, "relative_error")
    helper = nbformat.v4.new_code_cell("def floor():\n    return 1e-8\n")
    filled.cells.insert(filled.cells.index(answer) + 1, helper)
    answer["source"] = RELATIVE.replace("1e-8,", "floor(),")


def reordered(filled: NotebookNode) -> None:
    answer = named(filled, "relative_error")
    filled.cells.remove(answer)
    filled.cells.append(answer)


def backwards(filled: NotebookNode) -> None:
    filled["cells"] = filled.cells[::-1]


def colab(filled: NotebookNode) -> None:
    filled["nbformat_minor"] = 0
    filled["metadata"] = {
        "colab": {"provenance": []},
        "kernelspec": {"name": "python3"},
    }
    for cell_ in filled.cells:
        cell_.metadata["id"] = cell_.pop("id")
        cell_.metadata["colab"] = {"base_uri": "https://localhost:8080/"}
        if cell_["cell_type"] == "code":
            cell_["outputs"] = [
                {"output_type": "stream", "name": "stderr", "text": ["w"]}
            ]


def code(filled: NotebookNode) -> None:
    for cell_ in filled.cells:
        cell_.pop("id")
        cell_["metadata"] = {"vscode": {"languageId": "python"}}
    filled["metadata"]["language_info"] = {"name": "python", "version": "3.13.1"}


def lines(text: str) -> str:
    data: dict[str, Any] = json.loads(text)
    for one in data["cells"]:
        one["source"] = one["source"].replace("\n", "\r\n").splitlines(keepends=True)
    return json.dumps(data, indent=4)


def stub_kept(filled: NotebookNode, path: Path) -> None:
    """Written below the stub, which was left where it was."""
    answer = named(filled, "relative_error")
    answer["source"] = (
        "def relative_error(x, y):\n    raise NotImplementedError()\n\n\n" + RELATIVE
    )
    path.write_text(json.dumps(filled))


FAULTS = (
    cell(
        "warnings",
        "Warnings on stderr.",
        "import sys, warnings\nwarnings.warn('old')\nsys.stderr.write('careful')\nnp_ = __import__('numpy')\nnp_.array([1.0]) / 0\n",
    ),
    cell(
        "logging",
        "Messages of a logger.",
        "import logging\nlogging.basicConfig(level=10)\nlogging.error('here')\n",
    ),
    cell(
        "prints",
        "It prints, and shows values.",
        "for i in range(1000):\n    print(i, 'ok')\n{'a': 1}\n",
    ),
    cell("values", "A value is left at the end of a cell.", "0.0\n"),
    cell("negative-value", "A negative number is left at the end.", "-1.0\n"),
    cell(
        "magics",
        "Magics, shell commands and help.",
        "%matplotlib inline\n!pip list\nlen?\n%timeit 1 + 1\n",
    ),
    cell("timed", "A cell that is timed.", "%%time\ntotal = sum(range(10))\n"),
    cell("await", "A cell that awaits.", "import asyncio\nawait asyncio.sleep(0)\n"),
    cell(
        "broken-cell",
        "A cell of notes that does not run.",
        "this is a note for myself\n",
    ),
    cell("raising-cell", "A cell that raises.", "1 / 0\n"),
    cell(
        "random-seeds",
        "Seeds and print options are set.",
        "import numpy as np, random\nnp.random.seed(0)\nrandom.seed(0)\nnp.set_printoptions(precision=2)\nnp.seterr(all='raise')\n",
    ),
    cell(
        "files",
        "It writes files and reads them back.",
        "import numpy as np, tempfile, os\nnp.save('a.npy', np.ones(3))\nassert np.load('a.npy').sum() == 3\nwith tempfile.TemporaryDirectory() as d:\n    open(os.path.join(d, 'x'), 'w').write('y')\n",
    ),
    cell(
        "same-names",
        "Names of the notebook are used for notes.",
        "x = y = f = h = 3\ncheck_ = None\n",
    ),
    cell(
        "interactive",
        "It asks whether it is run by hand.",
        "if __name__ == '__main__':\n    print('by hand')\ntry:\n    get_ipython()\nexcept NameError:\n    pass\n",
    ),
    written(
        "noisy-answer",
        "An answer that prints and warns.",
        relative_error=within(
            "import sys, warnings; warnings.warn('x'); print('y'); sys.stderr.write('z')"
        ),
    ),
    written(
        "overflow",
        "An answer that overflows on the way.",
        relative_error=within("np.exp(np.full(3, 1e4)); np.log(np.zeros(3))"),
    ),
    written(
        "slow",
        "An answer that takes its time.",
        relative_error=within("import time; time.sleep(0.02)"),
    ),
    written(
        "threads",
        "An answer that works in threads.",
        relative_error="from concurrent.futures import ThreadPoolExecutor\n\n\n"
        + within("assert list(ThreadPoolExecutor(2).map(abs, [-1])) == [1]"),
    ),
    written(
        "one-line",
        "An answer in one expression.",
        relative_error="relative_error = lambda x, y: np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))\n",
    ),
    written(
        "loops",
        "An answer in loops over Python numbers.",
        relative_error="def relative_error(x, y):\n    worst = 0.0\n    for a, b in zip(np.ravel(x).astype(float), np.ravel(y).astype(float)):\n        worst = max(worst, abs(a - b) / max(1e-8, abs(a) + abs(b)))\n    return worst\n",
    ),
    written(
        "class",
        "An answer that calls an object.",
        relative_error="class Error:\n    def __call__(self, x, y):\n        return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))\n\n\nrelative_error = Error()\n",
    ),
    written(
        "typed",
        "An answer with annotations and letters of its own.",
        relative_error="from __future__ import annotations\n\n\ndef relative_error(x: np.ndarray, y: np.ndarray) -> float:\n    größe = np.maximum(1e-8, np.abs(x) + np.abs(y))\n    return float(np.max(np.abs(x - y) / größe))\n",
    ),
    written(
        "tried-inside",
        "The answer's cell tries itself out.",
        relative_error=RELATIVE
        + "\n\nassert relative_error(np.ones(2), np.ones(2)) == 0\nprint(relative_error(np.ones(2), np.zeros(2)))\n",
    ),
    written(
        "counts-itself",
        "A gradient that prints as it goes.",
        numerical_gradient=RIGHT["numerical_gradient"].replace(
            "    return grad", "    print(grad.sum())\n    return grad"
        ),
    ),
    saved("split", "A helper in a cell above.", edit(split)),
    saved("helper-below", "A helper in a cell below.", edit(helper_below)),
    saved("reordered", "An answer at the end of the notebook.", edit(reordered)),
    saved("backwards", "All cells in the other order.", edit(backwards)),
    saved("stub-kept", "The stub is above the answer.", stub_kept),
    saved("colab", "Saved by Colab.", edit(colab)),
    saved("code", "Saved by an editor that drops what it does not know.", edit(code)),
    saved("windows", "Line ends of another system, and indented JSON.", content(lines)),
)
