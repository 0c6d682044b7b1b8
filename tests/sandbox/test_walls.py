"""What a student's code is refused, is allowed, and has at most."""

from __future__ import annotations

import os

import pytest

from tests.sandbox.conftest import Ask
from tests.sandbox.honest import HEAVY_WORK, LIGHT_WORK, LIMITS, MEETINGS
from tests.sandbox.probes import SEEN, UNSEEN, named

USERS = ("current", "ordinary")
SANDBOXES = ("bwrap", "landlock")
REFUSALS = {
    "PermissionError",
    "FileNotFoundError",
    "ProcessLookupError",
    "NotADirectoryError",
    "OSError",
    "ValueError",
    "gaierror",
    "URLError",
    "BrokenProcessPool",
}
FLAWS: dict[tuple[str, str], str] = {
    ("much on disk that has no name", "landlock"): "a deleted file is not counted",
}
"""What is known not to hold; each goes when it is mended."""


def flawed(name: str, sandbox: str, request: pytest.FixtureRequest) -> None:
    """Expect a known flaw, and tell when it is one no more."""
    if reason := FLAWS.get((name, sandbox)):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


users = pytest.mark.parametrize("user", USERS)
sandboxes = pytest.mark.parametrize("sandbox", SANDBOXES)


@users
@sandboxes
@pytest.mark.parametrize("name", named(SEEN))
def test_it_can_not(name: str, sandbox: str, user: str, ask: Ask) -> None:
    kind, said = ask(user, sandbox, "seen")["answers"][name]
    assert kind in REFUSALS, said


@users
@sandboxes
@pytest.mark.parametrize("name", named(UNSEEN))
def test_it_can_not_either(name: str, sandbox: str, user: str, ask: Ask) -> None:
    kind, said = ask(user, sandbox, "unseen")["answers"][name]
    assert kind in REFUSALS, said


@pytest.mark.parametrize("name", named(SEEN))
def test_without_walls_it_can(name: str, ask: Ask) -> None:
    """So what refuses it is a wall, and not a mistake in how it is tried."""
    assert ask("current", "none", "seen")["answers"][name] == ["", ""]


@users
@sandboxes
@pytest.mark.parametrize("name", LIGHT_WORK)
def test_honest_work_runs(
    name: str, sandbox: str, user: str, ask: Ask, request: pytest.FixtureRequest
) -> None:
    flawed(name, sandbox, request)
    assert ask(user, sandbox, "light")["answers"][name] == ["", ""]


@users
@sandboxes
@pytest.mark.parametrize("name", HEAVY_WORK)
def test_torch_and_triton_run(name: str, sandbox: str, user: str, ask: Ask) -> None:
    assert ask(user, sandbox, "heavy")["answers"][name] == ["", ""]


@users
@sandboxes
@pytest.mark.parametrize("name", LIMITS)
def test_there_is_an_end(
    name: str, sandbox: str, user: str, ask: Ask, request: pytest.FixtureRequest
) -> None:
    flawed(name, sandbox, request)
    kind, said = ask(user, sandbox, "limits")["answers"][name]
    assert kind in LIMITS[name][1], said


@users
@sandboxes
@pytest.mark.parametrize("name", MEETINGS)
def test_submissions_do_not_meet(name: str, sandbox: str, user: str, ask: Ask) -> None:
    """Of the same parent, and at the same time."""
    kind, said = ask(user, sandbox, "meetings")["answers"][name]
    assert kind in REFUSALS | {"KeyError", "AttributeError", "NameError"} | {
        "ModuleNotFoundError"
    }, said


@users
@pytest.mark.parametrize("chosen", ["seen", "unseen", "light", "limits", "meetings"])
@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_no_submission_takes_the_parent_along(
    chosen: str, sandbox: str, user: str, ask: Ask
) -> None:
    assert ask(user, sandbox, chosen)["parent kept"]


@users
@pytest.mark.parametrize("chosen", ["seen", "unseen", "light", "limits", "meetings"])
@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_no_scratch_folder_is_left(
    chosen: str, sandbox: str, user: str, ask: Ask
) -> None:
    assert ask(user, sandbox, chosen)["scratch"] == []


@users
@sandboxes
def test_rights_are_given_up_for_good(user: str, sandbox: str, ask: Ask) -> None:
    state = ask(user, sandbox, "seen")["state"]
    assert {state[c] for c in state if c.startswith("Cap")} == {"0" * 16}
    assert state["NoNewPrivs"] == "1"
    assert state["Seccomp"] == "2"
    assert state["owner"] == "0"  # nobody of the same user may look into it
    user_ids = {int(number) for number in state["Uid"].split()}
    assert len(user_ids) == 1
    if sandbox == "bwrap" and os.getuid() == 0 and user == "current":
        assert user_ids.pop() >= 1_900_000_000
