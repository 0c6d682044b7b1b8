"""PReLU as Triton kernels; the gradient of its slopes is a sum in two stages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, Machine
from autograder.exercises.activations_cuda import BACKWARD, FORWARD, NOTEBOOK

if TYPE_CHECKING:
    from torch import Tensor

Rng = np.random.Generator

BLOCKS = "channels of several blocks"
FAR = Machine(BLOCKS, stack=0, load=None, store=None, offsets=64)
"""How wide an access can be depends on how the student cuts a channel."""


def _slopes(x: Tensor, alpha: Tensor) -> Tensor:
    return alpha.reshape(-1, *[1] * (x.dim() - 2))


def cuda_prelu_forward(x: Tensor, alpha: Tensor) -> Tensor:
    """x where x > 0, else the slope of the channel times x, in float64."""
    return x.where(x > 0, _slopes(x, alpha) * x)


def cuda_prelu_backward(
    dout: Tensor, x: Tensor, alpha: Tensor
) -> tuple[Tensor, Tensor]:
    """dx, and dalpha summed over all but the channels, in float64."""
    dx = dout.where(x > 0, _slopes(x, alpha) * dout)
    axes = [axis for axis in range(x.dim()) if axis != 1]
    dalpha = (dout * x.clamp(max=0)).sum(axes)
    return dx, dalpha


def _draw(rng: Rng, kind: str, shape: tuple[int, ...], dtype: Any = np.float32) -> Case:
    return Case(
        kind=kind,
        x=(2 * rng.standard_normal(shape)).astype(dtype),
        alpha=rng.uniform(-1.5, 2.5, shape[1]).astype(dtype),
        dout=rng.standard_normal(shape).astype(dtype),
    )


def _cases(rng: Rng) -> Iterator[Case]:
    yield _draw(rng, "one row", (1, 7))
    yield _draw(rng, "four axes, 1,050 elements, float16", (6, 5, 5, 7), np.float16)
    yield _draw(rng, "all sizes equal", (3, 3, 3))
    yield _draw(rng, BLOCKS, (3, 2, 100))
    for dtype in (np.float64, ml_dtypes.bfloat16):
        yield _draw(rng, np.dtype(dtype).name, (4, 3, 17), dtype)
    zeros = _draw(rng, "with zeros", (4, 3, 5))
    zeros.x[rng.random(zeros.x.shape) < 0.4] = 0.0
    yield zeros
    turned = _draw(rng, "x transposed", (6, 4))
    turned.x = np.ascontiguousarray(turned.x.T).T
    yield turned


def _forward_cases(rng: Rng) -> Iterator[Case]:
    for case in _cases(rng):
        del case.dout
        yield case


def _backward_cases(rng: Rng) -> Iterator[Case]:
    yield from _cases(rng)
    turned = _draw(rng, "dout transposed", (6, 4))
    turned.dout = np.ascontiguousarray(turned.dout.T).T
    yield turned
    # Parts beyond the range of float16, and a sum within it.
    large = _draw(rng, "large parts of a small sum, float16", (2, 2, 256), np.float16)
    large.x[:] = -rng.uniform(100, 200, large.x.shape)
    large.dout[:] = -rng.uniform(8, 9, large.x.shape)
    large.dout[1] = rng.uniform(8, 9, large.x[1].shape)
    yield large


EXERCISES = [
    Exercise(
        name="cuda_prelu_forward",
        notebook=NOTEBOOK,
        points=2,
        cases=_forward_cases,
        scenario=lambda impl, case: {
            "out": impl.cuda_prelu_forward(case.x, case.alpha)
        },
        path="triton",
        oracle={"cuda_prelu_forward": cuda_prelu_forward},
        traffic=FORWARD,
    ),
    Exercise(
        name="cuda_prelu_backward",
        notebook=NOTEBOOK,
        points=4,
        cases=_backward_cases,
        scenario=lambda impl, case: dict(
            zip(
                ("dx", "dalpha"),
                impl.cuda_prelu_backward(case.dout, case.x, case.alpha),
                strict=True,
            )
        ),
        path="triton",
        oracle={"cuda_prelu_backward": cuda_prelu_backward},
        traffic=BACKWARD,
        machine=FAR,
    ),
]
