"""Writes the difference between two states of a project, in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from studio import __version__
from studio.codecs.source import Source
from studio.document.model import Document, Result, Step
from studio.document.painted import PaintedRegion
from studio.files import to_bytes
from studio.language import tr
from studio.leftovers import scratch_folder
from studio.pairs import PairSet, PointPair
from studio.picture import Picture, save
from studio.progress import Job, Progress

PART = 1 << 20
"""Bytes of a picture in one row: a picture of any length is copied in bounded memory."""


class Writer:
    """Keeps one database in step with documents that are handed to it, and knows what it wrote last.

    Not safe for threads; `Session` sees to that. If `write` fails, nothing of it has happened, and the next one makes
    up for it.
    """

    def __init__(self, connection: sqlite3.Connection, written: Document | None = None) -> None:
        self._connection = connection
        self._written = written or Document()
        rows = connection.execute("SELECT side, id FROM pictures WHERE side IS NOT NULL")
        self._rows: dict[str, int] = dict(rows)
        """Row of the picture at each place."""

    def write(self, document: Document) -> Job[None]:
        """Bring the database to that state. Raises `sqlite3.Error`, or what a picture that can't be read raises."""
        old, connection = self._written, self._connection
        yield Progress(0.0, tr("keeping changes"))
        connection.execute("BEGIN IMMEDIATE")
        try:
            rows = dict(self._rows)
            if old.pictures != document.pictures:
                yield from self._write_pictures(document, rows)
            self._write_pairs(old.pairs, document.pairs)
            if old.levels is not document.levels:
                self._write_texts("levels", "level", "pairs", _levels(old), _levels(document))
            self._write_texts("options", "key", "value", _texts(old.options), _texts(document.options))
            self._write_texts("view", "key", "value", _texts(old.view), _texts(document.view))
            self._write_texts("further", "place", "value", _further(old), _further(document))
            self._write_regions(old, document)
            self._write_history(old.history, document.history)
            self._write_results(old.results, document.results)
            meta = {"position": document.position, "modified": int(document.modified), "program": __version__}
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(meta.items()))
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        self._written, self._rows = document, rows

    @property
    def written(self) -> Document:
        """What the database holds."""
        return self._written

    # --- pictures ---

    def _write_pictures(self, document: Document, rows: dict[str, int]) -> Job[None]:
        connection, old = self._connection, self._written
        held: dict[int, list[int]] = {}  # a picture may be at several places
        for side, picture in old.pictures.items():
            if side in rows:
                held.setdefault(_key(picture), []).append(rows[side])
        connection.execute("UPDATE pictures SET side = NULL")
        rows.clear()
        for side, picture in document.pictures.items():
            mine = held.get(_key(picture))
            row = mine.pop() if mine else (yield from self._insert_picture(picture))
            connection.execute(
                "UPDATE pictures SET side = ?, name = CAST(? AS TEXT), mirrored = ? WHERE id = ?",
                (side, to_bytes(picture.name), int(picture.mirrored), row),
            )
            rows[side] = row
        connection.execute("DELETE FROM picture_parts WHERE picture IN (SELECT id FROM pictures WHERE side IS NULL)")
        connection.execute("DELETE FROM pictures WHERE side IS NULL")

    def _insert_picture(self, picture: Picture) -> Job[int]:
        cursor = self._connection.execute(
            "INSERT INTO pictures (name, width, height, mirrored) VALUES (CAST(? AS TEXT), ?, ?, ?)",
            (to_bytes(picture.name), *picture.size, int(picture.mirrored)),
        )
        row = cursor.lastrowid
        assert row is not None
        for number, part in enumerate(_parts(picture)):
            self._connection.execute("INSERT INTO picture_parts VALUES (?, ?, ?)", (row, number, part))
            yield Progress(0.5, tr("keeping {name}", name=picture.name))
        return row

    # --- small things ---

    def _write_pairs(self, old: PairSet, new: PairSet) -> None:
        if old is new:
            return
        connection = self._connection
        if old.ids != new.ids:
            connection.execute("DELETE FROM pairs")
            rows = [_pair_row(place, pair) for place, pair in enumerate(new)]
        else:
            rows = [_pair_row(place, pair) for place, pair in enumerate(new) if pair != old[place]]
        connection.executemany("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _write_texts(self, table: str, key: str, value: str, old: Mapping[Any, str], new: Mapping[Any, str]) -> None:
        connection = self._connection
        for gone in old.keys() - new.keys():
            connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (gone,))
        for name, text in new.items():
            if old.get(name) != text:
                connection.execute(f"INSERT OR REPLACE INTO {table} ({key}, {value}) VALUES (?, ?)", (name, text))

    def _write_history(self, old: tuple[Step, ...], new: tuple[Step, ...]) -> None:
        if old is new:
            return
        same = 0
        while same < min(len(old), len(new)) and old[same] is new[same]:
            same += 1
        self._connection.execute("DELETE FROM history WHERE step >= ?", (same,))
        self._connection.executemany(
            "INSERT INTO history VALUES (?, CAST(? AS TEXT), ?, ?, ?)",
            [
                (
                    number,
                    to_bytes(step.text),
                    step.change.to_json(),
                    json.dumps(step.options.to_plain()),
                    _regions(step),
                )
                for number, step in enumerate(new[same:], start=same)
            ],
        )

    def _write_regions(self, old: Document, new: Document) -> None:
        connection = self._connection
        if old.regions != new.regions:
            connection.execute("DELETE FROM regions")
            named = enumerate(map(_region_row, new.regions))
            rows = [(number, place, to_bytes(name), *masks) for place, (number, name, *masks) in named]
            connection.executemany("INSERT INTO regions VALUES (?, ?, CAST(? AS TEXT), ?, ?)", rows)
        if old.regions is new.regions and old.history is new.history:
            return
        held, wanted = old.masks, new.masks
        gone, come = held.keys() - wanted.keys(), wanted.keys() - held.keys()
        connection.executemany("DELETE FROM masks WHERE key = ?", [(key,) for key in gone])
        connection.executemany(
            "INSERT OR REPLACE INTO masks VALUES (?, ?, ?, ?)",
            [(key, wanted[key].width, wanted[key].height, wanted[key].packed) for key in come],
        )

    def _write_results(self, old: tuple[Result, ...], new: tuple[Result, ...]) -> None:
        if old is new:
            return
        same = 0
        while same < min(len(old), len(new)) and old[same] is new[same]:
            same += 1
        self._connection.execute("DELETE FROM results WHERE id >= ?", (same,))
        self._connection.executemany(
            "INSERT INTO results VALUES (?, ?, CAST(? AS TEXT), ?, ?, ?)",
            [
                (number, result.kind, to_bytes(result.name), result.made, json.dumps(result.recipe), result.content)
                for number, result in enumerate(new[same:], start=same)
            ],
        )


def _pair_row(place: int, pair: PointPair) -> tuple[object, ...]:
    return (
        pair.id, place, *pair.a, *pair.b, pair.rank, pair.confidence, pair.level, pair.origin,
        int(pair.locked), int(pair.enabled),
    )  # fmt: skip


def _region_row(region: PaintedRegion) -> tuple[int, str, str | None, str | None]:
    a, b = (None if mask is None else mask.key for mask in (region.a, region.b))
    return region.number, region.name, a, b


def _regions(step: Step) -> str:
    """As rows of the table of regions, or nothing where a step left them as they were."""
    if step.regions is None:
        return ""
    return json.dumps(
        [[_region_row(region) for region in state] for state in (step.regions.before, step.regions.after)]
    )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: json.dumps(value, sort_keys=True) for key, value in values.items()}


def _further(document: Document) -> dict[str, str]:
    return _texts({one.place: dict(one.values) for one in document.further})


def _levels(document: Document) -> dict[int, str]:
    return {level: json.dumps(pairs.to_dicts()) for level, pairs in document.levels.items()}


def _key(picture: Picture) -> int:
    """Which bytes these are: a mirrored picture shares them with what it was."""
    return id(picture.origin) if picture.origin is not None else id(picture)


def _parts(picture: Picture) -> Iterator[bytes]:
    """The bytes of the file that the picture came from; of a PNG if it came from none, or if that one is gone."""
    if isinstance(picture.origin, Source):
        try:
            with picture.origin.open() as file:
                yield from _slices(file)
            return
        except FileNotFoundError:
            if picture.is_reduced or picture.depth > 8:
                raise  # what is in memory is less than the file was
    with scratch_folder() as folder:
        path = Path(folder, "picture.png")
        upright = picture.flipped() if picture.mirrored else picture
        gone = isinstance(picture.origin, Source)
        save(upright.pixels if gone else upright.full(), path, like=upright)
        with path.open("rb") as file:
            yield from _slices(file)


def _slices(file: BinaryIO) -> Iterator[bytes]:
    while part := file.read(PART):
        yield part
