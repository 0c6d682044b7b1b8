"""A trace is data, and knows the arrays that it hands over."""

import json

import numpy as np

from autograder.student.trace import Step, Trace
from autograder.student.values import encode


def nested_trace():
    arrays = {}
    options = {"mode": "train", "mean": np.ones(2), "pair": (np.zeros(1), [np.ones(3)])}
    first = (encode(np.eye(2), arrays, "numpy"), encode(options, arrays, "numpy"))
    steps = (
        Step("forward", ("x", "options"), first, ("out", "cache")),
        Step("norm", ("cache", "f"), ({"result": [0, 1]}, {"name": "forward"}), None),
    )
    outputs = {"norm": {"result": [1, 0]}, "mean": {"after": [0, 1, "mean"]}}
    return Trace("nested", "numpy", steps, outputs, arrays)


def test_a_trace_goes_through_json_unchanged():
    trace = nested_trace()
    text = json.dumps(trace.to_json())
    again = Trace.from_json(json.loads(text), trace.arrays)
    assert again == trace
    assert [s.returns for s in again.steps] == [("out", "cache"), None]


def test_json_holds_no_array():
    assert "arrays" not in nested_trace().to_json()


def test_every_array_that_is_handed_over_has_a_label():
    trace = nested_trace()
    found = trace.inputs()
    assert {label: x.shape for label, x in found.items()} == {
        "x of forward": (2, 2),
        "mean in options of forward": (2,),
        "pair in options of forward[0]": (1,),
        "pair in options of forward[1][0]": (3,),
    }


def test_results_and_functions_are_no_inputs():
    trace = nested_trace()
    alone = Trace("k", "numpy", trace.steps[1:], {}, trace.arrays)
    assert alone.inputs() == {}
