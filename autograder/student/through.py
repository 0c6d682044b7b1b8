"""Calls by another way than a plain one: through autograd, and on an object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

AUTOGRAD = "through autograd"
"""Stands where a method's name does: call, and take the gradient of the result."""

OWN_BACKWARD = "through a backward of its own"
"""The same, of a function whose result comes from a torch.autograd.Function."""


class Unfit(Exception):
    """What came back is of another form; the message is a sentence's end."""


def gradients(
    function: Callable[..., Any], own: bool = False
) -> Callable[..., tuple[Any, ...]]:
    """The function with the gradient from above as its last argument.

    It returns the result, and the gradient of every floating-point tensor among
    the arguments, None where the result does not depend on it.

    Parameters
    ----------
    own : the backward must be written by hand

    Raises
    ------
    Unfit : when the result is no tensor, or autograd knows nothing of it, or
        it knows what it should not
    """

    def call(*arguments: Any) -> tuple[Any, ...]:
        import torch

        *given, dout = arguments
        tensors = differentiable(given)
        for tensor in tensors:
            tensor.requires_grad_()
        out = function(*given)
        if not isinstance(out, torch.Tensor):
            kind = "None" if out is None else f"a {type(out).__name__}"
            raise Unfit(f"it must return one tensor, and returned {kind}")
        if not out.requires_grad:
            raise Unfit(
                "autograd can't go back from its result; detach(), .data, numpy() or "
                "torch.no_grad() cuts the graph"
            )
        if own and not isinstance(
            out.grad_fn, torch.autograd.function.BackwardCFunction
        ):
            raise Unfit(
                "autograd goes back through its single operations; write a "
                "torch.autograd.Function with a backward of its own, and return "
                "what its apply returns"
            )
        if out.shape != dout.shape:
            return out, *(None for _ in tensors)
        return out, *torch.autograd.grad(
            out, tensors, dout.to(out.dtype), allow_unused=True
        )

    return call


def differentiable(arguments: Sequence[Any]) -> list[Any]:
    """The floating-point tensors among the arguments."""
    import torch

    return [
        a for a in arguments if isinstance(a, torch.Tensor) and a.is_floating_point()
    ]


def attribute(owner: Any, name: str) -> Any:
    """An attribute such as a module's buffer.

    Raises
    ------
    Unfit : when it is not there
    """
    try:
        return getattr(owner, name)
    except AttributeError:
        raise Unfit(f"it has no {name}") from None
