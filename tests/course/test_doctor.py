"""The doctor's canaries: seen without walls, and stopped behind them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.course import doctor
from autograder.course.cli import main
from autograder.course.doctor.examine import CANARIES, Finding, Report, examine
from autograder.course.doctor.planted import Planted
from tests.users import User

NAMES = [c.name for c in CANARIES]
LIMITED = {
    "its own environment",
    "one array",
    "shared memory",
    "stacks of threads",
    "many bytes",
    "many files",
    "one long file",
    "deaf to signals",
    "a thread",
    "a daemon",
}
"""What is stopped without walls too: a worker's limits, and its clean start."""

DEPENDS = {
    "the class folder",
    "without its limits",
    "its memory",
    "by tracing it",
    "TCP over IPv6",
    "an attribute",
    "a mount namespace",
    "a user namespace",
    "System V",
    "io_uring",
    "bpf",
    "perf",
    "userfaultfd",
    "calls of 32 bits",
}
"""What a user's rights, a kernel or a container may stop as well."""

SCRIPT = """
import json, sys
from autograder.course.doctor.examine import examine

reports = [examine(name) for name in sys.argv[1:]]
print(json.dumps([
    {"problem": r.problem, "open": {f.canary.name: f.open for f in r.findings}}
    for r in reports
]))
"""


@pytest.fixture(scope="session")
def examined() -> Callable[[str], Report]:
    """The report on one kind of walls; it is made once."""
    return cache(examine)


def opened(report: Report) -> dict[str, tuple[str, ...]]:
    return {f.canary.name: f.open for f in report.findings}


def all_are_seen(found: dict[str, Any]) -> None:
    """Without walls every canary gets through, in all ways that can be tried."""
    assert [name for name in NAMES if not found[name]] == []
    closed = {
        way.name for c in CANARIES for way in c.ways if way.name not in found[c.name]
    }
    assert closed <= LIMITED | DEPENDS


def promised_hold(found: dict[str, Any], walls: str) -> None:
    promised = {c.name for c in CANARIES if walls not in c.not_covered}
    assert {n: ways for n, ways in found.items() if n in promised and ways} == {}


def test_every_canary_is_seen_where_there_are_no_walls(
    examined: Callable[[str], Report],
) -> None:
    report = examined("none")
    assert report.problem == ""
    assert not report.holds
    all_are_seen(opened(report))


@pytest.mark.parametrize("walls", ["bwrap", "landlock"])
def test_walls_hold_what_they_promise(
    walls: str, examined: Callable[[str], Report]
) -> None:
    report = examined(walls)
    assert report.problem == ""
    promised_hold(opened(report), walls)
    assert report.holds
    assert {f.verdict for f in report.findings} <= {"holds", "not covered"}


def test_landlock_is_not_said_to_hold_what_it_does_not_cover(
    examined: Callable[[str], Report],
) -> None:
    verdicts = {f.canary.name: f.verdict for f in examined("landlock").findings}
    assert verdicts["learn which files exist"] == "not covered"
    assert "learn which files exist" in doctor.sentence(examined("landlock"))


def test_it_is_the_same_for_an_ordinary_user(
    ordinary_user: User, tmp_path: Path
) -> None:
    script = ordinary_user.home / "examine.py"
    script.write_text(SCRIPT)
    bwrap, landlock, none = json.loads(
        ordinary_user.run(script, "bwrap", "landlock", "none")
    )
    assert bwrap["problem"] == landlock["problem"] == none["problem"] == ""
    promised_hold(bwrap["open"], "bwrap")
    promised_hold(landlock["open"], "landlock")
    all_are_seen(none["open"])


def test_the_command_says_what_holds(course: Any) -> None:
    done = course.autograder("doctor", "--sandbox", "bwrap")
    for name in NAMES:
        assert f"\n{name} " in done.stdout
    assert "bwrap holds all that it promises" in done.stdout
    assert "does not hold" not in done.stdout


def test_without_bubblewrap_it_says_how_to_get_it(
    course: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = course.autograder("doctor", "--sandbox", "bwrap", check=False)
    assert done.returncode == 1
    assert "bubblewrap is missing" in done.stdout
    assert done.stdout.count("bubblewrap\n") == 1
    assert "Traceback" not in done.stderr


def test_nothing_of_an_examination_stays() -> None:
    with Planted() as planted:
        assert psutil.pid_exists(planted.victim.pid)
        kept = [planted.folder, *map(Path, planted.secrets.values())]
        assert all(p.exists() for p in kept)
    assert not any(p.exists() for p in kept)
    assert not psutil.pid_exists(planted.victim.pid)


def report(walls: str, *wrong: str, problem: str = "") -> Report:
    if problem:
        return Report(walls, problem=problem)
    findings = (
        Finding(c, walls, (c.ways[0].name,) if c.name in wrong else ())
        for c in CANARIES
    )
    return Report(walls, tuple(findings))


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """The command's exit code and text, for reports that are made up."""

    def run(configured: str, *reports: Report, sandbox: str = "") -> tuple[int, str]:
        by_name = {r.backend: r for r in reports}
        monkeypatch.setattr(doctor, "examine", lambda name, tell: by_name[name])
        monkeypatch.setattr(doctor, "_configured", lambda: (configured, ""))
        options = ("--sandbox", sandbox) if sandbox else ()
        code = main(["doctor", *options])
        return code, capsys.readouterr().out

    return run


OPEN = [report("none", *NAMES)]


def test_a_hole_is_an_error_and_is_named(command: Callable[..., Any]) -> None:
    reports = [report("bwrap", "connect"), report("landlock"), *OPEN]
    code, said = command("bwrap", *reports)
    assert code == 1
    assert "A student's code can: connect (TCP)" in said
    assert "report this table" in said


def test_walls_that_are_not_in_use_are_no_error(command: Callable[..., Any]) -> None:
    broken = report("landlock", problem="The kernel has no Landlock.")
    code, said = command("bwrap", report("bwrap"), broken, *OPEN)
    assert code == 0
    assert "The kernel has no Landlock." in said


def test_walls_in_use_that_do_not_start_are_an_error(
    command: Callable[..., Any],
) -> None:
    broken = report("bwrap", problem="It does not start: x (autograder doctor says)")
    code, said = command("bwrap", broken, report("landlock"), *OPEN)
    assert code == 1
    assert "It does not start: x\n" in said
    assert command("landlock", broken, report("landlock"), *OPEN)[0] == 0


def test_a_class_without_walls_is_an_error(command: Callable[..., Any]) -> None:
    code, said = command("none", report("bwrap"), report("landlock"), *OPEN)
    assert code == 1
    assert "--sandbox bwrap" in said
    assert command("none", report("bwrap"), sandbox="bwrap")[0] == 0


def test_a_name_that_is_no_sandbox_is_an_error(command: Callable[..., Any]) -> None:
    code, said = command("wall", report("bwrap"), report("landlock"), *OPEN)
    assert code == 1
    assert "There is no sandbox 'wall'" in said


def test_a_configuration_that_can_not_be_read_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise RuntimeError("line 7")

    monkeypatch.setattr("autograder.course.settings.Settings", broken)
    assert doctor._configured() == (
        "bwrap",
        "its configuration can't be read: line 7",
    )
