"""Right solutions of looking after a training, by other routes than the reference."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

# --- with NumPy, otherwise --------------------------------------------------


def one_hot_loss(scores, y):
    """Log-sum-exp by logaddexp, and a matrix of right answers."""
    log_sum = np.logaddexp.reduce(scores, axis=1)
    right = np.eye(scores.shape[1])[y]
    loss = np.mean(log_sum - (scores * right).sum(axis=1))
    return loss, (np.exp(scores - log_sum[:, None]) - right) / len(y)


def flat_initial_loss(C, reg, weights):
    everything = np.concatenate([np.ravel(W) for W in weights])
    return -np.log(1 / C) + reg / 2 * everything @ everything


def augmented_descent(x, y, W, b, learning_rate, steps):
    """The bias as one more row of the weights; gradients written out."""
    ones = np.ones((len(x), 1))
    wide, both = np.hstack([x, ones]), np.vstack([W, b])
    losses = []
    for _ in range(steps):
        loss, dscores = one_hot_loss(wide @ both, y)
        losses.append(loss)
        both -= learning_rate * wide.T @ dscores
    return np.array(losses), both[:-1], both[-1]


def einsum_ratio(weights, updates):
    squares = [
        [np.einsum("i,i->", a.ravel(), a.ravel()) for a in arrays]
        for arrays in (updates, weights)
    ]
    with np.errstate(divide="ignore"):
        return np.sqrt(np.divide(*map(np.array, squares)))


def stacked_report(activations, gradients):
    rows = []
    for h, g in zip(activations, gradients, strict=True):
        centred = h - h.mean()
        counted = np.count_nonzero((h > 0.99) | (h < -0.99))
        rows.append([h.mean(), np.sqrt((centred**2).mean()), counted / h.size, g.var()])
    mean, std, saturated, variance = np.array(rows).T
    return mean, std, saturated, np.sqrt(variance / variance[-1])


def convolved_range(losses, rates):
    """A convolution with a box; the slope from the telescoped difference."""
    bad = np.flatnonzero(~np.isfinite(losses))
    end = bad[0] if bad.size else losses.size
    smooth = np.convolve(losses[:end], np.full(3, 1 / 3), "valid")
    inner = rates[1 : end - 1]
    slopes = (smooth[1:] - smooth[:-1]) / np.log10(inner[1:] / inner[:-1])
    k = int(slopes.argmin())
    return float(np.sqrt(inner[k] * inner[k + 1]))


def selected_diagnosis(train_losses, val_losses):
    """All rules at once; np.select takes the first that holds."""
    t, v = np.array(train_losses, float), np.array(val_losses, float)
    with np.errstate(all="ignore"):
        fall = t[0] - t[-1]
        little = fall / t[0] < 0.5
        rules = [
            not (np.isfinite(t.sum()) and np.isfinite(v.sum())) or fall <= 0,
            v[-1] / v.min() > 1.1,
            little and t[t.size // 2] - t[-1] > fall / 4,
            little,
        ]
    return np.select(rules, [2, 3, 1, 4], 5)[()]


def power_log_uniform(u, low, high):
    return low * (high / low) ** u


def counted_grid(lows, highs, k):
    """Row number i, written with d digits to base k, names the values."""
    d = len(lows)
    digits = np.arange(k**d)[:, None] // k ** np.arange(d)[::-1] % k
    return lows * (highs / lows) ** (digits / (k - 1))


def column_points(u, lows, highs):
    columns = [
        10 ** (np.log10(a) + c * np.log10(b / a))
        for c, a, b in zip(u.T, lows, highs, strict=True)
    ]
    return np.column_stack(columns)


def clipped_fine(points, scores, lows, highs, keep, shrink):
    """In positions from 0 to 1, and back."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    best = points[np.argpartition(known, -keep)[-keep:]]
    centre = (np.log(best / lows) / np.log(highs / lows)).mean(axis=0)
    ends = np.clip([centre - shrink / 2, centre + shrink / 2], 0, 1)
    return tuple(lows * (highs / lows) ** ends)


def clipped_edge(points, scores, lows, highs, margin):
    best = points[np.argmax(np.where(np.isnan(scores), -np.inf, scores))]
    inner_lows = lows * (highs / lows) ** margin
    inner_highs = highs * (lows / highs) ** margin
    return np.any((best < inner_lows) | (best > inner_highs)).astype(int)


def survival_luck(n, sigma):
    """E[max] from the distribution functions alone, without a density."""
    z = np.linspace(0, 9, 3001)
    above = np.array([math.erfc(-a / math.sqrt(2)) / 2 for a in z])
    gained = np.trapezoid(1 - above**n, z)
    lost = np.trapezoid((1 - above) ** n, z)
    return sigma * (gained - lost)


# --- in plain Python --------------------------------------------------------


def looping_loss(scores, y):
    N, C = scores.shape
    total, dscores = 0.0, np.zeros((N, C))
    for i, row in enumerate(scores.tolist()):
        top = max(row)
        exponentials = [math.exp(s - top) for s in row]
        whole = math.fsum(exponentials)
        total += top + math.log(whole) - row[y[i]]
        for c in range(C):
            dscores[i, c] = (exponentials[c] / whole - (c == y[i])) / N
    return total / N, dscores


def looping_initial_loss(C, reg, weights):
    penalty = 0.0
    for W in weights:
        for w in W.ravel().tolist():
            penalty += reg * w * w / 2
    return math.log(C) + penalty


def looping_descent(x, y, W, b, learning_rate, steps):
    W, b = W.copy(), b.copy()
    losses = np.empty(steps)
    for t in range(steps):
        losses[t], dscores = looping_loss(x @ W + b, y)
        dW, db = np.zeros(W.shape), np.zeros(b.shape)
        for row, d in zip(x, dscores, strict=True):
            dW += np.outer(row, d)
            db += d
        W -= learning_rate * dW
        b -= learning_rate * db
    return losses, W, b


def looping_ratio(weights, updates):
    found = []
    for W, dW in zip(weights, updates, strict=True):
        size = math.hypot(*W.ravel().tolist())
        change = math.hypot(*dW.ravel().tolist())
        found.append(change / size if size else math.inf)
    return np.array(found)


def looping_range(losses, rates):
    n = next((i for i, a in enumerate(losses) if not math.isfinite(a)), len(losses))
    steepest, answer = math.inf, 0.0
    for i in range(1, n - 2):
        here, there = sum(losses[i - 1 : i + 2]) / 3, sum(losses[i : i + 3]) / 3
        slope = (there - here) / (math.log(rates[i + 1]) - math.log(rates[i]))
        if slope < steepest:
            steepest, answer = slope, math.sqrt(rates[i]) * math.sqrt(rates[i + 1])
    return answer


def looping_diagnosis(train_losses, val_losses):
    t, v = train_losses.tolist(), val_losses.tolist()
    if not all(map(math.isfinite, t + v)) or not t[-1] < t[0]:
        return 2
    if v[-1] > 1.1 * min(v):
        return 3
    if not t[-1] > t[0] / 2:
        return 5
    return 1 if (t[len(t) // 2] - t[-1]) / (t[0] - t[-1]) > 0.25 else 4


def nested_grid(lows, highs, k):
    values = [
        np.logspace(*np.log10([a, b]), k) for a, b in zip(lows, highs, strict=True)
    ]
    return np.array(list(itertools.product(*values)))


def sorting_fine(points, scores, lows, highs, keep, shrink):
    rated = [(s, i) for i, s in enumerate(scores) if s == s]
    best = [i for _, i in sorted(rated)[::-1][:keep]]
    ends = []
    for j, (a, b) in enumerate(zip(np.log10(lows), np.log10(highs), strict=True)):
        centre = sum(math.log10(points[i, j]) for i in best) / keep
        reach = shrink * (b - a) / 2
        ends.append([10 ** max(a, centre - reach), 10 ** min(b, centre + reach)])
    return np.array(ends)[:, 0], np.array(ends)[:, 1]


def looping_edge(points, scores, lows, highs, margin):
    _, best = max((s, i) for i, s in enumerate(scores) if not math.isnan(s))
    for p, a, b in zip(points[best], lows, highs, strict=True):
        place = (math.log2(p) - math.log2(a)) / (math.log2(b) - math.log2(a))
        if min(place, 1 - place) < margin:
            return 1
    return 0


def midpoint_luck(n, sigma):
    """Over the quantiles of the maximum, by Simpson's rule on a fine grid."""
    h, total = 0.005, 0.0
    for i in range(-2000, 2001):
        z = i * h
        weight = 2 if i % 2 == 0 else 4
        cdf = (1 + math.erf(z / math.sqrt(2))) / 2
        density = n * cdf ** (n - 1) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        total += weight * z * density
    return sigma * total * h / 3


ROUTES: dict[str, dict[str, Callable[..., Any]]] = {
    "arrays": {
        "softmax_loss": one_hot_loss,
        "initial_loss": flat_initial_loss,
        "overfit_tiny_batch": augmented_descent,
        "update_ratio": einsum_ratio,
        "layer_report": stacked_report,
        "learning_rate_range": convolved_range,
        "diagnose": selected_diagnosis,
        "log_uniform": power_log_uniform,
        "grid_search_points": counted_grid,
        "random_search_points": column_points,
        "coarse_to_fine": clipped_fine,
        "best_is_at_edge": clipped_edge,
        "selection_optimism": survival_luck,
    },
    "loops": {
        "softmax_loss": looping_loss,
        "initial_loss": looping_initial_loss,
        "overfit_tiny_batch": looping_descent,
        "update_ratio": looping_ratio,
        "layer_report": stacked_report,
        "learning_rate_range": looping_range,
        "diagnose": looping_diagnosis,
        "log_uniform": lambda u, low, high: np.exp(
            (1 - u) * np.log(low) + u * np.log(high)
        ),
        "grid_search_points": nested_grid,
        "random_search_points": power_log_uniform,
        "coarse_to_fine": sorting_fine,
        "best_is_at_edge": looping_edge,
        "selection_optimism": midpoint_luck,
    },
}
