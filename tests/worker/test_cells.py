"""A cell runs as in a kernel, or leaves one plain sentence."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.student.explain import fault_sentence
from autograder.worker.cells import cell_fault, empty_namespace, run_cell


@pytest.fixture
def namespace() -> Iterator[dict[str, Any]]:
    """What a fresh notebook starts with."""
    before = set(linecache.cache)
    yield empty_namespace()
    for name in set(linecache.cache) - before:
        del linecache.cache[name]


def sentence(source: str, namespace: dict[str, Any]) -> str:
    """What is said of a cell that does not run."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - any will do
        run_cell(source, namespace, "relu")
    return fault_sentence(cell_fault(caught.value, "relu"))


def test_what_a_cell_defines_stays(namespace: dict[str, Any]) -> None:
    run_cell("a = 2\ndef f(x):\n    return a * x", namespace, "f")
    run_cell("b = f(3)", namespace, "cell 2")
    assert namespace["b"] == 6
    assert namespace["__name__"] == "__main__"


@pytest.mark.parametrize(
    "extra",
    [
        "%matplotlib inline",
        "%time relu(3)",
        "!pip install torch",
        "    %timeit relu(3)",
        "?relu",
        "relu?",
        "np.maximum??",
        "%%time",
    ],
)
def test_what_only_a_notebook_understands_is_passed_over(
    extra: str, namespace: dict[str, Any]
) -> None:
    run_cell(f"{extra.strip()}\ndef relu(x):\n    return max(x, 0)", namespace, "relu")
    assert namespace["relu"](-1) == 0


def test_a_magic_alone_in_a_block_leaves_the_block_whole(
    namespace: dict[str, Any],
) -> None:
    run_cell("for i in range(3):\n    %time i\n    j = i", namespace, "loop")
    assert namespace["j"] == 2


@pytest.mark.parametrize(
    "magic", ["%%bash", "%%html", "%%writefile relu.py", "%%latex"]
)
def test_a_cell_in_another_language_is_left_alone(
    magic: str, namespace: dict[str, Any]
) -> None:
    run_cell(f"{magic}\nrm -rf /\n<b>", namespace, "other")
    assert set(namespace) == set(empty_namespace())


def test_percent_signs_in_right_python_are_kept(namespace: dict[str, Any]) -> None:
    run_cell('text = """\n%matplotlib\n!ls"""\nrest = 7 \\\n% 4', namespace, "text")
    assert namespace["text"] == "\n%matplotlib\n!ls"
    assert namespace["rest"] == 3


def test_lines_keep_their_numbers_below_a_magic(namespace: dict[str, Any]) -> None:
    said = sentence("%matplotlib inline\n!ls\nx = 1\nx / 0", namespace)
    assert "line 4: x / 0" in said


def test_tracebacks_show_the_lines_of_a_cell(namespace: dict[str, Any]) -> None:
    run_cell("def f(x):\n    return x / 0", namespace, "f")
    run_cell("def g(x):\n    return f(x)", namespace, "g")
    with pytest.raises(ZeroDivisionError) as caught:
        namespace["g"](1)
    lines = [f.line for f in traceback.extract_tb(caught.value.__traceback__)]
    assert lines[-2:] == ["return f(x)", "return x / 0"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('print "loss", 3', "Missing parentheses in call to 'print'"),
        ("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> main", "merge conflict"),
        ("def relu(x)\n    return x", "line 1: def relu(x)"),
        ("def relu(x):\nreturn x", "expected an indented block"),
        ("from numpy.random import gamma2", "an editor may have added that import"),
        ("import pyparsing.col", "an editor may have added that import"),
        ("xrange(3)", "name 'xrange' is not defined"),
        ("raise SystemExit(3)", "SystemExit, 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("x = 1\0", "null bytes"),
        ("x = '\ud800'", "UnicodeEncodeError"),
        ("(" * 1000 + ")" * 1000, "too many nested parentheses"),
    ],
)
def test_a_cell_that_does_not_run_gets_a_plain_sentence(
    source: str, said: str, namespace: dict[str, Any]
) -> None:
    text = sentence(source, namespace)
    assert said in text
    assert "Traceback" not in text


def test_an_exception_that_can_not_be_shown_is_still_named(
    namespace: dict[str, Any],
) -> None:
    source = "class Odd(Exception):\n    def __str__(self):\n        raise ValueError"
    source += "\nraise Odd"
    assert "Odd" in sentence(source, namespace)
