"""Where the tensors of a launch lie, and which of their places are touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


@dataclass(frozen=True)
class Place:
    """A stretch of memory that tensors of a launch cover.

    first, end : its first byte, and the one after its last, in the interpreter
    to_device : how far the tensors that the student holds are off
    elements : of the largest tensor in it, or of the storage that it views
    cell : a number for its first element; no two places share numbers
    width : bytes between one number and the next
    """

    first: int
    end: int
    to_device: int
    elements: int
    cell: int
    width: int

    @property
    def cells_end(self) -> int:
        """The number after that of the last element."""
        return self.cell + (self.end - self.first) // self.width + 1

    def number(self, address: int) -> int:
        """The number of the element that begins there."""
        return self.cell + (address - self.first) // self.width

    def cells(self, addresses: np.ndarray) -> slice | np.ndarray:
        """The numbers of elements that begin at these ascending addresses."""
        low, high = self.number(int(addresses[0])), self.number(int(addresses[-1]))
        if high - low + 1 == addresses.size:
            return slice(low, high + 1)
        found: np.ndarray = self.cell + (addresses - self.first) // self.width
        return found


class Touch(NamedTuple):
    """Elements of one place that one access touches, each once."""

    place: Place
    addresses: np.ndarray
    size: int

    @property
    def bytes(self) -> int:
        return self.addresses.size * self.size

    @property
    def cells(self) -> slice | np.ndarray:
        return self.place.cells(self.addresses)

    @property
    def on_device(self) -> np.ndarray:
        found: np.ndarray = self.addresses + self.place.to_device
        return found


def places(tensors: Iterable[tuple[Any, Any]]) -> list[Place]:
    """The memory of a launch's tensors, each given with its host copy."""
    storages: dict[int, list[tuple[Any, Any]]] = {}
    for device, host in tensors:
        if host.numel():
            key = host.untyped_storage().data_ptr()
            storages.setdefault(key, []).append((device, host))
    found: list[Place] = []
    cell = 0
    for pairs in storages.values():
        device, host = pairs[0]
        width = min(h.element_size() for _, h in pairs)
        held = host.untyped_storage().nbytes()
        elements = max(max(h.numel(), held // h.element_size()) for _, h in pairs)
        for first, end in _joined(extent(h) for _, h in pairs):
            to_device = device.data_ptr() - host.data_ptr()
            place = Place(first, end, to_device, elements, cell, width)
            found.append(place)
            cell = place.cells_end
    return found


def _joined(extents: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Extents that overlap or follow one another, as one."""
    ordered = sorted(extents)
    low, high = ordered[0]
    for first, end in ordered[1:]:
        if first > high:
            yield low, high
            low = first
        high = max(high, end)
    yield low, high


def locate(
    at: list[Place], pointers: np.ndarray, mask: np.ndarray, size: int
) -> tuple[np.ndarray, list[Touch], int]:
    """What of an access may be carried out, what it touches, what is outside."""
    mask = np.broadcast_to(mask, pointers.shape).astype(bool)
    wanted = pointers.astype(np.int64)[mask]
    if not wanted.size:
        return mask, [], 0
    low, high = wanted.min(), wanted.max() + size
    for place in at:
        if place.first <= low and high <= place.end:
            return mask, [Touch(place, _once(wanted), size)], 0
    touches = []
    inside = np.zeros(wanted.shape, bool)
    for place in at:
        here = (wanted >= place.first) & (wanted + size <= place.end)
        if here.any():
            touches.append(Touch(place, _once(wanted[here]), size))
            inside |= here
    allowed = mask.copy()
    allowed[mask] = inside
    return allowed, touches, int((~inside).sum())


def _once(addresses: np.ndarray) -> np.ndarray:
    """Ascending, and each once; most accesses are so already."""
    if (addresses[1:] > addresses[:-1]).all():
        return addresses
    return np.unique(addresses)


def extent(tensor: Any) -> tuple[int, int]:
    """The address of a tensor's first byte, and the one after its last."""
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    last = sum((n - 1) * stride for n, stride in pairs)
    first = tensor.data_ptr()
    return first, first + (last + 1) * tensor.element_size()


def element_addresses(tensor: Any) -> np.ndarray:
    """Where every element of a tensor begins."""
    at = np.full((1,) * tensor.dim(), tensor.data_ptr(), np.int64)
    for axis, (n, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        steps = np.arange(n) * stride * tensor.element_size()
        at = at + steps.reshape([-1 if i == axis else 1 for i in range(at.ndim)])
    return at.ravel()
