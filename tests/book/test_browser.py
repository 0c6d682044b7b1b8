"""Every page of the built book in a real browser, with no network.

Colour contrast and the rest of accessibility are judged by axe-core, in the
light and the dark theme. Its serious and critical findings fail; nothing of the
page is excluded.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

ROOT = Path(__file__).parents[2]
LAPTOP, PHONE = (1280, 900), (390, 844)
MYST = re.compile(r"^ *[`:~]{3,}\{|^\([\w-]+\)=$|\{[\w:.-]+\}`", re.MULTILINE)
SHOWN = "nn-frames figure:not([hidden])"

Open = Callable[..., AbstractContextManager["Visit"]]
Serve = Callable[[Path], AbstractContextManager[str]]


def pages() -> list[str]:
    """Return every page of the book, from its table of contents."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    files = [item["file"] for part in toc["parts"] for item in part["chapters"]]
    return [toc["root"], *files, "search", "genindex"]


@dataclass
class Visit:
    """A page in the browser, and what went wrong while it loaded."""

    page: Page
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Browser) -> Open:
    """Open a page; every request that leaves this machine is stopped and noted."""

    @contextmanager
    def open_page(
        address: str, theme: Any = "light", **options: Any
    ) -> Iterator[Visit]:
        width, height = options.pop("size", LAPTOP)
        viewport: Any = {"width": width, "height": height}
        context = browser.new_context(
            color_scheme=theme, viewport=viewport, service_workers="block", **options
        )
        seen = Visit(context.new_page())

        def guard(route: Route) -> None:
            if urlsplit(route.request.url).hostname == "127.0.0.1":
                route.continue_()
            else:
                seen.strangers.append(route.request.url)
                route.abort()

        def listen(message: Any) -> None:
            if message.type == "error":
                seen.errors.append(message.text)

        context.route("**/*", guard)
        seen.page.on("console", listen)
        seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
        seen.page.goto(address, wait_until="load")
        if options.get("java_script_enabled", True):
            seen.page.evaluate("window.MathJax?.startup?.promise")
        yield seen
        context.close()

    return open_page


@pytest.fixture(params=pages())
def address(request: pytest.FixtureRequest, book_site: str) -> str:
    """The address of each page of the real book in turn."""
    return f"{book_site}{request.param}.html"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_loads_clean_typesets_and_is_accessible(
    visit: Open, address: str, theme: str
) -> None:
    with visit(address, theme) as seen:
        assert seen.errors == []
        assert seen.strangers == []
        assert seen.page.locator("html").get_attribute("data-theme") == theme
        assert formulas_left(seen.page) == []
        assert violations(seen.page) == []


def test_a_page_fits_a_phone(visit: Open, address: str) -> None:
    with visit(address, size=PHONE) as seen:
        width = seen.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE[0], widest(seen.page)
        # Colours do not depend on the width.
        assert violations(seen.page, contrast=False) == []


def test_the_buttons_lead_to_a_plain_notebook(visit: Open, address: str) -> None:
    with visit(address, accept_downloads=True) as seen:
        download = seen.page.locator("a.notebook-button[download]")
        colab = seen.page.locator("a.notebook-button:not([download])")
        assert download.count() == colab.count()
        if download.count() == 0:
            return
        with seen.page.expect_download() as started:
            download.click()
        name = started.value.suggested_filename
        notebook = json.loads(started.value.path().read_text(encoding="utf-8"))
        expected = re.escape(f"/notebooks/{name}") + "$"
        expect(colab).to_have_attribute("href", re.compile(expected))
    assert name == Path(urlsplit(address).path).with_suffix(".ipynb").name
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        if cell["cell_type"] == "markdown":
            assert MYST.findall("".join(cell["source"])) == []


def test_every_slider_of_a_page_answers_the_keyboard(visit: Open, address: str) -> None:
    with visit(address) as seen:
        for number in range(seen.page.locator("nn-frames").count()):
            element = seen.page.locator("nn-frames").nth(number)
            expect(element.locator("figure:not([hidden])")).to_have_count(1)
            element.locator("input").press("Home")
            expect(element.locator("figure").first).to_be_visible()
            element.locator("input").press("End")
            expect(element.locator("figure").last).to_be_visible()
            expect(element.locator("figure:not([hidden])")).to_have_count(1)


def test_a_slider_starts_where_its_author_said_and_says_where_it_is(
    visit: Open, tiny_site: str
) -> None:
    with visit(f"{tiny_site}chapter.html") as seen:
        slider = seen.page.get_by_role("slider", name="size")
        expect(slider).to_have_value("1")
        expect(seen.page.locator("nn-frames output")).to_have_text("middle")
        slider.press("ArrowRight")
        expect(seen.page.locator("nn-frames output")).to_have_text("large")
        expect(slider).to_have_attribute("aria-valuetext", "large")
        expect(seen.page.locator(SHOWN)).to_have_count(1)
        expect(seen.page.locator("svg[aria-label='A circle. large']")).to_be_visible()
        assert seen.errors == []


def test_without_script_the_first_frame_is_a_still_picture(
    visit: Open, tiny_site: str
) -> None:
    with visit(f"{tiny_site}chapter.html", java_script_enabled=False) as seen:
        expect(seen.page.locator(SHOWN)).to_have_count(1)
        expect(seen.page.locator(SHOWN)).to_contain_text("size: middle")
        assert seen.page.locator("nn-frames figure").filter(visible=True).count() == 1


def test_the_tiny_book_loads_clean_too(visit: Open, tiny_site: str) -> None:
    with visit(f"{tiny_site}chapter.html") as seen:
        assert seen.errors == []
        assert seen.strangers == []
        # \cancel is a part of MathJax that is fetched when first used.
        assert formulas_left(seen.page) == []
        assert seen.page.locator("mjx-container").count() == 2


def test_a_page_with_faults_is_found_out(
    visit: Open, serving: Serve, tmp_path: Path
) -> None:
    (tmp_path / "bad.html").write_text(
        "<html><title>Bad</title><main><p class='math'>x</p>"
        "<p style='color: #ccc; background: #fff; width: 500px'>pale</p></main>"
        "<script src='https://elsewhere.invalid/x.js'></script>"
        "<script>throw new Error('thrown')</script></html>"
    )
    with serving(tmp_path) as site, visit(f"{site}bad.html", size=PHONE) as seen:
        assert "thrown" in seen.errors
        assert seen.strangers == ["https://elsewhere.invalid/x.js"]
        assert formulas_left(seen.page) == ["x"]
        found = {line.partition(":")[0] for line in violations(seen.page)}
        assert {"color-contrast", "html-has-lang"} <= found
        assert widest(seen.page) != []


def formulas_left(page: Page) -> list[str]:
    """Return the formulas that MathJax did not set, or set as an error."""
    script = """() => [...document.querySelectorAll(".math")]
        .filter((math) => !math.querySelector("mjx-container")
            || math.querySelector("[data-mml-node=merror]"))
        .map((math) => math.textContent)"""
    left: list[str] = page.evaluate(script)
    return left


def violations(page: Page, *, contrast: bool = True) -> list[str]:
    """Return axe-core's serious and critical findings, one line for each."""
    options = {
        # axe would fetch style sheets again by addresses that it guesses wrong.
        "preload": False,
        # What passed, and where it stands, takes longer than the test itself.
        "resultTypes": ["violations"],
        "selectors": False,
        "rules": {"color-contrast": {"enabled": contrast}},
    }
    result = Axe().run(page, options=options)
    return [
        f"{found['id']}: {node['html'][:200]}"
        for found in result.response["violations"]
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]


def widest(page: Page) -> list[str]:
    """Return what sticks out of the page, for a failure's message."""
    script = """() => [...document.querySelectorAll("main *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth)
        .map((one) => one.outerHTML.slice(0, 120))"""
    found: list[str] = page.evaluate(script)
    return found[:5]
