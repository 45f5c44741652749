"""The two pictures: frames that take drops, how they stand to each other, and linked views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from studio.arrays import SIDES, Side
from studio.gui.canvas.canvas import PictureCanvas, Tool
from studio.gui.canvas.displays import display_of
from studio.gui.canvas.items import DisplayPicture, Mark
from studio.gui.canvas.lines import Lines
from studio.gui.canvas.overlay import Fade, Ghost
from studio.gui.canvas.point_style import point_style
from studio.gui.canvas.state import StudioState, other
from studio.gui.widgets.names import NameLabel, in_tip
from studio.gui.widgets.splitter import Splitter
from studio.gui.widgets.theme import colors, icon
from studio.language import tr
from studio.pairs import PointPair

PAIR_ZOOM = 2.5
"""How much a pair that is looked at is enlarged at least, relative to the whole picture."""
Arrangement = Literal["sides", "stacked", "overlay"]
"""How A and B stand: beside each other, A above B, or B over A."""
ARRANGEMENTS: tuple[Arrangement, ...] = get_args(Arrangement)
LEAST = (64, 50)
"""Width and height of the smallest canvas: a picture of a strip, px."""
NARROW = 240
"""Frames that are narrower leave size and depth of the picture to the tooltip of its name, px."""


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
        rest.setWordWrap(True)
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
        self.canvas.setMinimumSize(*LEAST)
        self.hint = _EmptyHint(side)
        self.hint.setMinimumSize(*LEAST)  # it never makes the window wider: what does not fit is left out
        self.hint.clicked.connect(self.open_asked)
        self._badge = QLabel(side, alignment=Qt.AlignmentFlag.AlignCenter)
        self._badge.setFixedSize(20, 20)
        self._badge.setCursor(Qt.CursorShape.OpenHandCursor)
        self._badge.setToolTip(tr("Drag this, or the name, into another program to hand the picture on"))
        self.name_label = NameLabel()
        self.details_label = QLabel()
        self.details_label.setObjectName("muted")
        self.details_label.setMinimumWidth(1)  # it gives way
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

    @property
    def handles(self) -> tuple[QWidget, ...]:
        """What the picture is dragged out of the window by: in itself a drag selects."""
        return self._badge, self.name_label

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
        self.details_label.setText(details)
        self._tell_details(self.width() < NARROW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        self.details_label.setVisible(not narrow)
        self.canvas.set_in_strip(narrow)
        self._tell_details(narrow)

    def _tell_details(self, narrow: bool) -> None:
        """The whole name in the tooltip, and the details where there is no room for them beside it."""
        details = self.details_label.text() if narrow else ""
        self.name_label.setToolTip(in_tip("\n".join(part for part in (self.name_label.text(), details) if part)))

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


class Viewer(QWidget):
    """Both sides, kept in step with the state."""

    def __init__(self, state: StudioState) -> None:
        super().__init__()
        self.state = state
        self.linked = True
        self.lines_shown = True
        self.tool: Tool = "select"
        self._marks: dict[Side, dict[int, tuple[PointPair, Mark]]] = {side: {} for side in SIDES}
        self.frames: dict[Side, SideFrame] = {side: SideFrame(side) for side in SIDES}
        self.splitter = Splitter(Qt.Orientation.Horizontal)
        for frame in self.frames.values():
            self.splitter.addWidget(frame)
        self.splitter.setSizes([1000, 1000])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        self.arrangement: Arrangement = "sides"
        self._ghosts: dict[Side, Ghost] = {side: Ghost() for side in SIDES}
        self._lines = Lines(self)
        self.fade = Fade(self)
        self.fade.changed.connect(self._arrange)
        self.upper: Side = self.fade.side
        self.active: Side = "A"
        for side in SIDES:
            canvas = self.canvas(side)
            canvas.add_layer(self._ghosts[side])
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
        state.filter_changed.connect(self._show_pairs)
        state.hovered_changed.connect(self._show_hot)
        state.selected_changed.connect(self._show_selected)

    def canvas(self, side: Side) -> PictureCanvas:
        return self.frames[side].canvas

    def refresh_theme(self) -> None:
        for frame in self.frames.values():
            frame.refresh_theme()

    # --- how they stand ---

    @property
    def is_overlaid(self) -> bool:
        """Whether one canvas shows both pictures now."""
        return self.arrangement == "overlay" and self.state.has_both

    def set_arrangement(self, arrangement: Arrangement) -> None:
        """Put A and B beside each other, A above B, or B over A; as long as one is missing there is only the first."""
        self.arrangement = arrangement
        self._arrange()

    def _arrange(self, *_: object) -> None:
        overlaid, before = self.is_overlaid, self.upper
        upright = self.arrangement == "stacked" and self.state.has_both
        stacked = Qt.Orientation.Vertical if upright else Qt.Orientation.Horizontal
        if self.splitter.orientation() != stacked:
            self.splitter.setOrientation(stacked)
            self.splitter.setSizes([1000, 1000])
        self.upper = self.fade.side
        if overlaid and before != self.upper:
            self.canvas(self.upper).set_view_state(self.canvas(before).view_state())
        for side in sorted(SIDES, key=lambda side: side != self.upper):  # one of them is there at any time
            self._ghosts[side].setVisible(overlaid)
            self._ghosts[side].setOpacity(self.fade.share if side == "A" else 1 - self.fade.share)
            self.frames[side].setVisible(not overlaid or side == self.upper)
        if overlaid:
            self.active = self.upper
            self.fade.place()
        self.fade.setVisible(overlaid)
        self._lines.update()

    def _lay_ghosts(self) -> None:
        """Put each picture over the other one."""
        for side in SIDES:
            below, above = self.state.picture(side), self.state.picture(other(side))
            if below is not None and above is not None:
                self._ghosts[side].lie_over(below.size, display_of(above))
        self._arrange()

    # --- what is looked at ---

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
        self._lay_ghosts()
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
                self._mark(side, pair) for pair in pairs if self.state.passes(pair) or pair.id in self.state.selection
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

    def _show_selected(self) -> None:
        """What is selected is seen though it is filtered."""
        if self.state.least_confidence > 0:
            self._show_pairs()
        else:
            self._show_hot()

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
