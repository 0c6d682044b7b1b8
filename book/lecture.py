"""What several chapters share: page set-up, data, a small network, sliders.

Pages import it by name (``import lecture``): it lies beside them. Nothing in
it happens at import; a page calls `setup` in its first cell.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# --- set-up of a page -------------------------------------------------------

Array = npt.NDArray[np.floating]
Labels = npt.NDArray[np.integer]

INK = "#747474"
"""Text and axes: contrast 4.7 on white, and on the theme's dark page, where the
style sheet makes figures a tenth brighter (4.0 without)."""

COLOURS = ("#2f7fd0", "#d5661a", "#1f9160", "#b05fc0", "#c8507a", "#8a8419")
"""Blue, orange, green, violet, rose, olive: all above 3.5 on both pages."""


def setup() -> None:
    """Start a page: one BLAS thread, SVG figures that suit both themes.

    Sums of floating-point numbers depend on how many threads share them, so
    the thread count is fixed. matplotlib is imported here, not at the top:
    a page without figures does not pay for it.
    """
    import matplotlib
    from cycler import cycler

    threadpool_limits(limits=1)
    matplotlib.rcParams.update(
        {
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.transparent": True,
            "legend.facecolor": "none",
            "legend.frameon": False,
            "text.color": INK,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "grid.color": INK,
            "grid.alpha": 0.25,
            "axes.grid": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=COLOURS),
            "axes.titlesize": 13,
            "font.size": 13,  # 9 pixels high where a phone halves the figure
            "lines.linewidth": 2,
            "figure.figsize": (7, 3.2),
            "figure.constrained_layout.use": True,
            "svg.hashsalt": "lecture",
        }
    )
    from IPython import get_ipython

    if get_ipython() is not None:  # no date in a file: same page, same bytes
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata={"Date": None})


def svg(figure: Figure) -> str:
    """Return a figure as SVG text, and close it. For `frames`."""
    import matplotlib.pyplot as plt

    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(figure)
    return text.getvalue()


# --- data -------------------------------------------------------------------


@dataclass(frozen=True)
class Data:
    """A training and a test split: x is (N, D), y is (N,) of class numbers."""

    x_train: Array
    y_train: Labels
    x_test: Array
    y_test: Labels


def digits(rng: np.random.Generator, *, centre: bool = True, n_test: int = 397) -> Data:
    """Return the 1797 handwritten digits of scikit-learn, shuffled, split.

    Each example is an 8x8 image as a row of D = 64 pixels. With `centre`,
    the mean of each pixel is taken away and all pixels are divided by one
    number; both come from the training split alone. Without it, the pixels
    lie in [0, 1], so that no input is negative.
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(labels))
    x, y = images[order] / 16.0, labels[order]
    if centre:
        x = x - x[n_test:].mean(axis=0)
        x = x / x[n_test:].std()
    return Data(x[n_test:], y[n_test:], x[:n_test], y[:n_test])


# --- a small network --------------------------------------------------------


class Activation(NamedTuple):
    """An activation in the course's convention.

    ``out, cache = forward(x)`` and ``dx = backward(dout, cache)``.
    """

    forward: Callable[[Array], tuple[Array, Any]]
    backward: Callable[[Array, Any], Array]


def elementwise(
    f: Callable[[Array], Array], df: Callable[[Array], Array]
) -> Activation:
    """Make an activation from a function of one number and its derivative."""
    return Activation(lambda x: (f(x), x), lambda dout, x: dout * df(x))


Parameters = list[tuple[Array, Array]]
"""One (weight, bias) per layer; a weight is (fan-in, fan-out)."""


def init_mlp(
    rng: np.random.Generator,
    sizes: Sequence[int],
    *,
    gain: float = 2.0,
    pieces: int = 1,
) -> Parameters:
    """Draw weights with variance gain / fan-in; biases are zero.

    `sizes` lists the width of the input, of each hidden layer and of the
    output. With `pieces` k, each hidden layer computes k times as many
    pre-activations as it hands on (Maxout).
    """
    params: Parameters = []
    last = len(sizes) - 2
    for layer, (fan_in, width) in enumerate(pairwise(sizes)):
        out = width if layer == last else pieces * width
        scale = np.sqrt(gain / fan_in)
        params.append((scale * rng.standard_normal((fan_in, out)), np.zeros(out)))
    return params


def mlp_forward(
    params: Parameters, activation: Activation, x: Array
) -> tuple[Array, list[tuple[Array, Any]]]:
    """Return the class scores (N, C), and what the backward pass needs."""
    tape = []
    *hidden, (w_last, b_last) = params
    for w, b in hidden:
        out, cache = activation.forward(x @ w + b)
        tape.append((x, cache))
        x = out
    tape.append((x, None))
    return x @ w_last + b_last, tape


def mlp_backward(
    params: Parameters,
    activation: Activation,
    dscores: Array,
    tape: list[tuple[Array, Any]],
) -> Parameters:
    """Return the gradient of every weight and bias, first layer first."""
    grads: Parameters = []
    upstream = dscores
    for layer in reversed(range(len(params))):
        x, cache = tape[layer]
        if layer < len(params) - 1:
            upstream = activation.backward(upstream, cache)
        grads.append((x.T @ upstream, upstream.sum(axis=0)))
        if layer > 0:
            upstream = upstream @ params[layer][0].T
    return grads[::-1]


def hidden(params: Parameters, activation: Activation, x: Array) -> list[Array]:
    """Return the output of each hidden layer, each (N, width)."""
    return [x_in for x_in, _ in mlp_forward(params, activation, x)[1][1:]]


def softmax_loss(scores: Array, y: Labels) -> tuple[float, Array]:
    """Return the mean cross-entropy and its gradient for scores (N, C)."""
    rows = np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    logp = shifted - np.log(total)
    dscores = np.exp(logp)
    dscores[rows, y] -= 1
    return float(-logp[rows, y].mean()), dscores / len(y)


def error_rate(
    params: Parameters, activation: Activation, x: Array, y: Labels
) -> float:
    """Return the share of rows whose largest score is not their class."""
    scores, _ = mlp_forward(params, activation, x)
    return float((scores.argmax(axis=1) != y).mean())


class History(NamedTuple):
    """What `train` saw: one number per epoch in each list."""

    loss: list[float]
    train_error: list[float]
    test_error: list[float]


def train(
    params: Parameters,
    activation: Activation,
    data: Data,
    rng: np.random.Generator,
    *,
    lr: float,
    epochs: int,
    batch: int = 50,
    stop: float | None = None,
) -> History:
    """Train in place by plain minibatch gradient descent.

    Stops early once the training error is at most `stop`, and when the loss
    is no longer a finite number; the history then has fewer epochs.
    """
    history = History([], [], [])
    n = len(data.y_train)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(epochs):
            losses = []
            order = rng.permutation(n)
            for rows in np.split(order, range(batch, n, batch)):
                scores, tape = mlp_forward(params, activation, data.x_train[rows])
                loss, dscores = softmax_loss(scores, data.y_train[rows])
                losses.append(loss)
                grads = mlp_backward(params, activation, dscores, tape)
                for (w, b), (dw, db) in zip(params, grads, strict=True):
                    w -= lr * dw
                    b -= lr * db
            if not np.isfinite(losses).all():
                break
            history.loss.append(float(np.mean(losses)))
            for errors, x, y in (
                (history.train_error, data.x_train, data.y_train),
                (history.test_error, data.x_test, data.y_test),
            ):
                errors.append(error_rate(params, activation, x, y))
            if stop is not None and history.train_error[-1] <= stop:
                break
    return history


# --- figures that move ------------------------------------------------------


class Frames:
    """What `frames` returns: HTML that shows one frame, and a slider by script.

    The element ``nn-frames`` is defined by the site (``_static/frames.js``).
    Where that script is missing, as in a plain notebook, the frame `start`
    stands there as a still picture with its label.
    """

    def __init__(
        self,
        svgs: Sequence[str],
        labels: Sequence[str],
        alt: str,
        start: int,
        name: str,
    ) -> None:
        self.svgs, self.labels = tuple(svgs), tuple(labels)
        self.alt, self.start, self.name = alt, start, name

    def _repr_html_(self) -> str:
        figures = "".join(
            f"<figure{'' if i == self.start else ' hidden'}>"
            f"{_inline_svg(picture, f'{self.alt} {label}', i)}"
            f"<figcaption>{escape(self.name)}: {escape(label)}</figcaption></figure>"
            for i, (picture, label) in enumerate(
                zip(self.svgs, self.labels, strict=True)
            )
        )
        return f'<nn-frames name="{escape(self.name)}">{figures}</nn-frames>'

    def __repr__(self) -> str:
        return f"{self.alt} ({len(self.svgs)} frames, {self.name})"


def frames(
    svgs: Sequence[str],
    labels: Sequence[str],
    alt: str,
    start: int = 0,
    name: str = "frame",
) -> Frames:
    """Make a figure with a slider from pictures that this page computed.

    `svgs` are the pictures in order (see `svg`), `labels` says what differs
    in each ("learning rate 0.1"), `alt` describes the figure to a reader who
    cannot see it, and `name` is the label of the slider. The frame `start` is
    what everyone sees first: it should make the point by itself.

    Raises ValueError when there is no frame, a label too few or too many, an
    empty `alt`, or no frame number `start`.
    """
    if not svgs or len(svgs) != len(labels):
        raise ValueError(f"{len(svgs)} pictures and {len(labels)} labels")
    if not alt.strip():
        raise ValueError("a figure needs a text for readers who cannot see it")
    if not 0 <= start < len(svgs):
        raise ValueError(f"there is no frame {start} among {len(svgs)}")
    return Frames(svgs, labels, alt, start, name)


def _inline_svg(picture: str, alt: str, number: int) -> str:
    """Prepare SVG text for the page: own ids, its own text colour, alt text.

    Matplotlib names the parts of each picture alike (clip paths, glyphs).
    Inside one page the first of a name wins, and a hidden frame would then
    clip a shown one, so every id gets a prefix made from the picture itself.
    """
    body = picture[picture.index("<svg") :]
    # The style rule in a picture would hold for the whole page: `*` is no id.
    for part in ("metadata", "style"):
        body = re.sub(rf"<{part}.*?</{part}>", "", body, flags=re.DOTALL)
    prefix = f"f{zlib.crc32(body.encode()):08x}-{number}-"
    body = re.sub(r'\bid="', f'id="{prefix}', body)
    body = re.sub(r'href="#', f'href="#{prefix}', body)
    body = body.replace("url(#", f"url(#{prefix}")
    body = body.replace("#000000", "currentColor").replace(INK, "currentColor")
    root = f'role="img" aria-label="{escape(alt)}" fill="currentColor"'
    return body.replace("<svg ", f'<svg {root} stroke-linejoin="round" ', 1)


def glue(name: str, value: object) -> None:
    """Hand a value to the text of the page: ``{glue:text}`name` `` shows it.

    The same message as MyST-NB's own `glue`, so that a downloaded notebook
    runs without MyST-NB; outside the book it shows nothing.
    """
    from IPython.core.formatters import format_display_data
    from IPython.display import display

    if isinstance(value, np.generic):  # its repr is no number: np.float64(...)
        value = value.item()
    prefix = "application/papermill.record/"
    data, metadata = format_display_data(value)
    metadata["scrapbook"] = {"name": name, "mime_prefix": prefix}
    display(
        {prefix + kind: text for kind, text in data.items()},
        raw=True,
        metadata=metadata,
    )
