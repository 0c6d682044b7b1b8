"""Random kernels against known answers, their laws, and right ways beside them.

That the reference passes and every mistake is named: tests/test_mistakes.py.
"""

import math
import os
from functools import cache
from itertools import pairwise

import jupytext
import numpy as np
import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
import triton
import triton.language as tl
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import exercises_of, initialization_cuda
from autograder.exercises import initialization_cuda_weights as weights
from autograder.reference import recorder, scripts
from autograder.student import kernels
from autograder.student.laws import Law, broken
from autograder.student.replay import replay
from autograder.student.verdict import judge
from autograder.worker.cells import empty_namespace, run_cell

NOTEBOOK = initialization_cuda.NOTEBOOK
SOURCE = scripts.SOLUTIONS / f"{NOTEBOOK}.py"
EXERCISES = {e.name: e for e in (*initialization_cuda.EXERCISES, *weights.EXERCISES)}
UNITS = {torch.float32: 0.0, torch.float16: 2**-10, torch.bfloat16: 2**-7}
WEIGHTS = [name for name in EXERCISES if "xavier" in name or "kaiming" in name]


@cache
def reference():
    return scripts.namespace(NOTEBOOK)


@cache
def answers(exercise):
    return recorder.record(EXERCISES[exercise], b"a secret of the tests")


def judged(exercise, namespace):
    entry = answers(exercise)
    return judge(entry, [replay(q.trace, namespace) for q in entry.questions])


def test_the_notebook_asks_for_what_the_exercises_grade():
    assert exercises_of(NOTEBOOK) == list(EXERCISES.values())
    asked = [c.name for c in scripts.cells(NOTEBOOK) if c.solution]
    assert asked == list(EXERCISES)


# The generator


KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip
"""Counter, key and words of Random123, by the paper's authors (kat_vectors)."""


def words_of(text):
    return np.array([int(word, 16) for word in text.split()], np.uint64)


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_the_oracle_knows_the_authors_answers(counter, key, words):
    got = initialization_cuda.philox(words_of(counter), words_of(key))
    assert got.tolist() == words_of(words).tolist()


@triton.jit
def triton_words_kernel(counters_ptr, words_ptr, seed, n, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    counter = tl.load(counters_ptr + at, mask=at < n, other=0)
    a, b, c, d = tl.randint4x(seed, counter)
    tl.store(words_ptr + 4 * at, a, mask=at < n)
    tl.store(words_ptr + 4 * at + 1, b, mask=at < n)
    tl.store(words_ptr + 4 * at + 2, c, mask=at < n)
    tl.store(words_ptr + 4 * at + 3, d, mask=at < n)


def counters_and_seeds():
    rng = np.random.default_rng(0)
    wide = rng.integers(1 << 63, size=20, dtype=np.int64)
    counters = np.concatenate([np.arange(5), [2**31, 2**32 - 1, 2**32], wide])
    return counters, (0, 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1)


@pytest.mark.parametrize("seed", counters_and_seeds()[1])
def test_every_bit_is_that_of_the_paper_and_of_triton(seed):
    counters, _ = counters_and_seeds()
    there = torch.from_numpy(counters)
    ours = reference()["cuda_philox"](there, seed)
    assert ours.dtype == torch.int32
    exact = initialization_cuda.cuda_philox(counters, seed)
    assert np.array_equal(ours.numpy(), exact)
    theirs = torch.empty(len(counters), 4, dtype=torch.int32)
    triton_words_kernel[(1,)](there, theirs, seed, len(counters), 64)
    assert torch.equal(theirs, ours)


def test_one_bit_is_one_too_many():
    """The answer of a generator has no tolerance."""
    entry = answers("cuda_philox")
    outcomes = [replay(q.trace, reference()) for q in entry.questions]
    assert judge(entry, outcomes).status == "passed"
    outcomes[0].outputs["words"].array[3, 2] ^= 1
    result = judge(entry, outcomes)
    assert result.first_failure().verdicts[0].problem == "values"


# From words to numbers


def test_pairs_lie_within_what_24_bits_can_say():
    words = torch.tensor([[0, 0], [-1, 0], [0, -1], [-1, -1], [127, 1 << 30]])
    got = reference()["cuda_normal_pairs"](words.int())
    assert torch.isfinite(got).all()
    largest = math.sqrt(2 * 24 * math.log(2))
    assert got[0, 0].item() == pytest.approx(largest)
    assert got[1].tolist() == [0.0, 0.0]  # u1 = 1
    assert got[4].tolist() == pytest.approx([0.0, largest], abs=1e-5)
    assert got.abs().max().item() <= largest * (1 + 1e-6)


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=2, max_size=60))
@settings(max_examples=20, deadline=None)
def test_pairs_are_box_and_mullers(words):
    words = torch.tensor(words[: len(words) // 2 * 2], dtype=torch.int32).view(-1, 2)
    got = reference()["cuda_normal_pairs"](words)
    exact = initialization_cuda.cuda_normal_pairs(words.numpy())
    torch.testing.assert_close(got, exact, rtol=1e-5, atol=5e-6)


# Tensors


def fill(name, weight, seed, **more):
    """Uniform on [-1, 1), or standard normal."""
    arguments = {"cuda_uniform": (-1.0, 1.0), "cuda_normal": (1.0,)}[name]
    return reference()[name](weight, *arguments, seed, **more)


@pytest.mark.parametrize("name", ["cuda_uniform", "cuda_normal"])
@pytest.mark.parametrize("dtype", UNITS)
def test_many_numbers_follow_the_law(name, dtype):
    got = fill(name, torch.empty(250, 200, dtype=dtype), 5, block=4096)
    assert (got.shape, got.dtype) == ((250, 200), dtype)
    family, std = name.removeprefix("cuda_"), 1.0
    std = std if family == "normal" else 1 / math.sqrt(3)
    law = Law((250, 200), family, std, unit=UNITS[dtype])
    assert broken(law, got.float().numpy(), {}) is None


@pytest.mark.parametrize("name", ["cuda_uniform", "cuda_normal"])
@given(
    n=st.integers(1, 700),
    block=st.sampled_from([16, 128, 1024]),
    seed=st.integers(0, 2**63 - 1),
)
@settings(max_examples=10, deadline=None)
def test_numbers_depend_on_seed_and_place_alone(name, n, block, seed):
    whole = fill(name, torch.empty(700), seed, block=256)
    part = fill(name, torch.empty(n), seed, block=block)
    assert torch.equal(part, whole[:n])


def test_a_weight_may_lie_anyhow_in_memory():
    numbers = fill("cuda_uniform", torch.empty(6), 3)
    for weight in (torch.ones(3, 2).T, torch.ones(2, 1).expand(2, 3)):
        got = fill("cuda_uniform", weight, 3)
        assert got.shape == weight.shape
        assert torch.equal(got.ravel().sort()[0], numbers.sort()[0])
        assert torch.equal(weight, torch.ones(2, 3))


@pytest.mark.parametrize("dtype", UNITS)
def test_nothing_is_read_and_every_number_is_written_once(dtype):
    weight = torch.empty(1025, 1, dtype=dtype)
    calls = {
        "cuda_constant": (weight, 2.0),
        "cuda_uniform": (weight, -1.0, 1.0, 0),
        "cuda_normal": (weight, 1.0, 0),
        **dict.fromkeys(WEIGHTS, (weight, 0)),
    }
    for name, arguments in calls.items():
        with kernels.observe() as watch:
            out = reference()[name](*arguments)
        seen = watch.result(out)
        assert (seen.launches, seen.loads, seen.stores) == (1, 0, weight.nbytes)
        assert seen.broken() == ()


@pytest.mark.parametrize("name", WEIGHTS)
def test_sizes_are_pytorchs(name):
    """Uniform numbers have PyTorch's bound, normal ones its deviation."""
    weight = torch.empty(30, 8, 3, 5)
    got = reference()[name](weight, 1)
    theirs = getattr(torch.nn.init, f"{name.removeprefix('cuda_')}_")
    torch.manual_seed(0)
    want = theirs(torch.empty_like(weight))
    if "uniform" in name:
        assert got.abs().max().item() == pytest.approx(
            want.abs().max().item(), rel=5e-3
        )
    assert got.std().item() == pytest.approx(want.std().item(), rel=0.08)


def test_the_notebook_runs_from_top_to_bottom(capsys):
    namespace = empty_namespace()
    for i, cell in enumerate(scripts.cells(NOTEBOOK)):
        if cell.kind == "code" and not cell.name.startswith("check_"):
            run_cell(cell.source, namespace, f"test of {NOTEBOOK} cell {i}")
    printed = capsys.readouterr().out
    assert "all 32 bits: 1.0\n" in printed
    assert "24 bits: 0.9999999403953552\n" in printed
    assert "a0 b0 c0 d0 a1 b1 c1 d1" in printed
    assert "no number is larger than 5.77" in printed
    changed = int(printed.split(" of 128 bits")[0].split()[-1])
    assert 40 < changed < 88
    lines = {line.split()[0]: line.split()[1:] for line in printed.splitlines()}
    kept, lost = ([float(x) for x in lines[k]] for k in ("Kaiming", "Xavier"))
    assert 0.6 < min(kept) < max(kept) < 1.5
    for before, after in pairwise(lost):
        assert before / after == pytest.approx(math.sqrt(2), rel=0.25)


def test_the_source_comes_back_byte_for_byte():
    text = SOURCE.read_text()
    assert jupytext.writes(jupytext.reads(text, fmt="py:percent"), "py:percent") == text
