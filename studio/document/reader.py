"""Reads a project as far as its file allows: what is damaged is left out, and told of."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.document.changes import OptionsChange, RegionsChange
from studio.document.errors import reason
from studio.document.model import Document, FurtherPicture, Result, Step
from studio.document.painted import Mask, PaintedRegion, Regions
from studio.document.strict_json import parsed
from studio.errors import StudioError
from studio.files import FileError, replacing, to_text
from studio.language import LONGEST, tr, trn
from studio.pairs import PairChange, PairsError, PairSet, PointPair, ids_outside
from studio.pairs.model import pair_from_row
from studio.picture import Picture, loading_content
from studio.progress import Job, Progress, part

log = logging.getLogger(__name__)

IN_MEMORY = 32 << 20
"""Picture files up to this length, in bytes, stay in memory; longer ones lie beside the working file."""
_MOST_LEVELS, _MOST_REGIONS = 64, 1 << 16
"""Numbers that the program gives; what lies beyond is damage."""

NAMED = 8
"""Pairs that a note calls by their numbers, at most."""


@dataclass
class Reading:
    """What was found, and sentences on what was not."""

    document: Document
    notes: list[str] = field(default_factory=list)
    damaged: bool = False


_SENSELESS = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, StudioError)
"""What values raise that are not what the program writes: any of these is damage, never a fault of the program."""


def reading_database(connection: sqlite3.Connection, folder: Path | None) -> Job[Reading]:
    """Read everything. Nothing that is wrong inside the file raises.

    `folder` takes the files of large pictures; without one, or where it takes none, they stay in memory.
    """
    connection.text_factory = _decoded
    found = Reading(Document())
    yield Progress(0.02, tr("reading the project"))
    query = "SELECT key, value FROM meta WHERE key <> 'thumbnail'"
    meta = dict(_rows(connection, query, tr("something about the project"), found))
    pairs = _read_pairs(connection, found)
    levels = _read_texts(
        connection, "SELECT level, pairs FROM levels", tr("levels of the match"), found, _level_pairs, _level
    )
    options = _read_texts(connection, "SELECT key, value FROM options", tr("options"), found, _plain)
    view = _read_texts(connection, "SELECT key, value FROM view", tr("the view"), found, parsed)
    masks = _read_masks(connection, found)
    regions = _read_regions(connection, masks, found)
    history, position = _read_history(connection, pairs, masks, meta.get("position", 0), found)
    results = _read_results(connection, found)
    further = _read_texts(connection, "SELECT place, value FROM further", tr("further pictures"), found, _plain)
    pictures: dict[str, Picture] = {}
    places = ["A", "B", *sorted(further)]
    for number, side in enumerate(places):
        job = _read_picture(connection, side, folder, found)
        picture = yield from part(job, 0.05 + 0.9 * number / len(places), 0.05 + 0.9 * (number + 1) / len(places))
        if picture is not None:
            pictures[side] = picture
    _tell_outside(pairs, pictures, found)
    found.document = Document(
        pictures.get("A"),
        pictures.get("B"),
        pairs,
        levels,
        options,
        view,
        results,
        history,
        position,
        bool(meta.get("modified", 0)),
        regions,
        tuple(FurtherPicture(place, pictures[place], further[place]) for place in sorted(further) if place in pictures),
    )
    return found


def _rows(connection: sqlite3.Connection, query: str, what: str, found: Reading) -> Iterator[tuple[Any, ...]]:
    """The rows up to where the file is damaged."""
    try:
        yield from connection.execute(query)
    except sqlite3.Error as error:
        _lost(found, tr("{what} could not be read in full: {reason}", what=what, reason=reason(error)))


def _decoded(raw: bytes) -> str | bytes:
    """What SQLite calls text; bytes where it is none, so that one such value does not end the reading of its table."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def _text(value: Any) -> str:
    """What something is called. Raises `TypeError` for anything but text, and `ValueError` for a book."""
    if not isinstance(value, str):
        raise TypeError("no text")
    if len(value) > LONGEST:
        raise ValueError("too long")
    return value


def _name(value: Any) -> str:
    """As `_text`, for names of files: they may hold bytes that are not UTF-8, and keep them."""
    return _text(to_text(value) if isinstance(value, bytes) else value)


def _named(value: Any) -> str:
    """What can be read of the name of something that is worth more than its name."""
    text = to_text(value) if isinstance(value, bytes) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _lost(found: Reading, sentence: str) -> None:
    found.damaged = True
    found.notes.append(f"{sentence[:1].upper()}{sentence[1:]}.")


def _read_pairs(connection: sqlite3.Connection, found: Reading) -> PairSet:
    pairs: dict[int, tuple[int, PointPair]] = {}
    bad = 0
    query = "SELECT id, place, ax, ay, bx, by, rank, confidence, level, origin, locked, enabled FROM pairs"
    for row in _rows(connection, query, tr("the pairs"), found):
        number, place, ax, ay, bx, by, rank, confidence, level, origin, locked, enabled = row
        values = {"id": number, "a": (ax, ay), "b": (bx, by), "rank": rank, "confidence": confidence, "level": level}
        values |= {"origin": origin, "locked": locked, "enabled": enabled}
        try:
            pair = pair_from_row(values, tr("the project"), 0)
            if pair.id in pairs or not isinstance(place, int):
                raise ValueError("no place among the pairs")
        except _SENSELESS:
            bad += 1
        else:
            pairs[pair.id] = (place, pair)
    if bad:
        _lost(
            found,
            trn(
                "{number} pairs were not readable and are left out",
                "{number} pairs were not readable and are left out",
                bad,
            ),
        )
    return PairSet(tuple(pair for _, pair in sorted(pairs.values(), key=lambda entry: (entry[0], entry[1].id))))


def _tell_outside(pairs: PairSet, pictures: dict[str, Picture], found: Reading) -> None:
    """Points outside of their picture come from nowhere today; in a file they are kept, for its history is of them."""
    a, b = (pictures[side].size if side in pictures else None for side in "AB")
    numbers = ids_outside(pairs, a, b)
    if numbers:
        found.notes.append(
            trn(
                "Pair {some} lies outside of its picture: move it in or delete it.",
                "{number} pairs lie outside of their pictures: move them in or delete them ({some}).",
                len(numbers),
                some=", ".join(map(str, numbers[:NAMED])) + ("…" if len(numbers) > NAMED else ""),
            )
        )


def _read_texts(
    connection: sqlite3.Connection,
    query: str,
    what: str,
    found: Reading,
    convert: Callable[[Any], Any],
    key_of: Callable[[Any], Any] = _text,
) -> dict[Any, Any]:
    values = {}
    for key, text in _rows(connection, query, what, found):
        try:
            values[key_of(key)] = convert(text)
        except _SENSELESS:
            _lost(found, tr("{what} could not be read in full: “{key}” makes no sense", what=what, key=key))
    return values


def _plain(text: Any) -> dict[str, Any]:
    value = parsed(text)
    if not isinstance(value, dict):
        raise ValueError("no table of options")
    return value


def _recipe(text: Any) -> dict[str, Any]:
    """As it was written, numbers of any kind included: nothing is made of it but text again."""
    value = json.loads(text) if isinstance(text, str) else None
    if not isinstance(value, dict):
        raise ValueError("no recipe")
    return value


def _level(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= _MOST_LEVELS:
        raise ValueError("no level")
    return value


def _level_pairs(text: Any) -> PairSet:
    return PairSet.from_dicts(parsed(text))


def _read_masks(connection: sqlite3.Connection, found: Reading) -> dict[str, Mask]:
    """What was painted, by key; what can't be unpacked, or is not what it is called, is left out."""
    masks = {}
    query = "SELECT key, width, height, content FROM masks"
    for key, width, height, content in _rows(connection, query, tr("the painted regions"), found):
        try:
            mask = Mask.read(width, height, content)
            mask.paint()
            if mask.key != key:
                raise ValueError("another mask")
        except _SENSELESS:
            _lost(found, tr("some of the paint was not readable and is left out"))
        else:
            masks[key] = mask
    return masks


def _region(number: Any, name: Any, a: Mask | None, b: Mask | None) -> PaintedRegion:
    """Raises `TypeError` or `ValueError` for what makes no sense."""
    if not isinstance(number, int) or not 0 <= number <= _MOST_REGIONS:
        raise ValueError("no number of a region")
    return PaintedRegion(number, _name(name), a, b)


def _read_regions(connection: sqlite3.Connection, masks: dict[str, Mask], found: Reading) -> Regions:
    rows = _rows(connection, "SELECT number, name, a, b FROM regions ORDER BY place", tr("the painted regions"), found)
    regions: dict[int, PaintedRegion] = {}
    for number, name, a, b in rows:
        if any(key is not None and key not in masks for key in (a, b)):
            _lost(found, tr("the paint of “{name}” could not be read in full", name=name))
        try:
            regions.setdefault(number, _region(number, name, masks.get(a), masks.get(b)))
        except _SENSELESS:
            _lost(found, tr("the paint of “{name}” could not be read in full", name=name))
    return tuple(regions.values())


def _regions_change(text: Any, masks: dict[str, Mask]) -> RegionsChange | None:
    """Raises one of `_SENSELESS` for what makes no sense."""
    if text == "":
        return None
    before, after = (
        tuple(
            _region(number, name, *(None if key is None else masks[key] for key in (a, b)))
            for number, name, a, b in state
        )
        for state in parsed(text)
    )
    return RegionsChange(before, after)


def _read_history(
    connection: sqlite3.Connection, pairs: PairSet, masks: dict[str, Mask], position: object, found: Reading
) -> tuple[tuple[Step, ...], int]:
    """The steps that lead to `pairs` and on from there; none at all if they do not fit."""
    steps = []
    try:
        query = "SELECT text, change, options, regions FROM history ORDER BY step"
        for text, change, options, regions in _rows(connection, query, tr("the history"), found):
            knobs = OptionsChange.from_plain(parsed(options))
            steps.append(Step(_name(text), PairChange.from_json(change), knobs, _regions_change(regions, masks)))
        done = int(position) if isinstance(position, int) else 0
        if not 0 <= done <= len(steps):
            raise PairsError(tr("The history is cut off."))
        state = pairs
        for step in reversed(steps[:done]):
            state = step.change.undo(state)
        state = pairs
        for step in steps[done:]:
            state = step.change.apply(state)
    except _SENSELESS:
        _lost(found, tr("the history of undo does not fit the pairs and begins anew"))
        return (), 0
    return tuple(steps), done


def _read_results(connection: sqlite3.Connection, found: Reading) -> tuple[Result, ...]:
    results = []
    query = "SELECT kind, name, made, recipe, content FROM results ORDER BY id"
    for kind, name, made, recipe, content in _rows(connection, query, tr("the results"), found):
        try:
            if not isinstance(content, bytes | None):
                raise TypeError("no bytes")
            results.append(Result(_text(kind), _name(name), _recipe(recipe), content or b"", _text(made)))
        except _SENSELESS:
            _lost(found, tr("the result “{name}” could not be read", name=name))
    return tuple(results)


def _read_picture(
    connection: sqlite3.Connection, side: str, folder: Path | None, found: Reading
) -> Job[Picture | None]:
    query = "SELECT side, id, name, width, height, mirrored FROM pictures"
    rows = _rows(connection, query, tr("picture {side}", side=side), found)
    entry = next((rest for place, *rest in rows if place == side), None)
    if entry is None:
        return None
    row, name, width, height, mirrored = entry
    name = to_text(name) if isinstance(name, bytes) else name
    if name != _named(name):
        _lost(found, tr("the name of picture {side} could not be read", side=side))
        name = _named(name)
    try:
        content = _picture_content(connection, row, folder)
        picture = yield from loading_content(name, content)
    except sqlite3.Error as error:
        _lost(
            found,
            tr("picture {side}, “{name}”, could not be read: {reason}", side=side, name=name, reason=reason(error)),
        )
        return None
    except StudioError as error:
        _lost(found, tr("picture {side} could not be read: {reason}", side=side, reason=str(error).rstrip(".")))
        return None
    if picture.size != (width, height):
        _lost(found, tr("picture {side}, “{name}”, is not the one that the pairs were made for", side=side, name=name))
    return picture.flipped() if mirrored else picture


def _picture_content(connection: sqlite3.Connection, row: int, folder: Path | None) -> bytes | Path:
    query = "SELECT coalesce(sum(length(content)), 0) FROM picture_parts WHERE picture = ?"
    (length,) = connection.execute(query, (row,)).fetchone()
    if length > IN_MEMORY and folder is not None:
        file = folder / f"picture-{row}"
        try:
            with replacing(file) as temporary, temporary.open("wb") as out:
                out.writelines(_picture_parts(connection, row))
            return file
        except FileError as error:
            log.warning("a large picture stays in memory: %s", error)
    return b"".join(_picture_parts(connection, row))


def _picture_parts(connection: sqlite3.Connection, row: int) -> Iterator[bytes]:
    parts = connection.execute("SELECT content FROM picture_parts WHERE picture = ? ORDER BY part", (row,))
    return (content if isinstance(content, bytes) else b"" for (content,) in parts)
