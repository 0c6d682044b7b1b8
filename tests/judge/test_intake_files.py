"""Files that are damaged, renamed or hostile: read as far as they go."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode

from autograder.course.submissions import right_answers
from autograder.judge import intake
from autograder.judge.intake import Intake, rebuild
from autograder.student.verdict import Result
from tests.judge.handed_in import added, answer, answers, assert_like_the_release

WARMUP = "warmup/warmup"
RIGHT = right_answers(WARMUP)
Cells = list[dict[str, Any]]
Grade = Callable[[NotebookNode], dict[str, Result]]


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
