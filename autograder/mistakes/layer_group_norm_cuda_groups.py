"""Wrong group norms as kernels: which numbers make a row, and whose gamma it is."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_cuda import (
    LOADS,
    OUT,
    result_by_torch,
    wrong_forward,
    wrong_launch,
)
from autograder.mistakes.layer_group_norm_cuda_backward import MANY, ORDER
from autograder.mistakes.layer_group_norm_cuda_gradients import (
    wrong_gradients,
    wrong_row,
)

SHAPE = "N, C, H, W = x.shape\n"
CHANNEL = "channel = (row % G) * (size // pixels) + at // pixels"
PLACE = "place = row * size + at"
OWN = "own = (row % G) * channels + channel"
SUMS = "dgamma, dbeta = buffer(x, N, C), buffer(x, N, C)"
ONE_ROW = "dgamma, dbeta = buffer(x, 1, C).zero_(), buffer(x, 1, C).zero_()"

WHOSE = "Six channels in two groups: whose gamma is used in the second group?"

_forward = partial(Mistake, "cuda_groupnorm_forward")
_backward = partial(Mistake, "cuda_groupnorm_backward")

FORWARD = [
    *wrong_forward("cuda_groupnorm_forward", "size"),
    *wrong_launch("cuda_groupnorm_forward"),
    _forward(
        "no mask at the tail",
        "Which places does a program touch when its row has 45 numbers?",
        ((", mask=inside, other=0.0", ""), (", mask=inside", "")),
        caught_by="outside",
    ),
    _forward(
        "gamma by group",
        WHOSE,
        ((CHANNEL, "channel = row % G + at * 0"),),
    ),
    _forward(
        "gamma of the first group for all groups",
        WHOSE,
        ((CHANNEL, "channel = at // pixels"),),
    ),
    _forward(
        "gamma by place",
        "How many entries has gamma, and which of them does your kernel ask for?",
        ((CHANNEL, "channel = at"),),
        caught_by="outside",
    ),
    _forward(
        "groups of every G-th channel",
        "Which channels are in the first group? Print them for 6 channels, G = 2.",
        (
            (
                PLACE,
                "other = row % G + at // pixels * G\n"
                "    place = row // G * G * size + other * pixels + at % pixels",
            ),
            (CHANNEL, "channel = other"),
        ),
    ),
    _forward(
        "G taken as the size of a group",
        "With 6 channels and G = 2, how many channels has a group?",
        ((SHAPE, f"{SHAPE}    G = C // G\n"),),
    ),
    _forward(
        "one group, whatever G is",
        "Do the channels of two groups share a mean in your kernel?",
        ((SHAPE, f"{SHAPE}    G = 1\n"),),
    ),
    _forward(
        "instance norm, whatever G is",
        "Do two channels of one group share a mean in your kernel?",
        ((SHAPE, f"{SHAPE}    G = C\n"),),
    ),
    _forward(
        "divided by the number of pixels",
        "How many numbers share a mean: those of one channel, or of a group?",
        ((") / size\n", ") / pixels\n"),),
    ),
    _forward(
        "statistics without an axis for the groups",
        "Which shape does the docstring give mean and rstd?",
        (("buffer(x, N, G), buffer(x, N, G)", "buffer(x, N * G), buffer(x, N * G)"),),
    ),
    _forward(
        "x read more than once",
        LOADS,
        (
            (
                OUT,
                "x = tl.load(x_ptr + place, mask=inside, other=0.0).to(COMPUTE)\n"
                "    out = gamma * ((x - mean) * rstd) + beta",
            ),
        ),
        caught_by="traffic",
    ),
    result_by_torch(
        "cuda_groupnorm_forward",
        "torch.nn.functional.group_norm(x, G, gamma, beta, eps)",
    ),
]

BACKWARD = [
    *wrong_row("cuda_groupnorm_backward", "size", "(CHANNELS * PIXELS)"),
    *wrong_gradients("cuda_groupnorm_backward"),
    _backward(
        "no mask behind the last pixel",
        "A channel of 15 pixels has a line of 16 places. What lies in the last?",
        (
            (
                "inside = exists[:, None] & (pixel < pixels)[None, :]",
                "inside = exists[:, None] & (pixel >= 0)[None, :]",
            ),
        ),
    ),
    _backward(
        "no mask behind the last channel",
        "A group of 3 channels has a block of 4 lines. What lies in the last?",
        (
            (
                "inside = exists[:, None] & (pixel < pixels)[None, :]",
                "inside = (channel >= 0)[:, None] & (pixel < pixels)[None, :]",
            ),
            ("mask=exists, other=0.0", "mask=exists, other=1.0"),
        ),
    ),
    _backward(
        "gamma taken out of the row sums",
        "Is gamma one number for all terms of your sum?",
        (
            ("dx_hat = dout * gamma[:, None]", "dx_hat = dout"),
            ("dx = rstd * (", "dx = gamma[:, None] * rstd * ("),
        ),
    ),
    _backward(
        "gamma missing in dx",
        "Double gamma. What happens to dx?",
        (("dx_hat = dout * gamma[:, None]", "dx_hat = dout"),),
    ),
    _backward("gamma by group", WHOSE, ((OWN, "own = row % G + channel * 0"),)),
    _backward(
        "gamma of the first group for all groups", WHOSE, ((OWN, "own = channel"),)
    ),
    _backward(
        "divided by the number of pixels",
        "How many numbers share a mean: those of one channel, or of a group?",
        ((") / size\n", ") / pixels\n"),),
    ),
    _backward(
        "row sums by channel",
        "Do the two sums on the way to dx run over a channel, or over the group?",
        (
            ("tl.sum(dx_hat) / size", "tl.sum(dx_hat, axis=1)[:, None] / size"),
            (
                "tl.sum(dx_hat * x_hat) / size",
                "tl.sum(dx_hat * x_hat, axis=1)[:, None] / size",
            ),
        ),
    ),
    _backward(
        "dgamma uses x in place of x_hat",
        "What is gamma multiplied with in the forward?",
        (("tl.sum(dout * x_hat, axis=1)", "tl.sum(dout * x, axis=1)"),),
    ),
    _backward(
        "dgamma scaled by gamma",
        "Does dgamma depend on gamma? Look at the forward's last line.",
        (("tl.sum(dout * x_hat, axis=1)", "tl.sum(dx_hat * x_hat, axis=1)"),),
    ),
    _backward(
        "sums of the last image alone",
        "Which images does dgamma depend on? And yours?",
        (
            ("column_sums(dgamma,", "column_sums(dgamma[-1:],"),
            ("column_sums(dbeta,", "column_sums(dbeta[-1:],"),
        ),
    ),
    _backward(
        "partial sums stored in 16 bits",
        "The sums of two images may nearly cancel. How many digits must they have?",
        (
            (
                SUMS,
                "dgamma = torch.empty(N, C, dtype=x.dtype, device=x.device)\n"
                "    dbeta = torch.empty_like(dgamma)",
            ),
        ),
    ),
    _backward(
        "G taken as the size of a group",
        "With 6 channels and G = 2, how many channels has a group?",
        (
            ("channels, pixels = C // G, H * W", "channels, pixels = G, H * W"),
            ("[(N * G,)]", "[(N * C // G,)]"),
        ),
    ),
    _backward(
        "atomics",
        ORDER,
        (
            (SUMS, ONE_ROW),
            ("tl.store(dgamma_ptr + partial", "tl.atomic_add(dgamma_ptr + own"),
            ("tl.store(dbeta_ptr + partial", "tl.atomic_add(dbeta_ptr + own"),
        ),
        caught_by="order",
    ),
    _backward(
        "all images read, add and write the same sums",
        MANY,
        (
            (SUMS, ONE_ROW),
            (
                "    tl.store(dgamma_ptr + partial, dgamma, mask=exists)\n"
                "    tl.store(dbeta_ptr + partial, dbeta, mask=exists)\n",
                "    dgamma += tl.load(dgamma_ptr + own, mask=exists)\n"
                "    tl.store(dgamma_ptr + own, dgamma, mask=exists)\n"
                "    dbeta += tl.load(dbeta_ptr + own, mask=exists)\n"
                "    tl.store(dbeta_ptr + own, dbeta, mask=exists)\n",
            ),
        ),
        caught_by="race",
    ),
    _backward(
        "x read more than once",
        LOADS,
        (
            (
                "dgamma = tl.sum(dout * x_hat, axis=1)",
                "x = tl.load(x_ptr + place, mask=inside, other=0.0).to(COMPUTE)\n"
                "    dgamma = tl.sum(dout * ((x - mean) * rstd), axis=1)",
            ),
        ),
        caught_by="traffic",
    ),
]

MISTAKES = [*FORWARD, *BACKWARD]
