"""Kernels compiled behind walls: the same numbers, and nothing else gets out."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch

from autograder.exercises import activations_cuda, all_exercises
from autograder.judge import compiling
from autograder.judge.compiling import Compiler
from autograder.judge.grade import Grader, Grading
from autograder.judge.process import WorkerProcess
from autograder.reference import scripts
from autograder.sandbox import Backend
from autograder.sandbox.compilers import assembling
from autograder.student.compiling import server
from autograder.student.compiling.launches import noting, requests
from autograder.student.explain import notes, reason
from autograder.student.verdict import Result
from tests.judge.graded import Answered, edited, lost
from tests.sandbox.workers import said

NOTEBOOK = activations_cuda.NOTEBOOK
HEAD = "import triton\nimport triton.language as tl\n"
KERNEL = "@triton.jit\ndef k(x_ptr):\n    tl.store(x_ptr, 1.0)\n"


def asked(source: str, **changes: Any) -> tuple[str, ...]:
    request = {
        "kernel": "k",
        "source": source,
        "arguments": [{"tensor": "float32", "aligned": True}],
        "options": {},
        "large": ["x_ptr"],
    }
    return (json.dumps({**request, **changes}),)


@pytest.fixture(scope="module")
def launched() -> tuple[str, ...]:
    """What the reference launches for 1,040 numbers, to compile."""
    x = torch.ones(1040)
    names = scripts.namespace(NOTEBOOK)
    with noting() as launches:
        names["cuda_gelu_backward"](x, x)
    return requests(launches, (x, x))


def test_the_numbers_are_those_of_a_notebook(
    walls: Backend, launched: tuple[str, ...]
) -> None:
    built = Compiler(walls).build(launched)
    assert built == server.build(launched), built
    (code,) = built.kernels
    assert (code.load, code.store, code.stack, code.narrow) == (16, 16, 0, ())


def test_several_kernels_are_compiled_together(backend: Backend) -> None:
    narrow = KERNEL.replace("x_ptr,", "x_ptr + tl.program_id(0) * 2000,")
    compiler = Compiler(backend)
    built = compiler.build((*asked(HEAD + KERNEL), *asked(HEAD + narrow)))
    assert [code.narrow for code in built.kernels] == [(), ("x_ptr",)]
    assert compiler.usage.seconds > 0
    assert compiler.usage.workers == 0


PROGRAM = "import subprocess\nsubprocess.run(['/bin/true'])\n"
ENDS = "import os\nos._exit(0)\n"
LEAVES = "raise SystemExit\n"
FORGES = "import triton.language\nglobals().clear()\n"
HANGS = "while True: pass\n"
REFUSED = {
    "a program started": (PROGRAM + HEAD + KERNEL, "refuses it"),
    "the process ended": (ENDS, "ended while the compiler ran"),
    "an exit": (LEAVES, "ended while the compiler ran"),
    "no kernel": (FORGES, "refuses it"),
    "an endless loop": (HANGS, "the compiler did not finish in time"),
    "text that is none": ("def", "refuses it"),
}


@pytest.mark.parametrize("way", REFUSED)
def test_what_does_not_compile_has_a_reason(way: str, backend: Backend) -> None:
    source, reason = REFUSED[way]
    seconds = 2.0 if way == "an endless loop" else 60.0
    built = Compiler(backend, seconds).build(asked(source))
    assert built.kernels == ()
    assert reason in built.why_not


@pytest.mark.parametrize(
    "request_text",
    [
        "no JSON",
        "[]",
        "{}",
        *asked(HEAD + KERNEL, arguments=[{"tensor": 7, "aligned": None}]),
        *asked(HEAD + KERNEL, options={"num_warps": "many"}),
        *asked(HEAD + KERNEL, options={"grid": 1}),
    ],
)
def test_a_damaged_request_has_a_reason(request_text: str, backend: Backend) -> None:
    built = Compiler(backend).build((request_text,))
    assert built.kernels == ()
    assert built.why_not


def test_a_program_can_be_started_beside_the_assembler_alone(
    backend: Backend, launched: tuple[str, ...]
) -> None:
    start = "import subprocess, sys\nran = subprocess.call([sys.executable, '-c', ''])"
    with WorkerProcess(assembling(backend)) as worker:
        assert said(worker, "ran", start) == "0"
        fault = worker.run_cell("import socket; socket.socket()", "cell", 20.0)
    assert fault is not None
    assert fault.what == "PermissionError"


def test_the_assembler_refuses_what_is_no_ptx(backend: Backend) -> None:
    with WorkerProcess(assembling(backend)) as worker:
        answer = worker.assemble(asked("")[0], ".version 1.0\nbang", "", 20.0)
    assert "the assembler ended with" in answer["refused"]


@pytest.fixture(scope="module")
def grader(backend: Backend) -> Grader:
    return Grader(NOTEBOOK, b"a secret of these tests", backend)


def compiled_of(grading: Grading) -> list[Result]:
    """The exercises that ask for machine code."""
    asked = [r for r in grading.results if all_exercises()[r.name].machine]
    assert len(asked) >= 4
    return asked


def test_the_reference_is_compiled_and_earns_its_points(
    grader: Grader, answered: Answered
) -> None:
    grading = grader.grade(answered(NOTEBOOK))
    assert lost({r.name: r for r in grading.results}) == []
    for result in compiled_of(grading):
        said = [note for note in notes(result) if note.startswith("Compiled for sm_90")]
        assert len(said) == 1
        assert "0 bytes spilled" in said[0]
        if result.name in {e.name for e in activations_cuda.EXERCISES}:
            assert "loads of 16 bytes" in said[0]


def test_short_offsets_cost_points_and_a_hung_compiler_asks_for_a_person(
    grader: Grader, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "SECONDS", 8.0)
    short = edited(NOTEBOOK, "cuda_relu_forward", ".to(tl.int64)", "")
    hangs = "None if triton.knobs.runtime.interpret else max(iter(int, 1))"
    hung = edited(
        NOTEBOOK,
        "cuda_relu_backward",
        "COMPUTE: tl.constexpr\n",
        f"COMPUTE: tl.constexpr,\n    Z: tl.constexpr = {hangs}\n",
    )
    answers = {"cuda_relu_forward": short, "cuda_relu_backward": hung}
    grading = grader.grade(answered(NOTEBOOK, **answers))
    results = {r.name: r for r in grading.results}
    assert [r.earned for r in compiled_of(grading)][:4] == [0.0, None, 3, 3]
    (mistake,) = results["cuda_relu_forward"].mistakes
    assert mistake.name == "offsets in 32 bits"
    assert "did not finish in time" in results["cuda_relu_backward"].where


def test_what_could_not_be_compiled_is_not_run(
    grader: Grader, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "SECONDS", 0.0)
    grading = grader.grade(answered(NOTEBOOK))
    for result in compiled_of(grading):
        assert (result.earned, result.status) == (None, "not run")
        assert "not compiled: the compiler did not finish in time" in result.where
        assert reason(result) == result.where.capitalize()
