"""ELU, SELU, GELU and SiLU: exponentials that must not overflow."""

from __future__ import annotations

from autograder.exercises.activations import (
    WITH_EXP,
    large,
    large_in_float32,
    pair,
    shapes,
    together,
    with_number,
    zeros,
)

FINITE = together(shapes, zeros, large, large_in_float32)
"""x Phi(x) and x sigmoid(x) are 0 times infinity at minus infinity."""

EXERCISES = (
    *pair("elu", with_number("alpha", 1.3, 2.5, WITH_EXP), "alpha", points=(2, 1)),
    *pair("selu", WITH_EXP, points=(1, 1), calls=("elu",)),
    *pair("gelu", FINITE, points=(1, 2)),
    *pair("silu", FINITE, points=(1, 2), calls=("sigmoid",)),
)
