"""Frames between the judge and the worker: a JSON header and an array body.

    4 bytes   length of the header, big endian
    8 bytes   length of the body
    header    JSON, at most HEADER_LIMIT bytes
    body      safetensors, at most BODY_LIMIT bytes

Never pickle, never npz: reading a frame runs nothing of the sender's.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

import numpy as np
from safetensors.numpy import load, save

HEADER_LIMIT = 1 << 22
BODY_LIMIT = 1 << 26
_LENGTHS = struct.Struct("!IQ")

Frame = tuple[dict[str, Any], dict[str, np.ndarray]]


class FrameError(Exception):
    """What arrived is not a frame: too large, cut short, or not readable."""


class Closed(FrameError):
    """The other side has gone."""


class Late(FrameError):
    """Nothing whole arrived before the deadline."""


def pack(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """The bytes of a frame.

    Raises
    ------
    FrameError : when it would be larger than the limits
    """
    head = json.dumps(header).encode()
    # ascontiguousarray makes a number an array of one element: undo that.
    whole = {k: np.ascontiguousarray(a).reshape(a.shape) for k, a in arrays.items()}
    body = save(whole)
    if len(head) > HEADER_LIMIT or len(body) > BODY_LIMIT:
        raise FrameError("the frame is too large")
    return _LENGTHS.pack(len(head), len(body)) + head + body


def send(channel: socket.socket, frame: Frame, deadline: float | None = None) -> None:
    """Send one frame, by ``deadline`` on the monotonic clock."""
    try:
        channel.settimeout(_left(deadline))
        channel.sendall(pack(*frame))
    except TimeoutError:
        raise Late("the frame could not be sent in time") from None
    except OSError as error:
        raise Closed(str(error)) from None


def receive(channel: socket.socket, deadline: float | None = None) -> Frame:
    """Wait for one frame, until ``deadline`` on the monotonic clock.

    Raises
    ------
    Closed, Late, FrameError : never anything else, whatever arrives
    """
    head_size, body_size = _LENGTHS.unpack(_read(channel, _LENGTHS.size, deadline))
    if head_size > HEADER_LIMIT or body_size > BODY_LIMIT:
        raise FrameError("a frame larger than the limits")
    head = _read(channel, head_size, deadline)
    body = _read(channel, body_size, deadline)
    try:
        header = json.loads(head)
        arrays = load(body)
    except Exception as error:  # the parsers promise no more than that
        raise FrameError(
            f"a frame that can't be read: {type(error).__name__}"
        ) from None
    if not isinstance(header, dict):
        raise FrameError("a header that is no object")
    return header, arrays


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise Late("the deadline has passed")
    return left


def _read(channel: socket.socket, size: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        try:
            channel.settimeout(_left(deadline))
            part = channel.recv(min(size - len(parts), 1 << 20))
        except TimeoutError:
            raise Late("nothing arrived in time") from None
        except OSError as error:
            raise Closed(str(error)) from None
        if not part:
            raise Closed("the channel was closed")
        parts += part
    return bytes(parts)
