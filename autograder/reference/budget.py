"""How many bytes the kernels of one case may move."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.exercises import Case, Exercise
from autograder.student.kernels import Budget
from autograder.student.trace import Trace

ITEM_SIZES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}


def budget_of(
    exercise: Exercise, case: Case, trace: Trace, outputs: Mapping[str, np.ndarray]
) -> Budget | None:
    """The budget in bytes; None when the large tensors can't be told by size.

    Raises
    ------
    ValueError : when no call of the exercise's function has that input
    """
    traffic = exercise.traffic
    if traffic is None or not getattr(case, "traffic", True):
        return None
    for step in reversed(trace.steps):
        if step.function == exercise.name and traffic.of in step.parameters:
            spec = step.arguments[step.parameters.index(traffic.of)]
            break
    else:
        raise ValueError(f"{exercise.name} is not called with {traffic.of}")
    of = trace.arrays[spec["array"]]
    others = (*trace.arrays.values(), *outputs.values())
    if any(x.size == of.size and x.shape != of.shape for x in others):
        return None
    size = of.size * ITEM_SIZES[spec["dtype"]]
    return Budget(of.size, traffic.reads * size, traffic.writes * size)
