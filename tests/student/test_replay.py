"""What is seen when a case runs on somebody's functions."""

import linecache
import sys
import warnings

import numpy as np
import pytest

from autograder.student.replay import Fault, replay, where
from autograder.student.trace import Step, Trace
from autograder.student.values import encode

ARRAY = np.arange(6.0).reshape(2, 3)


def one_call(*arguments, returns=None, outputs=None, function="f"):
    arrays = {}
    specs = tuple(encode(a, arrays, "numpy") for a in arguments)
    names = tuple("xyz"[: len(specs)])
    steps = (Step(function, names, specs, returns),)
    parts = returns or ("value",)
    wanted = {name: {"result": [0, i]} for i, name in enumerate(parts)}
    return Trace("k", "numpy", steps, outputs or wanted, arrays)


def fault_of(function, trace=None, **names):
    outcome = replay(trace or one_call(ARRAY), {"f": function, **names})
    assert outcome.outputs == {}
    return outcome.fault


def test_outputs_are_read():
    outcome = replay(one_call(ARRAY), {"f": lambda x: 2 * x})
    assert outcome.fault is None
    assert np.array_equal(outcome.outputs["value"].array, 2 * ARRAY)
    assert outcome.where == "NumPy"


def test_a_cache_is_handed_on_as_the_same_object():
    caches = []

    class Anything:
        pass

    def forward(x):
        caches.append(Anything())
        return x, caches[0]

    def backward(cache):
        return 1.0 if cache is caches[0] else 0.0

    arrays = {}
    spec = encode(ARRAY, arrays, "numpy")
    steps = (
        Step("forward", ("x",), (spec,), ("out", "cache")),
        Step("backward", ("cache",), ({"result": [0, 1]},), None),
    )
    trace = Trace("k", "numpy", steps, {"same": {"result": [1, 0]}}, arrays)
    outcome = replay(trace, {"forward": forward, "backward": backward})
    assert outcome.outputs["same"].array == 1.0


def test_functions_are_passed_by_name():
    steps = (Step("apply", ("f", "n"), ({"name": "double"}, {"scalar": 4}), None),)
    trace = Trace("k", "numpy", steps, {"value": {"result": [0, 0]}}, {})
    names = {"apply": lambda f, n: f(n), "double": lambda n: 2 * n}
    assert replay(trace, names).outputs["value"].array == 8.0
    assert replay(trace, {"apply": names["apply"]}).fault == Fault("missing", "double")


def dict_trace():
    arrays = {}
    spec = encode({"mode": "train", "old": ARRAY}, arrays, "numpy")
    steps = (
        Step("f", ("options",), (spec,), None),
        Step("g", ("new",), ({"after": [0, 0, "new"]},), None),
    )
    return Trace("k", "numpy", steps, {"new": {"after": [0, 0, "new"]}}, arrays)


def test_what_a_function_put_into_a_dict_is_handed_on():
    seen = []
    names = {"f": lambda options: options.update(new=options["old"] + 1)}
    outcome = replay(dict_trace(), {**names, "g": seen.append})
    assert np.array_equal(seen[0], ARRAY + 1)
    assert np.array_equal(outcome.outputs["new"].array, ARRAY + 1)


def test_what_it_did_not_put_there_is_named():
    outcome = replay(dict_trace(), {"f": lambda options: None, "g": print})
    assert outcome.fault.kind == "returned"
    assert outcome.fault.what == "options['new'] is not there after the call"


def test_an_output_that_is_not_there_is_missing():
    trace = one_call({"n": 1}, outputs={"late": {"after": [0, 0, "late"]}})
    outcome = replay(trace, {"f": lambda options: None})
    assert outcome.outputs["late"].kind == "missing"


@pytest.mark.parametrize("names", [{}, {"f": 3}, {"f": None}])
def test_a_function_that_is_not_there(names):
    assert replay(one_call(ARRAY), names).fault == Fault("missing", "f")


def test_the_stub_of_the_skeleton_is_not_written_yet():
    def stub(x):
        raise NotImplementedError()

    assert fault_of(stub) == Fault("unwritten", "f")


def test_a_library_that_implements_something_not_is_another_matter():
    def calls_a_library(x):
        raise NotImplementedError("no conv for this dtype")

    assert fault_of(calls_a_library).message == "no conv for this dtype"


def in_a_cell(source, name="<a cell>"):
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)
    names = {}
    exec(compile(source, name, "exec"), names)
    return names["f"]


def test_an_exception_comes_with_its_line():
    f = in_a_cell("def f(x):\n    y = x\n    return y.no_such\n")
    fault = fault_of(f)
    assert (fault.kind, fault.function, fault.what) == ("raised", "f", "AttributeError")
    assert "no_such" in fault.message
    assert fault.line == "line 3: return y.no_such"


def test_the_line_is_the_students_and_not_that_of_a_library():
    f = in_a_cell("import random\ndef f(x):\n    return random.choice([])\n", "<b>")
    assert fault_of(f).line == "line 3: return random.choice([])"


def test_a_message_is_one_short_line():
    def f(x):
        raise ValueError("a\n  b\n" + "c" * 1000)

    message = fault_of(f).message
    assert message.startswith("a b ccc")
    assert len(message) == 300


def test_an_exception_that_cannot_be_printed():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    def f(x):
        raise Broken

    fault = fault_of(f)
    assert (fault.what, fault.message) == ("Broken", "")


def test_exit_is_caught_and_an_interrupt_is_not():
    def interrupted(x):
        raise KeyboardInterrupt

    assert fault_of(lambda x: sys.exit(3)).what == "SystemExit"
    with pytest.raises(KeyboardInterrupt):
        replay(one_call(ARRAY), {"f": interrupted})


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ((1.0, 2.0, 3.0), "3 values"),
        ([1.0], "1 value"),
        (None, "None"),
        (np.ones(2), "NumPy array"),
    ],
)
def test_another_number_of_values(value, got):
    fault = fault_of(lambda x: value, one_call(ARRAY, returns=("dx", "dw")))
    assert fault.kind == "returned"
    assert fault.what == f"it must return 2 values (dx, dw), and returned {got}"


def test_a_list_of_values_is_as_good_as_a_tuple():
    trace = one_call(ARRAY, returns=("dx", "dw"))
    outcome = replay(trace, {"f": lambda x: [1.0, 2.0]})
    assert outcome.outputs["dw"].array == 2.0


def test_what_is_printed_is_caught_and_kept(capsys):
    def f(x):
        print("to stdout")
        print("to stderr", file=sys.stderr)
        return x

    outcome = replay(one_call(ARRAY), {"f": f})
    assert outcome.printed == "to stdout\nto stderr\n"
    assert capsys.readouterr() == ("", "")


def test_endless_printing_is_cut():
    outcome = replay(one_call(ARRAY), {"f": lambda x: print("x" * 10**5)})
    assert len(outcome.printed) == 2000


def test_warnings_are_noted_once_and_never_raised():
    def f(x):
        for _ in range(3):
            np.log(np.zeros(1))
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return x

    outcome = replay(one_call(ARRAY), {"f": f})
    assert outcome.fault is None
    assert outcome.warned == ("RuntimeWarning: divide by zero encountered in log",)


def test_a_changed_input_is_seen():
    def f(x):
        x[0, 0] = 99.0
        return x

    assert replay(one_call(ARRAY), {"f": f}).inputs["x of f"].array[0, 0] == 99.0


def test_every_replay_gets_fresh_arrays():
    trace = one_call(ARRAY)
    given_arrays = []

    def f(x):
        given_arrays.append(x.copy())
        x[:] = 0.0
        return x

    replay(trace, {"f": f})
    replay(trace, {"f": f})
    assert np.array_equal(given_arrays[0], ARRAY)
    assert np.array_equal(given_arrays[1], ARRAY)


def test_calls_between_functions_are_noted_and_nothing_stays_behind():
    names = {}
    exec("def f(x):\n return g(g(x))\ndef g(x):\n return x\ndef h(x): pass", names)
    before = dict(names)
    assert replay(one_call(ARRAY), names, ("g", "h", "no_such")).called == ("g",)
    assert names == before


def test_nothing_stays_behind_after_an_exception():
    names = {}
    exec("def f(x):\n g()\n 1/0\ndef g(): pass", names)
    before = dict(names)
    outcome = replay(one_call(ARRAY), names, ("g",))
    assert (outcome.fault.what, outcome.called) == ("ZeroDivisionError", ("g",))
    assert names == before


def test_where_torch_computes(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert where("torch") == "torch on cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H200")
    assert where("torch") == "torch on cuda (H200)"
