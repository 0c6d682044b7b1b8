"""How far a batch is: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TextIO

from tqdm import tqdm

LINE_SECONDS = 30.0


@dataclass
class Count:
    """Submissions of a batch. ``kept`` needed no grading."""

    total: int
    kept: int = 0
    graded: int = 0
    failed: int = 0

    @property
    def left(self) -> int:
        return self.total - self.kept - self.graded - self.failed


class Progress:
    """Shows a :class:`Count` while it grows."""

    def __init__(self, name: str, total: int, stream: TextIO | None = None) -> None:
        self.name = name
        self.count = Count(total)
        self.stream = stream or sys.stderr
        self.start = self.said = time.monotonic()
        self.bar = tqdm(
            total=total,
            file=self.stream,
            disable=not self.stream.isatty(),
            dynamic_ncols=True,
            bar_format="{percentage:3.0f}%|{bar}| {desc}",
        )
        self.bar.set_description_str(self.sentence())

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()

    def add(self, what: str) -> None:
        """One more is ``kept``, ``graded`` or ``failed``."""
        setattr(self.count, what, getattr(self.count, what) + 1)
        self.bar.set_description_str(self.sentence(), refresh=False)
        self.bar.update()
        late = time.monotonic() - self.said >= LINE_SECONDS
        if self.bar.disable and (late or not self.count.left):
            self.said = time.monotonic()
            print(self.sentence(), file=self.stream, flush=True)

    def sentence(self) -> str:
        """Done, failed, left, and the time to go, from what grading took so far."""
        c = self.count
        done = c.kept + c.graded
        text = f"{self.name}: {done} done, {c.failed} failed, {c.left} left"
        tried = c.graded + c.failed
        if not tried or not c.left:
            return text
        seconds = (time.monotonic() - self.start) / tried * c.left
        return f"{text}, {tqdm.format_interval(seconds)} to go"
