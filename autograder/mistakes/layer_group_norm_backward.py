"""Wrong backward passes of layer norm, and those that all three norms share."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm import ROOT, WRITES_HINT

STD = f"std = {ROOT}"
RETURN = "return dx, dgamma, dbeta"
SHAPE_HINT = "Which shapes are asked of dgamma and dbeta, and which have yours?"
EPS_HINT = "Which eps did the forward use, and where did it stand?"
GAMMA_HINT = "Is gamma one number for all terms of your sum? Try a gamma that varies."


def wrong_backward(exercise: str, axis: str, count: str) -> tuple[Mistake, ...]:
    """What goes wrong in each of the backward passes, on lines that all have.

    The sums on the way to dx run over ``axis`` and ``count`` numbers.
    """
    wrong = partial(Mistake, exercise)
    mean_term = f" - along_one / {count}"
    var_term = f" - x_hat * along_x_hat / {count}"
    bracket = f"(dx_hat{mean_term}{var_term}) / std"
    return (
        wrong("eps lost in the backward", EPS_HINT, ((STD, "std = np.sqrt(var)"),)),
        wrong(
            "another eps than in the forward",
            EPS_HINT,
            ((STD, "std = np.sqrt(var + 1e-5)"),),
        ),
        wrong(
            "eps subtracted under the root",
            EPS_HINT,
            ((STD, "std = np.sqrt(var - eps)"),),
        ),
        wrong("eps outside the root", EPS_HINT, ((STD, "std = np.sqrt(var) + eps"),)),
        wrong(
            "divided by the variance",
            "Is it the variance or its root that divides in the forward?",
            ((STD, "std = var + eps"),),
        ),
        wrong(
            "mean treated as constant",
            "Add the same number to all entries behind one mean. "
            "What happens to the loss?",
            ((mean_term, ""),),
        ),
        wrong(
            "variance treated as constant",
            "Double all entries behind one mean. What happens to the output?",
            ((var_term, ""),),
        ),
        wrong(
            "mean and variance treated as constant",
            "By how many ways does one entry of x reach the output?",
            ((mean_term + var_term, ""),),
        ),
        wrong(
            "the diagonal of the Jacobian alone",
            "Which outputs change when one entry of x changes?",
            ((bracket, f"dx_hat / std * (1 - 1 / {count} - x_hat**2 / {count})"),),
        ),
        wrong(
            "the derivative of the root without its half",
            "What is the derivative of the square root?",
            ((var_term, var_term.replace("x_hat *", "2 * x_hat *", 1)),),
        ),
        wrong(
            "the derivative of the square without its two",
            "What is the derivative of (x - mean) squared?",
            ((var_term, var_term.replace("x_hat *", "x_hat / 2 *", 1)),),
        ),
        wrong(
            "sign of the way through the mean",
            "What happens to x_hat when the mean grows?",
            ((mean_term, mean_term.replace("-", "+")),),
        ),
        wrong(
            "sign of the way through the variance",
            "What happens to x_hat when the variance grows?",
            ((var_term, var_term.replace("-", "+")),),
        ),
        wrong(
            "sums where means belong",
            "By how much does a mean change when one of its numbers changes?",
            ((f" / {count}", ""),),
        ),
        wrong(
            "a sum over everything on the way to dx",
            "Does the gradient of one example depend on the dout of another?",
            ((f".sum(axis={axis}, keepdims=True)", ".sum()"),),
        ),
        wrong(
            "dgamma uses x in place of x_hat",
            "What is gamma multiplied with in the forward?",
            (("dgamma = (dout * x_hat)", "dgamma = (dout * x)"),),
        ),
        wrong(
            "dgamma scaled by gamma",
            "Does dgamma depend on gamma? Look at the forward's last line.",
            ((RETURN, "return dx, gamma * dgamma, dbeta"),),
        ),
        wrong(
            "dgamma and dbeta averaged over the batch",
            "Where does a division come from in dgamma and dbeta?",
            ((RETURN, "return dx, dgamma / len(dout), dbeta / len(dout)"),),
        ),
        wrong(
            "dgamma and dbeta summed over everything",
            SHAPE_HINT,
            ((RETURN, "return dx, np.sum(dgamma), np.sum(dbeta)"),),
        ),
    )


_backward = partial(Mistake, "layernorm_backward")

_DX_HAT = "dx_hat = dout * gamma"
_DX = "dx = (dx_hat - along_one / D - x_hat * along_x_hat / D) / std"
_ROW_SUM = ".sum(axis=1, keepdims=True)"
_GAMMA_OUTSIDE = (
    (_DX_HAT, "dx_hat = dout"),
    (_DX, _DX.replace("/ std", "/ std * gamma")),
)

BACKWARD = (
    *wrong_backward("layernorm_backward", "1", "D"),
    _backward("gamma taken out of the row sums", GAMMA_HINT, _GAMMA_OUTSIDE),
    _backward(
        "gamma missing in dx",
        "Double gamma. What happens to dx?",
        ((_DX_HAT, "dx_hat = dout"),),
    ),
    _backward(
        "N in place of D",
        "How many numbers stand behind each mean?",
        (("D = x.shape[1]", "D = x.shape[0]"),),
    ),
    _backward(
        "it is batch norm's backward",
        "Over which index of the formula do your sums run?",
        (("D = x.shape[1]", "D = x.shape[0]"), (_ROW_SUM, ".sum(axis=0)")),
    ),
    _backward(
        "the row sums lie along the wrong axis",
        "Print the shapes of dx_hat and of its row sums. Which meets which?",
        ((_ROW_SUM, ".sum(axis=1)"),),
    ),
    _backward(
        "1/std recovered by dividing by x - mean",
        "What do you get where x equals its mean exactly?",
        ((STD, "std = (x - mean) / x_hat"),),
    ),
    _backward(
        "dgamma per row",
        SHAPE_HINT,
        ((RETURN, "return dx, (dout * x_hat).sum(axis=1), dbeta"),),
    ),
    _backward(
        "dgamma and dbeta per row",
        SHAPE_HINT,
        ((RETURN, "return dx, (dout * x_hat).sum(axis=1), dout.sum(axis=1)"),),
    ),
    _backward(
        "dgamma of shape (D, D)",
        SHAPE_HINT,
        ((RETURN, "return dx, dout.T @ x_hat, dbeta"),),
    ),
    _backward(
        "dgamma of shape (1, D)",
        SHAPE_HINT,
        ((RETURN, "return dx, dgamma[None], dbeta"),),
    ),
    _backward(
        "dgamma and dbeta of shape (1, D)",
        SHAPE_HINT,
        ((RETURN, "return dx, dgamma[None], dbeta[None]"),),
    ),
    _backward(
        "dgamma and dbeta without a sum",
        SHAPE_HINT,
        ((RETURN, "return dx, dout * x_hat, dout"),),
    ),
    _backward(
        "dx stays transposed",
        "Which shape has your dx?",
        ((RETURN, "return dx.T, dgamma, dbeta"),),
    ),
    _backward(
        "dout changes in place",
        WRITES_HINT,
        ((_DX_HAT, "dx_hat = dout\n    dx_hat *= gamma"),),
        caught_by="inputs",
    ),
)

MISTAKES = BACKWARD
