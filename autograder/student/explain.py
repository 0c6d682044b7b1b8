"""Plain sentences for what a check saw; no markup, no layout."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograder.student.compare import Verdict
from autograder.student.replay import Fault
from autograder.student.verdict import CaseResult, Result

FAULTS = {
    "missing": "The notebook defines no function {function}. Run its cell first.",
    "unwritten": "{function} is not written yet.",
    "deadline": "{function} did not finish in time.",
    "closed": "{function} uses {what}, which does the work that is asked for here. "
    "Write it without.",
    "crashed": "The Python process ended while {function} ran. {message}",
    "not run": "Not run: {message}",
}

# Of a hidden case nothing is said that the student's process could have made
# up on the way: a message, a name or a shape may carry the inputs.
HIDDEN_FAULTS = {
    "missing": "A function is missing.",
    "unwritten": "A part is not written yet.",
    "cell": "A cell does not run.",
    "closed": "It uses what this exercise forbids.",
    "raised": "It raises an exception.",
    "returned": "It returns something of another form.",
}

HIDDEN_PROBLEMS = {
    "missing": "{name} is missing after the call.",
    "type": "{name} has the wrong type.",
    "shape": "{name} has the wrong shape.",
    "dtype": "{name} has the wrong dtype.",
    "nan": "{name} holds NaN.",
    "values": "{name} has wrong values.",
    "law": "{name} is not distributed as it must be.",
}

LAWS = {
    "same": "the same generator state gives other numbers the second time; use the "
    "generator that is passed in, and no other",
    "unlike": "two generators give the same numbers; use the one that is passed in",
    "repeats": "it holds only {measured} different numbers",
    "mean": "its mean is {measured}; it must be {mean}",
    "std": "its standard deviation is {measured}{wanted}",
    "family": "its numbers are not {family} ones",
    "neighbours": "numbers that lie side by side depend on each other",
    "bound": "it holds a number of size {measured}{most}",
    "distance": "it holds a number that is {measured} away from {mean}{most}",
}

HIDDEN_PROPERTIES = {
    "launch": "No kernel was launched.",
    "framework": "Work of a kernel was done by torch.",
    "outside": "A kernel reads outside its tensors.",
    "outside write": "A kernel writes outside its tensors.",
    "unwritten": "No kernel writes some elements of the result.",
    "race": "Programs of one launch touch what another of them writes.",
    "order": "Programs add up floats in the order in which they arrive.",
    "barrier": "A barrier is missing after a kernel writes.",
    "deadlock": "A kernel waits for a lock that no program releases.",
    "repeat": "A second run on the same inputs gives other bits.",
    "traffic": "Kernels move more bytes than the budget.",
    "spills": "Compiled, a kernel does not fit in the registers.",
    "width": "Compiled, a kernel loads or stores few bytes at once.",
    "offsets": "Compiled, elements beyond 2^31 are out of a kernel's reach.",
}


def number(x: float) -> str:
    """A number as people read it: three significant digits."""
    return f"{x:.3g}"


def pair(one: float, other: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    for digits in range(3, 17):
        a, b = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if a != b:
            return a, b
    return repr(one), repr(other)


def shape(sizes: tuple[int, ...] | None) -> str:
    """A shape in NumPy's spelling."""
    return "" if sizes is None else str(tuple(sizes))


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


def verdict_sentence(verdict: Verdict, show_expected: bool = True) -> str:
    """What is wrong with one output; empty when nothing is."""
    name, got, expected = verdict.output, verdict.got, verdict.expected
    if verdict.problem == "missing":
        return f"{name} is missing after the call."
    if verdict.problem == "type":
        wanted = "a number" if not expected.shape else f"a {expected.kind}"
        if got.kind == "None":
            return f"{name} is None and must be {wanted}. Is a return missing?"
        return f"{name} is {_article(got.kind)}; it must be {wanted}."
    if verdict.problem == "shape":
        wanted = shape(expected.shape) if expected.shape else "(), a number"
        return f"{name} has shape {shape(got.shape)}; it must have shape {wanted}."
    if verdict.problem == "dtype":
        return f"{name} is {got.dtype}; it must be {expected.dtype} like the input."
    if verdict.problem == "nan":
        return f"{_nan_sentence(verdict, show_expected)}."
    if verdict.problem == "values":
        return f"{_values_sentence(verdict, show_expected)}."
    if verdict.problem == "law":
        return f"{name}: {_law_sentence(verdict, show_expected)}."
    return ""


def _law_sentence(verdict: Verdict, show_expected: bool) -> str:
    law = verdict.expected.law
    assert law is not None
    wanted = most = ""
    measured = number(verdict.error)
    if show_expected:
        if verdict.test == "std":
            measured, asked = pair(verdict.error, law.std)
            wanted = f" and should be {asked}, give or take {100 * law.spread():.2g} %"
        most = f"; the largest that is right is {number(law.bound)}"
    test = "distance" if verdict.test == "bound" and law.mean else verdict.test
    mean = number(law.mean) if show_expected else "another one"
    return LAWS[test].format(
        measured=measured, wanted=wanted, most=most, family=law.family, mean=mean
    )


def _article(kind: str) -> str:
    if kind == "True or False":
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _nan_sentence(verdict: Verdict, show_expected: bool) -> str:
    size = math.prod(verdict.expected.shape)
    if size > 1 or verdict.expected.law is not None:
        first = f", first at {list(verdict.index)}"
        return f"{verdict.output} is NaN in {_places(verdict)}{first}"
    wanted = float(verdict.expected.array.ravel()[0])
    should = f" and should be {number(wanted)}" if show_expected else ""
    return f"{verdict.output} is NaN{should}"


def _values_sentence(verdict: Verdict, show_expected: bool) -> str:
    got, expected = verdict.got.array, verdict.expected.array
    assert got is not None
    was, wanted = pair(float(got[verdict.index]), float(expected[verdict.index]))
    error = number(verdict.error)
    if expected.size == 1:
        if show_expected:
            return f"{verdict.output} is {was} and should be {wanted}"
        return f"{verdict.output} is wrong by {error}"
    text = f"{verdict.output} is wrong in {_places(verdict)}; the largest error is"
    text += f" {error}, at {list(verdict.index)}"
    return f"{text}: {was} in place of {wanted}" if show_expected else text


def _places(verdict: Verdict) -> str:
    size = math.prod(verdict.expected.shape)
    return f"{'all' if verdict.wrong == size else f'{verdict.wrong} of'} {size} places"


def case_sentences(case: CaseResult, show_expected: bool = True) -> list[str]:
    """Everything that is wrong in one case, the fault first."""
    fault = case.outcome.fault
    if fault is not None:
        said = HIDDEN_FAULTS.get(fault.kind, "") if case.hidden else ""
        return [said or fault_sentence(fault)]
    wrong = [v for v in case.verdicts if not v.ok]
    changed = [f"An input was changed in place: {label}." for label in case.changed]
    if case.hidden:
        return [
            *(HIDDEN_PROBLEMS[v.problem].format(name=v.output) for v in wrong),
            *changed,
            *(HIDDEN_PROPERTIES.get(name, f"{name}.") for name, _ in case.broken),
        ]
    return [
        *(verdict_sentence(v, show_expected) for v in wrong),
        *changed,
        *(why for _, why in case.broken),
    ]


def case_title(case: CaseResult) -> str:
    """Which case it is."""
    return f"Case “{case.kind}”" + (", with other numbers" if case.hidden else "")


def notes(result: Result) -> list[str]:
    """What costs nothing, but is worth saying."""
    cases = [c for c in result.cases if not c.hidden]
    said = []
    if any(c.outcome.printed for c in cases):
        said.append("It prints. That costs nothing, but slows a training loop.")
    warned = dict.fromkeys(w for c in cases for w in c.outcome.warned)
    said += [f"It warns: {w}" for w in list(warned)[:2]]
    said += list(dict.fromkeys(s for c in cases for s in _dtype_notes(c)))[:2]
    said += list(dict.fromkeys(str(c.built) for c in cases if c.built))
    return [*said, *result.notes]


def _dtype_notes(case: CaseResult) -> Iterator[str]:
    for v in case.verdicts:
        if v.ok and v.other_dtype and v.got.kind != "number":
            yield (
                f"{v.output} comes back as {v.got.dtype}, "
                f"where {v.expected.dtype} is enough."
            )


def reason(result: Result) -> str:
    """One sentence: why an exercise has the points it has."""
    failure = result.first_failure()
    if not result.cases:
        return result.notes[0]
    if failure is None and result.earned is None:
        return f"{result.where[:1].upper()}{result.where[1:]}"
    if failure is None:
        return "Every case passes."
    if result.status in ("not written", "not run", "missing"):
        return case_sentences(failure)[0]
    if result.mistakes:
        names = " and ".join(m.name for m in result.mistakes)
        return f"It looks like this known mistake: {names}."
    return f"{case_title(failure)}: {case_sentences(failure, False)[0]}"
