"""Wrong kernels: Box and Muller's numbers from given words."""

from __future__ import annotations

from autograder.mistakes import Mistake, in_each

INSIDE = ("cuda_normal_pairs",)
SHIFT = "5.9604644775390625e-08"
U1 = f"((first >> 8) + 1).to(tl.float32) * {SHIFT}"
U2 = f"(second >> 8).to(tl.float32) * {SHIFT}"

PAIRS_EDITS = (
    (
        "a signed shift",
        "Print the smallest of your u2. Which bit of the word is its sign?",
        (
            ("    first = first.to(tl.uint32, bitcast=True)\n", ""),
            ("    second = second.to(tl.uint32, bitcast=True)\n", ""),
        ),
    ),
    (
        "logarithm of 0",
        "Which word makes your u1 zero?",
        ((U1, f"(first >> 8).to(tl.float32) * {SHIFT}"),),
    ),
    (
        "all 32 bits",
        "What does a float32 make of the largest word? And of the smallest?",
        (
            (U1, "(first.to(tl.float32) + 1.0) * 2.3283064365386963e-10"),
            (U2, "second.to(tl.float32) * 2.3283064365386963e-10"),
        ),
    ),
    (
        "16 of the bits",
        "How many different numbers can your u1 be?",
        (
            (U1, "((first >> 16) + 1).to(tl.float32) * 1.52587890625e-05"),
            (U2, "(second >> 16).to(tl.float32) * 1.52587890625e-05"),
        ),
    ),
    (
        "lower bits in place of the upper ones",
        "Which bits of the word does the formula keep?",
        ((">> 8", "& 0xFFFFFF"),),
    ),
    (
        "root missing",
        "What is the square of the radius, and what is the radius?",
        (("tl.sqrt(-2.0 * tl.log(u1))", "-2.0 * tl.log(u1)"),),
    ),
    (
        "factor 2 under the root missing",
        "What is the standard deviation of your numbers?",
        (("-2.0 * tl.log(u1)", "-tl.log(u1)"),),
    ),
    (
        "logarithm to the base of 2",
        "Which logarithm does the formula have?",
        (("tl.log(u1)", "tl.log2(u1)"),),
    ),
    (
        "half a turn",
        "Which angles can come out? Are the numbers in all four quadrants?",
        (("6.283185307179586", "3.141592653589793"),),
    ),
    (
        "angle in turns",
        "What does tl.cos take: turns, degrees or radians?",
        (("6.283185307179586 * u2", "u2"),),
    ),
    (
        "cosine twice",
        "Are the two numbers of a pair ever different?",
        (("tl.sin(angle)", "tl.cos(angle)"),),
    ),
    (
        "sine first",
        "Which of the two numbers is number 0 of its row?",
        (
            ("tl.cos(angle)", "tl.tan(angle)"),
            ("tl.sin(angle)", "tl.cos(angle)"),
            ("tl.tan(angle)", "tl.sin(angle)"),
        ),
    ),
    (
        "one word for radius and angle",
        "How many words does a pair take, and how many does yours use?",
        ((U2, f"(first >> 8).to(tl.float32) * {SHIFT}"),),
    ),
    (
        "the two words swapped",
        "Which of the two words makes the radius?",
        (
            ("words_ptr + 2 * at, ", "words_ptr + 2 * at + 9, "),
            ("words_ptr + 2 * at + 1, ", "words_ptr + 2 * at, "),
            ("words_ptr + 2 * at + 9, ", "words_ptr + 2 * at + 1, "),
        ),
    ),
    (
        "strides ignored",
        "Print `words.stride()` where they are transposed. Where does w2 lie?",
        (("    words = words.contiguous()\n", ""),),
    ),
    (
        "result in float64",
        "What dtype does the docstring ask for?",
        (('"dtype": torch.float32', '"dtype": torch.float64'),),
    ),
)

MISTAKES = [
    *(Mistake("cuda_normal_pairs", *edits) for edits in PAIRS_EDITS),
    *in_each(
        INSIDE,
        "no mask at the tail",
        "How many programs run for 257 pairs, and which places does the last one "
        "touch?",
        (", mask=inside, other=0", ""),
        (", mask=inside", ""),
        caught_by="outside write",
    ),
    *in_each(
        INSIDE,
        "mask on the store alone",
        "A load beyond the end reads somebody else's memory, also when nobody "
        "looks at what it brought.",
        (", mask=inside, other=0", ""),
        caught_by="outside",
    ),
    *in_each(
        INSIDE,
        "too few programs",
        "Divide 257 by your block size by hand. Who writes the last pair?",
        ("triton.cdiv(n, block)", "n // block"),
        caught_by="unwritten",
    ),
    *in_each(
        INSIDE,
        "torch after a kernel that makes uniform numbers",
        "Which of the functions in your kernel would do the same?",
        ("    return out", "    return out.clone().mul_(1.0)"),
        caught_by="framework",
    ),
]
