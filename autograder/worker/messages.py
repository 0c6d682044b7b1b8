"""Outcomes and values as frames, read strictly: nothing else gets through."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from autograder.student.compiling.code import Built
from autograder.student.compiling.launches import LARGEST, MOST
from autograder.student.kernels import Moved, Observation
from autograder.student.kernels.watch import MOST_SIZES
from autograder.student.replay import Fault, Outcome
from autograder.student.values import Returned
from autograder.worker.frames import BODY_LIMIT, Frame, FrameError

LONGEST = 2000
LARGEST_REPLY = BODY_LIMIT // 2
"""Bytes of arrays in one reply; what goes beyond is only described."""

WITH_NUMBERS = {"NumPy array", "NumPy number", "number", "torch tensor"}
FAULTS = {"missing", "unwritten", "raised", "returned", "closed", "cell"}


def outcome_frame(outcome: Outcome) -> Frame:
    """What the worker sends back for one case."""
    arrays: dict[str, np.ndarray] = {}

    def put(group: dict[str, Returned]) -> dict[str, Any]:
        return {name: one(value) for name, value in group.items()}

    def one(value: Returned) -> list[str | None]:
        if value.array is None:
            return [value.kind, None, value.dtype]
        used = sum(a.nbytes for a in arrays.values())
        if used + value.array.nbytes > LARGEST_REPLY:
            return [f"{value.kind} with {value.array.size:,} elements", None, ""]
        key = f"v{len(arrays)}"
        arrays[key] = value.array
        return [value.kind, key, value.dtype]

    fault = outcome.fault
    header = {
        "outputs": put(outcome.outputs),
        "inputs": put(outcome.inputs),
        "fault": None if fault is None else fault_json(fault),
        "printed": outcome.printed,
        "warned": outcome.warned,
        "measured": {k: dataclasses.asdict(v) for k, v in outcome.measured.items()},
        "called": outcome.called,
        "where": outcome.where,
        "launches": outcome.launches,
        "not_compiled": outcome.built.why_not if outcome.built else "",
    }
    return header, arrays


def fault_json(fault: Fault) -> dict[str, str]:
    """A fault as JSON."""
    return vars(fault)


def read_outcome(frame: Frame) -> Outcome:
    """The judge's reading of an outcome.

    Raises
    ------
    FrameError : for any field that is not what it must be
    """
    header, arrays = frame
    fault = header.get("fault")
    why_not = text(header.get("not_compiled"))
    return Outcome(
        outputs=_values(header.get("outputs"), arrays),
        inputs=_values(header.get("inputs"), arrays),
        fault=None if fault is None else read_fault(fault),
        printed=text(header.get("printed")),
        warned=tuple(text(w) for w in _list(header.get("warned"))[:20]),
        measured=_measured(header.get("measured")),
        called=tuple(text(c) for c in _list(header.get("called"))[:50]),
        where=text(header.get("where")),
        launches=_launches(header.get("launches")),
        built=Built(why_not=why_not) if why_not else None,
    )


def _launches(data: Any) -> tuple[str, ...]:
    """What to compile. Nothing of it is read here: it goes behind walls as it is."""
    launches = _list(data)
    if len(launches) > MOST or not all(isinstance(one, str) for one in launches):
        raise FrameError("launches that are no text")
    if sum(map(len, launches)) > LARGEST:
        raise FrameError("launches that are too long")
    return tuple(launches)


def read_fault(data: Any) -> Fault:
    """A fault of the kinds that a worker may report."""
    data = _dict(data)
    fields = {
        k: text(data.get(k, ""))
        for k in ("kind", "function", "what", "message", "line")
    }
    if fields["kind"] not in FAULTS:
        raise FrameError("a fault of no known kind")
    return Fault(**fields)


def text(value: Any) -> str:
    """A string, cut to a bearable length, that any file can hold."""
    if not isinstance(value, str):
        raise FrameError("a field that is no text")
    return value[:LONGEST].encode("utf-8", "replace").decode()


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FrameError("a field that is no object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FrameError("a field that is no list")
    return value


def _values(group: Any, arrays: dict[str, np.ndarray]) -> dict[str, Returned]:
    found = {}
    for name, described in _dict(group).items():
        kind, key, dtype = (*_list(described), None, None, None)[:3]
        if key is not None and (not isinstance(key, str) or key not in arrays):
            raise FrameError("an array that is not there")
        kind, array = text(kind), None if key is None else arrays[key]
        if array is not None and array.dtype.kind not in "biuf":
            raise FrameError("an array that holds no numbers")
        if array is not None and kind not in WITH_NUMBERS:
            raise FrameError("an array of no known kind")
        if text(dtype) and not _is_dtype(dtype, array):
            raise FrameError("a dtype that is not the array's")
        found[text(name)] = Returned(kind, array, dtype)
    return found


def _is_dtype(name: str, array: np.ndarray | None) -> bool:
    """bfloat16 comes as the float32 of the same value."""
    if array is None:
        return False
    return name == array.dtype.name or (name, array.dtype) == ("bfloat16", np.float32)


def _measured(data: Any) -> dict[str, Observation]:
    """Per call, counts and names; nothing else is let in."""
    names = [f.name for f in dataclasses.fields(Observation)]
    texts = ("kernels", "framework_calls")
    found = {}
    for call, seen in _dict(data).items():
        fields: dict[str, Any] = {name: _dict(seen).get(name) for name in names}
        for name in texts:
            fields[name] = tuple(text(v) for v in _list(fields[name])[:50])
        fields["moved"] = _moved(fields["moved"])
        counts = [fields[n] for n in names if n not in (*texts, "moved")]
        if type(fields["launches"]) is not int or not all(
            count is None or type(count) is int for count in counts
        ):
            raise FrameError("a count that is no number")
        found[text(call)] = Observation(**fields)
    return found


def _moved(data: Any) -> tuple[Moved, ...] | None:
    """Bytes by the size of a tensor."""
    if data is None:
        return None
    rows = [_list(row) for row in _list(data)]
    if len(rows) > MOST_SIZES or any(
        len(row) != len(Moved._fields) or not all(type(n) is int for n in row)
        for row in rows
    ):
        raise FrameError("bytes that are no numbers")
    return tuple(Moved(*row) for row in rows)
