"""Preprocessing: right solutions by other routes pass, cases cover what they say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.exercises import all_exercises, exercises_of
from autograder.reference import scripts
from autograder.reference.recorder import generator
from autograder.student.values import layout_of
from tests.exercises.judging import judged, why

NOTEBOOK = "preprocessing/preprocessing"
NAMES = [e.name for e in exercises_of(NOTEBOOK)]
WITH_SPLITS = [
    n for n in NAMES if n.startswith(("zero", "mean", "ch", "pca", "wh", "zca"))
]
PRINCIPAL = ("pca", "whiten", "zca")
SECRETS = (b"public cases", b"one secret", b"another secret")
GIVEN = scripts.namespace(NOTEBOOK)


# --- by singular values -----------------------------------------------------


def by_matrix_product(x_train, x_test):
    """Centre with the matrix I - 11ᵀ/N, and the test rows one by one."""
    n = len(x_train)
    mean = np.ones(n) / n @ x_train
    test = np.stack([row - mean for row in x_test])
    return (np.eye(n) - np.full((n, n), 1 / n)) @ x_train, test


def svd_fit(x_train):
    """Mean, all D directions as columns, and their variances."""
    mean = np.mean(x_train, axis=0)
    _, singular, rows = np.linalg.svd(x_train - mean)
    variances = np.zeros(x_train.shape[1])
    variances[: len(singular)] = singular**2 / len(x_train)
    return mean, rows.T, variances


def svd_pca(x_train, x_test, k):
    mean, directions, _ = svd_fit(x_train)
    directions = GIVEN["fix_signs"](directions[:, :k])
    return (x_train - mean) @ directions, (x_test - mean) @ directions


def svd_whiten(x_train, x_test, eps):
    mean, directions, variances = svd_fit(x_train)
    matrix = GIVEN["fix_signs"](directions) @ np.diag((variances + eps) ** -0.5)
    return (x_train - mean) @ matrix, (x_test - mean) @ matrix


def svd_zca(x_train, x_test, eps):
    mean, directions, variances = svd_fit(x_train)
    matrix = (directions * (variances + eps) ** -0.5) @ directions.T
    return (x_train - mean) @ matrix, (x_test - mean) @ matrix


# --- by eigenvectors, otherwise ---------------------------------------------


def eig_fit(x_train):
    """np.cov, np.linalg.eig and a sort, as in many notes."""
    cov = np.atleast_2d(np.cov(x_train, rowvar=False, bias=True))
    values, vectors = np.linalg.eig(cov)
    order = np.argsort(values.real)[::-1]
    return x_train.mean(0), vectors.real[:, order], values.real[order]


def eig_pca(x_train, x_test, k):
    mean, directions, _ = eig_fit(x_train)
    signs = [1 if max(q, key=abs) > 0 else -1 for q in directions.T]
    both = np.vstack([x_train, x_test]) - mean
    projected = (both @ (directions * signs))[:, :k]
    return projected[: len(x_train)], projected[len(x_train) :]


def whiten_by_pca(x_train, x_test, eps):
    """Project on all directions, then measure the variance there."""
    if len(x_train) <= x_train.shape[1]:
        return svd_whiten(x_train, x_test, eps)
    train, test = svd_pca(x_train, x_test, x_train.shape[1])
    scale = np.sqrt(train.var(axis=0) + eps)
    return train / scale, test / scale


def root_by_denman_and_beavers(cov):
    """The inverse root of a matrix without any eigenvector."""
    y, z = cov, np.eye(len(cov))
    for _ in range(60):
        y, z = (y + np.linalg.inv(z)) / 2, (z + np.linalg.inv(y)) / 2
    return z


def zca_without_eigenvectors(x_train, x_test, eps):
    mean = x_train.mean(axis=0)
    centred = (x_train - mean).astype(np.float64)
    cov = np.einsum("ni,nj->ij", centred, centred) / len(centred)
    matrix = root_by_denman_and_beavers(cov + eps * np.eye(len(cov)))
    return centred @ matrix, (x_test - mean) @ matrix


# --- images, questions, loss ------------------------------------------------


def mean_image_in_bytes_first(images_train, images_test):
    mean = np.sum(images_train, axis=0, dtype=np.float64) / images_train.shape[0]
    return np.subtract(images_train, mean), np.subtract(images_test, mean)


def channel_mean_by_rows(images_train, images_test):
    mean = images_train.reshape(-1, images_train.shape[3]).mean(axis=0, keepdims=True)
    return images_train - mean, images_test - mean[None, None]


def channel_by_channel(images_train, images_test, floor=1e-6):
    train = np.empty(images_train.shape)
    test = np.empty(images_test.shape)
    for c in range(images_train.shape[-1]):
        values = images_train[..., c].astype(np.float64)
        std = max(np.sqrt(((values - values.mean()) ** 2).mean()), floor)
        train[..., c] = (values - values.mean()) / std
        test[..., c] = (images_test[..., c] - values.mean()) / std
    return train, test


def by_eigenvalues(mean, std, D):
    if D > 100:
        return 1 + D * (mean / std) ** 2
    values = np.linalg.eigvalsh(std**2 * np.eye(D) + mean**2 * np.ones((D, D)))
    return values[-1] / values[0]


def by_scores(x, y, W, b, dW):
    """Scores after a nudge are scores before, plus x times the nudge."""

    def loss(scores):
        largest = scores.max(1)
        total = np.log(np.exp(scores - largest[:, None]).sum(1)) + largest
        return float(np.mean(total - np.take_along_axis(scores, y[:, None], 1)[:, 0]))

    scores = x @ W + b
    x_hat = (x - x.mean(0)) / x.std(0)
    before = loss(scores)
    return loss(scores + x @ dW) - before, loss(scores + x_hat @ dW) - before


ROUTES: dict[str, dict[str, Callable[..., Any]]] = {
    "singular values": {
        "zero_center": by_matrix_product,
        "condition_number": by_eigenvalues,
        "mean_image": mean_image_in_bytes_first,
        "channel_mean": channel_mean_by_rows,
        "channel_mean_std": channel_by_channel,
        "stored_numbers": lambda H, W, C: (
            np.ones((H, W, C)).size,
            C,
            2 * C,
            (H * W * C + 1) * H * W * C,
        ),
        "pca": svd_pca,
        "whiten": svd_whiten,
        "zca": svd_zca,
        "loss_sensitivity": by_scores,
    },
    "eigenvectors": {
        "condition_number": lambda mean, std, D: 1 + D * mean**2 / std**2,
        "pca": eig_pca,
        "whiten": whiten_by_pca,
        "zca": zca_without_eigenvectors,
    },
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    ("route", "name"), [(r, n) for r, functions in ROUTES.items() for n in functions]
)
def test_a_right_solution_by_another_route_passes(name, route, secret):
    result = judged(name, {**GIVEN, **ROUTES[route]}, secret)
    assert result.passed, why(result)


def test_every_exercise_has_another_route():
    assert set(ROUTES["singular values"]) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_is_a_little_off_fails(name):
    right = GIVEN[name]

    def off(*arguments: Any) -> Any:
        result = right(*arguments)
        if isinstance(result, tuple):
            return tuple(r * (1 + 1e-4) for r in result)
        return result * (1 + 1e-4)

    assert not judged(name, {**GIVEN, name: off}, SECRETS[0]).passed


def arrays_of(case: Any) -> dict[str, np.ndarray]:
    return {k: v for k, v in vars(case).items() if isinstance(v, np.ndarray)}


@pytest.mark.parametrize("name", NAMES)
def test_cases_come_from_the_generator_alone(name):
    exercise = all_exercises()[name]
    once, again = (
        list(exercise.cases(generator(exercise, b"secret"))) for _ in range(2)
    )
    kinds = [c.kind for c in once]
    other = list(exercise.cases(generator(exercise, b"other")))
    assert kinds == [c.kind for c in again] == [c.kind for c in other]
    assert len(set(kinds)) == len(kinds) <= 16
    for mine, same, different in zip(once, again, other, strict=True):
        for key, x in arrays_of(mine).items():
            np.testing.assert_array_equal(x, arrays_of(same)[key])
            assert x.size <= 150
        if arrays_of(mine):
            assert any(
                not np.array_equal(x, arrays_of(different)[key])
                for key, x in arrays_of(mine).items()
            )


@pytest.mark.parametrize("name", [*WITH_SPLITS, "loss_sensitivity"])
def test_cases_cover_layouts_and_precisions(name):
    exercise = all_exercises()[name]
    arrays = [
        x
        for case in exercise.cases(generator(exercise, b"secret"))
        for x in arrays_of(case).values()
        if x.dtype.kind == "f"
    ]
    layouts = {layout_of(x).get("layout", "C") for x in arrays}
    assert {"C", "F", "strided"} <= layouts
    assert "broadcast" in layouts or name == "loss_sensitivity"
    assert {x.dtype.name for x in arrays} == {"float32", "float64"}


@pytest.mark.parametrize("name", WITH_SPLITS)
def test_cases_tell_the_statistics_of_the_splits_apart(name):
    exercise = all_exercises()[name]
    cases = list(exercise.cases(generator(exercise, b"secret")))
    for case in cases:
        train, test = case.train.mean(axis=0), case.test.mean(axis=0)
        if train.shape == test.shape:
            assert np.abs(train - test).max() > 0.05 * np.ptp(case.test, axis=0).max()
    assert any(c.train.mean() > 9_000 and c.train.std() < 0.1 for c in cases)
    assert any(len(c.test) == 1 for c in cases)
    assert any(
        np.ptp(c.train, axis=0).min() == 0 and len(c.train) > 1 for c in cases
    ) or ("image" in name or "channel" in name)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", PRINCIPAL)
def test_directions_and_signs_are_beyond_doubt(name, secret):
    exercise = all_exercises()[name]
    for case in exercise.cases(generator(exercise, secret)):
        train = case.train.astype(np.float64)
        if len(train) <= train.shape[1] - 1 and name == "zca":
            continue  # no direction of variance 0 is asked for by itself
        _, directions, variances = svd_fit(train)
        asked = int(case.options[0]) if name == "pca" else train.shape[1]
        ratios = variances[1:asked] / variances[: asked - 1]
        assert (ratios < 0.6).all(), case.kind
        sizes = np.sort(np.abs(directions[:, :asked]), axis=0)
        if len(sizes) > 1:
            assert (sizes[-1] - sizes[-2]).min() > 0.02, case.kind
