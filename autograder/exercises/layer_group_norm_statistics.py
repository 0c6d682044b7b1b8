"""Which elements share a statistic, how many there are, how far off they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided
from autograder.exercises.batchnorm import (
    each,
    same_in_each_channel,
    single_precision,
)
from autograder.exercises.layer_group_norm import (
    FAR,
    NOTEBOOK,
    WIDE,
    channels_last,
    examples,
)

Shape = tuple[int, ...]


def shared_statistics_cases(rng: np.random.Generator) -> Iterator[Case]:
    def shape(C: int) -> Shape:
        """C channels; N, H and W are 2, 3 and 4 in some order."""
        N, H, W = (int(n) for n in rng.permutation([2, 3, 4]))
        return N, C, H, W

    def element(kind: str, norm: str, shape: Shape, G: int) -> Case:
        index = tuple(int(rng.integers(n)) for n in shape)
        return Case(kind=kind, norm=norm, shape=shape, index=index, G=G)

    yield element("batch norm", "batch", shape(5), 5)
    yield element("layer norm", "layer", shape(5), 5)
    yield element("instance norm", "instance", shape(6), 2)
    yield element("group norm, 6 channels in 2 groups", "group", shape(6), 2)
    yield element("group norm, 6 channels in 3 groups", "group", shape(6), 3)
    yield element("group norm, one group", "group", shape(5), 1)
    yield element("group norm, as many groups as channels", "group", shape(5), 5)
    for norm in ("batch", "layer", "instance", "group"):
        kind = f"{norm} norm, N, C, H, W are one number"
        yield element(kind, norm, (2, 2, 2, 2), 2)
    first = element("the first element", "group", shape(6), 3)
    first.index = (0, 0, 0, 0)
    yield first
    last = element("the last element", "group", shape(6), 2)
    last.index = tuple(n - 1 for n in last.shape)
    yield last
    yield element("one element", "batch", (1, 1, 1, 1), 1)


def shared_statistics(impl: Any, case: Case) -> Mapping[str, Any]:
    shared = impl.shared_statistics(case.norm, case.shape, case.index, case.G)
    return {"shared": shared}


def counting_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Shapes as in a network: large, and all axes of different lengths."""

    def layer(kind: str, norm: str, size: int = 3) -> Case:
        """``size`` channels in each group; 0: all of them in one."""
        N, H, W = (int(n) for n in rng.choice(np.arange(40, 70), 3, replace=False))
        groups = int(rng.choice([5, 7, 9]))
        C = groups * (size or 4)
        G = groups if size else 1
        return Case(kind=kind, norm=norm, shape=(N, C, H, W), G=G)

    for norm in ("batch", "layer", "instance", "group"):
        yield layer(f"{norm} norm", norm)
    yield layer("group norm, one group", "group", size=0)
    yield layer("group norm, as many groups as channels", "group", size=1)
    for norm in ("batch", "layer", "instance", "group"):
        alone = layer(f"{norm} norm, one example", norm)
        alone.shape = (1, *alone.shape[1:])
        yield alone


def number_of_statistics(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"number": impl.number_of_statistics(case.norm, case.shape, case.G)}


def affine_parameters(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"number": impl.affine_parameters(case.norm, case.shape)}


def affine_cases(rng: np.random.Generator) -> Iterator[Case]:
    """The same shapes; this question does not depend on G."""
    for case in counting_cases(rng):
        if case.kind.count(",") == 0 or "example" in case.kind:
            yield case


def statistics_error_cases(rng: np.random.Generator) -> Iterator[Case]:
    def data(
        kind: str,
        *shape: int,
        batch_size: int,
        G: int,
        mean: float = 0.0,
        std: float = 1.0,
    ) -> Case:
        x = examples(rng, shape, mean, std)
        return Case(kind=kind, x=x, batch_size=batch_size, G=G)

    yield data("batches of 3", 12, 4, 1, 2, batch_size=3, G=2)
    yield data("batches of 4, and 3 left over", 11, 3, 2, 1, batch_size=4, G=1)
    yield data("batches of one", 7, 4, 2, 2, batch_size=1, G=2)
    yield data("one batch, and 2 left over", 7, 2, 2, 3, batch_size=5, G=2)
    whole = data("all in one batch", 8, 3, 2, 1, batch_size=8, G=3)
    yield each(whole, lambda x: np.round(8 * x) / 8, "x")  # means without rounding
    yield data("one channel", 9, 1, 2, 3, batch_size=2, G=1)
    yield data("one pixel", 10, 6, 1, 1, batch_size=3, G=3)
    yield data(FAR, 9, 2, 2, 1, batch_size=2, G=1, mean=1e4, std=0.01)
    yield each(data(WIDE, 8, 4, 1, 3, batch_size=2, G=2), strided, "x")
    last = data("channels last in memory", 6, 4, 2, 2, batch_size=2, G=2)
    yield each(last, channels_last, "x")
    single = data("float32", 8, 4, 2, 1, batch_size=3, G=2, mean=2.0)
    yield each(single, single_precision, "x")
    repeated = data("equal channels (broadcast)", 8, 4, 1, 3, batch_size=3, G=2)
    yield each(repeated, same_in_each_channel, "x")


def statistics_error(impl: Any, case: Case) -> Mapping[str, Any]:
    batch_error, group_error = impl.statistics_error(case.x, case.batch_size, case.G)
    return {"batch_error": batch_error, "group_error": group_error}


EXERCISES = (
    Exercise(
        name="shared_statistics",
        notebook=NOTEBOOK,
        points=3,
        cases=shared_statistics_cases,
        scenario=shared_statistics,
    ),
    Exercise(
        name="number_of_statistics",
        notebook=NOTEBOOK,
        points=1,
        cases=counting_cases,
        scenario=number_of_statistics,
    ),
    Exercise(
        name="affine_parameters",
        notebook=NOTEBOOK,
        points=1,
        cases=affine_cases,
        scenario=affine_parameters,
    ),
    Exercise(
        name="statistics_error",
        notebook=NOTEBOOK,
        points=2,
        cases=statistics_error_cases,
        scenario=statistics_error,
    ),
)
