"""Wrong update ratios, gradient norms and clipping on tensors."""

from __future__ import annotations

from autograder.mistakes import Mistake


def ratios(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the update ratios."""
    return Mistake("torch_update_ratios", name, hint, edits)


def norms(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the gradient norms."""
    return Mistake("torch_gradient_norms", name, hint, edits)


def clip(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the clipping."""
    return Mistake("torch_clip_gradients", name, hint, edits)


FACTOR = "(max_norm / (norm + 1e-6)).clamp(max=1.0)"
GRADIENTS = "gradients = torch.autograd.grad(loss, weights)"

MISTAKES = [
    ratios(
        "ratios keep their graph",
        "What does a ratio hold besides a number, if a parameter requires gradients?",
        ("with torch.no_grad():", "with torch.enable_grad():"),
    ),
    ratios(
        "size after the step",
        "Beside what is the update measured: the tensor before or after?",
        ("for p in before]", "for p in after]"),
    ),
    ratios(
        "ratio upside down",
        "Should a small step give a small number or a large one?",
        (
            "torch.stack(steps) / torch.stack(sizes)",
            "torch.stack(sizes) / torch.stack(steps)",
        ),
    ),
    ratios(
        "size of after in place of the update",
        "A step of nothing has which ratio?",
        ("(a - p).norm()", "a.norm()"),
    ),
    ratios(
        "squared norms",
        "Is there a root in the formula?",
        ("(a - p).norm()", "(a - p).square().sum()"),
        ("p.norm() for p in before", "p.square().sum() for p in before"),
    ),
    ratios(
        "standard deviations in place of norms",
        "What does a standard deviation do with the mean?",
        ("(a - p).norm()", "(a - p).std()"),
        ("p.norm() for p in before", "p.std() for p in before"),
    ),
    ratios(
        "largest entries in place of norms",
        "Which norm does the formula mean?",
        ("(a - p).norm()", "(a - p).abs().max()"),
        ("p.norm() for p in before", "p.abs().max() for p in before"),
    ),
    ratios(
        "mean of the ratios of single entries",
        "One entry is close to zero. What does it do to your ratio?",
        (
            "torch.stack(steps) / torch.stack(sizes)",
            "torch.stack([((a - p) / p).abs().mean()\n"
            "                            for p, a in zip(before, after)])",
        ),
    ),
    ratios(
        "a small number in the denominator",
        "What is the ratio of a tensor of zeros to be?",
        ("/ torch.stack(sizes)", "/ (torch.stack(sizes) + 1e-8)"),
    ),
    ratios(
        "one ratio for all tensors",
        "How many numbers does a network of three tensors have here?",
        (
            "torch.stack(steps) / torch.stack(sizes)",
            "torch.stack(steps).norm() / torch.stack(sizes).norm()",
        ),
    ),
    ratios(
        "update computed in place",
        "Whose memory does an operation with an underscore change?",
        ("(a - p).norm()", "a.sub_(p).norm()"),
    ),
    norms(
        "gradients left behind",
        "Compare the .grad of a weight before and after your function.",
        ("weights = [leaf(W) for W in weights]", "caller = weights"),
        (GRADIENTS, "loss.backward()\n    gradients = [W.grad for W in caller]"),
    ),
    norms(
        "the graph of the gradients kept",
        "Will anybody ask for second derivatives?",
        (
            GRADIENTS,
            "gradients = torch.autograd.grad(loss, weights, create_graph=True)",
        ),
    ),
    norms(
        "tanh on the scores too",
        "How many tanh does the formula have for three layers?",
        ("    loss =", "    scores = torch.tanh(scores)\n    loss ="),
    ),
    norms(
        "no tanh",
        "What lies between two linear layers?",
        ("torch.tanh(F.linear(h, W, b))", "F.linear(h, W, b)"),
    ),
    norms(
        "relu in place of tanh",
        "Which activation does the network have?",
        ("torch.tanh(F.linear(h, W, b))", "torch.relu(F.linear(h, W, b))"),
    ),
    norms(
        "weights not transposed",
        "Which axis of a PyTorch weight counts outputs? Square weights hide it.",
        ("torch.tanh(F.linear(h, W, b))", "torch.tanh(h @ W + b)"),
        ("F.linear(h, weights[-1], biases[-1])", "h @ weights[-1] + biases[-1]"),
    ),
    norms(
        "biases left out",
        "What does a layer add to the product?",
        ("F.linear(h, W, b)", "F.linear(h, W)"),
        ("F.linear(h, weights[-1], biases[-1])", "F.linear(h, weights[-1])"),
    ),
    norms(
        "last layer first",
        "In which order does backward meet the layers, and in which are they asked?",
        ("for g in gradients]", "for g in gradients[::-1]]"),
    ),
    norms(
        "norms of the weights",
        "Which tensor's norm says whether a layer learns?",
        ("[g.norm() for g in gradients]", "[W.detach().norm() for W in weights]"),
    ),
    norms(
        "relative to the last layer",
        "The NumPy notebook's report divides. Does this one?",
        (
            "torch.stack([g.norm() for g in gradients])",
            "torch.stack([g.norm() / gradients[-1].norm() for g in gradients])",
        ),
    ),
    norms(
        "mean of squares in place of the norm",
        "Does a norm divide by how many numbers there are?",
        ("[g.norm() for g", "[g.square().mean().sqrt() for g"),
    ),
    norms(
        "sum in place of the mean loss",
        "What does doubling the batch do to your norms?",
        ("loss_of(scores, y)", "loss_of(scores, y) * len(y)"),
    ),
    clip(
        "each tensor clipped by itself",
        "Does your gradient still point in the same direction?",
        (
            "clipped = [g * factor for g in gradients]",
            "clipped = [g * (max_norm / (g.norm() + 1e-6)).clamp(max=1.0)\n"
            "               for g in gradients]",
        ),
    ),
    clip(
        "every number clipped by itself",
        "Does your gradient still point in the same direction?",
        (
            "clipped = [g * factor for g in gradients]",
            "clipped = [g.clamp(-max_norm, max_norm) for g in gradients]",
        ),
    ),
    clip(
        "norms added up",
        "Put two tensors into one vector. Is its norm the sum of theirs?",
        (
            "torch.stack([g.norm() for g in gradients]).norm()",
            "torch.stack([g.norm() for g in gradients]).sum()",
        ),
    ),
    clip(
        "largest norm in place of all",
        "Put two tensors into one vector. How long is it?",
        (
            "torch.stack([g.norm() for g in gradients]).norm()",
            "torch.stack([g.norm() for g in gradients]).max()",
        ),
    ),
    clip(
        "short gradients stretched",
        "What is the factor of a gradient that is short enough?",
        (FACTOR, "max_norm / (norm + 1e-6)"),
    ),
    clip(
        "without the small number",
        "What is the convention at a norm of 0.00001, and at a norm of zero?",
        (FACTOR, "(max_norm / norm).clamp(max=1.0).nan_to_num(1.0)"),
    ),
    clip(
        "norm after clipping",
        "Which norm does one want to see in the log?",
        (
            "clipped = [g * factor for g in gradients]",
            "clipped = [g * factor for g in gradients]\n    norm = norm * factor",
        ),
    ),
    clip(
        "squared norm",
        "Is there a root in the formula?",
        ("for g in gradients]).norm()", "for g in gradients]).square().sum()"),
    ),
    clip(
        "clipped in place",
        "What is in the caller's list after your function?",
        ("[g * factor for g in gradients]", "[g.mul_(factor) for g in gradients]"),
    ),
    clip(
        "always scaled to the bound",
        "What is the factor of a gradient that is short enough?",
        (FACTOR, "max_norm / norm.clamp(min=1e-6)"),
    ),
]
