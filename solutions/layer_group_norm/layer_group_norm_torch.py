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
# # Layer, instance and group normalization in PyTorch
#
# The same three layers as in `layer_group_norm.ipynb`, now on tensors: each
# with a backward pass of its own in autograd's terms, and group norm also as
# a module. Whatever you write works on the device and in the dtype of its
# input.
#
# | you write | what it is |
# |---|---|
# | `torch_layernorm` | a `torch.autograd.Function` over the last axis |
# | `torch_groupnorm` | the same over groups of channels |
# | `torch_instancenorm` | the same over each channel of each image |
# | `TorchGroupNorm` | a `torch.nn.Module` with weight and bias |
# | `torch_groupnorm_arguments` | three norms in terms of group norm |
#
# PyTorch's own batch, layer, instance and group norm are closed here: what
# they do is what you write. Everything else of PyTorch is open.
#
# ## Two conventions
#
# | | NumPy notebook | PyTorch |
# |---|---|---|
# | variance that normalizes | divides by the count (biased) | the same |
# | eps | in a dict, under the root, 1e-5 | an argument, under the root, 1e-5 |
# | what the backward needs | returned as `cache` | kept in `ctx` |
# | layer norm | of the rows of (N, D) | of as many last axes as you say |
# | layer norm of images | rows of length C·H·W | `LayerNorm((C, H, W))` |
# | its scale and shift | gamma, beta (C·H·W,) | weight, bias (C, H, W) |
# | scale and shift of instance norm | always | none, unless `affine=True` |
# | number of groups | `G`, behind gamma and beta | `num_groups`, first |
# | scale and shift of group norm | gamma, beta (C,) | weight, bias (C,) |
# | train and eval mode | there are none | both do the same |
#
# There is a trap: `Tensor.var` divides by the count less one if nothing is
# said. PyTorch's norms don't.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## Layer norm
#
# Each row, along the last axis, is normalized by itself, with $D$ numbers:
#
# $$
# \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad
# d\hat x = \gamma\, dy, \qquad
# dx = \frac{1}{\sqrt{\sigma^2 + \epsilon}} \left( d\hat x
# - \frac1D \sum d\hat x - \hat x\, \frac1D \sum d\hat x\, \hat x \right).
# $$
#
# The sums run over the row, so $\gamma$ stays inside of them. Those for
# $d\gamma$ and $d\beta$ run over everything else: a sequence model hands over
# (N, T, D), and all its N·T rows share one $\gamma$.
#
# Sixteen bits are for storing numbers, and not for adding them up: convert such
# an input to float32, compute, and convert the result back.
#
# **The check looks at** values and gradients for (N, D) and (N, T, D), in
# float64, float32, float16 and bfloat16, also for tensors that are not
# contiguous, and on the device "meta", where tensors have a shape and no
# numbers: what is made on another device than `x` shows there.

# %% nbgrader={"grade": false, "grade_id": "torch_layernorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
class LayerNormFunction(torch.autograd.Function):
    """Layer normalization over the last axis, for autograd."""

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        """The result; keeps in ctx what the way back needs."""
        ### BEGIN SOLUTION
        exact = torch.promote_types(x.dtype, torch.float32)
        rows = x.to(exact)
        centred = rows - rows.mean(-1, keepdim=True)
        var = (centred * centred).mean(-1, keepdim=True)
        inv_std = 1 / torch.sqrt(var + eps)
        x_hat = centred * inv_std
        g, b = gamma.to(exact), beta.to(exact)
        ctx.save_for_backward(x_hat, inv_std, g)
        ctx.dtypes = (x.dtype, gamma.dtype, beta.dtype)
        return (g * x_hat + b).to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """One gradient for each argument of the forward."""
        ### BEGIN SOLUTION
        x_hat, inv_std, g = ctx.saved_tensors
        dout = dout.to(x_hat.dtype)
        dgamma = (dout * x_hat).flatten(0, -2).sum(0)
        dbeta = dout.flatten(0, -2).sum(0)
        dx_hat = dout * g
        along_one = dx_hat.mean(-1, keepdim=True)
        along_x_hat = (dx_hat * x_hat).mean(-1, keepdim=True)
        dx = inv_std * (dx_hat - along_one - x_hat * along_x_hat)
        found = (dx, dgamma, dbeta)
        grads = [d.to(t) for d, t in zip(found, ctx.dtypes, strict=True)]
        return (*grads, None)
        ### END SOLUTION


def torch_layernorm(x, gamma, beta, eps):
    """Normalize each row of x, then scale and shift each column.

    Parameters
    ----------
    x : tensor (N, D) or (N, T, D); a row is along the last axis
    gamma, beta : tensors (D,), scale and shift
    eps : number added to the variance, which divides by D, under the root

    Returns
    -------
    tensor like x: same shape, dtype and device

    Computes in float32 at least. The gradient is the backward of
    LayerNormFunction.
    """
    ### BEGIN SOLUTION
    return LayerNormFunction.apply(x, gamma, beta, eps)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_layernorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_layernorm")

# %% [markdown]
# `gradcheck` compares a backward with differences of its forward, in float64.
# It says nothing when it is content. It can't see a forward that is wrong.

# %% nbgrader={"grade": false, "grade_id": "see_gradcheck", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# x = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
# gamma = torch.randn(4, dtype=torch.float64, requires_grad=True)
# beta = torch.randn(4, dtype=torch.float64, requires_grad=True)
# print(torch.autograd.gradcheck(torch_layernorm, (x, gamma, beta, 0.1)))

# %% [markdown]
# ## Group norm
#
# The C channels of an image are cut into G groups of neighbours. Each group of
# each image is normalized with its own $n = \tfrac CG\, H W$ numbers. On the
# way back the sums run over these $n$ numbers, and there $\gamma$ changes
# from channel to channel.
#
# `view` gives tensors another shape without moving a number. Where numbers do
# not lie side by side in memory, it raises an error. `reshape` then copies.
#
# **The check looks at** G = 1, at G = C and between, at groups whose size is
# not G, and at the dtypes, layouts and the device of above.

# %% nbgrader={"grade": false, "grade_id": "torch_groupnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
class GroupNormFunction(torch.autograd.Function):
    """Group normalization of images, for autograd."""

    @staticmethod
    def forward(ctx, x, G, gamma, beta, eps):
        """The result; keeps in ctx what the way back needs."""
        ### BEGIN SOLUTION
        exact = torch.promote_types(x.dtype, torch.float32)
        groups = x.to(exact).reshape(x.shape[0], G, -1)  # (N, G, n)
        centred = groups - groups.mean(-1, keepdim=True)
        var = (centred * centred).mean(-1, keepdim=True)
        inv_std = 1 / torch.sqrt(var + eps)  # (N, G, 1)
        x_hat = (centred * inv_std).reshape(x.shape)
        g = gamma.to(exact).reshape(-1, 1, 1)
        b = beta.to(exact).reshape(-1, 1, 1)
        ctx.save_for_backward(x_hat, inv_std, g)
        ctx.dtypes = (x.dtype, gamma.dtype, beta.dtype)
        return (g * x_hat + b).to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """One gradient for each argument of the forward."""
        ### BEGIN SOLUTION
        x_hat, inv_std, g = ctx.saved_tensors
        dout = dout.to(x_hat.dtype)
        dgamma = (dout * x_hat).sum((0, 2, 3))
        dbeta = dout.sum((0, 2, 3))
        shape = (*inv_std.shape[:2], -1)
        dx_hat = (dout * g).reshape(shape)  # (N, G, n)
        x_hat = x_hat.reshape(shape)
        along_one = dx_hat.mean(-1, keepdim=True)
        along_x_hat = (dx_hat * x_hat).mean(-1, keepdim=True)
        dx = inv_std * (dx_hat - along_one - x_hat * along_x_hat)
        found = (dx.reshape(dout.shape), dgamma, dbeta)
        grads = [d.to(t) for d, t in zip(found, ctx.dtypes, strict=True)]
        return (grads[0], None, *grads[1:], None)
        ### END SOLUTION


def torch_groupnorm(x, G, gamma, beta, eps):
    """Normalize each group of channels of an image, scale and shift channels.

    Parameters
    ----------
    x : tensor (N, C, H, W)
    G : number of groups; each consists of C // G neighbouring channels
    gamma, beta : tensors (C,), scale and shift of each channel
    eps : number added to the variance, which divides by n, under the root

    Returns
    -------
    tensor like x: same shape, dtype and device

    Computes in float32 at least. The gradient is the backward of
    GroupNormFunction. Raises ValueError when G does not divide C.
    """
    ### BEGIN SOLUTION
    C = x.shape[1]
    if C % G != 0:
        raise ValueError(f"{C} channels do not make {G} equal groups")
    return GroupNormFunction.apply(x, G, gamma, beta, eps)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_groupnorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_groupnorm")

# %% [markdown]
# ## Instance norm
#
# Each channel of each image is normalized with its own H·W numbers.
#
# **Before you write**, look at the sums on the way back: $\gamma$ is the same
# number for all they run over. You may write a function with a backward of its
# own again, or find out that you have written it already.
#
# **The check looks at** what it looked at above.

# %% nbgrader={"grade": false, "grade_id": "torch_instancenorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
class InstanceNormFunction(torch.autograd.Function):
    """Instance normalization of images, for autograd; you may not need it."""

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        """The result; keeps in ctx what the way back needs."""
        ### BEGIN SOLUTION
        exact = torch.promote_types(x.dtype, torch.float32)
        wide = x.to(exact)
        centred = wide - wide.mean((2, 3), keepdim=True)
        var = (centred * centred).mean((2, 3), keepdim=True)
        inv_std = 1 / torch.sqrt(var + eps)  # (N, C, 1, 1)
        x_hat = centred * inv_std
        g = gamma.to(exact).reshape(-1, 1, 1)
        b = beta.to(exact).reshape(-1, 1, 1)
        ctx.save_for_backward(x_hat, inv_std, g)
        ctx.dtypes = (x.dtype, gamma.dtype, beta.dtype)
        return (g * x_hat + b).to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """One gradient for each argument of the forward."""
        ### BEGIN SOLUTION
        x_hat, inv_std, g = ctx.saved_tensors
        dout = dout.to(x_hat.dtype)
        dgamma = (dout * x_hat).sum((0, 2, 3))
        dbeta = dout.sum((0, 2, 3))
        dx_hat = dout * g
        along_one = dx_hat.mean((2, 3), keepdim=True)
        along_x_hat = (dx_hat * x_hat).mean((2, 3), keepdim=True)
        dx = inv_std * (dx_hat - along_one - x_hat * along_x_hat)
        found = (dx, dgamma, dbeta)
        grads = [d.to(t) for d, t in zip(found, ctx.dtypes, strict=True)]
        return (*grads, None)
        ### END SOLUTION


def torch_instancenorm(x, gamma, beta, eps):
    """Normalize each channel of each image, then scale and shift it.

    Parameters
    ----------
    x : tensor (N, C, H, W)
    gamma, beta : tensors (C,), scale and shift
    eps : number added to the variance, which divides by H * W, under the root

    Returns
    -------
    tensor like x: same shape, dtype and device

    Computes in float32 at least. The gradient is that of a backward of your
    own.
    """
    ### BEGIN SOLUTION
    return InstanceNormFunction.apply(x, gamma, beta, eps)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_instancenorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_instancenorm")

# %% [markdown]
# ## A module
#
# Group norm has parameters, and no buffers: it keeps no statistics, so
# `module.train()` and `module.eval()` change nothing. Its arguments come in
# PyTorch's order. Here autograd may find the way back by itself, or you call
# your function.
#
# **The check looks at** a new module and at one whose weight and bias were
# loaded, in train and in eval mode, and after `module.to(...)`.

# %% nbgrader={"grade": false, "grade_id": "TorchGroupNorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
class TorchGroupNorm(torch.nn.Module):
    """Group normalization with PyTorch's conventions.

    Parameters
    ----------
    num_groups : G
    num_channels : C
    eps : added to the variance under the root

    Has the parameters weight (C,), ones at first, and bias (C,), zeros.
    Raises ValueError when num_groups does not divide num_channels.
    """

    def __init__(self, num_groups, num_channels, eps=1e-5):
        super().__init__()
        ### BEGIN SOLUTION
        if num_channels % num_groups != 0:
            raise ValueError("num_groups must divide num_channels")
        self.num_groups, self.eps = num_groups, eps
        self.weight = torch.nn.Parameter(torch.ones(num_channels))
        self.bias = torch.nn.Parameter(torch.zeros(num_channels))
        ### END SOLUTION

    def forward(self, x):
        """Tensor like x, of shape (N, C, H, W)."""
        ### BEGIN SOLUTION
        groups = x.reshape(x.shape[0], self.num_groups, -1)
        centred = groups - groups.mean(-1, keepdim=True)
        var = centred.square().mean(-1, keepdim=True)
        x_hat = (centred / torch.sqrt(var + self.eps)).reshape(x.shape)
        scale = self.weight.reshape(-1, 1, 1)
        return scale * x_hat + self.bias.reshape(-1, 1, 1)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_TorchGroupNorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("TorchGroupNorm")

# %% [markdown]
# Look at one image, alone and among 49 others, in both modes. With batch norm
# the company mattered in train mode, and the mode did alone.

# %% nbgrader={"grade": false, "grade_id": "see_modes", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# generator = torch.Generator().manual_seed(0)
# company = torch.randn(50, 6, 4, 4, generator=generator)
# module = TorchGroupNorm(3, 6)
# for mode in (module.train, module.eval):
#     mode()
#     alone, among = module(company[:1])[0], module(company)[0]
#     print(f"training {module.training}:", alone[0, 0].tolist())
#     print("  largest difference:", (alone - among).abs().max().item())

# %% [markdown]
# It is one answer each time.
#
# ## Three norms in terms of one
#
# Group norm holds two others: with one group it takes the statistics of layer
# norm over all of C, H and W, with C groups those of instance norm. Some texts
# write the affine parameters as (1, C, 1, 1), ready to be multiplied. PyTorch
# wants (C,).
#
# **Write** what PyTorch's group norm must be given so that it does the work of
# a norm of the lecture, with one $\gamma$ and one $\beta$ a channel. (Layer
# norm of the NumPy notebook has one for each of the C·H·W features. No group
# norm can do that.)
# **The check looks at** all three norms and both shapes.

# %% nbgrader={"grade": false, "grade_id": "torch_groupnorm_arguments", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_groupnorm_arguments(norm, gamma, beta, G):
    """Arguments of PyTorch's group norm that make it another norm of images.

    Parameters
    ----------
    norm : "layer" over C, H and W, "instance" or "group"
    gamma, beta : tensors (C,) or (1, C, 1, 1)
    G : number of groups; only "group" uses it

    Returns
    -------
    num_groups : whole number
    weight, bias : tensors (C,), with the numbers of gamma and beta

    Raises ValueError for another norm.
    """
    ### BEGIN SOLUTION
    groups = {"layer": 1, "instance": gamma.numel(), "group": G}
    if norm not in groups:
        raise ValueError(f"{norm!r} is none of the three norms")
    return groups[norm], gamma.reshape(-1), beta.reshape(-1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_groupnorm_arguments", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_groupnorm_arguments")

# %% [markdown]
# Now your functions must agree with each other. Look at how far group norm is
# from the other two when it gets these arguments.

# %% nbgrader={"grade": false, "grade_id": "see_one_for_three", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# generator = torch.Generator().manual_seed(1)
# x = torch.randn(2, 6, 4, 5, generator=generator)
# gamma, beta = torch.randn(2, 1, 6, 1, 1, generator=generator)
# one, zero = torch.ones(6 * 4 * 5), torch.zeros(6 * 4 * 5)
# rows = torch_layernorm(x.flatten(1), one, zero, 1e-5).reshape(x.shape)
# layer = gamma * rows + beta
# instance = torch_instancenorm(x, gamma.flatten(), beta.flatten(), 1e-5)
# for norm, wanted in (("layer", layer), ("instance", instance)):
#     G, weight, bias = torch_groupnorm_arguments(norm, gamma, beta, 3)
#     found = torch_groupnorm(x, G, weight, bias, 1e-5)
#     print(f"{norm:10s} {(found - wanted).abs().max().item():.1e}")

# %% [markdown]
# No difference is larger than rounding in float32.
