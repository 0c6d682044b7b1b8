"""The same assignments as stock nbgrader has them: cells that assert.

Nothing of this course's grader is in it. The tests compare with the formulas
on fixed inputs; some are hidden until grading, as nbgrader's manual shows.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.exercises import exercises_of
from autograder.reference import scripts
from tests.faults.fault import ACTIVATIONS, BATCHNORM, WARMUP
from tests.faults.place import Place, empty, fill_gradebook, nbgrader

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.ExecutePreprocessor.timeout = 10
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
"""

HIDDEN = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"
NORMAL = """
TRAIN = {'mode': 'train'}
rng = np.random.default_rng(7)
x, dout = rng.normal(size=(8, 5)), rng.normal(size=(8, 5))
gamma, beta = rng.normal(size=5), rng.normal(size=5)
"""
FOUR = """
TRAIN = {'mode': 'train'}
rng = np.random.default_rng(7)
x, dout = rng.normal(size=(4, 3, 2, 2)), rng.normal(size=(4, 3, 2, 2))
gamma, beta = rng.normal(size=3), rng.normal(size=3)
"""
BACK = """
hat = (x - x.mean({0})) / np.sqrt(x.var({0}) + 1e-5)
assert np.allclose(dbeta, dout.sum({0}))
assert np.allclose(dgamma, (dout * hat).sum({0}))
assert dx.shape == x.shape and np.allclose(dx.sum({0}), 0, atol=1e-6)
"""
KERNEL = """
torch.manual_seed({seed})
x, dout = torch.randn({n}), torch.randn({n})
assert torch.allclose({call}, {expected}, atol=1e-5)
"""

TENSORS = """\
x, gamma, beta = torch.randn(8, 3), torch.randn(3), torch.randn(3)
"""
TESTS = {
    "relative_error": (
        "x = np.array([[1.0, -2.0], [0.0, 3.0]])\n"
        "y = np.array([[1.1, -2.0], [0.0, 3.0]])\n"
        "assert np.allclose(relative_error(x, y), 0.1 / 2.1)",
        "rng = np.random.default_rng(5)\n"
        "for shape in ((3, 5), (4,), (2, 3, 4)):\n"
        "    x = rng.normal(size=shape)\n"
        "    y = x + 0.01 * rng.normal(size=shape)\n"
        "    size = np.maximum(1e-8, np.abs(x) + np.abs(y))\n"
        "    assert np.allclose(relative_error(x, y), np.max(np.abs(x - y) / size))",
    ),
    "numerical_gradient": (
        "x = np.array([1.0, -2.0, 3.0])\n"
        "assert np.allclose(numerical_gradient(cubic, x), 3 * x**2, atol=1e-6)",
        "x = np.random.default_rng(5).normal(size=(3, 4))\n"
        "for f, g in ((log_sum_exp, log_sum_exp_gradient),\n"
        "             (weighted_sine, weighted_sine_gradient)):\n"
        "    assert np.allclose(numerical_gradient(f, x), g(x), atol=1e-6)",
    ),
    "numerical_gradient_array": (
        "x, dout = np.array([1.0, -2.0, 3.0]), np.array([2.0, 1.0, 0.5])\n"
        "got = numerical_gradient_array(cube, x, dout)\n"
        "assert np.allclose(got, 3 * x**2 * dout, atol=1e-6)",
        "rng = np.random.default_rng(5)\n"
        "x, dout = rng.normal(size=(3, 4)), rng.normal(size=(3, 2))\n"
        "got = numerical_gradient_array(first_columns, x, dout)\n"
        "assert np.allclose(got[:, :2], dout) and np.allclose(got[:, 2:], 0)",
    ),
    "gradient_check": (
        "x = np.array([1.0, -2.0, 3.0])\n"
        "assert gradient_check(cubic, cubic_gradient, x) < 1e-6",
        "x = np.random.default_rng(5).normal(size=(3, 4))\n"
        "assert gradient_check(log_sum_exp, log_sum_exp_gradient, x) < 1e-5\n"
        "assert gradient_check(cubic, cubic_gradient_with_a_slip, x) > 0.1",
    ),
    **{
        name: tuple(
            KERNEL.format(seed=seed, n=n, call=call, expected=expected)
            for seed, n in ((1, 5), (2, 1025))
        )
        for name, call, expected in (
            ("cuda_relu_forward", "cuda_relu_forward(x)", "torch.relu(x)"),
            ("cuda_relu_backward", "cuda_relu_backward(dout, x)", "dout * (x > 0)"),
            (
                "cuda_gelu_forward",
                "cuda_gelu_forward(x)",
                "torch.nn.functional.gelu(x)",
            ),
            (
                "cuda_gelu_backward",
                "cuda_gelu_backward(dout, x)",
                "torch.ops.aten.gelu_backward(dout, x)",
            ),
        )
    },
    "batchnorm_forward": (
        f"{NORMAL}out, _ = batchnorm_forward(x, gamma, beta, TRAIN)\n"
        "assert np.allclose(out.mean(0), beta)",
        f"{NORMAL}out, _ = batchnorm_forward(x, gamma, beta, TRAIN)\n"
        "hat = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)\n"
        "assert np.allclose(out, gamma * hat + beta)",
    ),
    "torch_batchnorm": (
        f"{TENSORS}out = torch_batchnorm(x, gamma, beta, 0.1)\n"
        "assert torch.allclose(out.mean(0), beta, atol=1e-5)",
        f"{TENSORS}out = torch_batchnorm(x.requires_grad_(), gamma, beta, 0.1)\n"
        "theirs = torch.nn.functional.batch_norm(\n"
        "    x, None, None, gamma, beta, training=True, eps=0.1)\n"
        "for a, b in zip((out, *torch.autograd.grad(out.square().sum(), x)),\n"
        "    (theirs, *torch.autograd.grad(theirs.square().sum(), x))):\n"
        "    assert torch.allclose(a, b, atol=1e-4)",
    ),
    "TorchBatchNorm": (
        f"{TENSORS}norm = TorchBatchNorm(3)\n"
        "assert torch.allclose(norm(x), torch.nn.BatchNorm1d(3)(x), atol=1e-5)",
        "theirs = torch.nn.BatchNorm1d(3)\ntheirs(x)\n"
        "assert torch.allclose(norm.running_var, theirs.running_var)",
    ),
    "torch_running_statistics": (
        "m, v = torch_running_statistics(0.9, torch.ones(3), 5)\n"
        "assert abs(m - 0.1) < 1e-6",
        "assert torch.allclose(v, torch.full((3,), 1.25))",
    ),
    "torch_fold_batchnorm": (
        "one = torch.ones(3)\nlayer = torch.randn(3, 4), torch.zeros(3)\n"
        "w, b = torch_fold_batchnorm(*layer, one, one, one, one, 0.0)\n"
        "assert torch.allclose(w, layer[0])",
        "assert torch.allclose(b, torch.zeros(3))",
    ),
    **{
        name: (
            f"{NORMAL}out, cache = batchnorm_forward(x, gamma, beta, TRAIN)\n"
            f"dx, dgamma, dbeta = {name}(dout, cache)\nassert dx.shape == x.shape",
            BACK.format("0"),
        )
        for name in ("batchnorm_backward", "batchnorm_backward_alt")
    },
    "spatial_batchnorm_forward": (
        f"{FOUR}out, _ = spatial_batchnorm_forward(x, gamma, beta, TRAIN)\n"
        "assert np.allclose(out.mean((0, 2, 3)), beta)",
        "assert np.allclose(out.std((0, 2, 3)), np.abs(gamma), atol=1e-3)",
    ),
    "spatial_batchnorm_backward": (
        f"{FOUR}out, cache = spatial_batchnorm_forward(x, gamma, beta, TRAIN)\n"
        "dx, dgamma, dbeta = spatial_batchnorm_backward(dout, cache)\n"
        "assert dx.shape == x.shape",
        "assert np.allclose(dbeta, dout.sum((0, 2, 3)))\n"
        "assert np.allclose(dx.sum((0, 2, 3)), 0, atol=1e-6)",
    ),
}


def source(notebook: str, canary: str) -> NotebookNode:
    """The instructor's notebook: definitions, answers, cells that assert."""
    points = {e.name: e.points for e in exercises_of(notebook)}
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    for i, cell in enumerate(c for c in scripts.cells(notebook) if c.active):
        text = cell.source
        if cell.solution:
            text = text.replace(
                "### BEGIN SOLUTION", f"### BEGIN SOLUTION\n    # {canary}", 1
            )
        add(made, cell.name or f"given_{i}", text, solution=cell.solution)
        if cell.name in points and cell.name in TESTS:
            shown, hidden = TESTS[cell.name]
            test = f"{shown}\n{HIDDEN.format(hidden)}"
            add(made, f"check_{cell.name}", test, points=points[cell.name])
    return made


def add(
    notebook: NotebookNode,
    name: str,
    text: str,
    solution: bool = False,
    points: float | None = None,
) -> None:
    cell = nbformat.v4.new_code_cell(text, id=name.replace("_", "-")[:60])
    flags = {"grade_id": name, "schema_version": 3, "solution": solution, "task": False}
    flags |= {"grade": points is not None, "locked": not solution}
    cell.metadata["nbgrader"] = flags | ({} if points is None else {"points": points})
    notebook.cells.append(cell)


def build(base: Path, notebook: str) -> Place:
    """A course of stock nbgrader with one assignment released."""
    assert notebook in (WARMUP, ACTIVATIONS, BATCHNORM)
    place = empty(base, stock=True)
    assignment, _, name = notebook.partition("/")
    (place.course / "nbgrader_config.py").write_text(CONFIG)
    folder = place.course / "solutions" / assignment
    folder.mkdir(parents=True)
    made = source(notebook, place.canaries["solutions"])
    nbformat.write(made, folder / f"{name}.ipynb")
    nbgrader(place, "generate_assignment", assignment, "--force")
    fill_gradebook(place)
    (place.course / "course.secret").write_text(place.canaries["secret"])
    return place
