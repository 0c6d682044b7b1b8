"""The fast norms against float64, in Triton's interpreter or on a GPU."""

import inspect

import pytest
import torch

from tests.reference.kernel_inputs import (  # first: it asks for the interpreter
    DTYPES,
    EPS,
    RTOL,
    SOME,
    draw,
    error,
    image_inputs,
    layernorm_inputs,
    run_batchnorm,
    run_groupnorm,
    run_layernorm,
)

import triton  # isort: skip
from torch.nn import functional  # isort: skip

from autograder.reference.kernels import (  # isort: skip
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

LARGE_MEAN = 1e4


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


def test_no_kernel_has_a_string_as_a_default():
    """Triton 3.6 can't compile a call that leaves such an argument out."""
    modules = (rows, layernorm, layernorm_wide, groupnorm, channels, batchnorm)
    for module in (*modules, elementwise, fill, reduce):
        for name, value in vars(module).items():
            if isinstance(value, triton.runtime.KernelInterface):
                parameters = inspect.signature(value.fn).parameters.values()
                assert not [p for p in parameters if isinstance(p.default, str)], name
