"""Preprocessing of images on tensors: bytes, a module, and a stream of batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, strided

NOTEBOOK = "preprocessing/preprocessing_torch"


def _image_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, shape, dtype in (
        ("all axes differ", (2, 4, 5, 3), np.float64),
        ("axes of one length", (3, 3, 3, 3), np.float64),
        ("one channel", (2, 3, 4, 1), np.float64),
        ("float32", (2, 3, 4, 3), np.float32),
    ):
        channels = shape[-1]
        yield Case(
            kind=kind,
            images=rng.integers(0, 256, shape).astype(np.uint8),
            mean=rng.uniform(0.3, 0.6, channels).astype(dtype),
            std=rng.uniform(0.15, 0.35, channels).astype(dtype),
        )


def _images(impl: Any, case: Case) -> Mapping[str, Any]:
    images = impl.as_bytes(case.images)
    return {"out": impl.torch_prepare_images(images, case.mean, case.std)}


def drawn(
    rng: np.random.Generator, shape: tuple[int, ...], mean: float, std: float
) -> np.ndarray:
    """Images (N, C, H, W) whose channels differ in mean and std."""
    channels = (1, shape[1], 1, 1)
    level = mean + std * rng.normal(0, 2, channels)
    return level + std * rng.uniform(0.5, 1.5, channels) * rng.normal(size=shape)


FAR = "mean 10,000, standard deviation 0.01"


def _module_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, shape, other, mean, std, dtype in (
        ("all axes differ", (4, 3, 2, 5), (2, 3, 3, 4), 0.5, 0.25, np.float64),
        ("axes of one length", (3, 3, 3, 3), (3, 3, 3, 3), 2.0, 3.0, np.float64),
        ("a constant channel", (4, 3, 2, 3), (2, 3, 2, 2), 0.5, 0.25, np.float64),
        (FAR, (4, 2, 3, 3), (2, 2, 3, 3), 1e4, 0.01, np.float64),
        ("float32, mean 1000", (5, 2, 3, 3), (2, 2, 3, 3), 1e3, 1.0, np.float32),
        ("float16, mean 100", (5, 2, 3, 3), (2, 2, 3, 3), 100, 3.0, np.float16),
        ("bfloat16", (5, 2, 3, 3), (2, 2, 3, 3), 20.0, 2.0, ml_dtypes.bfloat16),
    ):
        case = Case(
            kind=kind,
            train=drawn(rng, shape, mean, std),
            test=drawn(rng, other, mean + 2 * std, 2 * std),
            options=(),
        )
        if kind == "a constant channel":
            case.train[:, 1] = 0.75
            case.options = (0.3 * std,)
        case.train, case.test = case.train.astype(dtype), case.test.astype(dtype)
        yield case


def _module(impl: Any, case: Case) -> Mapping[str, Any]:
    """Fit, then both modes; the buffers, which are float64, of float64 alone."""
    made = impl.TorchStandardize(case.train.shape[1], *case.options)
    impl.on(made, "to", np.zeros(1))  # to the device of float64 tensors
    train = impl.loaded(case.train)
    impl.on(made, "fit", train)
    first = impl.on(made, "__call__", case.test)
    outputs = {"test, train mode": first, "in a graph": impl.in_a_graph(first)}
    outputs["train, train mode"] = impl.on(made, "__call__", train)
    outputs["train afterwards"] = train
    impl.on(made, "eval")
    outputs["test, eval mode"] = impl.on(made, "__call__", case.test)
    if case.train.dtype == np.float64:
        state = impl.on(made, "state_dict")
        for name in ("mean", "std"):
            outputs[f"{name} in state_dict()"] = impl.on(state, "__getitem__", name)
    return outputs


def _stream_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, counts, mean, std, dtype in (
        ("batches of different sizes", (4, 4, 1), 0.5, 0.25, np.float64),
        ("one batch", (3,), 0.5, 0.25, np.float64),
        ("batches of one image", (1, 1, 1), 1.0, 2.0, np.float64),
        ("batches that are far apart", (3, 5, 2), 0.0, 1.0, np.float64),
        ("the largest batch last", (1, 2, 5), 0.0, 1.0, np.float64),
        (FAR, (4, 3), 1e4, 0.01, np.float64),
        ("float32, mean 1000", (4, 4, 2), 1e3, 1.0, np.float32),
        ("bfloat16, mean 300", (3, 5, 2), 300.0, 3.0, ml_dtypes.bfloat16),
    ):
        apart = 10.0 if kind == "batches that are far apart" else 0.0
        batches = [
            drawn(rng, (n, 3, 2, 4), mean + apart * i, std)
            for i, n in enumerate(counts)
        ]
        if kind == "batches of different sizes":
            batches = [strided(b) for b in batches]
        yield Case(kind=kind, batches=[b.astype(dtype) for b in batches])


def _stream(impl: Any, case: Case) -> Mapping[str, Any]:
    batches = [impl.loaded(b) for b in case.batches]
    mean, std = impl.torch_channel_statistics(impl.stream(batches))
    return {"mean": mean, "std": std}


EXERCISES = (
    Exercise(
        name="torch_prepare_images",
        notebook=NOTEBOOK,
        points=2,
        cases=_image_cases,
        scenario=_images,
        path="torch",
    ),
    Exercise(
        name="TorchStandardize",
        notebook=NOTEBOOK,
        points=3,
        cases=_module_cases,
        scenario=_module,
        path="torch",
    ),
    Exercise(
        name="torch_channel_statistics",
        notebook=NOTEBOOK,
        points=3,
        cases=_stream_cases,
        scenario=_stream,
        path="torch",
    ),
)
