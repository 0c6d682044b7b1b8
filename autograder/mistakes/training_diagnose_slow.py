"""Wrong solutions of reading loss curves: too low a rate, plateau, order, codes."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_wrong = partial(Mistake, "diagnose")

_MIDDLE = "middle = train_losses[len(train_losses) // 2]"
_HIGH = "if not finite or last >= first:\n        return 2"
_OVER = "if val_losses[-1] > 1.1 * val_losses.min():\n        return 3"
_LATE = "late = (middle - last) / (first - last)"
_LOW = "if last > 0.5 * first and late > 0.25:\n        return 1"
_PLATEAU = "if last > 0.5 * first:\n        return 4"

_SCALE_HINT = "Multiply both curves by 100. Should the diagnosis change?"
_LATE_HINT = "What is late for a straight line, and what does your code say?"
_MIDDLE_HINT = "Which entry is in the middle when n is 14, and when n is 15?"
_ORDER_HINT = "When two rules hold, which one decides?"
_HALF_HINT = "How much of the training loss is left when it counts as learned?"
_CODE_HINT = "Compare the codes that you return with the table."

MISTAKES = (
    _wrong(
        "the middle is one epoch early",
        _MIDDLE_HINT,
        ((_MIDDLE, "middle = train_losses[len(train_losses) // 2 - 1]"),),
    ),
    _wrong(
        "the middle is rounded up",
        _MIDDLE_HINT,
        ((_MIDDLE, "middle = train_losses[(len(train_losses) + 1) // 2]"),),
    ),
    _wrong(
        "the middle is one epoch late",
        _MIDDLE_HINT,
        ((_MIDDLE, "middle = train_losses[len(train_losses) // 2 + 1]"),),
    ),
    _wrong(
        "the last quarter in place of the second half",
        _MIDDLE_HINT,
        ((_MIDDLE, "middle = train_losses[3 * len(train_losses) // 4]"),),
    ),
    _wrong(
        "the last step in place of the second half",
        _MIDDLE_HINT,
        ((_MIDDLE, "middle = train_losses[-2]"),),
    ),
    _wrong(
        "late is a share of the first loss",
        _LATE_HINT,
        ((_LATE, "late = (middle - last) / first"),),
    ),
    _wrong("late is not divided", _SCALE_HINT, ((_LATE, "late = middle - last"),)),
    _wrong(
        "late is the share of the first half",
        _LATE_HINT,
        ((_LATE, "late = (first - middle) / (first - last)"),),
    ),
    _wrong(
        "late from the validation loss",
        "Which of the two curves does late look at?",
        (
            (
                _LATE,
                "v = val_losses\n    late = (v[len(v) // 2] - v[-1]) / (v[0] - v[-1])",
            ),
        ),
    ),
    _wrong(
        "late must be above one half",
        "Which number is late compared with?",
        ((_LOW, _LOW.replace("0.25", "0.55")),),
    ),
    _wrong(
        "codes 1 and 4 swapped",
        _CODE_HINT,
        (
            (_LOW, _LOW.replace("return 1", "return 4")),
            (_PLATEAU, _PLATEAU.replace("return 4", "return 1")),
        ),
    ),
    _wrong("a plateau is not told from a slow fall", _CODE_HINT, ((_LOW, "pass"),)),
    _wrong(
        "a slow fall is not told from a plateau",
        _CODE_HINT,
        ((_PLATEAU, _PLATEAU.replace("return 4", "return 1")),),
    ),
    _wrong("a plateau is fine", _CODE_HINT, ((_PLATEAU, "pass"),)),
    _wrong(
        "late alone makes the learning rate too low",
        "Which two conditions does code 1 have?",
        ((_LOW, _LOW.replace("last > 0.5 * first and ", "")),),
    ),
    _wrong(
        "a fall of 0.5 counts as learned",
        _SCALE_HINT,
        (
            (_LOW, _LOW.replace("last > 0.5 * first", "first - last < 0.5")),
            (_PLATEAU, _PLATEAU.replace("last > 0.5 * first", "first - last < 0.5")),
        ),
    ),
    _wrong(
        "a training loss above 1 counts as not learned",
        _SCALE_HINT,
        (
            (_LOW, _LOW.replace("0.5 * first", "1.0")),
            (_PLATEAU, _PLATEAU.replace("0.5 * first", "1.0")),
        ),
    ),
    _wrong(
        "the validation loss decides what was learned",
        _HALF_HINT,
        (
            (
                _LOW,
                _LOW.replace(
                    "last > 0.5 * first", "val_losses[-1] > 0.5 * val_losses[0]"
                ),
            ),
            (
                _PLATEAU,
                _PLATEAU.replace(
                    "last > 0.5 * first", "val_losses[-1] > 0.5 * val_losses[0]"
                ),
            ),
        ),
    ),
    _wrong(
        "a fall by a tenth counts as learned",
        _HALF_HINT,
        (
            (_LOW, _LOW.replace("0.5", "0.9")),
            (_PLATEAU, _PLATEAU.replace("0.5", "0.9")),
        ),
    ),
    _wrong(
        "overfitting is judged last",
        _ORDER_HINT,
        (
            (_OVER, "over = val_losses[-1] > 1.1 * val_losses.min()"),
            (_PLATEAU, f"{_PLATEAU}\n    if over:\n        return 3"),
        ),
    ),
    _wrong(
        "overfitting is judged first", _ORDER_HINT, ((_HIGH, f"{_OVER}\n    {_HIGH}"),)
    ),
    _wrong(
        "codes count from 0",
        _CODE_HINT,
        (
            ("return 1", "return 0"),
            ("return 2", "return 1"),
            ("return 3", "return 2"),
            ("return 4", "return 3"),
            ("return 5", "return 4"),
        ),
    ),
    _wrong(
        "a word in place of the code",
        "What kind of object is asked for?",
        (
            ("return 2", 'return "too high"'),
            ("return 3", 'return "overfitting"'),
            ("return 1", 'return "too low"'),
            ("return 4", 'return "underfitting"'),
            ("return 5", 'return "fine"'),
        ),
    ),
)
