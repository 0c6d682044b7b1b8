"""An implementation that notes the calls made to it, and makes them.

A scenario is run on a :class:`Recorder`. It writes down each call as a step of
a trace, and runs the reference on the same inputs in float64.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.student import through
from autograder.student.trace import Step
from autograder.student.values import Framework, Spec, build_generator, encode


@dataclass(frozen=True)
class Recorded:
    """A result of the reference, and where a replay finds the student's."""

    value: Any
    spec: Spec


@dataclass(frozen=True)
class Seeded:
    """A generator, built anew wherever it is passed."""

    spec: Spec


@dataclass(frozen=True)
class Meta:
    """An array that arrives as a tensor without numbers."""

    array: np.ndarray


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

    def rng(self, seed: int) -> Seeded:
        """A generator of random numbers, to pass to a function."""
        return Seeded({"rng": int(seed), "of": self._framework})

    def meta(self, x: np.ndarray) -> Meta:
        """A tensor with a shape and a dtype on no device: "meta".

        What is made on another device than its inputs shows there.
        """
        return Meta(x)

    def gradients(self, function: _Function, dout: Any, *arguments: Any) -> Any:
        """(result, gradient of each array among the arguments), by autograd."""
        return self._gradients(through.AUTOGRAD, function, dout, *arguments)

    def own_gradients(self, function: _Function, dout: Any, *arguments: Any) -> Any:
        """The same, of a torch.autograd.Function with a backward of its own."""
        return self._gradients(through.OWN_BACKWARD, function, dout, *arguments)

    def _gradients(
        self, method: str, function: _Function, dout: Any, *arguments: Any
    ) -> Any:
        call = through.gradients(self._functions[function.name])
        values = tuple(arguments)
        names = (*self._parameters(function.name, values), "dout")
        arrays = [
            n
            for n, a in zip(names, values, strict=False)
            if isinstance(a, np.ndarray | Meta)
        ]
        step = Step(
            function.name,
            names,
            (),
            ("out", *(f"d{n}" for n in arrays)),
            method=method,
        )
        return self._note(step, call, (*values, dout))

    def on(self, thing: Recorded, method: str, *arguments: Any) -> Any:
        """Call a method of what an earlier call returned."""
        made_by = self._steps[thing.spec["result"][0]].function
        names = tuple(f"argument {i}" for i in range(1, len(arguments) + 1))
        step = Step(made_by, names, (), None, on=thing.spec, method=method)
        return self._note(step, getattr(thing.value, method), arguments)

    def attribute(self, thing: Recorded, name: str) -> Recorded:
        """Read an attribute; ask for it after the last call."""
        value = getattr(thing.value, name)
        value = value.detach().clone() if self._framework == "torch" else value
        return Recorded(value, {"attribute": name, "of": thing.spec})

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps)

    def __getattr__(self, name: str) -> _Function:
        if name not in self._functions:
            raise AttributeError(f"the reference defines no {name}")
        return _Function(self, name)

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Note one call, and make it on the reference in float64."""
        step = Step(name, self._parameters(name, arguments), (), None)
        return self._note(step, self._functions[name], arguments)

    def _parameters(self, name: str, arguments: tuple[Any, ...]) -> tuple[str, ...]:
        return tuple(inspect.signature(self._functions[name]).parameters)[
            : len(arguments)
        ]

    def _note(
        self, step: Step, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        position = len(self._steps)
        specs = tuple(self._spec(a) for a in arguments)
        values = [self._value(a) for a in arguments]
        result = function(*values)
        returns = step.returns or _returned_names(function, result)
        self._steps.append(replace(step, arguments=specs, returns=returns))
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
        if isinstance(value, Seeded):
            return value.spec
        if isinstance(value, Meta):
            spec = encode(value.array, self.arrays, "torch")
            return {**spec, "device": "meta"}
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
        if isinstance(value, Seeded):
            return build_generator(value.spec)
        if isinstance(value, Meta):
            return self._value(value.array).to("meta")
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
