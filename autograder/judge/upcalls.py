"""A right base: functions of the reference that a worker may call.

When a function fails, those that call it are judged again with the
reference's in its place. The reference stays here: the worker sends the
arguments and gets the result. What is no array or number, such as a cache,
stays here too, behind a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np

from autograder.student.values import build_array, encode
from autograder.worker.frames import Frame

MOST_CALLS = 500
PLAIN = (int, float, str, bool, np.ndarray, np.number, type(None))


class Upcalls:
    """Answers calls of the named functions with the reference.

    Parameters
    ----------
    functions : what may be called or passed on as an argument
    names : the functions that the worker may call
    largest : elements that an argument may have, so that no call takes long
    """

    def __init__(
        self, functions: Mapping[str, Any], names: tuple[str, ...], largest: int
    ) -> None:
        self.namespace = functions
        self.functions = {name: functions[name] for name in names}
        self.largest = largest
        self.handles: list[Any] = []
        self.calls = 0

    def __call__(
        self, name: str, header: dict[str, Any], body: dict[str, np.ndarray]
    ) -> Frame:
        """The reply to one call; an error is the student's to handle."""
        self.calls += 1
        arrays: dict[str, np.ndarray] = {}
        try:
            if self.calls > MOST_CALLS:
                raise ValueError("too many calls")
            arguments = [self.build(a, body) for a in header["arguments"]]
            keywords = {k: self.build(a, body) for k, a in header["keywords"].items()}
            with np.errstate(all="ignore"):
                result = self.functions[name](*arguments, **keywords)
            reply = {
                "result": self.describe(result, arrays),
                "dicts": [
                    self.describe(a, arrays) if isinstance(a, dict) else None
                    for a in (*arguments, *keywords.values())
                ],
            }
        except Exception as error:  # whatever the student's arguments caused
            reply, arrays = {"error": f"{type(error).__name__}: {error}"[:300]}, {}
        return reply, arrays

    def build(self, spec: Any, arrays: dict[str, np.ndarray]) -> Any:
        if "handle" in spec:
            return self.handles[spec["handle"]]
        if "array" in spec:
            if arrays[spec["array"]].size > self.largest:
                raise ValueError("an argument much larger than those of the case")
            return build_array({**spec, "of": "numpy"}, arrays[spec["array"]])
        if "name" in spec:
            return self.given(spec["name"])
        if "dict" in spec:
            return {k: self.build(v, arrays) for k, v in spec["dict"].items()}
        if "tuple" in spec:
            return tuple(self.build(v, arrays) for v in spec["tuple"])
        if "list" in spec:
            return [self.build(v, arrays) for v in spec["list"]]
        return spec["scalar"]

    def given(self, name: str) -> Any:
        """The reference's function of that name, to pass on as an argument."""
        found = self.namespace[name]
        if not isinstance(found, FunctionType):
            raise TypeError(f"{name} is no function of the notebook")
        return found

    def describe(self, value: Any, arrays: dict[str, np.ndarray]) -> Any:
        """Arrays and numbers by value; the parts of the outer tuple one by one."""
        if isinstance(value, tuple):
            return {"tuple": [self.part(v, arrays) for v in value]}
        return self.part(value, arrays)

    def part(self, value: Any, arrays: dict[str, np.ndarray]) -> Any:
        if isinstance(value, dict) and all(
            isinstance(v, PLAIN) for v in value.values()
        ):
            return {"dict": {k: encode(v, arrays, "numpy") for k, v in value.items()}}
        if isinstance(value, PLAIN):
            return encode(value, arrays, "numpy")
        self.handles.append(value)
        return {"handle": len(self.handles) - 1}
