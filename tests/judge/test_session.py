"""A notebook keeps running, whatever one of its cells or functions does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import pytest
from nbformat import NotebookNode

from autograder.judge.process import WorkerProcess
from autograder.judge.session import Session
from autograder.sandbox import Backend, parent
from autograder.student.verdict import judge
from tests.judge.sessions import SECONDS, entry_of, kind, outcomes, passes

pytestmark = pytest.mark.usefixtures("no_worker_left")
Make = Callable[[Iterable[tuple[str, str]]], NotebookNode]
Open = Callable[..., Session]


GOOD = ("double", "def double(x):\n    return 2 * x")
LETHAL = {
    "exit": ("import os\n    os._exit(0)", "crashed"),
    "segfault": ("import ctypes\n    ctypes.string_at(0)", "crashed"),
    "loop": ("while True: pass", "deadline"),
    "abort": ("import os\n    os.abort()", "crashed"),
    "interrupt": ("def f(): raise KeyboardInterrupt\n    f()", "crashed"),
    "garbage": (
        "import os\n    for fd in range(3, 64):\n        try: os.write(fd, b'x' * 99)\n"
        "        except OSError: pass",
        "crashed",
    ),
}


@pytest.mark.parametrize(("act", "expected"), LETHAL.values(), ids=LETHAL)
def test_a_function_that_ends_the_process_costs_its_own_exercise(
    act: str, expected: str, opened: Open
) -> None:
    bad = ("triple", f"def triple(x):\n    {act}\n    return 3 * x")
    with opened([GOOD, bad]) as session:
        assert kind(session, entry_of("triple")) == expected
        assert passes(session, entry_of("double"))


@pytest.mark.parametrize(
    "act",
    ["import sys\n    sys.exit()", "raise SystemExit(3)", "exit()", "quit(3)"],
)
def test_a_polite_exit_is_an_exception_of_the_function(act: str, opened: Open) -> None:
    bad = ("triple", f"def triple(x):\n    {act}")
    with opened([GOOD, bad]) as session:
        assert kind(session, entry_of("triple")) == "raised"
        assert passes(session, entry_of("double"))


IN_A_CELL = {name: act for name, act in LETHAL.items() if name != "interrupt"}


@pytest.mark.parametrize(("act", "expected"), IN_A_CELL.values(), ids=IN_A_CELL)
def test_a_cell_that_ends_the_process_is_left_out(
    act: str, expected: str, opened: Open
) -> None:
    """Its function is missing, with the reason; the other cells count."""
    body = act.replace("\n    ", "\n")
    bad = ("triple", f"def triple(x):\n    return 3 * x\n{body}")
    later = ("", "factor = 2\n")
    uses = ("twice", "def twice(x):\n    return factor * x")
    cells = [GOOD, bad, later, uses]
    with opened(cells, cell_seconds=SECONDS) as session:
        assert kind(session, entry_of("triple")) == expected
        assert passes(session, entry_of("double"))
        assert passes(session, entry_of("twice"))


def test_a_cell_that_raises_leaves_what_it_defined_before(opened: Open) -> None:
    cells = [
        ("", "import no_such_module"),
        ("double", f"{GOOD[1]}\nassert double(1) == 3, 'a test of my own'"),
        ("triple", "print 'old'\ndef triple(x):\n    return 3 * x"),
    ]
    with opened(cells) as session:
        assert passes(session, entry_of("double"))
        fault = outcomes(session, entry_of("triple"))[0].fault
    assert fault is not None
    assert (fault.kind, fault.what, fault.function) == ("cell", "SyntaxError", "triple")
    assert "print 'old'" in fault.line


def test_functions_call_one_another_also_later_ones(opened: Open) -> None:
    cells = [
        ("four", "def four(x):\n    return double(double(x))"),
        ("double", "def double(x):\n    return helper(x) + x"),
        ("", "def helper(x):\n    return x"),
    ]
    with opened(cells) as session:
        assert passes(session, entry_of("four", 4.0))


def test_the_last_definition_counts(opened: Open) -> None:
    cells = [("double", "def double(x):\n    return 0 * x"), ("", GOOD[1])]
    with opened(cells) as session:
        assert passes(session, entry_of("double"))


def test_every_case_gets_a_fresh_copy_and_a_change_is_told(opened: Open) -> None:
    cells = [("double", "def double(x):\n    x *= 2\n    return x")]
    entry = entry_of("double", cases=3)
    with opened(cells) as session:
        result = judge(entry, outcomes(session, entry))
    assert [c.changed for c in result.cases] == [("x of double",)] * 3
    assert all(v.ok for c in result.cases for v in c.verdicts)
    assert not result.passed


def test_memory_of_earlier_calls_is_kept_as_in_a_notebook(opened: Open) -> None:
    cells = [
        ("", "calls = []"),
        ("double", "def double(x):\n    calls.append(x)\n    return 2 * calls[0]"),
    ]
    with opened(cells) as session:
        assert passes(session, entry_of("double", cases=3))


def test_prints_and_warnings_are_kept_apart_from_the_verdict(
    opened: Open,
) -> None:
    cells = [
        ("", "import sys, warnings\nprint('cell')\nwarnings.warn('cell')\n2 + 2"),
        (
            "double",
            "def double(x):\n    print('here')\n    sys.stderr.write('there')\n"
            "    warnings.warn('careful')\n    return 2 * x",
        ),
    ]
    entry = entry_of("double")
    with opened(cells) as session:
        seen = outcomes(session, entry)
    assert judge(entry, seen).passed
    assert seen[0].printed == "here\nthere"
    assert seen[0].warned == ("UserWarning: careful",)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'2, 4, 6'", "str"),
        ("None", "None"),
        ("True", "True or False"),
        ("[2.0, 4.0, 6.0]", "list"),
        ("Liar()", "Liar"),
        ("Sneaky(x)", "NumPy array"),
        ("np.array([1j, 2, 3])", "NumPy array of dtype complex128"),
        ("np.array([2, 4, None])", "NumPy array of dtype object"),
    ],
)
def test_nothing_but_numbers_counts(value: str, said: str, opened: Open) -> None:
    """Objects that claim to be equal, or to be arrays, are only named."""
    liar = (
        "import numpy as np\n"
        "class Liar:\n"
        "    shape = (3,)\n"
        "    def __eq__(self, other): return True\n"
        "    def __array__(self, *args, **more): return np.array([2.0, 4.0, 6.0])\n"
        "class Sneaky(np.ndarray):\n"
        "    def __new__(cls, x): return np.zeros(3).view(cls)\n"
        "    def __eq__(self, other): return True\n"
        "    def __sub__(self, other): return 0\n"
    )
    cells = [("double", f"{liar}\ndef double(x):\n    return {value}")]
    entry = entry_of("double")
    with opened(cells) as session:
        result = judge(entry, outcomes(session, entry))
    assert not result.passed
    assert result.cases[0].verdicts[0].got.kind == said


def test_patched_comparisons_over_there_decide_nothing(opened: Open) -> None:
    patch = (
        "import numpy as np, builtins, math, autograder.student.compare as c\n"
        "np.allclose = np.array_equal = lambda *a, **k: True\n"
        "c.compare = c.agree = lambda *a, **k: True\n"
        "builtins.abs = lambda x: 0\n"
        "def double(x):\n    return 5 * x"
    )
    with opened([("double", patch)]) as session:
        assert not passes(session, entry_of("double"))


def test_checks_and_examples_are_not_run(make_notebook: Make, backend: Backend) -> None:
    notebook = make_notebook([GOOD, ("", "def double(x):\n    return 0 * x")])
    notebook.cells[1].metadata["tags"] = ["active-ipynb"]
    with Session(notebook, lambda: WorkerProcess(parent(backend))) as session:
        assert passes(session, entry_of("double"))


def test_a_submission_has_a_time_of_its_own(opened: Open) -> None:
    """However many cells wait, each for less than a cell may take."""
    wait = [("", "import threading\nthreading.Event().wait(0.4)")] * 20
    with opened([GOOD, *wait], cell_seconds=5.0, seconds=1.0) as session:
        started = time.monotonic()
        assert kind(session, entry_of("double")) == "deadline"
        assert time.monotonic() - started < 5.0


def test_what_was_used_is_added_up_over_all_workers(opened: Open) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    end = ("triple", "def triple(x):\n    import os; os._exit(0)")
    with opened([GOOD, ("", burn), end]) as session:
        assert kind(session, entry_of("triple")) == "crashed"
        assert passes(session, entry_of("double"))
    assert session.usage.workers == 2
    assert session.usage.seconds > 0.4
