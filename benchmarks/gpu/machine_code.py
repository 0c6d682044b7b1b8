"""What the launches of a call become when they are compiled, with no GPU at hand.

A call on tensors of the ``meta`` device has shapes and no numbers: its launches are
compiled as a GPU would find them, and none is carried out. That needs a process
in which Triton does not interpret, so this file starts itself as a program.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

REGISTERS = 65536
"""Of a multiprocessor from sm_80 to sm_90."""
SHARED = 227 * 1024
THREADS, BLOCKS = 2048, 32


@dataclass(frozen=True)
class Call:
    """``module.function`` on empty tensors of these shapes, and other arguments.

    A tensor is said by its dtype and shape: ``["float32", [4096, 1024]]``.
    """

    module: str
    function: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Code:
    """One kernel's machine code.

    registers : per thread
    stack : bytes per thread that did not fit in registers (spills)
    load, store : bytes of the widest access to global memory, 16 at best
    blocks : blocks of threads that a multiprocessor holds at the same time
    """

    kernel: str
    warps: int
    registers: int
    stack: int
    shared: int
    load: int
    store: int

    @property
    def blocks(self) -> int:
        """By registers (given out by 8 a thread), threads and shared memory."""
        each = -(-self.registers // 8) * 8 * 32 * self.warps
        limits = [BLOCKS, REGISTERS // each, THREADS // (32 * self.warps)]
        if self.shared:
            limits.append(SHARED // (self.shared + 1024))
        return min(limits)

    @property
    def occupancy(self) -> float:
        return self.blocks * 32 * self.warps / THREADS


def codes_of(calls: Sequence[Call], capability: int = 90) -> list[list[Code]]:
    """The kernels that each call launches, compiled for an NVIDIA GPU."""
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    with tempfile.TemporaryDirectory() as folder:
        cache = env.get("TRITON_CACHE_DIR", folder)
        done = subprocess.run(
            [sys.executable, "-P", __file__, str(capability)],
            input=json.dumps([asdict(call) for call in calls]),
            env={**env, "TRITON_CACHE_DIR": cache, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-4000:])
    lines = done.stdout.splitlines()
    return [[Code(**code) for code in json.loads(line)] for line in lines]


class _Driver:
    """A GPU that is not there: what Triton asks before it compiles."""

    def __init__(self, target: Any) -> None:
        self.target = target

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_current_target(self) -> Any:
        return self.target


def pretend(capability: int) -> list[Any]:
    """From now on launches are compiled for a GPU, and end in the list."""
    from triton.backends.compiler import GPUTarget
    from triton.runtime.driver import driver
    from triton.runtime.jit import JITFunction

    driver.set_active(_Driver(GPUTarget("cuda", capability, 32)))
    run = JITFunction.run
    made: list[Any] = []

    def compiling(
        kernel: Any, *args: Any, grid: Any, warmup: bool, **more: Any
    ) -> None:
        made.append(run(kernel, *args, grid=grid, warmup=True, **more))

    JITFunction.run = compiling
    return made


def compile_calls(calls: list[dict[str, Any]], capability: int) -> Iterator[list[Code]]:
    """In a process of its own: compile every launch of each call, once."""
    import triton

    made = pretend(capability)
    known: dict[str, Code] = {}
    for call in calls:
        made.clear()
        function = getattr(importlib.import_module(call["module"]), call["function"])
        function(*map(_argument, call["arguments"]))
        for one in made:
            if one.hash not in known:
                known[one.hash] = _read(one, triton)
        yield [known[h] for h in dict.fromkeys(one.hash for one in made)]


def _argument(given: Any) -> Any:
    import torch

    if isinstance(given, list) and len(given) == 2 and isinstance(given[1], list):
        dtype, shape = given
        return torch.empty(shape, dtype=getattr(torch, dtype), device="meta")
    return given


def _read(made: Any, triton: Any) -> Code:
    tool = Path(triton.backends.nvidia.__path__[0], "bin", "cuobjdump")
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(made.asm["cubin"])
        file.flush()
        usage = subprocess.run(
            [tool, "-res-usage", file.name], capture_output=True, text=True, check=True
        ).stdout
    found = {k: int(v) for k, v in re.findall(r"\b([A-Z]+):(\d+)", usage)}
    ptx = made.asm["ptx"]
    copied = [int(n, 0) for n in re.findall(r"cp\.async\.c[ag]\S+ .*?, (\w+)", ptx)]
    return Code(
        kernel=made.metadata.name,
        warps=made.metadata.num_warps,
        registers=found["REG"],
        stack=found.get("STACK", 0) + found.get("LOCAL", 0),
        shared=made.metadata.shared,
        load=max([_widest(ptx, "ld"), *copied]),
        store=_widest(ptx, "st"),
    )


def _widest(ptx: str, access: str) -> int:
    """Bytes of the widest ``ld.global`` or ``st.global``."""
    form = rf"\b{access}\.global\S*?(?:\.v(\d))?\.[a-z](\d+)\b"
    widths = [int(v or 1) * int(bits) // 8 for v, bits in re.findall(form, ptx)]
    return max(widths, default=0)


if __name__ == "__main__":
    for codes in compile_calls(json.load(sys.stdin), int(sys.argv[1])):
        print(json.dumps([asdict(code) for code in codes]), flush=True)
