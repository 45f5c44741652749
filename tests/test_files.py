"""Files are written whole or not at all, and a failure is one sentence."""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StudioError
from studio.files import FileError, bare_name, beside, completed, explain_os_error, read_text, replacing, write_text

posix = pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_new_file(tmp_path: Path) -> None:
    write_text(tmp_path / "ä ö.txt", "Grüße\n")
    assert (tmp_path / "ä ö.txt").read_bytes() == "Grüße\n".encode()
    assert names(tmp_path) == ["ä ö.txt"]


def test_the_old_file_stands_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with replacing(path) as temporary:
        assert temporary.suffix == ".json" and temporary.parent == tmp_path and temporary != path
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and names(tmp_path) == ["x.json"]


@pytest.mark.parametrize("error", [ValueError("bug"), KeyboardInterrupt(), StudioError("sentence")])
def test_an_error_in_the_block_passes_and_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(type(error)), replacing(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old" and names(tmp_path) == ["x"]


def test_a_job_that_is_closed_in_the_block_leaves_nothing(tmp_path: Path) -> None:
    def job() -> Any:
        with replacing(tmp_path / "x") as temporary:
            temporary.write_text("half")
            yield

    running = job()
    next(running)
    assert len(names(tmp_path)) == 1
    running.close()
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some room and try again"),
        (errno.EACCES, "this user is not allowed to"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_system_error_while_writing_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old")

    def fails(self: Path, *_: Any, **__: Any) -> int:
        with self.open("wb") as file:
            file.write(b"ha")
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_text", fails)
    with pytest.raises(FileError) as caught:
        write_text(path, "new")
    assert str(caught.value) == f"“x.csv” can't be written: {words}."
    assert path.read_text() == "old" and names(tmp_path) == ["x.csv"]


def test_a_failure_at_the_last_step_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def fails(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(FileError, match="not allowed"):
        write_text(path, "new")
    assert path.read_text() == "old" and names(tmp_path) == ["x"]


def test_folders_that_are_missing_or_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"“x” can't be written: there is no such file or folder\."):
        write_text(tmp_path / "gone" / "x", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError, match="“folder” can't be written"):
        write_text(tmp_path / "folder", "")
    assert names(tmp_path) == ["folder"]


@posix
def test_modes_are_those_of_any_new_file_or_of_the_old_one(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_text(tmp_path / "new", "")
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(mask)
    (tmp_path / "new").chmod(0o604)
    write_text(tmp_path / "new", "")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


@posix
def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "real.txt"
    target.write_text("old")
    (tmp_path / "link.txt").symlink_to(target)
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink() and target.read_text() == "new"
    assert names(tmp_path / "there") == ["real.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody replace a file that is being read")
def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    texts = ["a" * 300_000, "b" * 300_000]
    write_text(path, texts[0])
    stop, seen = threading.Event(), set[str]()

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(150):
        write_text(path, texts[turn % 2])
    stop.set()
    reader.join()
    assert seen <= set(texts)


def test_very_long_names(tmp_path: Path) -> None:
    write_text(tmp_path / ("ü" * 100 + ".txt"), "x")
    with pytest.raises(FileError, match="its name is too long"):
        write_text(tmp_path / ("x" * 300 + ".txt"), "x")


def test_reading(tmp_path: Path) -> None:
    (tmp_path / "bom.txt").write_bytes(b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe")
    assert read_text(tmp_path / "bom.txt") == "Grüße"
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match="“binary” is not a text file"):
        read_text(tmp_path / "binary")
    with pytest.raises(FileError, match="“gone” can't be read: there is no such file or folder"):
        read_text(tmp_path / "gone")


def test_errors_without_a_number_use_their_own_words() -> None:
    assert explain_os_error(OSError("broken pipe"), "a/b.txt", "read") == "“b.txt” can't be read: broken pipe."


@pytest.mark.parametrize(
    ("name", "bare", "second", "complete"),
    [
        ("my.cat.v2", "my.cat.v2", "my.cat.v2_B", "my.cat.v2.png"),
        ("my.cat.v2.PNG", "my.cat.v2", "my.cat.v2_B.PNG", "my.cat.v2.PNG"),
        ("St. Ives in the style of J. Bell", "St. Ives in the style of J. Bell", None, None),
        ("cat", "cat", "cat_B", "cat.png"),
        (".hidden", ".hidden", ".hidden_B", ".hidden.png"),
    ],
)
def test_a_dot_in_a_name_is_no_ending(name: str, bare: str, second: str | None, complete: str | None) -> None:
    assert bare_name(name) == bare
    if second is not None:
        assert beside(Path("folder", name), "_B") == Path("folder", second)
        assert completed(Path("folder", name), ".png") == Path("folder", complete or "")
    assert completed(Path("cat.png"), ".buddies", [".buddies"]) == Path("cat.png.buddies")
