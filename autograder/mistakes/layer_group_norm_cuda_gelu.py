"""Wrong kernels of layer norm followed by GELU."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_cuda import (
    WHO,
    wrong_forward,
    wrong_launch,
)

Z = "z = gamma * (centred * rstd) + beta"
GELU = "out = 0.5 * z * (1.0 + tl.erf(0.7071067811865476 * z))"
WHICH = "Close, but not the function that is asked for. Which one does the text name?"

OWN_KERNEL = """@triton.jit
def gelu_kernel(z_ptr, out_ptr, n, BLOCK: tl.constexpr, COMPUTE: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    z = tl.load(z_ptr + at, mask=at < n).to(COMPUTE)
    out = 0.5 * z * (1.0 + tl.erf(0.7071067811865476 * z))
    tl.store(out_ptr + at, out, mask=at < n)


def cuda_layernorm_gelu_forward("""

_gelu = partial(Mistake, "cuda_layernorm_gelu_forward")

MISTAKES = [
    *wrong_forward("cuda_layernorm_gelu_forward", "D", result="z"),
    *wrong_launch("cuda_layernorm_gelu_forward"),
    _gelu(
        "GELU left out", "Which function comes behind the norm?", ((GELU, "out = z"),)
    ),
    _gelu(
        "ReLU in place of GELU",
        WHICH,
        ((GELU, "out = tl.maximum(z, 0.0)"),),
    ),
    _gelu(
        "tanh approximation",
        WHICH,
        (
            (
                GELU,
                "u = 1.5957691216057308 * (z + 0.044715 * z * z * z)\n"
                "    out = z / (1.0 + tl.exp(-u))",
            ),
        ),
    ),
    _gelu(
        "GELU before gamma and beta",
        "What is the input of the activation: x_hat, or what layer norm returns?",
        (
            (Z, "z = centred * rstd"),
            (GELU, f"{GELU}\n    out = gamma * out + beta"),
        ),
    ),
    _gelu(
        "GELU in a kernel of its own",
        "Count the bytes of both launches. What is the budget?",
        (
            (GELU, "out = z"),
            ("def cuda_layernorm_gelu_forward(", OWN_KERNEL),
            (
                "    return out, mean, rstd",
                "    z, out = out, torch.empty_like(x)\n"
                "    programs = (triton.cdiv(N * D, 256),)\n"
                "    gelu_kernel[programs](z, out, N * D, 256, compute_dtype(x))\n"
                "    return out, mean, rstd",
            ),
        ),
        caught_by="traffic",
    ),
    _gelu(
        "activation by torch",
        WHO,
        (
            (GELU, "out = z"),
            (
                "return out, mean, rstd",
                "return torch.nn.functional.gelu(out), mean, rstd",
            ),
        ),
        caught_by="framework",
    ),
]
