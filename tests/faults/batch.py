"""Hand in a batch of faults, grade it, and write down what came of it.

    python -m tests.faults.batch BASE ASSIGNMENT

``BASE`` holds a place (:mod:`tests.faults.place`) and ``names.json``. It is a
program so that it can run inside a jail.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil

from autograder.course.submissions import hand_in, right_answers, submission
from tests.faults.corpus import BY_NAME
from tests.faults.fault import Fault, mate
from tests.faults.listen import Doors
from tests.faults.place import Place
from tests.faults.seen import Seen, points_of

MATE = "-mate"
LIMIT = 800
STOCK_LIMIT, STOCK_EACH = 60, 20
CANARY = "canary"


def commands(assignment: str, options: list[str]) -> list[list[str]]:
    """What an instructor types to grade an assignment."""
    if "--Judge.sandbox=none" in options:
        # Without walls a fault may stop a batch; one process is enough to see it.
        return [[sys.executable, "-m", "nbgrader", "autograde", assignment, *options]]
    command = [sys.executable, "-m", "autograder.course", "grade", assignment]
    return [[*command, "--jobs", "2", *options]]


def fault(name: str, notebook: str) -> Fault:
    """The fault of a student, or an honest classmate."""
    return mate(name, notebook) if name.endswith(MATE) else BY_NAME[name]


def filler(place: Place, doors: Doors, names: list[str]) -> Any:
    """Puts the places of this run into the text of a submission."""
    values = {
        "ROOT": str(place.course),
        "CLASS": str(place.class_folder),
        "HOME": str(place.home),
        "DROP": str(place.drop),
        "TCP": str(doors.tcp.getsockname()[1]),
        "UDP": str(doors.udp.getsockname()[1]),
        "ABSTRACT": doors.abstract,
    }

    def fill(text: str, name: str) -> str:
        # The two of a pair share a mark: they have agreed on it.
        number = (
            names.index(name.removesuffix("-2") + "-1")
            if (name.startswith("notes-") and name.endswith("-2"))
            else names.index(name)
        )
        own = {
            "NAME": name,
            "MARK": mark(place, number),
            "MARK_NUMBER": mark_number(place, number),
        }
        for key, value in (values | own).items():
            text = text.replace(f"@{key}@", value)
        return text

    return fill


def mark(place: Place, number: int) -> str:
    return f"f{place.run}{number:03d}"


def mark_number(place: Place, number: int) -> str:
    return f"{int(place.run, 16) % 100_000:05d}{number:03d}"


def hand_in_all(place: Place, notebook: str, doors: Doors, names: list[str]) -> None:
    """The class: every fault, its classmates, and one with a canary."""
    assignment, _, name = notebook.partition("/")
    path = place.course / "assignments" / assignment / f"{name}.ipynb"
    released = nbformat.read(path, as_version=4)
    fill = filler(place, doors, names)
    for student in names:
        fault(student, notebook).hand_in(place.class_folder, released, fill)
    right = right_answers(notebook)
    first = next(iter(right))
    student = canary(place)
    right[first] += f"\n# {place.canaries['submission']}\n"
    filled = submission(released, notebook, right)
    hand_in(place.class_folder, student, notebook, filled)


def canary(place: Place) -> str:
    """Whose submission holds one; in a small class it is the classmate."""
    return "zz-mate" if place.stock else CANARY


def left_running(place: Place, names: list[str]) -> list[str]:
    """Processes of this batch that are still there; they are ended."""
    found = []
    for process in psutil.process_iter(["pid", "name", "cmdline", "cwd", "status"]):
        info = process.info
        words = " ".join([info["name"] or "", *(info["cmdline"] or [])])
        for number, student in enumerate(names):
            marks = (mark(place, number), f"6{mark_number(place, number)}")
            if any(m in words for m in marks):
                found.append(f"{student}: {words[:80]}")
                end(process)
        inside = str(place.scratch) in f"{words} {info['cwd'] or ''}"
        if inside and process.pid != psutil.Process().pid:
            found.append(f"somebody: {words[:80]}")
            end(process)
    return found


def end(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.kill()


def run(
    place: Place, notebook: str, names: list[str], options: list[str]
) -> dict[str, Any]:
    """Grade, and look around."""
    doors = Doors(place.drop, f"faults-{place.run}")
    hand_in_all(place, notebook, doors, names)
    seen = Seen(place, names, canary(place))
    started = time.monotonic()
    limit = STOCK_LIMIT + STOCK_EACH * len(names) if place.stock else LIMIT
    codes, log = [], ""
    for command in commands(notebook.partition("/")[0], options):
        try:
            done = subprocess.run(
                command,
                cwd=place.course,
                env=place.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=limit,
                start_new_session=True,
            )
            codes.append(done.returncode)
            log += done.stdout[-20_000:] + done.stderr[-20_000:]
        except subprocess.TimeoutExpired:
            codes.append(-1)
    seconds = time.monotonic() - started
    left = left_running(place, names)
    heard = doors.close()
    return {
        "codes": codes,
        "seconds": round(seconds, 1),
        "log": log[-20_000:],
        "points": points_of(place),
        "left": left,
        "heard": heard,
        "secret": place.canaries["secret"],
        **seen.after(heard),
    }


def main(base: Path, notebook: str, options: list[str]) -> None:
    place = Place.load(base)
    names = json.loads((base / "names.json").read_text())
    result = run(place, notebook, names, options)
    (base / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
