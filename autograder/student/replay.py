"""Run one case on somebody's functions and write down what happened.

Replaying needs a trace and a namespace, nothing of the reference. Nothing
here decides whether an answer is right: an :class:`Outcome` is only what was
seen, and :mod:`autograder.student.verdict` judges it.
"""

from __future__ import annotations

import io
import sysconfig
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.student import closed, kernels, through
from autograder.student.compiling import server
from autograder.student.compiling.calls import Calls
from autograder.student.compiling.code import Built
from autograder.student.kernels import Observation
from autograder.student.surroundings import quiet, spy
from autograder.student.trace import Step, Trace
from autograder.student.values import (
    Returned,
    Spec,
    build_array,
    build_generator,
    describe,
)

NOT_THE_STUDENTS = (
    str(Path(__file__).parent),
    sysconfig.get_path("stdlib"),
    "site-packages",
    "dist-packages",
    "<frozen ",
)
"""Parts of paths whose code no student wrote: the line to show is not there."""


@dataclass(frozen=True)
class Fault:
    """Why a call gave no result.

    kind : ``missing`` no such function, ``unwritten`` the skeleton's stub,
        ``raised`` an exception, ``returned`` something of another form,
        ``closed`` it uses what the exercise forbids, ``deadline``, ``crashed``
        the process ended, ``not run``
    """

    kind: str
    function: str
    what: str = ""
    message: str = ""
    line: str = ""


@dataclass(frozen=True)
class Outcome:
    """What was seen while one case ran.

    ``launches`` are requests to compile (see ``compiling.launches``), and
    ``built`` is what came of them; both only where the case asks for it. With
    ``compiles``, a process beside this one does it when somebody asks.
    """

    outputs: dict[str, Returned] = field(default_factory=dict)
    inputs: dict[str, Returned] = field(default_factory=dict)
    fault: Fault | None = None
    printed: str = ""
    warned: tuple[str, ...] = ()
    measured: dict[str, Observation] = field(default_factory=dict)
    called: tuple[str, ...] = ()
    where: str = "NumPy"
    launches: tuple[str, ...] = ()
    built: Built | None = None
    compiles: bool = False

    def machine_code(self) -> Built | None:
        """What came of the launches; compiled now, if this process may."""
        if self.built is None and self.compiles and self.launches:
            return server.build(self.launches)
        return self.built


class _Stop(Exception):
    """Ends a replay; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


def replay(
    trace: Trace,
    namespace: Mapping[str, Any],
    watch: tuple[str, ...] = (),
    compiles: bool = True,
) -> Outcome:
    """Run every call of ``trace`` with the functions of ``namespace``.

    Arguments are built afresh, so two replays never share an array. The names
    in ``watch`` are functions whose use from inside other functions is noted
    in ``Outcome.called``. With ``compiles``, kernels may be compiled if the trace
    asks for it; what to compile is noted anyway.
    """
    run = _Replay(trace, namespace)
    fault: Fault | None = None
    printed = io.StringIO()
    with spy(namespace, watch) as called, quiet(printed) as warned:
        try:
            for step in trace.steps:
                run.step(step)
        except _Stop as stop:
            fault = stop.fault
        outputs = {} if fault else run.outputs()
    return Outcome(
        outputs=outputs,
        inputs={label: describe(x) for label, x in run.inputs.items()},
        fault=fault,
        printed=printed.getvalue()[:2000],
        warned=tuple(dict.fromkeys(warned)),
        measured=run.measured,
        called=tuple(called),
        where=where(trace.path),
        launches=() if fault else run.calls.requests,
        built=None if fault else run.calls.refused(),
        compiles=compiles,
    )


def where(path: str) -> str:
    """In words, what computes on this machine for ``path``."""
    if path == "numpy":
        return "NumPy"
    if path == "triton":
        return kernels.where()
    import torch

    if torch.cuda.is_available():
        return f"torch on cuda ({torch.cuda.get_device_name()})"
    return "torch on cpu"


class _Replay:
    """The objects of one replay: arguments, results, dicts after each call."""

    def __init__(self, trace: Trace, namespace: Mapping[str, Any]) -> None:
        self.trace = trace
        self.namespace = namespace
        self.inputs: dict[str, Any] = {}
        self.measured: dict[str, Observation] = {}
        self.calls = Calls()
        self.results: list[tuple[Any, ...]] = []
        self.arguments: list[tuple[Any, ...]] = []

    def step(self, step: Step) -> None:
        function = self.callable(step)
        arguments = tuple(
            self.build(spec, f"{name} of {step.function}")
            for name, spec in zip(step.parameters, step.arguments, strict=True)
        )
        self.arguments.append(arguments)
        try:
            with self.calls.noted(step.function == self.trace.compiles, arguments):
                value = self.call(step.function, function, arguments)
        except KeyboardInterrupt:
            raise
        except closed.Closed as name:
            raise _Stop(Fault("closed", step.function, str(name))) from None
        except through.Unfit as error:
            raise _Stop(Fault("returned", step.function, str(error))) from None
        except BaseException as error:
            raise _Stop(_fault(step.function, error)) from None
        self.results.append(_parts(step, value))

    def callable(self, step: Step) -> Any:
        """What a step calls."""
        if step.on is not None:
            try:
                return through.attribute(self.build(step.on, ""), step.method)
            except through.Unfit as error:
                raise _Stop(Fault("returned", step.function, str(error))) from None
        function = self.function(step.function)
        if step.method in (through.AUTOGRAD, through.OWN_BACKWARD):
            return through.gradients(function, step.method == through.OWN_BACKWARD)
        return function

    def function(self, name: str) -> Any:
        found = self.namespace.get(name)
        if not callable(found):
            raise _Stop(Fault("missing", name))
        if used := closed.used(found, self.trace.closed):
            raise _Stop(Fault("closed", name, used))
        return found

    def build(self, spec: Spec, label: str) -> Any:
        if "array" in spec:
            array = build_array(spec, self.trace.arrays[spec["array"]])
            self.inputs[label] = array
            return array
        if "name" in spec:
            return self.function(spec["name"])
        if "result" in spec:
            step, part = spec["result"]
            return self.results[step][part]
        if "after" in spec:
            return self.after(spec)
        if "attribute" in spec:
            return getattr(self.build(spec["of"], label), spec["attribute"], None)
        if "rng" in spec:
            return build_generator(spec)
        if "dict" in spec:
            return {
                k: self.build(v, f"{k} in {label}") for k, v in spec["dict"].items()
            }
        for kind, make in (("list", list), ("tuple", tuple)):
            if kind in spec:
                return make(
                    self.build(v, f"{label}[{i}]") for i, v in enumerate(spec[kind])
                )
        return spec["scalar"]

    def after(self, spec: Spec) -> Any:
        step, position, key = spec["after"]
        function = self.trace.steps[step].function
        name = self.trace.steps[step].parameters[position]
        try:
            return self.arguments[step][position][key]
        except (KeyError, TypeError):
            missing = f"{name}[{key!r}] is not there after the call"
            raise _Stop(Fault("returned", function, missing)) from None

    def outputs(self) -> dict[str, Returned]:
        seen = {}
        for name, spec in self.trace.outputs.items():
            try:
                seen[name] = describe(self.build(spec, name))
            except _Stop:
                seen[name] = Returned("missing")
        return seen

    def call(self, name: str, function: Any, arguments: tuple[Any, ...]) -> Any:
        """Call it; of kernels, see what they do, and in some cases do again."""
        if self.trace.path != "triton":
            with closed.closing(self.trace.closed):
                return function(*arguments)
        watched = kernels.call_twice if self.trace.twice else kernels.call_once
        value, seen = watched(function, arguments)
        times = sum(call.split(",")[0] == name for call in self.measured)
        self.measured[f"{name}, call {times + 1}" if times else name] = seen
        return value


def _parts(step: Step, value: Any) -> tuple[Any, ...]:
    if step.returns is None:
        return (value,)
    count = len(step.returns)
    if isinstance(value, tuple | list) and len(value) == count:
        return tuple(value)
    if isinstance(value, tuple | list):
        got = f"{len(value)} value{'' if len(value) == 1 else 's'}"
    else:
        got = describe(value).kind
    wanted = ", ".join(step.returns)
    what = f"it must return {count} values ({wanted}), and returned {got}"
    raise _Stop(Fault("returned", step.function, what))


def _fault(function: str, error: BaseException) -> Fault:
    try:
        message = " ".join(str(error).split())[:300]
    except Exception:  # a student's exception may have a broken __str__
        message = ""
    if isinstance(error, NotImplementedError) and not message:
        return Fault("unwritten", function)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not any(p in f.filename for p in NOT_THE_STUDENTS)]
    line = f"line {own[-1].lineno}: {own[-1].line}" if own and own[-1].line else ""
    return Fault("raised", function, type(error).__name__, message, line)
