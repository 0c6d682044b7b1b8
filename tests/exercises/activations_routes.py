"""Right solutions of the activations by boolean indexing and by loops."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Route = dict[str, Callable[..., Any]]

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def masked_sigmoid(x):
    out, right = np.empty_like(x), x >= 0
    out[right] = 1 / (1 + np.exp(-x[right]))
    z = np.exp(x[~right])
    out[~right] = z / (1 + z)
    return out, out


def masked_tanh(x):
    out = 2 * masked_sigmoid(2 * x)[0] - 1
    return out, {"out": out}


def masked_relu(x):
    out = x.copy()
    out[out < 0] = 0
    return out, x


def masked_relu_backward(dout, x):
    dx = dout.copy()
    dx[x <= 0] = 0
    return dx


def masked_leaky(x, slope):
    out = np.array(x)
    out[x < 0] *= slope
    return out, [x, slope]


def masked_leaky_backward(dout, cache):
    x, slope = cache
    dx = np.array(dout)
    dx[x <= 0] *= slope
    return dx


def looping_prelu(x, alpha):
    out = np.array(x)
    for c, slope in enumerate(alpha):
        channel = out[:, c]
        channel[channel < 0] *= slope
    return out, (x, alpha)


def looping_prelu_backward(dout, cache):
    x, alpha = cache
    dx, dalpha = np.array(dout), np.zeros(alpha.shape)
    for c, slope in enumerate(alpha):
        left = x[:, c] <= 0
        dx[:, c][left] *= slope
        dalpha[c] = np.dot(dout[:, c][left], x[:, c][left])
    return dx, dalpha


def masked_elu(x, alpha):
    out, left = x.copy(), x <= 0
    out[left] = alpha * (np.exp(x[left]) - 1)
    return out, (left, out, alpha)


def elu_backward_by_the_output(dout, cache):
    left, out, alpha = cache
    dx = dout.copy()
    dx[left] *= out[left] + alpha
    return dx


def selu_by_elu(x):
    out, cache = masked_elu(x, ALPHA)
    return SCALE * out, cache


def selu_backward_by_elu(dout, cache):
    return elu_backward_by_the_output(SCALE * dout, cache)


def looping_maxout(x, W, b):
    out, winner = x @ W[0] + b[0], np.zeros((len(x), b.shape[1]), int)
    for k in range(1, len(W)):
        piece = x @ W[k] + b[k]
        winner[piece > out] = k
        out = np.maximum(out, piece)
    return out, (x, W, winner)


def looping_maxout_backward(dout, cache):
    x, W, winner = cache
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[::2])
    for (n, h), k in np.ndenumerate(winner):
        dx[n] += dout[n, h] * W[k, :, h]
        dW[k, :, h] += dout[n, h] * x[n]
        db[k, h] += dout[n, h]
    return dx, dW, db


def gelu_by_erfc(x):
    tail = [0.5 * math.erfc(-v / math.sqrt(2)) for v in x.ravel().tolist()]
    below = np.reshape(tail, x.shape)
    return x * below, {"x": x, "below": below}


def gelu_backward_by_erfc(dout, cache):
    x, below = cache["x"], cache["below"]
    return dout * below + dout * x * np.exp(-(x**2) / 2) * 0.3989422804014327


def silu_by_tanh(x):
    s = 0.5 * np.tanh(0.5 * x) + 0.5
    return x * s, (s, x * s)


def silu_backward_by_the_output(dout, cache):
    s, out = cache
    return dout * (out + s * (1 - out))


def looping_signs(dout, x):
    each = np.array([g * row for g, row in zip(dout, x, strict=True)])
    total = sum(each)
    ups, downs = ((s * total > 0).mean() for s in (1, -1))
    signs = np.where(each > 0, 1, np.where(each < 0, -1, 0))
    return signs, (total > 0) * 1 - (total < 0) * 1, np.minimum(ups, downs)


def path_by_matrices(w, target, x, lr):
    """Each step is a linear map of what is left of the way."""
    left = [w - target]
    for row in x:
        left.append((np.eye(len(w)) - lr * np.outer(row, row)) @ left[-1])
    return target + np.stack(left)


MASKED: Route = {
    "sigmoid_forward": masked_sigmoid,
    "sigmoid_backward": lambda dout, out: dout * (out - out * out),
    "tanh_forward": masked_tanh,
    "tanh_backward": lambda dout, cache: dout - dout * cache["out"] ** 2,
    "relu_forward": masked_relu,
    "relu_backward": masked_relu_backward,
    "leaky_relu_forward": masked_leaky,
    "leaky_relu_backward": masked_leaky_backward,
    "prelu_forward": looping_prelu,
    "prelu_backward": looping_prelu_backward,
    "elu_forward": masked_elu,
    "elu_backward": elu_backward_by_the_output,
    "selu_forward": selu_by_elu,
    "selu_backward": selu_backward_by_elu,
    "maxout_forward": looping_maxout,
    "maxout_backward": looping_maxout_backward,
    "gelu_forward": gelu_by_erfc,
    "gelu_backward": gelu_backward_by_erfc,
    "silu_forward": silu_by_tanh,
    "silu_backward": silu_backward_by_the_output,
    "gradient_signs": looping_signs,
    "zigzag_path": path_by_matrices,
    "dead_fraction": lambda W, b, x: (masked_relu(x @ W + b)[0].sum(0) == 0).mean(),
    "saturated_share": lambda x, share: (
        np.count_nonzero(masked_sigmoid(x)[0] * masked_sigmoid(-x)[0] < share) / x.size
    ),
    "saturation_point": lambda share: np.log(
        (1 + np.sqrt(1 - 4 * share)) / (1 - np.sqrt(1 - 4 * share))
    ),
    "product_of_sigmoid_slopes": lambda depth: math.prod([0.25] * depth),
    "maxout_parameters": lambda D, H, K: K * (D * H + H),
}
