"""Wrong pictures of which elements share a statistic."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_shared = partial(Mistake, "shared_statistics")

_BATCH = 'if norm == "batch":\n        return '
_LAYER = 'if norm == "layer":\n        return '
_INSTANCE = 'if norm == "instance":\n        return '
_GROUP = 'if norm == "group":\n        return '
_SAME_GROUP = "same_group = c // size == index[1] // size"

_BATCH_HINT = "Over which axes does batch norm of images take its mean?"
_IMAGE_HINT = "Does this norm look at the other images of the batch?"
_PIXEL_HINT = "Does this norm look at the other positions of the image?"
_GROUP_HINT = "Which channels form the first group, with 6 channels and G = 2?"

SHARED = (
    _shared(
        "batch norm and layer norm swapped",
        "Which of the two looks at one image alone?",
        (
            (f"{_BATCH}same_channel", f"{_BATCH}same_image"),
            (f"{_LAYER}same_image", f"{_LAYER}same_channel"),
        ),
    ),
    _shared(
        "batch norm of each image",
        _BATCH_HINT,
        ((f"{_BATCH}same_channel", f"{_BATCH}same_image & same_channel"),),
    ),
    _shared(
        "batch norm of each position",
        _BATCH_HINT,
        (
            (
                f"{_BATCH}same_channel",
                f"{_BATCH}same_channel & (h == index[2]) & (w == index[3])",
            ),
        ),
    ),
    _shared(
        "layer norm of each pixel",
        _PIXEL_HINT,
        (
            (
                f"{_LAYER}same_image",
                f"{_LAYER}same_image & (h == index[2]) & (w == index[3])",
            ),
        ),
    ),
    _shared(
        "layer norm is instance norm",
        "What tells the two apart?",
        ((f"{_LAYER}same_image", f"{_LAYER}same_image & same_channel"),),
    ),
    _shared(
        "instance norm over the batch",
        _IMAGE_HINT,
        ((f"{_INSTANCE}same_image & same_channel", f"{_INSTANCE}same_channel"),),
    ),
    _shared(
        "instance norm is layer norm",
        "What tells the two apart?",
        ((f"{_INSTANCE}same_image & same_channel", f"{_INSTANCE}same_image"),),
    ),
    _shared(
        "instance norm looks at G",
        "Which of the four norms has groups?",
        (
            (
                f"{_INSTANCE}same_image & same_channel",
                f"{_INSTANCE}same_image & same_group",
            ),
        ),
    ),
    _shared(
        "strided groups",
        _GROUP_HINT,
        ((_SAME_GROUP, "same_group = c % G == index[1] % G"),),
    ),
    _shared(
        "G taken as group size",
        "Is G the number of groups or the number of channels in one?",
        (("size = shape[1] // G", "size = G"),),
    ),
    _shared(
        "the group starts at the element's channel",
        _GROUP_HINT,
        ((_SAME_GROUP, "same_group = (c >= index[1]) & (c < index[1] + size)"),),
    ),
    _shared(
        "group norm over the batch",
        _IMAGE_HINT,
        ((f"{_GROUP}same_image & same_group", f"{_GROUP}same_group"),),
    ),
    _shared(
        "group norm of each pixel",
        _PIXEL_HINT,
        (
            (
                f"{_GROUP}same_image & same_group",
                f"{_GROUP}(same_image & same_group\n"
                "                & (h == index[2]) & (w == index[3]))",
            ),
        ),
    ),
    _shared(
        "group norm is instance norm",
        "How many channels share a mean in group norm?",
        ((f"{_GROUP}same_image & same_group", f"{_GROUP}same_image & same_channel"),),
    ),
    _shared(
        "group norm is layer norm",
        "What is G for?",
        ((f"{_GROUP}same_image & same_group", f"{_GROUP}same_image"),),
    ),
    _shared(
        "N and C swapped",
        "Which axis of the shape counts the images?",
        (
            ("same_image = n == index[0]", "same_image = c == index[1]"),
            ("same_channel = c == index[1]", "same_channel = n == index[0]"),
        ),
    ),
    _shared(
        "True and False swapped",
        "What stands at the element itself?",
        (
            ("return same_channel", "return ~same_channel"),
            ("return same_image & same_channel", "return ~(same_image & same_channel)"),
            ("return same_image & same_group", "return ~(same_image & same_group)"),
            (f"{_LAYER}same_image\n", f"{_LAYER}~same_image\n"),
        ),
    ),
    _shared(
        "the element itself left out",
        "Is an element normalized with its own mean?",
        (
            (
                "same_image = n == index[0]",
                "itself = (n == index[0]) & (c == index[1])\n"
                "    itself &= (h == index[2]) & (w == index[3])\n"
                "    same_image = (n == index[0]) & ~itself",
            ),
            (
                "same_channel = c == index[1]",
                "same_channel = (c == index[1]) & ~itself",
            ),
        ),
    ),
    _shared(
        "one entry for each channel of each image",
        "Which shape is asked, and which has yours?",
        (
            ("same_image = n == index[0]", "same_image = (n == index[0])[:, :, 0, 0]"),
            (
                "same_channel = c == index[1]",
                "same_channel = (c == index[1])[:, :, 0, 0]",
            ),
            (
                _SAME_GROUP,
                "same_group = (c // size == index[1] // size)[:, :, 0, 0]",
            ),
        ),
    ),
)

MISTAKES = SHARED
