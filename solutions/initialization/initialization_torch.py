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
# # Weight initialization in PyTorch
#
# The initializations of `initialization.ipynb`, now for tensors: in PyTorch's
# layout, in the dtype and on the device of the weight that they are for, and
# put into a network.
#
# | you write | what it is |
# |---|---|
# | `torch_fans` | fan-in and fan-out in PyTorch's layout |
# | `torch_xavier_normal`, `torch_xavier_uniform` | for linear layers and tanh |
# | `torch_kaiming_normal`, `torch_kaiming_uniform` | for ReLU and leaky ReLU |
# | `TorchMLP` | a `torch.nn.Module` that starts from them |
#
# `torch.nn.init` is closed here: what it does is what you write. Everything
# else of PyTorch is open.
#
# ## Two conventions
#
# | | NumPy notebook | PyTorch |
# |---|---|---|
# | weight of a linear layer | (D_in, D_out), `x.dot(W)` | (D_out, D_in), `x @ W.T` |
# | filters of a convolution | (F, C, HH, WW) | (F, C, HH, WW) |
# | an initialization gets | a shape, returns an array | a tensor, fills it in place |
# | random numbers from | `np.random.Generator` | `torch.Generator`, of one device |
# | if none is given | there is no such case | one for the whole process |
# | dtype | float64 | of the tensor, float32 at first |
# | fan of Xavier | `"in"` or `"average"` | the average, always |
# | fan of Kaiming | `"in"` or `"out"` | `"fan_in"` or `"fan_out"` |
# | slope of the leaky ReLU | `slope`, 0 at first | `a`, 0 at first |
# | a linear layer starts from | what you give it | Kaiming uniform, slope $\sqrt 5$ |
# | its bias starts from | zeros | uniform, as wide as the weight |
#
# Here your functions take a tensor and a generator, and return a new tensor.
# The one that was given stays as it is.
#
# A generator lives on a device, `generator.device`, and draws there. Numbers
# for a weight on another device are drawn first and moved then.
#
# Random answers are judged by their mean, standard deviation, distribution and
# independence, each so strictly that a right answer fails in less than one
# class in a million. It does not matter in which order you draw.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## Fan-in and fan-out
#
# In PyTorch the outputs come first, in linear layers and in convolutions. All
# axes behind the first two are the receptive field: none for a linear layer,
# one for a convolution of sequences, two for one of images.
#
# **The check looks at** weights with two, three and four axes, with sizes that
# all differ.

# %% nbgrader={"grade": false, "grade_id": "torch_fans", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_fans(weight):
    """How many numbers an output sums, and how many outputs an input feeds.

    Parameters
    ----------
    weight : tensor (D_out, D_in) of a linear layer, or (F, C, ...) of a
        convolution, with the sizes of the receptive field last

    Returns
    -------
    fan_in, fan_out : whole numbers

    Raises ValueError for a tensor with less than two axes.
    """
    ### BEGIN SOLUTION
    if weight.ndim < 2:
        raise ValueError("a weight has at least 2 axes")
    D_out, D_in = weight.shape[:2]
    field = weight[0, 0].numel()
    return D_in * field, D_out * field
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_fans", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_fans")

# %% [markdown]
# ## Xavier
#
# Normal or uniform, with mean 0 and $\text{Var}(w) = 1 / \text{fan}$. The
# paper's fan is the average of the two, $(\text{fan}_{in} +
# \text{fan}_{out}) / 2$, the lecture's is $\text{fan}_{in}$. A uniform
# distribution on $[-a, a]$ has the variance $a^2 / 3$.
#
# From here on a function may call those that you wrote before it. What is
# wrong there is then wrong here too, so pass the check of `torch_fans` first.
#
# **The check looks at** linear layers and convolutions in float32 and in
# float64. It draws three times: from one generator, from another, and from one
# that is like the first.

# %% nbgrader={"grade": false, "grade_id": "torch_xavier_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_xavier_normal(weight, generator, fan="average"):
    """Normal weights with mean 0 and variance 1 / fan (Glorot, Bengio 2010).

    Parameters
    ----------
    weight : tensor as for torch_fans; its numbers do not matter
    generator : torch.Generator to draw from, and from no other
    fan : "in" takes fan_in, "average" takes (fan_in + fan_out) / 2

    Returns
    -------
    new tensor like weight: same shape, dtype and device
    """
    ### BEGIN SOLUTION
    field = weight[0, 0].numel()
    fan_out, fan_in = (n * field for n in weight.shape[:2])
    count = fan_in if fan == "in" else (fan_in + fan_out) / 2
    std = (1 / count) ** 0.5
    like = {"dtype": weight.dtype, "device": generator.device}
    numbers = torch.randn(weight.shape, generator=generator, **like)
    return (std * numbers).to(weight.device)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_xavier_normal", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_xavier_normal")

# %% nbgrader={"grade": false, "grade_id": "torch_xavier_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_xavier_uniform(weight, generator, fan="average"):
    """Uniform weights with mean 0 and variance 1 / fan (Glorot, Bengio 2010).

    Parameters
    ----------
    weight : tensor as for torch_fans; its numbers do not matter
    generator : torch.Generator to draw from, and from no other
    fan : "in" takes fan_in, "average" takes (fan_in + fan_out) / 2

    Returns
    -------
    new tensor like weight: same shape, dtype and device
    """
    ### BEGIN SOLUTION
    field = weight[0, 0].numel()
    fan_out, fan_in = (n * field for n in weight.shape[:2])
    count = fan_in if fan == "in" else (fan_in + fan_out) / 2
    bound = (3 / count) ** 0.5
    like = {"dtype": weight.dtype, "device": generator.device}
    numbers = 2 * torch.rand(weight.shape, generator=generator, **like) - 1
    return (bound * numbers).to(weight.device)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_xavier_uniform", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_xavier_uniform")

# %% [markdown]
# ## Kaiming
#
# A leaky ReLU with slope $s$ keeps $(1 + s^2) / 2$ of $E[x^2]$, a ReLU half of
# it. Kaiming initialization makes up for that:
#
# $$
# \text{Var}(w) = \frac{2}{(1 + s^2)\, \text{fan}} .
# $$

# %% nbgrader={"grade": false, "grade_id": "torch_kaiming_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_kaiming_normal(weight, generator, fan="in", slope=0.0):
    """Normal weights with mean 0 and variance 2 / ((1 + slope^2) fan).

    He, Zhang, Ren and Sun 2015.

    Parameters
    ----------
    weight : tensor as for torch_fans; its numbers do not matter
    generator : torch.Generator to draw from, and from no other
    fan : "in" or "out"
    slope : of the leaky ReLU that follows; 0 is a ReLU

    Returns
    -------
    new tensor like weight: same shape, dtype and device
    """
    ### BEGIN SOLUTION
    field = weight[0, 0].numel()
    fan_out, fan_in = (n * field for n in weight.shape[:2])
    count = fan_in if fan == "in" else fan_out
    std = (2 / (1 + slope**2) / count) ** 0.5
    like = {"dtype": weight.dtype, "device": generator.device}
    numbers = torch.randn(weight.shape, generator=generator, **like)
    return (std * numbers).to(weight.device)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_kaiming_normal", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_kaiming_normal")

# %% nbgrader={"grade": false, "grade_id": "torch_kaiming_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def torch_kaiming_uniform(weight, generator, fan="in", slope=0.0):
    """Uniform weights with mean 0 and variance 2 / ((1 + slope^2) fan).

    He, Zhang, Ren and Sun 2015.

    Parameters
    ----------
    weight : tensor as for torch_fans; its numbers do not matter
    generator : torch.Generator to draw from, and from no other
    fan : "in" or "out"
    slope : of the leaky ReLU that follows; 0 is a ReLU

    Returns
    -------
    new tensor like weight: same shape, dtype and device
    """
    ### BEGIN SOLUTION
    field = weight[0, 0].numel()
    fan_out, fan_in = (n * field for n in weight.shape[:2])
    count = fan_in if fan == "in" else fan_out
    bound = (6 / (1 + slope**2) / count) ** 0.5
    like = {"dtype": weight.dtype, "device": generator.device}
    numbers = 2 * torch.rand(weight.shape, generator=generator, **like) - 1
    return (bound * numbers).to(weight.device)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_torch_kaiming_uniform", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("torch_kaiming_uniform")

# %% [markdown]
# ## What PyTorch starts from
#
# A new `torch.nn.Linear` draws its weight as Kaiming uniform with the slope
# $\sqrt 5$. Put it into the bound of your function: what is left of
# $\sqrt{6 / ((1 + s^2)\, \text{fan}_{in})}$? Then look at the largest weight,
# times $\sqrt{\text{fan}_{in}}$, and at the standard deviation, times
# $\sqrt{3\, \text{fan}_{in}}$.

# %% nbgrader={"grade": false, "grade_id": "see_default", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# torch.manual_seed(0)
# theirs = torch.nn.Linear(400, 300).weight.detach()
# generator = torch.Generator().manual_seed(0)
# yours = torch_kaiming_uniform(theirs, generator, "in", 5**0.5)
# fan_in, fan_out = torch_fans(theirs)
# for name, w in (("PyTorch's", theirs), ("yours", yours)):
#     largest = w.abs().max().item() * fan_in**0.5
#     std = w.std().item() * (3 * fan_in) ** 0.5
#     print(f"{name:10s} largest {largest:.3f}   std {std:.3f}")

# %% [markdown]
# All four are 1, but for chance: the default is uniform on
# $[-1/\sqrt{\text{fan}_{in}}, 1/\sqrt{\text{fan}_{in}}]$. Its variance is
# $1 / (3\, \text{fan}_{in})$, a sixth of what a ReLU needs.
#
# ## A network
#
# **Write** a network that starts from Kaiming initialization. PyTorch's linear
# layers come with numbers of their own, from the generator of the whole
# process: overwrite both the weight and the bias. Parameters are changed inside
# of `torch.no_grad()`.
#
# **The check looks at** the weights and biases of every layer, also of equal
# ones, at what another generator gives, and at the output after other weights
# were loaded.

# %% nbgrader={"grade": false, "grade_id": "TorchMLP", "locked": false, "schema_version": 3, "solution": true, "task": false}
class TorchMLP(torch.nn.Module):
    """Linear layers with a ReLU between each two, and none after the last.

    Parameters
    ----------
    dims : D_0, ..., D_L, numbers of units, from the input to the output
    generator : torch.Generator that all weights are drawn from

    Attributes
    ----------
    layers : torch.nn.ModuleList of L torch.nn.Linear

    Every weight is normal with mean 0 and variance 2 / fan_in, that of the
    last layer too. Every bias is 0.
    """

    def __init__(self, dims, generator):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = torch.nn.ModuleList(
            torch.nn.Linear(dims[i], dims[i + 1])
            for i in range(len(dims) - 1)
        )
        draw = {"generator": generator, "device": generator.device}
        with torch.no_grad():
            for layer in self.layers:
                numbers = torch.randn(layer.weight.shape, **draw)
                std = (2 / layer.in_features) ** 0.5
                layer.weight.copy_(std * numbers)
                layer.bias.zero_()
        ### END SOLUTION

    def forward(self, x):
        """Tensor (N, D_L) for x of shape (N, D_0)."""
        ### BEGIN SOLUTION
        *hidden, last = self.layers
        for layer in hidden:
            x = torch.relu(layer(x))
        return last(x)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_TorchMLP", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# check("TorchMLP")

# %% [markdown]
# Now compare with PyTorch's default. Before you run it: each ReLU layer of the
# default multiplies $E[h^2]$ by about a sixth. What is left of $\sqrt{E[h^2]}$
# after six layers?

# %% nbgrader={"grade": false, "grade_id": "see_layers", "locked": true, "schema_version": 3, "solution": false, "task": false} tags=["active-ipynb"]
# torch.manual_seed(0)
# generator = torch.Generator().manual_seed(0)
# dims = [512] * 7
# x = torch.randn(64, 512, generator=generator)
# default = TorchMLP(dims, generator)
# for layer in default.layers:
#     layer.reset_parameters()
# networks = {"yours": TorchMLP(dims, generator), "default": default}
# with torch.no_grad():
#     for name, network in networks.items():
#         h, sizes = x, []
#         for layer in network.layers:
#             h = torch.relu(layer(h))
#             sizes.append(f"{h.square().mean().sqrt().item():.3f}")
#         print(f"{name:8s}", *sizes)

# %% [markdown]
# Yours keeps the size, but for chance. The default loses a factor of about
# $\sqrt 6$ in each of the first layers, and less later on: its biases are not
# zero, and they are what is left in the end (*measured*).
