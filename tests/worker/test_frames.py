"""Whatever arrives on the channel is a frame or a FrameError."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.worker import frames
from autograder.worker.frames import Closed, Frame, FrameError, Late, pack, receive

SOON = 2.0
DTYPES = ("float64", "float32", "float16", "int64", "int32", "uint8", "bool")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
headers = st.dictionaries(st.text(), json_values, max_size=4)
arrays = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(
            dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
        )
    ),
    max_size=3,
)


@pytest.fixture
def channel() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a socket pair."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def arriving(content: bytes, close: bool = True) -> Frame:
    """What is received when exactly ``content`` is sent."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        # More than a socket holds waits for its reader.
        sender = threading.Thread(target=theirs.sendall, args=(content,))
        sender.start()
        if len(content) < 10_000:
            sender.join()
        if close and len(content) < 10_000:
            theirs.close()
        try:
            return receive(ours, time.monotonic() + SOON)
        finally:
            sender.join()


def framed(head: bytes, body: bytes) -> bytes:
    return struct.pack("!IQ", len(head), len(body)) + head + body


def tensors(description: object, numbers: bytes = b"") -> bytes:
    """A safetensors body with a header of one's own."""
    head = json.dumps(description).encode()
    return struct.pack("<Q", len(head)) + head + numbers


@given(header=headers, body=arrays)
def test_what_is_sent_arrives(header: dict, body: dict[str, np.ndarray]) -> None:
    got_header, got_arrays = arriving(pack(header, body))
    assert got_header == header
    assert got_arrays.keys() == body.keys()
    for name, array in body.items():
        assert got_arrays[name].dtype == array.dtype
        assert got_arrays[name].shape == array.shape
        assert got_arrays[name].tobytes() == array.tobytes()


def test_any_memory_layout_arrives_with_its_numbers() -> None:
    x = np.arange(12.0).reshape(3, 4)
    sent = {
        "F": np.asfortranarray(x),
        "part": x[:, ::2],
        "one": np.broadcast_to(x, (2, 3, 4)),
    }
    _, got = arriving(pack({}, sent))
    for name, array in sent.items():
        np.testing.assert_array_equal(got[name], array)


@given(st.binary(max_size=200))
def test_garbage_is_a_frame_error(content: bytes) -> None:
    with pytest.raises(FrameError):
        arriving(content)


@given(
    head=st.binary(max_size=60) | json_values.map(lambda v: json.dumps(v).encode()),
    body=st.binary(max_size=60),
)
def test_right_lengths_around_garbage_are_a_frame_error(
    head: bytes, body: bytes
) -> None:
    with pytest.raises(FrameError):
        arriving(framed(head, body))


@given(
    dtype=st.sampled_from(
        ["F64", "F32", "BF16", "F8_E4M3", "F4", "U64", "C64", "X", "", 3, None]
    ),
    shape=st.lists(st.integers(-1, 2**63), max_size=3) | st.text(max_size=2),
    offsets=st.lists(st.integers(-1, 2**64), max_size=3),
    numbers=st.binary(max_size=32),
)
def test_a_body_with_false_descriptions_breaks_nothing(
    dtype: object, shape: object, offsets: list[int], numbers: bytes
) -> None:
    described = {"x": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}
    try:
        _, got = arriving(framed(b"{}", tensors(described, numbers)))
    except FrameError:
        return
    assert got["x"].nbytes == len(numbers)


def test_a_frame_cut_anywhere_is_a_closed_channel() -> None:
    whole = pack({"id": "a"}, {"x": np.ones(2)})
    for size in range(len(whole)):
        with pytest.raises(Closed):
            arriving(whole[:size])


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (2**32 - 1, 0),
        (frames.HEADER_LIMIT + 1, 0),
        (0, 2**64 - 1),
        (0, frames.BODY_LIMIT + 1),
    ],
)
def test_a_huge_length_is_refused_before_anything_is_read(head: int, body: int) -> None:
    with pytest.raises(FrameError, match="larger than the limits"):
        arriving(struct.pack("!IQ", head, body), close=False)


@pytest.mark.parametrize(
    "head", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 990 + b"]" * 990]
)
def test_deep_json_is_a_frame_error(head: bytes) -> None:
    with pytest.raises(FrameError):
        arriving(framed(head, tensors({})))


@pytest.mark.parametrize(
    "head", [b"[]", b"1", b'"id"', b"null", b"1" * 5000, b"\xff\xfe{}", b""]
)
def test_a_header_that_is_no_object_is_a_frame_error(head: bytes) -> None:
    with pytest.raises(FrameError):
        arriving(framed(head, tensors({})))


@pytest.mark.parametrize("part", [b"", b"\0\0", struct.pack("!IQ", 2, 10) + b"{}"])
def test_what_never_arrives_whole_is_late(part: bytes, channel: tuple) -> None:
    ours, theirs = channel
    theirs.sendall(part)
    with pytest.raises(Late):
        receive(ours, time.monotonic() + 0.05)


def test_a_trickle_does_not_move_the_deadline(channel: tuple) -> None:
    ours, theirs = channel
    theirs.sendall(pack({}, {"x": np.ones(100)})[:-1])
    started = time.monotonic()
    with pytest.raises(Late):
        receive(ours, started + 0.1)
    assert time.monotonic() - started < SOON


def test_a_passed_deadline_is_late_though_a_frame_waits(channel: tuple) -> None:
    ours, theirs = channel
    theirs.sendall(pack({}, {}))
    with pytest.raises(Late):
        receive(ours, time.monotonic() - 1)


def test_sending_to_one_who_left_is_closed(channel: tuple) -> None:
    ours, theirs = channel
    theirs.close()
    with pytest.raises(Closed):
        frames.send(ours, ({}, {"x": np.ones(10)}))


def test_sending_to_one_who_does_not_read_is_late(channel: tuple) -> None:
    ours, _ = channel
    with pytest.raises(Late):
        frames.send(ours, ({}, {"x": np.ones(1 << 20)}), time.monotonic() + 0.1)


@pytest.mark.parametrize(
    ("limit", "header"), [("HEADER_LIMIT", {"a": "b" * 100}), ("BODY_LIMIT", {})]
)
def test_a_frame_above_the_limits_is_not_sent(
    limit: str, header: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, limit, 50)
    with pytest.raises(FrameError, match="too large"):
        pack(header, {"x": np.ones(100)})
