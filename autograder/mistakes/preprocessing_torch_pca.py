"""Wrong PCA and ZCA on tensors."""

from __future__ import annotations

from autograder.mistakes import Mistake


def pca(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the projection."""
    return Mistake("torch_pca", name, hint, edits)


def zca(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the whitening."""
    return Mistake("torch_zca", name, hint, edits)


EXACT = "torch.promote_types(x_train.dtype, torch.float32)"
CENTRED = "centred = x_train.to(exact) - mean"
TEST = "(x_test.to(exact) - mean)"
SCALE = "torch.sqrt(values + eps)"
MEAN = "mean = x_train.to(exact).mean(0)"
BOTH = "mean = torch.cat([x_train, x_test]).to(exact).mean(0)"

MISTAKES = [
    pca(
        "test data in the mean",
        "Which of the two splits may have a say in the mean?",
        (MEAN, BOTH),
    ),
    pca(
        "test split centred with its own mean",
        "Which mean is subtracted from a single test example?",
        (TEST, "(x_test.to(exact) - x_test.to(exact).mean(0))"),
    ),
    pca(
        "test split not centred",
        "What was subtracted from the training split?",
        (TEST, "x_test.to(exact)"),
    ),
    pca(
        "covariance without centring",
        "Where does the first direction point if the data lie far from the origin?",
        ("centred.T @ centred", "x_train.to(exact).T @ x_train.to(exact)"),
    ),
    pca(
        "directions of the smallest variance",
        "In which order are the eigenvalues of eigh?",
        ("vectors.flip(1)[:, :k]", "vectors[:, :k]"),
    ),
    pca(
        "smallest variance first",
        "In which order are the columns of your result?",
        ("vectors.flip(1)[:, :k]", "vectors[:, -k:]"),
    ),
    pca(
        "rows in place of columns",
        "Is an eigenvector of eigh a row or a column?",
        ("vectors.flip(1)[:, :k]", "vectors.flip(0)[:k].T"),
    ),
    pca(
        "signs not fixed",
        "Which of q and -q does your library return?",
        (
            "fix_signs(vectors.flip(1)[:, :k])",
            "-fix_signs(vectors.flip(1)[:, :k])",
        ),
    ),
    pca(
        "projected back",
        "How many columns shall the result have?",
        ("train = centred @ directions", "train = centred @ directions @ directions.T"),
    ),
    pca(
        "whitened",
        "Does PCA scale the coordinates?",
        (
            "train = centred @ directions",
            "directions = directions / (centred @ directions).std(0, correction=0)\n"
            "    train = centred @ directions",
        ),
    ),
    pca(
        "computed in 16 bits",
        "Which dtypes does torch.linalg take?",
        (EXACT, "x_train.dtype"),
    ),
    pca(
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        (EXACT, "torch.float32"),
    ),
    pca(
        "result not converted back",
        "Which dtype did the inputs have?",
        (
            "return train.to(x_train.dtype), test.to(x_test.dtype)",
            "return train, test",
        ),
    ),
    pca(
        "centred in place",
        "Whose memory does your subtraction change?",
        (
            CENTRED,
            "x_train -= mean.to(x_train.dtype)\n    centred = x_train.to(exact)",
        ),
    ),
    zca(
        "test data in the mean",
        "Which of the two splits may have a say in the mean?",
        (MEAN, BOTH),
    ),
    zca(
        "test split centred with its own mean",
        "Which mean is subtracted from a single test example?",
        (TEST, "(x_test.to(exact) - x_test.to(exact).mean(0))"),
    ),
    zca(
        "test split not centred",
        "What was subtracted from the training split?",
        (TEST, "x_test.to(exact)"),
    ),
    zca(
        "covariance without centring",
        "Which directions vary if the data lie far from the origin?",
        ("centred.T @ centred", "x_train.to(exact).T @ x_train.to(exact)"),
    ),
    zca(
        "covariance divides by N - 1",
        "What does the formula divide by? torch.cov does something else.",
        (
            "centred.T @ centred / len(centred)",
            "centred.T @ centred / max(len(centred) - 1, 1)",
        ),
    ),
    zca(
        "not turned back",
        "Which matrix stands at the end of the formula?",
        ("directions / scale @ directions.T", "directions / scale"),
    ),
    zca(
        "turned twice the same way",
        "Which of the two matrices is transposed?",
        ("directions / scale @ directions.T", "directions.T / scale @ directions"),
    ),
    zca(
        "divided by the variance",
        "What is the variance of your result along a direction?",
        (SCALE, "(values + eps)"),
    ),
    zca(
        "multiplied by the std",
        "Does whitening make a long direction longer?",
        ("directions / scale", "directions * scale"),
    ),
    zca(
        "eps outside the root",
        "Set eps to 0.3 and look which of the two forms the formula has.",
        (SCALE, "(values.clamp(min=0).sqrt() + eps)"),
    ),
    zca(
        "eps as a lower bound",
        "Is eps added, or does it replace what is smaller?",
        (SCALE, "values.clamp(min=eps).sqrt()"),
    ),
    zca(
        "no eps",
        "What is divided by zero if there are fewer examples than features?",
        (SCALE, "values.clamp(min=1e-30).sqrt()"),
    ),
    zca(
        "eps on the features",
        "Is your covariance still turned along its own directions?",
        ("/ scale @", "/ values.clamp(min=1e-30).sqrt() @"),
        (
            "centred.T @ centred / len(centred)",
            "centred.T @ centred / len(centred) + eps * torch.ones_like(mean)",
        ),
    ),
    zca(
        "thin decomposition",
        "How many directions does your decomposition return for one example?",
        (
            "matrix = directions / scale @ directions.T",
            "thin = len(centred) - 1 if len(centred) < len(mean) else len(mean)\n"
            "    directions = directions[:, len(mean) - thin:]\n"
            "    scale = scale[len(mean) - thin:]\n"
            "    matrix = directions / scale @ directions.T",
        ),
    ),
    zca(
        "computed in 16 bits",
        "Which dtypes does torch.linalg take?",
        (EXACT, "x_train.dtype"),
    ),
    zca(
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        (EXACT, "torch.float32"),
    ),
    zca(
        "result not converted back",
        "Which dtype did the inputs have?",
        (
            "return train.to(x_train.dtype), test.to(x_test.dtype)",
            "return train, test",
        ),
    ),
    zca(
        "centred in place",
        "Whose memory does your subtraction change?",
        (
            CENTRED,
            "x_train -= mean.to(x_train.dtype)\n    centred = x_train.to(exact)",
        ),
    ),
]
