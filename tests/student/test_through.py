"""Calls through autograd, and on objects, as a replay makes them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.exercises import Case, Exercise
from autograder.reference.calls import Recorder
from autograder.student.replay import replay
from autograder.student.trace import Trace


class Running(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(width))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.seen += x.shape[0]
        return x * self.weight


def scale(x: torch.Tensor, factor: torch.Tensor, power: float) -> torch.Tensor:
    return factor * x**power


REFERENCE = {"scale": scale, "Running": Running}
X = np.arange(6.0).reshape(2, 3)
FACTOR = np.array([2.0, -1.0, 0.5])


def traced(scenario) -> Trace:
    recorder = Recorder(REFERENCE, "torch")
    outputs = scenario(recorder)
    specs = {name: result.spec for name, result in outputs.items()}
    trace = Trace("a case", "torch", recorder.steps, specs, recorder.arrays)
    return Trace.from_json(trace.to_json(), trace.arrays)


def gradients(impl) -> dict[str, object]:
    out, dx, dfactor = impl.gradients(impl.scale, X + 1, X, FACTOR, 2.0)
    return {"out": out, "dx": dx, "dfactor": dfactor}


def module(impl) -> dict[str, object]:
    made = impl.Running(3)
    impl.on(made, "to", X)
    out = impl.on(made, "forward", X)
    impl.on(made, "eval")
    impl.on(made, "forward", X)
    return {"out": out, "seen": impl.attribute(made, "seen")}


def test_gradients_of_the_result_by_name() -> None:
    outputs = replay(traced(gradients), REFERENCE).outputs
    np.testing.assert_array_equal(outputs["out"].array, FACTOR * X**2)
    np.testing.assert_array_equal(outputs["dx"].array, (X + 1) * FACTOR * 2 * X)
    np.testing.assert_array_equal(outputs["dfactor"].array, ((X + 1) * X**2).sum(0))


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor, power):
        ctx.save_for_backward(x, factor)
        return factor * x**power

    @staticmethod
    def backward(ctx, dout):
        x, factor = ctx.saved_tensors
        return 2 * x * factor * dout, (x**2 * dout).sum(0), None


def own_gradients(impl) -> dict[str, object]:
    out, dx, dfactor = impl.own_gradients(impl.scale, X + 1, X, FACTOR, 2.0)
    return {"out": out, "dx": dx, "dfactor": dfactor}


def test_a_backward_of_its_own_is_asked_for() -> None:
    trace = traced(own_gradients)
    outcome = replay(trace, {"scale": Scale.apply})
    assert outcome.fault is None
    by_autograd = replay(traced(gradients), REFERENCE).outputs
    for name, found in outcome.outputs.items():
        np.testing.assert_array_equal(found.array, by_autograd[name].array)
    fault = replay(trace, REFERENCE).fault
    assert fault is not None
    assert "write a torch.autograd.Function with a backward of its own" in fault.what


CUT = {
    "detached": (lambda x, f, p: scale(x.detach(), f.detach(), p), "cuts the graph"),
    "NumPy": (lambda x, f, p: torch.tensor(x.detach().numpy()), "cuts the graph"),
    "a number": (lambda x, f, p: 3.0, "must return one tensor, and returned a float"),
    "nothing": (lambda x, f, p: None, "and returned None"),
}


@pytest.mark.parametrize(("function", "says"), CUT.values(), ids=CUT)
def test_a_result_without_a_gradient_is_said(function, says: str) -> None:
    fault = replay(traced(gradients), {"scale": function}).fault
    assert fault is not None
    assert (fault.kind, fault.function) == ("returned", "scale")
    assert says in fault.what


def test_a_gradient_that_does_not_come_is_missing_alone() -> None:
    outputs = replay(
        traced(gradients), {"scale": lambda x, f, p: scale(x, f.detach(), p)}
    ).outputs
    assert outputs["dx"].array is not None
    assert outputs["dfactor"].kind == "None"


def test_a_result_of_another_shape_is_no_exception() -> None:
    outcome = replay(traced(gradients), {"scale": lambda x, f, p: (x * f).sum()})
    assert outcome.fault is None
    assert outcome.outputs["out"].shape == ()


def test_a_module_is_made_moved_called_and_read() -> None:
    outputs = replay(traced(module), REFERENCE).outputs
    np.testing.assert_array_equal(outputs["out"].array, X)
    assert outputs["out"].dtype == "float64"
    assert outputs["seen"].array == 2


def test_a_method_or_an_attribute_that_is_missing_is_said() -> None:
    class Bare:
        def to(self, x: object) -> None: ...

        def __init__(self, width: int) -> None: ...

    fault = replay(traced(module), {"Running": Bare}).fault
    assert fault is not None
    assert (fault.kind, fault.what) == ("returned", "it has no forward")


def test_a_tensor_without_numbers_shows_what_is_made_elsewhere() -> None:
    def device(impl) -> dict[str, object]:
        return {"out": impl.scale(impl.meta(X), impl.meta(FACTOR), 1.0)}

    trace = traced(device)
    outcome = replay(trace, REFERENCE)
    assert outcome.fault is None
    np.testing.assert_array_equal(outcome.outputs["out"].array, np.zeros((2, 3)))

    def on_the_cpu(x, factor, power):
        return factor * x + torch.zeros(3).sum() * torch.ones(3)

    fault = replay(trace, {"scale": on_the_cpu}).fault
    assert fault is not None
    assert fault.kind == "raised"


@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_a_generator_is_built_anew_from_its_seed(framework) -> None:
    def draw(shape, rng):
        if framework == "numpy":
            return rng.standard_normal(shape)
        return torch.randn(shape, generator=rng)

    recorder = Recorder({"draw": draw}, framework)
    outputs = {
        "one": recorder.draw((2, 3), recorder.rng(7)),
        "again": recorder.draw((2, 3), recorder.rng(7)),
        "other": recorder.draw((2, 3), recorder.rng(8)),
    }
    specs = {name: result.spec for name, result in outputs.items()}
    trace = Trace("a case", framework, recorder.steps, specs, recorder.arrays)
    found = replay(trace, {"draw": draw}).outputs
    np.testing.assert_array_equal(found["one"].array, found["again"].array)
    assert not np.array_equal(found["one"].array, found["other"].array)


def test_an_exercise_closes_packages_by_its_path() -> None:
    def made(path, **more) -> Exercise:
        return Exercise(
            "f", "a/b", 1, lambda rng: [Case()], lambda *_: {}, path, **more
        )

    assert "torch" in made("numpy").closed
    assert made("torch", forbids=("torch.sigmoid",)).closed == (
        *("scipy", "sklearn"),
        "torch.sigmoid",
    )
