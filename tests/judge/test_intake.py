"""Of a submission only the text counts; the rest comes from the release."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode

from autograder.course.submissions import right_answers, submission
from autograder.judge import intake
from autograder.judge.intake import GONE, Intake, rebuild
from autograder.judge.session import is_run, label
from autograder.student.verdict import Result

WARMUP = "warmup/warmup"
RIGHT = right_answers(WARMUP)
Cells = list[dict[str, Any]]
Grade = Callable[[NotebookNode], dict[str, Result]]


@pytest.fixture
def filled(released: NotebookNode) -> dict[str, Any]:
    """A right submission as the JSON of its file."""
    return json.loads(nbformat.writes(submission(released, WARMUP)))


@pytest.fixture
def take_in(released: NotebookNode, tmp_path: Path) -> Callable[..., Intake]:
    """Hand in a notebook's JSON, or bytes, as a file of some name."""

    def take(content: dict[str, Any] | bytes, name: str = "warmup.ipynb") -> Intake:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        (tmp_path / name).write_bytes(raw)
        return rebuild(released, tmp_path / "warmup.ipynb")

    return take


def answer(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The cell of a grade_id."""
    return next(
        c
        for c in data["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def answers(rebuilt: Intake) -> dict[str, str]:
    """What the rebuilt notebook holds in the answer cells."""
    return {
        c.metadata.nbgrader.grade_id: c.source
        for c in rebuilt.notebook.cells
        if c.metadata.get("nbgrader", {}).get("solution")
    }


def added(rebuilt: Intake) -> list[NotebookNode]:
    return [
        c
        for c in rebuilt.notebook.cells
        if "added-by-student" in c.metadata.get("tags", [])
    ]


def assert_like_the_release(rebuilt: Intake, released: NotebookNode) -> None:
    """All but the text of the answers, and the added cells, is the release."""
    mine = [
        c
        for c in rebuilt.notebook.cells
        if "added-by-student" not in c.metadata.get("tags", [])
    ]
    assert [c.id for c in mine] == [c.id for c in released.cells]
    for cell, given_cell in zip(mine, released.cells, strict=True):
        assert cell.cell_type == given_cell.cell_type
        assert cell.metadata == given_cell.metadata
        assert cell.get("outputs", []) == []
        if not given_cell.metadata.get("nbgrader", {}).get("solution"):
            assert cell.source == given_cell.source
    metadata = dict(rebuilt.notebook.metadata)
    metadata.pop(intake.META)
    assert metadata == released.metadata
    assert (rebuilt.notebook.nbformat, rebuilt.notebook.nbformat_minor) == (4, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(rebuilt.notebook)


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


DEEP = b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b', "nbformat": 4}'
DAMAGED = {
    "nothing": (b"", "was not submitted, or is empty"),
    "half a file": (b'{"cells": [{"cell_type": "co', "is damaged"),
    "no JSON": (b"def relative_error(x, y): ...", "is damaged"),
    "binary": (bytes(range(256)) * 50, "is damaged"),
    "zip": (b"PK\x03\x04" + b"\0" * 100, "is damaged"),
    "deep": (DEEP, "is damaged"),
    "a list": (b"[1, 2]", "is damaged"),
    "null": (b"null", "is damaged"),
    "no cells": (b'{"nbformat": 4, "metadata": {}}', "holds no cells"),
    "cells no list": (b'{"cells": {"a": 1}, "nbformat": 4}', "holds no cells"),
    "large": (b" " * (21 << 20), "is larger than 20 MB"),
    "long number": (b'{"cells": [], "nbformat": ' + b"9" * 5000 + b"}", "is damaged"),
}


@pytest.mark.parametrize(("content", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_the_release_with_a_reason(
    content: bytes,
    reason: str,
    released: NotebookNode,
    take_in: Callable[..., Intake],
) -> None:
    rebuilt = take_in(content)
    assert reason in " ".join(rebuilt.reasons)
    assert [c.source for c in rebuilt.notebook.cells] == [
        c.source for c in released.cells
    ]
    assert_like_the_release(rebuilt, released)


def test_a_file_in_another_encoding_is_read_as_far_as_it_goes(
    filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    cell = answer(filled, "relative_error")
    cell["source"] = "# größer als 1\n" + "".join(cell["source"])
    raw = json.dumps(filled, ensure_ascii=False)
    for encoded in (raw.encode("latin-1", "replace"), b"\xef\xbb\xbf" + raw.encode()):
        assert (
            "def relative_error(x, y):" in answers(take_in(encoded))["relative_error"]
        )


def test_text_that_no_file_can_hold_is_mended(
    filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    answer(filled, "relative_error")["source"] = "x = '\ud800'"
    rebuilt = take_in(filled)
    assert nbformat.writes(rebuilt.notebook).encode("utf-8")
    assert answers(rebuilt)["relative_error"] == "x = '?'"


def test_odd_cells_are_passed_over(
    filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    filled["cells"] += [None, 3, [], {}, {"source": 3}, {"source": [1, None, "a = 1"]}]
    filled["cells"] += [{"source": "b = 1", "metadata": "x", "id": {"a": []}}]
    filled["cells"] += [{"source": "c = 1", "metadata": {"nbgrader": [1]}}]
    filled["cells"] += [{"source": "d = 1", "metadata": {"nbgrader": {"grade_id": {}}}}]
    filled["cells"] += [{"source": "x" * (intake.LARGEST_CELL + 1)}]
    rebuilt = take_in(filled)
    assert answers(rebuilt) == RIGHT
    assert {c.source for c in added(rebuilt)} == {"a = 1", "b = 1", "c = 1", "d = 1"}
    assert rebuilt.reasons == ["A cell larger than 1 MB is not read."]


def test_too_many_cells_are_cut_with_a_reason(
    filled: dict[str, Any],
    take_in: Callable[..., Intake],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "MOST_CELLS", len(filled["cells"]) + 1)
    filled["cells"] += [{"cell_type": "code", "source": f"x = {i}"} for i in range(50)]
    rebuilt = take_in(filled)
    assert [c.source for c in added(rebuilt)] == ["x = 0"]
    assert "Only the first" in rebuilt.reasons[0]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("warmup (1).ipynb", "It was submitted as warmup (1).ipynb."),
        ("Aufgabe1.ipynb", "It was submitted as Aufgabe1.ipynb."),
        ("x\n\n`<b onclick=alert(1)>`.ipynb", "It was submitted as x   <b onclick"),
    ],
)
def test_a_renamed_notebook_is_found(
    name: str, reason: str, filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    rebuilt = take_in(filled, name)
    assert answers(rebuilt) == RIGHT
    assert (
        rebuilt.reasons[0]
        .replace("  <b", " <b")
        .startswith(reason.replace("  <b", " <b"))
    )
    assert rebuilt.notebook.metadata[intake.META]["reasons"] == rebuilt.reasons
    assert "\n" not in rebuilt.reasons[0]


def test_a_notebook_in_a_folder_of_its_own_is_found(
    filled: dict[str, Any], take_in: Callable[..., Intake], tmp_path: Path
) -> None:
    (tmp_path / "my work").mkdir()
    rebuilt = take_in(filled, "my work/warmup.ipynb")
    assert answers(rebuilt) == RIGHT
    assert rebuilt.reasons == ["It was submitted as my work/warmup.ipynb."]


def test_the_right_name_wins_over_a_fuller_copy(
    filled: dict[str, Any], take_in: Callable[..., Intake], tmp_path: Path
) -> None:
    (tmp_path / "old.ipynb").write_text(json.dumps(filled))
    answer(filled, "relative_error")["source"] = "mine = 1"
    assert answers(take_in(filled))["relative_error"] == "mine = 1"


def test_another_notebook_is_not_taken_for_it(take_in: Callable[..., Intake]) -> None:
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("a = 1")])
    rebuilt = take_in(json.loads(nbformat.writes(other)), "other.ipynb")
    assert rebuilt.reasons == ["warmup.ipynb was not submitted."]


@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "pipe", "loop"])
def test_what_is_no_plain_file_is_not_read(
    kind: str, filled: dict[str, Any], released: NotebookNode, tmp_path: Path
) -> None:
    path, other = tmp_path / "in" / "warmup.ipynb", tmp_path / "other.ipynb"
    path.parent.mkdir()
    other.write_text(json.dumps(filled))
    {
        "link": lambda: path.symlink_to(other),
        "dangling": lambda: path.symlink_to(tmp_path / "nowhere"),
        "loop": lambda: path.symlink_to(path),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
    }[kind]()
    rebuilt = rebuild(released, path)
    assert rebuilt.reasons == [
        "warmup.ipynb is a link or no plain file; it is not read."
    ]
    assert_like_the_release(rebuilt, released)


UNSAFE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    '<svg onload="alert(1)"></svg>',
    "<iframe src='https://example.org'></iframe>",
    '<div style="position:fixed;top:0">x</div>',
    "<form action=https://example.org><input></form>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    '<a href="https://example.org" onmouseover="alert(1)">x</a>',
]


@pytest.mark.parametrize("source", UNSAFE)
@pytest.mark.parametrize("kind", ["markdown", "raw", "heading"])
def test_active_html_of_a_student_loses_its_effect(
    source: str, kind: str, filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    filled["cells"].append(
        {"cell_type": kind, "source": f"Look: {source}", "metadata": {}}
    )
    cell = added(take_in(filled))[0]
    assert cell.cell_type == "markdown"
    shown = cell.source.lower()
    tags = ("<script", "<img", "<svg", "<iframe", "<form", "<meta", "<div")
    assert not any(tag in shown for tag in tags)
    for part in ('href="javascript', '<a href="https://example.org" on'):
        assert part not in shown


@pytest.mark.parametrize(
    "source",
    [
        "[x](javascript:alert(1))",
        "[x](<javascript:alert(1)>)",
        "[x]( &#106;avascript:alert(1) 'title')",
        "![x](javascript:alert(1))",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "[x]\n\n[x]:javascript:alert(1)",
        "<javascript:alert(1)>",
        "[![x](a)](javascript:alert(1))",
    ],
)
def test_a_markdown_link_of_a_student_leads_nowhere(
    source: str, filled: dict[str, Any], take_in: Callable[..., Intake]
) -> None:
    filled["cells"].append({"cell_type": "markdown", "source": source})
    shown = markdown2html_mistune(added(take_in(filled))[0].source)
    assert "alert(1)" in shown
    assert "href" not in shown
    assert "src=" not in shown


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "cells",
                        "source",
                        "metadata",
                        "nbgrader",
                        "grade_id",
                        "id",
                        "nbformat",
                        "worksheets",
                        "cell_type",
                        "input",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_gives_a_notebook(
    released: NotebookNode, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    path = tmp_path_factory.mktemp("any") / "warmup.ipynb"
    path.write_text(json.dumps(data))
    rebuilt = rebuild(released, path)
    assert_like_the_release(rebuilt, released)
