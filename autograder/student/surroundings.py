"""What is put around a student's code while it runs, and taken away again."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping
from typing import Any


@contextlib.contextmanager
def quiet(printed: io.StringIO) -> Iterator[list[str]]:
    """Catch what is printed and warned; it costs nothing, but it is said."""
    said: list[str] = []
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        yield said
    said.extend(
        f"{w.category.__name__}: {w.message}"[:200]
        for w in caught
        if not issubclass(w.category, DeprecationWarning | PendingDeprecationWarning)
    )


@contextlib.contextmanager
def spy(namespace: Mapping[str, Any], watch: tuple[str, ...]) -> Iterator[list[str]]:
    """Note which of ``watch`` are called from inside other functions."""
    called: list[str] = []
    originals = {n: namespace[n] for n in watch if callable(namespace.get(n))}

    def noting(name: str, function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if name not in called:
                called.append(name)
            return function(*args, **kwargs)

        return call

    if not isinstance(namespace, dict) or not originals:
        yield called
        return
    namespace.update({n: noting(n, f) for n, f in originals.items()})
    try:
        yield called
    finally:
        namespace.update(originals)
