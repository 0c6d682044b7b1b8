"""Wrong solutions of the points of a grid search."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_LINEAR_HINT = "What do u = 0, 0.5 and 1 give between 0.01 and 1? Print them."
_BASE_HINT = "Which base do your logarithm and your exponential have?"

_grid = partial(Mistake, "grid_search_points")

_VALUES = "values = [np.geomspace(lows[j], highs[j], k) for j in range(d)]"
_AXES = 'axes = np.meshgrid(*values, indexing="ij")'
_POINTS = "return np.stack(axes, axis=-1).reshape(-1, d)"
_ORDER_HINT = "Print your points for k = 2. Which column changes from row to row?"
_ENDS_HINT = "Print the values of one column. Which is the first, which the last?"
_COUNT_HINT = "How many points has a grid of 3 values in 2 dimensions?"


def _values(text: str) -> tuple[tuple[str, str], ...]:
    """Other values in each column, by an expression in a, b and k."""
    return ((_VALUES, f"values = [{text} for a, b in zip(lows, highs)]"),)


MISTAKES = (
    _grid("linear spacing", _LINEAR_HINT, _values("np.linspace(a, b, k)")),
    _grid(
        "linear spacing in the square root",
        _LINEAR_HINT,
        _values("np.linspace(a**0.5, b**0.5, k) ** 2"),
    ),
    _grid(
        "the bounds taken for exponents",
        "What does np.logspace expect as its bounds?",
        _values("np.logspace(a, b, k)"),
    ),
    _grid(
        "natural logarithms as exponents of 10",
        _BASE_HINT,
        _values("np.logspace(np.log(a), np.log(b), k)"),
    ),
    _grid(
        "logarithms in place of values",
        "Are your values between low and high?",
        _values("np.linspace(np.log(a), np.log(b), k)"),
    ),
    _grid(
        "the upper end is missing",
        _ENDS_HINT,
        _values("np.geomspace(a, b, k, endpoint=False)"),
    ),
    _grid(
        "the lower end is missing", _ENDS_HINT, _values("np.geomspace(a, b, k + 1)[1:]")
    ),
    _grid(
        "both ends are missing", _ENDS_HINT, _values("np.geomspace(a, b, k + 2)[1:-1]")
    ),
    _grid(
        "the middles of k parts",
        _ENDS_HINT,
        _values("np.geomspace(a, b, 2 * k + 1)[1::2]"),
    ),
    _grid("from high to low", _ENDS_HINT, _values("np.geomspace(b, a, k)")),
    _grid("one value too many", _COUNT_HINT, _values("np.geomspace(a, b, k + 1)")),
    _grid(
        "one range for all",
        "Which range belongs to the second column?",
        ((_VALUES, "values = [np.geomspace(lows[0], highs[0], k)] * d"),),
    ),
    _grid(
        "the widest range for all",
        "Which range belongs to the second column?",
        ((_VALUES, "values = [np.geomspace(lows.min(), highs.max(), k)] * d"),),
    ),
    _grid(
        "the first column changes fastest",
        _ORDER_HINT,
        ((_POINTS, 'return np.stack([a.ravel(order="F") for a in axes], axis=1)'),),
    ),
    _grid(
        "meshgrid in its default order",
        _ORDER_HINT,
        ((_AXES, "axes = np.meshgrid(*values)"),),
    ),
    _grid(
        "columns from last to first",
        "Which column belongs to the first hyperparameter?",
        ((_POINTS, "return np.stack(axes[::-1], axis=-1).reshape(-1, d)"),),
    ),
    _grid(
        "the diagonal of the grid",
        _COUNT_HINT,
        ((_POINTS, "return np.stack(values, axis=1)"),),
    ),
    _grid(
        "one hyperparameter at a time",
        _COUNT_HINT,
        (
            (
                _POINTS,
                "middle = np.sqrt(lows * highs)\n"
                "    points = np.tile(middle, (d * k, 1))\n"
                "    for j in range(d):\n"
                "        points[j * k:(j + 1) * k, j] = values[j]\n"
                "    return points",
            ),
        ),
    ),
    _grid(
        "one row for each hyperparameter",
        "Which shape is asked for?",
        ((_POINTS, "return np.stack(axes, axis=-1).reshape(-1, d).T"),),
    ),
    _grid(
        "reshape without moving the axes",
        "Print a row. Does it hold one value of each hyperparameter?",
        ((_POINTS, "return np.stack(axes).reshape(-1, d)"),),
    ),
    _grid(
        "the axes of the grid are kept",
        "Which shape is asked for?",
        ((_POINTS, "return np.stack(axes, axis=-1)"),),
    ),
)
