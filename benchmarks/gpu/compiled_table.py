"""What the compiler makes of every kernel, for a GPU that need not be there."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.gpu.machine_code import Call, Code, codes_of

CAPABILITY = 90
KERNELS = "autograder.reference.kernels"
DTYPES = ("float32", "bfloat16")
TEXT = """\
# What the kernels become when they are compiled

For sm_{capability} (an H100 or H200), Triton {version}, with no GPU.
Made by `python benchmarks/bench_kernels.py --compiled`.

Each line is a kernel as a call on a tensor of that shape launches it: sizes of blocks,
warps and specializations are those of the call. "spills" are bytes a thread that did
not fit in registers. "load" and "store" are the widest access in bytes; 16 is the
widest there is. "blocks" and "occupancy" are what registers, threads and shared memory
of one multiprocessor allow for.

{tables}
## Spills

{spills}
"""
HEADER = """\
| shape | dtype | kernel | warps | registers | spills | shared | load | store | blocks \
| occupancy |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""
WIDTHS = (64, 128, 256, 512, 768, 1024, 1600, 2048, 4096, 5000, 5001, 8192, 16384)
LONG = (32768, 65536)
GROUPS = ((512, 32, 32), (320, 64, 32), (128, 512, 32), (320, 64, 320), (128, 512, 1))
IMAGES = ((64, 112), (256, 56), (512, 28), (1024, 14), (2048, 7))


def calls(dtype: str) -> Iterator[tuple[str, str, Call]]:
    """Title, shape and call of everything that the table shows."""
    for D in (*WIDTHS, *LONG):
        x, gamma, row = [dtype, [32768, D]], [dtype, [D]], ["float32", [32768]]
        yield from both("layernorm", f"(32768, {D})", (x, gamma, row), ())
    for C, H, G in GROUPS:
        x, gamma, row = [dtype, [64, C, H, H]], [dtype, [C]], ["float32", [64, G]]
        yield from both("groupnorm", f"(64, {C}, {H}²), G = {G}", (x, gamma, row), (G,))
    for C, H in IMAGES:
        x, gamma = [dtype, [256, C, H, H]], ["float32", [C]]
        yield from both("batchnorm", f"(256, {C}, {H}²)", (x, gamma, gamma), ())
    x, gamma = [dtype, [65536, 128]], ["float32", [128]]
    yield from both("batchnorm", "(65536, 128)", (x, gamma, gamma), ())
    for relu in (False, True):
        given = x, *[gamma] * 4, 1e-5, relu
        name = "(65536, 128)" + (", ReLU" if relu else "")
        yield "test mode", name, Call(f"{KERNELS}.batchnorm", "batchnorm_test", given)
    x = [dtype, [2**27]]
    for name in ("relu", "gelu", "silu"):
        for part, given in (("forward", (x,)), ("backward", (x, x))):
            call = Call(f"{KERNELS}.elementwise", f"activation_{part}", (*given, name))
            yield f"activations, {part}", name, call
    for name in ("uniform_", "normal_"):
        yield "fill", name, Call(f"{KERNELS}.fill", name, (x, 1))


def both(
    module: str, name: str, given: tuple[Any, ...], more: tuple[Any, ...]
) -> Iterator[tuple[str, str, Call]]:
    """The call of a norm's forward pass, and that of its backward pass."""
    x, gamma, row = given
    for part, arguments in (
        ("forward", (x, gamma, gamma, *more)),
        ("backward", (x, x, gamma, row, row, *more)),
    ):
        call = Call(f"{KERNELS}.{module}", f"{module}_{part}", arguments)
        yield f"{module}, {part}", name, call


def write(folder: Path) -> str:
    """Compile everything, write ``kernels_compiled.md``, and return the page."""
    places = [(dtype, *item) for dtype in DTYPES for item in calls(dtype)]
    every = codes_of([call for *_, call in places], CAPABILITY)
    lines: dict[str, list[str]] = {}
    spills = []
    for (dtype, title, name, _), codes in zip(places, every, strict=True):
        for code in codes:
            lines.setdefault(title, []).append(_line(name, dtype, code))
            if code.stack:
                spills.append(f"- {title}, {name}, {dtype}: {code.stack} bytes")
    text = TEXT.format(
        capability=CAPABILITY,
        version=importlib.metadata.version("triton"),
        tables="\n".join(f"## {t}\n\n{HEADER}" + "".join(v) for t, v in lines.items()),
        spills="\n".join(spills) or "None.",
    )
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "kernels_compiled.md").write_text(text, "utf-8")
    return text


def _line(name: str, dtype: str, code: Code) -> str:
    cells = [
        *(name, dtype, f"`{code.kernel}`", code.warps, code.registers, code.stack),
        *(code.shared, code.load or "", code.store, code.blocks),
        f"{code.occupancy:.0%}",
    ]
    return f"| {' | '.join(map(str, cells))} |\n"
