"""The judge answers calls of a right base, and survives any question."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge import upcalls
from autograder.judge.upcalls import Upcalls
from autograder.worker.frames import pack


def forward(x: np.ndarray, param: dict[str, Any], scale: float = 2.0) -> tuple:
    """A reference with a cache and a dict that it fills."""
    param["mean"] = x.mean()
    return scale * x, (x, scale)


def backward(dout: np.ndarray, cache: tuple) -> np.ndarray:
    """Uses the cache of ``forward``."""
    x, scale = cache
    return scale * dout + 0 * x


def twice(f: Any, x: np.ndarray) -> Any:
    """Takes a function."""
    return f(f(x))


FUNCTIONS = {
    "forward": forward,
    "backward": backward,
    "twice": twice,
    "given": lambda x: x + 1,
    "np": np,
    "abs": abs,
    "__builtins__": __builtins__,
}
NAMES = ("forward", "backward", "twice")
X = {"array": "x", "dtype": "float64", "of": "numpy"}


def ask(
    answers: Upcalls, name: Any, *arguments: Any, **keywords: Any
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    header = {"arguments": list(arguments), "keywords": keywords}
    return answers(name, header, {"x": np.array([1.0, 3.0])})


@pytest.fixture
def answers() -> Upcalls:
    """The judge's side with small limits."""
    return Upcalls(FUNCTIONS, NAMES, 10)


def test_arrays_come_by_value_and_the_cache_stays(answers: Upcalls) -> None:
    reply, arrays = ask(answers, "forward", X, {"dict": {"mode": {"scalar": "train"}}})
    out, cache = reply["result"]["tuple"]
    np.testing.assert_array_equal(arrays[out["array"]], [2.0, 6.0])
    assert cache == {"handle": 0}
    assert reply["dicts"][1]["dict"]["mean"] == {"scalar": 2.0}
    reply, arrays = ask(answers, "backward", X, cache)
    np.testing.assert_array_equal(arrays[reply["result"]["array"]], [2.0, 6.0])


def test_keywords_reach_the_function_and_their_dicts_come_back(
    answers: Upcalls,
) -> None:
    reply, arrays = ask(
        answers, "forward", X, scale={"scalar": 3.0}, param={"dict": {}}
    )
    np.testing.assert_array_equal(
        arrays[reply["result"]["tuple"][0]["array"]], [3.0, 9.0]
    )
    assert reply["dicts"] == [None, None, {"dict": {"mean": {"scalar": 2.0}}}]


def test_a_function_is_passed_by_its_name(answers: Upcalls) -> None:
    reply, arrays = ask(answers, "twice", {"name": "given"}, X)
    np.testing.assert_array_equal(arrays[reply["result"]["array"]], [3.0, 5.0])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("given", [X]),
        ("__builtins__", []),
        ("np", []),
        (["forward"], []),
        (None, []),
        ("twice", [{"name": "np"}, X]),
        ("twice", [{"name": "__builtins__"}, X]),
        ("twice", [{"name": "abs"}, X]),
        ("twice", [{"name": "eval"}, {"scalar": "1"}]),
        ("backward", [X, {"handle": 5}]),
        ("backward", [X, {"handle": "x"}]),
        ("forward", [X]),
        ("forward", [{"array": "y"}]),
        ("forward", [{"array": "x", "layout": "no such"}]),
        ("forward", [3]),
        ("forward", [None]),
    ],
)
def test_a_question_without_an_answer_is_an_error_of_its_asker(
    name: Any, arguments: list[Any], answers: Upcalls
) -> None:
    reply, arrays = ask(answers, name, *arguments)
    assert set(reply) == {"error"}
    assert arrays == {}


def test_arguments_much_larger_than_the_case_are_refused(answers: Upcalls) -> None:
    header = {"arguments": [X, {"dict": {}}], "keywords": {}}
    reply, _ = answers("forward", header, {"x": np.ones(11)})
    assert "larger" in reply["error"]


def test_calls_come_to_an_end(
    answers: Upcalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upcalls, "MOST_CALLS", 2)
    errors = [ask(answers, "given").__getitem__(0)["error"] for _ in range(3)]
    assert ["too many" in e for e in errors] == [False, False, True]


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.just(X),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["array", "dict", "scalar", "handle", "name", "tuple", "of"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(
    name=st.sampled_from(NAMES) | anything,
    header=anything
    | st.fixed_dictionaries(
        {"arguments": st.lists(anything, max_size=3), "keywords": anything}
    ),
)
def test_any_question_has_a_reply_that_can_be_sent(name: Any, header: Any) -> None:
    answers = Upcalls(FUNCTIONS, NAMES, 10)
    reply, arrays = answers(name, header, {"x": np.ones(2)})
    assert pack(reply, arrays)
