"""What torch does while kernels should: seen operation by operation.

Moving and reshaping is not work. Nor is what autograd does by itself around a
torch.autograd.Function: views, seeds, zeros for a missing gradient, and the sum of
two gradients of one tensor. Tensors from ``torch.empty`` are filled with NaN.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from autograder.student.kernels.watch import Watch

NEW = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}
"""Operations that allocate and write nothing: their results are poisoned."""

MOVES = {
    *("clone", "contiguous", "copy_", "_to_copy", "_unsafe_view", "set_", "resize_"),
    *("zeros", "zeros_like", "new_zeros", "zero_", "ones", "ones_like", "new_ones"),
    *("full", "full_like", "new_full", "fill_"),
}
"""Operations that compute nothing, as long as the dtype stays."""

ACCUMULATES = {"add", "add_"}
"""What autograd does itself with two gradients of one tensor."""

EXPORTS = {"numpy", "__array__", "tolist", "item", "__float__", "__dlpack__"}
"""Ways out of torch, to compute elsewhere."""

PLAIN = {"_to_copy": "to", "_local_scalar_dense": "item"}
"""What a student calls an operation, where torch has another name."""


def torch_modes(watch: Watch) -> list[Any]:
    """Modes that see torch's operations, and the ways out of torch."""
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    class Operations(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            out = func(*args, **(kwargs or {}))
            name = func.overloadpacket.__name__
            if watch.launching or func.is_view:
                return out
            if name in ACCUMULATES and _is_autograds_own():
                watch.accumulated(out)
                return out
            if name in NEW:
                return _poisoned(out)
            if name not in MOVES or _casts(name, args, out):
                watch.replaced_by(PLAIN.get(name, name))
            return out

    class Exports(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name = getattr(func, "__name__", "")
            if name in EXPORTS and not watch.launching:
                watch.replaced_by(name)
            return func(*args, **(kwargs or {}))

    return [Operations(), Exports()]


def _poisoned(tensor: Any) -> Any:
    """NaN, or of whole numbers the least: what nobody wrote is never right."""
    import torch

    if tensor.is_floating_point() or tensor.is_complex():
        return tensor.fill_(torch.nan)
    least = 0 if tensor.dtype == torch.bool else torch.iinfo(tensor.dtype).min
    return tensor.fill_(least)


def _is_autograds_own() -> bool:
    """Whether autograd's engine asks, and not a backward that someone wrote."""
    from torch.autograd import graph

    autograd = Path(graph.__file__).parent
    installed = str(autograd.parent)
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(installed) or name.startswith(str(autograd)):
            break
        frame = frame.f_back
    code = frame.f_code if frame else None
    if code is None or code.co_filename != graph.__file__:
        return False
    return code.co_name == "_engine_run_backward"


def _casts(name: str, args: Any, out: Any) -> bool:
    """Whether a copy changed the dtype or the device: one more pass of data."""
    if name not in ("copy_", "_to_copy"):
        return False
    source = args[1] if name == "copy_" else args[0]
    return bool(source.dtype != out.dtype or source.device != out.device)
