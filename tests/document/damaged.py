"""Two hundred damaged project files, made from code: each column of each table, missing tables, cuts and bit flips."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest

from studio.document import (
    Document,
    FurtherPicture,
    OptionsChange,
    PaintedRegion,
    RegionsChange,
    Result,
    Step,
    saving,
)
from studio.pairs import PairChange, PairSet
from studio.picture import Picture, load_bytes
from studio.progress import run_to_end
from tests.document.conftest import as_png, noise, soft

DIGITS = "7" * 400
EVIL = {
    "400 digits": DIGITS,
    "a number of 400 digits": f'{{"x": {DIGITS}, "y": 0.5, "zoom": {DIGITS}, "name": {DIGITS}, "pairs": {DIGITS}}}',
    "too large": 2**62,
    "negative": -7,
    "not UTF-8": b"\xff\xfe\x80text",
    "no number": '{"x": NaN, "y": Infinity, "zoom": 1e999, "name": null, "pairs": [NaN]}',
    "infinite": float("inf"),
    "nothing": None,
    "the wrong words": "wrong",
    "bytes": bytes(range(256)),
    "too deep": "[" * 3000,
    "far out": 1e300,
    "too long": "x" * 300_000,
    "half a surrogate": '{"name": "\\ud800", "weight": "\\udfff"}',
    "a list": "[[[1, 2], 3], null]",
}
OF_A_COLUMN = 3


class _Hasty(sqlite3.Connection):
    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        return super().execute("PRAGMA synchronous = OFF" if sql.startswith("PRAGMA synchronous") else sql, *values)


def do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written without waiting for the disk, which a thousand of them would do for a minute."""

    def connect(path: Path | str) -> sqlite3.Connection:
        made = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=_Hasty)
        made.execute("PRAGMA synchronous = OFF")
        return made

    for module in ("session", "opening"):
        # By its full name: the package has a function that is called as one of its modules.
        monkeypatch.setattr(import_module(f"studio.document.{module}"), "connect", connect)
    monkeypatch.setattr("os.fsync", lambda _: None)


def whole() -> Document:
    """A project with something in every table, of which a window can use all."""
    a, b = (load_bytes(as_png(noise(*size, seed)), name) for seed, size, name in _PICTURES[:2])
    before = PairSet.from_arrays([[1, 2], [30, 4.5]], [[5, 6], [7, 8]], rank=[3.5, 1.25], level=2)
    after = before.without([2])
    sky, again = PaintedRegion(1, "Sky", soft(80, 60, 11), soft(50, 90, 3)), PaintedRegion(1, "Sky", soft(80, 60, 40))
    return Document(
        a,
        b,
        after,
        {2: before, 1: after},
        {"match": {"pairs": 12}, "elsewhere": {"of": "another version"}},
        {"mode": {"name": "match"}, "A": {"x": 0.5, "y": 0.25, "zoom": 2.0}, "B": {"x": 0.5, "y": 0.5, "zoom": 1.0}},
        (Result("style", "Starry", {"steps": 10}, b"\x89PNG...", "2026-01-01T00:00:00"),),
        (
            Step("Match", PairChange.between(PairSet(), before)),
            Step("Delete", PairChange.between(before, after)),
            Step("Change Pairs", PairChange((), ()), OptionsChange({"match": {"pairs": (9, 12)}})),
            Step("Paint Sky", PairChange((), ()), regions=RegionsChange((sky,), (again,))),
        ),
        3,
        False,
        (sky,),
        (
            FurtherPicture("morph-001", _picture(2), {"pairs": before.to_dicts(), "read": True}),
            FurtherPicture("style-001", _picture(3), {"weight": 0.25, "main_weight": 1.0}),
        ),
    )


_PICTURES = ((1, (80, 60), "left.png"), (2, (50, 90), "right.png"), (3, (30, 20), "third.png"), (4, (20, 20), "s.png"))


def _picture(which: int) -> Picture:
    seed, size, name = _PICTURES[which]
    return load_bytes(as_png(noise(*size, seed)), name)


def damaged_projects(folder: Path) -> Iterator[tuple[str, Path]]:
    """What is wrong, and a file of which that is true."""
    sound = folder / "sound.buddies"
    run_to_end(saving(whole(), sound))
    content = sound.read_bytes()
    number = 0
    for table, columns in _tables(sound).items():
        path = folder / f"no-{table}.buddies"
        path.write_bytes(content)
        _run(path, f"DROP TABLE {table}")
        yield f"no table {table}", path
        for column in columns:
            for name in islice(cycle(EVIL), number, number + OF_A_COLUMN):
                path = folder / f"{table}-{column}-{name.replace(' ', '-')}.buddies"
                path.write_bytes(content)
                _spoil(path, table, column, EVIL[name])
                yield f"{table}.{column} is {name}", path
            number += OF_A_COLUMN
    for share in (0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.99):
        path = folder / f"cut-{share}.buddies"
        path.write_bytes(content[: int(share * len(content))])
        yield f"cut off at {share}", path
    draw = np.random.default_rng(0)
    for count in (*[1] * 6, *[3] * 5, *[10] * 5, *[30] * 3, *[100] * 3, *[300] * 3, 1000, 1000, 3000):
        flipped = np.frombuffer(content, np.uint8).copy()
        places = draw.integers(16, len(content), count)
        flipped[places] ^= (1 << draw.integers(0, 8, count)).astype(np.uint8)
        path = folder / f"flipped-{count}-{places[0]}.buddies"
        path.write_bytes(flipped.tobytes())
        yield f"{count} bits flipped from {places[0]}", path


def _tables(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        query = "SELECT name FROM pragma_table_info(?)"
        return {table: [name for (name,) in connection.execute(query, (table,))] for table in tables}


def _spoil(path: Path, table: str, column: str, value: object) -> None:
    """Put a value into every row, past all that SQLite checks."""
    placeholder = "CAST(? AS TEXT)" if value == EVIL["not UTF-8"] else "?"
    _run(path, f"CREATE TABLE spoilt AS SELECT * FROM {table}")
    _run(path, f"DROP TABLE {table}")
    _run(path, f"ALTER TABLE spoilt RENAME TO {table}")
    _run(path, f"UPDATE {table} SET {column} = {placeholder}", value)


def _run(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(statement, values)
