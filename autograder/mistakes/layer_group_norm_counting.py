"""Wrong counts of the statistics and of the parameters of the four norms."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_count = partial(Mistake, "number_of_statistics")

_COLOURS_HINT = "How many colours does the picture of this norm need?"

STATISTICS = (
    _count(
        "means and variances counted",
        "The variances are as many again. What is asked?",
        (
            ("return C\n", "return 2 * C\n"),
            ("return N\n", "return 2 * N\n"),
            ("return N *", "return 2 * N *"),
        ),
    ),
    _count(
        "batch norm and layer norm swapped",
        "Which of the two has a mean for each image?",
        (("return C\n", "return N \n"), ("return N\n", "return C\n")),
    ),
    _count(
        "batch norm of each position",
        _COLOURS_HINT,
        (("return C\n", "return C * H * W\n"),),
    ),
    _count(
        "batch norm of each image",
        _COLOURS_HINT,
        (("return C\n", "return N * C\n"),),
    ),
    _count(
        "one mean for the whole batch",
        _COLOURS_HINT,
        (("return C\n", "return 1\n"),),
    ),
    _count(
        "layer norm of each pixel",
        _COLOURS_HINT,
        (("return N\n", "return N * H * W\n"),),
    ),
    _count(
        "layer norm as one mean",
        "How many images are in the batch?",
        (("return N\n", "return 1\n"),),
    ),
    _count(
        "instance norm of one image",
        "How many images are in the batch?",
        (("return N * C", "return C"),),
    ),
    _count(
        "instance norm of each image as a whole",
        _COLOURS_HINT,
        (("return N * C", "return N"),),
    ),
    _count(
        "group norm of one image",
        "How many images are in the batch?",
        (("return N * G", "return G"),),
    ),
    _count(
        "G taken as group size",
        "Is G the number of groups or the number of channels in one?",
        (("return N * G", "return N * (C // G)"),),
    ),
    _count(
        "group norm of each channel",
        _COLOURS_HINT,
        (("return N * G", "return N * C"),),
    ),
    _count(
        "group norm of each pixel",
        _COLOURS_HINT,
        (("return N * G", "return N * G * H * W"),),
    ),
    _count(
        "the numbers behind each mean",
        "Is it asked how many numbers share a mean, or how many means there are?",
        (
            ("return C\n", "return N * H * W\n"),
            ("return N\n", "return C * H * W\n"),
            ("return N * C", "return H * W"),
            ("return N * G", "return C // G * H * W"),
        ),
    ),
)

_affine = partial(Mistake, "affine_parameters")

AFFINE = (
    _affine(
        "gamma alone",
        "What is learned beside gamma?",
        (("return 2 *", "return"),),
    ),
    _affine(
        "layer norm has one gamma a channel",
        "Which shape has the gamma that you pass to layernorm_forward?",
        (("return 2 * C * H * W", "return 2 * C"),),
    ),
    _affine(
        "layer norm has one gamma a row",
        "Which shape has the gamma that you pass to layernorm_forward?",
        (("return 2 * C * H * W", "return 2 * N"),),
    ),
    _affine(
        "layer norm has one gamma",
        "Which shape has the gamma that you pass to layernorm_forward?",
        (("return 2 * C * H * W", "return 2"),),
    ),
    _affine(
        "layer norm has one gamma an entry of the batch",
        "Does what is learned depend on the size of the batch?",
        (("return 2 * C * H * W", "return 2 * N * C * H * W"),),
    ),
    _affine(
        "one gamma an entry of an image",
        "Which shape has the gamma that you pass to groupnorm_forward?",
        (("return 2 * C\n", "return 2 * C * H * W\n"),),
    ),
    _affine(
        "as many gammas as instance norm has means",
        "Does what is learned depend on the size of the batch?",
        (("return 2 * C\n", "return 2 * N * C if norm == 'instance' else 2 * C\n"),),
    ),
    _affine(
        "N in place of C",
        "Which axis of x belongs to gamma?",
        (("return 2 * C\n", "return 2 * N\n"),),
    ),
    _affine(
        "instance norm learns nothing",
        "What do you pass to instancenorm_forward beside x?",
        (
            ('"instance", "group"):', '"group"):'),
            (
                "return 2 * C\n",
                "return 2 * C\n    if norm == 'instance':\n        return 0\n",
            ),
        ),
    ),
    _affine(
        "running statistics counted",
        "Are running statistics learned by a gradient?",
        (("return 2 * C\n", "return 4 * C if norm == 'batch' else 2 * C\n"),),
    ),
)

MISTAKES = (*STATISTICS, *AFFINE)
