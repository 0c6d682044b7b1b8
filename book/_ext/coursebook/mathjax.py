"""Formulas drawn by a copy of MathJax that the site itself serves.

The package `sphinx-mathjax-offline` carries MathJax 3.2.2. Only its files are
used: its own extension copies four times as much as a page can load.
"""

from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util.fileutil import copy_asset

PACKAGE = "sphinx-mathjax-offline"
# One script that brings its glyphs as outlines: nothing else is fetched.
SCRIPT = "tex-svg.js"
# Commands such as \cancel or \color are fetched when a formula first uses one.
PARTS = (SCRIPT, "input/tex/extensions")


def mathjax_folder() -> Path:
    """Return the folder of the installed MathJax."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ExtensionError(f"MathJax is missing: pip install {PACKAGE}")
    return Path(spec.origin).parent / "static" / "mathjax"


def configure(app: Sphinx, config: Config) -> None:
    """Point Sphinx at the site's own script."""
    config.mathjax_path = f"mathjax/{SCRIPT}"
    # Sphinx loads it `async`; `defer` keeps that and fixes the order.
    config.mathjax_options = {"defer": "defer"}
    config.mathjax3_config = {
        # The menu offers parts that are not served, and makes every formula
        # a stop of the Tab key.
        "options": {"enableMenu": False},
        "svg": {"fontCache": "global"},
    }


def copy_files(app: Sphinx, error: Exception | None) -> None:
    """Put MathJax beside the built pages."""
    if error is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "mathjax"
    for part in PARTS:
        place = (target / part).parent if Path(part).suffix else target / part
        copy_asset(str(mathjax_folder() / part), str(place))


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("config-inited", configure)
    app.connect("build-finished", copy_files)
