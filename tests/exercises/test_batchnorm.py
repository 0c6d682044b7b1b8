"""Batch normalization: right solutions by other routes pass, hidden errors do not."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.exercises import all_exercises, exercises_of
from autograder.reference import scripts
from autograder.reference.recorder import generator
from autograder.student.values import layout_of
from tests.exercises.judging import judged, why

NOTEBOOK = "batchnorm/batchnorm"
NAMES = [e.name for e in exercises_of(NOTEBOOK)]
SECRETS = (b"public cases", b"one secret", b"another secret")


def staged_forward(x, gamma, beta, bn_param):
    """The route of many students: np.mean and np.var, a dict as the cache."""
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    zeros = np.zeros(x.shape[1])
    old_mean = bn_param.get("running_mean", zeros)
    old_var = bn_param.get("running_var", zeros)
    if bn_param["mode"] == "test":
        scale = gamma / np.sqrt(old_var + eps)
        return x * scale + (beta - old_mean * scale), None
    mu, var = np.mean(x, axis=0), np.var(x, axis=0)
    inverse = (var + eps) ** -0.5
    cache = {"centred": x - mu, "inverse": inverse, "gamma": gamma}
    bn_param["running_mean"] = mu - momentum * (mu - old_mean)
    bn_param["running_var"] = var - momentum * (var - old_var)
    return cache["centred"] * inverse * gamma + beta, cache


def staged_backward(dout, cache):
    """The steps of the well-known computational graph, with 1/std as a node."""
    centred, inverse, gamma = cache["centred"], cache["inverse"], cache["gamma"]
    N = len(dout)
    dbeta = dout.sum(0)
    dgamma = np.einsum("nd,nd,d->d", dout, centred, inverse)
    dxhat = dout * gamma
    dvar = -0.5 * (dxhat * centred).sum(0) * inverse**3
    dmu = -(dxhat * inverse).sum(0) - 2 * dvar * centred.mean(0)
    return dxhat * inverse + dvar * 2 * centred / N + dmu / N, dgamma, dbeta


def regrouped_backward(dout, cache):
    """The same steps with the factors grouped otherwise in each way."""
    centred, inverse, gamma = cache["centred"], cache["inverse"], cache["gamma"]
    dvar = -0.5 * (dout * gamma * centred).sum(0) * inverse**3
    dmu = -(dout * (gamma * inverse)).sum(0)
    dx = (dout * gamma) * inverse + (dvar * 2 * centred + dmu) / len(dout)
    return dx, (dout * centred * inverse).sum(0), dout.sum(0)


def projecting_backward(dout, cache):
    """Take the parts along 1 and along x_hat out of dout, column by column."""
    x_hat = cache["centred"] * cache["inverse"]
    along_one = dout.mean(0)
    along_x_hat = (dout * x_hat).mean(0)
    dx = cache["gamma"] * cache["inverse"] * (dout - along_one - x_hat * along_x_hat)
    return dx, (dout * x_hat).sum(0), dout.sum(0)


def jacobian_backward(dout, cache):
    """The whole Jacobian of each column, written out."""
    N, D = dout.shape
    x_hat = cache["centred"] * cache["inverse"]
    dx = np.empty((N, D))
    for j in range(D):
        outer = np.outer(x_hat[:, j], x_hat[:, j])
        jacobian = (
            cache["gamma"][j] * cache["inverse"][j] * (np.eye(N) - (1 + outer) / N)
        )
        dx[:, j] = jacobian @ dout[:, j]
    return dx, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)


def direct_spatial_forward(x, gamma, beta, bn_param):
    """Means over three axes, with no use of batchnorm_forward."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    wide = (None, slice(None), None, None)
    zeros = np.zeros(x.shape[1])
    old = [bn_param.get(k, zeros) for k in ("running_mean", "running_var")]
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        bn_param["running_mean"] = momentum * old[0] + (1 - momentum) * mean
        bn_param["running_var"] = momentum * old[1] + (1 - momentum) * var
    else:
        mean, var = old
    inverse = 1 / np.sqrt(var + eps)
    x_hat = (x - mean[wide]) * inverse[wide]
    return gamma[wide] * x_hat + beta[wide], [x_hat, gamma * inverse]


def direct_spatial_backward(dout, cache):
    x_hat, scale = cache
    axes, wide = (0, 2, 3), (None, slice(None), None, None)
    dbeta, dgamma = dout.sum(axes), (dout * x_hat).sum(axes)
    count = dout.size / dout.shape[1]
    inner = dout - (dbeta[wide] + x_hat * dgamma[wide]) / count
    return scale[wide] * inner, dgamma, dbeta


def transposing_spatial_forward(x, gamma, beta, bn_param):
    """Channels to the front, then flat, then transposed."""
    C = x.shape[1]
    rows = x.swapaxes(0, 1).reshape(C, -1).T
    out, cache = staged_forward(rows, gamma, beta, bn_param)
    turned = x.swapaxes(0, 1).shape
    return out.T.reshape(turned).swapaxes(0, 1), cache


def transposing_spatial_backward(dout, cache):
    turned = dout.swapaxes(0, 1)
    rows = turned.reshape(dout.shape[1], -1).T
    dx, dgamma, dbeta = projecting_backward(rows, cache)
    return dx.T.reshape(turned.shape).swapaxes(0, 1), dgamma, dbeta


def probed_linear(W, b, gamma, beta, running_mean, running_var, eps):
    """Push the bias and the rows of W through test mode itself."""

    def layer(z):
        return (z - running_mean) * gamma / (running_var + eps) ** 0.5 + beta

    zero = layer(np.zeros_like(b))
    return layer(W) - zero, layer(b)


def einsum_conv(W, b, gamma, beta, running_mean, running_var, eps):
    factor = gamma * (running_var + eps) ** -0.5
    return np.einsum("fchw,f->fchw", W, factor), beta + factor * (b - running_mean)


ROUTES: dict[str, dict[str, Callable[..., Any]]] = {
    "staged graph": {
        "batchnorm_forward": staged_forward,
        "batchnorm_backward": staged_backward,
        "batchnorm_backward_alt": projecting_backward,
        "spatial_batchnorm_forward": direct_spatial_forward,
        "spatial_batchnorm_backward": direct_spatial_backward,
        "fold_batchnorm_into_linear": probed_linear,
        "fold_batchnorm_into_conv": einsum_conv,
    },
    "regrouped": {
        "batchnorm_forward": staged_forward,
        "batchnorm_backward": regrouped_backward,
        "batchnorm_backward_alt": regrouped_backward,
    },
    "Jacobians": {
        "batchnorm_forward": staged_forward,
        "batchnorm_backward": jacobian_backward,
        "batchnorm_backward_alt": jacobian_backward,
        "spatial_batchnorm_forward": transposing_spatial_forward,
        "spatial_batchnorm_backward": transposing_spatial_backward,
    },
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", NAMES)
def test_a_right_solution_by_another_route_passes(name, route, secret):
    if name not in ROUTES[route]:
        route = "staged graph"
    result = judged(name, ROUTES[route], secret)
    assert result.passed, why(result)


@pytest.mark.parametrize("name", NAMES)
def test_a_route_through_float32_is_no_way_in_float64(name):
    def rounded(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            return tuple(
                r.astype(np.float32) * np.float32(1 + 1e-5)
                if isinstance(r, np.ndarray)
                else r
                for r in function(*arguments)
            )

        return call

    names = {k: rounded(f) for k, f in ROUTES["staged graph"].items()}
    assert not judged(name, names, SECRETS[0]).passed


def test_a_closed_form_that_calls_a_wrong_backward_fails():
    text = scripts.solution(NOTEBOOK, "batchnorm_backward")
    wrong = re.sub(r"dx = dcentred \+ dmean / N", "dx = dcentred", text)
    assert wrong != text
    names = scripts.namespace(NOTEBOOK)
    exec(wrong, names)
    exec("batchnorm_backward_alt = batchnorm_backward", names)
    alt = all_exercises()["batchnorm_backward_alt"]
    assert "batchnorm_backward" not in alt.builds_on
    assert not judged(alt.name, names, SECRETS[0]).passed


def arrays_of(case: Any) -> dict[str, np.ndarray]:
    """Every array that a case hands over, the running statistics included."""
    fields = {**vars(case), **vars(case).get("bn_param", {})}
    found = {k: v for k, v in fields.items() if isinstance(v, np.ndarray)}
    found |= {f"later {i}": x for i, (_, x) in enumerate(fields.get("later", ()))}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_cases_come_from_the_generator_alone(name):
    exercise = all_exercises()[name]
    once, again = (
        list(exercise.cases(generator(exercise, b"secret"))) for _ in range(2)
    )
    other = list(exercise.cases(generator(exercise, b"other")))
    kinds = [c.kind for c in once]
    assert kinds == [c.kind for c in again] == [c.kind for c in other]
    assert len(set(kinds)) == len(kinds) <= 14
    for mine, same, different in zip(once, again, other, strict=True):
        for key, x in arrays_of(mine).items():
            np.testing.assert_array_equal(x, arrays_of(same)[key])
            assert x.size <= 120
        assert any(
            not np.array_equal(x, arrays_of(different)[key])
            for key, x in arrays_of(mine).items()
        )


@pytest.mark.parametrize("name", NAMES)
def test_cases_cover_layouts_and_precisions(name):
    exercise = all_exercises()[name]
    arrays = [
        x
        for case in exercise.cases(generator(exercise, b"secret"))
        for x in arrays_of(case).values()
    ]
    layouts = {layout_of(x).get("layout", "C") for x in arrays}
    assert {"C", "strided", "broadcast"} <= layouts or "spatial" in name
    assert {"C", "strided"} <= layouts
    assert {x.dtype.name for x in arrays} == {"float32", "float64"}


@pytest.mark.parametrize("name", [n for n in NAMES if "fold" not in n])
def test_cases_cover_what_tells_mistakes_apart(name):
    exercise = all_exercises()[name]
    cases = list(exercise.cases(generator(exercise, b"secret")))
    train = [c for c in cases if c.bn_param["mode"] == "train"]
    axes = (0, *range(2, train[0].x.ndim))

    def some(holds: Callable[[Any], Any]) -> bool:
        return any(bool(np.all(holds(c))) for c in cases)

    assert some(lambda c: c.bn_param.get("eps", 0) >= 0.3)
    assert some(lambda c: "eps" not in c.bn_param)
    assert some(lambda c: c.bn_param.get("momentum", 0.9) < 0.9)
    assert some(lambda c: c.x.mean() > 9_000 and c.x.std() < 0.1)
    assert some(lambda c: c.x.shape[1] == 1)
    assert some(lambda c: c.x.shape[0] == 1)
    assert any((np.ptp(c.x, axis=axes) == 0).any() and c.x.size > 6 for c in train)
    assert all(c.beta.all() and (c.gamma != 1).all() for c in cases)
    assert some(lambda c: len(set(c.x.shape)) == c.x.ndim and min(c.x.shape) > 1)
    if "forward" in name:
        batches = [c for c in cases if c.later]
        assert {mode for c in batches for mode, _ in c.later} == {"train", "test"}
        assert some(lambda c: c.bn_param["mode"] == "test" and c.beta.all())


def test_an_entry_equals_its_mean_and_a_spread_is_a_thousandth():
    exercise = all_exercises()["batchnorm_backward"]
    cases = list(exercise.cases(generator(exercise, b"secret")))
    constant = next(c for c in cases if "equal to their mean" in c.kind)
    spread = constant.x[:, 1] - constant.x[:, 1].mean()
    assert (spread == 0).sum() == 1
    tiny = next(c for c in cases if "0.001" in c.kind)
    assert 2e-4 < tiny.x.std(axis=0).max() < 5e-3
