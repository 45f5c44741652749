"""What becomes of a name on its way in: it is shown as it is, in the window and on the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolTip

from studio.errors import StudioError
from studio.files import FileError, check_source, ordinary, read_text
from studio.gui.shell.main_window import MainWindow
from studio.gui.widgets.messages import Severity
from studio.progress import Job, Progress
from studio.terminal import drain, table
from tests.faults import pictures, projects
from tests.gui.projects import open_project

NAME = "Tom & <b>Jerry [red] [*]"
"""What Qt takes for a shortcut, for markup and for the place of a star, and rich for a colour."""


def read_by_a_person(tip: str) -> str:
    """The words of a tooltip: none is shown as markup, and where a line may be broken is not seen."""
    QToolTip.showText(QPoint(20, 20), tip)
    (shown,) = (one for one in QApplication.topLevelWidgets() if one.inherits("QTipLabel") and one.isVisible())
    assert isinstance(shown, QLabel) and shown.textFormat() == Qt.TextFormat.PlainText
    QToolTip.hideText()
    return shown.text().replace("\u200b", "")


@pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)
def test_a_picture_is_called_by_its_name(window: MainWindow, qtbot, tmp_path: Path) -> None:
    """mgba-emu/mgba#552, lxqt/lximage-qt#744 (ampersands in recent files); qTox/qTox#2539 (markup in tooltips)."""
    path = tmp_path / f"{NAME}.png"
    try:
        pictures.photo().save(path)
    except OSError as error:
        pytest.skip(f"this disk has no such names: {error.strerror}")
    window.opener.open_paths([path], "A")
    qtbot.waitUntil(lambda: not window.opener.is_loading)
    frame = window.viewer.frames["A"]
    assert (frame.name_label.text(), frame.name_label.textFormat()) == (path.name, Qt.TextFormat.PlainText)
    assert read_by_a_person(frame.name_label.toolTip()) == path.name
    window.file_menus.fill_pictures("A")
    newest = window.file_menus.pictures["A"].actions()[0]
    assert newest.text().replace("&&", "\0").replace("&", "").replace("\0", "&") == path.name
    assert read_by_a_person(newest.toolTip()) == str(path)


def test_a_project_is_called_by_its_name(window: MainWindow, qtbot, tmp_path: Path) -> None:
    """mgba-emu/mgba#552; a title's `[*]` is Qt's place for a star, two of them are the letters."""
    try:
        path = projects.good(tmp_path / f"{NAME}.buddies")
    except OSError as error:
        pytest.skip(f"this disk has no such names: {error.strerror}")
    open_project(window, qtbot, path)
    title = window.windowTitle().replace("[*][*]", "\0")
    assert title.count("[*]") == 1 and title.startswith(path.name.replace("[*]", "\0") + "[*]")
    window.file_menus.fill_projects()
    newest = window.file_menus.projects.actions()[0]
    assert newest.text().replace("&&", "\0").replace("&", "").replace("\0", "&") == path.name
    qtbot.waitUntil(lambda: window.document.autosave.is_idle)


def test_a_sentence_with_a_name_is_no_markup(window: MainWindow) -> None:
    """spesmilo/electrum#10972: labels take for markup what looks like it."""
    window.show_message(Severity.ERROR, f"“{NAME}” is damaged.")
    assert window.messages.label.textFormat() == Qt.TextFormat.PlainText


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "160")


def test_a_progress_bar_shows_the_name(terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    """spotDL/spotify-downloader#1738: what stands in square brackets was swallowed, or ended the program."""

    def job() -> Job[None]:
        yield Progress(0.5, "Opening [red]a[/blue].png\x1b[2J")

    drain(job(), "match")
    shown = capsys.readouterr().err
    assert "Opening [red]a[/blue].png\\x1b[2J" in shown


def test_a_table_shows_the_name(terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Textualize/rich#3203."""
    table(("name",), [("[red]a[/blue].png",)])
    assert "[red]a[/blue].png" in capsys.readouterr().out


def test_a_sentence_is_one_line() -> None:
    """martinus/oans#202, sharkdp/fd#2105: names that end the line or steer the terminal."""
    assert str(StudioError("“a\nb\r\x1b[2J\u2028\x85é 猫\N{ZERO WIDTH JOINER}.png”")) == (
        "“a\\nb\\r\\x1b[2J\\u2028\\x85é 猫\N{ZERO WIDTH JOINER}.png”"
    )


def test_what_is_no_ordinary_file_is_named(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path, "it is a folder"),
        (tmp_path / "gone", "there is no such file or folder"),
        (pictures.pipe(tmp_path, "pipe"), "it is not an ordinary file"),
        (pictures.link(tmp_path, "loop", "loop"), "it is a link that leads back to itself"),
    ):
        with pytest.raises(FileError, match=f"“{path.name}” can't be read: {reason}."):
            check_source(path)
        with pytest.raises(FileError, match=f"“{path.name}” can't be read: {reason}."):
            read_text(path)
    (tmp_path / "file").touch()
    assert ordinary(tmp_path / "file") == tmp_path / "file"
