"""The two pictures side by side: frames that take drops, linked views, and the lines between partners."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QLineF, QMimeData, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import SIDES, Side
from studio.gui.canvas.canvas import PictureCanvas, Tool
from studio.gui.canvas.displays import display_of
from studio.gui.canvas.items import POINT_SIZE, DisplayPicture, Mark
from studio.gui.canvas.point_style import point_style
from studio.gui.canvas.state import StudioState, other
from studio.gui.widgets.names import PlainLabel, in_tip
from studio.gui.widgets.theme import colors, icon
from studio.language import tr
from studio.pairs import PointPair

PAIR_ZOOM = 2.5
"""How much a pair that is looked at is enlarged at least, relative to the whole picture."""
MOST_LINES = 80
"""With more pairs than this only hot ones get a line: the lines would hide the pictures."""


class _EmptyHint(QWidget):
    """What a side says as long as it has no picture."""

    clicked = Signal()

    def __init__(self, side: Side) -> None:
        super().__init__()
        self.dropping = False
        self._mark = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        title = QLabel(tr("Drop picture {side} here", side=side), alignment=Qt.AlignmentFlag.AlignCenter)
        title.setObjectName("heading")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.35)
        title.setFont(font)
        rest = QLabel(
            tr("or open a file, paste with Ctrl+V,\nor take a pair from File ▸ Sample Pairs"),
            alignment=Qt.AlignmentFlag.AlignCenter,
        )
        rest.setObjectName("muted")
        self.button = QPushButton(tr("Open Picture {side}…", side=side))
        self.button.clicked.connect(self.clicked)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(self._mark)
        layout.addSpacing(6)
        layout.addWidget(title)
        layout.addWidget(rest)
        layout.addSpacing(12)
        layout.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(3)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        self._mark.setPixmap(icon("picture").pixmap(QSize(48, 48)))

    def set_dropping(self, dropping: bool) -> None:
        self.dropping = dropping
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colors().canvas))
        color = QColor(colors().accent if self.dropping else colors().border)
        painter.setPen(QPen(color, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(14, 14, -14, -14), 12, 12)


class SideFrame(QFrame):
    """One side: a header with letter, name and size, and below it the canvas or the hint."""

    open_asked = Signal()
    dropped = Signal(QMimeData)

    def __init__(self, side: Side) -> None:
        super().__init__()
        self.side = side
        self.setAcceptDrops(True)
        self.canvas = PictureCanvas(side)
        self.hint = _EmptyHint(side)
        self.hint.clicked.connect(self.open_asked)
        self._badge = QLabel(side, alignment=Qt.AlignmentFlag.AlignCenter)
        self._badge.setFixedSize(20, 20)
        self.name_label = PlainLabel()
        self.name_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.details_label = QLabel()
        self.details_label.setObjectName("muted")
        header = QHBoxLayout()
        header.setContentsMargins(8, 5, 10, 5)
        header.addWidget(self._badge)
        header.addSpacing(2)
        header.addWidget(self.name_label, 1)
        header.addWidget(self.details_label)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.hint)
        self._stack.addWidget(self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addLayout(self._stack, 1)
        self.set_picture(None, "", "")
        self.refresh_theme()

    def refresh_theme(self) -> None:
        c = colors()
        self._badge.setStyleSheet(
            f"background: {c.accent}; color: {c.on_accent}; border-radius: 5px; font-weight: 700;"
        )
        self.hint.refresh_theme()
        self.canvas.refresh_theme()

    def set_picture(self, display: DisplayPicture | None, name: str, details: str) -> None:
        """Show a picture with its name and details; None shows the hint."""
        self.canvas.set_display(display)
        self._stack.setCurrentWidget(self.hint if display is None else self.canvas)
        self.name_label.setText(name if display is not None else tr("Picture {side}", side=self.side))
        self.name_label.setToolTip(in_tip(name))
        self.details_label.setText(details)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasUrls() or mime.hasImage():
            event.acceptProposedAction()
            self.hint.set_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.hint.set_dropping(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.hint.set_dropping(False)
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData())


class _Lines(QWidget):
    """Draws, over both canvases, a line from each point to its partner."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)

    def paintEvent(self, event: QPaintEvent) -> None:
        viewer = self._viewer
        state, canvases = viewer.state, [viewer.canvas(side) for side in SIDES]
        if not state.has_both:
            return
        hot = state.hot
        pairs = state.shown_pairs
        all_of_them = viewer.lines_shown and len(pairs) <= MOST_LINES
        shown = [pair for pair in pairs if (all_of_them and pair.enabled) or pair.id in hot]
        if not shown:
            return
        palette = point_style()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRegion(self._region(canvases))
        for pair in sorted(shown, key=lambda pair: pair.id in hot):
            number = pair.id
            ends = [self._end(canvas, number) for canvas in canvases]
            if ends[0] is None or ends[1] is None:
                continue
            color = QColor(*palette.color(pair))
            line = _between_points(ends[0], ends[1], 10.0 if number in hot else POINT_SIZE / 2)
            if number in hot:
                painter.setPen(QPen(QColor(0, 0, 0, 130), 4.5))
                painter.drawLine(line)
                painter.setPen(QPen(color, 2.4))
            else:
                color.setAlpha(70 if hot else 150)
                painter.setPen(QPen(color, 1.3))
            painter.drawLine(line)

    def _end(self, canvas: PictureCanvas, number: int) -> QPointF | None:
        position = canvas.point_position(number)
        if position is None or not QRectF(canvas.viewport().rect()).contains(position):
            return None
        return QPointF(canvas.mapTo(self._viewer, position.toPoint()))

    def _region(self, canvases: list[PictureCanvas]) -> QRegion:
        """From the left edge of A's canvas to the right edge of B's, the handle between them included."""
        region = QRegion()
        for canvas in canvases:
            region += canvas.rect().translated(canvas.mapTo(self._viewer, canvas.rect().topLeft()))
        return QRegion(region.boundingRect())


def _between_points(start: QPointF, end: QPointF, radius: float) -> QLineF:
    """The line from edge to edge of two points of that radius."""
    line = QLineF(start, end)
    length = line.length()
    if length <= 2 * radius:
        return QLineF()
    return QLineF(line.pointAt(radius / length), line.pointAt(1 - radius / length))


class Viewer(QWidget):
    """Both sides, kept in step with the state."""

    def __init__(self, state: StudioState) -> None:
        super().__init__()
        self.state = state
        self.linked = True
        self.lines_shown = True
        self.tool: Tool = "select"
        self.least_confidence = 0.0
        self._marks: dict[Side, dict[int, tuple[PointPair, Mark]]] = {side: {} for side in SIDES}
        self.frames: dict[Side, SideFrame] = {side: SideFrame(side) for side in SIDES}
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        for frame in self.frames.values():
            self.splitter.addWidget(frame)
        self.splitter.setSizes([1000, 1000])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        self._lines = _Lines(self)
        self.active: Side = "A"
        for side in SIDES:
            canvas = self.canvas(side)
            canvas.pair_hovered.connect(state.set_hovered)
            canvas.pair_clicked.connect(state.set_selected)
            canvas.pair_dragged.connect(
                lambda number, point, side=side: state.drag_point(side, number, (point.x(), point.y()))
            )
            canvas.pair_dropped.connect(lambda number, side=side: state.drop_point(side, number))
            canvas.drag_given_up.connect(state.give_up_drag)
            canvas.pair_toggled.connect(state.toggle_selected)
            canvas.menu_asked.connect(self._select_for_menu)
            canvas.band_drawn.connect(self._on_band)
            canvas.view_changed.connect(lambda side=side: self._follow(side))
            canvas.redrawn.connect(self._lines.update)
            canvas.viewport().installEventFilter(self)
            self.frames[side].installEventFilter(self)
        state.picture_changed.connect(self._show_picture)
        state.pairs_changed.connect(self._show_pairs)
        state.editable_changed.connect(self._show_pairs)
        state.hovered_changed.connect(self._show_hot)
        state.selected_changed.connect(self._show_hot)

    def canvas(self, side: Side) -> PictureCanvas:
        return self.frames[side].canvas

    def refresh_theme(self) -> None:
        for frame in self.frames.values():
            frame.refresh_theme()

    def set_linked(self, linked: bool) -> None:
        """Whether both sides look at the same place, in units of each picture."""
        self.linked = linked
        if linked:
            self._follow(self.active)

    def set_lines_shown(self, shown: bool) -> None:
        self.lines_shown = shown
        self._lines.update()

    def set_numbers_shown(self, shown: bool) -> None:
        for side in SIDES:
            self.canvas(side).set_numbers_shown(shown)

    def fit(self) -> None:
        for side in SIDES:
            self.canvas(side).fit()

    def actual_size(self) -> None:
        """100 % on both sides, around the place the active side looks at."""
        if self.canvas(self.active).picture_size is None:
            self.active = other(self.active)
        self._unlinked(lambda canvas: canvas.actual_size())

    def zoom_by(self, factor: float) -> None:
        self._unlinked(lambda canvas: canvas.zoom_by(factor))

    def _unlinked(self, change: Callable[[PictureCanvas], None]) -> None:
        linked, self.linked = self.linked, False
        for side in SIDES if linked else (self.active,):
            change(self.canvas(side))
        self.linked = linked

    def _follow(self, side: Side) -> None:
        self.active = side
        if self.linked:
            self.canvas(other(side)).set_view_state(self.canvas(side).view_state())

    def _show_picture(self, side: Side) -> None:
        picture, frame = self.state.picture(side), self.frames[side]
        if picture is None:
            frame.set_picture(None, "", "")
            return
        width, height = picture.size
        details = f"{width} × {height}" + (" · " + tr("{depth} bit", depth=picture.depth) if picture.depth != 8 else "")
        details += " · " + tr("mirrored") if picture.mirrored else ""
        frame.set_picture(display_of(picture), picture.name, details)

    def _show_pairs(self) -> None:
        pairs = self.state.shown_pairs
        locked = frozenset(pair.id for pair in pairs if pair.locked)
        for side in SIDES:
            canvas = self.canvas(side)
            canvas.points_movable = self.state.can_edit
            canvas.locked_numbers = locked
            canvas.set_marks(
                self._mark(side, pair)
                for pair in pairs
                if pair.confidence >= self.least_confidence or pair.id in self.state.selection
            )
        self._show_hot()

    def _mark(self, side: Side, pair: PointPair) -> Mark:
        """How a pair is drawn; most pairs are what they were when they were drawn before."""
        kept = self._marks[side].get(pair.id)
        if kept is not None and kept[0] is pair:
            return kept[1]
        at, now = pair.a if side == "A" else pair.b, point_style()
        mark = Mark(pair.id, at, now.color(pair), now.diameter(pair), pair.enabled, pair.locked)
        if kept is not None and kept[1] == mark:
            mark = kept[1]
        self._marks[side][pair.id] = (pair, mark)
        return mark

    def set_tool(self, tool: Tool) -> None:
        """What the left button does in both pictures."""
        self.tool = tool
        for side in SIDES:
            self.canvas(side).set_tool(tool)

    def show_pair(self, number: int) -> None:
        """Look at both points of a pair, whatever the link says."""
        for side in SIDES:
            point = self.canvas(side).point_of(number)
            if point is not None:
                self.canvas(side).look_at(point, PAIR_ZOOM)

    def set_least_confidence(self, least: float) -> None:
        """Hide the points of less sure pairs; selected ones stay."""
        if least != self.least_confidence:
            self.least_confidence = least
            self._show_pairs()

    def refresh_points(self) -> None:
        """Draw the points as `studio.gui.canvas.point_style` says now."""
        for marks in self._marks.values():
            marks.clear()
        self._show_pairs()

    def _select_for_menu(self, number: int) -> None:
        """The menu is about the pair under the mouse, or about all selected ones if it is one of them."""
        if number and number not in self.state.selection:
            self.state.set_selected(number)

    def _on_band(self, numbers: set[int], more: bool) -> None:
        self.state.set_selection(self.state.selection | numbers if more else numbers)

    def _show_hot(self) -> None:
        for side in SIDES:
            self.canvas(side).set_hot(self.state.hot)
        self._lines.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.Enter):
            for side in SIDES:
                if watched in (self.frames[side], self.canvas(side).viewport()):
                    self.active = side
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lines.setGeometry(self.rect())
        self._lines.raise_()
