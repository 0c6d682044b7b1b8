"""Wrong solutions of the mean image and of the per-channel mean."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_TEST = "test = images_test - mean"
_TRAIN = "train = images_train - mean"
_AXES = {"mean_image": "axis=0", "channel_mean": "axis=(0, 1, 2)"}

_LEAK = "Would your answer for one test image change if another one were added?"
_BYTES = "What is 3 - 5 in bytes? And is the mean of bytes a byte?"
_IN_PLACE = "Which of the arrays you were handed does your code write into?"


def _shared(exercise: str) -> tuple[Mistake, ...]:
    """What goes wrong for the mean image and for the per-channel mean."""
    wrong = partial(Mistake, exercise)
    axes = _AXES[exercise]
    mean = f"mean = images_train.mean({axes})"
    return (
        wrong(
            "test images by their own mean",
            _LEAK,
            ((_TEST, f"test = images_test - images_test.mean({axes})"),),
        ),
        wrong(
            "the test images stay as they were",
            "A network that was trained on centred images: what should it see in use?",
            ((_TEST, "test = images_test.astype(float)"),),
        ),
        wrong(
            "both splits by the test mean",
            "Which of the two splits may the statistics come from?",
            ((mean, f"mean = images_test.mean({axes})"),),
        ),
        wrong(
            "one mean for everything",
            "How many numbers does the text ask to subtract?",
            ((mean, "mean = images_train.mean()"),),
        ),
        wrong(
            "each image by its own mean",
            "Does a bright image stay brighter than a dark one?",
            (
                (
                    _TRAIN,
                    "train = images_train - "
                    "images_train.mean(axis=(1, 2, 3), keepdims=True)",
                ),
                (
                    _TEST,
                    "test = images_test - "
                    "images_test.mean(axis=(1, 2, 3), keepdims=True)",
                ),
            ),
        ),
        wrong(
            "each image by its own channel means",
            "Does a bright image stay brighter than a dark one?",
            (
                (
                    _TRAIN,
                    "train = images_train - "
                    "images_train.mean(axis=(1, 2), keepdims=True)",
                ),
                (
                    _TEST,
                    "test = images_test - images_test.mean(axis=(1, 2), keepdims=True)",
                ),
            ),
        ),
        wrong(
            "mean rounded to the images' own type",
            _BYTES,
            (
                (_TRAIN, f"mean = mean.astype(images_train.dtype)\n    {_TRAIN}"),
                (_TEST, "test = images_test - mean"),
            ),
        ),
        wrong(
            "result in the images' own type",
            _BYTES,
            (
                (_TRAIN, f"{_TRAIN}\n    train = train.astype(images_train.dtype)"),
                (_TEST, f"{_TEST}\n    test = test.astype(images_test.dtype)"),
            ),
        ),
        wrong(
            "negative values cut off",
            "What is the mean of your training images afterwards?",
            (
                (_TRAIN, "train = np.maximum(images_train - mean, 0)"),
                (_TEST, "test = np.maximum(images_test - mean, 0)"),
            ),
        ),
        wrong(
            "divided by 255 as well",
            "What is asked besides the subtraction?",
            (
                (_TRAIN, "train = (images_train - mean) / 255"),
                (_TEST, "test = (images_test - mean) / 255"),
            ),
        ),
        wrong(
            "the training images change in place",
            _IN_PLACE,
            ((_TRAIN, "images_train -= mean\n    train = images_train"),),
            caught_by="inputs",
        ),
    )


MEAN_IMAGE = (
    *_shared("mean_image"),
    Mistake(
        "mean_image",
        "per-channel mean",
        "Which shape has the mean image?",
        (("axis=0", "axis=(0, 1, 2)"),),
    ),
    Mistake(
        "mean_image",
        "mean image without colours",
        "Does each channel of a pixel have a mean of its own?",
        (
            (
                "images_train.mean(axis=0)",
                "images_train.mean(axis=(0, 3))[..., None]",
            ),
        ),
    ),
    Mistake(
        "mean_image",
        "test images in the mean",
        _LEAK,
        (
            (
                "images_train.mean(axis=0)",
                "np.concatenate([images_train, images_test]).mean(axis=0)",
            ),
        ),
    ),
    Mistake(
        "mean_image",
        "mean of each row of pixels",
        "Over which axes does your mean run, and over which should it?",
        (
            (
                "images_train.mean(axis=0)",
                "images_train.mean(axis=(0, 2))[:, None]",
            ),
        ),
    ),
)

_CHANNEL = "images_train.mean(axis=(0, 1, 2))"

CHANNEL_MEAN = (
    *_shared("channel_mean"),
    Mistake(
        "channel_mean",
        "mean image",
        "How many numbers are subtracted? Do test images of another size fit?",
        ((_CHANNEL, "images_train.mean(axis=0)"),),
    ),
    Mistake(
        "channel_mean",
        "channels taken for the second axis",
        "The shape is (N, H, W, C). Which axis is left over after your mean?",
        ((_CHANNEL, "images_train.mean(axis=(0, 2, 3), keepdims=True)[0]"),),
    ),
    Mistake(
        "channel_mean",
        "mean of each place",
        "The shape is (N, H, W, C). Which axis is left over after your mean?",
        ((_CHANNEL, "images_train.mean(axis=(0, 3))[..., None]"),),
    ),
    Mistake(
        "channel_mean",
        "mean of each column of pixels",
        "Over which axes does your mean run, and over which should it?",
        ((_CHANNEL, "images_train.mean(axis=(0, 1))"),),
    ),
    Mistake(
        "channel_mean",
        "mean of the first image alone",
        "How many numbers stand behind each of your means?",
        ((_CHANNEL, "images_train[0].mean(axis=(0, 1))"),),
    ),
    Mistake(
        "channel_mean",
        "channels of the test images in the mean",
        _LEAK,
        (
            (
                _CHANNEL,
                "np.concatenate([images_train.reshape(-1, images_train.shape[-1]),\n"
                "        images_test.reshape(-1, images_test.shape[-1])]).mean(axis=0)",
            ),
        ),
    ),
)

MISTAKES = (*MEAN_IMAGE, *CHANNEL_MEAN)
