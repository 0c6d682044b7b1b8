"""What a submission cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """Time and memory of a submission's workers.

    Attributes
    ----------
    seconds : of processor time, all workers together
    memory : bytes that the largest of them held at its peak
    workers : how many were started: one, one more for each that was lost, and
        for each exercise that was judged again on a right base
    """

    seconds: float = 0.0
    memory: int = 0
    workers: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.seconds + other.seconds,
            max(self.memory, other.memory),
            self.workers + other.workers,
        )
