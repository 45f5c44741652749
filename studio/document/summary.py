"""What a project shows of itself without being opened: a small picture, names, and counts."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from studio.arrays import Points
from studio.document import schema
from studio.document.errors import explained
from studio.document.model import Document
from studio.files import to_text
from studio.geometry import rescale
from studio.overlay import pair_color
from studio.picture import Picture

HEIGHT, WIDEST, GAP = 96, 160, 3
"""Of the small picture: its height, the width of one half at most, and what is between them; pixels."""


@dataclass(frozen=True, slots=True)
class Summary:
    """`thumbnail` is a PNG, or empty."""

    names: tuple[str, ...]
    pairs: int
    modified: bool
    thumbnail: bytes = b""


def thumbnail_of(document: Document) -> bytes:
    """Both pictures side by side with a dot for each pair, as PNG; empty if there are not both."""
    if document.a is None or document.b is None:
        return b""
    halves = [_half(document.a, document.pairs.a, document), _half(document.b, document.pairs.b, document)]
    sheet = Image.new("RGB", (halves[0].width + GAP + halves[1].width, HEIGHT), "#1c1e23")
    sheet.paste(halves[0], (0, (HEIGHT - halves[0].height) // 2))
    sheet.paste(halves[1], (halves[0].width + GAP, (HEIGHT - halves[1].height) // 2))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _half(picture: Picture, points: Points, document: Document) -> Image.Image:
    width, height = picture.size
    scale = min(HEIGHT / height, WIDEST / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(picture.pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    draw = ImageDraw.Draw(image)
    for pair, (x, y) in zip(document.pairs, rescale(points, picture.size, size), strict=True):
        if pair.enabled:
            draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=pair_color(pair.id), outline="white")
    return image


def write_summary(connection: sqlite3.Connection, document: Document) -> None:
    """Put the small picture of `document` into a project file."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('thumbnail', ?)", (thumbnail_of(document),))


def summary_of(path: Path, mode: str = "ro") -> Summary:
    """What a project file says of itself; a working file must be opened with the mode "rw".

    Raises
    ------
    DocumentError
        It can't be read, or is no project that this program knows.
    """
    with explained(path, "read"):
        path.stat()  # or else an empty database would be made of a missing file
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=1.0)
        connection.text_factory = to_text
        try:
            schema.check(connection, path)
            query = "SELECT name FROM pictures WHERE side IN ('A', 'B') ORDER BY side"
            names = tuple(name for (name,) in connection.execute(query) if isinstance(name, str))
            (pairs,) = connection.execute("SELECT count(*) FROM pairs").fetchone()
            meta = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('thumbnail', 'modified')"))
            thumbnail = meta.get("thumbnail")
            small = thumbnail if isinstance(thumbnail, bytes) else b""
            return Summary(names, pairs, bool(meta.get("modified")), small)
        finally:
            connection.close()
