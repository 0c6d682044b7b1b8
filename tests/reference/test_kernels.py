"""The fast kernels against float64, in Triton's interpreter or on a GPU."""

import inspect
import os

import pytest
import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # before Triton is imported

import triton
from torch.nn import functional

from autograder.reference.kernels import (
    batchnorm,
    channels,
    elementwise,
    fill,
    groupnorm,
    launch,
    layernorm,
    layernorm_wide,
    reduce,
    rows,
)

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
LARGE_MEAN = 1e4

needs_gpu = pytest.mark.skipif(not CUDA, reason="no GPU: large shapes run natively")


@pytest.fixture
def two_processors(monkeypatch):
    """Few programs, so that each goes through many tiles of a small tensor."""
    for module in (launch, layernorm, layernorm_wide, batchnorm):
        monkeypatch.setattr(module, "multiprocessors", lambda device: 2)
    for module in (launch, channels):
        monkeypatch.setattr(module, "SHORT", 128)


@pytest.fixture
def no_registers(monkeypatch):
    """Rows that are too long for a program, at sizes that the interpreter can do."""
    monkeypatch.setattr(rows, "resident", lambda x: 8)
    monkeypatch.setattr(rows, "chunk_of", lambda D: 32)
    monkeypatch.setattr(layernorm_wide, "chunk_of", lambda D: 64)
    monkeypatch.setattr(groupnorm, "IN_REGISTERS", 8)
    monkeypatch.setattr(groupnorm, "channel_tile", lambda CG, HW: (2, 16))
    for module in (rows, groupnorm):
        monkeypatch.setattr(module, "batch_of_rows", lambda row_bytes, rows, l2: 2)


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


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("R", "D"), [(37, 33), (3, 64)])
def test_layernorm(R, D, dtype):
    got, exact = run_layernorm(*layernorm_inputs(R, D, dtype))
    assert error(got, exact) < RTOL[dtype]


def test_layernorm_of_a_row_beyond_a_block_of_a_thousand():
    got, exact = run_layernorm(*layernorm_inputs(2, 1100, torch.float32))
    assert error(got, exact) < RTOL[torch.float32]


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("dtype", SOME)
@pytest.mark.parametrize(("R", "D"), [(61, 20), (16, 128), (5, 70)])
def test_layernorm_of_programs_with_many_tiles(R, D, dtype):
    got, exact = run_layernorm(*layernorm_inputs(R, D, dtype))
    assert error(got, exact) < RTOL[dtype]


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("dtype", SOME)
@pytest.mark.parametrize("D", [64, 50])
def test_layernorm_backward_in_quarters(D, dtype, monkeypatch):
    monkeypatch.setattr(layernorm, "IN_REGISTERS", 8)
    got, exact = run_layernorm(*layernorm_inputs(7, D, dtype))
    assert error(got, exact) < RTOL[dtype]


@pytest.mark.usefixtures("two_processors", "no_registers")
@pytest.mark.parametrize("dtype", SOME)
@pytest.mark.parametrize(("R", "D"), [(5, 128), (6, 75), (1, 40)])
def test_layernorm_of_rows_in_chunks(R, D, dtype, monkeypatch):
    monkeypatch.setattr(layernorm, "IN_QUARTERS", 8)
    got, exact = run_layernorm(*layernorm_inputs(R, D, dtype))
    assert error(got, exact) < RTOL[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "G"),
    [((3, 6, 5, 5), 3), ((2, 8, 4, 4), 4), ((2, 5, 7), 5), ((2, 6, 3), 1)],
)
def test_groupnorm(shape, G, dtype):
    got, exact = run_groupnorm(G, *image_inputs(shape, dtype))
    assert error(got, exact) < RTOL[dtype]


@pytest.mark.usefixtures("no_registers")
@pytest.mark.parametrize("dtype", SOME)
@pytest.mark.parametrize(
    ("shape", "G"),
    [((3, 6, 5, 5), 2), ((2, 4, 4, 4), 2), ((2, 2, 8, 8), 2), ((2, 3, 13), 1)],
)
def test_groupnorm_in_chunks(shape, G, dtype):
    got, exact = run_groupnorm(G, *image_inputs(shape, dtype))
    assert error(got, exact) < RTOL[dtype]


def test_groups_must_divide_the_channels():
    x, gamma = draw(2, 6, 3), draw(6)
    with pytest.raises(ValueError, match="6 channels can't be split into 4 groups"):
        groupnorm.groupnorm_forward(x, gamma, gamma, 4)


SHAPES = [(5, 6, 7, 7), (40, 5), (9, 1, 33), (3, 16, 4, 4)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_batchnorm(shape, dtype):
    got, exact = run_batchnorm(*image_inputs(shape, dtype))
    assert error(got, exact) < RTOL[dtype]


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("dtype", SOME)
@pytest.mark.parametrize("shape", SHAPES)
def test_batchnorm_of_programs_with_many_tiles(shape, dtype):
    got, exact = run_batchnorm(*image_inputs(shape, dtype))
    assert error(got, exact) < RTOL[dtype]


@pytest.mark.usefixtures("two_processors")
@pytest.mark.parametrize("dtype", SOME)
def test_batchnorm_channels_last(dtype):
    dout, x, gamma, beta = image_inputs((3, 5, 6, 6), dtype)
    x = x.contiguous(memory_format=torch.channels_last)
    got, exact = run_batchnorm(dout, x, gamma, beta)
    assert error(got, exact) < RTOL[dtype]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_batchnorm_in_test_mode(dtype, last, relu):
    _, x, gamma, beta = image_inputs((3, 5, 6, 6), dtype)
    if last:
        x = x.contiguous(memory_format=torch.channels_last)
    mean, var = draw(5, seed=4), draw(5, seed=5).abs() + 0.5
    got = batchnorm.batchnorm_test(x, gamma, beta, mean, var, EPS, relu)
    doubles = (v.double() for v in (x, mean, var, gamma, beta))
    exact = functional.batch_norm(*doubles, False, 0.1, EPS)
    assert error([got], [exact.relu() if relu else exact]) < RTOL[dtype]
    assert got.stride() == x.stride()


def test_batchnorm_of_nothing_is_refused():
    with pytest.raises(ValueError, match="needs numbers"):
        batchnorm.batchnorm_forward(draw(0, 3), draw(3), draw(3))


@pytest.mark.parametrize(
    ("run", "torchs", "shape"),
    [
        (
            lambda x, g, b: layernorm.layernorm_forward(x, g, b, EPS)[0],
            lambda x, g, b: functional.layer_norm(x, x.shape[-1:], g, b, EPS),
            (6, 700),
        ),
        (
            lambda x, g, b: groupnorm.groupnorm_forward(x, g, b, 2, EPS)[0],
            lambda x, g, b: functional.group_norm(x, 2, g, b, EPS),
            (2, 6, 10, 10),
        ),
        (
            lambda x, g, b: batchnorm.batchnorm_forward(x, g, b, EPS)[0],
            lambda x, g, b: functional.batch_norm(x, None, None, g, b, True, 0.1, EPS),
            (8, 6, 10, 10),
        ),
    ],
)
def test_a_large_mean_costs_nothing(run, torchs, shape):
    """The mean is taken again from centred numbers, so float32 is not used up."""
    length = shape[-1] if len(shape) == 2 else shape[1]
    x, gamma, beta = draw(*shape, mean=LARGE_MEAN), draw(length, seed=2), draw(length)
    exact = torchs(x.double(), gamma.double(), beta.double())
    found = error([run(x, gamma, beta)], [exact])
    assert found < 2e-6
    assert found <= error([torchs(x, gamma, beta)], [exact])


@pytest.mark.usefixtures("two_processors", "no_registers")
def test_a_large_mean_in_chunks():
    x, gamma = draw(5, 200, mean=LARGE_MEAN), draw(200)
    exact = functional.layer_norm(x.double(), (200,), gamma.double(), gamma.double())
    got = layernorm.layernorm_forward(x, gamma, gamma, EPS)[0]
    assert error([got], [exact]) < 2e-6


@pytest.mark.parametrize("dtype", SOME)
def test_two_runs_give_the_same_bits(dtype, two_processors):
    given = layernorm_inputs(33, 40, dtype)
    one, two = (run_layernorm(*given)[0] for _ in range(2))
    assert all(map(torch.equal, one, two))


@pytest.mark.parametrize("name", elementwise.NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [4096, 5001])
def test_activations(name, dtype, n):
    x, dout = 2 * draw(n, dtype=dtype), draw(n, dtype=dtype, seed=1)
    exact = gradients(getattr(functional, name), dout, x)
    got = [
        elementwise.activation_forward(x, name),
        elementwise.activation_backward(dout, x, name),
    ]
    rtol = RTOL[dtype] if dtype != torch.float64 else 1e-12
    assert error(got, exact) < rtol


def test_relu_keeps_nan_and_lets_no_infinity_through():
    x = torch.tensor([torch.nan, -torch.inf, -1.0, 0.0, torch.inf], device=DEVICE)
    out = elementwise.activation_forward(x, "relu")
    assert out[0].isnan()
    assert out[1:].tolist() == [0, 0, 0, torch.inf]
    dx = elementwise.activation_backward(torch.full_like(x, torch.inf), x, "relu")
    assert dx[1:].tolist() == [0, 0, 0, torch.inf]


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="no activation 'swish'"):
        elementwise.activation_forward(draw(3), "swish")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_uniform_numbers(dtype):
    u = fill.uniform_(torch.empty(30_001, dtype=dtype, device=DEVICE), 7, -1, 3)
    u = u.double()
    assert u.min() >= -1
    assert u.max() <= 3
    assert abs(u.mean() - 1) < 4 * (16 / 12 / u.numel()) ** 0.5 + 2**-8
    counts = torch.histc(u, 20, -1, 3)
    expected = u.numel() / 20
    assert ((counts - expected) ** 2 / expected).sum() < 60  # 19 degrees of freedom


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_normal_numbers(dtype):
    x = fill.normal_(torch.empty(30_001, dtype=dtype, device=DEVICE), 7, 2.0, 3.0)
    z = (x.double() - 2) / 3
    n = z.numel()
    assert abs(z.mean()) < 4 / n**0.5 + 2**-8
    assert abs(z.var() - 1) < 4 * (2 / n) ** 0.5 + 2**-6
    assert abs((z**4).mean() - 3) < 4 * (96 / n) ** 0.5 + 2**-4
    for level in (-2.0, -1.0, 0.0, 1.0, 2.0):
        below = 0.5 * (1 + torch.erf(torch.tensor(level / 2**0.5)))
        assert abs((z < level).double().mean() - below) < 0.02
    assert abs((z[:-1] * z[1:]).mean()) < 5 / n**0.5


def test_random_numbers_depend_on_seed_and_place_alone():
    one = fill.normal_(torch.empty(5000, device=DEVICE), 3)
    assert torch.equal(one[:77], fill.normal_(torch.empty(77, device=DEVICE), 3))
    assert not torch.equal(one, fill.normal_(torch.empty(5000, device=DEVICE), 4))
    assert one.unique().numel() > 4990


def test_no_kernel_has_a_string_as_a_default():
    """Triton 3.6 can't compile a call that leaves such an argument out."""
    modules = (rows, layernorm, layernorm_wide, groupnorm, channels, batchnorm)
    for module in (*modules, elementwise, fill, reduce):
        for name, value in vars(module).items():
            if isinstance(value, triton.runtime.KernelInterface):
                parameters = inspect.signature(value.fn).parameters.values()
                assert not [p for p in parameters if isinstance(p.default, str)], name


def test_only_what_is_contiguous_can_be_filled():
    with pytest.raises(ValueError, match="contiguous"):
        fill.uniform_(torch.empty(4, 4, device=DEVICE).T, 0)


@needs_gpu
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("D", [64, 1024, 5001, 8192, 16384, 32768, 65536])
def test_layernorm_natively(D, dtype):
    got, exact = run_layernorm(*layernorm_inputs(300, D, dtype))
    assert error(got, exact) < 4 * RTOL[dtype]


@needs_gpu
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "G"),
    [((8, 320, 64, 64), 32), ((2, 128, 512, 512), 32), ((4, 64, 512, 512), 64)],
)
def test_groupnorm_natively(shape, G, dtype):
    got, exact = run_groupnorm(G, *image_inputs(shape, dtype))
    assert error(got, exact) < 4 * RTOL[dtype]


@needs_gpu
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(32, 64, 112, 112), (32, 2048, 7, 7), (65536, 128)])
def test_batchnorm_natively(shape, dtype):
    got, exact = run_batchnorm(*image_inputs(shape, dtype))
    assert error(got, exact) < 4 * RTOL[dtype]


@needs_gpu
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
