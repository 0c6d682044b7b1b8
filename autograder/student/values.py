"""Arrays and scalars as data: described, stored, built again.

A *spec* is a JSON value that says how to build an argument; the numbers of
its arrays lie beside it in a dict of C-ordered NumPy arrays. bfloat16, which
NumPy does not have, is stored as the float32 of the same value.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Spec = dict[str, Any]
Framework = Literal["numpy", "torch"]

LARGEST = 1 << 24
"""Elements that an output may have; above that it is not read."""


@dataclass(frozen=True)
class Returned:
    """What a function gave back: its numbers, or only what it was."""

    kind: str
    array: np.ndarray | None = None
    dtype: str = ""

    @property
    def shape(self) -> tuple[int, ...] | None:
        return None if self.array is None else self.array.shape


def torch_module() -> Any | None:
    """torch, if something has imported it already; it is slow to import."""
    return sys.modules.get("torch")


def describe(value: Any) -> Returned:
    """Read an object that a student's function returned.

    Arrays, tensors and plain numbers are copied; of anything else only the
    name of its type is kept, so that nothing of it is ever run.
    """
    try:
        return _describe(value)
    except Exception:  # a sparse tensor, a number beyond float64, a broken subclass
        return Returned(f"{type(value).__name__} that can't be read")


def _describe(value: Any) -> Returned:
    torch = torch_module()
    if torch is not None and isinstance(value, torch.Tensor):
        if value.numel() > LARGEST:
            return Returned(f"torch tensor with {value.numel():,} elements")
        dtype = str(value.dtype).removeprefix("torch.")
        if value.device.type == "meta":  # it has a shape and a dtype, and no numbers
            value = torch.zeros(value.shape, dtype=value.dtype)
        value = value.detach().cpu()
        value = value.float() if dtype == "bfloat16" else value
        array = np.array(value.numpy())
        if array.dtype.kind not in "biuf":
            return Returned(f"torch tensor of dtype {dtype}")
        return Returned("torch tensor", array, dtype)
    if isinstance(value, bool | np.bool_):
        return Returned("True or False")
    if isinstance(value, np.ndarray | np.number):
        if value.dtype.kind not in "biuf":
            return Returned(f"NumPy array of dtype {value.dtype}")
        if value.size > LARGEST:
            return Returned(f"NumPy array with {value.size:,} elements")
        array = np.array(value, order="C")
        kind = "NumPy array" if isinstance(value, np.ndarray) else "NumPy number"
        return Returned(kind, array, array.dtype.name)
    if isinstance(value, int | float):
        return Returned("number", np.array(float(value)), "float64")
    return Returned("None" if value is None else type(value).__name__)


def layout_of(x: np.ndarray) -> Spec:
    """How the elements lie in memory, as far as a copy can repeat it."""
    repeated = [i for i, n in enumerate(x.shape) if n > 1 and x.strides[i] == 0]
    if repeated:
        return {"layout": "broadcast", "axes": repeated}
    if x.flags.c_contiguous:
        return {}
    return {"layout": "F"} if x.flags.f_contiguous else {"layout": "strided"}


def encode(value: Any, arrays: dict[str, np.ndarray], framework: Framework) -> Spec:
    """Describe an argument; its arrays are added to ``arrays``.

    Raises
    ------
    TypeError : for anything but arrays, numbers, strings, None and
        dicts, lists and tuples of these
    """
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        dtype = value.dtype.name
        stored = value.astype(np.float32) if dtype == "bfloat16" else value
        arrays[name] = np.array(stored, order="C")
        return {"array": name, "dtype": dtype, "of": framework, **layout_of(value)}
    if isinstance(value, np.number | np.bool_):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return {"scalar": value}
    if isinstance(value, dict):
        return {"dict": {k: encode(v, arrays, framework) for k, v in value.items()}}
    if isinstance(value, list | tuple):
        items = [encode(v, arrays, framework) for v in value]
        return {type(value).__name__: items}
    raise TypeError(f"a case can't hold a {type(value).__name__}")


def build_array(spec: Spec, stored: np.ndarray) -> Any:
    """A fresh array or tensor with the numbers, dtype and layout of ``spec``."""
    layout = spec.get("layout", "C")
    base, view = _LAYOUTS[layout](stored, spec)
    if spec["of"] == "numpy":
        return view(base)
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    device = spec.get("device", device)
    tensor = torch.from_numpy(base).to(device, getattr(torch, spec["dtype"]))
    return view(tensor)


def build_generator(spec: Spec) -> Any:
    """A fresh generator of random numbers with the seed of ``spec``."""
    if spec["of"] == "numpy":
        return np.random.default_rng(spec["rng"])
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.Generator(device).manual_seed(spec["rng"])


Layout = tuple[np.ndarray, Callable[[Any], Any]]


def _c(stored: np.ndarray, spec: Spec) -> Layout:
    return stored.copy(), lambda base: base


def _fortran(stored: np.ndarray, spec: Spec) -> Layout:
    axes = tuple(range(stored.ndim))[::-1]

    def view(base: Any) -> Any:
        is_numpy = isinstance(base, np.ndarray)
        return base.transpose(axes) if is_numpy else base.permute(axes)

    return stored.transpose(axes).copy(), view


def _strided(stored: np.ndarray, spec: Spec) -> Layout:
    wide = np.zeros((*stored.shape[:-1], 2 * stored.shape[-1]), stored.dtype)
    wide[..., ::2] = stored
    return wide, lambda base: base[..., ::2]


def _broadcast(stored: np.ndarray, spec: Spec) -> Layout:
    one = stored[
        tuple(
            slice(0, 1) if i in spec["axes"] else slice(None)
            for i in range(stored.ndim)
        )
    ]

    def view(base: Any) -> Any:
        if isinstance(base, np.ndarray):
            return np.broadcast_to(base, stored.shape)
        return base.expand(stored.shape)

    return one.copy(), view


_LAYOUTS: Mapping[str, Callable[[np.ndarray, Spec], Layout]] = {
    "C": _c,
    "F": _fortran,
    "strided": _strided,
    "broadcast": _broadcast,
}
