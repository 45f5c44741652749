"""Points at a control of the window: a ring around it, and a bubble with an arrow beside it that says something."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from studio.gui.widgets.theme import colors
from studio.language import tr

WIDTH = 320
"""Of the body of a bubble, px."""
ARROW = 11
"""How far the arrow sticks out of the body, px."""
APART = 4
"""Between the tip of the arrow and the control, px."""
EDGE = 8
"""A bubble keeps that far from the edges of the window, px."""
RING = 3
"""How far the ring lies outside the control, px."""
FLASH_MS = 1600

Find = Callable[[], QWidget | None]


class Toward(Enum):
    """On which side of the control the bubble stands."""

    RIGHT = "right"
    BELOW = "below"
    LEFT = "left"
    ABOVE = "above"


def rect_in(window: QWidget, widget: QWidget) -> QRect:
    """Where a widget lies in its window."""
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def is_in_sight(window: QWidget, widget: QWidget) -> bool:
    """Whether a widget is shown, and all of it inside the window."""
    return widget.isVisible() and widget.window() is window and window.rect().contains(rect_in(window, widget))


def place_beside(target: QRect, size: QSize, window: QRect) -> tuple[QPoint, Toward]:
    """Where the corner of a bubble of that size, arrow included, has to be; if it fits nowhere, where most room is."""
    room = window.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    space = {
        Toward.RIGHT: room.right() - target.right() - APART - size.width(),
        Toward.BELOW: room.bottom() - target.bottom() - APART - size.height(),
        Toward.LEFT: target.left() - room.left() - APART - size.width(),
        Toward.ABOVE: target.top() - room.top() - APART - size.height(),
    }
    side = next((one for one, left in space.items() if left >= 0), max(space, key=lambda one: space[one]))
    middle = target.center() - QPoint(size.width() // 2, size.height() // 2)
    x = {Toward.RIGHT: target.right() + 1 + APART, Toward.LEFT: target.left() - APART - size.width()}.get(
        side, middle.x()
    )
    y = {Toward.BELOW: target.bottom() + 1 + APART, Toward.ABOVE: target.top() - APART - size.height()}.get(
        side, middle.y()
    )
    x = max(room.left(), min(x, room.right() + 1 - size.width()))
    y = max(room.top(), min(y, room.bottom() + 1 - size.height()))
    return QPoint(x, y), side


class Follower(QObject):
    """Calls back when a control may have moved, or when another widget is to be taken for it."""

    def __init__(self, window: QWidget, find: Find, moved: Callable[[QWidget | None], None]) -> None:
        super().__init__(window)
        self._window, self._find, self._moved = window, find, moved
        self._watched: list[QWidget] = []
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.look)
        self.look()

    def look(self) -> None:
        """Find the control anew and tell where it is."""
        target = self._find()
        chain = [self._window]
        widget = target
        while widget is not None and widget is not self._window:
            chain.append(widget)
            widget = widget.parentWidget()
        for old in self._watched:
            if isValid(old) and old not in chain:
                old.removeEventFilter(self)
        for new in chain:
            if new not in self._watched:
                new.installEventFilter(self)
        self._watched = chain
        self._moved(target)

    def stop(self) -> None:
        """Watch no more."""
        self._later.stop()
        for widget in filter(isValid, self._watched):  # a form may be gone by now
            widget.removeEventFilter(self)
        self._watched = []
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (
            QEvent.Type.Move,
            QEvent.Type.Resize,
            QEvent.Type.Show,
            QEvent.Type.Hide,
            QEvent.Type.LayoutRequest,
        ):
            self._later.start()
        return False


class Ring(QWidget):
    """A frame in the accent colour around a control; mouse and keys go through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._follower: Follower | None = None
        self._end = QTimer(self, singleShot=True, interval=FLASH_MS)
        self._end.timeout.connect(self.leave)
        self.hide()

    def go_around(self, widget: QWidget | None) -> None:
        """Surround a control, or nothing."""
        if widget is None:
            self.hide()
            return
        out = RING + 2
        self.setGeometry(rect_in(self._window, widget).adjusted(-out, -out, out, out))
        self.show()
        self.raise_()

    def flash(self, widget: QWidget) -> None:
        """Surround a control for a moment."""
        self.leave()
        self._follower = Follower(
            self._window, lambda: widget if isValid(widget) and widget.isVisible() else None, self.go_around
        )
        self._end.start()

    def leave(self) -> None:
        """Surround nothing."""
        self._end.stop()
        if self._follower is not None:
            self._follower.stop()
            self._follower = None
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        glow = QColor(colors().accent)
        glow.setAlpha(70)
        inner = QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5)
        painter.setPen(QPen(glow, 5))
        painter.drawRoundedRect(inner, 7, 7)
        painter.setPen(QPen(QColor(colors().accent), 2))
        painter.drawRoundedRect(inner, 7, 7)


class Bubble(QWidget):
    """A few words with Skip, Back and Next; where it stands is decided by `point_at`."""

    next_asked = Signal()
    back_asked = Signal()
    skip_asked = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.toward = Toward.RIGHT
        self._tip = QPointF()
        self.title, self.words, self.count = QLabel(), QLabel(wordWrap=True), QLabel()
        for label in (self.title, self.words):
            label.setTextFormat(Qt.TextFormat.PlainText)
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        font.setBold(True)
        self.title.setFont(font)
        self.count.setObjectName("muted")
        self.skip_button, self.back_button = QPushButton(tr("Skip")), QPushButton(tr("Back"))
        self.next_button = QPushButton()
        self.next_button.setObjectName("primary")
        self.skip_button.setFlat(True)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.count)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.skip_button)
        buttons.addStretch(1)
        buttons.addWidget(self.back_button)
        buttons.addWidget(self.next_button)
        self._layout = layout = QVBoxLayout(self)
        around = ARROW + 14
        layout.setContentsMargins(around, around - 2, around, around - 2)
        layout.setSpacing(9)
        layout.addLayout(head)
        layout.addWidget(self.words)
        layout.addLayout(buttons)
        self.next_button.clicked.connect(self.next_asked)
        self.back_button.clicked.connect(self.back_asked)
        self.skip_button.clicked.connect(self.skip_asked)
        for button in (self.skip_button, self.back_button, self.next_button):
            button.setAutoDefault(True)
            button.installEventFilter(self)
        self.hide()

    def say(self, title: str, words: str, step: int, steps: int) -> None:
        """Show the words of one step of several, counted from 0."""
        self.title.setText(title)
        self.words.setText(words)
        self.count.setText(tr("{step} of {steps}", step=step + 1, steps=steps))
        self.back_button.setEnabled(step > 0)
        last = step == steps - 1
        self.next_button.setText(tr("Done") if last else tr("Next"))
        self.skip_button.setVisible(not last)
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)

    def point_at(self, target: QWidget | None) -> None:
        """Stand beside a control, which may be gone for a while."""
        if target is None:
            self.hide()
            return
        window = self._window
        width = min(WIDTH + 2 * ARROW, window.width() - 2 * EDGE)
        size = QSize(width, self._layout.totalHeightForWidth(width))
        rect = rect_in(window, target)
        corner, self.toward = place_beside(rect, size, window.rect())
        self.setGeometry(QRect(corner, size))
        self._tip = QPointF(rect.center() - corner)
        seen = self.isVisible()
        self.show()
        self.raise_()
        self.update()
        if not seen:
            self.next_button.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def body(self) -> QRect:
        """The part without the arrow, in the window."""
        return self.geometry().adjusted(ARROW, ARROW, -ARROW, -ARROW)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            does = {
                Qt.Key.Key_Escape: self.skip_asked.emit,
                Qt.Key.Key_Return: watched.click,  # type: ignore[attr-defined]
                Qt.Key.Key_Enter: watched.click,  # type: ignore[attr-defined]
                Qt.Key.Key_Right: self.next_asked.emit,
                Qt.Key.Key_Left: self.back_asked.emit,
            }.get(Qt.Key(event.key()))
            if does is not None and event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            ):
                if event.type() == QEvent.Type.ShortcutOverride:
                    event.accept()  # before the window's shortcuts
                elif event.type() == QEvent.Type.KeyPress:
                    does()
                return True
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect()).adjusted(ARROW, ARROW, -ARROW, -ARROW)
        shape = QPainterPath()
        shape.addRoundedRect(body, 10, 10)
        painter.setPen(QPen(QColor(c.accent), 1.5))
        painter.setBrush(QColor(c.raised))
        painter.drawPath(shape.united(self._arrow(body)))

    def _arrow(self, body: QRectF) -> QPainterPath:
        room = ARROW + 10  # beside the round corners
        x = min(max(self._tip.x(), body.left() + room), body.right() - room)
        y = min(max(self._tip.y(), body.top() + room), body.bottom() - room)
        tip, foot, along = {
            Toward.RIGHT: (QPointF(1, y), QPointF(body.left() + 1, y), QPointF(0, ARROW)),
            Toward.LEFT: (QPointF(self.width() - 1, y), QPointF(body.right() - 1, y), QPointF(0, ARROW)),
            Toward.BELOW: (QPointF(x, 1), QPointF(x, body.top() + 1), QPointF(ARROW, 0)),
            Toward.ABOVE: (QPointF(x, self.height() - 1), QPointF(x, body.bottom() - 1), QPointF(ARROW, 0)),
        }[self.toward]
        arrow = QPainterPath()
        arrow.addPolygon(QPolygonF([tip, foot + along, foot - along, tip]))
        return arrow
