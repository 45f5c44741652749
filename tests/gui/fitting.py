"""What of a window is cut: controls that lie outside of it, and words for which there is no room."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenuBar,
    QProgressBar,
    QScrollArea,
    QSlider,
    QTabBar,
    QToolBar,
    QToolButton,
    QWidget,
)

from studio.gui.shell.welcome import MARGIN, SampleCard
from studio.gui.widgets.elided import ElidedLabel
from studio.gui.widgets.names import NameLabel

CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QSlider, QLabel, QLineEdit, QTabBar, QProgressBar)
ARROW = 20
"""What the arrow of a list takes, px."""


def cut_in(window: QMainWindow) -> list[str]:
    """A line for everything in a window that a person can't see whole without scrolling up or down."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # words that have just come have their place
    found = [problem for one in _controls(window) for problem in (*_outside(window, one), *_too_long(one))]
    return [*found, *_bars(window)]


def _controls(window: QMainWindow) -> Iterator[QWidget]:
    for widget in window.findChildren(QWidget):
        if isinstance(widget, CONTROLS) and widget.isVisible() and widget.window() is window and not _is_aside(widget):
            yield widget


def _is_aside(widget: QWidget | None) -> bool:
    """Whether it lies in a dock behind another one, which Qt puts far away, as it does with tabs that it needs not."""
    if isinstance(widget, QTabBar) and isinstance(widget.parentWidget(), QMainWindow):
        return widget.visibleRegion().isEmpty()
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget is not None and widget.visibleRegion().isEmpty()


def _name(widget: QWidget) -> str:
    words = widget.text() if isinstance(widget, QLabel | QAbstractButton) else widget.accessibleName()
    parent = type(widget.parentWidget()).__name__
    return f"{parent} > {type(widget).__name__} {words or widget.toolTip() or widget.objectName()!r}"


def _outside(window: QMainWindow, widget: QWidget) -> Iterator[str]:
    """Whether a widget is cut by the window or by what it lies in; below the end of what scrolls is no cut."""
    rect, scrolls, above = QRect(widget.mapTo(window, QPoint()), widget.size()), False, widget.parentWidget()
    if not widget.width() or not widget.height():
        yield f"{_name(widget)}: has no room"
        return
    while above is not None:
        scrolls = scrolls or isinstance(above.parentWidget(), QAbstractScrollArea)
        room = QRect(above.mapTo(window, QPoint()), above.size())
        whole = room.left() <= rect.left() and rect.right() <= room.right()
        if not scrolls:
            whole = whole and room.top() <= rect.top() and rect.bottom() <= room.bottom()
        if not whole:
            if isinstance(above, QTabBar | QToolBar):
                return  # a tab bar scrolls, and a tool bar has its arrow
            yield f"{_name(widget)}: {rect.getRect()} is outside {type(above).__name__} {room.getRect()}"
            return
        if above is window:
            return
        above = above.parentWidget()


def _too_long(widget: QWidget) -> Iterator[str]:
    metrics = QFontMetricsF(widget.font())
    if isinstance(widget, ElidedLabel | NameLabel):  # it is cut where it is told, and whole in its tooltip
        seen = widget.seen if isinstance(widget, ElidedLabel) else widget.shown_text()
        if seen != widget.text() and widget.text() not in widget.toolTip().replace("\u200b", ""):
            yield f"{_name(widget)}: is not whole in its tooltip"
        return
    if isinstance(widget, QLabel):
        wanted = widget.heightForWidth(widget.width()) if widget.wordWrap() else widget.sizeHint().height()
        if widget.text() and not widget.wordWrap() and widget.sizeHint().width() > widget.width() + 1:
            yield f"{_name(widget)}: {widget.sizeHint().width()} px in {widget.width()}"
        elif widget.text() and wanted > widget.height() + 1:
            yield f"{_name(widget)}: {wanted} px in a height of {widget.height()}"
    elif isinstance(widget, SampleCard):  # its thumbnails give way, its title does not
        if metrics.horizontalAdvance(widget.text()) > widget.width() - 2 * MARGIN:
            yield f"{_name(widget)}: in {widget.width()}"
    elif isinstance(widget, QAbstractButton):
        shows = not isinstance(widget, QToolButton) or widget.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly
        if shows and widget.text() and widget.sizeHint().width() > widget.width() + 1:
            yield f"{_name(widget)}: {widget.sizeHint().width()} px in {widget.width()}"
    elif isinstance(widget, QComboBox):
        wanted = round(metrics.horizontalAdvance(widget.currentText()))
        if wanted > widget.width() - ARROW:
            yield f"{_name(widget)}: {widget.currentText()!r} of {wanted} px in {widget.width()}"
    elif isinstance(widget, QAbstractSpinBox):
        wanted = round(metrics.horizontalAdvance(widget.text()))
        if wanted > widget.width():
            yield f"{_name(widget)}: {widget.text()!r} of {wanted} px in {widget.width()}"


def _bars(window: QMainWindow) -> Iterator[str]:
    bar = window.findChild(QMenuBar)
    for action in bar.actions() if bar is not None else ():
        if bar is not None and not bar.rect().contains(bar.actionGeometry(action)):
            yield f"the menu {action.text()} has no room"
    for tools in window.findChildren(QToolBar):
        more = tools.findChild(QToolButton, "qt_toolbar_ext_button")
        gone = [action.text() for action in tools.actions() if _has_no_button(tools, action)]
        if gone and (more is None or not more.isVisible() or more.icon().isNull()):
            yield f"no arrow tells of {gone}"
    for header in window.findChildren(QHeaderView):
        shown = header.isVisible() and header.orientation() == Qt.Orientation.Horizontal
        for column in range(header.count()) if shown and not _is_aside(header) else ():
            if not header.isSectionHidden(column) and header.sectionSizeHint(column) > header.sectionSize(column) + 1:
                yield f"column {column}: {header.sectionSizeHint(column)} px in {header.sectionSize(column)}"


def _has_no_button(tools: QToolBar, action: object) -> bool:
    button = tools.widgetForAction(action)  # type: ignore[arg-type]
    return isinstance(button, QToolButton) and not button.isVisible()


def scrolled_away(window: QMainWindow) -> list[str]:
    """Areas that would have to be scrolled to the side."""
    return [
        type(area.widget()).__name__
        for area in window.findChildren(QScrollArea)
        if area.isVisible() and area.widget() is not None and area.widget().width() > area.viewport().width()
    ]
