"""The references of looking after a training, against float64 PyTorch and loops."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from solutions.training import training as reference
from tests.solutions.layouts import LAYOUTS, lay_out

seeds = st.integers(0, 2**32)


def tensor(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(x))


# --- the loss ---------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(
    seeds,
    st.integers(1, 7),
    st.integers(1, 9),
    st.sampled_from([0.1, 1.0, 30.0, 1000.0]),
    st.sampled_from([0.0, 1000.0, -1000.0]),
    st.sampled_from(LAYOUTS),
)
def test_loss_and_gradient_are_torchs(seed, n, classes, size, mean, layout):
    rng = np.random.default_rng(seed)
    scores = lay_out(mean + size * rng.normal(size=(n, classes)), layout)
    y = rng.integers(0, classes, n)
    before = scores.tobytes(), y.tobytes()
    loss, dscores = reference.softmax_loss(scores, y)
    assert (scores.tobytes(), y.tobytes()) == before
    point = tensor(scores).requires_grad_()
    expected = functional.cross_entropy(point, tensor(y))
    expected.backward()
    assert np.ndim(loss) == 0
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(dscores, point.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_loss_of_a_hopeless_example_is_its_distance():
    scores = np.array([[1000.0, 0.0, -1000.0]])
    loss, dscores = reference.softmax_loss(scores, np.array([2]))
    assert loss == 2000.0
    np.testing.assert_array_equal(dscores, [[1.0, 0.0, -1.0]])


def test_float32_stays_float32():
    scores = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    loss, dscores = reference.softmax_loss(scores, np.array([0, 1, 2, 1]))
    assert (loss.dtype, dscores.dtype) == (np.float32, np.float32)


@settings(deadline=None)
@given(seeds, st.integers(1, 1000), st.floats(0, 10), st.integers(1, 4))
def test_initial_loss_is_torchs_for_scores_of_zero(seed, C, reg, layers):
    rng = np.random.default_rng(seed)
    shapes = [rng.integers(1, 5, rng.integers(1, 5)) for _ in range(layers)]
    weights = [rng.normal(size=s) for s in shapes]
    data = functional.cross_entropy(
        torch.zeros(3, C, dtype=torch.float64), torch.zeros(3, dtype=torch.long)
    )
    penalty = sum(0.5 * reg * tensor(W).square().sum() for W in weights)
    expected = float(data + penalty)
    np.testing.assert_allclose(
        reference.initial_loss(C, reg, weights), expected, rtol=1e-12, atol=1e-12
    )


@settings(deadline=None, max_examples=50)
@given(
    seeds,
    st.integers(1, 6),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from([0.001, 0.1, 1.0]),
    st.integers(1, 12),
)
def test_overfitting_is_torchs_gradient_descent(seed, n, d, classes, rate, steps):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), rng.integers(0, classes, n)
    W, b = rng.normal(size=(d, classes)), rng.normal(size=classes)
    before = W.tobytes(), b.tobytes()
    losses, new_W, new_b = reference.overfit_tiny_batch(x, y, W, b, rate, steps)
    assert (W.tobytes(), b.tobytes()) == before
    parameters = [tensor(p).requires_grad_() for p in (W, b)]
    descent = torch.optim.SGD(parameters, lr=rate)
    expected = []
    for _ in range(steps):
        descent.zero_grad()
        scores = tensor(x) @ parameters[0] + parameters[1]
        loss = functional.cross_entropy(scores, tensor(y))
        loss.backward()
        descent.step()
        expected.append(loss.item())
    np.testing.assert_allclose(losses, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(new_W, parameters[0].detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(new_b, parameters[1].detach(), rtol=1e-9, atol=1e-12)


# --- diagnostics ------------------------------------------------------------


@settings(deadline=None)
@given(seeds, st.integers(1, 4), st.sampled_from(LAYOUTS))
def test_update_ratio_is_torchs(seed, layers, layout):
    rng = np.random.default_rng(seed)
    shapes = [rng.integers(1, 6, rng.integers(1, 5)) for _ in range(layers)]
    weights = [lay_out(rng.normal(1.0, 2.0, s), layout) for s in shapes]
    updates = [1e-3 * rng.normal(size=s) for s in shapes]
    norm = torch.linalg.vector_norm
    expected = [
        float(norm(tensor(dW)) / norm(tensor(W)))
        for W, dW in zip(weights, updates, strict=True)
    ]
    ratios = reference.update_ratio(weights, updates)
    np.testing.assert_allclose(ratios, expected, rtol=1e-12)


def test_the_ratio_of_a_layer_of_zeros_is_infinite_and_warns_of_nothing():
    weights, updates = [np.zeros(3), np.ones(2)], [np.ones(3), np.ones(2)]
    np.testing.assert_array_equal(
        reference.update_ratio(weights, updates), [np.inf, 1.0]
    )


@settings(deadline=None)
@given(seeds, st.integers(1, 5), st.integers(1, 6), st.sampled_from(LAYOUTS))
def test_layer_report_is_torchs(seed, layers, n, layout):
    rng = np.random.default_rng(seed)
    widths = rng.integers(2, 9, layers)
    activations = [
        lay_out(np.tanh(3 * rng.normal(size=(n, d))), layout) for d in widths
    ]
    gradients = [rng.normal(0.3, 2.0, (n, d)) for d in widths]
    mean, std, saturated, ratio = reference.layer_report(activations, gradients)
    last = tensor(gradients[-1]).std(unbiased=False)
    for k in range(layers):
        h, g = tensor(activations[k]), tensor(gradients[k])
        assert mean[k] == pytest.approx(h.mean().item(), abs=1e-12)
        assert std[k] == pytest.approx(h.std(unbiased=False).item(), rel=1e-10)
        share = sum(abs(a) > 0.99 for a in h.ravel().tolist()) / h.numel()
        assert saturated[k] == pytest.approx(share)
        spread = g.std(unbiased=False) / last
        assert ratio[k] == pytest.approx(spread.item(), rel=1e-10)


# --- curves -----------------------------------------------------------------


def rate_by_loops(losses: list[float], rates: list[float]) -> float:
    """The four steps of the rule, one number at a time."""
    finite = []
    for loss in losses:
        if not math.isfinite(loss):
            break
        finite.append(loss)
    means = {i: sum(finite[i - 1 : i + 2]) / 3 for i in range(1, len(finite) - 1)}
    slopes = {
        i: (means[i + 1] - means[i]) / math.log(rates[i + 1] / rates[i])
        for i in means
        if i + 1 in means
    }
    steepest = min(slopes, key=slopes.__getitem__)
    return math.sqrt(rates[steepest] * rates[steepest + 1])


@settings(deadline=None, max_examples=200)
@given(seeds, st.integers(4, 30), st.integers(0, 8), st.sampled_from([np.nan, np.inf]))
def test_the_range_test_is_its_rule_by_loops(seed, n, behind, end):
    rng = np.random.default_rng(seed)
    rates = np.cumsum(rng.uniform(0.1, 2.0, n + behind)) ** 3
    losses = rng.normal(2.0, 1.0, n + behind)
    losses[n:] = rng.choice([end, -50.0], behind)
    losses[n : n + 1] = end
    before = losses.tobytes()
    chosen = reference.learning_rate_range(losses, rates)
    assert losses.tobytes() == before
    assert chosen == pytest.approx(rate_by_loops(losses.tolist(), rates.tolist()))


def test_the_range_test_finds_the_middle_of_a_smooth_fall():
    rates = np.geomspace(1e-4, 1e2, 61)
    losses = 2 / (1 + (rates / 0.03) ** 2)  # steepest in ln(rate) at 0.03
    chosen = reference.learning_rate_range(losses, rates)
    assert abs(math.log10(chosen / 0.03)) < 0.1


STRAIGHT = np.linspace(2.3, 0.3, 11)
FLAT = np.r_[2.0, np.full(10, 1.5)]


@pytest.mark.parametrize(
    ("code", "train", "val"),
    [
        (5, STRAIGHT, STRAIGHT),
        (2, np.r_[STRAIGHT, np.nan], STRAIGHT),
        (2, np.r_[STRAIGHT[:5], np.inf, STRAIGHT[5:]], STRAIGHT),
        (2, STRAIGHT, np.r_[STRAIGHT, np.nan]),
        (2, np.full(10, np.nan), np.full(10, np.nan)),
        (2, STRAIGHT[::-1], STRAIGHT),
        (2, np.full(10, 2.3), STRAIGHT),  # as high as at the beginning
        (5, np.r_[2.3, 9.0, STRAIGHT], STRAIGHT),
        (5, STRAIGHT, np.r_[1.0, 1.09]),
        (3, STRAIGHT, np.r_[1.0, 1.11]),
        (5, STRAIGHT, np.r_[1.0, 3.0, 1.0]),
        (3, FLAT, np.r_[1.0, 1.2]),
        (4, FLAT, STRAIGHT),
        (1, np.linspace(2.0, 1.5, 11), STRAIGHT),
        (1, np.linspace(2.0, 1.01, 11), STRAIGHT),
        (5, np.linspace(2.0, 0.99, 11), STRAIGHT),
        (1, np.array([3.0, 2.9, 2.26, 2.0]), STRAIGHT),  # late 0.26
        (4, np.array([3.0, 2.9, 2.24, 2.0]), STRAIGHT),  # late 0.24
        (1, np.array([3.0, 2.9, 2.26, 2.1, 2.0]), STRAIGHT),
        (4, np.array([3.0, 2.9, 2.24, 2.1, 2.0]), STRAIGHT),
    ],
)
def test_a_diagnosis_follows_the_table(code, train, val):
    assert reference.diagnose(train, val) == code


@settings(deadline=None)
@given(seeds, st.integers(4, 20), st.integers(-20, 20))
def test_a_diagnosis_does_not_depend_on_the_scale(seed, n, power):
    rng = np.random.default_rng(seed)
    train, val = np.sort(rng.uniform(0.5, 3.0, (2, n)), axis=1)[:, ::-1]
    factor = 2.0**power  # exact, so that no threshold moves
    code = reference.diagnose(train, val)
    assert type(code) is int
    assert reference.diagnose(factor * train, factor * val) == code
