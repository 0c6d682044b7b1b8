"""``check("name")`` in a notebook: run the public cases and show the result."""

from __future__ import annotations

import difflib
import sys
import urllib.request
from collections.abc import Mapping
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import Any

from autograder.student import answers, kernels
from autograder.student.replay import Outcome, replay
from autograder.student.report import Report
from autograder.student.verdict import Entry, Result, judge, unrun, with_notes


class Check:
    """The checks of one notebook.

    Parameters
    ----------
    notebook : ``"<assignment>/<notebook>"``; None takes what lies here
    site : where the answer key can be fetched when it does not lie beside
        the notebook (Colab opens a notebook without its folder)
    """

    def __init__(self, notebook: str | None = None, site: str | None = None) -> None:
        self.notebook = notebook
        self.site = site

    def __call__(self, *names: str) -> Report | None:
        """Check the named exercises, or all of the notebook.

        Functions are looked up where ``check`` is called. What is wrong with
        the call itself is said in one sentence.
        """
        namespace = sys._getframe(1).f_globals
        try:
            entries = self.entries()
            unknown = [n for n in names if n not in entries]
            if unknown:
                raise answers.AnswersError(_unknown(unknown[0], list(entries)))
        except answers.AnswersError as error:
            print(error)
            return None
        chosen = names or tuple(entries)
        return Report(tuple(check_one(entries, name, namespace) for name in chosen))

    def entries(self) -> dict[str, Entry]:
        """The exercises of this notebook, from its answer key.

        Raises
        ------
        AnswersError : with a sentence that says what to do
        """
        found: dict[str, Entry] = {}
        for path in self._files():
            stat = path.stat()
            found |= _read(path, stat.st_mtime_ns, stat.st_size)
        return found

    def _files(self) -> list[Path]:
        if self.notebook is None:
            files = sorted(Path.cwd().glob(f"*{answers.SUFFIX}"))
            if not files:
                raise answers.AnswersError(
                    "No answer key lies in this folder. Keep the notebook in the "
                    "folder that it came in."
                )
            return files
        name = f"{self.notebook.rpartition('/')[2]}{answers.SUFFIX}"
        beside = Path.cwd() / name
        return [beside if beside.is_file() else self._fetch(beside)]

    def _fetch(self, path: Path) -> Path:
        sentence = f"{path.name} does not lie beside this notebook"
        again = "Download the assignment again."
        if self.site is None:
            raise answers.AnswersError(f"{sentence}. {again}")
        url = f"{self.site}/assignments/{self.notebook}{answers.SUFFIX}"
        try:
            with urllib.request.urlopen(url, timeout=30) as reply:
                content = reply.read()
            answers.from_bytes(content, url)  # nothing damaged is kept
            path.write_bytes(content)
        except answers.AnswersError as error:
            raise answers.AnswersError(f"{sentence}, and {error}") from None
        except (OSError, HTTPException) as error:
            raise answers.AnswersError(
                f"{sentence}, and {url} can't be fetched ({error}). {again}"
            ) from None
        return path


@lru_cache(maxsize=8)
def _read(path: Path, changed: int, size: int) -> dict[str, Entry]:
    """An answer key; read again when the file changes."""
    return answers.read(path)


def check_one(
    entries: Mapping[str, Entry], name: str, namespace: Mapping[str, Any]
) -> Result:
    """Judge one exercise on its public cases."""
    entry = entries[name]
    why = cannot_run(entry.path)
    if why:
        return unrun(entry, why)
    outcomes = [
        replay(q.trace, namespace, watch=entry.builds_on) for q in entry.questions
    ]
    result = judge(entry, outcomes)
    return (
        result
        if result.passed
        else with_notes(result, _base_notes(entries, entry, outcomes, namespace))
    )


def cannot_run(path: str) -> str:
    """Why code of this path can't run on this machine; empty when it can."""
    if path == "numpy":
        return ""
    if path == "triton":
        here = kernels.where()
        return "" if kernels.available() else here.removeprefix("not run: ")
    try:
        import torch  # noqa: F401
    except ImportError:
        return "PyTorch is not installed; run pip install torch"
    return ""


def _base_notes(
    entries: Mapping[str, Entry],
    entry: Entry,
    outcomes: list[Outcome],
    namespace: Mapping[str, Any],
) -> list[str]:
    """Which of the functions that this one used do not pass themselves."""
    used = {name for outcome in outcomes for name in outcome.called}
    wrong = [
        base
        for base in entry.builds_on
        if base in used and base in entries and not _passes(entries[base], namespace)
    ]
    return [
        f"It uses {base}, which does not pass its own check. Mend that first."
        for base in wrong[:1]
    ]


def _passes(entry: Entry, namespace: Mapping[str, Any]) -> bool:
    return judge(entry, [replay(q.trace, namespace) for q in entry.questions]).passed


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}."
    return f"This notebook has no exercise {name!r}; {hint}"


check = Check()
