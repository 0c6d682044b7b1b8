"""Wrong forward passes of layer norm, and those that all three norms share.

A wrong forward keeps a cache that the right backward can use: what fails
then is the forward alone.
"""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

ROOT = "np.sqrt(var + eps)"
CACHE = "cache = (x, x_hat, mean, var, eps, gamma"

WRITES_HINT = "Which of the arrays you were handed does your code write into?"
GAMMA_AXIS_HINT = "Which axis of x belongs to gamma? Print both shapes."


def wrong_forward(
    exercise: str, values: str, axis: str, count: str, wide: str
) -> tuple[Mistake, ...]:
    """What goes wrong in each of the forward passes.

    ``values`` are what is averaged over ``axis``, ``count`` numbers a mean;
    ``wide`` brings gamma to the axes of x.
    """
    wrong = partial(Mistake, exercise)
    squares = f"(({values} - mean) ** 2)"
    var = f"{squares}.mean(axis={axis}, keepdims=True)"
    out = f"out = gamma{wide} * x_hat + beta{wide}"
    param = {"layernorm": "ln", "instancenorm": "in", "groupnorm": "gn"}
    options = f"{param[exercise.removesuffix('_forward')]}_param"
    return (
        wrong(
            "eps outside the root",
            "What stands under the root in the formula?",
            ((ROOT, "(np.sqrt(var) + eps)"),),
        ),
        wrong(
            "no eps",
            "What does your function give where all numbers behind a mean are equal?",
            ((ROOT, "np.sqrt(var)"),),
        ),
        wrong(
            "eps hard-coded",
            "Where does your eps come from?",
            ((f'{options}.get("eps", 1e-5)', "1e-5"),),
        ),
        wrong(
            "eps taken for granted",
            f"Which keys of {options} may be missing?",
            ((f'{options}.get("eps", 1e-5)', f'{options}["eps"]'),),
        ),
        wrong(
            "eps added twice",
            "How often does eps enter? Look at both lines in which you use it.",
            ((ROOT, "np.sqrt(var + eps + eps)"),),
        ),
        wrong(
            "one less than their number in the variance",
            "By what is the sum of squares divided in the formula? Try one number.",
            ((var, f"{squares}.sum(axis={axis}, keepdims=True) / ({count} - 1)"),),
        ),
        wrong(
            "one-pass variance",
            "How many digits are left of E[x²] - E[x]² when the mean is 10,000 and "
            "the standard deviation 0.01?",
            ((var, f"({values}**2).mean(axis={axis}, keepdims=True) - mean**2"),),
        ),
        wrong(
            "divided by the variance",
            "Which units has x - mean, and which has what you divide it by?",
            ((ROOT, "(var + eps)"),),
        ),
        wrong(
            "one statistic for the whole batch",
            "Does an example of yours change when another one does?",
            (
                (
                    f"({values} - mean) / {ROOT}",
                    f"({values} - x.mean()) / np.sqrt(x.var() + eps)",
                ),
            ),
        ),
        wrong(
            "gamma ignored",
            "Double gamma. What should happen to the output?",
            ((out, f"out = x_hat + beta{wide}"),),
        ),
        wrong(
            "beta ignored",
            "Add 1 to beta. What should happen to the output?",
            ((out, f"out = gamma{wide} * x_hat"),),
        ),
        wrong(
            "shifted before it is scaled",
            "Which comes first, gamma or beta?",
            ((out, f"out = gamma{wide} * (x_hat + beta{wide})"),),
        ),
        wrong(
            "x is centred in place",
            WRITES_HINT,
            ((CACHE, f"x -= x.mean()\n    {CACHE}"),),
            caught_by="inputs",
        ),
    )


def wrong_image_parameters(exercise: str) -> tuple[Mistake, ...]:
    """gamma and beta of shape (C,) brought to the wrong one of four axes."""
    wrong = partial(Mistake, exercise)
    wide = "[:, None, None]"
    out = f"out = gamma{wide} * x_hat + beta{wide}"
    return (
        wrong(
            "gamma and beta on the last axis",
            GAMMA_AXIS_HINT,
            ((out, "out = gamma * x_hat + beta"),),
        ),
        wrong(
            "gamma and beta on the first axis",
            GAMMA_AXIS_HINT,
            ((out, out.replace(wide, "[:, None, None, None]")),),
        ),
        wrong(
            "gamma indexed into 7 dimensions",
            "Print the shape of gamma before and after you index it.",
            (
                (
                    out,
                    "g, b = (p.reshape(1, -1, 1, 1)[None, :, None, None]\n"
                    "            for p in (gamma, beta))\n"
                    "    out = g * x_hat + b",
                ),
            ),
        ),
    )


_forward = partial(Mistake, "layernorm_forward")

_MEAN = "mean = x.mean(axis=1, keepdims=True)"
_VAR = "var = ((x - mean) ** 2).mean(axis=1, keepdims=True)"
_OUT = "out = gamma * x_hat + beta"

FORWARD = (
    *wrong_forward("layernorm_forward", "x", "1", "x.shape[1]", ""),
    _forward(
        "it is batch norm",
        "How many means does a batch of N rows have here?",
        ((_MEAN, _MEAN.replace("1", "0")), (_VAR, _VAR.replace("axis=1", "axis=0"))),
    ),
    _forward(
        "the mean of a row, the variance of a column",
        "Which numbers stand behind your mean, and which behind your variance?",
        ((f"(x - mean) / {ROOT}", "(x - mean) / np.sqrt(x.var(axis=0) + eps)"),),
    ),
    _forward(
        "the means lie along the wrong axis",
        "Print the shapes of x and of your mean. Which entry of the mean meets "
        "which entry of x?",
        ((f"(x - mean) / {ROOT}", "(x - mean[:, 0]) / np.sqrt(var[:, 0] + eps)"),),
    ),
    _forward(
        "the output stays transposed",
        "Which shape has your output?",
        (("return out, cache", "return out.T, cache"),),
    ),
    _forward(
        "gamma and beta of each row",
        GAMMA_AXIS_HINT,
        ((_OUT, "out = gamma[:, None] * x_hat + beta[:, None]"),),
    ),
    _forward(
        "gamma of each row",
        GAMMA_AXIS_HINT,
        ((_OUT, "out = gamma[:, None] * x_hat + beta"),),
    ),
)

MISTAKES = FORWARD
