"""CIFAR-10 from small files of its published form; the patches in its place."""

import hashlib
import io
import tarfile
from pathlib import Path

import cifar
import numpy as np
import pytest
from sklearn.datasets import load_sample_images

RECORDS = 20


def batch(seed: int) -> bytes:
    """20 records in the published form, two of each class."""
    rng = np.random.default_rng(seed)
    records = rng.integers(0, 256, (RECORDS, cifar.RECORD), dtype=np.uint8)
    records[:, 0] = rng.permutation(np.arange(RECORDS) % 10)
    return records.tobytes()


@pytest.fixture
def contents() -> dict[str, bytes]:
    return {name: batch(i) for i, name in enumerate((*cifar.TRAIN, cifar.TEST))}


def unpacked(folder: Path, contents: dict[str, bytes], inner: str = "") -> Path:
    place = folder / inner
    place.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (place / name).write_bytes(content)
    return folder


def packed(folder: Path, contents: dict[str, bytes]) -> str:
    """Write the archive with the folder and the extra files that it has; its MD5."""
    path = folder / cifar.ARCHIVE
    with tarfile.open(path, "w:gz") as tar:
        directory = tarfile.TarInfo("cifar-10-batches-bin")
        directory.type = tarfile.DIRTYPE
        tar.addfile(directory)
        extra = {"readme.html": b"<html>", "batches.meta.txt": b"airplane\n"}
        for name, content in (extra | contents).items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return hashlib.md5(path.read_bytes()).hexdigest()


def small(md5: str = "none") -> cifar.Published:
    return cifar.Published(md5=md5, records=RECORDS)


def assert_read(images: cifar.Images, contents: dict[str, bytes]) -> None:
    """Pixel by pixel, in the order that is published."""
    everything = [np.frombuffer(contents[n], np.uint8) for n in cifar.TRAIN]
    train = np.concatenate(everything).reshape(5 * RECORDS, -1)
    test = np.frombuffer(contents[cifar.TEST], np.uint8).reshape(RECORDS, -1)
    for x, y, records in (
        (images.x_train, images.y_train, train),
        (images.x_test, images.y_test, test),
    ):
        assert x.dtype == y.dtype == np.uint8
        assert x.shape == (len(records), 32, 32, 3)
        np.testing.assert_array_equal(y, records[:, 0])
        for row, column, channel in ((0, 0, 0), (3, 31, 1), (31, 0, 2), (17, 5, 1)):
            at = 1 + 1024 * channel + 32 * row + column
            np.testing.assert_array_equal(x[:, row, column, channel], records[:, at])
    assert images.classes[3] == "cat"
    assert len(images.classes) == 10


@pytest.mark.parametrize("inner", ["", "cifar-10-batches-bin"])
def test_unpacked_files_are_read(tmp_path, contents, inner):
    images = cifar.load(unpacked(tmp_path, contents, inner), small())
    assert_read(images, contents)
    assert "no published checksum" in images.source


def test_the_archive_is_read_and_nothing_is_unpacked(tmp_path, contents):
    md5 = packed(tmp_path, contents)
    images = cifar.load(tmp_path, small(md5))
    assert_read(images, contents)
    assert "with the published checksum" in images.source
    assert [p.name for p in tmp_path.iterdir()] == [cifar.ARCHIVE]


def test_the_archive_comes_before_the_files(tmp_path, contents):
    md5 = packed(tmp_path, contents)
    unpacked(tmp_path, {name: batch(9) for name in contents})
    assert_read(cifar.load(tmp_path, small(md5)), contents)


def test_the_published_numbers_are_the_default():
    assert cifar.PUBLISHED == ("c32a1d4ab5d03f1284b67883e8d87530", 10_000)


def said(folder: Path, published: cifar.Published) -> str:
    """What a failure says: one sentence, or two with a colon."""
    with pytest.raises(cifar.DataError) as caught:
        cifar.load(folder, published)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_missing_folder(tmp_path):
    message = said(tmp_path / "nowhere", small())
    assert message == f"CIFAR10 names {tmp_path / 'nowhere'}, which is not a folder."


def test_a_file_in_place_of_the_folder(tmp_path, contents):
    packed(tmp_path, contents)
    assert "is not a folder" in said(tmp_path / cifar.ARCHIVE, small())


def test_a_folder_of_something_else(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert "holds neither cifar-10-binary.tar.gz nor data_batch_1.bin" in said(
        tmp_path, small()
    )


@pytest.mark.parametrize("name", ["data_batch_4.bin", "test_batch.bin"])
def test_a_missing_file(tmp_path, contents, name):
    del contents[name]
    md5 = packed(tmp_path, contents)
    assert f"holds no {name}" in said(tmp_path, small(md5))
    (tmp_path / cifar.ARCHIVE).unlink()
    unpacked(tmp_path, contents)
    assert f"holds no {name}" in said(tmp_path, small())


@pytest.mark.parametrize("change", [-1, -3073, 1])
def test_a_file_of_another_length(tmp_path, contents, change):
    whole = contents["data_batch_2.bin"] + b"\0"
    contents["data_batch_2.bin"] = whole[: len(whole) - 1 + change]
    expected = f"data_batch_2.bin is {61_460 + change:,} bytes long and not 61,460"
    md5 = packed(tmp_path, contents)
    assert expected in said(tmp_path, small(md5))
    (tmp_path / cifar.ARCHIVE).unlink()
    assert expected in said(unpacked(tmp_path, contents), small())


def test_an_archive_with_another_checksum(tmp_path, contents):
    md5 = packed(tmp_path, contents)
    path = tmp_path / cifar.ARCHIVE
    path.write_bytes(path.read_bytes()[:-100])
    message = said(tmp_path, small(md5))
    assert f"not the published {md5}: download it again" in message


@pytest.mark.parametrize("damage", ["not an archive", "cut off"])
def test_an_archive_that_cannot_be_read(tmp_path, contents, damage):
    """Should the checksum ever be that of a file which is none."""
    packed(tmp_path, contents)
    path = tmp_path / cifar.ARCHIVE
    whole = path.read_bytes()
    content = {
        "not an archive": b"hello" * 1000,
        "cut off": whole[: len(whole) // 2],
    }[damage]
    path.write_bytes(content)
    published = small(hashlib.md5(content).hexdigest())
    assert f"{path} can't be read" in said(tmp_path, published)


def test_a_link_in_the_archive_is_not_followed(tmp_path, contents):
    folder = unpacked(tmp_path / "files", contents)
    path = tmp_path / cifar.ARCHIVE
    with tarfile.open(path, "w:gz") as tar:
        for name in contents:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, str(folder / name)
            tar.addfile(link)
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    assert "holds no data_batch_1.bin" in said(tmp_path, small(md5))


def test_a_label_that_is_no_class(tmp_path, contents):
    damaged = bytearray(contents["data_batch_3.bin"])
    damaged[7 * cifar.RECORD] = 10
    contents["data_batch_3.bin"] = bytes(damaged)
    assert "record 7 of data_batch_3.bin has the label 10" in said(
        unpacked(tmp_path, contents), small()
    )


@pytest.mark.parametrize("name", ["data_batch_5.bin", "test_batch.bin"])
def test_a_label_of_another_class(tmp_path, contents, name):
    damaged = bytearray(contents[name])
    damaged[0] = (damaged[0] + 1) % 10
    contents[name] = bytes(damaged)
    whose = "the training files hold" if "data" in name else "test_batch.bin holds"
    assert said(unpacked(tmp_path, contents), small()).startswith(whose)


def test_without_the_variable_there_are_patches(monkeypatch):
    for setting in (None, ""):
        monkeypatch.delenv(cifar.VARIABLE, raising=False)
        if setting is not None:
            monkeypatch.setenv(cifar.VARIABLE, setting)
        images = cifar.images(np.random.default_rng(0))
        assert "photographs" in images.source
        assert images.x_train.shape == (2000, 32, 32, 3)


def test_with_the_variable_there_is_cifar_or_an_error(monkeypatch, tmp_path, contents):
    monkeypatch.setenv(cifar.VARIABLE, str(unpacked(tmp_path, contents)))
    with pytest.raises(cifar.DataError, match="61,460 bytes long and not 30,730,000"):
        cifar.images(np.random.default_rng(0))


def in_photograph(patch: np.ndarray, photograph: np.ndarray) -> np.ndarray:
    """Columns at which a patch lies in a photograph."""
    windows = np.lib.stride_tricks.sliding_window_view(photograph, (1, 32, 3))
    rows = (windows[:, :, 0, 0] == patch[0]).all(axis=(2, 3))
    places = [
        (row, column)
        for row, column in np.argwhere(rows)
        if np.array_equal(photograph[row : row + 32, column : column + 32], patch)
    ]
    return np.array([column for _, column in places])


def test_patches_are_what_their_docstring_says():
    photographs = load_sample_images().images
    images = cifar.bundled(np.random.default_rng(3), n_train=6, n_test=4)
    assert images.classes == ("temple", "flower")
    for x, y, left in (
        (images.x_train, images.y_train, True),
        (images.x_test, images.y_test, False),
    ):
        assert x.dtype == y.dtype == np.uint8
        assert np.bincount(y).tolist() == [len(y) // 2] * 2
        for patch, label in zip(x, y, strict=True):
            columns = in_photograph(patch, photographs[label])
            assert columns.size
            assert ((columns + 32 <= 448) if left else (columns >= 448)).any()


def test_patches_come_from_the_generator_alone():
    once, again, other = (
        cifar.bundled(np.random.default_rng(seed), 10, 10) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(once.x_train, again.x_train)
    np.testing.assert_array_equal(once.y_test, again.y_test)
    assert not np.array_equal(once.x_train, other.x_train)
