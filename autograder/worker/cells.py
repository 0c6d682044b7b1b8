"""Run the text of one notebook cell in a namespace, as a kernel would."""

from __future__ import annotations

import linecache
import re
import traceback
from typing import Any

from autograder.student.replay import Fault

CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
NOTEBOOK_ONLY = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?{1,2}\s*)$")
BODY_ONLY = ("%%time", "%%timeit", "%%capture", "%%prun")


def run_cell(source: str, namespace: dict[str, Any], label: str) -> None:
    """Compile and run ``source``; tracebacks and Triton find its lines.

    Raises whatever the cell raises, SyntaxError included.
    """
    filename = f"<{label}>"
    try:
        code = compile(source, filename, "exec", dont_inherit=True)
    except SyntaxError:
        source = without_magics(source)
        code = compile(source, filename, "exec", dont_inherit=True)
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
    exec(code, namespace)


def without_magics(source: str) -> str:
    """The cell without what only a notebook understands.

    Lines of magics, shell commands and help become ``pass``, so line numbers
    and blocks stay. A cell magic that takes something other than Python
    blanks the whole cell.
    """
    lines = source.split("\n")
    first = next((line for line in lines if line.strip()), "").strip()
    if first.startswith("%%") and first.split()[0] not in BODY_ONLY:
        return ""
    return "\n".join(NOTEBOOK_ONLY.sub(r"\1pass", line) for line in lines)


def empty_namespace() -> dict[str, Any]:
    """What a fresh notebook starts with."""
    return {"__name__": "__main__", "__builtins__": __builtins__}


def cell_fault(error: BaseException, label: str) -> Fault:
    """A plain sentence for a cell that did not run."""
    name = type(error).__name__
    if isinstance(error, SyntaxError):
        text = (error.text or "").strip()
        line = f"line {error.lineno}: {text}" if text else ""
        if text.startswith(CONFLICT):
            return Fault(
                "cell", label, name, "a merge conflict marker is left in it", line
            )
        return Fault("cell", label, name, f"{error.msg}", line)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename == f"<{label}>"]
    line = f"line {own[-1].lineno}: {own[-1].line}" if own else ""
    try:
        said = str(error)[:300]
    except Exception:  # a student's exception may have a broken __str__
        said = ""
    if isinstance(error, ImportError):
        said = f"{said}; an editor may have added that import, remove it if unused"
    return Fault("cell", label, name, said, line)
