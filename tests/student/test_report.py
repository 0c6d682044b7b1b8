"""What a student sees: text in a terminal, a table in a notebook."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from autograder.student.replay import Fault, Outcome, replay
from autograder.student.report import MAP_COLUMNS, MAP_ROWS, Report, headline
from autograder.student.trace import Trace
from autograder.student.values import describe
from autograder.student.verdict import Question, judge, unrun


def result_of(toy, entry=None, **changed):
    entry = entry or toy.entry
    outcomes = [replay(q.trace, toy.names(**changed)) for q in entry.questions]
    return judge(entry, outcomes)


def page(*results, **options):
    return ET.fromstring(Report(results, **options)._repr_html_())


def words(element):
    return " ".join(" ".join(element.itertext()).split())


def test_a_right_answer_is_one_line(toy):
    assert repr(Report((result_of(toy),))) == (
        "backward: ✓ right: 2 of 2 points, 3 of 3 cases right, run with NumPy"
    )


def test_a_known_mistake_in_a_terminal(toy):
    report = Report((result_of(toy, backward=toy.dgamma_for_each_row),))
    assert repr(report).splitlines() == [
        "backward: ✗ not right yet: 0 of 2 points, 0 of 3 cases right, run with NumPy",
        "  Case “a matrix”:",
        "    dgamma has shape (4, 3); it must have shape (3,).",
        "  Looks like: dgamma per row.",
        "    Hint: Which shape?",
    ]


def test_the_page_says_what_the_terminal_says(toy):
    result = result_of(toy, backward=toy.dgamma_for_each_row)
    text = words(page(result))
    for line in repr(Report((result,))).splitlines():
        said = line.strip().removeprefix("Hint: ")
        assert said.removeprefix("backward: ") in text


def test_the_table_can_be_read_aloud(toy):
    table = page(result_of(toy, backward=toy.dgamma_for_each_row)).find("table")
    columns = table.findall("thead/tr/th")
    assert all(h.get("scope") == "col" and words(h) for h in columns)
    rows = [[words(cell) for cell in row] for row in table.findall("tbody/tr")]
    assert rows == [
        ["dx", "(4, 3) float64", "(4, 3) float64", "", "✓ right"],
        ["dgamma", "(3,) float64", "(4, 3) float64", "", "✗ wrong"],
    ]
    heads = table.findall("tbody/tr/th")
    assert [h.get("scope") for h in heads] == ["row", "row"]


def test_no_colour_is_chosen_for_the_page(toy):
    """Light or dark is the reader's: text and picture take the page's colour."""
    shown = Report((result_of(toy, backward=half_wrong(toy)),))._repr_html_()
    assert "#" not in shown
    assert 'fill="currentColor"' in shown


def test_code_in_a_hint_is_code(toy):
    wrong = result_of(toy, backward=toy.gamma_ignored)
    hint = replace(wrong.mistakes[0], hint="What is `x<y>`, and not y?")
    shown = page(replace(wrong, mistakes=(hint,)))
    assert [words(c) for c in shown.findall("p/code")] == ["x<y>"]
    assert "Hint: What is x<y> , and not y?" in words(shown)


def test_markup_in_a_message_is_text(toy):
    def hostile(dout, cache):
        raise ValueError("<script>alert(1)</script> & <b>")

    result = result_of(toy, backward=hostile)
    assert "<script>alert(1)</script> & <b>" in words(page(result))
    assert page(result).find(".//script") is None


def half_wrong(toy):
    def wrong(dout, cache):
        dx, dgamma = toy.right["backward"](dout, cache)
        dx = dx.copy()
        dx[:, 0] += 1.0
        dx[0, 0] += 3.0
        return dx, dgamma

    return wrong


def test_a_pattern_of_errors_is_pictured(toy):
    result = result_of(toy, backward=half_wrong(toy))
    text = repr(Report((result,)))
    assert "    Where dx is wrong:\n    |█  |\n    |░  |\n    |░  |\n    |░  |" in text
    picture = page(result).find("svg")
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == "Where dx is wrong: 4 of 12 places"
    squares = [(r.get("x"), r.get("y"), r.get("fill-opacity")) for r in picture]
    assert squares == [
        ("0", "0", "1.00"),
        ("0", "1", "0.62"),
        ("0", "2", "0.62"),
        ("0", "3", "0.62"),
    ]


@pytest.mark.parametrize("wrong", ["everything", "nothing", "shape"])
def test_no_picture_where_it_tells_nothing(toy, wrong):
    change = {
        "everything": lambda dx: dx + 1.0,
        "nothing": lambda dx: dx,
        "shape": lambda dx: dx[0],
    }[wrong]

    def backward(dout, cache):
        dx, dgamma = toy.right["backward"](dout, cache)
        return change(dx), dgamma

    result = result_of(toy, backward=backward)
    assert "Where" not in repr(Report((result,)))
    assert page(result).find("svg") is None


def pictured(toy, expected, got):
    """A result with one output that is off where ``got`` says."""
    one = toy.entry.questions[0]
    wanted = replace(one.expected["dx"], array=expected)
    question = Question(replace_outputs(one.trace), {"dx": wanted})
    entry = replace(toy.entry, questions=(question,), mistakes=())
    fine = replay(one.trace, toy.right)
    outcome = replace(fine, outputs={"dx": describe(got)})
    return judge(entry, [outcome])


def replace_outputs(trace):
    return Trace(trace.kind, trace.path, trace.steps, {}, trace.arrays)


@pytest.mark.parametrize("shape", [(500,), (100, 200), (2, 3, 4, 50), (40, 1, 3)])
def test_a_large_array_is_pictured_small_and_loses_no_error(toy, shape):
    expected = np.zeros(shape)
    got = expected.copy()
    got.flat[expected.size - 2] = 1.0
    result = pictured(toy, expected, got)
    lines = [line for line in repr(Report((result,))).splitlines() if "|" in line]
    assert 1 <= len(lines) <= MAP_ROWS
    assert all(len(line.strip()) <= MAP_COLUMNS + 2 for line in lines)
    assert "".join(lines).count("█") == 1
    label = page(result).find("svg").get("aria-label")
    assert label == f"Where dx is wrong: 1 of {expected.size} places"


def test_the_worst_of_a_square_counts_not_the_sum(toy):
    expected = np.zeros(500)
    got = np.concatenate([np.full(20, 0.2), np.zeros(470), np.ones(10)])
    text = repr(Report((pictured(toy, expected, got),)))
    assert text.splitlines()[-1].strip().startswith("|░░")
    assert text.count("█") >= 1


def test_infinite_errors_are_pictured(toy):
    expected = np.ones((2, 3))
    got = np.array([[1.0, np.inf, 1.0], [1.0, 1.5, 1.0]])
    lines = repr(Report((pictured(toy, expected, got),))).splitlines()
    assert [line.strip() for line in lines[-2:]] == ["| █ |", "| ▒ |"]


def test_feedback_shows_no_expected_value(toy):
    result = result_of(toy, backward=toy.gamma_ignored)
    expected = result.cases[0].verdicts[0].expected.array
    report = Report((result,), show_expected=False)
    for text in (repr(report), report._repr_html_()):
        assert "in place of" not in text
        assert not any(f"{x:.3g}" in text for x in expected.ravel())


def test_of_a_hidden_case_no_shape_value_or_picture_is_shown(toy):
    questions = tuple(replace(q, hidden=True) for q in toy.entry.questions)
    entry = replace(toy.entry, questions=questions, mistakes=())
    result = result_of(toy, entry, backward=half_wrong(toy))
    report = Report((result,), show_expected=False)
    assert repr(report).splitlines()[1:] == [
        "  Case “a matrix”, with other numbers:",
        "    dx has wrong values.",
    ]
    shown = page(result, show_expected=False)
    assert shown.find("table") is None
    assert shown.find("svg") is None


def lines_of(result):
    text = words(page(result))
    lines = [line.strip() for line in repr(Report((result,))).splitlines()]
    assert all(line.removeprefix(f"{result.name}: ") in text for line in lines)
    return lines


def stub(*arguments):
    raise NotImplementedError()


def test_what_is_not_written_yet(toy):
    assert lines_of(result_of(toy, backward=stub)) == [
        "backward: · not written yet: 0 of 2 points, run with NumPy"
    ]


def test_what_is_not_written_may_be_another_function(toy):
    assert lines_of(result_of(toy, forward=stub)) == [
        "backward: · not written yet: 0 of 2 points, run with NumPy",
        "forward is not written yet.",
    ]


def test_a_function_that_is_not_there(toy):
    assert lines_of(result_of(toy, backward=None)) == [
        "backward: ✗ no such function: 0 of 2 points, run with NumPy",
        "The notebook defines no function backward. Run its cell first.",
    ]


def test_what_was_not_run_says_why_once(toy):
    result = unrun(toy.entry, "no GPU here")
    assert lines_of(result) == ["backward: – not run: no GPU here"]


def test_points_earned_by_following_through(toy):
    note = "It calls forward, which fails. On a right forward, it is right."
    result = replace(result_of(toy), cases=(), notes=(note,))
    assert lines_of(result) == [
        "backward: ✓ right: 2 of 2 points, run with NumPy",
        f"Note: {note}",
    ]


def test_one_is_not_plural(toy):
    result = replace(result_of(toy), points=1.0, earned=1.0)
    result = replace(result, cases=result.cases[:1])
    assert (
        headline(result) == "✓ right: 1 of 1 point, 1 of 1 case right, run with NumPy"
    )


def test_several_exercises_are_added_up(toy):
    right = result_of(toy)
    wrong = judge(toy.entry, [Outcome(fault=Fault("deadline", "backward"))] * 3)
    not_run = unrun(toy.entry, "no GPU")
    report = Report((right, wrong, not_run))
    total = "Together: 2 of 6 points (1 not run)"
    assert repr(report).splitlines()[-1] == total
    assert words(page(right, wrong, not_run)).endswith(total)
    assert "Together" not in repr(Report((right,)))
