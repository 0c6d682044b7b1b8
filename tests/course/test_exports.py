"""Results for Canvas, Moodle, Gradescope and JUnit's readers."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
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
from autograder.course.submissions import hand_in, submission
from tests.course.made_up import CLASS, A, R, exercise, not_run, record
from tests.course.test_gradebook import hidden_numbers

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


WARMUP = "warmup/warmup"
FORMATS = ("canvas", "moodle", "gradescope", "junit", "csv")


@pytest.fixture(scope="module")
def by_hand(course: Any, once: Callable[..., Path]) -> Any:
    """A class with points by hand, a late penalty and someone who is absent."""

    def fill(_: Path) -> None:
        one = course.new_class("by-hand")
        for student, answers in (("=ann", None), ("ben", {}), ("cleo", {})):
            notebook = submission(one.release(), WARMUP, answers)
            hand_in(one.class_folder, student, WARMUP, notebook)
        one.nbgrader("autograde", "warmup")
        change = f"""
from nbgrader.api import Gradebook
with Gradebook("sqlite:///{one.class_folder}/gradebook.db") as book:
    book.add_student("zoe", first_name="Zoe", last_name="Zhu", lms_user_id="99")
    grade = book.find_grade("check_relative_error", "warmup", "warmup", "ben")
    grade.manual_score, grade.extra_credit = 0.75, 0.5
    comment = book.find_comment("relative_error", "warmup", "warmup", "ben")
    comment.manual_comment = "We talked; 1 < 2."
    late = book.find_submission_notebook("warmup", "warmup", "=ann")
    late.late_submission_penalty = 1.5
    lost = book.find_submission_notebook("warmup", "warmup", "cleo")
    lost.late_submission_penalty = 3
    grade = book.find_grade("check_relative_error", "warmup", "warmup", "cleo")
    grade.auto_score = None
    book.db.commit()
"""
        one.run("python", "-c", change)

    once("by-hand", fill)
    return replace(course, class_name="classes/by-hand")


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_final_scores_are_the_gradebooks(by_hand: Any, tmp_path: Path) -> None:
    """By hand, late, not run, handed in nothing; the file says it all."""
    path = tmp_path / "canvas.csv"
    options = ("--format", "canvas", "--column", "Warm-up (12)", "--to", str(path))
    done = by_hand.autograder("export", "warmup", *options)
    assert done.stdout == f"Written: {path}\n"
    rows = read(path)
    assert rows[0][5] == "Warm-up (12)"
    assert rows[1][5] == "6.0"
    assert {r[3]: r[5] for r in rows[2:]} == {
        "'=ann": "4.5",
        "ben": "1.25",
        "cleo": "",
        "zoe": "",
    }
    assert rows[-1][:3] == ["Zhu, Zoe", "99", ""]


@pytest.mark.parametrize(
    ("form", "plugin"), [("canvas", "CanvasCsv"), ("moodle", "MoodleCsv")]
)
def test_nbgraders_own_command_writes_the_same(
    form: str, plugin: str, by_hand: Any, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    by_hand.autograder("export", "warmup", "--format", form, "--to", str(ours))
    by_hand.nbgrader(
        "export",
        f"--exporter=autograder.course.export.{plugin}",
        "--assignment=['warmup']",
        "--to",
        str(theirs),
    )
    assert ours.read_bytes() == theirs.read_bytes()
    if form == "moodle":
        ben = next(r for r in read(ours) if r[0] == "ben")
        assert "We talked; 1 &lt; 2." in ben[6]


@pytest.fixture(scope="module")
def written(course: Any, graded: Any, once: Callable[..., Path]) -> Path:
    """A report and every export of the class in which everything happened."""

    def fill(folder: Path) -> None:
        one = replace(course, class_name=str(graded.folder))
        one.autograder("report", "warmup", "--to", str(folder / "report.html"))
        for form in FORMATS:
            path = str(folder / form)
            one.autograder("export", "warmup", "--format", form, "--to", path)

    return once("written", fill)


def test_every_student_of_a_real_class_is_in_every_file(
    written: Path, graded: Any
) -> None:
    students = {r["student_id"] for r in graded.rows}
    assert {r[3] for r in read(written / "canvas")[2:]} == students
    assert {r[0] for r in read(written / "moodle")[1:]} == students
    assert {p.stem for p in (written / "gradescope").iterdir()} == students
    root = ElementTree.parse(written / "junit").getroot()
    assert {s.get("name") for s in root} == {f"{s}/warmup" for s in students}
    for student in students:
        found = json.loads((written / "gradescope" / f"{student}.json").read_text())
        assert found["score"] == graded.points(student)
    report = (written / "report.html").read_text()
    assert f"{len(students)} submissions, median 5 of 6" in report
    for student in ("half", "link", "missing", "renamed", "exits"):
        assert f'<bdi class="id">{student}</bdi>' in report


def test_nothing_hidden_is_in_any_file(written: Path) -> None:
    secret_numbers = hidden_numbers()
    for path in written.rglob("*"):
        if path.is_file():
            text = html.unescape(path.read_text("utf-8"))
            digits = set(re.findall(r"(?=(\d{6}))", text.replace(".", "")))
            assert digits & secret_numbers == set(), path.name
            assert "in place of" not in text
            assert "BEGIN SOLUTION" not in text


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["report", "wramup"], 1, "There is no assignment wramup; there are warmup."),
        (["export", "wramup", "--format", "junit"], 1, "no assignment wramup"),
        (["report", "warmup"], 1, "Nothing of warmup is graded yet"),
        (["export", "warmup", "--format", "junit"], 1, "Nothing of warmup is graded"),
        (["export", "warmup", "--format", "moodle"], 1, "no submission of warmup yet"),
        (["export", "warmup", "--format", "csv"], 1, "no submission of warmup yet"),
        (["export", "warmup", "--format", "pdf"], 2, "invalid choice: 'pdf'"),
    ],
)
def test_what_can_not_be_written_is_one_sentence(
    arguments: list[str], code: int, says: str, course: Any
) -> None:
    done = course.autograder(*arguments, check=False)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    if code == 1:
        assert len(done.stderr.strip().splitlines()) == 1
