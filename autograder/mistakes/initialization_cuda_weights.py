"""Wrong sizes of weights on the kernel path."""

from __future__ import annotations

from autograder.mistakes import in_each

UNIFORM = ("cuda_xavier_uniform", "cuda_kaiming_uniform")
NORMAL = ("cuda_xavier_normal", "cuda_kaiming_normal")
XAVIER = ("cuda_xavier_uniform", "cuda_xavier_normal")
KAIMING = ("cuda_kaiming_uniform", "cuda_kaiming_normal")
ALL = (*XAVIER, *KAIMING)
BY_UNIFORM = "return cuda_uniform(weight, -bound, bound, seed)"
BY_NORMAL = "return cuda_normal(weight, std, seed)"
GAIN = "gain = (2 / (1 + slope**2)) ** 0.5"

MISTAKES = [
    *in_each(
        UNIFORM,
        "one seed for all layers",
        "Initialize two layers of the same size. Are they equal?",
        (BY_UNIFORM, BY_UNIFORM.replace("seed", "0")),
    ),
    *in_each(
        NORMAL,
        "one seed for all layers",
        "Initialize two layers of the same size. Are they equal?",
        (BY_NORMAL, BY_NORMAL.replace("seed", "0")),
    ),
    *in_each(
        UNIFORM,
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (
            BY_UNIFORM,
            "generator = torch.Generator(weight.device).manual_seed(seed)\n"
            "    out = torch.empty_like(weight)\n"
            "    return out.uniform_(-bound, bound, generator=generator)",
        ),
        caught_by="launch",
    ),
    *in_each(
        NORMAL,
        "torch in place of a kernel",
        "The values are right. Who computed them?",
        (
            BY_NORMAL,
            "generator = torch.Generator(weight.device).manual_seed(seed)\n"
            "    out = torch.empty_like(weight)\n"
            "    return out.normal_(0, std, generator=generator)",
        ),
        caught_by="launch",
    ),
    *in_each(
        UNIFORM,
        "normal in place of uniform",
        "What is the largest weight that may occur, and what is yours?",
        (BY_UNIFORM, "return cuda_normal(weight, bound / 3**0.5, seed)"),
    ),
    *in_each(
        NORMAL,
        "uniform in place of normal",
        "Draw a histogram of your weights. Which shape must it have?",
        (BY_NORMAL, "return cuda_uniform(weight, -(3**0.5) * std, 3**0.5 * std, seed)"),
    ),
    *in_each(
        UNIFORM,
        "positive weights alone",
        "What is the mean of your weights?",
        (BY_UNIFORM, BY_UNIFORM.replace("-bound", "0.0")),
    ),
    *in_each(
        UNIFORM,
        "standard deviation taken for the bound",
        "Integrate w^2 over [-a, a] and divide by 2a. What is the variance?",
        ("(3 / count)", "(1 / count)"),
    ),
    *in_each(
        UNIFORM,
        "bound without the root",
        "Which power of the fan is a bound, and which is a variance?",
        ("(3 / count) ** 0.5", "(3 / count)"),
    ),
    *in_each(
        NORMAL,
        "variance in place of standard deviation",
        "What is the variance of c times a standard normal number?",
        (BY_NORMAL, "return cuda_normal(weight, std**2, seed)"),
    ),
    *in_each(
        ALL,
        "no receptive field",
        "How many numbers of one channel go into an output of a convolution?",
        ("weight[0, 0].numel()", "1"),
    ),
    *in_each(
        ALL,
        "one side of the receptive field",
        "How many numbers does a filter of 3 x 5 see in one channel?",
        ("weight[0, 0].numel()", "weight.shape[-1] if weight.ndim > 2 else 1"),
    ),
    *in_each(
        XAVIER,
        "fan-in always",
        "What does `fan` say when it is not given?",
        ('fan_in if fan == "in" else (fan_in + fan_out) / 2', "fan_in"),
    ),
    *in_each(
        XAVIER,
        "average fan always",
        "Which of the arguments does your function not use?",
        (
            'fan_in if fan == "in" else (fan_in + fan_out) / 2',
            "(fan_in + fan_out) / 2",
        ),
    ),
    *in_each(
        XAVIER,
        "sum of the fans, not their average",
        "An average of two numbers lies between them.",
        ("(fan_in + fan_out) / 2", "(fan_in + fan_out)"),
    ),
    *in_each(
        XAVIER,
        "fan-out in place of fan-in",
        "Which axis of a PyTorch weight counts inputs?",
        ('fan_in if fan == "in"', 'fan_out if fan == "in"'),
    ),
    *in_each(
        KAIMING,
        "fan-in and fan-out swapped",
        "Which axis of a PyTorch weight counts inputs?",
        ('fan_in if fan == "in" else fan_out', 'fan_out if fan == "in" else fan_in'),
    ),
    *in_each(
        KAIMING,
        "fan-in always",
        "Which of the arguments does your function not use?",
        ('fan_in if fan == "in" else fan_out', "fan_in"),
    ),
    *in_each(
        KAIMING,
        "gain missing",
        "What share of E[x^2] is left after a ReLU?",
        (GAIN, "gain = 1"),
    ),
    *in_each(
        KAIMING,
        "square of the gain",
        "Is it the variance that the gain multiplies, or the standard deviation?",
        (GAIN, "gain = 2 / (1 + slope**2)"),
    ),
    *in_each(
        KAIMING,
        "slope ignored",
        "How much of E[x^2] does a leaky ReLU with slope 1 take away?",
        (GAIN, "gain = 2**0.5"),
    ),
    *in_each(
        KAIMING,
        "slope not squared",
        "What does a slope s do to a square?",
        ("slope**2", "slope"),
    ),
    *in_each(
        ALL,
        "result always in float32",
        "What dtype does `weight` have?",
        (
            "    field =",
            "    weight = torch.empty(weight.shape, device=weight.device)\n    field =",
        ),
    ),
]
