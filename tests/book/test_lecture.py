"""What the chapters build on: the data, the small network, the page set-up."""

import os
import subprocess
import sys
from pathlib import Path

import lecture
import numpy as np
import pytest

BOOK = Path(lecture.__file__).parent

TANH = lecture.elementwise(np.tanh, lambda x: 1 - np.tanh(x) ** 2)
RELU = lecture.elementwise(lambda x: np.maximum(0, x), lambda x: 1.0 * (x > 0))


def maxout_forward(a):
    pieces = a.reshape(len(a), -1, 2)
    return pieces.max(axis=2), pieces.argmax(axis=2)


def maxout_backward(dout, winner):
    return (dout[..., None] * (winner[..., None] == [0, 1])).reshape(len(dout), -1)


MAXOUT = lecture.Activation(maxout_forward, maxout_backward)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(
    ("activation", "pieces"),
    [(TANH, 1), (RELU, 1), (MAXOUT, 2)],
    ids=["tanh", "relu", "maxout"],
)
def test_gradient_of_the_network_is_the_numerical_one(rng, activation, pieces):
    params = lecture.init_mlp(rng, [5, 7, 6, 3], pieces=pieces)
    for _, b in params:
        b += 0.1 * rng.standard_normal(b.shape)
    x, y = rng.standard_normal((4, 5)), np.array([0, 2, 1, 2])

    def loss():
        return lecture.softmax_loss(lecture.mlp_forward(params, activation, x)[0], y)

    _, tape = lecture.mlp_forward(params, activation, x)
    grads = lecture.mlp_backward(params, activation, loss()[1], tape)
    h = 1e-6
    for layer, grad in zip(params, grads, strict=True):
        for array, analytic in zip(layer, grad, strict=True):
            assert analytic.shape == array.shape
            numeric = np.zeros_like(array)
            for index in np.ndindex(array.shape):
                kept = array[index]
                array[index] = kept + h
                high = loss()[0]
                array[index] = kept - h
                low = loss()[0]
                array[index] = kept
                numeric[index] = (high - low) / (2 * h)
            np.testing.assert_allclose(analytic, numeric, rtol=1e-6, atol=1e-9)


def test_loss_of_equal_scores_is_the_log_of_the_number_of_classes():
    loss, dscores = lecture.softmax_loss(np.full((6, 10), 3.0), np.arange(6))
    assert loss == pytest.approx(np.log(10))
    np.testing.assert_allclose(dscores.sum(axis=1), 0, atol=1e-16)


def test_loss_stays_finite_where_the_exponential_would_not():
    loss, dscores = lecture.softmax_loss(np.array([[1e4, -1e4]]), np.array([1]))
    assert loss == pytest.approx(2e4)
    np.testing.assert_allclose(dscores, [[1, -1]])


def test_weights_have_the_variance_that_was_asked(rng):
    (w, b), *_ = lecture.init_mlp(rng, [400, 300, 10], gain=2.0)
    assert w.shape == (400, 300)
    assert w.var() == pytest.approx(2 / 400, rel=0.02)
    assert not b.any()


def test_pieces_widen_the_hidden_layers_and_not_the_output(rng):
    params = lecture.init_mlp(rng, [4, 5, 6, 3], pieces=2)
    assert [w.shape for w, _ in params] == [(4, 10), (5, 12), (6, 3)]


def test_hidden_gives_the_outputs_of_the_hidden_layers(rng):
    params = lecture.init_mlp(rng, [4, 5, 6, 3])
    x = rng.standard_normal((8, 4))
    first, second = lecture.hidden(params, RELU, x)
    np.testing.assert_array_equal(first, np.maximum(0, x @ params[0][0]))
    np.testing.assert_array_equal(second, np.maximum(0, first @ params[1][0]))


def test_centring_uses_the_training_split_alone(rng):
    data = lecture.digits(rng)
    assert data.x_train.shape == (1400, 64)
    assert data.x_test.shape == (397, 64)
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    assert data.x_train.std() == pytest.approx(1)
    assert np.abs(data.x_test.mean(axis=0)).max() > 1e-3


def test_raw_pixels_are_never_negative_and_the_split_is_the_same():
    raw = lecture.digits(np.random.default_rng(3), centre=False)
    centred = lecture.digits(np.random.default_rng(3))
    assert raw.x_train.min() == 0
    assert raw.x_train.max() == 1
    np.testing.assert_array_equal(raw.y_test, centred.y_test)


def test_training_learns_and_repeats_itself():
    def run():
        rng = np.random.default_rng(7)
        data = lecture.digits(rng)
        params = lecture.init_mlp(rng, [64, 32, 10])
        return lecture.train(params, RELU, data, rng, lr=0.1, epochs=4)

    history = run()
    assert len(history.loss) == 4
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert history.test_error[-1] < 0.1
    assert run() == history


def test_training_stops_at_the_target_and_before_numbers_are_lost(rng):
    data = lecture.digits(rng)
    easy = lecture.init_mlp(rng, [64, 32, 10])
    history = lecture.train(easy, RELU, data, rng, lr=0.1, epochs=50, stop=0.2)
    assert history.train_error[-1] <= 0.2
    assert len(history.loss) < 50
    hopeless = lecture.init_mlp(rng, [64, 32, 32, 10])
    history = lecture.train(hopeless, RELU, data, rng, lr=1e6, epochs=5)
    assert len(history.loss) < 5
    assert np.isfinite(history.loss).all()


def test_importing_the_module_loads_neither_torch_nor_figures():
    loaded = (
        "import lecture, sys; print([m for m in ('torch', 'matplotlib', 'sklearn')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", loaded],
        cwd=BOOK,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [
        p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
@pytest.mark.parametrize("colour", [lecture.INK, *lecture.COLOURS])
def test_colours_stand_out_in_both_themes(colour, page):
    dark, light = sorted((luminance(colour), luminance(page)))
    assert (light + 0.05) / (dark + 0.05) >= 3.5


def test_a_figure_becomes_the_same_text_each_time():
    script = (
        "import lecture, hashlib; lecture.setup(); import matplotlib.pyplot as plt;"
        "f, a = plt.subplots(); a.plot([1, 2]); t = lecture.svg(f);"
        "assert not plt.get_fignums(); print(hashlib.sha256(t.encode()).hexdigest())"
    )
    env = {**os.environ, "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
    first, second = (
        subprocess.check_output([sys.executable, "-c", script], cwd=BOOK, env=env)
        for _ in range(2)
    )
    assert first == second
