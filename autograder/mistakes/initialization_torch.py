"""Wrong initializations on tensors: fans and random weights."""

from __future__ import annotations

from autograder.mistakes import Mistake, in_each
from autograder.mistakes.initialization import of_the_fan

NORMAL = ("torch_xavier_normal", "torch_kaiming_normal")
UNIFORM = ("torch_xavier_uniform", "torch_kaiming_uniform")
XAVIER = ("torch_xavier_normal", "torch_xavier_uniform")
KAIMING = ("torch_kaiming_normal", "torch_kaiming_uniform")
FROM = "weight.shape, generator=generator, **like"
DRAW = f"torch.randn({FROM})"
SPREAD = f"2 * torch.rand({FROM}) - 1"
FIXED = "weight.shape, generator=torch.Generator().manual_seed(0), **like"

OF_FANS = [
    Mistake("torch_fans", name, hint, edits)
    for name, hint, edits in (
        (
            "fan-in and fan-out swapped",
            "Which axis of a PyTorch weight counts outputs?",
            (("D_out, D_in = weight", "D_in, D_out = weight"),),
        ),
        (
            "a linear layer in the layout of the NumPy notebook",
            "What is the shape of torch.nn.Linear(3, 5).weight?",
            (
                (
                    "return D_in * field",
                    "if weight.ndim == 2:\n"
                    "        return D_out, D_in\n"
                    "    return D_in * field",
                ),
            ),
        ),
        (
            "no receptive field",
            "How many numbers of one channel go into an output of a convolution?",
            (("weight[0, 0].numel()", "1"),),
        ),
        (
            "one side of the receptive field",
            "How many numbers does a filter of 3 x 5 see in one channel?",
            (("weight[0, 0].numel()", "weight.shape[-1] if weight.ndim > 2 else 1"),),
        ),
        (
            "receptive field in fan-in alone",
            "Into how many outputs of one filter does a number of the image go?",
            (("D_out * field", "D_out"),),
        ),
        (
            "number of weights as fan-in",
            "How many products are added up in one output?",
            (("return D_in * field", "return weight.numel()"),),
        ),
    )
]

OF_RANDOM = [
    # Where the numbers come from
    *in_each(
        (*NORMAL, *UNIFORM),
        "a generator of its own, with a fixed seed",
        "Call it twice for two layers of the same size. Are the layers equal?",
        (FROM, FIXED),
    ),
    *in_each(
        (*NORMAL, *UNIFORM),
        "the global generator",
        "Who can repeat your numbers, when `generator` is not what they come from?",
        (FROM, "weight.shape, **like"),
    ),
    *in_each(
        (*NORMAL, *UNIFORM),
        "float32, whatever the weight is",
        "What is the dtype of torch.randn, if nothing is said? And of the weight?",
        ("weight.dtype", "torch.float32"),
    ),
    *in_each(
        NORMAL,
        "the weight that was given is filled",
        "Is what you return a new tensor?",
        (
            "return (std * numbers).to(weight.device)",
            "return weight.copy_(std * numbers)",
        ),
    ),
    *in_each(
        UNIFORM,
        "the weight that was given is filled",
        "Is what you return a new tensor?",
        (
            "return (bound * numbers).to(weight.device)",
            "return weight.copy_(bound * numbers)",
        ),
    ),
    *in_each(
        NORMAL,
        "one row for all outputs",
        "How many different numbers does your tensor hold?",
        (
            DRAW,
            "torch.randn(weight.shape[1:], generator=generator, **like)"
            ".expand(weight.shape)",
        ),
    ),
    *in_each(
        NORMAL,
        "the shape turned round",
        "Which axis of a PyTorch weight counts outputs?",
        (DRAW, DRAW.replace("weight.shape", "weight.shape[::-1]")),
    ),
    # Which law they follow
    *in_each(
        NORMAL,
        "uniform in place of normal",
        "Draw a histogram of your weights. Which shape must it have?",
        (DRAW, f"3**0.5 * ({SPREAD})"),
    ),
    *in_each(
        UNIFORM,
        "normal in place of uniform",
        "What is the largest weight that may occur, and what is yours?",
        (SPREAD, f"{DRAW} / 3**0.5"),
    ),
    *in_each(
        UNIFORM,
        "positive weights alone",
        "What is the mean of your weights?",
        (SPREAD, f"torch.rand({FROM})"),
    ),
    # How large they are
    *in_each(
        NORMAL,
        "variance in place of standard deviation",
        "What is the variance of c times a standard normal number?",
        ("std * numbers", "std**2 * numbers"),
    ),
    *in_each(
        UNIFORM,
        "bound without the root",
        "Which power of the fan is a bound, and which is a variance?",
        ("bound * numbers", "bound**2 * numbers"),
    ),
    Mistake(
        "torch_xavier_uniform",
        "bound without the root of 3",
        "Integrate w^2 over [-a, a] and divide by 2a. What is the variance?",
        (("(3 / count)", "(1 / count)"),),
    ),
    Mistake(
        "torch_kaiming_uniform",
        "bound without the root of 3",
        "Integrate w^2 over [-a, a] and divide by 2a. What is the variance?",
        (("(6 /", "(2 /"),),
    ),
    Mistake(
        "torch_kaiming_uniform",
        "gain missing",
        "What share of E[x^2] is left after a ReLU?",
        (("(6 /", "(3 /"),),
    ),
    Mistake(
        "torch_kaiming_normal",
        "gain missing",
        "What share of E[x^2] is left after a ReLU?",
        (("(2 /", "(1 /"),),
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
        "How many products are added up in one output?",
        ('fan_in if fan == "in"', 'fan_out if fan == "in"'),
    ),
    *in_each(
        XAVIER,
        "Kaiming's factor of 2",
        "Which nonlinearity loses half of E[x^2]? Does Xavier assume one?",
        ("(fan_in + fan_out) / 2", "(fan_in + fan_out) / 4"),
        ("count = fan_in if", "count = fan_in / 2 if"),
    ),
    *in_each(
        KAIMING,
        "fan-in and fan-out swapped",
        "How many products are added up in one output?",
        ('fan_in if fan == "in" else fan_out', 'fan_out if fan == "in" else fan_in'),
    ),
    *of_the_fan(KAIMING),
]

MISTAKES = [*OF_FANS, *OF_RANDOM]
