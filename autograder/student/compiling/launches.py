"""A launch as plain data: all that Triton's compiler looks at.

Triton compiles a kernel anew for each kind of arguments: their types, the
values of ``tl.constexpr`` ones, which integers are 1 or divisible by 16, which
addresses are. A *request* says these, with the kernel's source, as JSON.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autograder.student.compiling.code import Refused
from autograder.student.compiling.source import (
    dtype_name,
    gather,
    is_constexpr,
    is_kernel,
)

OPTIONS = ("num_warps", "num_stages", "num_ctas", "maxnreg", "enable_fp_fusion")
NOT_COMPILED = ("grid", "warmup", "stream")
MOST, LARGEST = 20, 500_000
"""Different launches of one call, and characters that describe them."""


@dataclass(frozen=True)
class Launch:
    """One launch: the kernel, its arguments as data, and tensors' elements."""

    kernel: Any
    arguments: tuple[dict[str, Any], ...]
    options: dict[str, Any]
    elements: dict[str, int]
    functions: tuple[Any, ...] = ()
    problem: str = ""


@contextmanager
def noting() -> Iterator[list[Launch]]:
    """The launches that happen inside, as a list that fills.

    As :func:`autograder.student.kernels.observe`, it changes Triton's classes
    while it lasts; the two go together in either order.
    """
    launches: list[Launch] = []
    if "triton" not in sys.modules:
        yield launches
        return
    from triton.runtime import interpreter, jit

    kinds = (jit.JITFunction, interpreter.InterpretedFunction)
    before = [kind.run for kind in kinds]
    for kind, run in zip(kinds, before, strict=True):
        kind.run = _noting(launches, run)
    try:
        yield launches
    finally:
        for kind, run in zip(kinds, before, strict=True):
            kind.run = run


def _noting(launches: list[Launch], run: Callable[..., Any]) -> Callable[..., Any]:
    """The method that launches a kernel, which notes what it was given."""

    def noting(kernel: Any, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.get("warmup"):
            launch = note(kernel, args, kwargs)
            if launch not in launches:
                launches.append(launch)
        return run(kernel, *args, **kwargs)

    return noting


def note(kernel: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> Launch:
    """What a launch was given; it keeps no tensor alive."""
    try:
        return _note(kernel, tuple(args), kwargs)
    except Refused as why:
        return Launch(kernel, (), {}, {}, (), str(why))


def _note(kernel: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Launch:
    signature = inspect.signature(kernel.fn)
    named = {k: v for k, v in kwargs.items() if k in signature.parameters}
    try:
        bound = signature.bind(*args, **named)
    except TypeError as error:
        raise Refused(f"the launch does not fit the kernel: {error}") from None
    bound.apply_defaults()
    functions: list[Any] = []
    arguments = tuple(
        _argument(name, value, _is_constant(signature.parameters[name]), functions)
        for name, value in bound.arguments.items()
    )
    options = {k: v for k, v in kwargs.items() if k in OPTIONS and v is not None}
    for name in kwargs:
        if name not in (*signature.parameters, *OPTIONS, *NOT_COMPILED):
            raise Refused(f"the launch has an option that is not compiled: {name}")
    elements = {
        name: int(value.numel())
        for name, value in bound.arguments.items()
        if hasattr(value, "data_ptr") and hasattr(value, "numel")
    }
    return Launch(kernel, arguments, options, elements, tuple(functions))


def _is_constant(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else repr(annotation)
    return "constexpr" in text


def _argument(
    name: str, value: Any, constant: bool, functions: list[Any]
) -> dict[str, Any]:
    """An argument as data, with no more than makes another specialisation."""
    if is_constexpr(value):
        value, constant = value.value, True
    if dtype := dtype_name(value):
        return {"dtype": dtype}
    if is_kernel(value):
        functions.append(value)
        return {"function": value.fn.__name__}
    if hasattr(value, "data_ptr") and hasattr(value, "dtype"):
        dtype = dtype_name(value.dtype) or str(value.dtype).rpartition(".")[2]
        return {"tensor": dtype, "aligned": value.data_ptr() % 16 == 0}
    if isinstance(value, tuple):
        return {"tuple": [_argument(name, v, constant, functions) for v in value]}
    if value is None or isinstance(value, bool | str):
        return {"value": value}
    if isinstance(value, float):
        return {"value": float(value) if constant else 0.5}
    if isinstance(value, int):
        return {"value": int(value) if constant else _like(value)}
    raise Refused(f"the argument {name} is a {type(value).__name__}")


def _like(n: int) -> int:
    """An integer that Triton compiles for as it does for ``n``."""
    if n == 1:
        return 1
    large = 0 if -(2**31) <= n < 2**31 else 2**63 if n >= 2**63 else 2**32
    return large + (16 if n % 16 == 0 else 7)


def requests(launches: Iterable[Launch], given: Any) -> tuple[str, ...]:
    """What to compile for the launches of one call, each once, as JSON.

    Parameters
    ----------
    given : the arguments of the call, of which the largest tensor counts

    Raises
    ------
    Refused : when one of them can't be compiled elsewhere
    """
    elements = _largest(given)
    found = dict.fromkeys(_request(launch, elements) for launch in launches)
    if len(found) > MOST:
        raise Refused(f"its kernels were launched in {len(found)} different ways")
    if sum(map(len, found)) > LARGEST:
        raise Refused(f"its kernels have more than {LARGEST:,} characters")
    return tuple(found)


def _request(launch: Launch, elements: int) -> str:
    name = launch.kernel.fn.__name__
    if launch.problem:
        raise Refused(f"{name} can't be compiled elsewhere: {launch.problem}")
    request = {
        "kernel": name,
        "source": gather(*launch.functions, launch.kernel),
        "arguments": launch.arguments,
        "options": launch.options,
        "large": [n for n, count in launch.elements.items() if count >= elements],
    }
    return json.dumps(request, sort_keys=True)


def _largest(value: Any) -> int:
    """Elements of the largest tensor in some arguments."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return max(map(_largest, value), default=1)
    return int(value.numel()) if hasattr(value, "numel") else 1
