"""A notebook keeps running, whatever one of its cells or functions does."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from nbformat import NotebookNode

from autograder.judge.session import Session
from autograder.student.compare import Expected
from autograder.student.replay import Outcome
from autograder.student.trace import Step, Trace
from autograder.student.verdict import Entry, Question, judge

SECONDS = 1.5

X = np.array([1.0, 2.0, 3.0])
ARRAY = {"array": "x", "dtype": "float64", "of": "numpy"}

pytestmark = pytest.mark.usefixtures("no_worker_left")
Make = Callable[[Iterable[tuple[str, str]]], NotebookNode]


def expect(array: np.ndarray) -> Expected:
    return Expected(array, 1e-6, 1e-9, "float64")


def entry_of(function: str, factor: float = 2.0, cases: int = 2) -> Entry:
    """An exercise: ``function(x)`` returns ``factor * x``."""
    step = Step(function, ("x",), (ARRAY,), None)
    trace = Trace("a case", "numpy", (step,), {"out": {"result": [0, 0]}}, {"x": X})
    questions = (Question(trace, {"out": expect(factor * X)}),) * cases
    return Entry(function, 1.0, "numpy", questions)


def forward_backward() -> Entry:
    """An exercise on the cache: backward(dout, cache) is dout times x."""
    steps = (
        Step("forward", ("x",), (ARRAY,), ("out", "cache")),
        Step("backward", ("dout", "cache"), (ARRAY, {"result": [0, 1]}), None),
    )
    trace = Trace("a case", "numpy", steps, {"dx": {"result": [1, 0]}}, {"x": X})
    return Entry("backward", 1.0, "numpy", (Question(trace, {"dx": expect(X * X)}),))


def outcomes(session: Session, entry: Entry) -> list[Outcome]:
    return session.outcomes(entry, entry.questions, SECONDS)


def passes(session: Session, entry: Entry) -> bool:
    return judge(entry, outcomes(session, entry)).passed


def kind(session: Session, entry: Entry) -> str:
    """The fault of the first case; every later one has it too."""
    faults = [o.fault for o in outcomes(session, entry)]
    assert None not in faults
    assert len({f.kind for f in faults if f}) == 1
    assert faults[0] is not None
    return faults[0].kind


GOOD = ("double", "def double(x):\n    return 2 * x")
LETHAL = {
    "exit": ("import os\n    os._exit(0)", "crashed"),
    "segfault": ("import ctypes\n    ctypes.string_at(0)", "crashed"),
    "loop": ("while True: pass", "deadline"),
    "abort": ("import os\n    os.abort()", "crashed"),
    "interrupt": ("def f(): raise KeyboardInterrupt\n    f()", "crashed"),
    "kill": ("import os\n    os.killpg(0, 9)", "crashed"),
    "garbage": (
        "import os\n    for fd in range(3, 64):\n        try: os.write(fd, b'x' * 99)\n"
        "        except OSError: pass",
        "crashed",
    ),
}


@pytest.mark.parametrize(("act", "expected"), LETHAL.values(), ids=LETHAL)
def test_a_function_that_ends_the_process_costs_its_own_exercise(
    act: str, expected: str, make_notebook: Make
) -> None:
    bad = ("triple", f"def triple(x):\n    {act}\n    return 3 * x")
    with Session(make_notebook([GOOD, bad])) as session:
        assert kind(session, entry_of("triple")) == expected
        assert passes(session, entry_of("double"))


@pytest.mark.parametrize(
    "act",
    ["import sys\n    sys.exit()", "raise SystemExit(3)", "exit()", "quit(3)"],
)
def test_a_polite_exit_is_an_exception_of_the_function(
    act: str, make_notebook: Make
) -> None:
    bad = ("triple", f"def triple(x):\n    {act}")
    with Session(make_notebook([GOOD, bad])) as session:
        assert kind(session, entry_of("triple")) == "raised"
        assert passes(session, entry_of("double"))


IN_A_CELL = {name: act for name, act in LETHAL.items() if name != "interrupt"}


@pytest.mark.parametrize(("act", "expected"), IN_A_CELL.values(), ids=IN_A_CELL)
def test_a_cell_that_ends_the_process_is_left_out(
    act: str, expected: str, make_notebook: Make
) -> None:
    """Its function is missing, with the reason; the other cells count."""
    body = act.replace("\n    ", "\n")
    bad = ("triple", f"def triple(x):\n    return 3 * x\n{body}")
    later = ("", "factor = 2\n")
    uses = ("twice", "def twice(x):\n    return factor * x")
    cells = [GOOD, bad, later, uses]
    with Session(make_notebook(cells), cell_seconds=SECONDS) as session:
        assert kind(session, entry_of("triple")) == expected
        assert passes(session, entry_of("double"))
        assert passes(session, entry_of("twice"))


def test_a_cell_that_raises_leaves_what_it_defined_before(make_notebook: Make) -> None:
    cells = [
        ("", "import no_such_module"),
        ("double", f"{GOOD[1]}\nassert double(1) == 3, 'a test of my own'"),
        ("triple", "print 'old'\ndef triple(x):\n    return 3 * x"),
    ]
    with Session(make_notebook(cells)) as session:
        assert passes(session, entry_of("double"))
        fault = outcomes(session, entry_of("triple"))[0].fault
    assert fault is not None
    assert (fault.kind, fault.what, fault.function) == ("cell", "SyntaxError", "triple")
    assert "print 'old'" in fault.line


CACHES = {
    "tuple": ("(x, 3, None)", "cache[0]"),
    "long tuple": ("tuple([x] * 12)", "cache[11]"),
    "dict": ("{'x': x, 1: 2}", "cache['x']"),
    "list": ("[[x]]", "cache[0][0]"),
    "object array": ("np.array([x, 'x', None], dtype=object)", "cache[0]"),
    "None": ("None", "KEPT"),
    "array": ("x", "cache"),
    "number": ("7", "KEPT + cache - 7"),
    "instance": ("Cache(x)", "cache.x"),
    "closure": ("lambda: x", "cache()"),
    "generator": ("(v for v in [x])", "next(cache)"),
    "module": ("remember(x)", "cache.x"),
    "open file": ("open(__import__('os').devnull)", "KEPT + len(cache.read())"),
}


@pytest.mark.parametrize(("make", "read"), CACHES.values(), ids=CACHES)
def test_a_cache_is_whatever_the_student_wants(
    make: str, read: str, make_notebook: Make
) -> None:
    cells = [
        ("", "import numpy as np, types"),
        (
            "forward",
            "class Cache:\n    __slots__ = ('x',)\n"
            "    def __init__(self, x): self.x = x\n"
            "def remember(x):\n    box = types.ModuleType('box')\n    box.x = x\n"
            "    return box\n"
            f"def forward(x):\n    global KEPT\n    KEPT = x\n    return x, {make}",
        ),
        ("backward", f"def backward(dout, cache):\n    return dout * {read}"),
    ]
    with Session(make_notebook(cells)) as session:
        assert passes(session, forward_backward())


def test_the_cache_is_the_very_object_that_the_forward_returned(
    make_notebook: Make,
) -> None:
    cells = [
        (
            "forward",
            "def forward(x):\n    global KEPT\n    KEPT = [x]\n    return x, KEPT",
        ),
        (
            "backward",
            "def backward(dout, cache):\n"
            "    return dout * KEPT[0] if cache is KEPT else 0",
        ),
    ]
    with Session(make_notebook(cells)) as session:
        assert passes(session, forward_backward())


def test_functions_call_one_another_also_later_ones(make_notebook: Make) -> None:
    cells = [
        ("four", "def four(x):\n    return double(double(x))"),
        ("double", "def double(x):\n    return helper(x) + x"),
        ("", "def helper(x):\n    return x"),
    ]
    with Session(make_notebook(cells)) as session:
        assert passes(session, entry_of("four", 4.0))


def test_the_last_definition_counts(make_notebook: Make) -> None:
    cells = [("double", "def double(x):\n    return 0 * x"), ("", GOOD[1])]
    with Session(make_notebook(cells)) as session:
        assert passes(session, entry_of("double"))


def test_every_case_gets_a_fresh_copy_and_a_change_is_told(make_notebook: Make) -> None:
    cells = [("double", "def double(x):\n    x *= 2\n    return x")]
    entry = entry_of("double", cases=3)
    with Session(make_notebook(cells)) as session:
        result = judge(entry, outcomes(session, entry))
    assert [c.changed for c in result.cases] == [("x of double",)] * 3
    assert all(v.ok for c in result.cases for v in c.verdicts)
    assert not result.passed


def test_memory_of_earlier_calls_is_kept_as_in_a_notebook(make_notebook: Make) -> None:
    cells = [
        ("", "calls = []"),
        ("double", "def double(x):\n    calls.append(x)\n    return 2 * calls[0]"),
    ]
    with Session(make_notebook(cells)) as session:
        assert passes(session, entry_of("double", cases=3))


def test_prints_and_warnings_are_kept_apart_from_the_verdict(
    make_notebook: Make,
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
    with Session(make_notebook(cells)) as session:
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
def test_nothing_but_numbers_counts(value: str, said: str, make_notebook: Make) -> None:
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
    with Session(make_notebook(cells)) as session:
        result = judge(entry, outcomes(session, entry))
    assert not result.passed
    assert result.cases[0].verdicts[0].got.kind == said


def test_patched_comparisons_over_there_decide_nothing(make_notebook: Make) -> None:
    patch = (
        "import numpy as np, builtins, math, autograder.student.compare as c\n"
        "np.allclose = np.array_equal = lambda *a, **k: True\n"
        "c.compare = c.agree = lambda *a, **k: True\n"
        "builtins.abs = lambda x: 0\n"
        "def double(x):\n    return 5 * x"
    )
    with Session(make_notebook([("double", patch)])) as session:
        assert not passes(session, entry_of("double"))


def test_checks_and_examples_are_not_run(make_notebook: Make) -> None:
    notebook = make_notebook([GOOD, ("", "def double(x):\n    return 0 * x")])
    notebook.cells[1].metadata["tags"] = ["active-ipynb"]
    with Session(notebook) as session:
        assert passes(session, entry_of("double"))
