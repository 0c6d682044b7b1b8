"""Wrong layers for autograd around batch norm's kernels."""

from __future__ import annotations

from autograder.mistakes import Mistake

NAME = "cuda_batchnorm"


def _wrong(
    name: str, hint: str, *edits: tuple[str, str], caught_by: str = "values"
) -> Mistake:
    return Mistake(NAME, name, hint, edits, caught_by)


MISTAKES = [
    _wrong(
        "dgamma and dbeta swapped",
        "Autograd gives what you return to the inputs, in their order. What is "
        "their order?",
        ("return dx, dgamma, dbeta, None", "return dx, dbeta, dgamma, None"),
    ),
    _wrong(
        "no gradient of gamma and beta",
        "How does the optimizer learn that gamma should change?",
        ("return dx, dgamma, dbeta, None", "return dx, None, None, None"),
    ),
    _wrong(
        "one gradient too few",
        "How many arguments has the forward, beside ctx?",
        ("return dx, dgamma, dbeta, None", "return dx, dgamma, dbeta"),
    ),
    _wrong(
        "the layer's output kept in place of x",
        "Of what does your backward subtract the mean?",
        ("save_for_backward(x, gamma", "save_for_backward(out, gamma"),
    ),
    _wrong(
        "dout passed on",
        "What does the way back do, if it calls no kernel?",
        (
            "        return dx, dgamma, dbeta, None",
            "        return dout, dgamma, dbeta, None",
        ),
    ),
    _wrong(
        "eps fixed",
        "Which eps did the caller ask for?",
        ("unread, unread, 0.0, eps", "unread, unread, 0.0, 1e-5"),
    ),
    _wrong(
        "test mode on the way there",
        "Which statistics normalize in train mode?",
        (
            "        out, mean, rstd, _, _ = cuda",
            "        one = torch.ones_like(unread)\n"
            "        wrong = cuda_batchnorm_test(x, gamma, beta, unread, one, eps)\n"
            "        out, mean, rstd, _, _ = cuda",
        ),
        ("        return out\n", "        return wrong\n"),
    ),
    _wrong(
        "left to torch",
        "The values are right. Which line of yours launches a kernel?",
        (
            "    return CudaBatchNorm.apply(x, gamma, beta, eps)",
            "    return torch.nn.functional.batch_norm(\n"
            "        x, None, None, gamma, beta, True, 0.1, eps\n    )",
        ),
        caught_by="values",
    ),
    _wrong(
        "forward computed twice",
        "The budget of both ways is 8ns. What does the way back compute again?",
        (
            "        x, gamma, mean, rstd = ctx.saved_tensors\n",
            "        x, gamma, mean, rstd = ctx.saved_tensors\n"
            "        cuda_batchnorm_statistics(x)\n",
        ),
        caught_by="traffic",
    ),
]
