"""Draws both pictures side by side with their numbered pairs, as one picture to keep or to show around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from studio.arrays import Box, Points, Size
from studio.geometry import rescale
from studio.pairs import PairSet
from studio.picture import Picture

Color = tuple[int, int, int]

HEIGHT = 720
LARGEST_WIDTH = 4096
ALL_NUMBERED = 100
"""Pairs up to which each gets its number."""
MOST_NUMBERED = 200
"""Numbers in a picture; more would hide it."""
APART = 4.0
"""How far apart pairs lie that are numbered among many, in heights of a letter."""
SMALLEST = 0.3
"""Of a dot among thousands, as a share of its size among a few: 2 pixels across at the usual height."""

# Six colours by hand, then always the one farthest from all before it, where the distance of two colours (CIELAB)
# is the smallest of what full vision, protanopia, deuteranopia and tritanopia see of it (Machado et al. 2009).
# No two are nearer than 10 for anybody, no two of the first 16 nearer than 16.
_COLORS: tuple[Color, ...] = (
    (235, 75, 30), (0, 114, 235), (255, 205, 30), (0, 175, 115), (240, 130, 205), (100, 210, 255), (204, 238, 136),
    (187, 0, 153), (136, 17, 255), (170, 170, 85), (153, 153, 255), (0, 119, 68), (187, 85, 136), (153, 221, 153),
    (170, 0, 204), (238, 170, 51), (238, 238, 102), (170, 102, 204), (204, 0, 51), (0, 255, 204), (221, 17, 255),
    (255, 102, 119), (187, 51, 17), (187, 102, 170), (255, 119, 170), (85, 136, 68), (204, 187, 85),
    (187, 204, 119), (187, 34, 102), (34, 102, 170), (170, 136, 51), (187, 136, 221),
)  # fmt: skip
_BACKGROUND: Color = (28, 30, 35)
_DARK: Color = (16, 17, 20)
_WHITE: Color = (255, 255, 255)


def pair_color(number: int) -> Color:
    """The colour of the pair with this number, (r, g, b); 32 before one returns.

    They stay apart for colour-blind eyes too, and are neither so dark nor so pale as to be lost in a photograph
    when drawn with an outline.
    """
    return _COLORS[(number - 1) % len(_COLORS)]


def text_color(color: Color) -> Color:
    """Near-black or white, whichever has more contrast on `color` (WCAG relative luminance)."""
    linear = [(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4) for v in (c / 255.0 for c in color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return _DARK if luminance > 0.18 else _WHITE


def draw_pairs(
    a: Picture, b: Picture, pairs: PairSet, *, height: int = HEIGHT, lines: bool = True
) -> npt.NDArray[np.uint8]:
    """Picture A on the left, B on the right, equally high, with equal colours and numbers for equal pairs.

    Of more than `ALL_NUMBERED` pairs the first get a number that lie apart in both pictures, and the dots of all are
    smaller and their lines fainter the more there are.

    Parameters
    ----------
    pairs : PairSet
        In full-size pixels of `a` and `b`. Disabled pairs are drawn as empty rings without a line.
    height : int
        Of the two pictures, in pixels; less if they would be wider than 4096 together.
    lines : bool
        Whether partners are joined by thin lines.

    Returns
    -------
    (H, W, 3) uint8
        A margin of a fortieth of the height lies around and between the pictures.
    """
    layout = _Layout.of(a.size, b.size, height)
    sheet = Image.new("RGB", layout.size, _BACKGROUND)
    for picture, box in ((a, layout.a), (b, layout.b)):
        _paste(sheet, picture, box, layout.margin)
    if len(pairs):
        ends_a = rescale(pairs.a, a.size, layout.inner(layout.a)) + layout.a[:2]
        ends_b = rescale(pairs.b, b.size, layout.inner(layout.b)) + layout.b[:2]
        ink = _Ink(layout, len(pairs))
        numbered = ink.numbered(ends_a, ends_b)
        if lines:
            ink.lines(pairs, ends_a, ends_b, numbered)
        for ends, box in ((ends_a, layout.a), (ends_b, layout.b)):
            ink.points(pairs, ends, box, numbered)
        ink.print_on(sheet)
    return np.asarray(sheet).copy()


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the pictures lie; boxes are (left, top, right, bottom)."""

    size: Size
    a: tuple[int, int, int, int]
    b: tuple[int, int, int, int]
    margin: int

    @classmethod
    def of(cls, a: Size, b: Size, height: int) -> _Layout:
        aspects = a[0] / a[1] + b[0] / b[1]
        height = max(1, min(height, round(LARGEST_WIDTH / aspects)))
        margin = max(4, round(height / 40))
        width_a, width_b = (max(1, round(height * size[0] / size[1])) for size in (a, b))
        left = 2 * margin + width_a
        return cls(
            (left + width_b + margin, height + 2 * margin),
            (margin, margin, margin + width_a, margin + height),
            (left, margin, left + width_b, margin + height),
            margin,
        )

    @staticmethod
    def inner(box: tuple[int, int, int, int]) -> Size:
        return box[2] - box[0], box[3] - box[1]


def _paste(sheet: Image.Image, picture: Picture, box: tuple[int, int, int, int], margin: int) -> None:
    """The picture with slightly rounded corners, on the background where it is transparent."""
    size = _Layout.inner(box)
    cover = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(cover).rounded_rectangle((0, 0, size[0] * 4 - 1, size[1] * 4 - 1), margin * 2, fill=255)
    cover = cover.resize(size, Image.Resampling.BOX)
    if picture.alpha is not None:
        alpha = Image.fromarray(picture.alpha).resize(size, Image.Resampling.BICUBIC)
        cover = Image.fromarray(np.minimum(np.asarray(cover), np.asarray(alpha)))
    sheet.paste(Image.fromarray(picture.resized(size)), box[:2], cover)


class _Ink:
    """Lines, dots and labels, drawn larger on a clear film and reduced, which smooths them."""

    def __init__(self, layout: _Layout, count: int = 1) -> None:
        """`count` is of the pairs: many are drawn smaller and fainter."""
        width, height = layout.size
        self._scale = 3 if width * height <= 4_000_000 else 2
        self._film = Image.new("RGBA", (width * self._scale, height * self._scale), (*_DARK, 0))
        self._draw = ImageDraw.Draw(self._film)
        inner = layout.inner(layout.a)[1]
        # As many dots cover as much of the picture, however many there are, until they are too small.
        self._share = max(SMALLEST, min(1.0, float(np.sqrt(ALL_NUMBERED / count))))
        self._radius = max(3.0, inner / 110) * self._scale * self._share
        self._ring = max(1.0, inner / 420) * self._scale * self._share
        self._letter = max(10.0, inner / 46) * self._scale
        self._font = ImageFont.load_default(self._letter)

    def numbered(self, ends_a: Points, ends_b: Points) -> npt.NDArray[np.int64]:
        """Rows of the pairs that get a number: all of a few, of many the first that lie apart in both pictures."""
        if len(ends_a) <= ALL_NUMBERED:
            return np.arange(len(ends_a))
        least = APART * self._letter / self._scale
        ends = np.stack([ends_a, ends_b], axis=1)  # (N, 2 pictures, 2)
        chosen: list[int] = []
        free = np.ones(len(ends), bool)
        while len(chosen) < MOST_NUMBERED and free.any():
            row = int(np.argmax(free))
            chosen.append(row)
            free &= (np.linalg.norm(ends - ends[row], axis=-1) >= least).all(axis=1)
        return np.array(chosen, dtype=np.int64)

    def lines(self, pairs: PairSet, ends_a: Points, ends_b: Points, numbered: npt.NDArray[np.int64]) -> None:
        """Thin, half-transparent lines in the colours of the pairs, on a darker bed; faint without a number."""
        strong = np.zeros(len(pairs), bool)
        strong[numbered] = True
        ends = list(zip(pairs, self._places(ends_a), self._places(ends_b), strong, strict=True))
        faint = round(190 * self._share**2)
        for width, opacity, bed, which in (
            (self._ring * 1.1, faint, False, False),
            (self._ring * 2.4, 70, True, True),
            (self._ring * 1.1, 190, False, True),
        ):
            for pair, start, end, is_strong in ends:
                if pair.enabled and is_strong == which:
                    color = _DARK if bed else pair_color(pair.id)
                    self._draw.line((*start, *end), (*color, opacity), max(1, round(width)))

    def points(
        self, pairs: PairSet, ends: Points, box: tuple[int, int, int, int], numbered: npt.NDArray[np.int64]
    ) -> None:
        """Dots with a white ring, and numbers on tags beside those that get one."""
        places = self._places(ends)
        tags = self._tag_boxes(pairs, places, self._places(np.asarray(box, np.float64).reshape(2, 2)), numbered)
        tagged = [(pairs[row], places[row], tag) for row, tag in zip(numbered.tolist(), tags, strict=True)]
        radius, ring = self._radius, self._ring
        for pair, (x, y), tag in tagged:
            color = pair_color(pair.id)
            center = ((tag[0] + tag[2]) / 2, (tag[1] + tag[3]) / 2)
            self._draw.line((x, y, *center), (*_DARK, 255), round(ring * 2.2))
            self._draw.line((x, y, *center), (*color, 255), max(1, round(ring)))
        for pair, (x, y) in reversed(list(zip(pairs, places, strict=True))):
            color = pair_color(pair.id)
            self._disc(x, y, radius + 1.6 * ring, _DARK)
            if pair.enabled:
                self._disc(x, y, radius + 0.9 * ring, _WHITE)
                self._disc(x, y, radius - 0.2 * ring, color)
            else:
                self._disc(x, y, radius + 0.9 * ring, color)
                self._disc(x, y, radius - 1.2 * ring, _DARK)
        for pair, _, tag in tagged:
            color = pair_color(pair.id)
            edge = max(1.0, ring)
            corner = (tag[3] - tag[1]) / 2
            outer = (tag[0] - edge, tag[1] - edge, tag[2] + edge, tag[3] + edge)
            self._draw.rounded_rectangle(outer, corner + edge, (*_DARK, 255))
            self._draw.rounded_rectangle(tag, corner, (*(color if pair.enabled else _DARK), 255))
            center = ((tag[0] + tag[2]) / 2, (tag[1] + tag[3]) / 2)
            ink = text_color(color) if pair.enabled else color
            self._draw.text(center, str(pair.id), (*ink, 255), self._font, anchor="mm")

    def print_on(self, sheet: Image.Image) -> None:
        """Lay the film on the sheet, over a soft shadow of what is on it."""
        film = self._film.convert("RGBa").resize(sheet.size, Image.Resampling.BOX).convert("RGBA")
        shadow = film.getchannel("A").filter(ImageFilter.GaussianBlur(self._radius / self._scale / 2))
        sheet.paste(_DARK, (0, 0), shadow.point([round(0.45 * value) for value in range(256)]))
        sheet.paste(film, (0, 0), film)

    def _places(self, points: Points) -> list[tuple[float, float]]:
        scaled = (points + 0.5) * self._scale - 0.5
        return [(float(x), float(y)) for x, y in scaled]

    def _disc(self, x: float, y: float, radius: float, color: Color) -> None:
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), (*color, 255))

    def _tag_boxes(
        self,
        pairs: PairSet,
        places: Sequence[tuple[float, float]],
        frame: list[tuple[float, float]],
        numbered: npt.NDArray[np.int64] | None = None,
    ) -> list[Box]:
        """A place for every number: near its dot, off other dots and numbers as far as there is room."""
        reach = self._radius + 2.0 * self._ring
        dots = np.array([(x - reach, y - reach, x + reach, y + reach) for x, y in places])
        inside = np.array([[*frame[0], *frame[1]]])
        half_high = 0.62 * self._letter
        steps = np.array([-45, -135, 45, 135, 0, 180, -90, 90, -22, 22, -158, 158])
        turns = np.deg2rad(np.tile(steps, 3))
        rings = np.repeat(np.arange(3), len(steps))
        away = reach + (np.array([1.0, 1.9, 3.0])[rings] - 0.75) * half_high
        further = 0.12 * rings + 0.002 * np.tile(np.arange(len(steps)), 3)
        taken = np.empty((0, 4))
        for row in range(len(places)) if numbered is None else numbered.tolist():
            x, y = places[row]
            half_wide = max(self._font.getlength(str(pairs[row].id)) / 2 + 0.32 * self._letter, half_high)
            centers = np.stack([x + np.cos(turns) * (away + half_wide), y + np.sin(turns) * (away + half_high)], axis=1)
            half = np.array([half_wide, half_high])
            boxes = np.concatenate([centers - half, centers + half], axis=1)
            hull = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
            near = _touching(hull, dots)
            near[row] = False
            others = np.concatenate([dots[near], taken[_touching(hull, taken)]])
            area = 4.0 * half_wide * half_high
            outside = 1.0 - _overlaps(boxes, inside) / area
            best = boxes[np.argmin(_overlaps(boxes, others) / area + 3.0 * outside + further)]
            taken = np.concatenate([taken, best[None]])
        return [(float(left), float(top), float(right), float(low)) for left, top, right, low in taken]


def _touching(box: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which of `others`, (N, 4), share some area with `box`, (4,)."""
    left, top, right, low = others.T
    touching: npt.NDArray[np.bool_] = (left < box[2]) & (top < box[3]) & (right > box[0]) & (low > box[1])
    return touching


def _overlaps(boxes: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Area that each of `boxes`, (M, 4), shares with `others`, (N, 4), summed over them; (M,)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    area: npt.NDArray[np.float64] = (high - low).clip(0).prod(axis=-1).sum(axis=1)
    return area
