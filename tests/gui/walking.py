"""Every text that a window shows, and which of them are still English."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QProgressBar,
    QSpinBox,
    QTabBar,
    QUndoView,
    QWidget,
)

from studio.attribution.options import METHODS, InspectOptions
from studio.buddies.options import MatchOptions
from studio.dream.options import AdversaryOptions, DreamOptions, MaximiseOptions, ZoomOptions
from studio.featurevis.embedding import EmbeddingOptions
from studio.gui.shell.settings.preferences import Preferences
from studio.morph.options import ExportOptions, MorphOptions, StillOptions
from studio.options import Options
from studio.style.options import InstantOptions, InversionOptions, StyleOptions, TextureOptions

SHOWN: tuple[type[Options], ...] = (
    MatchOptions, MorphOptions, StillOptions, ExportOptions, StyleOptions, InstantOptions, TextureOptions,
    InversionOptions, InspectOptions, DreamOptions, MaximiseOptions, ZoomOptions, AdversaryOptions, EmbeddingOptions,
    Preferences, *(method.options for method in METHODS.values()),
)  # fmt: skip
"""Whose knobs stand in a form."""
VALUES = sorted({value for model in SHOWN for knob in model.knobs() for value in knob.choices}, key=len, reverse=True)
"""What files and the command line say, and tooltips say that they do: the longest first."""
NOT_ENGLISH = (
    rf"(= |“)({'|'.join(map(re.escape, VALUES))})(?= ·|”|\n|$)",
    r"Buddies Studio",
    r"BuddyNet|VGG-1[69]|SqueezeNet 1\.[01]|ResNet-50|ConvNeXt-T",
    r"\b(relu|conv|pool|block|level|points)\w*[0-9_.]+\w*",  # layers of a network
    r"\b(cat|coffee)\b(\.png|\.jpg)?",  # the pictures of the test
    r"\*?\.(png|jpe?g|jpe|webp|tiff?|bmp|gif|avif|hei[cf]|p[pg]m|mp4|mov|mkv|apng|npy|csv|json|txt|pth|pt|safetensors|model|buddies)\b",
    r"\b(morph|warped|field|pairs|gradient|style-[\w-]+)(?=\.\w)",  # names that dialogs propose for a file
    r"\bnothing\.png",  # a file that is not there
    r"(?<=[\d )])(px|GB|MB|ms|s|min|fps)\b",  # units
    r"\bpx\b",
    r"(Ctrl|Shift|Alt|Esc|Return|Enter|Del|Backspace|Space|Tab|F\d+)(?=$|[+,) ])",  # keys, as Qt writes them
    r"\b(Python|Qt|torch|PySide6|Linux|Windows|Darwin|macOS|x86_64|aarch64|arm64|English|Deutsch)\b\S*",
    r"[\w-]*\b\d[\w.+-]*",  # version and device numbers
    r"[/\\]\S+",  # paths
    r"en-XA",
)
"""The only words in Latin letters without accents that may be seen in the pseudo-language, and single letters."""
_ALLOWED = re.compile("|".join(f"(?:{one})" for one in NOT_ENGLISH))
_ENGLISH = re.compile(r"[A-Za-z]{2,}")
Seen = dict[str, str]
"""Text to the place where it was seen first."""


def english_in(text: str) -> str:
    """What is left of a text in English, without tags; "" if nothing is."""
    plain = html.unescape(re.sub(r"<[^<>]*>", " ", text))
    return " ".join(_ENGLISH.findall(_ALLOWED.sub(" ", plain)))


def texts_of(root: QWidget) -> Iterator[tuple[str, str]]:
    """(place, text) of everything that a widget and all below it say."""
    for widget in [root, *root.findChildren(QWidget)]:
        place = f"{type(widget).__name__} {widget.objectName()}".strip()
        for text in _own_texts(widget):
            yield place, text
    for action in root.findChildren(QAction):
        for text in (action.text(), action.iconText(), action.toolTip(), action.statusTip()):
            yield f"QAction {action.objectName()}", text


def _own_texts(widget: QWidget) -> Iterator[str]:
    yield from (widget.windowTitle(), widget.toolTip(), widget.statusTip(), widget.whatsThis())
    yield from (widget.accessibleName(), widget.accessibleDescription())
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    elif isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    elif isinstance(widget, QGroupBox | QMenu):
        yield widget.title()
    elif isinstance(widget, QComboBox):
        for index in range(widget.count()):
            yield widget.itemText(index)
            yield str(widget.itemData(index, Qt.ItemDataRole.ToolTipRole) or "")
    elif isinstance(widget, QTabBar):
        for index in range(widget.count()):
            yield from (widget.tabText(index), widget.tabToolTip(index))
    elif isinstance(widget, QAbstractSpinBox):
        yield widget.specialValueText()
        if isinstance(widget, QSpinBox | QDoubleSpinBox):
            yield from (widget.prefix(), widget.suffix())
    elif isinstance(widget, QProgressBar):
        yield widget.format()
    elif isinstance(widget, QUndoView):
        yield widget.emptyLabel()
    if isinstance(widget, pg.PlotWidget):
        yield from (widget.getAxis(side).labelText for side in ("left", "bottom"))
    if isinstance(widget, QAbstractItemView):
        yield from _cells(widget)


def _cells(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    if model is None:
        return
    root, roles = QModelIndex(), (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(root)
    for role in roles:
        for column in range(columns):
            yield _word(model.headerData(column, Qt.Orientation.Horizontal, role))
            for row in range(model.rowCount(root)):
                yield _word(model.data(model.index(row, column, root), role))


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


class Walk:
    """Gathers what is seen while a test goes through the window, painted texts and dialogs of files included."""

    def __init__(self, monkeypatch: Any) -> None:
        self.seen: Seen = {}
        self._spy_on_painters(monkeypatch)
        self._answer_dialogs(monkeypatch)

    def look(self, root: QWidget | None) -> None:
        """Take in all that is there now."""
        if root is not None:
            for place, text in texts_of(root):
                self.take(place, text)

    def take(self, place: str, text: str) -> None:
        if text:
            self.seen.setdefault(text, place)

    def left(self) -> list[str]:
        """What was seen in English."""
        return [f"{place}: {text!r} ({english_in(text)})" for text, place in self.seen.items() if english_in(text)]

    def _spy_on_painters(self, monkeypatch: Any) -> None:
        draw = QPainter.drawText

        def drawing(painter: QPainter, *arguments: Any) -> Any:
            for one in arguments:
                if isinstance(one, str):
                    self.take("painted", one)
            return draw(painter, *arguments)

        monkeypatch.setattr(QPainter, "drawText", drawing)

    def _answer_dialogs(self, monkeypatch: Any) -> None:
        def answering(answer: Any) -> Callable[..., Any]:
            def asked(*arguments: Any, **_: Any) -> Any:
                for one in arguments:
                    if isinstance(one, str):
                        self.take("file dialog", one)
                return answer

            return asked

        for name in ("getOpenFileName", "getSaveFileName"):
            monkeypatch.setattr(QFileDialog, name, answering(("", "")))
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", answering(([], "")))
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", answering(""))
        monkeypatch.setattr(QMessageBox, "question", answering(QMessageBox.StandardButton.Cancel))

        def shown(box: QMessageBox) -> int:
            self.look(box)
            self.take("QMessageBox", box.text())
            self.take("QMessageBox", box.informativeText())
            return 0

        monkeypatch.setattr(QMessageBox, "exec", shown)


def dialogs_of(window: QObject) -> list[QDialog]:
    """The dialogs that are open."""
    return [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]
