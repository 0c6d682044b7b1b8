"""Wrong preprocessing of images on tensors."""

from __future__ import annotations

from autograder.mistakes import Mistake


def images(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake on the way from bytes to floats."""
    return Mistake("torch_prepare_images", name, hint, edits)


def module(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the module."""
    return Mistake("TorchStandardize", name, hint, edits)


WIDE = "wide = x_train.to(torch.float64)"
STD = "self.std = wide.std((0, 2, 3), correction=0)"
OUT = "((x.to(torch.float64) - mean) / scale).to(x.dtype)"

MISTAKES = [
    images(
        "reshaped, not permuted",
        "Take an image whose left half is white. Where is it white afterwards?",
        (
            "images.permute(0, 3, 1, 2)",
            "images.reshape(len(images), -1, *images.shape[1:3])",
        ),
    ),
    images(
        "H and W swapped",
        "In which order do the two axes of space come, before and after?",
        ("images.permute(0, 3, 1, 2)", "images.permute(0, 3, 2, 1)"),
    ),
    images(
        "channels left last",
        "On which axis does a network expect the channels?",
        ("images.permute(0, 3, 1, 2)", "images"),
        ("mean[:, None, None]", "mean"),
        ("std[:, None, None]", "std"),
    ),
    images(
        "not scaled to [0, 1]",
        "In which scale are the mean and the std that you are handed?",
        (" / 255", ""),
    ),
    images(
        "divided by 256",
        "What does a white pixel become?",
        ("/ 255", "/ 256"),
    ),
    images(
        "divided as whole numbers",
        "What is 254 // 255?",
        (".to(mean.dtype) / 255", ".floor_divide(255).to(mean.dtype)"),
    ),
    images(
        "statistics along the last axis",
        "With which axis does a tensor of shape (C,) line up?",
        ("mean[:, None, None]", "mean"),
        ("std[:, None, None]", "std"),
    ),
    images(
        "std before mean",
        "Which of the two is in the brackets of the formula?",
        (
            "(pixels - mean[:, None, None]) / std[:, None, None]",
            "pixels / std[:, None, None] - mean[:, None, None]",
        ),
    ),
    images(
        "divided by the variance",
        "Which unit has your result?",
        ("/ std[:, None, None]", "/ std[:, None, None] ** 2"),
    ),
    images(
        "always float32",
        "Which dtype does the docstring promise?",
        (
            "return (pixels - mean[:, None, None]) / std[:, None, None]",
            "out = (pixels - mean[:, None, None]) / std[:, None, None]\n"
            "    return out.float()",
        ),
    ),
    images(
        "standardized with its own statistics",
        "Whose mean is subtracted: the one you are handed or that of the batch?",
        ("pixels - mean[:, None, None]", "pixels - pixels.mean((2, 3), keepdim=True)"),
    ),
    module(
        "unbiased std",
        "By what does Tensor.std divide if nothing is said?",
        (", correction=0", ""),
    ),
    module(
        "divided by the variance",
        "Which unit has your result?",
        ("wide.std((0, 2, 3), correction=0)", "wide.var((0, 2, 3), correction=0)"),
    ),
    module(
        "one-pass variance",
        "At a mean of 10,000, how many digits are left of E[x^2] - E[x]^2?",
        (
            STD,
            "var = wide.square().mean((0, 2, 3)) - self.mean**2\n"
            "        self.std = var.clamp(min=0).sqrt()",
        ),
    ),
    module(
        "statistics computed in the dtype of x",
        "How many digits has float16, and how many numbers do you add up?",
        (WIDE, "wide = x_train"),
        (STD, f"{STD}.double()"),
        (
            "self.mean = wide.mean((0, 2, 3))",
            "self.mean = wide.mean((0, 2, 3)).double()",
        ),
    ),
    module(
        "result in float64",
        "What dtype does the layer after this one expect?",
        (OUT, "(x.to(torch.float64) - mean) / scale"),
    ),
    module(
        "statistics per position",
        "How many numbers stand behind one channel's mean?",
        ("wide.mean((0, 2, 3))", "wide.mean((0,)).mean((1, 2))"),
        (STD, "self.std = wide.std((0,), correction=0).mean((1, 2))"),
    ),
    module(
        "one mean for all channels",
        "How many means has an image of three channels?",
        ("wide.mean((0, 2, 3))", "wide.mean().expand(wide.shape[1]).clone()"),
    ),
    module(
        "floor added to the std",
        "What does the floor change in a channel that is not constant?",
        ("self.std.clamp(min=self.floor)", "(self.std + self.floor)"),
    ),
    module(
        "no floor",
        "What is the std of a constant channel?",
        ("self.std.clamp(min=self.floor)", "self.std"),
    ),
    module(
        "floor kept in the buffer",
        "The docstring says what std is. Where does the floor belong?",
        (STD, f"{STD}.clamp(min=self.floor)"),
        ("self.std.clamp(min=self.floor)", "self.std"),
    ),
    module(
        "statistics of the batch in train mode",
        "What may change the statistics after fit?",
        (
            "        mean = self.mean[:, None, None]\n",
            "        if self.training:\n            self.fit(x)\n"
            "        mean = self.mean[:, None, None]\n",
        ),
    ),
    module(
        "running statistics",
        "What may change the statistics after fit?",
        (
            f"        return {OUT}\n",
            "        if self.training:\n"
            "            self.mean = self.mean.lerp(x.double().mean((0, 2, 3)), 0.1)\n"
            f"        return {OUT}\n",
        ),
    ),
    module(
        "identity in eval mode",
        "Does the network see raw images once it is evaluated?",
        (
            f"        return {OUT}\n",
            "        if not self.training:\n            return x.clone()\n"
            f"        return {OUT}\n",
        ),
    ),
    module(
        "attributes, not buffers",
        "Is your mean in module.state_dict()?",
        ('self.register_buffer("mean", zeros)', "self.mean = zeros"),
        ('self.register_buffer("std", zeros + 1)', "self.std = zeros + 1"),
    ),
    module(
        "parameters in place of buffers",
        "Shall an optimizer change the mean of the training data?",
        (
            'self.register_buffer("mean", zeros)',
            "self.mean = torch.nn.Parameter(zeros)",
        ),
        (
            'self.register_buffer("std", zeros + 1)',
            "self.std = torch.nn.Parameter(zeros + 1)",
        ),
        (
            "self.mean = wide.mean((0, 2, 3))",
            "self.mean.data = wide.mean((0, 2, 3))",
        ),
        ("self.std = wide", "self.std.data = wide"),
    ),
    module(
        "fit that scales in place",
        "Whose memory does your subtraction change?",
        (STD, f"{STD}\n        x_train -= self.mean[:, None, None].to(x_train.dtype)"),
    ),
]
