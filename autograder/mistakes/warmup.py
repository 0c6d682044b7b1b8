"""Wrong solutions of the relative error and of the gradient check."""

from __future__ import annotations

from autograder.mistakes import Mistake

_ERROR = "np.max(np.abs(x - y) / size)"
_SIZE = "np.maximum(1e-8, np.abs(x) + np.abs(y))"

RELATIVE_ERROR = (
    Mistake(
        "relative_error",
        "absolute error",
        "Multiply both arrays by 1000. Should your answer change?",
        ((_ERROR, "np.max(np.abs(x - y))"),),
    ),
    Mistake(
        "relative_error",
        "mean in place of the largest",
        "One wrong entry among a million right ones: what does your function say?",
        ((_ERROR, "np.mean(np.abs(x - y) / size)"),),
    ),
    Mistake(
        "relative_error",
        "no guard for two zeros",
        "What does your formula give where both numbers are zero?",
        ((_SIZE, "np.abs(x) + np.abs(y)"),),
    ),
    Mistake(
        "relative_error",
        "floor added to the denominator",
        "Read the denominator again: how do the floor and the sizes combine?",
        ((_SIZE, "1e-8 + np.abs(x) + np.abs(y)"),),
    ),
    Mistake(
        "relative_error",
        "divided by the size of x alone",
        "Swap x and y. Should the answer change?",
        ((_SIZE, "np.maximum(1e-8, np.abs(x))"),),
    ),
    Mistake(
        "relative_error",
        "divided by the larger of the two",
        "How large is your error for 1 and -1? The formula's is at most 1.",
        ((_SIZE, "np.maximum(1e-8, np.maximum(np.abs(x), np.abs(y)))"),),
    ),
    Mistake(
        "relative_error",
        "denominator without absolute values",
        "What is your denominator when x is 1 and y is -1?",
        ((_SIZE, "np.maximum(1e-8, np.abs(x + y))"),),
    ),
    Mistake(
        "relative_error",
        "signed difference",
        "What if y is always a little larger than x?",
        ((_ERROR, "np.max((x - y) / size)"),),
    ),
    Mistake(
        "relative_error",
        "largest difference over the largest size",
        "Which comes first: the division in each entry, or the search for the worst?",
        ((_ERROR, "np.max(np.abs(x - y)) / np.max(size)"),),
    ),
    Mistake(
        "relative_error",
        "sum of differences over sum of sizes",
        "Can a wrong tiny entry hide behind a right large one?",
        ((_ERROR, "np.sum(np.abs(x - y)) / np.sum(size)"),),
    ),
    Mistake(
        "relative_error",
        "ratio of norms",
        "The formula asks for the worst entry, not for the length of a vector.",
        (
            (
                _ERROR,
                "np.linalg.norm(x - y) / np.maximum(1e-8, "
                "np.linalg.norm(x) + np.linalg.norm(y))",
            ),
        ),
    ),
    Mistake(
        "relative_error",
        "one error for each entry",
        "How many numbers should come back?",
        ((_ERROR, "np.abs(x - y) / size"),),
    ),
)

_COMPARE = "relative_error(numeric, analytic)"
_POINT = "point = x.astype(np.float64)"

GRADIENT_CHECK = (
    Mistake(
        "gradient_check",
        "absolute error",
        "A gradient of 1000 and one of 0.001: does your measure suit both?",
        ((_COMPARE, "np.max(np.abs(numeric - analytic))"),),
    ),
    Mistake(
        "gradient_check",
        "mean over the entries",
        "One entry is wrong and all others are right. What do you report?",
        (
            (
                _COMPARE,
                "np.mean([relative_error(a, b) for a, b in "
                "zip(numeric.ravel(), analytic.ravel())])",
            ),
        ),
    ),
    Mistake(
        "gradient_check",
        "sums are compared",
        "Can two different gradients have the same sum?",
        ((_COMPARE, "relative_error(numeric.sum(), analytic.sum())"),),
    ),
    Mistake(
        "gradient_check",
        "ratio of norms",
        "Can a wrong small entry hide behind a right large one?",
        (
            (
                _COMPARE,
                "np.linalg.norm(numeric - analytic) / "
                "(np.linalg.norm(numeric) + np.linalg.norm(analytic))",
            ),
        ),
    ),
    Mistake(
        "gradient_check",
        "one entry is checked",
        "How many entries of the gradient do you look at?",
        ((_COMPARE, "relative_error(numeric.flat[-1], analytic.flat[-1])"),),
    ),
    Mistake(
        "gradient_check",
        "h is not passed on",
        "Which step does your numerical gradient use?",
        (("numerical_gradient(f, point, h)", "numerical_gradient(f, point)"),),
    ),
    Mistake(
        "gradient_check",
        "the numerical gradient is compared with itself",
        "Where in your function is `gradient` called?",
        (("analytic = gradient(point)", "analytic = numerical_gradient(f, point, h)"),),
    ),
    Mistake(
        "gradient_check",
        "the gradient is taken beside x",
        "At which point are the two gradients taken?",
        (("gradient(point)", "gradient(point + h)"),),
    ),
    Mistake(
        "gradient_check",
        "the gradient is taken in float32",
        "How many digits does float32 have, and how small is the error that you "
        "want to see?",
        ((_POINT, "point = x"),),
    ),
    Mistake(
        "gradient_check",
        "true or false in place of the error",
        "What is asked for: a verdict, or a number?",
        ((_COMPARE, _COMPARE + " < 1e-2"),),
    ),
)

MISTAKES = (*RELATIVE_ERROR, *GRADIENT_CHECK)
