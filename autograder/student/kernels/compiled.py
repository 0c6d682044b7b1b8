"""What a kernel becomes when it is compiled for a GPU, with no GPU at hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.student.compiling import server
from autograder.student.compiling.code import Built, MachineCode, Refused
from autograder.student.compiling.launches import noting, requests
from autograder.student.compiling.source import gather

TITLES = ("kernel", "registers", "spills", "load", "store", "64-bit offsets")


@dataclass(frozen=True)
class MachineTable:
    """The machine code of a call's kernels, as a small table."""

    kernels: tuple[MachineCode, ...]

    def __str__(self) -> str:
        rows = [TITLES, *(_row(code) for code in self.kernels)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
            for row in rows
        )

    __repr__ = __str__


def _row(code: MachineCode) -> tuple[str, ...]:
    offsets = f"no: {', '.join(code.narrow)}" if code.narrow else "yes"
    counts = (code.registers, code.stack, code.load, code.store)
    return (code.kernel, *map(str, counts), offsets)


def machine_code(function: Callable[..., Any], *arguments: Any) -> MachineTable:
    """Call a function, and compile the kernels that it launches for an H200.

    A row is a kernel with the arguments of its launch: registers per thread,
    bytes per thread that did not fit in them, bytes of the widest load and
    store, and whether elements beyond 2^31 are reached in the largest tensors.

    Raises
    ------
    RuntimeError : when a kernel can't be compiled, with the reason
    """
    with noting() as launches:
        function(*arguments)
    try:
        built = server.build(requests(launches, arguments))
    except Refused as why:
        built = Built(why_not=str(why))
    if built.why_not:
        raise RuntimeError(f"not compiled: {built.why_not}")
    return MachineTable(built.kernels)


def compiled(
    kernel: Any,
    signature: Mapping[str, str | int],
    multiples_of_16: Sequence[str] = (),
) -> MachineCode:
    """Compile ``kernel`` for an H200, with a signature and no launch.

    ``signature`` gives each argument its Triton type (``"*bf16"``, ``"i32"``)
    or, for a ``tl.constexpr``, its value. ``multiples_of_16`` names arguments
    that Triton would find divisible by 16 at a launch; addresses from torch
    are.

    Raises
    ------
    RuntimeError : with the compiler's words when it refuses the kernel
    """
    try:
        source = gather(kernel)
    except Refused as why:
        raise RuntimeError(str(why)) from None
    request = {
        "kernel": kernel.fn.__name__,
        "source": source,
        "arguments": [
            _argument(kind, name in multiples_of_16) for name, kind in signature.items()
        ],
        "options": {},
        "large": [n for n, kind in signature.items() if str(kind).startswith("*")],
    }
    built = server.build([json.dumps(request, sort_keys=True)])
    if built.why_not:
        raise RuntimeError(built.why_not)
    return built.kernels[0]


def _argument(kind: str | int, divisible: bool) -> dict[str, Any]:
    """An argument that Triton gives that type."""
    if not isinstance(kind, str):
        return {"value": kind}
    if kind.startswith("*"):
        return {"tensor": kind[1:], "aligned": divisible}
    if kind.startswith("fp"):
        return {"value": 0.5}
    large = {"i64": 2**32, "u64": 2**63}.get(kind, 0)
    return {"value": large + (16 if divisible else 7)}
