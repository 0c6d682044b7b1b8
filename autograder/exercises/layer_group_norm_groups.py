"""Group normalization of (N, C, H, W), with G from one to C.

At G = 1, at G = C and where the size of a group is G, wrong groups are right
ones. So there are groups of several sizes, with more than one pixel each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.batchnorm import (
    ARRAYS,
    each,
    same_in_each_channel,
    single_precision,
)
from autograder.exercises.layer_group_norm import (
    FAR,
    NOTEBOOK,
    WIDE,
    around_their_mean,
    channels_last,
    draw,
    exact,
    gradients,
    run_forward,
)


def grouped(case: Case, G: int) -> Case:
    case.G = G
    return case


def _group_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield grouped(draw(rng, "4 channels in 2 groups", 2, 4, 3, 5, eps=0.3), 2)
    yield grouped(draw(rng, "6 channels in 2 groups", 3, 6, 1, 2, eps=0.2), 2)
    yield grouped(draw(rng, "6 channels in 3 groups, eps not given", 2, 6, 3, 1), 3)
    yield grouped(draw(rng, "one group", 2, 3, 2, 4, eps=0.2), 1)
    yield grouped(draw(rng, "as many groups as channels", 2, 3, 2, 4, eps=0.2), 3)
    same = draw(rng, "N, C and W are one number", 4, 4, 1, 4, eps=0.2)
    yield grouped(same, 2)
    yield grouped(draw(rng, "one image", 1, 4, 2, 3, eps=0.2), 2)
    yield grouped(draw(rng, "one channel", 3, 1, 2, 4, eps=0.2), 1)
    yield grouped(draw(rng, "one pixel", 3, 6, 1, 1, eps=0.2), 2)
    yield grouped(exact(draw(rng, "one element", 1, 1, 1, 1, eps=0.25)), 1)
    kind = "a constant group, and entries equal to their mean"
    constant = draw(rng, kind, 2, 6, 1, 3, eps=0.3)
    constant.x[0, 3:] = -0.75
    constant.x[1, :3] = around_their_mean(rng, (3, 1, 3))
    yield grouped(constant, 2)
    small = draw(rng, "standard deviation 0.001", 2, 4, 2, 3, std=1e-3)
    yield grouped(small, 2)
    yield grouped(draw(rng, FAR, 2, 6, 3, 1, mean=1e4, std=0.01), 2)
    yield grouped(each(draw(rng, WIDE, 2, 6, 1, 4, eps=0.1), strided, *ARRAYS), 3)
    last = draw(rng, "channels last in memory", 1, 6, 2, 2, eps=0.1)
    yield grouped(each(last, channels_last, "x", "dout"), 2)
    single = draw(rng, "float32", 2, 4, 3, 2, mean=2.0, eps=0.3)
    yield grouped(each(single, single_precision, *ARRAYS), 2)


def groupnorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _group_cases(rng)
    image = draw(rng, "one image repeated (broadcast)", 3, 4, 1, 3, eps=0.1)
    image.x = np.broadcast_to(image.x[:1], image.x.shape)
    yield grouped(image, 2)


def groupnorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _group_cases(rng)
    kind = "the same dout in each channel (broadcast)"
    repeated = draw(rng, kind, 2, 4, 1, 5, eps=0.3)
    yield grouped(each(repeated, same_in_each_channel, "dout"), 2)


def groupnorm_forward(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"out": run_forward(impl, case, "groupnorm_forward", case.G)[0]}


def groupnorm_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    return gradients(impl, case, "groupnorm", case.G)


EXERCISES = (
    Exercise(
        name="groupnorm_forward",
        notebook=NOTEBOOK,
        points=4,
        cases=groupnorm_forward_cases,
        scenario=groupnorm_forward,
        builds_on=("layernorm_forward", "instancenorm_forward"),
    ),
    Exercise(
        name="groupnorm_backward",
        notebook=NOTEBOOK,
        points=4,
        cases=groupnorm_backward_cases,
        scenario=groupnorm_backward,
        builds_on=(
            "layernorm_forward",
            "layernorm_backward",
            "instancenorm_forward",
            "instancenorm_backward",
            "groupnorm_forward",
        ),
    ),
)
