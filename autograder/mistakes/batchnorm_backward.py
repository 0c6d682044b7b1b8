"""Wrong solutions of the two backward passes of batch normalization.

A closed form that calls a wrong ``batchnorm_backward`` is no edit of the
reference: it fails because ``batchnorm_backward_alt`` does not build on it.
"""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_STD = "std = np.sqrt(var + eps)"
_DGAMMA = "dgamma = (dout * x_hat).sum(axis=0)"
_DBETA = "dbeta = dout.sum(axis=0)"
_ROWS = "N = x.shape[0]"

_DX_HAT = "dx_hat = dout * gamma"
_DSTD = "dstd = -(dx_hat * centred).sum(axis=0) / std**2"
_DVAR = "dvar = dstd / (2 * std)"
_VAR_TERM = " + 2 / N * centred * dvar"
_DMEAN = "dmean = -dcentred.sum(axis=0)"
_GRAPH_DX = "dx = dcentred + dmean / N"

_CLOSED_DX = "dx = gamma / (N * std) * (N * dout - dbeta - x_hat * dgamma)"

_EPS_HINT = "Which eps did the forward use, and where did it stand?"
_SHAPE_HINT = "Which shapes are asked of dgamma and dbeta, and which have yours?"
_MEAN_HINT = "Add the same number to a whole column of x. What happens to the loss?"
_VAR_HINT = "Double a whole column of x. What happens to the output?"
_AXIS_HINT = "Each column is normalized by itself. What does your sum mix?"


def _shared(exercise: str) -> tuple[Mistake, ...]:
    """What goes wrong in either derivation, on lines that both have."""
    wrong = partial(Mistake, exercise)
    return (
        wrong("eps lost in the backward", _EPS_HINT, ((_STD, "std = np.sqrt(var)"),)),
        wrong(
            "another eps than in the forward",
            _EPS_HINT,
            ((_STD, "std = np.sqrt(var + 1e-5)"),),
        ),
        wrong(
            "eps subtracted under the root",
            _EPS_HINT,
            ((_STD, "std = np.sqrt(var - eps)"),),
        ),
        wrong(
            "eps outside the root",
            _EPS_HINT,
            ((_STD, "std = np.sqrt(var) + eps"),),
        ),
        wrong(
            "1/std recovered by dividing by x - mean",
            "What do you get where x equals its mean exactly?",
            ((_STD, "std = (x - mean) / x_hat"),),
        ),
        wrong(
            "divided by the variance",
            "Is it the variance or its root that divides in the forward?",
            ((_STD, "std = var + eps"),),
        ),
        wrong(
            "dgamma of shape (D, D)",
            _SHAPE_HINT,
            (("return dx, dgamma, dbeta", "return dx, dout.T @ x_hat, dbeta"),),
        ),
        wrong(
            "dgamma of shape (1, D)",
            _SHAPE_HINT,
            (("return dx, dgamma, dbeta", "return dx, dgamma[None], dbeta"),),
        ),
        wrong(
            "dgamma and dbeta of shape (1, D)",
            _SHAPE_HINT,
            (
                (_DGAMMA, "dgamma = (dout * x_hat).sum(axis=0, keepdims=True)"),
                (_DBETA, "dbeta = dout.sum(axis=0, keepdims=True)"),
            ),
        ),
        wrong(
            "dgamma and dbeta summed over everything",
            _SHAPE_HINT,
            (
                (
                    "return dx, dgamma, dbeta",
                    "return dx, np.sum(dgamma), np.sum(dbeta)",
                ),
            ),
        ),
        wrong(
            "dgamma and dbeta averaged over the batch",
            "Where does a division by N come from in dgamma and dbeta?",
            (("return dx, dgamma, dbeta", "return dx, dgamma / N, dbeta / N"),),
        ),
        wrong(
            "dgamma uses x in place of x_hat",
            "What is gamma multiplied with in the forward?",
            (("return dx, dgamma, dbeta", "return dx, (dout * x).sum(axis=0), dbeta"),),
        ),
        wrong(
            "dgamma scaled by gamma",
            "Does dgamma depend on gamma? Look at the forward's last line.",
            (("return dx, dgamma, dbeta", "return dx, gamma * dgamma, dbeta"),),
        ),
        wrong(
            "D in place of N",
            "Which axis of x counts the examples?",
            ((_ROWS, "N = x.shape[1]"),),
        ),
    )


_graph = partial(Mistake, "batchnorm_backward")

GRAPH = (
    *_shared("batchnorm_backward"),
    _graph("mean treated as constant", _MEAN_HINT, ((_GRAPH_DX, "dx = dcentred"),)),
    _graph("variance treated as constant", _VAR_HINT, ((_VAR_TERM, ""),)),
    _graph(
        "mean and variance treated as constant",
        "By how many ways does one entry of x reach the output?",
        ((_VAR_TERM, ""), (_GRAPH_DX, "dx = dcentred")),
    ),
    _graph(
        "the diagonal of the Jacobian alone",
        "Which outputs change when one entry of x changes?",
        ((_GRAPH_DX, "dx = dx_hat / std * (1 - 1 / N - x_hat**2 / N)"),),
    ),
    _graph(
        "gamma missing in dx",
        "Double gamma. What happens to dx?",
        ((_DX_HAT, "dx_hat = dout"),),
    ),
    _graph(
        "a sum over everything on the way to dx",
        _AXIS_HINT,
        (
            (_DSTD, "dstd = -(dx_hat * centred).sum() / std**2"),
            (_DMEAN, "dmean = -dcentred.sum()"),
        ),
    ),
    _graph(
        "the derivative of the root without its half",
        "What is the derivative of the square root?",
        ((_DVAR, "dvar = dstd / std"),),
    ),
    _graph(
        "the derivative of the square without its two",
        "What is the derivative of (x - mean) squared?",
        ((_VAR_TERM, " + 1 / N * centred * dvar"),),
    ),
    _graph(
        "sign of the way through the variance",
        "What happens to x_hat when the variance grows?",
        ((_DSTD, "dstd = (dx_hat * centred).sum(axis=0) / std**2"),),
    ),
    _graph(
        "sign of the way through the mean",
        "What happens to x_hat when the mean grows?",
        ((_DMEAN, "dmean = dcentred.sum(axis=0)"),),
    ),
    _graph(
        "1/N of the variance forgotten",
        "The variance is a mean of squares. Where is its N in your backward?",
        ((_VAR_TERM, " + 2 * centred * dvar"),),
    ),
    _graph(
        "1/N of the mean forgotten",
        "By how much does the mean change when one of N entries changes?",
        ((_GRAPH_DX, "dx = dcentred + dmean"),),
    ),
    _graph(
        "dout changes in place",
        "Which of the arrays you were handed does your code write into?",
        ((_DX_HAT, "dx_hat = dout\n    dx_hat *= gamma"),),
        caught_by="inputs",
    ),
)

_closed = partial(Mistake, "batchnorm_backward_alt")

CLOSED_FORM = (
    *_shared("batchnorm_backward_alt"),
    _closed("mean treated as constant", _MEAN_HINT, ((" - dbeta", ""),)),
    _closed("variance treated as constant", _VAR_HINT, ((" - x_hat * dgamma", ""),)),
    _closed(
        "mean and variance treated as constant",
        "By how many ways does one entry of x reach the output?",
        ((" - dbeta - x_hat * dgamma", ""),),
    ),
    _closed(
        "the diagonal of the Jacobian alone",
        "Which outputs change when one entry of x changes?",
        ((_CLOSED_DX, "dx = gamma / (N * std) * dout * (N - 1 - x_hat**2)"),),
    ),
    _closed(
        "gamma missing in dx",
        "Double gamma. What happens to dx?",
        ((_CLOSED_DX, _CLOSED_DX.replace("gamma /", "1 /")),),
    ),
    _closed(
        "gamma counted twice",
        "Double gamma. What happens to each term of dx?",
        ((_CLOSED_DX, _CLOSED_DX.replace("N * dout", "N * gamma * dout")),),
    ),
    _closed(
        "a sum over everything on the way to dx",
        _AXIS_HINT,
        (
            (
                _CLOSED_DX,
                "dx = gamma / (N * std) * "
                "(N * dout - dout.sum() - x_hat * (dout * x_hat).sum())",
            ),
        ),
    ),
    _closed(
        "x - mean in place of x_hat",
        "What is dgamma multiplied with in the formula?",
        ((_CLOSED_DX, _CLOSED_DX.replace("x_hat", "(x - mean)")),),
    ),
    _closed(
        "dout without its N",
        "If you draw 1/N out of the bracket, what is left of each term in it?",
        ((_CLOSED_DX, _CLOSED_DX.replace("(N * dout", "(dout")),),
    ),
    _closed(
        "1/N forgotten",
        "Repeat every row of the batch. Should dx grow with the number of rows?",
        ((_CLOSED_DX, _CLOSED_DX.replace("(N * std)", "std")),),
    ),
    _closed(
        "sign of the last term",
        "Which way does the variance push when x grows?",
        ((_CLOSED_DX, _CLOSED_DX.replace("- x_hat", "+ x_hat")),),
    ),
    _closed(
        "dout changes in place",
        "Which of the arrays you were handed does your code write into?",
        (
            (
                _CLOSED_DX,
                "dx = dout\n"
                "    dx *= N\n"
                "    dx -= dbeta + x_hat * dgamma\n"
                "    dx = gamma / (N * std) * dx",
            ),
        ),
        caught_by="inputs",
    ),
)

MISTAKES = (*GRAPH, *CLOSED_FORM)
