"""``nbgrader zip_collect`` for archives of strangers.

nbgrader's own extractor gives up on the whole class when one archive in it has
a member that would lie outside, or can't be read. This one leaves that member,
or that archive, out, says so, and goes on.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from nbgrader.plugins import ExtractorPlugin

from autograder.judge.intake import LARGEST_FILE

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz")
MOST_MEMBERS = 10_000
DEEPEST = 30
UNREADABLE = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error),
)


class SafeExtractor(ExtractorPlugin):
    """Extracts what lies inside, file by file, up to a size."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Extract all archives, and copy what is none.

        A file that is larger than a submission may be is cut there; intake
        says that it was too large. An archive in an archive is a student's own:
        its notebook gets the name of that archive, which the platform gave,
        and not a name that the student chose.
        """
        source, target = Path(archive_path), Path(extracted_path)
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            place = target / path.parent.relative_to(source)
            place.mkdir(parents=True, exist_ok=True)
            if is_archive(path.name):
                self.log.info(f"Extracting from: {path}")
                for file in self._unpack(path, place / stem(path.name)):
                    if is_archive(file.name):
                        self._take_notebook(file)
            else:
                shutil.copy(path, place / path.name)

    def _take_notebook(self, archive: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            files = self._unpack(archive, Path(folder))
            found = [
                f for f in files if f.suffix == ".ipynb" and not f.name.startswith(".")
            ]
            if len(found) == 1:
                shutil.move(found[0], archive.with_name(f"{stem(archive.name)}.ipynb"))
            else:
                self.log.warning(f"{archive.name} has {len(found)} notebooks, not one")
        archive.unlink()

    def _unpack(self, archive: Path, target: Path) -> list[Path]:
        written = []
        target.mkdir(parents=True, exist_ok=True)
        try:
            for count, (name, file) in enumerate(members(archive)):
                path = inside(target, name)
                if path is None or count >= MOST_MEMBERS:
                    self.log.warning(f"Left out of {archive.name}: {name[:200]!r}")
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.read(LARGEST_FILE + 1))
                written.append(path)
        except UNREADABLE as error:
            self.log.warning(f"{archive.name} can't be read to its end: {error}")
        return written


def is_archive(name: str) -> bool:
    """By the end of its name."""
    return name.lower().endswith(ENDINGS)


def stem(name: str) -> str:
    """The name of an archive's folder."""
    ending = next(e for e in ENDINGS[::-1] if name.lower().endswith(e))
    return name[: -len(ending)]


def members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of every file; a link is a file that holds its target.

    Raises
    ------
    OSError, EOFError, ValueError, RuntimeError, BadZipFile, TarError : when it
        can't be read
    """
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                if not info.is_dir():
                    with zipped.open(info) as file:
                        yield info.filename, file
    else:
        with tarfile.open(archive) as tarred:
            for member in tarred:
                held = tarred.extractfile(member) if member.isreg() else None
                if held is not None:
                    yield member.name, held


def inside(folder: Path, name: str) -> Path | None:
    """Where a member goes; None for one that would lie elsewhere."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    odd = any(p in ("..", "/") or p.endswith(":") or "\0" in p for p in parts)
    if not parts or odd or len(parts) > DEEPEST:
        return None
    longest = max(len(os.fsencode(p)) for p in parts)
    path = folder.joinpath(*parts)
    return None if longest > 255 or path.is_dir() else path
