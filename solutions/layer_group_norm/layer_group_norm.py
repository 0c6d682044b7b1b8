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
# # Layer, instance and group normalization
#
# Batch norm asks the whole batch for the mean of a channel. The three layers
# of this notebook ask one example at a time. So they do the same in training
# and at test time, they keep no running statistics, and the size of the batch
# does not matter to them. What tells them apart is which numbers of the
# example share a mean.
#
# | you write | shapes | idea |
# |---|---|---|
# | `layernorm_forward` | (N, D) | one mean a row |
# | `layernorm_backward` | (N, D) | sums over a row, and γ is inside |
# | `instancenorm_forward` | (N, C, H, W) | one mean a channel of an image |
# | `instancenorm_backward` | (N, C, H, W) | as batch norm, image by image |
# | `groupnorm_forward` | (N, C, H, W) | one mean a group of channels |
# | `groupnorm_backward` | (N, C, H, W) | everything above in one |
# | `shared_statistics` | (N, C, H, W) | the picture of the norms, computed |
# | `number_of_statistics` | a number | how many means there are |
# | `affine_parameters` | a number | how much there is to learn |
# | `statistics_error` | two numbers | what a small batch costs |
#
# Whatever your forward returns as `cache` is handed to your backward
# untouched, so put into it what you need. No function may change the arrays
# it was given. A function may call those that you wrote before it.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## Layer norm: batch norm, transposed
#
# Each row $i$ is normalized with the mean and the variance of its own D
# entries:
#
# $$
# \mu_i = \frac1D \sum_{j=1}^D x_{ij}, \qquad
# \sigma_i^2 = \frac1D \sum_{j=1}^D (x_{ij} - \mu_i)^2, \qquad
# \hat x_{ij} = \frac{x_{ij} - \mu_i}{\sqrt{\sigma_i^2 + \epsilon}}, \qquad
# y_{ij} = \gamma_j \hat x_{ij} + \beta_j .
# $$
#
# $x$, $\hat x$ and $y$ have the shape (N, D), and there are N means and N
# variances. But $\gamma$ and $\beta$ have the shape (D,), as in batch norm:
# each feature has its own. So the layer is not batch norm of $x^T$ in its
# last step.
#
# **Write** the forward pass. There is no mode: `ln_param` holds `eps` at
# most.
# **The check looks at** an $\epsilon$ that is not small; at a constant row;
# at one row and at one column; at as many rows as columns, where a wrong axis
# raises no error; at a mean of 10,000 with a standard deviation of 0.01.

# %% nbgrader={"grade": false, "grade_id": "layernorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def layernorm_forward(x, gamma, beta, ln_param):
    """Normalize each row of x, then scale and shift each column.

        x_hat = (x - mean) / sqrt(var + eps)      mean, var: of each row
        out   = gamma * x_hat + beta

    Parameters
    ----------
    x : (N, D)
    gamma, beta : (D,), scale and shift
    ln_param : dict with
        eps : added to the variance under the root; 1e-5 if missing

    Returns
    -------
    out : (N, D)
    cache : whatever the backward pass needs

    The variance divides by D.
    """
    ### BEGIN SOLUTION
    eps = ln_param.get("eps", 1e-5)
    mean = x.mean(axis=1, keepdims=True)  # (N, 1)
    var = ((x - mean) ** 2).mean(axis=1, keepdims=True)  # (N, 1)
    x_hat = (x - mean) / np.sqrt(var + eps)  # (N, D)
    out = gamma * x_hat + beta
    cache = (x, x_hat, mean, var, eps, gamma)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_layernorm_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("layernorm_forward")

# %% [markdown]
# "Same behavior at train and test! Can be used in recurrent networks", says
# the lecture. Look at the answer for one example: alone, and in the company
# of 49 others. In the notebook on batch norm this was the bug to find.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(0)
# gamma, beta = np.ones(4), np.zeros(4)
# one_example = rng.normal(5.0, 2.0, (1, 4))
# company = np.vstack([one_example, rng.normal(-3.0, 9.0, (49, 4))])
# for name, x in (("alone", one_example), ("in company", company)):
#     out, _ = layernorm_forward(x, gamma, beta, {})
#     print(f"{name:10s}  {out[0].round(4)}")

# %% [markdown]
# The price: a row can't say any more how large it is as a whole. Look at
# three rows that differ by a factor and an offset.

# %% tags=["active-ipynb"]
# row = np.array([1.0, 2.0, 4.0, 9.0])
# x = np.stack([row, 10 * row, row - 100])
# out, _ = layernorm_forward(x, np.ones(4), np.zeros(4), {})
# print(out.round(4))

# %% [markdown]
# They come out alike, but for $\epsilon$ (*derived*: a factor and an offset
# cancel in $\hat x$).
#
# ## Backward: where does γ go?
#
# For batch norm the closed form was, with
# $s_j = \sqrt{\sigma_j^2 + \epsilon}$ and $\bar v$ for the gradient of the
# loss with respect to $v$,
#
# $$
# \bar x_{ij} = \frac{\gamma_j}{N s_j}
# \Bigl( N \bar y_{ij} - \sum_k \bar y_{kj} - \hat x_{ij} \sum_k \bar y_{kj}
# \hat x_{kj} \Bigr).
# $$
#
# **Before you write**, answer three questions with a pencil. Over which index
# do the sums run now? What stands in the place of $N$? And $\gamma_j$ was the
# same for every term of the sums: is it still?
#
# If in doubt, go through the graph again: the steps from
# $\bar{\hat x}_{ij} = \bar y_{ij} \gamma_j$ back to $x$ are those of batch
# norm, for a row in place of a column.
#
# **Write** $\bar x$, $\bar\gamma$ and $\bar\beta$, through the graph or in
# closed form.
# **The check looks at** each of the three gradients by itself, at their
# shapes, at a $\gamma$ that differs from feature to feature, and at entries
# that equal their mean.

# %% nbgrader={"grade": false, "grade_id": "layernorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def layernorm_backward(dout, cache):
    """Gradients of layer norm.

    Parameters
    ----------
    dout : (N, D), gradient of the loss with respect to out
    cache : what your layernorm_forward returned

    Returns
    -------
    dx : (N, D)
    dgamma, dbeta : (D,)
    """
    ### BEGIN SOLUTION
    x, x_hat, mean, var, eps, gamma = cache
    D = x.shape[1]
    std = np.sqrt(var + eps)  # (N, 1)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)

    dx_hat = dout * gamma  # (N, D)
    along_one = dx_hat.sum(axis=1, keepdims=True)  # (N, 1)
    along_x_hat = (dx_hat * x_hat).sum(axis=1, keepdims=True)
    dx = (dx_hat - along_one / D - x_hat * along_x_hat / D) / std
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_layernorm_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("layernorm_backward")

# %% [markdown]
# Look at the row sums of `dx`, and at its sums against $\hat x$. Both vanish,
# the second but for $\epsilon$: a change of the offset or of the size of a
# row changes nothing above, so the loss can't fall in these two directions.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(1)
# x, dout = rng.normal(2.0, 3.0, (3, 8)), rng.normal(size=(3, 8))
# gamma, beta = rng.normal(size=(2, 8))
# _, cache = layernorm_forward(x, gamma, beta, {})
# x_hat, _ = layernorm_forward(x, np.ones(8), np.zeros(8), {})
# dx, dgamma, dbeta = layernorm_backward(dout, cache)
# print("sum of dx over a row        ", dx.sum(axis=1))
# print("sum of dx * x_hat over a row", (dx * x_hat).sum(axis=1))
# print("size of dx                  ", np.abs(dx).mean(axis=1))

# %% [markdown]
# ## Instance norm: each channel of each image
#
# For images of shape (N, C, H, W), batch norm took one mean for each channel,
# over examples and positions. Instance norm leaves the examples apart.
# Channel $c$ of image $n$ is normalized with its own H·W numbers:
#
# $$
# \mu_{nc} = \frac{1}{HW} \sum_{h,w} x_{nchw}, \qquad
# \sigma_{nc}^2 = \frac{1}{HW} \sum_{h,w} (x_{nchw} - \mu_{nc})^2, \qquad
# y_{nchw} = \gamma_c\,
# \frac{x_{nchw} - \mu_{nc}}{\sqrt{\sigma_{nc}^2 + \epsilon}} + \beta_c .
# $$
#
# There are N·C means. $\gamma$ and $\beta$ have the shape (C,), here and in
# all that follows: some texts write (1, C, 1, 1), which holds the same
# numbers, but `gamma` arrives as (C,) and `dgamma` is asked as (C,).
#
# **Write** the forward pass.
# **The check looks at** arrays whose N, C, H and W all differ, at some where
# they are one number, and at a single image, channel and pixel.

# %% nbgrader={"grade": false, "grade_id": "instancenorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def instancenorm_forward(x, gamma, beta, in_param):
    """Normalize each channel of each image, then scale and shift it.

        x_hat = (x - mean) / sqrt(var + eps)      mean, var: over H and W
        out   = gamma * x_hat + beta              of the channel

    Parameters
    ----------
    x : (N, C, H, W)
    gamma, beta : (C,), scale and shift
    in_param : dict with
        eps : added to the variance under the root; 1e-5 if missing

    Returns
    -------
    out : (N, C, H, W)
    cache : whatever the backward pass needs

    The variance divides by H * W.
    """
    ### BEGIN SOLUTION
    eps = in_param.get("eps", 1e-5)
    mean = x.mean(axis=(2, 3), keepdims=True)  # (N, C, 1, 1)
    var = ((x - mean) ** 2).mean(axis=(2, 3), keepdims=True)
    x_hat = (x - mean) / np.sqrt(var + eps)  # (N, C, H, W)
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    cache = (x, x_hat, mean, var, eps, gamma)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_instancenorm_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("instancenorm_forward")

# %% [markdown]
# Instance norm was introduced to transfer the style of a picture: contrast
# and brightness of the content image should not matter. Look at the
# difference between one picture as it is and the same picture with less
# contrast and more light, before and after.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(2)
# picture = rng.uniform(0.0, 255.0, (1, 3, 8, 8))
# pale = 0.4 * picture + 120.0
# one, zero = np.ones(3), np.zeros(3)
# a, b = (instancenorm_forward(p, one, zero, {})[0] for p in (picture, pale))
# print(f"before: largest difference {np.abs(picture - pale).max():.1f}")
# print(f"after:  largest difference {np.abs(a - b).max():.0e}")

# %% [markdown]
# ### Backward
#
# Ask the three questions of layer norm again. Over which indices do the sums
# on the way to $\bar x$ run? How many numbers stand behind each mean? Is
# $\gamma$ the same in all of them? And which sums give $\bar\gamma$: is
# $\gamma_c$ used by one image or by all?
#
# **Write** the three gradients.
# **The check looks at** what it looked at above.

# %% nbgrader={"grade": false, "grade_id": "instancenorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def instancenorm_backward(dout, cache):
    """Gradients of instance norm.

    Parameters
    ----------
    dout : (N, C, H, W), gradient of the loss with respect to out
    cache : what your instancenorm_forward returned

    Returns
    -------
    dx : (N, C, H, W)
    dgamma, dbeta : (C,)
    """
    ### BEGIN SOLUTION
    x, x_hat, mean, var, eps, gamma = cache
    N, C, H, W = x.shape
    M = H * W
    std = np.sqrt(var + eps)  # (N, C, 1, 1)
    dbeta = dout.sum(axis=(0, 2, 3))
    dgamma = (dout * x_hat).sum(axis=(0, 2, 3))

    dx_hat = dout * gamma[:, None, None]  # (N, C, H, W)
    along_one = dx_hat.sum(axis=(2, 3), keepdims=True)  # (N, C, 1, 1)
    along_x_hat = (dx_hat * x_hat).sum(axis=(2, 3), keepdims=True)
    dx = (dx_hat - along_one / M - x_hat * along_x_hat / M) / std
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_instancenorm_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("instancenorm_backward")

# %% [markdown]
# ## Group norm: between the two
#
# Layer norm of an image takes all channels together, instance norm takes each
# alone. Group norm cuts the C channels into G groups of neighbours, channels
# $0, \dots, \tfrac CG - 1$ into the first, and so on, and normalizes each
# group of each image:
#
# $$
# S_{ng} = \{\, x_{nchw} : c \text{ in group } g \,\}, \qquad
# |S_{ng}| = \tfrac CG\, H W, \qquad
# y_{nchw} = \gamma_c\,
# \frac{x_{nchw} - \mu_{ng}}{\sqrt{\sigma_{ng}^2 + \epsilon}} + \beta_c ,
# $$
#
# with $\mu_{ng}$ and $\sigma_{ng}^2$ the mean and the variance of $S_{ng}$.
# All *positions* of all *channels* of the group are in the set. $\gamma$ and
# $\beta$ keep the shape (C,): a group shares its mean, and each channel has
# its own scale.
#
# So G = C is instance norm. And G = 1 has the statistics of layer norm over
# C·H·W numbers.
#
# **Write** the forward pass. `x.reshape(N, G, -1)` puts what belongs together
# into a row of its own: why is no transpose needed here? Raise a `ValueError`
# when G does not divide C.
# **The check looks at** G = 1, at G = C and between; at groups whose size is
# not G; at a constant group.

# %% nbgrader={"grade": false, "grade_id": "groupnorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def groupnorm_forward(x, gamma, beta, G, gn_param):
    """Normalize each group of channels of an image, scale and shift channels.

        x_hat = (x - mean) / sqrt(var + eps)      mean, var: over the C // G
        out   = gamma * x_hat + beta              channels of a group, H and W

    Parameters
    ----------
    x : (N, C, H, W)
    gamma, beta : (C,), scale and shift of each channel
    G : number of groups; each consists of C // G neighbouring channels
    gn_param : dict with
        eps : added to the variance under the root; 1e-5 if missing

    Returns
    -------
    out : (N, C, H, W)
    cache : whatever the backward pass needs

    The variance divides by C // G * H * W. Raises ValueError when G does not
    divide C.
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    if C % G != 0:
        raise ValueError(f"{C} channels can't be cut into {G} equal groups")
    eps = gn_param.get("eps", 1e-5)
    groups = x.reshape(N, G, -1)  # (N, G, C // G * H * W)
    mean = groups.mean(axis=2, keepdims=True)  # (N, G, 1)
    var = ((groups - mean) ** 2).mean(axis=2, keepdims=True)
    x_hat = ((groups - mean) / np.sqrt(var + eps)).reshape(N, C, H, W)
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    cache = (x, x_hat, mean, var, eps, gamma, G)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_groupnorm_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("groupnorm_forward")

# %% [markdown]
# Look at the two ends: how far group norm is from instance norm with G = C,
# and from layer norm of the flattened images with G = 1. For layer norm, each
# channel's γ is repeated for each of its positions.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(3)
# x = rng.normal(2.0, 3.0, (4, 6, 5, 3))
# gamma, beta = rng.normal(size=(2, 6))
# instance, _ = instancenorm_forward(x, gamma, beta, {})
# repeated = np.repeat(gamma, 15), np.repeat(beta, 15)
# layer, _ = layernorm_forward(x.reshape(4, -1), *repeated, {})
# layer = layer.reshape(x.shape)
# print("     to instance norm   to layer norm")
# for G in (1, 2, 3, 6):
#     out, _ = groupnorm_forward(x, gamma, beta, G, {})
#     print(f"G = {G}         {np.abs(out - instance).max():.0e}"
#           f"           {np.abs(out - layer).max():.0e}")

# %% [markdown]
# ### Backward
#
# Here all three questions meet. A group has several channels, and so several
# $\gamma_c$.
#
# **Write** the three gradients. You may go back by the way you came: if your
# forward called one of your functions, its backward does most of the work.
# **The check looks at** what it looked at above, and at `dgamma` and `dbeta`
# of shape (C,).

# %% nbgrader={"grade": false, "grade_id": "groupnorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def groupnorm_backward(dout, cache):
    """Gradients of group norm.

    Parameters
    ----------
    dout : (N, C, H, W), gradient of the loss with respect to out
    cache : what your groupnorm_forward returned

    Returns
    -------
    dx : (N, C, H, W)
    dgamma, dbeta : (C,)
    """
    ### BEGIN SOLUTION
    x, x_hat, mean, var, eps, gamma, G = cache
    N, C, H, W = x.shape
    M = C // G * H * W
    std = np.sqrt(var + eps)  # (N, G, 1)
    dbeta = dout.sum(axis=(0, 2, 3))
    dgamma = (dout * x_hat).sum(axis=(0, 2, 3))

    dx_hat = (dout * gamma[:, None, None]).reshape(N, G, M)
    x_hat = x_hat.reshape(N, G, M)
    along_one = dx_hat.sum(axis=2, keepdims=True)  # (N, G, 1)
    along_x_hat = (dx_hat * x_hat).sum(axis=2, keepdims=True)
    dx = (dx_hat - along_one / M - x_hat * along_x_hat / M) / std
    dx = dx.reshape(N, C, H, W)
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_groupnorm_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("groupnorm_backward")

# %% [markdown]
# ## The picture of the four norms, computed
#
# The lecture compares the norms by a picture of a cube: which elements of
# (N, C, H, W) are normalized by the same mean and variance? Compute it.
#
# Layer norm means here: over all of C, H and W of one image.
#
# **Write** a function that takes one element, by its index (n, c, h, w), and
# marks all that share its statistics, itself included. `np.indices(shape)`
# gives the index of every element.
# **The check looks at** any element, first and last ones too, and at all
# values of G.

# %% nbgrader={"grade": false, "grade_id": "shared_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shared_statistics(norm, shape, index, G):
    """Which elements are normalized with the same mean as one of them.

    Parameters
    ----------
    norm : "batch", "layer", "instance" or "group"
    shape : (N, C, H, W), four numbers
    index : (n, c, h, w), the element
    G : number of groups of neighbouring channels; only group norm uses it

    Returns
    -------
    Boolean array of the given shape: True where an element shares the mean
    of the one at index. Raises ValueError for another norm.
    """
    ### BEGIN SOLUTION
    n, c, h, w = np.indices(shape)
    same_image = n == index[0]
    same_channel = c == index[1]
    size = shape[1] // G
    same_group = c // size == index[1] // size
    if norm == "batch":
        return same_channel
    if norm == "layer":
        return same_image
    if norm == "instance":
        return same_image & same_channel
    if norm == "group":
        return same_image & same_group
    raise ValueError(f"{norm!r} is none of the four norms")
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_shared_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("shared_statistics")

# %% [markdown]
# Look at the picture. Each panel has a column for each image and a row for
# each channel; positions are all alike, so the first one stands for them.
# Dark is what shares its mean with the element in image 1 and channel 2.

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# figure, axes = plt.subplots(1, 4, figsize=(9, 2.6), sharey=True)
# for axis, norm in zip(axes, ("batch", "layer", "instance", "group")):
#     shared = shared_statistics(norm, (4, 6, 2, 2), (1, 2, 0, 0), 3)
#     axis.imshow(shared[:, :, 0, 0].T, cmap="Blues", vmin=0, vmax=1.4)
#     axis.set(title=f"{norm} norm", xlabel="image", xticks=range(4))
#     axis.text(1, 2, "×", ha="center", va="center", color="white")
# axes[0].set(ylabel="channel", yticks=range(6))
# axes[3].set_title("group norm, G = 3")
# figure.tight_layout()

# %% [markdown]
# The dark elements of batch norm cross the images. Those of the other three
# stay in one column: the rest of the batch has no say.
#
# The picture and your forward functions must agree. Move one element and look
# which outputs move: exactly the marked ones.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(4)
# x = rng.normal(size=(3, 6, 2, 4))
# moved = x.copy()
# moved[1, 2, 0, 3] += 1.0
# one, zero = np.ones(6), np.zeros(6)
# forwards = {
#     "layer": lambda x: groupnorm_forward(x, one, zero, 1, {})[0],
#     "instance": lambda x: instancenorm_forward(x, one, zero, {})[0],
#     "group": lambda x: groupnorm_forward(x, one, zero, 3, {})[0],
# }
# for norm, forward in forwards.items():
#     changed = forward(moved) != forward(x)
#     marked = shared_statistics(norm, x.shape, (1, 2, 0, 3), 3)
#     print(f"{norm:8s}  changed {changed.sum():2d}  marked {marked.sum():2d}"
#           f"  the same elements: {np.array_equal(changed, marked)}")

# %% [markdown]
# ## Counting
#
# **Write** how many means each norm computes for a batch of shape
# (N, C, H, W). Try it on the picture first: how many colours would it take to
# colour all elements by their mean?
# **The check looks at** each norm, at G = 1 and G = C, and at one example.

# %% nbgrader={"grade": false, "grade_id": "number_of_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def number_of_statistics(norm, shape, G):
    """How many means a norm computes; it computes as many variances.

    Parameters
    ----------
    norm : "batch", "layer", "instance" or "group"
    shape : (N, C, H, W), four numbers
    G : number of groups; only group norm uses it

    Returns
    -------
    One whole number. Batch norm is in train mode. Layer norm is over all of
    C, H and W of an image. Raises ValueError for another norm.
    """
    ### BEGIN SOLUTION
    N, C, H, W = shape
    if norm == "batch":
        return C
    if norm == "layer":
        return N
    if norm == "instance":
        return N * C
    if norm == "group":
        return N * G
    raise ValueError(f"{norm!r} is none of the four norms")
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_number_of_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("number_of_statistics")

# %% [markdown]
# What is learned is another count. γ and β have one entry each for every
# channel in batch norm, instance norm and group norm. Layer norm of images is
# `layernorm_forward` of `x.reshape(N, -1)`, and its γ and β belong to
# features: what is a feature then?
#
# **Write** the number of entries of γ and β together.
# **The check looks at** each norm.

# %% nbgrader={"grade": false, "grade_id": "affine_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def affine_parameters(norm, shape):
    """How many numbers a norm learns: the entries of gamma and of beta.

    Parameters
    ----------
    norm : "batch", "layer", "instance" or "group"
    shape : (N, C, H, W), four numbers; "layer" means layernorm_forward of
        x.reshape(N, -1)

    Returns
    -------
    One whole number. Raises ValueError for another norm.
    """
    ### BEGIN SOLUTION
    N, C, H, W = shape
    if norm in ("batch", "instance", "group"):
        return 2 * C
    if norm == "layer":
        return 2 * C * H * W
    raise ValueError(f"{norm!r} is none of the four norms")
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_affine_parameters", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("affine_parameters")

# %% [markdown]
# Look at both counts for a layer in the middle of a network. Layer norm and
# group norm with G = 1 have the same statistics and learn different things.
# (Other texts give layer norm of images one γ a channel. Then the two are
# one.)

# %% tags=["active-ipynb"]
# shape, G = (32, 64, 28, 28), 8
# print(f"{'':10s}{'means':>8s}{'numbers behind each':>22s}{'learned':>10s}")
# for norm in ("batch", "layer", "instance", "group"):
#     means = number_of_statistics(norm, shape, G)
#     print(f"{norm:10s}{means:8d}{np.prod(shape) // means:22d}"
#           f"{affine_parameters(norm, shape):10d}")

# %% [markdown]
# ## What a small batch costs
#
# Batch norm wants the mean of a channel over all data and takes that of a
# batch. How far off is it? Cut the data `x` of shape (N, C, H, W) into
# $K = \lfloor N/B \rfloor$ consecutive batches of $B$ images and leave out
# what is left over. Let $\mu_{kc}$ be the mean of channel $c$ in batch $k$,
# and $\mu_c$ its mean over all $N$ images. The error is the root mean square
# over the batches, averaged over the channels:
#
# $$
# \texttt{batch\_error} = \frac1C \sum_{c=1}^C
# \sqrt{\frac1K \sum_{k=1}^K (\mu_{kc} - \mu_c)^2} .
# $$
#
# The same question for group norm: let $\mu_{ng}$ be the mean of group $g$ of
# image $n$, as it is computed in the batch where the image lies, and
# $\mu^*_{ng}$ the one that is computed when all data are one batch:
#
# $$
# \texttt{group\_error} = \frac1G \sum_{g=1}^G
# \sqrt{\frac{1}{KB} \sum_{n=1}^{KB} (\mu_{ng} - \mu^*_{ng})^2} .
# $$
#
# **Write** both. One of the two you may think over before you compute it.
# **The check looks at** data that don't fill the last batch, at batches of
# one image, and at one batch of all.

# %% nbgrader={"grade": false, "grade_id": "statistics_error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def statistics_error(x, batch_size, G):
    """How far the means of batch norm and group norm depend on the batch.

    Parameters
    ----------
    x : (N, C, H, W), all data
    batch_size : images in a batch, at most N; the N // batch_size batches are
        consecutive, and images that are left over are in none
    G : number of groups of group norm

    Returns
    -------
    batch_error : root mean square over the batches of (mean of a channel in
        the batch - its mean over all N images), averaged over the channels
    group_error : root mean square over the images that are in a batch of
        (mean of a group as computed in the batch - as computed with all data
        in one batch), averaged over the groups
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    K = N // batch_size
    batches = x[: K * batch_size].reshape(K, batch_size, C, H, W)

    batch_means = batches.mean(axis=(1, 3, 4))  # (K, C)
    means = x.mean(axis=(0, 2, 3))  # (C,)
    off = batch_means - means
    batch_error = np.sqrt((off**2).mean(axis=0)).mean()

    in_batches = [b.reshape(batch_size, G, -1).mean(axis=2) for b in batches]
    at_once = x.reshape(N, G, -1).mean(axis=2)  # (N, G)
    off = np.concatenate(in_batches) - at_once[: K * batch_size]
    group_error = np.sqrt((off**2).mean(axis=0)).mean()
    return batch_error, group_error
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_statistics_error", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("statistics_error")

# %% [markdown]
# Look at the curve for real images: the digits of scikit-learn, shuffled,
# seen through eight random 3×3 filters. For independent images the error of
# a mean falls like $1/\sqrt B$ (*derived*): that is the dashed line.

# %% tags=["active-ipynb"]
# from sklearn.datasets import load_digits
#
# rng = np.random.default_rng(5)
# images = rng.permutation(load_digits().images) / 16.0  # (1797, 8, 8)
# patches = np.lib.stride_tricks.sliding_window_view(images, (3, 3), (1, 2))
# filters = rng.normal(size=(8, 3, 3)) / 3
# x = np.einsum("nhwij,cij->nchw", patches, filters)  # (1797, 8, 6, 6)
# sizes = np.array([1, 2, 4, 8, 16, 32, 64, 128])
# errors = np.array([statistics_error(x, int(B), 4) for B in sizes])
# figure, axis = plt.subplots(figsize=(6, 3.2))
# axis.plot(sizes, errors[:, 0], "o-", label="batch norm")
# axis.plot(sizes, errors[:, 1], "s-", label="group norm, G = 4")
# axis.plot(sizes, errors[0, 0] / np.sqrt(sizes), "k--", lw=1, label="1/√B")
# axis.set_xscale("log", base=2)
# axis.set_xticks(sizes, sizes)
# axis.set(xlabel="batch size B", ylabel="error of the mean")
# axis.legend()
# figure.tight_layout()
# print("spread of x in a channel:", x.std(axis=(0, 2, 3)).mean().round(3))
# for B, (batch_error, group_error) in zip(sizes, errors):
#     print(f"B = {B:3d}   batch norm {batch_error:.4f}"
#           f"   group norm {group_error:.4f}")

# %% [markdown]
# Batch norm's error follows the dashed line. Group norm's is zero at every
# size: its mean is never an estimate of something else. That is a statement
# about statistics. Whether a network gets worse with it is a second question.
# The paper on group norm (*reported*, Wu and He, 2018) saw "10.6% lower
# error" with it than with batch norm, for ResNet-50 on ImageNet at a batch
# size of 2, and comparable errors at typical sizes.
#
# ## To think about
#
# 1. Which of the four norms can be folded into the layer before it at test
#    time, as batch norm can? What would have to be known in advance?
# 2. Layer norm of a row with D = 1 gives β. So does instance norm of images
#    with one pixel. Which of the cases shows it, and what does that say about
#    instance norm behind the last pooling layer of a network?
# 3. A colleague's group norm takes the mean of
#    `x.reshape(N, G, C // G, H, W)` over axis 2 alone. The outputs have mean
#    0 and standard deviation 1, so the usual checks pass. Which element would
#    you move, and which output would you look at, to see the mistake?
# 4. With G = 1 group norm sees every channel. Multiply one channel of the
#    input by 100. What happens to the others after the norm, and with G = C?
