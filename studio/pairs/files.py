"""The files that pairs travel in: CSV, JSON, the official program's text files, and BigWarp's landmarks."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

from studio.arrays import Points
from studio.files import read_text, write_text
from studio.geometry import as_points
from studio.language import tr
from studio.pairs import bigwarp
from studio.pairs.model import PairsError, PairSet, finite, pair_from_row, unique_ids
from studio.pairs.table import has_columns, read_table, table_text, truth_of

CSV_COLUMNS = ("id", "ax", "ay", "bx", "by", "rank", "confidence", "level", "origin")
POINT_COLUMNS = ("ax", "ay", "bx", "by")
NUMBER_COLUMNS = (*POINT_COLUMNS, "rank", "confidence", "level")
"""Columns of a CSV that hold numbers, which decide on its decimal sign."""
PAIR_SUFFIXES = (".csv", ".json", ".txt")
"""Of the point files that are read and written."""


def read_pairs(path: Path, second: Path | None = None) -> PairSet:
    """Read a `.csv` (our own or BigWarp's landmarks), a `.json`, or the two `.txt` files of the official program.

    Parameters
    ----------
    path : Path
        The file. A CSV needs the columns `ax, ay, bx, by`, the others of `CSV_COLUMNS` are optional, as are `locked`
        and `enabled`; or it holds the landmarks of BigWarp, whose moving picture is A and whose target is B. It may
        be written in any of the ways that `studio.pairs.table` tells.
    second : Path, optional
        For `.txt`: the points of picture B, as rows `y, x`; by default `correspondence_Bt...` beside
        `correspondence_A...`.

    Raises
    ------
    PairsError, FileError
        The file can't be read, or a row is not what it should be; the sentence names the row.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind == ".csv":
        text = table_text(path)
        return bigwarp.parse(text, path.name) if bigwarp.is_landmarks(text) else parse_table(text, path.name)
    if kind == ".json":
        return _parse_json(read_text(path), path.name)
    if kind == ".txt":
        partner = Path(second) if second is not None else official_partner(path)
        a, b = _parse_official(table_text(path), path.name), _parse_official(table_text(partner), partner.name)
        if len(a) != len(b):
            raise PairsError(
                tr(
                    "“{name}” has {number} points but “{other}” has {total}.",
                    name=path.name,
                    number=len(a),
                    other=partner.name,
                    total=len(b),
                )
            )
        return PairSet.from_arrays(a, b)
    raise PairsError(tr("“{name}” is not a point file: pairs are read from .csv, .json and .txt.", name=path.name))


def read_points(path: Path) -> Points:
    """Read the columns `x` and `y` of a `.csv`: places in one picture, (N, 2) in its pixels.

    Raises
    ------
    PairsError, FileError
        The file can't be read, has no such columns, or a row holds no two numbers; the sentence names the row.
    """
    path = Path(path)
    table = read_table(table_text(path), path.name, ("x", "y"), ("x", "y"))
    found = []
    for row in table.rows:
        cells = table.values(row)
        try:
            found.append([finite(table.number(cells.get(axis, ""))) for axis in "xy"])
        except ValueError as error:
            raise PairsError(
                tr(
                    "Row {number} of “{name}” is no point: x and y must be numbers (line {line}: {error}).",
                    number=row.number,
                    name=path.name,
                    line=row.line,
                    error=error,
                )
            ) from error
    return as_points(found)


def write_landmarks(pairs: PairSet, path: Path) -> None:
    """Write the landmarks of BigWarp (a CSV without a first row of names). Raises `FileError`."""
    write_text(Path(path), bigwarp.format_landmarks(pairs))


def write_pairs(pairs: PairSet, path: Path) -> list[Path]:
    """Write a `.csv`, a `.json`, or the two `.txt` files of the official program (rows `y, x`).

    Returns the files written. For `.txt`, `path` names the file of picture A and the other's name is
    derived by `official_partner`; the format holds whole pixels, so points are rounded, and nothing
    but the points.

    Raises
    ------
    PairsError, FileError
        Another suffix, or the file can't be written; an older file is then still as it was.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind == ".csv":
        write_text(path, format_csv(pairs))
        return [path]
    if kind == ".json":
        write_text(path, json.dumps({"pairs": pairs.to_dicts()}, indent=1) + "\n")
        return [path]
    if kind == ".txt":
        for file, points in zip(written_files(path), (pairs.a, pairs.b), strict=True):
            write_text(file, _format_official(points))
        return written_files(path)
    raise PairsError(tr("“{name}”: pairs are written as .csv, .json or .txt.", name=path.name))


def written_files(path: Path) -> list[Path]:
    """The files that `write_pairs` writes for `path`."""
    return [path, official_partner(path)] if path.suffix.lower() == ".txt" else [path]


def format_csv(pairs: PairSet) -> str:
    """The text of a `.csv` file: a row of `CSV_COLUMNS`, then one for each pair."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for pair in pairs:
        writer.writerow([pair.id, *pair.a, *pair.b, pair.rank, pair.confidence, pair.level, pair.origin])
    return out.getvalue()


def official_partner(path: Path) -> Path:
    """The official program's file of picture B that goes with its file of picture A.

    `correspondence_A_top_10.txt` has `correspondence_Bt_top_10.txt`; any other `name.txt` has
    `name_B.txt`.
    """
    stem, changed = re.subn(r"(?<=correspondence_)A", "Bt", path.stem, count=1)
    return path.with_name((stem if changed else path.stem + "_B") + path.suffix)


def is_table(text: str) -> bool:
    """Whether `parse_table` would find its columns there."""
    return has_columns(text, POINT_COLUMNS)


def parse_table(text: str, name: str) -> PairSet:
    """The pairs of a table with the columns `ax, ay, bx, by`. Raises `PairsError` naming the row."""
    table = read_table(text, name, POINT_COLUMNS, NUMBER_COLUMNS)
    pairs = []
    for row in table.rows:
        where = row.place(name)
        cells: dict[str, Any] = table.values(row)
        try:
            values = {key: value for key, value in cells.items() if key not in NUMBER_COLUMNS}
            values |= {key: table.number(cells[key]) for key in ("rank", "confidence", "level") if key in cells}
            for picture in "ab":
                values[picture] = [table.number(cells.get(picture + axis, "")) for axis in "xy"]
            values |= {key: _truth(cells[key]) for key in ("locked", "enabled") if key in cells}
        except ValueError as error:
            raise PairsError(
                tr("In {where} a number is missing or is not one ({error}).", where=where, error=error)
            ) from error
        if "origin" in values:
            values["origin"] = values["origin"].lower()
        pairs.append(pair_from_row(values, where, fallback_id=row.number))
    return PairSet(tuple(unique_ids(pairs)))


def _truth(text: str) -> bool:
    found = truth_of(text)
    if found is None:
        raise ValueError(tr("“{text}” is neither true nor false", text=text[:40]))
    return found


def _parse_json(text: str, name: str) -> PairSet:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PairsError(tr("“{name}” is not valid JSON: {error}.", name=name, error=error)) from error
    rows = data.get("pairs") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise PairsError(tr("“{name}” holds no list “pairs”.", name=name))
    return PairSet.from_dicts(rows, f"“{name}”")


def _parse_official(text: str, name: str) -> Points:
    points = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        numbers = line.split(",")
        try:
            y, x = (finite(value) for value in numbers)
        except ValueError as error:
            raise PairsError(
                tr(
                    "Line {number} of “{name}” is not “y, x”: {text!r}.",
                    number=number,
                    name=name,
                    text=line.strip()[:40],
                )
            ) from error
        points.append((x, y))
    return as_points(points)


def _format_official(points: Points) -> str:
    return "".join(f"{round(y)}, {round(x)}\n" for x, y in points)
