"""Where check() finds its answer key, and what it says when there is none."""

import urllib.request

import pytest

from autograder.student.answers import SUFFIX, to_bytes
from autograder.student.check import Check


@pytest.fixture
def run(toy):
    """What a call gives in a notebook whose answers are right."""

    def run(check=None, call="check('backward')"):
        return eval(call, {**toy.right, "check": check or Check("toy/toy")})

    return run


@pytest.fixture
def said(run, capsys):
    """The one sentence that is printed in place of a report."""

    def said(check=None, call="check('backward')"):
        assert run(check, call) is None
        (line,) = capsys.readouterr().out.splitlines()
        return line

    return said


def test_an_unknown_exercise(folder, said):
    assert said(call="check('bakward')") == (
        "This notebook has no exercise 'bakward'; did you mean 'backward'?"
    )
    assert said(call="check('zzz')") == (
        "This notebook has no exercise 'zzz'; there are backward."
    )


def test_no_answer_key(folder, said):
    (folder / f"toy{SUFFIX}").unlink()
    assert said() == (
        f"toy{SUFFIX} does not lie beside this notebook. Download the assignment again."
    )
    assert said(Check()).startswith("No answer key lies in this folder.")


def test_a_damaged_answer_key(folder, said):
    path = folder / f"toy{SUFFIX}"
    path.write_bytes(path.read_bytes()[:-100])
    assert said() == f"toy{SUFFIX} is damaged. Download it again."


def test_a_notebook_without_a_name_takes_what_lies_beside_it(folder, run):
    assert "✓ right" in repr(run(Check()))


def test_a_new_answer_key_is_read(toy, folder, run, said):
    check = Check("toy/toy")
    assert "✓ right" in repr(run(check))
    (folder / f"toy{SUFFIX}").write_bytes(to_bytes([]))
    assert said(check).startswith("This notebook has no exercise")


SITE = "https://example.org/course"


@pytest.fixture
def site(folder, monkeypatch):
    """A site that answers with what is put into ``answer``."""
    answer = {"content": (folder / f"toy{SUFFIX}").read_bytes(), "asked": []}
    (folder / f"toy{SUFFIX}").unlink()

    class Reply:
        def __enter__(self):
            return self

        def __exit__(self, *why):
            return None

        def read(self):
            if isinstance(answer["content"], Exception):
                raise answer["content"]
            return answer["content"]

    def urlopen(url, timeout):
        answer["asked"].append(url)
        return Reply()

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return answer


def test_a_notebook_alone_fetches_its_key_once(site, run):
    check = Check("toy/toy", SITE)
    assert "✓ right" in repr(run(check))
    assert "✓ right" in repr(run(check))
    assert site["asked"] == [f"{SITE}/assignments/toy/toy{SUFFIX}"]


def test_a_site_that_cannot_be_reached(site, said):
    site["content"] = TimeoutError("timed out")
    line = said(Check("toy/toy", SITE))
    assert line.endswith("can't be fetched (timed out). Download the assignment again.")


def test_a_damaged_key_from_the_site_is_not_kept(site, folder, run, said):
    whole, site["content"] = site["content"], b"<html>log in first</html>"
    check = Check("toy/toy", SITE)
    assert "is damaged. Download it again." in said(check)
    assert list(folder.iterdir()) == []
    site["content"] = whole
    assert "✓ right" in repr(run(check))
