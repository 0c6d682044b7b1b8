"""Cures what docutils writes and a screen reader cannot use."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def listed_works(html: str) -> str:
    """Make the works of a bibliography items of the list they stand in.

    docutils gives them a role that ARIA has withdrawn, so that the list around
    them has no item.
    """
    return html.replace('role="doc-biblioentry"', 'role="listitem"')


def mend(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Mend the body of a page before it is written."""
    if "body" in context:
        context["body"] = listed_works(context["body"])


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("html-page-context", mend)
