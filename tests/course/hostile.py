"""What a student may write so that a page would run it, load it or break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import nbformat
from nbformat import NotebookNode
from playwright.sync_api import Browser, Page, Request

RUN = "window.__xss=1"
AWAY = "https://elsewhere.invalid"

MARKUP = (
    f"<script>{RUN};alert(1)</script>",
    f"<SCRIPT SRC={AWAY}/x.js></SCRIPT>",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<img src=x onerror={RUN}>",
    f"<img src=x onerror={RUN}//",
    f"<img src='{AWAY}/seen.png'>",
    f"<svg onload={RUN}><animate onbegin={RUN} attributeName=x dur=1s></svg>",
    f"<svg><a xlink:href='javascript:{RUN}'><text>x</text></a></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></math>",
    f"<math href='javascript:{RUN}'>x</math>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<input autofocus onfocus={RUN}>",
    f"<a href='javascript:{RUN}'>link</a>",
    f"<a href=' &#x6A;avascript:{RUN}'>link</a>",
    f"<a href='data:text/html,<script>{RUN}</script>'>link</a>",
    f"<iframe src='data:text/html,x'></iframe><iframe srcdoc='<b>{RUN}'></iframe>",
    f"<object data='{AWAY}/x'></object><embed src='{AWAY}/x'>",
    f"<meta http-equiv=refresh content='0;url={AWAY}/'>",
    f"<base href='{AWAY}/'><link rel=stylesheet href='{AWAY}/x.css'>",
    f"<style>@import '{AWAY}/x.css'; body {{ display: none }}</style>",
    f"<p style='background:url({AWAY}/x.png);position:fixed;inset:0'>over it</p>",
    f"<form action='{AWAY}'><button formaction='javascript:{RUN}'>go</button></form>",
    f"<!-- a comment --><!--><img src=x onerror={RUN}>-->",
    "</div></div></div></body></html><h1 id='check_relative_error'>mine</h1>",
    "<textarea><title><xmp><plaintext>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<template><script>{RUN}</script></template>",
    f"<![CDATA[<img src=x onerror={RUN}>]]><?php <script>{RUN}</script> ?>",
)
MARKDOWN = (
    f"[link](javascript:{RUN})",
    f"[link](<javascript:{RUN}> 'title')",
    f"[link]\n\n[link]: javascript:{RUN}",
    f"![seen]({AWAY}/seen.png)",
    f"![seen][away]\n\n[away]: {AWAY}/seen.png 'title'",
    "![vector](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+)",
    "![missing](attachment:missing.svg)",
    f"<javascript:{RUN}>",
    f'![x" onerror="{RUN}](x "t")',
    f"# check_relative_error\n\n# <img src=x onerror={RUN}>",
    f"```mermaid\ngraph TD; A[<img src=x onerror={RUN}>]\n```",
    f"```<img src=x onerror={RUN}>\ncode\n```",
    f"``` html\n<script>{RUN}</script>\n```",
    f"| a | b |\n|---|---|\n| <img src=x onerror={RUN}> | 2 |",
    f"$\\href{{javascript:{RUN}}}{{x}}$ $\\unicode{{x3c}}$ $\\require{{html}}$",
    f"$$\\class{{a}}{{\\style{{background:url({AWAY}/x)}}{{x}}}}$$",
    f"$\\text{{<img src=x onerror={RUN}>}}$ $<img src=x onerror={RUN}>$",
    f"\\begin{{x}}<img src=x onerror={RUN}>\\end{{x}}",
    "$" + "{" * 1500 + "$ $\\def\\x{\\x\\x}\\x$",
    "> " * 500 + "deep",
    "<b><i>" * 5000,
    "\x1b[31mred\x1b[0m \x1b]8;;javascript:1\x07link\x1b]8;;\x07 \x00 \x08",
)
EVERYTHING = (*MARKUP, *MARKDOWN)


def add_everything(notebook: NotebookNode) -> None:
    """Put all of it into cells of the student's own, in every kind of cell."""
    for i, text in enumerate(EVERYTHING):
        markdown = nbformat.v4.new_markdown_cell(f"Wrote {i}.\n\n{text}")
        markdown["attachments"] = {
            "missing.svg": {"image/svg+xml": f"<svg onload='{RUN}'/>"}
        }
        markdown["id"] = f'"><img src=x onerror={RUN}>{i}'
        markdown["metadata"] = {"tags": [f'"><img src=x onerror={RUN}>']}
        raw = nbformat.v4.new_raw_cell(text, metadata={"raw_mimetype": "text/html"})
        code = nbformat.v4.new_code_cell(f"r'''{text}'''\n# {text[:60]!r}")
        notebook.cells[i % 5 : i % 5] = [markdown, raw, code]


@dataclass
class Seen:
    """A page in a browser, and what it did beside being shown."""

    page: Page
    strangers: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def ran(self) -> bool:
        """Whether anything of a student's ran, also when every link is followed."""
        script = f"""() => {{
            for (const a of document.querySelectorAll("a[href], [xlink\\\\:href]"))
                if (/^\\s*(javascript|data|vbscript)/i.test(a.href || "x"))
                    return true;
            return !!window.__xss || {RUN!r} === document.title;
        }}"""
        return bool(self.page.evaluate(script)) or bool(self.dialogs)


@contextmanager
def watched(browser: Browser, host: str, **options: object) -> Iterator[Seen]:
    """A page of its own; what is asked of another ``host`` is noted."""
    with browser.new_context(**options) as context:  # type: ignore[arg-type]
        seen = Seen(context.new_page())

        def note(request: Request) -> None:
            if urlsplit(request.url).hostname not in (host or None, None):
                seen.strangers.append(request.url)

        def answer(dialog: object) -> None:
            seen.dialogs.append(str(dialog))
            dialog.dismiss()  # type: ignore[attr-defined]

        # Stopping requests would cost a page its cookies; no name here has a host.
        seen.page.on("request", note)
        seen.page.on("dialog", answer)
        yield seen
