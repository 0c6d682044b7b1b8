"""Other right ways to write batch norm's kernels, as edits of the reference."""

import os
from functools import cache

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

from autograder.exercises import batchnorm_cuda, exercises_of
from autograder.mistakes import Mistake
from autograder.reference import recorder, scripts
from autograder.student.replay import replay
from autograder.student.verdict import judge

NOTEBOOK = batchnorm_cuda.NOTEBOOK
EXERCISES = {e.name: e for e in exercises_of(NOTEBOOK)}


@cache
def recorded(exercise):
    return recorder.record(EXERCISES[exercise])


def chan(text):
    """The loops of the merging kernel, as pairs of parts in turn."""
    first, last = text.index("    zero = tl.zeros"), text.index("    tl.store(out_mean")
    return (
        text[first:last],
        """\
    count = tl.load(count_ptr + first)
    mean, m2 = tl.load(mean_ptr + first), tl.load(m2_ptr + first)
    for i in range(1, parts):
        other = tl.load(count_ptr + first + i)
        delta = tl.load(mean_ptr + first + i) - mean
        total = count + other
        mean += delta * other / total
        m2 += tl.load(m2_ptr + first + i) + delta * delta * count * other / total
        count = total
    var = m2 / n
""",
    )


STATISTICS = "cuda_batchnorm_statistics"
ONE_SIZE = ("min(1024, triton.next_power_of_2(HW))", "512")
DIRECTLY = [
    (
        "x_ptr, scale_ptr, shift_ptr, out_ptr, C, HW,",
        "x_ptr, gamma_ptr, beta_ptr, mean_ptr, var_ptr, eps, out_ptr, C, HW,",
    ),
    (
        "out = tl.load(scale_ptr + c) * x + tl.load(shift_ptr + c)",
        "centred = x - tl.load(mean_ptr + c)\n"
        "    gamma = tl.load(gamma_ptr + c).to(COMPUTE)\n"
        "    std = tl.sqrt(tl.load(var_ptr + c) + eps)\n"
        "    out = gamma * centred / std + tl.load(beta_ptr + c).to(COMPUTE)",
    ),
    ("x, scale, shift, out,", "x, gamma, beta, running_mean, running_var, eps, out,"),
]
RIGHT = [
    (STATISTICS, "one size of blocks", [ONE_SIZE]),
    (STATISTICS, "pairs in turn", [chan(scripts.solution(NOTEBOOK, STATISTICS))]),
    (
        STATISTICS,
        "corrected two-pass variance",
        [
            (
                "m2 = tl.sum(centred * centred, axis=0)",
                "rest = tl.sum(centred, axis=0)\n"
                "    m2 = tl.sum(centred * centred, axis=0) - rest * rest / count",
            )
        ],
    ),
    (
        "cuda_batchnorm_forward",
        "running statistics by their difference",
        [
            (
                "momentum * old_mean + (1.0 - momentum) * mean",
                "old_mean + (1.0 - momentum) * (mean - old_mean)",
            ),
            (
                "momentum * old_var + (1.0 - momentum) * var",
                "var + momentum * (old_var - var)",
            ),
        ],
    ),
    (
        "cuda_batchnorm_forward",
        "scale and shift",
        [
            ("x_hat = (x - mean) * rstd", "scale = gamma * rstd"),
            ("out = gamma * x_hat + beta", "out = scale * (x - mean) + beta"),
        ],
    ),
    ("cuda_batchnorm_test", "four numbers a channel", DIRECTLY),
    (
        "cuda_batchnorm_test_relu",
        "ReLU by where",
        [("tl.maximum(out, 0.0)", "tl.where(out > 0, out, 0.0)")],
    ),
    ("cuda_batchnorm_backward", "one size of blocks", [ONE_SIZE]),
    (
        "cuda_batchnorm_backward",
        "divided once",
        [
            ("tl.load(dbeta_sum_ptr + c) / count", "tl.load(dbeta_sum_ptr + c)"),
            ("tl.load(dgamma_sum_ptr + c) / count", "tl.load(dgamma_sum_ptr + c)"),
            ("gamma * rstd * (dout", "gamma * rstd / count * (count * dout"),
        ],
    ),
    (
        "cuda_batchnorm_rows_statistics",
        "long thin blocks",
        [("32, min(32, triton.next_power_of_2(C))", "64, 16")],
    ),
]


@pytest.mark.parametrize(
    ("exercise", "way", "edits"), RIGHT, ids=lambda v: v if isinstance(v, str) else ""
)
def test_another_right_way_passes(exercise, way, edits):
    variant = Mistake(exercise, way, "", tuple(edits))
    names = scripts.namespace(NOTEBOOK, variant)
    entry = recorded(exercise)
    result = judge(entry, [replay(q.trace, names) for q in entry.questions])
    assert result.status == "passed", result.first_failure()
