"""Of a submission only the text counts; the rest comes from the release."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.submissions import right_answers
from autograder.judge.intake import GONE, Intake
from autograder.judge.session import is_run, label
from autograder.student.verdict import Result
from tests.judge.handed_in import added, answer, answers, assert_like_the_release

WARMUP = "warmup/warmup"
RIGHT = right_answers(WARMUP)
Cells = list[dict[str, Any]]
Grade = Callable[[NotebookNode], dict[str, Result]]


def order(cells: Cells, key: Callable[[int], int]) -> Cells:
    return [c for _, c in sorted(enumerate(cells), key=lambda pair: key(pair[0]))]


def no_ids(data: dict[str, Any]) -> None:
    for cell in data["cells"]:
        del cell["id"]
    data["nbformat_minor"] = 2


def no_metadata(data: dict[str, Any]) -> None:
    """As an editor that knows cells and nothing else."""
    no_ids(data)
    data["metadata"] = {}
    for cell in data["cells"]:
        cell["metadata"] = {}


def version_3(data: dict[str, Any]) -> None:
    """The format of IPython 1: worksheets, and "input" for "source"."""
    no_ids(data)
    for cell in data["cells"]:
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
            cell["language"] = "python"
    half = len(data["cells"]) // 2
    cells = data.pop("cells")
    data["worksheets"] = [{"cells": cells[:half]}, {"cells": cells[half:]}]
    data["nbformat"], data["nbformat_minor"] = 3, 0


def lists_of_lines(data: dict[str, Any]) -> None:
    for cell in data["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)


def one_string(data: dict[str, Any]) -> None:
    for cell in data["cells"]:
        cell["source"] = "".join(cell["source"])


def run_and_saved(data: dict[str, Any]) -> None:
    """Outputs, execution counts, Colab's metadata."""
    data["metadata"]["colab"] = {"provenance": []}
    for i, cell in enumerate(data["cells"]):
        cell["metadata"] |= {"id": f"x{i}", "collapsed": True, "tags": ["mine"]}
        if cell["cell_type"] == "code":
            cell["execution_count"] = i
            cell["outputs"] = [{"output_type": "stream", "name": "stderr", "text": "!"}]


def no_check_cells(data: dict[str, Any]) -> None:
    data["cells"] = [
        c for c in data["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")
    ]


def only_answers(data: dict[str, Any]) -> None:
    data["cells"] = [
        c for c in data["cells"] if c["metadata"].get("nbgrader", {}).get("solution")
    ]


def duplicated(data: dict[str, Any]) -> None:
    data["cells"] = [c for c in data["cells"] for _ in range(2)]


def reversed_cells(data: dict[str, Any]) -> None:
    data["cells"].reverse()


def other_ids(data: dict[str, Any]) -> None:
    for i, cell in enumerate(data["cells"]):
        cell["id"] = f"new-{i}"


HONEST = [
    no_ids,
    no_metadata,
    version_3,
    lists_of_lines,
    one_string,
    run_and_saved,
    no_check_cells,
    only_answers,
    duplicated,
    reversed_cells,
    other_ids,
]


@pytest.mark.parametrize("change", HONEST, ids=lambda f: f.__name__)
def test_another_editors_form_keeps_every_answer(
    change: Callable[[dict[str, Any]], None],
    filled: dict[str, Any],
    released: NotebookNode,
    take_in: Callable[..., Intake],
) -> None:
    change(filled)
    rebuilt = take_in(filled)
    assert answers(rebuilt) == RIGHT
    assert_like_the_release(rebuilt, released)
    assert [c.source for c in added(rebuilt) if c.source not in RIGHT.values()] == []


def all_points(data: dict[str, Any]) -> None:
    for cell in data["cells"]:
        cell["metadata"]["nbgrader"] = {
            "grade": True,
            "grade_id": cell["metadata"].get("nbgrader", {}).get("grade_id", "x"),
            "points": 1000,
            "locked": False,
            "solution": True,
            "schema_version": 99,
            "task": True,
        }


def other_kernel(data: dict[str, Any]) -> None:
    data["metadata"]["kernelspec"] = {
        "name": "bash",
        "display_name": "x",
        "language": "x",
    }


def unlocked_checks(data: dict[str, Any]) -> None:
    for cell in data["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("locked"):
            cell["metadata"]["nbgrader"]["locked"] = False
            cell["source"] = "print('1.0')\n1.0"


def retyped(data: dict[str, Any]) -> None:
    for cell in data["cells"]:
        swap = {"code": "raw", "markdown": "code", "raw": "code"}
        cell["cell_type"] = swap[cell["cell_type"]]


def newer_format(data: dict[str, Any]) -> None:
    data["nbformat"], data["nbformat_minor"] = 5, 77


def odd_format(data: dict[str, Any]) -> None:
    data["nbformat"] = {"major": ["`<script>alert(1)</script>`\n\n"] * 99}


def active_tags(data: dict[str, Any]) -> None:
    """Tags that would keep a cell from being run."""
    for cell in data["cells"]:
        cell["metadata"]["tags"] = ["active-ipynb", "skip-execution"]


CHANGED = {
    all_points: "",
    other_kernel: "",
    unlocked_checks: "was changed; the given one counts",
    retyped: "no code cell",
    newer_format: "format is 5, not 4",
    odd_format: "format is something else",
    active_tags: "",
}


@pytest.mark.parametrize("change", CHANGED, ids=lambda f: f.__name__)
def test_what_is_not_the_students_to_change_is_not_taken(
    change: Callable[[dict[str, Any]], None],
    filled: dict[str, Any],
    released: NotebookNode,
    take_in: Callable[..., Intake],
) -> None:
    change(filled)
    rebuilt = take_in(filled)
    assert answers(rebuilt) == RIGHT
    assert_like_the_release(rebuilt, released)
    assert CHANGED[change] in " ".join(rebuilt.reasons)
    assert all(is_run(c) for c in rebuilt.notebook.cells if label(c, 0) in RIGHT)


def test_an_honest_submission_gives_no_reason(
    filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    assert take_in(filled).reasons == []


def test_cells_of_ones_own_stay_where_they_were(
    filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    for position, source in ((0, "first = 1"), (4, "import math"), (99, "last = 1")):
        cell = nbformat.v4.new_code_cell(source)
        filled["cells"].insert(position, json.loads(json.dumps(cell)))
    rebuilt = take_in(filled)
    places = [c.source for c in rebuilt.notebook.cells]
    assert places.index("first = 1") == 0
    assert places.index("import math") == 4
    assert places.index("last = 1") == len(places) - 1
    assert all(is_run(c) for c in added(rebuilt))


def test_a_split_answer_is_put_together_in_order(
    filled: dict[str, Any], take_in: Callable[..., Intake], grade_warmup: Grade
) -> None:
    """Both halves carry the metadata, as JupyterLab leaves them."""
    cell = answer(filled, "relative_error")
    whole = "".join(cell["source"])
    cell["source"] = "floor = 1e-8\n"
    half = {**cell, "id": "other", "source": whole.replace("1e-8, np", "floor, np")}
    filled["cells"].insert(filled["cells"].index(cell) + 1, half)
    results = grade_warmup(take_in(filled).notebook)
    assert all(r.passed for r in results.values())


def test_a_helper_written_into_an_example_is_kept(
    filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    example = next(
        c
        for c in filled["cells"]
        if c["cell_type"] == "code" and "nbgrader" not in c["metadata"]
    )
    example["source"] = "def helper(x):\n    return x"
    rebuilt = take_in(filled)
    assert [c.source for c in added(rebuilt)] == ["def helper(x):\n    return x"]


@pytest.mark.parametrize("form", [no_metadata, reversed_cells, duplicated])
def test_a_notebook_of_another_editor_earns_every_point(
    form: Callable[[dict[str, Any]], None],
    filled: dict[str, Any],
    take_in: Callable[..., Intake],
    grade_warmup: Grade,
) -> None:
    form(filled)
    results = grade_warmup(take_in(filled).notebook)
    assert all(r.passed for r in results.values())


def test_a_deleted_answer_cell_costs_that_exercise_with_its_reason(
    filled: dict[str, Any], take_in: Callable[..., Intake], grade_warmup: Grade
) -> None:
    filled["cells"].remove(answer(filled, "numerical_gradient_array"))
    rebuilt = take_in(filled)
    assert rebuilt.reasons == [
        "The cell of numerical_gradient_array was not in the notebook."
    ]
    assert answers(rebuilt)["numerical_gradient_array"] == GONE
    results = grade_warmup(rebuilt.notebook)
    assert [n for n, r in results.items() if not r.passed] == [
        "numerical_gradient_array"
    ]


def test_an_answer_in_a_cell_of_ones_own_counts(
    filled: dict[str, Any], take_in: Callable[..., Intake], grade_warmup: Grade
) -> None:
    """The released cell was deleted; its stub must not undo the function."""
    cell = answer(filled, "numerical_gradient_array")
    filled["cells"].remove(cell)
    source = "# all in one\n" + "".join(cell["source"])
    mine = nbformat.v4.new_code_cell(source)
    filled["cells"].insert(3, json.loads(json.dumps(mine)))
    results = grade_warmup(take_in(filled).notebook)
    assert all(r.passed for r in results.values())


def test_an_empty_copy_of_a_stub_undoes_nothing(
    filled: dict[str, Any], released: NotebookNode, take_in: Callable[..., Intake]
) -> None:
    stub = next(c for c in released.cells if c.id == "relative_error")
    filled["cells"].append({**json.loads(json.dumps(stub)), "id": "copy"})
    rebuilt = take_in(filled)
    assert answers(rebuilt) == RIGHT
    assert added(rebuilt) == []
