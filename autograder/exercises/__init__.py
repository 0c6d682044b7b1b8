"""What is asked of a student and with which inputs: one module a topic.

An :class:`Exercise` names the function that the student writes, draws its
cases from a generator, and says in a *scenario* what is done with one case.
A scenario is a function of an implementation: the recorder runs it on the
reference, and what it recorded is replayed on the student's notebook and on
every known mistake. So a scenario only calls functions of the implementation
and names results; it never branches on them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

Path = Literal["numpy", "torch", "triton"]
"""What the student computes with, which decides what arrays arrive as."""


class Case(SimpleNamespace):
    """One set of inputs. ``kind`` says in words what is special about it.

    ``kind`` is shown to students, also for hidden cases, so it names the
    situation ("one row", "mean 10,000"), never a value that is expected.
    """

    kind: str


@dataclass(frozen=True)
class Traffic:
    """Most bytes that a kernel may move, per byte of its input ``of``.

    Counted are tensors with at least as many elements as ``of`` (a view counts as
    what it views), so that parameters, statistics and partial sums are not. A case
    has no budget when another input or output has as many elements in another
    shape, or when the case says ``traffic=False``.
    """

    of: str
    reads: float
    writes: float


@dataclass(frozen=True)
class Machine:
    """What compiled kernels must be like; compiled is the case of one kind.

    Attributes
    ----------
    case : the kind of that case, as in :attr:`Case.kind`
    stack : most bytes of spills, per thread
    load, store : bytes of the widest load and store, 16 for full speed, of the
        kernels that are given a tensor as large as the call's largest; it needs
        rows whose length is a multiple of 16
    offsets : 64 when elements beyond 2^31 must be reached
    """

    case: str
    stack: int | None = 0
    load: int | None = None
    store: int | None = None
    offsets: int | None = 64


@dataclass(frozen=True)
class RandomLaw:
    """What random numbers must be like; see :class:`autograder.student.laws.Law`."""

    shape: tuple[int, ...]
    family: Literal["normal", "uniform"]
    std: float
    same_as: str = ""
    unlike: str = ""


PACKAGES: Mapping[Path, tuple[str, ...]] = {
    "numpy": ("torch", "triton", "scipy", "sklearn"),
    "torch": ("scipy", "sklearn"),
    "triton": (),
}
"""Packages that are closed to an exercise, by what it is written in."""


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes, and everything that grades it.

    Attributes
    ----------
    name : the id, which is the name of the student's function
    notebook : ``"<assignment>/<notebook>"``, where it is asked
    points : earned when every case passes
    cases : draws cases from a generator; the same generator, the same cases
    scenario : ``scenario(impl, case) -> {"output name": result}``
    path : what arrays arrive as (NumPy arrays, or torch tensors)
    builds_on : exercises whose functions this one may call, or whose cache it
        is handed; when they fail, this one is judged again on a right base
    oracle : functions in float64 that stand in for the reference where it
        computes in a lower precision by design (kernels)
    traffic : the byte budget of the kernels that this function launches
    machine : what its kernels must be like, compiled for a GPU
    forbids : functions of PyTorch that would do the work, by the names in
        :mod:`autograder.student.closed`
    laws : of a case, the outputs that are random, and what they must be like
    deadline : seconds that one case may take
    """

    name: str
    notebook: str
    points: int
    cases: Callable[[np.random.Generator], Iterable[Case]]
    scenario: Callable[[Any, Case], Mapping[str, Any]]
    path: Path = "numpy"
    builds_on: tuple[str, ...] = ()
    oracle: Mapping[str, Callable[..., Any]] | None = None
    traffic: Traffic | None = None
    machine: Machine | None = None
    forbids: tuple[str, ...] = ()
    laws: Callable[[Case], Mapping[str, RandomLaw]] | None = None
    deadline: float = 10.0

    @property
    def closed(self) -> tuple[str, ...]:
        """All that its answer may not use: packages, and functions of PyTorch."""
        return (*PACKAGES[self.path], *self.forbids)


@cache
def all_exercises() -> dict[str, Exercise]:
    """Every exercise of the course by name, in the order of its modules."""
    found: dict[str, Exercise] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        for exercise in importlib.import_module(f"{__name__}.{module}").EXERCISES:
            if exercise.name in found:
                raise ValueError(f"two exercises are named {exercise.name}")
            found[exercise.name] = exercise
    return found


def exercises_of(notebook: str) -> list[Exercise]:
    """The exercises of ``"<assignment>/<notebook>"``, in their order."""
    return [e for e in all_exercises().values() if e.notebook == notebook]


def strided(x: np.ndarray) -> np.ndarray:
    """The same numbers as every other element of a wider buffer."""
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]
