"""Wrong solutions of the ratio of update to weights."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_IN_PLACE_HINT = "Which of the arrays you were handed does your code write into?"

_ratio = partial(Mistake, "update_ratio")

_SIZES = "sizes = np.array([np.linalg.norm(W) for W in weights])"
_CHANGES = "changes = np.array([np.linalg.norm(dW) for dW in updates])"
_RATIOS = "ratios = changes / sizes"
_NORM_HINT = "What is the norm of [[3, 4]]? What does your code say?"


def _measured(text: str) -> tuple[tuple[str, str], ...]:
    """Another measure in place of the norm; ``A`` stands for the array."""
    return tuple(
        (f"np.linalg.norm({name})", text.replace("A", name)) for name in ("dW", "W")
    )


MISTAKES = (
    _ratio(
        "upside down",
        "Double the updates. What should happen to the ratio?",
        ((_RATIOS, "ratios = sizes / changes"),),
    ),
    _ratio(
        "ratio of squared norms",
        _NORM_HINT,
        ((_RATIOS, f"{_RATIOS}\n    ratios = ratios**2"),),
    ),
    _ratio(
        "sum of absolute values as the norm", _NORM_HINT, _measured("np.abs(A).sum()")
    ),
    _ratio("largest entry as the norm", _NORM_HINT, _measured("np.abs(A).max()")),
    _ratio(
        "standard deviation as the norm",
        "What does your code say for an array of equal numbers?",
        _measured("A.std()"),
    ),
    _ratio("sum of the entries as the norm", _NORM_HINT, _measured("np.sum(A)")),
    _ratio(
        "absolute value of the mean as the norm", _NORM_HINT, _measured("abs(A.mean())")
    ),
    _ratio(
        "spectral norm",
        "Which norm of a matrix does the formula name?",
        _measured("np.linalg.norm(A, 2)"),
    ),
    _ratio(
        "root of the mean square over root of the sum of squares",
        "Do you divide by the number of entries in one of the two norms alone?",
        ((_CHANGES, _CHANGES.replace("norm(dW)", "norm(dW) / np.sqrt(dW.size)")),),
    ),
    _ratio(
        "mean of the ratios of the entries",
        "What comes first, the norm or the division?",
        (
            (
                _RATIOS,
                "ratios = np.array([np.mean(np.abs(dW) / np.abs(W))\n"
                "                       for W, dW in zip(weights, updates)])",
            ),
        ),
    ),
    _ratio(
        "weights after the update",
        "Are the weights you divide by those before the update?",
        (
            (
                _SIZES,
                "sizes = np.array([np.linalg.norm(W + dW)\n"
                "                      for W, dW in zip(weights, updates)])",
            ),
        ),
    ),
    _ratio(
        "change of the norm in place of the norm of the change",
        "A step that turns W and keeps its length: is its ratio zero?",
        (
            (
                _CHANGES,
                "changes = np.array([abs(np.linalg.norm(W + dW) - np.linalg.norm(W))\n"
                "                        for W, dW in zip(weights, updates)])",
            ),
        ),
    ),
    _ratio(
        "logarithm of the ratio",
        "What is the ratio when update and weights have one size?",
        ((_RATIOS, f"{_RATIOS}\n        ratios = np.log10(ratios)"),),
    ),
    _ratio(
        "one ratio for the whole network",
        "How many ratios does a network of three layers have?",
        (
            (
                _RATIOS,
                "ratios = np.linalg.norm(changes) / np.linalg.norm(sizes)",
            ),
        ),
    ),
    _ratio(
        "mean of the ratios",
        "How many ratios does a network of three layers have?",
        ((_RATIOS, "ratios = np.mean(changes / sizes)"),),
    ),
    _ratio(
        "norms divided by the first layer's",
        "By which layer's norm is each update divided?",
        ((_RATIOS, "ratios = changes / sizes[0]"),),
    ),
    _ratio(
        "a small number added to the norm",
        "What is asked for a layer of zeros?",
        ((_RATIOS, "ratios = changes / (sizes + 1e-8)"),),
    ),
    _ratio(
        "zero for a layer of zeros",
        "What is asked for a layer of zeros?",
        ((_RATIOS, "ratios = np.where(sizes > 0, changes / sizes, 0.0)"),),
    ),
    _ratio(
        "a layer of zeros is left out",
        "How many ratios does a network of three layers have?",
        ((_RATIOS, "ratios = (changes / sizes)[sizes > 0]"),),
    ),
    _ratio(
        "list of numbers returned",
        "What kind of object is asked for?",
        (("return ratios", "return ratios.tolist()"),),
    ),
    _ratio(
        "weights change in place",
        _IN_PLACE_HINT,
        (
            (
                "return ratios",
                "for W, dW in zip(weights, updates):\n"
                "        W += dW\n"
                "    return ratios",
            ),
        ),
        caught_by="inputs",
    ),
)
