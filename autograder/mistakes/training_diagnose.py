"""Wrong solutions of reading loss curves: too high a rate, and overfitting."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_wrong = partial(Mistake, "diagnose")

_FINITE = "finite = np.isfinite(train_losses).all() and np.isfinite(val_losses).all()"
_HIGH = "if not finite or last >= first:\n        return 2"
_OVER = "if val_losses[-1] > 1.1 * val_losses.min():\n        return 3"

_FINITE_HINT = "Which entries of which curve are looked at for NaN and for infinity?"
_RISE_HINT = "Which two numbers does the rule of code 2 compare?"
_TURN_HINT = "Which two numbers does the rule of overfitting compare?"
_SCALE_HINT = "Multiply both curves by 100. Should the diagnosis change?"
_CODE_HINT = "Compare the codes that you return with the table."

HIGH = (
    _wrong(
        "NaN and infinity not looked for", _FINITE_HINT, ((_FINITE, "finite = True"),)
    ),
    _wrong(
        "NaN alone is looked for",
        _FINITE_HINT,
        (
            (
                _FINITE,
                "both = np.concatenate([train_losses, val_losses])\n"
                "    finite = not np.isnan(both).any()",
            ),
        ),
    ),
    _wrong(
        "infinity alone is looked for",
        _FINITE_HINT,
        (
            (
                _FINITE,
                "both = np.concatenate([train_losses, val_losses])\n"
                "    finite = not np.isinf(both).any()",
            ),
        ),
    ),
    _wrong(
        "only the last losses are looked at for NaN",
        _FINITE_HINT,
        ((_FINITE, "finite = np.isfinite(last) and np.isfinite(val_losses[-1])"),),
    ),
    _wrong(
        "only the training loss is looked at for NaN",
        _FINITE_HINT,
        ((_FINITE, "finite = np.isfinite(train_losses).all()"),),
    ),
    _wrong(
        "only the validation loss is looked at for NaN",
        _FINITE_HINT,
        ((_FINITE, "finite = np.isfinite(val_losses).all()"),),
    ),
    _wrong(
        "code 2 only where all is NaN",
        _FINITE_HINT,
        ((_FINITE, _FINITE.replace("all()", "any()")),),
    ),
    _wrong(
        "a rise is not looked for",
        _RISE_HINT,
        ((_HIGH, _HIGH.replace(" or last >= first", "")),),
    ),
    _wrong(
        "a rise of the last step counts",
        _RISE_HINT,
        ((_HIGH, _HIGH.replace("first", "train_losses[-2]")),),
    ),
    _wrong(
        "any number above the first counts",
        _RISE_HINT,
        ((_HIGH, _HIGH.replace("last >= first", "train_losses.max() > first")),),
    ),
    _wrong(
        "any rise from step to step counts",
        _RISE_HINT,
        (
            (
                _HIGH,
                _HIGH.replace(
                    "last >= first", "(np.diff(train_losses) > 0.3 * first).any()"
                ),
            ),
        ),
    ),
    _wrong(
        "the end is compared with the lowest training loss",
        _RISE_HINT,
        ((_HIGH, _HIGH.replace("last >= first", "last > 1.1 * train_losses.min()")),),
    ),
    _wrong(
        "a rise of the validation loss counts",
        _RISE_HINT,
        ((_HIGH, _HIGH.replace("last >= first", "val_losses[-1] >= val_losses[0]")),),
    ),
    _wrong(
        "NaN means overfitting",
        _CODE_HINT,
        (
            (
                _HIGH,
                "if not finite:\n        return 3\n"
                "    if last >= first:\n        return 2",
            ),
        ),
    ),
)

OVERFITTING = (
    _wrong("overfitting not looked for", _TURN_HINT, ((_OVER, "pass"),)),
    _wrong(
        "any gap between the curves counts",
        _TURN_HINT,
        ((_OVER, _OVER.replace("1.1 * val_losses.min()", "1.1 * last")),),
    ),
    _wrong(
        "the validation loss is compared with its beginning",
        _TURN_HINT,
        ((_OVER, _OVER.replace("val_losses.min()", "val_losses[0]")),),
    ),
    _wrong(
        "the validation loss is compared with the lowest training loss",
        _TURN_HINT,
        ((_OVER, _OVER.replace("val_losses.min()", "train_losses.min()")),),
    ),
    _wrong(
        "the training loss is looked at for a turn",
        _TURN_HINT,
        ((_OVER, _OVER.replace("val_losses", "train_losses")),),
    ),
    _wrong(
        "any turn of the validation loss counts",
        "How far has the validation loss to rise?",
        ((_OVER, _OVER.replace("1.1 * ", "1.01 * ")),),
    ),
    _wrong(
        "a rise by 0.1 counts",
        _SCALE_HINT,
        ((_OVER, _OVER.replace("1.1 * val_losses.min()", "val_losses.min() + 0.1")),),
    ),
    _wrong(
        "a rise must double the validation loss",
        "How far has the validation loss to rise?",
        ((_OVER, _OVER.replace("1.1", "2.0")),),
    ),
    _wrong(
        "the largest validation loss behind the lowest is looked at",
        _TURN_HINT,
        ((_OVER, _OVER.replace("val_losses[-1]", "val_losses.max()")),),
    ),
    _wrong(
        "a rise of the last step of the validation loss counts",
        _TURN_HINT,
        ((_OVER, _OVER.replace("1.1 * val_losses.min()", "val_losses[-2]")),),
    ),
)

MISTAKES = (*HIGH, *OVERFITTING)
