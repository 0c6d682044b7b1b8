"""The same numbers, lying in memory in other ways."""

import numpy as np

LAYOUTS = ("C", "F", "strided", "reversed")


def lay_out(x: np.ndarray, layout: str) -> np.ndarray:
    """The same numbers, otherwise in memory."""
    if x.ndim == 0:
        return x
    if layout == "F":
        return np.asfortranarray(x)
    if layout == "strided":
        wide = np.zeros((*x.shape[:-1], 3 * x.shape[-1]), x.dtype)
        wide[..., ::3] = x
        return wide[..., ::3]
    if layout == "reversed":
        return np.ascontiguousarray(x[::-1])[::-1]
    if layout == "channels last" and x.ndim == 4:
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    return x
