"""Wrong kernels of Maxout: the axis of the pieces, ties, and the losers."""

from __future__ import annotations

from autograder.mistakes import Mistake, in_each
from autograder.mistakes.activations_cuda_smooth import FACTORS, of

BOTH = ("cuda_maxout_forward", "cuda_maxout_backward")
FIRST = "first = (i // H) * K * H + i % H"
BEST = "best = tl.load(pieces_ptr + first, mask=inside).to(COMPUTE)"
AXIS = "Work out where the second piece of output 4 lies, for N = 2, K = 3, H = 2."
TIES = "Three pieces are equally large. How much of dout is handed on, and to which?"
ROUTED = "dpiece = tl.where(winner == k, dout, 0.0)"

OF_BOTH = [
    *in_each(
        BOTH,
        "no mask at the tail",
        "How many programs run for 257 units, and which places does the last one "
        "touch?",
        (", mask=inside", ""),
        caught_by="outside",
    ),
    *in_each(
        BOTH,
        "too few programs",
        "Divide 257 by your block size by hand. Who writes the last unit?",
        ("triton.cdiv(n, block)", "n // block"),
        caught_by="unwritten",
    ),
    *in_each(
        BOTH,
        "pieces taken along the last axis",
        AXIS,
        (FIRST, "first = i * K"),
        ("k * H", "k"),
    ),
    *in_each(
        BOTH,
        "the last piece left out",
        "Which numbers does your loop count through?",
        ("range(1, K)", "range(1, K - 1)"),
    ),
    *in_each(
        BOTH,
        "a largest piece is never negative",
        "With which number does your search for the largest begin?",
        (BEST, f"{BEST}\n    best = tl.maximum(best, 0.0)"),
    ),
]

OF_FORWARD = [
    *of(
        "cuda_maxout_forward",
        (
            "sum of the pieces",
            "What does the name say that is handed on?",
            (("tl.maximum(best, piece)", "best + piece"),),
        ),
        (
            "smallest piece",
            "Which of two pieces is handed on, 1 or -1?",
            (("tl.maximum(best, piece)", "tl.minimum(best, piece)"),),
        ),
        (
            "largest in size",
            "Which of two pieces is handed on, 1 or -2?",
            (
                (
                    "tl.maximum(best, piece)",
                    "tl.where(tl.abs(piece) > tl.abs(best), piece, best)",
                ),
            ),
        ),
        (
            "strides ignored",
            "Print `pieces.stride()` for every other element of a buffer.",
            (("    pieces = pieces.contiguous()\n", ""),),
        ),
        (
            "result always in float32",
            "What dtype does the layer after this one expect?",
            (("dtype=pieces.dtype", "dtype=torch.float32"),),
        ),
    ),
    Mistake(
        "cuda_maxout_forward",
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (("    N, K, H = pieces.shape\n", "    return pieces.amax(1)\n"),),
        caught_by="launch",
    ),
]

OF_BACKWARD = [
    *of(
        "cuda_maxout_backward",
        (
            "ties counted for all of them",
            TIES,
            (
                (
                    "    for k in range(K):\n",
                    "    for k in range(K):\n"
                    "        piece = tl.load(\n"
                    "            pieces_ptr + first + k * H, mask=inside\n"
                    "        ).to(COMPUTE)\n",
                ),
                ("winner == k", "piece == best"),
            ),
        ),
        ("ties go to the last", TIES, (("piece > best", "piece >= best"),)),
        (
            "dout to every piece",
            "How much does a piece that lost change the output?",
            ((ROUTED, "dpiece = dout"),),
        ),
        (
            "dout to the first piece",
            "Who won, and where do you remember it?",
            (("winner == k", "k == 0"),),
        ),
        (
            "the largest piece multiplied in",
            "What is the derivative of the largest piece by itself?",
            ((ROUTED, "dpiece = tl.where(winner == k, dout * best, 0.0)"),),
        ),
        (
            "dout shared by all pieces",
            "How much does a piece that lost change the output?",
            ((ROUTED, "dpiece = dout / K"),),
        ),
        (
            "dout ignored",
            FACTORS,
            ((ROUTED, "dpiece = tl.where(winner == k, 1.0, 0.0)"),),
        ),
        (
            "strides ignored",
            "Print `dout.stride()` where it is transposed. Where does element 1 lie?",
            (("    dout, pieces = dout.contiguous(), pieces.contiguous()\n", ""),),
        ),
    ),
    Mistake(
        "cuda_maxout_backward",
        "nothing written to the losers",
        "What stands in the places of dpieces that your kernel does not write?",
        (("dpiece, mask=inside)", "dpiece, mask=inside & (winner == k))"),),
        caught_by="unwritten",
    ),
    Mistake(
        "cuda_maxout_backward",
        "pieces read twice",
        "Count the bytes of both loops. What do you know after the first?",
        (
            (
                f"        {ROUTED}\n",
                "        again = tl.load(\n"
                "            pieces_ptr + first + k * H, mask=inside\n"
                "        ).to(COMPUTE)\n"
                "        won = (again == best) & (winner == k)\n"
                "        dpiece = tl.where(won, dout, 0.0)\n",
            ),
        ),
        caught_by="traffic",
    ),
]

MISTAKES = [*OF_BOTH, *OF_FORWARD, *OF_BACKWARD]
