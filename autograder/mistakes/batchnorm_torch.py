"""Wrong batch norms on tensors."""

from __future__ import annotations

from autograder.mistakes import Mistake

NAME = "torch_batchnorm"
DX = "dx = g * inv_std * (dout - mean_dout - x_hat * mean_product)"


def function(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the function with a backward of its own."""
    return Mistake(NAME, name, hint, edits)


def module(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the module."""
    return Mistake("TorchBatchNorm", name, hint, edits)


MISTAKES = [
    function(
        "eps outside the root",
        "Set eps to 0.3 and look which of the two forms the formula has.",
        ("1 / torch.sqrt(var + eps)", "1 / (torch.sqrt(var) + eps)"),
    ),
    function(
        "unbiased variance where it normalizes",
        "Tensor.var divides by n - 1 if nothing is said. What does the formula say?",
        (
            "(centred * centred).mean(axes, keepdim=True)",
            "(centred * centred).sum(axes, keepdim=True)"
            " / max(centred.numel() // x.shape[1] - 1, 1)",
        ),
    ),
    function(
        "one-pass variance",
        "At a mean of 10,000, how many digits are left of E[x^2] - E[x]^2?",
        (
            "(centred * centred).mean(axes, keepdim=True)",
            "(wide * wide).mean(axes, keepdim=True)"
            " - wide.mean(axes, keepdim=True) ** 2",
        ),
    ),
    function(
        "statistics over the batch alone",
        "Which axes of an image share a mean?",
        (
            "axes = [a for a in range(x.ndim) if a != 1]\n        shape",
            "axes = [0]\n        shape",
        ),
    ),
    function(
        "computed in 16 bits",
        "How many digits has bfloat16? Add up nine numbers around 4 in it.",
        ("torch.promote_types(x.dtype, torch.float32)", "x.dtype"),
    ),
    function(
        "result always in float32",
        "What dtype does the layer after this one expect?",
        ("return (g * x_hat + b).to(x.dtype)", "return (g * x_hat + b).float()"),
    ),
    function(
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        ("torch.promote_types(x.dtype, torch.float32)", "torch.float32"),
    ),
    function(
        "made on the CPU",
        "On which device is your new tensor, and on which is x?",
        ("1 / torch.sqrt(var + eps)", "1 / torch.sqrt(var + torch.full([1], eps))"),
        ("var = (centred", "var = torch.zeros(1, dtype=exact) + (centred"),
    ),
    function(
        "mean treated as constant",
        "Change one number of a channel. Does its mean stay?",
        (DX, "dx = g * inv_std * (dout - x_hat * mean_product)"),
    ),
    function(
        "variance treated as constant",
        "Change one number of a channel. Does its variance stay?",
        (DX, "dx = g * inv_std * (dout - mean_dout)"),
    ),
    function(
        "gamma missing in dx",
        "How does doubling gamma change the output, and so its gradient?",
        (DX, "dx = inv_std * (dout - mean_dout - x_hat * mean_product)"),
    ),
    function(
        "sums in place of means in dx",
        "Count how many numbers share the mean.",
        ("dout.mean(axes, keepdim=True)", "dout.sum(axes, keepdim=True)"),
        (
            "(dout * x_hat).mean(axes, keepdim=True)",
            "(dout * x_hat).sum(axes, keepdim=True)",
        ),
    ),
    function(
        "dgamma without x_hat",
        "What is the output's derivative by gamma?",
        ("dgamma = (dout * x_hat).sum(axes)", "dgamma = dout.sum(axes)"),
    ),
    function(
        "no gradient for beta",
        "A backward returns one gradient for each argument of the forward.",
        ("return (*grads, None)", "return (*grads[:2], None, None)"),
    ),
    function(
        "dgamma and dbeta swapped",
        "In which order did the forward get gamma and beta?",
        ("found = (dx, dgamma, dbeta)", "found = (dx, dbeta, dgamma)"),
    ),
    function(
        "no backward of its own",
        "Where does autograd find your backward? Look at the result's grad_fn.",
        (
            "return BatchNormFunction.apply(x, gamma, beta, eps)",
            "axes = [a for a in range(x.ndim) if a != 1]\n"
            "    centred = x - x.mean(axes, keepdim=True)\n"
            "    std = ((centred**2).mean(axes, keepdim=True) + eps) ** 0.5\n"
            "    shape = [1, -1] + [1] * (x.ndim - 2)\n"
            "    return centred / std * gamma.reshape(shape) + beta.reshape(shape)",
        ),
    ),
    module(
        "momentum as its complement",
        "With a momentum of 0.1, how much of a new batch is in the running mean?",
        ("lerp_(mean, self.momentum)", "lerp_(mean, 1 - self.momentum)"),
        ("(n - 1), self.momentum)", "(n - 1), 1 - self.momentum)"),
    ),
    module(
        "biased running variance",
        "Which of the two variances goes into running_var? See the table.",
        ("var * n / (n - 1)", "var"),
    ),
    module(
        "unbiased variance where it normalizes",
        "Which of the two variances normalizes? See the table.",
        (
            "x_hat = (x",
            "var = var * n / (n - 1) if self.training else var\n        x_hat = (x",
        ),
        ("std = torch.sqrt(var + self.eps)\n", ""),
        ("/ std.reshape(shape)", "/ torch.sqrt(var + self.eps).reshape(shape)"),
    ),
    module(
        "n counts the batch alone",
        "How many numbers of an image share a mean?",
        ("n = x.numel() / x.shape[1]", "n = x.shape[0]"),
    ),
    module(
        "running variance starts at zero",
        "What does eval mode divide by before the first batch?",
        ('"running_var", torch.ones', '"running_var", torch.zeros'),
    ),
    module(
        "batch statistics in eval mode",
        "What does module.eval() change in your forward?",
        ("if self.training:", "if True:"),
    ),
    module(
        "running statistics in train mode",
        "With which mean does train mode normalize?",
        ("            mean = x.mean(axes)\n", "            batch = x.mean(axes)\n"),
        ("x - mean.reshape(shape)).square()", "x - batch.reshape(shape)).square()"),
        ("running_mean.lerp_(mean,", "running_mean.lerp_(batch,"),
    ),
    module(
        "statistics that do not move with the module",
        "Call module.to(torch.float64). What are its running statistics now?",
        (
            'self.register_buffer("running_mean", torch.zeros(num_features))',
            "self.running_mean = torch.zeros(num_features)",
        ),
        (
            'self.register_buffer("running_var", torch.ones(num_features))',
            "self.running_var = torch.ones(num_features)",
        ),
    ),
    module(
        "eps outside the root",
        "Set eps to 0.3 and look which of the two forms the formula has.",
        ("torch.sqrt(var + self.eps)", "torch.sqrt(var) + self.eps"),
    ),
    module(
        "no running statistics kept",
        "What does eval mode normalize with after two batches?",
        ("self.running_mean.lerp_(mean,", "mean.lerp(mean,"),
        ("self.running_var.lerp_(var *", "var.lerp(var *"),
    ),
    Mistake(
        "torch_running_statistics",
        "momentum as it was",
        "Which statistics does 0.9 weigh here, and which there?",
        (("return 1 - momentum,", "return momentum,"),),
    ),
    Mistake(
        "torch_running_statistics",
        "the variance turned the wrong way",
        "Which of the two variances is larger?",
        (("running_var * n / (n - 1)", "running_var * (n - 1) / n"),),
    ),
    Mistake(
        "torch_running_statistics",
        "variance as it was",
        "What does each of the two divide by?",
        (("running_var * n / (n - 1)", "running_var"),),
    ),
    Mistake(
        "torch_fold_batchnorm",
        "factor on the inputs",
        "Which axis of a PyTorch weight counts outputs?",
        (("[-1] + [1] * (weight.ndim - 1)", "[1] * (weight.ndim - 1) + [-1]"),),
    ),
    Mistake(
        "torch_fold_batchnorm",
        "eps outside the root",
        "Set eps to 0.3 and look which of the two forms the formula has.",
        (("torch.sqrt(var + eps)", "(torch.sqrt(var) + eps)"),),
    ),
    Mistake(
        "torch_fold_batchnorm",
        "bias not scaled",
        "Send x = 0 through both layers.",
        (("(bias - mean) * factor + beta", "bias - mean * factor + beta"),),
    ),
    Mistake(
        "torch_fold_batchnorm",
        "mean forgotten",
        "Send x = 0 through both layers.",
        (("(bias - mean) * factor", "bias * factor"),),
    ),
    Mistake(
        "torch_fold_batchnorm",
        "beta forgotten",
        "Send x = 0 through both layers.",
        ((" * factor + beta", " * factor"),),
    ),
]
