"""Wrong solutions of the forward pass of batch normalization."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_wrong = partial(Mistake, "batchnorm_forward")

_MEAN = "mean = x.mean(axis=0)"
_VAR = "((x - mean) ** 2).mean(axis=0)"
_ROOT = "np.sqrt(var + eps)"
_TEST_ROOT = "np.sqrt(running_var + eps)"
_OUT = "out = gamma * x_hat + beta"
_TEST_OUT = f"{_OUT}\n        cache = None"
_TEST_X_HAT = f"x_hat = (x - running_mean) / {_TEST_ROOT}"
_NEW_MEAN = "running_mean = momentum * running_mean + (1 - momentum) * mean"
_NEW_VAR = "running_var = momentum * running_var + (1 - momentum) * var"
_STORE_MEAN = '        bn_param["running_mean"] = running_mean\n'
_STORE_VAR = '        bn_param["running_var"] = running_var\n'
_CACHE = "cache = (x, x_hat, mean, var, eps, gamma)"

NORMALIZATION = (
    _wrong(
        "eps outside the root",
        "What stands under the root in the formula?",
        ((_ROOT, "(np.sqrt(var) + eps)"), (_TEST_ROOT, "(np.sqrt(running_var) + eps)")),
    ),
    _wrong(
        "eps outside the root, in train mode alone",
        "What stands under the root in the formula? Compare your two modes.",
        ((_ROOT, "(np.sqrt(var) + eps)"),),
    ),
    _wrong(
        "no eps",
        "What does your function give for a constant column?",
        ((_ROOT, "np.sqrt(var)"), (_TEST_ROOT, "np.sqrt(running_var)")),
    ),
    _wrong(
        "eps hard-coded",
        "Where does your eps come from?",
        (('bn_param.get("eps", 1e-5)', "1e-5"),),
    ),
    _wrong(
        "eps taken for granted",
        "Which keys of bn_param may be missing?",
        (('bn_param.get("eps", 1e-5)', 'bn_param["eps"]'),),
    ),
    _wrong(
        "N - 1 in the normalization",
        "By what is the sum of squares divided in the formula? Try one row.",
        ((_VAR, "((x - mean) ** 2).sum(axis=0) / (N - 1)"),),
    ),
    _wrong(
        "one-pass variance",
        "How many digits are left of E[x²] - E[x]² when the mean is 10,000 and the "
        "standard deviation 0.01?",
        ((_VAR, "(x**2).mean(axis=0) - mean**2"),),
    ),
    _wrong(
        "divided by the variance",
        "Which units has x - mean, and which has what you divide it by?",
        ((_ROOT, "(var + eps)"), (_TEST_ROOT, "(running_var + eps)")),
    ),
    _wrong(
        "statistics of each row",
        "Over which axis does the sum of the formula run?",
        (
            (_MEAN, "mean = x.mean(axis=1, keepdims=True)"),
            (_VAR, "((x - mean) ** 2).mean(axis=1, keepdims=True)"),
        ),
    ),
    _wrong(
        "one statistic for the whole batch",
        "How many means does a batch of shape (N, D) have?",
        ((_MEAN, "mean = x.mean()"), (_VAR, "((x - mean) ** 2).mean()")),
    ),
    _wrong(
        "gamma ignored",
        "Double gamma. What should happen to the output?",
        ((_OUT, "out = x_hat + beta"),),
    ),
    _wrong(
        "beta ignored",
        "Add 1 to beta. What should happen to the output?",
        ((_OUT, "out = gamma * x_hat"),),
    ),
    _wrong(
        "gamma on the wrong axis",
        "Which axis of x belongs to gamma? Try one row and four columns.",
        ((_OUT, "out = gamma[:, None] * x_hat + beta"),),
    ),
    _wrong(
        "beta on the wrong axis",
        "Which axis of x belongs to beta? Try one row and four columns.",
        ((_OUT, "out = gamma * x_hat + beta[:, None]"),),
    ),
    _wrong(
        "shifted before it is scaled",
        "Which comes first, gamma or beta?",
        ((_OUT, "out = gamma * (x_hat + beta)"),),
    ),
    _wrong(
        "train mode normalizes with the running statistics",
        "Which statistics does train mode divide by?",
        (
            (
                _CACHE,
                f"{_CACHE}\n"
                f"        new_mean = momentum * running_mean + (1 - momentum) * mean\n"
                f"        new_var = momentum * running_var + (1 - momentum) * var\n"
                f"        x_hat = (x - new_mean) / np.sqrt(new_var + eps)\n"
                f"        {_OUT}",
            ),
        ),
    ),
    _wrong(
        "x is centred in place",
        "Which of the arrays you were handed does your code write into?",
        ((_CACHE, f"{_CACHE}\n        x -= mean"),),
        caught_by="inputs",
    ),
)

RUNNING_STATISTICS = (
    _wrong(
        "shape (1, D) kept",
        "Which shape is asked of the running statistics, and which have yours?",
        (
            (_MEAN, "mean = x.mean(axis=0, keepdims=True)"),
            (_VAR, "((x - mean) ** 2).mean(axis=0, keepdims=True)"),
        ),
    ),
    _wrong(
        "running variance accumulates var + eps",
        "Is eps part of the statistic, or of the division?",
        ((_NEW_VAR, f"{_NEW_VAR[:-3]}(var + eps)"),),
    ),
    _wrong(
        "running variance accumulates the standard deviation",
        "Of which statistic is the running average asked?",
        ((_NEW_VAR, f"{_NEW_VAR[:-3]}np.sqrt(var)"),),
    ),
    _wrong(
        "running variance is unbiased",
        "Both variances divide by the same number here. By which?",
        ((_NEW_VAR, f"{_NEW_VAR[:-3]}var * N / (N - np.float64(1))"),),
    ),
    _wrong(
        "last batch without momentum",
        "What is left of the first batch after the second one?",
        ((_NEW_MEAN, "running_mean = mean"), (_NEW_VAR, "running_var = var")),
    ),
    _wrong(
        "momentum swapped with its complement",
        "Which of the two weights belongs to the old statistics?",
        (
            (
                _NEW_MEAN,
                "running_mean = (1 - momentum) * running_mean + momentum * mean",
            ),
            (_NEW_VAR, "running_var = (1 - momentum) * running_var + momentum * var"),
        ),
    ),
    _wrong(
        "momentum hard-coded",
        "Where does your momentum come from?",
        (('bn_param.get("momentum", 0.9)', "0.9"),),
    ),
    _wrong(
        "update thrown away",
        "Where does the next batch find what you computed?",
        ((_STORE_MEAN, ""), (_STORE_VAR, "")),
    ),
    _wrong(
        "updated twice",
        "How often does one batch enter the running statistics?",
        (
            (_NEW_MEAN, f"{_NEW_MEAN}\n        {_NEW_MEAN}"),
            (_NEW_VAR, f"{_NEW_VAR}\n        {_NEW_VAR}"),
        ),
    ),
    _wrong(
        "only the mean is kept",
        "Which two statistics does test mode need?",
        ((_STORE_VAR, '        bn_param["running_var"] = var\n'),),
    ),
    _wrong(
        "running statistics change in place",
        "Which of the arrays you were handed does your code write into?",
        (
            (
                _NEW_MEAN,
                "running_mean *= momentum\n"
                "        running_mean += (1 - momentum) * mean",
            ),
            (
                _NEW_VAR,
                "running_var *= momentum\n        running_var += (1 - momentum) * var",
            ),
        ),
        caught_by="inputs",
    ),
    _wrong(
        "running variance starts at one",
        "With what do the running statistics start when bn_param has none?",
        (('"running_var", np.zeros(', '"running_var", np.ones('),),
    ),
    _wrong(
        "running statistics start with the first batch",
        "With what do the running statistics start when bn_param has none?",
        (
            (
                _NEW_MEAN,
                'running_mean = momentum * bn_param.get("running_mean", mean)'
                " + (1 - momentum) * mean",
            ),
            (
                _NEW_VAR,
                'running_var = momentum * bn_param.get("running_var", var)'
                " + (1 - momentum) * var",
            ),
        ),
    ),
)

TEST_MODE = (
    _wrong(
        "eps outside the root in test mode",
        "What stands under the root in test mode? Compare your two modes.",
        ((_TEST_ROOT, "(np.sqrt(running_var) + eps)"),),
    ),
    _wrong(
        "no eps in test mode",
        "What stands under the root in test mode? Compare your two modes.",
        ((_TEST_ROOT, "np.sqrt(running_var)"),),
    ),
    _wrong(
        "divided by the running variance in test mode",
        "Which units has what you divide by in test mode?",
        ((_TEST_ROOT, "(running_var + eps)"),),
    ),
    _wrong(
        "gamma and beta ignored in test mode",
        "What do the two modes have in common?",
        ((_TEST_OUT, "out = x_hat\n        cache = None"),),
    ),
    _wrong(
        "beta subtracted in test mode",
        "What do the two modes have in common?",
        ((_TEST_OUT, "out = gamma * x_hat - beta\n        cache = None"),),
    ),
    _wrong(
        "batch statistics in test mode",
        "In test mode, does your answer for one row depend on the other rows?",
        ((_TEST_X_HAT, "x_hat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)"),),
    ),
    _wrong(
        "running statistics are updated in test mode",
        "What may test mode change?",
        (
            (
                _TEST_X_HAT,
                f"{_TEST_X_HAT}\n"
                f"        mean, var = x.mean(axis=0), x.var(axis=0)\n"
                f"        {_NEW_MEAN}\n        {_NEW_VAR}\n"
                f"{_STORE_MEAN}{_STORE_VAR}",
            ),
        ),
    ),
    _wrong(
        "mode is not looked at",
        "Where does your function ask for the mode?",
        (('if mode == "train"', "if True"),),
    ),
)

MISTAKES = (*NORMALIZATION, *RUNNING_STATISTICS, *TEST_MODE)
