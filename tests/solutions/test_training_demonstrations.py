"""What the training notebook says of its demonstrations is what they show."""

import contextlib
import io
import re
from typing import Any

import jupytext
import matplotlib
import pytest
from threadpoolctl import threadpool_limits

from autograder.reference.scripts import ROOT


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """What each cell of the notebook prints, by its first line."""
    matplotlib.use("Agg")
    names: dict[str, Any] = {"check": lambda name: None}
    printed = {}
    notebook = jupytext.read(ROOT / "solutions" / "training" / "training.py")
    with threadpool_limits(limits=1):
        for cell in notebook.cells:
            if cell.cell_type != "code" or "import check" in cell.source:
                continue
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(cell.source, "cell", "exec"), names)
            printed[cell.source.partition("\n")[0]] = out.getvalue()
    return printed


def lines(shown: dict[str, str], begins: str) -> list[str]:
    (found,) = (text for line, text in shown.items() if line.startswith(begins))
    return found.splitlines()


def numbers(line: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", line)]


def test_the_first_loss_is_expected_for_a_small_gain(shown):
    rows = [numbers(line) for line in lines(shown, 'print("gain')[1:]]
    for gain, _, expected, measured in rows:
        if gain == 0.1:
            assert measured == pytest.approx(expected, abs=0.005)
        elif gain == 1.0:
            assert 0.1 < measured - expected < 0.5
        else:
            assert measured - expected > 10


def test_any_labels_can_be_fitted_and_the_wrong_sign_diverges(shown):
    right, shuffled, wrong = lines(shown, "rng = np.random.default_rng(2)")
    for fitted in (right, shuffled):
        assert numbers(fitted)[1] < 0.05
        assert fitted.endswith("100%")
    assert numbers(wrong)[1] > 100


def test_the_chosen_rate_lies_left_of_the_lowest_loss(shown):
    chosen, lowest = numbers(lines(shown, "import matplotlib")[0])
    assert 0.1 < chosen < 1 < 5 * chosen < lowest


def test_the_ratio_follows_the_rate_and_falls(shown):
    rows = [numbers(line) for line in lines(shown, 'print("learning rate')[1:]]
    first, last = rows[::2], rows[1::2]
    assert first[0][2] < first[1][2] < first[2][2]
    for begun, ended in zip(first[1:], last[1:], strict=True):
        assert all(b < a for a, b in zip(begun[2:5], ended[2:5], strict=True))


def test_activations_fade_keep_their_size_or_saturate(shown):
    found = [numbers(line) for line in lines(shown, "np.set_printoptions")]
    (_, std, none, shrinks), (_, even, few, keeps), (_, _, many, grows) = (
        found[i : i + 4] for i in (0, 4, 8)
    )
    assert std[-1] < 0.01 * std[0]
    assert max(none) == 0
    assert shrinks[0] < 0.01
    assert even[-1] < even[0] < 2 * even[-1]
    assert max(few) < 0.01
    assert min(keeps) > 0.5
    assert min(many) > 0.4
    assert grows[0] > 10


def test_the_diagnoses_of_six_trainings(shown):
    rows = lines(shown, "def train")
    assert [int(row.split()[0]) for row in rows] == [1, 2, 3, 4, 5, 3]
    first, lowest, last = numbers(rows[-1])[-3:]
    assert first == lowest < last


def test_a_decade_gets_a_quarter_or_nine_tenths(shown):
    uniform, log_uniform = (numbers(line)[-4:] for line in lines(shown, "u = "))
    assert 8900 < uniform[-1] < 9100
    assert all(2400 < n < 2600 for n in log_uniform)


def test_nine_random_points_try_nine_rates(shown):
    grid, random = (numbers(line) for line in lines(shown, "lows, highs = np.array"))
    assert grid[:2] == [9, 3]
    assert random[:2] == [9, 9]
    assert random[2] < grid[2]


def test_the_second_range_is_the_right_one(shown):
    low, rate, reg, wide, inside, _ = lines(shown, "def accuracy")
    assert rate.endswith("1")
    assert inside.endswith("0")
    assert numbers(wide)[1] > numbers(low)[1] + 0.3
    shrinks = 60 * numbers(rate)[0] * numbers(reg)[0]
    assert shrinks == pytest.approx(0.05, abs=0.005)
    assert numbers(rate)[0] == 0.0092
    assert numbers(reg)[0] == 0.085


def test_the_last_difference_is_of_the_size_of_luck(shown):
    found = lines(shown, "_, _, scores, networks")
    luck = [numbers(line)[1] for line in found[:4]]
    assert luck == sorted(luck)
    validation, test = numbers(found[4])
    assert abs(validation - test) < 2 * luck[1]
