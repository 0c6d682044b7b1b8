"""Activations: right solutions by other routes pass, hidden errors do not."""

from typing import Any

import numpy as np
import pytest

from autograder.exercises import all_exercises, exercises_of
from autograder.judge.grade import public_entry
from autograder.reference import scripts
from autograder.reference.recorder import generator
from autograder.student.replay import replay
from autograder.student.report import Report
from autograder.student.values import layout_of
from autograder.student.verdict import Entry, Result, judge
from tests.exercises.activations_routes import MASKED, Route
from tests.exercises.activations_routes_whole import OTHER, WHOLE
from tests.exercises.judging import entry_of, why

NOTEBOOK = "activations/activations"
NAMES = [e.name for e in exercises_of(NOTEBOOK)]
SATURATING = ("sigmoid", "tanh", "elu", "selu", "gelu", "silu")
ELEMENTWISE = (*SATURATING, "relu", "leaky_relu")
SECRETS = (b"public cases", b"one secret", b"another secret")
ROUTES = {"masked": MASKED, "whole": WHOLE, "other": OTHER}

BOTH_WAYS = [f"{name}_{way}" for name in ELEMENTWISE for way in ("forward", "backward")]
NUMBERS = ("saturation_point", "product_of_sigmoid_slopes", "maxout_parameters")
OF_ARRAYS = [name for name in NAMES if name not in NUMBERS]


def judged(entry: Entry, route: Route) -> Result:
    names = {**scripts.namespace(NOTEBOOK), **route}
    return judge(entry, [replay(q.trace, names) for q in entry.questions])


def test_each_exercise_has_two_other_routes_at_least():
    assert set(MASKED) == set(NAMES)
    for name in BOTH_WAYS:
        assert sum(name in route for route in ROUTES.values()) >= 2, name


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    ("route", "name"), [(r, name) for r in ROUTES for name in ROUTES[r]]
)
def test_a_right_solution_by_another_route_passes(route, name, secret):
    result = judged(entry_of(name, secret), ROUTES[route])
    assert result.passed, why(result)


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_no_route_and_no_reference_warns(name):
    entry = entry_of(name, SECRETS[0])
    for route in ({}, *ROUTES.values()):
        if name in route or not route:
            names = {**scripts.namespace(NOTEBOOK), **route}
            for question in entry.questions:
                assert replay(question.trace, names).warned == ()


def naive_sigmoid(x):
    return 1 / (1 + np.exp(-x)), x


def hurried_relu_backward(dout, x):
    dout[x < 0] = 0
    return dout


def branching_elu(x, alpha):
    return np.where(x > 0, x, alpha * (np.exp(x) - 1)), (x, alpha)


def two_step_gelu(x):
    inner = 0.7978845608028654 * (x + 0.044715 * np.power(x, 3))
    return 0.5 * x * (1 + np.tanh(inner)), x


def eager_maxout_backward(dout, cache):
    x, W, pieces = cache
    routed = (pieces == pieces.max(axis=1)[:, None]) * dout[:, None]
    dW = np.array([x.T @ routed[:, k] for k in range(len(W))])
    return sum(routed[:, k] @ W[k].T for k in range(len(W))), dW, routed.sum(0)


RECOGNISED: list[tuple[str, Any, set[str]]] = [
    ("sigmoid_forward", naive_sigmoid, {"1 / (1 + exp(-x)) as it stands"}),
    (
        "sigmoid_backward",
        lambda dout, cache: cache[0] * (1.0 - cache[0]) * dout,
        {"x in place of its sigmoid"},
    ),
    ("relu_forward", lambda x: ((x > 0) * x, x), {"x times a mask"}),
    (
        "relu_backward",
        hurried_relu_backward,
        {"gradient 1 at x = 0", "writes into dout"},
    ),
    (
        "prelu_backward",
        lambda dout, cache: (
            dout * np.where(cache[0] > 0, 1, cache[1]),
            np.where(cache[0] > 0, 0, cache[0]) * dout,
        ),
        {"dalpha is not summed"},
    ),
    ("elu_forward", branching_elu, {"exp of large positive numbers"}),
    ("gelu_forward", two_step_gelu, {"the formula with tanh"}),
    ("maxout_backward", eager_maxout_backward, {"a tie is paid out to every piece"}),
]


@pytest.mark.parametrize(
    ("name", "function", "mistakes"), RECOGNISED, ids=[r[0] for r in RECOGNISED]
)
def test_a_mistake_is_named_in_other_words_too(name, function, mistakes):
    result = judged(public_entry(name), {name: function})
    assert {m.name for m in result.mistakes} == mistakes


def test_the_message_of_an_overflow_shows_the_students_own_line():
    namespace = scripts.namespace(NOTEBOOK)
    text = "def sigmoid_forward(x):\n    return 1 / (1 + np.exp(-x)), x\n"
    scripts.run_cell(text, namespace, "the student's cell")
    entry = public_entry("sigmoid_forward")
    result = judge(entry, [replay(q.trace, namespace) for q in entry.questions])
    said = str(Report((result,)))
    assert "overflow" in said
    assert "line 2: return 1 / (1 + np.exp(-x)), x" in said


def arrays_of(case: Any) -> dict[str, np.ndarray]:
    return {k: v for k, v in vars(case).items() if isinstance(v, np.ndarray)}


def cases_of(name: str, secret: bytes = b"secret") -> list[Any]:
    exercise = all_exercises()[name]
    return list(exercise.cases(generator(exercise, secret)))


@pytest.mark.parametrize("name", NAMES)
def test_cases_come_from_the_generator_alone(name):
    once, again, other = (cases_of(name, s) for s in (b"secret", b"secret", b"other"))
    kinds = [c.kind for c in once]
    assert kinds == [c.kind for c in again] == [c.kind for c in other]
    assert len(set(kinds)) == len(kinds) <= 16
    for mine, same, different in zip(once, again, other, strict=True):
        for key, x in arrays_of(mine).items():
            np.testing.assert_array_equal(x, arrays_of(same)[key])
            assert x.size <= 120
        fields, others = vars(mine), vars(different)
        assert name in NUMBERS or any(
            not np.array_equal(fields[k], others[k]) for k in fields
        )
    assert any(
        not np.array_equal(value, vars(different)[key])
        for mine, different in zip(once, other, strict=True)
        for key, value in vars(mine).items()
    )


@pytest.mark.parametrize("name", OF_ARRAYS)
def test_cases_cover_layouts_sizes_and_precisions(name):
    arrays = [x for case in cases_of(name) for x in arrays_of(case).values()]
    assert {"C", "strided"} <= {layout_of(x).get("layout", "C") for x in arrays}
    assert {x.dtype.name for x in arrays} == {"float32", "float64"}
    assert min(x.size for x in arrays) == 1
    if name in BOTH_WAYS:
        layouts = {layout_of(x).get("layout", "C") for x in arrays}
        assert {"F", "broadcast"} <= layouts
        assert {x.ndim for x in arrays} >= {1, 2, 4}


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_cases_cover_what_tells_mistakes_apart(name):
    cases = cases_of(name)
    x = np.concatenate([c.x.ravel() for c in cases])
    assert (np.signbit(x) & (x == 0)).any()
    assert (~np.signbit(x) & (x == 0)).any()
    for sign in (-1, 1):
        (thousands,) = (
            c.x for c in cases if hasattr(c, "strict") and (sign * c.x > 999).any()
        )
        assert not (sign * thousands < -99).any()
    finite = name.startswith(("gelu", "silu"))
    assert ({-np.inf, np.inf} <= set(x)) != finite
    assert any(hasattr(c, "dout_again") for c in cases)


def test_slopes_of_prelu_are_below_0_above_1_and_between():
    for case in cases_of("prelu_backward"):
        if case.alpha.size >= 3:
            assert case.alpha.min() < 0
            assert case.alpha.max() > 1
            assert ((case.alpha > 0) & (case.alpha < 1)).any()


def test_ties_of_maxout_survive_rounding():
    tied = [c for c in cases_of("maxout_backward") if "equal" in c.kind]
    exact = [
        (np.einsum("nd,kdh->nkh", c.x, c.W) + c.b == 0).sum(axis=1).max() for c in tied
    ]
    assert exact == [0, 3, 2]  # all sizes, all pieces, the last two


def test_a_unit_is_kept_alive_by_a_single_example():
    case = next(c for c in cases_of("dead_fraction") if c.kind == "some units dead")
    reached = (case.x @ case.W + case.b > 0).sum(axis=0)
    assert sorted(reached) == [0, 0, 0, 1, 1, 1, 1, 1]
