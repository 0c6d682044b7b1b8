"""Initialization kernels: a generator bit by bit, random weights by their law."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from autograder.exercises import Case, Exercise, Machine, RandomLaw, Traffic
from autograder.exercises.initialization import AGAIN, FIRST, OTHER, seed
from autograder.exercises.initialization_torch import Family

if TYPE_CHECKING:
    from torch import Tensor

NOTEBOOK = "initialization/initialization_cuda"
FILL = Traffic(of="weight", reads=0.0, writes=1.02)
"""ns bytes: nothing is read."""

WHOLE = "a multiple of 16"
MACHINE = Machine(WHOLE, stack=0, load=None, store=16, offsets=64)
"""Triton may move four numbers at once where it knows that the last one fits."""

MASK = np.uint64(0xFFFFFFFF)
FAR_SEED = 1 << 32
"""A seed that is so much larger differs in its upper half alone."""


def philox(c: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Philox-4x32-10 (Salmon et al. 2011), in 64-bit arithmetic.

    c : (..., 4) words of the counter, as uint64
    k : (2,) words of the key, as uint64

    Returns (..., 4) words as uint64.
    """
    c0, c1, c2, c3 = (c[..., i] for i in range(4))
    k0, k1 = k
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        upper, lower = b >> np.uint64(32), a >> np.uint64(32)
        c0, c1, c2, c3 = upper ^ c1 ^ k0, b & MASK, lower ^ c3 ^ k1, a & MASK
        k0 = (k0 + np.uint64(0x9E3779B9)) & MASK
        k1 = (k1 + np.uint64(0xBB67AE85)) & MASK
    return np.stack([c0, c1, c2, c3], axis=-1)


def cuda_philox(counters: np.ndarray, seed: int) -> np.ndarray:
    """The words of each counter as (n, 4) of int32."""
    wide = counters.astype(np.uint64)
    zero = np.zeros_like(wide)
    c = np.stack([wide & MASK, wide >> np.uint64(32), zero, zero], axis=-1)
    k = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint64)
    return philox(c, k).astype(np.uint32).view(np.int32)


def cuda_normal_pairs(words: np.ndarray) -> Tensor:
    """Box and Muller in float64; what is asked for is float32."""
    import torch

    bits = np.ascontiguousarray(words).view(np.uint32).astype(np.float64)
    upper = np.floor(bits / 256)
    radius = np.sqrt(-2 * np.log((upper[:, 0] + 1) / 2**24))
    angle = 2 * math.pi * upper[:, 1] / 2**24
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return torch.from_numpy(pairs).float()


def cuda_constant(weight: Tensor, value: float) -> Tensor:
    """value everywhere, in float64."""
    import torch

    return torch.full_like(weight, value)


def cuda_uniform(
    weight: Tensor, low: float, high: float, seed: int, block: int = 0
) -> Tensor:
    """Any numbers: a law says what they must be like."""
    return weight


def cuda_normal(weight: Tensor, std: float, seed: int, block: int = 0) -> Tensor:
    """Any numbers: a law says what they must be like."""
    return weight


ORACLE = {
    f.__name__: f
    for f in (cuda_constant, cuda_philox, cuda_normal_pairs, cuda_uniform, cuda_normal)
}


def same_numbers(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Its numbers do not matter; the same ones take no room in an answer key."""
    return np.full(shape, 7, dtype)


def _constant_cases(rng: np.random.Generator) -> Iterator[Case]:
    for kind, shape in {
        "one element": (1,),
        "1,025 elements": (1025,),
        WHOLE: (13, 80),
        "a convolution": (2, 3, 5, 7),
    }.items():
        weight, value = same_numbers(shape, np.float32), float(rng.uniform(-2, 2))
        yield Case(kind=kind, weight=weight, value=value)
    weight = same_numbers((9, 4), np.float32).T
    yield Case(kind="transposed", weight=weight, value=float(rng.uniform(1, 2)))
    for dtype in (np.float16, ml_dtypes.bfloat16):
        yield Case(
            kind=f"{np.dtype(dtype).name}, 301 elements",
            weight=same_numbers((301,), dtype),
            value=float(rng.uniform(-2, 2)),
        )
    yield Case(kind="zero", weight=same_numbers((3, 4), np.float32), value=0.0)


def _philox_cases(rng: np.random.Generator) -> Iterator[Case]:
    def counters(n: int, bits: int) -> np.ndarray:
        return rng.integers(1 << bits, size=n, dtype=np.int64)

    yield Case(kind="neighbours", counters=np.arange(40), seed=seed(rng))
    yield Case(kind="one counter, seed 0", counters=counters(1, 31), seed=0)
    yield Case(kind="one counter, seed 1", counters=counters(1, 31), seed=1)
    yield Case(kind="257 counters", counters=counters(257, 32), seed=seed(rng))
    yield Case(
        kind="counters beyond 32 bits", counters=counters(33, 63), seed=seed(rng)
    )
    yield Case(
        kind="a seed beyond 32 bits",
        counters=counters(33, 31),
        seed=int(rng.integers(1 << 33, 1 << 63)),
    )


def _pairs_cases(rng: np.random.Generator) -> Iterator[Case]:
    def words(n: int) -> np.ndarray:
        return rng.integers(1 << 32, size=(n, 2), dtype=np.uint32).view(np.int32)

    yield Case(kind="one pair", words=words(1))
    yield Case(kind="257 pairs", words=words(257))
    yield Case(kind="transposed", words=np.ascontiguousarray(words(31).T).T)
    smallest = words(9).view(np.uint32)
    smallest[:, 0] = rng.permutation(np.arange(9, dtype=np.uint32) * 128)
    yield Case(kind="the smallest words", words=smallest.view(np.int32))
    largest = words(9).view(np.uint32)
    largest[:, 0] = np.uint32(0xFFFFFFFF) - rng.permutation(
        np.arange(9, dtype=np.uint32) * 128
    )
    yield Case(kind="the largest words", words=largest.view(np.int32))


def _laws(case: Case) -> Mapping[str, RandomLaw]:
    """All draws have one law; the case says which."""
    like = (case.shape, case.family, case.std)
    found = {
        FIRST: RandomLaw(*like, mean=case.mean),
        OTHER: RandomLaw(*like, unlike=FIRST, mean=case.mean),
        AGAIN: RandomLaw(*like, same_as=FIRST, mean=case.mean),
    }
    return {name: found[name] for name in case.draws}


def _draws(impl: Any, case: Case, name: str) -> Mapping[str, Any]:
    """From one seed, from another, and from the first, cut in other blocks."""
    function = getattr(impl, name)
    given = {
        FIRST: (case.seed, 1024),
        OTHER: (case.seed + case.step, 1024),
        AGAIN: (case.seed, 512),
    }
    return {
        draw: function(case.weight, *case.before, *given[draw]) for draw in case.draws
    }


KINDS: Mapping[str, tuple[tuple[int, ...], Any]] = {
    WHOLE: ((257, 4, 2, 2), np.float32),
    "a linear layer, bfloat16": ((30, 41), ml_dtypes.bfloat16),
    "six numbers, float16": ((2, 3), np.float16),
}


def _fill_cases(family: Family) -> Callable[[np.random.Generator], Iterator[Case]]:
    """Cases of cuda_uniform and cuda_normal, with two lengths of blocks."""

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for i, (kind, (shape, dtype)) in enumerate(KINDS.items()):
            weight = same_numbers(shape, dtype)
            width = float(rng.uniform(2, 3) if i % 2 else rng.uniform(0.1, 0.4))
            low = -width if i % 2 else float(rng.uniform(0.2, 0.8))
            high = width if i % 2 else low + width
            uniform = family == "uniform"
            yield Case(
                kind=kind,
                weight=weight,
                before=(low, high) if uniform else (width,),
                seed=seed(rng),
                step=FAR_SEED if i == 1 else 1,
                draws=(FIRST, OTHER, AGAIN)[: len(KINDS) - i],
                shape=shape,
                family=family,
                mean=(low + high) / 2 if uniform else 0.0,
                std=(high - low) / math.sqrt(12) if uniform else width,
            )

    return cases


def _fill(name: str, family: Family) -> Exercise:
    return Exercise(
        name=name,
        notebook=NOTEBOOK,
        points=3,
        cases=_fill_cases(family),
        scenario=lambda impl, case: _draws(impl, case, name),
        path="triton",
        oracle=ORACLE,
        traffic=FILL,
        laws=_laws,
    )


EXERCISES = [
    Exercise(
        name="cuda_constant",
        notebook=NOTEBOOK,
        points=1,
        cases=_constant_cases,
        scenario=lambda impl, case: {"W": impl.cuda_constant(case.weight, case.value)},
        path="triton",
        oracle=ORACLE,
        traffic=FILL,
        machine=MACHINE,
    ),
    Exercise(
        name="cuda_philox",
        notebook=NOTEBOOK,
        points=4,
        cases=_philox_cases,
        scenario=lambda impl, case: {
            "words": impl.cuda_philox(case.counters, case.seed)
        },
        path="triton",
        oracle=ORACLE,
    ),
    Exercise(
        name="cuda_normal_pairs",
        notebook=NOTEBOOK,
        points=3,
        cases=_pairs_cases,
        scenario=lambda impl, case: {"pairs": impl.cuda_normal_pairs(case.words)},
        path="triton",
        oracle=ORACLE,
    ),
    _fill("cuda_uniform", "uniform"),
    _fill("cuda_normal", "normal"),
]
