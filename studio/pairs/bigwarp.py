"""The landmark file of BigWarp, the registration tool of Fiji.

A CSV without a first row of names, each value in quotes: name, whether it is in use, the point in the moving picture
and the point in the target picture, two coordinates each (three for volumes). A landmark that was set in one
picture only has infinite coordinates in the other. Whole numbers are the centres of pixels, as with us.
"""

from __future__ import annotations

import csv
import io
import math

from studio.language import tr
from studio.pairs.model import PairsError, PairSet, PointPair

COLUMNS = 6
VOLUME_COLUMNS = 8


def is_landmarks(text: str) -> bool:
    """Whether the first row that is not empty is a landmark and not a row of names."""
    for line in text.splitlines():
        if line.strip():
            values = [value.strip().strip('"') for value in line.split(",")]
            return len(values) in (COLUMNS, VOLUME_COLUMNS) and values[1].lower() in ("true", "false")
    return False


def parse(text: str, name: str) -> PairSet:
    """Moving points become A, target points B; half-set landmarks are left out. Raises `PairsError` naming the row."""
    pairs: list[PointPair] = []
    for number, row in enumerate(csv.reader(io.StringIO(text), skipinitialspace=True), start=1):
        if not any(value.strip() for value in row):
            continue
        where = tr("row {number} of “{name}”", number=number, name=name)
        if len(row) == VOLUME_COLUMNS:
            raise PairsError(
                tr("In {where} there are three coordinates: landmarks of volumes can't be read.", where=where)
            )
        if len(row) != COLUMNS:
            raise PairsError(
                tr(
                    "In {where} there are {number} values instead of {columns}.",
                    where=where,
                    number=len(row),
                    columns=COLUMNS,
                )
            )
        try:
            ax, ay, bx, by = (float(value) for value in row[2:])
        except ValueError as error:
            raise PairsError(
                tr("In {where} a number is missing or is not one ({error}).", where=where, error=error)
            ) from error
        if all(math.isfinite(value) for value in (ax, ay, bx, by)):
            enabled = row[1].strip().lower() == "true"
            pairs.append(PointPair(len(pairs) + 1, (ax, ay), (bx, by), origin="placed", enabled=enabled))
    return PairSet(tuple(pairs))


def format_landmarks(pairs: PairSet) -> str:
    """The text of a landmark file; names are made of the numbers of the pairs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for pair in pairs:
        writer.writerow([f"Pt-{pair.id}", str(pair.enabled).lower(), *pair.a, *pair.b])
    return out.getvalue()
