"""From a request to PTX, in a process where Triton does not interpret.

Triton itself binds and specialises the arguments, as at a launch on a GPU: it
is given addresses that end as the real ones did, and a driver for a GPU that
is not there. It runs the kernel's text, and starts no other program.
"""

from __future__ import annotations

import linecache
import os
from typing import Any

from autograder.student.compiling.code import ARCHITECTURE, Refused

LARGEST = 3 << 20
"""Characters of the texts that the compiler returns."""

USUAL: dict[str, Any] = {
    "kernel": "usual",
    "source": """
import triton
import triton.language as tl


@triton.jit
def usual(given, made, width, SIZE: tl.constexpr, KIND: tl.constexpr):
    which = tl.program_id(0).to(tl.int64)
    added = tl.zeros((SIZE,), KIND)
    for first in range(0, width, SIZE):
        here = first + tl.arange(0, SIZE)
        some = tl.load(given + which * width + here, mask=here < width, other=0.0)
        added += tl.where(some > 0, tl.erf(some.to(KIND)), tl.exp(some.to(KIND)))
    whole = tl.sum(added) / width
    tl.store(made + which, tl.rsqrt(whole * whole + 1e-5))
""",
    "arguments": [
        {"tensor": "float32", "aligned": True},
        {"tensor": "bfloat16", "aligned": True},
        {"value": 16},
        {"value": 1024},
        {"dtype": "fp32"},
    ],
    "options": {},
}
"""A kernel with what most kernels have."""

_compiled: list[str] = []


def warm_up() -> None:
    """Import Triton as a compiler, and let it look at this machine once."""
    os.environ.pop("TRITON_INTERPRET", None)
    os.environ["TRITON_ALWAYS_COMPILE"] = "1"
    import triton
    from triton.backends.nvidia import compiler
    from triton.runtime import cache
    from triton.runtime.driver import driver

    # Keys of a cache that nobody reads: they would hash all of Triton.
    cache.triton_key = lambda: str(triton.__version__)
    compiler.get_ptxas_version = lambda *arch: "not asked"
    compiler.CUDABackend.make_cubin = _keep
    driver.set_active(_Driver())


def warm_up_whole() -> None:
    """And compile once: what is made then, all processes forked later have."""
    warm_up()
    compile_ptx(USUAL)


def _keep(backend: Any, ptx: str, metadata: Any, options: Any, arch: int) -> bytes:
    """In place of the assembler, which would be another program."""
    _compiled.append(ptx)
    return b""


class _Driver:
    """A GPU as far as a compiler looks at it."""

    def get_current_target(self) -> Any:
        from triton.backends.compiler import GPUTarget

        return GPUTarget("cuda", ARCHITECTURE, 32)

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int = 0) -> int:
        return 0


class _Tensor:
    """A tensor of which nothing is known but what a launch looks at."""

    def __init__(self, dtype: str, aligned: bool) -> None:
        self.dtype = dtype
        self.address = 16 if aligned else 4

    def data_ptr(self) -> int:
        return self.address


def compile_ptx(request: dict[str, Any]) -> dict[str, str]:
    """The PTX of a request, and the TTIR that it was made from.

    Raises
    ------
    Refused : with the compiler's words when it refuses the kernel
    """
    _compiled.clear()
    try:
        namespace = _run(request["source"])
        kernel = namespace[request["kernel"]]
        arguments = [_build(a, namespace) for a in request["arguments"]]
        made = kernel.warmup(*arguments, grid=(1,), **request["options"])
        ttir = str(made.asm["ttir"])
    except Exception as error:  # the kernel's text may raise whatever it likes
        raise Refused(_sentence(error)) from None
    ptx = _compiled[-1]
    if len(ptx) + len(ttir) > LARGEST:
        raise Refused(f"its code has more than {LARGEST >> 20} million characters")
    return {"ptx": ptx, "ttir": ttir}


def _run(source: str) -> dict[str, Any]:
    """Run the gathered text, where Triton finds its lines."""
    filename = "<gathered kernel>"
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
    namespace: dict[str, Any] = {"__name__": "gathered_kernel"}
    exec(compile(source, filename, "exec", dont_inherit=True), namespace)
    return namespace


def _build(argument: dict[str, Any], namespace: dict[str, Any]) -> Any:
    if "tensor" in argument:
        return _Tensor(argument["tensor"], argument["aligned"])
    if "dtype" in argument:
        from triton.language import dtype

        return dtype(argument["dtype"])
    if "function" in argument:
        return namespace[argument["function"]]
    if "tuple" in argument:
        return tuple(_build(a, namespace) for a in argument["tuple"])
    return argument["value"]


def _sentence(error: Exception) -> str:
    """What Triton says at the end, after it has shown the source."""
    try:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    except Exception:  # an exception of the kernel's text may have no words
        lines = []
    said = lines[-1][:300] if lines else ""
    return f"the compiler refuses it: {said or type(error).__name__}"
