"""Wrong Maxout on tensors."""

from __future__ import annotations

from functools import partial

from autograder.mistakes.activations_torch import CHAIN, about_autograd, mistake

_maxout = partial(mistake, "torch_maxout")

RETURNS = "A backward returns something for each argument of the forward."

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
    _maxout("no gradient for b", RETURNS, (_X_RETURN, "return dx, dW, None")),
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

MISTAKES = MAXOUT
