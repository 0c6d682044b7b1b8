"""CIFAR-10 when the reader has it, and patches of two photographs when not.

`images` chooses, and says which in `Images.source`. CIFAR-10 (Krizhevsky,
2009) is read from the folder that the environment variable ``CIFAR10`` names:
the published archive ``cifar-10-binary.tar.gz``, or the files that come out of
it. Nothing is downloaded, and nothing is unpacked to disk.

A file holds records of 1 + 3072 bytes: the class, then 32 x 32 bytes of red,
of green and of blue, row by row.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

VARIABLE = "CIFAR10"
ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST = "test_batch.bin"
CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE


class Published(NamedTuple):
    """What is published about the files, as far as it can be checked.

    There is a checksum of the archive, and none of the files in it. Of those
    it is published how many records each holds, that the test file holds
    equally many of each class, and that the five training files together do.
    """

    md5: str = "c32a1d4ab5d03f1284b67883e8d87530"
    records: int = 10_000


PUBLISHED = Published()


class DataError(Exception):
    """The files that the reader names can't be used; the message says why."""


@dataclass(frozen=True)
class Images:
    """A training and a test split of colour images, and where they are from.

    Attributes
    ----------
    x_train, x_test : (N, 32, 32, 3) of uint8
    y_train, y_test : (N,) of uint8, places in `classes`
    classes : the names of the classes
    source : one line for the reader: which data, and how they were checked
    """

    x_train: Bytes
    y_train: Bytes
    x_test: Bytes
    y_test: Bytes
    classes: tuple[str, ...]
    source: str


def images(rng: np.random.Generator) -> Images:
    """CIFAR-10 if the variable ``CIFAR10`` is set, else `bundled` (rng).

    Raises
    ------
    DataError : the variable is set, and what it names can't be used. There is
        no falling back then: who sets it wants CIFAR-10.
    """
    folder = os.environ.get(VARIABLE, "")
    return load(Path(folder)) if folder else bundled(rng)


# --- CIFAR-10 ---------------------------------------------------------------


def load(folder: Path, published: Published = PUBLISHED) -> Images:
    """Read CIFAR-10 from a folder that holds the archive or the unpacked files.

    The archive is taken if both are there, since it has a checksum. The files
    may lie in the folder itself or in ``cifar-10-batches-bin`` in it.

    Raises
    ------
    DataError : there is no such folder; nothing of CIFAR-10 is in it; the
        archive's checksum is another one; a file is missing, too short or too
        long; a label is not a class; the classes are not equally frequent
    """
    if not folder.is_dir():
        raise DataError(f"{VARIABLE} names {folder}, which is not a folder.")
    archive = folder / ARCHIVE
    if archive.is_file():
        files = _from_archive(archive, published)
        source = f"CIFAR-10, from {ARCHIVE} with the published checksum"
    else:
        files = _from_files(folder, published)
        source = "CIFAR-10, from unpacked files, which have no published checksum"
    splits = [_decode(name, files[name]) for name in TRAIN]
    x_train = np.concatenate([x for x, _ in splits])
    y_train = np.concatenate([y for _, y in splits])
    x_test, y_test = _decode(TEST, files[TEST])
    _check_balance("the training files hold", y_train)
    _check_balance(f"{TEST} holds", y_test)
    return Images(x_train, y_train, x_test, y_test, CLASSES, source)


def _from_archive(archive: Path, published: Published) -> dict[str, bytes]:
    """The six files as bytes, read from the archive in memory."""
    # MD5 finds accidents here, not attacks; some systems ask to be told.
    digest = partial(hashlib.md5, usedforsecurity=False)
    with archive.open("rb") as file:
        md5 = hashlib.file_digest(file, digest).hexdigest()
    if md5 != published.md5:
        raise DataError(
            f"{archive} has the MD5 checksum {md5} and not the published "
            f"{published.md5}: download it again."
        )
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                name = Path(member.name).name
                file_in = tar.extractfile(member) if member.isreg() else None
                if name in (*TRAIN, TEST) and file_in is not None:
                    _check_size(name, member.size, published)
                    found[name] = file_in.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{archive} can't be read: {error}.") from error
    for name in (*TRAIN, TEST):
        if name not in found:
            raise DataError(f"{archive} holds no {name}.")
    return found


def _from_files(folder: Path, published: Published) -> dict[str, bytes]:
    """The six unpacked files as bytes."""
    inner = folder / "cifar-10-batches-bin"
    place = inner if inner.is_dir() else folder
    if not any((place / name).is_file() for name in (*TRAIN, TEST)):
        raise DataError(
            f"{VARIABLE} names {folder}, which holds neither {ARCHIVE} nor {TRAIN[0]}."
        )
    found = {}
    for name in (*TRAIN, TEST):
        path = place / name
        if not path.is_file():
            raise DataError(f"{place} holds no {name}.")
        _check_size(name, path.stat().st_size, published)
        found[name] = path.read_bytes()
    return found


def _check_size(name: str, size: int, published: Published) -> None:
    expected = published.records * RECORD
    if size != expected:
        raise DataError(
            f"{name} is {size:,} bytes long and not {expected:,}: "
            f"{published.records:,} records of {RECORD} bytes."
        )


def _decode(name: str, content: bytes) -> tuple[Bytes, Bytes]:
    """Images (N, 32, 32, 3) and labels (N,) of one file."""
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0]
    wrong = np.flatnonzero(labels >= len(CLASSES))
    if wrong.size:
        raise DataError(
            f"record {wrong[0]} of {name} has the label {labels[wrong[0]]}, and "
            f"there are {len(CLASSES)} classes, from 0 to {len(CLASSES) - 1}."
        )
    planes = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels.copy()


def _check_balance(whose: str, labels: Bytes) -> None:
    expected = len(labels) // len(CLASSES)
    counts = np.bincount(labels, minlength=len(CLASSES))
    for name, count in zip(CLASSES, counts, strict=True):
        if count != expected:
            raise DataError(
                f"{whose} {count:,} images of class {name} and not {expected:,}."
            )


# --- what comes with the course ---------------------------------------------


def bundled(rng: np.random.Generator, n_train: int = 2000, n_test: int = 500) -> Images:
    """Patches of 32 x 32 pixels from the two photographs of scikit-learn.

    The class of a patch is the photograph that it was cut from: a temple, or a
    flower. Half of each split is of each class, in random order. Training
    patches come from the left 448 columns of a photograph and test patches
    from the others, so that the splits share no pixel. Patches of one split
    may overlap. Ten classes of small photographs are something else: this
    shows how images are preprocessed, and not how well they are classified.
    """
    from sklearn.datasets import load_sample_images

    photographs = load_sample_images().images  # each (427, 640, 3) of uint8
    split = 448

    def draw(count: int, place: Callable[[Bytes], Bytes]) -> tuple[Bytes, Bytes]:
        labels = rng.permutation(np.arange(count) % len(photographs))
        patches = np.empty((count, SIDE, SIDE, 3), np.uint8)
        for patch, label in zip(patches, labels, strict=True):
            part = place(photographs[label])
            row = rng.integers(part.shape[0] - SIDE + 1)
            column = rng.integers(part.shape[1] - SIDE + 1)
            patch[...] = part[row : row + SIDE, column : column + SIDE]
        return patches, labels.astype(np.uint8)

    x_train, y_train = draw(n_train, lambda photograph: photograph[:, :split])
    x_test, y_test = draw(n_test, lambda photograph: photograph[:, split:])
    source = "patches of scikit-learn's two photographs, and not CIFAR-10"
    return Images(x_train, y_train, x_test, y_test, ("temple", "flower"), source)
