"""Walls are chosen by their name; one that can't be had says why."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.sandbox import (
    BACKENDS,
    NoSandbox,
    Parent,
    backends,
    choose,
    strongest,
    syscalls,
    visible,
)
from autograder.worker.walls import landlock

WALLS = ["bwrap", "landlock"]


@pytest.fixture
def no_filter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """libseccomp is missing, which its bindings notice when they are imported."""
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    syscalls.compiled.cache_clear()
    yield
    syscalls.compiled.cache_clear()


@pytest.fixture
def no_bwrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)


@pytest.fixture
def broken_bwrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As where a system forbids user namespaces."""
    program = tmp_path / "bwrap"
    program.write_text(
        "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return program


def refusal(name: str, *secrets: Path) -> str:
    """The one sentence that it is refused with."""
    with pytest.raises(NoSandbox) as caught:
        choose(name, secrets) if secrets else choose(name)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 400
    return said


@pytest.mark.parametrize("name", BACKENDS)
def test_each_can_be_had_here_by_its_name(name: str) -> None:
    assert choose(name).name == name


@pytest.mark.parametrize("name", ["docker", "", "BWRAP", "bwrap "])
def test_what_is_no_name_is_told_the_names(name: str) -> None:
    said = refusal(name)
    assert all(n in said for n in BACKENDS)


def test_without_bubblewrap(no_bwrap: None) -> None:
    assert "sudo apt-get install bubblewrap" in refusal("bwrap")
    assert choose("landlock").name == "landlock"


@pytest.mark.parametrize("name", WALLS)
def test_without_libseccomp(name: str, no_filter: None) -> None:
    assert "sudo apt-get install libseccomp2" in refusal(name)


def test_without_landlock(no_landlock: None) -> None:
    assert "This kernel has no Landlock" in refusal("landlock")
    assert choose("bwrap").name == "bwrap"


@pytest.mark.parametrize("name", WALLS)
@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_on_another_system(
    name: str, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert "grade on Linux" in refusal(name)
    assert choose("none").name == "none"


def test_what_starts_and_fails_says_why(
    broken_bwrap: Path, own_parent: type[Parent]
) -> None:
    broken = replace(choose("bwrap"), command=lambda bundle: [str(broken_bwrap)])
    with pytest.raises(NoSandbox, match="uid map: Permission denied"):
        own_parent(broken)


def test_the_bwrap_that_was_found_is_the_one_that_is_started(
    broken_bwrap: Path, own_parent: type[Parent]
) -> None:
    with pytest.raises(NoSandbox, match="uid map: Permission denied"):
        own_parent(choose("bwrap"))


def test_the_strongest_goes_down_the_list(
    no_bwrap: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    assert strongest(told.append).name == "landlock"
    assert ["apt-get install bubblewrap" in why for why in told] == [True]
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert strongest().name == "none"


def test_the_strongest_is_the_jail_where_it_works() -> None:
    assert strongest().name == "bwrap"


def test_each_says_what_it_leaves_open() -> None:
    assert [bool(b.leaves_open) for b in BACKENDS.values()] == [False, True, True]
    for backend in BACKENDS.values():
        assert all(s.endswith(".") for s in (backend.strength, *backend.leaves_open))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that students' code may read."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    found = visible.interpreter()
    monkeypatch.setattr(visible, "interpreter", lambda: [*found, folder])
    return folder


@pytest.mark.parametrize("name", WALLS)
def test_a_course_among_the_packages_is_refused(name: str, packages: Path) -> None:
    secret = packages / "autograder" / "mistakes"
    secret.mkdir(parents=True)
    assert "pip uninstall autograder" in refusal(name, secret)
    assert str(secret) in refusal(name, secret)
    assert choose("none", (secret,)).name == "none"


@pytest.mark.parametrize("name", WALLS)
def test_a_link_to_the_packages_is_refused(
    name: str, packages: Path, tmp_path: Path
) -> None:
    (packages / "course").mkdir()
    link = tmp_path / "course"
    link.symlink_to(packages / "course")
    assert "may read" in refusal(name, link)
    assert "may read" in refusal(name, link / ".." / "course")


@pytest.mark.parametrize("name", WALLS)
def test_packages_that_are_a_link_are_refused(
    name: str, packages: Path, tmp_path: Path
) -> None:
    packages.rmdir()
    (tmp_path / "real" / "course").mkdir(parents=True)
    packages.symlink_to(tmp_path / "real")
    assert "may read" in refusal(name, tmp_path / "real" / "course")


@pytest.mark.parametrize("name", WALLS)
def test_a_secret_beside_the_packages_is_none_of_it(name: str, packages: Path) -> None:
    beside = packages.with_name("site-packages-of-others")
    assert choose(name, (beside, packages.parent)).name == name


def test_the_course_itself_is_a_secret_when_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = visible.interpreter()
    monkeypatch.setattr(
        visible, "interpreter", lambda: [*found, backends.PACKAGE.parent]
    )
    assert "pip uninstall autograder" in refusal("bwrap")


def test_nothing_readable_lies_in_anothers_folder() -> None:
    shown = [Path(p) for p in visible.readable()]
    assert not [a for a in shown for b in shown if a != b and a.is_relative_to(b)]
    homes = {Path("/"), Path.home(), Path("/etc"), Path("/usr"), Path("/tmp")}
    assert not homes & set(shown)
    assert not any(Path.cwd().is_relative_to(p) for p in shown)
