"""What the bar of messages offers where a file was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from studio.gui.widgets import messages
from studio.gui.widgets.messages import MessageBar, Messages, Severity
from studio.gui.widgets.showing_files import show_in_folder


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """What the desktop was asked to open."""
    urls: list[str] = []

    def take(url: QUrl) -> bool:
        urls.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", take)
    monkeypatch.setattr("sys.platform", "linux")
    return urls


def test_what_was_written_is_opened_and_shown_in_its_folder(window, tmp_path, opened):
    bar, path = window.messages, tmp_path / "a film.gif"
    path.write_bytes(b"GIF89a")
    window.sink.wrote("The film was written.", path)
    assert bar.isVisible() and bar.severity is Severity.SUCCESS and bar.text() == "The film was written."
    bar.open_button.click()
    bar.folder_button.click()
    assert [Path(one) for one in opened] == [path, tmp_path]
    window.sink.info("Something else.")
    assert not bar.open_button.isVisible() and not bar.folder_button.isVisible()


def test_a_desktop_without_a_program_says_so(themed, qtbot, monkeypatch, tmp_path):
    bar = MessageBar()
    qtbot.addWidget(bar)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    bar.show_message(Severity.SUCCESS, "Written.", path=tmp_path / "field.npy")
    bar.open_button.click()
    assert bar.severity is Severity.WARNING and "field.npy" in bar.text()


def test_a_written_file_stays_offered_for_a_while(themed, qtbot, tmp_path):
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.show_message(Severity.SUCCESS, "Written.", path=tmp_path / "x.png")
    assert bar.hide_timer.interval() == messages.WRITTEN_LIVES
    sink, told = Messages(), []
    sink.written.connect(lambda *what: told.append(what))
    sink.wrote("Written.", tmp_path)
    assert told == [("Written.", tmp_path)]


def test_what_is_gone_shows_the_folder_it_was_in(opened, tmp_path):
    assert show_in_folder(tmp_path / "gone.png")
    assert [Path(one) for one in opened] == [tmp_path]
