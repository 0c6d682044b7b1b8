"""Wrong kernels: a constant, and the rounds of Philox."""

from __future__ import annotations

from autograder.mistakes import Mistake

OF_CONSTANTS = [
    Mistake(
        "cuda_constant",
        "no mask at the tail",
        "How many programs run for 1,025 elements, and which places does the "
        "last one touch?",
        ((", mask=at < n", ""),),
        caught_by="outside write",
    ),
    Mistake(
        "cuda_constant",
        "offsets in 32 bits",
        "A program's number has 32 bits, and so has its product with `BLOCK`. "
        "Which element is the last one that it can reach?",
        ((".to(tl.int64)", ""),),
        caught_by="offsets",
    ),
    Mistake(
        "cuda_constant",
        "blocks with less than 16 bytes for a thread",
        "A program runs on 128 threads. How many elements does your block give "
        "to each, and how many does a store of 16 bytes take?",
        (("numel(), 1024", "numel(), 128"),),
        caught_by="width",
    ),
    Mistake(
        "cuda_constant",
        "too few programs",
        "Divide 1,025 by your block size by hand. Who writes the last element?",
        (("triton.cdiv(n, block)", "n // block"),),
        caught_by="unwritten",
    ),
    Mistake(
        "cuda_constant",
        "every program writes the first block",
        "Print `at` for program 0 and for program 1. Do they differ?",
        (("tl.program_id(0).to(tl.int64) * BLOCK + tl", "tl"),),
        caught_by="unwritten",
    ),
    Mistake(
        "cuda_constant",
        "result always in float32",
        "What dtype does `weight` have?",
        (("empty_like(weight)", "empty_like(weight, dtype=torch.float32)"),),
    ),
    Mistake(
        "cuda_constant",
        "zeros, whatever is asked for",
        "Which of the arguments does your kernel not use?",
        (("tl.full((BLOCK,), value, tl.float32)", "tl.zeros((BLOCK,), tl.float32)"),),
    ),
    Mistake(
        "cuda_constant",
        "a whole number",
        "Which numbers can an integer hold?",
        (("value, tl.float32)", "value, tl.float32).to(tl.int32)"),),
    ),
    Mistake(
        "cuda_constant",
        "the weight that was given is filled",
        "Is what you return a new tensor?",
        (("torch.empty_like(weight)", "weight"),),
        caught_by="inputs",
    ),
    Mistake(
        "cuda_constant",
        "what was there is read first",
        "How many bytes must be read to write a constant?",
        (
            (
                "tl.full((BLOCK,), value, tl.float32)",
                "tl.load(out_ptr + at, mask=at < n).to(tl.float32)\n"
                "    numbers = tl.where(numbers == numbers, value, value)",
            ),
        ),
        caught_by="traffic",
    ),
    Mistake(
        "cuda_constant",
        "torch in place of a kernel",
        "The values are right. Who wrote them?",
        (
            (
                "    constant_kernel[(triton.cdiv(n, block),)](out, value, n, block)\n"
                "    return out",
                "    return torch.full_like(weight, value)",
            ),
        ),
        caught_by="launch",
    ),
]

PHILOX_EDITS = (
    (
        "nine rounds",
        "How many times does the text say that the words are mixed?",
        (("range(10)", "range(9)"),),
    ),
    (
        "one key for all rounds",
        "What happens to the key between two rounds?",
        (("k0 += 0x9E3779B9\n        k1 += 0xBB67AE85", "pass"),),
    ),
    (
        "key moved before the first round",
        "With which key does the first round mix: the seed's, or the next one?",
        (
            ("        k0 += 0x9E3779B9\n        k1 += 0xBB67AE85\n", ""),
            (
                "        high_a =",
                "        k0 += 0x9E3779B9\n        k1 += 0xBB67AE85\n        high_a =",
            ),
        ),
    ),
    (
        "steps of the two keys swapped",
        "Which of the two constants belongs to which word of the key?",
        (
            ("k0 += 0x9E3779B9", "k0 += 0xBB67AE85"),
            ("k1 += 0xBB67AE85", "k1 += 0x9E3779B9"),
        ),
    ),
    (
        "the two multipliers swapped",
        "Which word is multiplied by A, and which by B?",
        (
            ("0xD2511F53", "AA"),
            ("0xCD9E8D57", "0xD2511F53"),
            ("AA", "0xCD9E8D57"),
        ),
    ),
    (
        "high and low halves swapped",
        "Which half of the product is mixed with the key, and which is taken as it is?",
        (
            (
                "c0, c1 = high_b ^ c1 ^ k0, low_b\n"
                "        c2, c3 = high_a ^ c3 ^ k1, low_a",
                "c0, c1 = low_b ^ c1 ^ k0, high_b\n"
                "        c2, c3 = low_a ^ c3 ^ k1, high_a",
            ),
        ),
    ),
    (
        "a new word used in place of the old one",
        "c0 has changed by the time that c2 is made. Which c0 does the formula mean?",
        (
            (
                "        c0, c1 = high_b ^ c1 ^ k0, low_b\n",
                "        c0, c1 = high_b ^ c1 ^ k0, low_b\n"
                "        high_a = tl.umulhi(c0, 0xD2511F53)\n"
                "        low_a = c0 * 0xD2511F53\n",
            ),
        ),
    ),
    (
        "added, not mixed by exclusive or",
        "What does the sign in a circle stand for? It has no carry.",
        (
            ("high_b ^ c1 ^ k0", "high_b + c1 + k0"),
            ("high_a ^ c3 ^ k1", "high_a + c3 + k1"),
        ),
    ),
    (
        "second and fourth word left out",
        "Each new word at an even place is made of three words. Which are yours?",
        (("high_b ^ c1 ^ k0", "high_b ^ k0"), ("high_a ^ c3 ^ k1", "high_a ^ k1")),
    ),
    (
        "the two words of the key swapped",
        "Which half of the seed is k0?",
        (
            ("k0 = key.to(tl.uint32)", "k1 = key.to(tl.uint32)"),
            ("k1 = (key >> 32).to(tl.uint32)", "k0 = (key >> 32).to(tl.uint32)"),
        ),
    ),
    (
        "upper half of the seed lost",
        "Take two seeds that differ by 2 to the power of 32. Do your words differ?",
        (("k1 = (key >> 32).to(tl.uint32)", "k1 = tl.zeros_like(k0)"),),
    ),
    (
        "upper half of the counter lost",
        "Take two counters that differ by 2 to the power of 32. Do your words differ?",
        (("c1 = (counter >> 32).to(tl.uint32)", "c1 = tl.zeros_like(c0)"),),
    ),
    (
        "seed ignored",
        "Which of the arguments does your function not use?",
        (
            (
                "key = tl.to_tensor(seed).to(tl.uint64)",
                "key = tl.to_tensor(seed).to(tl.uint64) * 0",
            ),
        ),
    ),
    (
        "words stored in another order",
        "Which of the four words is number 0 of its row?",
        (("return c0, c1, c2, c3", "return c3, c2, c1, c0"),),
    ),
)

OF_PHILOX = [
    *(Mistake("cuda_philox", *edits) for edits in PHILOX_EDITS),
    Mistake(
        "cuda_philox",
        "too few programs",
        "Divide 257 by your block size by hand. Who writes the last row?",
        (("triton.cdiv(n, block)", "n // block"),),
        caught_by="unwritten",
    ),
    Mistake(
        "cuda_philox",
        "words in 64 bits",
        "What dtype does the docstring ask for? Half of the bytes would do.",
        (("torch.int32", "torch.int64"),),
    ),
]

MISTAKES = [*OF_CONSTANTS, *OF_PHILOX]
