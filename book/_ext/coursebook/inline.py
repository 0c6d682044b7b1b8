"""Roles and links of MyST's running text to plain Markdown."""

import re
from collections.abc import Callable
from typing import TypeVar

from coursebook.references import References

Found = TypeVar("Found")


class NoPlainForm(ValueError):
    """Something in a chapter that cannot be in a plain notebook."""


SPAN = re.compile(
    r"\{(?P<role>[\w:.+-]+)\}(?P<tick>`+)(?P<text>.+?)(?P=tick)"
    r"|(?P<code>(?P<mark>`+)(?!`).+?(?<!`)(?P=mark)(?!`))"
    r"|(?P<math>\$\$?[^$]+\$\$?)"
    r"|\[(?P<link>[^\[\]]*)\]\((?P<target>[^)\s]+)\)",
    re.DOTALL,
)
TITLED = re.compile(r"^(?P<title>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)


def inline(text: str, references: References) -> str:
    """Rewrite the roles and links of running text."""

    def span(match: re.Match[str]) -> str:
        if match["role"]:
            return _role(match["role"], match["text"], references)
        if match["target"]:
            return _link(match[0], match["link"], match["target"], references)
        return match[0]

    return SPAN.sub(span, text)


def look_up(lookup: Callable[[str], Found], name: str) -> Found:
    """Look a name up; an unknown one is unknown markup."""
    try:
        return lookup(name)
    except KeyError as error:
        raise NoPlainForm(f"nothing is called {name!r}") from error


def _role(role: str, text: str, references: References) -> str:
    """Return a role as plain Markdown."""
    if role.startswith("cite"):
        return _citation(role, text, references)
    if role.startswith("py:") or role in {"code", "kbd", "file", "command"}:
        return f"`{text.lstrip('~!')}`"
    if role.startswith("glue:"):
        name, _, form = text.partition(":")
        return look_up(lambda key: references.value(key, form), name)
    titled = TITLED.match(text)
    title, target = (titled["title"], titled["target"]) if titled else ("", text)
    match role:
        case "math":
            return f"${text}$"
        case "claim":
            return f"**[{text}]**"
        case "sub" | "sup":
            return f"<{role}>{text}</{role}>"
        case "abbr" | "dfn":
            return text
        case "term":
            return title or text
        case "doc":
            found, address = look_up(references.page, target)
            return f"[{title or found}]({address})"
        case "ref" | "numref" | "prf:ref":
            found, address = look_up(references.label, target)
            shown = found if role == "numref" or not title else title
            return f"[{shown}]({address})"
        case "eq":
            number, address = look_up(references.equation, target)
            return f"[({number})]({address})"
    raise NoPlainForm(f"the role {role!r} has no plain form")


def _citation(role: str, text: str, references: References) -> str:
    """Return the works of a citation: in the sentence, or in brackets."""
    textual = role in {"cite:t", "cite:ts", "cite:ct"}
    works = [
        look_up(lambda key: references.cite(key, textual=textual), key.strip())
        for key in text.split(",")
    ]
    return ", ".join(works) if textual else f"({'; '.join(works)})"


def _link(whole: str, text: str, target: str, references: References) -> str:
    """Lead a link within the book to the published book."""
    if target.startswith("#"):
        found, address = look_up(references.label, target[1:])
    elif ":" not in target and target.partition("#")[0].endswith(".md"):
        name, _, anchor = target.partition("#")
        found, address = look_up(references.page, name)
        address += f"#{anchor}" if anchor else ""
    else:
        return whole
    return f"[{inline(text, references) or found}]({address})"
