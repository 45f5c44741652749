"""How controls answer wheel and focus, all of them alike: `HouseStyle` hands every widget over when it is shown."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QFocusFrame,
    QMainWindow,
    QPlainTextEdit,
    QProxyStyle,
    QScrollBar,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QTabBar,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid

from studio.gui.widgets.palette import colors

CONTROLS = (QComboBox, QAbstractSpinBox, QAbstractSlider, QTabBar)
"""What has a value that Qt lets the wheel change, and who is no scroll bar."""
BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
PASSING = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason, Qt.FocusReason.MenuBarFocusReason)
"""Reasons for which focus goes and comes without anybody having chosen it."""
RING = 2.0
"""Width of the ring around what has the focus, pixels."""
GAP = 3
"""How far the ring's outer edge lies from what it is around, pixels."""


class Hands(QObject):
    """Keeps the wheel from controls that nobody took in hand, and shows where the keys go.

    A control is in hand once it was clicked or reached by keys. Focus that came by itself, to the first control of a
    window say, does not count: a person who scrolls would change what they never looked at.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held: QWidget | None = None
        self._ring: FocusRing | None = None

    def take_in(self, widget: QWidget) -> None:
        """See to a widget that is about to be shown."""
        policy = widget.focusPolicy()
        if policy == Qt.FocusPolicy.NoFocus and not isinstance(widget, CONTROLS):
            return
        widget.installEventFilter(self)
        if policy == Qt.FocusPolicy.WheelFocus:
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if isinstance(widget, QAbstractItemView):
            widget.setTabKeyNavigation(False)
        elif isinstance(widget, QPlainTextEdit | QTextEdit):
            widget.setTabChangesFocus(True)

    @property
    def ring(self) -> FocusRing | None:
        """The ring, where it shows at the moment."""
        ring = self._ring
        return ring if ring is not None and isValid(ring) and ring.widget() is not None else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Wheel:
            if not isinstance(watched, CONTROLS) or isinstance(watched, QScrollBar) or self._is_held(watched):
                return False
            event.ignore()  # for the area around, which scrolls
            return True
        if not isinstance(watched, QWidget):
            return False
        if kind == QEvent.Type.MouseButtonPress:
            owner = watched.focusProxy() or watched
            if owner.hasFocus():
                self._held = owner
        elif kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self._on_focus(watched, event.reason())
        elif kind == QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            self._held = self._held if watched is not self._held or event.reason() in PASSING else None
        return False

    def _is_held(self, control: QWidget) -> bool:
        return control is self._held and control.hasFocus()

    def _on_focus(self, widget: QWidget, reason: Qt.FocusReason) -> None:
        if not widget.hasFocus():  # as a dialog says by itself to its first control
            return
        if reason in PASSING:
            if self.ring is not None and self.ring.widget() is not widget:
                self._put_ring(None)
            return
        by_keys = reason in BY_KEYS
        if by_keys and is_parked(widget) and (seen := _next_seen(widget, reason)) is not None:
            seen.setFocus(reason)
            return
        if by_keys or reason == Qt.FocusReason.MouseFocusReason:
            self._held = widget
        self._put_ring(widget if by_keys else None)

    def _put_ring(self, widget: QWidget | None) -> None:
        if self._ring is None or not isValid(self._ring):  # it went with the window it was in
            if widget is None:
                return
            self._ring = FocusRing()
        self._ring.put_around(widget)


def is_parked(widget: QWidget) -> bool:
    """Whether it is in a dock behind another one, which Qt puts outside the window, and goes to by Tab all the same.

    So it does with the tabs of docks that are all hidden.
    """
    window = widget.parentWidget()
    if isinstance(widget, QTabBar) and isinstance(window, QMainWindow):
        return not window.rect().intersects(widget.geometry())
    dock: QWidget | None = widget
    while dock is not None and not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    if dock is None or dock.isFloating():
        return False
    around = dock.parentWidget()
    return around is not None and not around.rect().intersects(dock.geometry())


def _next_seen(widget: QWidget, reason: Qt.FocusReason) -> QWidget | None:
    """The next widget, or the one before, that Tab may go to and that can be seen."""
    back = reason == Qt.FocusReason.BacktabFocusReason
    one: QWidget | None = widget
    while one is not None:
        one = one.previousInFocusChain() if back else one.nextInFocusChain()
        if one is None or one is widget:
            break
        reached = one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.isVisible() and one.isEnabled()
        if reached and one.focusProxy() is None and one.window() is widget.window() and not is_parked(one):
            return one
    return None


class FocusRing(QFocusFrame):
    """A ring around the widget that the keys go to."""

    def __init__(self) -> None:
        super().__init__()
        style = _AboveAll()
        style.setParent(self)
        self.setStyle(style)

    def put_around(self, widget: QWidget | None) -> None:
        """Move there; None hides it."""
        # Qt's stub does not know that None is allowed.
        self.setWidget(widget)  # type: ignore[arg-type]
        if widget is not None:  # Qt hides it where an area has yet to scroll there
            self.raise_()
            self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors().focus), RING))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(RING / 2, RING / 2, -RING / 2, -RING / 2), 6, 6)


class _AboveAll(QProxyStyle):
    """Has the ring lie above what stands beside the widget, and a little outside it."""

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_FocusFrame_AboveWidget:
            return 1
        if hint == QStyle.StyleHint.SH_FocusFrame_Mask:
            return 0
        return super().styleHint(hint, option, widget, returnData)

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        if metric in (QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin):
            return GAP
        return super().pixelMetric(metric, option, widget)
