"""Machine code in numbers, and what an exercise asks of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

ARCHITECTURE = 90
"""The compute capability that is compiled for: H100 and H200."""


class Refused(Exception):
    """The code can't be compiled, or not be read; one sentence says why."""


@dataclass(frozen=True)
class MachineCode:
    """Read off the machine code of one kernel.

    registers : per thread
    stack : bytes per thread that did not fit in registers (spills)
    load, store : bytes of the widest access to global memory, 16 at best
    narrow : pointer arguments whose elements beyond 2^31 are out of reach,
        since their offsets are computed in 32 bits
    large : whether it is given a tensor as large as the largest of the call
    """

    kernel: str
    registers: int
    stack: int
    load: int
    store: int
    narrow: tuple[str, ...] = ()
    large: bool = True

    def __str__(self) -> str:
        bits = f"32-bit offsets of {', '.join(self.narrow)}" if self.narrow else ""
        return (
            f"{self.kernel}: {self.registers} registers, {self.stack} bytes spilled, "
            f"loads of {self.load} bytes, stores of {self.store} bytes, "
            f"{bits or '64-bit offsets'}"
        )


@dataclass(frozen=True)
class Limits:
    """What machine code must keep to.

    stack : most bytes of spills per thread
    load, store : least width, in bytes, of the widest access of a kernel that
        is given a tensor as large as the call's largest; None: not asked
    offsets : 64 when elements beyond 2^31 must be reached
    """

    stack: int | None = None
    load: int | None = None
    store: int | None = None
    offsets: int | None = None


@dataclass(frozen=True)
class Built:
    """The kernels of a call, compiled; or the reason why they are not."""

    kernels: tuple[MachineCode, ...] = ()
    why_not: str = ""

    def broken(self, limits: Limits) -> Iterator[tuple[str, str]]:
        """Properties that do not hold, by name, with a sentence each.

        The names are ``spills``, ``width`` and ``offsets``.
        """
        for code in self.kernels:
            if limits.stack is not None and code.stack > limits.stack:
                why = f"{code.stack} bytes a thread do not fit in its registers"
                yield "spills", f"compiled, {code.kernel} spills: {why}"
            for verb, width, least in (
                ("loads", code.load, limits.load),
                ("stores", code.store, limits.store),
            ):
                if code.large and least is not None and width < least:
                    why = f"at most {width} bytes at once, where {least} can be"
                    yield "width", f"compiled, {code.kernel} {verb} {why}"
            if limits.offsets == 64 and code.narrow:
                names = ", ".join(code.narrow)
                why = f"the offsets of {names} have 32 bits and end at element 2^31"
                yield "offsets", f"compiled, in {code.kernel} {why}"

    def __str__(self) -> str:
        """The report's line."""
        if self.why_not:
            return f"Not compiled: {self.why_not}."
        return f"Compiled for sm_{ARCHITECTURE}: {'; '.join(map(str, self.kernels))}."


def to_json(code: MachineCode) -> dict[str, Any]:
    """Plain data."""
    return asdict(code)


def from_json(data: Any) -> MachineCode:
    """The inverse of :func:`to_json`, for data that anybody may have sent.

    Raises
    ------
    Refused : when it is not what it must be
    """
    counts = ("registers", "stack", "load", "store")
    if not isinstance(data, dict):
        raise Refused("the compiler's answer is no object")
    names = (*counts, "kernel", "narrow", "large")
    fields: dict[str, Any] = {name: data.get(name) for name in names}
    numbers = [fields[name] for name in counts]
    narrow = fields["narrow"]
    if not (
        all(type(n) is int and 0 <= n < 1 << 32 for n in numbers)
        and isinstance(fields["kernel"], str)
        and isinstance(narrow, list | tuple)
        and all(isinstance(name, str) for name in narrow)
        and type(fields["large"]) is bool
    ):
        raise Refused("the compiler's answer has a field that is none of its own")
    fields["kernel"] = _clean(fields["kernel"])
    fields["narrow"] = tuple(_clean(name) for name in narrow[:20])
    return MachineCode(**fields)


def _clean(name: str) -> str:
    return name[:100].encode("utf-8", "replace").decode()
