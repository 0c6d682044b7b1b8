"""What was seen of one call, and which properties of a kernel it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Moved(NamedTuple):
    """Bytes that kernels moved to and from tensors of one size.

    elements : that each of these tensors has; a view has its storage's
    """

    elements: int
    loads: int
    stores: int


class Budget(NamedTuple):
    """Most bytes that may be moved to and from tensors of ``elements`` or more."""

    elements: int
    loads: float
    stores: float


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
    races : elements that one program wrote plainly and another touched
    orders : elements that hold a sum in the order in which programs arrived
    barriers : elements that were read, or given free, with no barrier after
        they were written
    deadlocks : programs that waited for a lock that is never released
    repeats : elements that a second run gave in other bits; None: not run again
    moved : ``loads`` and ``stores`` by the size of the tensor

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
    races: int | None = None
    orders: int | None = None
    barriers: int | None = None
    deadlocks: int | None = None
    repeats: int | None = None
    moved: tuple[Moved, ...] | None = None

    def broken(self, budget: Budget | None = None) -> tuple[tuple[str, str], ...]:
        """Properties that do not hold, by name, with a sentence each.

        The names are ``launch``, ``framework``, ``outside``, ``outside write``,
        ``unwritten``, ``race``, ``order``, ``barrier``, ``deadlock``,
        ``repeat``, ``traffic``.
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
        return (*found, *self._between_programs(), *self._traffic(budget))

    def _between_programs(self) -> Iterator[tuple[str, str]]:
        """What goes wrong when programs, or threads of one, come in any order."""
        if self.races:
            yield (
                "race",
                f"{_elements(self.races)} written by one program and touched by "
                "another of the same launch, with nothing that says who comes first",
            )
        if self.orders:
            yield (
                "order",
                f"{_elements(self.orders)} summed up by several programs in the order "
                "in which they arrive, and a sum of floats depends on its order",
            )
        if self.barriers:
            yield (
                "barrier",
                f"{_elements(self.barriers)} read again, or given free to other "
                "programs, with no tl.debug_barrier() after being written",
            )
        if self.deadlocks:
            n = self.deadlocks
            yield (
                "deadlock",
                f"{n:,} program{'s' if n > 1 else ''} waited for a lock that no "
                "program releases",
            )
        if self.repeats:
            yield (
                "repeat",
                f"{_elements(self.repeats)} came out with other bits when the call was "
                "run again on the same inputs, its programs in another order",
            )

    def _traffic(self, budget: Budget | None) -> Iterator[tuple[str, str]]:
        if budget is None or self.moved is None:
            return
        large = [m for m in self.moved if m.elements >= budget.elements]
        loads, stores = sum(m.loads for m in large), sum(m.stores for m in large)
        for verb, moved, most in (
            ("read", loads, budget.loads),
            ("wrote", stores, budget.stores),
        ):
            if moved > most:
                yield (
                    "traffic",
                    f"kernels {verb} {moved:,} bytes of tensors with "
                    f"{_elements(budget.elements)} or more; the budget is {most:,.0f}",
                )


def _elements(n: int) -> str:
    return f"{n:,} element{'s' if n > 1 else ''}"
