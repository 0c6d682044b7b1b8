"""Numbers and lists as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote


def count(number: int, noun: str) -> str:
    """A number and its noun: "1 student", "2 students"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", " ")


def points(number: float) -> str:
    """Points to two places, without those that say nothing: "4.5"."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def share(part: int, whole: int) -> str:
    """A part in percent; never 0 % for some, nor 100 % for not all."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < part < whole:
        percent = min(99.0, max(1.0, percent))
    return f"{percent:.0f} %"


def duration(seconds: float) -> str:
    """A time with two units at most: "0.4 s", "2 min 5 s", "3 h 20 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    minutes = round(seconds / 60)
    return _two(minutes // 60, "h", minutes % 60, "min")


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large} {unit} {small} {smaller}" if small else f"{large} {unit}"


def memory(size: int) -> str:
    """Bytes as "250 MB" or "1.5 GB"."""
    if size < 999.5e6:
        return f"{size / 1e6:.0f} MB"
    return f"{size / 1e9:.1f} GB"


def names(those: Sequence[str]) -> str:
    """A list in a sentence: "a, b and c"."""
    if len(those) < 2:
        return "".join(those)
    return f"{', '.join(those[:-1])} and {those[-1]}"


def day(time: str) -> str:
    """An ISO time in UTC to the minute."""
    return f"{time[:10]} {time[11:16]} UTC"


def address(path: str) -> str:
    """A relative path as a link; nothing in it is taken for more than a name."""
    return quote(path, errors="replace")
