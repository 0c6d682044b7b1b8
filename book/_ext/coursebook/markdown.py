"""MyST to plain Markdown that any notebook viewer shows.

Only what is MyST is rewritten: directives, roles, labels, comments, and links
to other pages of the book. Everything else stays as its author wrote it.
A directive or role that is not known here raises `UnknownMarkup`: raw markup in
a downloaded notebook would be a silent fault.
"""

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from coursebook.references import References


Found = TypeVar("Found")


class UnknownMarkup(ValueError):
    """A directive, role or reference that has no plain form."""


@dataclass(frozen=True)
class Directive:
    """A directive with its parts; `body` is still MyST."""

    name: str
    argument: str
    options: dict[str, str]
    body: str


FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,}|~{3,}|:{3,})(?P<rest>.*)$")
DIRECTIVE = re.compile(r"^\s*\{(?P<name>[\w:.+-]+)\}\s*(?P<argument>.*)$")
OPTION = re.compile(r"^:(?P<key>[\w-]+):\s*(?P<value>.*)$")
MATH_END = re.compile(r"\$\$\s*(?:\((?P<label>[^)]+)\))?\s*$")
DROPPED_LINE = re.compile(r"^(?:\([^()]+\)=|%.*|\+\+\+.*)\s*$")
SPAN = re.compile(
    r"\{(?P<role>[\w:.+-]+)\}(?P<tick>`+)(?P<text>.+?)(?P=tick)"
    r"|(?P<code>(?P<mark>`+)(?!`).+?(?<!`)(?P=mark)(?!`))"
    r"|(?P<math>\$\$?[^$]+\$\$?)"
    r"|\[(?P<link>[^\[\]]*)\]\((?P<target>[^)\s]+)\)",
    re.DOTALL,
)
TITLED = re.compile(r"^(?P<title>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)


def plain(text: str, references: References) -> str:
    """Return MyST text as plain Markdown.

    Raises UnknownMarkup for a directive, role or reference without one.
    """
    blocks = _blocks(text.split("\n"), references)
    joined = "\n".join(blocks)
    return re.sub(r"\n{3,}", "\n\n", joined).strip("\n")


def _blocks(lines: list[str], references: References) -> Iterator[str]:
    """Split into fences, display formulas and prose, and convert each."""
    prose: list[str] = []
    position = 0

    def flush() -> Iterator[str]:
        if prose:
            yield _inline("\n".join(prose), references)
            prose.clear()

    while position < len(lines):
        line = lines[position]
        if fence := FENCE.match(line):
            yield from flush()
            end = _closing(lines, position, fence["mark"])
            yield _fenced(fence, lines[position : end + 1], references)
            position = end
        elif _opens_math(line):
            yield from flush()
            end = _math_end(lines, position)
            yield _display_math(lines[position : end + 1], references)
            position = end
        elif not DROPPED_LINE.match(line):
            prose.append(line)
        position += 1
    yield from flush()


def _closing(lines: list[str], start: int, mark: str) -> int:
    """Return the line that closes the fence opened at `start`."""
    closing = re.compile(rf"^ *{re.escape(mark[0])}{{{len(mark)},}}\s*$")
    for number in range(start + 1, len(lines)):
        if closing.match(lines[number]):
            return number
    raise UnknownMarkup(f"a fence is not closed: {lines[start].strip()}")


def _opens_math(line: str) -> bool:
    """Tell a display formula from one that runs in a sentence."""
    rest = line.lstrip().removeprefix("$$")
    return rest != line.lstrip() and ("$$" not in rest or bool(MATH_END.search(rest)))


def _math_end(lines: list[str], start: int) -> int:
    """Return the line on which a display formula ends."""
    if MATH_END.search(lines[start].lstrip()[2:]):
        return start
    for number in range(start + 1, len(lines)):
        if MATH_END.search(lines[number]):
            return number
    raise UnknownMarkup(f"a formula is not closed: {lines[start].strip()}")


def _display_math(lines: list[str], references: References) -> str:
    """Take the label off a formula, and show its number in the formula."""
    end = MATH_END.search(lines[-1])
    if end is None or end["label"] is None:
        return "\n".join(lines)
    tag = rf"\tag{{{_found(references.equation, end['label'])[0]}}}"
    return "\n".join([*lines[:-1], f"{lines[-1][: end.start()]}{tag}$$"])


def _fenced(fence: re.Match[str], lines: list[str], references: References) -> str:
    """Convert a directive; leave a plain block of code as it is."""
    found = DIRECTIVE.match(fence["rest"])
    if found is None:
        return "\n".join(lines)
    content = textwrap.dedent("\n".join(lines[1:-1])).split("\n")
    directive = _parse(found["name"], found["argument"].strip(), content)
    return textwrap.indent(_convert(directive, references), fence["indent"])


def _parse(name: str, argument: str, lines: list[str]) -> Directive:
    """Split a directive's content into its options and its body."""
    options: dict[str, str] = {}
    while lines and (option := OPTION.match(lines[0])):
        options[option["key"]] = option["value"]
        lines = lines[1:]
    return Directive(name, argument, options, "\n".join(lines).strip("\n"))


# --- directives -------------------------------------------------------------

BOXES = {
    "admonition": "",
    "attention": "Attention",
    "card": "",
    "caution": "Caution",
    "danger": "Danger",
    "error": "Error",
    "exercise": "Exercise",
    "hint": "Hint",
    "important": "Important",
    "margin": "Aside",
    "note": "Note",
    "prf:algorithm": "Algorithm",
    "prf:corollary": "Corollary",
    "prf:definition": "Definition",
    "prf:example": "Example",
    "prf:lemma": "Lemma",
    "prf:proof": "Proof",
    "prf:property": "Property",
    "prf:proposition": "Proposition",
    "prf:remark": "Remark",
    "prf:theorem": "Theorem",
    "seealso": "See also",
    "sidebar": "",
    "tab-item": "",
    "tip": "Tip",
    "topic": "",
    "warning": "Warning",
}
"""Boxes with a title. Without a word here, the title is the argument alone."""

ARGUMENT_IS_TEXT = {"attention", "caution", "danger", "error", "hint"} | {
    "important",
    "note",
    "seealso",
    "tip",
    "warning",
}
"""In these, what follows the name on its line is the first of the text."""

CONTAINERS = {"container", "div", "grid", "grid-item", "tab-set"}
NOWHERE = {"bibliography", "contents", "index", "tableofcontents", "toctree"}
CODE = {"code", "code-block", "sourcecode"}


def _convert(directive: Directive, references: References) -> str:
    """Return a directive as plain Markdown."""
    name, argument, body = directive.name, directive.argument, directive.body
    if name in NOWHERE:
        return ""
    if name in CONTAINERS:
        return plain(body, references)
    if name in CODE:
        return f"```{argument}\n{body}\n```"
    if name == "math":
        label = directive.options.get("label")
        formula = f"$$\n{argument}{body}\n$$" + (f" ({label})" if label else "")
        return _display_math(formula.split("\n"), references)
    if name in {"dropdown", "solution"}:
        title = argument if name == "dropdown" else "Solution"
        return _folded(title or "More", plain(body, references))
    if name in {"figure", "image"}:
        return _picture(directive, references)
    if name == "table":
        return _boxed(argument, plain(body, references))
    if name == "assignment":
        address = references.published(f"assignments/{argument}.ipynb")
        return _boxed(f"[Assignment: {argument.partition('/')[0]}]({address})", "")
    if name in BOXES:
        if name in ARGUMENT_IS_TEXT:
            argument, body = "", f"{argument}\n{body}".strip("\n")
        title = ": ".join(filter(None, (BOXES[name], _inline(argument, references))))
        if "dropdown" in directive.options.get("class", "").split():
            return _folded(title, plain(body, references))
        return _boxed(title, plain(body, references))
    raise UnknownMarkup(f"the directive {name!r} has no plain form")


def _boxed(title: str, body: str) -> str:
    return f"\n**{title}**\n\n{body}\n" if title else f"\n{body}\n"


def _folded(title: str, body: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"


def _picture(directive: Directive, references: References) -> str:
    """Show a picture from the site: no file comes with the notebook."""
    address = directive.argument
    if ":" not in address:
        address = references.published(f"_images/{address.rpartition('/')[2]}")
    alt = directive.options.get("alt", "")
    return f"![{alt}]({address})\n\n{plain(directive.body, references)}"


# --- roles and links --------------------------------------------------------


def _inline(text: str, references: References) -> str:
    """Rewrite the roles and links of running text."""

    def span(match: re.Match[str]) -> str:
        if match["role"]:
            return _role(match["role"], match["text"], references)
        if match["target"]:
            return _link(match[0], match["link"], match["target"], references)
        return match[0]

    return SPAN.sub(span, text)


def _found(lookup: Callable[[str], Found], name: str) -> Found:
    """Look a name up; an unknown one is unknown markup."""
    try:
        return lookup(name)
    except KeyError as error:
        raise UnknownMarkup(f"nothing is called {name!r}") from error


def _role(role: str, text: str, references: References) -> str:
    """Return a role as plain Markdown."""
    if role.startswith("cite"):
        return _citation(role, text, references)
    if role.startswith("py:") or role in {"code", "kbd", "file", "command"}:
        return f"`{text.lstrip('~!')}`"
    if role.startswith("glue:"):
        name, _, form = text.partition(":")
        return _found(lambda key: references.value(key, form), name)
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
            found, address = _found(references.page, target)
            return f"[{title or found}]({address})"
        case "ref" | "numref" | "prf:ref":
            found, address = _found(references.label, target)
            shown = found if role == "numref" or not title else title
            return f"[{shown}]({address})"
        case "eq":
            number, address = _found(references.equation, target)
            return f"[({number})]({address})"
    raise UnknownMarkup(f"the role {role!r} has no plain form")


def _citation(role: str, text: str, references: References) -> str:
    """Return the works of a citation: in the sentence, or in brackets."""
    textual = role in {"cite:t", "cite:ts", "cite:ct"}
    works = [
        _found(lambda key: references.cite(key, textual=textual), key.strip())
        for key in text.split(",")
    ]
    return ", ".join(works) if textual else f"({'; '.join(works)})"


def _link(whole: str, text: str, target: str, references: References) -> str:
    """Lead a link within the book to the published book."""
    if target.startswith("#"):
        found, address = _found(references.label, target[1:])
    elif ":" not in target and target.partition("#")[0].endswith(".md"):
        name, _, anchor = target.partition("#")
        found, address = _found(references.page, name)
        address += f"#{anchor}" if anchor else ""
    else:
        return whole
    return f"[{_inline(text, references) or found}]({address})"
