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
# # Warm-up: is this gradient right?
#
# Every exercise of this course asks for a forward and a backward pass. A
# wrong backward pass rarely crashes. The network trains a little worse, and
# nobody knows why. So the first tool to build is one that tells a right
# gradient from a wrong one.
#
# You write four functions:
#
# | function | what it does |
# |---|---|
# | `relative_error` | says how far apart two arrays are, in one number |
# | `numerical_gradient` | the gradient of a number, from its values alone |
# | `numerical_gradient_array` | the same for a function that returns an array |
# | `gradient_check` | puts the two together |
#
# **How a check works.** Below each exercise is a cell `check("name")`. It
# calls your function on a few cases, each with its kind written beside it
# ("one row", "float32"), and compares. It looks at the shape first, then at
# the values, and it makes sure that the arrays you were handed come back
# unchanged. Run it as often as you like. The grade comes from other numbers
# of the same kinds.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## Functions to practise on
#
# Gradients are known for these four functions of an array of any shape. Each
# is here for a reason.
#
# | $f(x)$ | $\partial f / \partial x_i$ | what it is good for |
# |---|---|---|
# | `quadratic` $\tfrac12 \sum x_i^2$ | $x_i$ | central differences are exact |
# | `cubic` $\sum x_i^3$ | $3 x_i^2$ | the error of the difference is $h^2$ |
# | `weighted_sine` $\sum i \sin x_i$ | $i \cos x_i$ | entries have an order |
# | `log_sum_exp` $\log \sum e^{x_i}$ | softmax | entries influence each other |

# %% nbgrader={"grade": false, "grade_id": "given_functions", "locked": true, "schema_version": 3, "solution": false, "task": false}
def quadratic(x):
    """Half the sum of squares."""
    return 0.5 * np.sum(x**2)


def quadratic_gradient(x):
    return x


def cubic(x):
    """Sum of cubes."""
    return np.sum(x**3)


def cubic_gradient(x):
    return 3 * x**2


def cubic_gradient_with_a_slip(x):
    """What a slip in one entry looks like: the first is twice too large."""
    gradient = np.array(3 * x**2)
    gradient.flat[0] *= 2
    return gradient


def positions(x):
    """0, 1, 2, ... in the shape of x, row by row."""
    return np.arange(x.size, dtype=x.dtype).reshape(x.shape)


def weighted_sine(x):
    """Sum of 0 sin(x_0), 1 sin(x_1), 2 sin(x_2), ..."""
    return np.sum(positions(x) * np.sin(x))


def weighted_sine_gradient(x):
    return positions(x) * np.cos(x)


def weighted_sine_gradient_wrong(x):
    """The sign of the derivative is wrong everywhere."""
    return -positions(x) * np.cos(x)


def log_sum_exp(x):
    """Logarithm of the sum of exponentials, shifted so that none overflows."""
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def log_sum_exp_gradient(x):
    weights = np.exp(x - np.max(x))
    return weights / np.sum(weights)

# %% [markdown]
# ## Relative error
#
# Is an error of 0.001 large? Not for a gradient of 1000, and very much so for
# a gradient of 0.001. So the course measures errors relative to the numbers
# themselves, and takes the worst entry:
#
# $$
# \operatorname{error}(x, y) = \max_i
# \frac{|x_i - y_i|}{\max\left(10^{-8},\; |x_i| + |y_i|\right)}
# $$
#
# Two conventions are hidden in the denominator. Where both numbers are zero
# the error is 0, not $0/0$. And below $10^{-8}$ the numbers count as noise:
# their difference is measured against the floor $10^{-8}$.
#
# **Write** the formula, without a loop.
# **The check looks at** zeros on both sides, opposite signs, numbers below
# the floor, and any shape.

# %% nbgrader={"grade": false, "grade_id": "relative_error", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relative_error(x, y):
    """Largest elementwise relative error between two arrays.

        max_i |x_i - y_i| / max(1e-8, |x_i| + |y_i|)

    Parameters
    ----------
    x, y : arrays of the same shape, any shape

    Returns
    -------
    One number between 0 and 1. Two zeros have error 0.
    """
    ### BEGIN SOLUTION
    size = np.maximum(1e-8, np.abs(x) + np.abs(y))
    return np.max(np.abs(x - y) / size)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_relative_error", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("relative_error")

# %% [markdown]
# Look at the scale of the answer before going on. The error never exceeds 1.
# It is 1 when a sign is wrong, and when one of the two numbers is zero and the
# other is not noise. Numbers that agree to seven digits have an error near
# $10^{-7}$.

# %% tags=["active-ipynb"]
# for a, b in [(1.0, 1.0000002), (1.0, 1.1), (1.0, 2.0), (1.0, -1.0),
#              (0.0, 1e-7), (0.0, 1e-10), (0.0, 0.0)]:
#     error = relative_error(np.array([a]), np.array([b]))
#     print(f"{a:10.7g} and {b:10.8g}: relative error {error:.1e}")

# %% [markdown]
# ## The gradient of a number, from its values alone
#
# Move one entry of $x$ a little to both sides and watch $f$. With $e_i$ the
# array that is 1 at entry $i$ and 0 elsewhere,
#
# $$
# \frac{\partial f}{\partial x_i} \approx
# \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h}.
# $$
#
# This is the *central* difference. Taylor's formula shows why both sides are
# worth a second evaluation (*derived*): the terms of second order cancel, and
# what is left is $\tfrac{h^2}{6} f'''(x)$. The one-sided difference keeps an
# error of $\tfrac{h}{2} f''(x)$.
#
# **Write** a loop over all entries of `x`, whatever its shape
# (`np.ndindex(x.shape)` gives the indices). Work in float64 even when `x` is
# float32: a later section shows why.
# **The check looks at** `x` afterwards, which must be what it was to the last
# bit; at arrays that are a view into a wider one; at functions whose entries
# influence each other.

# %% nbgrader={"grade": false, "grade_id": "numerical_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numerical_gradient(f, x, h=1e-5):
    """Gradient of a scalar function by central differences.

        grad_i = (f(x + h e_i) - f(x - h e_i)) / (2 h)

    Parameters
    ----------
    f : function of an array like x that returns one number
    x : array of any shape and memory layout, left unchanged
    h : the step, the same for every entry

    Returns
    -------
    grad : array of the shape of x. Differences are taken in float64,
        whatever the dtype of x.
    """
    ### BEGIN SOLUTION
    point = np.array(x, np.float64)  # a copy
    grad = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        centre = point[index]
        point[index] = centre + h
        f_plus = f(point)
        point[index] = centre - h
        f_minus = f(point)
        point[index] = centre
        grad[index] = (f_plus - f_minus) / (2 * h)
    return grad
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_numerical_gradient", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("numerical_gradient")

# %% [markdown]
# Look at the numbers. The gradient of `cubic` is $3x^2$, and the central
# difference misses it by $h^2$ for every $x$, as the formula above says.

# %% tags=["active-ipynb"]
# x = np.array([-1.0, 0.5, 2.0])
# for h in (1e-1, 1e-2, 1e-3):
#     difference = numerical_gradient(cubic, x, h) - cubic_gradient(x)
#     print(f"h = {h:.0e}   error / h²: {difference / h**2}")

# %% [markdown]
# ## The gradient of an array, weighted by what comes from above
#
# A layer returns an array, not a number. What its backward pass gets is
# `dout`, the gradient of the loss with respect to the layer's output, and
# what it returns is the gradient of the loss with respect to $x$. So the
# number to differentiate is the loss that has this `dout`,
# $L(x) = \sum_k \texttt{dout}_k\, f_k(x)$:
#
# $$
# \frac{\partial L}{\partial x_i} \approx
# \sum_k \texttt{dout}_k\,
# \frac{f_k(x + h\,e_i) - f_k(x - h\,e_i)}{2h}.
# $$
#
# **Write** the same loop with this sum.
# **The check looks at** functions whose output has another shape than `x`,
# and at one that returns a view of its argument: `first_columns` below hands
# out the very memory that you are about to change.

# %% nbgrader={"grade": false, "grade_id": "given_array_functions", "locked": true, "schema_version": 3, "solution": false, "task": false}
def cube(x):
    """Each entry for itself."""
    return x**3


def row_softmax(x):
    """(N, D) -> (N, D): rows are positive and sum to one."""
    weights = np.exp(x - x.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def affine_map(x):
    """(N, 3) -> (N, 2)"""
    return x @ np.array([[1.0, -2.0], [0.5, 3.0], [-1.5, 0.25]]) + 1.0


def row_products(x):
    """(N, D) -> (N,)"""
    return x.prod(axis=1)


def first_columns(x):
    """(N, D) -> (N, 2): a view, not a copy."""
    return x[:, :2]

# %% nbgrader={"grade": false, "grade_id": "numerical_gradient_array", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numerical_gradient_array(f, x, dout, h=1e-5):
    """Gradient of sum(f(x) * dout) with respect to x by central differences.

        grad_i = sum_k dout_k (f_k(x + h e_i) - f_k(x - h e_i)) / (2 h)

    Parameters
    ----------
    f : function of an array like x that returns an array like dout; it may
        return a view of its argument
    x : array of any shape and memory layout, left unchanged
    dout : array of the shape of f(x), which may differ from that of x
    h : the step, the same for every entry

    Returns
    -------
    grad : array of the shape of x. Differences are taken in float64,
        whatever the dtype of x.
    """
    ### BEGIN SOLUTION
    point = np.array(x, np.float64)  # a copy
    grad = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        centre = point[index]
        point[index] = centre + h
        f_plus = f(point).copy()  # f may hand out the memory of point
        point[index] = centre - h
        f_minus = f(point).copy()
        point[index] = centre
        grad[index] = np.sum((f_plus - f_minus) * dout) / (2 * h)
    return grad
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_numerical_gradient_array", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("numerical_gradient_array")

# %% [markdown]
# Look at what a `dout` of ones gives for `row_softmax`. Each row sums to one
# wherever `x` is, so the gradient vanishes. A test with such a `dout` would
# pass a backward pass that returns zeros: draw `dout` at random.

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(0)
# x = rng.normal(size=(2, 3))
# for dout in (np.ones((2, 3)), rng.normal(size=(2, 3))):
#     print(numerical_gradient_array(row_softmax, x, dout).round(8) + 0.0)

# %% [markdown]
# ## Gradient check
#
# Now the two parts meet: the gradient that somebody derived, against the one
# from differences.
#
# **Write** it with your own functions: the analytic gradient at `x` and the
# numerical one, both in float64, and their relative error.
# **The check looks at** right gradients, wrong ones, and one that is wrong in
# a single entry. An average would hide that one.

# %% nbgrader={"grade": false, "grade_id": "gradient_check", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_check(f, gradient, x, h=1e-5):
    """Relative error between a gradient and the numerical one.

        relative_error(numerical_gradient(f, x, h), gradient(x))

    Parameters
    ----------
    f : function of an array like x that returns one number
    gradient : function of the same array; returns an array of its shape
    x : array of any shape, left unchanged; both gradients are taken at x in
        float64, whatever the dtype of x
    h : the step of the differences

    Returns
    -------
    The largest relative error over all entries, one number.
    """
    ### BEGIN SOLUTION
    point = x.astype(np.float64)
    numeric = numerical_gradient(f, point, h)
    analytic = gradient(point)
    return relative_error(numeric, analytic)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_gradient_check", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("gradient_check")

# %% [markdown]
# A first look at its answers. The right gradients have errors below $10^{-7}$
# here, the wrong ones are far from it. As a rule of thumb in float64: below
# $10^{-7}$ be happy, above $10^{-2}$ the gradient is wrong, and in between
# find out why. The next three sections are about that "in between".

# %% tags=["active-ipynb"]
# rng = np.random.default_rng(1)
# x = rng.normal(size=(3, 4))
# for f, gradient in [(quadratic, quadratic_gradient),
#                     (cubic, cubic_gradient),
#                     (weighted_sine, weighted_sine_gradient),
#                     (log_sum_exp, log_sum_exp_gradient),
#                     (cubic, cubic_gradient_with_a_slip),
#                     (weighted_sine, weighted_sine_gradient_wrong)]:
#     print(f"{gradient.__name__:30s} {gradient_check(f, gradient, x):.1e}")

# %% [markdown]
# ## Pitfall 1: the step size
#
# A large step is wrong because of what Taylor's formula leaves out, about
# $h^2$. A small step is wrong because $f(x + h)$ and $f(x - h)$ agree in
# almost all their digits and the subtraction leaves the rounding, about
# $10^{-16} / h$. The sum is smallest where both are alike, near
# $h = (10^{-16})^{1/3} \approx 5 \cdot 10^{-6}$ (*derived*).
#
# Look for the smallest error in each column, and at how much earlier the
# one-sided difference stops improving.

# %% tags=["active-ipynb"]
# x = np.array([0.3, 1.1, -0.7])
# exact = log_sum_exp_gradient(x)
# print("    h     central   one-sided")
# for k in range(1, 13):
#     h = 10.0**-k
#     central = numerical_gradient(log_sum_exp, x, h)
#     one_sided = np.array([(log_sum_exp(x + h * e) - log_sum_exp(x)) / h
#                           for e in np.eye(3)])
#     print(f"{h:.0e}   {relative_error(central, exact):.1e}"
#           f"   {relative_error(one_sided, exact):.1e}")

# %% [markdown]
# ## Pitfall 2: kinks
#
# ReLU is $\max(0, x)$. Its derivative is 0 on the left and 1 on the right. If
# the two points of a difference lie on different sides of the kink, the
# difference is neither of the two, and the check reports an error although
# the gradient is right.
#
# Look at the entries that are closer to 0 than $h$.

# %% tags=["active-ipynb"]
# def relu_sum(x):
#     return np.sum(np.maximum(0, x))
#
# def relu_sum_gradient(x):
#     return (x > 0).astype(x.dtype)
#
# x = np.array([-1.0, -4e-6, 3e-6, 0.5])
# for h in (1e-5, 1e-6):
#     numeric = numerical_gradient(relu_sum, x, h)
#     error = gradient_check(relu_sum, relu_sum_gradient, x, h)
#     print(f"h = {h:.0e}   numerical {numeric.round(3)}   error {error:.1e}")
# print(f"            analytic  {relu_sum_gradient(x)}")

# %% [markdown]
# The remedies: use few data points, so that fewer entries lie near a kink;
# compare again with a smaller step, and distrust only what stays; or keep the
# test inputs away from the kink.
#
# ## Pitfall 3: float32
#
# In float32 the rounding is $10^{-7}$ rather than $10^{-16}$, and it is
# divided by $h$ all the same. With the usual $h = 10^{-5}$ the difference
# keeps two or three digits, and five with the best of all steps. That is why
# your functions work in float64 even when they are handed float32.
#
# Look at the error of the derivative of the sine, at its best in each column.

# %% tags=["active-ipynb"]
# print("    h     float32   float64")
# for k in range(1, 8):
#     row = []
#     for dtype in (np.float32, np.float64):
#         x, h = np.array([1.0, 2.0, -0.5], dtype), dtype(10.0**-k)
#         difference = (np.sin(x + h) - np.sin(x - h)) / (2 * h)
#         row.append(relative_error(difference.astype(np.float64),
#                                   np.cos(x.astype(np.float64))))
#     print(f"{10.0**-k:.0e}   {row[0]:.1e}   {row[1]:.1e}")

# %% [markdown]
# ## What a gradient check cannot see
#
# It compares a backward pass with *your own* forward pass. If the forward pass
# computes the wrong function, its right gradient passes. So a gradient check
# is a hint, and never the verdict: in the next assignments the checks compare
# both passes with a reference.
