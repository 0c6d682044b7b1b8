"""Wrong kernels of PReLU: its channels, and the sum over a channel."""

from __future__ import annotations

from autograder.mistakes import Mistake
from autograder.mistakes.activations_cuda_smooth import FACTORS, of

CHANNEL = "channel = (at // M) % C"
AXIS = "Work out the channel of place 7 of a tensor of the shape (2, 3, 2) by hand."
PLACE = "at = (j // M) * C * M + c * M + j % M"
PART = "part = tl.sum(dout * tl.minimum(x, 0.0))"
PARTS = "tl.store(dalpha_ptr + c, tl.sum(parts))"
STORE = "tl.store(parts_ptr + block * C + c, part)"
SUM = "    sum_parts_kernel[(C,)](parts, dalpha, blocks, C, width)\n"
SIDE = "Which side of 0 does the slope act on?"

OF_FORWARD = [
    *of(
        "cuda_prelu_forward",
        ("channels along the last axis", AXIS, ((CHANNEL, "channel = at % C"),)),
        (
            "channels in the order of memory",
            AXIS,
            ((CHANNEL, "channel = (at * C) // n"),),
        ),
        (
            "the first slope for all channels",
            "How many slopes are there?",
            (("alpha_ptr + channel", "alpha_ptr + channel * 0"),),
        ),
        (
            "the larger of x and alpha x",
            "Try alpha = 2 and x = 1.",
            (("tl.where(x > 0, x, alpha * x)", "tl.maximum(x, alpha * x)"),),
        ),
        (
            "the sides are swapped",
            "What does PReLU do with 3?",
            (("x > 0, x, alpha * x", "x > 0, alpha * x, x"),),
        ),
        (
            "alpha is kept between 0 and 1",
            "Does the text say that a slope is never negative, or above 1?",
            (
                (
                    "alpha * x)",
                    "tl.minimum(tl.maximum(alpha, 0.0), 1.0) * x)",
                ),
            ),
        ),
        (
            "strides ignored",
            "Print `x.stride()` for a transposed x. Where does element 1 lie?",
            (("    x = x.contiguous()\n", ""),),
        ),
        (
            "result always in float32",
            "What dtype does the layer after this one expect?",
            (("empty_like(x)", "empty_like(x, dtype=torch.float32)"),),
        ),
    ),
    Mistake(
        "cuda_prelu_forward",
        "too few programs",
        "Who handles the last numbers, when a block does not divide them?",
        (("triton.cdiv(n, block)", "max(1, n // block)"),),
        caught_by="unwritten",
    ),
    Mistake(
        "cuda_prelu_forward",
        "no mask at the tail",
        "How many programs run for 1,050 elements, and which places does the "
        "last one touch?",
        ((", mask=inside", ""),),
        caught_by="outside",
    ),
]

OF_BACKWARD = [
    *of(
        "cuda_prelu_backward",
        (
            "places as if a channel lay in one piece",
            "Work out where number 2 of channel 1 lies in the shape (2, 3, 2).",
            ((PLACE, "at = c * count + j"),),
        ),
        (
            "channels along the last axis",
            "Work out where number 2 of channel 1 lies in the shape (2, 3, 2).",
            ((PLACE, "at = j * C + c"),),
        ),
        ("dx of a plain ReLU", SIDE, (("dout, alpha * dout", "dout, 0.0"),)),
        (
            "dx has slope 1 at x = 0",
            "On which side does the text count x = 0?",
            (("x > 0", "x >= 0"),),
        ),
        (
            "dx with the first slope for all channels",
            "How many slopes are there?",
            (("tl.load(alpha_ptr + c)", "tl.load(alpha_ptr)"),),
        ),
        ("dx without dout", FACTORS, (("dout, alpha * dout", "1.0, alpha"),)),
        (
            "dalpha of the right side",
            SIDE,
            ((PART, "part = tl.sum(dout * tl.maximum(x, 0.0))"),),
        ),
        ("dalpha of both sides", SIDE, ((PART, "part = tl.sum(dout * x)"),)),
        (
            "dalpha without x",
            "What is the derivative of alpha x by alpha?",
            ((PART, "part = tl.sum(tl.where(x < 0, dout, 0.0))"),),
        ),
        (
            "dalpha without dout",
            "Double dout. What should happen to dalpha?",
            ((PART, "part = tl.sum(tl.minimum(x, 0.0))"),),
        ),
        (
            "dalpha multiplied by alpha",
            "What is the derivative of alpha x by alpha?",
            ((PART, "part = tl.sum(alpha * dout * tl.minimum(x, 0.0))"),),
        ),
        (
            "dalpha averaged",
            "Is the gradient of a shared parameter a sum or a mean?",
            (
                (
                    SUM,
                    SUM.replace("width)", "width, count)"),
                ),
                (
                    "blocks, C, BLOCK: tl.constexpr",
                    "blocks, C, BLOCK: tl.constexpr, n=1",
                ),
                ("tl.sum(parts))", "tl.sum(parts) / n)"),
            ),
        ),
        (
            "dalpha not summed over the programs",
            "How many programs hold a piece of the sum, and how many of the pieces "
            "reach dalpha?",
            (("mask=k < blocks", "mask=k < 1"),),
        ),
        (
            "parts of all channels in one place",
            "Which programs write to the same place of `parts`?",
            (
                (STORE, "tl.store(parts_ptr + block, part)"),
                ("at = k * C + c\n", "at = k\n"),
            ),
        ),
        (
            "parts in 16 bits",
            "What is the largest number of float16, and how large is a part?",
            (
                (
                    "parts = torch.empty(blocks, C, dtype=wide",
                    "parts = torch.empty(blocks, C, dtype=x.dtype",
                ),
            ),
        ),
        (
            "dalpha always in float32",
            "What dtype does alpha have?",
            (
                ("torch.empty_like(alpha)", "torch.empty_like(alpha, dtype=wide)"),
                ("    dx, dalpha =", "    wide = torch.float32\n    dx, dalpha ="),
            ),
        ),
        (
            "strides ignored",
            "Print `x.stride()` and `dout.stride()` where one of them is transposed. "
            "Where does element 1 lie?",
            (("    dout, x = dout.contiguous(), x.contiguous()\n", ""),),
        ),
    ),
    Mistake(
        "cuda_prelu_backward",
        "too few programs",
        "Who handles the last numbers, when a block does not divide them?",
        (("triton.cdiv(count, block)", "max(1, count // block)"),),
        caught_by="unwritten",
    ),
    Mistake(
        "cuda_prelu_backward",
        "no mask at the tail",
        "How many programs run for the 300 numbers of a channel, and which places "
        "does the last one touch?",
        ((", mask=inside, other=0.0", ""), (", mask=inside", "")),
        caught_by="outside",
    ),
    Mistake(
        "cuda_prelu_backward",
        "dalpha of one program written by all",
        "Which programs write to dalpha[c], and who comes last?",
        (
            (STORE, "tl.store(parts_ptr + c, part)"),
            ("mask=k < blocks", "mask=k < 1"),
        ),
        caught_by="values",
    ),
    Mistake(
        "cuda_prelu_backward",
        "offsets in 32 bits",
        "Channel 3 begins c M numbers behind the first. What if M is 2 to the "
        "power of 30?",
        (("c = tl.program_id(1).to(tl.int64)", "c = tl.program_id(1)"),),
        caught_by="offsets",
    ),
    Mistake(
        "cuda_prelu_backward",
        "atomics in the order of arrival",
        "Run it twice and compare every bit. Who comes first?",
        (
            (STORE, "tl.atomic_add(parts_ptr + c, part)"),
            ("parts = torch.empty(", "parts = torch.zeros("),
            ("mask=k < blocks", "mask=k < 1"),
        ),
        caught_by="order",
    ),
    Mistake(
        "cuda_prelu_backward",
        "torch adds up the parts",
        "The parts are right. Who computed their sum?",
        ((SUM, "    dalpha = parts.sum(0).to(alpha.dtype)\n"),),
        caught_by="framework",
    ),
    Mistake(
        "cuda_prelu_backward",
        "written into dout",
        "The caller still needs `dout`. Which buffer does your kernel write?",
        (("torch.empty_like(x), ", "dout, "),),
        caught_by="inputs",
    ),
]

MISTAKES = [*OF_FORWARD, *OF_BACKWARD]
