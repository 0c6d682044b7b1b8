"""Wrong group norms on tensors: which channels make a group, and the way back."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_torch import wrong_function, wrong_images

group = partial(Mistake, "torch_groupnorm")

GROUPS = "x.to(exact).reshape(x.shape[0], G, -1)"
BACK = "x_hat = (centred * inv_std).reshape(x.shape)"
MISTAKES = [
    *wrong_function(
        "torch_groupnorm",
        "groups",
        "-1",
        "groups.shape[-1]",
        "return GroupNormFunction.apply(x, G, gamma, beta, eps)",
        "groups = x.reshape(x.shape[0], G, -1)\n"
        "    centred = groups - groups.mean(-1, keepdim=True)\n"
        "    std = torch.sqrt(centred.square().mean(-1, keepdim=True) + eps)\n"
        "    x_hat = (centred / std).reshape(x.shape)\n"
        "    return gamma.reshape(-1, 1, 1) * x_hat + beta.reshape(-1, 1, 1)",
    ),
    *wrong_images("torch_groupnorm"),
    group(
        "layer norm of each pixel in a group",
        "How many numbers share a mean: C / G, or more?",
        (
            (GROUPS, "x.to(exact).reshape(x.shape[0], G, -1, *x.shape[2:])"),
            ("groups.mean(-1,", "groups.mean(2,"),
            ("(centred * centred).mean(-1,", "(centred * centred).mean(2,"),
            (
                "shape = (*inv_std.shape[:2], -1)",
                "shape = (*inv_std.shape[:2], -1, *dout.shape[2:])",
            ),
            ("dx_hat.mean(-1,", "dx_hat.mean(2,"),
            ("(dx_hat * x_hat).mean(-1,", "(dx_hat * x_hat).mean(2,"),
        ),
    ),
    group(
        "instance norm, whatever G is",
        "Do two channels of one group share a mean in your function?",
        ((GROUPS, "x.to(exact).reshape(*x.shape[:2], -1)"),),
    ),
    group(
        "one group, whatever G is",
        "Which of the arguments does your function not use?",
        ((GROUPS, "x.to(exact).reshape(x.shape[0], 1, -1)"),),
    ),
    group(
        "G taken as the size of a group",
        "With 6 channels and G = 2, how many channels has a group?",
        ((GROUPS, "x.to(exact).reshape(x.shape[0], x.shape[1] // G, -1)"),),
    ),
    group(
        "groups of every G-th channel",
        "Which channels are in the first group? Print them for 6 channels, G = 2.",
        (
            (GROUPS, "strided(x.to(exact), G)"),
            (BACK, "x_hat = merged(centred * inv_std, G, x.shape)"),
            ("(dout * g).reshape(shape)", "strided(dout * g, inv_std.shape[1])"),
            ("x_hat = x_hat.reshape(shape)", "x_hat = strided(x_hat, shape[1])"),
            ("dx.reshape(dout.shape)", "merged(dx, shape[1], dout.shape)"),
            (
                "def torch_groupnorm(",
                "def strided(x, G):\n"
                "    x = x.reshape(x.shape[0], -1, G, x.shape[2] * x.shape[3])\n"
                "    return x.transpose(1, 2).flatten(2)\n\n\n"
                "def merged(x, G, shape):\n"
                "    x = x.reshape(shape[0], G, -1, shape[2] * shape[3])\n"
                "    return x.transpose(1, 2).reshape(shape)\n\n\n"
                "def torch_groupnorm(",
            ),
        ),
    ),
    group(
        "one statistic for the whole batch",
        "Does an image of yours change when another one does?",
        (
            ("groups.mean(-1,", "groups.mean((0, 2),"),
            ("(centred * centred).mean(-1,", "(centred * centred).mean((0, 2),"),
            (
                "shape = (*inv_std.shape[:2], -1)",
                "shape = (dout.shape[0], inv_std.shape[1], -1)",
            ),
        ),
    ),
    group(
        "gamma taken out of the sums",
        "Is gamma the same for all numbers that the sums run over?",
        (
            ("(dout * g).reshape(shape)", "dout.reshape(shape)"),
            ("dx.reshape(dout.shape)", "g * dx.reshape(dout.shape)"),
        ),
    ),
    group(
        "divided by H W in dx",
        "How many numbers share a mean: those of one channel, or of a group?",
        (
            (
                "along_one = dx_hat.mean(-1, keepdim=True)",
                "n = dout.shape[2] * dout.shape[3]\n"
                "        along_one = dx_hat.sum(-1, keepdim=True) / n",
            ),
            (
                "(dx_hat * x_hat).mean(-1, keepdim=True)",
                "(dx_hat * x_hat).sum(-1, keepdim=True) / n",
            ),
        ),
    ),
    group(
        "view where numbers do not lie side by side",
        "Which of your lines needs a contiguous tensor? What copies if it must?",
        ((GROUPS, "x.view(x.shape[0], G, -1).to(exact)"),),
    ),
]
