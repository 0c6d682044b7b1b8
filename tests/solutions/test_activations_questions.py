"""The references of the lecture's questions, and what the notebook shows of them."""

import contextlib
import io
import math
import re
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.reference import scripts
from solutions.activations import activations as reference

NOTEBOOK = "activations/activations"


def sigmoid_slopes(x: np.ndarray) -> np.ndarray:
    """The slope of the sigmoid, by autograd."""
    z = torch.tensor(x, requires_grad=True)
    torch.sigmoid(z).sum().backward()
    return z.grad.numpy()


@settings(deadline=None)
@given(st.floats(1e-9, 0.2499))
def test_at_the_saturation_point_the_slope_is_the_share(share):
    point = reference.saturation_point(share)
    assert point > 0
    slope = math.exp(-point) / (1 + math.exp(-point)) ** 2
    assert slope == pytest.approx(share, rel=1e-9)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.sampled_from([0.5, 5.0, 2e3]),
    st.floats(0.001, 0.3),
    st.integers(0, 2**32),
)
def test_the_saturated_share_counts_slopes_below_it(shape, scale, share, seed):
    x = scale * np.random.default_rng(seed).normal(size=shape)
    expected = (sigmoid_slopes(x) < share).mean()
    assert reference.saturated_share(x, share) == expected


def test_a_slope_that_equals_the_share_is_not_below_it():
    assert reference.saturated_share(np.zeros(3), 0.25) == 0


@pytest.mark.parametrize("depth", [0, 1, 2, 7])
def test_no_product_of_slopes_exceeds_the_largest(depth):
    largest = reference.product_of_sigmoid_slopes(depth)
    x = np.random.default_rng(depth).normal(size=(100, depth))
    assert (sigmoid_slopes(x).prod(axis=1) <= largest).all()
    assert sigmoid_slopes(np.zeros(depth)).prod() == largest


layers = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32))


@settings(deadline=None)
@given(layers, st.sampled_from([0.0, -1.0]))
def test_gradient_signs_are_those_of_autograd(layer, low):
    N, D, seed = layer
    rng = np.random.default_rng(seed)
    x, dout = rng.uniform(low, 1.0, (N, D)), rng.normal(size=N)
    signs, batch_signs, rarer = reference.gradient_signs(dout, x)
    for n in (*range(N), slice(None)):
        w = torch.zeros(D, dtype=torch.float64, requires_grad=True)
        a = torch.tensor(x[n]) @ w
        (a * torch.tensor(dout[n])).sum().backward()
        expected = batch_signs if isinstance(n, slice) else signs[n]
        np.testing.assert_array_equal(np.sign(w.grad.numpy()), expected)
    both = {-1.0, 1.0} <= set(batch_signs)
    assert (rarer > 0) == both
    assert rarer <= 0.5
    if low == 0 and N == 1:
        assert rarer == 0  # always all positive or all negative


def test_a_weight_without_gradient_has_no_sign():
    x = np.array([[0.0, 1.0, 2.0, -1.0]])
    signs, batch_signs, rarer = reference.gradient_signs(np.array([2.0]), x)
    np.testing.assert_array_equal(signs, [[0, 1, 1, -1]])
    np.testing.assert_array_equal(batch_signs, [0, 1, 1, -1])
    assert rarer == 0.25


@settings(deadline=None)
@given(layers)
def test_the_path_is_that_of_a_neuron_under_autograd(layer):
    N, D, seed = layer
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, D))
    w, target = rng.normal(size=(2, D))
    lr = 1 / (x**2).sum(axis=1).max()
    before = w.copy()
    path = reference.zigzag_path(w, target, x, lr)
    np.testing.assert_array_equal(w, before)
    assert path.shape == (N + 1, D)
    v = torch.tensor(w, requires_grad=True)
    for n, row in enumerate(torch.tensor(x)):
        np.testing.assert_allclose(path[n], v.detach(), atol=1e-13)
        (0.5 * (v @ row - torch.tensor(target) @ row) ** 2).backward()
        with torch.no_grad():
            v -= lr * v.grad
            v.grad.zero_()
    np.testing.assert_allclose(path[N], v.detach(), atol=1e-13)


@settings(deadline=None)
@given(layers)
def test_with_positive_inputs_each_step_moves_all_weights_one_way(layer):
    N, D, seed = layer
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.1, 2.0, (N, D))
    path = reference.zigzag_path(*rng.normal(size=(2, D)), x, 0.1)
    moves = np.sign(np.diff(path, axis=0))
    assert (moves == moves[:, :1]).all()


@settings(deadline=None)
@given(layers, st.integers(1, 8), st.booleans())
def test_a_unit_is_dead_when_no_example_gives_it_a_gradient(layer, H, zeros):
    N, D, seed = layer
    rng = np.random.default_rng(seed)
    x, W = rng.normal(size=(N, D)), rng.normal(size=(D, H))
    b = rng.normal(size=H) - 1
    if zeros:
        W[:, 0], b[0] = 0.0, 0.0
    bias = torch.tensor(b, requires_grad=True)
    torch.relu(torch.tensor(x) @ torch.tensor(W) + bias).sum().backward()
    expected = (bias.grad == 0).double().mean()
    assert reference.dead_fraction(W, b, x) == expected


# What the cells of the notebook show, and the text then says.


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """What each demonstration prints, by the cell's first words."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names: dict[str, Any] = scripts.namespace(NOTEBOOK)
    printed = {}
    for cell in scripts.cells(NOTEBOOK):
        if cell.kind != "code" or cell.active or "check" in cell.source:
            continue
        with contextlib.redirect_stdout(io.StringIO()) as text:
            exec(cell.source, names)
        printed[cell.source] = text.getvalue()
    for axis, way in zip(plt.gcf().axes, ("positive", "centred"), strict=True):
        printed[f"path, {way}"] = axis.get_title()
    plt.close("all")
    return printed


def numbers(shown: dict[str, str], words: str) -> list[list[float]]:
    """The numbers of each line that the cell with ``words`` in it prints."""
    (text,) = (t for source, t in shown.items() if words in source)
    found = [re.findall(r"-?\d+\.?\d*(?:e[-+]\d+)?", line) for line in text.split("\n")]
    return [[float(n) for n in line] for line in found if line]


def test_a_sigmoid_passes_on_at_most_a_quarter(shown):
    rows = numbers(shown, "sigmoid_backward(np.ones(1), cache)")
    assert [x for x, _, _ in rows] == [-10, 0, 10]
    assert [slope for _, _, slope in rows] == [0.000045, 0.25, 0.000045]


def test_saturation_grows_with_the_scale_of_the_weights(shown):
    shares = [share for _, share in numbers(shown, "weights × {scale")]
    assert shares == sorted(shares)
    assert shares[1] < 1 < 30 < shares[-1]


def test_what_is_left_of_a_gradient_stays_near_the_bound(shown):
    for _, left, bound in numbers(shown, "left {left"):
        assert bound / 3 < left < bound


def test_centring_mixes_the_signs_more_than_minibatches_do(shown):
    rows = numbers(shown, "share of the rarer sign")
    assert rows[0][:2] == [1, 0]
    assert all(0 < pixels < rows[0][2] for _, pixels, _ in rows[1:])


def test_the_path_with_positive_inputs_is_longer_and_goes_one_way(shown):
    steps, share = {}, {}
    for way in ("positive", "centred"):
        title = shown[f"path, {way}"]
        steps[way], share[way] = map(int, re.findall(r"(\d+) steps,\n(\d+)%", title)[0])
    assert steps["positive"] > 2 * steps["centred"]
    assert share["positive"] == 100
    assert share["centred"] < 75


def test_large_steps_on_positive_pixels_kill_units(shown):
    rows = numbers(shown, "data = {")
    dead = {lr: (positive, centred) for lr, _, positive, _, centred in rows}
    assert all(centred == 0 for _, centred in dead.values())
    assert dead[0.1][0] < 10
    assert dead[1.0][0] > 50


def test_elu_is_closer_to_zero_mean(shown):
    (text,) = (t for source, t in shown.items() if "mean / std" in source)
    centre = {line[:16].strip(): float(line[-6:]) for line in text.split("\n") if line}
    assert abs(centre["ELU"]) < centre["leaky ReLU, 0.1"] / 2 < centre["ReLU"] / 2


def test_selu_pulls_the_scale_towards_one(shown):
    _, selu, relu = numbers(shown, "forward.__name__:13s")
    assert selu[0] == relu[0] == 3
    assert selu[0] > selu[1] > selu[2] > selu[3] > 0.9
    assert abs(selu[-1] - 1) < 0.1
    assert relu[-1] < 0.01


def test_no_line_that_is_printed_is_too_long(shown):
    assert max(len(line) for t in shown.values() for line in t.split("\n")) <= 78


def test_the_slopes_of_gelu_and_silu_leave_the_interval_from_0_to_1(shown):
    rows = [row for row in numbers(shown, "slopes from") if len(row) == 4]
    assert len(rows) == 2
    for smallest, _, largest, _ in rows:
        assert smallest < 0 < 1 < largest
