"""Wrong ELU, SELU, GELU and SiLU on tensors."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.activations_torch import (
    CHAIN,
    DEFAULT,
    NAN,
    about_autograd,
    about_precision,
    in_sixteen_bits,
    mistake,
)

_elu = partial(mistake, "torch_elu")
_selu = partial(mistake, "torch_selu")
_gelu = partial(mistake, "torch_gelu")
_silu = partial(mistake, "torch_silu")

KINK = "Which of the two slopes holds at the kink?"
DIGITS = "Print exp(-0.00001) - 1 in float32. How many digits are right?"
NOT_TAKEN = "Which exponential does the branch compute that you don't take?"
PRODUCT = "Which rule gives the derivative of a product?"
LEFT = "left = torch.exp(wide(x).clamp(max=0))"


def about_exponential(
    draw: partial[Mistake], alpha: str, scale: str
) -> tuple[Mistake, ...]:
    """What goes wrong on the left side of ELU and of SELU alike."""
    slope = f"slope = torch.where(x > 0, 1, {alpha} * left)"
    return (
        draw(
            "gradient of the right side at 0", KINK, (slope, slope.replace(">", ">="))
        ),
        draw(
            "exp(x) - 1",
            DIGITS,
            (
                "left = torch.expm1(wide(x).clamp(max=0))",
                f"{LEFT} - 1",
            ),
        ),
        draw(
            "NaN from the branch that is not taken",
            NOT_TAKEN,
            (LEFT, "left = torch.exp(wide(x))"),
            (slope, f"slope = (x > 0) + (x <= 0) * {alpha} * left"),
        ),
        draw(
            "alpha missing in the gradient",
            "What is the slope just left of 0?",
            (slope, "slope = torch.where(x > 0, 1, left)"),
        ),
        draw(
            "value taken for the slope",
            "Differentiate exp(x) - 1. Is the 1 still there?",
            (slope, f"slope = torch.where(x > 0, 1, {alpha} * (left - 1))"),
        ),
        draw(
            "derivative taken at the output",
            "Is what you kept x, or already the result?",
            (
                "ctx.save_for_backward(x)\n",
                "kept = torch.where(x > 0, wide(x), "
                + alpha.removeprefix("ctx.")
                + " * torch.expm1(wide(x).clamp(max=0)))\n"
                "        ctx.save_for_backward(kept)\n",
            ),
        ),
        draw(
            "dout forgotten",
            CHAIN,
            (f"return dout * {scale}slope", f"return {scale}slope"),
        ),
    )


_E_OUT = "out = torch.where(x > 0, wide(x), alpha * left)"
_E_PLAIN = "torch.where(x > 0, x, alpha * torch.expm1(x.clamp(max=0)))"

ELU = (
    *about_autograd("torch_elu", "Elu", _E_PLAIN, "x, alpha"),
    *about_precision("torch_elu"),
    *about_exponential(_elu, "ctx.alpha", ""),
    _elu(
        "alpha ignored",
        "Is your alpha the one that was given?",
        ("Elu.apply(x, alpha)", "Elu.apply(x, 1.0)"),
    ),
    _elu(
        "alpha missing in the value",
        "Where does it level off to the left?",
        (_E_OUT, "out = torch.where(x > 0, x, left)"),
    ),
    _elu(
        "alpha on both sides",
        "What is the value at x = 1?",
        (_E_OUT, "out = alpha * torch.where(x > 0, wide(x), left)"),
    ),
    _elu(
        "alpha inside the exponential",
        "That is CELU. Where does the table's function have alpha?",
        (
            "torch.expm1(wide(x).clamp(max=0))",
            "torch.expm1(wide(x).clamp(max=0) / alpha)",
        ),
    ),
    _elu(
        "mask times infinity",
        NAN,
        (_E_OUT, "out = x * (x > 0) + alpha * left * (x <= 0)"),
    ),
    _elu("default alpha of SELU", DEFAULT, ("alpha=1.0", "alpha=1.6732632423543772")),
)

_SE_OUT = "out = SELU_SCALE * elu"
_SE_ELU = "elu = torch.where(x > 0, wide(x), SELU_ALPHA * left)"
_SE_PLAIN = (
    "SELU_SCALE * torch.where(x > 0, x, SELU_ALPHA * torch.expm1(x.clamp(max=0)))"
)

SELU = (
    *about_autograd("torch_selu", "Selu", _SE_PLAIN),
    *about_precision("torch_selu"),
    *about_exponential(_selu, "SELU_ALPHA", "SELU_SCALE * "),
    _selu(
        "SELU_SCALE missing in the value",
        "What is the value at x = 1?",
        (_SE_OUT, "out = elu"),
    ),
    _selu(
        "SELU_SCALE missing in the gradient",
        "What is the slope at x = 1?",
        ("return dout * SELU_SCALE * slope", "return dout * slope"),
    ),
    _selu(
        "SELU_SCALE on the left alone",
        "What is the value at x = 1?",
        (_SE_ELU, "elu = torch.where(x > 0, wide(x) / SELU_SCALE, SELU_ALPHA * left)"),
    ),
    _selu(
        "SELU_ALPHA missing",
        "Where does it level off to the left?",
        (_SE_ELU, "elu = torch.where(x > 0, wide(x), left)"),
    ),
    _selu(
        "constants swapped",
        "Which of the two constants stands before everything?",
        (_SE_ELU, _SE_ELU.replace("SELU_ALPHA", "SELU_SCALE")),
        (_SE_OUT, "out = SELU_ALPHA * elu"),
    ),
)

_G_OUT = "out = wide(x).clamp(min=-100) * below  # Phi(-100) is 0"
_G_BELOW = "below = 0.5 * torch.erfc(-wide(x) / math.sqrt(2))  # Phi(x)"
_G_NEAR = "near = wide(x).clamp(-100, 100)"
_G_DX = "return dout * (below + near * density)"
_G_TANH = "0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (t + 0.044715 * t**3)))"
_G_PHI = "math.sqrt(2 * math.pi)"

GELU = (
    *about_autograd("torch_gelu", "Gelu", "x * 0.5 * torch.erfc(-x / math.sqrt(2))"),
    *about_precision("torch_gelu"),
    in_sixteen_bits("torch_gelu"),
    _gelu(
        "the formula with tanh",
        "Which of PyTorch's two formulas is asked for?",
        (_G_BELOW, f"t = wide(x)\n        below = {_G_TANH}"),
    ),
    _gelu(
        "the formula with sigmoid",
        "Which distribution function is Phi?",
        (_G_BELOW, "below = 1 / (1 + torch.exp(-1.702 * wide(x)))"),
    ),
    _gelu(
        "square root of 2 missing",
        "erf belongs to exp(-t^2). What has the normal density in its exponent?",
        (_G_BELOW, "below = 0.5 * torch.erfc(-wide(x))  # Phi(x)"),
    ),
    _gelu(
        "erf in place of Phi",
        "Between which numbers does a probability lie?",
        (_G_BELOW, "below = torch.erf(wide(x) / math.sqrt(2))"),
    ),
    _gelu(
        "NaN in the value at minus infinity",
        NAN,
        (_G_OUT, "out = wide(x) * below"),
    ),
    _gelu("NaN in the gradient at infinities", NAN, (_G_NEAR, "near = wide(x)")),
    _gelu(
        "0 at plus infinity",
        "What is x * Phi(x) near, far out to the right?",
        (_G_OUT, "out = (wide(x) * below).nan_to_num(0.0, 0.0, 0.0)"),
    ),
    _gelu(
        "Phi taken for a constant",
        PRODUCT,
        (_G_DX, "return dout * below"),
    ),
    _gelu(
        "x missing in the gradient", PRODUCT, (_G_DX, "return dout * (below + density)")
    ),
    _gelu(
        "Phi missing in the gradient", PRODUCT, (_G_DX, "return dout * near * density")
    ),
    _gelu(
        "density that is not normed",
        "What is the integral of exp(-x^2 / 2)?",
        (f"near**2) / {_G_PHI}", "near**2)"),
    ),
    _gelu(
        "1/2 missing in the density",
        "What stands in the exponent of the normal density?",
        ("torch.exp(-0.5 * near**2)", "torch.exp(-(near**2))"),
    ),
    _gelu("dout forgotten", CHAIN, (_G_DX, "return below + near * density")),
    _gelu(
        "derivative taken at the output",
        "Is what you kept x, or already the result?",
        (
            "ctx.save_for_backward(x)\n",
            "kept = wide(x).clamp(-100, 100)\n"
            "        kept = kept * 0.5 * torch.erfc(-kept / math.sqrt(2))\n"
            "        ctx.save_for_backward(kept)\n",
        ),
    ),
)

_SI_OUT = "out = wide(x).clamp(min=-1000) * s  # sigmoid(-1000) is 0"
_SI_DX = "return dout * s * (1 + near * (1 - s))"
_SI_Z = "z = torch.exp(-wide(x).abs())"
_SI_S = "s = torch.where(x >= 0, 1, z) / (1 + z)\n        out"

SILU = (
    *about_autograd("torch_silu", "Silu", "x / (1 + torch.exp(-x))"),
    *about_precision("torch_silu"),
    in_sixteen_bits("torch_silu"),
    _silu(
        "overflow on the right",
        "What is exp(1000), and what is it divided by itself?",
        (_SI_Z, "z = torch.exp(wide(x))"),
        (_SI_S, "s = z / (1 + z)\n        out"),
    ),
    _silu("NaN in the value at minus infinity", NAN, (_SI_OUT, "out = wide(x) * s")),
    _silu(
        "NaN in the gradient at infinities",
        NAN,
        ("near = wide(x).clamp(-1000, 1000)", "near = wide(x)"),
    ),
    _silu(
        "0 at plus infinity",
        "What is x * sigmoid(x) near, far out to the right?",
        (_SI_OUT, "out = (wide(x) * s).nan_to_num(0.0, 0.0, 0.0)"),
    ),
    _silu("sigmoid taken for a constant", PRODUCT, (_SI_DX, "return dout * s")),
    _silu("derivative of the sigmoid", PRODUCT, (_SI_DX, "return dout * s * (1 - s)")),
    _silu(
        "first factor taken for a constant",
        PRODUCT,
        (_SI_DX, "return dout * near * s * (1 - s)"),
    ),
    _silu(
        "sigmoid alone",
        "By what is the sigmoid multiplied?",
        (_SI_OUT, "out = s"),
    ),
    _silu(
        "piecewise linear sigmoid",
        "Which function is it that saturates at exactly -3 and 3?",
        (_SI_OUT, "out = wide(x) * (wide(x) / 6 + 0.5).clamp(0, 1)"),
    ),
    _silu(
        "1.702 in the sigmoid",
        "That is a formula for GELU. What stands in the exponent here?",
        (_SI_Z, "z = torch.exp(-1.702 * wide(x).abs())"),
    ),
    _silu("dout forgotten", CHAIN, (_SI_DX, "return s * (1 + near * (1 - s))")),
    _silu(
        "derivative taken at the output",
        "Is what you kept x, or already the result?",
        (
            "ctx.save_for_backward(x)\n",
            "kept = wide(x).clamp(-1000, 1000)\n"
            "        ctx.save_for_backward(kept / (1 + torch.exp(-kept)))\n",
        ),
    ),
)

MISTAKES = (*ELU, *SELU, *GELU, *SILU)
