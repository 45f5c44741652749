"""Shows a part of a window on the whole screen for a while; it comes back where it was."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QHideEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget


class _Place(QWidget):
    """Keeps the place of what is away."""

    hidden = Signal()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():  # the window was not just made small
            self.hidden.emit()


class FullScreen(QWidget):
    """A window over the whole screen that borrows a widget until it is closed.

    The shortcuts of the window that the widget comes from go on working. If the place where the widget stood is
    hidden, as by another mode, this ends, too.

    Raises
    ------
    ValueError
        The widget is a window itself.
    """

    left = Signal()
    """The widget is back."""

    def __init__(self, widget: QWidget) -> None:
        if widget.isWindow():
            raise ValueError("a window has no place to come back to")
        home = widget.window()
        super().__init__(home, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(home.windowTitle())
        self._widget, self._place = widget, _Place()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        _exchange(widget, self._place)
        layout.addWidget(widget)
        # Not while something is being hidden: that would move widgets under Qt's feet.
        self._place.hidden.connect(self.close, Qt.ConnectionType.QueuedConnection)
        self.addActions([action for action in home.findChildren(QAction) if not action.shortcut().isEmpty()])
        self.showFullScreen()
        widget.show()
        widget.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        _exchange(self._place, self._widget)
        self._place.deleteLater()
        self.left.emit()


def _exchange(old: QWidget, new: QWidget) -> None:
    """Put `new` where `old` stands; `old` is nowhere then."""
    parent = old.parentWidget()
    assert parent is not None
    if isinstance(parent, QSplitter):
        sizes = parent.sizes()
        parent.replaceWidget(parent.indexOf(old), new)
        parent.setSizes(sizes)
    elif (layout := parent.layout()) is not None:
        layout.replaceWidget(old, new)
    new.show()
    old.hide()
    old.setParent(None)
