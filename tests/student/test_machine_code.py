"""A call's kernels as a table: what is gathered of them, and what is said."""

import contextlib
import os
from dataclasses import replace

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
from triton.runtime.errors import InterpreterError

from autograder.student.compiling import server
from autograder.student.compiling.code import (
    Built,
    Limits,
    MachineCode,
    Refused,
    from_json,
    to_json,
)
from autograder.student.compiling.source import gather
from autograder.student.kernels import machine_code
from autograder.student.kernels.compiled import compiled
from autograder.worker.cells import empty_namespace, run_cell

N = 1040
IMPORTS = "import torch\nimport triton\nimport triton.language as tl\n"
HELPER = """
LEAST = tl.constexpr(0.5)


@triton.jit
def clipped(x):
    return tl.maximum(x, LEAST)
"""
KERNEL = """
@triton.jit
def clip_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(x_ptr + at, mask=inside)
    tl.store(out_ptr + at, clipped(x), mask=inside)


def clip(x, block=1024, **options):
    out = torch.empty_like(x)
    n = x.numel()
    clip_kernel[(triton.cdiv(n, block),)](x, out, n, block, **options)
    return out
"""


def cells(*sources):
    """A notebook's cells, each run on its own."""
    names = empty_namespace()
    for i, source in enumerate((IMPORTS, *sources)):
        run_cell(source, names, f"cell {i} of {abs(hash(sources))}")
    return names


def in_one_kernel(edit=("", ""), before="", argument="n", function="clip"):
    """The whole notebook with one thing different."""
    names = cells(HELPER, f"{before}\n{KERNEL.replace(*edit)}")
    return machine_code(names[function], torch.ones(N))


def test_a_table_of_a_call():
    names = cells(HELPER, KERNEL)
    table = machine_code(names["clip"], torch.ones(N))
    (code,) = table.kernels
    title, row = str(table).splitlines()
    assert title.split()[:5] == ["kernel", "registers", "spills", "load", "store"]
    assert row.split() == ["clip_kernel", str(code.registers), "0", "16", "16", "yes"]
    assert repr(table) == str(table)


def test_the_launch_decides_what_is_compiled():
    names = cells(HELPER, KERNEL)
    clip, x = names["clip"], torch.ones(2 * N)

    def widths(*arguments):
        return [(c.load, c.store) for c in machine_code(*arguments).kernels]

    assert widths(clip, x[: N - 1]) == [(4, 4)]
    assert widths(clip, x[: N - 1].double()) == [(8, 8)]
    assert widths(clip, x[1 : N + 1]) == [(4, 16)]
    assert widths(clip, x[:N], 128) == [(4, 4)]
    assert widths(lambda x: clip(x, 128, num_warps=1), x[:N]) == [(16, 16)]
    assert widths(lambda x: (clip(x), clip(x[1:])), x[:N]) == [(16, 16), (4, 4)]
    assert widths(lambda x: (clip(x), clip(x[:16])), x[:N]) == [(16, 16)] * 2


def test_small_tensors_may_have_short_offsets():
    text = KERNEL.replace(".to(tl.int64)", "")
    clip = cells(HELPER, text)["clip"]
    large, small = machine_code(
        lambda x: (clip(x), clip(x[:N])), torch.ones(2 * N)
    ).kernels
    assert (large.large, large.narrow) == (True, ("x_ptr", "out_ptr"))
    assert (small.large, small.narrow) == (False, ())


def test_a_call_without_kernels_has_no_rows():
    assert machine_code(torch.relu, torch.ones(3)).kernels == ()


@pytest.mark.parametrize(
    ("edit", "before"),
    [
        (("clipped(x)", "limited(x)"), "limited = clipped"),
        (("clipped(x)", "x.to(KIND)"), "KIND = tl.float32"),
        (("clipped(x)", "top(x, 0.0)"), "from triton.language import maximum as top"),
        (("clipped(x)", "lang.maximum(x, 0.0)"), "import triton.language as lang"),
        (("clipped(x)", "x * math.pi"), "import math"),
        (("constexpr)", "constexpr, DEEP: tl.constexpr = DEPTH)"), "DEPTH = 3"),
        (("@triton.jit", "@triton.jit(do_not_specialize=['n'])"), ""),
        (("tl.constexpr)", "'tl.constexpr')"), ""),
    ],
)
def test_what_a_kernel_uses_goes_along(edit, before):
    names = cells(HELPER, f"{before}\n{KERNEL.replace(*edit)}")
    types = {"x_ptr": "*fp32", "out_ptr": "*fp32", "n": "i32", "BLOCK": 1024}
    code = compiled(names["clip_kernel"], types, ("x_ptr", "out_ptr", "n"))
    assert code.load == (4 if "do_not_specialize" in edit[1] else 16)


def test_arguments_of_every_kind():
    names = cells(
        HELPER,
        """
@triton.jit
def many_kernel(x_ptr, none, whole, broken, pair, how: tl.constexpr,
                name: tl.constexpr, kind: tl.constexpr, fixed):
    value = tl.load(x_ptr).to(kind)
    value += whole + broken + pair[0]
    if name == "clip" and none is None:
        value = how(value)
    tl.store(x_ptr, value + fixed)


def many(x):
    many_kernel[(1,)](
        x, None, 3, 0.25, (1, 2), clipped, "clip", kind=tl.float32,
        fixed=tl.constexpr(2),
    )
""",
    )
    (code,) = machine_code(names["many"], torch.ones(4)).kernels
    assert (code.kernel, code.load, code.store) == ("many_kernel", 4, 4)


@pytest.mark.parametrize(
    ("edit", "before", "why"),
    [
        (("clipped(x)", "x + TABLE[0]"), "TABLE = [1]", "uses TABLE, a list"),
        (("clipped(x)", "x + SHIFT"), "SHIFT = 1", "global variable SHIFT"),
        (("clipped(x)", "no_such_name(x)"), "", "no_such_name is not defined"),
        (("n, block, **options", "n, block, launch_pdl=True"), "", "launch_pdl"),
    ],
)
def test_what_can_not_be_compiled_has_a_reason(edit, before, why):
    names = cells(HELPER, f"{before}\n{KERNEL.replace(*edit)}")

    def call(x):
        with contextlib.suppress(InterpreterError):
            names["clip"](x)

    with pytest.raises(RuntimeError, match=f"not compiled: .*{why}"):
        machine_code(call, torch.ones(N))


def test_a_kernel_without_source_has_a_reason():
    names = empty_namespace()
    exec(IMPORTS + HELPER, names)
    with pytest.raises(Refused, match="source of clipped can't be found"):
        gather(names["clipped"])


def test_a_server_that_ended_is_started_again():
    before = in_one_kernel()
    server._server().process.kill()
    server._server().process.wait()
    server._compiled.cache_clear()
    assert in_one_kernel().kernels == before.kernels


WHOLE = MachineCode("k", 32, 0, 16, 16)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, []),
        ({"stack": 8}, ["spills"]),
        ({"load": 8, "store": 4}, ["width", "width"]),
        ({"load": 8, "store": 4, "large": False}, []),
        ({"narrow": ("x_ptr",)}, ["offsets"]),
    ],
)
def test_limits(changes, broken):
    built = Built((replace(WHOLE, **changes),))
    limits = Limits(stack=0, load=16, store=16, offsets=64)
    assert [name for name, _ in built.broken(limits)] == broken
    assert list(built.broken(Limits())) == []


def test_numbers_cross_as_plain_data():
    code = replace(WHOLE, narrow=("x_ptr",))
    assert from_json(to_json(code)) == code


@pytest.mark.parametrize(
    "changes",
    [
        {"registers": "32"},
        {"registers": -1},
        {"stack": True},
        {"load": 1 << 40},
        {"kernel": 7},
        {"narrow": "x_ptr"},
        {"narrow": [7]},
        {"large": 1},
    ],
)
def test_other_data_is_refused(changes):
    with pytest.raises(Refused):
        from_json({**to_json(WHOLE), **changes})
    with pytest.raises(Refused):
        from_json(None)
