"""MyST to plain Markdown that any notebook viewer shows.

Only what is MyST is rewritten: directives, roles, labels, comments, and links
to other pages of the book. Everything else stays as its author wrote it.
A directive or role that is not known here raises `NoPlainForm`: raw markup in
a downloaded notebook would be a silent fault.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from coursebook.inline import NoPlainForm, inline, look_up
from coursebook.references import References


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


def plain(text: str, references: References) -> str:
    """Return MyST text as plain Markdown.

    Raises NoPlainForm for a directive, role or reference without one.
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
            yield inline("\n".join(prose), references)
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
    raise NoPlainForm(f"a fence is not closed: {lines[start].strip()}")


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
    raise NoPlainForm(f"a formula is not closed: {lines[start].strip()}")


def _display_math(lines: list[str], references: References) -> str:
    """Take the label off a formula, and show its number in the formula."""
    end = MATH_END.search(lines[-1])
    if end is None or end["label"] is None:
        return "\n".join(lines)
    tag = rf"\tag{{{look_up(references.equation, end['label'])[0]}}}"
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
        title = ": ".join(filter(None, (BOXES[name], inline(argument, references))))
        if "dropdown" in directive.options.get("class", "").split():
            return _folded(title, plain(body, references))
        return _boxed(title, plain(body, references))
    raise NoPlainForm(f"the directive {name!r} has no plain form")


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
