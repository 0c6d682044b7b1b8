"""Wrong solutions of GELU and SiLU."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.activations import (
    DOUBLE_DOUT,
    IN_PLACE,
    LEFT_HINT,
    PLACE_HINT,
    RIGHT_HINT,
    TWICE,
)

_gelu = partial(Mistake, "gelu_forward")
_gelu_back = partial(Mistake, "gelu_backward")
_silu = partial(Mistake, "silu_forward")
_silu_back = partial(Mistake, "silu_backward")

_BELOW = "below = 0.5 * (1 + erf(x / math.sqrt(2)))  # Phi(x)"
_GELU = "out = x * below"
_PHI = "Phi is a probability. What is it far to the left, at 0, and far to the right?"
_EXACT = "Compare your function with x Phi(x) at x = 2. How many digits agree?"
_CURVE = "What does your function give at 3, and what at -3?"
_ARGUMENT = "What stands inside of erf in the formula? Compare at x = 1."

_TANH = (
    "inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)\n"
    "    below = 0.5 * (1 + np.tanh(inner))"
)

GELU_FORWARD = (
    _gelu("the formula with tanh", _EXACT, ((_BELOW, _TANH),)),
    _gelu(
        "the formula with a sigmoid",
        _EXACT,
        ((_BELOW, "below = sigmoid_forward(1.702 * x)[0]"),),
    ),
    _gelu(
        "the root of 2 is forgotten",
        _ARGUMENT,
        ((_BELOW, "below = 0.5 * (1 + erf(x))"),),
    ),
    _gelu(
        "multiplied by the root of 2",
        _ARGUMENT,
        ((_BELOW, "below = 0.5 * (1 + erf(x * math.sqrt(2)))"),),
    ),
    _gelu(
        "divided by 2 in place of its root",
        _ARGUMENT,
        ((_BELOW, "below = 0.5 * (1 + erf(x / 2))"),),
    ),
    _gelu(
        "the half is forgotten", _PHI, ((_BELOW, "below = 1 + erf(x / math.sqrt(2))"),)
    ),
    _gelu(
        "the 1 is forgotten", _PHI, ((_BELOW, "below = 0.5 * erf(x / math.sqrt(2))"),)
    ),
    _gelu("erf alone", _PHI, ((_BELOW, "below = erf(x / math.sqrt(2))"),)),
    _gelu(
        "1 plus half of erf",
        _PHI,
        ((_BELOW, "below = 1 + 0.5 * erf(x / math.sqrt(2))"),),
    ),
    _gelu(
        "the other tail", _PHI, ((_BELOW, "below = 0.5 * (1 - erf(x / math.sqrt(2)))"),)
    ),
    _gelu("x forgotten", _CURVE, ((_GELU, "out = below"),)),
    _gelu(
        "SiLU in place of GELU", _EXACT, ((_BELOW, "below = sigmoid_forward(x)[0]"),)
    ),
    _gelu("ReLU in place of GELU", _CURVE, ((_GELU, "out = np.maximum(0, x)"),)),
    _gelu(
        "x is changed in place",
        IN_PLACE,
        ((_GELU, "x *= below\n    out = x"),),
        caught_by="inputs",
    ),
)

_DENSITY = "density = np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)"
_DGELU = "dx = dout * (below + x * density)"
_PRODUCT = "How many terms has the derivative of a product?"
_HEIGHT = "How high is the normal density at 0, and how high is yours?"

GELU_BACKWARD = (
    _gelu_back(
        "the term with the density is forgotten",
        _PRODUCT,
        ((_DGELU, "dx = dout * below"),),
    ),
    _gelu_back(
        "the term with Phi is forgotten",
        _PRODUCT,
        ((_DGELU, "dx = dout * x * density"),),
    ),
    _gelu_back(
        "the density without x", _PRODUCT, ((_DGELU, "dx = dout * (below + density)"),)
    ),
    _gelu_back(
        "minus in place of plus",
        _PRODUCT,
        ((_DGELU, "dx = dout * (below - x * density)"),),
    ),
    _gelu_back(
        "dout reaches one term alone",
        DOUBLE_DOUT,
        ((_DGELU, "dx = dout * below + x * density"),),
    ),
    _gelu_back(
        "the density without its constant",
        _HEIGHT,
        ((_DENSITY, "density = np.exp(-0.5 * x**2)"),),
    ),
    _gelu_back(
        "the 2 under the root is forgotten",
        _HEIGHT,
        ((_DENSITY, _DENSITY.replace("2 * math.pi", "math.pi")),),
    ),
    _gelu_back(
        "pi outside of the root",
        _HEIGHT,
        ((_DENSITY, "density = np.exp(-0.5 * x**2) / (math.sqrt(2) * math.pi)"),),
    ),
    _gelu_back(
        "the half in the exponent is forgotten",
        "Which variance has the normal distribution whose density you took?",
        ((_DENSITY, _DENSITY.replace("-0.5 * x**2", "-(x**2)")),),
    ),
    _gelu_back(
        "the exponent is positive",
        "Does the density fall to both sides?",
        ((_DENSITY, _DENSITY.replace("-0.5", "0.5")),),
    ),
    _gelu_back(
        "derivative taken at the output",
        PLACE_HINT,
        (
            (
                _DENSITY,
                "x = x * below\n"
                "    below = 0.5 * (1 + erf(x / math.sqrt(2)))\n"
                f"    {_DENSITY}",
            ),
        ),
    ),
    _gelu_back(
        "the derivative of the formula with tanh",
        "Which function did your forward compute? Differentiate that one.",
        (
            (
                _DGELU,
                "root = math.sqrt(2 / math.pi)\n"
                "    t = np.tanh(root * (x + 0.044715 * x**3))\n"
                "    inner = root * (1 + 3 * 0.044715 * x**2)\n"
                "    dx = dout * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * inner)",
            ),
        ),
    ),
    _gelu_back("dout forgotten", DOUBLE_DOUT, ((_DGELU, "dx = below + x * density"),)),
    _gelu_back(
        "writes into dout",
        IN_PLACE,
        ((_DGELU, "dout *= below + x * density\n    dx = dout"),),
        caught_by="inputs",
    ),
)

_S = "s, _ = sigmoid_forward(x)"
_SILU = "out = x * s"

SILU_FORWARD = (
    _silu(
        "1 / (1 + exp(-x)) as it stands", LEFT_HINT, ((_S, "s = 1 / (1 + np.exp(-x))"),)
    ),
    _silu(
        "exp(x) / (1 + exp(x))", RIGHT_HINT, ((_S, "s = np.exp(x) / (1 + np.exp(x))"),)
    ),
    _silu("x forgotten", _CURVE, ((_SILU, "out = s"),)),
    _silu("x plus its sigmoid", _CURVE, ((_SILU, "out = x + s"),)),
    _silu("the sigmoid of -x", _CURVE, ((_S, "s, _ = sigmoid_forward(-x)"),)),
    _silu("tanh in place of the sigmoid", _CURVE, ((_S, "s = np.tanh(x)"),)),
    _silu("tanh of x in the sigmoid", _CURVE, ((_S, "s = 0.5 * (1 + np.tanh(x))"),)),
    _silu(
        "the sigmoid of 1.702 x", _CURVE, ((_S, "s, _ = sigmoid_forward(1.702 * x)"),)
    ),
    _silu("made of straight lines", _CURVE, ((_S, "s = np.clip(x / 6 + 0.5, 0, 1)"),)),
    _silu(
        "GELU in place of SiLU",
        _CURVE,
        ((_S, "s = 0.5 * (1 + erf(x / math.sqrt(2)))"),),
    ),
    _silu("the sigmoid of x squared", _CURVE, ((_SILU, "out = x * s * s"),)),
    _silu(
        "x is changed in place",
        IN_PLACE,
        ((_SILU, "x *= s\n    out = x"),),
        caught_by="inputs",
    ),
)

_DSILU = "dx = dout * s * (1 + x * (1 - s))"

SILU_BACKWARD = (
    _silu_back("the sigmoid alone", _PRODUCT, ((_DSILU, "dx = dout * s"),)),
    _silu_back(
        "x times the sigmoid's slope alone",
        _PRODUCT,
        ((_DSILU, "dx = dout * x * s * (1 - s)"),),
    ),
    _silu_back(
        "the sigmoid's slope without x",
        _PRODUCT,
        ((_DSILU, "dx = dout * s * (1 + (1 - s))"),),
    ),
    _silu_back(
        "the slope of the sigmoid", _PRODUCT, ((_DSILU, "dx = dout * s * (1 - s)"),)
    ),
    _silu_back(
        "minus in place of plus",
        _PRODUCT,
        ((_DSILU, "dx = dout * s * (1 - x * (1 - s))"),),
    ),
    _silu_back(
        "1 + s in the bracket",
        "What is the derivative of the sigmoid?",
        ((_DSILU, "dx = dout * s * (1 + x * (1 + s))"),),
    ),
    _silu_back(
        "the bracket ends too early",
        "Which factors belong to which term of the product rule?",
        ((_DSILU, "dx = dout * (s + x * (1 - s))"),),
    ),
    _silu_back(
        "derivative taken at the output",
        PLACE_HINT,
        ((_DSILU, f"x = x * s\n    s, _ = sigmoid_forward(x)\n    {_DSILU}"),),
    ),
    _silu_back(
        "the output in place of x", PLACE_HINT, ((_DSILU, f"x = x * s\n    {_DSILU}"),)
    ),
    _silu_back(
        "a quotient of exponentials",
        LEFT_HINT,
        (
            (
                _DSILU,
                "z = np.exp(-x)\n    dx = dout * (1 + z + x * z) / (1 + z) ** 2",
            ),
        ),
    ),
    _silu_back(
        "dout forgotten", DOUBLE_DOUT, ((_DSILU, "dx = s * (1 + x * (1 - s))"),)
    ),
    _silu_back(
        "writes into dout",
        IN_PLACE,
        ((_DSILU, "dout *= s * (1 + x * (1 - s))\n    dx = dout"),),
        caught_by="inputs",
    ),
    _silu_back(
        "writes into the cache",
        TWICE,
        ((_DSILU, "s *= 1 + x * (1 - s)\n    dx = dout * s"),),
    ),
)

MISTAKES = (*GELU_FORWARD, *GELU_BACKWARD, *SILU_FORWARD, *SILU_BACKWARD)
