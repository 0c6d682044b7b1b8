"""Right solutions of the activations on whole arrays, and by other identities."""

import math

import numpy as np

from tests.exercises.activations_routes import ALPHA, SCALE, Route


def whole_prelu(x, alpha):
    wide = [1] * x.ndim
    wide[1] = -1
    alpha = np.reshape(alpha, wide)
    return np.maximum(0, x) + alpha * np.minimum(0, x), (x, alpha)


def whole_prelu_backward(dout, cache):
    x, alpha = cache
    left = np.where(x > 0, 0, x) * dout
    channels_first = left.swapaxes(0, 1).reshape(x.shape[1], -1)
    return dout * ((x > 0) + alpha * (x <= 0)), channels_first.sum(axis=1)


def whole_maxout(x, W, b):
    pieces = np.stack([x @ w + c for w, c in zip(W, b, strict=True)], axis=-1)
    winner = np.argmax(pieces, axis=-1, keepdims=True)
    return np.take_along_axis(pieces, winner, axis=-1)[..., 0], (x, W, winner)


def whole_maxout_backward(dout, cache):
    x, W, winner = cache
    routed = np.zeros((*dout.shape, len(W)))
    np.put_along_axis(routed, winner, dout[..., None], axis=-1)
    dx = sum(routed[..., k] @ W[k].T for k in range(len(W)))
    dW = np.stack([x.T @ routed[..., k] for k in range(len(W))])
    return dx, dW, routed.sum(axis=0).T


def bisected_point(share):
    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        slope = math.exp(-middle) / (1 + math.exp(-middle)) ** 2
        low, high = (middle, high) if slope > share else (low, middle)
    return low


WHOLE: Route = {
    "sigmoid_forward": lambda x: (0.5 * (1 + np.tanh(0.5 * x)), x),
    "sigmoid_backward": lambda dout, x: dout * (1 - np.tanh(0.5 * x) ** 2) / 4,
    "tanh_forward": lambda x: (np.tanh(x), x),
    "tanh_backward": lambda dout, x: dout * (1 - np.tanh(x)) * (1 + np.tanh(x)),
    "relu_forward": lambda x: (np.where(x > 0, x, 0), x > 0),
    "relu_backward": lambda dout, mask: dout * mask,
    "leaky_relu_forward": lambda x, slope: (np.maximum(x, slope * x), (x, slope)),
    "leaky_relu_backward": lambda dout, cache: (
        dout * np.where(cache[0] > 0, 1, cache[1])
    ),
    "prelu_forward": whole_prelu,
    "prelu_backward": whole_prelu_backward,
    "elu_forward": lambda x, alpha: (
        np.maximum(0, x) + alpha * (np.exp(np.minimum(0, x)) - 1),
        (x, alpha),
    ),
    "elu_backward": lambda dout, cache: (
        dout * ((cache[0] > 0) + (cache[0] <= 0) * cache[1] * np.exp(-abs(cache[0])))
    ),
    "selu_forward": lambda x: (
        SCALE * np.maximum(0, x) + SCALE * ALPHA * np.expm1(np.minimum(0, x)),
        x,
    ),
    "selu_backward": lambda dout, x: (
        dout * np.where(x > 0, SCALE, SCALE * ALPHA * np.exp(np.minimum(0, x)))
    ),
    "maxout_forward": whole_maxout,
    "maxout_backward": whole_maxout_backward,
    "gradient_signs": lambda dout, x: (
        np.sign(np.outer(dout, np.ones(x.shape[1]))) * np.sign(x),
        np.sign(dout @ x),
        min(sum(dout @ x > 0), sum(dout @ x < 0)) / x.shape[1],
    ),
    "dead_fraction": lambda W, b, x: np.mean(np.max(x @ W + b, axis=0) <= 0),
    "saturated_share": lambda x, share: float(
        np.mean((1 - np.tanh(x / 2) ** 2) / 4 < share)
    ),
    "saturation_point": bisected_point,
}


def squared_halves(x):
    z = np.exp(-2 * np.abs(x))
    return np.sign(x) * (1 - z) / (1 + z), z


def gelu_with_numbers_as_objects(x):
    erf = np.frompyfunc(math.erf, 1, 1)(x * math.sqrt(0.5)).astype(float)
    return 0.5 * x + 0.5 * x * erf, (x, erf)


def gelu_backward_with_numbers_as_objects(dout, cache):
    x, erf = cache
    density = np.exp(-np.square(x * math.sqrt(0.5))) / (2 * math.pi) ** 0.5
    return dout * 0.5 + dout * 0.5 * erf + dout * density * x


OTHER: Route = {
    "sigmoid_forward": lambda x: (np.exp(-np.logaddexp(0, -x)), x),
    "sigmoid_backward": lambda dout, x: (
        dout * np.exp(-np.logaddexp(0, -x) - np.logaddexp(0, x))
    ),
    "tanh_forward": squared_halves,
    "tanh_backward": lambda dout, z: dout * 4 * z / (1 + z) ** 2,
    "relu_forward": lambda x: (np.clip(x, 0, None), x),
    "relu_backward": lambda dout, x: dout * np.heaviside(x, 0),
    "leaky_relu_forward": lambda x, slope: (
        np.maximum(x, 0) + slope * np.minimum(x, 0),
        np.where(x > 0, 1.0, slope),
    ),
    "leaky_relu_backward": lambda dout, slopes: slopes * dout,
    "elu_forward": lambda x, alpha: (
        np.where(x > 0, x, alpha * (np.exp(np.where(x > 0, 0, x)) - 1)),
        (x, alpha),
    ),
    "elu_backward": lambda dout, cache: np.where(
        cache[0] > 0,
        dout,
        dout * cache[1] * np.exp(np.where(cache[0] > 0, 0, cache[0])),
    ),
    "gelu_forward": gelu_with_numbers_as_objects,
    "gelu_backward": gelu_backward_with_numbers_as_objects,
    "silu_forward": lambda x: (x * np.exp(-np.logaddexp(0, -x)), x),
    "silu_backward": lambda dout, x: (
        dout * (1 + np.tanh(x / 2) + 0.5 * x * (1 - np.tanh(x / 2) ** 2)) / 2
    ),
}
