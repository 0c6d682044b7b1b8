"""Where submissions are graded: processes of this machine, or any Dask cluster."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.comm import connect as connect_to
from distributed.security import Security

from autograder.course.keys import circumstances
from autograder.course.settings import CannotGrade
from autograder.sandbox import NoSandbox

CONNECTING = 10.0
"""Seconds for a scheduler, and for its first worker, to answer."""

QUIET = {
    # A job holds a submission; large ones are bounded by intake.
    "distributed.admin.large-graph-warning-threshold": "1 GB",
    # It logs the last thousand messages whole, with the submissions in them.
    "distributed.admin.low-level-log-length": 1,
    "distributed.comm.timeouts.connect": f"{CONNECTING}s",
    "distributed.logging.distributed": "critical",
}

LOCAL = {
    # A submission that twice takes its process with it is tried again alone.
    "distributed.scheduler.allowed-failures": 1,
    # Pages about it would be for everyone on this machine.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


@contextmanager
def connect(scheduler: str | None, jobs: int) -> Iterator[Client]:
    """A client of the cluster at an address, or of a local one with ``jobs``.

    Raises
    ------
    CannotGrade : when it can't be had, or could not grade
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(QUIET):
        if scheduler is None:
            with _local(jobs) as client:
                yield client
        else:
            with _remote(scheduler) as client:
                yield client


@contextmanager
def _local(jobs: int) -> Iterator[Client]:
    # Encrypted, with a key of this batch: else whoever has an account on this
    # machine could send the workers code to run.
    security = Security.temporary()
    with (
        tempfile.TemporaryDirectory(
            prefix="autograder-batch-", ignore_cleanup_errors=True
        ) as folder,
        dask.config.set({**LOCAL, "temporary-directory": folder}),
        _started(jobs, security, folder) as cluster,
        Client(cluster, security=security, set_as_default=False) as client,
    ):
        client.wait_for_workers(jobs)
        yield client


def _started(jobs: int, security: Security, folder: str) -> LocalCluster:
    """A cluster whose processes no Ctrl-C reaches: the coordinator ends them.

    They inherit what its thread blocks, and the thread what is blocked here.
    """
    # To start it unblocks the signal in the thread that does.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        cluster = LocalCluster(
            n_workers=0,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            worker_dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
            security=security,
            local_directory=folder,
            env={"OMP_NUM_THREADS": "1", "TMPDIR": folder},
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    cluster.scale(jobs)
    return cluster


@contextmanager
def _remote(address: str) -> Iterator[Client]:
    try:
        asyncio.run(_reach(address))
        client = Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise CannotGrade(f"No Dask scheduler answers at {address}.") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECTING)
        except TimeoutError:
            raise CannotGrade(
                f"The scheduler at {address} has no workers; start one: "
                f"dask worker {address}"
            ) from None
        _same_dask(client, address)
        yield client


async def _reach(address: str) -> None:
    """Connect and hang up. A client whose address is wrong can't be closed."""
    options = Security().get_connection_args("client")
    comm = await connect_to(address, timeout=CONNECTING, **options)
    comm.abort()


def _same_dask(client: Client, address: str) -> None:
    """Dask's own packages must be the same: they don't promise to fit otherwise."""
    found: Any = client.get_versions()
    mine = found["client"]["packages"]
    for who in (found["scheduler"], *found["workers"].values()):
        for name in ("python", "dask", "distributed"):
            theirs = who["packages"][name]
            if theirs != mine[name]:
                raise CannotGrade(
                    f"The cluster at {address} runs {name} {theirs}, and this "
                    f"machine {mine[name]}; they must be the same."
                )


def in_task(name: str) -> Callable[..., Any]:
    """A function of ``autograder.course.task``, looked up only where it runs.

    So the scheduler needs no course, and a worker without one says so.
    """

    def call(*arguments: Any) -> Any:
        from importlib import import_module

        return getattr(import_module("autograder.course.task"), name)(*arguments)

    return call


def check_workers(client: Client, assignment: str, sandbox: str) -> None:
    """All workers have this course, the same packages, and the sandbox.

    Raises
    ------
    CannotGrade : when one has not
    """
    try:
        found = client.run(in_task("ready"), assignment, sandbox)
    except ImportError as error:
        raise CannotGrade(
            f"The workers can't import the course ({error}); start them in its "
            "folder, or with it in PYTHONPATH."
        ) from None
    except NoSandbox as error:
        raise CannotGrade(str(error)) from None
    mine = circumstances(assignment)
    for where, theirs in found.items():
        other = [k for k in mine if theirs[k] != mine[k]]
        if other:
            raise CannotGrade(
                f"The worker at {where} has another version of: {', '.join(other)}."
            )


def cores() -> int:
    """How many processes can run at once here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
