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
# # Data preprocessing
#
# The data matrix $X$ has one row for each example: shape (N, D). Before a
# network sees it, one moves it, scales it and sometimes turns it. This
# notebook is about what that does, and about one rule that is easy to break:
#
# **Statistics come from the training split alone.** Whatever is subtracted
# from the training examples is subtracted from the test examples too: the
# same numbers. A test example must not have a say in how it is prepared.
#
# | you write | data | idea |
# |---|---|---|
# | `zero_center` | (N, D) | the mean of each feature becomes 0 |
# | `condition_number` | a formula | what an uncentred mean costs |
# | `mean_image` | (N, H, W, C) | as in AlexNet |
# | `channel_mean` | (N, H, W, C) | as in VGG |
# | `channel_mean_std` | (N, H, W, C) | as is usual today |
# | `stored_numbers` | a formula | what has to travel with the network |
# | `pca` | (N, D) | turn, and keep k directions |
# | `whiten` | (N, D) | turn, and scale each direction to 1 |
# | `zca` | (N, D) | the same, and turn back |
# | `loss_sensitivity` | (N, D) | the loss, when the weights are nudged |
#
# Each function that takes two splits returns two arrays, train first. Nothing
# may change the arrays it was given. All variances here divide by $N$.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## Zero-centred data
#
# If all inputs of a neuron are positive, its weight gradients have one sign
# for each example: all positive or all negative. The lecture adds: "this is
# also why you want zero-mean data!" So the mean of each feature goes:
#
# $$
# \mu_j = \frac1N \sum_{i=1}^N x^{\text{train}}_{ij}, \qquad
# x^{\text{train}}_{ij} - \mu_j, \qquad x^{\text{test}}_{ij} - \mu_j .
# $$
#
# **Write** it. There is one $\mu$, of shape (D,).
# **The check looks at** both splits, at test data that lie elsewhere than the
# training data, and at whether your arrays are new ones.

# %% nbgrader={"grade": false, "grade_id": "zero_center", "locked": false, "schema_version": 3, "solution": true, "task": false}
def zero_center(x_train, x_test):
    """Subtract the training mean of each feature from both splits.

    Parameters
    ----------
    x_train : (N, D)
    x_test : (M, D)

    Returns
    -------
    train : (N, D), a new array
    test : (M, D), a new array
    """
    ### BEGIN SOLUTION
    mean = x_train.mean(axis=0)  # (D,)
    train = x_train - mean
    test = x_test - mean
    return train, test
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_zero_center", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("zero_center")

# %% [markdown]
# Look at the share of positive entries in the gradient of one neuron's
# weights, example by example. Before, it is 0 or 1. After, it lies in
# between.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(0)
# x = rng.uniform(0, 1, size=(6, 50))  # like pixels: none is negative
# upstream = rng.normal(size=(6, 1))  # dL/da of each example
# centred, _ = zero_center(x, x)
# for name, data in (("before", x), ("after", centred)):
#     gradients = upstream * data  # dL/dw of each example, (6, 50)
#     print(f"{name:6s}", (gradients > 0).mean(axis=1).round(2))

# %% [markdown]
# ### What does the mean cost?
#
# A linear neuron with squared error has the Hessian $\mathrm E[x x^\top] =
# \Sigma + \mu \mu^\top$: the covariance, and one more term that the mean
# brings. The ratio of its largest to its smallest eigenvalue is its
# *condition number*. The largest eigenvalue bounds the learning rate, and
# along the smallest one the error then shrinks that many times more slowly.
#
# Take $D \ge 2$ independent features, each with mean $m$ and standard
# deviation $s$. After centring, all eigenvalues are $s^2$ and the condition
# number is 1.
#
# **Question.** What is it before?
#
# **Write** the answer as a formula in $m$, $s$ and $D$. What does
# $\mu \mu^\top$ do to a vector along $\mu$, and to one across?

# %% nbgrader={"grade": false, "grade_id": "condition_number", "locked": false, "schema_version": 3, "solution": true, "task": false}
def condition_number(mean, std, D):
    """Largest over smallest eigenvalue of E[x x^T], without centring.

    Parameters
    ----------
    mean, std : numbers; every feature has this mean and this std > 0
    D : number of independent features, at least 2

    Returns
    -------
    ratio : one number
    """
    ### BEGIN SOLUTION
    smallest = std**2
    largest = std**2 + D * mean**2
    ratio = largest / smallest
    return ratio
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_condition_number", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("condition_number")

# %% [markdown]
# Compare your formula with the eigenvalues of a large sample. The pixels of
# CIFAR-10 have a mean near 0.47 and a standard deviation near 0.25. They are
# not independent, so the last line is a thought experiment.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(1)
# for mean in (0.0, 0.5, 2.0):
#     x = rng.normal(mean, 0.5, size=(20_000, 8))
#     values = np.linalg.eigvalsh(x.T @ x / len(x))
#     print(f"mean {mean}: measured {values[-1] / values[0]:6.1f},"
#           f" formula {condition_number(mean, 0.5, 8):6.1f}")
# print(f"3072 such pixels: {condition_number(0.47, 0.25, 3072):,.0f}")

# %% [markdown]
# ## Images: three ways to centre
#
# For images "center only" is the lecture's advice. Images come here as
# (N, H, W, C): N images, H rows and W columns of pixels, C channels. They may
# hold bytes (`uint8`), so mind what type your results have.
#
# **The mean image** has the shape (H, W, C): each pixel of each channel has a
# mean of its own. AlexNet does this.
#
# **Write** it. The rule about the training split holds.
# **The check looks at** images whose axes all differ, at axes of one length,
# where a wrong axis raises no error, and at bytes.

# %% nbgrader={"grade": false, "grade_id": "mean_image", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_image(images_train, images_test):
    """Subtract the mean training image from every image of both splits.

    Parameters
    ----------
    images_train : (N, H, W, C), of any number type
    images_test : (M, H, W, C)

    Returns
    -------
    train : (N, H, W, C), floating-point numbers
    test : (M, H, W, C), floating-point numbers
    """
    ### BEGIN SOLUTION
    mean = images_train.mean(axis=0)  # (H, W, C)
    train = images_train - mean
    test = images_test - mean
    return train, test
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_mean_image", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("mean_image")

# %% [markdown]
# **The per-channel mean** is C numbers, one for each colour, taken over
# images and positions: N·H·W numbers stand behind each. VGG does this. The
# test images may then have another size than the training images.
#
# **Write** it.
# **The check looks at** what it looked at above, and at test images of
# another size.

# %% nbgrader={"grade": false, "grade_id": "channel_mean", "locked": false, "schema_version": 3, "solution": true, "task": false}
def channel_mean(images_train, images_test):
    """Subtract the training mean of each channel from both splits.

    Parameters
    ----------
    images_train : (N, H, W, C), of any number type
    images_test : (M, H2, W2, C); H2 and W2 may differ from H and W

    Returns
    -------
    train : (N, H, W, C), floating-point numbers
    test : (M, H2, W2, C), floating-point numbers
    """
    ### BEGIN SOLUTION
    mean = images_train.mean(axis=(0, 1, 2))  # (C,)
    train = images_train - mean
    test = images_test - mean
    return train, test
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_channel_mean", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("channel_mean")

# %% [markdown]
# **Per-channel mean and standard deviation** are 2·C numbers. The lecture
# names ResNet for it. (The ResNet paper itself subtracts a mean image, but
# this is what is usual today.)
#
# $$
# \frac{x - \mu_c}{\max(\sigma_c, \text{floor})} .
# $$
#
# A channel that is constant in the training split has $\sigma_c = 0$. The
# floor keeps it from a division by zero, and leaves all other channels
# exactly as they would be without it.
#
# **Write** it. Computed, the $\sigma$ of a constant channel may be $10^{-17}$
# and not 0: a comparison with zero would miss it.
# **The check looks at** a constant channel that is not constant in the test
# split, at a floor that is not small, and at a mean of 10,000 with a standard
# deviation of 0.01.

# %% nbgrader={"grade": false, "grade_id": "channel_mean_std", "locked": false, "schema_version": 3, "solution": true, "task": false}
def channel_mean_std(images_train, images_test, floor=1e-6):
    """Subtract the training mean of each channel, divide by its training std.

        (x - mean) / max(std, floor)

    Parameters
    ----------
    images_train : (N, H, W, C), of any number type
    images_test : (M, H2, W2, C); H2 and W2 may differ from H and W
    floor : what a smaller standard deviation counts as

    Returns
    -------
    train : (N, H, W, C), floating-point numbers
    test : (M, H2, W2, C), floating-point numbers

    The variance divides by N*H*W.
    """
    ### BEGIN SOLUTION
    mean = images_train.mean(axis=(0, 1, 2))  # (C,)
    std = images_train.std(axis=(0, 1, 2))  # (C,)
    scale = np.maximum(std, floor)
    train = (images_train - mean) / scale
    test = (images_test - mean) / scale
    return train, test
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_channel_mean_std", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("channel_mean_std")

# %% [markdown]
# Look at the three results for one red-tinted set of images with a bright
# centre. Which of them still has a mean that differs from place to place?

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# rng = np.random.default_rng(2)
# y, x = np.mgrid[-1:1:16j, -1:1:16j]
# glow = 80 * np.exp(-3 * (x**2 + y**2))[..., None]  # brighter in the middle
# tint = np.array([120.0, 60.0, 40.0])
# images = glow + tint + rng.normal(0, 20, size=(200, 16, 16, 3))
# results = {"raw": images}
# for f in (mean_image, channel_mean, channel_mean_std):
#     results[f.__name__], _ = f(images, images[:1])
# figure, axes = plt.subplots(1, 4, figsize=(10, 2.6))
# for axis, (name, data) in zip(axes, results.items()):
#     picture = axis.imshow(data.mean(axis=0)[..., 0])  # mean of the reds
#     axis.set(title=name, xticks=[], yticks=[])
#     figure.colorbar(picture, ax=axis, shrink=0.8)
# figure.tight_layout()

# %% [markdown]
# ### What has to be stored?
#
# A network without its preprocessing is of no use: the statistics have to be
# kept with its weights, and applied to each image that it will ever see.
#
# **Question.** How many numbers are that for images of shape (H, W, C)?
# Answer for the mean image, for the per-channel mean, for the per-channel
# mean and standard deviation, and for whitening with a matrix (below):
# whitening subtracts a mean from each of the D = H·W·C entries and multiplies
# by a D × D matrix. Count every entry of every array that is applied.

# %% nbgrader={"grade": false, "grade_id": "stored_numbers", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stored_numbers(H, W, C):
    """How many statistics each preprocessing applies to an (H, W, C) image.

    Returns
    -------
    image : int, for the mean image
    channel : int, for the per-channel mean
    channel_std : int, for the per-channel mean and std
    whitening : int, for a mean and a whitening matrix
    """
    ### BEGIN SOLUTION
    D = H * W * C
    image = D
    channel = C
    channel_std = 2 * C
    whitening = D + D**2
    return image, channel, channel_std, whitening
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_stored_numbers", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("stored_numbers")

# %% [markdown]
# For CIFAR-10, and for the crops of 224 × 224 pixels of ImageNet:

# %% tags=["active-ipynb"]
# for shape in ((32, 32, 3), (224, 224, 3)):
#     counts = " ".join(f"{n:16,}" for n in stored_numbers(*shape))
#     print(f"{shape!s:14}", counts)

# %% [markdown]
# ## PCA
#
# The covariance of the training split is symmetric, so it has orthogonal
# eigenvectors, the *principal directions*. With $\bar X = X - \mu$,
#
# $$
# \Sigma = \frac1N \bar X^\top \bar X = Q \Lambda Q^\top, \qquad
# \lambda_1 \ge \lambda_2 \ge \dots \ge \lambda_D .
# $$
#
# $\lambda_i$ is the variance of the data along the column $q_i$ of $Q$. PCA
# keeps the coordinates along the first $k$ of them, $\bar X Q_k$: the $k$
# numbers from which the data can be rebuilt with the least squared error.
#
# If $q$ is an eigenvector, $-q$ is one too, and which of the two a library
# returns is chance. So that your answer can be compared, this course fixes
# the sign: in each direction the entry of the largest size is positive. The
# cell below does it.

# %% nbgrader={"grade": false, "grade_id": "given_signs", "locked": true, "schema_version": 3, "solution": false, "task": false}
def fix_signs(directions):
    """Flip columns so that the largest entry of each, by size, is positive.

    directions : (D, k), one direction a column. Returns a new array.
    """
    largest = np.abs(directions).argmax(axis=0)  # (k,)
    columns = np.arange(directions.shape[1])
    return directions * np.sign(directions[largest, columns])

# %% [markdown]
# **Write** the projections of both splits. `np.linalg.eigh` gives the
# eigenvalues in *rising* order; `np.linalg.svd` of $\bar X$ gives the
# singular values in falling order and the directions as *rows*. Either way is
# right. Call `fix_signs`.
# **The check looks at** data far from the origin, at k from 1 to D, at fewer
# examples than features, and at a constant feature. (Whether $\Sigma$ divides
# by $N$ or by $N - 1$ makes no difference here. Why?)

# %% nbgrader={"grade": false, "grade_id": "pca", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pca(x_train, x_test, k):
    """Project on the k leading principal directions of the training split.

        cov = (x_train - mean).T @ (x_train - mean) / N
        out = (x - mean) @ directions

    Parameters
    ----------
    x_train : (N, D)
    x_test : (M, D)
    k : how many directions to keep, 1 <= k <= min(N - 1, D)

    Returns
    -------
    train : (N, k), the direction of the largest variance first
    test : (M, k)

    Mean and directions come from the training split. Their signs are those
    of fix_signs.
    """
    ### BEGIN SOLUTION
    mean = x_train.mean(axis=0)  # (D,)
    centred = x_train - mean
    cov = centred.T @ centred / len(centred)  # (D, D)
    values, vectors = np.linalg.eigh(cov)  # rising; (D,), (D, D)
    directions = fix_signs(vectors[:, ::-1][:, :k])  # (D, k)
    train = centred @ directions
    test = (x_test - mean) @ directions
    return train, test
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_pca", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("pca")

# %% [markdown]
# Look at the share of the variance that $k$ directions keep, for 20 features
# that were made from 3.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(3)
# three = rng.normal(size=(500, 3)) * [3.0, 2.0, 1.0]
# made = three @ rng.normal(size=(3, 20))
# x = 5 + made + 0.3 * rng.normal(size=(500, 20))
# for k in (1, 2, 3, 4, 20):
#     projected, _ = pca(x, x[:1], k)
#     share = projected.var(axis=0).sum() / x.var(axis=0).sum()
#     print(f"k = {k:2d}: {share:.1%} of the variance")

# %% [markdown]
# ## Whitening
#
# Turn the data onto the principal directions and divide each coordinate by
# its standard deviation. All directions then have variance 1, and none of
# them is correlated with another:
#
# $$
# \bar X\, Q\, (\Lambda + \epsilon)^{-1/2} .
# $$
#
# Without $\epsilon$ a direction in which the training data hardly vary is
# blown up to variance 1 like all others. What lies there is mostly noise, and
# if $\lambda = 0$ it is a division by zero. So $\epsilon$ is added to every
# eigenvalue, under the root: nothing is divided by less than $\sqrt\epsilon$.
#
# **Write** it, with all D directions, the largest variance first, and the
# signs of `fix_signs`.
# **The check looks at** an $\epsilon$ that is not small, at a constant
# feature that is not constant in the test split, and at $N$ in the
# covariance, which now makes a difference.

# %% nbgrader={"grade": false, "grade_id": "whiten", "locked": false, "schema_version": 3, "solution": true, "task": false}
def whiten(x_train, x_test, eps):
    """PCA whitening with the statistics of the training split.

        cov = Q diag(lambda) Q.T, the covariance, divided by N
        out = (x - mean) @ Q / sqrt(lambda + eps)

    Parameters
    ----------
    x_train : (N, D)
    x_test : (M, D)
    eps : added to each eigenvalue under the root, > 0

    Returns
    -------
    train : (N, D), the direction of the largest variance first
    test : (M, D)

    The signs of the columns of Q are those of fix_signs.
    """
    ### BEGIN SOLUTION
    mean = x_train.mean(axis=0)  # (D,)
    centred = x_train - mean
    cov = centred.T @ centred / len(centred)  # (D, D)
    values, vectors = np.linalg.eigh(cov)  # rising; (D,), (D, D)
    directions = fix_signs(vectors[:, ::-1])
    scale = np.sqrt(values[::-1] + eps)  # (D,)
    train = centred @ directions / scale
    test = (x_test - mean) @ directions / scale
    return train, test
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_whiten", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("whiten")

# %% [markdown]
# Whitened data may be turned by any rotation and stay white. **ZCA** takes
# the rotation that goes back to where the data came from:
#
# $$
# \bar X\, Q\, (\Lambda + \epsilon)^{-1/2} Q^\top .
# $$
#
# Of all whitenings it changes the data least in squared distance, so a
# whitened image still looks like an image.
#
# **Write** it. The sign of a column of $Q$ no longer matters. Do you see why?
# **The check looks at** fewer examples than features as well: there the test
# examples have a part along which the training split has variance 0, and it
# must not be lost.

# %% nbgrader={"grade": false, "grade_id": "zca", "locked": false, "schema_version": 3, "solution": true, "task": false}
def zca(x_train, x_test, eps):
    """ZCA whitening with the statistics of the training split.

        cov = Q diag(lambda) Q.T, the covariance, divided by N
        out = (x - mean) @ Q @ diag(1 / sqrt(lambda + eps)) @ Q.T

    Parameters
    ----------
    x_train : (N, D)
    x_test : (M, D)
    eps : added to each eigenvalue under the root, > 0

    Returns
    -------
    train : (N, D), in the order of the features of x_train
    test : (M, D)
    """
    ### BEGIN SOLUTION
    mean = x_train.mean(axis=0)  # (D,)
    centred = x_train - mean
    cov = centred.T @ centred / len(centred)  # (D, D)
    values, directions = np.linalg.eigh(cov)  # (D,), (D, D)
    scale = np.sqrt(values + eps)  # (D,)
    matrix = directions / scale @ directions.T  # (D, D), symmetric
    train = centred @ matrix
    test = (x_test - mean) @ matrix
    return train, test
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_zca", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("zca")

# %% [markdown]
# Look at one cloud in five states. The marked points show what turns and what
# does not.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(4)
# x = rng.normal(size=(300, 2)) @ np.array([[2.0, 1.2], [0.0, 0.6]]) + [4, 3]
# states = {
#     "raw": x,
#     "centred": zero_center(x, x[:1])[0],
#     "PCA": pca(x, x[:1], 2)[0],
#     "whitened": whiten(x, x[:1], 1e-6)[0],
#     "ZCA": zca(x, x[:1], 1e-6)[0],
# }
# marked = [x[:, 0].argmax(), x[:, 1].argmin()]
# figure, axes = plt.subplots(1, 5, figsize=(12, 2.6), sharex=True,
#                             sharey=True)
# for axis, (name, data) in zip(axes, states.items()):
#     axis.scatter(*data.T, s=4)
#     axis.scatter(*data[marked].T, s=40, c=["C1", "C2"])
#     axis.set(title=name, aspect="equal")
#     cov = np.cov(data.T, bias=True)
#     print(f"{name:9s} covariance", cov.round(2).tolist())
# figure.tight_layout()

# %% [markdown]
# ## How sensitive is the loss?
#
# The lecture: "Before normalization: classification loss very sensitive to
# changes in weight matrix; hard to optimize. After normalization: less
# sensitive to small changes in weights; easier to optimize."
#
# To compare like with like, take *one* classifier in two forms. On the raw
# data its scores are $xW + b$. On the normalized data $\hat x = (x - \mu) /
# \sigma$ the same scores come from other weights, $\hat x \hat W + \hat b$.
# Then add the same nudge `dW` to the weight matrix of each form, and leave
# the biases alone. How much does the loss change?
#
# The loss is the mean cross-entropy of a softmax. It is given.

# %% nbgrader={"grade": false, "grade_id": "given_loss", "locked": true, "schema_version": 3, "solution": false, "task": false}
def softmax_loss(scores, y):
    """Mean cross-entropy of scores (N, C) and class numbers y (N,)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(shifted).sum(axis=1))
    return np.mean(log_total - shifted[np.arange(len(y)), y])

# %% [markdown]
# **Write** both changes: loss after the nudge minus loss before. Find
# $\hat W$ and $\hat b$ first: put $x = \sigma \hat x + \mu$ into $xW + b$ and
# sort by what is multiplied with $\hat x$ and what is not.
# **The check looks at** each of the two numbers, for features of very
# different scales and for data far from the origin.

# %% nbgrader={"grade": false, "grade_id": "loss_sensitivity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def loss_sensitivity(x, y, W, b, dW):
    """Change of the loss when dW is added to the weights, in two forms.

        raw:         scores = x @ W + b
        normalized:  scores = x_hat @ W_hat + b_hat, the same numbers,
                     where x_hat = (x - mean) / std for each feature

    Parameters
    ----------
    x : (N, D), the training data; no feature is constant
    y : (N,), integers: the class of each row
    W : (D, C), weights on the raw data
    b : (C,), bias on the raw data
    dW : (D, C), added to W in the one form, to W_hat in the other

    Returns
    -------
    raw : loss with W + dW minus loss with W, on x
    normalized : loss with W_hat + dW minus loss with W_hat, on x_hat

    The loss is softmax_loss. The variance divides by N.
    """
    ### BEGIN SOLUTION
    mean, std = x.mean(axis=0), x.std(axis=0)  # (D,), (D,)
    x_hat = (x - mean) / std
    W_hat = W * std[:, None]
    b_hat = b + mean @ W

    raw = softmax_loss(x @ (W + dW) + b, y) - softmax_loss(x @ W + b, y)
    before = softmax_loss(x_hat @ W_hat + b_hat, y)
    normalized = softmax_loss(x_hat @ (W_hat + dW) + b_hat, y) - before
    return raw, normalized
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_loss_sensitivity", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("loss_sensitivity")

# %% [markdown]
# Move a cloud away from the origin, and look at the largest change over a
# hundred random nudges. Only one of the two columns should care.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(5)
# z, y = rng.normal(size=(200, 2)), np.repeat([0, 1], 100)
# z[y == 1] += [2.0, 0.0]
# W = np.array([[-2.0, 2.0], [0.0, 0.0]])
# nudges = 0.1 * rng.normal(size=(100, 2, 2))
# print("distance   raw   normalized")
# for distance in (0, 1, 3, 10, 30):
#     mean = distance * np.array([0.6, 0.8])
#     x, b = z + mean, -(mean + [1, 0]) @ W
#     changes = np.abs([loss_sensitivity(x, y, W, b, dW) for dW in nudges])
#     raw, normalized = changes.max(axis=0)
#     print(f"{distance:8d} {raw:6.3f} {normalized:8.3f}")

# %% [markdown]
# ## To think about
#
# 1. You normalize with statistics of training *and* test data, and the test
#    error hardly changes. Why is it a mistake all the same? The book's
#    chapter on data preprocessing measures cases in which it does change.
# 2. Which of the functions of this notebook give the same result when every
#    feature of both splits is first multiplied by 255? Which when each
#    feature is multiplied by a number of its own?
# 3. A network was trained on whitened images, and the whitening matrix is
#    lost. Could you fold it into the weights of the first layer beforehand?
#    And if the first layer is a convolution?
