"""Percent scripts are read, run, and run with a mistake."""

import traceback

import pytest

from autograder.exercises import all_exercises, exercises_of
from autograder.mistakes import Mistake
from autograder.reference import scripts
from autograder.reference.scripts import EditError

SCRIPT = """\
# %% [markdown]
# # Title

# %%
TWO = 2

# %% nbgrader={"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true, "task": false}
def double(x):
    ### BEGIN SOLUTION
    return TWO * x
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_double", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# raise SystemExit("a check that runs on import")
"""  # noqa: E501


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    (tmp_path / "topic").mkdir()
    (tmp_path / "topic" / "part.py").write_text(SCRIPT)
    (tmp_path / "topic" / "__init__.py").write_text("")
    (tmp_path / "topic" / "part.ipynb").write_text("{}")
    monkeypatch.setattr(scripts, "SOLUTIONS", tmp_path)
    scripts.cells.cache_clear()
    yield "topic/part"
    scripts.cells.cache_clear()


def mistake(*edits):
    return Mistake("double", "wrong", "hint", edits)


def test_only_percent_scripts_are_notebooks(notebook):
    assert scripts.notebooks() == [notebook]


def test_cells_in_order(notebook):
    found = [(c.name, c.kind, c.solution, c.active) for c in scripts.cells(notebook)]
    assert found == [
        ("", "markdown", False, False),
        ("", "code", False, True),
        ("double", "code", True, True),
        ("check_double", "code", False, False),
    ]


def test_checks_do_not_run(notebook):
    names = scripts.namespace(notebook)
    assert names["double"](3) == 6


def test_each_namespace_is_its_own(notebook):
    one, other = scripts.namespace(notebook), scripts.namespace(notebook)
    one["TWO"] = 5
    assert (one["double"](1), other["double"](1)) == (5, 2)


def test_a_mistake_is_put_in(notebook):
    wrong = scripts.namespace(notebook, mistake(("TWO * x", "TWO + x")))
    assert wrong["double"](3) == 5
    assert scripts.namespace(notebook)["double"](3) == 6


def test_every_occurrence_is_edited_one_edit_after_the_other(notebook):
    text = scripts.solution(notebook, "double", mistake(("x", "y"), ("y)", "z)")))
    assert "def double(z):" in text
    assert "TWO * y" in text


def test_a_mistake_of_another_exercise_changes_nothing(notebook):
    other = Mistake("triple", "wrong", "hint", (("TWO * x", "0"),))
    assert scripts.namespace(notebook, other)["double"](3) == 6


def test_an_edit_that_no_longer_fits_says_so(notebook):
    with pytest.raises(EditError, match=r"'wrong' of double edits .* 'THREE'"):
        scripts.solution(notebook, "double", mistake(("THREE", "2")))


def test_a_cell_that_is_not_there_or_is_no_answer(notebook):
    for name in ("triple", "check_double"):
        with pytest.raises(EditError, match=f"0 solution cells '{name}'"):
            scripts.solution(notebook, name)


def test_an_exception_shows_the_line_and_names_the_mistake(notebook):
    wrong = scripts.namespace(notebook, mistake(("TWO * x", "1 / 0")))
    with pytest.raises(ZeroDivisionError) as caught:
        wrong["double"](1)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.line) == ("<topic/part cell 2: wrong>", "return 1 / 0")


def test_every_exercise_of_the_course_has_its_solution():
    known = scripts.notebooks()
    assert known
    for exercise in all_exercises().values():
        assert exercise.notebook in known
        assert "BEGIN SOLUTION" in scripts.solution(exercise.notebook, exercise.name)


def test_every_notebook_of_the_course_has_exercises():
    for notebook in scripts.notebooks():
        names = {c.name for c in scripts.cells(notebook)}
        for exercise in exercises_of(notebook):
            assert {exercise.name, f"check_{exercise.name}"} <= names
        assert exercises_of(notebook)
