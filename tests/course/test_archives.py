"""What is taken out of archives of strangers."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from autograder.course.archives import SafeExtractor, inside
from autograder.judge.intake import LARGEST_FILE


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


@pytest.fixture
def extract(tmp_path: Path):
    """Extract an archive of that name; what comes out, by its path."""

    def run(content: bytes, name: str = "all.zip") -> dict[str, bytes]:
        (tmp_path / "archive").mkdir()
        (tmp_path / "archive" / name).write_bytes(content)
        target = tmp_path / "extracted"
        SafeExtractor().extract(str(tmp_path / "archive"), str(target))
        assert {p.name for p in tmp_path.iterdir()} == {"archive", "extracted"}
        files = (p for p in target.rglob("*") if p.is_file())
        return {str(p.relative_to(target)): p.read_bytes() for p in files}

    return run


def test_files_lie_in_a_folder_of_the_archives_name(extract) -> None:
    found = extract(zipped({"ben_1_warmup.ipynb": b"{}", "in/cleo_2.ipynb": b"[]"}))
    assert found == {"all/ben_1_warmup.ipynb": b"{}", "all/in/cleo_2.ipynb": b"[]"}


def test_a_tar_is_an_archive_too(extract) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        info = tarfile.TarInfo("ben.ipynb")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"{}"))
        link = tarfile.TarInfo("link.ipynb")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert extract(held.getvalue(), "all.tar.gz") == {"all/ben.ipynb": b"{}"}


@pytest.mark.parametrize(
    "name", ["../out", "a/../../out", "/etc/out", "C:/out", "..\\out", "d/" * 40 + "x"]
)
def test_what_would_lie_outside_is_left_out(name: str, extract, tmp_path: Path) -> None:
    assert inside(tmp_path, name) is None
    assert extract(zipped({name: b"x", "ben": b"{}"})) == {"all/ben": b"{}"}


def test_a_students_archive_gives_its_name_to_its_notebook(extract) -> None:
    own = zipped({"cleo_2_warmup.ipynb": b"{}", "notes.txt": b"-"})
    found = extract(zipped({"ben_1_warmup.zip": own}))
    assert found == {"all/ben_1_warmup.ipynb": b"{}"}


def test_a_students_archive_with_two_notebooks_is_nobodys(extract) -> None:
    own = zipped({"a.ipynb": b"{}", "b.ipynb": b"{}"})
    assert extract(zipped({"ben.zip": own, "cleo.ipynb": b"{}"})) == {
        "all/cleo.ipynb": b"{}"
    }


def test_a_bomb_is_cut(extract) -> None:
    found = extract(zipped({"ben.ipynb": bytes(3 * LARGEST_FILE)}))
    assert len(found["all/ben.ipynb"]) == LARGEST_FILE + 1


@pytest.mark.parametrize("content", [b"", b"PK\3\4 and no more", bytes(99)])
def test_a_damaged_archive_stops_nothing(content: bytes, extract) -> None:
    inner = zipped({"ben.zip": content, "cleo.ipynb": b"{}"})
    assert extract(inner) == {"all/cleo.ipynb": b"{}"}


def test_an_archive_that_ends_too_soon_gives_what_can_be_read(extract) -> None:
    assert extract(zipped({"ben.ipynb": b"{}"})[:-30]) == {}
