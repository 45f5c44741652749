"""Project files that somebody met."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from studio.document import Document, Session
from studio.pairs import PairSet
from studio.picture import Picture
from studio.progress import run_to_end
from tests.faults.pairs import A, B
from tests.faults.pictures import link, photo, pipe
from tests.faults.registry import fault

QUICK = {"match": {"working_size": 64}}
"""Options with which a match takes no time."""


@cache
def _content() -> bytes:
    pictures = (Picture.from_array(photo(), "left.png"), Picture.from_array(photo().rotate(180), "right.png"))
    session = Session.create()
    with TemporaryDirectory() as folder:
        run_to_end(
            session.save(Document(*pictures, PairSet.from_arrays(A, B), options=QUICK), Path(folder, "mine.buddies"))
        )
        session.discard()
        return Path(folder, "mine.buddies").read_bytes()


def good(path: Path) -> Path:
    """A project with two pictures and three pairs."""
    path.write_bytes(_content())
    return path


def _has_the_pairs(document: Document) -> bool:
    return document.pairs == PairSet.from_arrays(A, B)


@fault("project", "refused", says="is not a project")
def text_called_a_project(folder: Path) -> Path:
    """Named by hand."""
    (folder / "mine.buddies").write_text("left.png\nright.png\n")
    return folder / "mine.buddies"


@fault("project", "refused", says="is not a project")
def project_without_bytes(folder: Path) -> Path:
    """A copy that never began."""
    (folder / "mine.buddies").touch()
    return folder / "mine.buddies"


@fault("project", "refused", says="is not a project")
def database_of_another_program(folder: Path) -> Path:
    """The same container, for something else."""
    with closing(sqlite3.connect(folder / "mine.buddies")) as connection, connection:
        connection.execute("CREATE TABLE places (id INTEGER PRIMARY KEY)")
    return folder / "mine.buddies"


@fault("project", "refused", says="newer")
def project_of_a_newer_program(folder: Path) -> Path:
    """Two people, two versions."""
    path = good(folder / "mine.buddies")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 999")
    return path


@fault("project", "noted", says="damaged", gives=_has_the_pairs)
def project_cut_off(folder: Path) -> Path:
    """A stick was pulled out while it was copied."""
    path = good(folder / "mine.buddies")
    path.write_bytes(path.read_bytes()[:-2048])
    return path


@fault("project", "noted", says="not readable", gives=lambda document: document.pairs.ids == (1, 3))
def number_that_no_table_shows(folder: Path) -> Path:
    """A flipped bit in the number of a pair."""
    path = good(folder / "mine.buddies")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE pairs SET id = id + (1 << 40) WHERE id = 2")
    return path


@fault("project", "refused", says="is a folder")
def folder_called_a_project(folder: Path) -> Path:
    """Its name ends like a project's."""
    (folder / "mine.buddies").mkdir()
    return folder / "mine.buddies"


@fault("project", "refused", says="there is no such file")
def link_to_a_project_that_has_gone(folder: Path) -> Path:
    """A disk that is not plugged in."""
    return link(folder, "mine.buddies", "gone.buddies")


@fault("project", "refused", says="is not an ordinary file")
def pipe_called_a_project(folder: Path) -> Path:
    """Reading it would wait for ever."""
    return pipe(folder, "mine.buddies")
