"""An answer key survives as a file, and a damaged one is a plain sentence."""

import contextlib
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import save

from autograder.student.answers import (
    FORMAT,
    SUFFIX,
    AnswersError,
    from_bytes,
    read,
    to_bytes,
)
from autograder.student.compare import Expected
from autograder.student.kernels import Budget
from autograder.student.replay import replay
from autograder.student.trace import Step, Trace
from autograder.student.values import Returned, encode
from autograder.student.verdict import (
    Entry,
    KnownMistake,
    Question,
    Symptom,
    judge,
)

DTYPES = (np.float64, np.float32, np.float16, np.int64, np.int32, np.uint8, np.bool_)
ANY = hnp.arrays(
    st.sampled_from(DTYPES),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
)
LAYOUTS = (
    lambda x: x,
    np.asfortranarray,
    np.transpose,
    lambda x: x[::-1] if x.ndim else x,
    lambda x: np.broadcast_to(x, (2, *x.shape)),
)
ARRAYS = st.builds(lambda x, layout: layout(x), ANY, st.sampled_from(LAYOUTS))


def same_bits(x, y):
    return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()


def entry_with(array, expected, wrong):
    arrays = {}
    step = Step("f", ("x",), (encode(array, arrays, "numpy"),), None)
    trace = Trace("kind", "numpy", (step,), {"out": {"result": [0, 0]}}, arrays)
    want = Expected(expected, 1e-6, 1e-9, "float64")
    symptom = Symptom(
        "", {"out": Returned("NumPy array", wrong, wrong.dtype.name)}, ("changed x",)
    )
    nothing = Symptom("raised ValueError", {"out": Returned("list")})
    mistake = KnownMistake("m", "h", (symptom, nothing))
    return Entry(
        name="f",
        points=1.5,
        path="numpy",
        questions=(Question(trace, {"out": want}, budget=Budget(7, 1.02, 2.04)),),
        mistakes=(mistake,),
        builds_on=("g",),
    )


@given(ARRAYS, ANY.map(lambda x: x.astype(np.float64)), ARRAYS)
def test_everything_comes_back(array, expected, wrong):
    entry = entry_with(array, expected, wrong)
    again = from_bytes(to_bytes([entry]), "key")["f"]
    question, before = again.questions[0], entry.questions[0]
    assert same_bits(question.trace.arrays["a0"], before.trace.arrays["a0"])
    assert question.trace.to_json() == before.trace.to_json()
    want = question.expected["out"]
    assert same_bits(want.array, expected)
    assert (want.rtol, want.atol, want.dtype, want.kind) == (
        1e-6,
        1e-9,
        "float64",
        "NumPy array",
    )
    first, second = again.mistakes[0].symptoms
    assert same_bits(first.outputs["out"].array, wrong)
    assert (first.fault, first.others) == ("", ("changed x",))
    assert second.fault == "raised ValueError"
    assert second.outputs["out"] == Returned("list")
    assert (again.points, again.path, again.builds_on, question.budget) == (
        1.5,
        "numpy",
        ("g",),
        Budget(7, 1.02, 2.04),
    )


def test_a_key_that_was_read_judges_like_the_exercise(toy, tmp_path):
    path = tmp_path / f"toy{SUFFIX}"
    path.write_bytes(to_bytes([toy.entry, replace(toy.entry, name="again")]))
    entries = read(path)
    assert list(entries) == ["backward", "again"]
    entry = entries["again"]

    def result(backward):
        names = toy.names(backward=backward)
        return judge(entry, [replay(q.trace, names) for q in entry.questions])

    assert result(toy.right["backward"]).passed
    assert [m.hint for m in result(toy.gamma_ignored).mistakes] == [
        "What if gamma doubles?"
    ]


def test_the_same_exercises_are_the_same_bytes(toy):
    assert to_bytes([toy.entry]) == to_bytes([toy.entry])


@pytest.fixture(scope="module")
def key(toy):
    return to_bytes([toy.entry])


def error_of(content):
    with pytest.raises(AnswersError) as caught:
        from_bytes(content, "toy.key")
    assert caught.value.__suppress_context__ or not caught.value.__context__
    return str(caught.value)


DAMAGED = "toy.key is damaged. Download it again."


@given(st.floats(0.0, 0.9999))
def test_a_download_that_stopped_is_damaged(key, share):
    assert error_of(key[: int(share * len(key))]) == DAMAGED


@given(st.binary(max_size=200))
def test_garbage_is_damaged(content):
    assert error_of(content) == DAMAGED


def test_a_web_page_in_place_of_the_key_is_damaged():
    assert error_of(b"<!DOCTYPE html><title>Not found</title>" * 10) == DAMAGED


def key_of(data):
    return save({}, {"key": json.dumps(data)})


@pytest.mark.parametrize(
    "data",
    [
        [],
        None,
        7,
        {"format": FORMAT},
        {"format": FORMAT, "exercises": 3},
        {"format": FORMAT, "exercises": [{"name": "f"}]},
        {"format": FORMAT, "exercises": [[]]},
    ],
)
def test_json_of_another_form_is_damaged(data):
    assert error_of(key_of(data)) == DAMAGED


def test_json_too_deep_to_read_is_damaged():
    header = b'{"__metadata__":{"key":"' + b"[" * 10**5 + b'"}}'
    assert error_of(struct.pack("<Q", len(header)) + header) == DAMAGED


def test_another_version_is_told_apart():
    said = error_of(key_of({"format": "autograder answers 99", "exercises": []}))
    assert said.startswith("toy.key belongs to another version of the checks.")


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(AnswersError, match=r"^none can't be read: No such file"):
        read(tmp_path / "none")


@given(st.data())
def test_a_flipped_byte_never_ends_in_another_error(key, data):
    at = data.draw(st.integers(0, len(key) - 1))
    content = bytearray(key)
    content[at] ^= data.draw(st.integers(1, 255))
    entries = {}
    with contextlib.suppress(AnswersError):
        entries = from_bytes(bytes(content), "toy.key")
    assert all(isinstance(e, Entry) for e in entries.values())
