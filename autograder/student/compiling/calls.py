"""What the calls of one case launched, and what becomes of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from autograder.student.compiling.code import Built, Refused
from autograder.student.compiling.launches import noting, requests


class Calls:
    """Notes launches call by call; ``requests`` is all there is to compile."""

    def __init__(self) -> None:
        self.requests: tuple[str, ...] = ()
        self.why_not = ""

    @contextlib.contextmanager
    def noted(self, wanted: bool, arguments: Any) -> Iterator[None]:
        """Around a call with these arguments; a call that raises leaves nothing."""
        if not wanted:
            yield
            return
        with noting() as launches:
            yield
        try:
            found = requests(launches, arguments)
            self.requests = tuple(dict.fromkeys((*self.requests, *found)))
        except Refused as why:
            self.why_not = str(why)

    def refused(self) -> Built | None:
        """Why nothing can be compiled, if so."""
        return Built(why_not=self.why_not) if self.why_not else None
