"""Call a function of kernels two times on the same inputs, watched.

The second time the interpreter runs the last program of each launch first, so that
a result that depends on who comes first is another one. On a GPU programs come as
they come.
"""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from autograder.student.kernels.hooks import observe
from autograder.student.kernels.observation import Observation


def call_once(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Any, Observation]:
    """What a call returns, and what was seen of it."""
    with observe() as watch:
        value = function(*arguments)
    return value, watch.result(*_parts(value))


def call_twice(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Any, Observation]:
    """What the first call returns, and what was seen of both.

    The second call works on copies; where it raises, nothing of it is equal.
    """
    copies = copied(arguments)
    value, seen = call_once(function, arguments)
    if not seen.launches:
        return value, seen
    again = None
    with observe(backwards=True) as second, contextlib.suppress(Exception), _silent():
        again = function(*copies)
    seen_again = second.result()
    differ = different_bits((value, arguments), (again, copies))
    return value, replace(
        seen,
        races=_more(seen.races, seen_again.races),
        orders=_more(seen.orders, seen_again.orders),
        barriers=_more(seen.barriers, seen_again.barriers),
        deadlocks=_more(seen.deadlocks, seen_again.deadlocks),
        repeats=differ,
    )


def _parts(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _more(one: int | None, other: int | None) -> int | None:
    return one if one is None or other is None else max(one, other)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """What it prints was printed the first time."""
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield


def copied(value: Any) -> Any:
    """The same value with no memory in common, and tensors laid out as they are."""
    import torch

    if isinstance(value, torch.Tensor):
        held = value.detach().untyped_storage()
        new = torch.empty(0, dtype=value.dtype, device=value.device)
        layout = (value.storage_offset(), value.size(), value.stride())
        return new.set_(held.clone(), *layout)
    if isinstance(value, torch.Generator):
        return torch.Generator(value.device).set_state(value.get_state())
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(copied(inner) for inner in value)
    try:
        return copy.deepcopy(value)
    except Exception:  # an object of the student's that is not made to be copied
        return value


def different_bits(one: Any, other: Any) -> int:
    """Elements of the tensors in ``one`` that are not the same in ``other``."""
    import torch

    if isinstance(one, torch.Tensor):
        return _different(one, other)
    if isinstance(one, dict):
        pairs = [(inner, _at(other, key)) for key, inner in one.items()]
    elif isinstance(one, list | tuple):
        pairs = [(inner, _at(other, i)) for i, inner in enumerate(one)]
    else:
        pairs = []
    return sum(different_bits(*pair) for pair in pairs)


def _at(value: Any, key: Any) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        return None


def _different(one: Any, other: Any) -> int:
    import torch

    like = isinstance(other, torch.Tensor) and one.dtype == other.dtype
    if not like or one.shape != other.shape:
        return max(one.numel(), 1)
    first, second = (
        t.detach().cpu().contiguous().reshape(-1, 1).view(torch.uint8)
        for t in (one, other)
    )
    return int((first != second).any(1).sum())
