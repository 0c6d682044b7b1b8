"""A scenario as data: the calls it makes and where each result goes.

Specs of :mod:`autograder.student.values` describe the arguments; more
forms point at things that exist only while a trace is replayed::

    {"name": "quadratic"}              a function that the notebook defines
    {"result": [step, i]}              what a call returned, as the same object
    {"after": [step, position, key]}   an entry of a dict argument after a call
    {"attribute": name, "of": spec}    of an object, when the calls are over
    {"rng": seed, "of": "numpy"}       a generator with that seed
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.student.values import Spec


@dataclass(frozen=True)
class Step:
    """One call.

    Attributes
    ----------
    function : as it is named to students
    returns : the parts of a tuple; None: one bare value
    on : the object that ``method`` is called on; None: a function
    method : its name, or :data:`autograder.student.through.AUTOGRAD`
    """

    function: str
    parameters: tuple[str, ...]
    arguments: tuple[Spec, ...]
    returns: tuple[str, ...] | None
    on: Spec | None = None
    method: str = ""


@dataclass(frozen=True)
class Trace:
    """One case of an exercise: calls, and which results are its outputs.

    ``closed`` names what the exercise forbids, ``compiles`` the function whose
    kernels are compiled as well, or nothing. With ``twice``, each call of kernels
    is made again, and must give the same bits.
    """

    kind: str
    path: str
    steps: tuple[Step, ...]
    outputs: dict[str, Spec]
    arrays: dict[str, np.ndarray] = field(repr=False)
    closed: tuple[str, ...] = ()
    compiles: str = ""
    twice: bool = False

    def to_json(self) -> dict[str, Any]:
        """All but the arrays."""
        return {
            "kind": self.kind,
            "path": self.path,
            "steps": [
                [s.function, s.parameters, s.arguments, s.returns, s.on, s.method]
                for s in self.steps
            ],
            "outputs": self.outputs,
            "closed": self.closed,
            "compiles": self.compiles,
            "twice": self.twice,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any], arrays: dict[str, np.ndarray]) -> Trace:
        """The inverse of :meth:`to_json`."""
        steps = tuple(
            Step(
                function,
                tuple(parameters),
                tuple(arguments),
                None if returns is None else tuple(returns),
                on,
                method,
            )
            for function, parameters, arguments, returns, on, method in data["steps"]
        )
        outputs, closed = data["outputs"], tuple(data["closed"])
        return cls(
            *(data["kind"], data["path"], steps, outputs, arrays, closed),
            *(data["compiles"], data["twice"]),
        )

    def inputs(self) -> dict[str, np.ndarray]:
        """The arrays that are handed over, under the labels of a replay.

        A tensor on the device "meta" has no numbers that could change.
        """
        found: dict[str, np.ndarray] = {}
        for step in self.steps:
            for name, spec in zip(step.parameters, step.arguments, strict=True):
                self._collect(spec, f"{name} of {step.function}", found)
        return found

    def _collect(self, spec: Spec, label: str, found: dict[str, np.ndarray]) -> None:
        if "array" in spec and "device" not in spec:
            found[label] = self.arrays[spec["array"]]
        for key, inner in spec.get("dict", {}).items():
            self._collect(inner, f"{key} in {label}", found)
        for i, inner in enumerate(spec.get("list") or spec.get("tuple") or ()):
            self._collect(inner, f"{label}[{i}]", found)
