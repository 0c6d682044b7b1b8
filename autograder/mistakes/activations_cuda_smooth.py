"""Wrong kernels of sigmoid, tanh and SiLU, and of any elementwise kernel."""

from __future__ import annotations

from autograder.mistakes import Mistake, in_each

OPERATIONS = ("sigmoid", "tanh", "silu", "leaky_relu", "elu", "selu")
FORWARD = tuple(f"cuda_{name}_forward" for name in OPERATIONS)
BACKWARD = tuple(f"cuda_{name}_backward" for name in OPERATIONS)

FACTORS = "The chain rule has two factors. Where is the second?"
FINITE = "Put 1000 and -1000 into your formula. What is infinity over infinity?"
SIGMOID = "tl.where(x >= 0, 1.0, z) / (1.0 + z)"
NAIVE = "tl.exp(x) / (1.0 + tl.exp(x))"
OUTPUT = (
    "Which number does the backward pass get here: what went into the function, "
    "or what came out?"
)


def of(
    exercise: str, *found: tuple[str, str, tuple[tuple[str, str], ...]]
) -> list[Mistake]:
    return [Mistake(exercise, name, hint, edits) for name, hint, edits in found]


OF_ANY = [
    *in_each(
        FORWARD + BACKWARD,
        "no mask at the tail",
        "How many programs run for 1,025 elements, and which places does the "
        "last one touch?",
        (", mask=inside", ""),
        caught_by="outside",
    ),
    *in_each(
        FORWARD + BACKWARD,
        "every program handles the first block",
        "Print `at` for program 0 and for program 1. Do they differ?",
        ("tl.program_id(0).to(tl.int64) * BLOCK + tl", "tl"),
        caught_by="unwritten",
    ),
    *in_each(
        FORWARD,
        "x read twice",
        "Count the calls of `tl.load`. What is loaded can be used again.",
        (
            "    tl.store(",
            "    again = tl.load(x_ptr + at, mask=inside).to(COMPUTE)\n"
            "    out = tl.where(again == x, out, again)\n"
            "    tl.store(",
        ),
        caught_by="traffic",
    ),
]

OF_SIGMOID = [
    *of(
        "cuda_sigmoid_forward",
        ("infinity over infinity", FINITE, ((SIGMOID, NAIVE),)),
        (
            "sign of the exponent lost",
            "Does your function grow with x?",
            ((SIGMOID, "1.0 / (1.0 + tl.exp(x))"),),
        ),
        (
            "one side for all numbers",
            "Your formula holds for one sign of x. What is the sigmoid of -2?",
            ((SIGMOID, "1.0 / (1.0 + z)"),),
        ),
        (
            "tanh",
            "Between which two numbers does a sigmoid lie?",
            ((SIGMOID, "2.0 / (1.0 + tl.exp(-2.0 * x)) - 1.0"),),
        ),
    ),
    *of(
        "cuda_sigmoid_backward",
        (
            "derivative at the output",
            OUTPUT,
            (
                (
                    "    dx =",
                    "    out = 1.0 / (1.0 + tl.exp(-out))\n    dx =",
                ),
            ),
        ),
        (
            "slope of tanh",
            "At which x is a sigmoid steepest, and how steep is it?",
            (("dout * out * (1.0 - out)", "dout * (1.0 - out * out)"),),
        ),
        (
            "factor 1 - out missing",
            "What is the slope where the output is 1?",
            (("dout * out * (1.0 - out)", "dout * out"),),
        ),
        (
            "factor out missing",
            "What is the slope where the output is 0?",
            (("dout * out * (1.0 - out)", "dout * (1.0 - out)"),),
        ),
        ("dout ignored", FACTORS, (("dout * out * (1.0 - out)", "out * (1.0 - out)"),)),
    ),
    Mistake(
        "cuda_sigmoid_forward",
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (("return elementwise(sigmoid_forward_kernel, (x,))", "return x.sigmoid()"),),
        caught_by="launch",
    ),
]

TANH = "(1.0 - z) / (1.0 + z)"
OF_TANH = [
    *of(
        "cuda_tanh_forward",
        (
            "infinity over infinity",
            FINITE,
            (
                (
                    "tl.where(x < 0, -size, size)",
                    "(tl.exp(x) - tl.exp(-x)) / (tl.exp(x) + tl.exp(-x))",
                ),
            ),
        ),
        (
            "2 sigmoid(x) - 1",
            "What is the slope of your function at 0?",
            (("-2.0 * tl.abs(x)", "-tl.abs(x)"),),
        ),
        (
            "sign lost",
            "What is tanh of -2?",
            (("tl.where(x < 0, -size, size)", "size"),),
        ),
        (
            "sigmoid",
            "Between which two numbers does tanh lie?",
            (("tl.where(x < 0, -size, size)", "1.0 / (1.0 + tl.exp(-x))"),),
        ),
    ),
    *of(
        "cuda_tanh_backward",
        (
            "derivative at the output",
            OUTPUT,
            (
                (
                    "    dx =",
                    "    out = 2.0 / (1.0 + tl.exp(-2.0 * out)) - 1.0\n    dx =",
                ),
            ),
        ),
        (
            "slope of the sigmoid",
            "How steep is tanh at 0?",
            (("dout * (1.0 - out * out)", "dout * out * (1.0 - out)"),),
        ),
        (
            "square missing",
            "What is the slope where the output is -1?",
            (("out * out", "out"),),
        ),
        (
            "plus in place of minus",
            "What is the slope where the output is 1?",
            (("1.0 - out", "1.0 + out"),),
        ),
        ("dout ignored", FACTORS, (("dout * (1.0", "(1.0"),)),
    ),
]

SLOPE = "s * (1.0 + x * (1.0 - s))"
OF_SILU = [
    *of(
        "cuda_silu_forward",
        ("infinity over infinity", FINITE, ((SIGMOID, NAIVE),)),
        (
            "sigmoid without its x",
            "What does SiLU make of 5?",
            (("out = x * s", "out = s"),),
        ),
        (
            "slope 1.702 of another approximation",
            "Is there a number before x in the sigmoid of the formula?",
            (("-tl.abs(x)", "-1.702 * tl.abs(x)"),),
        ),
        (
            "ReLU in place of x",
            "What does SiLU make of -1? It is not 0.",
            (("out = x * s", "out = tl.maximum(x, 0.0) * s"),),
        ),
    ),
    *of(
        "cuda_silu_backward",
        ("infinity over infinity", FINITE, ((SIGMOID, NAIVE),)),
        (
            "second term of the product rule missing",
            "A product of two functions of x has a derivative with two terms.",
            ((SLOPE, "s"),),
        ),
        (
            "first term of the product rule missing",
            "A product of two functions of x has a derivative with two terms.",
            ((SLOPE, "s * x * (1.0 - s)"),),
        ),
        (
            "second term without its x",
            "Write the product rule once more, factor by factor.",
            ((SLOPE, "s * (1.0 + (1.0 - s))"),),
        ),
        (
            "derivative at the output",
            OUTPUT,
            (("    dx =", "    x = x * s\n    dx ="),),
        ),
        ("dout ignored", FACTORS, ((f"dout * {SLOPE}", SLOPE),)),
    ),
]

MISTAKES = [*OF_ANY, *OF_SIGMOID, *OF_TANH, *OF_SILU]
