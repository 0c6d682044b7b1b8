"""Wrong ways to join the kernels of layer norm in autograd."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake
from autograder.mistakes.layer_group_norm_cuda import EPS, WHO

APPLY = "return LayerNormKernels.apply(x, gamma, beta, eps)"
GRADS = "grads = cuda_layernorm_backward(dout, x, gamma, mean, rstd)"
RETURN = "return (*grads, None)"

_joined = partial(Mistake, "cuda_layernorm")

MISTAKES = [
    _joined(
        "PyTorch's layer norm in place of kernels",
        WHO,
        (
            (
                APPLY,
                "norm = torch.nn.functional.layer_norm\n"
                "    return norm(x, x.shape[1:], gamma, beta, eps)",
            ),
        ),
    ),
    _joined(
        "forward called without the Function",
        "Autograd sees torch's operations. What does it see of a kernel?",
        ((APPLY, "return cuda_layernorm_forward(x, gamma, beta, eps)[0]"),),
    ),
    _joined(
        "no gradient for eps",
        "How many arguments has the forward, and how many gradients come back?",
        ((RETURN, "return grads"),),
    ),
    _joined(
        "dgamma and dbeta swapped",
        "In which order do gamma and beta stand among the arguments of the forward?",
        (
            (
                RETURN,
                "dx, dgamma, dbeta = grads\n        return dx, dbeta, dgamma, None",
            ),
        ),
    ),
    _joined(
        "gradient from above ignored",
        "The chain rule has two factors. Where is the second?",
        ((GRADS, GRADS.replace("dout, ", "torch.ones_like(dout), ")),),
    ),
    _joined(
        "eps not passed on",
        EPS,
        ((APPLY, APPLY.replace("eps", "1e-5")),),
    ),
    _joined(
        "forward run again on the way back",
        "Count the launches. What could the forward have kept?",
        (
            (
                "ctx.save_for_backward(x, gamma, mean, rstd)",
                "ctx.save_for_backward(x, gamma, beta)\n        ctx.eps = eps",
            ),
            (
                "x, gamma, mean, rstd = ctx.saved_tensors",
                "x, gamma, beta = ctx.saved_tensors\n"
                "        again = cuda_layernorm_forward(x, gamma, beta, ctx.eps)\n"
                "        _, mean, rstd = again",
            ),
        ),
        caught_by="traffic",
    ),
    _joined(
        "dx by a kernel, dgamma and dbeta by torch",
        WHO,
        (
            (
                RETURN,
                "x_hat = (x - mean[:, None]) * rstd[:, None]\n"
                "        dgamma = (dout * x_hat).sum(0).to(gamma.dtype)\n"
                "        return grads[0], dgamma, dout.sum(0), None",
            ),
        ),
        caught_by="framework",
    ),
]
