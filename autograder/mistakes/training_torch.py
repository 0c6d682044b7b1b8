"""Wrong losses and wrong loops over a tiny batch, on tensors."""

from __future__ import annotations

from autograder.mistakes import Mistake


def loss(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the loss."""
    return Mistake("torch_softmax_loss", name, hint, edits)


def tiny(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the loop over a tiny batch."""
    return Mistake("torch_overfit_tiny_batch", name, hint, edits)


SHIFT = "wide - wide.amax(1, keepdim=True).detach()"
CLEAR = "        W.grad = b.grad = None\n"

MISTAKES = [
    loss(
        "scores not shifted",
        "What is exp(1000) in the dtype of your scores?",
        (SHIFT, "wide"),
    ),
    loss(
        "shifted by the mean",
        "One score of a row is 2000 above another. What is left of it after "
        "your shift?",
        (SHIFT, "wide - wide.mean(1, keepdim=True)"),
    ),
    loss(
        "shifted by one number for all rows",
        "A row of scores lies 2000 below another row. What do its exponentials "
        "add up to?",
        (SHIFT, "wide - wide.amax().detach()"),
    ),
    loss(
        "log of a clipped probability",
        "What can the largest loss be, if a small number is added in the logarithm?",
        (
            "loss = (log_sum - right).mean()",
            "loss = -((right - log_sum).exp() + 1e-8).log().mean()",
        ),
    ),
    loss(
        "sum in place of the mean",
        "Which reduction does the formula ask for?",
        ("(log_sum - right).mean()", "(log_sum - right).sum()"),
    ),
    loss(
        "mean over examples and classes",
        "Which axis does the sum inside the logarithm take, and how many numbers "
        "are left for the mean?",
        ("(log_sum - right).mean()", "(log_sum - right).sum() / scores.numel()"),
    ),
    loss(
        "softmax over the batch",
        "Whose scores add up to one: those of an example or those of a class?",
        ("wide.amax(1, keepdim=True)", "wide.amax(0, keepdim=True)"),
        ("shifted.exp().sum(1).log()", "shifted.exp().sum(0).log().mean()"),
    ),
    loss(
        "the score of the right class, in every row",
        "scores[:, y] has the shape (N, N). Which of its entries do you want?",
        ("shifted.gather(1, y[:, None])[:, 0]", "shifted[:, y].mean(1)"),
    ),
    loss(
        "sign of the loss",
        "A probability is at most one. Which sign has its logarithm?",
        ("(log_sum - right).mean()", "(right - log_sum).mean()"),
    ),
    loss(
        "cut off from autograd",
        "Which line of yours does autograd not follow?",
        ("wide = scores.to(exact)", "wide = scores.to(exact).detach()"),
    ),
    loss(
        "the right scores detached",
        "Through how many paths does a score reach the loss?",
        ("[:, 0]  # (N,)", "[:, 0].detach()  # (N,)"),
    ),
    loss(
        "computed in 16 bits",
        "How many digits has bfloat16, and how many numbers do you add up?",
        ("torch.promote_types(scores.dtype, torch.float32)", "scores.dtype"),
    ),
    loss(
        "float64 computed in float32",
        "float64 has 16 digits. How many are left on the way?",
        ("torch.promote_types(scores.dtype, torch.float32)", "torch.float32"),
    ),
    loss(
        "result always in float32",
        "What dtype has the loss when the scores are bfloat16?",
        ("return loss.to(scores.dtype)", "return loss.float()"),
    ),
    loss(
        "made on the CPU",
        "On which device is your new tensor, and on which are the scores?",
        (
            "log_sum = shifted.exp().sum(1).log()",
            "log_sum = torch.zeros(len(y), dtype=exact)\n"
            "    log_sum = log_sum + shifted.exp().sum(1).log()",
        ),
    ),
    tiny(
        "gradients that pile up",
        "What is in W.grad before the second backward, and what does backward "
        "do with it?",
        (CLEAR, ""),
    ),
    tiny(
        "only the weight's gradient cleared",
        "How many leaves does your graph have?",
        (CLEAR, "        W.grad = None\n"),
    ),
    tiny(
        "a step that is not a leaf",
        "Look at W.is_leaf after your first step.",
        (
            "        with torch.no_grad():\n"
            "            W -= learning_rate * W.grad\n"
            "            b -= learning_rate * b.grad\n",
            "        W = W - learning_rate * W.grad\n"
            "        b = b - learning_rate * b.grad\n",
        ),
    ),
    tiny(
        "in place under autograd",
        "May a leaf change while autograd is watching?",
        (
            "        with torch.no_grad():\n"
            "            W -= learning_rate * W.grad\n"
            "            b -= learning_rate * b.grad\n",
            "        W -= learning_rate * W.grad\n"
            "        b -= learning_rate * b.grad\n",
        ),
    ),
    Mistake(
        "torch_overfit_tiny_batch",
        "the caller's weights changed",
        "Whose memory does your W share?",
        (
            (
                "W, b = leaf(W), leaf(b)",
                "W, b = W.detach().requires_grad_(), b.detach().requires_grad_()",
            ),
        ),
        caught_by="inputs",
    ),
    tiny(
        "losses keep their graph",
        "What does an entry of your list hold besides a number?",
        ("losses.append(loss.detach())", "losses.append(loss)"),
    ),
    tiny(
        "loss after the step",
        "The first entry is the loss before anything was learned.",
        ("        losses.append(loss.detach())\n", ""),
        (
            "            b -= learning_rate * b.grad\n",
            "            b -= learning_rate * b.grad\n"
            "            losses.append(loss_of(F.linear(x, W, b), y))\n",
        ),
    ),
    tiny(
        "uphill",
        "Does the loss fall from step to step?",
        ("W -= learning_rate * W.grad", "W += learning_rate * W.grad"),
        ("b -= learning_rate * b.grad", "b += learning_rate * b.grad"),
    ),
    tiny(
        "bias not trained",
        "How many tensors does a step change?",
        ("            b -= learning_rate * b.grad\n", ""),
    ),
    tiny(
        "mean taken twice",
        "Does the loss that you are handed divide by N already?",
        ("loss_of(F.linear(x, W, b), y)", "loss_of(F.linear(x, W, b), y) / len(y)"),
    ),
    tiny(
        "losses in the default dtype",
        "Which dtype does a new tensor get if nothing is said?",
        ("torch.stack(losses)", "torch.tensor([float(a) for a in losses])"),
    ),
]
