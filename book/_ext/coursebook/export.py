"""Publishes each chapter's plain notebook, and puts its buttons on the page."""

from pathlib import Path
from shutil import rmtree
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from coursebook import notebook
from coursebook.assignments import dist_folder
from coursebook.inline import NoPlainForm
from coursebook.references import SphinxReferences, load_bibliography, load_glue
from coursebook.site import repository

logger = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent / "templates"


def chapters(env: BuildEnvironment) -> dict[str, str]:
    """Return the source of each page of the book that is a notebook."""
    sources = {}
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        if path.suffix == ".md":
            source = path.read_text(encoding="utf-8")
            if notebook.is_chapter(source):
                sources[docname] = source
    return sources


def published_path(docname: str) -> str:
    """Return where the site keeps a chapter's notebook."""
    return f"notebooks/{docname}.ipynb"


def export(app: Sphinx, error: Exception | None) -> None:
    """Write the plain notebook of every chapter."""
    if error is not None or app.builder.format != "html":
        return
    env = app.env
    rmtree(Path(app.outdir, "notebooks"), ignore_errors=True)
    bibliography = load_bibliography(env)
    modules = {p.stem: p.read_text("utf-8") for p in Path(env.srcdir).glob("*.py")}
    wheels = sorted(dist_folder(env).glob(f"{notebook.PACKAGE}-*.whl"))
    for docname, source in chapters(env).items():
        references = SphinxReferences(
            env, docname, bibliography, load_glue(env, docname)
        )
        try:
            made = notebook.plain_notebook(
                source,
                references,
                modules=modules,
                wheel=references.published(f"dist/{wheels[-1].name}")
                if wheels
                else None,
                address=references.published(f"{docname}.html"),
            )
        except NoPlainForm as problem:
            logger.warning("no plain notebook: %s", problem, location=docname)
            continue
        notebook.write(made, Path(app.outdir, published_path(docname)))


def add_buttons(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Tell the template `notebook-buttons.html` where a page's notebook is."""
    source = Path(app.env.doc2path(pagename))
    if doctree is None or source.suffix != ".md":
        return
    if notebook.is_chapter(source.read_text(encoding="utf-8")):
        path = published_path(pagename)
        context["notebook_url"] = context["pathto"](path, resource=True)
        context["colab_url"] = repository(app.config).colab_published(path)


def add_templates(app: Sphinx, config: Config) -> None:
    """Let the theme find our templates."""
    config.templates_path.append(str(TEMPLATES))


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("config-inited", add_templates)
    app.connect("html-page-context", add_buttons)
    app.connect("build-finished", export)
