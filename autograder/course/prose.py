"""Markdown as HTML that can do nothing but be read.

nbgrader shows what students wrote in two places: on the feedback page, and in
formgrader, which runs with the instructor's rights. Both turn Markdown into
HTML by the filter of ``nbgrader_config.py``, which is :func:`markdown`. It
writes formulas as MathML, so that no page needs a script for them, and then
lets only an allow-list of HTML through.
"""

from __future__ import annotations

import html
import secrets
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import bleach
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from mistune import HTMLRenderer
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

LONGEST = 20_000
MOST_TAGS = 1000
"""Parsing what is deeply nested takes quadratic time."""

LONGEST_FORMULA = 2000


def _names(those: str) -> frozenset[str]:
    return frozenset(those.split())


TAGS = _names(
    "a abbr b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li "
    "ol p pre s span strong sub sup table tbody td th thead tr ul"
)
PROTOCOLS = _names("http https mailto")

MATHML = "http://www.w3.org/1998/Math/MathML"
MATH_TAGS = _names(
    "math menclose merror mfrac mi mn mo mover mpadded mphantom mroot mrow mspace "
    "msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover"
)
MATH_ATTRIBUTES = _names(
    "accent accentunder class columnalign columnspacing depth display displaystyle "
    "form height largeop linethickness lspace mathvariant maxsize minsize "
    "movablelimits notation rowspacing rspace scriptlevel separator stretchy "
    "symmetric voffset width"
)


@lru_cache(maxsize=1024)  # the prose of a release comes again with every student
def markdown(source: str) -> str:
    """Markdown as harmless HTML; what is too long or too deep stays as typed.

    Raises nothing, whatever a student wrote.
    """
    if len(source) > LONGEST or source.count("<") > MOST_TAGS:
        return _as_typed(source)
    renderer = _Renderer()
    try:
        rendered = MarkdownWithMath(renderer=renderer).render(source)
        # No id and no class: formgrader finds its own fields by them.
        clean = bleach.clean(rendered, TAGS, {"a": ["href"]}, PROTOCOLS)
    except RecursionError:
        return _as_typed(source)
    for mark, formula in renderer.formulas.items():
        clean = clean.replace(mark, formula)
    return clean


def _as_typed(source: str) -> str:
    return f"<pre>{html.escape(source)}</pre>"


class _Renderer(HTMLRenderer):
    """mistune's own, with formulas kept aside and pictures as their text.

    Formulas are put in after cleaning. Their marks can't be guessed, and none
    gets into an attribute: the only one that passes is an address.
    """

    def __init__(self) -> None:
        super().__init__(escape=False)
        self.formulas: dict[str, str] = {}
        self._secret = secrets.token_hex(16)

    def _formula(self, tex: str, block: bool = False) -> str:
        mark = f"formula-{self._secret}-{len(self.formulas)}-"
        self.formulas[mark] = formula(tex, block)
        return mark

    def block_math(self, body: str) -> str:
        return self._formula(body, block=True)

    def inline_math(self, body: str) -> str:
        return self._formula(body)

    def latex_environment(self, name: str, body: str) -> str:
        return self._formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def block_code(self, code: str, info: str | None = None) -> str:
        return super().block_code(code)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        # Loading one would tell its server who reads the page, and when.
        return f"[picture: {text}]"


def formula(tex: str, block: bool = False) -> str:
    """TeX as MathML, or as it was typed when it can't be read."""
    typed = f"<code>{html.escape(tex)}</code>"
    if len(tex) > LONGEST_FORMULA:
        return typed
    try:
        # docutils knows no \texttt, and writes an entity that XML doesn't know.
        found = tex2mathml(tex.replace(r"\texttt", r"\mathtt"), as_block=block)
        tree = ElementTree.fromstring(found.replace("&ApplyFunction;", "\u2061"))
    except (MathError, RecursionError, ElementTree.ParseError, *_SLIPS):
        return typed
    for element in tree.iter():
        element.tag = element.tag.removeprefix(f"{{{MATHML}}}")
        if element.tag not in MATH_TAGS or element.attrib.keys() - MATH_ATTRIBUTES:
            return typed
        # docutils indents; between elements that means nothing.
        if len(element):
            element.text = None
        element.tail = None
    return ElementTree.tostring(tree, "unicode", short_empty_elements=False)


# What docutils raises for input that its author did not foresee.
_SLIPS = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class EscapeNames(Preprocessor):
    """Escape what formgrader's page says of a submission as it stands.

    A student's id is the name of a folder, and may hold anything.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if resources.get(name):
                resources[name] = html.escape(resources[name])
        return nb, resources
