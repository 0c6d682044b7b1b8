"""Whose work it was: a kernel's, torch's, or an installed kernel's."""

import linecache
import os

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
import triton
import triton.language as tl

from autograder.student.kernels import Budget, Observation, Watch, observe
from tests.student.some_kernels import (
    BLOCK,
    N,
    copy_kernel,
    double_kernel,
    launched,
    names,
    seen_of,
)


def test_torch_in_place_of_a_kernel():
    x = torch.ones(N)
    with observe() as watch:
        out = torch.relu(x)
    seen = watch.result(out)
    assert (seen.launches, seen.framework_calls) == (0, ("relu",))
    assert names(seen) == ["launch", "framework"]


def test_no_kernel_at_all():
    x = torch.ones(N)
    with observe() as watch:
        out = torch.zeros_like(x)
    assert names(watch.result(out)) == ["launch"]


@pytest.mark.parametrize(
    ("work", "call"),
    [
        (lambda x: x.clamp(min=0), "clamp"),
        (lambda x: torch.nn.functional.gelu(x), "gelu"),
        (lambda x: torch.where(x > 0, x, x), "gt"),
        (lambda x: torch.special.erf(x), "erf"),
        (lambda x: x.double(), "to"),
        (lambda x: torch.empty(N, dtype=torch.float64).copy_(x), "copy_"),
        (lambda x: torch.ops.aten.relu(x), "relu"),
        (lambda x: torch.from_numpy(x.numpy() * 2), "numpy"),
        (lambda x: torch.tensor(x.tolist()), "tolist"),
        (lambda x: torch.full_like(x, x[0].item()), "item"),
    ],
)
def test_work_done_before_a_kernel_that_copies(work, call):
    x = torch.ones(N)
    with observe() as watch:
        out = launched(copy_kernel, x, torch.empty_like(x))
        work(x)
    seen = watch.result(out)
    assert seen.launches == 1
    assert call in seen.framework_calls
    assert "framework" in names(seen)


def test_moving_and_reshaping_is_no_work():
    x = torch.ones(N, 2)
    with observe() as watch:
        y = x.t().contiguous().reshape(-1)[::1].view(2, N)[0]
        y = y.clone().expand(3, N).contiguous().flatten()
        out = launched(double_kernel, y, torch.zeros_like(y).fill_(1.0), 5)
        out = out.to(torch.float32).reshape(3, N)
    assert watch.result(out).broken() == ()


def test_an_installed_kernel_is_not_the_students():
    source = "@triton.jit\ndef theirs(x_ptr, out_ptr, n, BLOCK):\n    pass\n"
    name = "/somewhere/site-packages/library/ops.py"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace = {"triton": triton, "tl": tl, "__name__": "library.ops"}
    exec(compile(source, name, "exec"), namespace)
    _, seen = seen_of(namespace["theirs"])
    assert seen.framework_calls == ("library.ops.theirs",)


def test_a_kernel_that_is_defined_again_is_seen_again():
    def again():
        @triton.jit
        def double_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
            at = tl.arange(0, BLOCK)
            tl.store(out_ptr + at, 3 * tl.load(x_ptr + at))

        return double_kernel

    x = torch.ones(BLOCK)
    with observe() as watch:
        launched(double_kernel, x, torch.empty_like(x), 1)
        out = launched(again(), x, torch.empty_like(x), 1)
    assert torch.equal(out, 3 * x)
    assert watch.result(out).launches == 2


def test_nothing_stays_behind_even_after_an_exception():
    from triton.runtime import interpreter, jit

    before = (
        jit.JITFunction.run,
        interpreter.InterpretedFunction.run,
        interpreter.GridExecutor._init_args_hst,
        interpreter._interpreter,
        interpreter.InterpreterBuilder.set_grid_idx,
        interpreter.InterpreterBuilder.create_barrier,
    )
    with pytest.raises(ZeroDivisionError), observe():
        _ = 1 / 0
    assert before == (
        jit.JITFunction.run,
        interpreter.InterpretedFunction.run,
        interpreter.GridExecutor._init_args_hst,
        interpreter._interpreter,
        interpreter.InterpreterBuilder.set_grid_idx,
        interpreter.InterpreterBuilder.create_barrier,
    )
    assert not torch.empty(4).fill_(1).isnan().any()


def test_on_a_gpu_memory_is_not_seen_and_nothing_is_made_of_that():
    watch = Watch(sees_memory=False)
    watch.launch(double_kernel, sees_memory=False)
    seen = watch.result(torch.empty(3))
    assert seen == Observation(1, ("double_kernel",), None, None, None, None, None, ())
    assert seen.broken(Budget(1, 1, 1)) == ()


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.int64])
def test_whole_numbers_that_nobody_wrote_are_the_same_every_time(dtype):
    with observe():
        out = torch.empty(5, dtype=dtype)
    assert (out == torch.iinfo(dtype).min).all()
