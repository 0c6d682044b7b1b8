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
from autograder.student.kernels.observation import Budget, Moved, Observation
from autograder.student.kernels.twice import call_once, call_twice
from autograder.student.kernels.watch import Watch

__all__ = [
    "Budget",
    "Moved",
    "Observation",
    "Watch",
    "available",
    "call_once",
    "call_twice",
    "interpreted",
    "machine_code",
    "observe",
    "where",
]
