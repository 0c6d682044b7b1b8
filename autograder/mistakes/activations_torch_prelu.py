"""Wrong PReLU on tensors: the function and the module."""

from __future__ import annotations

from functools import partial

from autograder.mistakes.activations_torch import (
    CHAIN,
    DEFAULT,
    NAN,
    about_autograd,
    mistake,
)

_prelu = partial(mistake, "torch_prelu")
_module = partial(mistake, "TorchPReLU")

KINK = "Which of the two slopes holds at the kink?"
SHARED = "How many outputs does one slope act on, and what becomes of their shares?"
AXIS = "Which axis of x counts the channels?"

_P_SLOPE = "slope = weight.reshape(-1, *[1] * (x.ndim - 2))  # (C, 1, ..., 1)"
_P_OUT = "return torch.where(x > 0, x, slope * x)"
_P_DX = "dx = torch.where(x > 0, dout, slope * dout)"
_P_EACH = "each = wide(dout) * wide(x).clamp(max=0)"
_P_SUM = "dweight = each.sum_to_size(slope.shape).flatten()"
_P_PLAIN = "torch.where(x > 0, x, weight.reshape(-1, *[1] * (x.ndim - 2)) * x)"

PRELU = (
    *about_autograd("torch_prelu", "Prelu", _P_PLAIN, "x, weight"),
    _prelu("gradient of x is 1 at 0", KINK, (_P_DX, _P_DX.replace(">", ">="))),
    _prelu("slopes along the last axis", AXIS, (_P_SLOPE, "slope = weight")),
    _prelu(
        "larger of the two lines",
        "Which of the two is larger when a slope is above 1?",
        (_P_OUT, "return torch.maximum(x, slope * x)"),
    ),
    _prelu(
        "gate by the sign of the output",
        "Which sign has the output when a slope is below 0?",
        (_P_DX, "dx = torch.where((x > 0) | (slope * x > 0), dout, slope * dout)"),
    ),
    _prelu(
        "dweight not summed",
        SHARED,
        (_P_SUM, "dweight = each"),
    ),
    _prelu(
        "dweight averaged",
        SHARED,
        (_P_SUM, f"{_P_SUM} * slope.numel() / x.numel()"),
    ),
    _prelu(
        "one number for all slopes",
        SHARED,
        (_P_SUM, "dweight = each.sum().expand(slope.numel())"),
    ),
    _prelu(
        "dweight with positive inputs",
        "Does a slope change anything where x is above 0?",
        (_P_EACH, "each = wide(dout) * wide(x)"),
    ),
    _prelu(
        "NaN from a mask",
        NAN,
        (_P_EACH, "each = wide(dout) * wide(x) * (x <= 0)"),
    ),
    _prelu(
        "dweight computed in 16 bits",
        "How many digits has bfloat16? Take 3.01 away from 3.02 in it.",
        (_P_EACH, "each = dout * x.clamp(max=0)"),
    ),
    _prelu(
        "x forgotten in dweight",
        "What is the output's derivative by its slope?",
        (_P_EACH, "each = wide(dout) * (x <= 0)"),
    ),
    _prelu(
        "dout forgotten in dweight", CHAIN, (_P_EACH, "each = wide(x).clamp(max=0)")
    ),
    _prelu(
        "slope in its own gradient",
        "What is the output's derivative by its slope?",
        (_P_EACH, "each = wide(dout) * wide(slope) * wide(x).clamp(max=0)"),
    ),
    _prelu(
        "gradient of ReLU",
        "What is the slope on the left?",
        (_P_DX, "dx = torch.where(x > 0, dout, 0)"),
    ),
    _prelu(
        "no gradient for weight",
        "A backward returns something for each argument of the forward.",
        ("return dx, dweight", "return dx, None"),
    ),
    _prelu(
        "result always in float32",
        "What dtype does the layer after this one expect?",
        (_P_OUT, f"{_P_OUT}.float()"),
    ),
)

_M_WEIGHT = "torch.nn.Parameter(torch.full((num_parameters,), init))"
_M_SLOPE = "slope = self.weight.reshape(-1, *[1] * (x.ndim - 2))"
_M_OUT = "return torch.where(x > 0, x, slope * x)"

MODULE = (
    _module(
        "slopes that are no parameter",
        "What do module.parameters() and module.state_dict() list?",
        (_M_WEIGHT, "torch.full((num_parameters,), init)"),
    ),
    _module(
        "slopes in a buffer",
        "Which of a module's tensors get a gradient, parameters or buffers?",
        (
            f"self.weight = {_M_WEIGHT}",
            'self.register_buffer("weight", torch.full((num_parameters,), init))',
        ),
    ),
    _module("first slope 0.01", DEFAULT, ("init=0.25", "init=0.01")),
    _module(
        "init ignored",
        "Is your first slope the one that was given?",
        ("num_parameters,), init)", "num_parameters,), 0.25)"),
    ),
    _module(
        "always one slope",
        "How many slopes are asked for?",
        ("torch.full((num_parameters,), init)", "torch.full((1,), init)"),
    ),
    _module("slopes along the last axis", AXIS, (_M_SLOPE, "slope = self.weight")),
    _module(
        "larger of the two lines",
        "Which of the two is larger when a slope is above 1?",
        (_M_OUT, "return torch.maximum(x, slope * x)"),
    ),
    _module(
        "cut off from its slopes",
        "Which tensor does an optimizer change: weight, or a copy of its numbers?",
        (_M_SLOPE, _M_SLOPE.replace("weight", "weight.detach()")),
    ),
    _module(
        "first slopes kept",
        "Which tensor does an optimizer change: weight, or a copy of its numbers?",
        (_M_WEIGHT, f"{_M_WEIGHT}\n        self.first = init"),
        (_M_OUT, "return torch.where(x > 0, x, (self.first + 0 * slope) * x)"),
    ),
    _module(
        "default for each of the channels alike",
        "What are the slopes when init is not given?",
        (_M_WEIGHT, "torch.nn.Parameter(torch.arange(1, num_parameters + 1) * init)"),
    ),
)

MISTAKES = (*PRELU, *MODULE)
