"""The kernels of a submission, compiled behind walls.

The worker sends what to compile as text. It goes into one process where Triton
makes PTX of it, and that into another one where the assembler reads it. What
comes back are a few numbers. The judge reads nothing of the text.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from autograder.judge.process import CannotStart, WorkerLost, WorkerProcess
from autograder.sandbox import Backend, NoSandbox, Parent, Usage
from autograder.sandbox.compilers import assembling, compiling
from autograder.student.compiling.code import Built, MachineCode, Refused, from_json
from autograder.student.explain import fault_sentence
from autograder.student.replay import Outcome
from autograder.student.verdict import Entry, judge_case
from autograder.worker.messages import text

SECONDS = 60.0
"""For the kernels of one case in each of the two processes."""


class Compiler:
    """Compiles for one submission; the same launches, once.

    ``usage`` is what its processes used, which are not counted as workers.
    """

    def __init__(self, backend: Backend, seconds: float | None = None) -> None:
        self.backend = backend
        self.seconds = SECONDS if seconds is None else seconds
        self.usage = Usage()
        self.known: dict[tuple[str, ...], Built] = {}

    def compiled(self, entry: Entry, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes, with machine code where it is asked for and all is right."""
        return [
            replace(outcome, built=outcome.built or self.build(outcome.launches))
            if question.limits is not None
            and outcome.launches
            and judge_case(entry, question, outcome).passed
            else outcome
            for question, outcome in zip(entry.questions, outcomes, strict=True)
        ]

    def build(self, requests: tuple[str, ...]) -> Built:
        """Machine code of some launches, or why it can't be had."""
        if requests not in self.known:
            try:
                self.known[requests] = Built(tuple(self._build(requests)))
            except Refused as why:
                self.known[requests] = Built(why_not=str(why))
            except (NoSandbox, CannotStart) as error:
                self.known[requests] = Built(why_not=f"no compiler starts: {error}")
        return self.known[requests]

    def _build(self, requests: tuple[str, ...]) -> Iterator[MachineCode]:
        with self._process(compiling(self.backend), "compiler") as worker:
            deadline = time.monotonic() + self.seconds
            texts = [
                _answer(worker.compile(r, deadline - time.monotonic()))
                for r in requests
            ]
        with self._process(assembling(self.backend), "assembler") as worker:
            deadline = time.monotonic() + self.seconds
            for request, made in zip(requests, texts, strict=True):
                ptx, ttir = made.get("ptx"), made.get("ttir")
                if not (isinstance(ptx, str) and isinstance(ttir, str)):
                    raise Refused("the compiler's answer is no text")
                left = deadline - time.monotonic()
                answer = _answer(worker.assemble(request, ptx, ttir, left))
                yield from_json(answer.get("code"))

    @contextmanager
    def _process(self, parent: Parent, what: str) -> Iterator[WorkerProcess]:
        worker = WorkerProcess(parent)
        try:
            yield worker
        except WorkerLost as lost:
            fault = replace(lost.fault, function=f"the {what}")
            raise Refused(fault_sentence(fault).rstrip(".")) from None
        finally:
            self.usage += replace(worker.stop(), workers=0)


def _answer(header: dict[str, Any]) -> dict[str, Any]:
    """An answer that is none.

    Raises
    ------
    Refused : with what was said in its place
    """
    if "refused" in header:
        refused = header["refused"]
        raise Refused(text(refused) if isinstance(refused, str) else "without a word")
    return header
