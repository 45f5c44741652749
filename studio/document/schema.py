"""The tables of a project file, its version, and how older files become newer ones."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from studio.document.errors import DocumentError
from studio.language import tr

APPLICATION_ID = 0x42756464
"""“Budd”, in the header of every project file."""
VERSION = 2
MAGIC = b"SQLite format 3\x00"

# What the second format added. A mask is named for what it shows, and shared by regions and steps of the history;
# further pictures lie beside A and B and have their places in the column `side`.
SECOND = """
CREATE TABLE regions (number INTEGER PRIMARY KEY, place INTEGER NOT NULL, name TEXT NOT NULL, a TEXT, b TEXT);
CREATE TABLE masks (key TEXT PRIMARY KEY, width INTEGER NOT NULL, height INTEGER NOT NULL, content BLOB NOT NULL);
CREATE TABLE further (place TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

# The pictures come last, so that the small things at the front of the file survive where its end is missing.
TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value);
CREATE TABLE pairs (
    id INTEGER PRIMARY KEY, place INTEGER NOT NULL,
    ax REAL, ay REAL, bx REAL, by REAL, rank REAL, confidence REAL, level INTEGER, origin TEXT,
    locked INTEGER, enabled INTEGER
);
CREATE TABLE levels (level INTEGER PRIMARY KEY, pairs TEXT NOT NULL);
CREATE TABLE options (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE view (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE history (
    step INTEGER PRIMARY KEY, text TEXT NOT NULL, change TEXT NOT NULL,
    options TEXT NOT NULL DEFAULT '{{}}', regions TEXT NOT NULL DEFAULT ''
);
CREATE TABLE results (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, made TEXT NOT NULL, recipe TEXT NOT NULL,
    content BLOB
);
{SECOND}
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY, side TEXT UNIQUE, name TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    mirrored INTEGER NOT NULL
);
CREATE TABLE picture_parts (
    picture INTEGER NOT NULL, part INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (picture, part)
);
"""

MIGRATIONS: dict[int, str] = {
    1: "ALTER TABLE history ADD COLUMN options TEXT NOT NULL DEFAULT '{}';"
    f"ALTER TABLE history ADD COLUMN regions TEXT NOT NULL DEFAULT ''; {SECOND}",
}
"""From a version to the next one: statements, run on a copy of the file. The file itself changes when it is saved."""


def create(connection: sqlite3.Connection) -> None:
    """Make a new, empty project of it."""
    connection.executescript(
        f"BEGIN; {TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )


def check(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the file behind `connection`.

    Raises
    ------
    DocumentError
        It is no project, or one of a newer program.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise DocumentError(tr("“{name}” is not a project of Buddies Studio.", name=path.name))
    if version > VERSION:
        raise DocumentError(
            tr(
                "“{name}” was saved by a newer Buddies Studio (format {version}, this one reads up to "
                "{newest}): please update the program.",
                name=path.name,
                version=version,
                newest=VERSION,
            )
        )
    return int(version)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a file of that version up to `VERSION`, each step at one stroke. Raises `sqlite3.Error`."""
    while version < VERSION:
        connection.executescript(f"BEGIN; {MIGRATIONS[version]}; PRAGMA user_version = {version + 1}; COMMIT;")
        version += 1


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether all tables are as this version makes them, so that it may go on writing to them."""
    fresh = sqlite3.connect(":memory:")
    try:
        create(fresh)
        return _tables(fresh).items() <= _tables(connection).items()
    finally:
        fresh.close()


def _tables(connection: sqlite3.Connection) -> dict[str, object]:
    """Name, type and rank in the key of every column; other things than tables do what nobody asked for."""
    kinds = connection.execute("SELECT name, type FROM sqlite_master WHERE type <> 'index'").fetchall()
    others = {name: kind for name, kind in kinds if kind != "table"}
    query = 'SELECT name, type, "notnull", pk FROM pragma_table_info(?)'
    return {"": others, **{name: connection.execute(query, (name,)).fetchall() for name, _ in kinds}}
