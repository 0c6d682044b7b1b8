"""The text that a kernel needs in another process.

A kernel of a notebook calls helpers and uses constants of other cells. This
gathers all that it reaches into one text that stands for itself.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from autograder.student.compiling.code import Refused

HEAD = "import triton\nimport triton.language as tl\n"
LARGEST = 100_000
"""Characters of one kernel with all it reaches."""

OPTIONS = ("do_not_specialize", "do_not_specialize_on_alignment", "noinline")


def gather(*kernels: Any) -> str:
    """The text of a kernel and of what it reaches; the kernel comes last.

    More than one is given where a kernel is handed to another as an argument.

    Raises
    ------
    Refused : when something can't be put into text
    """
    text = _Text()
    for kernel in kernels:
        text.function(kernel)
    lines = (HEAD, *text.lines.values())
    source = "\n".join(lines)
    if len(source) > LARGEST:
        raise Refused(f"its source has more than {LARGEST:,} characters")
    return source


def is_kernel(value: Any) -> bool:
    """Whether it is a function under ``@triton.jit``, interpreted or not."""
    is_triton = type(value).__module__.startswith("triton.")
    return is_triton and isinstance(getattr(value, "fn", None), FunctionType)


def dtype_name(value: Any) -> str | None:
    """Of ``tl.float32`` and the like; None for anything else."""
    kind = type(value)
    if kind.__name__ == "dtype" and kind.__module__.startswith("triton."):
        return str(value.name)
    return None


def is_constexpr(value: Any) -> bool:
    """Whether it is a value in ``tl.constexpr(...)``."""
    kind = type(value)
    return kind.__name__ == "constexpr" and kind.__module__.startswith("triton.")


class _Text:
    """Definitions by the name they define, each after what it needs."""

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def function(self, kernel: Any) -> None:
        """Add a kernel or helper, and before it whatever it uses."""
        function = kernel.fn
        name = function.__name__
        if not self.is_new(name, kernel):
            return
        try:
            text = textwrap.dedent(inspect.getsource(function))
            (node,) = ast.parse(text).body
        except (OSError, TypeError, ValueError, SyntaxError):
            raise Refused(f"the source of {name} can't be found") from None
        if not isinstance(node, ast.FunctionDef):
            raise Refused(f"the source of {name} is no function")
        for used, value in _reached(function, node):
            self.name(used, value, name)
        body = "\n".join(text.splitlines()[node.lineno - 1 :])
        self.lines[name] = f"\n\n@triton.jit{_options(kernel)}\n{body}"

    def is_new(self, name: str, value: Any) -> bool:
        """Note what a name stands for.

        Raises
        ------
        Refused : when it stands for something else already
        """
        if name in self.values:
            if self.values[name] is not value:
                raise Refused(f"two things that it uses are named {name}")
            return False
        self.values[name] = value
        return True

    def name(self, name: str, value: Any, user: str) -> None:
        """Add the line that defines ``name`` as ``value``."""
        if is_kernel(value) and not _is_tritons(value.fn):
            self.function(value)
            inner = value.fn.__name__
            if inner != name and self.is_new(name, value):
                self.lines[name] = f"{name} = {inner}"
            return
        if not self.is_new(name, value):
            return
        if isinstance(value, ModuleType):
            self.lines[name] = f"import {value.__name__} as {name}"
            if "." in value.__name__:
                package, _, module = value.__name__.rpartition(".")
                self.lines[name] = f"from {package} import {module} as {name}"
            return
        plain = value.fn if is_kernel(value) else value
        if isinstance(plain, FunctionType | type) and _is_tritons(plain):
            module = plain.__module__
            self.lines[name] = f"from {module} import {plain.__name__} as {name}"
            return
        literal = _literal(value)
        if literal is None:
            kind = type(value).__name__
            raise Refused(f"{user} uses {name}, a {kind} that a kernel can't reach")
        self.lines[name] = f"{name} = {literal}"


def _is_tritons(function: Any) -> bool:
    return str(function.__module__).partition(".")[0] == "triton"


def _reached(function: FunctionType, node: ast.FunctionDef) -> Iterator[Any]:
    """The names that a function finds outside of itself, and their values."""
    node.decorator_list = []
    inner = dict.fromkeys(function.__code__.co_freevars)
    cells = dict(zip(inner, function.__closure__ or (), strict=True))
    own = set(function.__code__.co_varnames)
    in_defaults = {
        n.id
        for part in (*node.args.defaults, *node.args.kw_defaults)
        if part is not None
        for n in ast.walk(part)
        if isinstance(n, ast.Name)
    }
    used = {n.id: None for n in ast.walk(node) if isinstance(n, ast.Name)}
    for name in used:
        if name in own and name not in in_defaults:
            continue
        if name in cells:
            yield name, cells[name].cell_contents
        elif name in function.__globals__:
            yield name, function.__globals__[name]


def _literal(value: Any) -> str | None:
    """A plain value as Python text."""
    if is_constexpr(value):
        inner = _literal(value.value)
        return None if inner is None else f"tl.constexpr({inner})"
    if dtype := dtype_name(value):
        return f"tl.dtype({dtype!r})"
    if isinstance(value, tuple):
        parts = [_literal(v) for v in value]
        return None if None in parts else f"({''.join(f'{p}, ' for p in parts)})"
    if type(value) is float:
        return f"float({str(value)!r})"
    if value is None or type(value) in (bool, int, str):
        return repr(value)
    return None


def _options(kernel: Any) -> str:
    """What was given to ``triton.jit`` and changes the code."""
    given = getattr(kernel, "kwargs", None) or vars(kernel)
    plain = {name: given.get(name) for name in OPTIONS if given.get(name)}
    said = ", ".join(f"{name}={value!r}" for name, value in plain.items())
    return f"({said})" if said else ""
