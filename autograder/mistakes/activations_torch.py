"""Wrong activations on tensors: what all of them share, and the rectified ones."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

Edit = tuple[str, str]

NAN = "What is 0 times infinity, and where do you compute that?"
CHAIN = "How does doubling dout change the gradient?"
IN_PLACE = "Does your line make a new tensor? Others still need the old one."
DEFAULT = "Which default has PyTorch? See the table."


def mistake(
    exercise: str, name: str, hint: str, *edits: Edit, caught_by: str = "values"
) -> Mistake:
    return Mistake(exercise, name, hint, edits, caught_by)


def about_autograd(
    exercise: str, function: str, plain: str, arguments: str = "x"
) -> tuple[Mistake, ...]:
    """Wrong ways to call ``function``; ``plain`` is its formula for autograd."""
    call = f"return {function}.apply({arguments})"
    rest = arguments.removeprefix("x")
    return (
        mistake(
            exercise,
            "no backward of its own",
            "Where does autograd find your backward? Look at the result's grad_fn.",
            (call, f"return {plain}"),
        ),
        mistake(
            exercise,
            "detached",
            "What does detach() take away from a tensor?",
            (call, f"return {function}.apply(x.detach(){rest})"),
        ),
        mistake(
            exercise,
            "made on the CPU",
            "On which device is your new tensor, and on which is x?",
            (call, f"zeros = torch.zeros(x.shape, dtype=x.dtype)\n    {call}"),
            (f"apply(x{rest})", f"apply(x + zeros{rest})"),
        ),
    )


def about_precision(exercise: str) -> tuple[Mistake, ...]:
    """Wrong dtypes of a function that computes with ``wide``.

    One rounding to 16 bits more is no mistake; where it costs digits, see
    :func:`in_sixteen_bits`.
    """
    return (
        mistake(
            exercise,
            "result always in float32",
            "What dtype does the layer after this one expect?",
            ("return out.to(x.dtype)", "return out.float()"),
        ),
        mistake(
            exercise,
            "float64 computed in float32",
            "float64 has 16 digits. How many are left on the way?",
            ("wide(x)", "x.float()"),
        ),
    )


def in_sixteen_bits(exercise: str) -> Mistake:
    return mistake(
        exercise,
        "computed in 16 bits",
        "How many digits has bfloat16? Count them after each operation.",
        ("wide(x)", "x"),
    )


_sigmoid = partial(mistake, "torch_sigmoid")
_relu = partial(mistake, "torch_relu")
_leaky = partial(mistake, "torch_leaky_relu")

_S_DX = "return dout * out * (1 - out)"
_S_OUT = "out = torch.where(x >= 0, 1, z) / (1 + z)"
_S_KEEP = "ctx.save_for_backward(out)"

SIGMOID = (
    *about_autograd("torch_sigmoid", "Sigmoid", "1 / (1 + torch.exp(-x))"),
    *about_precision("torch_sigmoid"),
    _sigmoid(
        "overflow on the right",
        "What is exp(1000), and what is it divided by itself?",
        ("torch.exp(-wide(x).abs())", "torch.exp(wide(x))"),
        (_S_OUT, "out = z / (1 + z)"),
    ),
    _sigmoid(
        "mirrored",
        "What is sigmoid(5) nearer to, 0 or 1?",
        ("torch.where(x >= 0", "torch.where(x < 0"),
    ),
    _sigmoid(
        "derivative taken at the output",
        "Is what you kept x, or already sigmoid(x)?",
        (_S_DX, f"out = 1 / (1 + torch.exp(-out))\n        {_S_DX}"),
    ),
    _sigmoid(
        "x taken for the output",
        "Which of the two does your formula need, x or sigmoid(x)?",
        (_S_KEEP, "ctx.save_for_backward(wide(x))"),
    ),
    _sigmoid(
        "rounded to 16 bits before 1 - out",
        "Near 1, how far apart are two bfloat16 numbers? Then take 1 - out.",
        (_S_KEEP, "ctx.save_for_backward(out.to(x.dtype))"),
    ),
    _sigmoid(
        "derivative of tanh",
        "Set x = 0. What is the slope of the sigmoid there?",
        (_S_DX, "return dout * (1 - out**2)"),
    ),
    _sigmoid(
        "one factor alone",
        "Which factors has the derivative?",
        (_S_DX, "return dout * (1 - out)"),
    ),
    _sigmoid("dout forgotten", CHAIN, (_S_DX, "return out * (1 - out)")),
)

_R_OUT = "return x.clamp(min=0)"
_R_KEEP = "ctx.save_for_backward(x > 0)"
_R_DX = "return torch.where(positive, dout, 0)"

RELU = (
    *about_autograd("torch_relu", "Relu", "x.clamp(min=0)"),
    _relu(
        "gradient 1 at 0",
        "Which of the two slopes holds at the kink?",
        (_R_KEEP, "ctx.save_for_backward(x >= 0)"),
    ),
    _relu(
        "gradient 1/2 at 0",
        "Which of the two slopes holds at the kink?",
        (_R_KEEP, "ctx.save_for_backward(x)"),
        ("(positive,) = ", "(x,) = "),
        (_R_DX, "return dout * (torch.sign(x) + 1) / 2"),
    ),
    _relu("x * (x > 0)", NAN, (_R_OUT, "return x * (x > 0)")),
    _relu(
        "gradient by the sign of dout",
        "Whose sign opens the gate?",
        (_R_DX, "return torch.where(dout > 0, dout, 0)"),
    ),
    _relu(
        "gradient everywhere",
        "Which elements does the forward stop?",
        (_R_DX, "return dout.clone()"),
    ),
    _relu("dout forgotten", CHAIN, (_R_DX, "return positive.to(dout.dtype)")),
    _relu(
        "absolute value",
        "What becomes of a negative number?",
        (_R_OUT, "return x.abs()"),
    ),
    _relu(
        "capped at 6",
        "Which function has an upper end, and which has none?",
        (_R_OUT, "return x.clamp(0, 6)"),
    ),
    _relu(
        "result always in float32",
        "What dtype does the layer after this one expect?",
        (_R_OUT, "return x.clamp(min=0).float()"),
    ),
    _relu(
        "x is changed in place",
        IN_PLACE,
        (_R_OUT, "x.clamp_(min=0)\n        return x.clone()"),
        caught_by="changed",
    ),
    _relu(
        "writes into dout",
        IN_PLACE,
        (_R_DX, "dout[~positive] = 0\n        return dout"),
        caught_by="changed",
    ),
)

_L_OUT = "return torch.where(x > 0, x, slope * x)"
_L_DX = "return torch.where(x > 0, dout, ctx.slope * dout), None"

LEAKY = (
    *about_autograd("torch_leaky_relu", "LeakyRelu", _L_OUT[7:], "x, slope"),
    _leaky(
        "gradient 1 at 0",
        "Which of the two slopes holds at the kink?",
        (_L_DX, _L_DX.replace("x > 0", "x >= 0")),
    ),
    _leaky(
        "ReLU",
        "What does a leaky unit let through on the left?",
        (_L_OUT, "return x.clamp(min=0)"),
        (_L_DX, "return torch.where(x > 0, dout, 0), None"),
    ),
    _leaky(
        "gradient of ReLU",
        "What is the slope on the left?",
        (_L_DX, "return torch.where(x > 0, dout, 0), None"),
    ),
    _leaky(
        "slope on the other side",
        "On which side does it leak?",
        (_L_OUT, "return torch.where(x < 0, x, slope * x)"),
        (_L_DX, "return torch.where(x < 0, dout, ctx.slope * dout), None"),
    ),
    _leaky(
        "slope of the left side everywhere",
        "What is the slope on the right?",
        (_L_DX, "return ctx.slope * dout, None"),
    ),
    _leaky(
        "slope ignored",
        "Is your slope the one that was given?",
        ("LeakyRelu.apply(x, slope)", "LeakyRelu.apply(x, 0.01)"),
    ),
    _leaky("default 0.1", DEFAULT, ("slope=0.01", "slope=0.1")),
    _leaky(
        "slope with the wrong sign",
        "Send x = -1 through it. What comes out?",
        (_L_OUT, "return torch.where(x > 0, x, -slope * x)"),
        (_L_DX, "return torch.where(x > 0, dout, -ctx.slope * dout), None"),
    ),
    _leaky(
        "mask times infinity",
        NAN,
        (_L_OUT, "return x * (x > 0) + slope * x * (x <= 0)"),
    ),
    _leaky(
        "one gradient for two arguments",
        "A backward returns something for each argument of the forward.",
        (_L_DX, _L_DX.removesuffix(", None")),
    ),
    _leaky(
        "dout forgotten",
        CHAIN,
        (_L_DX, "return torch.where(x > 0, 1, ctx.slope), None"),
    ),
    _leaky(
        "result always in float32",
        "What dtype does the layer after this one expect?",
        (_L_OUT, f"{_L_OUT}.float()"),
    ),
    _leaky(
        "x is changed in place",
        IN_PLACE,
        ("ctx.save_for_backward(x)", "ctx.save_for_backward(x.clone())"),
        (_L_OUT, "x[x <= 0] *= slope\n        return x.clone()"),
        caught_by="changed",
    ),
)

MISTAKES = (*SIGMOID, *RELU, *LEAKY)
