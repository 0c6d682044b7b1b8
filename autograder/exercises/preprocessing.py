"""Centring and scaling of features and of images, from the training split alone.

The test split lies elsewhere than the training split and has a spread of its
own, so that statistics taken from the wrong one show. Within an image the mean
differs from place to place, so that the ways of centring images differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "preprocessing/preprocessing"
FAR = "mean 10,000, standard deviation 0.01"


def splits(function: str) -> Callable[[Any, Case], Mapping[str, Any]]:
    """A scenario: hand both splits to ``function``, look at both results."""

    def scenario(impl: Any, case: Case) -> Mapping[str, Any]:
        train, test = getattr(impl, function)(case.train, case.test, *case.options)
        return {"train": train, "test": test}

    return scenario


def change(case: Case, how: Callable[[np.ndarray], np.ndarray]) -> Case:
    """The same case with ``how`` done to both splits."""
    case.train, case.test = how(case.train), how(case.test)
    return case


def single_precision(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32)


def first_row_repeated(x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(x[:1], x.shape)


def table(
    rng: np.random.Generator,
    kind: str,
    n: int,
    m: int,
    features: int,
    mean: float = 3.0,
    std: float = 1.0,
) -> Case:
    """n training and m test rows; each feature has its own mean and spread."""
    own = rng.normal(size=features)
    spread = std * rng.uniform(0.5, 2.0, features)

    def rows(count: int, shift: float) -> np.ndarray:
        return mean + std * own + spread * (shift + rng.normal(size=(count, features)))

    return Case(kind=kind, train=rows(n, 0.0), test=rows(m, 1.5), options=())


def zero_center_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield table(rng, "far from zero", 5, 4, 3)
    yield table(rng, "as many test as training examples", 4, 4, 5)
    yield table(rng, "as many examples as features", 3, 3, 3)
    yield table(rng, "one training example", 1, 3, 4)
    yield table(rng, "one test example", 5, 1, 3)
    yield table(rng, "one feature", 7, 2, 1)
    constant = table(rng, "a constant feature", 5, 3, 3)
    constant.train[:, 1] = 0.75
    yield constant
    yield table(rng, FAR, 6, 3, 2, mean=1e4, std=0.01)
    skewed = table(rng, "one example far from all others", 6, 3, 2)
    skewed.train[2] += 50.0
    yield skewed
    wide = table(rng, "every other column of a wider array", 4, 3, 5)
    yield change(wide, strided)
    turned = table(rng, "Fortran order", 4, 3, 5)
    yield change(turned, np.asfortranarray)
    repeated = table(rng, "one test example repeated (broadcast)", 5, 3, 4)
    repeated.test = first_row_repeated(repeated.test)
    yield repeated
    yield change(table(rng, "float32", 6, 2, 4), single_precision)


def pictures(
    rng: np.random.Generator,
    kind: str,
    *shape: int,
    m: int = 2,
    size: tuple[int, int] | None = None,
    mean: float = 3.0,
    std: float = 1.0,
    options: tuple[float, ...] = (),
) -> Case:
    """Training images (N, H, W, C) and m test images, of another size if given."""
    height, width, channels = shape[1:]
    tint = rng.normal(size=channels)
    spread = std * rng.uniform(0.5, 2.0, channels)
    train = rng.normal(size=shape) + rng.normal(size=(height, width, channels))
    test = 1.5 + rng.normal(size=(m, *(size or (height, width)), channels))
    return Case(
        kind=kind,
        train=mean + std * tint + spread * train,
        test=mean + std * tint + spread * test,
        options=options,
    )


def to_bytes(x: np.ndarray) -> np.ndarray:
    """Bytes around 100, with a spread of 30 for a spread of one."""
    return np.clip(np.round(100 + 30 * (x - 3.0)), 0, 255).astype(np.uint8)


def _image_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield pictures(rng, "N, H, W, C all differ", 5, 4, 2, 3, m=1)
    yield pictures(rng, "all axes of one length", 2, 2, 2, 2)
    yield change(pictures(rng, "bytes", 3, 2, 2, 3), to_bytes)
    yield pictures(rng, "one training image", 1, 3, 2, 3)
    yield pictures(rng, "one channel", 5, 3, 2, 1)
    yield pictures(rng, "four channels of one pixel", 6, 1, 1, 4, m=3)
    yield pictures(rng, FAR, 3, 1, 4, 2, mean=1e4, std=0.01)
    wide = pictures(rng, "every other channel of a wider array", 3, 1, 2, 3)
    yield change(wide, strided)
    turned = pictures(rng, "Fortran order", 4, 2, 1, 3)
    yield change(turned, np.asfortranarray)
    repeated = pictures(rng, "one test image repeated (broadcast)", 3, 1, 2, 3)
    repeated.test = first_row_repeated(repeated.test)
    yield repeated
    yield change(pictures(rng, "float32", 3, 2, 1, 4), single_precision)


def _other_size(rng: np.random.Generator) -> Case:
    kind = "test images of another size"
    return pictures(rng, kind, 3, 2, 2, 3, m=1, size=(4, 1))


def channel_mean_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _image_cases(rng)
    yield _other_size(rng)


def _constant_channel(
    rng: np.random.Generator, kind: str, options: tuple[float, ...]
) -> Case:
    """A channel that is constant in the training split alone."""
    case = pictures(rng, kind, 3, 2, 2, 3, options=options)
    case.train[..., 1] = 0.75
    return case


def channel_mean_std_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _image_cases(rng)
    yield _other_size(rng)
    yield _constant_channel(rng, "a constant channel, floor 0.05", (0.05,))
    yield _constant_channel(rng, "a constant channel, floor not given", ())
    high = pictures(rng, "a floor above the spread of one channel", 3, 1, 4, 3)
    high.options = (float(high.train.std(axis=(0, 1, 2)).min() * 1.7),)
    yield high


def stored_numbers_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield Case(kind="CIFAR-10", shape=(32, 32, 3))
    yield Case(kind="crops of ImageNet", shape=(224, 224, 3))
    yield Case(kind="one pixel, one channel", shape=(1, 1, 1))
    yield Case(kind="H and W differ", shape=(*rng.integers(5, 90, 2), 3))
    yield Case(kind="one channel", shape=(*rng.integers(5, 90, 2), 1))
    yield Case(kind="many channels", shape=tuple(rng.integers(5, 40, 3)))


def stored_numbers(impl: Any, case: Case) -> Mapping[str, Any]:
    H, W, C = (int(n) for n in case.shape)
    image, channel, channel_std, whitening = impl.stored_numbers(H, W, C)
    return {
        "image": image,
        "channel": channel,
        "channel_std": channel_std,
        "whitening": whitening,
    }


def condition_number_cases(rng: np.random.Generator) -> Iterator[Case]:
    def features(kind: str, mean: float, std: float, count: int) -> Case:
        return Case(kind=kind, mean=float(mean), std=float(std), count=int(count))

    mean, std = rng.uniform(0.3, 0.6), rng.uniform(0.2, 0.3)
    yield features("two features", mean, std, 2)
    yield features("pixels of CIFAR-10", mean, std, 3072)
    yield features("centred already", 0.0, std, 8)
    yield features("a negative mean", -rng.uniform(1, 3), rng.uniform(0.5, 2), 5)
    yield features("a small mean", 0.1 * mean, rng.uniform(2, 3), 4)
    yield features("a mean of 100", 100.0, rng.uniform(2, 5), 10)


def condition_number(impl: Any, case: Case) -> Mapping[str, Any]:
    return {"ratio": impl.condition_number(case.mean, case.std, case.count)}


EXERCISES = (
    Exercise(
        name="zero_center",
        notebook=NOTEBOOK,
        points=1,
        cases=zero_center_cases,
        scenario=splits("zero_center"),
    ),
    Exercise(
        name="condition_number",
        notebook=NOTEBOOK,
        points=1,
        cases=condition_number_cases,
        scenario=condition_number,
    ),
    Exercise(
        name="mean_image",
        notebook=NOTEBOOK,
        points=1,
        cases=_image_cases,
        scenario=splits("mean_image"),
        builds_on=("zero_center",),
    ),
    Exercise(
        name="channel_mean",
        notebook=NOTEBOOK,
        points=1,
        cases=channel_mean_cases,
        scenario=splits("channel_mean"),
        builds_on=("zero_center",),
    ),
    Exercise(
        name="channel_mean_std",
        notebook=NOTEBOOK,
        points=2,
        cases=channel_mean_std_cases,
        scenario=splits("channel_mean_std"),
        builds_on=("zero_center", "channel_mean"),
    ),
    Exercise(
        name="stored_numbers",
        notebook=NOTEBOOK,
        points=1,
        cases=stored_numbers_cases,
        scenario=stored_numbers,
    ),
)
