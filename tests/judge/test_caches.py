"""What a forward pass keeps for the backward one is the student's own affair."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.judge.session import Session
from tests.judge.sessions import forward_backward, passes

pytestmark = pytest.mark.usefixtures("no_worker_left")
Open = Callable[..., Session]

CACHES = {
    "tuple": ("(x, 3, None)", "cache[0]"),
    "long tuple": ("tuple([x] * 12)", "cache[11]"),
    "dict": ("{'x': x, 1: 2}", "cache['x']"),
    "list": ("[[x]]", "cache[0][0]"),
    "object array": ("np.array([x, 'x', None], dtype=object)", "cache[0]"),
    "None": ("None", "KEPT"),
    "array": ("x", "cache"),
    "number": ("7", "KEPT + cache - 7"),
    "instance": ("Cache(x)", "cache.x"),
    "closure": ("lambda: x", "cache()"),
    "generator": ("(v for v in [x])", "next(cache)"),
    "module": ("remember(x)", "cache.x"),
    "open file": ("open(__import__('os').devnull)", "KEPT + len(cache.read())"),
}


@pytest.mark.parametrize(("make", "read"), CACHES.values(), ids=CACHES)
def test_a_cache_is_whatever_the_student_wants(
    make: str, read: str, opened: Open
) -> None:
    cells = [
        ("", "import numpy as np, types"),
        (
            "forward",
            "class Cache:\n    __slots__ = ('x',)\n"
            "    def __init__(self, x): self.x = x\n"
            "def remember(x):\n    box = types.ModuleType('box')\n    box.x = x\n"
            "    return box\n"
            f"def forward(x):\n    global KEPT\n    KEPT = x\n    return x, {make}",
        ),
        ("backward", f"def backward(dout, cache):\n    return dout * {read}"),
    ]
    with opened(cells) as session:
        assert passes(session, forward_backward())


def test_the_cache_is_the_very_object_that_the_forward_returned(
    opened: Open,
) -> None:
    cells = [
        (
            "forward",
            "def forward(x):\n    global KEPT\n    KEPT = [x]\n    return x, KEPT",
        ),
        (
            "backward",
            "def backward(dout, cache):\n"
            "    return dout * KEPT[0] if cache is KEPT else 0",
        ),
    ]
    with opened(cells) as session:
        assert passes(session, forward_backward())
