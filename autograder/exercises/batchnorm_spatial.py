"""Batch normalization of (N, C, H, W), with one statistic for each channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.batchnorm import (
    ARRAYS,
    NOTEBOOK,
    batch,
    draw,
    each,
    run_backward,
    run_forward,
    running,
    same_in_each_channel,
    single_precision,
)


def _channels_last(x: np.ndarray) -> np.ndarray:
    """The same numbers, in memory with the channels of a pixel side by side."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def _image_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Batches (N, C, H, W) in train mode."""
    yield draw(rng, "N, C, H, W all differ", 2, 3, 4, 5, eps=0.3, momentum=0.7)
    yield draw(rng, "eps not given", 3, 2, 1, 5)
    yield draw(rng, "one image", 1, 3, 2, 4, eps=0.2, momentum=0.6)
    yield draw(rng, "one channel", 3, 1, 2, 4, eps=0.2, momentum=0.6)
    yield draw(rng, "one pixel", 5, 3, 1, 1, eps=0.2, momentum=0.6)
    constant = draw(rng, "a constant channel", 2, 3, 1, 4, eps=0.3)
    constant.x[:, 1] = -0.75
    yield constant
    far = "mean 10,000, standard deviation 0.01"
    yield draw(rng, far, 3, 2, 4, 1, mean=1e4, std=0.01)
    wide = draw(rng, "every other column of a wider array", 3, 2, 1, 4, eps=0.1)
    yield each(wide, strided, *ARRAYS)
    last = draw(rng, "channels last in memory", 2, 3, 1, 4, eps=0.1)
    yield each(last, _channels_last, "x", "dout")
    single = draw(rng, "float32", 2, 4, 3, 1, mean=2.0, eps=0.3)
    yield each(single, single_precision, *ARRAYS)


def spatial_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _image_cases(rng)
    several = draw(rng, "two batches", 2, 3, 1, 4, momentum=0.6, **running(rng, 3))
    several.later = (("train", batch(rng, (4, 3, 2, 1), 3.0, 2.0)),)
    yield several
    yield draw(rng, "test mode", 2, 3, 4, 1, mode="test", eps=0.3, **running(rng, 3))
    both = draw(rng, "train mode, then test mode", 4, 2, 3, 1, momentum=0.5, eps=0.2)
    both.later = (("test", batch(rng, (1, 2, 4, 3), 1.0, 1.0)),)
    yield both


def spatial_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _image_cases(rng)
    kind = "the same dout in each channel (broadcast)"
    repeated = draw(rng, kind, 2, 3, 1, 5, eps=0.3)
    yield each(repeated, same_in_each_channel, "dout")


def spatial_batchnorm_forward(impl: Any, case: Case) -> Mapping[str, Any]:
    return run_forward(impl, case, "spatial_batchnorm_forward")


def spatial_batchnorm_backward(impl: Any, case: Case) -> Mapping[str, Any]:
    forward, backward = "spatial_batchnorm_forward", "spatial_batchnorm_backward"
    return run_backward(impl, case, forward, backward)


EXERCISES = (
    Exercise(
        name="spatial_batchnorm_forward",
        notebook=NOTEBOOK,
        points=2,
        cases=spatial_forward_cases,
        scenario=spatial_batchnorm_forward,
        builds_on=("batchnorm_forward",),
    ),
    Exercise(
        name="spatial_batchnorm_backward",
        notebook=NOTEBOOK,
        points=2,
        cases=spatial_backward_cases,
        scenario=spatial_batchnorm_backward,
        builds_on=(
            "batchnorm_forward",
            "batchnorm_backward",
            "batchnorm_backward_alt",
            "spatial_batchnorm_forward",
        ),
    ),
)
