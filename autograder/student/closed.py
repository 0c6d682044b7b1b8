"""The library that would solve an exercise is closed to it.

An exercise names what it forbids: packages ("scipy"), and functions of
PyTorch ("torch.nn.functional.layer_norm"). A check says kindly when it sees
one. Packages are seen by what a function refers to. Functions of PyTorch are
seen one level below Python, as operators, so every alias is the same one.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial, wraps
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

OPERATORS = {
    "torch.nn.functional.layer_norm": ("native_layer_norm",),
    "torch.nn.functional.batch_norm": (
        "native_batch_norm",
        "_native_batch_norm_legit",
        "_native_batch_norm_legit_no_training",
        "_batch_norm_with_update",
        "_batch_norm_no_update",
        "cudnn_batch_norm",
        "miopen_batch_norm",
    ),
    "torch.nn.functional.group_norm": ("native_group_norm",),
    "torch.nn.functional.gelu": ("gelu", "gelu_", "gelu_backward"),
    "torch.nn.functional.relu": ("relu", "relu_", "relu6", "relu6_"),
    "torch.nn.functional.leaky_relu": ("leaky_relu", "leaky_relu_"),
    "torch.nn.functional.prelu": ("_prelu_kernel",),
    "torch.nn.functional.elu": ("elu", "elu_", "celu", "celu_", "selu", "selu_"),
    "torch.nn.functional.silu": ("silu", "silu_", "silu_backward", "glu"),
    "torch.nn.functional.threshold": ("threshold", "threshold_", "hardtanh", "rrelu"),
    "torch.nn.functional.log_softmax": ("_log_softmax",),
    "torch.nn.functional.softmax": ("_softmax",),
    "torch.sigmoid": (
        *("sigmoid", "sigmoid_", "sigmoid_backward"),
        *("log_sigmoid_forward", "mish", "softplus"),
    ),
    "torch.tanh": ("tanh", "tanh_"),
    "torch.linalg.svd": ("_linalg_svd",),
    "torch.linalg.eigh": ("_linalg_eigh",),
}
"""Functions with the operators that do their work; others share them:
selu is elu, instance norm is batch norm, cross entropy is log-softmax."""


GUARDED = {"torch.nn.init": "torch.nn.modules"}
"""Modules without operators of their own, and whose code may call them still."""

EMPTIED = ("torch.optim", "torch.nn.utils.clip_grad")
"""Modules without operators of their own, which nothing else needs."""


class Closed(Exception):
    """A call of something that the exercise forbids, which is the message."""


def is_function(name: str) -> bool:
    """A function of PyTorch, or a module of such; else a package."""
    return name in OPERATORS or name in GUARDED or name in EMPTIED


def used(function: Any, names: tuple[str, ...]) -> str:
    """What a function refers to, itself or through others of its notebook.

    Parameters
    ----------
    names : packages that are closed

    Returns
    -------
    "scipy.special.expit", say; "" for nothing of these packages
    """
    seen: set[int] = set()
    waiting = [function]
    while waiting:
        current = waiting.pop()
        if not isinstance(current, FunctionType) or id(current) in seen:
            continue
        seen.add(id(current))
        for name in _names(current.__code__):
            value = current.__globals__.get(name)
            package = _origin(value, names)
            if package.partition(".")[0] in names or package in names:
                own = getattr(value, "__name__", name)
                return package if isinstance(value, ModuleType) else f"{package}.{own}"
            if getattr(value, "__globals__", None) is current.__globals__:
                waiting.append(value)
    return ""


def _names(code: CodeType) -> Iterator[str]:
    """Every global name that code, or code inside of it, mentions."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _origin(value: Any, packages: tuple[str, ...]) -> str:
    """The module that an object is, or comes from."""
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, np.ufunc):  # these don't know where they come from
        loaded = [n for n in sys.modules if n.partition(".")[0] in packages]
        found = (n for n in loaded if vars(sys.modules[n]).get(value.__name__) is value)
        return next(found, "")
    origin = getattr(value, "__module__", None) or getattr(
        type(value), "__module__", ""
    )
    return origin if isinstance(origin, str) else ""


@contextlib.contextmanager
def closing(names: tuple[str, ...]) -> Iterator[None]:
    """Within it, a call of a closed function of PyTorch raises :class:`Closed`."""
    operators = {o: n for n in names for o in OPERATORS.get(n, ())}
    if not any(map(is_function, names)):
        yield
        return
    from torch.utils._python_dispatch import TorchDispatchMode

    class Closing(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name = func.overloadpacket.__name__
            if name in operators:
                raise Closed(operators[name])
            return func(*args, **(kwargs or {}))

    with contextlib.ExitStack() as stack:
        for undo in (*guarded(names), *emptied(names)):
            stack.callback(undo)
        stack.enter_context(Closing())
        yield


def guarded(names: tuple[str, ...]) -> list[Callable[[], None]]:
    """Let only PyTorch's own modules call what is guarded; returns what undoes it."""
    undo: list[Callable[[], None]] = []
    for name in filter(GUARDED.__contains__, names):
        module = importlib.import_module(name)
        for attribute, function in list(vars(module).items()):
            if attribute.endswith("_") and isinstance(function, FunctionType):
                setattr(module, attribute, _guard(function, name))
                undo.append(partial(setattr, module, attribute, function))
    return undo


def _guard(function: FunctionType, name: str) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if not caller.startswith((GUARDED[name], name, __name__)):
            raise Closed(f"{name}.{function.__name__}")
        return function(*arguments, **keywords)

    return call


def emptied(names: tuple[str, ...]) -> list[Callable[[], None]]:
    """Give every function of some modules a body that refuses; returns what undoes it.

    Its own body is nowhere any more, whoever still holds the function.
    """
    undo: list[Callable[[], None]] = []
    for name in filter(EMPTIED.__contains__, names):
        importlib.import_module(name)
        for function in _functions(name):
            undo.append(partial(setattr, function, "__code__", function.__code__))
            function.__code__ = _refusing(name, function.__code__.co_freevars)
    return undo


def _functions(name: str) -> list[FunctionType]:
    """Those of a module and its parts: methods, and what decorators hold, too."""
    parts = [m for n, m in sys.modules.items() if f"{n}.".startswith(f"{name}.")]
    waiting = [value for part in parts for value in vars(part).values()]
    found: dict[int, FunctionType] = {}
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        own = str(getattr(value, "__module__", None)).startswith(name)
        if not own or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, type):
            waiting += vars(value).values()
        elif isinstance(value, FunctionType):
            found[id(value)] = value
            for cell in value.__closure__ or ():
                with contextlib.suppress(ValueError):  # it is empty
                    waiting.append(cell.cell_contents)
    return list(found.values())


@cache
def _refusing(name: str, held: tuple[str, ...]) -> CodeType:
    """The body of a function that refuses; ``held`` are a decorator's variables."""
    function = f"""
def outer({", ".join(held)}):
    def refuse(*arguments, **keywords):
        ({", ".join((*held, ""))})
        from autograder.student.closed import Closed
        raise Closed({name!r})
    return refuse
"""
    scope: dict[str, Any] = {}
    exec(function, scope)
    code: CodeType = scope["outer"](*held).__code__
    return code


def take_out(names: tuple[str, ...]) -> Any:
    """Put closed functions of PyTorch out of reach.

    Their operators are replaced in PyTorch's own table, whatever name they are
    called by, as long as the library that is returned lives.
    """
    import torch

    guarded(names)
    emptied(names)
    library = torch.library.Library("aten", "IMPL")
    known = {n.partition("::")[2] for n in torch._C._dispatch_get_all_op_names()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it overrides one is what we ask for
        for name in filter(OPERATORS.__contains__, names):
            for operator in OPERATORS[name]:
                if operator in known:
                    for overload in _overloads(torch, operator):
                        library.impl(overload, _refuse(name), "CPU")
    return library


def _overloads(torch: Any, operator: str) -> Iterator[str]:
    packet = getattr(torch.ops.aten, operator)
    for overload in packet.overloads():
        yield operator if overload == "default" else f"{operator}.{overload}"


def _refuse(name: str) -> Callable[..., Any]:
    def refuse(*arguments: Any, **keywords: Any) -> Any:
        raise Closed(name)

    return refuse
