"""The worker's loop: run cells and replay cases, as the judge asks.

It runs inside the walls, with one end of a socket pair. What it answers
decides nothing: the judge compares.
"""

from __future__ import annotations

import json
import socket
from typing import Any

import numpy as np

from autograder.student.compiling import assembly
from autograder.student.compiling.code import Refused, to_json
from autograder.student.compiling.ptx import compile_ptx
from autograder.student.replay import replay
from autograder.student.trace import Trace
from autograder.student.values import build_array, encode
from autograder.worker.cells import cell_fault, empty_namespace, run_cell
from autograder.worker.frames import Closed, Frame, receive, send
from autograder.worker.messages import fault_json, outcome_frame

PLAIN = (int, float, str, bool, np.ndarray, np.number, type(None))


class Handle:
    """Stands for an object that stays with the judge, such as a cache."""

    def __init__(self, number: int) -> None:
        self.number = number


class Worker:
    """One student's namespace, and the channel to the judge."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.namespace = empty_namespace()
        self.namespace["check"] = lambda *names: None
        self.request: str = ""

    def serve(self) -> None:
        """Answer requests until the judge hangs up."""
        answer = {
            "cell": self.cell,
            "replay": self.replay,
            "rebind": self.rebind,
            "compile": self.compile,
            "assemble": self.assemble,
        }
        while True:
            try:
                header, arrays = receive(self.channel)
            except Closed:
                return
            self.request = header["id"]
            reply, body = answer[header["kind"]](header, arrays)
            send(self.channel, ({**reply, "id": self.request}, body))

    def cell(self, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Frame:
        """Run one cell; a fault in it is reported, and the next one still runs."""
        try:
            run_cell(header["source"], self.namespace, header["label"])
        except BaseException as error:  # SystemExit and KeyboardInterrupt too
            return {"fault": fault_json(cell_fault(error, header["label"]))}, {}
        return {"fault": None}, {}

    def replay(self, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Frame:
        """Run one case."""
        trace = Trace.from_json(header["trace"], arrays)
        watch = tuple(header["watch"])
        return outcome_frame(replay(trace, self.namespace, watch, compiles=False))

    def rebind(self, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Frame:
        """Let the named functions be the judge's: they are called over there."""
        for name in header["names"]:
            self.namespace[name] = self.upcall(name)
        return {"fault": None}, {}

    def compile(self, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Frame:
        """PTX of a kernel, where Triton was imported as a compiler."""
        try:
            return {**compile_ptx(json.loads(header["request"]))}, {}
        except Refused as why:
            return {"refused": str(why)}, {}

    def assemble(self, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Frame:
        """Numbers of PTX, where a program may be started."""
        request = json.loads(header["request"])
        try:
            code = assembly.assemble(request, header["ptx"], header["ttir"])
            return {"code": to_json(code)}, {}
        except Refused as why:
            return {"refused": str(why)}, {}

    def upcall(self, name: str) -> Any:
        """A function that asks the judge for its result."""

        def call(*arguments: Any, **keywords: Any) -> Any:
            arrays: dict[str, np.ndarray] = {}
            asked = {
                "id": self.request,
                "upcall": name,
                "arguments": [self.specify(a, arrays) for a in arguments],
                "keywords": {k: self.specify(a, arrays) for k, a in keywords.items()},
            }
            send(self.channel, (asked, arrays))
            header, arrays = receive(self.channel)
            if header.get("error"):
                raise ValueError(header["error"])
            given = (*arguments, *keywords.values())
            for argument, spec in zip(given, header["dicts"], strict=True):
                if isinstance(argument, dict) and spec is not None:
                    argument.update(_build(spec, arrays))
            return _build(header["result"], arrays)

        return call

    def specify(self, value: Any, arrays: dict[str, np.ndarray]) -> Any:
        """An argument of an upcall as data; functions go by their name."""
        if isinstance(value, Handle):
            return {"handle": value.number}
        if isinstance(value, dict):
            return {
                "dict": {
                    str(k): self.specify(v, arrays)
                    for k, v in value.items()
                    if isinstance(v, PLAIN)
                }
            }
        if callable(value):
            names = [k for k, v in self.namespace.items() if v is value]
            return {"name": names[0]} if names else encode(value, arrays, "numpy")
        return encode(value, arrays, "numpy")


def _build(spec: Any, arrays: dict[str, np.ndarray]) -> Any:
    if "handle" in spec:
        return Handle(spec["handle"])
    if "array" in spec:
        return build_array(spec, arrays[spec["array"]])
    if "tuple" in spec:
        return tuple(_build(s, arrays) for s in spec["tuple"])
    if "dict" in spec:
        return {k: _build(v, arrays) for k, v in spec["dict"].items()}
    return spec["scalar"]
