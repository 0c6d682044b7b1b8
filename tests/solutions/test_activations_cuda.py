"""The kernels of the reference, their mistakes, and right ways beside them."""

import os
import subprocess
import sys
from functools import cache

import jupytext
import numpy as np
import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import activations_cuda, exercises_of
from autograder.mistakes import Mistake
from autograder.reference import recorder, scripts
from autograder.student import kernels
from autograder.student.replay import replay
from autograder.student.verdict import judge
from autograder.worker.cells import empty_namespace, run_cell

NOTEBOOK = activations_cuda.NOTEBOOK
SOURCE = scripts.SOLUTIONS / f"{NOTEBOOK}.py"
EXERCISES = {e.name: e for e in activations_cuda.EXERCISES}
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)

# rounding of the result, and float32 arithmetic before it; bfloat16 is cut off
RTOL = {
    torch.float64: 1e-14,
    torch.float32: 1e-6,
    torch.float16: 2**-10,
    torch.bfloat16: 2**-7,
}


@cache
def reference():
    return scripts.namespace(NOTEBOOK)


@cache
def answers(exercise, secret=recorder.PUBLIC):
    return recorder.record(EXERCISES[exercise], secret)


def judged(entry, namespace):
    return judge(entry, [replay(q.trace, namespace) for q in entry.questions])


def test_the_notebook_asks_for_what_the_exercises_grade():
    assert exercises_of(NOTEBOOK) == activations_cuda.EXERCISES
    asked = [c.name for c in scripts.cells(NOTEBOOK) if c.solution]
    assert asked == list(EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("secret", [recorder.PUBLIC, b"one class", b"another"])
def test_the_reference_passes(exercise, secret):
    result = judged(answers(exercise, secret), reference())
    assert result.status == "passed", result.first_failure()
    assert result.where == kernels.where()
    assert result.notes == ()


RIGHT = {
    "smaller blocks": [("x.numel(), 1024", "x.numel(), 512")],
    "one block for everything": [("x.numel(), 1024", "x.numel(), 2048")],
    "result of zeros": [("torch.empty_like(x)", "torch.zeros_like(x)")],
    "offsets cast another way": [
        (
            "tl.program_id(0).to(tl.int64) * BLOCK",
            "tl.cast(tl.program_id(0), tl.int64) * BLOCK",
        )
    ],
    "grid as a function": [
        ("(triton.cdiv(n, block),)", 'lambda meta: (triton.cdiv(n, meta["BLOCK"]),)')
    ],
    "memory allocated by shape": [
        (
            "torch.empty_like(x)",
            "torch.empty(x.shape, dtype=x.dtype, device=x.device)",
        )
    ],
}

OTHER_FORMULAS = [
    ("cuda_relu_forward", "tl.maximum(x, 0.0)", "tl.where(x > 0, x, 0.0)"),
    ("cuda_relu_forward", "tl.maximum(x, 0.0)", "tl.where(x < 0, 0.0, x)"),
    ("cuda_relu_backward", "tl.where(x > 0, dout, 0.0)", "tl.where(x <= 0, 0.0, dout)"),
    ("cuda_relu_backward", "tl.where(x > 0, dout, 0.0)", "dout * (x > 0)"),
    (
        "cuda_gelu_forward",
        "x * below",
        "0.5 * x + 0.5 * x * tl.erf(x / 1.4142135623730951)",
    ),
    (
        "cuda_gelu_backward",
        "dout * (below + x * density)",
        "dout * below + dout * x * density",
    ),
]


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("way", RIGHT)
def test_another_right_way_passes(exercise, way):
    variant = Mistake(exercise, way, "", tuple(RIGHT[way]))
    result = judged(answers(exercise), scripts.namespace(NOTEBOOK, variant))
    assert result.status == "passed", result.first_failure()


@pytest.mark.parametrize(("exercise", "old", "new"), OTHER_FORMULAS)
def test_another_right_formula_passes(exercise, old, new):
    variant = Mistake(exercise, new, "", ((old, new),))
    result = judged(answers(exercise), scripts.namespace(NOTEBOOK, variant))
    assert result.status == "passed", result.first_failure()


def layouts(x):
    """The same numbers, lying in memory in four ways."""
    wide = torch.stack([x, torch.full_like(x, torch.nan)], dim=-1)
    return {
        "contiguous": x,
        "transposed": x.t().contiguous().t(),
        "strided": wide[..., 0],
        "offset": torch.cat([x[:1], x])[1:],
    }


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    dtype=st.sampled_from(DTYPES),
    layout=st.sampled_from(["contiguous", "transposed", "strided", "offset"]),
    mean=st.sampled_from([0.0, -2.0, 1e4]),
    seed=st.integers(0, 2**31),
)
def test_all_four_agree_with_torch_autograd_in_float64(
    shape, dtype, layout, mean, seed
):
    rng = torch.Generator().manual_seed(seed)
    x = layouts((mean + torch.randn(shape, generator=rng)).to(dtype))[layout]
    dout = torch.randn(shape, generator=rng).to(dtype)
    for name, function in (
        ("cuda_relu", torch.relu),
        ("cuda_gelu", torch.nn.functional.gelu),
    ):
        exact = x.double().requires_grad_()
        y = function(exact)
        (slope,) = torch.autograd.grad(y, exact, dout.double())
        for got, want in (
            (reference()[f"{name}_forward"](x), y.detach()),
            (reference()[f"{name}_backward"](dout, x), slope),
        ):
            assert (got.dtype, got.device, got.shape) == (dtype, x.device, x.shape)
            scale = want.abs().max().item()
            torch.testing.assert_close(
                got.double(), want, rtol=RTOL[dtype], atol=1e-7 * scale + 1e-7
            )


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_reference_moves_the_bytes_that_must_move(dtype):
    x, dout = torch.randn(1025).to(dtype), torch.randn(1025).to(dtype)
    for name, arguments in (
        ("cuda_relu_forward", (x,)),
        ("cuda_relu_backward", (dout, x)),
        ("cuda_gelu_forward", (x,)),
        ("cuda_gelu_backward", (dout, x)),
    ):
        with kernels.observe() as watch:
            out = reference()[name](*arguments)
        seen = watch.result(out)
        assert (seen.launches, seen.kernels) == (
            1,
            (f"{name.removeprefix('cuda_')}_kernel",),
        )
        assert (seen.loads, seen.stores) == (len(arguments) * x.nbytes, x.nbytes)
        assert seen.broken() == ()


def test_the_cases_hold_what_tells_the_mistakes_apart():
    cases = list(EXERCISES["cuda_relu_backward"].cases(np.random.default_rng(0)))
    assert any((c.x == 0).any() for c in cases)
    assert any(np.isneginf(c.x.astype(np.float64)).any() for c in cases)
    assert {str(c.x.dtype) for c in cases} == {
        *("float64", "float32", "float16", "bfloat16")
    }
    assert any(not c.x.flags.c_contiguous for c in cases)
    assert any(c.x.strides != c.dout.strides for c in cases)
    assert all(not np.isnan(c.x.astype(np.float64)).any() for c in cases)


def test_the_notebook_runs_from_top_to_bottom(capsys):
    namespace = empty_namespace()
    for i, cell in enumerate(scripts.cells(NOTEBOOK)):
        if cell.kind == "code" and not cell.name.startswith("check_"):
            run_cell(cell.source, namespace, f"test of {NOTEBOOK} cell {i}")
    printed = capsys.readouterr().out
    assert "2 [8, 9, 10, 11] [True, True, False, False]" in printed
    assert "ratio 5.5" in printed
    if kernels.interpreted():
        assert "loads=4000, stores=4000, outside=0" in printed


def test_the_source_comes_back_byte_for_byte():
    text = SOURCE.read_text()
    assert jupytext.writes(jupytext.reads(text, fmt="py:percent"), "py:percent") == text


def test_importing_the_source_only_asks_for_the_interpreter():
    code = (
        "import os, sys; before = dict(os.environ)\n"
        f"sys.path.insert(0, {str(SOURCE.parent)!r})\n"
        "import activations_cuda, torch\n"
        "new = {k: v for k, v in os.environ.items() if before.get(k) != v}\n"
        "wanted = {} if torch.cuda.is_available() else {'TRITON_INTERPRET': '1'}\n"
        "assert {k: new[k] for k in new if 'TRITON' in k} == wanted, new"
    )
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
