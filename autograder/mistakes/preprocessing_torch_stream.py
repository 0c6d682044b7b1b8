"""Wrong statistics of a stream of batches."""

from __future__ import annotations

from autograder.mistakes import Mistake


def stream(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    """A mistake in the statistics of a stream."""
    return Mistake("torch_channel_statistics", name, hint, edits)


MERGE = "squares = squares + squares_b + delta**2 * n * n_b / (n + n_b)"
MEAN = "mean = mean + delta * n_b / (n + n_b)"
RESULT = "std = (squares / n).sqrt()"
LOOP = "    for batch in batches:\n"

MISTAKES = [
    stream(
        "mean of the means",
        "One batch is smaller than the others. Does its mean count as much?",
        (
            "    n = mean = squares = 0\n",
            "    n = mean = squares = means = count = 0\n",
        ),
        (
            "        delta = mean_b - mean\n",
            "        means, count = means + mean_b, count + 1\n"
            "        delta = mean_b - mean\n",
        ),
        ("return mean.to(dtype)", "return (means / count).to(dtype)"),
    ),
    stream(
        "mean of the stds",
        "Three batches of one colour each, black, grey, white. What is your std?",
        (
            MERGE,
            "squares = squares + n_b * (squares_b / n_b).sqrt()",
        ),
        (RESULT, "std = squares / n"),
    ),
    stream(
        "mean of the variances",
        "Three batches of one colour each, black, grey, white. What is your std?",
        (MERGE, "squares = squares + squares_b"),
    ),
    stream(
        "unbiased std",
        "What does the docstring divide by?",
        (RESULT, "std = (squares / (n - 1)).sqrt()"),
    ),
    stream(
        "variance in place of the std",
        "Which unit has your second result?",
        (RESULT, "std = squares / n"),
    ),
    stream(
        "one-pass variance",
        "At a mean of 10,000, how many digits are left of E[x^2] - E[x]^2?",
        (MERGE, "squares = squares + wide.square().sum((0, 2, 3))"),
        (RESULT, "std = (squares / n - mean**2).clamp(min=0).sqrt()"),
    ),
    stream(
        "batches kept",
        "The loader reuses its memory. What is in the first batch when you have "
        "seen the last?",
        (LOOP, f"    batches = [torch.cat(list(batches))]\n{LOOP}"),
    ),
    stream(
        "only the last batch",
        "What is left of the first batch at the end?",
        (LOOP, f"{LOOP}        n = mean = squares = 0\n"),
    ),
    stream(
        "only the first batch",
        "Which batches does your mean know?",
        ("        n = n + n_b\n", "        n = n + n_b\n        break\n"),
    ),
    stream(
        "difference to the new mean",
        "Which mean is in delta: the one before the batch or the one after?",
        (f"        {MERGE}\n        {MEAN}\n", f"        {MEAN}\n        {MERGE}\n"),
        (MERGE, MERGE.replace("delta**2", "(mean_b - mean) ** 2")),
    ),
    stream(
        "delta not weighted by the counts",
        "A batch of one image joins a thousand. How far does it move the mean?",
        (MEAN, "mean = mean + delta / 2 if n else mean_b"),
    ),
    stream(
        "wrong weight of the distance",
        "Two batches of one number each, -1 and 1. What is the sum of squares?",
        (MERGE, "squares = squares + squares_b + delta**2 * n * n_b"),
    ),
    stream(
        "counts images, not numbers, in one place",
        "How many numbers of a batch stand behind one channel's mean?",
        ("n_b = wide.numel() // wide.shape[1]", "n_b = len(wide)"),
    ),
    stream(
        "computed in the dtype of the batches",
        "How many digits has bfloat16, and how many numbers do you add up?",
        ("wide = batch.to(torch.float64)", "wide = batch"),
    ),
    stream(
        "result in float64",
        "Which dtype does the docstring promise?",
        ("return mean.to(dtype), std.to(dtype)", "return mean, std"),
    ),
    stream(
        "one mean for all channels",
        "How many means has an image of three channels?",
        (
            "return mean.to(dtype), std.to(dtype)",
            "return mean.to(dtype).mean().expand_as(mean), std.to(dtype)",
        ),
    ),
]
