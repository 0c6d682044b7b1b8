"""Grade every submission of an assignment: the batch's coordinator.

It reads a submission, and asks the journal whether it was graded under the
same key. If not, it goes to the cluster, and its record comes back, is
journalled, and is written to the gradebook. A kill at any point loses at most
the submissions that were being graded; the next run goes on.

Only a few submissions a worker are on their way at once, so the coordinator's
memory does not grow with the class.
"""

from __future__ import annotations

import pickle
import time
from dataclasses import dataclass, field
from uuid import uuid4

from dask.typing import Key
from distributed import Client, Future, as_completed
from distributed.client import FutureCancelledError
from sqlalchemy.exc import DBAPIError, OperationalError

from autograder.course import handed, journal
from autograder.course.cluster import check_workers, in_task
from autograder.course.folders import secret
from autograder.course.keys import batch_key, circumstances, submission_key
from autograder.course.preflight import cause
from autograder.course.progress import Progress
from autograder.course.records import Record
from autograder.course.settings import CannotGrade, Settings
from autograder.course.task import Job, OtherCourse
from autograder.course.terms import Terms
from autograder.course.writer import UnknownStudent, Writer
from autograder.judge.process import CannotStart
from autograder.sandbox import NoSandbox

AHEAD = 4
"""Submissions on their way for each worker."""

GONE = "The Dask scheduler is gone."
ONCE_MORE = "What was graded is kept; the same command goes on from there."


@dataclass(frozen=True)
class Plan:
    """What to grade, and how.

    Attributes
    ----------
    released : the texts of the released notebooks, by name
    force : grade also what was graded under the same key
    """

    assignment: str
    students: list[str]
    released: dict[str, str]
    terms: Terms
    force: bool = False


@dataclass
class Summary:
    """How it ended. ``failed`` has a reason for each student without a grade."""

    graded: int = 0
    kept: int = 0
    odd: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class Batch:
    """One run over a plan's submissions.

    Raises
    ------
    CannotGrade : when the sandbox, the cluster or the gradebook is gone
    """

    def __init__(
        self, plan: Plan, settings: Settings, client: Client, progress: Progress
    ) -> None:
        self.plan = plan
        self.settings = settings
        self.client = client
        self.progress = progress
        self.summary = Summary()
        self.key = batch_key(plan.assignment, plan.released, secret(), plan.terms)
        self.waiting: dict[Key, str] = {}
        self.again: list[str] | None = []
        self.done = as_completed(raise_errors=False, loop=client.loop)
        self.counted = 0.0
        self.most = 0

    def run(self) -> Summary:
        """Grade; returns when nothing is left."""
        try:
            check_workers(self.client, self.plan.assignment, self.plan.terms.sandbox)
            with Writer(self.settings, self.plan.assignment) as self.writer:
                self._go_through()
        except OperationalError as error:
            said = f"The gradebook can't be written: {cause(error)}."
            raise CannotGrade(f"{said} {ONCE_MORE}") from error
        except OSError as error:
            said = f"{error}." if self.client.status == "running" else GONE
            raise CannotGrade(f"{said} {ONCE_MORE}") from error
        return self.summary

    def _go_through(self) -> None:
        for student in self.plan.students:
            self._take(student)
            self._collect(self._window() - 1)
        self._collect(0)
        # What failed is tried again by itself: a process that died may have
        # taken others with it that only waited there.
        again, self.again = self.again, None
        for student in again or ():
            self._take(student)
            self._collect(0)

    def _window(self) -> int:
        """How many may be on their way; workers may join and leave."""
        now = time.monotonic()
        if now - self.counted > 2.0:
            self.counted = now
            self.most = AHEAD * max(1, len(self.client.nthreads()))
        return self.most

    def _take(self, student: str) -> None:
        """Keep what is graded; send the rest to be graded."""
        plan = self.plan
        folder = self.settings.submitted(student, plan.assignment)
        files = handed.read(folder, list(plan.released))
        key = submission_key(self.key, files)
        record = None if plan.force else journal.read(plan.assignment, student)
        if record is not None and self._is_current(record, key):
            if self.writer.holds(record) or self._write(record):
                self._count("kept", record)
            return
        job = Job(
            assignment=plan.assignment,
            student=student,
            key=key,
            files=files,
            released=plan.released,
            secret=secret(),
            terms=plan.terms,
            circumstances=circumstances(plan.assignment),
        )
        future = self.client.submit(
            in_task("grade_packed"), pickle.dumps(job), key=uuid4().hex, pure=False
        )
        self.waiting[future.key] = student
        self.done.add(future)

    def _is_current(self, record: Record, key: str) -> bool:
        names = {n.notebook for n in record.notebooks}
        return record.key == key and names == self.plan.released.keys()

    def _collect(self, most: int) -> None:
        """Take what is graded, until at most so many are on their way."""
        while len(self.waiting) > most:
            future: Future = next(self.done)
            student = self.waiting.pop(future.key)
            error = future.exception()
            if error is None:
                record = future.result()
                journal.write(record)
                if self._write(record):
                    self._count("graded", record)
            else:
                self._failed(student, error)

    def _failed(self, student: str, error: BaseException) -> None:
        """No grade came back: end the batch, try again later, or give up."""
        if isinstance(error, NoSandbox | CannotStart | OtherCourse):
            raise CannotGrade(f"{error} {ONCE_MORE}") from error
        if isinstance(error, FutureCancelledError):
            raise CannotGrade(f"{GONE} {ONCE_MORE}") from error
        if self.again is None:
            self._fail(student, error)
        else:
            self.again.append(student)

    def _write(self, record: Record) -> bool:
        """Write to the gradebook; what it refuses is that submission's matter."""
        try:
            self.writer.save(record)
        except OperationalError:
            raise
        except (UnknownStudent, DBAPIError, OSError) as error:
            self._fail(record.student, error)
            return False
        return True

    def _fail(self, student: str, error: BaseException) -> None:
        said = cause(error) if isinstance(error, DBAPIError) else str(error)
        self.summary.failed[student] = f"{type(error).__name__}: {said}"
        self.progress.add("failed")

    def _count(self, what: str, record: Record) -> None:
        setattr(self.summary, what, getattr(self.summary, what) + 1)
        self.summary.odd += any(n.reasons for n in record.notebooks)
        self.progress.add(what)
