"""The kernels of the reference, their mistakes, and right ways beside them."""

import os
from functools import cache

import jupytext
import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import exercises_of
from autograder.exercises.layer_group_norm_cuda import NOTEBOOK
from autograder.mistakes import Mistake, mistakes_of
from autograder.reference import recorder, scripts
from autograder.student import kernels
from autograder.student.replay import replay
from autograder.student.verdict import judge

SOURCE = scripts.SOLUTIONS / f"{NOTEBOOK}.py"
EXERCISES = {e.name: e for e in exercises_of(NOTEBOOK)}
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)

# rounding of the result, and float32 arithmetic before it; bfloat16 is cut off
RTOL = {
    torch.float64: 1e-13,
    torch.float32: 2e-6,
    torch.float16: 2**-10,
    torch.bfloat16: 2**-7,
}


@cache
def reference():
    return scripts.namespace(NOTEBOOK)


@cache
def answers(exercise):
    return recorder.record(EXERCISES[exercise])


def judged(entry, namespace):
    return judge(entry, [replay(q.trace, namespace) for q in entry.questions])


def test_the_notebook_asks_for_what_the_exercises_grade():
    asked = [c.name for c in scripts.cells(NOTEBOOK) if c.solution]
    assert asked == list(EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_reference_passes_and_says_where(exercise):
    result = judged(answers(exercise), reference())
    assert result.status == "passed", result.first_failure()
    assert result.where == kernels.where()
    assert result.notes == ()


@pytest.mark.parametrize(
    "mistake",
    [m for e in EXERCISES for m in mistakes_of(e) if m.caught_by != "values"],
    ids=lambda m: f"{m.exercise}: {m.name}",
)
def test_a_property_catches_what_values_do_not_show(mistake):
    wrong = scripts.namespace(NOTEBOOK, mistake)
    result = judged(answers(mistake.exercise), wrong)
    broken = {name for c in result.cases for name, _ in c.broken}
    changed = any(c.changed for c in result.cases)
    assert mistake.caught_by in broken | ({"inputs"} if changed else set())


RIGHT = [
    (
        "cuda_layernorm_forward",
        "a wider block",
        ("triton.next_power_of_2(D)", "2 * triton.next_power_of_2(D)"),
    ),
    (
        "cuda_layernorm_forward",
        "the inverse root at once",
        ("1.0 / tl.sqrt(var + eps)", "tl.rsqrt(var + eps)"),
    ),
    (
        "cuda_layernorm_forward",
        "shifted before the mask",
        (
            "tl.where(inside, x - mean, 0.0)\n    var = tl.sum(centred * centred) / D",
            "x - mean\n    var = tl.sum(tl.where(inside, centred * centred, 0.0)) / D",
        ),
    ),
    (
        "cuda_layernorm_forward",
        "the mean's square taken off the tail again",
        (
            "centred = tl.where(inside, x - mean, 0.0)\n"
            "    var = tl.sum(centred * centred) / D",
            "centred = x - mean\n"
            "    var = tl.sum(centred * centred * inside.to(COMPUTE)) / D",
        ),
    ),
]


@pytest.mark.parametrize(("exercise", "way", "edit"), RIGHT)
def test_another_right_way_passes(exercise, way, edit):
    variant = Mistake(exercise, way, "", (edit,))
    result = judged(answers(exercise), scripts.namespace(NOTEBOOK, variant))
    assert result.status == "passed", result.first_failure()


def layouts(x):
    """The same numbers, lying in memory in four ways."""
    wide = torch.stack([x, torch.full_like(x, torch.nan)], dim=-1)
    return {
        "contiguous": x,
        "transposed": x.transpose(0, 1).contiguous().transpose(0, 1),
        "strided": wide[..., 0],
        "offset": torch.cat([x[:1], x])[1:],
    }


LAYOUTS = st.sampled_from(["contiguous", "transposed", "strided", "offset"])
MANY = settings(max_examples=15, deadline=None)


def close(got, want, like, eps=1.0):
    """As torch in float64 says, in the dtype of an input."""
    assert (got.dtype, got.device, got.shape) == (like.dtype, like.device, want.shape)
    atol = max(RTOL[like.dtype] if like.dtype.itemsize > 2 else 0.0, 0.0)
    scale = max(want.abs().max().item(), 1.0)
    torch.testing.assert_close(
        got.double(), want, rtol=RTOL[like.dtype], atol=(atol + 1e-6 * eps) * scale
    )


def drawn(shape, features, dtype, layout, mean, seed):
    """x in a layout, gamma and beta, and a gradient from above."""
    generator = torch.Generator().manual_seed(seed)
    x, dout = torch.randn(2, *shape, generator=generator)
    gamma, beta = torch.randn(2, shape[features], generator=generator)
    x = layouts((mean + x).to(dtype))[layout]
    return x, gamma.to(dtype), beta.to(dtype), dout.to(dtype)


@MANY
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 70)),
    dtype=st.sampled_from(DTYPES),
    layout=LAYOUTS,
    mean=st.sampled_from([0.0, -2.0]),
    eps=st.sampled_from([0.25, 1.0]),
    seed=st.integers(0, 2**31),
)
def test_layer_norm_agrees_with_torch_in_float64(shape, dtype, layout, mean, eps, seed):
    x, gamma, beta, _ = drawn(shape, -1, dtype, layout, mean, seed)
    exact = [t.double().requires_grad_() for t in (x, gamma, beta)]
    want = torch.nn.functional.layer_norm(exact[0], shape[1:], *exact[1:], eps)
    out, *_ = reference()["cuda_layernorm_forward"](x, gamma, beta, eps)
    close(out, want.detach(), x)


def test_the_source_comes_back_byte_for_byte():
    text = SOURCE.read_text()
    assert jupytext.writes(jupytext.reads(text, fmt="py:percent"), "py:percent") == text
