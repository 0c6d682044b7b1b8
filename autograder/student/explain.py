"""Plain sentences for what a check saw; no markup, no layout."""

from __future__ import annotations

import numpy as np

from autograder.student.compare import Verdict
from autograder.student.replay import Fault
from autograder.student.verdict import CaseResult, Result

FAULTS = {
    "missing": "The notebook defines no function {function}. Run its cell first.",
    "unwritten": "{function} is not written yet.",
    "deadline": "{function} did not finish in time.",
    "crashed": "The Python process ended while {function} ran. {message}",
    "not run": "Not run: {message}",
}


def number(x: float) -> str:
    """A number as people read it: three significant digits."""
    return f"{x:.3g}"


def fault_sentence(fault: Fault) -> str:
    """Why a call gave no result."""
    if fault.kind == "cell":
        text = f"A cell does not run, so there is no {fault.function}: {fault.what}"
        text += f", {fault.message}" if fault.message else ""
        return f"{text} ({fault.line})." if fault.line else f"{text}."
    if fault.kind == "raised":
        text = f"{fault.function} raises {fault.what}"
        text += f": {fault.message}" if fault.message else ""
        return f"{text} ({fault.line})" if fault.line else text
    if fault.kind == "returned":
        return f"{fault.function}: {fault.what}."
    return FAULTS[fault.kind].format(**vars(fault)).strip()


def shape(sizes: tuple[int, ...] | None) -> str:
    """A shape in NumPy's spelling."""
    return "" if sizes is None else str(tuple(sizes))


def verdict_sentence(verdict: Verdict, show_expected: bool = True) -> str:
    """What is wrong with one output; empty when nothing is."""
    name, got, expected = verdict.output, verdict.got, verdict.expected
    if verdict.problem == "missing":
        return f"{name} is missing."
    if verdict.problem == "type":
        return f"{name} must be a {expected.kind}, not {got.kind}."
    if verdict.problem == "shape":
        return (
            f"{name} has shape {shape(got.shape)}; it must have shape "
            f"{shape(expected.array.shape)}."
        )
    if verdict.problem == "dtype":
        return f"{name} is {got.dtype}; it must be {expected.dtype} like the input."
    if verdict.problem == "nan":
        return f"{name} holds NaN in {verdict.wrong} of {_size(verdict)} places."
    if verdict.problem == "values":
        return _values_sentence(verdict, show_expected)
    return ""


def _values_sentence(verdict: Verdict, show_expected: bool) -> str:
    got, expected = verdict.got.array, verdict.expected.array
    assert got is not None
    where = f" at {list(verdict.index)}" if verdict.index else ""
    text = f"{verdict.output} differs by up to {number(verdict.error)}{where}"
    scale = float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
    if scale > 0 and np.isfinite(verdict.error):
        text += f", {number(verdict.error / scale)} of the largest element"
    if show_expected:
        pair = (
            number(float(got[verdict.index])),
            number(float(expected[verdict.index])),
        )
        text += f": {pair[0]} in place of {pair[1]}"
    if _size(verdict) > 1:
        text += f"; {verdict.wrong} of {_size(verdict)} elements are wrong"
    return f"{text}."


def _size(verdict: Verdict) -> int:
    return int(verdict.expected.array.size)


def case_sentences(case: CaseResult, show_expected: bool = True) -> list[str]:
    """Everything that is wrong in one case, the fault first."""
    if case.outcome.fault is not None:
        return [fault_sentence(case.outcome.fault)]
    said = [verdict_sentence(v, show_expected) for v in case.verdicts if not v.ok]
    said += [f"It changes its input {label} in place." for label in case.changed]
    said += [f"{why}" for _, why in case.broken]
    return said


def reason(result: Result) -> str:
    """One sentence: why an exercise has the points it has."""
    failure = result.first_failure()
    if not result.cases:
        return result.notes[0]
    if failure is None:
        return "Every case passes."
    if result.status in ("not written", "not run", "missing"):
        return case_sentences(failure)[0]
    if result.mistakes:
        names = " and ".join(m.name for m in result.mistakes)
        return f"It looks like this known mistake: {names}."
    sentences = case_sentences(failure, show_expected=False)
    return f"Case “{failure.kind}”: {sentences[0]}"
