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
# # Batch normalization
#
# "You want zero-mean unit-variance activations? Just make them so." Batch
# normalization does that inside the network, as a layer like any other: it
# has a forward pass, a backward pass and two parameters to learn.
#
# | you write | shapes | idea |
# |---|---|---|
# | `batchnorm_forward` | (N, D) | train and test differ |
# | `batchnorm_backward` | (N, D) | back through the graph, step by step |
# | `batchnorm_backward_alt` | (N, D) | the same in one line |
# | `spatial_batchnorm_forward` | (N, C, H, W) | one statistic a channel |
# | `spatial_batchnorm_backward` | (N, C, H, W) | the same detour, back |
# | `fold_batchnorm_into_linear` | (M, D) | at test time it is a linear map |
# | `fold_batchnorm_into_conv` | (F, C, HH, WW) | so it costs nothing |
#
# In this notebook `x` has one row for each example. Whatever your forward
# returns as `cache` is handed to your backward untouched, so put into it what
# you need. No function may change the arrays it was given.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## Forward: two modes
#
# **To train**, each feature $j$ is normalized with the statistics of the
# batch:
#
# $$
# \mu_j = \frac1N \sum_{i=1}^N x_{ij}, \qquad
# \sigma_j^2 = \frac1N \sum_{i=1}^N (x_{ij} - \mu_j)^2, \qquad
# \hat x_{ij} = \frac{x_{ij} - \mu_j}{\sqrt{\sigma_j^2 + \epsilon}}, \qquad
# y_{ij} = \gamma_j \hat x_{ij} + \beta_j .
# $$
#
# $x$, $\hat x$ and $y$ have the shape (N, D). $\mu$, $\sigma^2$, $\gamma$ and
# $\beta$ have the shape (D,).
#
# **To test**, there may be no batch at all, and an answer should not depend
# on which other examples happen to be in it. So the layer keeps running
# statistics while it trains,
#
# $$
# \text{running} \leftarrow m \cdot \text{running} + (1 - m) \cdot
# \text{statistic of the batch},
# $$
#
# for the mean and for the variance, and uses them in place of $\mu$ and
# $\sigma^2$ in test mode. The rest of the formula stays.
#
# **Write** both modes. The running statistics go into the dict `bn_param` as
# new arrays.
# **The check looks at** the output and at the running statistics after one
# batch and after several; at an $\epsilon$ that is not small; at a constant
# column; at a mean of 10,000 with a standard deviation of 0.01.

# %% nbgrader={"grade": false, "grade_id": "batchnorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_forward(x, gamma, beta, bn_param):
    """Normalize each column of x, then scale and shift it.

        train:  x_hat = (x - mean) / sqrt(var + eps)
                running = momentum * running + (1 - momentum) * (mean or var)
        test:   x_hat = (x - running_mean) / sqrt(running_var + eps)
        both:   out = gamma * x_hat + beta

    Parameters
    ----------
    x : (N, D)
    gamma, beta : (D,), scale and shift
    bn_param : dict with
        mode : "train" or "test"
        eps : added to the variance under the root; 1e-5 if missing
        momentum : weight of the old running statistics; 0.9 if missing
        running_mean, running_var : (D,); zeros if missing

    Returns
    -------
    out : (N, D)
    cache : whatever the backward pass needs; anything in test mode

    The variance divides by N, in the output and in the running variance.
    Train mode puts new arrays running_mean and running_var of shape (D,) into
    bn_param. Test mode leaves them as they are. The arrays that were passed
    in never change. Raises ValueError for another mode.
    """
    ### BEGIN SOLUTION
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, x.dtype))

    if mode == "train":
        mean = x.mean(axis=0)  # (D,)
        var = ((x - mean) ** 2).mean(axis=0)  # (D,)
        x_hat = (x - mean) / np.sqrt(var + eps)  # (N, D)
        out = gamma * x_hat + beta
        cache = (x, x_hat, mean, var, eps, gamma)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
        bn_param["running_mean"] = running_mean
        bn_param["running_var"] = running_var
    elif mode == "test":
        x_hat = (x - running_mean) / np.sqrt(running_var + eps)
        out = gamma * x_hat + beta
        cache = None
    else:
        raise ValueError(f"mode is {mode!r}, and not 'train' or 'test'")
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_batchnorm_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("batchnorm_forward")

# %% [markdown]
# Look at one feature before and after. The shape of the histogram stays: the
# layer moves it and scales it, and that is all. With $\gamma$ and $\beta$ the
# network can choose any other mean and spread, in the lecture's words "if
# zero-mean, unit variance is too hard of a constraint".

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# rng = np.random.default_rng(0)
# x = rng.gamma(2.0, 3.0, size=(2000, 1)) + 5
# one, zero = np.ones(1), np.zeros(1)
# x_hat, _ = batchnorm_forward(x, one, zero, {"mode": "train"})
# y, _ = batchnorm_forward(x, 2 * one, zero - 4, {"mode": "train"})
# figure, axes = plt.subplots(1, 3, figsize=(9, 2.5), sharey=True)
# titles = ("before", "γ = 1, β = 0", "γ = 2, β = −4")
# for axis, values, title in zip(axes, (x, x_hat, y), titles):
#     axis.hist(values.ravel(), bins=50)
#     mean, std = values.mean(), values.std()
#     axis.set_title(f"{title}\nmean {mean:.2f}, std {std:.2f}")
# figure.tight_layout()

# %% [markdown]
# ### Can the layer do nothing?
#
# The lecture: "Learning γ = σ, β = μ will recover the identity function!"
# Look at how exactly it does. With $\epsilon$ under the root, the γ that
# recovers the identity is $\sqrt{\sigma^2 + \epsilon}$ (*derived*).

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(1)
# x = rng.normal([0.0, 3.0, -2.0], [1.0, 0.1, 0.01], size=(200, 3))
# mean, var, eps = x.mean(axis=0), x.var(axis=0), 1e-5
# for name, gamma in [("σ", np.sqrt(var)), ("√(σ² + ε)", np.sqrt(var + eps))]:
#     y, _ = batchnorm_forward(x, gamma, mean, {"mode": "train", "eps": eps})
#     print(f"γ = {name:9s}  largest |y - x|: {np.abs(y - x).max(axis=0)}")

# %% [markdown]
# ### Running statistics arrive late
#
# They start at zero here, as in the course's signature (PyTorch starts the
# variance at one). After $t$ batches a share $m^t$ of the start is still in
# them (*derived*), whatever the data. Look for the batch at which 1 % is left.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(2)
# for momentum in (0.5, 0.9, 0.99):
#     state = {}
#     print(f"momentum {momentum}")
#     for t in range(1, 501):
#         x = rng.normal(3.0, 2.0, size=(100, 1))
#         bn_param = {"mode": "train", "momentum": momentum, **state}
#         batchnorm_forward(x, np.ones(1), np.zeros(1), bn_param)
#         state = {k: bn_param[k] for k in ("running_mean", "running_var")}
#         if t in (1, 7, 44, 500):
#             print(f"  after {t:3d}: mean {state['running_mean'][0]:.2f} of 3,"
#                   f" variance {state['running_var'][0]:.2f} of 4,"
#                   f" share of the start {momentum**t:.2f}")

# %% [markdown]
# ### A bug to find
#
# "Behaves differently during training and testing: this is a very common
# source of bugs!" Here is one. The same layer answers the same example twice,
# once alone and once in company. **Before you read on**, say which line is to
# blame.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(3)
# gamma, beta = np.ones(2), np.zeros(2)
# bn_param = {"mode": "train"}
# for _ in range(100):
#     batchnorm_forward(rng.normal(5.0, 2.0, (50, 2)), gamma, beta, bn_param)
# one_example = np.array([[7.0, 3.0]])
# company = np.vstack([one_example, rng.normal(5.0, 2.0, (49, 2))])
# for mode in ("train", "test"):
#     bn_param["mode"] = mode
#     for name, x in (("alone", one_example), ("in company", company)):
#         out, _ = batchnorm_forward(x, gamma, beta, bn_param)
#         print(f"{mode:5s}  {name:10s}  {out[0].round(2)}")

# %% [markdown]
# In train mode an example alone is its own mean, so the answer is $\beta$
# whatever the example. The mistake was to ask before the mode was switched.
# And it left a trace: each of the two calls in train mode changed the running
# statistics, which the test mode then used.

# %% [markdown]
# ## Backward, through the graph
#
# Write the forward as small steps and go back through them one at a time:
#
#     x ──────────────┬─ centred ──────────────┬─ x_hat ── out
#      └─ mean ───────┘   └─ var ── std ───────┘
#
# $x$ reaches the output by three ways: directly, through the mean, and through
# the variance. A gradient is the sum over all ways. With
# $s_j = \sqrt{\sigma_j^2 + \epsilon}$ and $\bar v$ for the gradient of the
# loss with respect to $v$:
#
# $$
# \begin{aligned}
# \bar\beta_j &= \sum_i \bar y_{ij}, &
# \bar\gamma_j &= \sum_i \bar y_{ij}\, \hat x_{ij}, &
# \bar{\hat x}_{ij} &= \bar y_{ij}\, \gamma_j, \\
# \bar s_j &= -\sum_i \bar{\hat x}_{ij}\, \frac{x_{ij} - \mu_j}{s_j^2}, &
# \bar{\sigma^2_j} &= \frac{\bar s_j}{2 s_j}, & &
# \end{aligned}
# $$
#
# and the last two steps, to the centred values and to $x$, are yours.
#
# **Write** the steps in this order. The gradient through the variance adds
# $\tfrac2N (x_{ij} - \mu_j)$ times its own to the centred values.
# **The check looks at** each of the three gradients by itself, at their
# shapes, at an $\epsilon$ that is not small, and at entries that equal their
# mean.

# %% nbgrader={"grade": false, "grade_id": "batchnorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_backward(dout, cache):
    """Gradients of batch norm in train mode, back through the graph.

    Parameters
    ----------
    dout : (N, D), gradient of the loss with respect to out
    cache : what your batchnorm_forward returned in train mode

    Returns
    -------
    dx : (N, D)
    dgamma, dbeta : (D,)
    """
    ### BEGIN SOLUTION
    x, x_hat, mean, var, eps, gamma = cache
    N = x.shape[0]
    centred = x - mean
    std = np.sqrt(var + eps)

    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma

    dstd = -(dx_hat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dx_hat / std + 2 / N * centred * dvar
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / N
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_batchnorm_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("batchnorm_backward")

# %% [markdown]
# Look at the column sums of `dx`. They vanish: adding the same number to a
# whole column changes nothing, so the loss cannot fall in that direction.
# The sums against $\hat x$ vanish as well, but for $\epsilon$: scaling a column
# changes next to nothing.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(5)
# x, dout = rng.normal(2.0, 3.0, (8, 3)), rng.normal(size=(8, 3))
# one, zero = np.ones(3), np.zeros(3)
# x_hat, cache = batchnorm_forward(x, one, zero, {"mode": "train"})
# dx, dgamma, dbeta = batchnorm_backward(dout, cache)
# print("sum of dx        ", dx.sum(axis=0))
# print("sum of dx * x_hat", (dx * x_hat).sum(axis=0))
# print("size of dx       ", np.abs(dx).mean(axis=0))

# %% [markdown]
# ## Backward, in one line
#
# Put the steps into each other on paper and most of it cancels:
#
# $$
# \bar x_{ij} = \frac{\gamma_j}{N s_j}
# \Bigl( N \bar y_{ij} - \sum_k \bar y_{kj} - \hat x_{ij} \sum_k \bar y_{kj}
# \hat x_{kj} \Bigr).
# $$
#
# Both sums have names already.
#
# **Write** this formula. Do not call `batchnorm_backward`: two independent
# derivations that agree are worth more than one.
# **The check looks at** what it looked at above.

# %% nbgrader={"grade": false, "grade_id": "batchnorm_backward_alt", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_backward_alt(dout, cache):
    """Gradients of batch norm in train mode, in closed form.

        dx = gamma / (N sqrt(var + eps)) (N dout - dbeta - x_hat dgamma)

    Parameters
    ----------
    dout : (N, D), gradient of the loss with respect to out
    cache : what your batchnorm_forward returned in train mode

    Returns
    -------
    dx : (N, D)
    dgamma, dbeta : (D,)
    """
    ### BEGIN SOLUTION
    x, x_hat, mean, var, eps, gamma = cache
    N = x.shape[0]
    std = np.sqrt(var + eps)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx = gamma / (N * std) * (N * dout - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_batchnorm_backward_alt", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("batchnorm_backward_alt")

# %% [markdown]
# Look at the time of both, and at how far they are apart. The closed form
# makes fewer passes over an array of the size of `x`.

# %% tags=["active-ipynb"]
# import timeit
#
# rng = np.random.default_rng(6)
# x, dout = rng.normal(size=(500, 500)), rng.normal(size=(500, 500))
# one, zero = np.ones(500), np.zeros(500)
# _, cache = batchnorm_forward(x, one, zero, {"mode": "train"})
# dx, dx_alt = (f(dout, cache)[0]
#               for f in (batchnorm_backward, batchnorm_backward_alt))
# print(f"largest difference {np.abs(dx - dx_alt).max():.0e}")
# for backward in (batchnorm_backward, batchnorm_backward_alt):
#     run = lambda: backward(dout, cache)
#     seconds = min(timeit.repeat(run, number=5, repeat=5))
#     print(f"{backward.__name__:22s} {1000 * seconds / 5:.1f} ms")

# %% [markdown]
# ## Images: one statistic for each channel
#
# A convolution looks for the same thing at every position. So its outputs of
# shape (N, C, H, W) share one mean and one variance for each channel, taken
# over examples *and* positions: N·H·W numbers behind each statistic.
# $\mu$, $\sigma^2$, $\gamma$ and $\beta$ have the shape (C,).
#
# So this is batch norm of an array with N·H·W rows and C columns. The work is
# to put the numbers into that order and back. `reshape` alone does not move
# numbers: it reads them in the order in which they lie.
#
# **Write** it with your `batchnorm_forward`, or directly.
# **The check looks at** arrays whose N, C, H and W all differ, at the running
# statistics, and at test mode.

# %% nbgrader={"grade": false, "grade_id": "spatial_batchnorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Batch norm with one mean and one variance for each channel.

    Parameters
    ----------
    x : (N, C, H, W)
    gamma, beta : (C,)
    bn_param : as in batchnorm_forward, with running_mean and running_var of
        shape (C,); new ones are put into it in train mode

    Returns
    -------
    out : (N, C, H, W)
    cache : whatever the backward pass needs; anything in test mode
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)  # (N*H*W, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out = out.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_spatial_batchnorm_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("spatial_batchnorm_forward")

# %% [markdown]
# Look at the means by channel, before and after.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(7)
# mean = np.array([0.0, 5.0, -3.0])[:, None, None]
# x = mean + rng.normal(size=(4, 3, 5, 6))
# one, zero = np.ones(3), np.zeros(3)
# y, _ = spatial_batchnorm_forward(x, one, zero, {"mode": "train"})
# for name, values in (("before", x), ("after", y)):
#     mean, std = values.mean(axis=(0, 2, 3)), values.std(axis=(0, 2, 3))
#     print(f"{name:6s}  mean {mean.round(2) + 0.0}  std {std.round(2)}")

# %% [markdown]
# The way back is the same detour in the other direction.
#
# **Write** it with one of your two backward functions.
# **The check looks at** all three gradients. Remember how many numbers stand
# behind each statistic.

# %% nbgrader={"grade": false, "grade_id": "spatial_batchnorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def spatial_batchnorm_backward(dout, cache):
    """Gradients of spatial batch norm in train mode.

    Parameters
    ----------
    dout : (N, C, H, W), gradient of the loss with respect to out
    cache : what your spatial_batchnorm_forward returned in train mode

    Returns
    -------
    dx : (N, C, H, W)
    dgamma, dbeta : (C,)
    """
    ### BEGIN SOLUTION
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)  # (N*H*W, C)
    dx, dgamma, dbeta = batchnorm_backward(rows, cache)
    dx = dx.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_spatial_batchnorm_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("spatial_batchnorm_backward")

# %% [markdown]
# ## At test time it is a linear map
#
# With the running statistics fixed, the layer multiplies by a number and adds
# a number, for each feature. If it follows a linear layer
# $z = x W + b$ with $W$ of shape (M, D), the two are one linear layer:
#
# $$
# \gamma_j \,\frac{z_j - \mu_j}{\sqrt{\sigma_j^2 + \epsilon}} + \beta_j
# = (x\,W')_j + b'_j .
# $$
#
# **Write** $W'$ and $b'$. Put $z = xW + b$ in and sort by what is multiplied
# with $x$ and what is not.
# **The check looks at** both arrays, at an $\epsilon$ that is not small, and
# at a linear layer with as many inputs as outputs.

# %% nbgrader={"grade": false, "grade_id": "fold_batchnorm_into_linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fold_batchnorm_into_linear(W, b, gamma, beta, running_mean, running_var, eps):
    """Weights and bias of one linear layer that does the work of two.

    x @ W_folded + b_folded equals batch norm in test mode of x @ W + b, for
    every x of shape (N, M).

    Parameters
    ----------
    W : (M, D), weights of the linear layer
    b : (D,), its bias
    gamma, beta, running_mean, running_var : (D,)
    eps : added to the variance under the root

    Returns
    -------
    W_folded : (M, D), a new array
    b_folded : (D,), a new array
    """
    ### BEGIN SOLUTION
    scale = gamma / np.sqrt(running_var + eps)  # (D,)
    W_folded = W * scale
    b_folded = (b - running_mean) * scale + beta
    return W_folded, b_folded
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_fold_batchnorm_into_linear", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("fold_batchnorm_into_linear")

# %% [markdown]
# Look at the difference between the two layers and the one: rounding.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(4)
# W, b = rng.normal(size=(6, 4)), rng.normal(size=4)
# gamma, beta, mean = rng.normal(size=(3, 4))
# var, x = rng.uniform(0.5, 2.0, 4), rng.normal(size=(10, 6))
# bn_param = {"mode": "test", "running_mean": mean, "running_var": var}
# two, _ = batchnorm_forward(x @ W + b, gamma, beta, bn_param)
# W1, b1 = fold_batchnorm_into_linear(W, b, gamma, beta, mean, var, 1e-5)
# print("largest difference", np.abs(two - (x @ W1 + b1)).max())

# %% [markdown]
# ### And so is a convolution
#
# A convolution is linear as well, so batch norm behind it disappears into its
# filters: "Zero overhead at test-time: can be fused with conv!" Which axis of
# the filters belongs to the channels that batch norm sees?
#
# **Write** it for filters of shape (F, C, HH, WW): F filters, each with C
# channels.
# **The check looks at** filters whose axes all differ, and at some with
# F = C = HH = WW, where a wrong axis raises no error.

# %% nbgrader={"grade": false, "grade_id": "fold_batchnorm_into_conv", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fold_batchnorm_into_conv(W, b, gamma, beta, running_mean, running_var, eps):
    """Filters and bias of one convolution that does the work of two layers.

    conv(x, W_folded) + b_folded equals spatial batch norm in test mode of
    conv(x, W) + b, for every x of shape (N, C, H, W).

    Parameters
    ----------
    W : (F, C, HH, WW), the filters
    b : (F,), the bias
    gamma, beta, running_mean, running_var : (F,)
    eps : added to the variance under the root

    Returns
    -------
    W_folded : (F, C, HH, WW), a new array
    b_folded : (F,), a new array
    """
    ### BEGIN SOLUTION
    scale = gamma / np.sqrt(running_var + eps)  # (F,)
    W_folded = W * scale[:, None, None, None]
    b_folded = (b - running_mean) * scale + beta
    return W_folded, b_folded
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_fold_batchnorm_into_conv", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("fold_batchnorm_into_conv")

# %% [markdown]
# ## To think about
#
# 1. The paper that introduced batch norm explains its success by a reduced
#    "internal covariate shift". That explanation is *disputed*: the book's
#    chapter on batch normalization says by whom. What of it did you see on
#    this page, and what would you have to measure?
# 2. A batch of one row gives $\hat x = 0$. What does it give for `dx`, and
#    why? Which of the cases of the check shows it?
# 3. The bias `b` of a linear layer in front of batch norm in train mode: what
#    is its gradient? (The column sums of `dx` know.)
