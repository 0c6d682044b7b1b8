"""The references of preprocessing against scikit-learn, SciPy and PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.linalg import fractional_matrix_power
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

from solutions.preprocessing import preprocessing as reference

TWO_SPLITS = {
    "zero_center": (),
    "mean_image": (),
    "channel_mean": (),
    "channel_mean_std": (0.01,),
    "pca": (2,),
    "whiten": (0.1,),
    "zca": (0.1,),
}


@st.composite
def tables(draw: Any, rows: int = 1, columns: int = 1) -> tuple[np.ndarray, ...]:
    """A training and a test split of odd shapes, with any mean and spread."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, d = draw(st.integers(rows, 9)), draw(st.integers(columns, 6))
    mean = draw(st.sampled_from([0.0, -3.0, 1e2, 1e4]))
    spread = draw(st.sampled_from([1e-2, 1.0, 50.0])) * rng.uniform(0.5, 2.0, d)
    mix = rng.normal(size=(d, d))
    train = mean + spread * (rng.normal(size=(n, d)) @ mix)
    test = mean + spread * (1 + rng.normal(size=(draw(st.integers(1, 4)), d)))
    return train, test


@st.composite
def photographs(draw: Any) -> tuple[np.ndarray, ...]:
    """Images (N, H, W, C) of two splits, as numbers or as bytes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = tuple(draw(st.integers(1, 5)) for _ in range(4))
    m = draw(st.integers(1, 3))
    if draw(st.booleans()):
        images = rng.integers(0, 256, (shape[0] + m, *shape[1:]), dtype=np.uint8)
    else:
        images = rng.normal(3.0, 2.0, (shape[0] + m, *shape[1:]))
    return images[: shape[0]], images[shape[0] :]


def assert_close(got: np.ndarray, expected: np.ndarray, size: float = 1.0) -> None:
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * size)


@settings(deadline=None)
@given(tables())
def test_zero_center_is_sklearns_scaler_without_a_scale(splits):
    train, test = splits
    scaler = StandardScaler(with_std=False).fit(train)
    size = float(np.abs(train).max())
    for got, x in zip(reference.zero_center(train, test), splits, strict=True):
        assert_close(got, scaler.transform(x), size)


@settings(deadline=None)
@given(photographs())
def test_mean_image_makes_the_mean_training_image_black(splits):
    train, test = reference.mean_image(*splits)
    assert train.dtype == test.dtype == np.float64
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-12)
    taken = splits[1].astype(float) - test
    np.testing.assert_allclose(taken, np.broadcast_to(taken[:1], taken.shape))


@settings(deadline=None)
@given(photographs())
def test_channel_statistics_are_sklearns_for_the_pixels_as_rows(splits):
    train, test = (x.reshape(-1, x.shape[-1]).astype(float) for x in splits)
    centred = StandardScaler(with_std=False).fit(train)
    for got, x, original in zip(
        reference.channel_mean(*splits), (train, test), splits, strict=True
    ):
        assert_close(got, centred.transform(x).reshape(original.shape), 255)
    scale = np.maximum(train.std(axis=0), 0.5)
    for got, x, original in zip(
        reference.channel_mean_std(*splits, 0.5), (train, test), splits, strict=True
    ):
        expected = centred.transform(x) / scale
        assert_close(got, expected.reshape(original.shape), 255)


def test_a_floor_touches_only_what_lies_below_it():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(4, 3, 2, 3)) * [1.0, 0.01, 0.0] + 0.1
    train, test = reference.channel_mean_std(images, images + 1, 0.2)
    np.testing.assert_allclose(train[..., 0].std(), 1)
    np.testing.assert_allclose(
        train[..., 1], (images - images[..., 1].mean())[..., 1] * 5
    )
    np.testing.assert_allclose(train[..., 2], 0, atol=1e-12)
    np.testing.assert_allclose(test[..., 2], 5)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((32, 32, 3), (3072, 3, 6, 3072 + 3072**2)),
        ((1, 1, 1), (1, 1, 2, 2)),
        ((2, 3, 4), (24, 4, 8, 24 + 576)),
    ],
)
def test_stored_numbers_are_the_sizes_of_the_arrays(shape, expected):
    assert reference.stored_numbers(*shape) == expected


@settings(deadline=None)
@given(
    st.floats(-5, 5),
    st.sampled_from([0.1, 1.0, 3.0]),
    st.integers(min_value=2, max_value=9),
)
def test_condition_number_is_that_of_the_matrix(mean, std, count):
    matrix = std**2 * np.eye(count) + np.full((count, count), mean**2)
    ratio = reference.condition_number(mean, std, count)
    assert ratio == pytest.approx(np.linalg.cond(matrix), rel=1e-8)


def apart(train: np.ndarray) -> bool:
    """Directions are defined: no two eigenvalues, no two largest entries meet."""
    values, vectors = np.linalg.eigh(
        np.cov(train.T, bias=True).reshape(2 * [train.shape[1]])
    )
    sizes = np.sort(np.abs(vectors), axis=0)
    gaps = np.diff(values)
    separate = len(gaps) == 0 or gaps.min() > 1e-3 * values[-1]
    clear = len(sizes) == 1 or (sizes[-1] - sizes[-2]).min() > 1e-3
    return bool(separate and clear and values[0] > 1e-6 * values[-1])


@settings(deadline=None)
@given(tables(rows=3), st.data())
def test_pca_is_sklearns(splits, data):
    train, test = splits
    assume(apart(train))
    k = data.draw(st.integers(1, min(len(train) - 1, train.shape[1])))
    fitted = PCA(k, svd_solver="full").fit(train)
    size = 1e3 * float(np.abs(train).max())
    for got, x in zip(reference.pca(train, test, k), splits, strict=True):
        np.testing.assert_allclose(
            got, fitted.transform(x), rtol=1e-6, atol=1e-9 * size
        )


@settings(deadline=None)
@given(tables(rows=8))
def test_whitening_is_sklearns_when_eps_is_tiny(splits):
    train, test = splits
    assume(apart(train))
    fitted = PCA(whiten=True, svd_solver="full").fit(train)
    biased = np.sqrt(len(train) / (len(train) - 1))  # sklearn divides by N - 1
    got = reference.whiten(train, test, 1e-14)
    for mine, x in zip(got, splits, strict=True):
        expected = fitted.transform(x) * biased
        np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-4)


@settings(deadline=None)
@given(tables(), st.sampled_from([1e-2, 0.3, 5.0]))
def test_zca_is_the_inverse_root_of_the_covariance(splits, eps):
    train, test = splits
    centred = train - train.mean(axis=0)
    cov = centred.T @ centred / len(train) + eps * np.eye(train.shape[1])
    root = np.real(fractional_matrix_power(cov, -0.5))
    size = 1e3 * max(1.0, float(np.abs(test - train.mean(axis=0)).max()))
    for got, x in zip(reference.zca(train, test, eps), splits, strict=True):
        assert_close(got, (x - train.mean(axis=0)) @ root, size)


@settings(deadline=None)
@given(tables(), st.sampled_from([1e-2, 0.3, 5.0]))
def test_both_whitenings_leave_the_same_lengths(splits, eps):
    """They differ by a rotation."""
    for white, zca in zip(
        reference.whiten(*splits, eps), reference.zca(*splits, eps), strict=True
    ):
        lengths = np.linalg.norm(white, axis=1)
        np.testing.assert_allclose(lengths, np.linalg.norm(zca, axis=1), rtol=1e-8)


def test_whitened_data_have_the_variance_that_eps_leaves():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4)) + 7
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    train, _ = reference.whiten(x, x[:1], 0.3)
    expected = np.diag(values / (values + 0.3))
    np.testing.assert_allclose(np.cov(train.T, bias=True), expected, atol=1e-12)


@settings(deadline=None)
@given(tables(rows=3), st.integers(2, 4), st.integers(0, 2**32))
def test_loss_sensitivity_is_torchs(splits, classes, seed):
    x, _ = splits
    rng = np.random.default_rng(seed)
    mean, std = x.mean(axis=0), x.std(axis=0)
    shape = (x.shape[1], classes)
    W = rng.normal(size=shape) / std[:, None]
    b = rng.normal(size=classes) - mean @ W
    dW = 0.1 * rng.normal(size=shape)
    y = rng.integers(0, classes, len(x))

    def loss(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> float:
        scores = torch.from_numpy(x @ W + b)
        return float(functional.cross_entropy(scores, torch.from_numpy(y)))

    raw, normalized = reference.loss_sensitivity(x, y, W, b, dW)
    changes = loss(x, W + dW, b) - loss(x, W, b)
    assert raw == pytest.approx(changes, rel=1e-9, abs=1e-7)
    x_hat = (x - mean) / std
    W_hat, b_hat = std[:, None] * W, mean @ W + b
    changes = loss(x_hat, W_hat + dW, b_hat) - loss(x_hat, W_hat, b_hat)
    assert normalized == pytest.approx(changes, rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("name", TWO_SPLITS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_type_stays_and_inputs_are_untouched(name, dtype):
    rng = np.random.default_rng(2)
    shape = (6, 3, 2, 3) if "mean" in name else (6, 3)
    train, test = (rng.normal(3.0, 2.0, shape).astype(dtype) for _ in range(2))
    before = train.tobytes(), test.tobytes()
    results = getattr(reference, name)(train, test, *TWO_SPLITS[name])
    assert (train.tobytes(), test.tobytes()) == before
    for result in results:
        assert result.dtype == dtype
        assert not np.shares_memory(result, train)
        assert not np.shares_memory(result, test)


@pytest.mark.parametrize("name", TWO_SPLITS)
def test_a_test_example_does_not_depend_on_the_others(name):
    rng = np.random.default_rng(3)
    shape = (6, 3, 2, 3) if "mean" in name else (6, 3)
    train, test = rng.normal(3.0, 2.0, (2, *shape))
    function = getattr(reference, name)
    together = function(train, test, *TWO_SPLITS[name])
    alone = function(train, test[:1], *TWO_SPLITS[name])
    np.testing.assert_allclose(alone[1], together[1][:1], rtol=1e-12)
    np.testing.assert_array_equal(alone[0], together[0])
