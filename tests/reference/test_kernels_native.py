"""The fast kernels on a GPU, on shapes that the interpreter would take hours for."""

import pytest
import torch

from tests.reference.kernel_inputs import (
    CUDA,
    DEVICE,
    DTYPES,
    EPS,
    RTOL,
    draw,
    error,
    image_inputs,
    layernorm_inputs,
    run_batchnorm,
    run_groupnorm,
    run_layernorm,
)

from autograder.reference.kernels import batchnorm, elementwise, layernorm  # isort: skip

pytestmark = pytest.mark.skipif(not CUDA, reason="no GPU: large shapes run natively")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("D", [64, 1024, 5001, 8192, 16384, 32768, 65536])
def test_layernorm_natively(D, dtype):
    got, exact = run_layernorm(*layernorm_inputs(300, D, dtype))
    assert error(got, exact) < 4 * RTOL[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "G"),
    [((8, 320, 64, 64), 32), ((2, 128, 512, 512), 32), ((4, 64, 512, 512), 64)],
)
def test_groupnorm_natively(shape, G, dtype):
    got, exact = run_groupnorm(G, *image_inputs(shape, dtype))
    assert error(got, exact) < 4 * RTOL[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(32, 64, 112, 112), (32, 2048, 7, 7), (65536, 128)])
def test_batchnorm_natively(shape, dtype):
    got, exact = run_batchnorm(*image_inputs(shape, dtype))
    assert error(got, exact) < 4 * RTOL[dtype]


def test_numbers_beyond_two_to_the_31():
    """The last rows of a tensor whose offsets do not fit in 32 bits."""
    R, D = 2**21 + 5, 1024
    x = torch.randn(R, D, dtype=torch.bfloat16, device=DEVICE)
    gamma, last = draw(D, dtype=torch.bfloat16), slice(-9, None)
    out, mean, rstd = layernorm.layernorm_forward(x, gamma, gamma, EPS)
    alone = layernorm.layernorm_forward(x[last], gamma, gamma, EPS)
    assert torch.equal(out[last], alone[0])
    dx, *_ = layernorm.layernorm_backward(x, x, gamma, mean, rstd)
    given = x[last], x[last], gamma, mean[last], rstd[last]
    assert torch.equal(dx[last], layernorm.layernorm_backward(*given)[0])
    del out, dx
    out = elementwise.activation_forward(x, "relu")
    assert torch.equal(out[last], x[last].relu())
    out = batchnorm.batchnorm_test(x, *[gamma.float().abs()] * 4)
    alone = batchnorm.batchnorm_test(x[last], *[gamma.float().abs()] * 4)
    assert torch.equal(out[last], alone)
