"""A check sees the library that would solve the exercise."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from autograder.student import closed
from autograder.student.closed import Closed, closing, used

PACKAGES = ("scipy", "sklearn")
X = torch.arange(12.0).reshape(3, 4) / 7 - 1


def notebook(text: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(text, names)
    return names


USES = {
    "a name": "from scipy.special import expit\ndef f(x): return expit(x)",
    "another name": "from scipy.special import expit as e\ndef f(x): return e(x)",
    "a module": "import scipy.special as s\ndef f(x): return s.expit(x)",
    "inside": "import scipy.special\ndef f(x):\n    g = lambda y: scipy.special\n",
    "a helper": "from scipy.stats import norm\ndef g(x): return norm.cdf(x)\n"
    "def f(x): return g(x)",
    "a helper's helper": "import scipy\ndef h(x): return scipy\n"
    "def g(x): return h(x)\ndef f(x): return g(x)",
    "itself": "import scipy\ndef f(x): return f(x - 1) if x else scipy",
}


@pytest.mark.parametrize("text", USES.values(), ids=USES)
def test_a_closed_package_is_seen(text: str) -> None:
    assert used(notebook(text)["f"], PACKAGES).startswith("scipy")


HONEST = {
    "NumPy": "import numpy as np\ndef f(x): return np.tanh(x)",
    "not used": "import scipy.special\ndef f(x): return x",
    "a name alone": "import numpy as scipy\ndef f(x): return scipy.exp(x)",
    "an attribute": "import numpy as np\ndef f(x): return x.scipy",
    "no function": "f = 3",
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_what_is_open_is_not(text: str) -> None:
    assert used(notebook(text)["f"], PACKAGES) == ""


CALLS = {
    "torch.nn.functional.layer_norm": (
        lambda: functional.layer_norm(X, (4,)),
        lambda: torch.nn.LayerNorm(4)(X),
        lambda: torch.native_layer_norm(X, [4], None, None, 1e-5),
    ),
    "torch.nn.functional.batch_norm": (
        lambda: functional.batch_norm(X, None, None, training=True),
        lambda: functional.batch_norm(X, X[0], X[1] ** 2, training=False),
        lambda: torch.nn.BatchNorm1d(4)(X),
        lambda: functional.instance_norm(X.reshape(1, 3, 4)),
    ),
    "torch.nn.functional.group_norm": (
        lambda: functional.group_norm(X, 2),
        lambda: torch.nn.GroupNorm(2, 4)(X),
    ),
    "torch.nn.functional.gelu": (
        lambda: functional.gelu(X),
        lambda: torch.nn.GELU()(X),
    ),
    "torch.nn.functional.relu": (
        lambda: X.relu(),
        lambda: torch.relu_(X.clone()),
        lambda: functional.relu(X),
    ),
    "torch.nn.functional.elu": (lambda: functional.elu(X), lambda: functional.selu(X)),
    "torch.nn.functional.silu": (lambda: functional.silu(X),),
    "torch.nn.functional.prelu": (lambda: functional.prelu(X, torch.ones(4)),),
    "torch.sigmoid": (lambda: X.sigmoid(), lambda: torch.special.expit(X)),
    "torch.nn.functional.log_softmax": (
        lambda: functional.cross_entropy(X, torch.tensor([0, 1, 2])),
    ),
}
EACH = [
    pytest.param(n, f, id=f"{n} {i}")
    for n, fs in CALLS.items()
    for i, f in enumerate(fs)
]


@pytest.mark.parametrize(("name", "call"), EACH)
def test_a_closed_function_is_seen_by_whatever_name(name: str, call) -> None:
    with closing((name,)), pytest.raises(Closed, match=name):
        call()
    call()  # and is open again


@pytest.mark.parametrize(("name", "call"), EACH)
def test_other_functions_stay_open(name: str, call) -> None:
    others = tuple(n for n in closed.OPERATORS if n != name)
    with closing(others):
        call()


def clipped() -> list[torch.Tensor]:
    p = torch.nn.Parameter(torch.ones(3))
    p.grad = torch.ones(3)
    return [p]


OPTIM = torch.optim.SGD(clipped(), 0.1)
EMPTIED = {
    "torch.optim": (
        lambda: torch.optim.SGD(clipped(), 0.1),
        lambda: torch.optim.AdamW(clipped()),
        OPTIM.step,
        lambda: torch.optim.SGD.step.__wrapped__(OPTIM),
        OPTIM.zero_grad,
    ),
    "torch.nn.utils.clip_grad": (
        lambda: torch.nn.utils.clip_grad_norm_(clipped(), 1.0),
        lambda: torch.nn.utils.get_total_norm(clipped()),
    ),
}


@pytest.mark.parametrize(
    ("name", "call"), [(n, f) for n, fs in EMPTIED.items() for f in fs]
)
def test_a_closed_module_is_closed_whoever_holds_its_functions(
    name: str, call: Callable[[], object]
) -> None:
    assert closed.is_function(name)
    with closing((name,)), closing((name,)), pytest.raises(Closed, match=name):
        call()
    call()  # and is open again


def test_elementary_operations_are_open() -> None:
    with closing(tuple(closed.OPERATORS)):
        x = X.clone().requires_grad_()
        hat = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + 1e-5).sqrt()
        out = 0.5 * hat * (1 + torch.erf(hat / math.sqrt(2)))
        out.clamp(min=0).where(out > 0, torch.expm1(out)).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_a_closed_module_is_open_to_pytorchs_own_layers_alone() -> None:
    with closing(("torch.nn.init",)), closing(("torch.nn.init",)):
        torch.nn.Linear(3, 4)
        with pytest.raises(Closed, match=r"torch\.nn\.init\.xavier_normal_"):
            torch.nn.init.xavier_normal_(torch.empty(3, 4))
    torch.nn.init.xavier_normal_(torch.empty(3, 4))  # and is open again
    text = "from torch.nn.init import ones_ as o\ndef f(x): return o(x)"
    assert used(notebook(text)["f"], ("torch.nn.init",)) == "torch.nn.init.ones_"
