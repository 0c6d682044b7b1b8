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
# # Batch normalization in PyTorch
#
# The same layer as in `batchnorm.ipynb`, now on tensors: with a backward pass
# of your own in autograd's terms, and as a module that a network can hold.
# Whatever you write works on the device and in the dtype of its input.
#
# | you write | what it is |
# |---|---|
# | `torch_batchnorm` | a `torch.autograd.Function`, forward and backward |
# | `TorchBatchNorm` | a `torch.nn.Module` with running statistics |
# | `torch_running_statistics` | from the NumPy notebook's conventions to PyTorch's |
# | `torch_fold_batchnorm` | folded into the layer before it |
#
# PyTorch's own batch, layer, instance and group norm are closed here: what
# they do is what you write. Everything else of PyTorch is open.
#
# ## Two conventions
#
# The lecture, its NumPy notebook and PyTorch mean the same layer, and write it
# differently. Keep this table at hand.
#
# | | NumPy notebook | PyTorch |
# |---|---|---|
# | momentum $m$ | weight of the old statistics, 0.9 | weight of the new ones, 0.1 |
# | variance that normalizes | divides by $N$ (biased) | divides by $N$ (biased) |
# | running variance | divides by $N$ (biased) | divides by $N - 1$ (unbiased) |
# | first running variance | zeros | ones |
# | eps | under the root, 1e-5 | under the root, 1e-5 |
# | scale and shift | gamma, beta of shape (D,) | weight, bias of shape (C,) |
# | weight of a linear layer | (D_in, D_out) | (D_out, D_in) |
# | mode | `bn_param["mode"]` | `module.training` |
#
# With images, $N$ stands for all that share a statistic: $N \cdot H \cdot W$.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## A function with a backward of its own
#
# Autograd asks two things of an operation: `forward(ctx, ...)` computes and
# keeps in `ctx` what the way back needs, and `backward(ctx, dout)` returns one
# gradient for each argument of the forward, `None` for what has none. With the
# mean and variance of each channel over all other axes, $n$ numbers each,
#
# $$
# \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad
# dx = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}} \left( dy
# - \frac1n \sum dy - \hat x\, \frac1n \sum dy\, \hat x \right).
# $$
#
# Sixteen bits are for storing numbers, and not for adding them up: convert such
# an input to float32, compute, and convert the result back.
#
# **The check looks at** values and gradients for (N, C) and (N, C, H, W), in
# float64, float32, float16 and bfloat16, also for tensors that are not
# contiguous, and on the device "meta", where tensors have a shape and no
# numbers: what is made on another device than `x` shows there.

# %% nbgrader={"grade": false, "grade_id": "torch_batchnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
class BatchNormFunction(torch.autograd.Function):
    """Batch normalization in train mode, for autograd."""

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        """The result; keeps in ctx what the way back needs."""
        ### BEGIN SOLUTION
        exact = torch.promote_types(x.dtype, torch.float32)
        axes = [a for a in range(x.ndim) if a != 1]
        shape = [1, -1] + [1] * (x.ndim - 2)
        wide = x.to(exact)
        centred = wide - wide.mean(axes, keepdim=True)
        var = (centred * centred).mean(axes, keepdim=True)
        inv_std = 1 / torch.sqrt(var + eps)
        x_hat = centred * inv_std
        g = gamma.to(exact).reshape(shape)
        b = beta.to(exact).reshape(shape)
        ctx.save_for_backward(x_hat, inv_std, g)
        ctx.dtypes = (x.dtype, gamma.dtype, beta.dtype)
        return (g * x_hat + b).to(x.dtype)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """Gradients of x, gamma and beta, and None for eps."""
        ### BEGIN SOLUTION
        x_hat, inv_std, g = ctx.saved_tensors
        axes = [a for a in range(x_hat.ndim) if a != 1]
        dout = dout.to(x_hat.dtype)
        dgamma = (dout * x_hat).sum(axes)
        dbeta = dout.sum(axes)
        mean_dout = dout.mean(axes, keepdim=True)
        mean_product = (dout * x_hat).mean(axes, keepdim=True)
        dx = g * inv_std * (dout - mean_dout - x_hat * mean_product)
        found = (dx, dgamma, dbeta)
        grads = [d.to(t) for d, t in zip(found, ctx.dtypes, strict=True)]
        return (*grads, None)
        ### END SOLUTION


def torch_batchnorm(x, gamma, beta, eps):
    """Normalize each channel of x over all other axes, then scale and shift.

    Parameters
    ----------
    x : tensor (N, C) or (N, C, H, W)
    gamma, beta : tensors (C,), scale and shift
    eps : number added to the variance, which divides by n, under the root

    Returns
    -------
    tensor like x: same shape, dtype and device

    Computes in float32 at least. The gradient is the backward of
    BatchNormFunction.
    """
    ### BEGIN SOLUTION
    return BatchNormFunction.apply(x, gamma, beta, eps)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_batchnorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_batchnorm")

# %% [markdown]
# `gradcheck` compares a backward with differences of its forward, in float64.
# It says nothing when it is content. It can't see a forward that is wrong.

# %% nbgrader={"grade": false, "grade_id": "see_gradcheck", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
# gamma = torch.randn(3, dtype=torch.float64, requires_grad=True)
# beta = torch.randn(3, dtype=torch.float64, requires_grad=True)
# print(torch.autograd.gradcheck(torch_batchnorm, (x, gamma, beta, 0.1)))

# %% [markdown]
# ## A module
#
# A module owns its parameters and its *buffers*: tensors that are no
# parameters, but move and are saved with it. `module.train()` and
# `module.eval()` set `module.training`. In train mode, the layer normalizes
# with the statistics of the batch and updates the running ones; in eval mode it
# normalizes with these and leaves them alone.
#
# **The check looks at** outputs and running statistics after train and eval
# mode, after `module.to(...)`, and at a momentum that is not 0.1.

# %% nbgrader={"grade": false, "grade_id": "TorchBatchNorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
class TorchBatchNorm(torch.nn.Module):
    """Batch normalization with PyTorch's conventions.

    Parameters
    ----------
    num_features : C
    eps : added to the variance under the root
    momentum : weight of the new statistics

    Has the parameters weight (C,), ones at first, and bias (C,), zeros, and
    the buffers running_mean (C,), zeros at first, and running_var (C,), ones.

    In train mode, with n numbers a channel:
        running_mean = (1 - momentum) running_mean + momentum mean
        running_var = (1 - momentum) running_var + momentum var n / (n - 1)
    where var divides by n, as it does where it normalizes.
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        ### BEGIN SOLUTION
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        ### END SOLUTION

    def forward(self, x):
        """Tensor like x, of shape (N, C) or (N, C, H, W)."""
        ### BEGIN SOLUTION
        axes = [a for a in range(x.ndim) if a != 1]
        shape = [1, -1] + [1] * (x.ndim - 2)
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean = x.mean(axes)
            var = (x - mean.reshape(shape)).square().mean(axes)
            n = x.numel() / x.shape[1]
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * n / (n - 1), self.momentum)
        std = torch.sqrt(var + self.eps)
        x_hat = (x - mean.reshape(shape)) / std.reshape(shape)
        return self.weight.reshape(shape) * x_hat + self.bias.reshape(shape)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_TorchBatchNorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("TorchBatchNorm")

# %% [markdown]
# ## From one convention to the other
#
# You have trained with the NumPy notebook and want to go on in PyTorch.
# **Write** what PyTorch must be given.

# %% nbgrader={"grade": false, "grade_id": "torch_running_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_running_statistics(momentum, running_var, n):
    """PyTorch's momentum and running variance for those of the NumPy notebook.

    Parameters
    ----------
    momentum : weight of the old statistics
    running_var : tensor (C,), a running mean of variances that divide by n
    n : numbers a channel in every batch

    Returns
    -------
    momentum : weight of the new statistics
    running_var : tensor (C,), a running mean of variances that divide by n - 1
    """
    ### BEGIN SOLUTION
    return 1 - momentum, running_var * n / (n - 1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_running_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_running_statistics")

# %% [markdown]
# ## Folded away
#
# In eval mode batch norm is a fixed linear map, so it can be merged into the
# layer before it. PyTorch keeps the weight of a linear layer as (D_out, D_in)
# and that of a convolution as (F, C, HH, WW): the outputs come first in both.

# %% nbgrader={"grade": false, "grade_id": "torch_fold_batchnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_fold_batchnorm(weight, bias, gamma, beta, mean, var, eps):
    """Weight and bias of one layer that does the work of two.

    Parameters
    ----------
    weight : tensor (D_out, D_in) or (F, C, HH, WW)
    bias : tensor (D_out,) or (F,)
    gamma, beta, mean, var : tensors like bias, of the batch norm behind it
    eps : added to var under the root

    Returns
    -------
    weight, bias : new tensors like those that were given
    """
    ### BEGIN SOLUTION
    factor = gamma / torch.sqrt(var + eps)
    shape = [-1] + [1] * (weight.ndim - 1)
    return weight * factor.reshape(shape), (bias - mean) * factor + beta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_fold_batchnorm", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_fold_batchnorm")
