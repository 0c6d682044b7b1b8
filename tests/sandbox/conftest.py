"""Ask what happens inside, as several users and behind several walls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyseccomp as seccomp
import pytest

from autograder.sandbox import BACKENDS, Backend, Parent, choose
from tests.sandbox.honest import HEAVY_WORK, LIGHT_WORK, LIMITS, MEETINGS
from tests.sandbox.probes import BEGINNING, SEEN, UNSEEN, named
from tests.users import User

SCRIPT = Path(__file__).with_name("asked.py")
TEXTS = [*named(SEEN).values(), *named(UNSEEN).values()]
CALLS = {
    name: seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
    for name in re.findall(r"call\('(\w+)'", "\n".join(TEXTS))
}


@pytest.fixture(params=BACKENDS)
def walls(request: pytest.FixtureRequest) -> Backend:
    return choose(request.param)


@pytest.fixture
def own(walls: Backend, own_parent: type[Parent]) -> Parent:
    """A warm parent of the test's own."""
    return own_parent(walls)


def with_beginning(text: str) -> list[str]:
    return [f"NUMBERS = {CALLS}\n{BEGINNING}\n{text}"]


SETS: dict[str, Mapping[str, list[str]]] = {
    "seen": {n: with_beginning(t) for n, t in named(SEEN).items()},
    "unseen": {n: with_beginning(t) for n, t in named(UNSEEN).items()},
    "light": {n: [t] for n, t in LIGHT_WORK.items()},
    "heavy": {n: [t] for n, t in HEAVY_WORK.items()},
    "limits": {n: [t] for n, (t, _) in LIMITS.items()},
    "meetings": {n: list(texts) for n, texts in MEETINGS.items()},
}

Answers = dict[str, Any]
Ask = Callable[[str, str, str], Answers]


@pytest.fixture(scope="session")
def ask(
    once: Callable[[str, Callable[[Path], object]], Path],
    request: pytest.FixtureRequest,
) -> Ask:
    """The answers to a set of probes, for a user behind some walls."""

    def found(user: str, sandbox: str, chosen: str) -> Answers:
        def fill(folder: Path) -> None:
            folder.mkdir()
            who: User = request.getfixturevalue(f"{user}_user")
            asked = {
                "sandbox": sandbox,
                "heavy": chosen == "heavy",
                "seconds": 4.0 if chosen == "limits" else 60.0,
                "probes": SETS[chosen],
            }
            said = who.run(SCRIPT, given=json.dumps(asked))
            (folder / "answers.json").write_text(said)

        folder = once(f"{user}-{sandbox}-{chosen}", fill)
        return dict(json.loads((folder / "answers.json").read_text()))

    return cache(found)
