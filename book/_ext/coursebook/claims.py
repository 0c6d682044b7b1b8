"""The role `claim`: a mark that says on what a sentence rests."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

CLAIMS = {
    "derived": "it follows from the formulas on this page",
    "measured": "a cell of this page computes it",
    "reported": "a cited paper says so; it is not repeated here",
    "disputed": "papers, or a measurement on the page, speak against it",
}


class ClaimRole(SphinxRole):
    """``{claim}`measured` `` becomes a badge with that word."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the badge, or an error for a word that is none of the four."""
        if self.text not in CLAIMS:
            known = ", ".join(CLAIMS)
            message = self.inliner.reporter.error(
                f"unknown claim {self.text!r}: one of {known}", line=self.lineno
            )
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        badge = nodes.inline(
            self.rawtext, self.text, classes=["claim", f"claim-{self.text}"]
        )
        return [badge], []


def setup(app: Sphinx) -> None:
    """Register the role."""
    app.add_role("claim", ClaimRole())
