"""Turn an exercise into data: run its scenarios on the reference, once.

The recorder stands in for an implementation. It writes down each call and
runs the reference on the same inputs in float64. Then it moves the inputs by
one unit in the last place and looks what that changes: so much an answer may
be off, since no algorithm can know its inputs better.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise
from autograder.mistakes import Mistake, mistakes_of
from autograder.reference import scripts
from autograder.student.compare import Expected
from autograder.student.replay import replay
from autograder.student.trace import Step, Trace
from autograder.student.values import Framework, Spec, describe, encode
from autograder.student.verdict import Entry, KnownMistake, Question, judge_case

PUBLIC = b"public cases"

RTOL = {"float64": 1e-6, "float32": 1e-5, "float16": 2**-10, "bfloat16": 2**-7}
"""What passes relative to an element; for 16 bits, one rounding."""

FLOOR = {"float64": 1e-9, "float32": 1e-5, "float16": 1e-5, "bfloat16": 1e-5}
"""What passes relative to the largest element of an output."""

CONDITIONING = 16.0
"""How many times the effect of one unit in the last place passes."""


@dataclass(frozen=True)
class Recorded:
    """A result of the reference, and where a replay finds the student's."""

    value: Any
    spec: Spec


class Recorder:
    """An implementation that notes the calls made to it."""

    def __init__(
        self,
        functions: Mapping[str, Any],
        framework: Framework = "numpy",
        nudge: Callable[[np.ndarray], np.ndarray] = lambda x: x,
    ) -> None:
        self._functions = functions
        self._framework: Framework = framework
        self._nudge = nudge
        self._steps: list[Step] = []
        self.arrays: dict[str, np.ndarray] = {}

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps)

    def __getattr__(self, name: str) -> _Function:
        if name not in self._functions:
            raise AttributeError(f"the reference defines no {name}")
        return _Function(self, name)

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Note one call, and make it on the reference in float64."""
        function = self._functions[name]
        position = len(self._steps)
        specs = tuple(self._spec(a) for a in arguments)
        values = [self._value(a) for a in arguments]
        result = function(*values)
        names = tuple(inspect.signature(function).parameters)[: len(arguments)]
        returns = _returned_names(function, result)
        self._steps.append(Step(name, names, specs, returns))
        for i, (given, used) in enumerate(zip(arguments, values, strict=True)):
            if isinstance(given, dict):
                self._note_dict(given, used, (position, i))
        if returns is None:
            return Recorded(result, {"result": [position, 0]})
        return tuple(
            Recorded(part, {"result": [position, i]}) for i, part in enumerate(result)
        )

    def _note_dict(
        self, given: dict[str, Any], used: dict[str, Any], at: tuple[int, int]
    ) -> None:
        """Let the scenario's dict stand for the student's after the call."""
        for key, value in used.items():
            given[key] = Recorded(value, {"after": [*at, key]})

    def _spec(self, value: Any) -> Spec:
        if isinstance(value, Recorded):
            return value.spec
        if isinstance(value, _Function):
            return {"name": value.name}
        if isinstance(value, dict):
            return {"dict": {k: self._spec(v) for k, v in value.items()}}
        if isinstance(value, list | tuple):
            return {type(value).__name__: [self._spec(v) for v in value]}
        return encode(value, self.arrays, self._framework)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Recorded):
            return value.value
        if isinstance(value, _Function):
            return self._functions[value.name]
        if isinstance(value, dict):
            return {k: self._value(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._value(v) for v in value)
        if not isinstance(value, np.ndarray) or value.dtype.kind in "iub":
            return value
        exact = self._nudge(value.astype(np.float64))
        if self._framework == "numpy":
            return exact
        import torch

        return torch.from_numpy(np.array(exact, order="C"))


@dataclass(frozen=True)
class _Function:
    """A function of the implementation: to call, or to pass by name."""

    recorder: Recorder
    name: str

    def __call__(self, *arguments: Any) -> Any:
        return self.recorder.call(self.name, arguments)


def _returned_names(function: Any, result: Any) -> tuple[str, ...] | None:
    """The parts of a returned tuple, by the names that the reference gives them.

    A part without a name is numbered: its text would be a piece of the solution.
    """
    if not isinstance(result, tuple):
        return None
    numbered = [f"value {i}" for i in range(1, len(result) + 1)]
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError):
        return tuple(numbered)
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Return) else None
        if isinstance(value, ast.Tuple) and len(value.elts) == len(result):
            parts = zip(value.elts, numbered, strict=True)
            return tuple(e.id if isinstance(e, ast.Name) else n for e, n in parts)
    return tuple(numbered)


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
        traffic=_traffic(exercise),
        questions=tuple(
            replace(_question(exercise, functions, case), hidden=hidden)
            for case in cases
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
    symptoms = tuple(
        judge_case(entry, q, replay(q.trace, names)).symptom() for q in entry.questions
    )
    return KnownMistake(mistake.name, mistake.hint, symptoms)


def _traffic(exercise: Exercise) -> tuple[str, float, float] | None:
    budget = exercise.traffic
    return None if budget is None else (budget.of, budget.reads, budget.writes)


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
    )
    exact = {name: _array(result.value) for name, result in outputs.items()}
    dtype = _dtype(trace)
    shown = dict.fromkeys(exact, dtype)
    if exercise.path == "numpy":  # elsewhere the dtype of the inputs is asked for
        answer = replay(trace, functions).outputs
        shown |= {name: returned.dtype for name, returned in answer.items()}
    rounding = _rounding(trace, dtype)
    # Kernels compute in float32 whatever cancels; and zero has no scale.
    moved = {
        name: rounding if exercise.oracle or not array.any() else 0.0
        for name, array in exact.items()
    }
    for seed in range(3):
        nudged = Recorder(functions, framework, _nudge(dtype, seed))
        for name, result in exercise.scenario(nudged, _fresh(case)).items():
            with np.errstate(invalid="ignore"):
                difference = np.abs(_array(result.value) - exact[name])
            finite = difference[np.isfinite(difference)]
            moved[name] = max(moved[name], float(finite.max(initial=0.0)))
    expected = {
        name: replace(
            _expected(array, dtype, moved[name], framework), dtype=shown[name]
        )
        for name, array in exact.items()
    }
    return Question(trace, expected)


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
    """The narrowest floating dtype that the case hands over."""
    order = ("bfloat16", "float16", "float32")
    given = {s.get("dtype") for step in trace.steps for s in step.arguments}
    return next((dtype for dtype in order if dtype in given), "float64")


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
    kind = "NumPy array" if framework == "numpy" else "torch tensor"
    atol = FLOOR[dtype] * scale + CONDITIONING * moved
    return Expected(array, RTOL[dtype], atol, dtype, kind)
