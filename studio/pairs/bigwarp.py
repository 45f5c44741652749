"""The landmark file of BigWarp, the registration tool of Fiji.

A CSV without a first row of names, each value in quotes: name, whether it is in use, the point in the moving picture
and the point in the target picture, two coordinates each (three for volumes). A landmark that was set in one
picture only has infinite coordinates in the other. Whole numbers are the centres of pixels, as with us.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from studio.language import tr
from studio.pairs.model import PairsError, PairSet, PointPair
from studio.pairs.table import decimal_sign, number_of, rows_of, separators, truth_of

COLUMNS = 6
VOLUME_COLUMNS = 8


def is_landmarks(text: str) -> bool:
    """Whether the first row is a landmark and not a row of names."""
    return _separator(text) is not None


def _separator(text: str) -> str | None:
    candidates, text = separators(text)
    try:
        firsts = {separator: next(rows_of(text, separator), None) for separator in candidates}
    except csv.Error:
        return None
    return next((one for one, first in firsts.items() if first is not None and _width(first.cells)), None)


def _width(cells: Sequence[str]) -> int:
    """`COLUMNS` or `VOLUME_COLUMNS`, by where it says whether the landmark is in use; 0 if it says so nowhere.

    The name before that may hold separators of its own.
    """
    for width in (COLUMNS, VOLUME_COLUMNS):
        if len(cells) >= width and cells[1 - width].lower() not in "01" and truth_of(cells[1 - width]) is not None:
            return width
    return 0


def parse(text: str, name: str) -> PairSet:
    """Moving points become A, target points B; half-set landmarks are left out. Raises `PairsError` naming the row."""
    separator = _separator(text) or ","
    try:
        rows = list(rows_of(separators(text)[1], separator))
    except csv.Error as error:
        raise PairsError(tr("“{name}” is not valid CSV: {error}.", name=name, error=error)) from error
    decimal = decimal_sign([cell for row in rows for cell in row.cells[2 - COLUMNS :]], separator)
    pairs: list[PointPair] = []
    for row in rows:
        where = row.place(name)
        width = _width(row.cells)
        if width == VOLUME_COLUMNS:
            raise PairsError(
                tr("In {where} there are three coordinates: landmarks of volumes can't be read.", where=where)
            )
        if width == 0 and len(row.cells) != COLUMNS:
            raise PairsError(
                tr(
                    "In {where} there are {number} values instead of {columns}.",
                    where=where,
                    number=len(row.cells),
                    columns=COLUMNS,
                )
            )
        try:
            ax, ay, bx, by = (number_of(cell, decimal, separator) for cell in row.cells[2 - COLUMNS :])
        except ValueError as error:
            raise PairsError(
                tr("In {where} a number is missing or is not one ({error}).", where=where, error=error)
            ) from error
        if all(math.isfinite(value) for value in (ax, ay, bx, by)):
            enabled = truth_of(row.cells[1 - COLUMNS]) or False
            pairs.append(PointPair(len(pairs) + 1, (ax, ay), (bx, by), origin="placed", enabled=enabled))
    return PairSet(tuple(pairs))


def format_landmarks(pairs: PairSet) -> str:
    """The text of a landmark file; names are made of the numbers of the pairs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for pair in pairs:
        writer.writerow([f"Pt-{pair.id}", str(pair.enabled).lower(), *pair.a, *pair.b])
    return out.getvalue()
