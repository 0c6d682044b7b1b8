"""JupyterLab with formgrader, as an instructor uses them in a browser."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from autograder.course.submissions import hand_in, submission
from tests.course.hostile import RUN, add_everything, watched

WARMUP = "warmup/warmup"
TOKEN = "token-of-the-tests"
PATIENCE = 120_000
"""Milliseconds for a button that starts one of nbgrader's commands."""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab whose root is a course."""

    address: str
    course: Any

    def call(self, path: str, method: str = "GET", **body: Any) -> Any:
        """Ask the server's own interface."""
        request = urllib.request.Request(
            f"{self.address}{path}",
            json.dumps(body).encode() if body else None,
            {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read() or "null")


def wait_until_served(address: str, server: subprocess.Popen[str]) -> None:
    """The log names the address a moment before it is served."""
    deadline = time.monotonic() + 30
    host, _, port = address.rpartition("//")[2].partition(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = server.wait(0.05)
            pytest.fail(f"the server ended with {code}")


@pytest.fixture(scope="module")
def lab(course: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server in a course of its own; its port is read from its log."""
    root = tmp_path_factory.mktemp("lab") / "course"
    ignored = shutil.ignore_patterns("classes", "home")
    shutil.copytree(course.root, root, ignore=ignored)
    (root / "home").mkdir()
    own = replace(course, root=root)
    enable = ("server", "extension", "enable", "--user", "--py", "nbgrader")
    own.run(sys.executable, "-m", "jupyter", *enable)
    options = [
        "--no-browser",
        "--port=0",
        "--ip=127.0.0.1",
        f"--ServerApp.root_dir={root}",
    ]
    options += [f"--IdentityProvider.token={TOKEN}"]
    if os.geteuid() == 0:
        options.append("--allow-root")
    with subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", *options],
        cwd=root,
        env=own.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        said = ""
        for line in server.stderr:
            said += line
            found = re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token", line)
            if found:
                break
        else:
            pytest.fail(said)
        with (root / "server.log").open("w") as log:
            drain = subprocess.Popen(["cat"], stdin=server.stderr, stdout=log)
            wait_until_served(found[1], server)
            yield Lab(found[1], own)
            server.terminate()
            server.wait(30)
            drain.wait(30)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own, with nothing kept of other tests."""
    with browser.new_context() as context:
        yield context.new_page()


def test_formgrader_generates_and_autogrades_by_its_buttons(
    lab: Lab, page: Page
) -> None:
    course = lab.course
    release = course.root / "assignments" / "warmup"
    before = {p.name: p.read_bytes() for p in release.iterdir()}
    hand_in(course.class_folder, "ann", WARMUP, submission(course.release(), WARMUP))
    shutil.rmtree(release)

    page.goto(f"{lab.address}/formgrader/manage_assignments?token={TOKEN}")
    row = page.locator("tr", has_text="warmup")
    row.locator(".assign a").click()
    expect(page.locator(".modal.in .modal-body")).to_contain_text(
        "Success", timeout=PATIENCE
    )
    assert {p.name: p.read_bytes() for p in release.iterdir()} == before

    page.goto(f"{lab.address}/formgrader/manage_submissions/warmup?token={TOKEN}")
    row = page.locator("tr", has=page.locator(".student-id", has_text="ann"))
    expect(row.locator(".status")).to_contain_text("needs autograding")
    row.locator(".autograde a").click()
    expect(page.locator(".modal.in .modal-body")).to_contain_text(
        "Success", timeout=PATIENCE
    )
    page.locator(".modal.in button", has_text="OK").click()
    expect(row.locator(".status")).to_contain_text("graded")
    expect(row.locator(".score")).to_have_text("6 / 6")

    page.goto(f"{lab.address}/formgrader/gradebook/warmup?token={TOKEN}")
    expect(page.locator("body")).to_contain_text("warmup")


def test_formgrader_shows_a_hostile_submission_and_runs_nothing_of_it(
    lab: Lab, browser: Browser
) -> None:
    """The page of a submission has the instructor's rights and scripts of its own."""
    course = lab.course
    filled = submission(course.release(), WARMUP)
    add_everything(filled)
    names = ("hostile", f"<img src=x onerror={RUN}>")
    for name in names:
        hand_in(course.class_folder, name, WARMUP, filled)
    for name in names:
        course.nbgrader("autograde", "warmup", f"--student={name}")
    server = "127.0.0.1"
    with watched(browser, server) as seen:
        page = seen.page
        page.goto(f"{lab.address}/formgrader/manage_assignments?token={TOKEN}")
        page.goto(f"{lab.address}/formgrader/manage_submissions/warmup")
        expect(page.locator(".student-id", has_text="<img")).to_have_count(1)
        page.goto(f"{lab.address}/formgrader/gradebook/warmup/warmup")
        links = page.locator("tbody a.name-hidden")
        expect(links.nth(len(names) - 1)).to_be_visible(timeout=PATIENCE)
        addresses = [str(a.get_attribute("href")) for a in links.all()]
        for address in addresses:
            page.goto(f"{lab.address}{address}")
            # What formgrader's own scripts fill in shows that they run.
            score = page.locator("#check_relative_error")
            expect(score).to_have_attribute("placeholder", re.compile(r"\d"))
            expect(page.locator("#relative_error-comment")).to_have_count(1)
            page.locator(".glyphicon-eye-open.name-hidden").click()
            assert page.locator("img, iframe, svg, #notebook script").count() == 0
            assert page.locator("#notebook math").count() > 10
        assert not seen.ran()
        assert seen.strangers == []


def test_a_source_opens_as_a_notebook_and_saves_as_it_was(lab: Lab) -> None:
    path = lab.course.root / "solutions" / "warmup" / "warmup.py"
    before = path.read_bytes()
    model = lab.call("/api/contents/solutions/warmup/warmup.py?type=notebook&content=1")
    assert model["type"] == "notebook"
    assert len(model["content"]["cells"]) > 20
    lab.call(
        "/api/contents/solutions/warmup/warmup.py",
        "PUT",
        type="notebook",
        format="json",
        content=model["content"],
    )
    assert path.read_bytes() == before


def test_a_saved_edit_of_a_source_is_the_edit_and_nothing_else(lab: Lab) -> None:
    """With outputs in the notebook, as after running its cells."""
    path = lab.course.root / "solutions" / "warmup" / "warmup.py"
    before = path.read_text()
    model = lab.call("/api/contents/solutions/warmup/warmup.py?type=notebook&content=1")
    content = model["content"]
    for i, cell in enumerate(c for c in content["cells"] if c["cell_type"] == "code"):
        cell["execution_count"] = i
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "out"}]
        cell["metadata"] |= {"trusted": True}
    cell = next(c for c in content["cells"] if "def relative_error" in c["source"])
    cell["source"] = cell["source"].replace("Two zeros have", "Two zeros always have")
    prose = content["cells"][0]
    prose["source"] += "\n\nOne more sentence."
    lab.call(
        "/api/contents/solutions/warmup/warmup.py",
        "PUT",
        type="notebook",
        format="json",
        content=content,
    )
    after = path.read_text()
    path.write_text(before)
    changes = [
        line
        for line in difflib.unified_diff(
            before.splitlines(), after.splitlines(), lineterm="", n=0
        )
        if not line.startswith(("---", "+++", "@@"))
    ]
    assert changes == [
        "+#",
        "+# One more sentence.",
        "-    One number between 0 and 1. Two zeros have error 0.",
        "+    One number between 0 and 1. Two zeros always have error 0.",
    ]
