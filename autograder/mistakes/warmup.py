"""Wrong solutions of the warm-up."""

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

_COPY = "np.array(x, np.float64)  # a copy"
_DIVIDE = "(f_plus - f_minus) / (2 * h)"
_LOOP = "    for index in np.ndindex(x.shape):"

NUMERICAL_GRADIENT = (
    Mistake(
        "numerical_gradient",
        "forward difference",
        "On how many sides of x do you evaluate f?",
        (("point[index] = centre - h", "point[index] = centre"), ("(2 * h)", "h")),
    ),
    Mistake(
        "numerical_gradient",
        "backward difference",
        "On how many sides of x do you evaluate f?",
        (("point[index] = centre + h", "point[index] = centre"), ("(2 * h)", "h")),
    ),
    Mistake(
        "numerical_gradient",
        "divided by h in place of 2h",
        "How far apart are the two points at which you evaluate f?",
        ((_DIVIDE, "(f_plus - f_minus) / h"),),
    ),
    Mistake(
        "numerical_gradient",
        "divided by the square of h",
        "Halve h. Does your gradient stay about the same?",
        ((_DIVIDE, "(f_plus - f_minus) / h**2"),),
    ),
    Mistake(
        "numerical_gradient",
        "not divided by 2h, but multiplied by h/2",
        "Which operation does Python do first in a / 2 * h?",
        ((_DIVIDE, "(f_plus - f_minus) / 2 * h"),),
    ),
    Mistake(
        "numerical_gradient",
        "signs swapped",
        "Which of the two values belongs to the larger x?",
        ((_DIVIDE, "(f_minus - f_plus) / (2 * h)"),),
    ),
    Mistake(
        "numerical_gradient",
        "entries are not put back",
        "Where does the loop stand when it comes to the second entry of x?",
        ((_COPY, "x"), ("        point[index] = centre\n", "")),
    ),
    Mistake(
        "numerical_gradient",
        "entries are put back with a rounding error",
        "Is (a + h) - h always a in floating point? Compare x before and after, "
        "bit by bit.",
        (
            (_COPY, "x"),
            ("point[index] = centre + h", "point[index] += h"),
            ("point[index] = centre - h", "point[index] -= 2 * h"),
            ("point[index] = centre\n", "point[index] += h\n"),
        ),
        caught_by="inputs",
    ),
    Mistake(
        "numerical_gradient",
        "f never sees the change",
        "Do you change the array that you pass to f, or a copy of it?",
        (("f(point)", "f(np.array(x, np.float64))"),),
    ),
    Mistake(
        "numerical_gradient",
        "a flattened copy is changed",
        "Does reshape or ravel share memory with x, whatever the layout of x?",
        (
            (_COPY, "x"),
            (
                _LOOP,
                "    flat = point.reshape(-1)\n"
                "    for i, index in enumerate(np.ndindex(x.shape)):",
            ),
            ("point[index]", "flat[i]"),
        ),
    ),
    Mistake(
        "numerical_gradient",
        "all entries are moved at once",
        "Which direction do you move in when you write x + h?",
        (
            (
                "point[index] = centre + h\n        f_plus = f(point)",
                "f_plus = f(point + h)",
            ),
            (
                "point[index] = centre - h\n        f_minus = f(point)",
                "f_minus = f(point - h)",
            ),
        ),
    ),
    Mistake(
        "numerical_gradient",
        "the copy keeps float32",
        "How many digits are left of f(x + h) - f(x - h) when x is float32?",
        ((_COPY, "np.array(x)"),),
    ),
    Mistake(
        "numerical_gradient",
        "h is ignored",
        "What does your function do with its last argument?",
        ((_COPY, _COPY + "\n    h = 1e-5"),),
    ),
    Mistake(
        "numerical_gradient",
        "the step grows with the entry",
        "The formula uses one step for every entry.",
        (
            (
                "        centre = point[index]\n",
                "        centre = point[index]\n"
                "        step = h * max(1.0, abs(centre))\n",
            ),
            ("centre + h", "centre + step"),
            ("centre - h", "centre - step"),
            ("(2 * h)", "(2 * step)"),
        ),
    ),
    Mistake(
        "numerical_gradient",
        "the gradient is flat",
        "What shape has x, and what shape has your gradient?",
        (("return grad", "return grad.ravel()"),),
    ),
)

_SUM = "np.sum((f_plus - f_minus) * dout) / (2 * h)"

NUMERICAL_GRADIENT_ARRAY = (
    Mistake(
        "numerical_gradient_array",
        "dout is ignored",
        "Double dout. What should happen to the gradient?",
        ((_SUM, "np.sum(f_plus - f_minus) / (2 * h)"),),
    ),
    Mistake(
        "numerical_gradient_array",
        "mean in place of the sum",
        "The loss is a sum over all outputs. Where does your division come from?",
        ((_SUM, "np.mean((f_plus - f_minus) * dout) / (2 * h)"),),
    ),
    Mistake(
        "numerical_gradient_array",
        "only the output at the same index",
        "Which outputs change when one entry of x changes?",
        ((_SUM, "(f_plus - f_minus)[index] * dout[index] / (2 * h)"),),
    ),
    Mistake(
        "numerical_gradient_array",
        "sums taken apart",
        "Is the sum of products the product of the sums?",
        ((_SUM, "np.sum(f_plus - f_minus) * np.sum(dout) / (2 * h)"),),
    ),
    Mistake(
        "numerical_gradient_array",
        "the view is overwritten",
        "What happens to what f returned when you change x again, if f returned "
        "a view?",
        (("f(point).copy()", "f(point)"),),
    ),
    Mistake(
        "numerical_gradient_array",
        "forward difference",
        "On how many sides of x do you evaluate f?",
        (("point[index] = centre - h", "point[index] = centre"), ("(2 * h)", "h")),
    ),
    Mistake(
        "numerical_gradient_array",
        "divided by h in place of 2h",
        "How far apart are the two points at which you evaluate f?",
        (("(2 * h)", "h"),),
    ),
    Mistake(
        "numerical_gradient_array",
        "signs swapped",
        "Which of the two values belongs to the larger x?",
        (("(f_plus - f_minus)", "(f_minus - f_plus)"),),
    ),
    Mistake(
        "numerical_gradient_array",
        "entries are not put back",
        "Where does the loop stand when it comes to the second entry of x?",
        ((_COPY, "x"), ("        point[index] = centre\n", "")),
    ),
    Mistake(
        "numerical_gradient_array",
        "the copy keeps float32",
        "How many digits are left of f(x + h) - f(x - h) when x is float32?",
        ((_COPY, "np.array(x)"),),
    ),
    Mistake(
        "numerical_gradient_array",
        "h is ignored",
        "What does your function do with its last argument?",
        ((_COPY, _COPY + "\n    h = 1e-5"),),
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

MISTAKES = (
    *RELATIVE_ERROR,
    *NUMERICAL_GRADIENT,
    *NUMERICAL_GRADIENT_ARRAY,
    *GRADIENT_CHECK,
)
