"""The report in a browser: readable for everyone, and nothing beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from autograder.course.report.page import page
from autograder.course.report.summary import summarise
from tests.course.hostile import MARKUP, watched
from tests.course.made_up import CLASS, A, N, not_run, record, wrong

SIZES = {"laptop": (1200, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of all kinds, among them students with long and hostile names."""
    folder = tmp_path_factory.mktemp("report")
    hostile = [
        record(f"{text} {i}", not_run(N), wrong(A), reasons=(text, "x" * 200))
        for i, text in enumerate(MARKUP)
    ]
    unwalled = record("nobody" * 30, wrong(A, "y" * 120), sandbox="none")
    feedback = folder / "feedback" / "hana" / "warmup"
    feedback.mkdir(parents=True)
    (feedback / "warmup.html").write_text("<title>hers</title>")
    summary = summarise([*CLASS, *hostile, unwalled], ["otto", "z" * 150])
    path = folder / "report.html"
    path.write_text(page(summary, folder, folder), "utf-8")
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_is_clean_and_accessible(
    size: str, theme: Any, report: Path, browser: Browser
) -> None:
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    with watched(browser, "", viewport=viewport, color_scheme=theme) as seen:
        errors: list[str] = []
        seen.page.on("console", lambda message: errors.append(message.text))
        seen.page.goto(report.as_uri())
        assert errors == []
        assert seen.strangers == []
        assert not seen.ran()
        found = seen.page.evaluate("document.documentElement.scrollWidth")
        assert found <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(
    size: str, theme: Any, report: Path, browser: Browser
) -> None:
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    # The page lets no script run, and axe is one.
    with watched(
        browser, "", viewport=viewport, color_scheme=theme, bypass_csp=True
    ) as seen:
        seen.page.goto(report.as_uri())
        assert not seen.ran()
        for details in seen.page.locator("summary").all():
            details.click()
        result = Axe().run(seen.page, options={"resultTypes": ["violations"]})
        assert [
            f"{v['id']}: {n['html'][:200]}"
            for v in result.response["violations"]
            for n in v["nodes"]
        ] == []


def test_what_an_instructor_reads_and_clicks(report: Path, browser: Browser) -> None:
    with watched(browser, "") as seen:
        seen.page.goto(report.as_uri())
        shown = seen.page
        expect(shown.locator(".headline")).to_contain_text("submissions, median")
        expect(shown.locator(".warning")).to_contain_text("1 submission ran with")
        columns = shown.get_by_role("list", name="Submissions by score")
        expect(columns).to_contain_text("12 submissions with 5 points")
        shown.get_by_role("link", name="feedback of hana").click()
        expect(shown).to_have_title("hers")
