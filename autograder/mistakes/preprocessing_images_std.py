"""Wrong solutions of the per-channel mean and standard deviation."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_STD = "std = images_train.std(axis=(0, 1, 2))"
_SCALE = "scale = np.maximum(std, floor)"
_SCALED_TRAIN = "train = (images_train - mean) / scale"
_SCALED_TEST = "test = (images_test - mean) / scale"
_LEAK = "Would your answer for one test image change if another one were added?"
_FLOOR = "What does the formula do with a standard deviation above the floor?"

_scaled = partial(Mistake, "channel_mean_std")

STATISTICS_AND_FLOOR = (
    _scaled(
        "divided by the variance",
        "Which units has x - mean, and which has what you divide it by?",
        ((_STD, "std = images_train.var(axis=(0, 1, 2))"),),
    ),
    _scaled(
        "no floor",
        "What does your function give for a constant channel?",
        ((_SCALE, "scale = std"),),
    ),
    _scaled("floor added", _FLOOR, ((_SCALE, "scale = std + floor"),)),
    _scaled(
        "floor added to the variance",
        _FLOOR,
        ((_SCALE, "scale = np.sqrt(std**2 + floor)"),),
    ),
    _scaled(
        "floor on the variance",
        "Is the floor one of the variance, or of the standard deviation?",
        ((_SCALE, "scale = np.sqrt(np.maximum(std**2, floor))"),),
    ),
    _scaled(
        "floor as a ceiling",
        "Which of the two is to be taken: the smaller, or the larger?",
        ((_SCALE, "scale = np.minimum(std, floor)"),),
    ),
    _scaled(
        "a std below the floor counts as one",
        "What does a smaller standard deviation count as?",
        ((_SCALE, "scale = np.where(std < floor, 1.0, std)"),),
    ),
    _scaled(
        "only a std of zero is replaced",
        "What happens to a channel that varies a little, less than the floor?",
        ((_SCALE, "scale = np.where(std == 0, floor, std)"),),
    ),
    _scaled(
        "floor hard-coded",
        "Where does your floor come from?",
        ((_SCALE, "scale = np.maximum(std, 1e-6)"),),
    ),
    _scaled(
        "centred and not scaled",
        "What is the standard deviation of your training images?",
        (
            (_SCALED_TRAIN, "train = images_train - mean"),
            (_SCALED_TEST, "test = images_test - mean"),
        ),
    ),
    _scaled(
        "scaled before it is centred",
        "What is the mean of x / std?",
        (
            (_SCALED_TRAIN, "train = images_train / scale - mean"),
            (_SCALED_TEST, "test = images_test / scale - mean"),
        ),
    ),
    _scaled(
        "one standard deviation for all channels",
        "How many standard deviations are there for C channels?",
        ((_STD, "std = images_train.std()"),),
    ),
    _scaled(
        "standard deviation around the mean image",
        "Around which mean is the spread of a channel measured?",
        (
            (
                _STD,
                "std = (images_train - images_train.mean(axis=0)).std(axis=(0, 1, 2))",
            ),
        ),
    ),
    _scaled(
        "standard deviation of each place",
        "How many standard deviations are there for C channels?",
        (
            (_STD, "std = images_train.std(axis=0)"),
            (
                _SCALED_TEST,
                "scale = np.maximum(images_train.std(axis=(0, 1, 2)), floor)\n"
                f"    {_SCALED_TEST}",
            ),
        ),
    ),
    _scaled(
        "one less than N·H·W",
        "By what does the variance divide here?",
        ((_STD, "std = images_train.std(axis=(0, 1, 2), ddof=1)"),),
    ),
    _scaled(
        "one-pass variance",
        "How many digits are left of E[x²] - E[x]² when the mean is 10,000 and the "
        "standard deviation 0.01?",
        (
            (
                _STD,
                "square = (images_train.astype(float) ** 2).mean(axis=(0, 1, 2))\n"
                "    std = np.sqrt(np.maximum(square - mean**2, 0))",
            ),
        ),
    ),
    _scaled(
        "mean image subtracted",
        "How many numbers are subtracted? Do test images of another size fit?",
        (
            (
                "mean = images_train.mean(axis=(0, 1, 2))",
                "mean = images_train.mean(axis=0)",
            ),
        ),
    ),
)

TEST_SPLIT = (
    _scaled(
        "test images by their own statistics",
        _LEAK,
        (
            (
                _SCALED_TEST,
                "scale = np.maximum(images_test.std(axis=(0, 1, 2)), floor)\n"
                "    test = (images_test - images_test.mean(axis=(0, 1, 2))) / scale",
            ),
        ),
    ),
    _scaled(
        "test images by their own standard deviation",
        _LEAK,
        (
            (
                _SCALED_TEST,
                "scale = np.maximum(images_test.std(axis=(0, 1, 2)), floor)\n"
                f"    {_SCALED_TEST}",
            ),
        ),
    ),
    _scaled(
        "test images by their own mean",
        _LEAK,
        (
            (
                _SCALED_TEST,
                "test = (images_test - images_test.mean(axis=(0, 1, 2))) / scale",
            ),
        ),
    ),
    _scaled(
        "the test images are centred alone",
        "What happens to the training images that does not happen to the test images?",
        ((_SCALED_TEST, "test = images_test - mean"),),
    ),
)

MISTAKES = (*STATISTICS_AND_FLOOR, *TEST_SPLIT)
