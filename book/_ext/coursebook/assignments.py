"""The directive `assignment`, and the files that its card links to.

```` ```{assignment} batchnorm/batchnorm ```` makes a card for the notebook
`batchnorm.ipynb` of the assignment `batchnorm`. The card's title is the
notebook's own first heading. The student notebooks and the zips are generated
before the book is built; a missing one is a warning, so a strict build fails.
"""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns, rmtree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from coursebook.site import Repository, repository

logger = logging.getLogger(__name__)

NAME = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Assignment:
    """One notebook of one assignment: where it lies, what the site calls it."""

    name: str
    notebook: str

    @classmethod
    def parse(cls, text: str) -> "Assignment":
        """Read `assignment/notebook`; raises ValueError for anything else."""
        if not NAME.fullmatch(text):
            raise ValueError(f"write assignment/notebook, not {text!r}")
        return cls(*text.split("/"))

    @property
    def path(self) -> str:
        """The notebook in the repository, and on the site."""
        return f"assignments/{self.name}/{self.notebook}.ipynb"

    @property
    def zip(self) -> str:
        """The assignment's zip on the site."""
        return f"assignments/{self.name}.zip"


def heading(notebook: Path) -> str | None:
    """Return the first heading of a notebook's Markdown cells."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        found = re.search(r"^#+ +(.+)$", source, re.MULTILINE)
        if cell["cell_type"] == "markdown" and found:
            return found[1].strip()
    return None


def card(item: Assignment, title: str, root: str, repo: Repository) -> str:
    """Return the card's HTML; `root` leads from the page to the site's top."""
    links = (
        (root + item.path, "Notebook", " download"),
        (root + item.zip, "Zip with everything", " download"),
        (repo.colab_source(item.path), "Open in Colab", ""),
    )
    name = escape(title)
    anchors = " ".join(
        f'<a class="assignment-link" href="{escape(url)}"{extra}>{text}'
        f'<span class="visually-hidden">: {name}</span></a>'
        for url, text, extra in links
    )
    return (
        f'<div class="assignment-card"><p class="assignment-title">'
        f"<strong>Assignment: {name}</strong></p>"
        f'<p class="assignment-links">{anchors}</p></div>'
    )


class AssignmentDirective(SphinxDirective):
    """Show the card of an assignment notebook."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the card; warn about what is not there to link to."""
        try:
            item = Assignment.parse(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from error
        source = assignments_folder(self.env) / item.name / f"{item.notebook}.ipynb"
        archive = dist_folder(self.env) / f"{item.name}.zip"
        for needed in (source, archive):
            self.env.note_dependency(str(needed))
            if not needed.is_file():
                logger.warning(
                    "assignment %s/%s: %s is not there; build it first",
                    item.name,
                    item.notebook,
                    needed.name,
                    location=self.get_location(),
                )
        title = heading(source) if source.is_file() else None
        root = "../" * self.env.docname.count("/")
        html = card(item, title or item.notebook, root, repository(self.env.config))
        return [nodes.raw("", html, format="html")]


def assignments_folder(env: BuildEnvironment) -> Path:
    """Return the folder of the student notebooks."""
    return Path(env.srcdir, env.config.course_assignments).resolve()


def dist_folder(env: BuildEnvironment) -> Path:
    """Return the folder of the zips and the student's wheel."""
    return Path(env.srcdir, env.config.course_dist).resolve()


def publish(app: Sphinx, error: Exception | None) -> None:
    """Put notebooks, zips and the wheel beside the built pages."""
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for folder in ("assignments", "dist"):  # an earlier build may have had more
        rmtree(site / folder, ignore_errors=True)
    source = assignments_folder(app.env)
    if source.is_dir():
        copytree(
            source,
            site / "assignments",
            dirs_exist_ok=True,
            ignore=ignore_patterns(".*", "__pycache__"),
        )
    for pattern, folder in (("*.zip", "assignments"), ("*.whl", "dist")):
        for file in sorted(dist_folder(app.env).glob(pattern)):
            (site / folder).mkdir(exist_ok=True)
            copy2(file, site / folder / file.name)


def setup(app: Sphinx) -> None:
    """Register the directive and its two settings."""
    app.add_config_value("course_assignments", "../assignments", "env", str)
    app.add_config_value("course_dist", "../dist", "env", str)
    app.add_directive("assignment", AssignmentDirective)
    app.connect("build-finished", publish)
