"""What a compare view shows: pictures or pairs of them, where each lies on the screen, and how its pixels get there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from studio.arrays import Pixels, Size
from studio.gui.widgets.painting import SMOOTH_BELOW, checkerboard, image_of, paint_chip, paint_wipe_handle

MARGIN = 8.0
TITLE_HEIGHT = 24.0


class Way(Enum):
    """How the two pictures of a pair are compared."""

    WIPE = "wipe"
    SIDES = "side by side"
    DIFFERENCE = "difference"
    BLINK = "blink"


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture, or two of one shape that are compared.

    Attributes
    ----------
    pixels : (h, w, 3|4) uint8
        Never copied: the view draws from this memory.
    second : (h, w, 3|4) uint8, optional
        What `pixels` is compared with, seen on the right of a wipe's handle. It may have another number of pixels.
    size : (int, int), optional
        Width and height of the picture that `pixels` is a reduced copy of.
    full : callable, optional
        Gives that picture, or of a pair the second one, for whoever takes it away: (H, W, 3|4) uint8.
    """

    title: str
    pixels: Pixels = field(repr=False)
    second: Pixels | None = field(default=None, repr=False)
    second_title: str = ""
    size: Size | None = None
    full: Callable[[], Pixels] | None = field(default=None, repr=False)

    @property
    def full_size(self) -> Size:
        return self.size or (self.pixels.shape[1], self.pixels.shape[0])

    def halves(self) -> tuple[Shown, ...]:
        """The pictures of a pair, each by itself."""
        if self.second is None:
            return (self,)
        first = Shown(self.title, self.pixels, size=self.size)
        return first, Shown(self.second_title, self.second, size=self.size, full=self.full)


@dataclass(frozen=True, slots=True)
class Pane:
    """Where one of them is on the screen."""

    shown: Shown
    index: int
    """Its place among what the view was given; both halves of a pair have the same."""
    space: QRectF
    """The part of the widget that it may draw on."""
    rect: QRectF
    """Where the whole picture lies; beyond `space` when enlarged."""

    @property
    def visible(self) -> QRectF:
        return self.rect.intersected(self.space)

    @property
    def scale(self) -> float:
        """Screen pixels per pixel of `shown.pixels`."""
        return self.rect.width() / self.shown.pixels.shape[1]

    def place(self, x: float, y: float) -> QPointF:
        """A point of `shown.pixels` on the screen; (0, 0) is the centre of its first pixel."""
        return QPointF(self.rect.left() + (x + 0.5) * self.scale, self.rect.top() + (y + 0.5) * self.scale)

    def share_at(self, at: QPointF) -> QPointF:
        """What part of the picture is at a screen position: (0, 0) to (1, 1)."""
        return QPointF((at.x() - self.rect.left()) / self.rect.width(), (at.y() - self.rect.top()) / self.rect.height())

    def handle_x(self, wipe: float) -> float:
        """Screen position of a wipe, always within reach."""
        return min(max(self.rect.left() + wipe * self.rect.width(), self.visible.left()), self.visible.right())


def laid_out(shown: Sequence[Shown], way: Way, room: QSizeF, zoom: float, center: QPointF) -> list[Pane]:
    """Give each picture its part of a widget of size `room`.

    Parameters
    ----------
    zoom : float
        1 fits the pictures into their parts.
    center : QPointF
        The part of each picture in the middle of its space, (0, 0) to (1, 1).
    """
    pieces = [
        (index, half)
        for index, one in enumerate(shown)
        for half in (one.halves() if way is Way.SIDES else (one,))
    ]  # fmt: skip
    panes = []
    for place, (index, one) in enumerate(pieces):
        width, height = one.full_size
        space = QRectF(place * room.width() / len(pieces), 0, room.width() / len(pieces), room.height())
        space.adjust(MARGIN, TITLE_HEIGHT if len(pieces) > 1 else MARGIN, -MARGIN, -MARGIN)
        scale = max(min(space.width() / width, space.height() / height), 1e-3) * zoom
        rect = QRectF(0, 0, width * scale, height * scale)
        rect.moveTopLeft(space.center() - QPointF(center.x() * rect.width(), center.y() * rect.height()))
        panes.append(Pane(one, index, space, rect))
    return panes


def paint_pane(painter: QPainter, pane: Pane, way: Way, wipe: float, second_now: bool) -> None:
    """Draw the pixels of a pane; `second_now` says which of a pair is seen while it blinks."""
    shown, space = pane.shown, pane.space
    if shown.second is None:
        paint_pixels(painter, pane.rect, shown.pixels, space)
    elif way is Way.DIFFERENCE:
        _paint_difference(painter, pane.rect, shown.pixels, shown.second, space)
    elif way is Way.BLINK:
        paint_pixels(painter, pane.rect, shown.second if second_now else shown.pixels, space)
    else:
        x = pane.handle_x(wipe)
        paint_pixels(painter, pane.rect, shown.pixels, QRectF(space.topLeft(), QPointF(x, space.bottom())))
        paint_pixels(painter, pane.rect, shown.second, QRectF(QPointF(x, space.top()), space.bottomRight()))


def paint_pixels(painter: QPainter, rect: QRectF, pixels: Pixels, clip: QRectF) -> None:
    """Draw the part of a picture at `rect` that lies inside `clip`, on a checkerboard where it is transparent."""
    if pixels.shape[2] == 4:
        painter.save()
        painter.setBrushOrigin(rect.topLeft())
        painter.fillRect(rect.intersected(clip), checkerboard())
        painter.restore()
    _draw(painter, rect, image_of(pixels), clip)


def _draw(painter: QPainter, rect: QRectF, image: QImage, clip: QRectF) -> None:
    if rect.intersected(clip).isEmpty():
        return
    smooth = rect.width() / image.width() < SMOOTH_BELOW
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
    painter.drawImage(rect, image)
    painter.restore()


def _paint_difference(painter: QPainter, rect: QRectF, first: Pixels, second: Pixels, clip: QRectF) -> None:
    """How far the channels lie apart: black where both pictures are the same. Qt's own blending does the sum."""
    painter.save()
    painter.fillRect(rect.intersected(clip), QColor(0, 0, 0))
    _draw(painter, rect, _over_black(first), clip)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
    _draw(painter, rect, _over_black(second), clip)
    painter.restore()


def _over_black(pixels: Pixels) -> QImage:
    """An opaque picture: what is transparent is darkened by as much."""
    image = image_of(pixels)
    if pixels.shape[2] < 4:
        return image
    flat = QImage(image.size(), QImage.Format.Format_RGB32)
    flat.fill(QColor(0, 0, 0))
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    return flat


def paint_handle(painter: QPainter, pane: Pane, wipe: float, active: bool) -> None:
    """The handle of a wipe, and on both of its sides what is seen there."""
    x, visible = pane.handle_x(wipe), pane.visible
    paint_wipe_handle(painter, visible, x, active)
    metrics = QFontMetricsF(painter.font())
    for title, on_left in ((pane.shown.title, True), (pane.shown.second_title, False)):
        width = metrics.horizontalAdvance(title) + 14
        chip = QRectF(x - 10 - width if on_left else x + 10, visible.top() + 7, width, 20)
        if title and visible.contains(chip):
            paint_chip(painter, chip, title)


def taken_away(pane: Pane, way: Way, wipe: float, second_now: bool) -> QImage:
    """What a pane shows, as a picture of its own at full size: to copy, or to drag out."""
    shown = pane.shown
    if shown.second is not None and way is not Way.BLINK:
        # A wipe or a difference is put together at the size of the finer of both.
        finer = max(shown.pixels, shown.second, key=lambda pixels: pixels.size)
        image = QImage(finer.shape[1], finer.shape[0], QImage.Format.Format_RGB888)
        whole = QRectF(image.rect())
        painter = QPainter(image)
        paint_pane(painter, Pane(shown, 0, whole, whole), way, wipe, second_now)
        painter.end()
        return image
    halves = shown.halves()
    half = halves[int(second_now)] if len(halves) > 1 else halves[0]
    return image_of(half.pixels if half.full is None else half.full()).copy()
