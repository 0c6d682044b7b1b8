"""Wrong initializations: of the weights themselves."""

from __future__ import annotations

from autograder.mistakes import Mistake, in_each

NORMAL = ("xavier_normal", "kaiming_normal")
UNIFORM = ("xavier_uniform", "kaiming_uniform")
XAVIER = ("xavier_normal", "xavier_uniform")
KAIMING = ("kaiming_normal", "kaiming_uniform")
DRAW = "rng.standard_normal(shape)"
SPREAD = "rng.uniform(-bound, bound, shape)"


def of_the_fan(exercises: tuple[str, ...]) -> list[Mistake]:
    """What goes wrong with Kaiming's fan and slope, in NumPy or PyTorch."""
    return [
        *in_each(
            exercises,
            "fan-in always",
            "Which of the arguments does your function not use?",
            ('fan_in if fan == "in" else fan_out', "fan_in"),
        ),
        *in_each(
            exercises,
            "average of the fans",
            "Whose paper averages them? Which fan does this one take?",
            ('fan_in if fan == "in" else fan_out', "(fan_in + fan_out) / 2"),
        ),
        *in_each(
            exercises,
            "slope ignored",
            "How much of E[x^2] does a leaky ReLU with slope 1 take away?",
            (" / (1 + slope**2)", ""),
        ),
        *in_each(
            exercises,
            "slope not squared",
            "What does a slope s do to a square?",
            ("slope**2", "slope"),
        ),
    ]


MISTAKES = [
    # Where the numbers come from
    *in_each(
        (*NORMAL, "small_random_init"),
        "a generator of its own, with a fixed seed",
        "Call it twice for two layers of the same size. Are the layers equal?",
        (DRAW, "np.random.default_rng(0).standard_normal(shape)"),
    ),
    *in_each(
        UNIFORM,
        "a generator of its own, with a fixed seed",
        "Call it twice for two layers of the same size. Are the layers equal?",
        (SPREAD, "np.random.default_rng(0).uniform(-bound, bound, shape)"),
    ),
    *in_each(
        (*NORMAL, "small_random_init"),
        "the global generator in place of rng",
        "Who can repeat your numbers, when `rng` is not what they come from?",
        (DRAW, "np.random.randn(*shape)"),
    ),
    *in_each(
        UNIFORM,
        "the global generator in place of rng",
        "Who can repeat your numbers, when `rng` is not what they come from?",
        (SPREAD, "np.random.uniform(-bound, bound, shape)"),
    ),
    *in_each(
        (*NORMAL, "small_random_init"),
        "uniform in place of normal",
        "Draw a histogram of your weights. Which shape must it have?",
        (DRAW, "np.sqrt(3) * rng.uniform(-1, 1, shape)"),
    ),
    *in_each(
        UNIFORM,
        "normal in place of uniform",
        "What is the largest weight that may occur, and what is yours?",
        (SPREAD, "bound / np.sqrt(3) * rng.standard_normal(shape)"),
    ),
    *in_each(
        UNIFORM,
        "positive weights alone",
        "What is the mean of your weights?",
        (SPREAD, "rng.uniform(0, bound, shape)"),
    ),
    *in_each(
        (*NORMAL, "small_random_init"),
        "one row for all inputs",
        "How many different numbers does your array hold?",
        (DRAW, "np.broadcast_to(rng.standard_normal(shape[1:]), shape)"),
    ),
    *in_each(
        (*NORMAL, "small_random_init"),
        "the shape turned round",
        "Which axis of W does x.dot(W) sum over?",
        (DRAW, "rng.standard_normal(shape[::-1])"),
    ),
    # How large they are
    *in_each(
        NORMAL,
        "variance in place of standard deviation",
        "What is the variance of c times a standard normal number?",
        ("std * rng", "std**2 * rng"),
    ),
    Mistake(
        "xavier_uniform",
        "bound without the root of 3",
        "Integrate w^2 over [-a, a] and divide by 2a. What is the variance?",
        (("np.sqrt(3 / count)", "np.sqrt(1 / count)"),),
    ),
    Mistake(
        "kaiming_uniform",
        "bound without the root of 3",
        "Integrate w^2 over [-a, a] and divide by 2a. What is the variance?",
        (("np.sqrt(6 /", "np.sqrt(2 /"),),
    ),
    Mistake(
        "xavier_uniform",
        "bound without the root",
        "Which power of the fan is a bound, and which is a variance?",
        (("np.sqrt(3 / count)", "3 / count"),),
    ),
    Mistake(
        "kaiming_uniform",
        "bound without the root",
        "Which power of the fan is a bound, and which is a variance?",
        (("np.sqrt(6 / (1 + slope**2) / count)", "6 / (1 + slope**2) / count"),),
    ),
    Mistake(
        "small_random_init",
        "std taken for a variance",
        "What is the standard deviation of c times a standard normal number?",
        (("std * rng", "np.sqrt(std) * rng"),),
    ),
    Mistake(
        "small_random_init",
        "0.01, whatever std is",
        "Which of the arguments does your function not use?",
        (("std * rng", "0.01 * rng"),),
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
        "How many products are added up in one output of x.dot(W)?",
        ('fan_in if fan == "in"', 'fan_out if fan == "in"'),
    ),
    *in_each(
        XAVIER,
        "Kaiming's factor of 2",
        "Which nonlinearity loses half of the variance? Does Xavier assume one?",
        ("(fan_in + fan_out) / 2", "(fan_in + fan_out) / 4"),
        ("count = fan_in if", "count = fan_in / 2 if"),
    ),
    *in_each(
        KAIMING,
        "fan-in and fan-out swapped",
        "How many products are added up in one output of x.dot(W)?",
        ('fan_in if fan == "in" else fan_out', 'fan_out if fan == "in" else fan_in'),
    ),
    *of_the_fan(KAIMING),
    Mistake(
        "kaiming_normal",
        "gain missing",
        "What share of E[x^2] is left after a ReLU?",
        (("np.sqrt(2 /", "np.sqrt(1 /"),),
    ),
    Mistake(
        "kaiming_uniform",
        "gain missing",
        "What share of E[x^2] is left after a ReLU?",
        (("np.sqrt(6 /", "np.sqrt(3 /"),),
    ),
    Mistake(
        "kaiming_normal",
        "gain of 2 on the standard deviation",
        "Is the factor of 2 one of the variance or of the standard deviation?",
        (("np.sqrt(2 /", "np.sqrt(4 /"),),
    ),
]
