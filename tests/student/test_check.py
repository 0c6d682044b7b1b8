"""check() as a student calls it: plain sentences, never a traceback of ours."""

import linecache
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from autograder.student import kernels
from autograder.student.answers import SUFFIX, to_bytes
from autograder.student.check import Check, cannot_run
from autograder.student.report import Report

RIGHT = """\
import numpy as np

def forward(x, gamma):
    return gamma * x, (x, gamma)

def backward(dout, cache):
    x, gamma = cache
    return dout * gamma, (dout * x).sum(axis=0)
"""


def run(source, call="check('backward')", check=None):
    """What the call gives in a notebook whose cell is ``source``."""
    name = f"<cell {abs(hash(source))}>"
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)
    names = {"check": check or Check("toy/toy")}
    exec(compile(source, name, "exec"), names)
    return eval(call, names)


def shown(source):
    """All that is shown below the first line, which says how much is right."""
    report = run(source)
    html = report._repr_html_()
    assert "Traceback" not in html
    assert "autograder/student" not in html
    return [line.strip() for line in repr(report).splitlines()]


def test_a_right_answer(folder):
    assert shown(RIGHT) == [
        "backward: ✓ right: 2 of 2 points, 3 of 3 cases right, run with NumPy"
    ]


def backward(*lines):
    body = "".join(f"    {line}\n" for line in lines)
    return f"{RIGHT}\ndef backward(dout, cache):\n    x, gamma = cache\n{body}"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            RIGHT.replace("def backward", "def backwards"),
            "The notebook defines no function backward. Run its cell first.",
        ),
        (
            f"{RIGHT}\nbackward = 3",
            "The notebook defines no function backward. Run its cell first.",
        ),
        (
            backward("return dout * gama, x"),
            "backward raises NameError: name 'gama' is not defined "
            "(line 12: return dout * gama, x)",
        ),
        (
            f"{RIGHT}\ndef backward(dout):\n    pass",
            "backward raises TypeError: backward() takes 1 positional argument but "
            "2 were given",
        ),
        (
            backward("return backward(dout, cache)"),
            "backward raises RecursionError: maximum recursion depth exceeded",
        ),
        (backward("exit(1)"), "backward raises SystemExit: 1 (line 12: exit(1))"),
        (
            backward("return dout * gamma"),
            "backward: it must return 2 values (dx, dgamma), and returned NumPy array.",
        ),
        (
            backward("return dout, x, gamma"),
            "backward: it must return 2 values (dx, dgamma), and returned 3 values.",
        ),
        (
            backward("print(dout.shape)"),
            "backward: it must return 2 values (dx, dgamma), and returned None.",
        ),
        (
            backward("return (dout * gamma).tolist(), (dout * x).sum(axis=0)"),
            "dx is a list; it must be a NumPy array.",
        ),
        (
            backward("return dout * gamma, None"),
            "dgamma is None and must be a NumPy array. Is a return missing?",
        ),
        (
            backward("return dout * gamma, (dout * x).sum(axis=0, keepdims=True)"),
            "dgamma has shape (1, 3); it must have shape (3,).",
        ),
        (
            backward("return dout * gamma, (dout * x).sum()"),
            "dgamma has shape (); it must have shape (3,).",
        ),
        (
            backward("return dout * gamma / 0 * 0, (dout * x).sum(axis=0)"),
            "dx is NaN in all 12 places, first at [0, 0].",
        ),
        (
            backward("dout *= gamma", "return dout, (dout / gamma * x).sum(axis=0)"),
            "An input was changed in place: dout of backward.",
        ),
        (
            backward("x *= dout", "return dout * gamma, x.sum(axis=0)"),
            "An input was changed in place: x of forward.",
        ),
    ],
)
def test_what_went_wrong_is_one_plain_sentence(folder, source, said):
    lines = shown(source)
    assert said in [re.sub(r" \(line 12: return backward.*", "", s) for s in lines]
    assert "✗" in lines[0]
    problems = [s for s in lines[1:] if not s.startswith(("Case", "Note", "Looks"))]
    assert len(problems) == 1 or "Hint" in problems[1]


def test_a_right_dx_stands_beside_a_wrong_dgamma(folder):
    report = run(backward("return dout * gamma, (dout * x).sum(axis=0)[None]"))
    row = r"<tr><th scope=\"row\"[^>]*>(\w+)</th>.*?</tr>"
    rows = re.findall(row, repr_html(report))
    assert rows == ["dx", "dgamma"]
    assert "✓ right</td></tr><tr>" in repr_html(report)


def repr_html(report):
    assert isinstance(report, Report)
    return report._repr_html_()


def test_printing_costs_nothing_and_is_not_repeated(folder, capsys):
    lines = shown(backward("print('shape', dout.shape)", *RIGHT_BODY))
    assert lines[0].startswith("backward: ✓ right")
    assert lines[1:] == [
        "Note: It prints. That costs nothing, but slows a training loop."
    ]
    assert capsys.readouterr().out == ""


RIGHT_BODY = ("return dout * gamma, (dout * x).sum(axis=0)",)


def test_a_warning_costs_nothing_and_is_said(folder, recwarn):
    lines = shown(backward("np.ones(1) / np.zeros(1)", *RIGHT_BODY))
    assert lines[0].startswith("backward: ✓ right")
    assert lines[1:] == [
        "Note: It warns: RuntimeWarning: divide by zero encountered in divide"
    ]
    assert not recwarn.list


def test_float64_for_float32_costs_nothing_and_is_said(folder):
    lines = shown(backward("x = np.float64(x)", *RIGHT_BODY))
    assert lines[0].startswith("backward: ✓ right")
    assert lines[1:] == ["Note: dgamma comes back as float64, where float32 is enough."]


def test_a_known_mistake_comes_with_its_hint(folder):
    lines = shown(backward("return dout, (dout * x).sum(axis=0)"))
    assert lines[-2:] == [
        "Looks like: gamma ignored.",
        "Hint: What if gamma doubles?",
    ]


def test_errors_are_pictured_only_where_some_elements_are_right(folder):
    some = backward("dx = dout * gamma", "dx[0] = 0", "return dx, (dout * x).sum(0)")
    every = backward("return -dout, (dout * x).sum(0)")
    assert "Where dx is wrong:" in shown(some)
    assert "Where dx is wrong:" not in shown(every)


def test_what_is_not_written_yet(folder):
    stub = "# Write your code here.\nraise NotImplementedError()".replace(
        "\n", "\n    "
    )
    assert shown(f"{RIGHT}\ndef backward(dout, cache):\n    {stub}") == [
        "backward: · not written yet: 0 of 2 points, run with NumPy"
    ]


def test_numpy_set_to_raise_is_the_students_business(folder):
    far = backward("dx = dout * gamma", "dx[0] = np.inf", "return dx, dout[0]")
    with np.errstate(all="raise"):
        assert "✓ right" in repr(run(RIGHT))
        assert "Where dx is wrong:" in shown(far)


def test_without_names_everything_is_checked(toy, folder):
    assert repr(run(RIGHT, "check()")).count("✓ right") == 1
    assert repr(run(RIGHT, "check('backward', 'backward')")).endswith("4 of 4 points")


def test_it_can_be_called_from_a_function_of_the_notebook(folder):
    source = f"{RIGHT}\ndef all_of_it():\n    return check('backward')\n"
    assert "✓ right" in repr(run(source, "all_of_it()"))


def test_what_cannot_run_is_not_run(toy, folder, monkeypatch):
    entry = replace(toy.entry, path="triton")
    (folder / f"toy{SUFFIX}").write_bytes(to_bytes([entry]))
    monkeypatch.setattr(kernels, "where", lambda: "not run: no GPU here")
    monkeypatch.setattr(kernels, "available", lambda: False)
    assert shown(RIGHT) == ["backward: – not run: no GPU here"]


def test_torch_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert cannot_run("torch") == "PyTorch is not installed; run pip install torch"
    assert cannot_run("numpy") == ""


def test_a_wrong_base_is_said_first(toy, folder):
    base = replace(
        toy.entry,
        name="forward",
        builds_on=(),
        mistakes=(),
        questions=tuple(
            replace(q, trace=forward_alone(q.trace), expected=forward_expected(q))
            for q in toy.entry.questions
        ),
    )
    (folder / f"toy{SUFFIX}").write_bytes(to_bytes([base, toy.entry]))
    wrong = RIGHT.replace("return gamma * x, (x, gamma)", "return x, (x, x[0])")
    lines = shown(wrong)
    note = "Note: It uses forward, which does not pass its own check. Mend that first."
    assert note in lines
    assert note not in shown(backward("return -dout, x"))


def test_a_wrong_base_that_is_not_used_is_not_blamed(toy, folder):
    other = replace(toy.entry, name="other", builds_on=())
    entry = replace(toy.entry, builds_on=("other",))
    (folder / f"toy{SUFFIX}").write_bytes(to_bytes([other, entry]))
    wrong = backward("return -dout, x")
    uses = wrong.replace("return -dout", "return other() or -dout")
    blamed = "Note: It uses other, which does not pass its own check."
    define = "\ndef other(*arguments): pass\n"
    assert not any(s.startswith(blamed) for s in shown(wrong + define))
    assert any(s.startswith(blamed) for s in shown(uses + define))


def forward_alone(trace):
    return replace(trace, steps=trace.steps[:1], outputs={"out": {"result": [0, 0]}})


def forward_expected(question):
    arrays = question.trace.arrays
    out = arrays["a0"].astype(float) * arrays["a1"].astype(float)
    return {"out": replace(question.expected["dx"], array=out)}
