"""ELU, SELU, GELU and SiLU: exponentials that must not overflow."""

from __future__ import annotations

from autograder.exercises.activations import (
    EVERYWHERE,
    large,
    options,
    pair,
    shapes,
    together,
    zeros,
)

FINITE = together(shapes, zeros, large)
"""x Phi(x) and x sigmoid(x) are 0 times infinity at minus infinity."""

EXERCISES = (
    *pair("elu", options(("alpha", 1.3, 2.5))(EVERYWHERE), "alpha", points=(2, 1)),
    *pair("selu", EVERYWHERE, points=(1, 1), calls=("elu",)),
    *pair("gelu", FINITE, points=(1, 2)),
    *pair("silu", FINITE, points=(1, 2), calls=("sigmoid",)),
)
