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
# # Training in PyTorch
#
# The routine of `training.ipynb`, now with autograd: it finds the gradients,
# and you decide when they are collected, cleared and used. Most bugs of this
# page raise no error. The network trains, and worse than it could.
#
# | you write | the question behind it |
# |---|---|
# | `torch_softmax_loss` | how wrong are the scores? |
# | `torch_overfit_tiny_batch` | can the code learn anything at all? |
# | `TorchSGD` | what exactly is a step? |
# | `torch_update_ratios` | how large is a step, beside what it changes? |
# | `torch_gradient_norms` | does the gradient get through to every layer? |
# | `torch_clip_gradients` | and if it is far too large? |
#
# Whatever you write works in the dtype and on the device of its input.
#
# ## Two conventions
#
# | | NumPy notebook | PyTorch |
# |---|---|---|
# | loss of a batch | mean | `reduction="mean"`; or `"sum"`, `"none"` |
# | labels | integers of any kind | class indices of dtype int64 |
# | gradient | a function returns it | `backward()` *adds* it to `.grad` |
# | a step | makes new arrays | in place, under `torch.no_grad()` |
# | weight of a linear layer | (D_in, D_out) | (D_out, D_in) |
# | L2, strength $\lambda$ | adds $\lambda W$ | adds $\lambda p$, biases too |
# | numbers | float64 | float32 if nothing is said |
#
# Four more that are easy to mix up:
#
# - **Mean or sum.** With `"sum"` the gradient is $N$ times as large, and so is
#   what a learning rate means.
# - **Momentum.** PyTorch's velocity is made of gradients, $v \leftarrow m v +
#   g$ and $p \leftarrow p - \eta v$. Elsewhere it is made of steps,
#   $v \leftarrow m v - \eta g$ and $p \leftarrow p + v$. They agree as long
#   as $\eta$ stays the same, and no longer.
# - **Weight decay.** The L2 term is part of the gradient: it goes through the
#   momentum, and in Adam it is divided by the gradient's size too. *Decoupled*
#   decay (AdamW) shrinks the weights beside the gradient.
# - **Modes.** `module.eval()` changes what dropout and batch norm compute.
#   `torch.no_grad()` changes what autograd remembers. Neither does the other.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch

F = torch.nn.functional

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# The next functions are given. The checks use them to prepare tensors and to
# look at what autograd knows of them, and you may too.

# %% nbgrader={"grade": false, "grade_id": "given_tensors", "locked": true, "schema_version": 3, "solution": false, "task": false}
def class_indices(labels):
    """Labels of any number type, as int64: what PyTorch indexes with."""
    return torch.as_tensor(labels, dtype=torch.int64)


def leaf(x):
    """A copy of x for which autograd collects a gradient, in its .grad."""
    return x.detach().clone().requires_grad_()


def gradient_of(x):
    """What has been collected in x.grad; zeros if that is None."""
    return torch.zeros_like(x) if x.grad is None else x.grad.clone()


def in_a_graph(x):
    """1 if autograd would go back from x, which keeps memory; else 0."""
    return torch.tensor(float(x.requires_grad), dtype=x.dtype)


def pull(parameter, target):
    """Backward of 0.5 * sum((parameter - target)**2): adds to .grad."""
    loss = 0.5 * ((parameter - target) ** 2).sum()
    loss.backward()
    return loss.detach()


def distance_loss(scores, y):
    """Half the squared distance to one-hot labels, mean over N."""
    wanted = F.one_hot(y, scores.shape[1]).to(scores.dtype)  # (N, C)
    return 0.5 * (scores - wanted).square().sum(1).mean()

# %% [markdown]
# Why int64? Look at what a tensor of labels does as an index. With int64 it
# picks one score for each example. As bytes it is read as a mask, and PyTorch
# says so in a warning, in which nobody looks for the reason of a wrong loss.

# %% tags=["active-ipynb"]
# import warnings
#
# scores = torch.tensor([[10.0, 11.0], [20.0, 21.0]])
# labels = torch.tensor([0, 1], dtype=torch.uint8)
# rows = torch.arange(2)
# print("int64:", scores[rows, class_indices(labels)].tolist())
# with warnings.catch_warnings(record=True) as said:
#     warnings.simplefilter("always")
#     print("bytes:", scores[labels].tolist())
# print(len(said), "warning")

# %% [markdown]
# ## The loss
#
# For scores $s$ of shape (N, C) and class indices $y$,
#
# $$
# L = \frac1N \sum_{i=1}^N \Bigl(
# \ln \sum_k e^{s_{ik}} - s_{i y_i} \Bigr).
# $$
#
# $e^{1000}$ is infinite, and in float16 $e^{12}$ is already. Autograd does not
# help: where the forward meets infinity, the gradient is NaN. So the loss must
# be written such that no step on the way overflows. Sixteen bits are for
# storing numbers: convert such scores to float32, compute, and convert the
# loss back.
#
# **Write** it. `log_softmax`, `softmax` and what is built on them, as
# `cross_entropy`, are closed here.
# **The check looks at** the loss and, through autograd, its gradient: at
# scores of 1000 and −1000, in four dtypes, and on the device "meta", where
# tensors have a shape and no numbers.

# %% nbgrader={"grade": false, "grade_id": "torch_softmax_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_softmax_loss(scores, y):
    """Mean cross-entropy of softmax probabilities, for autograd.

        loss = mean_i (ln sum_k exp(scores_ik) - scores_{i, y_i})

    Parameters
    ----------
    scores : tensor (N, C), finite numbers of any size
    y : tensor (N,) of int64, from 0 to C - 1: the right classes

    Returns
    -------
    loss : tensor (), of the dtype of scores, on its device

    Loss and gradient are finite for scores of 1000 and of -1000. Computes in
    float32 at least.
    """
    ### BEGIN SOLUTION
    exact = torch.promote_types(scores.dtype, torch.float32)
    wide = scores.to(exact)
    shifted = wide - wide.amax(1, keepdim=True).detach()  # (N, C), at most 0
    log_sum = shifted.exp().sum(1).log()  # (N,)
    right = shifted.gather(1, y[:, None])[:, 0]  # (N,)
    loss = (log_sum - right).mean()
    return loss.to(scores.dtype)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_softmax_loss", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_softmax_loss")

# %% [markdown]
# Look at the gradient of the sum beside that of the mean. One learning rate
# would mean two different things.

# %% tags=["active-ipynb"]
# y = torch.tensor([0, 1, 2, 2])
# for reduction in ("mean", "sum"):
#     scores = leaf(torch.zeros(4, 3))
#     F.cross_entropy(scores, y, reduction=reduction).backward()
#     shown = [round(g, 3) for g in scores.grad[0].tolist()]
#     print(f"{reduction:4s} {shown}")

# %% [markdown]
# ## Overfit a tiny batch
#
# From here on a loss is handed to you, as a function of scores and labels. The
# checks hand over `distance_loss`, so nothing depends on your loss above. The
# model is one linear layer with the weight as PyTorch keeps it, (D_out, D_in),
# so the scores are $x W^\top + b$, as `F.linear` computes them.
#
# `backward()` collects gradients in the *leaves* of the graph: tensors that
# were not computed from others. And it adds to what is there. So each step
# has to clear, and has to leave `W` and `b` leaves.
#
# **Write** the loop. Write down the loss before each step.
# **The check looks at** the losses, at `W` and `b` after the last step, at
# whether what you return still hangs on a graph, and at the tensors that you
# were handed, which must be what they were.

# %% nbgrader={"grade": false, "grade_id": "torch_overfit_tiny_batch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_overfit_tiny_batch(loss_of, x, y, W, b, learning_rate, steps):
    """Gradient descent of a linear classifier on one batch.

        scores = x @ W.T + b
        W, b = W - learning_rate * dW, b - learning_rate * db

    Parameters
    ----------
    loss_of : function; loss_of(scores, y) is a tensor () for autograd
    x : tensor (N, D), the batch
    y : tensor (N,) of int64, from 0 to C - 1
    W : tensor (C, D), the weight to begin with
    b : tensor (C,), the bias to begin with
    learning_rate : size of a step
    steps : how many steps, each on the whole batch, at least 1

    Returns
    -------
    losses : tensor (steps,), entry t is the loss before step t, from 0
    W : tensor (C, D), after the last step, a new tensor
    b : tensor (C,), after the last step, a new tensor

    All three are of the dtype of x, and autograd does not go back from
    losses.
    """
    ### BEGIN SOLUTION
    W, b = leaf(W), leaf(b)
    losses = []
    for _ in range(steps):
        loss = loss_of(F.linear(x, W, b), y)
        losses.append(loss.detach())
        W.grad = b.grad = None
        loss.backward()
        with torch.no_grad():
            W -= learning_rate * W.grad
            b -= learning_rate * b.grad
    return torch.stack(losses), W, b
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_overfit_tiny_batch", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_overfit_tiny_batch")

# %% [markdown]
# Look at the last loss of each row. Random labels are learned too: twenty
# examples with 64 numbers each can be told apart in any way you like.

# %% tags=["active-ipynb"]
# rng = torch.Generator().manual_seed(0)
# x = torch.randn(20, 64, generator=rng)
# y = torch.randint(10, (20,), generator=rng)
# W, b = torch.zeros(10, 64), torch.zeros(10)
# for rate in (0.01, 0.1, 1.0):
#     losses, _, _ = torch_overfit_tiny_batch(
#         torch_softmax_loss, x, y, W, b, rate, 200)
#     print(f"rate {rate:4.2f}: loss {losses[0]:.3f} → {losses[-1]:.3f}")

# %% [markdown]
# ## A step
#
# What `torch.optim.SGD` does, in your own words. With the gradient $g$ of a
# parameter $p$, the learning rate $\eta$, momentum $m$ and decay $\lambda$,
# the L2 way is
#
# $$
# d = g + \lambda p, \qquad v \leftarrow m v + d, \qquad
# p \leftarrow p - \eta v,
# $$
#
# and the decoupled way, as in AdamW, is
#
# $$
# v \leftarrow m v + g, \qquad
# p \leftarrow (1 - \eta \lambda)\, p - \eta v .
# $$
#
# $v$ begins with zeros. All of it happens in place: the network holds the same
# tensors. A parameter whose `.grad` is None took no part in the loss. It is
# left alone, by decay and momentum too. `step` does not clear gradients. That
# is what `zero_grad` is for, so that one can collect over several batches
# before a step. As in PyTorch 2, it leaves None and no zeros.
#
# **Write** the class. `torch.optim` is closed here.
# **The check looks at** parameters and gradients after several steps: both
# kinds of decay, with momentum, with a learning rate that is changed on the
# way, with gradients of two batches, and with a parameter that takes no part.

# %% nbgrader={"grade": false, "grade_id": "TorchSGD", "locked": false, "schema_version": 3, "solution": true, "task": false}
class TorchSGD:
    """Stochastic gradient descent with PyTorch's conventions.

    Parameters
    ----------
    parameters : list of leaf tensors
    learning_rate : may be changed later, as the attribute learning_rate
    momentum : how much of the velocity stays, 0 or more
    weight_decay : lambda, 0 or more
    decoupled : if true, the decay passes by the velocity
    """

    def __init__(self, parameters, learning_rate, momentum=0.0,
                 weight_decay=0.0, decoupled=False):
        ### BEGIN SOLUTION
        self.parameters = list(parameters)
        self.learning_rate, self.momentum = learning_rate, momentum
        self.weight_decay, self.decoupled = weight_decay, decoupled
        self.velocities = [torch.zeros_like(p) for p in self.parameters]
        ### END SOLUTION

    def zero_grad(self):
        """Set the .grad of all parameters to None."""
        ### BEGIN SOLUTION
        for p in self.parameters:
            p.grad = None
        ### END SOLUTION

    def step(self):
        """Change every parameter that has a gradient, in place."""
        ### BEGIN SOLUTION
        with torch.no_grad():
            for p, v in zip(self.parameters, self.velocities, strict=True):
                if p.grad is None:
                    continue
                d = p.grad
                if self.decoupled:
                    p.mul_(1 - self.learning_rate * self.weight_decay)
                else:
                    d = d + self.weight_decay * p
                v.mul_(self.momentum).add_(d)
                p.sub_(self.learning_rate * v)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_TorchSGD", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("TorchSGD")

# %% [markdown]
# Look at where the two decays let a parameter come to rest that the loss pulls
# to 1, with $m = 0.9$ and $\lambda = 0.5$.

# %% tags=["active-ipynb"]
# for decoupled in (False, True):
#     p = leaf(torch.zeros(1))
#     optimizer = TorchSGD([p], 0.01, 0.9, 0.5, decoupled)
#     for _ in range(1000):
#         optimizer.zero_grad()
#         pull(p, torch.ones(1))
#         optimizer.step()
#     print(f"decoupled {decoupled!s:5}: {p.item():.4f}")

# %% [markdown]
# The L2 term and the gradient balance at $1 / (1 + \lambda) = 2/3$. The
# velocity adds up $1 / (1 - m) = 10$ gradients, and the decoupled decay passes
# it by. So it is ten times weaker here: $1 / (1 + (1 - m) \lambda) = 0.952$. A
# decay that was tuned for the one kind is the wrong one for the other.
#
# ## How large is a step?
#
# For each tensor, the size of its update beside its own,
#
# $$
# \text{ratio} = \frac{\lVert p_{\text{after}} - p_{\text{before}} \rVert}
# {\lVert p_{\text{before}} \rVert}.
# $$
#
# A step is in place, so "before" has to be a copy. Parameters require
# gradients, and what is computed from them remembers how. A ratio that is kept
# for a plot would keep the graph of its step in memory with it.
#
# **Write** it.
# **The check looks at** tensors of any shape, at a tensor of zeros, where the
# ratio is infinity, and at whether the ratios still hang on a graph.

# %% nbgrader={"grade": false, "grade_id": "torch_update_ratios", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_update_ratios(before, after):
    """Norm of the update over norm of the parameter, tensor by tensor.

    Parameters
    ----------
    before : list of L tensors of any shape, which may require gradients
    after : list of L tensors of the same shapes, after the step

    Returns
    -------
    ratios : tensor (L,), infinity where before is all zeros; autograd does
        not go back from it
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        steps = [(a - p).norm() for p, a in zip(before, after, strict=True)]
        sizes = [p.norm() for p in before]
        return torch.stack(steps) / torch.stack(sizes)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_update_ratios", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_update_ratios")

# %% [markdown]
# ## Does the gradient get through?
#
# A network of $L$ linear layers with tanh between them,
#
# $$
# h_0 = x, \qquad h_k = \tanh(h_{k-1} W_k^\top + b_k), \qquad
# s = h_{L-1} W_L^\top + b_L,
# $$
#
# and a loss on top. If $\lVert \partial L / \partial W_k \rVert$ is tiny for
# the first layers, they do not learn.
#
# This is a measurement. It must leave no trace: whoever calls it in the middle
# of a training wants the same `.grad` afterwards as before. Which function of
# `torch.autograd` returns gradients, and collects none?
#
# **Write** it.
# **The check looks at** square weights, where a missing transpose raises no
# error, at saturated layers, and at the weights' `.grad` afterwards.

# %% nbgrader={"grade": false, "grade_id": "torch_gradient_norms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_gradient_norms(loss_of, weights, biases, x, y):
    """Norm of the loss's gradient by the weight of each layer of a tanh MLP.

    Parameters
    ----------
    loss_of : function; loss_of(scores, y) is a tensor () for autograd
    weights : list of L tensors (D_k, D_{k-1}); they may require gradients
    biases : list of L tensors (D_k,)
    x : tensor (N, D_0)
    y : tensor (N,) of int64, the right classes

    Returns
    -------
    norms : tensor (L,), first layer first; autograd does not go back from it

    Nothing is added to any .grad.
    """
    ### BEGIN SOLUTION
    weights = [leaf(W) for W in weights]
    h = x
    hidden = list(zip(weights, biases, strict=True))[:-1]
    for W, b in hidden:
        h = torch.tanh(F.linear(h, W, b))
    scores = F.linear(h, weights[-1], biases[-1])
    loss = loss_of(scores, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_gradient_norms", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_gradient_norms")

# %% [markdown]
# Look along each row, from the first layer to the last, for three sizes of the
# weights.

# %% tags=["active-ipynb"]
# rng = torch.Generator().manual_seed(1)
# x = torch.randn(50, 64, generator=rng)
# y = torch.randint(10, (50,), generator=rng)
# sizes = [64, *[100] * 5, 10]
# for gain in (0.3, 1.0, 3.0):
#     weights = [gain * torch.randn(o, i, generator=rng) / i**0.5
#                for i, o in zip(sizes, sizes[1:])]
#     biases = [torch.zeros(o) for o in sizes[1:]]
#     norms = torch_gradient_norms(
#         torch_softmax_loss, weights, biases, x, y)
#     print(f"gain {gain}:", "  ".join(f"{n:.0e}" for n in norms))

# %% [markdown]
# With small weights all norms are small, and alike: what the gradient loses on
# its way back, the activations lose on their way forward, and a weight's
# gradient is a product of the two. With large ones the gradient grows on its
# way back.
#
# ## And if it is far too large?
#
# One bad batch can undo an epoch. Clipping bounds the length of the *whole*
# gradient, all tensors taken together, and keeps its direction:
#
# $$
# n = \sqrt{\textstyle\sum_k \lVert g_k \rVert^2}, \qquad
# g_k \leftarrow g_k \cdot \min\Bigl(1, \frac{c}{n + 10^{-6}}\Bigr),
# $$
#
# with the largest norm allowed $c$. This is the convention of
# `torch.nn.utils.clip_grad_norm_`, with its $10^{-6}$; that one works in place
# and yours makes new tensors. The norm *before* clipping is returned too: it
# is what one writes into the log.
#
# **Write** it. PyTorch's functions for it are closed here.
# **The check looks at** gradients that are short enough, at tiny ones, where
# the $10^{-6}$ shows, and at zeros.

# %% nbgrader={"grade": false, "grade_id": "torch_clip_gradients", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_clip_gradients(gradients, max_norm):
    """Scale all gradients by one factor, so that their norm is bounded.

        n = sqrt(sum of the squares of all numbers in all tensors)
        clipped_k = gradients_k * min(1, max_norm / (n + 1e-6))

    Parameters
    ----------
    gradients : list of tensors of any shape
    max_norm : largest norm of all of them together, > 0

    Returns
    -------
    norm : tensor (), n, before clipping
    clipped : list of new tensors like gradients
    """
    ### BEGIN SOLUTION
    norm = torch.stack([g.norm() for g in gradients]).norm()
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    clipped = [g * factor for g in gradients]
    return norm, clipped
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_clip_gradients", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_clip_gradients")

# %% [markdown]
# ## To think about
#
# 1. You collect gradients over four batches before each step, and the loss of
#    each is a mean. What must be done to get the step of one batch four times
#    as large? And if the last batch is smaller than the others?
# 2. A training loop adds up `loss` in place of `loss.item()`, to print the
#    mean at the end of an epoch. What does it keep in memory?
# 3. You validate under `torch.no_grad()` and forget `model.eval()`. Which
#    numbers are wrong, and what happens to the running statistics?
