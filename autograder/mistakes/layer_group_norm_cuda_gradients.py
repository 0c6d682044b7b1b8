"""Wrong gradients of a row, and wrong launches of a backward: what norms share."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_cuda import WHO

DX = "dx = rstd * (dx_hat - along_one - x_hat * along_x_hat)"
X_HAT = "x_hat = (x - mean) * rstd"


def wrong_row(exercise: str, count: str, block: str) -> tuple[Mistake, ...]:
    """What goes wrong in the gradient of a row of ``count`` numbers in a block."""
    wrong = partial(Mistake, exercise)
    return (
        wrong(
            "mean treated as constant",
            "Add the same number to all entries of a row. What happens to the loss?",
            ((" - along_one", ""),),
        ),
        wrong(
            "variance treated as constant",
            "Double all entries of a row. What happens to the output?",
            ((" - x_hat * along_x_hat", ""),),
        ),
        wrong(
            "mean and variance treated as constant",
            "By how many ways does one entry of x reach the output?",
            ((" - along_one - x_hat * along_x_hat", ""),),
        ),
        wrong(
            "sums where means belong",
            "By how much does a mean change when one of its numbers changes?",
            ((f") / {count}\n", ")\n"),),
        ),
        wrong(
            "divided by the length of the block",
            "How many numbers has the row, and how many places the block?",
            ((f") / {count}\n", f") / {block}\n"),),
        ),
        wrong(
            "rstd missing in dx",
            "Halve the spread of a row. What happens to its gradient?",
            ((DX, DX.replace("rstd * ", "")),),
        ),
        wrong(
            "rstd taken for the standard deviation",
            "What does the docstring of the forward say that rstd is?",
            (
                (X_HAT, "x_hat = (x - mean) / rstd"),
                (DX, DX.replace("rstd *", "1 / rstd *")),
            ),
        ),
        wrong(
            "rstd taken for the variance",
            "What does the docstring of the forward say that rstd is?",
            (
                (X_HAT, "x_hat = (x - mean) / tl.sqrt(rstd)"),
                (DX, DX.replace("rstd *", "1 / tl.sqrt(rstd) *")),
            ),
        ),
    )


def wrong_gradients(exercise: str) -> tuple[Mistake, ...]:
    """What goes wrong in the launcher of a backward."""
    wrong = partial(Mistake, exercise)
    return (
        wrong(
            "float64 computed in float32",
            "float64 has 16 digits. How many are left on the way?",
            (("compute_dtype(x)", "tl.float32"),),
        ),
        wrong(
            "dx always in float32",
            "What dtype does the layer before this one expect?",
            (("torch.empty_like(x)", "torch.empty_like(x, dtype=torch.float32)"),),
        ),
        wrong(
            "dgamma and dbeta in the dtype of the sums",
            "Which dtype does the optimizer expect for the gradient of gamma?",
            (
                (
                    "column_sums(dgamma, gamma.dtype)",
                    "column_sums(dgamma, dgamma.dtype)",
                ),
                ("column_sums(dbeta, gamma.dtype)", "column_sums(dbeta, dbeta.dtype)"),
            ),
        ),
        wrong(
            "strides ignored",
            "Print `x.stride()` and `dout.stride()` for the case. Where does "
            "element 1 lie?",
            (
                (
                    "    dout, x, gamma = dout.contiguous(), x.contiguous(), "
                    "gamma.contiguous()\n",
                    "",
                ),
            ),
        ),
        wrong(
            "strides of dout ignored",
            "Print `dout.stride()` for the case. Where does element 1 lie?",
            (
                (
                    "dout, x, gamma = dout.contiguous(), x.contiguous(), ",
                    "x, gamma = x.contiguous(), ",
                ),
            ),
        ),
        wrong(
            "written into dout",
            "The caller still needs `dout`. Which buffer does your kernel write?",
            (("dx = torch.empty_like(x)", "dx = dout"),),
            caught_by="inputs",
        ),
        wrong(
            "dgamma and dbeta swapped",
            "In which order does the docstring return the gradients?",
            (("return dx, dgamma, dbeta", "return dx, dbeta, dgamma"),),
        ),
        wrong(
            "column sums by torch",
            WHO,
            (
                ("column_sums(dgamma, gamma.dtype)", "dgamma.sum(0).to(gamma.dtype)"),
                ("column_sums(dbeta, gamma.dtype)", "dbeta.sum(0).to(gamma.dtype)"),
            ),
            caught_by="framework",
        ),
    )


MISTAKES = [
    *wrong_row("cuda_layernorm_backward", "D", "BLOCK"),
    *wrong_gradients("cuda_layernorm_backward"),
]
