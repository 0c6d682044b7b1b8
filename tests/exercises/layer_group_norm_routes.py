"""Right solutions of layer, instance and group norm that are not the reference."""

from collections.abc import Callable
from typing import Any

import numpy as np

IMAGE = (slice(None), None, None)


def turned_batchnorm(rows, eps):
    """Batch norm of (M, K) without parameters, and what its backward needs."""
    centred = rows - np.mean(rows, axis=0)
    inverse = (np.var(rows, axis=0) + eps) ** -0.5
    return centred * inverse, {"centred": centred, "inverse": inverse}


def turned_batchnorm_backward(dout, cache):
    """The steps of the well-known graph, with 1/std as a node."""
    centred, inverse = cache["centred"], cache["inverse"]
    dvar = -0.5 * (dout * centred).sum(0) * inverse**3
    dmean = -(dout * inverse).sum(0) - 2 * dvar * centred.mean(0)
    return dout * inverse + (2 * dvar * centred + dmean) / len(dout)


def transposing_layer_forward(x, gamma, beta, ln_param):
    """Batch norm of the transpose, and the parameters when it is turned back."""
    x_hat, cache = turned_batchnorm(x.T, ln_param.get("eps", 1e-5))
    cache.update(gamma=gamma, x_hat=x_hat.T)
    return x_hat.T * gamma + beta, cache


def transposing_layer_backward(dout, cache):
    dx = turned_batchnorm_backward((dout * cache["gamma"]).T, cache).T
    return dx, np.einsum("nd,nd->d", dout, cache["x_hat"]), np.sum(dout, axis=0)


def calling_instance_forward(x, gamma, beta, in_param):
    """Layer norm of N*C rows whose own parameters do nothing."""
    rows = x.reshape(-1, x.shape[2] * x.shape[3])
    plain = np.ones(rows.shape[1]), np.zeros(rows.shape[1])
    x_hat, inner = transposing_layer_forward(rows, *plain, in_param)
    x_hat = x_hat.reshape(x.shape)
    return x_hat * gamma[IMAGE] + beta[IMAGE], [inner, x_hat, gamma]


def calling_instance_backward(dout, cache):
    inner, x_hat, gamma = cache
    rows = (dout * gamma[IMAGE]).reshape(-1, dout.shape[2] * dout.shape[3])
    dx, _, _ = transposing_layer_backward(rows, inner)
    dgamma = (dout * x_hat).sum(axis=(0, 2, 3))
    return dx.reshape(dout.shape), dgamma, dout.sum(axis=(0, 2, 3))


def calling_group_forward(x, gamma, beta, G, gn_param):
    """Layer norm of N*G rows whose own parameters do nothing."""
    rows = x.reshape(x.shape[0] * G, -1)
    plain = np.ones(rows.shape[1]), np.zeros(rows.shape[1])
    x_hat, inner = transposing_layer_forward(rows, *plain, gn_param)
    x_hat = x_hat.reshape(x.shape)
    return x_hat * gamma[IMAGE] + beta[IMAGE], (inner, x_hat, gamma, G)


def calling_group_backward(dout, cache):
    inner, x_hat, gamma, G = cache
    rows = (dout * gamma[IMAGE]).reshape(len(dout) * G, -1)
    dx, _, _ = transposing_layer_backward(rows, inner)
    dgamma = np.einsum("nchw,nchw->c", dout, x_hat)
    return dx.reshape(dout.shape), dgamma, np.einsum("nchw->c", dout)


def closed_layer_forward(x, gamma, beta, ln_param):
    """np.mean and np.var; the closed form's parts in the cache."""
    eps = ln_param.get("eps", 1e-5)
    inverse = 1 / np.sqrt(np.var(x, axis=1) + eps)
    x_hat = (x - np.mean(x, axis=1)[:, None]) * inverse[:, None]
    return gamma * x_hat + beta, (x_hat, inverse[:, None], gamma)


def closed_layer_backward(dout, cache):
    x_hat, inverse, gamma = cache
    D = dout.shape[1]
    g = dout * gamma
    along = (g * x_hat).sum(1, keepdims=True)
    dx = inverse / D * (D * g - g.sum(1, keepdims=True) - x_hat * along)
    return dx, (dout * x_hat).sum(0), dout.sum(0)


def five_axes(x, G):
    N, C, H, W = x.shape
    return x.reshape(N, G, C // G, H, W)


def five_axes_group_forward(x, gamma, beta, G, gn_param):
    """A fifth axis for the channels of a group; parameters before it goes."""
    groups = five_axes(x, G)
    mean = groups.mean((2, 3, 4), keepdims=True)
    var = groups.var((2, 3, 4), keepdims=True)
    x_hat = (groups - mean) / (var + gn_param.get("eps", 1e-5)) ** 0.5
    wide = (1, G, -1, 1, 1)
    out = x_hat * gamma.reshape(wide) + beta.reshape(wide)
    return out.reshape(x.shape), (groups, mean, var, x_hat, gamma, gn_param)


def five_axes_group_backward(dout, cache):
    groups, mean, var, x_hat, gamma, gn_param = cache
    G, axes = groups.shape[1], (2, 3, 4)
    d = five_axes(dout, G)
    dgamma, dbeta = ((a).sum((0, 3, 4)).ravel() for a in (d * x_hat, d))
    dx_hat = d * gamma.reshape(1, G, -1, 1, 1)
    std = (var + gn_param.get("eps", 1e-5)) ** 0.5
    centred = groups - mean
    dvar = -0.5 * (dx_hat * centred).sum(axes, keepdims=True) / std**3
    dmean = -dx_hat.sum(axes, keepdims=True) / std
    count = groups[0, 0].size
    dx = dx_hat / std + (2 * dvar * centred + dmean) / count
    return dx.reshape(dout.shape), dgamma, dbeta


def group_as_instance_forward(x, gamma, beta, in_param):
    return five_axes_group_forward(x, gamma, beta, x.shape[1], in_param)


def swapped_group_forward(x, gamma, beta, G, gn_param):
    """G in front of N: the rows are the same ones, in the same order."""
    N = x.shape[0]
    rows = x.reshape(G, N, -1)
    mean = rows.mean(axis=2, keepdims=True)
    var = np.square(rows - mean).mean(axis=2, keepdims=True)
    std = np.sqrt(var + gn_param.get("eps", 1e-5))
    x_hat = ((rows - mean) / std).reshape(x.shape)
    return gamma[IMAGE] * x_hat + beta[IMAGE], (x_hat, std, gamma)


def jacobian(x_hat, std):
    """Of one row: d x_hat_i / d x_j."""
    M = len(x_hat)
    return (np.eye(M) - (1 + np.outer(x_hat, x_hat)) / M) / std


def jacobian_layer_backward(dout, cache):
    x_hat, inverse, gamma = cache
    rows = zip(dout * gamma, x_hat, 1 / inverse[:, 0], strict=True)
    dx = np.array([jacobian(z, s) @ d for d, z, s in rows])
    return dx, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)


def jacobian_group_backward(dout, cache):
    x_hat, std, gamma = cache
    flat = (len(std.ravel()), -1)
    rows = zip(
        (dout * gamma[IMAGE]).reshape(flat),
        x_hat.reshape(flat),
        std.ravel(),
        strict=True,
    )
    dx = np.array([jacobian(z, s) @ d for d, z, s in rows]).reshape(dout.shape)
    axes = (0, 2, 3)
    return dx, np.sum(dout * x_hat, axis=axes), np.sum(dout, axis=axes)


def looping_instance_forward(x, gamma, beta, in_param):
    out, x_hat, std = np.empty(x.shape), np.empty(x.shape), np.empty(x.shape[:2])
    for n, c in np.ndindex(*x.shape[:2]):
        picture = x[n, c]
        centred = picture - picture.mean()
        std[n, c] = np.sqrt((centred**2).mean() + in_param.get("eps", 1e-5))
        x_hat[n, c] = centred / std[n, c]
        out[n, c] = gamma[c] * x_hat[n, c] + beta[c]
    return out, (x_hat, std, gamma)


def sliced(norm, shape, index, G):
    """A slice of ones for each norm."""
    n, c = index[:2]
    size = shape[1] // G
    first = c - c % size
    everything = slice(None)
    image, channel = slice(n, n + 1), slice(c, c + 1)
    where = {
        "batch": (everything, channel),
        "layer": (image, everything),
        "instance": (image, channel),
        "group": (image, slice(first, first + size)),
    }
    shared = np.zeros(shape, dtype=bool)
    shared[where[norm]] = True
    return shared


def labelled(norm, shape, index, G):
    """A number for each statistic, and the question which are equal."""
    N, C = shape[:2]
    label = np.zeros(shape, int)
    if norm != "batch":
        label += C * np.arange(N).reshape(N, 1, 1, 1)
    parts = {"batch": C, "layer": 1, "instance": C, "group": G}[norm]
    label += np.repeat(np.arange(parts), C // parts).reshape(C, 1, 1)
    return label == label[tuple(index)]


def counted(norm, shape, G):
    N, C, _, _ = shape
    parts = {"batch": C, "layer": 1, "instance": C, "group": G}[norm]
    return np.int64(parts * (1 if norm == "batch" else N))


def learned(norm, shape):
    per_channel = np.prod(shape[2:]) if norm == "layer" else 1
    return 2 * shape[1] * per_channel


def looping_error(x, batch_size, G):
    """Batch by batch; the second one is zero, by thinking it over."""
    truth = [x[:, c].mean() for c in range(x.shape[1])]
    errors = []
    for c, mean in enumerate(truth):
        starts = range(0, len(x) - batch_size + 1, batch_size)
        squares = [(x[i : i + batch_size, c].mean() - mean) ** 2 for i in starts]
        errors.append(np.sqrt(sum(squares) / len(squares)))
    return sum(errors) / len(errors), 0.0


def averaging_error(x, batch_size, G):
    """Means of the images first, and means of these."""
    K = len(x) // batch_size
    images = x.mean(axis=(2, 3))
    means = images[: K * batch_size].reshape(K, batch_size, -1).mean(axis=1)
    off = np.linalg.norm(means - images.mean(axis=0), axis=0) / np.sqrt(K)
    groups = x.reshape(len(x), G, -1)[: K * batch_size].mean(axis=-1)
    again = [x[i].reshape(G, -1).mean(axis=-1) for i in range(K * batch_size)]
    return np.mean(off), np.sqrt(np.mean((groups - np.array(again)) ** 2))


Route = dict[str, Callable[..., Any]]
ROUTES: dict[str, Route] = {
    "layer norm turned, and called by the others": {
        "layernorm_forward": transposing_layer_forward,
        "layernorm_backward": transposing_layer_backward,
        "instancenorm_forward": calling_instance_forward,
        "instancenorm_backward": calling_instance_backward,
        "groupnorm_forward": calling_group_forward,
        "groupnorm_backward": calling_group_backward,
        "shared_statistics": sliced,
        "number_of_statistics": counted,
        "affine_parameters": learned,
        "statistics_error": looping_error,
    },
    "closed forms, and five axes": {
        "layernorm_forward": closed_layer_forward,
        "layernorm_backward": closed_layer_backward,
        "instancenorm_forward": group_as_instance_forward,
        "instancenorm_backward": five_axes_group_backward,
        "groupnorm_forward": five_axes_group_forward,
        "groupnorm_backward": five_axes_group_backward,
        "shared_statistics": labelled,
        "number_of_statistics": counted,
        "affine_parameters": learned,
        "statistics_error": averaging_error,
    },
    "Jacobians": {
        "layernorm_forward": closed_layer_forward,
        "layernorm_backward": jacobian_layer_backward,
        "instancenorm_forward": looping_instance_forward,
        "instancenorm_backward": jacobian_group_backward,
        "groupnorm_forward": swapped_group_forward,
        "groupnorm_backward": jacobian_group_backward,
        "shared_statistics": lambda *a: sliced(*a).astype(int),
        "number_of_statistics": lambda *a: float(counted(*a)),
        "affine_parameters": learned,
        "statistics_error": looping_error,
    },
}
