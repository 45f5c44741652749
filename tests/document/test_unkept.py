"""Where the user's data can't be written: projects are opened and saved all the same, and sentences name no hex."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from studio.document import Document, NotKept, Session, find_recoveries, opening, reader, reading, recovering, session
from studio.picture import load_bytes
from studio.progress import run_to_end
from tests.document.conftest import as_png, noise
from tests.document.test_document import same, saved


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's data can't be made, for a file lies in its place."""
    place = tmp_path / "taken"
    place.write_text("no folder")
    monkeypatch.setenv("BUDDIES_STUDIO_DATA", str(place / "data"))
    return place


class Full(sqlite3.Connection):
    """A database whose disk is full."""

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        if sql.startswith(("INSERT", "VACUUM", "PRAGMA journal_mode")):
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, *values)


def test_a_working_file_that_cannot_be_made_is_told_of_without_its_name(no_data: Path) -> None:
    with pytest.raises(NotKept) as caught:
        Session.create()
    assert str(caught.value) == "“Unsaved work” can't be kept safe: part of its path is not a folder."
    assert not re.search("[0-9a-f]{32}", str(caught.value))


def test_a_project_is_opened_without_a_working_file(full: Document, tmp_path: Path, request) -> None:
    path = saved(full, tmp_path / "p.buddies")
    before = path.read_bytes()
    wanted = reading(path)
    request.getfixturevalue("no_data")
    opened = run_to_end(opening(path))
    assert opened.session is None and not opened.notes and opened.project == path
    assert same(opened.document, wanted) and same(reading(path), wanted)
    assert path.read_bytes() == before


def test_a_damaged_project_is_opened_without_a_working_file(full: Document, tmp_path: Path, request) -> None:
    path = saved(full, tmp_path / "p.buddies")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    request.getfixturevalue("no_data")
    opened = run_to_end(opening(path))
    assert opened.session is None and opened.notes and opened.document.modified
    assert opened.document.pairs == full.pairs


def test_a_full_disk_of_the_working_file_keeps_nobody_from_opening_and_saving(
    full: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(full, tmp_path / "p.buddies")
    wanted, right = reading(path), session.connect

    def connect(file: Path | str) -> sqlite3.Connection:
        if session.WORK in str(file):
            return sqlite3.connect(file, isolation_level=None, check_same_thread=False, factory=Full)
        return right(file)

    monkeypatch.setattr(session, "connect", connect)
    opened = run_to_end(opening(path))
    assert opened.session is None and same(opened.document, wanted)
    assert not list(session.sessions_dir().iterdir())
    with pytest.raises(NotKept, match="disk is full"):
        Session.create()
    run_to_end(session.saving(opened.document, tmp_path / "q.buddies"))
    assert same(reading(tmp_path / "q.buddies"), wanted)


def test_a_working_file_that_cannot_be_copied_is_not_needed(full: Document, tmp_path: Path) -> None:
    work = Session.create()
    run_to_end(work.write(full))
    work._connection.close()  # as if its disk were gone
    work._connection = sqlite3.connect(":memory:", factory=Full, check_same_thread=False)
    run_to_end(work.save(full, tmp_path / "p.buddies"))
    assert same(reading(tmp_path / "p.buddies"), saved_and_read(full, tmp_path / "q.buddies"))


def saved_and_read(document: Document, path: Path) -> Document:
    return reading(saved(document, path))


def test_work_left_on_a_disk_that_is_full_now_is_recovered_and_stays(
    full: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Session.create()
    run_to_end(work.write(full))
    work.close()
    (found,) = find_recoveries()

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(session, "write_text", no_room)
        opened = run_to_end(recovering(found))
    assert opened.session is None and opened.document.pairs == full.pairs
    (again,) = find_recoveries()
    assert again.folder == found.folder


def test_a_large_picture_stays_in_memory_where_it_cannot_lie_beside_the_working_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = load_bytes(as_png(noise(60, 40)), "a.png")
    path = saved(Document(picture), tmp_path / "p.buddies")
    monkeypatch.setattr(reader, "IN_MEMORY", 10)

    def no_room(_: Path) -> None:
        raise reader.FileError("full")

    monkeypatch.setattr(reader, "replacing", no_room)
    opened = run_to_end(opening(path))
    assert not opened.notes and opened.document.a is not None
    assert (opened.document.a.pixels == picture.pixels).all()
    assert opened.session is not None
    opened.session.discard()
