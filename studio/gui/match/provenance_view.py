"""How a pair was found, level by level: its search windows on both pictures, and what was seen in each of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStyleOptionGraphicsItem,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import SIDES, Box, Point, Side
from studio.buddies.answers import Absence, SimilarityMap, Step
from studio.colour_maps import SEQUENTIAL
from studio.gui.canvas.state import RESULT_LEVEL, StudioState, other
from studio.gui.canvas.viewer import Viewer
from studio.gui.match.recall import Explanation, Recall
from studio.gui.widgets.painting import image_of
from studio.gui.widgets.theme import colors
from studio.language import tr

# From the coarsest level to the finest, light to strong: told apart by lightness alone.
_LEVEL_COLORS = ("#fff3c4", "#ffd866", "#ffab2e", "#ff7a1a", "#ff3d2e")
TILE = QSize(138, 128)
MAP_HEIGHT = 92


def level_color(place: int, count: int) -> QColor:
    """The colour of the level at `place` of `count`, 0 being the coarsest."""
    return QColor(_LEVEL_COLORS[round(place * (len(_LEVEL_COLORS) - 1) / max(count - 1, 1))])


class WayLayer(pg.GraphicsObject):
    """The windows and cells of one picture, drawn in its full-size pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(8)
        self._boxes: list[tuple[Box, Box, QColor, bool]] = []
        self._asked: Point | None = None

    def set_way(self, steps: tuple[Step, ...], side: Side, lit: int) -> None:
        """Show the window and the cell of every step; the one at place `lit` (-1: none) stands out."""
        self._asked = None
        self._boxes = [
            (
                step.window_a if side == "A" else step.window_b,
                step.cell_a if side == "A" else step.cell_b,
                level_color(place, len(steps)),
                place == lit,
            )
            for place, step in enumerate(steps)
        ]
        self.update()

    def set_asked(self, point: Point | None) -> None:
        """Mark a place that was asked about, or nothing."""
        self._boxes, self._asked = [], point
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(-1e7, -1e7, 2e7, 2e7)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        for box, cell, color, lit in self._boxes:
            window = transform.mapRect(_rect(box))
            painter.setBrush(QColor(color.red(), color.green(), color.blue(), 46 if lit else 0))
            painter.setPen(QPen(QColor(0, 0, 0, 150), 4 if lit else 3))
            painter.drawRect(window)
            painter.setPen(QPen(color, 2.4 if lit else 1.4))
            painter.drawRect(window)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(color.red(), color.green(), color.blue(), 150 if lit else 70))
            painter.drawRect(transform.mapRect(_rect(cell)))
        if self._asked is not None:
            at = transform.map(QPointF(*self._asked))
            for pen in (QPen(QColor(0, 0, 0, 170), 4), QPen(QColor("white"), 1.8)):
                painter.setPen(pen)
                painter.drawLine(at - QPointF(8, 8), at + QPointF(8, 8))
                painter.drawLine(at - QPointF(8, -8), at + QPointF(8, -8))
        painter.restore()


def _rect(box: Box) -> QRectF:
    return QRectF(box[0], box[1], box[2] - box[0], box[3] - box[1])


class LevelTile(QWidget):
    """One level: the similarity map with its peak (filled) and runner-up (ring), and the numbers."""

    entered = Signal(int)
    left = Signal()

    def __init__(self, place: int, count: int, step: Step, similarity_map: SimilarityMap | None) -> None:
        super().__init__()
        self._place, self._step, self._similarity_map = place, step, similarity_map
        self._color = level_color(place, count)
        self._pixels = None if similarity_map is None else _coloured(similarity_map.values)
        self.setFixedSize(TILE)
        self.setToolTip(
            tr(
                "Level {level}: similarity {similarity:.3f}, rank {rank:.2f}",
                level=step.level,
                similarity=step.similarity,
                rank=step.rank,
            )
            if similarity_map is None
            else tr(
                "Level {level}: similarity {similarity:.3f}, rank {rank:.2f}, {margin:.3f} better than the runner-up",
                level=step.level,
                similarity=step.similarity,
                rank=step.rank,
                margin=similarity_map.margin,
            )
        )

    def enterEvent(self, event: QEnterEvent) -> None:
        self.entered.emit(self._place)

    def leaveEvent(self, event: QEvent) -> None:
        self.left.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(1.5, 1.5, TILE.width() - 3, MAP_HEIGHT)
        painter.fillRect(frame, QColor(colors().canvas))
        if self._similarity_map is not None and self._pixels is not None:
            self._paint_map(painter, frame, self._similarity_map, self._pixels)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._color, 2))
        painter.drawRoundedRect(frame, 3, 3)
        painter.setPen(QColor(colors().text))
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        rank = tr("rank {rank:.1f}", rank=self._step.rank)
        if self._similarity_map is not None:
            rank = tr("rank {rank:.1f}   margin {margin:.2f}", rank=self._step.rank, margin=self._similarity_map.margin)
        top = int(frame.bottom()) + 3
        line = self.rect().adjusted(2, top, 0, 0)
        step = self._step
        painter.drawText(
            line,
            Qt.AlignmentFlag.AlignLeft,
            tr("L{level}   similarity {similarity:.2f}", level=step.level, similarity=step.similarity),
        )
        painter.setPen(QColor(colors().muted))
        painter.drawText(line.adjusted(0, 14, 0, 0), Qt.AlignmentFlag.AlignLeft, rank)

    def _paint_map(
        self, painter: QPainter, frame: QRectF, similarity_map: SimilarityMap, pixels: npt.NDArray[np.uint8]
    ) -> None:
        left, top, right, bottom = similarity_map.box
        scale = min(frame.width() / max(right - left, 1e-6), frame.height() / max(bottom - top, 1e-6))
        width, height = (right - left) * scale, (bottom - top) * scale
        area = QRectF(frame.center().x() - width / 2, frame.center().y() - height / 2, width, height)
        painter.drawImage(area, image_of(pixels))

        def at(point: Point) -> QPointF:
            return QPointF(area.left() + (point[0] - left) * scale, area.top() + (point[1] - top) * scale)

        painter.setPen(QPen(QColor(0, 0, 0, 180), 1.2))
        if similarity_map.runner_up is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in (QPen(QColor(0, 0, 0, 200), 3.4), QPen(QColor("white"), 1.6)):
                painter.setPen(pen)
                painter.drawEllipse(at(similarity_map.runner_up), 4.5, 4.5)
        painter.setPen(QPen(QColor(0, 0, 0, 200), 1.4))
        painter.setBrush(QColor("white"))
        painter.drawEllipse(at(similarity_map.peak), 4.0, 4.0)


class ProvenanceView(QWidget):
    """Follows the selection while it is shown."""

    wanted = Signal()
    """Somebody asked: the view should be seen."""

    def __init__(self, state: StudioState, viewer: Viewer, recall: Recall) -> None:
        super().__init__()
        self._state, self._viewer, self._recall = state, viewer, recall
        self._explanation: Explanation | None = None
        self._layers = {side: WayLayer() for side in SIDES}
        for side, layer in self._layers.items():
            viewer.canvas(side).add_layer(layer)
            viewer.canvas(side).why_asked.connect(lambda point, side=side: self.ask_why(side, point))
            viewer.canvas(side).place_clicked.connect(lambda point, side=side: self._on_click(side, point))
        self.title_label, self.text_label = QLabel(), QLabel(wordWrap=True)
        self.title_label.setObjectName("heading")
        self.text_label.setObjectName("muted")
        self.text_label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        words = QVBoxLayout()
        words.addWidget(self.title_label)
        words.addWidget(self.text_label, 1)
        column = QWidget()
        column.setLayout(words)
        column.setFixedWidth(260)
        self._row = QWidget()
        self._tiles = QHBoxLayout(self._row)
        self._tiles.setContentsMargins(0, 8, 8, 4)
        self._tiles.setSpacing(10)
        self._tiles.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(self._row)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.addWidget(column)
        layout.addWidget(scroll, 1)
        recall.explained.connect(self._on_explained)
        recall.answered_why.connect(self._on_why)
        state.selected_changed.connect(self.refresh)
        state.pairs_changed.connect(self._on_pairs)
        self._say("", tr("Select a pair to see how it was found. Click beside all points to ask why there is no pair."))

    @property
    def explanation(self) -> Explanation | None:
        """What is shown."""
        return self._explanation

    def refresh(self) -> None:
        """Ask about the selected pair, if anybody looks."""
        pair = self._state.pairs.by_id(self._state.selected) if self._state.shown_level == RESULT_LEVEL else None
        if not self.isVisible() or self._state.is_held:
            return
        if pair is None:
            self._clear()
            self._say(
                "", tr("Select a pair to see how it was found. Click beside all points to ask why there is no pair.")
            )
        elif not self._recall.is_ready:
            self._clear()
            self._say(
                tr("Pair {number}", number=pair.id), tr("Run a match first: it remembers how its pairs were found.")
            )
        elif self._explanation is None or self._explanation.pair != pair:
            self._recall.explain(pair)

    def ask_why(self, side: Side, point: QPointF) -> None:
        """Ask why there is no pair at a place; the answer comes into view."""
        at = (point.x(), point.y())
        self.wanted.emit()
        self._clear()
        self._layers[side].set_asked(at)
        self._say(tr("Asking…"), "")
        self._recall.ask_why(side, at)

    def _on_click(self, side: Side, point: QPointF) -> None:
        if self.isVisible() and self._recall.is_ready:
            self.ask_why(side, point)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._clear()

    def _on_pairs(self) -> None:
        shown = self._explanation
        if shown is not None and self._state.pairs.by_id(shown.pair.id) != shown.pair:
            if self._state.is_dragging or self._state.is_held:
                self._clear()
            else:
                self.refresh()
        elif shown is None and not self._state.is_dragging:
            self.refresh()

    def _on_explained(self, explanation: Explanation | None) -> None:
        if explanation is None or explanation.pair.id != self._state.selected or not self.isVisible():
            return
        self._clear()
        self._explanation = explanation
        pair, steps = explanation.pair, explanation.steps
        found = {
            "matched": tr("Found by the match."),
            "edited": tr("Found, then moved by hand."),
            "placed": tr("Placed by hand."),
        }
        self._say(
            tr("Pair {number}, confidence {confidence:.2f}", number=pair.id, confidence=pair.confidence),
            found[pair.origin]
            + " "
            + tr(
                "Each map shows what its point in A saw in B at one level, bright where it is "
                "alike: the dot is the best place, the ring the runner-up. The frames on the pictures show where "
                "it was searched."
            ),
        )
        for place, (step, similarity_map) in enumerate(zip(steps, explanation.similarity_maps, strict=True)):
            tile = LevelTile(place, len(steps), step, similarity_map)
            tile.entered.connect(self._light)
            tile.left.connect(lambda: self._light(-1))
            self._tiles.insertWidget(place, tile)
        self._light(-1)

    def _on_why(self, side: Side, point: Point, absence: Absence | None) -> None:
        if absence is None:
            self._say(tr("Why is there no pair?"), tr("Run a match first: it remembers what it saw."))
            return
        self._say(
            tr(
                "Why is there no pair at {x:.0f}, {y:.0f} of {side}?",
                x=point[0],
                y=point[1],
                side=side,
            ),
            absence.sentence,
        )
        self._layers[side].set_asked(point)
        if absence.partner is not None:
            self._layers[other(side)].set_asked(absence.partner)

    def _light(self, place: int) -> None:
        steps = self._explanation.steps if self._explanation is not None else ()
        for side in SIDES:
            self._layers[side].set_way(steps, side, place)

    def _clear(self) -> None:
        self._explanation = None
        for layer in self._layers.values():
            layer.set_asked(None)
        while self._tiles.count() > 1:
            item = self._tiles.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()

    def _say(self, title: str, text: str) -> None:
        self.title_label.setText(title)
        self.text_label.setText(text)


def _coloured(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """A similarity map in colours, from its least to its greatest value; places that do not exist are dark."""
    finite = np.isfinite(values)
    low, high = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 1.0)
    shares = np.where(finite, (values - low) / max(high - low, 1e-6), 0.0)
    return np.ascontiguousarray(SEQUENTIAL["ember"][np.clip(shares * 255, 0, 255).astype(np.uint8)])
