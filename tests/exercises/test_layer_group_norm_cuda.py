"""Kernels of norms as exercises: what a check accepts, and what it looks at."""

import os

import numpy as np
import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

from autograder.exercises import exercises_of
from autograder.exercises.layer_group_norm_cuda import NOTEBOOK
from autograder.mistakes import Mistake
from autograder.reference import scripts
from autograder.reference.recorder import PUBLIC
from autograder.student import kernels
from tests.exercises.judging import judged, why

EXERCISES = {e.name: e for e in exercises_of(NOTEBOOK)}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_reference_passes_and_says_where(exercise):
    result = judged(exercise, scripts.namespace(NOTEBOOK), PUBLIC)
    assert result.passed, why(result)
    assert result.where == kernels.where()
    assert result.notes == ()


VAR = "var = tl.sum(centred * centred) / D"
CENTRED = "centred = tl.where(inside, x - mean, 0.0)"

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
        "squares masked in place of the difference",
        (
            f"{CENTRED}\n    {VAR}",
            "centred = x - mean\n"
            "    var = tl.sum(tl.where(inside, centred * centred, 0.0)) / D",
        ),
    ),
    (
        "cuda_layernorm_forward",
        "the mask as a factor",
        (
            f"{CENTRED}\n    {VAR}",
            "centred = (x - mean) * inside.to(COMPUTE)\n    " + VAR,
        ),
    ),
    (
        "cuda_layernorm_backward",
        "every P-th row in a program",
        ("program * rows_each + i", "program + i * tl.num_programs(0).to(tl.int64)"),
    ),
    (
        "cuda_layernorm_backward",
        "another number of programs",
        ("programs = programs_for(N)", "programs = max(N // 5, 1)"),
    ),
    (
        "cuda_layernorm_backward",
        "the mean taken again",
        ("x_hat = (x - mean) * rstd", "x_hat = (x - tl.sum(x) / D) * rstd"),
    ),
    (
        "cuda_layernorm",
        "a gradient made contiguous twice",
        ("cuda_layernorm_backward(dout,", "cuda_layernorm_backward(dout.contiguous(),"),
    ),
    (
        "cuda_groupnorm_forward",
        "a grid of two axes",
        (".to(tl.int64)", ".to(tl.int64) * G + tl.program_id(1)"),
        ("[(N * G,)]", "[(N, G)]"),
    ),
    (
        "cuda_groupnorm_backward",
        "gamma outside of the sums of each channel",
        (
            "along_one = tl.sum(dx_hat) / size\n"
            "    along_x_hat = tl.sum(dx_hat * x_hat) / size",
            "along_one = tl.sum(gamma * tl.sum(dout, axis=1)) / size\n"
            "    along_x_hat = tl.sum(gamma * tl.sum(dout * x_hat, axis=1)) / size",
        ),
    ),
    (
        "cuda_layernorm_wide_forward",
        "the other form of the merge",
        (
            "delta * delta * part * start",
            "delta * (chunk_mean - mean) * count",
        ),
    ),
    (
        "cuda_layernorm_wide_forward",
        "a block that holds the row",
        (
            "    layernorm_wide_forward_kernel",
            "    block = triton.next_power_of_2(D)\n    layernorm_wide_forward_kernel",
        ),
    ),
    (
        "cuda_layernorm_short_forward",
        "another number of rows",
        ("N, D = x.shape", "N, D = x.shape\n    rows = 32"),
    ),
    (
        "cuda_layernorm_gelu_forward",
        "GELU in other words",
        (
            "0.5 * z * (1.0 + tl.erf(0.7071067811865476 * z))",
            "0.5 * z + 0.5 * z * tl.erf(z / 1.4142135623730951)",
        ),
    ),
]


@pytest.mark.parametrize(
    ("exercise", "way", "edits"), [(e, way, tuple(edits)) for e, way, *edits in RIGHT]
)
def test_another_right_way_passes(exercise, way, edits):
    variant = Mistake(exercise, way, "", edits)
    result = judged(exercise, scripts.namespace(NOTEBOOK, variant), PUBLIC)
    assert result.passed, why(result)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_cases_hold_what_tells_the_mistakes_apart(exercise):
    cases = list(EXERCISES[exercise].cases(np.random.default_rng(0)))
    dtypes = {str(c.x.dtype) for c in cases}
    assert dtypes == {"float64", "float32", "float16", "bfloat16"}
    assert any(not c.x.flags.c_contiguous for c in cases)
    assert any(not c.gamma.flags.c_contiguous for c in cases)
    assert any(c.eps == 0.3 for c in cases)
    for case in cases:
        assert np.abs(case.gamma.astype(float)).min() > 1.1
        assert np.isfinite(case.x.astype(float)).all()


def test_sums_over_some_rows_are_large_where_gradients_nearly_cancel():
    cases = EXERCISES["cuda_layernorm_backward"].cases(np.random.default_rng(0))
    for case in cases:
        if case.kind.endswith("nearly cancel"):
            dout = case.dout.astype(np.float64)
            assert np.abs(dout[:8].sum(0)).max() > 4 * np.abs(dout.sum(0)).max()
