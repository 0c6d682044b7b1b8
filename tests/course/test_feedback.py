"""What students wrote is shown on feedback pages, and nothing of it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from autograder.course.prose import LONGEST, TAGS, formula, markdown
from autograder.course.submissions import hand_in, right_answers, submission
from tests.course.hostile import (
    EVERYTHING,
    MARKDOWN,
    MARKUP,
    Seen,
    add_everything,
    watched,
)

WARMUP = "warmup/warmup"
HEAD = right_answers(WARMUP)["relative_error"].split("### BEGIN SOLUTION")[0].rstrip()
SAID = (*MARKDOWN[:8], *MARKUP[:6], MARKDOWN[14])
"""What the exceptions of one student say, one a student."""


@pytest.fixture(scope="module")
def feedback(course: Any, once: Callable[..., Path]) -> Path:
    """Feedback for a student who added cells, and for some whose code raises."""

    def fill(folder: Path) -> None:
        one = course.new_class("hostile")
        filled = submission(one.release(), WARMUP)
        add_everything(filled)
        hand_in(one.class_folder, "cells", WARMUP, filled)
        for i, text in enumerate(SAID):
            answers = right_answers(WARMUP)
            answers["relative_error"] = f"{HEAD}\n    raise ValueError({text!r})\n"
            filled = submission(one.release(), WARMUP, answers)
            hand_in(one.class_folder, f"says-{i}", WARMUP, filled)
        one.nbgrader("autograde", "warmup")
        one.nbgrader("generate_feedback", "warmup")
        (one.class_folder / "feedback").rename(folder)

    return once("hostile", fill)


def page_of(feedback: Path, student: str) -> Path:
    return feedback / student / "warmup" / "warmup.html"


def everyone() -> list[str]:
    return ["cells", *(f"says-{i}" for i in range(len(SAID)))]


@pytest.mark.parametrize("student", everyone())
@pytest.mark.parametrize("policy", ["policy", "without the policy"])
def test_a_feedback_page_runs_and_loads_nothing(
    student: str, policy: str, feedback: Path, browser: Browser
) -> None:
    """Cleaning is enough without the page's policy, which is a second wall."""
    path = page_of(feedback, student)
    with watched(browser, "", bypass_csp=policy != "policy") as seen:
        seen.page.goto(path.as_uri(), wait_until="load")
        assert not seen.ran()
        assert seen.strangers == []
        assert active(seen) == []
        assert seen.page.get_by_text("Grade cell:").count() == 4
        assert seen.page.locator("#check_relative_error").count() == 0


def active(seen: Seen) -> list[str]:
    """What a page could run, load or send, by its element."""
    script = """() => [...document.querySelectorAll(
        "script, iframe, object, embed, form, input, base, img, link, svg animate, "
        + "[style*=url], meta[http-equiv=refresh]")].map((e) => e.outerHTML)
        .concat([...document.querySelectorAll("*")].flatMap((e) =>
            [...e.attributes].filter((a) => a.name.startsWith("on"))
            .map((a) => a.name)))"""
    found: list[str] = seen.page.evaluate(script)
    return found


def test_the_policy_alone_would_stop_a_script(
    feedback: Path, browser: Browser, tmp_path: Path
) -> None:
    text = page_of(feedback, "cells").read_text("utf-8")
    body = "<script>window.__xss=1</script><img src=x onerror=window.__xss=1></body>"
    (tmp_path / "page.html").write_text(text.replace("</body>", body), "utf-8")
    with watched(browser, "") as seen:
        seen.page.goto((tmp_path / "page.html").as_uri(), wait_until="load")
        assert seen.page.locator("body script").count() > 0
        assert not seen.ran()


def test_what_was_written_can_still_be_read(feedback: Path, browser: Browser) -> None:
    with watched(browser, "") as seen:
        seen.page.goto(page_of(feedback, "cells").as_uri())
        text = seen.page.inner_text("body")
        for i in range(len(EVERYTHING)):
            assert f"Wrote {i}." in text
        assert "Score: 6.0 / 6.0" in text


def test_formulas_of_the_release_are_set_without_a_script(
    feedback: Path, browser: Browser
) -> None:
    with watched(browser, "", java_script_enabled=True) as seen:
        seen.page.goto(page_of(feedback, "says-0").as_uri())
        assert seen.page.locator("math[display=block] mfrac").count() >= 2
        assert seen.page.locator("code", has_text="\\").count() == 0
        box = seen.page.locator("math[display=block]").first.bounding_box()
        assert box is not None
        assert box["height"] > 30


@pytest.mark.parametrize("text", EVERYTHING)
def test_only_harmless_elements_are_left(text: str) -> None:
    shown = markdown(text)
    assert harmful(shown) == []


def harmful(shown: str) -> list[str]:
    """Elements and attributes that are not on the list, as a browser reads them."""
    found = []
    for element in BeautifulSoup(shown, "html.parser").find_all(True):
        inside_math = element.name == "math" or element.find_parent("math")
        if not inside_math:
            found += [element.name] if element.name not in TAGS else []
            found += [a for a in element.attrs if (element.name, a) != ("a", "href")]
            link = str(element.get("href", "#"))
            safe = link.startswith(("#", "http://", "https://", "mailto:"))
            found += [] if safe or ":" not in link else [link]
        else:
            found += [a for a in element.attrs if a.startswith(("on", "href", "style"))]
    return found


PIECES = st.sampled_from(
    [
        *"<>\"'`$\\{}[]()!#&|*_~ \n\t:/=xé",
        *("<b>", "<a href=", "javascript:", "$$", "<script>", "</", "<!--", "-->"),
        *("&lt;", "&#60;", "\\text", "\\begin{"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_mixture_of_markup_gets_through(text: str) -> None:
    assert harmful(markdown(text)) == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a *b* `c`", "<p>a <em>b</em> <code>c</code></p>\n"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>\n"),
        ("[a](https://b.example/c)", '<p><a href="https://b.example/c">a</a></p>\n'),
        ("[a](#below)", '<p><a href="#below">a</a></p>\n'),
        ("![a plot](plot.png)", "<p>[picture: a plot]</p>\n"),
        ("```python\nx = 1\n```", "<pre><code>x = 1\n</code></pre>\n"),
        ("$x$", "<p><math><mi>x</mi></math></p>\n"),
    ],
)
def test_ordinary_markdown_looks_as_ever(typed: str, shown: str) -> None:
    assert markdown(typed) == shown


@pytest.mark.parametrize("text", ["x" * (LONGEST + 1), "<b>" * 5000])
def test_what_is_too_much_stays_as_typed(text: str) -> None:
    assert markdown(text).startswith("<pre>")
    assert harmful(markdown(text)) == []


def test_a_formula_that_can_not_be_read_stays_as_typed() -> None:
    assert formula(r"\href{x}{<b>}") == r"<code>\href{x}{&lt;b&gt;}</code>"
    assert formula("x" * 5000).startswith("<code>")
