"""Project files: everything comes back; newer, foreign and damaged ones; failures lose nothing."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.document import (
    Document,
    DocumentError,
    FurtherPicture,
    Mask,
    PaintedRegion,
    ProjectLock,
    Session,
    discard,
    find_recoveries,
    opening,
    reading,
    recovering,
    schema,
    session,
    summary_of,
    writer,
)
from studio.errors import StudioError
from studio.pairs import PairSet
from studio.picture import Picture, loading
from studio.progress import run_to_end
from tests.document.conftest import as_png, noise, soft


def saved(document: Document, path: Path) -> Path:
    work = Session.create()
    run_to_end(work.save(document, path))
    work.discard()
    return path


def same_picture(one: Picture | None, two: Picture | None) -> bool:
    if one is None or two is None:
        return one is two
    return (
        one.name == two.name
        and one.size == two.size
        and one.mirrored == two.mirrored
        and np.array_equal(one.pixels, two.pixels)
        and np.array_equal(one.full(), two.full())
    )


def same(one: Document, two: Document) -> bool:
    fields = ("pairs", "levels", "options", "view", "results", "history", "position", "regions")
    paint = one.masks.keys() == two.masks.keys() and all(
        np.array_equal(mask.paint(), two.masks[key].paint()) for key, mask in one.masks.items()
    )
    further = len(one.further) == len(two.further) and all(
        (mine.place, mine.values) == (other.place, other.values) and same_picture(mine.picture, other.picture)
        for mine, other in zip(one.further, two.further, strict=True)
    )
    return (
        paint
        and further
        and (
            all(getattr(one, name) == getattr(two, name) for name in fields)
            and same_picture(one.a, two.a)
            and same_picture(one.b, two.b)
        )
    )


def test_everything_comes_back(full: Document, tmp_path: Path) -> None:
    path = saved(full, tmp_path / "project.buddies")
    back = reading(path)
    assert same(back, full)
    assert not back.modified  # the file has it all
    assert back.b is not None and back.b.mirrored
    assert [file.name for file in tmp_path.iterdir()] == ["project.buddies"]


def test_the_file_says_what_it_is_and_holds_the_original_bytes(tmp_path: Path) -> None:
    original = as_png(noise(40, 30))
    (tmp_path / "in.png").write_bytes(original)
    picture = run_to_end(loading(tmp_path / "in.png"))
    path = saved(Document(a=picture, pairs=PairSet.from_arrays([[1, 2]], [[3, 4]])), tmp_path / "p.buddies")
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x42756464,)
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        parts = connection.execute("SELECT content FROM picture_parts ORDER BY part").fetchall()
        rows = connection.execute("SELECT ax, ay, bx, by FROM pairs").fetchall()
    connection.close()
    assert b"".join(content for (content,) in parts) == original
    assert rows == [(1.0, 2.0, 3.0, 4.0)]


def test_a_picture_without_a_file_is_kept_at_full_depth(tmp_path: Path) -> None:
    deep = Picture.from_array(np.random.default_rng(3).integers(0, 65536, (20, 30, 3), dtype=np.uint16), "deep")
    see_through = Picture.from_array(np.random.default_rng(4).integers(0, 256, (9, 7, 4), dtype=np.uint8), "clear")
    back = reading(saved(Document(a=deep.flipped(), b=see_through), tmp_path / "p.buddies"))
    assert back.a is not None and back.b is not None
    assert np.array_equal(back.a.full(), deep.full()[:, ::-1])
    assert np.array_equal(back.b.full(), see_through.full())


def test_the_same_picture_on_both_sides_and_swapped(photo, tmp_path: Path) -> None:
    one, two = photo(seed=1, name="one"), photo(seed=2, name="two")
    work = Session.create()
    for a, b in ((one, two), (two, one), (one, one), (one.flipped(), one), (None, one), (two, None)):
        run_to_end(work.save(Document(a=a, b=b), tmp_path / "p.buddies"))
        assert same(reading(tmp_path / "p.buddies"), Document(a=a, b=b))
    work.discard()


def test_only_what_changed_is_written(full: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Session.create()
    run_to_end(work.write(full))
    said: list[str] = []
    work._connection.set_trace_callback(said.append)
    pair = full.pairs[0]
    run_to_end(work.write(replace(full, pairs=full.pairs.with_pair(replace(pair, a=(2.0, 2.0))))))
    work._connection.set_trace_callback(None)
    work.discard()
    changes = [line for line in said if not line.startswith(("BEGIN", "COMMIT", "SELECT"))]
    assert sum("INTO pairs" in line for line in changes) == 1
    assert all("pairs" in line or "meta" in line for line in changes), changes


def test_an_edit_that_comes_late_changes_nothing(full: Document, tmp_path: Path) -> None:
    work = Session.create()
    run_to_end(work.write(full, number=5))
    run_to_end(work.write(Document(), number=4))
    run_to_end(work.save(replace(full, view={}), tmp_path / "p.buddies", number=4))
    work.discard()
    assert same(reading(tmp_path / "p.buddies"), full)


# --- files that are not what they should be -----------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is not a project"), (b"GIF89a" * 40, "is not a project"), (schema.MAGIC + bytes(2000), "project")],
)
def test_other_files_are_refused_in_words(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "other.buddies"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=sentence) as caught:
        reading(path)
    assert "other.buddies" in str(caught.value)
    assert path.read_bytes() == content
    assert not list(session.sessions_dir().glob("*"))  # nothing is left of the attempt


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.buddies"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    connection.close()
    with pytest.raises(DocumentError, match="is not a project of Buddies Studio"):
        reading(path)


def test_a_missing_file_and_a_folder_are_told_of(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="there is no such file"):
        reading(tmp_path / "gone.buddies")
    with pytest.raises(DocumentError, match="folder"):
        reading(tmp_path)


def test_a_newer_file_is_refused_in_words(full: Document, tmp_path: Path) -> None:
    path = saved(full, tmp_path / "p.buddies")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DocumentError, match=r"newer Buddies Studio \(format 99"):
        reading(path)
    assert path.read_bytes() == before


def test_an_older_file_is_brought_up_to_date_and_itself_left_alone(
    full: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(full, tmp_path / "p.buddies")
    before = path.read_bytes()
    monkeypatch.setattr(schema, "VERSION", 4)
    steps = {2: "UPDATE pairs SET ax = ax + 100", 3: "UPDATE pairs SET ax = ax * 2; DELETE FROM history"}
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    back = reading(path)
    assert [pair.a[0] for pair in back.pairs] == [(pair.a[0] + 100) * 2 for pair in full.pairs]
    assert path.read_bytes() == before


FORMAT_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value);
CREATE TABLE pairs (id INTEGER PRIMARY KEY, place INTEGER NOT NULL, ax REAL, ay REAL, bx REAL, by REAL, rank REAL,
    confidence REAL, level INTEGER, origin TEXT, locked INTEGER, enabled INTEGER);
CREATE TABLE levels (level INTEGER PRIMARY KEY, pairs TEXT NOT NULL);
CREATE TABLE options (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE view (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE history (step INTEGER PRIMARY KEY, text TEXT NOT NULL, change TEXT NOT NULL);
CREATE TABLE results (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, made TEXT NOT NULL,
    recipe TEXT NOT NULL, content BLOB);
CREATE TABLE pictures (id INTEGER PRIMARY KEY, side TEXT UNIQUE, name TEXT NOT NULL, width INTEGER NOT NULL,
    height INTEGER NOT NULL, mirrored INTEGER NOT NULL);
CREATE TABLE picture_parts (picture INTEGER NOT NULL, part INTEGER NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (picture, part));
INSERT INTO pairs VALUES (1, 0, 5, 6, 7, 8, 0, 1, 0, 'placed', 0, 1);
INSERT INTO history VALUES (0, 'Move', '{"before":[[1,[1,2],[7,8],0,1,0,"placed",0,1]],
    "after":[[1,[5,6],[7,8],0,1,0,"placed",0,1]]}');
INSERT INTO options VALUES ('match', '{"pairs": 9}');
INSERT INTO meta VALUES ('position', 1);
PRAGMA application_id = 0x42756464;
PRAGMA user_version = 1;
"""
"""What the first format was, with a pair that was moved."""


def test_a_project_of_the_first_format_opens_goes_back_and_is_saved_in_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "old.buddies"
    with sqlite3.connect(path) as connection:
        connection.executescript(FORMAT_1)
    connection.close()
    before = path.read_bytes()
    opened = run_to_end(opening(path))
    document = opened.document
    assert opened.notes == () and document.options == {"match": {"pairs": 9}} and document.regions == ()
    [step] = document.history
    assert step.change.undo(document.pairs)[0].a == (1.0, 2.0) and not step.options.knobs and step.regions is None
    painted = replace(document, regions=(PaintedRegion(1, "One", soft(30, 20, 5)),))
    run_to_end(opened.session.save(painted, tmp_path / "new.buddies"))
    opened.session.discard()
    assert same(reading(tmp_path / "new.buddies"), painted) and path.read_bytes() == before


def test_masks_are_kept_once_and_go_when_nothing_needs_them(full: Document, tmp_path: Path) -> None:
    path = tmp_path / "p.buddies"
    work = Session.create()

    def kept(document: Document) -> int:
        run_to_end(work.save(document, path))
        with sqlite3.connect(path) as connection:
            (count,) = connection.execute("SELECT count(*) FROM masks").fetchone()
        connection.close()
        assert same(reading(path), document)
        return count

    assert kept(full) == len(full.masks) == 4
    assert kept(replace(full, regions=(), history=full.history[:4])) == 0
    paint = np.zeros((768, 1024), np.uint8)
    paint[100:300, 200:800] = 255
    assert kept(replace(full, regions=(PaintedRegion(1, "Bar", Mask.of(paint)),), history=(), position=0)) == 1
    with sqlite3.connect(path) as connection:
        (length,) = connection.execute("SELECT length(content) FROM masks").fetchone()
    connection.close()
    work.discard()
    assert length < paint.size / 50


def test_further_pictures_come_go_and_change_places_without_being_written_again(photo, tmp_path: Path) -> None:
    one, two, three = (photo(seed=seed, name=f"{seed}") for seed in (1, 2, 3))
    work, path = Session.create(), tmp_path / "p.buddies"

    def listed(*pictures: Picture) -> Document:
        further = (FurtherPicture(f"style-{n:03}", picture, {"n": n}) for n, picture in enumerate(pictures, 1))
        return Document(a=one, b=two, further=tuple(further))

    for document in (listed(three, one), listed(one, three), listed(three), listed(), listed(two, two, three)):
        run_to_end(work.save(document, path))
        assert same(reading(path), document)
        assert summary_of(path).names == ("1", "2")
    said: list[str] = []
    work._connection.set_trace_callback(said.append)
    run_to_end(work.write(replace(listed(three, two, two), a=two, b=one)))
    work._connection.set_trace_callback(None)
    work.discard()
    assert not any("INTO picture_parts" in line for line in said)


def test_paint_that_is_damaged_is_left_out_and_never_taken_for_whole(full: Document, tmp_path: Path) -> None:
    path = saved(full, tmp_path / "p.buddies")
    sky, eye = full.regions
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE masks SET content = x'00' WHERE key = ?", (sky.a.key,))
        connection.execute("UPDATE masks SET width = 1000000, height = 1000000 WHERE key = ?", (eye.b.key,))
    connection.close()
    opened = run_to_end(opening(path))
    opened.session.discard()
    assert opened.document.regions == (replace(sky, a=None), replace(eye, b=None))
    assert opened.document.pairs == full.pairs and opened.document.history == ()
    assert any("Sky" in note for note in opened.notes) and any("Eye" in note for note in opened.notes)


@pytest.mark.parametrize("share", [0.15, 0.4, 0.7, 0.95])
def test_a_file_whose_end_is_missing_gives_its_pairs(share: float, photo, tmp_path: Path) -> None:
    pairs = PairSet.from_arrays(np.arange(40).reshape(-1, 2), np.arange(40).reshape(-1, 2) + 7)
    document = Document(a=photo(200, 150, 1), b=photo(160, 170, 2), pairs=pairs, options={"match": {"pairs": 3}})
    path = saved(document, tmp_path / "p.buddies")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    opened = run_to_end(opening(path))
    try:
        assert opened.document.pairs == pairs
        assert opened.document.options == document.options
        assert opened.document.modified
        assert any("damaged" in note for note in opened.notes)
        for side in "AB":
            picture = opened.document.picture(side)
            assert picture is None or same_picture(picture, document.picture(side))
            if picture is None:
                assert any(f"icture {side}" in note for note in opened.notes)
        run_to_end(opened.session.save(opened.document, tmp_path / "sound.buddies"))
    finally:
        opened.session.discard()
    assert reading(tmp_path / "sound.buddies").pairs == pairs


def test_rows_that_make_no_sense_are_left_out_and_told_of(full: Document, tmp_path: Path) -> None:
    path = saved(full, tmp_path / "p.buddies")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO pairs VALUES (50, 7, 'x', 1, 2, 3, 0, 1, 0, 'placed', 0, 1)")
        connection.execute("INSERT INTO options VALUES ('odd', '{not json')")
        connection.execute("UPDATE history SET change = '[]' WHERE step = 1")
        connection.execute("INSERT INTO results VALUES (7, 'k', 'n', '', '{', NULL)")
        connection.execute("UPDATE picture_parts SET content = x'00' WHERE picture = 1")
    connection.close()
    opened = run_to_end(opening(path))
    opened.session.discard()
    assert opened.document.pairs == full.pairs
    assert opened.document.options == full.options
    assert opened.document.results == full.results
    assert opened.document.history == ()
    assert opened.document.a is None and same_picture(opened.document.b, full.b)
    assert len(opened.notes) == 5, opened.notes


def test_scrambled_bytes_anywhere_never_raise_anything_but_a_sentence(full: Document, tmp_path: Path) -> None:
    content = saved(full, tmp_path / "p.buddies").read_bytes()
    random = np.random.default_rng(11)
    opened = 0
    for attempt in range(40):
        broken = bytearray(content)
        at = int(random.integers(100, len(content) - 64))
        broken[at : at + 64] = random.bytes(64)
        path = tmp_path / f"{attempt}.buddies"
        path.write_bytes(broken)
        try:
            reading(path)
            opened += 1
        except StudioError as error:
            assert path.name in str(error)
        path.unlink()
    assert opened > 20


# --- failures when writing ----------------------------------------------------------------------


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_while_saving_leaves_the_older_file(
    full: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(full, tmp_path / "p.buddies")
    before = path.read_bytes()
    work = Session.create()
    with monkeypatch.context() as patch, pytest.raises(StudioError, match="disk is full"):
        patch.setattr(session.os, "fsync", full_disk)
        run_to_end(work.save(replace(full, pairs=PairSet()), path))
    work.discard()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["p.buddies"]


def test_a_full_disk_under_the_working_file_is_told_and_made_up_for(
    full: Document, photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Session.create()
    run_to_end(work.write(full))
    (pages,) = work._connection.execute("PRAGMA page_count").fetchone()
    work._connection.execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLite's own "disk full"
    larger = replace(full, a=photo(400, 400, 9, "large.png"))
    with pytest.raises(StudioError, match="disk is full"):
        run_to_end(work.write(larger))
    run_to_end(work.save(larger, tmp_path / "elsewhere.buddies"))  # another disk has room
    assert same(reading(tmp_path / "elsewhere.buddies"), larger)
    work._connection.execute("PRAGMA max_page_count = 100000")
    run_to_end(work.write(larger))
    work.close()
    (left,) = find_recoveries()
    opened = run_to_end(recovering(left))
    assert same(opened.document, larger)
    opened.session.discard()


@pytest.mark.parametrize(("number", "sentence"), [(errno.EACCES, "not allowed"), (errno.EROFS, "read-only")])
def test_a_read_only_folder_is_told(
    number: int, sentence: str, full: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    work = Session.create()
    with monkeypatch.context() as patch, pytest.raises(StudioError, match=sentence):
        patch.setattr("studio.files.os.open", refuse)
        run_to_end(work.save(full, tmp_path / "p.buddies"))
    work.discard()


def test_a_folder_that_is_gone_is_told_and_a_file_that_is_gone_is_made_anew(full: Document, tmp_path: Path) -> None:
    work = Session.create()
    with pytest.raises(StudioError, match="no such file or folder"):
        run_to_end(work.save(full, tmp_path / "nowhere" / "p.buddies"))
    path = tmp_path / "p.buddies"
    run_to_end(work.save(full, path))
    path.unlink()
    run_to_end(work.save(full, path))
    work.discard()
    assert same(reading(path), full)


def test_a_picture_file_that_is_gone_before_it_was_kept_comes_from_memory(tmp_path: Path) -> None:
    file = tmp_path / "in.png"
    file.write_bytes(as_png(noise(40, 30)))
    picture = run_to_end(loading(file))
    file.unlink()
    back = reading(saved(Document(a=picture), tmp_path / "p.buddies"))
    assert back.a is not None and np.array_equal(back.a.pixels, picture.pixels)


def test_a_writer_that_fails_in_the_middle_leaves_the_state_before(
    full: Document, photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Session.create()
    run_to_end(work.write(full))
    with monkeypatch.context() as patch, pytest.raises(StudioError, match="disk is full"):
        patch.setattr(writer.Writer, "_write_results", full_disk)
        run_to_end(work.write(Document(a=photo(seed=8), modified=True)))
    work.close()
    (left,) = find_recoveries()
    opened = run_to_end(recovering(left))
    assert same(opened.document, full)
    opened.session.discard()


# --- what a killed program left behind ----------------------------------------------------------


def test_recoveries_are_found_looked_at_and_taken_up(full: Document, tmp_path: Path) -> None:
    project = tmp_path / "cats.buddies"
    work = Session.create(project)
    run_to_end(work.write(full))
    assert find_recoveries() == []  # in use
    work.close()
    (left,) = find_recoveries()
    assert (left.title, left.project) == ("cats", project)
    assert left.summary.pairs == 2 and left.summary.names == ("left.png", "right.png")
    assert left.summary.thumbnail.startswith(b"\x89PNG")
    opened = run_to_end(recovering(left))
    assert same(opened.document, full) and opened.document.modified and opened.project == project
    assert find_recoveries() == []
    with pytest.raises(DocumentError, match="another window"):
        discard(left)
    opened.session.close()
    discard(left)
    assert find_recoveries() == []


def test_work_that_was_saved_is_not_offered(full: Document, tmp_path: Path) -> None:
    work = Session.create()
    run_to_end(work.save(full, tmp_path / "p.buddies", 1))
    run_to_end(work.write(replace(full, modified=False), 2))
    work.close()
    Session.create().close()
    assert find_recoveries() == []


def test_a_damaged_working_file_is_offered_all_the_same(full: Document) -> None:
    work = Session.create()
    run_to_end(work.write(full))
    work.close()
    file = work.folder / session.WORK
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    (left,) = find_recoveries()
    opened = run_to_end(recovering(left))
    assert opened.document.pairs == full.pairs and opened.notes
    run_to_end(opened.session.write(replace(opened.document, pairs=full.pairs.without([1])), 1))
    opened.session.close()
    (again,) = find_recoveries()
    assert again.summary.pairs == 1
    discard(again)


# --- two windows --------------------------------------------------------------------------------


def test_one_window_at_a_time_has_a_project(tmp_path: Path) -> None:
    first, second = ProjectLock(tmp_path / "p.buddies"), ProjectLock(tmp_path / "." / "p.buddies")
    assert first.acquire()
    assert not second.acquire()
    assert ProjectLock(tmp_path / "q.buddies").acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_a_summary_needs_no_opening(full: Document, tmp_path: Path) -> None:
    path = saved(full, tmp_path / "p.buddies")
    path.chmod(0o400)
    summary = summary_of(path)
    assert summary.names == ("left.png", "right.png") and summary.pairs == 2 and not summary.modified
    with pytest.raises(DocumentError, match="no such file"):
        summary_of(tmp_path / "gone.buddies")
    assert not (tmp_path / "gone.buddies").exists()
    assert json.dumps(summary.names)


def test_a_session_made_on_one_thread_is_given_back_on_another(full: Document) -> None:
    made: list[Session] = []
    thread = threading.Thread(target=lambda: made.append(Session.create()))
    thread.start()
    thread.join()
    run_to_end(made[0].write(full))
    assert find_recoveries() == []
    made[0].close()
    (left,) = find_recoveries()  # the session itself is still there, only closed
    discard(left)
    assert made and find_recoveries() == []


def test_pairs_outside_of_their_picture_are_kept_and_told_of(photo, tmp_path: Path) -> None:
    pairs = PairSet.from_arrays([[1, 2], [79.6, 3]], [[5, 6], [7, 8]])
    path = saved(Document(photo(80, 60), photo(50, 90), pairs), tmp_path / "x.buddies")
    opened = run_to_end(opening(path))
    assert opened.document.pairs == pairs
    assert opened.notes == ("Pair 2 lies outside of its picture: move it in or delete it.",)
