"""Wrong kernels of leaky ReLU, ELU and SELU."""

from __future__ import annotations

from autograder.mistakes.activations_cuda_smooth import FACTORS, of

MASKS = "Multiply infinity by zero. What comes out, and where does that happen here?"
SIDE = "What does the function do with 3, and what with -3?"
KINK = "On which side does the text count x = 0?"
ELU = "tl.where(x > 0, x, alpha * (tl.exp(left) - 1.0))"
SELU = "tl.where(x > 0, x, SELU_ALPHA * (tl.exp(left) - 1.0))"
ELU_SLOPE = "tl.where(x > 0, 1.0, alpha * tl.exp(left))"
SELU_SLOPE = "tl.where(x > 0, 1.0, SELU_ALPHA * tl.exp(left))"
SWAPPED = (
    ("SELU_ALPHA", "OTHER"),
    ("SELU_SCALE", "SELU_ALPHA"),
    ("OTHER", "SELU_SCALE"),
)

MISTAKES = [
    *of(
        "cuda_leaky_relu_forward",
        (
            "the sides are swapped",
            SIDE,
            (("x > 0, x, slope * x", "x > 0, slope * x, x"),),
        ),
        (
            "slope ignored",
            "Which of the arguments does your kernel not use?",
            (("slope * x", "0.01 * x"),),
        ),
        ("plain ReLU", "What does a leaky ReLU do with -3?", (("slope * x)", "0.0)"),)),
        (
            "the left side is turned up",
            "What is the sign of the output at x = -3?",
            (("slope * x)", "-slope * x)"),),
        ),
    ),
    *of(
        "cuda_leaky_relu_backward",
        ("slope 1 at x = 0", KINK, (("x > 0", "x >= 0"),)),
        (
            "the sign of dout decides",
            "Which of the two inputs says on which side the unit is?",
            (("x > 0", "dout > 0"),),
        ),
        ("plain ReLU", "What is the slope at x = -3?", (("slope * dout)", "0.0)"),)),
        (
            "slope ignored",
            "Which of the arguments does your kernel not use?",
            (("slope * dout", "0.01 * dout"),),
        ),
        (
            "multiplied by x",
            "What is the derivative of s x?",
            (("dout, slope * dout", "dout, slope * x * dout"),),
        ),
        ("dout ignored", FACTORS, (("dout, slope * dout", "1.0, slope"),)),
    ),
    *of(
        "cuda_elu_forward",
        (
            "infinity times zero",
            MASKS,
            ((ELU, "x * (x > 0) + alpha * (tl.exp(x) - 1.0) * (x <= 0)"),),
        ),
        (
            "alpha lost",
            "Which of the arguments does your kernel not use?",
            (("alpha * (tl.exp(left) - 1.0)", "(tl.exp(left) - 1.0)"),),
        ),
        (
            "alpha on both sides",
            "What does ELU do with 3?",
            ((ELU, "alpha * tl.where(x > 0, x, tl.exp(left) - 1.0)"),),
        ),
        (
            "minus 1 forgotten",
            "What is ELU just below 0?",
            (("(tl.exp(left) - 1.0)", "tl.exp(left)"),),
        ),
        (
            "minus 1 outside of alpha",
            "What is ELU just below 0, at alpha = 2?",
            (("alpha * (tl.exp(left) - 1.0)", "alpha * tl.exp(left) - 1.0"),),
        ),
    ),
    *of(
        "cuda_elu_backward",
        (
            "infinity times zero",
            MASKS,
            ((ELU_SLOPE, "((x > 0) + alpha * tl.exp(x) * (x <= 0))"),),
        ),
        (
            "alpha lost",
            "Which of the arguments does your kernel not use?",
            (("alpha * tl.exp(left)", "tl.exp(left)"),),
        ),
        ("slope 1 at x = 0", KINK, (("x > 0", "x >= 0"),)),
        (
            "value in place of the slope",
            "What is the derivative of exp(x) - 1?",
            (("tl.exp(left)", "(tl.exp(left) - 1.0)"),),
        ),
        (
            "derivative at the output",
            "Which number does the backward pass get: what went into ELU, or what "
            "came out?",
            (("alpha * tl.exp(left)", "alpha * tl.exp(alpha * (tl.exp(left) - 1.0))"),),
        ),
        (
            "slope 0 on the left",
            "What is the slope of ELU at x = -1?",
            (("alpha * tl.exp(left)", "0.0"),),
        ),
        ("dout ignored", FACTORS, (("dout * tl.where", "tl.where"),)),
    ),
    *of(
        "cuda_selu_forward",
        (
            "infinity times zero",
            MASKS,
            ((SELU, "x * (x > 0) + SELU_ALPHA * (tl.exp(x) - 1.0) * (x <= 0)"),),
        ),
        ("scale lost", "What does SELU do with 1?", (("SELU_SCALE * elu", "elu"),)),
        (
            "scale on the right side alone",
            "What is multiplied by the scale?",
            (("SELU_SCALE * elu", "tl.where(x > 0, SELU_SCALE * elu, elu)"),),
        ),
        (
            "alpha lost",
            "What does SELU become far on the left?",
            (("SELU_ALPHA * ", ""),),
        ),
        (
            "the two constants swapped",
            "Which of the two is the slope at x = 3?",
            SWAPPED,
        ),
        (
            "constants to two digits",
            "How many digits has a float32?",
            (("SELU_ALPHA", "1.67"), ("SELU_SCALE", "1.05")),
        ),
    ),
    *of(
        "cuda_selu_backward",
        (
            "infinity times zero",
            MASKS,
            ((SELU_SLOPE, "((x > 0) + SELU_ALPHA * tl.exp(x) * (x <= 0))"),),
        ),
        ("scale lost", "What is the slope of SELU at 1?", (("SELU_SCALE * ", ""),)),
        (
            "alpha lost",
            "What is the slope of SELU just below 0?",
            (("SELU_ALPHA * ", ""),),
        ),
        (
            "the two constants swapped",
            "Which of the two is the slope at x = 3?",
            SWAPPED,
        ),
        ("slope 1 at x = 0", KINK, (("x > 0", "x >= 0"),)),
        (
            "value in place of the slope",
            "What is the derivative of exp(x) - 1?",
            (("tl.exp(left)", "(tl.exp(left) - 1.0)"),),
        ),
        ("dout ignored", FACTORS, (("dout * SELU_SCALE", "SELU_SCALE"),)),
    ),
]
