"""Which pointers are offset in 32 bits by what grows with the program.

A program that computes ``row * stride`` in 32 bits reaches a wrong address
from element 2^31 on. What is known of each value is how it came about:

``pid``       it grows with the program's number, or with the grid
``size``      it is a size that is known at the launch alone
``counter``   it is a loop's counter, or is ``carried`` from turn to turn
``row32``     32 bits held ``pid`` times a size: wrong for large tensors
``block32``   32 bits held ``pid`` times a constant, above 2^31
``loop32``    32 bits held a counter times a size
``row64``     64 bits held such a product

The places within a row may have 32 bits. So where a pointer has a ``row64``,
which chose the row, ``block32`` and ``loop32`` are taken for places in it. A
remainder of the program's number is such a place as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.student.compiling.mlir import Function, Operation, parse, symbol

LAST = 2**31 - 1
GRID = {"x": LAST, "y": 65535, "z": 65535}
"""Programs along each axis of a grid, at most."""

PRODUCTS = frozenset({"row32", "block32", "loop32", "row64"})
ROUNDS = 50
ACCESSES = ("tt.load", "tt.store", "tt.atomic_rmw", "tt.atomic_cas")
INTEGER = re.compile(r"(?:^|x|<)i(\d+)>?$")
NUMBER = re.compile(r"(?:dense<)?(-?\d+)>?(?:\s*:|$)")


@dataclass(frozen=True)
class Value:
    """How a value came about, the pointers in it, and its largest size."""

    marks: frozenset[str] = frozenset()
    bases: frozenset[str] = frozenset()
    most: float = 0.0

    def __or__(self, other: Value) -> Value:
        return Value(
            self.marks | other.marks,
            self.bases | other.bases,
            max(self.most, other.most),
        )

    def but(self, *marks: str) -> Value:
        return Value(self.marks - {*marks}, self.bases, self.most)

    def marked(self, *marks: str) -> Value:
        return Value(self.marks | {*marks}, self.bases, self.most)

    def is_narrow(self) -> bool:
        """Whether a pointer with these offsets goes wrong beyond 2^31."""
        if "row32" in self.marks:
            return True
        return "row64" not in self.marks and bool(self.marks & {"block32", "loop32"})


NOTHING = Value()


def narrow(ttir: str) -> tuple[str, ...]:
    """The pointer arguments with 32-bit offsets that grow with the program."""
    functions, operations = parse(ttir)
    flow = _Flow(functions)
    for _ in range(ROUNDS):
        before = dict(flow.values)
        for operation in operations:
            flow.step(operation)
        if flow.values == before:
            break
        flow.grow(before)
    found: dict[str, None] = {}
    for operation in operations:
        if operation.name in ACCESSES and operation.operands:
            pointer = flow[operation.operands[0]]
            if pointer.is_narrow():
                found |= dict.fromkeys(sorted(pointer.bases))
    return tuple(found)


class _Flow:
    """What is known of every value; it only ever grows."""

    def __init__(self, functions: list[Function]) -> None:
        self.values: dict[str, Value] = {}
        self.functions = {f.name: f for f in functions}
        self.returned: dict[str, list[Value]] = {}
        for name, kind in functions[0].arguments if functions else ():
            if "ptr" in kind or "desc" in kind:
                base = name.partition("%")[2]
                self.values[name] = Value(bases=frozenset({base}))
            else:
                self.values[name] = Value(frozenset({"size"}), most=float("inf"))

    def __getitem__(self, name: str) -> Value:
        return self.values.get(name, NOTHING)

    def put(self, name: str, value: Value) -> None:
        self.values[name] = self[name] | value

    def grow(self, before: dict[str, Value]) -> None:
        """What became larger in one round has no largest size: it is a sum."""
        for name, value in self.values.items():
            if name in before and value.most > before[name].most:
                self.values[name] = Value(value.marks, value.bases, float("inf"))

    def step(self, operation: Operation) -> None:
        """Carry what is known through one operation."""
        if operation.name == "scf.for":
            self.enter_for(operation)
        if operation.carried:
            carried = operation.carried[-len(operation.starts) :]
            for name, start in zip(carried, operation.starts, strict=False):
                self.put(name, self[start].marked("counter", "carried"))
            for name, start in zip(operation.results, operation.starts, strict=False):
                self.put(name, self[start])
        elif operation.name in ("scf.yield", "scf.condition"):
            given = operation.operands
            given = given[1:] if operation.name == "scf.condition" else given
            for names in operation.targets():
                for name, value in zip(names, given, strict=False):
                    self.put(name, self[value])
        elif operation.name == "tt.call":
            self.call(operation)
        elif operation.name == "tt.return":
            self.returned[operation.function] = [self[o] for o in operation.operands]
        elif operation.results:
            made = self.value(operation)
            for name in operation.results:
                self.put(name, made)

    def enter_for(self, loop: Operation) -> None:
        """The counter starts at the first bound and moves by the step."""
        first, last, step = (self[o] for o in (*loop.operands, "", "", "")[:3])
        counter = (first | step).but("size").marked("counter")
        most = max(first.most, last.most)
        self.put(loop.carried[0], Value(counter.marks, counter.bases, most))

    def call(self, operation: Operation) -> None:
        """A function that is not inlined."""
        called = self.functions.get(symbol(operation.text))
        if called is None:
            return
        for (name, _), given in zip(called.arguments, operation.operands, strict=False):
            self.put(name, self[given])
        values = self.returned.get(called.name, [])
        for name, value in zip(operation.results, values, strict=False):
            self.put(name, value)

    def value(self, operation: Operation) -> Value:
        """What is known of an operation's result."""
        given = [self[o] for o in operation.operands]
        both = NOTHING
        for one in given:
            both |= one
        match operation.name:
            case "arith.constant":
                found = NUMBER.search(operation.text)
                return Value(most=abs(int(found[1])) if found else 0.0)
            case "tt.make_range":
                found = re.search(r"end = (\d+)", operation.text)
                return Value(most=int(found[1]) if found else 0.0)
            case "tt.get_program_id" | "tt.get_num_programs":
                axis = re.search(r"\b([xyz])\b", operation.text)
                most = GRID[axis[1] if axis else "x"]
                return Value(frozenset({"pid"}), most=most)
            case "tt.load" | "arith.cmpi" | "arith.cmpf":
                return NOTHING
            case "tt.atomic_rmw" | "tt.atomic_cas":  # programs that take a number
                return Value(frozenset({"pid"}), most=LAST)
            case "arith.muli" | "arith.shli" if len(given) == 2:
                left, right = given
                if operation.name == "arith.shli":
                    right = Value(right.marks, most=2.0 ** min(right.most, 64))
                return _product(left, right, _bits(operation.type))
            case "arith.addi" | "arith.subi" if len(given) == 2:
                return _sum(given[0], given[1], _bits(operation.type))
            case "arith.remsi" | "arith.remui" | "arith.andi" if len(given) == 2:
                kept = given[0].marks & PRODUCTS
                return Value(kept, most=given[1].most)
            case "arith.divsi" | "arith.divui" if len(given) == 2:
                return Value(given[0].marks, most=given[0].most)
            case "arith.trunci" if _bits(operation.type.split(" to ")[-1]) == 32:
                return both.marked("row32") if "row64" in both.marks else both
        return both


def _bits(kind: str) -> int:
    """Of an integer type, or of a tensor of such."""
    found = INTEGER.search(kind.strip())
    return int(found[1]) if found else 0


def _product(left: Value, right: Value, bits: int) -> Value:
    marks = left.marks | right.marks
    most = left.most * right.most if left.most and right.most else 0.0
    made = Value(marks, most=most)
    moving = marks & {"pid", "counter"}
    if bits != 32:
        return made.marked("row64") if moving else made
    sized = _sized(left, right) or _sized(right, left)
    if "pid" in marks and sized:
        return made.marked("row32")
    if "pid" in marks and most > LAST:
        return made.marked("block32")
    return made.marked("loop32") if moving and sized else made


def _sized(moving: Value, other: Value) -> bool:
    """Whether what moves is taken times something of which no end is known."""
    if not moving.marks & {"pid", "counter"}:
        return False
    return bool(other.marks & {"size", "pid", "counter"})


def _sum(left: Value, right: Value, bits: int) -> Value:
    """A sum; a value that grows by a size in each turn is a product in the end."""
    made = left | right
    made = Value(made.marks, made.bases, left.most + right.most)
    grows = ("carried" in left.marks and right.marks == {"size"}) or (
        "carried" in right.marks and left.marks == {"size"}
    )
    return made.marked("loop32") if bits == 32 and grows else made
