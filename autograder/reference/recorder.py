"""Turn an exercise into data: run its scenarios on the reference, once.

The reference runs on the inputs in float64. Then they are moved by one unit in
the last place, to see what that changes: so much an answer may be off, since no
algorithm can know its inputs better. An answer that is random has a law in
place of numbers.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, RandomLaw
from autograder.mistakes import Mistake, mistakes_of
from autograder.reference import scripts
from autograder.reference.budget import budget_of
from autograder.reference.calls import Recorder
from autograder.reference.limits import limited, repeated
from autograder.student.compare import Expected
from autograder.student.laws import Law
from autograder.student.replay import replay
from autograder.student.trace import Trace
from autograder.student.values import Framework, Spec, describe, torch_module
from autograder.student.verdict import Entry, KnownMistake, Question, judge_case

PUBLIC = b"public cases"

RTOL = {
    **{"float64": 1e-6, "float32": 1e-5, "float16": 2**-10, "bfloat16": 2**-7},
    "int32": 0.0,
}
"""What passes relative to an element; for 16 bits, one rounding."""

FLOOR = {
    **{"float64": 1e-9, "float32": 1e-5, "float16": 1e-5, "bfloat16": 1e-5},
    "int32": 0.0,
}
"""What passes relative to the largest element of an output."""

UNIT = {"float16": 2**-10, "bfloat16": 2**-7}
"""One unit in the last place, where it is so large that chance shows it."""

KINDS = {"numpy": "NumPy array", "torch": "torch tensor"}

CONDITIONING = 16.0
"""How many times the effect of one unit in the last place passes."""


def generator(exercise: Exercise, secret: bytes) -> np.random.Generator:
    """The same secret and exercise, the same cases."""
    digest = hashlib.sha256(secret + b"\0" + exercise.name.encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))


def record(exercise: Exercise, secret: bytes = PUBLIC) -> Entry:
    """The exercise as data, with cases drawn from ``secret``."""
    functions = dict(scripts.namespace(exercise.notebook))
    functions.update(exercise.oracle or {})
    cases = list(exercise.cases(generator(exercise, secret)))
    hidden = secret != PUBLIC
    return Entry(
        name=exercise.name,
        points=exercise.points,
        path=exercise.path,
        builds_on=exercise.builds_on,
        questions=limited(
            exercise,
            repeated(
                exercise,
                tuple(
                    replace(_question(exercise, functions, case), hidden=hidden)
                    for case in cases
                ),
            ),
        ),
    )


def record_with_mistakes(exercise: Exercise, secret: bytes = PUBLIC) -> Entry:
    """The exercise as data, with what each known mistake returns."""
    entry = record(exercise, secret)
    found = tuple(known(exercise, entry, m) for m in mistakes_of(exercise.name))
    return replace(entry, mistakes=found)


def known(exercise: Exercise, entry: Entry, mistake: Mistake) -> KnownMistake:
    """What a mistake returns for every question."""
    names = scripts.namespace(exercise.notebook, mistake)
    with _same_chance():
        symptoms = tuple(
            judge_case(entry, q, replay(q.trace, names)).symptom()
            for q in entry.questions
        )
    return KnownMistake(mistake.name, mistake.hint, symptoms)


@contextlib.contextmanager
def _same_chance() -> Iterator[None]:
    """Mistakes that draw from a global generator show the same every time."""
    before = np.random.get_state()
    np.random.seed(0)
    with contextlib.ExitStack() as stack:
        if torch := torch_module():
            stack.enter_context(torch.random.fork_rng())
            torch.manual_seed(0)
        try:
            yield
        finally:
            np.random.set_state(before)


def _question(exercise: Exercise, functions: Mapping[str, Any], case: Case) -> Question:
    framework: Framework = "numpy" if exercise.path == "numpy" else "torch"
    recorder = Recorder(functions, framework)
    outputs = exercise.scenario(recorder, _fresh(case))
    trace = Trace(
        case.kind,
        exercise.path,
        recorder.steps,
        {name: result.spec for name, result in outputs.items()},
        recorder.arrays,
        exercise.closed,
    )
    laws = {} if exercise.laws is None else exercise.laws(case)
    exact = {n: _array(r.value) for n, r in outputs.items() if n not in laws}
    dtype = _dtype(trace)
    if exercise.oracle and not any(a.dtype.kind == "f" for a in trace.arrays.values()):
        dtype = describe(next(iter(outputs.values())).value).dtype
    shown = dict.fromkeys(outputs, dtype)
    if exercise.path != "torch":  # there the dtype of the inputs is asked for
        answer = replay(trace, scripts.namespace(exercise.notebook)).outputs
        shown |= {name: returned.dtype for name, returned in answer.items()}
    rounding = _rounding(trace, dtype)
    # Kernels compute in float32 whatever cancels; and zero has no scale.
    moved = {
        name: rounding if exercise.oracle or not array.any() else 0.0
        for name, array in exact.items()
    }
    for seed in range(3):
        nudged = Recorder(functions, framework, _nudge(dtype, seed))
        again = exercise.scenario(nudged, _fresh(case))
        for name, result in again.items():
            if name in laws:
                continue
            with np.errstate(invalid="ignore"):
                difference = np.abs(_array(result.value) - exact[name])
            finite = difference[np.isfinite(difference)]
            moved[name] = max(moved[name], float(finite.max(initial=0.0)))
    expected = {
        name: replace(
            _expected(
                array,
                shown[name] if exercise.path == "triton" else dtype,
                moved[name],
                framework,
            ),
            dtype=shown[name],
        )
        for name, array in exact.items()
    } | {name: _by_law(law, shown[name], framework) for name, law in laws.items()}
    return Question(trace, expected, budget=budget_of(exercise, case, trace, exact))


def _by_law(law: RandomLaw, dtype: str, framework: Framework) -> Expected:
    names = (law.same_as, law.unlike)
    unit = UNIT.get(dtype, 0.0)
    known = Law(law.shape, law.family, law.std, *names, law.mean, unit)
    return Expected(np.zeros(0), 0.0, 0.0, dtype, KINDS[framework], known)


def _fresh(case: Case) -> Case:
    """A case whose dicts a scenario may fill without touching the original."""
    fields = {k: {**v} if isinstance(v, dict) else v for k, v in vars(case).items()}
    return Case(**fields)


def _array(value: Any) -> np.ndarray:
    array = describe(value).array
    if array is None:
        raise TypeError(f"a scenario's output can't be a {type(value).__name__}")
    return array.astype(np.float64)


def _dtype(trace: Trace) -> str:
    """The narrowest floating dtype that the case hands over.

    Where a kernel is given whole numbers alone, its oracle says what is asked for.
    """
    order = ("bfloat16", "float16", "float32")
    given = {d for step in trace.steps for a in step.arguments for d in _dtypes(a)}
    return next((dtype for dtype in order if dtype in given), "float64")


def _dtypes(spec: Spec) -> Iterator[str]:
    """Of an array, and of arrays in lists, tuples and dicts."""
    if "array" in spec:
        yield spec["dtype"]
    for inner in (*spec.get("dict", {}).values(), *spec.get("list", ())):
        yield from _dtypes(inner)
    for inner in spec.get("tuple", ()):
        yield from _dtypes(inner)


def _unit(dtype: str) -> float:
    """One unit in the last place of what is computed in; never of 16 bits."""
    return float(np.finfo(np.float64 if dtype == "float64" else np.float32).eps)


def _rounding(trace: Trace, dtype: str) -> float:
    """A unit in the last place of the largest input."""
    inputs = [a[np.isfinite(a)] for a in trace.inputs().values() if a.dtype.kind == "f"]
    return _unit(dtype) * max(
        (float(np.abs(a).max(initial=0)) for a in inputs), default=0
    )


def _nudge(dtype: str, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Move every number by at most one unit in the last place."""
    unit = _unit(dtype)
    rng = np.random.default_rng(seed)

    def nudge(x: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.asarray(x * (1 + unit * rng.uniform(-1, 1, x.shape)))

    return nudge


def _expected(
    array: np.ndarray, dtype: str, moved: float, framework: Framework
) -> Expected:
    finite = np.abs(array[np.isfinite(array)])
    scale = float(finite.max(initial=0.0))
    atol = FLOOR[dtype] * scale + CONDITIONING * moved
    return Expected(array, RTOL[dtype], atol, dtype, KINDS[framework])
