"""Wrong kernels that fill a tensor with random numbers."""

from __future__ import annotations

from autograder.mistakes import Mistake, in_each

FILL = ("cuda_uniform", "cuda_normal")
DRAW = "tl.randint4x(seed, counter)"
SHIFT = "5.9604644775390625e-08"
RANGE = "low + (high - low) * u"

OF_BOTH = [
    *in_each(
        FILL,
        "no mask at the tail",
        "How many numbers do your programs make together, and how many are there "
        "room for?",
        (", mask=at < n", ""),
        caught_by="outside write",
    ),
    *in_each(
        FILL,
        "too few programs",
        "Who writes the last number, when a block does not divide them all?",
        ("triton.cdiv(n, 4 * block)", "n // (4 * block)"),
        caught_by="unwritten",
    ),
    *in_each(
        FILL,
        "seed ignored",
        "Two layers, two seeds: are their first numbers equal?",
        (DRAW, "tl.randint4x(0, counter)"),
    ),
    *in_each(
        FILL,
        "upper half of the seed lost",
        "Take two seeds that differ by 2 to the power of 32. Do your numbers differ?",
        ("seed, n, block)", "seed % 2**32, n, block)"),
    ),
    *in_each(
        FILL,
        "numbers depend on the block size",
        "Which counter and which key make number 3,000 when a program has 512 "
        "counters, and which when it has 1,024?",
        (DRAW, "tl.randint4x(seed + tl.program_id(0), tl.arange(0, BLOCK))"),
    ),
    *in_each(
        FILL,
        "the same numbers in every program",
        "In what do two programs differ? Do your counters?",
        (
            "counter = start + tl.arange(0, BLOCK)",
            "counter = tl.arange(0, BLOCK).to(tl.int64)",
        ),
    ),
    *in_each(
        FILL,
        "result always in float32",
        "What dtype does `weight` have?",
        ("empty_like(weight)", "empty_like(weight, dtype=torch.float32)"),
    ),
    *in_each(
        FILL,
        "the weight that was given is filled",
        "Is what you return a new tensor?",
        ("torch.empty_like(weight)", "weight"),
        caught_by="inputs",
    ),
    *in_each(
        FILL,
        "every program writes the first block",
        "Print `at` for program 0 and for program 1. Do they differ?",
        ("at = 4 * start + tl", "at = tl"),
        caught_by="unwritten",
    ),
    *in_each(
        FILL,
        "blocks that overlap",
        "A program makes four numbers of each counter. Where does the next one begin?",
        ("at = 4 * start", "at = start"),
        caught_by="unwritten",
    ),
]

OF_UNIFORM = [
    Mistake("cuda_uniform", name, hint, edits)
    for name, hint, edits in (
        (
            "low added, width forgotten",
            "What comes out at u = 0, and what just below 1?",
            ((RANGE, "low + high * u"),),
        ),
        (
            "low forgotten",
            "What comes out at u = 0?",
            ((RANGE, "(high - low) * u"),),
        ),
        (
            "high ignored",
            "Which of the arguments does your kernel not use?",
            ((RANGE, "low - 2.0 * low * u"),),
        ),
        (
            "from 0 to 1, whatever is asked for",
            "Which of the arguments does your kernel not use?",
            ((RANGE, "u"),),
        ),
        (
            "a signed shift",
            "Which bit of a word is its sign, when it is an int32?",
            (("(words >> 8)", "(words.to(tl.int32, bitcast=True) >> 8)"),),
        ),
        (
            "16 of the bits",
            "How many different numbers can come out?",
            ((f"(words >> 8).to(tl.float32) * {SHIFT}", "(words >> 16) / 65536.0"),),
        ),
        (
            "divided by 2 to the power of 32 after the shift",
            "How large is the largest word once it is shifted by 8 bits?",
            ((SHIFT, "2.3283064365386963e-10"),),
        ),
        (
            "one word of four",
            "How many words does a counter give, and how many of yours differ?",
            (
                (
                    "tl.interleave(tl.interleave(a, c), tl.interleave(b, d))",
                    "tl.interleave(tl.interleave(a, a), tl.interleave(a, a))",
                ),
            ),
        ),
        (
            "normal in place of uniform",
            "What is the largest number that may occur, and what is yours?",
            (
                (
                    RANGE,
                    "0.5 * (low + high) + (high - low) / 3.4641016151377544"
                    " * tl.sqrt(-2.0 * tl.log(u + 5e-8))"
                    " * tl.cos(6.283185307179586 * ((words & 0xFF) / 256.0))",
                ),
            ),
        ),
    )
]

OF_NORMAL = [
    Mistake("cuda_normal", name, hint, edits)
    for name, hint, edits in (
        (
            "variance in place of standard deviation",
            "What is the variance of c times a standard normal number?",
            (("radius = std *", "radius = std * std *"),),
        ),
        (
            "standard deviation ignored",
            "Which of the arguments does your kernel not use?",
            (("radius = std *", "radius ="),),
        ),
        (
            "each pair used twice",
            "How many different numbers does your tensor hold?",
            (
                (
                    "tl.interleave(radius * tl.cos(angle), radius * tl.sin(angle))",
                    "tl.interleave(radius * tl.cos(angle), radius * tl.cos(angle))",
                ),
            ),
        ),
        (
            "one word for radius and angle",
            "How many words does a pair take, and how many does yours use?",
            (("second = tl.interleave(b, d)", "second = tl.interleave(a, c)"),),
        ),
        (
            "two words of four",
            "How many words does a counter give, and how many of yours differ?",
            (
                ("first = tl.interleave(a, c)", "first = tl.interleave(a, a)"),
                ("second = tl.interleave(b, d)", "second = tl.interleave(b, b)"),
            ),
        ),
        (
            "factor 2 under the root missing",
            "What is the variance of your numbers at std = 1?",
            (("-2.0 * tl.log(u1)", "-tl.log(u1)"),),
        ),
        (
            "root missing",
            "What is the square of the radius, and what is the radius?",
            (("tl.sqrt(-2.0 * tl.log(u1))", "(-2.0 * tl.log(u1))"),),
        ),
        (
            "angle in turns",
            "What does tl.cos take: turns, degrees or radians?",
            (("6.283185307179586 * u2", "u2"),),
        ),
        (
            "uniform in place of normal",
            "Draw a histogram of your numbers. Which shape must it have?",
            (
                (
                    "numbers = tl.interleave(",
                    "u = tl.interleave(u1, u2)\n"
                    "    radius = std * 3.4641016151377544 * (u1 - 0.5)\n"
                    "    other = std * 3.4641016151377544 * (u2 - 0.5)\n"
                    "    numbers = tl.interleave(radius, other)\n"
                    "    unused = (",
                ),
            ),
        ),
    )
]

IN_TORCH = "The values are right. Who computed them?"

OF_TORCH = [
    Mistake(
        "cuda_uniform",
        "torch in place of a kernel",
        IN_TORCH,
        (
            (
                "    uniform_kernel[grid](out, low, high, seed, n, block)\n",
                "    generator = torch.Generator(out.device).manual_seed(seed)\n"
                "    out.uniform_(low, high, generator=generator)\n",
            ),
        ),
        caught_by="launch",
    ),
    Mistake(
        "cuda_normal",
        "torch in place of a kernel",
        IN_TORCH,
        (
            (
                "    normal_kernel[grid](out, std, seed, n, block)\n",
                "    generator = torch.Generator(out.device).manual_seed(seed)\n"
                "    out.normal_(0, std, generator=generator)\n",
            ),
        ),
        caught_by="launch",
    ),
]

MISTAKES = [*OF_BOTH, *OF_UNIFORM, *OF_NORMAL, *OF_TORCH]
