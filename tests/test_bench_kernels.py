"""The benchmark of the kernels, on a machine that has no GPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]


def run(*arguments):
    env = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    return subprocess.run(
        [sys.executable, "benchmarks/bench_kernels.py", *arguments],
        cwd=ROOT,
        env={**env, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU to measure")
def test_without_a_gpu_it_says_so_in_a_sentence():
    done = run()
    assert done.returncode == 1
    assert done.stdout.startswith("No GPU was found, so nothing was measured")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_dry_run_goes_all_the_way_and_keeps_no_number(tmp_path):
    done = run("--dry-run", "--quick", "--rounds", "1", "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "80 cases ran." in done.stdout
    assert "failed" not in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_budget_that_is_spent_leaves_cases_out_and_names_them():
    done = run("--dry-run", "--only", "fill", "--budget", "0")
    assert done.returncode == 0, done.stderr
    assert "0 cases ran." in done.stdout
    assert "fill uniform, n = 1000, float32: no time was left" in done.stdout
