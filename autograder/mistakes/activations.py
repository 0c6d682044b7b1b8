"""Wrong solutions of sigmoid and tanh."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

LEFT_HINT = "Which number does exp see at x = -1000?"
RIGHT_HINT = "Which number does exp see at x = 1000?"
DOUBLE_DOUT = "Double dout. What should happen to dx?"
PLACE_HINT = "Which of x and f(x) is in your cache, and which does the formula need?"
IN_PLACE = "Which of the arrays you were handed does your code write into?"
TWICE = "Call your backward twice with one cache. Are both answers right?"
BRANCHES = "Which elements does each branch of np.where see?"

_sigmoid = partial(Mistake, "sigmoid_forward")
_sigmoid_back = partial(Mistake, "sigmoid_backward")
_tanh = partial(Mistake, "tanh_forward")
_tanh_back = partial(Mistake, "tanh_backward")

_Z = "z = np.exp(-np.abs(x))  # at most 1"
_SIGMOID = "np.where(x >= 0, 1, z) / (1 + z)"

SIGMOID_FORWARD = (
    _sigmoid(
        "1 / (1 + exp(-x)) as it stands",
        LEFT_HINT,
        ((_Z, "z = np.exp(-x)"), (_SIGMOID, "1 / (1 + z)")),
    ),
    _sigmoid(
        "exp(x) / (1 + exp(x))",
        RIGHT_HINT,
        ((_Z, "z = np.exp(x)"), (_SIGMOID, "z / (1 + z)")),
    ),
    _sigmoid(
        "np.where over both formulas",
        BRANCHES,
        (
            (
                _SIGMOID,
                "np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))",
            ),
        ),
    ),
    _sigmoid(
        "right for positive x alone",
        "Is your sigmoid of -1 below or above one half?",
        ((_SIGMOID, "1 / (1 + z)"),),
    ),
    _sigmoid(
        "the sign of x is lost",
        "Does your function grow with x?",
        ((_SIGMOID, "np.where(x >= 0, z, 1) / (1 + z)"),),
    ),
    _sigmoid(
        "x is clipped at 10",
        "What is the sigmoid at 1000, to ten digits, and what is yours?",
        ((_Z, "z = np.exp(-np.clip(x, -10, 10))"), (_SIGMOID, "1 / (1 + z)")),
    ),
    _sigmoid(
        "tanh of x in place of x / 2",
        "Put the formula of tanh into yours. Which exponent comes out?",
        ((_SIGMOID, "0.5 * (1 + np.tanh(x))"),),
    ),
    _sigmoid(
        "tanh, neither shifted nor scaled",
        "Which interval do the values of the sigmoid fill?",
        ((_SIGMOID, "np.tanh(x / 2)"),),
    ),
    _sigmoid(
        "minus in the denominator",
        "What does your function give at x = 0?",
        ((_SIGMOID, "np.where(x >= 0, 1, z) / (1 - z)"),),
    ),
    _sigmoid(
        "the derivative in place of the function",
        "Which of the two is asked for, and which has its largest value at 0?",
        ((_SIGMOID, "z / (1 + z)**2"),),
    ),
    _sigmoid(
        "x is changed in place",
        IN_PLACE,
        ((_Z, f"np.negative(x, out=x)\n    {_Z}"), ("x >= 0", "x <= 0")),
        caught_by="inputs",
    ),
)

_DSIGMOID = "dx = dout * out * (1 - out)"

SIGMOID_BACKWARD = (
    _sigmoid_back(
        "dout forgotten", DOUBLE_DOUT, ((_DSIGMOID, "dx = out * (1 - out)"),)
    ),
    _sigmoid_back(
        "x in place of its sigmoid",
        PLACE_HINT,
        ((_DSIGMOID, "dx = dout * x * (1 - x)"),),
    ),
    _sigmoid_back(
        "derivative taken at the output",
        PLACE_HINT,
        ((_DSIGMOID, "s = 1 / (1 + np.exp(-out))\n    dx = dout * s * (1 - s)"),),
    ),
    _sigmoid_back(
        "one factor of two",
        "What is the slope of the sigmoid far to the right?",
        ((_DSIGMOID, "dx = dout * out"),),
    ),
    _sigmoid_back(
        "plus in place of minus",
        "What is the slope of the sigmoid far to the right?",
        ((_DSIGMOID, "dx = dout * out * (1 + out)"),),
    ),
    _sigmoid_back(
        "the sign is turned around",
        "Does the sigmoid grow or fall? Which sign has its slope?",
        ((_DSIGMOID, "dx = dout * out * (out - 1)"),),
    ),
    _sigmoid_back(
        "the derivative of tanh",
        "What is the slope of the sigmoid at 0?",
        ((_DSIGMOID, "dx = dout * (1 - out**2)"),),
    ),
    _sigmoid_back(
        "a quotient of exponentials",
        LEFT_HINT,
        ((_DSIGMOID, "dx = dout * np.exp(-x) / (1 + np.exp(-x))**2"),),
    ),
    _sigmoid_back(
        "summed over the examples",
        "How many elements of x are there, and how many gradients?",
        ((_DSIGMOID, f"{_DSIGMOID}\n    dx = dx.sum(axis=0)"),),
    ),
    _sigmoid_back(
        "writes into dout",
        IN_PLACE,
        ((_DSIGMOID, "dout *= out * (1 - out)\n    dx = dout"),),
        caught_by="inputs",
    ),
    _sigmoid_back(
        "writes into the cache",
        TWICE,
        ((_DSIGMOID, "out *= 1 - out\n    dx = dout * out"),),
    ),
)

_TANH = "out = np.tanh(x)"

TANH_FORWARD = (
    _tanh(
        "the first formula as it stands",
        "Which numbers does exp see at x = -1000 and at x = 1000?",
        (
            (
                _TANH,
                "up, down = np.exp(x), np.exp(-x)\n    out = (up - down) / (up + down)",
            ),
        ),
    ),
    _tanh(
        "a quotient with exp(2 x)",
        RIGHT_HINT,
        ((_TANH, "z = np.exp(2 * x)\n    out = (z - 1) / (z + 1)"),),
    ),
    _tanh(
        "a quotient with exp(-2 x)",
        LEFT_HINT,
        ((_TANH, "z = np.exp(-2 * x)\n    out = (1 - z) / (1 + z)"),),
    ),
    _tanh(
        "the sigmoid of x in place of 2 x",
        "What is the slope of tanh at 0, and of your function?",
        ((_TANH, "out = np.tanh(x / 2)"),),
    ),
    _tanh(
        "a sigmoid, not shifted",
        "Which interval do the values of tanh fill?",
        ((_TANH, "out = 0.5 * (1 + np.tanh(x))"),),
    ),
    _tanh(
        "scaled to 1.7159 tanh(2 x / 3)",
        "Which value does tanh never exceed?",
        ((_TANH, "out = 1.7159 * np.tanh(2 * x / 3)"),),
    ),
    _tanh(
        "tan in place of tanh",
        "Is tanh periodic?",
        ((_TANH, "out = np.tan(x)"),),
    ),
    _tanh(
        "cut off in place of squashed",
        "Does tanh have a kink?",
        ((_TANH, "out = np.clip(x, -1, 1)"),),
    ),
    _tanh(
        "x is changed in place",
        IN_PLACE,
        ((_TANH, "out = np.tanh(x, out=x)"),),
        caught_by="inputs",
    ),
)

_DTANH = "dx = dout * (1 - out**2)"
_STEEP = "What is the slope of tanh at 0, and far out?"

TANH_BACKWARD = (
    _tanh_back("dout forgotten", DOUBLE_DOUT, ((_DTANH, "dx = 1 - out**2"),)),
    _tanh_back(
        "x in place of its tanh", PLACE_HINT, ((_DTANH, "dx = dout * (1 - x**2)"),)
    ),
    _tanh_back(
        "derivative taken at the output",
        PLACE_HINT,
        ((_DTANH, "dx = dout * (1 - np.tanh(out) ** 2)"),),
    ),
    _tanh_back("the square is forgotten", _STEEP, ((_DTANH, "dx = dout * (1 - out)"),)),
    _tanh_back(
        "the difference is squared", _STEEP, ((_DTANH, "dx = dout * (1 - out)**2"),)
    ),
    _tanh_back(
        "plus in place of minus", _STEEP, ((_DTANH, "dx = dout * (1 + out**2)"),)
    ),
    _tanh_back(
        "the derivative of the sigmoid",
        _STEEP,
        ((_DTANH, "dx = dout * out * (1 - out)"),),
    ),
    _tanh_back(
        "divided by a cosh that overflows",
        "Which number is cosh(1000)?",
        ((_DTANH, "dx = dout / np.cosh(x) ** 2"),),
    ),
    _tanh_back(
        "writes into dout",
        IN_PLACE,
        ((_DTANH, "dout *= 1 - out**2\n    dx = dout"),),
        caught_by="inputs",
    ),
    _tanh_back(
        "writes into the cache",
        TWICE,
        ((_DTANH, "np.square(out, out=out)\n    dx = dout * (1 - out)"),),
    ),
)

MISTAKES = (*SIGMOID_FORWARD, *SIGMOID_BACKWARD, *TANH_FORWARD, *TANH_BACKWARD)
