"""The style of all widgets, Fusion, and what all of them have in common however and by whom they are made.

Qt hands every widget to the style once, before it is first shown: the one place that reaches each control of each
panel and dialog, those of Qt's own included.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QProxyStyle, QStyle, QStyleOption, QWidget

from studio.gui.widgets.hands import Hands
from studio.gui.widgets.tips import Tips, is_tip

_Kind = QStyle.StandardPixmap
ICONS: dict[QStyle.StandardPixmap, str] = {
    _Kind.SP_MessageBoxQuestion: "help",
    _Kind.SP_MessageBoxInformation: "information",
    _Kind.SP_MessageBoxWarning: "warning",
    _Kind.SP_MessageBoxCritical: "error",
    _Kind.SP_TitleBarCloseButton: "close",
    _Kind.SP_DockWidgetCloseButton: "close",
    _Kind.SP_TitleBarNormalButton: "float",
    _Kind.SP_TitleBarMaxButton: "full-screen",
    _Kind.SP_TitleBarMinButton: "minimise",
    _Kind.SP_TitleBarContextHelpButton: "help",
    _Kind.SP_TitleBarMenuButton: "app",
    _Kind.SP_LineEditClearButton: "close",
    _Kind.SP_TabCloseButton: "close",
    _Kind.SP_ToolBarHorizontalExtensionButton: "more-right",
    _Kind.SP_ToolBarVerticalExtensionButton: "more-down",
    _Kind.SP_DirIcon: "folder",
    _Kind.SP_DirOpenIcon: "folder",
    _Kind.SP_DirClosedIcon: "folder",
    _Kind.SP_DirLinkIcon: "folder",
    _Kind.SP_DirLinkOpenIcon: "folder",
    _Kind.SP_DirHomeIcon: "home",
    _Kind.SP_DesktopIcon: "computer",
    _Kind.SP_ComputerIcon: "computer",
    _Kind.SP_DriveHDIcon: "drive",
    _Kind.SP_DriveCDIcon: "drive",
    _Kind.SP_DriveDVDIcon: "drive",
    _Kind.SP_DriveFDIcon: "drive",
    _Kind.SP_DriveNetIcon: "drive",
    _Kind.SP_TrashIcon: "delete",
    _Kind.SP_FileIcon: "file",
    _Kind.SP_FileLinkIcon: "file",
    _Kind.SP_FileDialogNewFolder: "new-folder",
    _Kind.SP_FileDialogToParent: "up",
    _Kind.SP_FileDialogBack: "previous",
    _Kind.SP_FileDialogListView: "list",
    _Kind.SP_FileDialogDetailedView: "details",
    _Kind.SP_FileDialogContentsView: "details",
    _Kind.SP_FileDialogInfoView: "information",
    _Kind.SP_FileDialogStart: "home",
    _Kind.SP_FileDialogEnd: "next",
    _Kind.SP_ArrowUp: "up",
    _Kind.SP_ArrowDown: "more-down",
    _Kind.SP_ArrowLeft: "previous",
    _Kind.SP_ArrowRight: "next",
    _Kind.SP_ArrowBack: "previous",
    _Kind.SP_ArrowForward: "next",
    _Kind.SP_BrowserReload: "reset",
    _Kind.SP_BrowserStop: "close",
    _Kind.SP_MediaPlay: "play",
    _Kind.SP_MediaPause: "pause",
}
"""Our drawings for Qt's own; buttons of dialogs, which say in words what they do, have none."""


class HouseStyle(QProxyStyle):
    """Fusion, with our drawings, and with `Hands` and `Tips` for every widget.

    A label shows plain text unless it says that it holds HTML: a `<b>` in the name of a file is no markup. What is too
    long for a cell loses its middle, since names tend to begin alike and to end in what tells them apart.
    """

    def __init__(self, icons: Callable[[str], QIcon]) -> None:
        """`icons` gives the drawing of a name in the colours in force."""
        super().__init__("Fusion")
        self._icons = icons
        self.hands, self._tips = Hands(self), Tips(self)

    def polish(self, target: QWidget | QApplication | QPalette) -> None:  # type: ignore[override]
        super().polish(target)
        if not isinstance(target, QWidget):
            return
        if isinstance(target, QLabel):
            if target.textFormat() == Qt.TextFormat.AutoText:  # the first time
                target.setTextFormat(Qt.TextFormat.PlainText)
                if is_tip(target):
                    self._tips.take_in(target)
        elif isinstance(target, QAbstractItemView):
            target.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.hands.take_in(target)

    def standardIcon(
        self, which: QStyle.StandardPixmap, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> QIcon:
        return self._icons(ICONS[which]) if which in ICONS else QIcon()

    def standardPixmap(
        self, which: QStyle.StandardPixmap, opt: QStyleOption | None = None, widget: QWidget | None = None
    ) -> QPixmap:
        return self._icons(ICONS[which]).pixmap(32, 32) if which in ICONS else QPixmap()
