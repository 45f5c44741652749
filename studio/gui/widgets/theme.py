"""Light and dark: our own palettes, the style sheet made from them, and icons in their colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from studio.paths import resources

ThemeName = Literal["system", "light", "dark"]
THEMES: tuple[ThemeName, ...] = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Colors:
    """The colours that everything is painted with; `canvas` lies behind the pictures."""

    window: str
    panel: str
    raised: str
    canvas: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    hover: str
    success: str
    warning: str
    error: str


DARK = Colors(
    window="#1c1d22",
    panel="#24262c",
    raised="#2f323a",
    canvas="#15161a",
    border="#383b45",
    text="#e7e8ec",
    muted="#9da1ad",
    accent="#6d8dff",
    on_accent="#0e1020",
    hover="#3a3e49",
    success="#4cc38a",
    warning="#f2b84b",
    error="#ff7a7a",
)
LIGHT = Colors(
    window="#eef0f3",
    panel="#f9fafb",
    raised="#ffffff",
    canvas="#dfe2e8",
    border="#cfd4dd",
    text="#1d2129",
    muted="#5d6675",
    accent="#3557d6",
    on_accent="#ffffff",
    hover="#e4e8f0",
    success="#18794e",
    warning="#8f5a00",
    error="#c62a2f",
)

_current: Colors = DARK


def colors() -> Colors:
    """The colours in force."""
    return _current


def is_dark() -> bool:
    """Whether the dark palette is in force."""
    return _current is DARK


def apply_theme(app: QApplication, name: ThemeName) -> None:
    """Put a theme in force in all windows; "system" follows the desktop (dark where it does not say)."""
    global _current
    wanted = name
    if name == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        wanted = "light" if scheme == Qt.ColorScheme.Light else "dark"
    _current = LIGHT if wanted == "light" else DARK
    if app.styleSheet() == _style_sheet(_current):
        return  # all widgets would be dressed anew, 0.2 s for a window
    app.setStyle("Fusion")
    app.setPalette(_palette(_current))
    app.setStyleSheet(_style_sheet(_current))


@cache
def _svg(name: str) -> str:
    return (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def icon(name: str) -> QIcon:
    """The drawing `resources/icons/<name>.svg` in the colours in force, sharp at every scale."""
    made = QIcon()
    for mode, color in (
        (QIcon.Mode.Normal, _current.text),
        (QIcon.Mode.Disabled, _current.border),
    ):
        renderer = QSvgRenderer(QByteArray(_svg(name).replace("currentColor", color).encode()))
        for side in (20, 40, 60):
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, side, side))
            painter.end()
            made.addPixmap(pixmap, mode)
    return made


def _palette(c: Colors) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, color in {
        role.Window: c.panel,
        role.WindowText: c.text,
        role.Base: c.raised,
        role.AlternateBase: c.panel,
        role.ToolTipBase: c.raised,
        role.ToolTipText: c.text,
        role.PlaceholderText: c.muted,
        role.Text: c.text,
        role.Button: c.raised,
        role.ButtonText: c.text,
        role.BrightText: c.error,
        role.Link: c.accent,
        role.Highlight: c.accent,
        role.HighlightedText: c.on_accent,
        role.Light: c.hover,
        role.Mid: c.border,
        role.Dark: c.border,
        role.Shadow: "#000000",
    }.items():
        palette.setColor(which, QColor(color))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(c.muted).darker(130) if c is DARK else c.muted)
    return palette


def _style_sheet(c: Colors) -> str:
    # Style sheets take pictures by path only, so these two lie ready in both themes' colours.
    theme = "dark" if c is DARK else "light"
    chevron, check = ((resources() / "icons" / f"{name}-{theme}.svg").as_posix() for name in ("chevron", "check"))
    return f"""
    QMainWindow, QDialog {{ background: {c.window}; }}
    QMainWindow::separator {{ background: {c.window}; width: 5px; height: 5px; }}
    QMainWindow::separator:hover {{ background: {c.accent}; }}
    QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.border}; padding: 4px 6px; }}
    QMenuBar {{ background: {c.window}; padding: 2px 4px; }}
    QMenuBar::item {{ padding: 4px 9px; border-radius: 4px; background: transparent; }}
    QMenuBar::item:selected {{ background: {c.hover}; }}
    QMenu {{ background: {c.panel}; border: 1px solid {c.border}; padding: 5px; }}
    QMenu::item {{ padding: 5px 26px 5px 10px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}
    QMenu::item:disabled {{ color: {c.muted}; background: transparent; }}
    QMenu::separator {{ height: 1px; background: {c.border}; margin: 5px 8px; }}
    QMenu::icon {{ padding-left: 6px; }}
    QToolBar {{ background: {c.window}; border: none; spacing: 2px; padding: 3px 6px; }}
    QToolBar::separator {{ background: {c.border}; width: 1px; margin: 5px 6px; }}
    QToolButton {{ border: 1px solid transparent; border-radius: 5px; padding: 4px 6px; background: transparent; }}
    QToolButton:hover {{ background: {c.hover}; }}
    QToolButton:checked {{ background: {c.raised}; border-color: {c.accent}; }}
    QToolButton:pressed {{ background: {c.border}; }}
    QToolButton:disabled {{ color: {c.muted}; }}
    QDockWidget {{ color: {c.muted}; font-weight: 600; }}
    QDockWidget::title {{ background: {c.window}; padding: 5px 8px; }}
    QDockWidget > QWidget {{ background: {c.panel}; }}
    QTabBar {{ background: {c.window}; }}
    QTabBar::tab {{ background: {c.window}; color: {c.muted}; padding: 5px 13px; border: none;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
    QTabBar::tab:hover {{ color: {c.text}; }}
    QStatusBar {{ background: {c.window}; color: {c.muted}; }}
    QStatusBar::item {{ border: none; }}
    QStatusBar QLabel {{ color: {c.muted}; padding: 1px 9px 3px 9px; }}
    QPushButton {{ background: {c.raised}; border: 1px solid {c.border}; border-radius: 6px; padding: 6px 14px; }}
    QPushButton:hover {{ background: {c.hover}; }}
    QPushButton:pressed {{ background: {c.border}; }}
    QPushButton:disabled {{ color: {c.muted}; background: {c.panel}; }}
    QPushButton:focus, QToolButton:focus {{ border-color: {c.accent}; }}
    QPushButton#primary {{ background: {c.accent}; color: {c.on_accent}; border-color: {c.accent}; font-weight: 600; }}
    QPushButton#primary:hover {{ background: {QColor(c.accent).lighter(112).name()}; }}
    QPushButton#primary:disabled {{ background: {c.raised}; color: {c.muted}; border-color: {c.border}; }}
    QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{ background: {c.raised}; border: 1px solid {c.border};
        border-radius: 5px; padding: 3px 6px; min-height: 20px;
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QLineEdit:focus {{ border-color: {c.accent}; }}
    QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{
        width: 0; height: 0; border: none; }}
    QAbstractSpinBox QLineEdit {{ border: none; padding: 0; min-height: 0; background: transparent; }}
    QComboBox::drop-down {{ border: none; width: 22px; }}
    QComboBox::down-arrow {{ image: url("{chevron}"); width: 12px; height: 12px; }}
    QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled {{ color: {c.muted}; background: {c.panel}; }}
    QCheckBox::indicator, QTableView::indicator {{ width: 16px; height: 16px; border: 1px solid {c.muted};
        border-radius: 4px; background: {c.raised}; }}
    QTableView::indicator {{ width: 14px; height: 14px; }}
    QCheckBox::indicator:hover, QTableView::indicator:hover {{ border-color: {c.accent}; }}
    QUndoView::item {{ padding: 4px 8px; }}
    QTableView::indicator:checked {{ background: {c.accent}; border-color: {c.border}; image: url("{check}"); }}
    QCheckBox::indicator:checked {{ background: {c.accent}; border-color: {c.accent}; image: url("{check}"); }}
    QCheckBox::indicator:disabled {{ border-color: {c.border}; }}
    QComboBox QAbstractItemView {{ background: {c.panel}; border: 1px solid {c.border};
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; outline: none; }}
    QSlider::groove:horizontal {{ height: 4px; background: {c.border}; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {c.accent}; border-radius: 2px; }}
    QSlider::handle:horizontal {{ background: {c.text}; width: 14px; height: 14px; margin: -5px 0;
        border-radius: 7px; }}
    QSlider::handle:horizontal:hover {{ background: {c.accent}; }}
    QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: {c.border}; }}
    QProgressBar {{ background: {c.raised}; border: 1px solid {c.border}; border-radius: 5px; height: 14px;
        text-align: center; color: {c.text}; }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: 4px; }}
    QHeaderView::section {{ background: {c.panel}; color: {c.muted}; border: none; border-bottom: 1px solid {c.border};
        padding: 5px 8px; font-weight: 600; }}
    QTableView, QPlainTextEdit, QTreeView {{ background: {c.panel}; alternate-background-color: {c.window};
        border: none; gridline-color: {c.border}; selection-background-color: {c.accent};
        selection-color: {c.on_accent}; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: {c.panel}; border: none; }}
    QScrollBar:vertical {{ background: transparent; width: 11px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 11px; margin: 0; }}
    QScrollBar::handle {{ background: {c.border}; border-radius: 4px; margin: 2px; min-height: 26px; min-width: 26px; }}
    QScrollBar::handle:hover {{ background: {c.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QSplitter::handle {{ background: {c.window}; }}
    QLabel#heading {{ font-weight: 600; color: {c.text}; }}
    QLabel#muted {{ color: {c.muted}; }}
    QFrame#rule {{ background: {c.border}; max-height: 1px; border: none; }}
    """
