"""Records of a class that was never graded, for reports and exports."""

from __future__ import annotations

from dataclasses import replace

from autograder.course.records import ExerciseRecord, NotebookRecord, Record
from autograder.sandbox.usage import Usage

EXERCISES = {"relative_error": 1, "numerical_gradient": 2, "affine_backward": 2}


def exercise(
    name: str,
    status: str = "passed",
    reason: str = "Every case passes.",
    *mistakes: str,
    points: float = 1,
) -> ExerciseRecord:
    """One exercise; its points follow from its status."""
    earned = {"passed": points, "not run": None}.get(status, 0.0)
    text = f"{name}: {status}\n  {reason}"
    return ExerciseRecord(
        name, points, earned, status, reason, mistakes, "NumPy", f"<p>{text}</p>", text
    )


def record(
    student: str,
    *exercises: ExerciseRecord,
    reasons: tuple[str, ...] = (),
    sandbox: str = "bwrap",
    seconds: float = 2.0,
    workers: int = 1,
) -> Record:
    """A submission; exercises that are not given pass."""
    given = {e.name: e for e in exercises}
    all_of_them = tuple(
        replace(given[n], points=p, earned=given[n].earned and float(p))
        if n in given
        else exercise(n, points=p)
        for n, p in EXERCISES.items()
    )
    notebook = NotebookRecord(
        "warmup",
        reasons,
        all_of_them,
        Usage(seconds / 2, 240_000_000, workers),
        seconds,
        "{}",
    )
    return Record(
        "warmup", student, "key", sandbox, "2026-05-04T10:20:30+00:00", (notebook,)
    )


def wrong(name: str, *mistakes: str) -> ExerciseRecord:
    """A wrong answer, with the known mistakes it shows."""
    said = f"It looks like this known mistake: {' and '.join(mistakes)}."
    return exercise(name, "failed", said if mistakes else "dx is wrong.", *mistakes)


def not_run(name: str) -> ExerciseRecord:
    return exercise(name, "not run", "Not run: Triton is not installed")


def followed(name: str) -> ExerciseRecord:
    said = "It calls relative_error, which fails. On a right one, it is right."
    return exercise(name, "passed", said)


def crashed(name: str) -> ExerciseRecord:
    return exercise(name, "failed", f"The Python process ended while {name} ran.")


def late(name: str) -> ExerciseRecord:
    return exercise(name, "failed", f"{name} did not finish in time.")


def unwritten(name: str) -> ExerciseRecord:
    return exercise(name, "not written", f"{name} is not written yet.")


R, N, A = EXERCISES
CLASS = [
    record("ada"),
    record("ben", wrong(R, "absolute error"), followed(N), seconds=3.1),
    record("cleo", wrong(R, "absolute error"), wrong(A, "sum over the wrong axis")),
    record("dora", wrong(A), seconds=4.4),
    record("emil", crashed(N), workers=2, seconds=9.96),
    record("finn", reasons=("warmup.ipynb is damaged: it is no notebook.",)),
    record("gus", unwritten(R), unwritten(N), unwritten(A), seconds=0.3),
    record("hana", not_run(A)),
    record("ida", late(N), workers=2, seconds=125.0),
    record("jan", wrong(A), reasons=("It was submitted as my warmup (1).ipynb.",)),
    record("kim", wrong(A, "sum over the wrong axis", "divides by D")),
    *(record(f"right-{i:02}") for i in range(10)),
]
