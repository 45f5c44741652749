"""The small windows: shortcuts, About."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio import __version__
from studio.gui.mode.mode import Mode
from studio.gui.shell.actions import menus
from studio.gui.widgets.action import ActionSpec
from studio.gui.widgets.theme import icon
from studio.language import tr, translatable

GESTURES = (
    (translatable("Mouse wheel"), translatable("Zoom at the cursor")),
    (translatable("Middle button, or Space and drag"), translatable("Pan")),
    (translatable("Double click"), translatable("Fit")),
    (translatable("Click on a point"), translatable("Select its pair everywhere")),
    (translatable("Ctrl and click"), translatable("Select one more, or one less")),
    (translatable("Drag beside all points"), translatable("Select what is inside")),
    (translatable("Drag a point"), translatable("Move it, and all selected ones with it")),
    (translatable("Shift while dragging"), translatable("Move ten times finer")),
    (translatable("Arrow keys"), translatable("Nudge by 1 pixel (Shift: 10, Alt: 0.1)")),
    (translatable("Alt and click"), translatable("Ask why there is no pair")),
    (translatable("Drop two files"), translatable("Open both pictures at once")),
)


def shortcut_sheet(parent: QWidget, modes: Iterable[Mode]) -> QDialog:
    """All shortcuts, by menu, and the gestures of the mouse."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("Keyboard shortcuts"))
    columns = QHBoxLayout()
    columns.setSpacing(30)
    groups = [
        (
            tr(menu),
            [
                (_keys(spec.shortcuts), tr(spec.title).rstrip("…"))
                for spec in entries
                if isinstance(spec, ActionSpec) and spec.shortcuts
            ],
        )
        for menu, entries in menus(modes).items()
    ]
    groups.append((tr("Mouse"), [(tr(gesture), tr(effect)) for gesture, effect in GESTURES]))
    for part in (groups[:2], groups[2:4], groups[4:]):
        column = QVBoxLayout()
        for title, rows in part:
            column.addWidget(_group(title, rows))
        column.addStretch(1)
        columns.addLayout(column)
    body = QWidget()
    body.setLayout(columns)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidget(body)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(scroll)
    layout.addWidget(buttons)
    dialog.resize(max(1060, body.sizeHint().width() + 60), 480)
    return dialog


def about_dialog(parent: QWidget, device: str) -> QDialog:
    """Versions, device and licence, ready to be copied into a report."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("About Buddies Studio"))
    lines = [
        f"Buddies Studio {__version__}",
        f"Python {platform.python_version()}, Qt {qVersion()}, {_torch_version()}",
        tr("Device: {device}", device=device),
        f"{platform.system()} {platform.release()} {platform.machine()}",
    ]
    mark = QLabel()
    mark.setPixmap(icon("app").pixmap(60, 60))
    name = QLabel("Buddies Studio")
    font = name.font()
    font.setPointSizeF(font.pointSizeF() * 1.7)
    font.setBold(True)
    name.setFont(font)
    text = QLabel("\n".join(lines))
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    credit = QLabel(
        tr(
            "Finds which point of one picture corresponds to which point of the other, after\n"
            "Aberman et al., “Neural Best-Buddies: Sparse Cross-Domain Correspondence”, SIGGRAPH 2018.\n"
            "MIT licence."
        )
    )
    credit.setObjectName("muted")
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    copy = buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText("\n".join(lines)))
    buttons.rejected.connect(dialog.reject)
    head = QHBoxLayout()
    head.addWidget(mark)
    head.addSpacing(8)
    head.addWidget(name, 1)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(22, 18, 22, 14)
    layout.setSpacing(12)
    layout.addLayout(head)
    layout.addWidget(text)
    layout.addWidget(credit)
    layout.addWidget(buttons)
    return dialog


def _torch_version() -> str:
    torch = sys.modules.get("torch")  # not imported just to ask for its version
    return f"torch {torch.__version__}" if torch is not None else tr("torch not loaded yet")


def _keys(shortcuts: tuple[str, ...]) -> str:
    return tr("  or  ").join(QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) for keys in shortcuts)


def _group(title: str, rows: list[tuple[str, str]]) -> QWidget:
    group = QWidget()
    grid = QGridLayout(group)
    grid.setContentsMargins(0, 0, 0, 10)
    grid.setHorizontalSpacing(16)
    head = QLabel(title)
    head.setObjectName("heading")
    grid.addWidget(head, 0, 0, 1, 2)
    for row, (keys, text) in enumerate(rows, start=1):
        key = QLabel(keys)
        key.setObjectName("muted")
        grid.addWidget(key, row, 0)
        grid.addWidget(QLabel(text), row, 1)
    grid.setColumnStretch(1, 1)
    return group
