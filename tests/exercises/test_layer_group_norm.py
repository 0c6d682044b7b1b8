"""Layer, instance and group norm: right routes pass, hidden errors do not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.exercises import all_exercises, exercises_of
from autograder.judge.grade import Grader
from autograder.mistakes import mistakes_of
from autograder.reference import scripts
from autograder.reference.recorder import generator
from autograder.student.explain import reason
from autograder.student.values import layout_of
from tests.exercises.judging import judged
from tests.exercises.layer_group_norm_routes import ROUTES

NOTEBOOK = "layer_group_norm/layer_group_norm"
NAMES = [e.name for e in exercises_of(NOTEBOOK)]
PASSES = [n for n in NAMES if n.endswith(("_forward", "_backward"))]
SECRETS = (b"public cases", b"one secret", b"another secret")


def cases_of(name: str, secret: bytes = b"secret") -> list[Any]:
    exercise = all_exercises()[name]
    return list(exercise.cases(generator(exercise, secret)))


def arrays_of(case: Any) -> dict[str, np.ndarray]:
    return {k: v for k, v in vars(case).items() if isinstance(v, np.ndarray)}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", NAMES)
def test_a_right_solution_by_another_route_passes(name, route, secret):
    result = judged(name, ROUTES[route], secret)
    failed = result.first_failure()
    assert failed is None, f"{failed.kind}: {failed.symptom()}"


@pytest.mark.parametrize("name", [*PASSES, "statistics_error"])
def test_a_route_through_float32_is_no_way_in_float64(name):
    def rounded(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            return tuple(
                np.float32(r) * np.float32(1 + 1e-5)
                if isinstance(r, np.ndarray | np.float64)
                else r
                for r in function(*arguments)
            )

        return call

    route = ROUTES["layer norm turned, and called by the others"]
    names = {k: rounded(route[k]) for k in (*PASSES, "statistics_error")}
    assert not judged(name, names, SECRETS[0]).passed


@pytest.mark.parametrize("name", NAMES)
def test_cases_come_from_the_generator_alone(name):
    once, again, other = (cases_of(name, s) for s in (b"secret", b"secret", b"other"))
    kinds = [c.kind for c in once]
    assert kinds == [c.kind for c in again] == [c.kind for c in other]
    assert len(set(kinds)) == len(kinds) <= 17
    for mine, same in zip(once, again, strict=True):
        np.testing.assert_equal(vars(mine), vars(same))
        assert all(x.size <= 120 for x in arrays_of(mine).values())
    differ = [
        any(not np.array_equal(a, vars(theirs)[k]) for k, a in vars(mine).items())
        for mine, theirs in zip(once, other, strict=True)
    ]
    assert all(differ) or (name == "shared_statistics" and sum(differ) > 8)


@pytest.mark.parametrize("name", [*PASSES, "statistics_error"])
def test_cases_cover_layouts_and_precisions(name):
    arrays = [x for case in cases_of(name) for x in arrays_of(case).values()]
    layouts = {layout_of(x).get("layout", "C") for x in arrays}
    assert {"C", "strided", "broadcast"} <= layouts
    assert ("F" in layouts) == name.startswith("layer")
    assert {x.dtype.name for x in arrays} == {"float32", "float64"}


@pytest.mark.parametrize("name", PASSES)
def test_cases_cover_what_tells_mistakes_apart(name):
    cases = cases_of(name)

    def some(holds: Callable[[Any], Any]) -> bool:
        return any(bool(np.all(holds(c))) for c in cases)

    assert some(lambda c: c.param.get("eps", 0) >= 0.3)
    assert some(lambda c: "eps" not in c.param)
    assert some(lambda c: c.x.mean() > 9_000 and c.x.std() < 0.1)
    assert some(lambda c: 2e-4 < c.x.std() < 5e-3)
    assert some(lambda c: c.x.size == 1)
    assert some(lambda c: c.x.shape[0] == 1 and c.x.size > 1)
    assert some(lambda c: c.x.shape[1] == 1 and c.x.size > 1)
    assert some(lambda c: c.x.shape[0] == c.x.shape[1] > 1)
    assert all((c.gamma != 1).all() and c.beta.all() for c in cases)
    assert some(lambda c: len(set(c.x.shape)) == c.x.ndim and min(c.x.shape) > 1)
    several = [c for c in cases if c.gamma.size > 1]
    assert all(np.ptp(c.gamma) > 0.01 for c in several)


@pytest.mark.parametrize("name", ["groupnorm_forward", "groupnorm_backward"])
def test_groups_are_of_every_kind(name):
    kinds = {(c.G, c.x.shape[1] // c.G) for c in cases_of(name)}
    assert {(2, 2), (2, 3), (3, 2)} <= kinds  # between, and sizes other than G
    assert any(G == 1 < size for G, size in kinds)
    assert any(size == 1 < G for G, size in kinds)
    wide = [c for c in cases_of(name) if 1 < c.G < c.x.shape[1]]
    assert sum(c.x[0, 0].size > 1 for c in wide) > 6


def spreads(case: Any) -> list[np.ndarray]:
    """What is normalized together: rows, channels of an image, or groups."""
    rows = (len(case.x) * getattr(case, "G", case.x.shape[1]), -1)
    x = case.x if case.x.ndim == 2 else case.x.reshape(rows)
    return [row - row.mean() for row in x]


@pytest.mark.parametrize("name", PASSES)
def test_some_entries_are_constant_and_some_equal_their_mean(name):
    case = next(c for c in cases_of(name) if "equal to their mean" in c.kind)
    found = spreads(case)
    assert any(not s.any() for s in found)
    assert any(s.any() and (s == 0).sum() == 1 for s in found)


def test_bases_come_before_what_builds_on_them():
    for position, name in enumerate(NAMES):
        assert set(all_exercises()[name].builds_on) <= set(NAMES[:position])


@pytest.mark.parametrize("name", PASSES)
def test_the_mistakes_of_the_curriculum_are_known(name):
    """By words of their names."""
    everywhere = {
        "forward": ["eps outside", "no eps", "one-pass", "hard-coded"],
        "backward": ["treated as constant", "eps lost", "shape (1,"],
    }
    wanted = {
        "layernorm_forward": ["it is batch norm"],
        "layernorm_backward": ["N in place of D", "per row", "gamma taken out"],
        "groupnorm_forward": [
            "per pixel over a group",
            "instance norm in place",
            "7 dimensions",
            "tile for repeat",
            "squeeze that fails at G = 1",
            "G taken as group size",
            "strided groups",
        ],
        "groupnorm_backward": ["gamma taken out", "strided groups", "tile for repeat"],
    }
    names = [m.name for m in mistakes_of(name)]
    for words in (*everywhere[name.split("_")[1]], *wanted.get(name, ())):
        assert any(words in n for n in names), words


CALLING = {
    "instancenorm_forward": """
def instancenorm_forward(x, gamma, beta, in_param):
    N, C, H, W = x.shape
    ones, zeros = np.ones(H * W), np.zeros(H * W)
    x_hat, cache = layernorm_forward(x.reshape(N * C, -1), ones, zeros, in_param)
    x_hat = x_hat.reshape(x.shape)
    return gamma[:, None, None] * x_hat + beta[:, None, None], (cache, x_hat, gamma)
""",
    "instancenorm_backward": """
def instancenorm_backward(dout, cache):
    inner, x_hat, gamma = cache
    N, C, H, W = dout.shape
    rows = (dout * gamma[:, None, None]).reshape(N * C, -1)
    dx, _, _ = layernorm_backward(rows, inner)
    dgamma = (dout * x_hat).sum(axis=(0, 2, 3))
    return dx.reshape(dout.shape), dgamma, dout.sum(axis=(0, 2, 3))
""",
    "groupnorm_forward": """
def groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    ones, zeros = np.ones(x[0].size // G), np.zeros(x[0].size // G)
    x_hat, cache = layernorm_forward(x.reshape(N * G, -1), ones, zeros, gn_param)
    x_hat = x_hat.reshape(x.shape)
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (cache, x_hat, gamma, G)
""",
    "groupnorm_backward": """
def groupnorm_backward(dout, cache):
    inner, x_hat, gamma, G = cache
    rows = (dout * gamma[:, None, None]).reshape(len(dout) * G, -1)
    dx, _, _ = layernorm_backward(rows, inner)
    dgamma = (dout * x_hat).sum(axis=(0, 2, 3))
    return dx.reshape(dout.shape), dgamma, dout.sum(axis=(0, 2, 3))
""",
}
"""Image norms that call layer norm, as many students write them."""

ROOTS = {
    "a known one, forward": ("layernorm_forward", "np.sqrt(var + eps)", "np.sqrt(var)"),
    "an unknown one, forward": ("layernorm_forward", "var + eps", "1.7 * var + eps"),
    "a known one, backward": ("layernorm_backward", " - along_one / D", ""),
    "an unknown one, backward": ("layernorm_backward", "along_one / D", "along_one"),
}


@pytest.fixture(scope="module")
def grade(backend):
    grader = Grader(NOTEBOOK, b"the secret of the tests", backend)
    return lambda notebook: {r.name: r for r in grader.grade(notebook).results}


@pytest.mark.usefixtures("no_worker_left")
def test_image_norms_that_call_layer_norm_pass(grade, answered):
    results = grade(answered(NOTEBOOK, **CALLING))
    assert [r.name for r in results.values() if not r.passed] == []


@pytest.mark.usefixtures("no_worker_left")
@pytest.mark.parametrize("root", ROOTS)
def test_an_error_of_layer_norm_costs_what_calls_it_nothing(root, grade, answered):
    name, old, new = ROOTS[root]
    text = scripts.solution(NOTEBOOK, name)
    assert old in text
    wrong = {**CALLING, name: text.replace(old, new)}
    results = grade(answered(NOTEBOOK, **wrong))
    lost = [r.name for r in results.values() if not r.passed]
    follows = ["layernorm_backward"] if root == "an unknown one, forward" else []
    assert lost == [name, *follows]
    notes = " ".join(reason(r) for r in results.values() if r.passed)
    assert f"On a right {name}, it is right." in notes


@pytest.mark.usefixtures("no_worker_left")
def test_an_error_of_group_norms_own_stays_there(grade, answered):
    text = CALLING["groupnorm_forward"]
    wrong = {
        **CALLING,
        "groupnorm_forward": text.replace("x_hat + beta", "x_hat - beta"),
    }
    results = grade(answered(NOTEBOOK, **wrong))
    lost = [r.name for r in results.values() if not r.passed]
    assert lost == ["groupnorm_forward"]
