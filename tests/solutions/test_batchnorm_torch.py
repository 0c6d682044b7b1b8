"""The reference on tensors, against PyTorch's own layers and gradcheck."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as functional
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.reference import scripts

NAMES = scripts.namespace("batchnorm/batchnorm_torch")
SIZE = st.integers(1, 6)
SHAPES = st.one_of(
    st.tuples(st.integers(2, 9), SIZE), st.tuples(SIZE, SIZE, SIZE, SIZE)
)
MANY = settings(deadline=None, max_examples=40)


def drawn(
    shape: tuple[int, ...], dtype: torch.dtype = torch.float64
) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(sum(shape))
    sizes = (shape, shape[1:2], shape[1:2], shape)
    return [
        torch.randn(s, generator=generator, dtype=torch.float64).to(dtype)
        for s in sizes
    ]


@MANY
@given(SHAPES, st.floats(1e-5, 1))
def test_values_and_gradients_are_pytorchs(shape: tuple[int, ...], eps: float) -> None:
    x, gamma, beta, dout = drawn(shape)
    inputs = [t.clone().requires_grad_() for t in (x, gamma, beta)]
    out = NAMES["torch_batchnorm"](*inputs, eps)
    if x.numel() == x.shape[1]:  # PyTorch refuses one number a channel
        assert torch.equal(out, beta.reshape([1, -1] + [1] * (x.ndim - 2)).expand_as(x))
        return
    theirs = functional.batch_norm(
        inputs[0], None, None, *inputs[1:], training=True, eps=eps
    )
    torch.testing.assert_close(out, theirs)
    for mine, other in zip(
        torch.autograd.grad(out, inputs, dout),
        torch.autograd.grad(theirs, inputs, dout),
        strict=True,
    ):
        torch.testing.assert_close(mine, other, atol=1e-9, rtol=1e-6)


@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 2, 4)])
def test_gradcheck_passes(shape: tuple[int, ...]) -> None:
    inputs = [t.requires_grad_() for t in drawn(shape)[:3]]
    assert torch.autograd.gradcheck(NAMES["torch_batchnorm"], (*inputs, 0.1))
    module = NAMES["TorchBatchNorm"](3).double()
    assert torch.autograd.gradcheck(module, (inputs[0],))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_dtype_and_device_are_kept(dtype: torch.dtype) -> None:
    x, gamma, beta, dout = drawn((6, 3), dtype)
    inputs = [t.requires_grad_() for t in (x, gamma, beta)]
    out = NAMES["torch_batchnorm"](*inputs, 0.1)
    grads = torch.autograd.grad(out, inputs, dout)
    assert {t.dtype for t in (out, *grads)} == {dtype}
    meta = NAMES["torch_batchnorm"](*(t.detach().to("meta") for t in inputs), 0.1)
    assert (meta.device.type, meta.shape, meta.dtype) == ("meta", x.shape, dtype)


@MANY
@given(SHAPES, st.floats(0.01, 0.99))
def test_the_module_is_pytorchs(shape: tuple[int, ...], momentum: float) -> None:
    x, *_ = drawn(shape)
    if x.numel() == x.shape[1]:
        return
    kind = torch.nn.BatchNorm1d if x.ndim == 2 else torch.nn.BatchNorm2d
    theirs = kind(shape[1], eps=1e-3, momentum=momentum).double()
    mine = NAMES["TorchBatchNorm"](shape[1], 1e-3, momentum).double()
    for batch in (x, 2 * x + 1):
        torch.testing.assert_close(mine(batch), theirs(batch))
    state = theirs.state_dict()
    state.pop("num_batches_tracked")
    torch.testing.assert_close(dict(mine.state_dict()), dict(state))
    torch.testing.assert_close(mine.eval()(x), theirs.eval()(x))


def test_the_running_statistics_of_the_numpy_notebook_become_pytorchs() -> None:
    forward = scripts.namespace("batchnorm/batchnorm")["batchnorm_forward"]
    momentum, n = 0.8, 7
    batches = [drawn((n, 3))[0] * k for k in (1, 2, 3)]
    bn_param = {"mode": "train", "momentum": momentum}
    for batch in batches:
        forward(batch.numpy(), 1.0, 0.0, bn_param)
    running_var = torch.from_numpy(bn_param["running_var"])
    theirs, var = NAMES["torch_running_statistics"](momentum, running_var, n)
    layer = torch.nn.BatchNorm1d(3, momentum=theirs).double()
    layer.running_var.zero_()
    for batch in batches:
        layer(batch)
    torch.testing.assert_close(layer.running_var, var)


@pytest.mark.parametrize(
    ("layer", "norm", "shape"),
    [
        (torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), (5, 4)),
        (torch.nn.Conv2d(2, 3, (3, 5)), torch.nn.BatchNorm2d(3), (2, 2, 6, 7)),
    ],
)
def test_one_folded_layer_does_the_work_of_two(layer, norm, shape) -> None:
    torch.manual_seed(1)
    layer, norm = layer.double(), norm.double()
    x = torch.randn(shape, dtype=torch.float64)
    norm(layer(x))
    for tensor in (norm.weight, norm.bias):
        torch.nn.init.normal_(tensor)
    both = norm.eval()(layer(x))
    found = NAMES["torch_fold_batchnorm"](
        layer.weight,
        layer.bias,
        norm.weight,
        norm.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
    )
    layer.weight.data, layer.bias.data = found
    torch.testing.assert_close(layer(x), both)
