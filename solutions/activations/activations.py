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
# # Activation functions
#
# A layer computes $a = xW + b$ and hands on $f(a)$. You write every $f$ of
# the lecture, and its backward pass. Between them are the lecture's
# questions. You answer them with numbers.
#
# | you write | about |
# |---|---|
# | `sigmoid_…`, `tanh_…` | two functions that saturate |
# | `saturation_point`, `saturated_share` | where a gradient is lost |
# | `product_of_sigmoid_slopes` | what depth makes of it |
# | `gradient_signs`, `zigzag_path` | inputs that are all positive |
# | `relu_…`, `leaky_relu_…` | two half-lines |
# | `dead_fraction` | units that no example reaches |
# | `prelu_…` | a slope that is learned |
# | `elu_…`, `selu_…` | a smooth left side |
# | `maxout_…`, `maxout_parameters` | the largest of several layers |
# | `gelu_…`, `silu_…` | two younger ones |
#
# Each `…` stands for two functions in the convention of the course:
# `out, cache = f_forward(x)` and `dx = f_backward(dout, cache)`. Here `dout`
# is the gradient of the loss with respect to `out`. Whatever your forward
# returns as `cache` is handed to your backward untouched, so put into it what
# you need.
#
# Rules for all of them:
#
# - `x` has any shape, unless the text says otherwise. Results have its shape.
# - No array that was handed in may change: not `x`, not `dout`, and not the
#   arrays in the cache. A cache may be used for a second backward pass.
# - A number of size 1000 is a number like any other, and so is an infinite
#   one where $f$ has a limit there.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

import numpy as np

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# The checks use one more helper. With it an overflow, which NumPy only warns
# about, is an error. `exp(1000)` overflows: no float64 is that large.

# %% nbgrader={"grade": false, "grade_id": "given_without_overflow", "locked": true, "schema_version": 3, "solution": false, "task": false}
def without_overflow(function, array, *more):
    """function(array, *more); raises FloatingPointError on an overflow."""
    with np.errstate(over="raise"):
        return function(array, *more)

# %% [markdown]
# The effects are shown on the digits of scikit-learn: 1797 images of 8 × 8
# pixels, one a row. `pixels` lie between 0 and 1; `centred` has mean 0 and
# standard deviation 1.

# %% tags=["active-ipynb"]
# from sklearn.datasets import load_digits
#
# images = load_digits()
# pixels, labels = images.data / 16, images.target  # (1797, 64), (1797,)
# centred = pixels - pixels.mean(axis=0)
# centred /= centred.std()
# print(pixels.shape, "smallest", pixels.min(), "largest", pixels.max())

# %% [markdown]
# ## Sigmoid
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}$$
#
# It squashes every number into the interval from 0 to 1. The formula as it
# stands computes $e^{1000}$ at $x = -1000$, which overflows, and
# $\tfrac{e^x}{1 + e^x}$ does so at the other end. Both are the same function.
# Is there a way to write it in which no exponent is ever positive?
#
# **Write** a sigmoid that neither overflows nor gives NaN, whatever `x` is.
# **The check looks at** numbers of size 1000 on both sides, where an overflow
# is an error; at infinities; at float32, whose numbers end near $10^{38}$.

# %% nbgrader={"grade": false, "grade_id": "sigmoid_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid_forward(x):
    """1 / (1 + exp(-x)) for each element, without overflow.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    out : the shape of x; 0 at -inf, 1 at inf
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    z = np.exp(-np.abs(x))  # at most 1
    out = np.where(x >= 0, 1, z) / (1 + z)
    cache = (x, out)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_sigmoid_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("sigmoid_forward")

# %% [markdown]
# The derivative can be had from the output alone (*derived*):
#
# $$\sigma'(x) = \sigma(x)\,\bigl(1 - \sigma(x)\bigr).$$
#
# **Write** the backward pass: `dout` times this, element by element.
# **The check looks at** where you take the derivative, at large numbers and
# infinities, where it is 0, and at `dout`, which must stay as it was.

# %% nbgrader={"grade": false, "grade_id": "sigmoid_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid_backward(dout, cache):
    """Gradient of the sigmoid.

        dx = dout * sigmoid(x) * (1 - sigmoid(x))

    Parameters
    ----------
    dout : array of the shape of x
    cache : what your sigmoid_forward returned

    Returns
    -------
    dx : the shape of x
    """
    ### BEGIN SOLUTION
    x, out = cache
    dx = dout * out * (1 - out)
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_sigmoid_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("sigmoid_backward")

# %% [markdown]
# The lecture asks what happens at $x = -10$, at $x = 0$ and at $x = 10$. Say
# what you expect, then look at the last column.

# %% tags=["active-ipynb"]
# for point in (-10.0, 0.0, 10.0):
#     out, cache = sigmoid_forward(np.array([point]))
#     dx = sigmoid_backward(np.ones(1), cache)
#     print(f"x = {point:5.0f}   sigmoid {out[0]:.6f}   slope {dx[0]:.6f}")

# %% [markdown]
# A saturated sigmoid passes on next to nothing. And the best place there is,
# $x = 0$, passes on a quarter.
#
# The lecture's third problem is that `exp` is "a bit compute expensive". Look
# at the two ratios: against a maximum, and against the matrix product that
# stands in front of either.

# %% tags=["active-ipynb"]
# import timeit
#
# rng = np.random.default_rng(0)
# a, W = rng.normal(size=(1024, 512)), rng.normal(size=(512, 512))
# milliseconds = {
#     name: 200 * min(timeit.repeat(run, number=5, repeat=5))
#     for name, run in {"maximum": lambda: np.maximum(a, 0),
#                       "sigmoid": lambda: sigmoid_forward(a),
#                       "product": lambda: a @ W}.items()
# }
# for name, time in milliseconds.items():
#     ratio = milliseconds["sigmoid"] / time
#     print(f"{name}  {time:6.2f} ms   sigmoid takes {ratio:.2f} times that")

# %% [markdown]
# ## tanh
#
# $$\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}} = 2 \sigma(2x) - 1$$
#
# It squashes to the interval from −1 to 1 and is zero-centred. Its slope is
# $1 - \tanh^2(x)$: at most 1, and 0 where it saturates (*derived*).
#
# **Write** both passes.
# **The check looks at** the same numbers as for the sigmoid. As it stands, the
# quotient overflows.

# %% nbgrader={"grade": false, "grade_id": "tanh_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tanh_forward(x):
    """tanh(x) for each element, without overflow.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    out : the shape of x; -1 at -inf, 1 at inf
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    out = np.tanh(x)
    cache = (x, out)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_tanh_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("tanh_forward")

# %% nbgrader={"grade": false, "grade_id": "tanh_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tanh_backward(dout, cache):
    """Gradient of tanh.

        dx = dout * (1 - tanh(x)**2)

    Parameters
    ----------
    dout : array of the shape of x
    cache : what your tanh_forward returned

    Returns
    -------
    dx : the shape of x
    """
    ### BEGIN SOLUTION
    x, out = cache
    dx = dout * (1 - out**2)
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_tanh_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("tanh_backward")

# %% [markdown]
# ## Question 1: where does a sigmoid stop learning?
#
# Saturated neurons "kill" the gradients. From which $x$ on? That depends on
# what counts as killed, so let it be a parameter: the share of the gradient
# that still goes through.
#
# **Write** the $x > 0$ at which a sigmoid passes on exactly the share `share`
# of the gradient. Solve $\sigma(x)(1 - \sigma(x)) = \text{share}$ on paper
# first: with $s = \sigma(x)$ it is a quadratic equation.
# **The check looks at** shares near $1/4$ and at very small ones.

# %% nbgrader={"grade": false, "grade_id": "saturation_point", "locked": false, "schema_version": 3, "solution": true, "task": false}
def saturation_point(share):
    """The x > 0 at which the slope of the sigmoid is share.

    Parameters
    ----------
    share : number, above 0 and below 1/4

    Returns
    -------
    One number: farther out, on both sides, the slope is smaller than share.
    """
    ### BEGIN SOLUTION
    point = math.acosh(0.5 / share - 1)  # s (1 - s) = 1 / (2 + 2 cosh x)
    return point
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_saturation_point", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("saturation_point")

# %% tags=["active-ipynb"]
# for share in (0.2, 0.1, 0.01, 0.001):
#     point = saturation_point(share)
#     print(f"{share:5.1%} of the gradient or less for |x| above {point:.2f}")

# %% [markdown]
# Each further factor of ten costs only $\ln 10 \approx 2.3$ more (*derived*).
# So it takes little to saturate a unit.
#
# **Write** the share of the units that are saturated on given data: those
# entries of `x` at which the slope of the sigmoid is below `share`.
# **The check looks at** large numbers, and at slopes that equal `share`: they
# are not below it.

# %% nbgrader={"grade": false, "grade_id": "saturated_share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def saturated_share(x, share):
    """The share of sigmoid units that pass on less than share.

    Parameters
    ----------
    x : array of any shape, what goes into the sigmoid
    share : number; a unit is saturated when its slope is below it

    Returns
    -------
    One number from 0 to 1.
    """
    ### BEGIN SOLUTION
    out, _ = sigmoid_forward(x)
    slope = out * (1 - out)
    return np.mean(slope < share)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_saturated_share", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("saturated_share")

# %% [markdown]
# Now the digits go through one layer of 128 sigmoid units, with weights that
# become larger step by step. Look at how fast the units saturate.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(1)
# a = centred @ rng.normal(size=(64, 128)) / 8  # weights of variance 1/64
# for scale in (0.5, 1, 2, 4, 8, 16):
#     share = saturated_share(scale * a, 0.01)
#     print(f"weights × {scale:4g}   saturated {share:6.1%}")

# %% [markdown]
# Saturation is a property of the function and of the scale of its input
# (*measured*). That is why the lecture goes on with preprocessing and
# initialization.
#
# A gradient that goes back through several layers is multiplied by a slope in
# each of them. (It is multiplied by weights as well. They are another chapter's
# subject: take them to be 1.)
#
# **Write** the largest factor by which `depth` sigmoid layers, one after the
# other, can multiply a gradient.
# **The check looks at** one layer, no layer, and many.

# %% nbgrader={"grade": false, "grade_id": "product_of_sigmoid_slopes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def product_of_sigmoid_slopes(depth):
    """The most that depth sigmoids in a row leave of a gradient.

    Parameters
    ----------
    depth : whole number, 0 or more

    Returns
    -------
    One number: the largest possible product of the slopes.
    """
    ### BEGIN SOLUTION
    factor = 0.25**depth
    return factor
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_product_of_sigmoid_slopes", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("product_of_sigmoid_slopes")

# %% [markdown]
# Compare your bound with what is left in a network: 64 units a layer, weights
# of variance 1/64, the digits as inputs. The gradient that arrives on top has
# norm 1 for each example.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(2)
# for depth in (1, 2, 4, 6):
#     weights = rng.normal(size=(depth, 64, 64)) / 8
#     h, caches = centred, []
#     for W in weights:
#         h, cache = sigmoid_forward(h @ W)
#         caches.append(cache)
#     gradient = rng.normal(size=h.shape)
#     gradient /= np.linalg.norm(gradient, axis=1, keepdims=True)
#     for W, cache in zip(weights[::-1], caches[::-1]):
#         gradient = sigmoid_backward(gradient, cache) @ W.T
#     left = np.linalg.norm(gradient, axis=1).mean()
#     bound = product_of_sigmoid_slopes(depth)
#     print(f"depth {depth}   left {left:.1e}   bound {bound:.1e}")

# %% [markdown]
# With such weights a matrix leaves the norm about as it is, and what is left of
# the gradient stays near the bound (*measured*): the slopes made it small.
#
# ## Question 2: inputs that are all positive
#
# A neuron computes $a = \sum_i w_i x_i + b$. The lecture asks: "Consider what
# happens when the input to a neuron is always positive. What can we say about
# the gradients on $w$?"
#
# For one example $n$, the chain rule gives
#
# $$
# \frac{\partial L_n}{\partial w_i} = \frac{\partial L_n}{\partial a_n}\,
# x_{ni} = \texttt{dout}_n\, x_{ni},
# $$
#
# and the gradient of a minibatch is the sum over its examples.
#
# **Write** three things about these gradients: their signs for each example
# alone; the signs of the minibatch's gradient; and the share of the D weights
# that have the rarer sign in it. If $p$ of the D components are positive and
# $m$ are negative, that share is $\min(p, m) / D$. It is 0 when the whole
# gradient points one way. A component that is 0 has no sign and counts for
# neither side.
# **The check looks at** inputs that are all positive and at others, at an input
# that is 0 everywhere, at an example with `dout` 0, and at one example alone.

# %% nbgrader={"grade": false, "grade_id": "gradient_signs", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_signs(dout, x):
    """Signs of the gradient on the weights of one neuron.

    Parameters
    ----------
    dout : (N,), gradient of the loss with respect to a, by example
    x : (N, D), the inputs of the neuron

    Returns
    -------
    signs : (N, D), sign of each example's own gradient: -1, 0 or 1
    batch_signs : (D,), sign of the gradient summed over the examples
    rarer : the share of the D weights with the rarer sign in batch_signs
    """
    ### BEGIN SOLUTION
    each = dout[:, None] * x  # (N, D)
    signs = np.sign(each)
    batch_signs = np.sign(each.sum(axis=0))
    positive = np.sum(batch_signs > 0)
    negative = np.sum(batch_signs < 0)
    rarer = min(positive, negative) / x.shape[1]
    return signs, batch_signs, rarer
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_gradient_signs", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("gradient_signs")

# %% [markdown]
# Look at it for the digits: the pixels as they are, none of them negative, and
# the same pixels centred. `dout` is drawn at random here.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(3)
# print("examples   pixels   centred   (share of the rarer sign)")
# for size in (1, 2, 8, 64, 512):
#     found = []
#     for x in (pixels, centred):
#         rows = rng.choice(len(x), size=(200, size))  # 200 minibatches
#         found.append(np.mean([gradient_signs(rng.normal(size=size), x[r])[2]
#                               for r in rows]))
#     print(f"{size:8d}   {found[0]:6.1%}   {found[1]:7.1%}")

# %% [markdown]
# For one example no two components have opposite signs: "Always all positive
# or all negative" (*derived*). "Minibatches help" (*measured*): from
# two examples on both signs occur. But they do not help as much as centring,
# which gives both signs to a single example.
#
# What does that mean for the way that $w$ takes? Let a linear neuron learn one
# example after the other. It computes $w \cdot x$, the right answer is
# $t \cdot x$ with weights $t$ that it does not know, and the loss is
# $\tfrac12 (w \cdot x - t \cdot x)^2$. A step on the example $x$ is
#
# $$
# w \leftarrow w - \text{lr} \cdot \bigl((w - t) \cdot x\bigr)\, x .
# $$
#
# The number in brackets stretches $x$ or turns it around. If all entries of $x$
# are positive, a step moves *all* weights up or *all* weights down.
#
# **Write** the path: the point where it starts, and the point after each
# example.
# **The check looks at** the whole path, and at `w` afterwards: it must be where
# it was.

# %% nbgrader={"grade": false, "grade_id": "zigzag_path", "locked": false, "schema_version": 3, "solution": true, "task": false}
def zigzag_path(w, target, x, lr):
    """The way of the weights under gradient descent, example by example.

        w <- w - lr * ((w - target) . x[n]) x[n],   n = 0, ..., N - 1

    Parameters
    ----------
    w : (D,), where the path starts
    target : (D,), the weights that make no error
    x : (N, D), the examples in the order in which they are used
    lr : the learning rate

    Returns
    -------
    path : (N + 1, D), the weights before the first step and after each
    """
    ### BEGIN SOLUTION
    path = [w]
    for row in x:
        error = (w - target) @ row
        w = w - lr * error * row
        path.append(w)
    return np.array(path)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_zigzag_path", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("zigzag_path")

# %% [markdown]
# The best weights are $(1, -1)$ and the start is $(-1, 1)$: one weight has to
# grow, the other has to shrink. Look at the two ways. The examples of the right
# one are those of the left one minus 1.

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# rng = np.random.default_rng(4)
# start, target = np.array([-1.0, 1.0]), np.array([1.0, -1.0])
# positive = rng.uniform(0, 2, size=(400, 2))
# figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharex=True, sharey=True)
# for axis, x, name in [(axes[0], positive, "between 0 and 2"),
#                       (axes[1], positive - 1, "between -1 and 1")]:
#     path = zigzag_path(start, target, x, lr=1.5 / (x**2).sum(axis=1).max())
#     far = np.linalg.norm(path - target, axis=1) > 0.1
#     steps = np.flatnonzero(far)[-1] + 1
#     moves = np.diff(path[:steps + 1], axis=0)
#     one_way = (moves.prod(axis=1) > 0).mean()
#     axis.plot(*path[:steps + 1].T, marker=".")
#     axis.plot(*target, "*", markersize=14)
#     axis.set_title(f"inputs {name}: {steps} steps,\n{one_way:.0%} of "
#                    "them move both weights one way")
# figure.tight_layout()

# %% [markdown]
# With positive inputs no step may go where $w$ has to go, down and right. The
# path has to be put together from steps that are up-right and steps that are
# down-left. That is the zig-zag of the lecture (*measured*).

# %% [markdown]
# ## ReLU
#
# $$f(x) = \max(0, x)$$
#
# Three details. At $x = 0$ there is a kink and no derivative. This course takes
# 0 there, as PyTorch does. Infinite inputs have a right answer:
# $\max(0, -\infty)$ is 0. And the backward pass gets arrays that others still
# need.
#
# **Write** both passes.
# **The check looks at** zeros of both signs, at infinities, and at `x` and
# `dout` afterwards.

# %% nbgrader={"grade": false, "grade_id": "relu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_forward(x):
    """max(0, x) for each element.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    out : the shape of x, a new array; 0 at -inf, inf at inf
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    out = np.maximum(0, x)
    cache = x
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_relu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("relu_forward")

# %% nbgrader={"grade": false, "grade_id": "relu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_backward(dout, cache):
    """Gradient of ReLU.

        dx = dout where x > 0, else 0 (also where x is 0)

    Parameters
    ----------
    dout : array of the shape of x, left as it was
    cache : what your relu_forward returned; it may be used again

    Returns
    -------
    dx : the shape of x, a new array
    """
    ### BEGIN SOLUTION
    x = cache
    dx = np.where(x > 0, dout, 0)
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_relu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("relu_backward")

# %% [markdown]
# The lecture asks the same question again: $x = -10$, $x = 0$, $x = 10$?

# %% tags=["active-ipynb"]
# for point in (-10.0, 0.0, 10.0):
#     out, cache = relu_forward(np.array([point]))
#     dx = relu_backward(np.ones(1), cache)
#     print(f"x = {point:5.0f}   ReLU {out[0]:4.0f}   slope {dx[0]:.0f}")

# %% [markdown]
# ## Question 3: dead units
#
# A ReLU that is at 0 for *every* example of the data set gets no gradient from
# any of them, so its weights stay as they are. Such a unit is dead on these
# data. One example that makes it positive is enough to keep it alive.
#
# **Write** the share of dead units of a layer $\max(0, xW + b)$. Remember what
# the gradient is at exactly 0.
# **The check looks at** units that a single example keeps alive, at units that
# are exactly 0 on all examples, and at layers with as many units as examples.

# %% nbgrader={"grade": false, "grade_id": "dead_fraction", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dead_fraction(W, b, x):
    """The share of ReLU units that no example of x can train.

    Parameters
    ----------
    W : (D, H), weights of the layer
    b : (H,), its bias
    x : (N, D), all examples

    Returns
    -------
    One number from 0 to 1: dead units / H.
    """
    ### BEGIN SOLUTION
    a = x @ W + b  # (N, H)
    dead = (a <= 0).all(axis=0)  # (H,)
    return np.mean(dead)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_dead_fraction", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("dead_fraction")

# %% [markdown]
# "Be careful with your learning rates." The next cell trains one hidden layer
# of 100 ReLUs on the digits for five epochs, with your functions. The softmax
# at its end is given.

# %% tags=["active-ipynb"]
# def train(images, lr, epochs=5, batch=50):
#     '''Weights and bias of the hidden layer, and the share of errors.'''
#     rng = np.random.default_rng(5)
#     W1, b1 = rng.normal(size=(64, 100)) * np.sqrt(2 / 64), np.zeros(100)
#     W2, b2 = rng.normal(size=(100, 10)) * np.sqrt(2 / 100), np.zeros(10)
#     for _ in range(epochs):
#         order = rng.permutation(len(images))
#         for rows in np.array_split(order, len(order) // batch):
#             x, y = images[rows], labels[rows]
#             h, cache = relu_forward(x @ W1 + b1)
#             scores = h @ W2 + b2
#             p = np.exp(scores - scores.max(axis=1, keepdims=True))
#             p /= p.sum(axis=1, keepdims=True)
#             dscores = (p - np.eye(10)[y]) / len(y)
#             da = relu_backward(dscores @ W2.T, cache)
#             for array, gradient in ((W1, x.T @ da), (b1, da.sum(axis=0)),
#                                     (W2, h.T @ dscores),
#                                     (b2, dscores.sum(axis=0))):
#                 array -= lr * gradient
#     scores = relu_forward(images @ W1 + b1)[0] @ W2 + b2
#     return W1, b1, np.mean(scores.argmax(axis=1) != labels)

# %% [markdown]
# It is trained twice at each learning rate: on the pixels as they are, none of
# them negative, and on centred ones. Both are scaled to standard deviation 1.
# Look at where units die.

# %% tags=["active-ipynb"]
# data = {"as they are": pixels / pixels.std(), "centred": centred}
# print("learning rate   as they are: errors   dead   centred: errors   dead")
# for lr in (0.1, 0.3, 0.6, 1.0):
#     row = f"{lr:13.1f}   "
#     for name, x in data.items():
#         W1, b1, errors = train(x, lr)
#         dead = dead_fraction(W1, b1, x)
#         row += f"{errors:{len(name) + 8}.1%}{dead:7.0%}   "
#     print(row)

# %% [markdown]
# With centred pixels none of these rates kills a unit. With the pixels as they
# are, the same rates do (*measured*). Questions 2 and 3 meet here: with inputs
# of one sign, one large step can move all weights of a unit down at once, and
# then no image reaches it any more.
#
# ## Leaky ReLU
#
# $$
# f(x) = \begin{cases} x & x > 0 \\ s\,x & x \le 0 \end{cases}
# \qquad 0 < s < 1
# $$
#
# One slide writes it with $s = 0.1$, another with $s = 0.01$. So `slope` is an
# argument here. At $x = 0$ the slope of the left side holds, $s$, as in
# PyTorch.
#
# **Write** both passes.
# **The check looks at** several slopes, at zeros, and at infinities, where
# $-\infty$ stays $-\infty$.

# %% nbgrader={"grade": false, "grade_id": "leaky_relu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_relu_forward(x, slope):
    """x where x > 0, else slope * x.

    Parameters
    ----------
    x : array of any shape
    slope : number, above 0 and below 1

    Returns
    -------
    out : the shape of x
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    out = np.where(x > 0, x, slope * x)
    cache = (x, slope)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_leaky_relu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("leaky_relu_forward")

# %% nbgrader={"grade": false, "grade_id": "leaky_relu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_relu_backward(dout, cache):
    """Gradient of leaky ReLU.

        dx = dout where x > 0, else slope * dout (also where x is 0)

    Parameters
    ----------
    dout : array of the shape of x
    cache : what your leaky_relu_forward returned

    Returns
    -------
    dx : the shape of x
    """
    ### BEGIN SOLUTION
    x, slope = cache
    dx = np.where(x > 0, dout, slope * dout)
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_leaky_relu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("leaky_relu_backward")

# %% [markdown]
# ## PReLU: the slope is learned
#
# "backprop into α": make the slope a parameter. With one $\alpha_c$ for each
# channel $c$,
#
# $$
# y = \begin{cases} x & x > 0 \\ \alpha_c\, x & x \le 0. \end{cases}
# $$
#
# The slide writes $\max(\alpha x, x)$. That is the same only as long as
# $\alpha \le 1$, and nobody keeps a learned number below 1.
#
# `x` has the channels on axis 1: the shape is (N, D) with D channels, or
# (N, C, ...) with any number of axes behind. `alpha` has the shape (C,).
#
# In the backward pass, one $\alpha_c$ acts on many numbers. What each of them
# contributes adds up:
#
# $$
# \frac{\partial L}{\partial \alpha_c} =
# \sum_{\text{elements } i \text{ of channel } c}
# \frac{\partial L}{\partial y_i} \cdot
# \begin{cases} 0 & x_i > 0 \\ x_i & x_i \le 0. \end{cases}
# $$
#
# **Write** both passes. At $x = 0$ the slope is $\alpha$.
# **The check looks at** slopes below 0 and above 1; at two, three and four
# axes; at arrays with as many columns as channels, where a wrong axis raises no
# error; at the shape of `dalpha`.

# %% nbgrader={"grade": false, "grade_id": "prelu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prelu_forward(x, alpha):
    """x where x > 0, else alpha of the channel times x.

    Parameters
    ----------
    x : (N, D) or (N, C, ...), channels on axis 1
    alpha : (D,) or (C,), any numbers

    Returns
    -------
    out : the shape of x
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    slope = alpha.reshape(-1, *[1] * (x.ndim - 2))  # (C, 1, ..., 1)
    out = np.where(x > 0, x, slope * x)
    cache = (x, slope)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_prelu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("prelu_forward")

# %% nbgrader={"grade": false, "grade_id": "prelu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prelu_backward(dout, cache):
    """Gradients of PReLU with respect to its input and its slopes.

    Parameters
    ----------
    dout : array of the shape of x
    cache : what your prelu_forward returned

    Returns
    -------
    dx : the shape of x
    dalpha : (D,) or (C,), summed over all other axes
    """
    ### BEGIN SOLUTION
    x, slope = cache
    dx = np.where(x > 0, dout, slope * dout)
    axes = (0, *range(2, x.ndim))  # all but the channels
    dalpha = (dout * np.minimum(0, x)).sum(axis=axes)
    return dx, dalpha
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_prelu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("prelu_backward")

# %% [markdown]
# Look at your `dalpha` beside a central difference, for slopes below 0, between
# 0 and 1, and above 1.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(6)
# x, dout = rng.normal(size=(2, 4, 3, 5))
# alpha, h = np.array([-0.5, 0.25, 1.5]), 1e-5
# _, cache = prelu_forward(x, alpha)
# dx, dalpha = prelu_backward(dout, cache)
# for c, step in enumerate(h * np.eye(3)):
#     up, down = (prelu_forward(x, alpha + s)[0] for s in (step, -step))
#     numeric = np.sum(dout * (up - down)) / (2 * h)
#     print(f"alpha {alpha[c]:5.2f}   formula {dalpha[c]:9.6f}"
#           f"   difference {numeric:9.6f}")

# %% [markdown]
# ## ELU
#
# $$
# f(x) = \begin{cases} x & x > 0 \\ \alpha\,(e^x - 1) & x \le 0 \end{cases}
# $$
#
# To the left it does not go on for ever, but levels off at $-\alpha$. At
# $x = 0$ the lower line holds, also for the slope, which is $\alpha$ there.
#
# `np.where` computes *both* branches for *all* elements and then chooses. What
# is $e^x$ at $x = 1000$, although nobody asked for it?
#
# **Write** both passes without overflow. (`np.expm1(x)` is $e^x - 1$ with all
# its digits near 0.)
# **The check looks at** an $\alpha$ that is not 1, at zeros, at large numbers
# where an overflow is an error, and at infinities.

# %% nbgrader={"grade": false, "grade_id": "elu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def elu_forward(x, alpha):
    """x where x > 0, else alpha * (exp(x) - 1), without overflow.

    Parameters
    ----------
    x : array of any shape
    alpha : number above 0

    Returns
    -------
    out : the shape of x; -alpha at -inf, inf at inf
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    left = np.minimum(x, 0)  # exp never sees a positive number
    out = np.where(x > 0, x, alpha * np.expm1(left))
    cache = (x, alpha)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_elu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("elu_forward")

# %% nbgrader={"grade": false, "grade_id": "elu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def elu_backward(dout, cache):
    """Gradient of ELU.

        dx = dout where x > 0, else dout * alpha * exp(x)

    Parameters
    ----------
    dout : array of the shape of x
    cache : what your elu_forward returned

    Returns
    -------
    dx : the shape of x
    """
    ### BEGIN SOLUTION
    x, alpha = cache
    slope = np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))
    dx = dout * slope
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_elu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("elu_backward")

# %% [markdown]
# "Closer to zero mean outputs" is a claim that can be measured. Look at the
# mean, in units of the standard deviation, of what a layer on the digits hands
# on.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(7)
# a = centred @ rng.normal(size=(64, 128)) / 8
# for name, out in {"sigmoid": sigmoid_forward(a)[0],
#                   "ReLU": relu_forward(a)[0],
#                   "leaky ReLU, 0.1": leaky_relu_forward(a, 0.1)[0],
#                   "ELU": elu_forward(a, 1.0)[0],
#                   "tanh": tanh_forward(a)[0]}.items():
#     print(f"{name:16s} mean / std {out.mean() / out.std():6.2f}")

# %% [markdown]
# The claim holds, against ReLU and against leaky ReLU (*measured*).
#
# ## SELU
#
# A scaled ELU: $f(x) = \lambda\,\mathrm{ELU}_\alpha(x)$. The two constants are
# published and are nothing to choose: with them, a normal input of mean 0 and
# variance 1 gives an output of mean 0 and variance 1 (*derived*, in the book's
# chapter).

# %% nbgrader={"grade": false, "grade_id": "given_selu_constants", "locked": true, "schema_version": 3, "solution": false, "task": false}
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946  # lambda

# %% [markdown]
# **Write** both passes. You may call your ELU.
# **The check looks at** both constants on both sides of 0, and at what it
# looked at for ELU.

# %% nbgrader={"grade": false, "grade_id": "selu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def selu_forward(x):
    """SELU_SCALE times the ELU with SELU_ALPHA, without overflow.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    out : the shape of x
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    left = np.minimum(x, 0)
    elu = np.where(x > 0, x, SELU_ALPHA * np.expm1(left))
    out = SELU_SCALE * elu
    cache = x
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_selu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("selu_forward")

# %% nbgrader={"grade": false, "grade_id": "selu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def selu_backward(dout, cache):
    """Gradient of SELU; at x = 0 it is that of the left side.

    Parameters
    ----------
    dout : array of the shape of x
    cache : what your selu_forward returned

    Returns
    -------
    dx : the shape of x
    """
    ### BEGIN SOLUTION
    x = cache
    left = np.minimum(x, 0)
    slope = np.where(x > 0, 1, SELU_ALPHA * np.exp(left))
    dx = dout * SELU_SCALE * slope
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_selu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("selu_backward")

# %% [markdown]
# Look at what twenty layers make of the digits, when the weights have variance
# 1/fan-in: with SELU and with ReLU.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(8)
# weights = rng.normal(size=(20, 64, 64)) / 8
# print("standard deviation at the start, after 1, 5, 10 and 20 layers")
# for forward in (selu_forward, relu_forward):
#     h = 3 * centred
#     found = [h.std()]
#     for W in weights:
#         h, _ = forward(h @ W)
#         found.append(h.std())
#     row = "".join(f"{found[layer]:8.4f}" for layer in (0, 1, 5, 10, 20))
#     print(f"{forward.__name__:13s}{row}")

# %% [markdown]
# SELU pulls the scale towards 1 by itself; ReLU needs other weights for that
# (*measured*).
#
# ## Maxout
#
# No fixed function any more. A Maxout unit computes $K$ dot products and hands
# on the largest:
#
# $$
# y_{nh} = \max_{k} \Bigl( \sum_d x_{nd} W_{kdh} + b_{kh} \Bigr).
# $$
#
# `x` has the shape (N, D), `W` (K, D, H), `b` (K, H) and the output (N, H).
#
# In the backward pass the whole gradient of $y_{nh}$ goes to the piece that won
# there, and nothing goes to the others. When several pieces are equally large,
# the first of them gets it, once. (`argmax` chooses that one.)
#
# **Write** both passes.
# **The check looks at** one, two and three pieces; at ties; at all three
# gradients; at sizes that are all equal, where a wrong axis raises no error.

# %% nbgrader={"grade": false, "grade_id": "maxout_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout_forward(x, W, b):
    """The largest of K linear layers, unit by unit.

        out = max over k of x @ W[k] + b[k]

    Parameters
    ----------
    x : (N, D)
    W : (K, D, H)
    b : (K, H)

    Returns
    -------
    out : (N, H)
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    pieces = np.einsum("nd,kdh->nkh", x, W) + b  # (N, K, H)
    out = pieces.max(axis=1)
    cache = (x, W, pieces)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_maxout_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("maxout_forward")

# %% nbgrader={"grade": false, "grade_id": "maxout_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout_backward(dout, cache):
    """Gradients of Maxout; a tie goes to the first of the largest pieces.

    Parameters
    ----------
    dout : (N, H)
    cache : what your maxout_forward returned

    Returns
    -------
    dx : (N, D)
    dW : (K, D, H)
    db : (K, H)
    """
    ### BEGIN SOLUTION
    x, W, pieces = cache
    winner = pieces.argmax(axis=1)  # (N, H), the first of equal ones
    number = np.arange(len(W))[:, None]  # (K, 1)
    chosen = winner[:, None, :] == number  # (N, K, H)
    dpieces = np.where(chosen, dout[:, None, :], 0)  # (N, K, H)
    dx = np.einsum("nkh,kdh->nd", dpieces, W)
    dW = np.einsum("nd,nkh->kdh", x, dpieces)
    db = dpieces.sum(axis=0)
    return dx, dW, db
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_maxout_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("maxout_backward")

# %% [markdown]
# "Generalizes ReLU and Leaky ReLU": look at the weights that make a Maxout of
# two pieces each of them, and the absolute value besides.

# %% tags=["active-ipynb"]
# x = np.array([[-2.0], [-0.5], [0.0], [0.5], [2.0]])
# for name, pair in {"ReLU": (0, 1), "leaky ReLU": (0.1, 1),
#                    "absolute value": (-1, 1)}.items():
#     W, b = np.reshape(pair, (2, 1, 1)).astype(float), np.zeros((2, 1))
#     print(f"{name:15s}", maxout_forward(x, W, b)[0].ravel())

# %% [markdown]
# "Problem: doubles the number of parameters/neuron", for two pieces.
#
# **Write** how many numbers a Maxout layer has to learn, biases included.
# **The check looks at** one piece, where it is an ordinary layer, and at more.

# %% nbgrader={"grade": false, "grade_id": "maxout_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout_parameters(inputs, units, pieces):
    """How many parameters a Maxout layer has.

    Parameters
    ----------
    inputs, units, pieces : whole numbers, D, H and K

    Returns
    -------
    One number: weights and biases.
    """
    ### BEGIN SOLUTION
    count = pieces * units * (inputs + 1)
    return count
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_maxout_parameters", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("maxout_parameters")

# %% [markdown]
# ## GELU
#
# Two smooth relatives of ReLU are younger than the lecture's list. The first
# weighs $x$ by the probability that a standard normal number lies below it:
#
# $$
# f(x) = x\,\Phi(x), \qquad
# \Phi(x) = \tfrac12 \bigl( 1 + \operatorname{erf}(x / \sqrt 2) \bigr).
# $$
#
# NumPy has no erf. Python has one for single numbers, `math.erf`, which is
# right to the last digits. The cell makes it work on arrays, and that is all
# there is to it: `np.vectorize` calls it once for each element, so it is slow.

# %% nbgrader={"grade": false, "grade_id": "given_erf", "locked": true, "schema_version": 3, "solution": false, "task": false}
_erf = np.vectorize(math.erf, otypes=[float])


def erf(x):
    """erf of each element, in the dtype of x."""
    return _erf(x).astype(x.dtype)

# %% [markdown]
# The product rule gives the derivative. That of $\Phi$ is the normal density
# $\varphi(x) = e^{-x^2/2} / \sqrt{2\pi}$:
#
# $$f'(x) = \Phi(x) + x\,\varphi(x).$$
#
# **Write** both passes with erf. The well-known formula with tanh is another
# function, if only by a little, and the check tells them apart.
# **The check looks at** large numbers on both sides, zeros and float32.

# %% nbgrader={"grade": false, "grade_id": "gelu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gelu_forward(x):
    """x * Phi(x) with the exact normal distribution function Phi.

    Parameters
    ----------
    x : array of any shape, of finite numbers

    Returns
    -------
    out : the shape of x
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    below = 0.5 * (1 + erf(x / math.sqrt(2)))  # Phi(x)
    out = x * below
    cache = (x, below)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_gelu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("gelu_forward")

# %% nbgrader={"grade": false, "grade_id": "gelu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gelu_backward(dout, cache):
    """Gradient of the exact GELU.

        dx = dout * (Phi(x) + x * phi(x))

    Parameters
    ----------
    dout : array of the shape of x
    cache : what your gelu_forward returned

    Returns
    -------
    dx : the shape of x
    """
    ### BEGIN SOLUTION
    x, below = cache
    density = np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
    dx = dout * (below + x * density)
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_gelu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("gelu_backward")

# %% [markdown]
# How far off is the formula with tanh? Look at the largest difference.

# %% tags=["active-ipynb"]
# x = np.linspace(-6, 6, 2401)
# inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
# error = np.abs(0.5 * x * (1 + np.tanh(inner)) - gelu_forward(x)[0])
# print(f"largest difference {error.max():.1e}, at x = {x[error.argmax()]:.2f}")

# %% [markdown]
# ## SiLU
#
# The second one, also called swish, weighs $x$ by the sigmoid:
#
# $$f(x) = x\,\sigma(x), \qquad
# f'(x) = \sigma(x)\,\bigl(1 + x\,(1 - \sigma(x))\bigr).$$
#
# **Write** both passes. You may call your sigmoid.
# **The check looks at** large numbers, where an overflow is an error, zeros and
# float32.

# %% nbgrader={"grade": false, "grade_id": "silu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def silu_forward(x):
    """x * sigmoid(x) for each element, without overflow.

    Parameters
    ----------
    x : array of any shape, of finite numbers

    Returns
    -------
    out : the shape of x
    cache : whatever the backward pass needs
    """
    ### BEGIN SOLUTION
    s, _ = sigmoid_forward(x)
    out = x * s
    cache = (x, s)
    return out, cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_silu_forward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("silu_forward")

# %% nbgrader={"grade": false, "grade_id": "silu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def silu_backward(dout, cache):
    """Gradient of SiLU.

        dx = dout * sigmoid(x) * (1 + x * (1 - sigmoid(x)))

    Parameters
    ----------
    dout : array of the shape of x
    cache : what your silu_forward returned

    Returns
    -------
    dx : the shape of x
    """
    ### BEGIN SOLUTION
    x, s = cache
    dx = dout * s * (1 + x * (1 - s))
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_silu_backward", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("silu_backward")

# %% [markdown]
# Both have a slope that is negative for some $x$ and above 1 for others. Look
# where.

# %% tags=["active-ipynb"]
# x = np.linspace(-8, 8, 3201)
# for forward, backward in [(gelu_forward, gelu_backward),
#                           (silu_forward, silu_backward)]:
#     out, cache = forward(x)
#     slope = backward(np.ones_like(x), cache)
#     print(f"{forward.__name__}   smallest value {out.min():.3f}"
#           f" at x = {x[out.argmin()]:.2f}")
#     print(f"   slopes from {slope.min():.3f} at x = {x[slope.argmin()]:.2f}"
#           f" to {slope.max():.3f} at x = {x[slope.argmax()]:.2f}")

# %% [markdown]
# ## To think about
#
# 1. ReLU is not zero-centred either. Which of your functions tells you how much
#    that matters for the weights behind it?
# 2. A leaky ReLU "will not die". What does your `dead_fraction` say of a leaky
#    layer, and what would you have to count instead?
# 3. The backward pass of the sigmoid needs its output and no input, that of
#    ReLU needs one bit for each element, that of GELU the input. What does that
#    mean for the memory of a network with a hundred layers?
# 4. Two pieces of a Maxout start with the same weights. What do their gradients
#    look like, and what becomes of the second one?
