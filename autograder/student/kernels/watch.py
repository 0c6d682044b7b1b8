"""What is kept of one call while it runs, and its sum at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.student.kernels.ledger import Atomic, Found, Ledger
from autograder.student.kernels.memory import (
    Place,
    Touch,
    element_addresses,
    extent,
    locate,
    places,
)
from autograder.student.kernels.observation import Moved, Observation

Array = np.ndarray

MOST_SIZES = 100
"""Sizes of tensors that are told apart; the smaller ones are put together."""


class Watch:
    """Collects while a call runs; :meth:`result` sums it up.

    Parameters
    ----------
    sees_memory : whether kernels run in the interpreter
    backwards : whether it runs the last program of a launch first
    """

    def __init__(self, sees_memory: bool, backwards: bool = False) -> None:
        self.sees_memory = sees_memory
        self.backwards = backwards
        self.launching = False
        self.patched: set[str] = set()
        self._kernels: list[str] = []
        self._calls: list[str] = []
        self._outside_loads = 0
        self._outside_stores = 0
        self._loads: list[Touch] = []
        self._stores: list[Touch] = []
        self._alive: list[Any] = []  # so that no address is used twice
        self._accumulated: list[Any] = []
        self._places: list[Place] = []
        self._ledger: Ledger | None = None
        self._found: list[Found] = []

    def launch(self, kernel: Any, sees_memory: bool) -> None:
        """Note that ``kernel`` starts. An installed one is not the student's."""
        function = kernel.fn
        self._kernels.append(function.__name__)
        self.sees_memory = self.sees_memory and sees_memory
        if "site-packages" in function.__code__.co_filename:
            self.replaced_by(f"{function.__module__}.{function.__name__}")

    def replaced_by(self, name: str) -> None:
        """Note something that took a kernel's place, once."""
        if name not in self._calls:
            self._calls.append(name)

    def accumulated(self, gradient: Any) -> None:
        """A gradient that autograd added up from parts; it counts as written."""
        self._accumulated.append(gradient)

    def give(self, tensors: list[tuple[Any, Any]]) -> None:
        """The tensors of the launch that starts, each with its host copy."""
        self._alive.extend(tensors)
        self._places = places(tensors)

    def program(self, number: int, programs: int) -> None:
        """Program ``number``, counted from 1, starts in the interpreter."""
        if self._ledger is None:
            last = self._places[-1] if self._places else None
            self._ledger = Ledger(last.cells_end if last else 0, programs)
        self._ledger.program(number)

    def barrier(self) -> None:
        """All threads of the running program have come to one point."""
        if self._ledger:
            self._ledger.barrier()

    def landed(self) -> None:
        """The launch is over, and ordered before the next one."""
        if self._ledger:
            self._found.append(self._ledger.found())
        self._ledger = None

    def load(self, pointers: Array, mask: Array, dtype: np.dtype[Any]) -> Array:
        """Count a load; returns the mask of what may be carried out."""
        allowed, touches = self._fetch(pointers, mask, dtype)
        for ledger, touch in self._noted(touches):
            ledger.load(touch.cells, _is_float(dtype))
        return allowed

    def store(self, pointers: Array, mask: Array, dtype: np.dtype[Any]) -> Array:
        """Count a store; returns the mask of what may be carried out."""
        allowed, touches = self._write(pointers, mask, dtype)
        for ledger, touch in self._noted(touches):
            ledger.store(touch.cells, _is_float(dtype))
        return allowed

    def update(
        self, pointers: Array, mask: Array, dtype: np.dtype[Any], is_float_sum: bool
    ) -> Array:
        """Count an atomic, which loads and stores the same addresses."""
        self._fetch(pointers, mask, dtype)
        allowed, touches = self._write(pointers, mask, dtype)
        for ledger, touch in self._noted(touches):
            ledger.update(touch.cells, is_float_sum)
        return allowed

    def _noted(self, touches: list[Touch]) -> Iterator[tuple[Ledger, Touch]]:
        for touch in touches:
            if self._ledger is not None:
                yield self._ledger, touch

    def _fetch(
        self, pointers: Array, mask: Array, dtype: np.dtype[Any]
    ) -> tuple[Array, list[Touch]]:
        size = dtype.itemsize
        allowed, touches, outside = locate(self._places, pointers, mask, size)
        self._loads += touches
        self._outside_loads += outside
        return allowed, touches

    def _write(
        self, pointers: Array, mask: Array, dtype: np.dtype[Any]
    ) -> tuple[Array, list[Touch]]:
        size = dtype.itemsize
        allowed, touches, outside = locate(self._places, pointers, mask, size)
        self._stores += touches
        self._outside_stores += outside
        return allowed, touches

    def atomic(
        self, pointers: Array, mask: Array, dtype: np.dtype[Any], meaning: str
    ) -> Atomic | None:
        """The atomic on one integer that starts (a lock, a ticket), or None."""
        if self._ledger is None or pointers.size != 1 or dtype.kind not in "iu":
            return None
        _, touches, _ = locate(self._places, pointers, mask, dtype.itemsize)
        if not touches:
            return None
        place, addresses, _ = touches[0]
        return Atomic(self._ledger, place.number(int(addresses[0])), meaning)

    def loads_of(self, tensor: Any) -> int:
        """Bytes that kernels read of ``tensor``."""
        return _bytes_within(self._loads, tensor)

    def stores_of(self, tensor: Any) -> int:
        """Bytes that kernels wrote to ``tensor``."""
        return _bytes_within(self._stores, tensor)

    def result(self, *outputs: Any) -> Observation:
        """What was seen. ``outputs`` are the tensors that came back."""
        seen = self.sees_memory
        return Observation(
            launches=len(self._kernels),
            kernels=tuple(dict.fromkeys(self._kernels)),
            loads=sum(t.bytes for t in self._loads) if seen else None,
            stores=sum(t.bytes for t in self._stores) if seen else None,
            outside=self._outside_loads + self._outside_stores if seen else None,
            outside_stores=self._outside_stores if seen else None,
            unwritten=self._unwritten(outputs) if seen else None,
            framework_calls=tuple(self._calls),
            **(Found.together(self._found)._asdict() if seen else {}),
            moved=self._moved() if seen else None,
        )

    def _moved(self) -> tuple[Moved, ...]:
        sums: dict[int, list[int]] = {}
        for i, touches in enumerate((self._loads, self._stores)):
            for touch in touches:
                sums.setdefault(touch.place.elements, [0, 0])[i] += touch.bytes
        sizes = sorted(sums, reverse=True)
        for small in sizes[MOST_SIZES:]:
            for i in (0, 1):
                sums[sizes[MOST_SIZES - 1]][i] += sums[small][i]
        return tuple(Moved(n, *sums[n]) for n in sizes[:MOST_SIZES])

    def _unwritten(self, outputs: tuple[Any, ...]) -> int:
        written = [
            (touch.on_device[:, None] + np.arange(touch.size)).ravel()
            for touch in self._stores
        ]
        written += [element_addresses(t) for t in self._accumulated]
        every = np.concatenate([np.empty(0, np.int64), *written])
        tensors = [t for t in outputs if hasattr(t, "data_ptr")]
        return sum(int((~np.isin(element_addresses(t), every)).sum()) for t in tensors)


def _is_float(dtype: np.dtype[Any]) -> bool:
    """Whether sums of it depend on their order; bfloat16 arrives as uint16."""
    return dtype.kind == "f" or dtype == np.uint16


def _bytes_within(touches: list[Touch], tensor: Any) -> int:
    first, end = extent(tensor)
    return sum(
        int(((at >= first) & (at < end)).sum()) * touch.size
        for touch in touches
        for at in [touch.on_device]
    )
