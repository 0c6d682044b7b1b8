"""What a kernel becomes when it is compiled for a GPU, with no GPU at hand.

Compiling needs a process in which Triton does not interpret, so this file
starts itself as a program and reads the answer.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HEAD = "import triton\nimport triton.language as tl\n\n\n"


@dataclass(frozen=True)
class Compiled:
    """Read off the machine code of one kernel.

    registers : per thread
    stack : bytes per thread that did not fit in registers (spills)
    load, store : bytes of the widest access to global memory, 16 at best
    """

    registers: int
    stack: int
    load: int
    store: int


def compiled(
    kernel: Any,
    signature: Mapping[str, str | int],
    multiples_of_16: Sequence[str] = (),
    capability: int = 90,
) -> Compiled:
    """Compile ``kernel`` for an NVIDIA GPU of that compute capability.

    ``signature`` gives each argument its Triton type (``"*bf16"``, ``"i32"``)
    or, for a ``tl.constexpr``, its value. ``multiples_of_16`` names arguments
    that Triton would find divisible by 16 at a launch; addresses from torch
    are. The kernel must use no names but ``triton`` and ``tl``.

    Raises
    ------
    RuntimeError : with the compiler's words when it refuses the kernel
    """
    function = kernel.fn
    with TemporaryDirectory() as folder:
        source = HEAD + textwrap.dedent(inspect.getsource(function))
        Path(folder, "kernel.py").write_text(source)
        request = {
            "name": function.__name__,
            "signature": dict(signature),
            "multiples_of_16": list(multiples_of_16),
            "capability": capability,
        }
        env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
        done = subprocess.run(
            [sys.executable, "-P", __file__, folder],
            input=json.dumps(request),
            env={**env, "TRITON_CACHE_DIR": folder, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    code = json.loads(done.stdout)
    return Compiled(
        registers=_usage(code["usage"], "REG"),
        stack=_usage(code["usage"], "STACK") + _usage(code["usage"], "LOCAL"),
        load=_widest(code["ptx"], "ld"),
        store=_widest(code["ptx"], "st"),
    )


def _usage(text: str, what: str) -> int:
    found = re.search(rf"\b{what}:(\d+)", text)
    return int(found[1]) if found else 0


def _widest(ptx: str, access: str) -> int:
    """Bytes of the widest ``ld.global`` or ``st.global``."""
    form = rf"\b{access}\.global\S*?(?:\.v(\d))?\.[a-z](\d+)\b"
    widths = [int(v or 1) * int(bits) // 8 for v, bits in re.findall(form, ptx)]
    return max(widths, default=0)


def main(folder: Path) -> None:
    """Compile ``kernel.py`` in ``folder`` as standard input says."""
    import triton
    from triton.backends import nvidia
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    request = json.load(sys.stdin)
    sys.path.insert(0, str(folder))
    kernel = getattr(__import__("kernel"), request["name"])
    given = request["signature"]
    constants = {k: v for k, v in given.items() if not isinstance(v, str)}
    types = {k: "constexpr" if k in constants else v for k, v in given.items()}
    divisible: list[list[Any]] = [["tt.divisibility", 16]]
    places = [list(given).index(name) for name in request["multiples_of_16"]]
    source = ASTSource(kernel, types, constants, {(i,): divisible for i in places})
    target = GPUTarget("cuda", request["capability"], 32)
    made = triton.compile(source, target=target)
    binary = folder / "kernel.cubin"
    binary.write_bytes(made.asm["cubin"])
    tool = Path(nvidia.__path__[0], "bin", "cuobjdump")
    usage = subprocess.run(
        [tool, "-res-usage", binary], capture_output=True, text=True, check=True
    )
    json.dump({"ptx": made.asm["ptx"], "usage": usage.stdout}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
