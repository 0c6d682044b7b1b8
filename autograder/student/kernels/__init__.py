"""Kernels: where they run, and what one call of a function did.

    with observe() as watch:
        out = cuda_relu_forward(x)
    seen = watch.result(out)
    print(machine_code(function, x))

No module of this package imports Triton when it is imported: whoever imports
Triton first decides whether it interprets.
"""

from autograder.student.kernels.compiled import machine_code
from autograder.student.kernels.hooks import observe
from autograder.student.kernels.machine import available, interpreted, where
from autograder.student.kernels.watch import Observation, Watch

__all__ = [
    "Observation",
    "Watch",
    "available",
    "interpreted",
    "machine_code",
    "observe",
    "where",
]
