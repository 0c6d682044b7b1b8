"""Put a watch into Triton's launches and its interpreter's memory.

On a GPU launches and torch's work are seen, and memory is not. In the
interpreter a kernel works on copies of its tensors that lie far apart, and
every address passes through here: it is counted, and compared with the
tensors of the launch. An access outside of them is counted and not carried
out, so that it can't damage the process; such a load gives NaN.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from mmap import mmap
from typing import Any

import numpy as np

from autograder.student.kernels.framework import torch_modes
from autograder.student.kernels.machine import interpreted
from autograder.student.kernels.watch import Watch

GAP = 1 << 20
"""Bytes between two buffers, more than a kernel's block is long."""


@contextmanager
def observe(backwards: bool = False) -> Iterator[Watch]:
    """Watch all kernels and torch operations that run inside.

    The interpreter runs the programs of a launch one after the other;
    ``backwards``, the last one first.

    Triton's classes are changed while it lasts, not the kernels, so these may
    be defined earlier, inside, or again under the same name.
    """
    watch = Watch(interpreted(), backwards)
    with ExitStack() as stack:
        if "triton" in sys.modules:
            _watch_launches(watch, stack)
        for mode in torch_modes(watch):
            stack.enter_context(mode)
        yield watch


def _replace(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _watch_launches(watch: Watch, stack: ExitStack) -> None:
    from triton.runtime import interpreter, jit

    for kind in (jit.JITFunction, interpreter.InterpretedFunction):
        sees_memory = kind is interpreter.InterpretedFunction
        _replace(stack, kind, "run", _noting(watch, kind.run, sees_memory))
    executor = interpreter.GridExecutor
    copying = _giving(watch, executor._init_args_hst)
    _replace(stack, executor, "_init_args_hst", copying)
    builder = interpreter.InterpreterBuilder
    starting = _starting(watch, builder.set_grid_idx)
    _replace(stack, builder, "set_grid_idx", starting)
    _replace(stack, builder, "create_barrier", lambda builder: watch.barrier())
    _replace(stack, interpreter, "_patch_lang", _once(watch, interpreter._patch_lang))
    memory = _Memory(watch, interpreter._interpreter)
    _replace(stack, interpreter, "_interpreter", memory)


def _noting(
    watch: Watch, run: Callable[..., Any], sees_memory: bool
) -> Callable[..., Any]:
    """The method that launches a kernel, noting each launch."""

    def noting(kernel: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("warmup"):
            return run(kernel, *args, **kwargs)
        watch.launch(kernel, sees_memory)
        watch.launching = True
        watch.patched.clear()
        try:
            return run(kernel, *args, **kwargs)
        finally:
            watch.launching = False
            watch.landed()

    return noting


def _once(watch: Watch, patch: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function that makes Triton's language interpret, once a launch.

    Triton does it again for each function that a kernel calls, ``tl.sum`` among
    them, which takes longer than the sum.
    """
    import triton.language as tl

    def patching(function: Any) -> Any:
        found = [id(v) for v in function.__globals__.values()]
        names = {m.__name__ for m in (tl, tl.core) if id(m) in found}
        if names and names <= watch.patched:
            return None
        watch.patched |= names
        return patch(function)

    return patching


def _starting(watch: Watch, set_program: Callable[..., Any]) -> Callable[..., Any]:
    """The method that says which program runs next in the interpreter."""

    def starting(builder: Any, *at: int) -> None:
        dims = builder.grid_dim
        if watch.backwards:
            at = tuple(n - 1 - i for n, i in zip(dims, at, strict=True))
        x, y, z = at
        watch.program(1 + (x * dims[1] + y) * dims[2] + z, math.prod(dims))
        set_program(builder, *at)

    return starting


def _giving(watch: Watch, copy_to_host: Callable[..., Any]) -> Callable[..., Any]:
    """The method that brings a launch's tensors to the host, with gaps.

    Triton copies the host's storages back to where they came from after the
    kernel has run, whatever device that is.
    """

    def giving(executor: Any, args: Any, kwargs: Any) -> Any:
        host_args, host_kwargs = copy_to_host(executor, args, kwargs)
        theirs = list(_tensors([*args, *kwargs.values()]))
        host = list(_tensors([*host_args, *host_kwargs.values()]))
        _move_apart(host)
        watch.give(list(zip(theirs, host, strict=True)))
        return host_args, host_kwargs

    return giving


def _tensors(argument: Any) -> Iterator[Any]:
    """The tensors in an argument of a kernel."""
    if isinstance(argument, list | tuple):
        for part in argument:
            yield from _tensors(part)
    elif hasattr(argument, "base"):  # a tensor descriptor, or one of other dtype
        yield from _tensors(argument.base)
    elif hasattr(argument, "data_ptr"):
        yield argument


def _move_apart(tensors: list[Any]) -> None:
    """Copy the storages into one buffer with gaps, and point the tensors there."""
    import torch

    storages = {t.untyped_storage().data_ptr(): t.untyped_storage() for t in tensors}
    sizes = [-(-s.nbytes() // 64) * 64 + GAP for s in storages.values()]
    # Memory of its own, in small pages: of the gaps, nothing is ever touched.
    buffer = np.frombuffer(mmap(-1, GAP + sum(sizes) + 64), np.uint8)
    start = GAP + -(buffer.ctypes.data + GAP) % 64
    moved = {}
    for (address, storage), size in zip(storages.items(), sizes, strict=True):
        place = torch.from_numpy(buffer[start : start + storage.nbytes()])
        # Not by torch, whose operations are watched.
        ctypes.memmove(place.data_ptr(), address, storage.nbytes())
        moved[address] = place.untyped_storage()
        start += size
    for t in tensors:
        new = moved[t.untyped_storage().data_ptr()]
        t.set_(new, t.storage_offset(), t.size(), t.stride())


class _Memory:
    """The interpreter's access to memory, with a watch on every access."""

    def __init__(self, watch: Watch, real: Any) -> None:
        self._watch = watch
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def load(self, ptrs: Any, mask: Any, other: Any, dtype: Any) -> Any:
        allowed = self._watch.load(ptrs, mask, dtype)
        got = self._real.load(ptrs, allowed, other, dtype)
        if (allowed == mask).all():
            return got
        all_bits = np.full(dtype.itemsize, 255, np.uint8).view(dtype)  # NaN, or -1
        return np.where(allowed == mask, got, all_bits)

    def store(self, ptrs: Any, value: Any, mask: Any) -> Any:
        allowed = self._watch.store(ptrs, mask, value.dtype)
        return self._real.store(ptrs, value, allowed)

    def atomic_rmw(self, op: Any, ptrs: Any, value: Any, mask: Any, sem: Any) -> Any:
        atomic = self._watch.atomic(ptrs, mask, value.dtype, sem.name)
        allowed = self._watch.update(ptrs, mask, value.dtype, op.name == "FADD")
        before = self._real.atomic_rmw(op, ptrs, value, allowed, sem)
        if atomic:
            atomic.ends(self._now(ptrs, value))
        return before

    def atomic_cas(self, ptrs: Any, compare: Any, value: Any, sem: Any) -> Any:
        every = np.ones(ptrs.shape, bool)
        atomic = self._watch.atomic(ptrs, every, value.dtype, sem.name)
        allowed = self._watch.update(ptrs, every, value.dtype, False)
        if not allowed.all():
            raise IndexError("tl.atomic_cas outside the tensors of its launch")
        before = self._real.atomic_cas(ptrs, compare, value, sem)
        if atomic:
            if not atomic.swaps(before.item(), compare.item(), value.item()):
                before = compare.copy()  # let it go on, as if the lock were free
            atomic.ends(self._now(ptrs, value))
        return before

    def _now(self, ptrs: Any, value: Any) -> int:
        """The integer that is there."""
        every = np.ones(ptrs.shape, bool)
        return int(self._real.load(ptrs, every, np.zeros_like(value), value.dtype)[0])
