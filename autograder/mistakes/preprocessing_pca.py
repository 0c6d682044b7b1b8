"""Wrong solutions of PCA, and of the statistics that whitening shares with it."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_MEAN = "mean = x_train.mean(axis=0)  # (D,)"
_CENTRED = "centred = x_train - mean"
COV = "cov = centred.T @ centred / len(centred)"

LEAK = "Would your answer for one test example change if another one were added?"
_CENTRE_HINT = "Around which point does the covariance measure the spread?"
_IN_PLACE = "Which of the arrays you were handed does your code write into?"
SIGN_HINT = "Which of q and -q does your answer take, and which is asked for?"
ORDER_HINT = "In which order does your function give the eigenvalues?"


def of_the_fit(exercise: str, test: str) -> tuple[Mistake, ...]:
    """What goes wrong with the statistics; ``test`` is the test split's line."""
    wrong = partial(Mistake, exercise)
    return (
        wrong(
            "not centred",
            _CENTRE_HINT,
            ((_MEAN, "mean = np.zeros_like(x_train[0])"),),
        ),
        wrong(
            "covariance around the origin",
            _CENTRE_HINT,
            ((COV, "cov = x_train.T @ x_train / len(x_train)"),),
        ),
        wrong(
            "centred by one mean for all features",
            "How many means does a data matrix of shape (N, D) have?",
            ((_MEAN, "mean = x_train.mean()"),),
        ),
        wrong(
            "mean of each example",
            "Over which axis does the mean run?",
            (
                (_MEAN, "mean = x_train.mean(axis=1, keepdims=True)"),
                (test, test.replace("mean", "x_test.mean(axis=1, keepdims=True)")),
            ),
        ),
        wrong(
            "the test data are not centred",
            "From where are the coordinates of a test example measured?",
            ((test, test.replace("(x_test - mean)", "x_test")),),
        ),
        wrong(
            "test data centred by their own mean",
            LEAK,
            ((test, test.replace("- mean", "- x_test.mean(axis=0)")),),
        ),
        wrong(
            "test data in the mean and in the covariance",
            LEAK,
            (
                (_MEAN, "mean = np.concatenate([x_train, x_test]).mean(axis=0)"),
                (
                    COV,
                    "both = np.concatenate([x_train, x_test]) - mean\n"
                    "    cov = both.T @ both / len(both)",
                ),
            ),
        ),
        wrong(
            "features scaled to variance 1 first",
            "Is the matrix asked for the covariance, or the correlation?",
            (
                (
                    COV,
                    f"{COV}\n"
                    "    own = np.sqrt(np.maximum(np.diag(cov), 1e-12))\n"
                    "    cov = cov / np.outer(own, own)",
                ),
            ),
        ),
        wrong(
            "one-pass covariance",
            "How many digits are left of E[x xᵀ] - μμᵀ when the mean is 10,000 and "
            "the standard deviation 0.01?",
            (
                (
                    COV,
                    "cov = x_train.T @ x_train / len(x_train) - np.outer(mean, mean)",
                ),
            ),
        ),
        wrong(
            "the training data change in place",
            _IN_PLACE,
            ((_CENTRED, "x_train -= mean\n    centred = x_train"),),
            caught_by="inputs",
        ),
    )


_PCA_TEST = "test = (x_test - mean) @ directions"
_PCA_TRAIN = "train = centred @ directions"
_DIRECTIONS = "directions = fix_signs(vectors[:, ::-1][:, :k])"

_pca = partial(Mistake, "pca")

PCA = (
    *of_the_fit("pca", _PCA_TEST),
    _pca(
        "the k smallest directions",
        ORDER_HINT,
        ((_DIRECTIONS, "directions = fix_signs(vectors[:, :k])"),),
    ),
    _pca(
        "the right directions in rising order",
        ORDER_HINT,
        ((_DIRECTIONS, "directions = fix_signs(vectors[:, -k:])"),),
    ),
    _pca(
        "rows of the eigenvectors in place of columns",
        "Is an eigenvector a row or a column of what your function returns?",
        ((_DIRECTIONS, "directions = fix_signs(vectors.T[:, ::-1][:, :k])"),),
    ),
    _pca(
        "rows of the eigenvectors, k smallest",
        "Is an eigenvector a row or a column of what your function returns?",
        ((_DIRECTIONS, "directions = fix_signs(vectors[:k].T)"),),
    ),
    _pca(
        "signs as they come",
        SIGN_HINT,
        ((_DIRECTIONS, "directions = vectors[:, ::-1][:, :k]"),),
    ),
    _pca(
        "signs the other way round",
        SIGN_HINT,
        ((_DIRECTIONS, "directions = -fix_signs(vectors[:, ::-1][:, :k])"),),
    ),
    _pca(
        "signs by the first entry",
        SIGN_HINT,
        (
            (
                _DIRECTIONS,
                "directions = vectors[:, ::-1][:, :k]\n"
                "    directions = directions * np.where(directions[0] < 0, -1, 1)",
            ),
        ),
    ),
    _pca(
        "signs by the largest projection",
        SIGN_HINT,
        (
            (
                _DIRECTIONS,
                "directions = vectors[:, ::-1][:, :k]\n"
                "    scores = centred @ directions\n"
                "    rows = np.abs(scores).argmax(axis=0)\n"
                "    directions = directions * np.where("
                "scores[rows, np.arange(k)] < 0, -1, 1)",
            ),
        ),
    ),
    _pca(
        "all directions",
        "How many columns does your answer have?",
        ((_DIRECTIONS, "directions = fix_signs(vectors[:, ::-1])"),),
    ),
    _pca(
        "rebuilt data",
        "Which shape have the coordinates of N examples along k directions?",
        (
            (_PCA_TRAIN, f"{_PCA_TRAIN} @ directions.T + mean"),
            (_PCA_TEST, f"{_PCA_TEST} @ directions.T + mean"),
        ),
    ),
    _pca(
        "whitened as well",
        "What is the variance of your first column, and what should it be?",
        (
            (
                _PCA_TRAIN,
                "scale = np.sqrt(values[::-1][:k])\n    train = centred @ directions "
                "/ scale",
            ),
            (_PCA_TEST, f"{_PCA_TEST} / scale"),
        ),
    ),
    _pca(
        "the test data along their own directions",
        LEAK,
        (
            (
                _PCA_TEST,
                "own = x_test - mean\n"
                "    _, vectors = np.linalg.eigh(own.T @ own / len(own))\n"
                f"    {_DIRECTIONS}\n    {_PCA_TEST}",
            ),
        ),
    ),
    _pca(
        "the leading features in place of directions",
        "Is a principal direction one of the features, or a mixture?",
        (
            (
                _DIRECTIONS,
                "directions = np.eye(len(cov))[:, np.argsort(-np.diag(cov))[:k]]",
            ),
        ),
    ),
)

MISTAKES = PCA
