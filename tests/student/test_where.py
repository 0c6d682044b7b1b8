"""Where kernels run, and what the watch over them imports."""

import os
import subprocess
import sys

os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import torch

from autograder.student import kernels
from autograder.student.kernels import machine


def test_where_in_the_interpreter():
    assert kernels.where() == "Triton interpreter on cpu"
    assert kernels.available()


def test_where_without_triton(monkeypatch):
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: None)
    assert kernels.where().startswith("not run: Triton is not installed")
    assert not kernels.available()


def test_where_with_neither_gpu_nor_interpreter(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert kernels.where().startswith("not run: no GPU")


def test_where_on_a_gpu(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H200")
    assert kernels.where() == "Triton on cuda (H200)"


def run_python(code):
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    env["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_where_when_the_interpreter_was_asked_for_too_late():
    code = (
        "import os, triton, triton.language\n"
        "os.environ['TRITON_INTERPRET'] = '1'\n"
        "from autograder.student.kernels import where\n"
        "print(where())"
    )
    assert "set after Triton was imported" in run_python(code)


def test_importing_the_watch_imports_neither_torch_nor_triton():
    code = (
        "import sys, autograder.student.kernels\n"
        "print({'torch', 'triton'} & set(sys.modules))"
    )
    assert run_python(code) == "set()"
