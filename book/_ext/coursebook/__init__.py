"""The course's Sphinx extension: one module for each thing the book adds.

| module | adds |
|---|---|
| `site` | addresses: the published book, Colab, both from the repository's |
| `mathjax` | formulas without another host |
| `accessible` | roles of list items in the bibliography |
| `claims` | the role `claim`: derived, measured, reported, disputed |
| `assignments` | the directive `assignment`, and the files it links to |
| `export` | a plain notebook for each chapter, and the buttons that lead to it |
| `notebook` | MyST notebook to plain notebook |
| `markdown` | MyST to plain Markdown, used by `notebook`: its directives |
| `inline` | and its roles and links |
| `references` | what a label, a citation or a computed number reads as |
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from coursebook import accessible, assignments, claims, export, mathjax, site

__all__ = ["setup"]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect every part to Sphinx."""
    for part in (site, mathjax, accessible, claims, assignments, export):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
