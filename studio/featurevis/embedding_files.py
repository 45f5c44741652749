"""Maps of features as files: a table, or a picture."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from studio.arrays import Pixels
from studio.featurevis.embedding import Embedding
from studio.files import replacing

SIDE, MARGIN, RADIUS = 900, 40, 4
"""Of the picture, px."""
COLOURS = ((31, 119, 180), (255, 127, 14))
"""Of items of A and of B."""


def write_table(found: Embedding, path: Path) -> None:
    """A row an item: picture, number, x and y in it (full-size pixels), u and v on the map. Raises `FileError`."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["picture", "number", "x", "y", "u", "v"])
    for picture, number, (x, y), (u, v) in zip(
        found.pictures.tolist(), found.numbers.tolist(), found.points.tolist(), found.places.tolist(), strict=True
    ):
        place = ["", ""] if np.isnan(x) else [f"{x:.2f}", f"{y:.2f}"]
        rows.writerow(["AB"[picture], number, *place, f"{u:.6g}", f"{v:.6g}"])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def drawn(found: Embedding) -> Pixels:
    """(900, 900, 3) uint8: a dot an item, blue for A and orange for B, drawn at four times the size and reduced."""
    low, high = found.places.min(axis=0), found.places.max(axis=0)
    span = float(max((high - low).max(), 1e-12))
    places = MARGIN + (found.places - (low + high) / 2 + span / 2) / span * (SIDE - 2 * MARGIN)
    zoom = 4
    image = Image.new("RGB", (SIDE * zoom,) * 2, (252, 252, 252))
    draw = ImageDraw.Draw(image)
    order = np.random.default_rng(0).permutation(len(places))  # so that neither picture covers the other
    for number in order.tolist():
        x, y = places[number] * zoom
        reach = RADIUS * zoom
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=COLOURS[int(found.pictures[number])])
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
