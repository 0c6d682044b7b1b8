"""Batch norm's kernels: the reference, other right ways, mistakes, and bytes."""

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

from autograder.exercises import batchnorm_cuda, exercises_of
from autograder.mistakes import Mistake, mistakes_of
from autograder.reference import recorder, scripts
from autograder.student import kernels
from autograder.student.replay import replay
from autograder.student.verdict import judge
from autograder.worker.cells import empty_namespace, run_cell

NOTEBOOK = batchnorm_cuda.NOTEBOOK
SOURCE = scripts.SOLUTIONS / f"{NOTEBOOK}.py"
EXERCISES = {e.name: e for e in exercises_of(NOTEBOOK)}
MISTAKES = [m for name in EXERCISES for m in mistakes_of(name)]
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
AXES = (0, 2, 3)


@cache
def reference():
    return scripts.namespace(NOTEBOOK)


@cache
def answers(exercise, secret=recorder.PUBLIC):
    return recorder.record(EXERCISES[exercise], secret)


def judged(entry, namespace):
    return judge(entry, [replay(q.trace, namespace) for q in entry.questions])


def test_the_notebook_asks_for_what_the_exercises_grade():
    asked = [c.name for c in scripts.cells(NOTEBOOK) if c.solution]
    assert asked == list(EXERCISES)
    assert sum(e.points for e in EXERCISES.values()) == 20


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("secret", [recorder.PUBLIC, b"one class"])
def test_the_reference_passes(exercise, secret):
    result = judged(answers(exercise, secret), reference())
    assert result.status == "passed", result.first_failure()
    assert result.where == kernels.where()
    assert result.notes == ()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.exercise}: {m.name}")
def test_each_mistake_shows_what_it_is_caught_by(mistake):
    entry = answers(mistake.exercise)
    known = recorder.known(EXERCISES[mistake.exercise], entry, mistake)
    shown = {other.split()[0] for s in known.symptoms for other in s.others}
    if any(s.outputs or s.fault for s in known.symptoms):
        shown.add("values")
    caught = "changed" if mistake.caught_by == "inputs" else mistake.caught_by
    assert caught in shown
