"""What a citation, a label or a computed number reads as in plain text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from docutils import nodes
from myst_nb.core.variables import format_plain_text
from pybtex.database import BibliographyData, Entry, Person, parse_file
from sphinx.environment import BuildEnvironment


class References(Protocol):
    """Answers that the plain Markdown of a chapter needs.

    Each method raises KeyError for a name that does not exist.
    """

    def cite(self, key: str, *, textual: bool) -> str:
        """Return "Saxe et al. (2013)", or without `textual` "Saxe et al., 2013"."""

    def page(self, name: str) -> tuple[str, str]:
        """Return title and address of another page."""

    def label(self, name: str) -> tuple[str, str]:
        """Return the text and the address of a label."""

    def equation(self, name: str) -> tuple[str, str]:
        """Return number and address of a labelled equation."""

    def published(self, path: str) -> str:
        """Return the address of a file of the published book."""

    def value(self, name: str, form: str) -> str:
        """Return a number that a cell of the page computed, formatted."""


def surname(person: Person) -> str:
    """Return a family name as a text shows it: "Van der Maaten" whole."""
    names = (*person.prelast_names, *person.last_names)
    return " ".join(names).replace("{", "").replace("}", "")


def authors(entry: Entry) -> str:
    """Return the names of a work: one, two joined, or the first and "et al."."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    match [surname(person) for person in people]:
        case []:
            return str(entry.fields.get("key", entry.key))
        case [one]:
            return one
        case [one, two]:
            return f"{one} and {two}"
        case [one, *_]:
            return f"{one} et al."
    raise AssertionError("unreachable")


@dataclass(frozen=True)
class SphinxReferences:
    """`References` for one page of the book that Sphinx has just built."""

    env: BuildEnvironment
    docname: str
    bibliography: BibliographyData
    glue: Mapping[str, str] = field(default_factory=dict)

    def cite(self, key: str, *, textual: bool) -> str:
        """Return a citation by author and year."""
        entry = self.bibliography.entries[key]
        year = entry.fields.get("year", "n.d.")
        return f"{authors(entry)} ({year})" if textual else f"{authors(entry)}, {year}"

    def page(self, name: str) -> tuple[str, str]:
        """Return title and address of another page."""
        docname = name.removesuffix(".md").lstrip("/")
        return self.env.titles[docname].astext(), self._address(docname)

    def label(self, name: str) -> tuple[str, str]:
        """Return the text and the address of a label."""
        standard = self.env.get_domain("std")
        name = nodes.fully_normalize_name(name)
        if name in standard.data["labels"]:
            docname, anchor, text = standard.data["labels"][name]
        else:
            docname, anchor = standard.data["anonlabels"][name]
            text = name.replace("-", " ")
        return text, self._address(docname, anchor)

    def equation(self, name: str) -> tuple[str, str]:
        """Return number and address of a labelled equation."""
        docname, number = self.env.get_domain("math").data["objects"][name]
        anchor = f"equation-{nodes.make_id(name)}"
        figures = self.env.toc_fignumbers.get(docname, {}).get("displaymath", {})
        text = ".".join(map(str, figures.get(anchor, (number,))))
        return text, self._address(docname, anchor)

    def published(self, path: str) -> str:
        """Return the address of a file of the published book."""
        return f"{self.env.config.html_baseurl}{path}"

    def value(self, name: str, form: str) -> str:
        """Return a glued value as the page shows it."""
        return format_plain_text(self.glue[name], form)

    def _address(self, docname: str, anchor: str = "") -> str:
        page = self.published(f"{docname}.html")
        return f"{page}#{anchor}" if anchor else page


def load_bibliography(env: BuildEnvironment) -> BibliographyData:
    """Read every bibliography file of the book."""
    entries = BibliographyData()
    for name in env.config.bibtex_bibfiles:
        for key, entry in parse_file(str(Path(env.srcdir, name))).entries.items():
            entries.add_entry(key, entry)
    return entries


def load_glue(env: BuildEnvironment, docname: str) -> dict[str, str]:
    """Return what MyST-NB kept of the values that a page glued."""
    path = Path(env.mystnb_config.output_folder, f"{docname}.glue.json")  # type: ignore[attr-defined]
    if not path.is_file():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: output["data"]["text/plain"]
        for name, output in kept.items()
        if "text/plain" in output["data"]
    }
