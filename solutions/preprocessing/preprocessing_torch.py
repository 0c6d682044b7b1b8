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
# # Preprocessing in PyTorch
#
# What `preprocessing.ipynb` does, on tensors. The statistics become part of
# the network, as buffers of a module. And a data set that does not fit into
# memory gets its statistics batch by batch.
#
# | you write | what it is |
# |---|---|
# | `torch_prepare_images` | from bytes on disk to what a network takes |
# | `TorchStandardize` | a module that keeps the training statistics |
# | `torch_channel_statistics` | mean and std of a stream of batches |
# | `torch_pca` | turn, and keep k directions |
# | `torch_zca` | scale each direction to 1, and turn back |
#
# The rule stays: **statistics come from the training split alone.**
#
# ## Two conventions
#
# | | NumPy notebook | PyTorch |
# |---|---|---|
# | images | (N, H, W, C) | (N, C, H, W) |
# | axes of a channel's mean | `axis=(0, 1, 2)` | `dim=(0, 2, 3)` |
# | pixels | bytes from 0 to 255, or floats | floats in [0, 1] |
# | `x.std()`, `x.var()` | divide by $N$ | divide by $N - 1$ |
# | numbers | float64 | float32 if nothing is said |
# | `eigh` | eigenvalues rise, vectors are columns | the same |
# | `linalg.svd` | directions are rows of the third result | the same |
# | 16 bits | `linalg` refuses float16 | `linalg` refuses both kinds |
#
# Two traps. `torch.std` divides by $N - 1$ unless it is told `correction=0`.
# And torchvision's `ToTensor` divides by 255 if it gets bytes, but leaves an
# array of floats as it is: pixels from 0.0 to 255.0 stay that large, in
# silence.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# The next functions are given. All but the last are for the checks: they
# prepare what your functions are handed, and look at what autograd knows.

# %% nbgrader={"grade": false, "grade_id": "given_tensors", "locked": true, "schema_version": 3, "solution": false, "task": false}
def as_bytes(pixels):
    """Whole numbers from 0 to 255, as a tensor of uint8."""
    return torch.as_tensor(pixels, dtype=torch.uint8)


def loaded(x):
    """A copy of x, as a loader makes one."""
    return x.clone()


def stream(batches):
    """One batch after the other, once, all of them in the same memory."""
    buffer = torch.empty_like(max(batches, key=len))
    for batch in batches:
        yield buffer[: len(batch)].copy_(batch)


def in_a_graph(x):
    """1 if autograd would go back from x, else 0."""
    return torch.tensor(float(x.requires_grad), dtype=x.dtype)


def fix_signs(directions):
    """Flip columns so that the largest entry of each, by size, is positive.

    directions : tensor (D, k), one direction a column. Returns a new one.
    """
    largest = directions.abs().argmax(0, keepdim=True)  # (1, k)
    return directions * directions.gather(0, largest).sign()

# %% [markdown]
# ## From disk to network
#
# Images on disk are bytes, one pixel after the other with its colours side by
# side: (N, H, W, C). A network takes (N, C, H, W), scaled to [0, 1], and
# standardized with the mean and std of each channel *in this scale*.
#
# **Write** it. `reshape` gives a tensor of the right shape too. Does it give
# the right tensor?
# **The check looks at** images whose axes all differ, at axes of one length,
# and at the dtype: the result has the one of `mean`.

# %% nbgrader={"grade": false, "grade_id": "torch_prepare_images", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_prepare_images(images, mean, std):
    """Bytes with the channels last to standardized floats, channels first.

        out = (images / 255 - mean) / std, for each channel

    Parameters
    ----------
    images : tensor (N, H, W, C) of uint8
    mean, std : tensors (C,) of a floating-point dtype, for pixels in [0, 1]

    Returns
    -------
    tensor (N, C, H, W), of the dtype of mean
    """
    ### BEGIN SOLUTION
    pixels = images.permute(0, 3, 1, 2).to(mean.dtype) / 255
    return (pixels - mean[:, None, None]) / std[:, None, None]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_prepare_images", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_prepare_images")

# %% [markdown]
# Look at one image of two pixels, the left one white, the right one black. In
# which of the two lines does every channel shine on the left?

# %% tags=["active-ipynb"]
# image = as_bytes([[[[255, 255, 255], [0, 0, 0]]]])  # (1, 1, 2, 3)
# print("permute:", image.permute(0, 3, 1, 2)[0, :, 0].tolist())
# print("reshape:", image.reshape(1, 3, 1, 2)[0, :, 0].tolist())

# %% [markdown]
# ## A module that keeps its statistics
#
# If the statistics lie in a script, they get lost. As buffers of a module they
# are saved with the network's weights, and move with it. They are no
# parameters: no optimizer may touch them.
#
# It looks like batch norm, and is not: after `fit` nothing changes them, and
# train and eval mode do the same.
#
# The mean of a channel may be large and its spread small. So the statistics
# are float64, whatever `x` is, and `forward` subtracts in float64 before it
# goes back to the dtype of its input.
#
# **Write** the module.
# **The check looks at** both modes, at a constant channel, at a mean of 10,000
# with a standard deviation of 0.01, at 16 bits, at `state_dict()`, and at
# whether a result needs gradients.

# %% nbgrader={"grade": false, "grade_id": "TorchStandardize", "locked": false, "schema_version": 3, "solution": true, "task": false}
class TorchStandardize(torch.nn.Module):
    """Subtract the training mean of each channel, divide by its std.

        out = (x - mean) / max(std, floor)

    Parameters
    ----------
    num_channels : C
    floor : what a smaller standard deviation counts as

    Has the buffers mean (C,), zeros at first, and std (C,), ones at first,
    both float64. fit sets them; std divides by N*H*W and is kept without the
    floor.
    """

    def __init__(self, num_channels, floor=1e-6):
        super().__init__()
        ### BEGIN SOLUTION
        self.floor = floor
        zeros = torch.zeros(num_channels, dtype=torch.float64)
        self.register_buffer("mean", zeros)
        self.register_buffer("std", zeros + 1)
        ### END SOLUTION

    def fit(self, x_train):
        """Take the statistics of x_train (N, C, H, W); returns the module."""
        ### BEGIN SOLUTION
        wide = x_train.to(torch.float64)
        self.mean = wide.mean((0, 2, 3))
        self.std = wide.std((0, 2, 3), correction=0)
        return self
        ### END SOLUTION

    def forward(self, x):
        """Tensor like x (N, C, H2, W2): same shape, dtype and device."""
        ### BEGIN SOLUTION
        mean = self.mean[:, None, None]
        scale = self.std.clamp(min=self.floor)[:, None, None]
        return ((x.to(torch.float64) - mean) / scale).to(x.dtype)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_TorchStandardize", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("TorchStandardize")

# %% [markdown]
# Look at what is left of a channel with mean 1000 and standard deviation 1, in
# three dtypes. Nothing can bring back what rounding to 16 bits took away:
# standardize before you round.

# %% tags=["active-ipynb"]
# rng = torch.Generator().manual_seed(0)
# x = 1000 + torch.randn(50, 1, 8, 8, generator=rng)
# for dtype in (torch.float32, torch.float16, torch.bfloat16):
#     out = TorchStandardize(1).fit(x)(x.to(dtype))
#     print(f"{dtype!s:15}  {len(out.unique()):5d} different values")

# %% [markdown]
# ## Statistics of a stream
#
# A data set comes in batches, and the last one is smaller. The loader reuses
# its memory, as many do: what you keep of a batch is overwritten by the next.
# So keep numbers and no batches.
#
# For what was seen so far, keep the count $n_a$, the mean $\mu_a$ and the sum
# of squared deviations $M_a$ of each channel. A batch has $n_b$, $\mu_b$,
# $M_b$. With $\delta = \mu_b - \mu_a$ and $n = n_a + n_b$, both together have
# (Chan, Golub and LeVeque, 1983, *reported*; *derived* in two lines)
#
# $$
# \mu = \mu_a + \delta\, \frac{n_b}{n}, \qquad
# M = M_a + M_b + \delta^2\, \frac{n_a n_b}{n} .
# $$
#
# The last term is how far the batches are apart. The mean of the batches'
# standard deviations leaves it out.
#
# **Write** it, in float64.
# **The check looks at** batches of different sizes, at batches that are far
# apart, at a single one, and at a mean of 10,000 with a spread of 0.01.

# %% nbgrader={"grade": false, "grade_id": "torch_channel_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_channel_statistics(batches):
    """Mean and std of each channel over a stream of batches, in one pass.

    Parameters
    ----------
    batches : an iterator over tensors (N_k, C, H, W), N_k at least 1; each
        batch is gone when the next one comes

    Returns
    -------
    mean : tensor (C,)
    std : tensor (C,), divides by the count of all numbers of a channel

    Both have the dtype of the batches and are computed in float64.
    """
    ### BEGIN SOLUTION
    n = mean = squares = 0
    for batch in batches:
        dtype = batch.dtype
        wide = batch.to(torch.float64)
        n_b = wide.numel() // wide.shape[1]
        mean_b = wide.mean((0, 2, 3))  # (C,)
        squares_b = (wide - mean_b[:, None, None]).square().sum((0, 2, 3))
        delta = mean_b - mean
        squares = squares + squares_b + delta**2 * n * n_b / (n + n_b)
        mean = mean + delta * n_b / (n + n_b)
        n = n + n_b
    std = (squares / n).sqrt()
    return mean.to(dtype), std.to(dtype)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_channel_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_channel_statistics")

# %% [markdown]
# Look at the std of three batches that differ in brightness, beside the mean
# of their standard deviations.

# %% tags=["active-ipynb"]
# rng = torch.Generator().manual_seed(1)
# parts = [level + torch.randn(n, 1, 4, 4, generator=rng)
#          for level, n in ((0.0, 8), (2.0, 8), (4.0, 3))]
# _, std = torch_channel_statistics(stream(parts))
# stds = [part.std(correction=0) for part in parts]
# print(f"std {std.item():.3f}, all at once"
#       f" {torch.cat(parts).std(correction=0):.3f},"
#       f" mean of the stds {sum(stds) / 3:.3f}")

# %% [markdown]
# ## PCA
#
# As in the NumPy notebook: with $\bar X = X - \mu$ of the training split,
# $\Sigma = \frac1N \bar X^\top \bar X = Q \Lambda Q^\top$, and $\bar X Q_k$
# are the coordinates along the $k$ directions of the largest variance.
#
# **Write** the projections of both splits, with the signs of `fix_signs`.
# `torch.linalg.eigh` and `torch.linalg.svd` are open. Both refuse 16 bits:
# compute in float32 at least, and convert the results back.
# **The check looks at** data far from the origin, at k from 1 to D, at as few
# examples as features, and at bfloat16.

# %% nbgrader={"grade": false, "grade_id": "torch_pca", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_pca(x_train, x_test, k):
    """Project on the k leading principal directions of the training split.

    Parameters
    ----------
    x_train : tensor (N, D)
    x_test : tensor (M, D), of the same dtype
    k : how many directions to keep, 1 <= k <= min(N - 1, D)

    Returns
    -------
    train : tensor (N, k), the direction of the largest variance first
    test : tensor (M, k)

    Both have the dtype of the inputs. Mean and directions come from the
    training split. Their signs are those of fix_signs.
    """
    ### BEGIN SOLUTION
    exact = torch.promote_types(x_train.dtype, torch.float32)
    mean = x_train.to(exact).mean(0)  # (D,)
    centred = x_train.to(exact) - mean
    cov = centred.T @ centred / len(centred)  # (D, D)
    _, vectors = torch.linalg.eigh(cov)  # rising
    directions = fix_signs(vectors.flip(1)[:, :k])  # (D, k)
    train = centred @ directions
    test = (x_test.to(exact) - mean) @ directions
    return train.to(x_train.dtype), test.to(x_test.dtype)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_pca", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_pca")

# %% [markdown]
# ## ZCA
#
# Whiten, and turn back: $\bar X\, Q\, (\Lambda + \epsilon)^{-1/2} Q^\top$.
#
# **Write** it.
# **The check looks at** an $\epsilon$ that is not small, at a single training
# example, where a thin decomposition loses what it must not, and at bfloat16.

# %% nbgrader={"grade": false, "grade_id": "torch_zca", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_zca(x_train, x_test, eps):
    """ZCA whitening with the statistics of the training split.

        cov = Q diag(lambda) Q.T, the covariance, divided by N
        out = (x - mean) @ Q @ diag(1 / sqrt(lambda + eps)) @ Q.T

    Parameters
    ----------
    x_train : tensor (N, D)
    x_test : tensor (M, D), of the same dtype
    eps : added to each eigenvalue under the root, > 0

    Returns
    -------
    train : tensor (N, D), in the order of the features of x_train
    test : tensor (M, D)

    Both have the dtype of the inputs.
    """
    ### BEGIN SOLUTION
    exact = torch.promote_types(x_train.dtype, torch.float32)
    mean = x_train.to(exact).mean(0)  # (D,)
    centred = x_train.to(exact) - mean
    cov = centred.T @ centred / len(centred)  # (D, D)
    values, directions = torch.linalg.eigh(cov)  # (D,), (D, D)
    scale = torch.sqrt(values + eps)  # (D,)
    matrix = directions / scale @ directions.T  # (D, D), symmetric
    train = centred @ matrix
    test = (x_test.to(exact) - mean) @ matrix
    return train.to(x_train.dtype), test.to(x_test.dtype)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_zca", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_zca")

# %% [markdown]
# Look at the covariance before and after.

# %% tags=["active-ipynb"]
# rng = torch.Generator().manual_seed(2)
# turn = torch.tensor([[2.0, 1.2], [0.0, 0.6]])
# x = torch.randn(300, 2, generator=rng) @ turn + 3
# white, _ = torch_zca(x, x[:1], 1e-6)
# for name, data in (("raw", x), ("ZCA", white)):
#     cov = torch.cov(data.T, correction=0)
#     print(name, [[round(c, 2) + 0.0 for c in row] for row in cov.tolist()])

# %% [markdown]
# ## To think about
#
# 1. A network was trained on images in [0, 1] and is handed bytes as floats.
#    No error is raised. Which number of your training log would tell you?
# 2. `TorchStandardize` is the first layer of a network, and you call
#    `network.half()`. What becomes of its buffers, and of a mean of 1000.3?
# 3. Two machines have seen one half of the data each. What do they have to
#    send each other to get the statistics of all of it?
