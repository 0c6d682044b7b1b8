"""Wrong kernels: what may go wrong in any of them, and in ReLU."""

from __future__ import annotations

from autograder.mistakes import Mistake, in_each

LAUNCH = "relu_forward_kernel[grid](x, out, n, block, compute_dtype(x))"

FORWARD = ("cuda_relu_forward", "cuda_gelu_forward")
BACKWARD = ("cuda_relu_backward", "cuda_gelu_backward")


MISTAKES = [
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
        "mask on the store alone",
        "A load beyond the end reads somebody else's memory, also when "
        "nobody looks at what it brought.",
        ("at, mask=inside).to", "at).to"),
        caught_by="outside",
    ),
    *in_each(
        FORWARD + BACKWARD,
        "offsets in 32 bits",
        "A program's number has 32 bits, and so has its product with `BLOCK`. "
        "Which element is the last one that it can reach?",
        (".to(tl.int64)", ""),
        caught_by="offsets",
    ),
    *in_each(
        FORWARD + BACKWARD,
        "blocks with less than 16 bytes for a thread",
        "A program runs on 128 threads. How many elements does your block give "
        "to each, and how many does a load of 16 bytes take?",
        (".numel(), 1024", ".numel(), 128"),
        caught_by="width",
    ),
    *in_each(
        FORWARD + BACKWARD,
        "too few programs",
        "Divide 1,025 by your block size by hand. Who writes the last element?",
        ("triton.cdiv(n, block)", "n // block"),
        caught_by="unwritten",
    ),
    *in_each(
        FORWARD,
        "strides ignored",
        "Print `x.stride()` for a transposed x. Where does element 1 lie?",
        ("    x = x.contiguous()\n", ""),
    ),
    *in_each(
        BACKWARD,
        "strides ignored",
        "Print `x.stride()` and `dout.stride()` where one of them is "
        "transposed. Where does element 1 lie?",
        ("    dout, x = dout.contiguous(), x.contiguous()\n", ""),
    ),
    *in_each(
        FORWARD,
        "result laid out like a transposed x",
        "`torch.empty_like` copies strides too. In which order does your kernel write?",
        (
            "    x = x.contiguous()\n    out = torch.empty_like(x)\n",
            "    out = torch.empty_like(x)\n    x = x.contiguous()\n",
        ),
    ),
    *in_each(
        FORWARD + BACKWARD,
        "result always in float32",
        "What dtype does the layer after this one expect?",
        ("torch.empty_like(x)", "torch.empty_like(x, dtype=torch.float32)"),
    ),
    *in_each(
        FORWARD + BACKWARD,
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        ("compute_dtype(x))", "tl.float32)"),
    ),
    *in_each(
        BACKWARD,
        "written into dout",
        "The caller still needs `dout`. Which buffer does your kernel write?",
        ("dx = torch.empty_like(x)", "dx = dout"),
        caught_by="inputs",
    ),
    # ReLU
    Mistake(
        "cuda_relu_forward",
        "x times (x > 0)",
        "Multiply minus infinity by zero. What comes out?",
        (("tl.maximum(x, 0.0)", "x * (x > 0)"),),
    ),
    Mistake(
        "cuda_relu_forward",
        "absolute value",
        "What should come out for x = -2?",
        (("tl.maximum(x, 0.0)", "tl.abs(x)"),),
    ),
    Mistake(
        "cuda_relu_forward",
        "x read twice",
        "Count the calls of `tl.load`. What is loaded can be used again.",
        (
            (
                "out = tl.maximum(x, 0.0)",
                "again = tl.load(x_ptr + at, mask=inside).to(COMPUTE)\n"
                "    out = tl.where(x > 0, again, 0.0)",
            ),
        ),
        caught_by="traffic",
    ),
    Mistake(
        "cuda_relu_forward",
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        ((f"    {LAUNCH}\n    return out", "    return torch.relu(x)"),),
        caught_by="launch",
    ),
    Mistake(
        "cuda_relu_forward",
        "torch before a kernel that copies",
        "The kernel is launched. Is there anything left for it to do?",
        (("x = x.contiguous()", "x = x.contiguous().clamp(min=0)"),),
        caught_by="framework",
    ),
    Mistake(
        "cuda_relu_backward",
        "gradient 1 at x = 0",
        "There is a kink at 0. Which slope is the convention there?",
        (("x > 0", "x >= 0"),),
    ),
    Mistake(
        "cuda_relu_backward",
        "the sign of dout decides",
        "Which of the two inputs says whether the unit was active?",
        (("x > 0", "dout > 0"),),
    ),
    Mistake(
        "cuda_relu_backward",
        "dout passed on everywhere",
        "What slope does ReLU have at x = -2?",
        (("tl.where(x > 0, dout, 0.0)", "dout"),),
    ),
    Mistake(
        "cuda_relu_backward",
        "dout ignored",
        "The chain rule has two factors. Where is the second?",
        (("tl.where(x > 0, dout, 0.0)", "tl.where(x > 0, 1.0, 0.0)"),),
    ),
    Mistake(
        "cuda_relu_backward",
        "x read twice",
        "Count the calls of `tl.load`. What is loaded can be used again.",
        (
            (
                "tl.where(x > 0, dout, 0.0)",
                "tl.where(x > 0, dout, 0.0)\n"
                "    again = tl.load(x_ptr + at, mask=inside).to(COMPUTE)\n"
                "    dx = tl.where(again > 0, dx, 0.0)",
            ),
        ),
        caught_by="traffic",
    ),
    Mistake(
        "cuda_relu_backward",
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (
            (
                "relu_backward_kernel[grid](dout, x, dx, n, block, compute_dtype(x))",
                "dx = torch.where(x > 0, dout, 0)",
            ),
        ),
        caught_by="launch",
    ),
]
