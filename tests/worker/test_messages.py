"""The judge takes an outcome only in the very form that it must have."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.student.compiling.code import Built, MachineCode
from autograder.student.kernels import Moved, Observation
from autograder.student.replay import Fault, Outcome
from autograder.student.values import Returned
from autograder.worker import messages
from autograder.worker.frames import FrameError
from autograder.worker.messages import outcome_frame, read_fault, read_outcome

SEEN = Observation(
    *(2, ("relu",), 10, 20, 0, 0, 0, ("torch.relu",), 3, 0, 1, 0, None),
    moved=(Moved(100, 10, 20), Moved(2, 0, 0)),
)
OUTCOME = Outcome(
    outputs={
        "out": Returned("NumPy array", np.arange(6.0).reshape(2, 3), "float64"),
        "loss": Returned("number", np.array(2.5), "float64"),
        "cache": Returned("tuple"),
    },
    inputs={"x of f": Returned("NumPy array", np.ones(3, np.float32), "float32")},
    printed="hello",
    warned=("RuntimeWarning: overflow",),
    measured={"f": SEEN},
    called=("g",),
    where="Triton interpreter on cpu",
    launches=('{"kernel": "relu"}',),
    built=Built(why_not="it uses TABLE"),
)


def sent(outcome: Outcome) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """An outcome as it is after the way over the channel."""
    header, arrays = outcome_frame(outcome)
    return json.loads(json.dumps(header)), arrays


def changed(**fields: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A right frame with some fields of its header replaced."""
    header, arrays = sent(OUTCOME)
    return {**header, **fields}, arrays


def measured(**fields: Any) -> dict[str, Any]:
    return {"f": {**sent(OUTCOME)[0]["measured"]["f"], **fields}}


def test_an_outcome_arrives_as_it_was() -> None:
    got = read_outcome(sent(OUTCOME))
    for name, value in {**OUTCOME.outputs, **OUTCOME.inputs}.items():
        mine = {**got.outputs, **got.inputs}[name]
        assert (mine.kind, mine.dtype, mine.shape) == (
            value.kind,
            value.dtype,
            value.shape,
        )
        if value.array is not None:
            np.testing.assert_array_equal(mine.array, value.array)
    assert got.measured == OUTCOME.measured
    assert (got.printed, got.warned, got.called) == (
        OUTCOME.printed,
        OUTCOME.warned,
        OUTCOME.called,
    )
    assert (got.where, got.fault) == (OUTCOME.where, None)


def test_a_fault_arrives_as_it_was() -> None:
    fault = Fault("raised", "f", "ValueError", "no", "line 3: f(x)")
    assert read_outcome(sent(Outcome(fault=fault))).fault == fault


@pytest.mark.parametrize(
    "fields",
    [
        {"outputs": None},
        {"outputs": []},
        {"outputs": {"out": "v0"}},
        {"outputs": {"out": []}},
        {"outputs": {"out": ["NumPy array", "v9", "float64"]}},
        {"outputs": {"out": ["NumPy array", ["v0"], "float64"]}},
        {"outputs": {"out": [["NumPy array"], "v0", "float64"]}},
        {"outputs": {"out": ["", "v0", "float64"]}},
        {"outputs": {"out": ["right answer", "v0", "float64"]}},
        {"outputs": {"out": ["NumPy array", "v0", 64]}},
        {"inputs": "x"},
        {"fault": "raised"},
        {"fault": {"kind": "passed", "function": "f"}},
        {"fault": {"kind": ["raised"], "function": "f"}},
        {"fault": {"kind": "raised", "function": 3}},
        {"fault": {}},
        {"printed": None},
        {"printed": {"a": 1}},
        {"warned": "all"},
        {"warned": [1]},
        {"called": None},
        {"called": [["g"]]},
        {"where": 1},
        {"measured": []},
        {"measured": {"f": None}},
        {"measured": measured(launches=True)},
        {"measured": measured(launches=None)},
        {"measured": measured(loads=1.5)},
        {"measured": measured(stores="0")},
        {"measured": measured(outside_stores=[])},
        {"measured": measured(unwritten=False)},
        {"measured": measured(races=0.5)},
        {"measured": measured(repeats=True)},
        {"measured": measured(moved=3)},
        {"measured": measured(moved=[3])},
        {"measured": measured(moved=[[3, 4]])},
        {"measured": measured(moved=[[3, 4, 5.0]])},
        {"measured": measured(moved=[[3, 4, 5]] * 101)},
        {"measured": measured(kernels="relu")},
        {"measured": measured(framework_calls=[3])},
    ],
    ids=repr,
)
def test_another_form_is_a_frame_error(fields: dict[str, Any]) -> None:
    with pytest.raises(FrameError):
        read_outcome(changed(**fields))


@pytest.mark.parametrize("field", list(sent(OUTCOME)[0]))
def test_a_missing_field_is_a_frame_error(field: str) -> None:
    header, arrays = sent(OUTCOME)
    del header[field]
    if field == "fault":  # no fault, said by silence
        assert read_outcome((header, arrays)).fault is None
    else:
        with pytest.raises(FrameError):
            read_outcome((header, arrays))


@pytest.mark.parametrize("dtype", ["complex64", "U3", "S3", "O", "M8[s]"])
def test_an_array_without_numbers_is_a_frame_error(dtype: str) -> None:
    header, arrays = sent(OUTCOME)
    arrays["v0"] = np.zeros(2, dtype)
    with pytest.raises(FrameError, match="no numbers"):
        read_outcome((header, arrays))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=8,
)


@given(field=st.sampled_from(list(sent(OUTCOME)[0])), value=anything)
def test_any_json_in_a_field_is_read_or_a_frame_error(field: str, value: Any) -> None:
    try:
        got = read_outcome(changed(**{field: value}))
    except FrameError:
        return
    assert isinstance(got, Outcome)


@given(anything)
def test_any_json_as_a_fault_is_read_or_a_frame_error(value: Any) -> None:
    try:
        assert isinstance(read_fault(value), Fault)
    except FrameError:
        return


def test_text_can_be_written_to_a_file_and_is_cut() -> None:
    text = messages.text("\ud800" + "x" * 10_000)
    assert text.encode("utf-8").startswith(b"?xxx")
    assert len(text) == messages.LONGEST


def test_what_is_too_large_to_send_is_described(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "LARGEST_REPLY", 100)
    outputs = {
        name: Returned("NumPy array", np.ones(n), "float64")
        for name, n in (("small", 10), ("large", 1000), ("last", 2))
    }
    got = read_outcome(sent(Outcome(outputs=outputs))).outputs
    assert [got[n].array is None for n in outputs] == [False, True, False]
    assert got["large"].kind == "NumPy array with 1,000 elements"


def test_launches_arrive_and_machine_code_does_not() -> None:
    """The numbers come from the processes that compile, behind walls."""
    assert read_outcome(sent(OUTCOME)).launches == OUTCOME.launches
    assert read_outcome(sent(OUTCOME)).built == OUTCOME.built
    said = Outcome(built=Built((MachineCode("k", 8, 0, 16, 16),)))
    assert read_outcome(sent(said)).built is None


@pytest.mark.parametrize(
    "fields",
    [
        {"launches": "text"},
        {"launches": [7]},
        {"launches": ["x"] * 100},
        {"launches": ["x" * 600_000]},
        {"not_compiled": None},
    ],
)
def test_launches_in_another_form_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(FrameError):
        read_outcome(changed(**fields))
