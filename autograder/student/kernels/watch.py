"""What is kept of one call while it runs, and its sum at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


@dataclass(frozen=True)
class Observation:
    """What was seen of one call.

    launches : kernels that were launched; their names are in ``kernels``
    loads, stores : bytes that kernels read and wrote; within one ``tl.load``
        an address counts once, as a GPU fetches it once
    outside : accesses that hit none of the tensors of their launch;
        ``outside_stores`` of them would have written
    unwritten : elements of the result that no kernel wrote
    framework_calls : what torch computed, or where data left torch

    Where it can't be seen (natively on a GPU), a field is None.
    """

    launches: int
    kernels: tuple[str, ...]
    loads: int | None
    stores: int | None
    outside: int | None
    outside_stores: int | None
    unwritten: int | None
    framework_calls: tuple[str, ...]

    def broken(
        self, loads: float | None = None, stores: float | None = None
    ) -> tuple[tuple[str, str], ...]:
        """Properties that do not hold, by name, with a sentence each.

        ``loads`` and ``stores`` are budgets in bytes. The names are ``launch``,
        ``framework``, ``outside``, ``outside write``, ``unwritten``, ``traffic``.
        """
        found = []
        if not self.launches:
            found.append(("launch", "no kernel was launched"))
        if self.framework_calls:
            calls = ", ".join(self.framework_calls)
            found.append(("framework", f"work of a kernel was done by torch: {calls}"))
        outside_stores = self.outside_stores or 0
        if reads := (self.outside or 0) - outside_stores:
            found.append(("outside", f"{_elements(reads)} read outside the tensors"))
        if outside_stores:
            n = _elements(outside_stores)
            found.append(("outside write", f"{n} written outside the tensors"))
        if self.unwritten and self.launches:
            n = _elements(self.unwritten)
            found.append(("unwritten", f"{n} of the result written by no kernel"))
        for verb, moved, budget in (
            ("read", self.loads, loads),
            ("wrote", self.stores, stores),
        ):
            if moved is not None and budget is not None and moved > budget:
                why = f"kernels {verb} {moved:,} bytes; the budget is {budget:,.0f}"
                found.append(("traffic", why))
        return tuple(found)


def _elements(n: int) -> str:
    return f"{n:,} element{'s' if n > 1 else ''}"


class _Range(NamedTuple):
    """Where a tensor of a launch lies, and how far its host copy is off."""

    first: int
    end: int
    to_device: int


class _Access(NamedTuple):
    """One load or store: where its elements begin, and their bytes."""

    addresses: np.ndarray
    size: int


class Watch:
    """Collects while a call runs; :meth:`result` sums it up."""

    def __init__(self, sees_memory: bool) -> None:
        self.sees_memory = sees_memory
        self.launching = False
        self._kernels: list[str] = []
        self._calls: list[str] = []
        self._outside_loads = 0
        self._outside_stores = 0
        self._loads: list[_Access] = []
        self._stores: list[_Access] = []
        self._alive: list[Any] = []  # so that no address is used twice
        self._ranges: list[_Range] = []

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

    def give(self, tensors: list[tuple[Any, Any]]) -> None:
        """The tensors of the launch that starts, each with its host copy."""
        self._alive.extend(tensors)
        self._ranges = [
            _Range(*_extent(host), device.data_ptr() - host.data_ptr())
            for device, host in tensors
            if host.numel()
        ]

    def load(self, pointers: np.ndarray, mask: np.ndarray, size: int) -> np.ndarray:
        """Count a load; returns the mask of what may be carried out."""
        allowed, access, outside = self._locate(pointers, mask, size)
        self._loads.append(access)
        self._outside_loads += outside
        return allowed

    def store(self, pointers: np.ndarray, mask: np.ndarray, size: int) -> np.ndarray:
        """Count a store; returns the mask of what may be carried out."""
        allowed, access, outside = self._locate(pointers, mask, size)
        self._stores.append(access)
        self._outside_stores += outside
        return allowed

    def update(self, pointers: np.ndarray, mask: np.ndarray, size: int) -> np.ndarray:
        """Count an atomic, which loads and stores the same addresses."""
        self.load(pointers, mask, size)
        return self.store(pointers, mask, size)

    def _locate(
        self, pointers: np.ndarray, mask: np.ndarray, size: int
    ) -> tuple[np.ndarray, _Access, int]:
        at = pointers.astype(np.int64)
        mask = np.broadcast_to(mask, at.shape).astype(bool)
        allowed = np.zeros(at.shape, bool)
        device = at.copy()
        for first, end, to_device in self._ranges:
            here = mask & (at >= first) & (at + size <= end)
            allowed |= here
            device[here] = at[here] + to_device
        outside = int((mask & ~allowed).sum())
        return allowed, _Access(np.unique(device[allowed]), size), outside

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
            loads=_bytes(self._loads) if seen else None,
            stores=_bytes(self._stores) if seen else None,
            outside=self._outside_loads + self._outside_stores if seen else None,
            outside_stores=self._outside_stores if seen else None,
            unwritten=self._unwritten(outputs) if seen else None,
            framework_calls=tuple(self._calls),
        )

    def _unwritten(self, outputs: tuple[Any, ...]) -> int:
        written = [
            (addresses[:, None] + np.arange(size)).ravel()
            for addresses, size in self._stores
        ]
        every = np.concatenate([np.empty(0, np.int64), *written])
        tensors = [t for t in outputs if hasattr(t, "data_ptr")]
        return sum(int((~np.isin(_addresses(t), every)).sum()) for t in tensors)


def _bytes(accesses: list[_Access]) -> int:
    return sum(addresses.size * size for addresses, size in accesses)


def _bytes_within(accesses: list[_Access], tensor: Any) -> int:
    first, end = _extent(tensor)
    inside = (_Access(a[(a >= first) & (a < end)], size) for a, size in accesses)
    return _bytes(list(inside))


def _addresses(tensor: Any) -> np.ndarray:
    """Where every element of a tensor begins."""
    at = np.full((1,) * tensor.dim(), tensor.data_ptr(), np.int64)
    for axis, (n, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        steps = np.arange(n) * stride * tensor.element_size()
        at = at + steps.reshape([-1 if i == axis else 1 for i in range(at.ndim)])
    return at.ravel()


def _extent(tensor: Any) -> tuple[int, int]:
    """The address of a tensor's first byte, and the one after its last."""
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    last = sum((n - 1) * stride for n, stride in pairs)
    first = tensor.data_ptr()
    return first, first + (last + 1) * tensor.element_size()
