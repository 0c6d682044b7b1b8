"""Wrong GELU kernels, beside what may go wrong in any kernel."""

from __future__ import annotations

from autograder.mistakes import Mistake, in_each

PHI = "below = 0.5 * (1.0 + tl.erf(0.7071067811865476 * x))"
GELU = ("cuda_gelu_forward", "cuda_gelu_backward")

IN_16_BITS = """low = x_ptr.dtype.element_ty
    low = tl.float32 if low == tl.bfloat16 else low
    e = tl.erf(0.7071067811865476 * x).to(low)
    below = 0.5 * (1.0 + e)"""
"""bfloat16 stays in float32: the interpreter has no arithmetic for it."""

TANH = """u = 1.5957691216057308 * (x + 0.044715 * x * x * x)
    below = 1.0 / (1.0 + tl.exp(-u))"""
"""0.5 (1 + tanh(u / 2)), written as a sigmoid."""

MISTAKES = [
    *in_each(
        GELU,
        "computed in 16 bits",
        "erf of -2.5 is close to -1. How many digits of 1 + erf are left in "
        "the dtype that you add in?",
        (PHI, IN_16_BITS),
    ),
    Mistake(
        "cuda_gelu_forward",
        "tanh approximation",
        "Close, but not the function that is asked for. Which one does the "
        "formula above the exercise name?",
        ((PHI, TANH),),
    ),
    Mistake(
        "cuda_gelu_forward",
        "sigmoid approximation",
        "Close, but not the function that is asked for. Which one does the "
        "formula above the exercise name?",
        ((PHI, "below = 1.0 / (1.0 + tl.exp(-1.702 * x))"),),
    ),
    Mistake(
        "cuda_gelu_forward",
        "erf of x without the root of 2",
        "At which x is the probability of a smaller number 84 %?",
        ((PHI, "below = 0.5 * (1.0 + tl.erf(x))"),),
    ),
    Mistake(
        "cuda_gelu_forward",
        "x read twice",
        "Count the calls of `tl.load`. What is loaded can be used again.",
        (
            (
                "out = x * below",
                "out = tl.load(x_ptr + at, mask=inside).to(COMPUTE) * below",
            ),
        ),
        caught_by="traffic",
    ),
    Mistake(
        "cuda_gelu_forward",
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (
            (
                "    gelu_forward_kernel[grid](x, out, n, block, compute_dtype(x))\n"
                "    return out",
                "    return torch.nn.functional.gelu(x)",
            ),
        ),
        caught_by="launch",
    ),
    Mistake(
        "cuda_gelu_backward",
        "term with the density missing",
        "A product of two functions of x has a derivative with two terms.",
        (("(below + x * density)", "below"),),
    ),
    Mistake(
        "cuda_gelu_backward",
        "density without its x",
        "Write the product rule for x times Phi(x) once more, factor by factor.",
        (("below + x * density", "below + density"),),
    ),
    Mistake(
        "cuda_gelu_backward",
        "derivative at the output",
        "Which number does the backward pass get: what went into GELU, or "
        "what came out?",
        ((PHI, f"x = x * 0.5 * (1.0 + tl.erf(0.7071067811865476 * x))\n    {PHI}"),),
    ),
    Mistake(
        "cuda_gelu_backward",
        "derivative of the tanh approximation",
        "Close, but it is the slope of another function. Which one did the "
        "forward pass compute?",
        (
            (PHI, TANH),
            (
                "density = 0.3989422804014327 * tl.exp(-0.5 * x * x)",
                "density = below * (1.0 - below) * 1.5957691216057308"
                " * (1.0 + 0.134145 * x * x)",
            ),
        ),
    ),
    Mistake(
        "cuda_gelu_backward",
        "density not normalised",
        "What does the normal density integrate to?",
        (("0.3989422804014327 * ", ""),),
    ),
    Mistake(
        "cuda_gelu_backward",
        "dout ignored",
        "The chain rule has two factors. Where is the second?",
        (("dout * (below + x * density)", "below + x * density"),),
    ),
    Mistake(
        "cuda_gelu_backward",
        "x read twice",
        "Count the calls of `tl.load`. What is loaded can be used again.",
        (
            (
                "below + x * density",
                "below + tl.load(x_ptr + at, mask=inside).to(COMPUTE) * density",
            ),
        ),
        caught_by="traffic",
    ),
    Mistake(
        "cuda_gelu_backward",
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (
            (
                "gelu_backward_kernel[grid](dout, x, dx, n, block, compute_dtype(x))",
                "dx = torch.ops.aten.gelu_backward(dout, x)",
            ),
        ),
        caught_by="launch",
    ),
]
