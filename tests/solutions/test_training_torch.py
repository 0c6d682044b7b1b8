"""The references on tensors, against PyTorch's own and other right routes."""

from __future__ import annotations

import itertools
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.exercises import all_exercises
from autograder.reference import scripts
from autograder.reference.recorder import PUBLIC, record
from autograder.student.replay import replay
from autograder.student.verdict import judge

functional = torch.nn.functional
NOTEBOOK = "training/training_torch"
NAMES = scripts.namespace(NOTEBOOK)
SIZE = st.integers(1, 6)
MANY = settings(deadline=None, max_examples=40)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed + sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def classes(n: int, c: int) -> torch.Tensor:
    return torch.randint(c, (n,), generator=torch.Generator().manual_seed(n))


@MANY
@given(SIZE, SIZE, st.sampled_from([0.1, 1.0, 1000.0]))
def test_the_loss_is_pytorchs(n: int, c: int, scale: float) -> None:
    scores, y = (scale * drawn(n, c)).requires_grad_(), classes(n, c)
    mine = NAMES["torch_softmax_loss"](scores, y)
    theirs = functional.cross_entropy(scores, y)
    torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(
        *(torch.autograd.grad(loss, scores)[0] for loss in (mine, theirs))
    )


def test_the_loss_passes_gradcheck() -> None:
    scores, y = drawn(4, 3).requires_grad_(), classes(4, 3)
    assert torch.autograd.gradcheck(lambda s: NAMES["torch_softmax_loss"](s, y), scores)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_the_loss_keeps_dtype_and_survives_large_scores(dtype: torch.dtype) -> None:
    scores = torch.tensor([[1000.0, -1000.0], [-1000.0, 1000.0]], dtype=dtype)
    scores.requires_grad_()
    loss = NAMES["torch_softmax_loss"](scores, torch.tensor([0, 0]))
    loss.backward()
    assert loss.dtype == dtype
    assert loss.item() == 1000
    assert scores.grad.tolist() == [[0, 0], [-0.5, 0.5]]


def test_labels_as_bytes_are_a_mask_and_as_int64_an_index() -> None:
    scores = torch.tensor([[10.0, 11.0], [20.0, 21.0]])
    labels = torch.tensor([0, 1], dtype=torch.uint8)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        masked = scores[labels]
    assert masked.tolist() == [[20, 21]]
    assert len(said) == 1
    index = NAMES["class_indices"](labels)
    assert scores[torch.arange(2), index].tolist() == [10, 21]


@MANY
@given(SIZE, SIZE, SIZE, st.integers(1, 8))
def test_a_tiny_batch_is_trained_as_by_sgd(n: int, d: int, c: int, steps: int) -> None:
    x, y, W, b = drawn(n, d), classes(n, c), drawn(c, d), drawn(c)
    layer = torch.nn.Linear(d, c).double()
    layer.load_state_dict({"weight": W, "bias": b})
    optimizer = torch.optim.SGD(layer.parameters(), 0.3)
    theirs = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(layer(x), y)
        theirs.append(loss.detach())
        loss.backward()
        optimizer.step()
    losses, W, b = NAMES["torch_overfit_tiny_batch"](
        functional.cross_entropy, x, y, W, b, 0.3, steps
    )
    torch.testing.assert_close(losses, torch.stack(theirs))
    torch.testing.assert_close(W, layer.weight)
    torch.testing.assert_close(b, layer.bias)


@MANY
@given(st.sampled_from([0.0, 0.8]), st.sampled_from([0.0, 0.3]), st.integers(1, 5))
def test_a_step_is_pytorchs(momentum: float, decay: float, steps: int) -> None:
    mine, theirs = ([NAMES["leaf"](drawn(s)) for s in (3, 4)] for _ in range(2))
    one = NAMES["TorchSGD"](mine, 0.1, momentum, decay)
    two = torch.optim.SGD(theirs, 0.1, momentum, weight_decay=decay)
    for t in range(steps):
        one.learning_rate = two.param_groups[0]["lr"] = 0.1 / (t + 1)
        for parameters, optimizer in ((mine, one), (theirs, two)):
            optimizer.zero_grad()
            NAMES["pull"](parameters[0], drawn(3, seed=t))
            if t != 1:  # the second has no gradient then
                NAMES["pull"](parameters[1], drawn(4, seed=t))
            optimizer.step()
    torch.testing.assert_close(mine, theirs)


def test_decoupled_decay_is_that_of_adamw() -> None:
    """With no gradient at all, AdamW's update is its decay."""
    mine, theirs = NAMES["leaf"](drawn(4)), NAMES["leaf"](drawn(4))
    mine.grad, theirs.grad = torch.zeros(4).double(), torch.zeros(4).double()
    NAMES["TorchSGD"]([mine], 0.1, 0.9, 0.3, True).step()
    torch.optim.AdamW([theirs], 0.1, weight_decay=0.3).step()
    torch.testing.assert_close(mine, theirs)


def test_where_the_two_decays_come_to_rest() -> None:
    """The page says: L2 and decoupled decay balance at other places."""
    found = {}
    for decoupled in (False, True):
        p = NAMES["leaf"](torch.zeros(1))
        optimizer = NAMES["TorchSGD"]([p], 0.01, 0.9, 0.5, decoupled)
        for _ in range(1000):
            optimizer.zero_grad()
            NAMES["pull"](p, torch.ones(1))
            optimizer.step()
        found[decoupled] = p.item()
    assert found[False] == pytest.approx(1 / 1.5, abs=1e-3)
    assert found[True] == pytest.approx(1 / (1 + 0.5 * (1 - 0.9)), abs=1e-3)


@MANY
@given(st.lists(st.tuples(SIZE, SIZE), min_size=1, max_size=4))
def test_update_ratios_are_those_of_the_numpy_notebook(shapes: list) -> None:
    before = [drawn(*s) for s in shapes]
    after = [p + 0.1 * drawn(*p.shape, seed=1) for p in before]
    expected = [
        ((a - p).square().sum() / p.square().sum()).sqrt()
        for p, a in zip(before, after, strict=True)
    ]
    found = NAMES["torch_update_ratios"](before, after)
    torch.testing.assert_close(found, torch.stack(expected))


@MANY
@given(st.lists(SIZE, min_size=2, max_size=5), SIZE)
def test_gradient_norms_are_those_of_a_module(sizes: list[int], n: int) -> None:
    layers = [torch.nn.Linear(i, o).double() for i, o in itertools.pairwise(sizes)]
    chain = [m for layer in layers for m in (layer, torch.nn.Tanh())][:-1]
    x, y = drawn(n, sizes[0]), classes(n, sizes[-1])
    weights, biases = [m.weight for m in layers], [m.bias for m in layers]
    norms = NAMES["torch_gradient_norms"](
        functional.cross_entropy, weights, biases, x, y
    )
    assert all(W.grad is None for W in weights)
    functional.cross_entropy(torch.nn.Sequential(*chain)(x), y).backward()
    expected = torch.stack([W.grad.norm() for W in weights])
    torch.testing.assert_close(norms, expected, atol=1e-12, rtol=1e-9)


@MANY
@given(
    st.lists(st.tuples(SIZE, SIZE), min_size=1, max_size=4),
    st.sampled_from([1e-6, 1.0, 100.0]),
    st.floats(0.01, 10),
)
def test_clipping_is_pytorchs(shapes: list, scale: float, max_norm: float) -> None:
    parameters = [drawn(*s).requires_grad_() for s in shapes]
    for p in parameters:
        p.grad = scale * drawn(*p.shape, seed=2)
    norm, clipped = NAMES["torch_clip_gradients"](
        [p.grad for p in parameters], max_norm
    )
    theirs = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    torch.testing.assert_close(norm, theirs)
    torch.testing.assert_close(clipped, [p.grad for p in parameters])


def by_logsumexp(scores, y):
    wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
    right = wide[torch.arange(len(y), device=y.device), y]
    return (torch.logsumexp(wide, 1) - right).mean().to(scores.dtype)


def by_one_hot(scores, y):
    wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
    mask = torch.arange(scores.shape[1], device=y.device) == y[:, None]
    top = wide.max(dim=1, keepdim=True).values
    log_sum = top[:, 0] + torch.log(torch.exp(wide - top).sum(dim=1))
    return (log_sum - torch.where(mask, wide, 0).sum(1)).mean().to(scores.dtype)


def by_autograd_grad(loss_of, x, y, W, b, learning_rate, steps):
    losses = torch.empty(steps, dtype=x.dtype)
    for t in range(steps):
        W, b = W.detach().requires_grad_(), b.detach().requires_grad_()
        loss = loss_of(x @ W.T + b, y)
        losses[t] = loss.item()
        dW, db = torch.autograd.grad(loss, (W, b))
        W, b = W.detach() - learning_rate * dW, b.detach() - learning_rate * db
    return losses, W, b


class ByData:
    def __init__(self, parameters, learning_rate, momentum=0, weight_decay=0, *rest):
        self.parameters, self.learning_rate = parameters, learning_rate
        self.options = (momentum, weight_decay, bool(rest and rest[0]))
        self.velocity = {}

    def zero_grad(self):
        for p in self.parameters:
            del p.grad

    def step(self):
        momentum, decay, decoupled = self.options
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            d = p.grad if decoupled else p.grad + decay * p.data
            shrink = 1 - self.learning_rate * decay * decoupled
            self.velocity[i] = momentum * self.velocity.get(i, 0) + d
            p.data = p.data * shrink - self.learning_rate * self.velocity[i]


def by_detached(before, after):
    found = [
        torch.linalg.vector_norm(a.detach() - p.detach())
        / torch.linalg.vector_norm(p.detach())
        for p, a in zip(before, after, strict=True)
    ]
    return torch.stack(found)


def by_backward(loss_of, weights, biases, x, y):
    weights = [W.detach().clone().requires_grad_() for W in weights]
    h = x
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        h = h @ W.T + b
        h = torch.tanh(h) if k < len(weights) - 1 else h
    loss_of(h, y).backward()
    return torch.stack([W.grad.square().sum().sqrt() for W in weights])


def by_one_vector(gradients, max_norm):
    norm = torch.cat([g.reshape(-1) for g in gradients]).norm()
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1)
    return norm, tuple(g * factor for g in gradients)


ROUTES = {
    "torch_softmax_loss": [by_logsumexp, by_one_hot],
    "torch_overfit_tiny_batch": [by_autograd_grad],
    "TorchSGD": [ByData],
    "torch_update_ratios": [by_detached],
    "torch_gradient_norms": [by_backward],
    "torch_clip_gradients": [by_one_vector],
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


def test_what_would_solve_the_loss_is_closed() -> None:
    entry = record(all_exercises()["torch_softmax_loss"])
    for route in (
        functional.cross_entropy,
        lambda s, y: functional.nll_loss(s.log_softmax(1), y),
        lambda s, y: -s.softmax(1)[torch.arange(len(y)), y].log().mean(),
    ):
        names = {**NAMES, "torch_softmax_loss": route}
        outcome = replay(entry.questions[0].trace, names)
        assert outcome.fault is not None
        assert outcome.fault.kind == "closed"
