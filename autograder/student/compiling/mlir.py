"""Triton's intermediate code as a list of operations.

The text is MLIR, one operation a line, in static single assignment: each
``%name`` is given its value in one place. Of the regions (loops, branches)
only what flows in and out is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

VALUE = r"%[\w$.-]+(?:#\d+)?"
NAMES = re.compile(VALUE)
OPERATION = re.compile(
    rf'\s*(?:({VALUE}(?::\d+)?(?:\s*,\s*{VALUE}(?::\d+)?)*)\s*=\s*)?"?([\w.]+)"?(.*)'
)
PAIR = re.compile(rf"({VALUE})\s*=\s*({VALUE})")
ARGUMENT = re.compile(rf"({VALUE}):\s*([^,){{\s]+)")
SYMBOL = re.compile(r'@("[^"]*"|[\w$.-]+)')
LOCATION = re.compile(r"\s+loc\(.*$")


@dataclass
class Operation:
    """One operation.

    Attributes
    ----------
    results, operands : names of values, each with its function before it
    text, type : what follows the operation's name, and the last colon of that
    owner : of what ends a region (``scf.yield``), whose region it is
    carried : of a loop, its values of one iteration; first a ``for``'s counter
    starts : what those values are in the first iteration
    after : of a ``while``, the values in its second region
    """

    function: str
    name: str
    results: list[str]
    operands: list[str]
    text: str
    type: str
    owner: Operation | None = None
    carried: list[str] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    def targets(self) -> list[list[str]]:
        """Of a yield: the lists of names that its operands become."""
        owner = self.owner
        if owner is None:
            return []
        if self.name == "scf.condition":
            return [owner.results, owner.after]
        if owner.name == "scf.for":
            return [owner.results, owner.carried[1:]]
        return [owner.carried] if owner.name == "scf.while" else [owner.results]


@dataclass
class Function:
    """A function's name, and its arguments with their types."""

    name: str
    arguments: list[tuple[str, str]]


class _Reader:
    """Goes through the lines, and knows which regions are open."""

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.operations: list[Operation] = []
        self.regions: list[Operation | None] = []

    def line(self, raw: str) -> None:
        text = LOCATION.sub("", raw).strip()
        owner = self.regions[-1] if self.regions else None
        if raw.startswith("#") or not text:
            return
        if text.startswith("}"):
            if self.regions:
                self.regions.pop()
            if text.endswith("{"):  # "else", or the second region of a while
                self.regions.append(owner)
        elif text.startswith("^"):
            if owner is not None and owner.name == "scf.while":
                names = [n for n, _ in ARGUMENT.findall(raw)]
                owner.after = [f"{owner.function}{n}" for n in names]
        elif text.startswith("tt.func"):
            self.functions.append(_function(raw))
            self.regions.append(None)
        else:
            found = OPERATION.match(text) if self.functions else None
            made = None
            if found is not None:
                function = self.functions[-1].name
                made = _operation(function, *found.groups(default=""))
                made.owner = owner
                self.operations.append(made)
            if text.endswith("{"):
                self.regions.append(made)


def parse(text: str) -> tuple[list[Function], list[Operation]]:
    """All functions and operations of a module, in the order of the text."""
    reader = _Reader()
    for raw in text.splitlines():
        reader.line(raw)
    return reader.functions, reader.operations


def symbol(text: str) -> str:
    """The function that a text names."""
    found = SYMBOL.search(text)
    return found[1].strip('"') if found else ""


def _function(line: str) -> Function:
    name = symbol(line)
    head = line.partition(" attributes ")[0]
    arguments = [(f"{name}{n}", kind) for n, kind in ARGUMENT.findall(head)]
    return Function(name, arguments)


def _operation(function: str, results: str, name: str, rest: str) -> Operation:
    made = [f"{function}{r}" for r in _results(results)]
    body, colon, kind = rest.rpartition(" : ")
    body = body if colon else rest
    operation = Operation(function, name, made, [], rest, kind.rstrip("{ "))
    if name not in ("scf.for", "scf.while"):
        operation.operands = [f"{function}{n}" for n in NAMES.findall(body)]
        return operation
    pairs = [(f"{function}{a}", f"{function}{b}") for a, b in PAIR.findall(body)]
    if name == "scf.for":
        head = NAMES.findall(body.partition("iter_args")[0])
        counter, *bounds = [f"{function}{n}" for n in head[:4]]
        operation.operands = bounds
        operation.carried = [counter]
        pairs = pairs[1:]  # the first one is the counter and its lower bound
    operation.carried += [a for a, _ in pairs]
    operation.starts = [b for _, b in pairs]
    return operation


def _results(text: str) -> Iterator[str]:
    """``%a:2`` are ``%a#0`` and ``%a#1``; of one result, ``%a`` is the name."""
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, count = part.partition(":")
        if count:
            yield from (f"{name}#{i}" for i in range(min(int(count), 1000)))
        else:
            yield name
