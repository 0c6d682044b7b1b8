"""The workflows: what they call exists, and the site lands where Colab looks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SITE = "_build/html"

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from coursebook.site import PUBLISHED_BRANCH  # noqa: E402


def read(name: str) -> dict[Any, Any]:
    path = ROOT / ".github" / "workflows" / f"{name}.yml"
    loaded = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


def commands() -> list[str]:
    return [
        step["run"]
        for path in WORKFLOWS
        for step in steps(read(path.stem))
        if "run" in step
    ]


def triggers(workflow: dict[Any, Any]) -> Any:
    """YAML 1.1 reads the key `on` as true."""
    return workflow[True]


def test_there_are_commands_to_look_at() -> None:
    assert [path.stem for path in WORKFLOWS] == ["publish", "test"]
    assert "make test" in commands()


@pytest.mark.parametrize("command", commands())
def test_a_command_is_valid_shell(command: str) -> None:
    done = subprocess.run(
        ["bash", "-n", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_every_make_target_is_in_the_makefile() -> None:
    rules = (ROOT / "Makefile").read_text("utf-8")
    called = [
        name for text in commands() for name in re.findall(r"^make (\S+)", text, re.M)
    ]
    assert called
    for name in called:
        assert re.search(rf"^{name}:|^\.PHONY:.*\b{name}\b", rules, re.M), name


def test_an_action_is_pinned_to_a_major_version_and_is_githubs_own() -> None:
    used = [
        s["uses"] for path in WORKFLOWS for s in steps(read(path.stem)) if "uses" in s
    ]
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", action), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_only_the_job_that_publishes_may_write(path: Path) -> None:
    workflow = read(path.stem)
    assert workflow["permissions"] == {"contents": "read"}
    more = {
        name: job["permissions"]
        for name, job in workflow["jobs"].items()
        if "permissions" in job
    }
    expected = {"publish": {"contents": "write"}} if path.stem == "publish" else {}
    assert more == expected


def test_publishing_waits_for_the_tests_and_runs_on_main_alone() -> None:
    publish = read("publish")
    assert publish["jobs"]["test"]["uses"] == "./.github/workflows/test.yml"
    assert publish["jobs"]["publish"]["needs"] == "test"
    assert publish["jobs"]["publish"]["if"] == "github.ref == 'refs/heads/main'"
    assert "workflow_call" in triggers(read("test"))
    assert publish["concurrency"]["cancel-in-progress"] is False


def test_local_paths_exist_or_are_made_by_make_test() -> None:
    """The one folder that is handed over is where the Makefile builds the book."""
    paths = {
        step.get("with", {}).get(key)
        for step in steps(read("test"))
        for key in ("path", "cache-dependency-path")
    } - {None}
    assert paths == {SITE, "requirements.txt"}
    assert (ROOT / "requirements.txt").is_file()
    rules = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(r"^test:.*\n(\t.*\n)*\t.*\$\(DONE\)/book", rules, re.M)
    assert re.search(r"jupyter-book build book .*--path-output \. ", rules)


def test_the_versions_of_python_are_those_that_the_course_supports() -> None:
    versions = read("test")["jobs"]["test"]["strategy"]["matrix"]["python"]
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'requires-python = ">={versions[0]}"' in project
    assert versions == ["3.11", "3.12"]


def push_script() -> str:
    return next(s["run"] for s in steps(read("publish")) if "run" in s)


def push(folder: Path, site: dict[str, str], name: str) -> None:
    """Run the script as the workflow does, with a repository in place of GitHub."""
    place = folder / name
    for path, text in site.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "REMOTE": str(folder / "remote.git"),
        "SOURCE": name,
    }
    subprocess.run(
        ["bash", "-e", "-c", push_script()], cwd=place, env=environment, check=True
    )


def test_the_site_is_pushed_whole_and_without_a_past(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)

    def said(*arguments: str) -> list[str]:
        done = subprocess.run(
            ["git", "-C", remote, *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    notebook = "notebooks/start-here.ipynb"
    push(tmp_path, {"index.html": "old", "gone.html": "", notebook: "{}"}, "first")
    push(tmp_path, {"index.html": "new", "_static/a.css": "", notebook: "{}"}, "second")
    assert said("ls-tree", "-r", "--name-only", PUBLISHED_BRANCH) == [
        ".nojekyll",
        "_static/a.css",
        "index.html",
        notebook,
    ]
    assert said("show", f"{PUBLISHED_BRANCH}:index.html") == ["new"]
    assert said("log", "--format=%s", PUBLISHED_BRANCH) == ["The site of second"]
