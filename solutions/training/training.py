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
# # Training: look after it, then search
#
# A network that does not learn raises no error. It returns a number, and the
# number is bad. This notebook is the routine that finds out why, in the order
# in which one goes through it, and then the search for what no routine can
# know: the learning rate and its companions.
#
# | you write | the question behind it |
# |---|---|
# | `softmax_loss` | how wrong are the scores, and which way is down? |
# | `initial_loss` | is the first loss what it must be? |
# | `overfit_tiny_batch` | can the code learn anything at all? |
# | `learning_rate_range` | which learning rates are worth a try? |
# | `update_ratio` | how large is a step, beside what it changes? |
# | `layer_report` | does the signal get through, forward and back? |
# | `diagnose` | what do the two loss curves say? |
# | `log_uniform` | how to draw a number that may be 0.1 or 0.0001 |
# | `grid_search_points` | every combination of a few values |
# | `random_search_points` | a new value in every trial |
# | `coarse_to_fine` | where to look next |
# | `best_is_at_edge` | did we look in the wrong place? |
# | `selection_optimism` | how much of the best score is luck? |
#
# Nothing here draws random numbers by itself. Where chance is needed, the
# numbers come in as an array. So every result can be repeated. No function
# may change the arrays it was given.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import itertools
import math

import numpy as np

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## The loss
#
# A classifier gives every example one score for each class. Softmax turns the
# scores $s_{i1}, \ldots, s_{iC}$ of example $i$ into probabilities, and the
# loss is the mean of the negative logarithm of what the right class $y_i$
# got:
#
# $$
# p_{ic} = \frac{e^{s_{ic}}}{\sum_k e^{s_{ik}}}, \qquad
# L = -\frac1N \sum_{i=1}^N \ln p_{i y_i}, \qquad
# \frac{\partial L}{\partial s_{ic}} =
# \frac{p_{ic} - [c = y_i]}{N} .
# $$
#
# The formula is not yet a program. $e^{1000}$ is infinite in float64, and
# $\ln 0$ is too. A score of 1000 is what a learning rate that is too high
# produces, so the loss has to survive it: that is when you need it most.
# Softmax does not change when the same number is taken from all scores of an
# example. And $\ln p$ can be had without $p$.
#
# **Write** loss and gradient, without a loop.
# **The check looks at** both, at scores of 1000 and −1000 in one batch, and
# at `scores` afterwards.

# %% nbgrader={"grade": false, "grade_id": "softmax_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax_loss(scores, y):
    """Mean cross-entropy of softmax probabilities, and its gradient.

        p_ic = exp(scores_ic) / sum_k exp(scores_ik)
        loss = -mean_i ln p_{i, y_i}

    Parameters
    ----------
    scores : (N, C), finite numbers of any size
    y : (N,), integers from 0 to C - 1: the right classes

    Returns
    -------
    loss : one number
    dscores : (N, C), gradient of the loss with respect to scores

    Both are finite for scores of 1000 and of -1000.
    """
    ### BEGIN SOLUTION
    N = scores.shape[0]
    shifted = scores - scores.max(axis=1, keepdims=True)  # (N, C), at most 0
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, 1)
    log_probs = shifted - log_sum
    loss = -log_probs[np.arange(N), y].mean()
    dscores = np.exp(log_probs)
    dscores[np.arange(N), y] -= 1
    dscores = dscores / N
    return loss, dscores
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_softmax_loss", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("softmax_loss")

# %% [markdown]
# Look at the two losses. The second example is hopeless: its right class is
# 2000 behind. Its loss is 2000 and its gradient still has size 1. A clipped
# logarithm such as $\ln(p + 10^{-8})$ would say 18 and hide how bad it is.

# %% tags=["active-ipynb"]
# scores = np.array([[2.0, 1.0, 0.0], [1000.0, 0.0, -1000.0]])
# for i, label in enumerate([0, 2]):
#     loss, dscores = softmax_loss(scores[i : i + 1], np.array([label]))
#     print(f"loss {loss:8.3f}   gradient {dscores[0].round(3) + 0.0}")

# %% [markdown]
# ## A network and its data
#
# The rest of the page trains on the handwritten digits of scikit-learn: 1797
# images of 8×8 pixels. 1000 of them are for training, 400 for validation. The
# last 397 are for the end of the page, and for nothing before it.
#
# The network has tanh layers and your `softmax_loss` on top. Its code is
# given.

# %% nbgrader={"grade": false, "grade_id": "given_network", "locked": true, "schema_version": 3, "solution": false, "task": false}
def init_network(sizes, rng, gain=1.0):
    """Weights with standard deviation gain / sqrt(fan-in), biases of zero."""
    shapes = list(itertools.pairwise(sizes))
    weights = [gain * rng.normal(size=s) / np.sqrt(s[0]) for s in shapes]
    return weights, [np.zeros(s[1]) for s in shapes]


def forward(weights, biases, x):
    """All layers, the input first and the scores last; tanh in between."""
    layers = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        layers.append(np.tanh(layers[-1] @ W + b))
    return [*layers, layers[-1] @ weights[-1] + biases[-1]]


def backward(weights, layers, dscores):
    """Gradients of the weights, of the biases and of each hidden layer."""
    dweights, dbiases, dhidden, dout = [], [], [], dscores
    for k in reversed(range(len(weights))):
        dweights.insert(0, layers[k].T @ dout)
        dbiases.insert(0, dout.sum(axis=0))
        if k:
            dhidden.insert(0, dout @ weights[k].T)
            dout = dhidden[0] * (1 - layers[k] ** 2)
    return dweights, dbiases, dhidden


def step(weights, biases, x, y, learning_rate, reg=0.0):
    """One step of gradient descent: the loss before it, and the new lists."""
    layers = forward(weights, biases, x)
    loss, dscores = softmax_loss(layers[-1], y)
    dweights, dbiases, _ = backward(weights, layers, dscores)
    loss += 0.5 * reg * sum(np.sum(W**2) for W in weights)
    new_weights = [W - learning_rate * (dW + reg * W)
                   for W, dW in zip(weights, dweights, strict=True)]
    new_biases = [b - learning_rate * db
                  for b, db in zip(biases, dbiases, strict=True)]
    return loss, new_weights, new_biases


def batches(n, size, rng):
    """One epoch: the numbers 0 to n - 1 in random order, size at a time."""
    order = rng.permutation(n)
    return [order[i : i + size] for i in range(0, n - size + 1, size)]

# %% tags=["active-ipynb"]
# from sklearn.datasets import load_digits
#
# images, labels = load_digits(return_X_y=True)
# order = np.random.default_rng(0).permutation(len(labels))
# x, y = images[order] / 16, labels[order]
# x = (x - x[:1000].mean(axis=0)) / x[:1000].std()
# x_train, x_val, x_test = np.split(x, [1000, 1400])
# y_train, y_val, y_test = np.split(y, [1000, 1400])
# print(x_train.shape, x_val.shape, x_test.shape)

# %% [markdown]
# ## First: is the first loss right?
#
# Before the first step the network knows nothing. If its scores are small,
# all classes are equally likely, $p = 1/C$, and the loss is $\ln C$
# (*derived*). L2 regularization adds its own term:
#
# $$
# L_0 = \ln C + \frac{\lambda}{2} \sum_{\text{layers}} \sum_{ij} W_{ij}^2 .
# $$
#
# This comparison comes before anything else, since it costs one forward pass.
# A first loss that is higher says that the scores are
# not small, or that labels and classes do not fit. One that is lower, or that
# does not rise with $\lambda$, says that a term is missing.
#
# **Write** $L_0$ for a list of weight arrays of any shapes.
# **The check looks at** several layers, at convolution filters, and at
# $\lambda = 0$.

# %% nbgrader={"grade": false, "grade_id": "initial_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def initial_loss(C, reg, weights):
    """The loss to expect before the first step.

        ln(C) + 0.5 * reg * (sum of the squares of all weights)

    Parameters
    ----------
    C : number of classes
    reg : strength of the L2 regularization, 0 or more
    weights : list of one or more arrays of any shape, one a layer

    Returns
    -------
    One number.
    """
    ### BEGIN SOLUTION
    squares = sum(np.sum(W**2) for W in weights)
    return np.log(C) + 0.5 * reg * squares
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_initial_loss", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("initial_loss")

# %% [markdown]
# Look at which rows agree. With a gain of 0.1 they do, to two digits. With a
# gain of 1 the loss is a little high, with 10 it is far off: these scores are
# not small, and the network begins by unlearning them.

# %% tags=["active-ipynb"]
# print("gain   reg    expected   measured")
# for gain in (0.1, 1.0, 10.0):
#     for reg in (0.0, 0.01):
#         rng = np.random.default_rng(1)
#         weights, biases = init_network((64, 50, 10), rng, gain)
#         measured, _, _ = step(weights, biases, x_train, y_train, 0.0, reg)
#         expected = initial_loss(10, reg, weights)
#         print(f"{gain:4.1f}   {reg:4.2f}  {expected:9.3f}  {measured:9.3f}")

# %% [markdown]
# ## Second: overfit a tiny batch
#
# Take twenty images, switch regularization off, and train until the loss is
# near zero. Nothing useful is learned. But gradients, updates and labels have
# to fit together for it to work, and it takes a second. If it fails, there is
# a bug, and no search over hyperparameters will find it.
#
# Here the model is one linear layer, $s = xW + b$, and every step uses all of
# the batch:
#
# $$
# W \leftarrow W - \eta\, x^T \frac{\partial L}{\partial s}, \qquad
# b \leftarrow b - \eta \sum_i \frac{\partial L}{\partial s_i} .
# $$
#
# Both gradients are taken at the same point: first both, then the step.
#
# **Write** the loop with your `softmax_loss`. Write down the loss *before*
# each step, so that the first number is the one to compare with
# `initial_loss`.
# **The check looks at** the losses, at `W` and `b` after the last step, and
# at the arrays that you were handed, which must be what they were.

# %% nbgrader={"grade": false, "grade_id": "overfit_tiny_batch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def overfit_tiny_batch(x, y, W, b, learning_rate, steps):
    """Gradient descent of a linear softmax classifier on one batch.

        scores = x @ W + b
        W, b = W - learning_rate * dW, b - learning_rate * db

    Parameters
    ----------
    x : (N, D), the batch
    y : (N,), integers from 0 to C - 1
    W : (D, C), the weights to begin with
    b : (C,), the bias to begin with
    learning_rate : size of a step
    steps : how many steps, each on the whole batch

    Returns
    -------
    losses : (steps,), entry t is the loss before step t, counted from 0
    W : (D, C), after the last step, a new array
    b : (C,), after the last step, a new array
    """
    ### BEGIN SOLUTION
    losses = np.zeros(steps)
    for t in range(steps):
        losses[t], dscores = softmax_loss(x @ W + b, y)
        W = W - learning_rate * (x.T @ dscores)
        b = b - learning_rate * dscores.sum(axis=0)
    return losses, W, b
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_overfit_tiny_batch", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("overfit_tiny_batch")

# %% [markdown]
# Look at the first and the last loss of each row. The right labels go towards
# zero. So do shuffled ones: twenty images in 64 dimensions can be told apart
# in any way you like. A fit says that the code works, and nothing about the
# digits. The last row has a bug that you will meet again: the step goes the
# wrong way.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(2)
# tiny, right = x_train[:20], y_train[:20]
# W, b = 0.01 * rng.normal(size=(64, 10)), np.zeros(10)
# for name, goal, rate in (("right labels", right, 0.3),
#                          ("shuffled labels", rng.permutation(right), 0.3),
#                          ("wrong sign", right, -0.3)):
#     losses, W_fit, b_fit = overfit_tiny_batch(tiny, goal, W, b, rate, 400)
#     share = np.mean((tiny @ W_fit + b_fit).argmax(axis=1) == goal)
#     print(f"{name:16s} loss {losses[0]:.3f} → {losses[-1]:8.3f}"
#           f"   right after training: {share:.0%}")

# %% [markdown]
# ## Third: which learning rates are worth a try?
#
# Raise the learning rate a little with every step, from far too small to far
# too large, and write down the loss. It stays where it is, then falls, then
# explodes. This *range test* is Smith's (2017, *reported*). That the rate with
# the steepest fall is a good one to begin with is a rule of thumb.
#
# The losses of single batches are noisy, and the last ones are NaN. So the
# rule needs care. Here it is in four steps:
#
# 1. **Cut.** Drop the first loss that is not finite, and everything behind
#    it, whatever it is.
# 2. **Smooth.** Take the mean of each loss and its two neighbours. The first
#    and the last loss have one neighbour only and get no mean. The mean
#    belongs to the rate in the middle.
# 3. **Slope.** Between neighbouring means, divide the difference of the means
#    by the difference of $\ln(\text{rate})$.
# 4. **Choose** the step with the most negative slope. The answer is the
#    geometric mean $\sqrt{r_i\, r_{i+1}}$ of the two rates it lies between.
#
# **Write** this rule.
# **The check looks at** NaN and infinity, at a finite loss that follows them,
# at rates that are not evenly spaced, and at noise.

# %% nbgrader={"grade": false, "grade_id": "learning_rate_range", "locked": false, "schema_version": 3, "solution": true, "task": false}
def learning_rate_range(losses, rates):
    """The learning rate at which a smoothed loss falls fastest.

    1. Drop the first loss that is NaN or infinite, and all that follow.
    2. smooth_i = mean of losses i - 1, i and i + 1, at rates_i; none for the
       first and for the last loss that is left.
    3. slope_i = (smooth_{i+1} - smooth_i) / (ln rates_{i+1} - ln rates_i)
    4. For the i with the smallest slope, sqrt(rates_i * rates_{i+1}).

    Parameters
    ----------
    losses : (n,), one for each rate; at least four before the first that is
        not finite
    rates : (n,), positive, increasing

    Returns
    -------
    One number, a learning rate.
    """
    ### BEGIN SOLUTION
    exploded = ~np.isfinite(losses)
    n = np.argmax(exploded) if exploded.any() else len(losses)
    losses, rates = losses[:n], rates[:n]
    smooth = (losses[:-2] + losses[1:-1] + losses[2:]) / 3  # (n - 2,)
    log_rates = np.log(rates[1:-1])  # (n - 2,)
    slopes = np.diff(smooth) / np.diff(log_rates)  # (n - 3,)
    i = np.argmin(slopes)
    return np.exp((log_rates[i] + log_rates[i + 1]) / 2)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_learning_rate_range", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("learning_rate_range")

# %% [markdown]
# A range test on the digits, with a new batch in every step. Look for the
# line: it lies on the slope, left of the lowest loss. At the lowest loss it
# is too late, since the fall has already stopped there.

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# rng = np.random.default_rng(3)
# weights, biases = init_network((64, 50, 10), rng)
# rates, losses = np.geomspace(1e-4, 1e3, 100), np.full(100, np.nan)
# for t, rate in enumerate(rates):
#     batch = rng.choice(1000, 100, replace=False)
#     losses[t], weights, biases = step(
#         weights, biases, x_train[batch], y_train[batch], rate)
#     if losses[t] > 1.5 * losses[0]:  # what follows says nothing
#         losses[t:] = np.nan
#         break
# chosen = learning_rate_range(losses, rates)
# plt.figure(figsize=(7, 3))
# plt.semilogx(rates, losses)
# plt.axvline(chosen, linestyle="--", color="grey")
# plt.xlabel("learning rate")
# plt.ylabel("loss of the batch")
# plt.tight_layout()
# lowest = rates[np.nanargmin(losses)]
# print(f"chosen {chosen:.3g}, lowest loss at {lowest:.3g}")

# %% [markdown]
# ## Fourth: how large is a step?
#
# The learning rate alone says little. What counts is how much a step changes
# the weights, beside their own size. For each layer,
#
# $$
# \text{ratio} = \frac{\lVert \Delta W \rVert}{\lVert W \rVert}, \qquad
# \lVert W \rVert = \sqrt{\textstyle\sum W_{ij}^2} .
# $$
#
# A rule of thumb is a ratio near $10^{-3}$ (notes of CS231n, *reported*). Much
# lower, and the layer hardly moves. Much higher, and each step throws away
# what was there.
#
# **Write** it for a list of weights, each *before* its update, and the list
# of their updates. Arrays may have any shape. A layer of zeros, such as a
# bias at the start, has the ratio infinity.
# **The check looks at** one ratio a layer, at convolution filters, at numbers
# whose mean is not zero, and at a layer of zeros.

# %% nbgrader={"grade": false, "grade_id": "update_ratio", "locked": false, "schema_version": 3, "solution": true, "task": false}
def update_ratio(weights, updates):
    """Norm of the update over norm of the weights, layer by layer.

        ratio_k = sqrt(sum of updates_k^2) / sqrt(sum of weights_k^2)

    Parameters
    ----------
    weights : list of L arrays of any shape, before the update
    updates : list of L arrays of the same shapes, what is added to them; not
        all zero

    Returns
    -------
    ratios : (L,), infinity for a layer whose weights are all zero
    """
    ### BEGIN SOLUTION
    sizes = np.array([np.linalg.norm(W) for W in weights])
    changes = np.array([np.linalg.norm(dW) for dW in updates])
    with np.errstate(divide="ignore"):
        ratios = changes / sizes
    return ratios
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_update_ratio", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("update_ratio")

# %% [markdown]
# Look at how the ratio follows the learning rate. With the two larger rates it
# falls during training: the gradients get smaller and the weights do not.

# %% tags=["active-ipynb"]
# print("learning rate   step   ratio of each layer      loss")
# for rate in (0.001, 0.03, 1.0):
#     rng = np.random.default_rng(4)
#     weights, biases = init_network((64, 50, 50, 10), rng)
#     for t in range(201):
#         batch = rng.choice(1000, 100, replace=False)
#         loss, new, biases = step(
#             weights, biases, x_train[batch], y_train[batch], rate)
#         if t in (0, 200):
#             updates = [after - W for after, W in zip(new, weights)]
#             ratios = update_ratio(weights, updates)
#             shown = "  ".join(f"{r:.0e}" for r in ratios)
#             print(f"{rate:13.3f}   {t:4d}   {shown}   {loss:7.3f}")
#         weights = new

# %% [markdown]
# ## Fifth: does the signal get through?
#
# If the ratio is strange in one layer, look into the layers. For each one,
# four numbers say most of it:
#
# - mean and standard deviation of its activations, over all examples and
#   units;
# - the share of *saturated* ones, $|h| > 0.99$, where tanh has next to no
#   gradient;
# - the standard deviation of the gradient that arrives at the layer, relative
#   to that of the last layer in the list. Below 1 it has shrunk on the way
#   back, above 1 it has grown.
#
# **Write** the four arrays.
# **The check looks at** layers of different widths, saturation on both sides,
# and activations and gradients whose mean is not zero.

# %% nbgrader={"grade": false, "grade_id": "layer_report", "locked": false, "schema_version": 3, "solution": true, "task": false}
def layer_report(activations, gradients):
    """What goes forward and back through the tanh layers of a network.

    Parameters
    ----------
    activations : list of L arrays (N, D_k), the tanh layers from first to
        last
    gradients : list of L arrays (N, D_k), gradients of the loss with respect
        to the activations

    Returns
    -------
    mean : (L,), mean of all activations of a layer
    std : (L,), their standard deviation, divided by the number of entries
    saturated : (L,), share of the activations with |h| > 0.99, from 0 to 1
    gradient_ratio : (L,), standard deviation of the gradients of a layer,
        divided by that of the last layer
    """
    ### BEGIN SOLUTION
    mean = np.array([h.mean() for h in activations])
    std = np.array([h.std() for h in activations])
    saturated = np.array([(np.abs(h) > 0.99).mean() for h in activations])
    gradient_std = np.array([g.std() for g in gradients])
    gradient_ratio = gradient_std / gradient_std[-1]
    return mean, std, saturated, gradient_ratio
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_layer_report", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("layer_report")

# %% [markdown]
# Look at the three networks of six layers, before any training. With a small
# gain the activations fade from layer to layer. With a large one they
# saturate. With a gain of 1, activations and gradients stay within a factor of
# two from the first layer to the last.

# %% tags=["active-ipynb"]
# np.set_printoptions(precision=3, suppress=True)
# for gain in (0.3, 1.0, 5.0):
#     rng = np.random.default_rng(5)
#     weights, biases = init_network((64, *[100] * 6, 10), rng, gain)
#     layers = forward(weights, biases, x_train)
#     loss, dscores = softmax_loss(layers[-1], y_train)
#     _, _, dhidden = backward(weights, layers, dscores)
#     mean, std, saturated, ratio = layer_report(layers[1:-1], dhidden)
#     print(f"gain {gain}")
#     print(f"  std             {std}")
#     print(f"  saturated       {saturated}")
#     print(f"  gradient ratio  {ratio}")

# %% [markdown]
# ## Sixth: read the curves
#
# Then train, and look at the loss on the training data, $t_0, \ldots,
# t_{n-1}$, and on the validation data, $v_0, \ldots, v_{n-1}$, one number an
# epoch. An experienced eye sees what is wrong. To find out what the eye looks
# at, write it down as rules. **The first one that holds decides.**
#
# | code | diagnosis | rule |
# |---|---|---|
# | 2 | learning rate too high | NaN or infinity, or $t_{n-1} \ge t_0$ |
# | 3 | overfitting | $v_{n-1} > 1.1 \cdot \min(v)$ |
# | 1 | learning rate too low | $t_{n-1} > \tfrac12 t_0$, and late > 0.25 |
# | 4 | underfitting, a plateau | $t_{n-1} > \tfrac12 t_0$ |
# | 5 | fine | none of these |
#
# NaN and infinity count in either curve. *Late* is the share of the whole
# fall that came after the middle,
#
# $$
# \text{late} = \frac{t_{\lfloor n/2 \rfloor} - t_{n-1}}{t_0 - t_{n-1}} .
# $$
#
# A straight line has 0.5: it would go on falling. A plateau has almost 0.
# The thresholds 1.1, ½ and 0.25 are a choice and not a law: they say what is
# meant on this page, so that two people get the same answer.
#
# **Write** the rules. Return the code as an integer.
# **The check looks at** each code, at large and small losses, at a spike that
# heals, at curves where two rules hold, and at an odd number of epochs.

# %% nbgrader={"grade": false, "grade_id": "diagnose", "locked": false, "schema_version": 3, "solution": true, "task": false}
def diagnose(train_losses, val_losses):
    """What two loss curves say, as a code. The first rule that holds decides.

        2  learning rate too high: a loss of either curve is NaN or infinite,
           or the last training loss is not below the first
        3  overfitting: the last validation loss is more than 1.1 times the
           smallest one
        1  learning rate too low: the last training loss is more than half of
           the first, and late > 0.25
        4  underfitting: the last training loss is more than half of the first
        5  fine

        late = (train[n // 2] - train[n - 1]) / (train[0] - train[n - 1])

    Parameters
    ----------
    train_losses, val_losses : (n,), one number an epoch, n at least 4;
        positive where they are finite

    Returns
    -------
    An integer from 1 to 5.
    """
    ### BEGIN SOLUTION
    first, last = train_losses[0], train_losses[-1]
    middle = train_losses[len(train_losses) // 2]
    finite = np.isfinite(train_losses).all() and np.isfinite(val_losses).all()
    if not finite or last >= first:
        return 2
    if val_losses[-1] > 1.1 * val_losses.min():
        return 3
    late = (middle - last) / (first - last)
    if last > 0.5 * first and late > 0.25:
        return 1
    if last > 0.5 * first:
        return 4
    return 5
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_diagnose", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("diagnose")

# %% [markdown]
# Six trainings on the digits. Before you run the cell, say for each of them
# what the code will be.

# %% tags=["active-ipynb"]
# def train(sizes, rate, reg, epochs, x=x_train, y=y_train, seed=6):
#     """Loss curves on (x, y) and on validation, and what was learned."""
#     rng = np.random.default_rng(seed)
#     weights, biases = init_network(sizes, rng)
#     curves = []
#     for _ in range(epochs):
#         losses = [softmax_loss(forward(weights, biases, a)[-1], b)[0]
#                   for a, b in ((x, y), (x_val, y_val))]
#         curves.append(losses)
#         for batch in batches(len(x), 50, rng):
#             _, weights, biases = step(
#                 weights, biases, x[batch], y[batch], rate, reg)
#     return np.array(curves).T, weights, biases
#
# few, wrong = x_train[:200], y_train[:200].copy()
# wrong[::5] = (wrong[::5] + 1) % 10
# for name, sizes, rate, reg, *data in (
#         ("rate 0.0003", (64, 50, 10), 3e-4, 0.0),
#         ("rate 300", (64, 50, 10), 300.0, 0.0),
#         ("few, wrong labels", (64, 200, 10), 0.3, 0.0, few, wrong),
#         ("one hidden unit", (64, 1, 10), 0.3, 0.05),
#         ("none of these", (64, 50, 10), 0.1, 0.0),
#         ("rate 30", (64, 50, 10), 30.0, 0.0)):
#     (t, v), _, _ = train(sizes, rate, reg, 40, *data)
#     print(f"{diagnose(t, v)}  {name:18s} training {t[0]:.2f} → {t[-1]:.2f}"
#           f"   validation {v[0]:.2f} → {v.min():.2f} → {v[-1]:.2f}")

# %% [markdown]
# The third training has 200 images, every fifth with a wrong label. It learns
# them by heart, and the validation loss turns. The last row is a lesson about
# rules. A rate of 30 is too high, and `diagnose` calls it overfitting: the
# training loss ends lower than it began, and the validation loss has risen.
# The eye would see that it rose from the first epoch on. A rule sees what it
# was told to look at.

# %% [markdown]
# ## Search: numbers that live on a logarithmic scale
#
# What the curves cannot tell has to be tried. From 0.001 to 0.002 matters as
# much for a learning rate as from 0.1 to 0.2: both double it. Drawn uniformly
# between 0.0001 and 1, nine trials of ten are larger than 0.1. Drawn
# log-uniformly, each decade gets the same share:
#
# $$
# \ln r = \ln \text{low} + u\, (\ln \text{high} - \ln \text{low}),
# \qquad u \text{ uniform in } [0, 1) .
# $$
#
# **Write** this map from $u$ to $r$. `low` and `high` are numbers, or arrays
# that broadcast with `u`.
# **The check looks at** arrays of any shape, at bounds that are no powers of
# ten, and at one range for each column.

# %% nbgrader={"grade": false, "grade_id": "log_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_uniform(u, low, high):
    """Turn uniform numbers into log-uniform ones.

        ln r = ln low + u * (ln high - ln low)

    Parameters
    ----------
    u : array of any shape, uniform numbers in [0, 1)
    low, high : positive numbers, or arrays that broadcast with u

    Returns
    -------
    r : array of the shape of u, between low and high
    """
    ### BEGIN SOLUTION
    return np.exp(np.log(low) + u * (np.log(high) - np.log(low)))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_log_uniform", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("log_uniform")

# %% [markdown]
# Look at how many of 10,000 numbers fall into each decade, drawn either way.

# %% tags=["active-ipynb"]
# u = np.random.default_rng(7).random(10_000)
# for name, r in (("uniform", 1e-4 + u * (1 - 1e-4)),
#                 ("log-uniform", log_uniform(u, 1e-4, 1.0))):
#     counts, _ = np.histogram(np.log10(r), bins=[-4, -3, -2, -1, 0])
#     print(f"{name:12s} 0.0001 … 0.001 … 0.01 … 0.1 … 1:  {counts}")

# %% [markdown]
# ## Search: a grid
#
# With $d$ hyperparameters and $k$ values of each, a grid has $k^d$ points.
# The values go from `low` to `high`, both included, evenly spaced in the
# logarithm.
#
# **Write** the points, one a row, in the order of nested loops: the first
# column changes slowest and the last one fastest.
# **The check looks at** one, two and three hyperparameters, at the order, and
# at ranges that differ from column to column.

# %% nbgrader={"grade": false, "grade_id": "grid_search_points", "locked": false, "schema_version": 3, "solution": true, "task": false}
def grid_search_points(lows, highs, k):
    """All combinations of k log-spaced values of each hyperparameter.

        value_i = exp(ln low + i / (k - 1) * (ln high - ln low))
        for i = 0, ..., k - 1

    Parameters
    ----------
    lows, highs : (d,), positive, the range of each hyperparameter
    k : values of each, 2 or more

    Returns
    -------
    points : (k**d, d), one point a row; the first column changes slowest, the
        last one fastest
    """
    ### BEGIN SOLUTION
    d = len(lows)
    values = [np.geomspace(lows[j], highs[j], k) for j in range(d)]
    axes = np.meshgrid(*values, indexing="ij")  # d arrays (k, ..., k)
    return np.stack(axes, axis=-1).reshape(-1, d)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_grid_search_points", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("grid_search_points")

# %% [markdown]
# ## Search: random points
#
# A grid of nine points tries three learning rates. Nine random points try
# nine. If the other hyperparameter hardly matters, six trials of the grid
# were wasted (Bergstra and Bengio, 2012, *reported*).
#
# **Write** the points from uniform numbers that you are handed: row $i$ of
# `u` is trial $i$, and column $j$ belongs to hyperparameter $j$.
# **The check looks at** as many trials as hyperparameters, where a wrong axis
# raises no error, and at ranges that differ from column to column.

# %% nbgrader={"grade": false, "grade_id": "random_search_points", "locked": false, "schema_version": 3, "solution": true, "task": false}
def random_search_points(u, lows, highs):
    """Log-uniform points, one for each row of uniform numbers.

    Parameters
    ----------
    u : (n, d), uniform numbers in [0, 1)
    lows, highs : (d,), positive, the range of each hyperparameter

    Returns
    -------
    points : (n, d); column j is log-uniform between lows[j] and highs[j], and
        uses column j of u
    """
    ### BEGIN SOLUTION
    points = log_uniform(u, lows, highs)
    return points
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_random_search_points", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("random_search_points")

# %% [markdown]
# Look at how many different learning rates each of the two gets to see with
# the same budget, and at the longest way between two of them, in decades.

# %% tags=["active-ipynb"]
# lows, highs = np.array([1e-4, 1e-6]), np.array([1.0, 1e-1])
# u = np.random.default_rng(8).random((9, 2))
# for name, points in (("grid", grid_search_points(lows, highs, 3)),
#                      ("random", random_search_points(u, lows, highs))):
#     rates = np.unique(points[:, 0])
#     gap = np.diff(np.log10(rates)).max()
#     print(f"{name:7s} {len(points)} trials, {len(rates)} learning rates,"
#           f" longest way {gap:.1f} decades")

# %% [markdown]
# ## Search: from coarse to fine
#
# First many short trainings over a wide range, then longer ones over a narrow
# range around what was best. Trials that blew up have the score NaN.
#
# The rule, for scores of which *higher is better*: take the `keep` best
# points. Their mean in the logarithm is the centre of the new range. Its
# width in the logarithm is `shrink` times the old one. Where it would reach
# beyond the old range, it ends there.
#
# **Write** the rule. What does sorting do with NaN?
# **The check looks at** NaN among the scores, at centres close to an end, and
# at ranges that differ from column to column.

# %% nbgrader={"grade": false, "grade_id": "coarse_to_fine", "locked": false, "schema_version": 3, "solution": true, "task": false}
def coarse_to_fine(points, scores, lows, highs, keep, shrink):
    """The next, narrower range of each hyperparameter.

        centre = mean of ln(points) over the keep points with the best scores
        width = shrink * (ln highs - ln lows)
        new range: exp(centre - width / 2) to exp(centre + width / 2), cut off
        at lows and highs

    Parameters
    ----------
    points : (n, d), what was tried
    scores : (n,), higher is better; NaN where the training blew up, which is
        worse than any number
    lows, highs : (d,), the range in which the points lie
    keep : how many points to take, at most as many as have a score
    shrink : new width over old width, between 0 and 1

    Returns
    -------
    new_lows, new_highs : (d,), new arrays
    """
    ### BEGIN SOLUTION
    order = np.argsort(-scores)  # NaN is sorted to the end
    best = points[order[:keep]]  # (keep, d)
    centre = np.log(best).mean(axis=0)  # (d,)
    width = shrink * (np.log(highs) - np.log(lows))
    new_lows = np.maximum(lows, np.exp(centre - width / 2))
    new_highs = np.minimum(highs, np.exp(centre + width / 2))
    return new_lows, new_highs
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_coarse_to_fine", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("coarse_to_fine")

# %% [markdown]
# ## Search: did we look in the wrong place?
#
# If the best point lies at the end of a range, the best one of all may lie
# beyond it. Measure where it is in the logarithm,
#
# $$
# \text{position} = \frac{\ln p - \ln \text{low}}
# {\ln \text{high} - \ln \text{low}} ,
# $$
#
# which is 0 at the lower end and 1 at the upper.
#
# **Write** a function that says 1 if in *any* column the position of the best
# point is below `margin` or above `1 - margin`, and 0 if not.
# **The check looks at** both ends, at each column, at NaN among the scores,
# and at positions that would be elsewhere without the logarithm.

# %% nbgrader={"grade": false, "grade_id": "best_is_at_edge", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_is_at_edge(points, scores, lows, highs, margin):
    """Whether the best point lies close to an end of one of its ranges.

        position = (ln point - ln low) / (ln high - ln low)
        close: position < margin or position > 1 - margin

    Parameters
    ----------
    points : (n, d), what was tried
    scores : (n,), higher is better; NaN where the training blew up, which is
        worse than any number; at least one is a number
    lows, highs : (d,), the range in which the points lie
    margin : share of a range that counts as its end, below 0.5

    Returns
    -------
    The integer 1 if any column of the best point is close to an end, else 0.
    """
    ### BEGIN SOLUTION
    best = points[np.nanargmax(scores)]  # (d,)
    position = np.log(best / lows) / np.log(highs / lows)
    close = (position < margin) | (position > 1 - margin)
    return int(close.any())
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_best_is_at_edge", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("best_is_at_edge")

# %% [markdown]
# Now a search on the digits, with all that is needed to repeat it: two
# hyperparameters, learning rate and L2 regularization; twelve random trials
# of 3 epochs, with seed 9, in a range whose learning rates are too low on
# purpose; twelve more, with seed 10, in a wider one. Look at what
# `best_is_at_edge` says about the best point, column by column.

# %% tags=["active-ipynb"]
# def accuracy(weights, biases, x, y):
#     scores = forward(weights, biases, x)[-1]
#     finite = np.isfinite(scores).all()
#     return np.mean(scores.argmax(axis=1) == y) if finite else np.nan
#
# def trials(seed, lows, highs, epochs):
#     """Twelve random points, their validation accuracy, the networks."""
#     u = np.random.default_rng(seed).random((12, 2))
#     points = random_search_points(u, lows, highs)
#     nets = [train((64, 50, 10), rate, reg, epochs)[1:]
#             for rate, reg in points]
#     return points, np.array([accuracy(*n, x_val, y_val) for n in nets]), nets
#
# lows = np.array([1e-5, 1e-6])
# for seed, highs in ((9, np.array([1e-2, 1e-1])), (10, np.array([1e2, 1e-1]))):
#     points, scores, _ = trials(seed, lows, highs, epochs=3)
#     print(f"rates up to {highs[0]:6.2f}: best {np.nanmax(scores):.3f}")
#     for j, name in enumerate(("rate", "reg")):
#         edge = best_is_at_edge(points[:, j:j + 1], scores, lows[j:j + 1],
#                                highs[j:j + 1], 0.1)
#         best = points[np.nanargmax(scores), j]
#         print(f"   {name:4s} {best:.1e}, at an edge: {edge}")

# %% [markdown]
# The best rate of the first round lies at the upper end of its range, so the
# second round goes further. There the best rate lies inside, and the score is
# much higher. The edge of the regularization in the first round meant little:
# at a rate of 0.0092, a strength of 0.085 shrinks the weights by
# $60 \cdot 0.0092 \cdot 0.085 \approx 5\,\%$ in 60 steps (*derived*). Which
# edge counts is for you to say.
#
# The last round, with seed 11, is the narrow one. It has longer trainings,
# of 10 epochs.

# %% tags=["active-ipynb"]
# def fine_search():
#     """The second round again, and the narrow one that follows from it."""
#     lows, highs = np.array([1e-5, 1e-6]), np.array([1e2, 1e-1])
#     points, scores, _ = trials(10, lows, highs, epochs=3)
#     lows, highs = coarse_to_fine(points, scores, lows, highs, 3, 0.4)
#     _, scores, networks = trials(11, lows, highs, epochs=10)
#     return lows, highs, scores, networks
#
# lows, highs, scores, _ = fine_search()
# print(f"rates {lows[0]:.1e} to {highs[0]:.1e}, reg {lows[1]:.1e} to"
#       f" {highs[1]:.1e}: best {np.nanmax(scores):.3f}")

# %% [markdown]
# ## How much of the best score is luck?
#
# Each score is measured on a finite validation set, so it carries an error.
# The best of $n$ scores is chosen *because* it is high, and luck helps. In
# the extreme case, let all $n$ settings be equally good and their errors be
# independent and normal with standard deviation $\sigma$. Then the best score
# is too high by the expected maximum of the errors,
#
# $$
# \sigma\, \mathrm{E}\bigl[\max(z_1, \ldots, z_n)\bigr]
# = \sigma \int_{-\infty}^{\infty} z \; n\, \Phi(z)^{n-1} \varphi(z)\; dz,
# $$
#
# with the density $\varphi(z) = e^{-z^2/2} / \sqrt{2\pi}$ and the
# distribution function
# $\Phi(z) = \tfrac12 \bigl(1 + \operatorname{erf}(z / \sqrt2)\bigr)$ of the
# standard normal (*derived*: $\Phi^n$ is the probability that all $n$
# lie below $z$).
#
# **Write** the integral as a sum on a fine grid. `math.erf` takes one number
# at a time. The trapezoid rule from −12 to 12 with a few thousand points is
# right to ten digits.
# **The check looks at** $n$ from 2 to 1000, and wants six digits.

# %% nbgrader={"grade": false, "grade_id": "selection_optimism", "locked": false, "schema_version": 3, "solution": true, "task": false}
def selection_optimism(n, sigma):
    """By how much the best of n equally good, noisy scores is too high.

        sigma * integral of z * n * Phi(z)^(n - 1) * phi(z) dz

    Parameters
    ----------
    n : how many scores, 2 or more
    sigma : standard deviation of the error of one score

    Returns
    -------
    One number: the expected maximum of n independent normal errors with mean
    0 and standard deviation sigma, right to six digits.
    """
    ### BEGIN SOLUTION
    z = np.linspace(-12, 12, 4001)
    phi = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    Phi = np.array([0.5 * (1 + math.erf(a / np.sqrt(2))) for a in z])
    density = n * Phi ** (n - 1) * phi
    return sigma * np.sum(z * density) * (z[1] - z[0])
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_selection_optimism", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("selection_optimism")

# %% [markdown]
# An accuracy $a$ measured on $m$ images has the standard error
# $\sqrt{a (1 - a) / m}$ (*derived*). Look at the row for twelve: so much of
# the best score of the last round may be luck. Then look at how the setting
# that was chosen does on the 397 images that nothing has looked at so far.

# %% tags=["active-ipynb"]
# _, _, scores, networks = fine_search()
# best = np.nanmax(scores)
# sigma = np.sqrt(best * (1 - best) / len(y_val))
# for n in (2, 12, 100, 1000):
#     print(f"best of {n:4d}: {selection_optimism(n, sigma):+.4f}")
# test = accuracy(*networks[np.nanargmax(scores)], x_test, y_test)
# print(f"validation {best:.3f}, test {test:.3f}")

# %% [markdown]
# One search is one sample. The difference between validation and test has an
# error of its own, as large as the luck that is expected, and may have either
# sign. What the formula says is the direction on average, and that the luck
# grows with the number of trials. So the test images are used once, at the
# end.
#
# ## To think about
#
# 1. All trials share one validation set, so their errors are not
#    independent. Is the luck then larger or smaller than the formula says?
# 2. `diagnose` calls a loss that is still falling at the end, slowly, a
#    learning rate that is too low. What else could it be, and which
#    measurement of this page tells them apart?
# 3. In the range test, why is the network not started anew for each rate?
#    What would it cost, and what would it change?
