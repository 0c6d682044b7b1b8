"""Other right ways to fill a tensor, and what the kernels compile to."""

import os
import subprocess
import sys
from functools import cache

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

from autograder.exercises import all_exercises
from autograder.exercises.initialization_cuda import NOTEBOOK
from autograder.mistakes import Mistake
from autograder.reference import recorder, scripts
from autograder.student.kernels.compiled import compiled
from autograder.student.replay import replay
from autograder.student.verdict import judge

SOURCE = scripts.SOLUTIONS / f"{NOTEBOOK}.py"


@cache
def answers(exercise):
    return recorder.record(all_exercises()[exercise], b"a secret of the tests")


def judged(exercise, namespace):
    entry = answers(exercise)
    return judge(entry, [replay(q.trace, namespace) for q in entry.questions])


def variant(exercise, *edits):
    return scripts.namespace(NOTEBOOK, Mistake(exercise, "", "", edits))


DRAW = "a, b, c, d = tl.randint4x(seed, counter)"
WORDS = "words = tl.interleave(tl.interleave(a, c), tl.interleave(b, d))"
BITS = "u = (words >> 8).to(tl.float32) * 5.9604644775390625e-08"
STORE = "tl.store(out_ptr + at, low + (high - low) * u, mask=at < n)"
BY_PLACE = """at = 4 * start + tl.arange(0, 4 * BLOCK)
    u = tl.rand(seed, at)
    """
STRIPES = """quarter = tl.cdiv(n, 4)
    for k in tl.static_range(4):
        word = a if k == 0 else (b if k == 1 else (c if k == 2 else d))
        u = (word >> 8).to(tl.float32) * 5.9604644775390625e-08
        at = k * quarter + counter
        inside = (counter < quarter) & (at < n)
        tl.store(out_ptr + at, low + (high - low) * u, mask=inside)"""
IN_64_BITS = """        a = c0.to(tl.uint64) * 0xD2511F53
        high_a = (a >> 32).to(tl.uint32)
        low_a = a.to(tl.uint32)
"""

OTHERS = {
    "constant: one block": ("cuda_constant", [("numel(), 1024", "numel(), 2048")]),
    "philox: products in 64 bits": (
        "cuda_philox",
        [
            (
                "        high_a = tl.umulhi(c0, 0xD2511F53)\n"
                "        low_a = c0 * 0xD2511F53\n",
                IN_64_BITS,
            )
        ],
    ),
    "philox: Triton's own": (
        "cuda_philox",
        [("return c0, c1, c2, c3", "return tl.randint4x(seed, counter)")],
    ),
    "pairs: the turn in two halves": (
        "cuda_normal_pairs",
        [("6.283185307179586 * u2", "2.0 * (3.141592653589793 * u2)")],
    ),
    "uniform: one's own generator": (
        "cuda_uniform",
        [(DRAW, "a, b, c, d = philox(counter, seed)")],
    ),
    "uniform: a counter for each number": ("cuda_uniform", [(STORE, BY_PLACE + STORE)]),
    "uniform: four stripes": ("cuda_uniform", [(STORE, STRIPES)]),
    "uniform: middle of each interval": (
        "cuda_uniform",
        [("(words >> 8).to(tl.float32)", "((words >> 9).to(tl.float32) * 2 + 1)")],
    ),
    "normal: other pairs": (
        "cuda_normal",
        [("interleave(a, c)", "interleave(b, d)"), ("second = tl.interleave(b, d)",
          "second = tl.interleave(c, a)")],
    ),
    "normal: Triton's own": (
        "cuda_normal",
        [("numbers = tl.interleave(", "numbers = std * tl.randn(seed, 4 * start"
          " + tl.arange(0, 4 * BLOCK))\n    other = tl.interleave(")],
    ),
    "kaiming: in one root": (
        "cuda_kaiming_normal",
        [("gain * (1 / count) ** 0.5", "(2 / ((1 + slope**2) * count)) ** 0.5")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", OTHERS)
def test_another_right_way_passes(way):
    exercise, edits = OTHERS[way]
    result = judged(exercise, variant(exercise, *edits))
    assert result.status == "passed", result.first_failure()


# On a GPU that is not there


UNIFORM = {"out_ptr": "*fp32", "low": "fp32", "high": "fp32", "seed": "i64"}
NORMAL = {"out_ptr": "*bf16", "std": "fp32", "seed": "i64"}


@pytest.mark.parametrize(
    ("kernel", "signature"), [("uniform_kernel", UNIFORM), ("normal_kernel", NORMAL)]
)
def test_a_fill_compiles_to_16_byte_stores(kernel, signature):
    whole = {**signature, "n": "i32", "BLOCK": 256}
    seen = compiled(scripts.namespace(NOTEBOOK)[kernel], whole, ["out_ptr", "n"])
    assert seen.store == 16
    assert seen.registers <= 64
    # cos and sin reduce large angles on the stack, which ours never are
    assert seen.stack == (0 if kernel == "uniform_kernel" else 32)


def test_philox_compiles_also_for_a_seed_that_is_a_constant():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import triton, initialization_cuda as source\n"
        "from triton.backends.compiler import GPUTarget\n"
        "from triton.compiler import ASTSource\n"
        "types = dict(counters_ptr='*i64', words_ptr='*i32', n='i32')\n"
        "for seed in ('i32', 'i64', 'constexpr'):\n"
        "    given = {**types, 'seed': seed, 'BLOCK': 'constexpr'}\n"
        "    constants = {'BLOCK': 128, **({'seed': 1} if seed[0] == 'c' else {})}\n"
        "    kernel = source.philox_kernel\n"
        "    given = {name: given[name] for name in kernel.arg_names}\n"
        "    made = triton.compile(ASTSource(kernel, given, constants),\n"
        "                          target=GPUTarget('cuda', 90, 32))\n"
        "    assert 'mul.hi.u32' in made.asm['ptx'], seed\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    env |= {"PYTHONDONTWRITEBYTECODE": "1"}
    code = code.replace(
        "import triton, ",
        "import torch; torch.cuda.is_available = lambda: True\nimport triton, ",
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(SOURCE.parent)],
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
