"""Who touched what within one launch, and whether anything says in which order.

Programs of a launch run in any order or at the same time. What one of them wrote
plainly, another may only touch when it came to know of it through an atomic on one
integer: a lock, or a ticket. The interpreter runs one program after the other, so a
clock that counts all of them is enough: of every element the ledger keeps who wrote
it and when, and of every program up to which moment it knows of another
(happens-before, as in a race detector with vector clocks).

Threads of one program are no less apart. Between a write and what depends on it,
in the same program or in another, there must be a ``tl.debug_barrier()``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

Cells = slice | np.ndarray
NEVER = np.iinfo(np.int64).max
SPINS = 100
"""Attempts to take a lock, one after the other, that only a spin lock makes."""


class Found(NamedTuple):
    """What a launch did wrong, in elements; deadlocks in programs."""

    races: int = 0
    orders: int = 0
    barriers: int = 0
    deadlocks: int = 0

    @classmethod
    def together(cls, launches: Iterable[Found]) -> Found:
        """The sum over launches."""
        return cls(*(sum(counts) for counts in zip(cls(), *launches, strict=True)))


class Ledger:
    """The elements of one launch; numbers of programs begin at 1, 0 is none.

    Parameters
    ----------
    cells : how many elements all tensors of the launch have
    programs : how many programs are launched
    """

    def __init__(self, cells: int, programs: int) -> None:
        self._me = 0
        self._now = 1
        self._knows = np.zeros(programs + 1, np.int64)  # what is ordered before me
        self._sees = np.zeros(programs + 1, np.int64)  # and lies behind a barrier
        self._knows[0] = self._sees[0] = NEVER
        self._told: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._held: dict[int, list[Cells]] = {}
        self._failed: dict[int, int] = {}
        self._stuck: set[int] = set()
        self._writer, self._reader, self._adder, self._merging = (
            np.zeros(cells, np.int32) for _ in range(4)
        )
        self._wrote, self._read = (np.zeros(cells, np.int64) for _ in range(2))
        self._race, self._order, self._barrier = (
            np.zeros(cells, bool) for _ in range(3)
        )

    def program(self, number: int) -> None:
        """A program begins; it knows of no other."""
        if self._told:
            self._knows[1:] = self._sees[1:] = 0
        self._knows[self._me] = self._sees[self._me] = NEVER if not self._me else 0
        self._me = number
        self._knows[number] = NEVER
        self._held, self._failed = {}, {}
        self.barrier()

    def barrier(self) -> None:
        """Every thread of the program has come as far as this."""
        self._sees[self._me] = self._now
        self._now += 1
        for fresh in self._held.values():
            fresh.clear()

    def load(self, cells: Cells, is_float: bool) -> None:
        """A plain load."""
        self._reads(cells)
        if self._held and is_float:
            self._merging[cells] = self._me

    def store(self, cells: Cells, is_float: bool) -> None:
        """A plain store."""
        writer, wrote = self._writer[cells], self._wrote[cells]
        unordered = wrote > self._knows[writer]
        unordered |= self._read[cells] > self._knows[self._reader[cells]]
        unseen = (wrote > self._sees[writer]) & (writer != self._me) & ~unordered
        self._race[cells] |= unordered
        self._barrier[cells] |= unseen
        for fresh in self._held.values():
            fresh.append(cells)
        if self._held and is_float:
            self._adds(cells, self._merging[cells] == self._me)
        self._writer[cells] = self._me
        self._wrote[cells] = self._now

    def update(self, cells: Cells, is_float_sum: bool) -> None:
        """An atomic: no race with another, but with plain stores."""
        self._reads(cells)
        if is_float_sum:
            self._adds(cells, True)

    def _reads(self, cells: Cells) -> None:
        writer, wrote = self._writer[cells], self._wrote[cells]
        if writer.any():
            unordered = wrote > self._knows[writer]
            unseen = (wrote > self._sees[writer]) & ~unordered
            self._race[cells] |= unordered
            self._barrier[cells] |= unseen
        # a reader that is not ordered before me stays, to be found by a store
        stays = self._read[cells] > self._knows[self._reader[cells]]
        if not stays.any():
            self._reader[cells] = self._me
            self._read[cells] = self._now
            return
        self._reader[cells] = np.where(stays, self._reader[cells], self._me)
        self._read[cells] = np.where(stays, self._read[cells], self._now)

    def _adds(self, cells: Cells, is_sum: np.ndarray | bool) -> None:
        adder = self._adder[cells]
        self._order[cells] |= is_sum & (adder != 0) & (adder != self._me)
        self._adder[cells] = np.where(adder == 0, self._me, adder)

    def acquire(self, cell: int) -> None:
        """Learn what is known to whoever touched this integer atomically."""
        if cell in self._told:
            knows, sees = self._told[cell]
            np.maximum(self._knows, knows, out=self._knows)
            np.maximum(self._sees, sees, out=self._sees)

    def release(self, cell: int) -> None:
        """Tell whoever touches this integer next."""
        knows, sees = self._knows.copy(), self._sees.copy()
        knows[self._me] = self._now
        self._told[cell] = knows, sees
        self._now += 1

    def lock(self, cell: int) -> None:
        """``tl.atomic_cas`` has put something in place of 0."""
        self._held[cell] = []
        self._failed.pop(cell, None)

    def unlock(self, cell: int) -> None:
        """A lock is 0 again; what is free must have been written by all threads."""
        for cells in self._held.pop(cell, ()):
            self._barrier[cells] = True

    def holds(self, cell: int) -> bool:
        """Whether the program has taken this lock."""
        return cell in self._held

    def waits_in_vain(self, cell: int) -> bool:
        """Note that a lock was not to be had; True when it never will be.

        All other programs have run to their end, or not begun.
        """
        self._failed[cell] = self._failed.get(cell, 0) + 1
        if self._failed[cell] < SPINS:
            return False
        self._stuck.add(self._me)
        self._know_all()
        return True

    def _know_all(self) -> None:
        """As if all that ran had given everything free: one mistake is enough."""
        own = self._sees[self._me]
        np.maximum(self._knows, self._now, out=self._knows)
        np.maximum(self._sees, self._now, out=self._sees)
        self._sees[self._me] = own

    def found(self) -> Found:
        """What was wrong, once all programs have run."""
        return Found(
            races=int(self._race.sum()),
            orders=int(self._order.sum()),
            barriers=int(self._barrier.sum()),
            deadlocks=len(self._stuck),
        )


class Atomic:
    """One atomic on one integer, which may take or give back a lock.

    Parameters
    ----------
    meaning : how it orders memory, as Triton names it
    """

    def __init__(self, ledger: Ledger, cell: int, meaning: str) -> None:
        self._ledger = ledger
        self._cell = cell
        self._gives = meaning in ("RELEASE", "ACQUIRE_RELEASE")
        if meaning in ("ACQUIRE", "ACQUIRE_RELEASE"):
            ledger.acquire(cell)

    def ends(self, value: int) -> None:
        """It has left ``value`` in memory."""
        if self._ledger.holds(self._cell) and not value:
            self._ledger.unlock(self._cell)
        if self._gives:
            self._ledger.release(self._cell)

    def swaps(self, before: int, compare: int, value: int) -> bool:
        """``tl.atomic_cas`` found ``before``; False when it waits in vain."""
        in_vain = before != compare and self._ledger.waits_in_vain(self._cell)
        if not compare and value and (before == compare or in_vain):
            self._ledger.lock(self._cell)
        return not in_vain
