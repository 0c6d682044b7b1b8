"""The answer key of a notebook's public cases: data only, one file.

A safetensors file: all numbers of a dtype as one tensor, and in the metadata one
JSON text with the exercises, where an array is ``[dtype, offset, shape]``. It
holds what the reference and the known mistakes return, never how they compute
it.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from autograder.student.compare import Expected
from autograder.student.compiling.code import Limits
from autograder.student.kernels import Budget
from autograder.student.laws import Law
from autograder.student.trace import Trace
from autograder.student.values import Returned
from autograder.student.verdict import Entry, KnownMistake, Question, Symptom

SUFFIX = ".answers.safetensors"
FORMAT = "autograder answers 6"
DAMAGE = (
    SafetensorError,
    LookupError,
    ValueError,
    TypeError,
    RecursionError,
    struct.error,
)
"""What reading a file raises that is not an answer key, or not a whole one."""


Place = list[Any]
"""``[dtype, offset, shape]`` of an array in the tensor of its dtype."""


class AnswersError(ValueError):
    """The file is not an answer key that this version can read."""


def to_bytes(entries: Iterable[Entry]) -> bytes:
    """The answer key of one notebook as the bytes of a file."""
    store = Store()
    data = {"format": FORMAT, "exercises": [_entry(e, store) for e in entries]}
    return save(store.tensors(), {"key": json.dumps(data, separators=(",", ":"))})


def read(path: Path) -> dict[str, Entry]:
    """The exercises of an answer key by name.

    Raises
    ------
    AnswersError : when the file is missing, damaged or of another version
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AnswersError(f"{path.name} can't be read: {error.strerror}.") from None
    return from_bytes(content, path.name)


def from_bytes(content: bytes, name: str) -> dict[str, Entry]:
    """The inverse of :func:`to_bytes`; ``name`` says what an error is about.

    Raises
    ------
    AnswersError : when the content is damaged or of another version
    """
    try:
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        data = json.loads(header["__metadata__"]["key"])
        if data["format"] == FORMAT:
            store = load(content)
            entries = [_read_entry(e, store) for e in data["exercises"]]
            return {entry.name: entry for entry in entries}
    except DAMAGE:
        raise AnswersError(f"{name} is damaged. Download it again.") from None
    raise AnswersError(
        f"{name} belongs to another version of the checks. Download the assignment "
        "again."
    )


class Store:
    """Arrays laid end to end, one tensor a dtype; the same array, once."""

    def __init__(self) -> None:
        self.parts: dict[str, list[np.ndarray]] = {}
        self.sizes: dict[str, int] = {}
        self.places: dict[tuple[Any, ...], Place] = {}

    def put(self, array: np.ndarray) -> Place:
        """Where the array will be found."""
        whole = np.ascontiguousarray(array)
        name, size = whole.dtype.name, self.sizes.get(whole.dtype.name, 0)
        content = (name, array.shape, whole.tobytes())
        if content not in self.places:
            self.parts.setdefault(name, []).append(whole.ravel())
            self.sizes[name] = size + whole.size
            self.places[content] = [name, size, list(array.shape)]
        return self.places[content]

    def tensors(self) -> dict[str, np.ndarray]:
        """All that was put, by dtype."""
        return {name: np.concatenate(parts) for name, parts in self.parts.items()}


def take(tensors: Mapping[str, np.ndarray], place: Place) -> np.ndarray:
    """The array at a place.

    Raises
    ------
    ValueError : when it does not lie within its tensor
    """
    name, start, shape = place
    size = math.prod(shape)
    if start < 0 or min(shape, default=0) < 0 or start + size > tensors[name].size:
        raise ValueError("an array that is not there")
    return tensors[name][start : start + size].reshape(shape)


def _entry(entry: Entry, store: Store) -> dict[str, Any]:
    return {
        "name": entry.name,
        "points": entry.points,
        "path": entry.path,
        "builds_on": entry.builds_on,
        "questions": [_question(q, store) for q in entry.questions],
        "mistakes": [
            {
                "name": m.name,
                "hint": m.hint,
                "symptoms": [_symptom(s, store) for s in m.symptoms],
            }
            for m in entry.mistakes
        ],
    }


def _question(question: Question, store: Store) -> dict[str, Any]:
    return {
        "trace": question.trace.to_json(),
        "arrays": {k: store.put(a) for k, a in question.trace.arrays.items()},
        "expected": {
            name: {**_fields(e, "array"), "array": store.put(e.array)}
            for name, e in question.expected.items()
        },
        "budget": question.budget,
        "limits": None if question.limits is None else asdict(question.limits),
    }


def _symptom(symptom: Symptom, store: Store) -> dict[str, Any]:
    """What is empty, as most of a symptom is, is left out."""
    outputs = {
        name: [r.kind, r.dtype, None if r.array is None else store.put(r.array)]
        for name, r in symptom.outputs.items()
    }
    fields = {"fault": symptom.fault, "others": symptom.others, "outputs": outputs}
    return {name: value for name, value in fields.items() if value}


def _fields(item: Expected, but: str) -> dict[str, Any]:
    return {k: v for k, v in asdict(item).items() if k != but}


def _read_entry(data: dict[str, Any], store: dict[str, np.ndarray]) -> Entry:
    return Entry(
        name=data["name"],
        points=data["points"],
        path=data["path"],
        builds_on=tuple(data["builds_on"]),
        questions=tuple(_read_question(q, store) for q in data["questions"]),
        mistakes=tuple(
            KnownMistake(
                m["name"],
                m["hint"],
                tuple(_read_symptom(s, store) for s in m["symptoms"]),
            )
            for m in data["mistakes"]
        ),
    )


def _read_question(data: dict[str, Any], store: dict[str, np.ndarray]) -> Question:
    arrays = {k: take(store, place) for k, place in data["arrays"].items()}
    expected = {
        name: Expected(
            **{**e, "array": take(store, e["array"]), "law": _read_law(e["law"])}
        )
        for name, e in data["expected"].items()
    }
    budget = None if data["budget"] is None else Budget(*data["budget"])
    limits = None if data["limits"] is None else Limits(**data["limits"])
    trace = Trace.from_json(data["trace"], arrays)
    return Question(trace, expected, budget=budget, limits=limits)


def _read_law(data: dict[str, Any] | None) -> Law | None:
    return None if data is None else Law(**{**data, "shape": tuple(data["shape"])})


def _read_symptom(data: dict[str, Any], store: dict[str, np.ndarray]) -> Symptom:
    outputs = {
        name: Returned(kind, None if place is None else take(store, place), dtype)
        for name, (kind, dtype, place) in data.get("outputs", {}).items()
    }
    return Symptom(data.get("fault", ""), outputs, tuple(data.get("others", ())))
