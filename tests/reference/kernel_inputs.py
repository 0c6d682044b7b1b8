"""What the tests of the fast kernels share: inputs, runs, errors against float64."""

import os

import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

from torch.nn import functional

from autograder.reference.kernels import batchnorm, groupnorm, launch, layernorm

CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"
EPS = 1e-5
SOME = (torch.float32, torch.bfloat16)
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
# of the largest number; the interpreter cuts 16-bit numbers off where a GPU rounds
RTOL = {
    torch.float64: 2e-14,
    torch.float32: 2e-6,
    torch.bfloat16: 2**-7,
    torch.float16: 2**-10,
}


def draw(*shape, dtype=torch.float32, mean=0.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(*shape, dtype=torch.float64, generator=generator)
    return (x + mean).to(dtype).to(DEVICE)


def error(got, exact):
    """The worst result's largest difference, relative to its largest number."""
    return max(
        float((a.double() - b).abs().max() / b.abs().max().clamp_min(1e-30))
        for a, b in zip(got, exact, strict=True)
    )


def gradients(function, dout, *inputs):
    """out and the gradients of float64 copies of ``inputs``, by autograd."""
    doubles = [v.detach().double().requires_grad_() for v in inputs]
    out = function(*doubles)
    return [out.detach(), *torch.autograd.grad(out, doubles, dout.double())]


def run_norm(forward, backward, dout, x, gamma, beta):
    """out and the gradients by two kernels' calls, one handed to the other."""
    out, mean, rstd = forward(x, gamma, beta)
    got = [out, *backward(dout, x, gamma, mean, rstd)]
    assert [v.dtype for v in got] == [x.dtype, x.dtype, gamma.dtype, gamma.dtype]
    assert mean.dtype == rstd.dtype == launch.statistics_dtype(x)
    return got


def run_layernorm(dout, x, gamma, beta):
    exact = gradients(
        lambda *v: functional.layer_norm(v[0], x.shape[-1:], *v[1:], EPS),
        *(dout, x, gamma, beta),
    )
    forward, backward = layernorm.layernorm_forward, layernorm.layernorm_backward
    return run_norm(forward, backward, dout, x, gamma, beta), exact


def layernorm_inputs(R, D, dtype, mean=0.0):
    dout, x = draw(R, D, dtype=dtype, seed=1), draw(R, D, dtype=dtype, mean=mean)
    return dout, x, draw(D, dtype=dtype, seed=2), draw(D, dtype=dtype, seed=3)


def run_groupnorm(G, dout, x, gamma, beta):
    exact = gradients(
        lambda *v: functional.group_norm(v[0], G, *v[1:], EPS), dout, x, gamma, beta
    )
    got = run_norm(
        lambda x, gamma, beta: groupnorm.groupnorm_forward(x, gamma, beta, G, EPS),
        lambda *v: groupnorm.groupnorm_backward(*v, G),
        *(dout, x, gamma, beta),
    )
    return got, exact


def image_inputs(shape, dtype, mean=0.0):
    dout, x = draw(*shape, dtype=dtype, seed=1), draw(*shape, dtype=dtype, mean=mean)
    return dout, x, draw(shape[1], dtype=dtype, seed=2), draw(shape[1], dtype=dtype)


def run_batchnorm(dout, x, gamma, beta):
    exact = gradients(
        lambda *v: functional.batch_norm(v[0], None, None, *v[1:], True, 0.1, EPS),
        *(dout, x, gamma, beta),
    )
    forward, backward = batchnorm.batchnorm_forward, batchnorm.batchnorm_backward
    got = run_norm(forward, backward, dout, x, gamma, beta)
    assert got[0].stride() == got[1].stride() == x.stride()
    return got, exact
