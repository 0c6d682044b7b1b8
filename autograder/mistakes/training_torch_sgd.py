"""Wrong optimizers on tensors."""

from __future__ import annotations

from autograder.mistakes import Mistake


def sgd(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the optimizer."""
    return Mistake("TorchSGD", name, hint, edits)


DECAY = "d = d + self.weight_decay * p"
VELOCITY = "v.mul_(self.momentum).add_(d)"
MOVE = "p.sub_(self.learning_rate * v)"
SHRINK = "p.mul_(1 - self.learning_rate * self.weight_decay)"

MISTAKES = [
    sgd(
        "zero_grad that does nothing",
        "Print p.grad before and after zero_grad.",
        ("            p.grad = None\n", "            p = None\n"),
    ),
    sgd(
        "gradients set to zero",
        "Momentum goes on without a gradient. Which tensors does step move that took "
        "no part in the loss?",
        (
            "            p.grad = None\n",
            "            if p.grad is not None:\n                p.grad.zero_()\n",
        ),
    ),
    sgd(
        "step clears the gradients",
        "Who clears gradients, and who wants to see them after a step?",
        (MOVE, f"{MOVE}\n                p.grad = None"),
    ),
    sgd(
        "in place under autograd",
        "May a leaf change while autograd is watching?",
        ("with torch.no_grad():", "with torch.enable_grad():"),
    ),
    sgd(
        "new tensors in place of the old ones",
        "Which tensor does the network hold, and which one does your step make?",
        (MOVE, "p = p - self.learning_rate * v"),
        (SHRINK, "p = p * (1 - self.learning_rate * self.weight_decay)"),
    ),
    sgd(
        "velocity made of steps",
        "Change the learning rate between two steps. Which of the two momentum "
        "conventions is yours?",
        (VELOCITY, "v.mul_(self.momentum).add_(self.learning_rate * d)"),
        (MOVE, "p.sub_(v)"),
    ),
    sgd(
        "velocity as a running mean",
        "With momentum 0.8 and a gradient that stays the same, how large does "
        "PyTorch's velocity get?",
        (VELOCITY, "v.mul_(self.momentum).add_((1 - self.momentum) * d)"),
    ),
    sgd(
        "no momentum",
        "What does step remember from the step before?",
        (VELOCITY, "v.copy_(d)"),
    ),
    sgd(
        "decay with the wrong sign",
        "Without a gradient, does the parameter shrink or grow?",
        (DECAY, "d = d - self.weight_decay * p"),
        (SHRINK, "p.mul_(1 + self.learning_rate * self.weight_decay)"),
    ),
    sgd(
        "decay of twice the size",
        "What is the derivative of half the square?",
        (DECAY, "d = d + 2 * self.weight_decay * p"),
        (SHRINK, "p.mul_(1 - 2 * self.learning_rate * self.weight_decay)"),
    ),
    sgd(
        "decay without the learning rate",
        "Set the learning rate to zero. Does the parameter stay?",
        (SHRINK, "p.mul_(1 - self.weight_decay)"),
    ),
    sgd(
        "L2 term behind the momentum",
        "Does the L2 term go through the velocity? It is part of the gradient.",
        (f"                else:\n                    {DECAY}\n", ""),
        (
            MOVE,
            "if not self.decoupled:\n"
            "                    v = v + self.weight_decay * p\n"
            f"                {MOVE}",
        ),
    ),
    sgd(
        "decoupled decay through the momentum",
        "What is left to tell your two kinds of decay apart?",
        ("if self.decoupled:", "if False:"),
    ),
    sgd(
        "both kinds of decay at once",
        "How often is a parameter made smaller if decoupled is true?",
        (
            f"                else:\n                    {DECAY}\n",
            f"                {DECAY}\n",
        ),
    ),
    sgd(
        "decay after the step",
        "To which value of p does the formula apply the decay, the one before the "
        "step or the one after?",
        (
            f"                    {SHRINK}\n",
            "                    pass\n",
        ),
        (
            MOVE,
            f"{MOVE}\n                if self.decoupled:\n                    {SHRINK}",
        ),
    ),
    sgd(
        "decay of parameters without a gradient",
        "What does step do with a parameter that took no part in the loss?",
        (
            "                if p.grad is None:\n                    continue\n",
            "",
        ),
        ("d = p.grad\n", "d = gradient_of(p)\n"),
    ),
    sgd(
        "a missing gradient not handled",
        "What is p.grad of a parameter that took no part in the loss?",
        (
            "                if p.grad is None:\n                    continue\n",
            "",
        ),
    ),
    sgd(
        "stops at the first missing gradient",
        "One parameter has no gradient. What about those behind it in the list?",
        ("continue", "break"),
    ),
    sgd(
        "decay written into the gradient",
        "Whose memory is changed by an operation in place on p.grad?",
        (DECAY, "d.add_(p, alpha=self.weight_decay)"),
    ),
    sgd(
        "learning rate read once",
        "Set optimizer.learning_rate between two steps. Does your step see it?",
        (
            "self.weight_decay, self.decoupled = weight_decay, decoupled",
            "self.weight_decay, self.decoupled = weight_decay, decoupled\n"
            "        self.rate = learning_rate",
        ),
        (MOVE, "p.sub_(self.rate * v)"),
        (SHRINK, "p.mul_(1 - self.rate * self.weight_decay)"),
    ),
]
