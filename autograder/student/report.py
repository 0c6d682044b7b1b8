"""A result as people see it: a table in a notebook, plain text in a terminal."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograder.student.compare import Verdict
from autograder.student.explain import (
    case_sentences,
    case_title,
    notes,
    number,
    shape,
)
from autograder.student.verdict import CaseResult, Result

# nbgrader's feedback pages leave no room between the cells of a table.
ROOM = ' style="padding: 0.2em 0.8em 0.2em 0; text-align: left"'
MARKS = {
    "passed": "✓ right",
    "failed": "✗ not right yet",
    "not written": "· not written yet",
    "missing": "✗ no such function",
}
SHADES = " ░▒▓█"
MAP_ROWS, MAP_COLUMNS = 16, 48


@dataclass(frozen=True)
class Report:
    """The results of one or several exercises.

    ``show_expected`` is False in feedback, where no expected value appears.
    """

    results: tuple[Result, ...]
    show_expected: bool = True

    def __repr__(self) -> str:
        lines = [line for r in self.results for line in self._text(r)]
        if len(self.results) > 1:
            lines.append(f"Together: {_points(self.results)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        body = "".join(self._html(r) for r in self.results)
        if len(self.results) > 1:
            body += f"<p><b>Together: {_points(self.results)}</b></p>"
        return f'<div class="autograder-report">{body}</div>'

    def _text(self, result: Result) -> list[str]:
        lines = [f"{result.name}: {headline(result)}"]
        failure = result.first_failure()
        if failure is not None and result.status == "failed":
            lines.append(f"  {case_title(failure)}:")
            lines += [f"    {s}" for s in case_sentences(failure, self.show_expected)]
            lines += [f"    {line}" for line in _text_map(failure)]
        else:
            lines += [f"  {s}" for s in _why_not(result, failure)]
        for mistake in result.mistakes:
            lines.append(f"  Looks like: {mistake.name}.")
            lines.append(f"    Hint: {mistake.hint}")
        lines += [f"  Note: {note}" for note in notes(result)]
        return lines

    def _html(self, result: Result) -> str:
        parts = [
            f"<p><b><code>{_e(result.name)}</code></b>: {_e(headline(result))}</p>"
        ]
        failure = result.first_failure()
        if failure is None or result.status != "failed":
            parts += [f"<p>{_e(s)}</p>" for s in _why_not(result, failure)]
        else:
            parts.append(f"<p>{_e(case_title(failure))}:</p>")
            parts.append(self._table(failure))
            sentences = case_sentences(failure, self.show_expected)
            items = "".join(f"<li>{_e(s)}</li>" for s in sentences)
            parts.append(f"<ul>{items}</ul>")
            parts.append(_svg_map(failure))
        for mistake in result.mistakes:
            parts.append(
                f"<p><b>Looks like: {_e(mistake.name)}.</b> "
                f"Hint: {_with_code(mistake.hint)}</p>"
            )
        parts += [f"<p>Note: {_e(note)}</p>" for note in notes(result)]
        return "".join(parts)

    def _table(self, case: CaseResult) -> str:
        if not case.verdicts or case.hidden:
            return ""
        rows = "".join(self._row(v) for v in case.verdicts)
        titles = ("output", "expected", "got", "largest error", "verdict")
        head = "".join(f'<th scope="col"{ROOM}>{title}</th>' for title in titles)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _row(self, verdict: Verdict) -> str:
        got, expected = verdict.got, verdict.expected
        wanted = f"{shape(expected.shape)} {expected.dtype}"
        came = f"{shape(got.shape)} {got.dtype}" if got.array is not None else got.kind
        error = number(verdict.error) if verdict.error and not verdict.test else ""
        mark = "✓ right" if verdict.ok else "✗ wrong"
        cells = "".join(f"<td{ROOM}>{_e(c)}</td>" for c in (wanted, came, error, mark))
        return f'<tr><th scope="row"{ROOM}>{_e(verdict.output)}</th>{cells}</tr>'


def headline(result: Result) -> str:
    """Verdict, points, cases and where the code ran, on one line."""
    if result.earned is None:
        return f"– {result.where}"
    parts = [f"{number(result.earned)} of {_plural(result.points, 'point')}"]
    if result.status in ("passed", "failed") and result.cases:
        passed = sum(c.passed for c in result.cases)
        parts.append(f"{passed} of {_plural(len(result.cases), 'case')} right")
    if result.where:
        parts.append(f"run with {result.where}")
    return f"{MARKS[result.status]}: {', '.join(parts)}"


def _plural(count: float, noun: str) -> str:
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


def _why_not(result: Result, failure: CaseResult | None) -> list[str]:
    """What is missing, where the headline does not say it already."""
    fault = None if failure is None else failure.outcome.fault
    if fault is None or failure is None or result.earned is None:
        return []
    said = fault.kind == "unwritten" and fault.function == result.name
    return [] if said else case_sentences(failure)


def _points(results: Sequence[Result]) -> str:
    earned = sum(r.earned or 0 for r in results)
    total = sum(r.points for r in results)
    left = sum(r.earned is None for r in results)
    text = f"{number(earned)} of {_plural(total, 'point')}"
    return f"{text} ({left} not run)" if left else text


def _e(text: str) -> str:
    return html.escape(text)


def _with_code(text: str) -> str:
    """Escaped, with what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", _e(text))


def _pictured(case: CaseResult) -> Verdict | None:
    """The output whose errors have a pattern: some elements are right."""
    if case.hidden:
        return None
    for verdict in case.verdicts:
        errors = verdict.error_map
        if errors is not None and errors.ndim and 0 < verdict.wrong < errors.size:
            return verdict
    return None


def _grid(verdict: Verdict) -> np.ndarray:
    """Wrongness between 0 and 1 as a small table, rows first."""
    errors = verdict.error_map
    assert errors is not None
    table = errors.reshape(1, -1) if errors.ndim == 1 else errors
    if table.ndim > 2:
        n = int(np.prod(table.shape[: table.ndim // 2]))
        table = table.reshape(n, -1)
    allowed = verdict.expected.allowed().reshape(table.shape)
    wrong = np.where(table > allowed, table, 0.0)
    finite = float(wrong[np.isfinite(wrong)].max(initial=0.0))
    wrong = np.minimum(wrong, 2 * finite or 1.0)  # infinity: as twice the largest
    for axis, most in ((0, MAP_ROWS), (1, MAP_COLUMNS)):
        if wrong.shape[axis] > most:
            starts = np.linspace(0, wrong.shape[axis], most, endpoint=False).astype(int)
            wrong = np.maximum.reduceat(wrong, starts, axis=axis)
    return wrong / (wrong.max() or 1.0)


def _text_map(case: CaseResult) -> list[str]:
    verdict = _pictured(case)
    if verdict is None:
        return []
    steps = np.ceil(_grid(verdict) * (len(SHADES) - 1)).astype(int)
    rows = ["|" + "".join(SHADES[s] for s in row) + "|" for row in steps]
    return [f"Where {verdict.output} is wrong:", *rows]


def _svg_map(case: CaseResult) -> str:
    verdict = _pictured(case)
    if verdict is None:
        return ""
    grid = _grid(verdict)
    rows, columns = grid.shape
    size = verdict.expected.array.size
    label = f"Where {verdict.output} is wrong: {verdict.wrong} of {size} places"
    squares = "".join(
        f'<rect x="{c}" y="{r}" width="1" height="1" '
        f'fill-opacity="{0.5 + 0.5 * grid[r, c]:.2f}"/>'
        for r, c in np.argwhere(grid > 0)
    )
    return (
        f"<p>Where {_e(verdict.output)} is wrong (stronger is worse):</p>"
        f'<svg role="img" aria-label="{_e(label)}" viewBox="0 0 {columns} {rows}" '
        f'width="{min(12 * columns, 480)}" fill="currentColor" '
        f'style="outline:1px solid currentColor">{squares}</svg>'
    )
