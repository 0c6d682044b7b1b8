"""Wrong solutions of spatial batch normalization.

Each edit keeps the right ``batchnorm_forward`` and ``batchnorm_backward``:
what is wrong is how the four axes are brought to two.
"""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_RESHAPE_HINT = (
    "Print what the first column of your rows holds, for x = np.arange(24) in the "
    "shape (2, 3, 1, 4). Does it come from one channel?"
)
_BACK_HINT = "Undo your reshape and your transpose, in which order?"
_AXES = "transpose(0, 2, 3, 1)"
_FROM_X = "x.transpose(0, 2, 3, 1).reshape(-1, C)"
_FROM_DOUT = "dout.transpose(0, 2, 3, 1).reshape(-1, C)"
_OUT = "out.reshape(N, H, W, C).transpose(0, 3, 1, 2)"
_DX = "dx.reshape(N, H, W, C).transpose(0, 3, 1, 2)"
_FORWARD = "out, cache = batchnorm_forward(rows, gamma, beta, bn_param)"
_CACHE = f"_, cache = batchnorm_forward({_FROM_X}, gamma, beta, dict(bn_param))"
"""For a forward whose own cache no backward could use: that can't be judged."""
_BACKWARD = "dx, dgamma, dbeta = batchnorm_backward(rows, cache)"

_forward = partial(Mistake, "spatial_batchnorm_forward")

FORWARD = (
    _forward(
        "reshape without the transpose",
        _RESHAPE_HINT,
        ((_FROM_X, "x.reshape(-1, C)"), (_OUT, "out.reshape(N, C, H, W)")),
    ),
    _forward(
        "transposed on the way in alone",
        _BACK_HINT,
        ((_OUT, "out.reshape(N, C, H, W)"),),
    ),
    _forward(
        "channels first, then reshaped to C columns",
        _RESHAPE_HINT,
        (
            (_FROM_X, "x.transpose(1, 0, 2, 3).reshape(-1, C)"),
            (_OUT, "out.reshape(C, N, H, W).transpose(1, 0, 2, 3)"),
        ),
    ),
    _forward(
        "N and C mixed up on the way back",
        _BACK_HINT,
        (
            (_FROM_X, "x.transpose(1, 0, 2, 3).reshape(C, -1).T"),
            (_OUT, "out.T.reshape(N, C, H, W)"),
        ),
    ),
    _forward(
        "H and W swapped on the way back",
        _BACK_HINT,
        ((_OUT, "out.reshape(N, W, H, C).transpose(0, 3, 2, 1)"),),
    ),
    _forward(
        "the output keeps its channels last",
        "Which shape has your output?",
        ((_OUT, "out.reshape(N, H, W, C)"),),
    ),
    _forward(
        "statistics of each position",
        "How many means does a channel have? How many numbers stand behind each?",
        (
            (
                _FROM_X,
                "x.reshape(N, C * H * W)\n"
                f"    {_CACHE}\n"
                "    bn_param.update({k: np.repeat(bn_param[k], H * W) for k in\n"
                '        ("running_mean", "running_var") if k in bn_param})',
            ),
            (
                _FORWARD,
                "out, _ = batchnorm_forward(\n"
                "        rows, np.repeat(gamma, H * W), np.repeat(beta, H * W),"
                " bn_param)",
            ),
            (_OUT, "out.reshape(N, C, H, W)"),
        ),
    ),
    _forward(
        "statistics of each image",
        "Do two images of one batch share their mean, or has each its own?",
        (
            (
                _FORWARD,
                f"{_CACHE}\n"
                "    parts = [batchnorm_forward(r, gamma, beta, bn_param)[0]\n"
                "             for r in rows.reshape(N, H * W, C)]\n"
                "    out = np.stack(parts)",
            ),
        ),
    ),
    _forward(
        "running statistics end in a copy",
        "Is the dict that your batchnorm_forward fills the one you were handed?",
        ((_FORWARD, _FORWARD.replace("bn_param", "dict(bn_param)")),),
    ),
    _forward(
        "always in train mode",
        "Where does the mode of bn_param go?",
        ((_FORWARD, f'bn_param["mode"] = "train"\n    {_FORWARD}'),),
    ),
    _forward(
        "eps and momentum are not passed on",
        "Which entries of bn_param reach your batchnorm_forward?",
        (
            (
                _FORWARD,
                'bn_param.pop("eps", None), bn_param.pop("momentum", None)\n'
                f"    {_FORWARD}",
            ),
        ),
    ),
)

_backward = partial(Mistake, "spatial_batchnorm_backward")

BACKWARD = (
    _backward(
        "reshape without the transpose",
        _RESHAPE_HINT,
        ((_FROM_DOUT, "dout.reshape(-1, C)"), (_DX, "dx.reshape(N, C, H, W)")),
    ),
    _backward(
        "transposed on the way in alone",
        _BACK_HINT,
        ((_DX, "dx.reshape(N, C, H, W)"),),
    ),
    _backward(
        "transposed on the way back alone",
        _RESHAPE_HINT,
        ((_FROM_DOUT, "dout.reshape(-1, C)"),),
    ),
    _backward(
        "channels first, then reshaped to C columns",
        _RESHAPE_HINT,
        (
            (_FROM_DOUT, "dout.transpose(1, 0, 2, 3).reshape(-1, C)"),
            (_DX, "dx.reshape(C, N, H, W).transpose(1, 0, 2, 3)"),
        ),
    ),
    _backward(
        "N and C mixed up on the way back",
        _BACK_HINT,
        ((_DX, "dx.T.reshape(N, C, H, W)"),),
    ),
    _backward(
        "H and W swapped on the way back",
        _BACK_HINT,
        ((_DX, "dx.reshape(N, W, H, C).transpose(0, 3, 2, 1)"),),
    ),
    _backward(
        "another order of the rows than in the forward",
        "In which order did your forward put the rows into its cache?",
        (
            (_FROM_DOUT, "dout.transpose(2, 3, 0, 1).reshape(-1, C)"),
            (_DX, "dx.reshape(H, W, N, C).transpose(2, 3, 0, 1)"),
        ),
    ),
    _backward(
        "dx keeps its channels last",
        "Which shape has your dx?",
        ((_DX, "dx.reshape(N, H, W, C)"),),
    ),
    _backward(
        "1/N in place of 1/(N H W)",
        "How many numbers stand behind each mean?",
        (
            (
                _BACKWARD,
                "x, x_hat, mean, var, eps, gamma = cache\n"
                "    dbeta, dgamma = rows.sum(axis=0), (rows * x_hat).sum(axis=0)\n"
                "    dx = gamma / np.sqrt(var + eps) * "
                "(rows - dbeta / N - x_hat * dgamma / N)",
            ),
        ),
    ),
    _backward(
        "dgamma and dbeta of each position",
        "How many numbers of the output does one entry of gamma reach?",
        (
            (
                "return dx, dgamma, dbeta",
                "dbeta = dout.sum(axis=0)\n"
                "    x_hat = cache[1].reshape(N, H, W, C).transpose(0, 3, 1, 2)\n"
                "    dgamma = (dout * x_hat).sum(axis=0)\n"
                "    return dx, dgamma, dbeta",
            ),
        ),
    ),
    _backward(
        "dgamma and dbeta averaged over the positions",
        "Is the gradient of a shared parameter a sum or a mean?",
        (
            (
                "return dx, dgamma, dbeta",
                "return dx, dgamma / (H * W), dbeta / (H * W)",
            ),
        ),
    ),
    _backward(
        "dgamma and dbeta of shape (1, C, 1, 1)",
        "Which shapes are asked of dgamma and dbeta, and which have yours?",
        (
            (
                "return dx, dgamma, dbeta",
                "return dx, dgamma.reshape(1, C, 1, 1), dbeta.reshape(1, C, 1, 1)",
            ),
        ),
    ),
)

MISTAKES = (*FORWARD, *BACKWARD)
