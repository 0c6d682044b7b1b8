"""Wrong solutions of overfitting a tiny batch."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_IN_PLACE_HINT = "Which of the arrays you were handed does your code write into?"

_tiny = partial(Mistake, "overfit_tiny_batch")

_LOSS = "losses[t], dscores = softmax_loss(x @ W + b, y)"
_W = "W = W - learning_rate * (x.T @ dscores)"
_B = "b = b - learning_rate * dscores.sum(axis=0)"
_FORWARD_HINT = "Which scores does your loss see?"
_DESCENT_HINT = "Do your losses fall? Which way does a gradient point?"
_SAME_POINT_HINT = "At which W and b is each of your two gradients taken?"
_SIZE_HINT = "By what is the gradient of softmax_loss divided already?"
_BIAS_HINT = "Which entries of dscores does one entry of b reach?"
_WHEN_HINT = "Which loss stands at entry 0: before the first step, or after it?"

MISTAKES = (
    _tiny(
        "gradient ascent",
        _DESCENT_HINT,
        ((_W, _W.replace("W -", "W +")), (_B, _B.replace("b -", "b +"))),
    ),
    _tiny(
        "the bias goes uphill",
        _DESCENT_HINT,
        ((_B, _B.replace("b -", "b +")),),
    ),
    _tiny(
        "the weights go uphill",
        _DESCENT_HINT,
        ((_W, _W.replace("W -", "W +")),),
    ),
    _tiny(
        "W is updated before the gradient of b is taken",
        _SAME_POINT_HINT,
        ((_B, f"_, dscores = softmax_loss(x @ W + b, y)\n        {_B}"),),
    ),
    _tiny(
        "b is updated before the gradient of W is taken",
        _SAME_POINT_HINT,
        (
            (
                _W,
                f"{_B}\n        _, dscores = softmax_loss(x @ W + b, y)\n        {_W}",
            ),
            (f"{_W}\n        {_B}", _W),
        ),
    ),
    _tiny(
        "loss after the step",
        _WHEN_HINT,
        ((_B, f"{_B}\n        losses[t], _ = softmax_loss(x @ W + b, y)"),),
    ),
    _tiny(
        "the last loss alone",
        "How many losses are asked for?",
        (("return losses, W, b", "return losses[-1], W, b"),),
    ),
    _tiny(
        "one loss too many",
        "How many losses are asked for?",
        (
            (
                "return losses, W, b",
                "losses = np.append(losses, softmax_loss(x @ W + b, y)[0])\n"
                "    return losses, W, b",
            ),
        ),
    ),
    _tiny(
        "one step too few",
        "How many times does your loop run?",
        (("range(steps)", "range(steps - 1)"),),
    ),
    _tiny(
        "losses from last to first",
        _WHEN_HINT,
        (("return losses, W, b", "return losses[::-1], W, b"),),
    ),
    _tiny(
        "sum of the losses so far",
        "Is entry t one loss, or the sum of several?",
        (("return losses, W, b", "return np.cumsum(losses), W, b"),),
    ),
    _tiny(
        "the bias is never updated",
        "Which of the two parameters does your step change?",
        ((_B, "b = b + 0"),),
    ),
    _tiny(
        "the weights are never updated",
        "Which of the two parameters does your step change?",
        ((_W, "W = W + 0"),),
    ),
    _tiny(
        "scores without the bias",
        _FORWARD_HINT,
        ((_LOSS, _LOSS.replace(" + b", "")),),
    ),
    _tiny(
        "gradients of the first step used throughout",
        _FORWARD_HINT,
        (
            (
                _LOSS,
                "losses[t], new = softmax_loss(x @ W + b, y)\n"
                "        dscores = new if t == 0 else dscores",
            ),
        ),
    ),
    _tiny(
        "gradient divided by N once more",
        _SIZE_HINT,
        ((_LOSS, f"{_LOSS}\n        dscores = dscores / len(x)"),),
    ),
    _tiny(
        "gradient multiplied by N",
        _SIZE_HINT,
        ((_LOSS, f"{_LOSS}\n        dscores = dscores * len(x)"),),
    ),
    _tiny(
        "mean in place of the sum in the gradient of b",
        _BIAS_HINT,
        ((_B, _B.replace("sum", "mean")),),
    ),
    _tiny(
        "gradient of b summed over the classes",
        _BIAS_HINT,
        ((_B, _B.replace("axis=0", "axis=1")),),
    ),
    _tiny(
        "gradient of W transposed",
        "Which shapes do x.T and dscores have, and which has W?",
        ((_W, _W.replace("x.T @ dscores", "dscores.T @ x")),),
    ),
    _tiny(
        "the first example alone",
        "How many examples does each step use?",
        (
            (_LOSS, "losses[t], dscores = softmax_loss(x[:1] @ W + b, y[:1])"),
            (_W, _W.replace("x.T", "x[:1].T")),
        ),
    ),
    _tiny(
        "one example after the other",
        "How many examples does each step use?",
        (
            (
                _LOSS,
                "losses[t] = softmax_loss(x @ W + b, y)[0]\n"
                "        k = slice(t % len(x), t % len(x) + 1)\n"
                "        _, dscores = softmax_loss(x[k] @ W + b, y[k])",
            ),
            (_W, _W.replace("x.T", "x[k].T")),
        ),
    ),
    _tiny(
        "a learning rate that decays",
        "How large is the step at t = 1?",
        ((_LOSS, f"{_LOSS}\n        dscores = dscores / (t + 1)"),),
    ),
    _tiny(
        "steps of length one",
        "How does the length of a step depend on the gradient?",
        (
            (
                _W,
                "dW = x.T @ dscores\n"
                "        W = W - learning_rate * dW / np.linalg.norm(dW)",
            ),
        ),
    ),
    _tiny(
        "the learning rate is ignored",
        "Halve the learning rate. What should happen to the first step?",
        ((_W, "W = W - x.T @ dscores"), (_B, "b = b - dscores.sum(axis=0)")),
    ),
    _tiny(
        "W changes in place",
        _IN_PLACE_HINT,
        ((_W, "W -= learning_rate * (x.T @ dscores)"),),
        caught_by="inputs",
    ),
    _tiny(
        "b changes in place",
        _IN_PLACE_HINT,
        ((_B, "b -= learning_rate * dscores.sum(axis=0)"),),
        caught_by="inputs",
    ),
    _tiny(
        "W and b change in place",
        _IN_PLACE_HINT,
        (
            (_W, "W -= learning_rate * (x.T @ dscores)"),
            (_B, "b -= learning_rate * dscores.sum(axis=0)"),
        ),
        caught_by="inputs",
    ),
)
