"""The references on tensors, against PyTorch's own and other right routes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import all_exercises
from autograder.reference import scripts
from autograder.reference.recorder import PUBLIC, record
from autograder.student.replay import replay
from autograder.student.verdict import judge

NAMES = scripts.namespace("preprocessing/preprocessing_torch")
SIZE = st.integers(1, 5)
SHAPES = st.tuples(SIZE, SIZE, SIZE, SIZE)
MANY = settings(deadline=None, max_examples=40)
DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed + sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@MANY
@given(SHAPES)
def test_images_are_prepared_pixel_by_pixel(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(sum(shape))
    images = rng.integers(0, 256, shape).astype(np.uint8)
    mean, std = rng.uniform(0.3, 0.6, shape[3]), rng.uniform(0.2, 0.3, shape[3])
    found = NAMES["torch_prepare_images"](
        *(torch.from_numpy(a) for a in (images, mean, std))
    )
    n, h, w, c = (int(rng.integers(size)) for size in shape)
    expected = (images[n, h, w, c] / 255 - mean[c]) / std[c]
    assert found.shape == (shape[0], shape[3], *shape[1:3])
    assert found[n, c, h, w].item() == pytest.approx(expected)


@MANY
@given(SHAPES)
def test_a_standardized_split_has_mean_0_and_std_1(shape: tuple[int, ...]) -> None:
    x = 5 + 3 * drawn(*shape)
    module = NAMES["TorchStandardize"](shape[1], 1e-12)
    assert module.fit(x) is module
    out = module(x)
    zeros = torch.zeros(shape[1]).double()
    torch.testing.assert_close(out.mean((0, 2, 3)), zeros, atol=1e-12, rtol=0)
    if x.numel() > x.shape[1]:
        torch.testing.assert_close(out.std((0, 2, 3), correction=0), zeros + 1)
    assert torch.equal(module.eval()(x), out)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_module_keeps_the_dtype_and_has_no_parameters(dtype: torch.dtype) -> None:
    x = (100 + drawn(4, 2, 3, 3)).to(dtype)
    module = NAMES["TorchStandardize"](2).fit(x)
    assert module(x).dtype == dtype
    assert list(module.parameters()) == []
    other = NAMES["TorchStandardize"](2)
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(x), module(x))


def test_the_module_is_differentiable_in_its_input() -> None:
    x = drawn(2, 3, 2, 2)
    module = NAMES["TorchStandardize"](3).fit(x)
    assert torch.autograd.gradcheck(module, x.requires_grad_())


def test_sixteen_bits_leave_few_values() -> None:
    """The page says that nothing brings back what rounding took away."""
    x = 1000 + drawn(50, 1, 8, 8)
    module = NAMES["TorchStandardize"](1).fit(x)
    left = {d: len(module(x.to(d)).unique()) for d in DTYPES}
    assert left[torch.float64] == x.numel()
    assert left[torch.float16] < 30
    assert left[torch.bfloat16] < 5


@MANY
@given(st.lists(SIZE, min_size=1, max_size=6), SIZE, SIZE, st.sampled_from([0.0, 1e4]))
def test_a_stream_has_the_statistics_of_all_its_batches(
    counts: list[int], channels: int, width: int, level: float
) -> None:
    batches = [
        level + i + drawn(n, channels, 2, width, seed=i) for i, n in enumerate(counts)
    ]
    mean, std = NAMES["torch_channel_statistics"](NAMES["stream"](batches))
    everything = torch.cat(batches)
    torch.testing.assert_close(mean, everything.mean((0, 2, 3)))
    torch.testing.assert_close(std, everything.std((0, 2, 3), correction=0))


def test_a_stream_reuses_its_memory() -> None:
    batches = [drawn(2, 1, 1, 1), drawn(2, 1, 1, 1, seed=9)]
    one, two = NAMES["stream"](batches)
    assert torch.equal(one, two)


@MANY
@given(st.integers(2, 8), st.integers(1, 5), st.sampled_from([1e-3, 0.3, 7.0]))
def test_pca_and_zca_are_those_of_the_covariance(n: int, d: int, eps: float) -> None:
    x, test = 3 + drawn(n, d), drawn(4, d, seed=1)
    mean, cov = x.mean(0), torch.cov(x.T, correction=0).reshape(d, d)
    k = min(n - 1, d)
    train, projected = NAMES["torch_pca"](x, test, k)
    values = torch.linalg.eigvalsh(cov).flip(0)[:k]
    close = {"atol": 1e-9, "rtol": 1e-7}
    torch.testing.assert_close(train.square().mean(0), values, **close)
    assert projected.shape == (4, k)
    _, white = NAMES["torch_zca"](x, test, eps)
    # The square of the matrix is the inverse of the covariance with eps.
    eye = torch.eye(d, dtype=torch.float64)
    back = torch.linalg.solve(cov + eps * eye, (test - mean).T).T
    torch.testing.assert_close(white.square().sum(1), (back * (test - mean)).sum(1))


@pytest.mark.parametrize("name", ["torch_pca", "torch_zca"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_are_kept(name: str, dtype: torch.dtype) -> None:
    x = drawn(6, 3).to(dtype)
    assert {t.dtype for t in NAMES[name](x, x[:2], 1)} == {dtype}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_linalg_refuses_sixteen_bits(dtype: torch.dtype) -> None:
    for function in (torch.linalg.eigh, torch.linalg.svd):
        with pytest.raises(RuntimeError, match="not implemented"):
            function(torch.eye(2, dtype=dtype))


def by_loop(images, mean, std):
    planes = [
        (images[..., c].to(mean.dtype) / 255 - mean[c]) / std[c]
        for c in range(images.shape[3])
    ]
    return torch.stack(planes, dim=1)


def by_movedim(images, mean, std):
    out = (images.to(mean.dtype).div(255) - mean) / std
    return out.movedim(-1, 1).contiguous()


class ByMoments(torch.nn.Module):
    def __init__(self, num_channels, floor=1e-6):
        super().__init__()
        self.register_buffer("mean", torch.zeros(num_channels, dtype=torch.float64))
        self.register_buffer("std", torch.ones(num_channels, dtype=torch.float64))
        self.floor = floor

    def fit(self, x_train):
        flat = x_train.double().transpose(0, 1).flatten(1)
        self.mean.copy_(flat.mean(1))
        self.std.copy_((flat - self.mean[:, None]).square().mean(1).sqrt())

    def forward(self, x):
        shape = (1, -1, 1, 1)
        scale = torch.clamp(self.std, min=self.floor).view(shape)
        return ((x.double() - self.mean.view(shape)) / scale).type_as(x)


def by_shift(batches):
    """Sums of the differences to the mean of the first batch."""
    n = total = squares = 0
    shift = None
    for batch in batches:
        flat = batch.double().transpose(0, 1).flatten(1)  # (C, n)
        shift = flat.mean(1, keepdim=True) if shift is None else shift
        n += flat.shape[1]
        total = total + (flat - shift).sum(1)
        squares = squares + (flat - shift).square().sum(1)
        dtype = batch.dtype
    mean = shift[:, 0] + total / n
    return mean.to(dtype), ((squares - total**2 / n) / n).clamp(min=0).sqrt().to(dtype)


def by_keeping_copies(batches):
    everything = torch.cat([b.clone() for b in batches])
    wide = everything.double()
    std = wide.std((0, 2, 3), correction=0)
    return wide.mean((0, 2, 3)).to(everything.dtype), std.to(everything.dtype)


def pca_by_svd(x_train, x_test, k):
    wide, other = x_train.double(), x_test.double()
    mean = wide.mean(0)
    _, _, rows = torch.linalg.svd(wide - mean, full_matrices=False)
    directions = NAMES["fix_signs"](rows[:k].T)
    return tuple(((a - mean) @ directions).to(x_train.dtype) for a in (wide, other))


def zca_by_svd(x_train, x_test, eps):
    wide, other = x_train.double(), x_test.double()
    mean = wide.mean(0)
    _, sizes, rows = torch.linalg.svd(wide - mean, full_matrices=True)
    values = torch.zeros(wide.shape[1], dtype=wide.dtype)
    values[: len(sizes)] = sizes**2 / len(wide)
    matrix = rows.T @ torch.diag((values + eps) ** -0.5) @ rows
    return tuple(((a - mean) @ matrix).to(x_train.dtype) for a in (wide, other))


def zca_by_float32(x_train, x_test, eps):
    exact = torch.promote_types(x_train.dtype, torch.float32)
    wide, other = x_train.to(exact), x_test.to(exact)
    cov = torch.cov(wide.T, correction=0).reshape(wide.shape[1], -1)
    values, vectors = torch.linalg.eigh(cov)
    matrix = vectors @ torch.diag(torch.rsqrt(values + eps)) @ vectors.mT
    mean = wide.mean(0)
    return tuple(((a - mean) @ matrix).to(x_train.dtype) for a in (wide, other))


ROUTES = {
    "torch_prepare_images": [by_loop, by_movedim],
    "TorchStandardize": [ByMoments],
    "torch_channel_statistics": [by_shift, by_keeping_copies],
    "torch_pca": [pca_by_svd],
    "torch_zca": [zca_by_svd, zca_by_float32],
}


@pytest.mark.parametrize("secret", [PUBLIC, b"one", b"two", b"three", b"four"])
@pytest.mark.parametrize(
    ("name", "route"),
    [pytest.param(n, r, id=r.__name__) for n, found in ROUTES.items() for r in found],
)
def test_another_right_route_passes(name, route, secret) -> None:
    entry = record(all_exercises()[name], secret)
    names = {**NAMES, name: route}
    result = judge(entry, [replay(q.trace, names) for q in entry.questions])
    failure = result.first_failure()
    assert failure is None, (failure.kind, failure.symptom(), failure.outcome.fault)
