"""Wrong solutions of the two numerical gradients of the warm-up."""

from __future__ import annotations

from autograder.mistakes import Mistake

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

MISTAKES = (*NUMERICAL_GRADIENT, *NUMERICAL_GRADIENT_ARRAY)
