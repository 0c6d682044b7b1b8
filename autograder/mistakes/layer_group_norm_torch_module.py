"""Wrong modules for group norm, and wrong arguments for PyTorch's."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

module = partial(Mistake, "TorchGroupNorm")
arguments = partial(Mistake, "torch_groupnorm_arguments")

OF_MODULE = (
    module(
        "eps outside the root",
        "Set eps to 0.3 and look which of the two forms the formula has.",
        (("torch.sqrt(var + self.eps)", "(torch.sqrt(var) + self.eps)"),),
    ),
    module(
        "eps hard-coded",
        "Which argument of the constructor is not used?",
        (
            (
                "self.num_groups, self.eps = num_groups, eps",
                "self.num_groups = num_groups",
            ),
            ("var + self.eps", "var + 1e-5"),
        ),
    ),
    module(
        "unbiased variance where it normalizes",
        "Which of the two variances normalizes? See the table.",
        (("centred.square().mean(-1, keepdim=True)", "groups.var(-1, keepdim=True)"),),
    ),
    module(
        "weight and bias that are no parameters",
        "What does list(module.parameters()) show?",
        (
            (
                "torch.nn.Parameter(torch.ones(num_channels))",
                "torch.ones(num_channels)",
            ),
            (
                "torch.nn.Parameter(torch.zeros(num_channels))",
                "torch.zeros(num_channels)",
            ),
        ),
    ),
    module(
        "weight and bias of shape (1, C, 1, 1)",
        "Which shape has the weight in the table?",
        (
            ("torch.ones(num_channels)", "torch.ones(1, num_channels, 1, 1)"),
            ("torch.zeros(num_channels)", "torch.zeros(1, num_channels, 1, 1)"),
        ),
    ),
    module(
        "weight starts at zero",
        "What comes out of a new module?",
        (("torch.ones(num_channels)", "torch.zeros(num_channels)"),),
    ),
    module(
        "weight ignored",
        "Double the weight. What should happen to the output?",
        (("return scale * x_hat", "return x_hat"),),
    ),
    module(
        "bias ignored",
        "Add 1 to the bias. What should happen to the output?",
        (("scale * x_hat + self.bias.reshape(-1, 1, 1)", "scale * x_hat"),),
    ),
    module(
        "num_groups taken as the size of a group",
        "With 6 channels and num_groups = 2, how many channels has a group?",
        (
            ("x.shape[0], self.num_groups, -1", "x.shape[0], self.groups, -1"),
            (
                "self.num_groups, self.eps =",
                "self.groups = num_channels // num_groups\n"
                "        self.num_groups, self.eps =",
            ),
        ),
    ),
    module(
        "instance norm, whatever num_groups is",
        "Which argument of the constructor is not used?",
        (("x.shape[0], self.num_groups, -1", "*x.shape[:2], -1"),),
    ),
    module(
        "statistics of the last batch in eval mode",
        "What do train and eval mode of group norm differ in? See the table.",
        (
            (
                "        centred = groups - groups.mean(-1, keepdim=True)",
                "        if self.training:\n"
                "            self.mean = groups.mean(-1, keepdim=True).detach()\n"
                "        centred = groups - self.mean",
            ),
        ),
    ),
)

OF_ARGUMENTS = (
    arguments(
        "layer and instance turned round",
        "How many means has an image in each of the two?",
        (
            (
                '"layer": 1, "instance": gamma.numel()',
                '"layer": gamma.numel(), "instance": 1',
            ),
        ),
    ),
    arguments(
        "G for every norm",
        "With which number of groups does an image have one mean?",
        (("return groups[norm]", "return G"),),
    ),
    arguments(
        "length of the first axis as number of channels",
        "What is len() of a tensor of shape (1, C, 1, 1)?",
        (("gamma.numel()", "len(gamma)"),),
    ),
    arguments(
        "weight and bias as they came",
        "Which shape does PyTorch want? See the table.",
        (("gamma.reshape(-1), beta.reshape(-1)", "gamma, beta"),),
    ),
    arguments(
        "weight and bias swapped",
        "Which of the two is multiplied?",
        (
            (
                "gamma.reshape(-1), beta.reshape(-1)",
                "beta.reshape(-1), gamma.reshape(-1)",
            ),
        ),
    ),
    arguments(
        "the size of a group in place of their number",
        "With 6 channels and G = 2, how many groups are there?",
        (('"group": G', '"group": gamma.numel() // G'),),
    ),
)

MISTAKES = [*OF_MODULE, *OF_ARGUMENTS]
