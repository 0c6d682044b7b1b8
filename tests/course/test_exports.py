"""Results for Canvas, Moodle, Gradescope and JUnit's readers."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.export.canvas import canvas
from autograder.course.export.gradescope import file_name, gradescope
from autograder.course.export.junit import junit
from autograder.course.export.moodle import moodle
from autograder.course.export.safe import NUMBER, cell, plain, write_table
from autograder.course.results import Final
from tests.course.made_up import CLASS, A, R, exercise, not_run, record

ANN = Final("ann", "Ann", "Lee", "ann@x.example", "4711", True, 4.5, 6.0)
FINALS = [
    ANN,
    Final("ben", "", "", "", "B-7", True, 0.0, 6.0, ((R, "1 < 2"), (A, "right"))),
    Final("cleo", "Cleo", "", "", "", True, None, 6.0),
    Final("dora", "", "", "", "", False, None, 6.0),
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FORMULA = re.compile(r"[ \v\f]*[=+\-@\t\r\n＝＋－＠]")


def test_canvas_takes_the_file() -> None:
    """Two rows of heads; an empty grade leaves Canvas as it is."""
    assert list(canvas(FINALS, "Warm-up (12)")) == [
        ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Warm-up (12)"),
        ("    Points Possible", "", "", "", "", 6.0),
        ("Lee, Ann", "4711", "", "ann", "", 4.5),
        ("ben", "", "B-7", "ben", "", 0.0),
        ("Cleo", "", "", "cleo", "", None),
        ("dora", "", "", "dora", "", None),
    ]


def test_moodle_gets_final_grades_alone() -> None:
    """A row without a grade would empty the one that Moodle has."""
    head, *rows = moodle(FINALS, "warmup")
    assert head == (
        *("Username", "ID number", "Email address", "First name", "Last name"),
        *("warmup", "Feedback"),
    )
    assert rows == [
        ("ann", "4711", "ann@x.example", "Ann", "Lee", 4.5, ""),
        ("ben", "B-7", "", "", "", 0.0, f"{R}: 1 &lt; 2<br>{A}: right"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+A1", "-A1", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1+1", "-1+1"),
        *("=cmd|' /C calc'!A0", '=HYPERLINK("https://x.example")', "\n=1"),
    ],
)
def test_no_text_becomes_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1.5, 0.0, 3, "-1.5", "+49123", "12", "-1,5"])
def test_numbers_stay_numbers(value: float | str) -> None:
    assert cell(value) == value


@given(TEXT)
def test_any_text_reads_back_from_a_table(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "table.csv"
    write_table(path, [("a", text, 1.5), (text, "b", None)])
    with path.open(newline="", encoding="utf-8") as file:
        (_, one, number), (two, *_) = csv.reader(file)
    assert one == two
    assert one in (plain(text), f"'{plain(text)}")
    assert number == "1.5"
    assert NUMBER.fullmatch(one) or not FORMULA.match(one)


def test_a_file_that_can_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"t\.csv can't be written: File exists\.$"):
        write_table(tmp_path / "file" / "t.csv", [])


def test_gradescope_shows_each_exercise() -> None:
    found = gradescope(CLASS[1])
    assert found["score"] == 4
    assert found["execution_time"] == 3.1
    assert found["stdout_visibility"] == "hidden"
    first, second, _ = found["tests"]
    assert first == {
        "name": "relative_error",
        "number": "1.1",
        "score": 0.0,
        "max_score": 1.0,
        "status": "failed",
        "output": CLASS[1].notebooks[0].exercises[0].text,
        "output_format": "text",
        "visibility": "visible",
    }
    assert (second["score"], second["status"]) == (2.0, "passed")


def test_gradescope_gets_no_score_for_what_was_not_run() -> None:
    found = gradescope(record("ann", not_run(A)))
    assert "score" not in found
    assert not {"score", "status"} & found["tests"][2].keys()
    assert "Triton is not installed" in found["tests"][2]["output"]


@given(TEXT.filter(bool))
def test_any_student_has_a_file_of_ones_own(student: str) -> None:
    name = file_name(student)
    assert PurePosixPath(name).parts == (name,)
    assert not name.startswith(".")
    if student != f"x{student[1:]}":
        assert name != file_name(f"x{student[1:]}")


@given(TEXT)
def test_any_text_reads_back_from_gradescopes_file(text: str) -> None:
    one = record("ann", exercise(R, "failed", text), reasons=(text,))
    found = json.loads(json.dumps(gradescope(one)))
    assert found["output"] == plain(text)
    assert plain(text) in found["tests"][0]["output"]


# The schema of Jenkins's JUnit plug-in, as far as it is used.
SCHEMA = {
    "testsuites": ({"testsuite"}, set(), {"name"}),
    "testsuite": (
        {"testcase", "system-out"},
        {"name", "tests"},
        {"failures", "errors", "skipped", "time", "timestamp", "package"},
    ),
    "testcase": ({"skipped", "failure"}, {"name", "classname"}, set()),
    "failure": (set(), set(), {"message", "type"}),
    "skipped": (set(), set(), {"message"}),
    "system-out": (set(), set(), set()),
}


def suites(records: list[object]) -> ElementTree.Element:
    """The document of these records; it keeps to the schema."""
    file = io.StringIO()
    junit(records, "warmup", file)  # type: ignore[arg-type]
    root = ElementTree.fromstring(file.getvalue())
    for element in root.iter():
        children, required, allowed = SCHEMA[element.tag]
        assert {child.tag for child in element} <= children
        assert required <= set(element.keys()) <= required | allowed
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("*/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("*/skipped"))
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", "")
        )
        float(suite.get("time", ""))
    return root


def test_junit_has_a_suite_a_student_and_a_case_an_exercise() -> None:
    root = suites([*CLASS])
    assert [s.get("name") for s in root][:2] == ["ada/warmup", "ben/warmup"]
    ben = root[1]
    assert [c.get("name") for c in ben] == [
        e.name for e in CLASS[0].notebooks[0].exercises
    ]
    failure = ben.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "It looks like this known mistake: absolute error."
    hana = next(s for s in root if s.get("name") == "hana/warmup")
    assert (hana.get("failures"), hana.get("skipped")) == ("0", "1")
    finn = next(s for s in root if s.get("name") == "finn/warmup")
    assert "damaged" in (finn.findtext("system-out") or "")


@given(TEXT)
def test_any_text_reads_back_from_xml(text: str) -> None:
    failed = exercise(R, "failed", text)
    root = suites([record(text, failed, not_run(A), reasons=(text,))])
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == plain(text)
    assert root[0].get("name") == f"{plain(text)}/warmup"


def test_what_xml_can_not_hold_is_left_out() -> None:
    root = suites([record("a\x00b\x1b[31m\ufffe\ud800c")])
    assert root[0].get("name") == "ab[31mc/warmup"
