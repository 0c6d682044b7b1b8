"""Code that reaches around the watch over kernels.

What a kernel did (launches, bytes, no work by torch) is seen in the student's
own process, where code that wants to could change what is seen. So the judge
reads the text first: a notebook of kernels needs none of what is named here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbformat import NotebookNode

from autograder.judge.session import is_run, label
from autograder.worker.cells import without_magics

MODULES = {
    *("autograder", "ctypes", "_ctypes", "cffi", "gc", "inspect", "importlib"),
    *("builtins", "threading", "_thread", "concurrent", "multiprocessing"),
    *("asyncio", "subprocess", "pickle", "marshal", "mmap", "faulthandler", "code"),
    *("dis", "runpy", "pkgutil", "zipimport", "numba", "cupy", "jax", "tensorflow"),
}
NAMES = {
    *("eval", "exec", "compile", "__import__", "globals", "vars", "setattr"),
    *("delattr", "breakpoint", "memoryview"),
}
ATTRIBUTES = {
    *("modules", "settrace", "setprofile", "untyped_storage", "storage", "data_ptr"),
    *("set_", "interpreter", "overrides", "f_back", "f_globals"),
}
PACKAGES = {"torch", "triton", "tl"}
OWN = {"self", "cls", "ctx"}
HARMLESS = {"_", "__future__", "__init__", "__name__", "__version__", "__doc__"}


def tampering(notebook: NotebookNode) -> str:
    """What a student's cell has that the watch can't stand; "" for nothing.

    Parameters
    ----------
    notebook : as intake rebuilt it
    """
    for i, cell in enumerate(notebook.cells):
        if is_run(cell) and _is_students(cell):
            for what in _found(cell.source):
                return f"{what}, in the cell {label(cell, i)}"
    return ""


def _is_students(cell: NotebookNode) -> bool:
    is_answer = cell.metadata.get("nbgrader", {}).get("solution")
    return bool(is_answer or "added-by-student" in cell.metadata.get("tags", []))


def _found(source: str) -> Iterator[str]:
    """Whatever a cell has of it, in words."""
    tree = _parsed(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _imported(alias.name)
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if (node.module, names) != ("autograder", ["check"]):
                for name in names:
                    yield from _imported(f"{node.module}.{name}")
        elif isinstance(node, ast.Name) and node.id in NAMES:
            yield f"{node.id}()"
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node)
        elif isinstance(node, ast.Call) and _gets_by_computed_name(node):
            yield "getattr() with a computed name"


def _imported(name: str) -> Iterator[str]:
    parts = name.split(".")
    if parts[0] in MODULES or any(_is_inner(p) or p in ATTRIBUTES for p in parts):
        yield f"import {name}"


def _attribute(node: ast.Attribute) -> Iterator[str]:
    owner: ast.expr = node.value
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    root = owner.id if isinstance(owner, ast.Name) else ""
    if node.attr in ATTRIBUTES or (_is_inner(node.attr) and root not in OWN):
        yield f".{node.attr}"
    elif isinstance(node.ctx, ast.Store | ast.Del) and root in PACKAGES:
        yield f"{root}.{node.attr} = ..."


def _is_inner(name: str) -> bool:
    """Names that start with an underscore are not for everybody's use."""
    return name.startswith("_") and name not in HARMLESS


def _parsed(source: str) -> ast.Module | None:
    """What the worker will run of a cell; None when that is nothing."""
    for text in (source, without_magics(source)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
    return None


def _gets_by_computed_name(call: ast.Call) -> bool:
    if not (isinstance(call.func, ast.Name) and call.func.id == "getattr"):
        return False
    name = call.args[1] if len(call.args) > 1 else None
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return True
    return _is_inner(name.value) or name.value in ATTRIBUTES
