"""Wrong solutions of PCA whitening and of ZCA whitening."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.preprocessing_pca import (
    COV,
    LEAK,
    ORDER_HINT,
    SIGN_HINT,
    of_the_fit,
)

_ROOT_HINT = "What stands under the root in the formula?"
_WHITE_TRAIN = "train = centred @ directions / scale"
_WHITE_TEST = "test = (x_test - mean) @ directions / scale"
_WHITE_SCALE = "scale = np.sqrt(values[::-1] + eps)"
_WHITE_DIRECTIONS = "directions = fix_signs(vectors[:, ::-1])"


def _scaling(exercise: str, scale: str, values: str) -> tuple[Mistake, ...]:
    """What goes wrong with the eigenvalues; ``scale`` is the line of the root."""
    wrong = partial(Mistake, exercise)
    return (
        wrong("no eps", _ROOT_HINT, ((scale, f"scale = np.sqrt({values})"),)),
        wrong(
            "eps outside the root",
            _ROOT_HINT,
            ((scale, f"scale = np.sqrt(np.maximum({values}, 0)) + eps"),),
        ),
        wrong(
            "divided by the eigenvalues",
            "Which of the two is an eigenvalue of the covariance: a variance, or a "
            "standard deviation?",
            ((scale, f"scale = {values} + eps"),),
        ),
        wrong(
            "eps squared",
            "Is eps compared with a variance, or with a standard deviation?",
            ((scale, f"scale = np.sqrt({values} + eps**2)"),),
        ),
        wrong(
            "the larger of eigenvalue and eps",
            _ROOT_HINT,
            ((scale, f"scale = np.sqrt(np.maximum({values}, eps))"),),
        ),
        wrong(
            "small directions set to zero",
            "What does the formula do with a direction whose variance is below eps?",
            (
                (
                    scale,
                    f"scale = np.where({values} > eps, "
                    f"np.sqrt(np.maximum({values}, 0) + eps), np.inf)",
                ),
            ),
        ),
        wrong(
            "eps hard-coded",
            "Where does your eps come from?",
            ((scale, f"scale = np.sqrt({values} + 1e-5)"),),
        ),
        wrong(
            "N - 1 in the covariance",
            "By what does the covariance divide here?",
            ((COV, f"{COV} * len(centred) / max(len(centred) - 1, 1)"),),
        ),
        wrong(
            "sum of products in place of the covariance",
            "Does your scale change when every example is there twice?",
            ((COV, "cov = centred.T @ centred"),),
        ),
        wrong(
            "divided by the number of features",
            "By what does the covariance divide?",
            ((COV, "cov = centred.T @ centred / centred.shape[1]"),),
        ),
    )


_whiten = partial(Mistake, "whiten")

WHITEN = (
    *of_the_fit("whiten", _WHITE_TEST),
    *_scaling("whiten", _WHITE_SCALE, "values[::-1]"),
    _whiten(
        "rising order",
        ORDER_HINT,
        (
            (_WHITE_DIRECTIONS, "directions = fix_signs(vectors)"),
            (_WHITE_SCALE, "scale = np.sqrt(values + eps)"),
        ),
    ),
    _whiten(
        "eigenvalues in rising order, directions in falling order",
        "Which eigenvalue belongs to your first column?",
        ((_WHITE_SCALE, "scale = np.sqrt(values + eps)"),),
    ),
    _whiten(
        "signs as they come",
        SIGN_HINT,
        ((_WHITE_DIRECTIONS, "directions = vectors[:, ::-1]"),),
    ),
    _whiten(
        "turned and not scaled",
        "What is the variance of your first column, and what should it be?",
        ((_WHITE_TRAIN, _WHITE_TRAIN[:-8]), (_WHITE_TEST, _WHITE_TEST[:-8])),
    ),
    _whiten(
        "scaled and not turned",
        "What is the correlation of your first two columns?",
        (
            (_WHITE_SCALE, "scale = np.sqrt(np.diag(cov) + eps)"),
            (_WHITE_TRAIN, "train = centred / scale"),
            (_WHITE_TEST, "test = (x_test - mean) / scale"),
        ),
    ),
    _whiten(
        "turned back",
        "The task asks for the coordinates along the directions. Which step is last?",
        (
            (_WHITE_TRAIN, f"{_WHITE_TRAIN} @ directions.T"),
            (_WHITE_TEST, f"{_WHITE_TEST} @ directions.T"),
        ),
    ),
    _whiten(
        "rows of the eigenvectors in place of columns",
        "Is an eigenvector a row or a column of what your function returns?",
        ((_WHITE_DIRECTIONS, "directions = fix_signs(vectors.T[:, ::-1])"),),
    ),
    _whiten(
        "multiplied by the root",
        "Which way does the scale go: is a wide direction to become narrower?",
        (
            (_WHITE_TRAIN, _WHITE_TRAIN.replace("/", "*")),
            (_WHITE_TEST, _WHITE_TEST.replace("/", "*")),
        ),
    ),
    _whiten(
        "the test data scaled by their own spread",
        LEAK,
        (
            (
                _WHITE_TEST,
                "test = (x_test - mean) @ directions\n"
                "    test = test / np.sqrt((test**2).mean(axis=0) + eps)",
            ),
        ),
    ),
)

_ZCA_SCALE = "scale = np.sqrt(values + eps)"
_ZCA_MATRIX = "matrix = directions / scale @ directions.T"
_ZCA_TEST = "test = (x_test - mean) @ matrix"
_ZCA_EIGH = "values, directions = np.linalg.eigh(cov)  # (D,), (D, D)"
_BACK = "Which three steps does the formula take, and in which order?"

_zca = partial(Mistake, "zca")

ZCA = (
    *of_the_fit("zca", _ZCA_TEST),
    *_scaling("zca", _ZCA_SCALE, "values"),
    _zca(
        "not turned back",
        "Is the first column of your answer still the first feature?",
        ((_ZCA_MATRIX, "matrix = fix_signs(directions[:, ::-1]) / scale[::-1]"),),
    ),
    _zca(
        "not turned back, rising order",
        "Is the first column of your answer still the first feature?",
        ((_ZCA_MATRIX, "matrix = directions / scale"),),
    ),
    _zca(
        "turned twice",
        _BACK,
        ((_ZCA_MATRIX, "matrix = directions / scale @ directions"),),
    ),
    _zca(
        "rows of the eigenvectors in place of columns",
        "Is an eigenvector a row or a column of what your function returns?",
        ((_ZCA_MATRIX, "matrix = directions.T / scale @ directions"),),
    ),
    _zca(
        "scaled on the wrong side",
        "Which axis of Q belongs to the eigenvalues?",
        ((_ZCA_MATRIX, "matrix = directions / scale[:, None] @ directions.T"),),
    ),
    _zca(
        "turned back without the scale",
        "What is the variance of your first column?",
        ((_ZCA_MATRIX, "matrix = directions @ directions.T"),),
    ),
    _zca(
        "multiplied by the root",
        "Which way does the scale go: is a wide direction to become narrower?",
        ((_ZCA_MATRIX, "matrix = directions * scale @ directions.T"),),
    ),
    _zca(
        "the mean is added back",
        "What is the mean of whitened data?",
        (
            ("train = centred @ matrix", "train = centred @ matrix + mean"),
            (_ZCA_TEST, f"{_ZCA_TEST} + mean"),
        ),
    ),
    _zca(
        "a triangular root of the inverse",
        "Is your matrix symmetric?",
        (
            (
                _ZCA_MATRIX,
                "matrix = np.linalg.cholesky("
                "np.linalg.inv(cov + eps * np.eye(len(cov))))",
            ),
        ),
    ),
    _zca(
        "directions of small variance are dropped",
        "Which part of a test example is lost when the matrix has a low rank?",
        (
            (
                _ZCA_EIGH,
                f"{_ZCA_EIGH}\n"
                "    kept = values > 1e-12 * values.max()\n"
                "    values, directions = values[kept], directions[:, kept]",
            ),
        ),
    ),
    _zca(
        "features scaled to variance 1 as well",
        "The formula knows one scale for each direction. Which else does yours have?",
        (
            (
                _ZCA_MATRIX,
                "own = np.sqrt(np.diag(cov) + eps)\n"
                "    matrix = directions / scale @ directions.T / own",
            ),
        ),
    ),
)

MISTAKES = (*WHITEN, *ZCA)
