"""Wrong solutions of the error of the statistics against the batch size."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_wrong = partial(Mistake, "statistics_error")

_COUNT = "K = N // batch_size"
_MEANS = "means = x.mean(axis=(0, 2, 3))"
_BATCH_MEANS = "batch_means = batches.mean(axis=(1, 3, 4))"
_BATCH_ERROR = "batch_error = np.sqrt((off**2).mean(axis=0)).mean()"
_IN_BATCHES = "b.reshape(batch_size, G, -1).mean(axis=2) for b in batches"
_OFF = "np.concatenate(in_batches) - at_once[: K * batch_size]"

_TRUTH_HINT = "With which mean is a batch compared? Try data that don't fill a batch."
_RMS_HINT = "Root, mean, square: what is done first, and over which axis is each?"
_GROUP_HINT = "Does the mean of a group of one image change with the images beside it?"

BATCH = (
    _wrong(
        "compared with the mean of the batches",
        _TRUTH_HINT,
        ((_MEANS, "means = batch_means.mean(axis=0)"),),
    ),
    _wrong(
        "compared with the first batch",
        _TRUTH_HINT,
        ((_MEANS, "means = batch_means[0]"),),
    ),
    _wrong(
        "compared with one mean for all channels",
        "How many means does batch norm compute?",
        ((_MEANS, "means = x.mean()"),),
    ),
    _wrong(
        "statistics of each position",
        "How many numbers of a batch stand behind the mean of a channel?",
        (
            (_BATCH_MEANS, "batch_means = batches.mean(axis=1)"),
            (_MEANS, "means = x.mean(axis=0)"),
        ),
    ),
    _wrong(
        "images of a batch taken one by one",
        "How many images stand behind a mean of batch norm?",
        ((_BATCH_MEANS, "batch_means = batches.mean(axis=(3, 4)).reshape(-1, C)"),),
    ),
    _wrong(
        "mean square without the root",
        _RMS_HINT,
        ((_BATCH_ERROR, "batch_error = (off**2).mean(axis=0).mean()"),),
    ),
    _wrong(
        "mean of the absolute errors",
        _RMS_HINT,
        ((_BATCH_ERROR, "batch_error = np.abs(off).mean()"),),
    ),
    _wrong(
        "the root before the mean",
        _RMS_HINT,
        ((_BATCH_ERROR, "batch_error = np.abs(off.mean(axis=0)).mean()"),),
    ),
    _wrong(
        "one root over batches and channels together",
        _RMS_HINT,
        ((_BATCH_ERROR, "batch_error = np.sqrt((off**2).mean())"),),
    ),
    _wrong(
        "a root for each batch, averaged over the batches",
        _RMS_HINT,
        ((_BATCH_ERROR, _BATCH_ERROR.replace("axis=0", "axis=1")),),
    ),
    _wrong(
        "summed over the channels",
        "What is done over the channels at the end?",
        ((_BATCH_ERROR, f"{_BATCH_ERROR[:-6]}sum()"),),
    ),
    _wrong(
        "one less than the number of batches",
        "By what is the sum over the batches divided? Try one batch.",
        (
            (
                _BATCH_ERROR,
                "batch_error = np.sqrt((off**2).sum(axis=0) / (K - 1)).mean()",
            ),
        ),
    ),
    _wrong(
        "the largest error in place of the mean",
        _RMS_HINT,
        ((_BATCH_ERROR, "batch_error = np.abs(off).max(axis=0).mean()"),),
    ),
    _wrong(
        "an array with one error for each channel",
        "How many numbers are asked?",
        ((_BATCH_ERROR, "batch_error = np.sqrt((off**2).mean(axis=0))"),),
    ),
    _wrong(
        "batches of every K-th image",
        "Which images form the first batch?",
        (
            (
                _BATCH_MEANS,
                "mixed = x[: K * batch_size].reshape(batch_size, K, C, H, W)\n"
                "    batch_means = mixed.mean(axis=(0, 3, 4))",
            ),
        ),
    ),
    _wrong(
        "an incomplete last batch counts",
        "Which images are in no batch?",
        (
            (
                _BATCH_MEANS,
                "starts = range(0, N, batch_size)\n"
                "    batch_means = np.stack([x[i : i + batch_size].mean(axis=(0, 2, 3))"
                "\n                            for i in starts])",
            ),
        ),
    ),
    _wrong(
        "overlapping batches",
        "In how many batches is an image?",
        (
            (
                _BATCH_MEANS,
                "starts = range(N - batch_size + 1)\n"
                "    batch_means = np.stack([x[i : i + batch_size].mean(axis=(0, 2, 3))"
                "\n                            for i in starts])",
            ),
        ),
    ),
    _wrong(
        "the batch size taken as the number of batches",
        "How many images does a batch have?",
        ((_COUNT, "K, batch_size = batch_size, N // batch_size"),),
    ),
    _wrong(
        "the error of the standard deviation",
        "Of which statistic is the error asked?",
        (
            (_BATCH_MEANS, "batch_means = batches.std(axis=(1, 3, 4))"),
            (_MEANS, "means = x.std(axis=(0, 2, 3))"),
        ),
    ),
    _wrong(
        "divided by the standard deviation of the channel",
        "In which units is the error asked?",
        (
            (
                _BATCH_ERROR,
                f"off = off / x.std(axis=(0, 2, 3))\n    {_BATCH_ERROR}",
            ),
        ),
    ),
)

GROUP = (
    _wrong(
        "group norm's mean taken over the batch",
        _GROUP_HINT,
        (
            (
                _IN_BATCHES,
                "np.repeat(b.reshape(batch_size, G, -1).mean(axis=(0, 2))[None],\n"
                "                            batch_size, axis=0) for b in batches",
            ),
        ),
    ),
    _wrong(
        "group norm's mean compared with the mean over all images",
        "Which mean would the group have if all data were one batch?",
        ((_OFF, "np.concatenate(in_batches) - at_once.mean(axis=0)"),),
    ),
    _wrong(
        "group norm's mean compared with that of the next image",
        "Which rows of your two arrays belong to the same image?",
        (
            (
                _OFF,
                _OFF.replace("at_once", "np.roll(at_once, 1, axis=0)"),
            ),
        ),
    ),
    _wrong(
        "group norm treated as batch norm of its groups",
        _GROUP_HINT,
        (
            (
                _OFF,
                "(np.stack(in_batches).mean(axis=1)\n"
                "           - at_once.mean(axis=0))",
            ),
        ),
    ),
    _wrong(
        "both errors are batch norm's",
        _GROUP_HINT,
        (("return batch_error, group_error", "return batch_error, batch_error"),),
    ),
    _wrong(
        "the two errors swapped",
        "Which of the two is returned first?",
        (("return batch_error, group_error", "return group_error, batch_error"),),
    ),
)

MISTAKES = (*BATCH, *GROUP)
