"""Lines drawn in A and proposed in B, whose points become pairs: the quick way to fix a whole outline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyleOptionGraphicsItem,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import SIDES, Side
from studio.gui.canvas.canvas import PictureCanvas
from studio.gui.canvas.conditions import Shared
from studio.gui.mode.mode import Services
from studio.gui.widgets.theme import colors
from studio.gui.widgets.usable import set_usable
from studio.language import tr, translatable
from studio.progress import Job, Progress
from studio.warp.lines import Line, LinesError, proposed, sampled
from studio.warp.options import WarpOptions

Place = tuple[float, float]

GRAB = 10.0
"""How near to a node a press takes it, px of the screen."""
KEYS = translatable(
    "Click along an outline in A; a click on the first node closes it, Enter or a double click ends it."
)
NODES = translatable("Drag the nodes in A and B until the line lies right in both, then use it.")


class Drawn(QObject):
    """The line that is being drawn, in pixels of both pictures."""

    changed = Signal()
    finished = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.nodes: dict[Side, list[Place]] = {side: [] for side in SIDES}
        self.closed = self.done = False

    def add(self, place: Place) -> None:
        self.nodes["A"].append(place)
        self.changed.emit()

    def remove_last(self) -> None:
        if self.nodes["A"] and not self.done:
            self.nodes["A"].pop()
            self.changed.emit()

    def take_to(self, side: Side, index: int, place: Place) -> None:
        self.nodes[side][index] = place
        self.changed.emit()

    def end(self, closed: bool) -> None:
        """No more nodes; a line too short to be one is dropped."""
        if self.done or len(self.nodes["A"]) < 2 + closed:
            return
        self.closed, self.done = closed, True
        self.finished.emit()
        self.changed.emit()

    def clear(self) -> None:
        self.nodes, self.closed, self.done = {side: [] for side in SIDES}, False, False
        self.changed.emit()

    def line(self) -> Line:
        """As the warp takes it; B is empty until it is proposed."""
        a, b = (np.asarray(self.nodes[side], np.float64).reshape(-1, 2) for side in SIDES)
        return Line(a, b, "smooth", self.closed)


class LineLayer(pg.GraphicsObject):
    """Draws the line on one picture, in full-size pixels."""

    def __init__(self, services: Services, drawn: Drawn, side: Side) -> None:
        super().__init__()
        self.setZValue(9)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._state, self._drawn, self._side = services.state, drawn, side
        drawn.changed.connect(self._on_drawn)
        services.state.picture_changed.connect(self._on_picture)

    def _on_drawn(self) -> None:
        self.update()

    def _on_picture(self, _: str) -> None:
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        picture = self._state.picture(self._side)
        return QRectF() if picture is None else QRectF(-0.5, -0.5, *picture.size)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        nodes = self._drawn.nodes[self._side]
        if not nodes:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath(QPointF(*nodes[0]))
        if len(nodes) > 1:
            points = np.asarray(nodes, np.float64)
            for _, *rest in Line(points, points, "smooth", self._drawn.closed).segments("a").tolist():
                path.cubicTo(*(QPointF(x, y) for x, y in rest))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((QColor(0, 0, 0, 170), 3.6), (QColor(colors().accent), 2.0)):
            pen = QPen(color, width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawPath(path)
        pen = QPen(QColor(255, 255, 255), 8.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for x, y in nodes:
            painter.drawPoint(QPointF(x, y))


class LineTool(QObject):
    """Takes the left button of a canvas for the line, and leaves panning and zooming to it."""

    def __init__(self, canvas: PictureCanvas, layer: LineLayer, drawn: Drawn, side: Side, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas, self._layer, self._drawn, self._side = canvas, layer, drawn, side
        self._held: int | None = None
        self.active = False
        canvas.installEventFilter(self)
        canvas.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self.active or self._canvas.picture_size is None:
            return False
        if isinstance(event, QKeyEvent) and watched is self._canvas:
            return self._on_key(event)
        return isinstance(event, QMouseEvent) and watched is not self._canvas and self._on_mouse(event)

    def _on_key(self, event: QKeyEvent) -> bool:
        does: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Return: lambda: self._drawn.end(closed=False),
            Qt.Key.Key_Enter: lambda: self._drawn.end(closed=False),
            Qt.Key.Key_Backspace: self._drawn.remove_last,
            Qt.Key.Key_Escape: self._drawn.clear,
        }
        if event.key() not in does:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            does[event.key()]()
        return True

    def _on_mouse(self, event: QMouseEvent) -> bool:
        if self._canvas.space_down:
            return False
        place = self._layer.mapFromScene(self._canvas.viewportTransform().inverted()[0].map(event.position()))
        width, height = self._canvas.picture_size or (0, 0)
        at = min(max(place.x(), -0.5), width - 0.5), min(max(place.y(), -0.5), height - 0.5)
        kind, left = event.type(), event.button() == Qt.MouseButton.LeftButton
        if kind == QEvent.Type.MouseButtonDblClick and left:
            self._drawn.end(closed=False)
        elif kind == QEvent.Type.MouseButtonPress and left:
            self._on_press(at, self._near(event.position()))
        elif kind == QEvent.Type.MouseButtonRelease and left:
            self._held = None
        elif kind == QEvent.Type.MouseMove and self._held is not None:
            self._drawn.take_to(self._side, self._held, at)
        else:
            return False
        return True

    def _on_press(self, at: Place, near: int | None) -> None:
        if self._drawn.done:
            self._held = near
        elif self._side == "A" and near == 0 and len(self._drawn.nodes["A"]) > 2:
            self._drawn.end(closed=True)
        elif self._side == "A":
            self._drawn.add(at)
            self._held = len(self._drawn.nodes["A"]) - 1

    def _near(self, at: QPointF) -> int | None:
        """The node below the mouse."""
        to_screen = self._canvas.viewportTransform()
        distances = [
            (to_screen.map(self._layer.mapToScene(QPointF(x, y))) - at).manhattanLength()
            for x, y in self._drawn.nodes[self._side]
        ]
        nearest = int(np.argmin(distances)) if distances else 0
        return nearest if distances and distances[nearest] <= GRAB else None


class MorphLines(QWidget):
    """Buttons that begin a line, use it and drop it."""

    def __init__(self, services: Services, options: Callable[[], WarpOptions | None]) -> None:
        super().__init__()
        self._services, self._options = services, options
        self._active = False
        self.drawn = Drawn(self)
        self._layers = {side: LineLayer(services, self.drawn, side) for side in SIDES}
        self._tools = []
        for side, layer in self._layers.items():
            canvas = services.viewer.canvas(side)
            canvas.add_layer(layer)
            self._tools.append(LineTool(canvas, layer, self.drawn, side, self))
        self.draw_button, self.use_button, self.drop_button = QPushButton(), QPushButton(), QPushButton()
        self.draw_button.setText(tr("Draw Line"))
        self.draw_button.setCheckable(True)
        self.draw_button.setToolTip(tr("Draw a line or an outline in A; where it runs in B is proposed by the pairs"))
        self.use_button.setText(tr("Use"))
        self.use_button.setToolTip(tr("Put points along the line into both pictures, as pairs set by hand"))
        self.drop_button.setText(tr("Drop"))
        self.drop_button.setToolTip(tr("Take the line away (Esc)"))
        self._hint = QLabel(wordWrap=True)
        self._hint.setObjectName("muted")
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.draw_button, self.use_button, self.drop_button):
            buttons.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addLayout(buttons)
        layout.addWidget(self._hint)
        self.draw_button.toggled.connect(self._on_draw)
        self.use_button.clicked.connect(self.use)
        self.drop_button.clicked.connect(self.drawn.clear)
        self.drawn.finished.connect(self._propose)
        self.drawn.changed.connect(self.refresh)
        services.state.picture_changed.connect(self._on_picture)
        self.refresh()

    def set_active(self, active: bool) -> None:
        """The mode was entered or left; leaving it drops the line."""
        self._active = active
        if not active:
            self.draw_button.setChecked(False)
        self.refresh()

    def refresh(self) -> None:
        both, draws = self._services.state.has_both, self.draw_button.isChecked()
        set_usable(self.draw_button, both and self._active, tr(Shared.BOTH_PICTURES.missing))
        may_use = bool(self.drawn.done and self.drawn.nodes["B"])
        set_usable(self.use_button, may_use, tr("Draw a line to its end first."))
        set_usable(self.drop_button, bool(self.drawn.nodes["A"]), tr("No line is drawn."))
        self._hint.setText(tr(NODES) if self.drawn.done else tr(KEYS))
        self._hint.setVisible(draws)
        for tool in self._tools:
            tool.active = draws

    def _on_picture(self, _: str) -> None:
        self.drawn.clear()

    def _on_draw(self, on: bool) -> None:
        if on:
            self._services.viewer.canvas("A").setFocus()
        else:
            self.drawn.clear()
        self.refresh()

    def _propose(self) -> None:
        """Where the line runs in B, by the pairs there are; off this thread."""
        state, options, line = self._services.state, self._options(), self.drawn.line()
        a, b, pairs = state.picture("A"), state.picture("B"), state.pairs.enabled()
        if a is None or b is None or options is None:
            return

        def make() -> Job[Line]:
            yield Progress(0.1, tr("carrying the line to B"))
            return proposed(line, pairs, a.size, b.size, options)

        def take(found: Line) -> None:
            if self.drawn.done and len(found.b) == len(self.drawn.nodes["A"]):
                self.drawn.nodes["B"] = [(x, y) for x, y in found.b.tolist()]
                self.drawn.changed.emit()

        handle = self._services.jobs.submit(tr("Carry the line to B"), make, lane="files")
        handle.finished.connect(take)
        handle.failed.connect(self._services.messages.error)

    def use(self) -> None:
        """Make pairs of the line, as one step; the next line may be drawn."""
        state = self._services.state
        a = state.picture("A")
        if a is None or not self.use_button.isEnabled():
            return
        try:
            pairs = sampled([self.drawn.line()], a.size, state.pairs)
        except LinesError as error:
            self._services.messages.error(str(error))
            return
        state.edit_pairs(pairs, tr("Use a Line"))
        self.drawn.clear()
