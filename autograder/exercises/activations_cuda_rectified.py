"""Leaky ReLU, ELU and SELU as Triton kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.exercises.activations_cuda_smooth import Rng, backward, forward

if TYPE_CHECKING:
    from torch import Tensor

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def cuda_leaky_relu_forward(x: Tensor, slope: float) -> Tensor:
    """x where x > 0, else slope x, in float64."""
    return x.where(x > 0, slope * x)


def cuda_leaky_relu_backward(dout: Tensor, x: Tensor, slope: float) -> Tensor:
    """dout where x > 0, else slope dout, in float64."""
    return dout.where(x > 0, slope * dout)


def cuda_elu_forward(x: Tensor, alpha: float) -> Tensor:
    """x where x > 0, else alpha (exp(x) - 1), in float64."""
    return x.where(x > 0, alpha * x.clamp(max=0).expm1())


def cuda_elu_backward(dout: Tensor, x: Tensor, alpha: float) -> Tensor:
    """dout where x > 0, else dout alpha exp(x), in float64."""
    return dout * (alpha * x.clamp(max=0).exp()).where(x <= 0, 1.0)


def cuda_selu_forward(x: Tensor) -> Tensor:
    """The scale times the ELU with SELU's alpha, in float64."""
    return SELU_SCALE * cuda_elu_forward(x, SELU_ALPHA)


def cuda_selu_backward(dout: Tensor, x: Tensor) -> Tensor:
    """The gradient of SELU at x, in float64."""
    return SELU_SCALE * cuda_elu_backward(dout, x, SELU_ALPHA)


def _slope(rng: Rng) -> tuple[float, ...]:
    return (float(rng.uniform(0.1, 0.6)),)


def _alpha(rng: Rng) -> tuple[float, ...]:
    return (float(rng.choice([rng.uniform(0.2, 0.7), rng.uniform(1.5, 3)])),)


EXERCISES = [
    forward("cuda_leaky_relu_forward", cuda_leaky_relu_forward, _slope),
    backward("cuda_leaky_relu_backward", cuda_leaky_relu_backward, _slope),
    forward("cuda_elu_forward", cuda_elu_forward, _alpha),
    backward("cuda_elu_backward", cuda_elu_backward, _alpha),
    forward("cuda_selu_forward", cuda_selu_forward),
    backward("cuda_selu_backward", cuda_selu_backward),
]
