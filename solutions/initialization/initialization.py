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
# # Weight initialization
#
# The weights that a network starts from decide whether a signal gets through
# it, forwards and backwards. In this notebook you write the initializations of
# the lecture, and measure what each does to a deep network.
#
# | you write | idea |
# |---|---|
# | `fans` | how many numbers a unit sums, and how many it feeds |
# | `constant_init`, `small_random_init` | the first ideas, and what is wrong with them |
# | `output_variance` | the lecture's derivation, without its last assumption |
# | `xavier_normal`, `xavier_uniform` | keep the variance of a linear layer |
# | `gain` | what a nonlinearity takes away |
# | `kaiming_normal`, `kaiming_uniform` | keep it through a ReLU |
# | `activation_statistics` | means and spreads, layer by layer |
# | `gradient_statistics` | the same, on the way back |
#
# A linear layer computes `x.dot(W)`, so `W` has the shape (D_in, D_out). The
# filters of a convolution have the shape (F, C, HH, WW): F filters over C
# channels. Random numbers come from the generator `rng` that a function is
# given, `np.random.default_rng(...)`, and from nothing else. Then whoever calls
# it decides what is repeated.
#
# Random answers have no one right result. They are judged by their mean,
# standard deviation, distribution and independence, each so strictly that a
# right answer fails in less than one class in a million. It does not matter in
# which order you draw.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## Fan-in and fan-out
#
# *Fan-in* is how many numbers one output sums. *Fan-out* is how many outputs
# one input goes into. For a linear layer these are D_in and D_out. A filter of
# a convolution looks at `HH * WW` places in each of its C channels, its
# receptive field, and an input meets each of the F filters at as many places:
#
# $$
# \text{fan}_{in} = C \cdot HH \cdot WW, \qquad
# \text{fan}_{out} = F \cdot HH \cdot WW .
# $$
#
# **The check looks at** linear and convolutional shapes, with sizes that all
# differ.

# %% nbgrader={"grade": false, "grade_id": "fans", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fans(shape):
    """How many numbers an output sums, and how many outputs an input feeds.

    Parameters
    ----------
    shape : (D_in, D_out) of a linear layer, (F, C, HH, WW) of a convolution

    Returns
    -------
    fan_in, fan_out : whole numbers

    Raises ValueError for a shape of any other length.
    """
    ### BEGIN SOLUTION
    if len(shape) == 2:
        fan_in, fan_out = shape
    elif len(shape) == 4:
        F, C, HH, WW = shape
        fan_in, fan_out = C * HH * WW, F * HH * WW
    else:
        raise ValueError(f"weights have 2 or 4 axes, not {len(shape)}")
    return fan_in, fan_out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_fans", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("fans")

# %% [markdown]
# ## First ideas
#
# **A constant.** Every unit of a layer then computes the same, gets the same
# gradient, and stays the same as all others.
#
# **Small random numbers**, normal with mean 0 and a standard deviation such as
# 0.01. That is all right for small networks. What becomes of it in deep ones is
# measured at the end of this notebook.

# %% nbgrader={"grade": false, "grade_id": "constant_init", "locked": false, "schema_version": 3, "solution": true, "task": false}
def constant_init(shape, value):
    """An array of float64 that holds one number everywhere.

    Parameters
    ----------
    shape : of the result
    value : the number
    """
    ### BEGIN SOLUTION
    return np.full(shape, float(value))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_constant_init", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("constant_init")

# %% nbgrader={"grade": false, "grade_id": "small_random_init", "locked": false, "schema_version": 3, "solution": true, "task": false}
def small_random_init(shape, rng, std):
    """Normal numbers with mean 0.

    Parameters
    ----------
    shape : of the result
    rng : generator to draw from, and from no other
    std : standard deviation
    """
    ### BEGIN SOLUTION
    return std * rng.standard_normal(shape)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_small_random_init", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("small_random_init")

# %% [markdown]
# ## How the variance goes through a layer
#
# One output is $y = \sum_{i=1}^{D} x_i w_i$ with $D$ the fan-in. When all $x_i$
# and $w_i$ are independent of each other, and those of a kind are distributed
# alike, the lecture finds
#
# $$
# \text{Var}(y) = D \left( E[x^2] E[w^2] - E[x]^2 E[w]^2 \right)
# $$
#
# and then assumes means of zero, so that $\text{Var}(y) = D\, \text{Var}(x)\,
# \text{Var}(w)$. After a ReLU the mean of $x$ is not zero.
#
# **Write** the variance without that last assumption, from means and variances.
# Recall that $E[x^2] = \text{Var}(x) + E[x]^2$.

# %% nbgrader={"grade": false, "grade_id": "output_variance", "locked": false, "schema_version": 3, "solution": true, "task": false}
def output_variance(fan_in, mean_x, var_x, mean_w, var_w):
    """Variance of a sum of fan_in products x * w, all independent.

        Var(y) = fan_in * (E[x^2] E[w^2] - E[x]^2 E[w]^2)

    Parameters
    ----------
    fan_in : number of products
    mean_x, var_x : of every x
    mean_w, var_w : of every w

    Returns
    -------
    variance of y, a number
    """
    ### BEGIN SOLUTION
    square_x = var_x + mean_x**2  # E[x^2]
    square_w = var_w + mean_w**2
    return fan_in * (square_x * square_w - mean_x**2 * mean_w**2)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_output_variance", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("output_variance")

# %% [markdown]
# Predict first: inputs after a ReLU have mean 0.4 and variance 0.34, weights
# have mean 0 and variance $1 / D$. Is the variance of $y$ that of $x$?

# %% nbgrader={"grade": false, "grade_id": "see_variance", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# D = 500
# rng = np.random.default_rng(0)
# x = np.maximum(0, rng.standard_normal((4000, D)))
# W = rng.standard_normal((D, 50)) / np.sqrt(D)
# predicted = output_variance(D, x.mean(), x.var(), 0.0, 1 / D)
# print(f"Var(x) {x.var():.3f}, Var(y) predicted {predicted:.3f}")
# print(f"measured {x.dot(W).var():.3f}")

# %% [markdown]
# The variance of $y$ is $E[x^2]$, and not $\text{Var}(x)$. Kaiming
# initialization below builds on that.
#
# ## Xavier
#
# Glorot and Bengio ask that a linear layer keeps the variance of what comes in.
# Forwards that needs $\text{Var}(w) = 1 / \text{fan}_{in}$, which is what the
# lecture takes. Backwards it needs $1 / \text{fan}_{out}$. Their paper takes a
# compromise, the inverse of the average fan:
#
# $$
# \text{Var}(w) = \frac{1}{\text{fan}}, \qquad
# \text{fan} = \begin{cases}
# \text{fan}_{in} & \text{fan="in", the lecture} \\
# (\text{fan}_{in} + \text{fan}_{out}) / 2 & \text{fan="average", the paper.}
# \end{cases}
# $$
#
# A uniform distribution on $[-a, a]$ has the variance $a^2 / 3$.

# %% nbgrader={"grade": false, "grade_id": "xavier_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def xavier_normal(shape, rng, fan="average"):
    """Normal weights with mean 0 and variance 1 / fan (Glorot, Bengio 2010).

    Parameters
    ----------
    shape : of the weights, as for fans
    rng : generator to draw from, and from no other
    fan : "in" takes fan_in, "average" takes (fan_in + fan_out) / 2
    """
    ### BEGIN SOLUTION
    fan_in, fan_out = fans(shape)
    count = fan_in if fan == "in" else (fan_in + fan_out) / 2
    std = np.sqrt(1 / count)
    return std * rng.standard_normal(shape)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_xavier_normal", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("xavier_normal")

# %% nbgrader={"grade": false, "grade_id": "xavier_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def xavier_uniform(shape, rng, fan="average"):
    """Uniform weights with mean 0 and variance 1 / fan (Glorot, Bengio 2010).

    Parameters
    ----------
    shape : of the weights, as for fans
    rng : generator to draw from, and from no other
    fan : "in" takes fan_in, "average" takes (fan_in + fan_out) / 2
    """
    ### BEGIN SOLUTION
    fan_in, fan_out = fans(shape)
    count = fan_in if fan == "in" else (fan_in + fan_out) / 2
    bound = np.sqrt(3 / count)
    return rng.uniform(-bound, bound, shape)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_xavier_uniform", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("xavier_uniform")

# %% [markdown]
# ## Gain and Kaiming
#
# A ReLU sets half of its inputs to zero, and with them half of $E[x^2]$. A
# leaky ReLU with slope $s$ keeps $(1 + s^2) / 2$ of it. To make up for that,
# the standard deviation is multiplied by a *gain*. Those in use are
#
# | nonlinearity | gain |
# |---|---|
# | `"linear"`, `"sigmoid"` | 1 |
# | `"tanh"` | 5/3 |
# | `"relu"` | $\sqrt 2$ |
# | `"leaky_relu"` | $\sqrt{2 / (1 + s^2)}$ |
# | `"selu"` | 3/4 |
#
# 5/3 and 3/4 are rules of thumb; those of the ReLUs follow from the formula.

# %% nbgrader={"grade": false, "grade_id": "gain", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gain(nonlinearity, slope=0.01):
    """Factor on the standard deviation of the weights before a nonlinearity.

    Parameters
    ----------
    nonlinearity : "linear", "sigmoid", "tanh", "relu", "leaky_relu" or "selu"
    slope : of a leaky ReLU where its input is negative

    Raises ValueError for another name.
    """
    ### BEGIN SOLUTION
    gains = {
        "linear": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": np.sqrt(2),
        "leaky_relu": np.sqrt(2 / (1 + slope**2)),
        "selu": 3 / 4,
    }
    if nonlinearity not in gains:
        raise ValueError(f"there is no gain for {nonlinearity!r}")
    return gains[nonlinearity]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_gain", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("gain")

# %% [markdown]
# He and others keep $E[x^2]$ through the layer and its ReLU:
#
# $$
# \text{Var}(w) = \frac{2}{(1 + s^2)\, \text{fan}}
# $$
#
# with $s = 0$ for a ReLU. To keep the activations' size, fan is the fan-in. To
# keep the gradients' size, it is the fan-out. One of the two is enough: the
# other is then off by one factor for the whole network, and not by one a layer.

# %% nbgrader={"grade": false, "grade_id": "kaiming_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kaiming_normal(shape, rng, fan="in", slope=0.0):
    """Normal weights with mean 0 and variance 2 / ((1 + slope^2) fan).

    He, Zhang, Ren and Sun 2015.

    Parameters
    ----------
    shape : of the weights, as for fans
    rng : generator to draw from, and from no other
    fan : "in" or "out"
    slope : of the leaky ReLU that follows; 0 is a ReLU
    """
    ### BEGIN SOLUTION
    fan_in, fan_out = fans(shape)
    count = fan_in if fan == "in" else fan_out
    std = np.sqrt(2 / (1 + slope**2) / count)
    return std * rng.standard_normal(shape)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_kaiming_normal", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("kaiming_normal")

# %% nbgrader={"grade": false, "grade_id": "kaiming_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kaiming_uniform(shape, rng, fan="in", slope=0.0):
    """Uniform weights with mean 0 and variance 2 / ((1 + slope^2) fan).

    He, Zhang, Ren and Sun 2015.

    Parameters
    ----------
    shape : of the weights, as for fans
    rng : generator to draw from, and from no other
    fan : "in" or "out"
    slope : of the leaky ReLU that follows; 0 is a ReLU
    """
    ### BEGIN SOLUTION
    fan_in, fan_out = fans(shape)
    count = fan_in if fan == "in" else fan_out
    bound = np.sqrt(6 / (1 + slope**2) / count)
    return rng.uniform(-bound, bound, shape)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_kaiming_uniform", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("kaiming_uniform")

# %% [markdown]
# ## What it does to a deep network
#
# The lecture sends 16 examples through six layers and looks at the activations
# of each. **Write** that for any list of weights: layer $l$ computes
# $h_l = f(h_{l-1} W_l)$ with $h_0 = x$ and $f$ tanh or ReLU.

# %% nbgrader={"grade": false, "grade_id": "activation_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def activation_statistics(x, weights, nonlinearity):
    """Mean and standard deviation of the activations of every layer.

        h_l = f(h_(l-1) W_l),  h_0 = x

    Parameters
    ----------
    x : (N, D_0)
    weights : list of L arrays, the l-th of shape (D_(l-1), D_l)
    nonlinearity : "tanh" or "relu"

    Returns
    -------
    means, stds : (L,), over all units and examples of a layer
    """
    ### BEGIN SOLUTION
    means, stds = [], []
    h = x
    for W in weights:
        a = h.dot(W)
        h = np.tanh(a) if nonlinearity == "tanh" else np.maximum(0, a)
        means.append(h.mean())
        stds.append(h.std())
    return np.array(means), np.array(stds)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_activation_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("activation_statistics")

# %% [markdown]
# Now the way back. From a gradient `dout` on the last activations come the
# gradients on all others and on all weights. The root of the mean square says
# how large each is.

# %% nbgrader={"grade": false, "grade_id": "gradient_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_statistics(x, weights, nonlinearity, dout):
    """Size of the gradients on the activations and on the weights.

    Parameters
    ----------
    x : (N, D_0)
    weights : list of L arrays, the l-th of shape (D_(l-1), D_l)
    nonlinearity : "tanh" or "relu"; a ReLU has the slope 0 at 0
    dout : (N, D_L), gradient on the activations of the last layer

    Returns
    -------
    on_activations : (L,), sqrt(mean(square)) of the gradient on h_1 ... h_L
    on_weights : (L,), the same of the gradient on W_1 ... W_L
    """
    ### BEGIN SOLUTION
    layers = [x]
    for W in weights:
        a = layers[-1].dot(W)
        is_tanh = nonlinearity == "tanh"
        layers.append(np.tanh(a) if is_tanh else np.maximum(0, a))
    on_activations, on_weights = [], []
    dh = dout
    for layer in range(len(weights), 0, -1):
        W, before, h = weights[layer - 1], layers[layer - 1], layers[layer]
        slope = 1 - h**2 if nonlinearity == "tanh" else h > 0
        da = dh * slope
        dW = before.T.dot(da)
        on_activations.append(np.sqrt((dh**2).mean()))
        on_weights.append(np.sqrt((dW**2).mean()))
        dh = da.dot(W.T)
    return np.array(on_activations[::-1]), np.array(on_weights[::-1])
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_gradient_statistics", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("gradient_statistics")

# %% [markdown]
# Here is the lecture's experiment in one picture, with 512 units a layer.
# Before you run it: in which of the eight rows does a signal arrive at the last
# layer, and in which does a gradient arrive at the first?

# %% nbgrader={"grade": false, "grade_id": "see_layers", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# rng = np.random.default_rng(1)
# dims = [512] * 7
# x = rng.standard_normal((16, 512))
# dout = rng.standard_normal((16, 512))
# draw = {
#     "0.01": lambda shape: small_random_init(shape, rng, 0.01),
#     "0.05": lambda shape: small_random_init(shape, rng, 0.05),
#     "Xavier": lambda shape: xavier_normal(shape, rng, "in"),
#     "Kaiming": lambda shape: kaiming_normal(shape, rng),
# }
# for f in ("tanh", "relu"):
#     for name, init in draw.items():
#         weights = [init(shape) for shape in zip(dims[:-1], dims[1:])]
#         _, stds = activation_statistics(x, weights, f)
#         back, _ = gradient_statistics(x, weights, f, dout)
#         print(f"{f} {name:8} forwards", np.array2string(stds, precision=4))
#         print(f"{'':13} backwards", np.array2string(back, precision=4))

# %% [markdown]
# Small weights send the signal to zero, tanh or not. Xavier keeps it for tanh,
# and loses a factor of about $\sqrt 2$ a layer for ReLU. Kaiming gives that
# back.
