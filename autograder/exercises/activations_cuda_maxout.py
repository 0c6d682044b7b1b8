"""Maxout as Triton kernels: the largest of K pieces, ties included.

A tie has to survive that the recorder moves every number by a unit in the
last place. So the pieces that tie are exactly zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, Traffic, strided
from autograder.exercises.activations_cuda import NOTEBOOK

if TYPE_CHECKING:
    from torch import Tensor

Rng = np.random.Generator


def cuda_maxout_forward(pieces: Tensor) -> Tensor:
    """The largest of the K pieces in float64."""
    return pieces.amax(1)


def cuda_maxout_backward(dout: Tensor, pieces: Tensor) -> Tensor:
    """dout at the first of the largest pieces, in float64."""
    import torch

    numbers = torch.arange(pieces.shape[1])[:, None]
    ties = pieces == pieces.amax(1, keepdim=True)
    first = numbers.where(ties, pieces.shape[1]).amin(1, keepdim=True)
    return dout[:, None].where(numbers == first, 0.0)


def _draw(rng: Rng, kind: str, N: int, K: int, H: int, dtype: Any = np.float32) -> Case:
    return Case(
        kind=kind,
        pieces=rng.standard_normal((N, K, H)).astype(dtype),
        dout=rng.standard_normal((N, H)).astype(dtype),
    )


def _tied(rng: Rng, kind: str, pieces: slice) -> Case:
    """About half of the units have those pieces equal, above the rest."""
    case = _draw(rng, kind, 4, 3, 5)
    tied = rng.random((4, 5)) < 0.5
    tied[0, 0] = True
    below = np.where(tied[:, None], -np.abs(case.pieces), case.pieces)
    below[:, pieces][np.broadcast_to(tied[:, None], below[:, pieces].shape)] = 0.0
    case.pieces = below.astype(np.float32)
    return case


def _cases(rng: Rng) -> Iterator[Case]:
    yield _draw(rng, "three pieces", 5, 3, 4)
    yield _draw(rng, "two pieces, 257 units", 1, 2, 257)
    yield _draw(rng, "five pieces", 2, 5, 3)
    yield _draw(rng, "one unit", 4, 3, 1)
    yield _draw(rng, "all sizes equal", 3, 3, 3)
    yield _tied(rng, "all pieces are equal", slice(0, 3))
    yield _tied(rng, "the last two pieces are equal", slice(1, 3))
    below = _draw(rng, "negative pieces", 4, 3, 5)
    below.pieces -= 10
    yield below
    for dtype in (np.float64, np.float16, ml_dtypes.bfloat16):
        yield _draw(rng, np.dtype(dtype).name, 6, 4, 11, dtype)
    wide = _draw(rng, "every other element of a buffer", 3, 2, 5)
    wide.pieces = strided(wide.pieces)
    yield wide


def _forward_cases(rng: Rng) -> Iterator[Case]:
    for case in _cases(rng):
        del case.dout
        yield case


def _backward_cases(rng: Rng) -> Iterator[Case]:
    yield from _cases(rng)
    turned = _draw(rng, "dout transposed", 6, 3, 4)
    turned.dout = np.ascontiguousarray(turned.dout.T).T
    yield turned


EXERCISES = [
    Exercise(
        name="cuda_maxout_forward",
        notebook=NOTEBOOK,
        points=2,
        cases=_forward_cases,
        scenario=lambda impl, case: {"out": impl.cuda_maxout_forward(case.pieces)},
        path="triton",
        oracle={"cuda_maxout_forward": cuda_maxout_forward},
        traffic=Traffic(of="pieces", reads=1.02, writes=0.52),
    ),
    Exercise(
        name="cuda_maxout_backward",
        notebook=NOTEBOOK,
        points=3,
        cases=_backward_cases,
        scenario=lambda impl, case: {
            "dpieces": impl.cuda_maxout_backward(case.dout, case.pieces)
        },
        path="triton",
        oracle={"cuda_maxout_backward": cuda_maxout_backward},
        traffic=Traffic(of="pieces", reads=1.52, writes=1.02),
    ),
]
