"""The answer key of a notebook's public cases: data only, one file.

A safetensors file: the arrays under their names, and in its metadata one JSON
text with the exercises. It holds what the reference and the known mistakes
return, never how they compute it.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from autograder.student.compare import Expected
from autograder.student.laws import Law
from autograder.student.trace import Trace
from autograder.student.values import Returned
from autograder.student.verdict import Entry, KnownMistake, Question, Symptom

SUFFIX = ".answers.safetensors"
FORMAT = "autograder answers 2"
DAMAGE = (
    SafetensorError,
    LookupError,
    ValueError,
    TypeError,
    RecursionError,
    struct.error,
)
"""What reading a file raises that is not an answer key, or not a whole one."""


class AnswersError(ValueError):
    """The file is not an answer key that this version can read."""


def to_bytes(entries: Iterable[Entry]) -> bytes:
    """The answer key of one notebook as the bytes of a file."""
    store: dict[str, np.ndarray] = {}
    data = {"format": FORMAT, "exercises": [_entry(e, store) for e in entries]}
    return save(store, {"key": json.dumps(data)})


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


def _put(store: dict[str, np.ndarray], array: np.ndarray) -> str:
    """Store an array under a name from its content: the same array, once."""
    whole = np.ascontiguousarray(array).reshape(array.shape)
    content = f"{whole.dtype}{whole.shape}".encode() + whole.tobytes()
    name = hashlib.blake2b(content, digest_size=8).hexdigest()
    store[name] = whole
    return name


def _entry(entry: Entry, store: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "name": entry.name,
        "points": entry.points,
        "path": entry.path,
        "builds_on": entry.builds_on,
        "traffic": entry.traffic,
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


def _question(question: Question, store: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "trace": question.trace.to_json(),
        "arrays": {k: _put(store, a) for k, a in question.trace.arrays.items()},
        "expected": {
            name: {**_fields(e, "array"), "array": _put(store, e.array)}
            for name, e in question.expected.items()
        },
    }


def _symptom(symptom: Symptom, store: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "fault": symptom.fault,
        "others": symptom.others,
        "outputs": {
            name: {
                **_fields(r, "array"),
                "array": None if r.array is None else _put(store, r.array),
            }
            for name, r in symptom.outputs.items()
        },
    }


def _fields(item: Expected | Returned, but: str) -> dict[str, Any]:
    return {k: v for k, v in asdict(item).items() if k != but}


def _read_entry(data: dict[str, Any], store: dict[str, np.ndarray]) -> Entry:
    traffic = data["traffic"]
    return Entry(
        name=data["name"],
        points=data["points"],
        path=data["path"],
        builds_on=tuple(data["builds_on"]),
        traffic=None if traffic is None else (traffic[0], traffic[1], traffic[2]),
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
    arrays = {k: store[name] for k, name in data["arrays"].items()}
    expected = {
        name: Expected(**{**e, "array": store[e["array"]], "law": _read_law(e["law"])})
        for name, e in data["expected"].items()
    }
    return Question(Trace.from_json(data["trace"], arrays), expected)


def _read_law(data: dict[str, Any] | None) -> Law | None:
    return None if data is None else Law(**{**data, "shape": tuple(data["shape"])})


def _read_symptom(data: dict[str, Any], store: dict[str, np.ndarray]) -> Symptom:
    outputs = {
        name: Returned(
            r["kind"], None if r["array"] is None else store[r["array"]], r["dtype"]
        )
        for name, r in data["outputs"].items()
    }
    return Symptom(data["fault"], outputs, tuple(data["others"]))
