"""Wrong kernels for batch norm in test mode: folding, and applying it."""

from __future__ import annotations

from autograder.mistakes import Mistake
from autograder.mistakes.activations_cuda import in_each

FOLD = "cuda_batchnorm_fold"
TEST = "cuda_batchnorm_test"
RELU = "cuda_batchnorm_test_relu"
BOTH = (TEST, RELU)

SCALE = "scale = gamma / tl.sqrt(var + eps)"
SHIFT = "shift = beta - mean * scale"
OUT = "out = tl.load(scale_ptr + c) * x + tl.load(shift_ptr + c)"
MAXIMUM = "tl.maximum(out, 0.0)"
LAUNCH = "cuda_batchnorm_fold(\n        gamma, beta, running_mean, running_var, eps"

AGAIN = """again = tl.load(x_ptr + plane + at, mask=inside).to(COMPUTE)
    out = tl.load(scale_ptr + c) * again + tl.load(shift_ptr + c)"""

SIXTEEN_BITS = """low = x_ptr.dtype.element_ty
    low = tl.float32 if low == tl.bfloat16 else low
    scale = tl.load(scale_ptr + c).to(low).to(COMPUTE)
    shift = tl.load(shift_ptr + c).to(low).to(COMPUTE)
    out = scale * x + shift"""
"""bfloat16 stays in float32: the interpreter has no arithmetic for it."""

OF_THE_BATCH = LAUNCH.replace(
    "running_mean, running_var", "*cuda_batchnorm_statistics(x)"
)

OWN_KERNEL = """    x = cuda_batchnorm_test(
        x, gamma, beta, running_mean, running_var, eps
    )
    scale, shift = torch.ones_like(scale), torch.zeros_like(shift)
    out = torch.empty_like(x)
"""


def _fold(
    name: str, hint: str, *edits: tuple[str, str], caught_by: str = "values"
) -> Mistake:
    return Mistake(FOLD, name, hint, edits, caught_by)


MISTAKES = [
    _fold(
        "eps outside the root",
        "What is the scale for a variance of 0, if gamma is 1 and eps is 0.3?",
        (SCALE, "scale = gamma / (tl.sqrt(var) + eps)"),
    ),
    _fold(
        "no eps",
        "Which eps does test mode use, and which did train mode use?",
        (SCALE, "scale = gamma / tl.sqrt(var)"),
    ),
    _fold(
        "divided by the variance",
        "In which unit is x_hat, if x is in metres?",
        (SCALE, "scale = gamma / (var + eps)"),
    ),
    _fold(
        "gamma ignored",
        "Which of the four arrays do you not use?",
        (SCALE, "scale = 1.0 / tl.sqrt(var + eps)"),
    ),
    _fold(
        "gamma left out of the shift",
        "Put x = running_mean into scale x + shift. What must come out?",
        (SHIFT, "shift = beta - mean / tl.sqrt(var + eps)"),
    ),
    _fold(
        "beta ignored",
        "Which of the four arrays do you not use?",
        (SHIFT, "shift = -mean * scale"),
    ),
    _fold(
        "beta subtracted",
        "Put x = running_mean into scale x + shift. What must come out?",
        (SHIFT, "shift = -beta - mean * scale"),
    ),
    _fold(
        "mean added",
        "Put x = running_mean into scale x + shift. What must come out?",
        (SHIFT, "shift = beta + mean * scale"),
    ),
    _fold(
        "mean not scaled",
        "Put x = running_mean into scale x + shift. What must come out?",
        (SHIFT, "shift = beta - mean"),
    ),
    _fold(
        "no mask on the channels",
        "How many channels has a block, and how many are there?",
        (", mask=inside, other=1.0", ""),
        (", mask=inside", ""),
        caught_by="outside write",
    ),
    _fold(
        "too few programs",
        "How many programs take 130 channels, if each takes 128?",
        ("(triton.cdiv(C, 128),)", "(max(1, C // 128),)"),
        caught_by="unwritten",
    ),
    _fold(
        "result in the dtype of gamma",
        "Which dtype does the docstring ask for, and why not 16 bits?",
        (
            "torch.empty_like(running_mean)",
            "torch.empty_like(running_mean, dtype=gamma.dtype)",
        ),
    ),
    _fold(
        "written into gamma and beta",
        "The caller goes on training. Which buffers does your kernel write?",
        ("scale = torch.empty_like(running_mean)", "scale = gamma"),
        ("shift = torch.empty_like(running_mean)", "shift = beta"),
        caught_by="inputs",
    ),
    _fold(
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (
            "    C = gamma.numel()\n",
            "    scale = gamma / (running_var + eps).sqrt()\n"
            "    return scale, beta - running_mean * scale\n",
        ),
        caught_by="launch",
    ),
    # applying it
    *in_each(
        BOTH,
        "statistics of the batch in test mode",
        "Ask for one image alone, and for the same image among others. Should "
        "its answer change?",
        (LAUNCH, OF_THE_BATCH),
    ),
    *in_each(
        BOTH,
        "no mask at the tail",
        "A plane of 35 pixels in a block of 64: whose are the last 29 numbers?",
        ("at, mask=inside)", "at)"),
        (", mask=inside)", ")"),
        caught_by="outside write",
    ),
    *in_each(
        BOTH,
        "mask on the store alone",
        "A load beyond the end reads somebody else's memory, also when "
        "nobody looks at what it brought.",
        ("at, mask=inside).to", "at).to"),
        caught_by="outside",
    ),
    *in_each(
        BOTH,
        "the last piece of a plane left out",
        "How many programs take 1,040 pixels, if each takes 1,024?",
        ("[(triton.cdiv(HW, block), N", "[(max(1, HW // block), N"),
        caught_by="unwritten",
    ),
    *in_each(
        BOTH,
        "scale and shift taken by image",
        "There is one scale for each channel. With what is it indexed?",
        ("scale_ptr + c", "scale_ptr + n % C"),
        ("shift_ptr + c", "shift_ptr + n % C"),
    ),
    *in_each(
        BOTH,
        "N and C mixed in the offset",
        "x is contiguous as (N, C, H, W). How many planes lie before channel c "
        "of image n?",
        (
            "(n.to(tl.int64) * C + c) * HW",
            "(c.to(tl.int64) * tl.num_programs(1) + n) * HW",
        ),
    ),
    *in_each(
        (TEST,),
        "scale and shift cut to 16 bits",
        "How many digits has a float16? When is the cast due?",
        (OUT, SIXTEEN_BITS),
    ),
    *in_each(
        BOTH,
        "result always in float32",
        "What dtype does the layer after this one expect?",
        ("torch.empty_like(x)", "torch.empty_like(x, dtype=torch.float32)"),
    ),
    *in_each(
        (TEST,),
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        ("compute_dtype(x)", "tl.float32"),
    ),
    *in_each(
        BOTH,
        "offsets in 32 bits",
        "A program's number has 32 bits, and so has a product with it. Which "
        "element is the last one that it can reach?",
        (".to(tl.int64)", ""),
        caught_by="offsets",
    ),
    *in_each(
        BOTH,
        "blocks with less than 16 bytes for a thread",
        "A program runs on 128 threads. How many elements does your block give "
        "to each, and how many does a load of 16 bytes take?",
        ("min(1024,", "min(128,"),
        caught_by="width",
    ),
    *in_each(
        BOTH,
        "strides ignored",
        "Print `x.stride()` where the first axis lies last in memory. Where is "
        "element 1?",
        ("    x = x.contiguous()\n", ""),
    ),
    *in_each(
        (TEST,),
        "x read twice",
        "Count the calls of `tl.load` that read x. What is loaded can be used again.",
        (OUT, OUT + "\n    " + AGAIN),
        caught_by="traffic",
    ),
    *in_each(
        BOTH,
        "written into x",
        "The caller still needs `x`. Which buffer does your kernel write?",
        ("out = torch.empty_like(x)", "out = x"),
        caught_by="inputs",
    ),
    Mistake(
        TEST,
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (
            (
                "    out = torch.empty_like(x)\n",
                "    out = torch.addcmul(\n"
                "        shift[:, None, None], scale[:, None, None], x\n"
                "    ).to(x.dtype)\n    return out\n",
            ),
        ),
        caught_by="framework",
    ),
    Mistake(
        RELU,
        "no ReLU",
        "What should come out where scale x + shift is -2?",
        ((MAXIMUM, "out"),),
    ),
    Mistake(
        RELU,
        "ReLU before the shift",
        "What should come out where scale x is -2 and the shift is 3?",
        (
            (OUT, "out = tl.load(scale_ptr + c) * x"),
            (MAXIMUM, "tl.maximum(out, 0.0) + tl.load(shift_ptr + c)"),
        ),
    ),
    Mistake(
        RELU,
        "ReLU of x",
        "Which comes first in the network, batch norm or the ReLU?",
        ((OUT, OUT.replace("* x", "* tl.maximum(x, 0.0)")), (MAXIMUM, "out")),
    ),
    Mistake(
        RELU,
        "absolute value",
        "What should come out where scale x + shift is -2?",
        ((MAXIMUM, "tl.abs(out)"),),
    ),
    Mistake(
        RELU,
        "ReLU as a kernel of its own",
        "The values are right. How often does the whole array come in?",
        (("    out = torch.empty_like(x)\n", OWN_KERNEL),),
        caught_by="traffic",
    ),
    Mistake(
        RELU,
        "ReLU by torch",
        "The values are right. Who computed the last step?",
        ((MAXIMUM, "out"), ("    return out", "    return torch.relu(out)")),
        caught_by="framework",
    ),
]
