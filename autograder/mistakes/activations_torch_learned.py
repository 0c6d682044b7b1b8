"""Wrong PReLU and Maxout on tensors, and wrong counts of bytes."""

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
_maxout = partial(mistake, "torch_maxout")
_bytes = partial(mistake, "torch_saved_bytes")

KINK = "Which of the two slopes holds at the kink?"
SHARED = "How many outputs does one slope act on, and what becomes of their shares?"
AXIS = "Which axis of x counts the channels?"
ORDER = "In which order did the forward get its arguments?"

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
        "dweight summed over the batch alone",
        SHARED,
        (_P_SUM, "dweight = each.sum(0)"),
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

_X_PIECES = 'pieces = torch.einsum("nd,khd->nkh", wide(x), wide(W)) + wide(b)'
_X_MAX = "out, winner = pieces.max(dim=1)  # (N, H), the first of equal ones"
_X_SCATTER = "dpieces = dpieces.scatter(1, winner[:, None], dout)"
_X_DX = 'dx = torch.einsum("nkh,khd->nd", dpieces, wide(W))'
_X_DW = 'dW = torch.einsum("nkh,nd->khd", dpieces, wide(x))'
_X_KEEP = "ctx.save_for_backward(x, W, winner)"
_X_RETURN = "return dx, dW, dpieces.sum(dim=0)"
_X_PLAIN = '(torch.einsum("nd,khd->nkh", x, W) + b).max(dim=1).values'
_TIES = "To how many pieces does the gradient go when several are equally large?"
_X_TIED = (
    (_X_KEEP, "ctx.save_for_backward(x, W, pieces == out[:, None])"),
    ("dpieces = dout.new_zeros(len(x), *W.shape[:2])  # (N, K, H)\n", ""),
)

MAXOUT = (
    *about_autograd("torch_maxout", "Maxout", _X_PLAIN, "x, W, b"),
    _maxout(
        "a tie goes to every piece",
        _TIES,
        *_X_TIED,
        (f"        {_X_SCATTER}", "dpieces = dout * winner"),
    ),
    _maxout(
        "a tie is shared out",
        _TIES,
        *_X_TIED,
        (
            f"        {_X_SCATTER}",
            "dpieces = dout * winner / winner.sum(dim=1, keepdim=True)",
        ),
    ),
    _maxout(
        "a tie goes to the last piece",
        "Which of several equal ones comes first?",
        (
            _X_KEEP,
            "winner = len(W) - 1 - pieces.flip(1).max(dim=1).indices\n"
            f"        {_X_KEEP}",
        ),
    ),
    _maxout(
        "gradient to all pieces",
        "Which pieces does the output depend on?",
        (_X_SCATTER, "dpieces = dpieces + dout"),
    ),
    _maxout(
        "sum of the pieces",
        "Which function of the pieces is asked for?",
        (_X_MAX, f"{_X_MAX}\n        out = pieces.sum(dim=1)"),
    ),
    _maxout(
        "smallest piece",
        "Which of the pieces wins?",
        ("pieces.max(dim=1)", "pieces.min(dim=1)"),
    ),
    _maxout("b forgotten", "Set x = 0. What is left?", (" + wide(b)", "")),
    _maxout(
        "b added after the maximum",
        "Can a bias decide which piece wins?",
        (" + wide(b)", ""),
        (
            _X_MAX,
            f"{_X_MAX}\n        out = out + wide(b).gather(0, winner)",
        ),
    ),
    _maxout(
        "W in the NumPy notebook's layout",
        "Which axis of W counts the outputs? See the table.",
        ("khd->nkh", "kdh->nkh"),
        ("nkh,khd->nd", "nkh,kdh->nd"),
        ("nkh,nd->khd", "nkh,nd->kdh"),
    ),
    _maxout(
        "W transposed in dx",
        "Which index of W is summed over in dx?",
        (_X_DX, _X_DX.replace("wide(W)", "wide(W).mT.reshape(W.shape)")),
    ),
    _maxout(
        "db averaged",
        "How many examples use one bias, and what becomes of their shares?",
        (_X_RETURN, _X_RETURN.replace("sum(dim=0)", "mean(dim=0)")),
    ),
    _maxout(
        "db summed over the pieces",
        "Which index does b not have?",
        (_X_RETURN, _X_RETURN.replace("sum(dim=0)", "sum(dim=(0, 1))")),
    ),
    _maxout(
        "dW without x",
        "What is a piece's derivative by its weight?",
        (_X_DW, _X_DW.replace("wide(x)", "torch.ones_like(wide(x))")),
    ),
    _maxout(
        "dout forgotten", CHAIN, (_X_SCATTER, _X_SCATTER.replace("dout", "dout**0"))
    ),
    _maxout("no gradient for b", ORDER, (_X_RETURN, "return dx, dW, None")),
    _maxout(
        "computed in 16 bits",
        "How many digits has bfloat16? Take 30 away from 30.1 in it.",
        (_X_PIECES, 'pieces = torch.einsum("nd,khd->nkh", x, W) + b'),
    ),
    _maxout(
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        ("wide(x)", "x.float()"),
        ("wide(W)", "W.float()"),
        ("wide(b)", "b.float()"),
        ("wide(dout)", "dout.float()"),
    ),
    _maxout(
        "result always in float32",
        "What dtype does the layer after this one expect?",
        ("return out.to(x.dtype)", "return out.float()"),
    ),
)

_B_KEEP = "kept[tensor.data_ptr()] = tensor  # alive, so no address comes twice"
_B_RETURN = "return sum(t.numel() * t.element_size() for t in kept.values())"
_B_START = "x = x.detach().requires_grad_()"

BYTES = (
    _bytes(
        "a tensor counted twice",
        "Is it another tensor, or the same one again?",
        (_B_KEEP, "kept[len(kept)] = tensor"),
    ),
    _bytes(
        "nothing needs a gradient",
        "For whom does autograd keep anything? Look at x.requires_grad.",
        (_B_START, "x = x.detach()"),
    ),
    _bytes(
        "elements counted, not bytes",
        "How many bytes has one element?",
        (_B_RETURN, "return sum(t.numel() for t in kept.values())"),
    ),
    _bytes(
        "4 bytes an element",
        "How many bytes has an element of float64? And one of a mask?",
        (_B_RETURN, "return sum(4 * t.numel() for t in kept.values())"),
    ),
    _bytes(
        "as many bytes an element as x has",
        "How many bytes has an element of a mask?",
        (_B_RETURN, "return sum(t.numel() * x.element_size() for t in kept.values())"),
    ),
    _bytes(
        "tensors counted, not bytes",
        "How large is each of them?",
        (_B_RETURN, "return len(kept)"),
    ),
    _bytes(
        "x not counted",
        "Is x kept for the backward when the function saves it?",
        (_B_RETURN, f"kept.pop(x.data_ptr(), None)\n    {_B_RETURN}"),
    ),
    _bytes(
        "output not counted",
        "Is the output kept for the backward when the function saves it?",
        (_B_RETURN, f"kept.pop(out.data_ptr(), None)\n    {_B_RETURN}"),
    ),
    _bytes(
        "the largest one alone",
        "How many tensors are kept at a time?",
        (
            _B_RETURN,
            _B_RETURN.replace("sum(", "max(", 1).replace(
                "for t in kept.values())", "for t in [*kept.values(), x[:0]])"
            ),
        ),
    ),
    _bytes(
        "input and output, whatever is kept",
        "Which of the two does the hook see?",
        (_B_RETURN, "return sum(t.numel() * t.element_size() for t in (x, out))"),
    ),
)

MISTAKES = (*PRELU, *MODULE, *MAXOUT, *BYTES)
