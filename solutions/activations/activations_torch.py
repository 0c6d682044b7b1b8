# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Activation functions in PyTorch
#
# The functions of `activations.ipynb`, now on tensors, each with a backward
# of your own in autograd's terms. The formulas are in that notebook. What is
# new here is everything around them: dtypes, devices, infinities, parameters,
# and the memory that a backward takes.
#
# | you write | what it is |
# |---|---|
# | `torch_sigmoid`, `torch_relu` | functions with a backward |
# | `torch_leaky_relu` | the same, with a number that is no tensor |
# | `torch_elu`, `torch_selu` | the same, with an exponential |
# | `torch_gelu`, `torch_silu` | the same, with a limit of the form 0 · ∞ |
# | `torch_prelu`, `TorchPReLU` | slopes that are learned, and their module |
# | `torch_maxout` | the largest of several layers |
# | `torch_saved_bytes` | what a backward keeps |
#
# PyTorch's own activation functions are closed here, `torch.sigmoid` and
# softmax among them: what they do is what you write. `torch.exp`,
# `torch.expm1`, `torch.erf`, `torch.tanh` and everything else are open.
#
# ## Two conventions
#
# The functions are the same, and their names and defaults are not. Keep this
# table at hand.
#
# | | NumPy notebook | PyTorch |
# |---|---|---|
# | leaky slope | `slope`, always given | `negative_slope`, 0.01 |
# | $\alpha$ of ELU | always given | `alpha`, 1.0 |
# | $\alpha$ and $\lambda$ of SELU | two constants | the same two, fixed |
# | GELU | with erf | with erf; `approximate="tanh"` is the other |
# | slopes of PReLU | `alpha` (C,), an argument | `weight`, a parameter |
# | number of slopes | one for each channel | `num_parameters`, 1 or C |
# | first slope | the caller's | `init`, 0.25 |
# | Maxout | `W` (K, D, H) | has none; here (K, H, D) |
# | weight of a layer | (D_in, D_out) | (D_out, D_in) |
# | slope at $x = 0$ | that of the left side | that of the left side |
# | result | always a new array | new, unless `inplace=True` |
# | GELU and SiLU at $-\infty$ | not asked for | NaN |
#
# Your functions have PyTorch's defaults. They part from it in the last line:
# both functions have the limit 0 there, and yours return it.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

import torch

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## How every answer looks
#
# Autograd asks two things of an operation: `forward(ctx, ...)` computes and
# keeps tensors with `ctx.save_for_backward`, and `backward(ctx, dout)` returns
# one gradient for each argument of the forward, `None` for what has none.
# Plain numbers are kept as attributes of `ctx`.
#
# Rules for all of them:
#
# - The result has the shape, dtype and device of `x`, whatever its strides are.
# - A tensor that was handed in does not change.
# - `x` may be 1000 or infinite; values and gradients are the limits there. NaN
#   is never right.
# - Sixteen bits are for storing numbers, and not for computing with them, in
#   the backward neither. What it keeps is `x` as it came, or is not rounded.
#
# The last rule needs one line, which is given. Autograd itself converts the
# gradient that a backward returns to the dtype of the argument.

# %% nbgrader={"grade": false, "grade_id": "given_wide", "locked": true, "schema_version": 3, "solution": false, "task": false}
def wide(x):
    """x itself, in float32 if it has 16 bits."""
    return x.to(torch.promote_types(x.dtype, torch.float32))

# %% [markdown]
# **The checks look at** values and gradients in float64, float32, float16 and
# bfloat16; at tensors that are not contiguous; at zeros of both signs, large
# numbers and infinities; and at the device "meta", where tensors have a shape
# and no numbers: what is made on another device than `x` shows there.
#
# ## Sigmoid
#
# **Write** $\sigma(x) = 1 / (1 + e^{-x})$ and its gradient. Which tensor does
# the gradient need: the input or the output?

# %% nbgrader={"grade": false, "grade_id": "torch_sigmoid", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Sigmoid(torch.autograd.Function):
    """1 / (1 + exp(-x)), for autograd."""

    @staticmethod
    def forward(ctx, x):
        ### BEGIN SOLUTION
        z = torch.exp(-wide(x).abs())  # at most 1
        out = torch.where(x >= 0, 1, z) / (1 + z)
        ctx.save_for_backward(out)
        return out.to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        (out,) = ctx.saved_tensors
        return dout * out * (1 - out)
        ### END SOLUTION


def torch_sigmoid(x):
    """1 / (1 + exp(-x)) for each element.

        dx = dout * sigmoid(x) * (1 - sigmoid(x))

    Parameters
    ----------
    x : tensor of any shape

    Returns
    -------
    tensor like x: same shape, dtype and device; 0 at -inf, 1 at inf
    """
    return Sigmoid.apply(x)

# %% nbgrader={"grade": true, "grade_id": "check_torch_sigmoid", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_sigmoid")

# %% [markdown]
# `gradcheck` compares a backward with differences of its forward, in float64.
# It can't see a forward that is wrong, and it knows no limits.

# %% nbgrader={"grade": false, "grade_id": "see_gradcheck", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
# print(torch.autograd.gradcheck(torch_sigmoid, (x,)))

# %% [markdown]
# It prints True when it is content. The same line works for all that follows.
#
# ## ReLU
#
# **Write** $\max(0, x)$. Its gradient is 0 at $x = 0$.

# %% nbgrader={"grade": false, "grade_id": "torch_relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Relu(torch.autograd.Function):
    """max(0, x), for autograd."""

    @staticmethod
    def forward(ctx, x):
        ### BEGIN SOLUTION
        ctx.save_for_backward(x > 0)  # one byte an element
        return x.clamp(min=0)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        (positive,) = ctx.saved_tensors
        return torch.where(positive, dout, 0)
        ### END SOLUTION


def torch_relu(x):
    """max(0, x) for each element.

        dx = dout where x > 0, else 0

    Parameters
    ----------
    x : tensor of any shape, left as it is

    Returns
    -------
    tensor like x: same shape, dtype and device; 0 at -inf
    """
    return Relu.apply(x)

# %% nbgrader={"grade": true, "grade_id": "check_torch_relu", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_relu")

# %% [markdown]
# ## Leaky ReLU
#
# The slope is a number. The function's backward still returns something in its
# place.

# %% nbgrader={"grade": false, "grade_id": "torch_leaky_relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
class LeakyRelu(torch.autograd.Function):
    """x or slope * x, for autograd."""

    @staticmethod
    def forward(ctx, x, slope):
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        ctx.slope = slope
        return torch.where(x > 0, x, slope * x)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, dout, ctx.slope * dout), None
        ### END SOLUTION


def torch_leaky_relu(x, slope=0.01):
    """x where x > 0, else slope * x.

        dx = dout where x > 0, else slope * dout

    Parameters
    ----------
    x : tensor of any shape
    slope : number, above 0 and below 1

    Returns
    -------
    tensor like x: same shape, dtype and device
    """
    return LeakyRelu.apply(x, slope)

# %% nbgrader={"grade": true, "grade_id": "check_torch_leaky_relu", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_leaky_relu")

# %% [markdown]
# ## ELU
#
# `torch.where` computes both branches for all elements and then chooses.
# Forward, that does no harm. Backward, autograd multiplies the slope of the
# branch that was not chosen by 0, and $0 \cdot \infty$ is NaN. Look at it:

# %% nbgrader={"grade": false, "grade_id": "see_where", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# x = torch.tensor([1000.0], requires_grad=True)
# out = torch.where(x > 0, x, torch.exp(x) - 1)
# print(out.item(), torch.autograd.grad(out, x)[0].item())

# %% [markdown]
# The value is right and the gradient is NaN (*measured*). What must go into
# `exp` so that this can't happen?
#
# **Write** both passes. **The check looks at** tiny numbers below 0 too, where
# `exp(x) - 1` has few right digits and `torch.expm1(x)` has them all.

# %% nbgrader={"grade": false, "grade_id": "torch_elu", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Elu(torch.autograd.Function):
    """x or alpha * (exp(x) - 1), for autograd."""

    @staticmethod
    def forward(ctx, x, alpha):
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        ctx.alpha = alpha
        left = torch.expm1(wide(x).clamp(max=0))
        out = torch.where(x > 0, wide(x), alpha * left)
        return out.to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        left = torch.exp(wide(x).clamp(max=0))
        slope = torch.where(x > 0, 1, ctx.alpha * left)
        return dout * slope, None
        ### END SOLUTION


def torch_elu(x, alpha=1.0):
    """x where x > 0, else alpha * (exp(x) - 1).

        dx = dout where x > 0, else dout * alpha * exp(x)

    Parameters
    ----------
    x : tensor of any shape
    alpha : number above 0

    Returns
    -------
    tensor like x: same shape, dtype and device; -alpha at -inf, inf at inf
    """
    return Elu.apply(x, alpha)

# %% nbgrader={"grade": true, "grade_id": "check_torch_elu", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_elu")

# %% [markdown]
# ## SELU
#
# ELU with the two published constants: SELU_SCALE times the ELU with
# SELU_ALPHA.

# %% nbgrader={"grade": false, "grade_id": "given_selu_constants", "locked": true, "schema_version": 3, "solution": false, "task": false}
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946  # lambda

# %% nbgrader={"grade": false, "grade_id": "torch_selu", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Selu(torch.autograd.Function):
    """SELU_SCALE * ELU, for autograd."""

    @staticmethod
    def forward(ctx, x):
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        left = torch.expm1(wide(x).clamp(max=0))
        elu = torch.where(x > 0, wide(x), SELU_ALPHA * left)
        out = SELU_SCALE * elu
        return out.to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        left = torch.exp(wide(x).clamp(max=0))
        slope = torch.where(x > 0, 1, SELU_ALPHA * left)
        return dout * SELU_SCALE * slope
        ### END SOLUTION


def torch_selu(x):
    """SELU_SCALE times the ELU with SELU_ALPHA.

        dx = dout * SELU_SCALE where x > 0,
             else dout * SELU_SCALE * SELU_ALPHA * exp(x)

    Parameters
    ----------
    x : tensor of any shape

    Returns
    -------
    tensor like x: same shape, dtype and device
    """
    return Selu.apply(x)

# %% nbgrader={"grade": true, "grade_id": "check_torch_selu", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_selu")

# %% [markdown]
# ## GELU
#
# **Write** $x\,\Phi(x)$ with `torch.erf` or `torch.erfc`, not with tanh. At
# $-\infty$ the formula says $-\infty \cdot 0$, and the gradient has the same
# trouble at both ends. The other factor is 0 long before that: for which $x$
# may you put in something smaller?

# %% nbgrader={"grade": false, "grade_id": "torch_gelu", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Gelu(torch.autograd.Function):
    """x * Phi(x), for autograd."""

    @staticmethod
    def forward(ctx, x):
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        below = 0.5 * torch.erfc(-wide(x) / math.sqrt(2))  # Phi(x)
        out = wide(x).clamp(min=-100) * below  # Phi(-100) is 0
        return out.to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        near = wide(x).clamp(-100, 100)
        below = 0.5 * torch.erfc(-near / math.sqrt(2))
        density = torch.exp(-0.5 * near**2) / math.sqrt(2 * math.pi)
        return dout * (below + near * density)
        ### END SOLUTION


def torch_gelu(x):
    """x * Phi(x) with the exact normal distribution function Phi.

        dx = dout * (Phi(x) + x * phi(x))

    Parameters
    ----------
    x : tensor of any shape

    Returns
    -------
    tensor like x: same shape, dtype and device; 0 at -inf, inf at inf
    """
    return Gelu.apply(x)

# %% nbgrader={"grade": true, "grade_id": "check_torch_gelu", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_gelu")

# %% [markdown]
# ## SiLU
#
# $x\,\sigma(x)$ has the same limits. You may call your own `torch_sigmoid`.

# %% nbgrader={"grade": false, "grade_id": "torch_silu", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Silu(torch.autograd.Function):
    """x * sigmoid(x), for autograd."""

    @staticmethod
    def forward(ctx, x):
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        z = torch.exp(-wide(x).abs())
        s = torch.where(x >= 0, 1, z) / (1 + z)
        out = wide(x).clamp(min=-1000) * s  # sigmoid(-1000) is 0
        return out.to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        near = wide(x).clamp(-1000, 1000)
        z = torch.exp(-near.abs())
        s = torch.where(x >= 0, 1, z) / (1 + z)
        return dout * s * (1 + near * (1 - s))
        ### END SOLUTION


def torch_silu(x):
    """x * sigmoid(x) for each element.

        dx = dout * sigmoid(x) * (1 + x * (1 - sigmoid(x)))

    Parameters
    ----------
    x : tensor of any shape

    Returns
    -------
    tensor like x: same shape, dtype and device; 0 at -inf, inf at inf
    """
    return Silu.apply(x)

# %% nbgrader={"grade": true, "grade_id": "check_torch_silu", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_silu")

# %% [markdown]
# ## PReLU: a function
#
# PyTorch calls the slopes `weight`. There is one for each channel, or a single
# one for all. What a slope acts on adds up in its gradient.
#
# **The check looks at** slopes below 0 and above 1, at (N, C) and (N, C, H, W),
# at one slope for several channels, and at the shape of `dweight`.

# %% nbgrader={"grade": false, "grade_id": "torch_prelu", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Prelu(torch.autograd.Function):
    """x or weight * x, for autograd."""

    @staticmethod
    def forward(ctx, x, weight):
        ### BEGIN SOLUTION
        slope = weight.reshape(-1, *[1] * (x.ndim - 2))  # (C, 1, ..., 1)
        ctx.save_for_backward(x, slope)
        return torch.where(x > 0, x, slope * x)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        x, slope = ctx.saved_tensors
        dx = torch.where(x > 0, dout, slope * dout)
        each = wide(dout) * wide(x).clamp(max=0)
        dweight = each.sum_to_size(slope.shape).flatten()
        return dx, dweight
        ### END SOLUTION


def torch_prelu(x, weight):
    """x where x > 0, else the slope of the channel times x.

        dx = dout where x > 0, else slope * dout
        dweight = sum of dout * x where x <= 0, over all that share a slope

    Parameters
    ----------
    x : tensor (N, C) or (N, C, H, W)
    weight : tensor (C,) or (1,), any numbers

    Returns
    -------
    tensor like x: same shape, dtype and device
    """
    return Prelu.apply(x, weight)

# %% nbgrader={"grade": true, "grade_id": "check_torch_prelu", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_prelu")

# %% [markdown]
# ## PReLU: a module
#
# A module owns its parameters: they move with it, are saved with it, and an
# optimizer finds them. **Write** one with PyTorch's arguments and defaults. It
# may call your `torch_prelu`, or leave the backward to autograd.
#
# The cell gives the check what it looks at.

# %% nbgrader={"grade": false, "grade_id": "given_module_gradients", "locked": true, "schema_version": 3, "solution": false, "task": false}
def module_gradients(module, x, dout):
    """module(x), and the gradients of x and of the parameter, by autograd."""
    x = x.detach().requires_grad_()
    out = module(x)
    tensors = (x, *module.parameters())
    dx, *rest = torch.autograd.grad(out, tensors, dout, allow_unused=True)
    dweight = rest[0] if rest else None
    return out, dx, dweight


def learned_numbers(module):
    """How many numbers an optimizer may change."""
    return sum(p.numel() for p in module.parameters())

# %% nbgrader={"grade": false, "grade_id": "TorchPReLU", "locked": false, "schema_version": 3, "solution": true, "task": false}
class TorchPReLU(torch.nn.Module):
    """PReLU with PyTorch's conventions.

    Parameters
    ----------
    num_parameters : number of slopes, the number of channels C or 1
    init : what all slopes are at first

    Has the parameter weight of shape (num_parameters,).
    """

    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        ### BEGIN SOLUTION
        self.weight = torch.nn.Parameter(torch.full((num_parameters,), init))
        ### END SOLUTION

    def forward(self, x):
        """Tensor like x, of shape (N, C) or (N, C, H, W)."""
        ### BEGIN SOLUTION
        slope = self.weight.reshape(-1, *[1] * (x.ndim - 2))
        return torch.where(x > 0, x, slope * x)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_TorchPReLU", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("TorchPReLU")

# %% [markdown]
# ## Maxout
#
# A weight of PyTorch has its outputs first, so `W` is (K, H, D) here:
#
# $$y_{nh} = \max_k \Bigl( \sum_d x_{nd} W_{khd} + b_{kh} \Bigr).$$
#
# As in the NumPy notebook, the whole gradient goes to the piece that won, and
# to the first of them when several are equally large. Autograd's own rule for
# `torch.amax` shares it out among them, that for `torch.max(..., dim)` doesn't.

# %% nbgrader={"grade": false, "grade_id": "torch_maxout", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Maxout(torch.autograd.Function):
    """The largest of K linear layers, for autograd."""

    @staticmethod
    def forward(ctx, x, W, b):
        ### BEGIN SOLUTION
        pieces = torch.einsum("nd,khd->nkh", wide(x), wide(W)) + wide(b)
        out, winner = pieces.max(dim=1)  # (N, H), the first of equal ones
        ctx.save_for_backward(x, W, winner)
        return out.to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        ### BEGIN SOLUTION
        x, W, winner = ctx.saved_tensors
        dout = wide(dout)[:, None]  # (N, 1, H)
        dpieces = dout.new_zeros(len(x), *W.shape[:2])  # (N, K, H)
        dpieces = dpieces.scatter(1, winner[:, None], dout)
        dx = torch.einsum("nkh,khd->nd", dpieces, wide(W))
        dW = torch.einsum("nkh,nd->khd", dpieces, wide(x))
        return dx, dW, dpieces.sum(dim=0)
        ### END SOLUTION


def torch_maxout(x, W, b):
    """The largest of K linear layers, unit by unit.

        out = max over k of x @ W[k].T + b[k]

    Parameters
    ----------
    x : tensor (N, D)
    W : tensor (K, H, D)
    b : tensor (K, H)

    Returns
    -------
    tensor (N, H), of the dtype and on the device of x
    """
    return Maxout.apply(x, W, b)

# %% nbgrader={"grade": true, "grade_id": "check_torch_maxout", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_maxout")

# %% [markdown]
# ## What a backward keeps
#
# Between forward and backward a network holds on to all that was saved. That is
# most of the memory of training. PyTorch tells who asks:
# `torch.autograd.graph.saved_tensors_hooks(pack, unpack)` is a context in which
# `pack(tensor)` is called for each tensor that is saved, and what it returns is
# kept in its place.
#
# **Write** how many bytes are kept for the backward of `function(x)`. A tensor
# that is saved twice lies in memory once. (Two tensors are one in memory when
# their `data_ptr()` is the same, as long as both live.)
#
# **The check looks at** functions that keep their input, their output, a mask,
# both, one tensor twice, or nothing.

# %% nbgrader={"grade": false, "grade_id": "given_keepers", "locked": true, "schema_version": 3, "solution": false, "task": false}
def keeps_input(x):
    return torch.sin(x)


def keeps_output(x):
    return torch.exp(x)


def keeps_mask(x):
    return torch.where(x > 0, 2 * x, -x)


def keeps_one_tensor_twice(x):
    return torch.sin(torch.exp(x))  # the output of one, the input of the other


def keeps_two_tensors(x):
    return torch.exp(torch.sin(x))


def keeps_nothing(x):
    return x + 1

# %% nbgrader={"grade": false, "grade_id": "torch_saved_bytes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_saved_bytes(function, x):
    """Bytes of the tensors that function(x) keeps for its backward.

    Parameters
    ----------
    function : takes a tensor, returns a tensor
    x : tensor, which may not require a gradient yet

    Returns
    -------
    One whole number; x counts when it is kept, and every tensor counts once.
    """
    ### BEGIN SOLUTION
    kept = {}

    def pack(tensor):
        kept[tensor.data_ptr()] = tensor  # alive, so no address comes twice
        return tensor

    x = x.detach().requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept):
        function(x)
    return sum(t.numel() * t.element_size() for t in kept.values())
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_saved_bytes", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_saved_bytes")

# %% [markdown]
# Now your own functions: first alone, then between two layers, whose backward
# needs the input of each. Look at which of them are free there. (Memory that is
# kept as an attribute of `ctx` is not seen here.)

# %% nbgrader={"grade": false, "grade_id": "see_saved_bytes", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# x = torch.randn(256, 512)
# W = torch.randn(512, 512, requires_grad=True) / 16
# size = x.numel() * x.element_size()
# without = torch_saved_bytes(lambda x: x @ W @ W, x)
# for f in (torch_sigmoid, torch_relu, torch_leaky_relu, torch_elu, torch_selu,
#           torch_gelu, torch_silu):
#     alone = torch_saved_bytes(f, x) / size
#     between = (torch_saved_bytes(lambda x: f(x @ W) @ W, x) - without) / size
#     print(f"{f.__name__:17s} keeps {alone:.2f} of x, {between:.2f} more"
#           " between two layers")

# %% [markdown]
# A function whose backward works on its output costs nothing more: the next
# layer keeps that tensor anyway. ReLU can do with one byte an element, and with
# none if it looks at its output. GELU and SiLU can't: two inputs have the same
# output, so the output does not say which slope is right (*derived*).
#
# ## To think about
#
# 1. Which of your functions could keep their output in place of their input?
#    What does ELU need so that its slope can be had from the output?
# 2. `inplace=True` writes the output over the input. For which functions can
#    autograd allow that?
# 3. In bfloat16, PyTorch's sigmoid keeps its output as it is returned, in 16
#    bits. Where does the gradient $\sigma (1 - \sigma)$ lose its digits then?
# 4. With one slope for all channels, how does the size of the gradient of
#    PReLU's `weight` grow with the size of the images?
