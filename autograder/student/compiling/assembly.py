"""From PTX to numbers: the assembler's report, and the text read.

No code of a kernel runs here. The assembler is a program of its own, so this
needs a process that may start one.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autograder.student.compiling.code import ARCHITECTURE, MachineCode, Refused
from autograder.student.compiling.offsets import narrow

SECONDS = 60.0
"""For the assembler."""

COPIES = re.compile(
    r"\bcp\.async\.c[ag]\.shared\.global\S*\s+\[[^\]]*\],\s*\[[^\]]*\],\s*(\w+)"
)


def assemble(request: dict[str, Any], ptx: str, ttir: str) -> MachineCode:
    """Machine code of one kernel, in numbers.

    Raises
    ------
    Refused : when there is no assembler, or it refuses the PTX
    """
    report = _assembled(ptx)
    registers = [int(n) for n in re.findall(r"Used (\d+) registers", report)]
    stacks = [int(n) for n in re.findall(r"(\d+) bytes stack frame", report)]
    if not registers:
        raise Refused("the assembler did not say how many registers it uses")
    return MachineCode(
        kernel=request["kernel"],
        registers=max(registers),
        stack=max(stacks, default=0),
        load=max(_widths(ptx, "ld"), default=0),
        store=max(_widths(ptx, "st"), default=0),
        narrow=tuple(n for n in narrow(ttir) if n in request["large"]),
        large=bool(request["large"]),
    )


def _assembler() -> str:
    """The path of ptxas, which comes with Triton; Triton is not imported."""
    found = importlib.util.find_spec("triton")
    for folder in (found.submodule_search_locations or ()) if found else ():
        tool = Path(folder, "backends", "nvidia", "bin", "ptxas")
        if tool.is_file():
            return str(tool)
    raise Refused("Triton came without the assembler ptxas")


def _assembled(ptx: str) -> str:
    """What ptxas says about a text."""
    tool = _assembler()
    with TemporaryDirectory() as folder:
        text = Path(folder, "kernel.ptx")
        text.write_text(ptx)
        command = [tool, "-v", f"--gpu-name=sm_{ARCHITECTURE}a", str(text)]
        command += ["-o", f"{folder}/kernel.cubin"]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise Refused(f"the assembler took more than {SECONDS:.0f} s") from None
        except OSError as error:
            raise Refused(f"the assembler can't be started: {error.strerror}") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no word"])[0][:300]
        raise Refused(f"the assembler ended with {done.returncode}: {said}")
    return done.stderr


def _widths(ptx: str, access: str) -> Iterator[int]:
    """Bytes of each ``ld.global`` or ``st.global``, and of copies past registers."""
    form = rf"\b{access}\.global\S*?(?:\.v(\d))?\.[a-z](\d+)\b"
    for vector, bits in re.findall(form, ptx):
        yield int(vector or 1) * int(bits) // 8
    if access == "ld":
        yield from (int(n, 0) for n in COPIES.findall(ptx))
