"""Faults on their way through nbgrader's own commands, to the feedback."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import nbformat

from autograder.course.submissions import submission
from tests.faults.corpus import BY_NAME
from tests.faults.fault import WARMUP

SUBSET = (
    "form-active-html",
    "form-deep-json",
    "form-pipe",
    "form-time-words",
    "frames-lone-surrogates",
    "honest-prints",
    "life-os-exit",
    "memory-frames",
    "verdict-patched-judge",
)
NAMED = r".*/(?P<student_id>[a-z]+)_\d+_\d+_(?P<file_id>\w+)\.ipynb$"


def totals(rows: list[dict[str, str]]) -> dict[str, float]:
    points: dict[str, float] = {}
    for row in rows:
        who = row["student_id"]
        points[who] = points.get(who, 0.0) + float(row["score"])
    return points


def test_the_commands_as_typed_grade_faults_and_write_feedback(course: Any) -> None:
    one = course.new_class("faults")
    released = one.release()
    for name in SUBSET:
        BY_NAME[name].hand_in(one.class_folder, released, lambda text, _: plain(text))
    for command in ("autograde", "generate_feedback"):
        one.nbgrader(command, "warmup")
    assert totals(one.export()) == {n: BY_NAME[n].points for n in SUBSET}
    for name in SUBSET:
        page = one.class_folder / "feedback" / name / "warmup" / "warmup.html"
        assert f"Score: {BY_NAME[name].points:.1f} / 6.0" in page.read_text()


def plain(text: str) -> str:
    """No places to go: these faults stay at home."""
    for key in ("TCP", "UDP"):
        text = text.replace(f"@{key}@", "9")
    return text


def entry(name: str, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    return info


def hostile_archive(right: str) -> bytes:
    """Links, a bomb, a deep folder, and an honest submission."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(entry("honest_1_1_warmup.ipynb"), right)
        file.writestr(entry("link_1_1_warmup.ipynb", stat.S_IFLNK), "/etc/passwd")
        file.writestr(entry("bomb_1_1_warmup.ipynb"), b"[" * (64 << 20))
        file.writestr(entry("deep/" * 300 + "deep_1_1_warmup.ipynb"), right)
        file.writestr(entry("double_1_1_warmup.ipynb"), right)
    return held.getvalue()


def leads_out(right: str) -> bytes:
    """An archive whose members would lie outside of it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("honest_1_1_warmup.ipynb", right)
        for name in ("../../out_1_1_warmup.ipynb", "/tmp/faults-out_1_1_warmup.ipynb"):
            file.writestr(entry(name), right)
        file.writestr(entry("../../../../../nbgrader_config.py"), "raise SystemExit")
    return held.getvalue()


def assert_nothing_outside(one: Any, config: bytes) -> None:
    assert (one.root / "nbgrader_config.py").read_bytes() == config
    assert not Path("/tmp/faults-out_1_1_warmup.ipynb").exists()
    downloaded = one.class_folder / "downloaded" / "warmup"
    inside = downloaded / "extracted"
    assert all(p.is_relative_to(inside) for p in one.class_folder.rglob("out_*"))


def collected(one: Any, content: bytes, check: bool = True) -> bytes:
    """Collect the submissions in an archive; the configuration before that."""
    archive = one.class_folder / "downloaded" / "warmup" / "archive"
    archive.mkdir(parents=True)
    (archive / "submissions.zip").write_bytes(content)
    config = (one.root / "nbgrader_config.py").read_bytes()
    option = f"--FileNameCollectorPlugin.named_regexp={NAMED}"
    one.nbgrader("zip_collect", "warmup", "--force", option, check=check)
    return config


def right_one(one: Any) -> str:
    """A whole and right submission, as a file's text."""
    return nbformat.writes(submission(one.release(), WARMUP))


def test_an_archive_that_leads_out_writes_nothing_outside(course: Any) -> None:
    one = course.new_class("leads-out")
    config = collected(one, leads_out(right_one(one)), check=False)
    assert_nothing_outside(one, config)


def test_a_students_archive_that_leads_out_stops_nobody(course: Any) -> None:
    one = course.new_class("inner-leads-out")
    right = right_one(one)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("honest_1_1_warmup.ipynb", right)
        file.writestr("evil_1_1_warmup.zip", leads_out(right))
    assert_nothing_outside(one, collected(one, held.getvalue()))
    one.nbgrader("autograde", "warmup")
    assert totals(one.export())["honest"] == 6


def test_a_hostile_archive_reaches_nothing_but_its_own_class(course: Any) -> None:
    one = course.new_class("archive")
    config = collected(one, hostile_archive(right_one(one)))
    one.nbgrader("autograde", "warmup")
    points = totals(one.export())
    assert_nothing_outside(one, config)
    assert points["honest"] == points["double"] == 6
    assert points["link"] == points["bomb"] == 0


def test_an_archive_in_an_archive_or_no_archive_stops_nobody(course: Any) -> None:
    one = course.new_class("no-archive")
    archive = one.class_folder / "downloaded" / "warmup" / "archive"
    archive.mkdir(parents=True)
    right = nbformat.writes(submission(one.release(), WARMUP))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("late_1_1_warmup.ipynb", right)
    with zipfile.ZipFile(archive / "a.zip", "w") as file:
        file.writestr("honest_1_1_warmup.ipynb", right)
        file.writestr("inner_1_1_warmup.zip", inner.getvalue())
        file.writestr("odd_1_1_warmup.ipynb", json.dumps([1, 2, 3]))
    option = f"--FileNameCollectorPlugin.named_regexp={NAMED}"
    one.nbgrader("zip_collect", "warmup", "--force", option)
    one.nbgrader("autograde", "warmup")
    assert totals(one.export()) == {"honest": 6, "inner": 6, "odd": 0}
