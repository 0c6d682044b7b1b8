"""Wrong solutions of centring features, and of the two questions."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_MEAN = "mean = x_train.mean(axis=0)"
_TRAIN = "train = x_train - mean"
_TEST = "test = x_test - mean"

_LEAK = "Would your answer for one test example change if another one were added?"

_centre = partial(Mistake, "zero_center")

ZERO_CENTER = (
    _centre(
        "test data by their own mean",
        _LEAK,
        ((_TEST, "test = x_test - x_test.mean(axis=0)"),),
    ),
    _centre(
        "test data in the mean",
        _LEAK,
        ((_MEAN, "mean = np.concatenate([x_train, x_test]).mean(axis=0)"),),
    ),
    _centre(
        "mean of the two means",
        _LEAK,
        ((_MEAN, f"{_MEAN} / 2 + x_test.mean(axis=0) / 2"),),
    ),
    _centre(
        "both splits by the test mean",
        "Which of the two splits may the statistics come from?",
        ((_MEAN, "mean = x_test.mean(axis=0)"),),
    ),
    _centre(
        "the test data stay as they were",
        "A network that was trained on centred data: what should it be tested on?",
        ((_TEST, "test = x_test.copy()"),),
    ),
    _centre(
        "mean of each example",
        "Over which axis does the sum of the formula run?",
        (
            (_TRAIN, "train = x_train - x_train.mean(axis=1, keepdims=True)"),
            (_TEST, "test = x_test - x_test.mean(axis=1, keepdims=True)"),
        ),
    ),
    _centre(
        "one mean for all features",
        "How many means does a data matrix of shape (N, D) have?",
        ((_MEAN, "mean = x_train.mean()"),),
    ),
    _centre(
        "median in place of the mean",
        "One example lies far from all others. How much should it move the centre?",
        ((_MEAN, "mean = np.median(x_train, axis=0)"),),
    ),
    _centre(
        "middle of the range in place of the mean",
        "Do all examples have a say in your centre?",
        ((_MEAN, "mean = (x_train.min(axis=0) + x_train.max(axis=0)) / 2"),),
    ),
    _centre(
        "the mean is added",
        "What is the mean of your result?",
        ((_TRAIN, "train = x_train + mean"), (_TEST, "test = x_test + mean")),
    ),
    _centre(
        "scaled as well",
        "Which of the two is asked: to move the data, or to move and scale them?",
        (
            (_TRAIN, f"std = x_train.std(axis=0) + 1e-8\n    {_TRAIN}"),
            (_TEST, "train, test = train / std, (x_test - mean) / std"),
        ),
    ),
    _centre(
        "the splits come back in the other order",
        "Which of the two results is asked first?",
        (("return train, test", "return test, train"),),
    ),
    _centre(
        "the training data change in place",
        "Which of the arrays you were handed does your code write into?",
        ((_TRAIN, "x_train -= mean\n    train = x_train"),),
        caught_by="inputs",
    ),
    _centre(
        "the test data change in place",
        "Which of the arrays you were handed does your code write into?",
        ((_TEST, "x_test -= mean\n    test = x_test"),),
        caught_by="inputs",
    ),
)

_LARGEST = "largest = std**2 + D * mean**2"
_SMALLEST = "smallest = std**2"
_RATIO = "ratio = largest / smallest"
_ALONG = "Multiply μμᵀ by μ. How long is the result, compared with μ?"

_condition = partial(Mistake, "condition_number")

CONDITION_NUMBER = (
    _condition(
        "D forgotten", _ALONG, ((_LARGEST, _LARGEST.replace("D * mean", "mean")),)
    ),
    _condition(
        "D squared", _ALONG, ((_LARGEST, _LARGEST.replace("D * mean", "D**2 * mean")),)
    ),
    _condition(
        "mean not squared",
        "Which units have the entries of μμᵀ?",
        ((_LARGEST, _LARGEST.replace("mean**2", "abs(mean)")),),
    ),
    _condition(
        "the variance along the mean forgotten",
        "What is your answer when the mean is 0?",
        ((_LARGEST, "largest = D * mean**2"),),
    ),
    _condition(
        "std in place of the variance",
        "Multiply mean and std by ten. Should the ratio change?",
        (
            (_SMALLEST, "smallest = std"),
            (_LARGEST, _LARGEST.replace("std**2", "std")),
        ),
    ),
    _condition(
        "D variances along the mean",
        "What is your answer when the mean is 0?",
        ((_LARGEST, "largest = D * (std**2 + mean**2)"),),
    ),
    _condition(
        "the answer for centred data",
        "Which matrix is asked about: the covariance, or E[x xᵀ]?",
        ((_LARGEST, _SMALLEST.replace("smallest", "largest")),),
    ),
    _condition(
        "the covariance without the mean's square",
        "Is E[x xᵀ] the covariance plus μμᵀ, or minus?",
        ((_LARGEST, _LARGEST.replace("+", "-")),),
    ),
    _condition(
        "smallest over largest",
        "Which of the two eigenvalues is divided by which?",
        ((_RATIO, "ratio = smallest / largest"),),
    ),
    _condition(
        "root of the ratio",
        "A matrix and its root have different eigenvalues. Which are asked for?",
        ((_RATIO, "ratio = (largest / smallest) ** 0.5"),),
    ),
)

_stored = partial(Mistake, "stored_numbers")

_WHITENING_HINT = (
    "Which arrays does whitening apply to an image, and how large are they?"
)

STORED_NUMBERS = (
    _stored(
        "the mean image has one channel",
        "Is the mean image grey?",
        (("image = D", "image = H * W"),),
    ),
    _stored(
        "one number for all channels",
        "How many means has an image with C channels in the manner of VGG?",
        (("channel = C", "channel = 1"), ("channel_std = 2 * C", "channel_std = 2")),
    ),
    _stored(
        "the standard deviations forgotten",
        "What does the manner of ResNet divide by?",
        (("channel_std = 2 * C", "channel_std = C"),),
    ),
    _stored(
        "one standard deviation for all channels",
        "How many standard deviations are there for C channels?",
        (("channel_std = 2 * C", "channel_std = C + 1"),),
    ),
    _stored(
        "the mean forgotten in whitening",
        _WHITENING_HINT,
        (("whitening = D + D**2", "whitening = D**2"),),
    ),
    _stored(
        "the mean alone in whitening",
        _WHITENING_HINT,
        (("whitening = D + D**2", "whitening = D"),),
    ),
    _stored(
        "one scale for each entry in place of a matrix",
        _WHITENING_HINT,
        (("whitening = D + D**2", "whitening = 2 * D"),),
    ),
    _stored(
        "half of the symmetric matrix",
        "Every entry of every array that is applied is counted, equal or not.",
        (("whitening = D + D**2", "whitening = D + D * (D + 1) // 2"),),
    ),
    _stored(
        "a matrix of the size of the image",
        "D is the number of entries of an image. Which shape has a D × D matrix?",
        (("whitening = D + D**2", "whitening = D + (H * W) ** 2"),),
    ),
    _stored(
        "a mean channel in place of channel means",
        "Over which axes is the per-channel mean taken?",
        (("channel = C", "channel = H * W"),),
    ),
)

MISTAKES = (*ZERO_CENTER, *CONDITION_NUMBER, *STORED_NUMBERS)
