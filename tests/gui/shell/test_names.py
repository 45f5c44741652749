"""Names that Qt would take for markup, shortcuts or marks are shown as they are, wherever they stand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QMessageBox,
    QProgressBar,
    QTabBar,
    QToolTip,
    QWidget,
)

from studio.gui.inspect.words import GLOSSARY
from studio.gui.mode_table import MODES
from studio.gui.shell.project.questions import ask_to_overwrite, ask_to_save
from studio.gui.widgets.names import NameLabel, PlainLabel, breakable, in_bar, in_menu, in_title, shortened
from studio.gui.widgets.saving import ask_to_replace
from tests.gui.morphing import wait_for

NAME = "<b>&x_" + "long_" * 20 + "end[*]"
MARK = "<b>"


@pytest.fixture
def badly_named(tmp_path: Path, two_files) -> tuple[Path, Path]:
    paths = tmp_path / f"{NAME}.png", tmp_path / f"{NAME}2.jpg"
    for source, path in zip(two_files, paths, strict=True):
        shutil.copy(source, path)
    return paths


def wrongly_shown(root: QWidget) -> Iterator[str]:
    """Whoever would show the name as something else than it is."""
    for widget in [root, *root.findChildren(QWidget)]:
        if isinstance(widget, QLabel) and MARK in widget.text() and widget.isVisible():
            if widget.textFormat() != Qt.TextFormat.PlainText:
                yield f"markup in {type(widget).__name__}: {widget.text()[:60]}"
        elif isinstance(widget, QAbstractButton) and "&x_" in widget.text().replace("&&", ""):
            yield f"a shortcut in {type(widget).__name__}: {widget.text()[:60]}"
        elif isinstance(widget, QTabBar):
            texts = (widget.tabText(index) for index in range(widget.count()))
            yield from (f"a shortcut in a tab: {text[:60]}" for text in texts if "&x_" in text.replace("&&", ""))
    for action in root.findChildren(QAction):
        if MARK in action.text() and "&x_" in action.text().replace("&&", ""):
            yield f"a shortcut in an action: {action.text()[:60]}"
        if MARK in action.text() and len(action.text()) > 140:
            yield f"as wide as the screen: {action.text()[:60]}"


def test_pictures_with_bad_names_in_all_modes(window, qtbot, badly_named, themed):
    a, b = badly_named
    window.opener.open_paths([a, b], "A")
    wait_for(window, qtbot, lambda: window.state.has_both)
    window.panel("style").choice.sources.add(window.state.picture("B"))
    for mode in ("match", "morph", "style"):
        window.actions_[f"mode_{mode}"].trigger()
        for name in ("history", "jobs", "log", "pairs"):
            window.docks[name].raise_()
            qtbot.wait(2)
            assert list(wrongly_shown(window)) == [], (mode, name)
    window.file_menus.fill_pictures("A")
    window.file_menus.fill_projects()
    assert list(wrongly_shown(window)) == []
    assert "&&x_" in window.actions_["undo"].text()
    assert "[*]" in window.windowTitle().replace("[*][*]", "") and MARK in window.windowTitle()
    label = window.viewer.frames["A"].name_label
    assert label.text() == a.name and label.shown_text() != a.name
    head, tail = label.shown_text().split("…")  # the pictures stand in a narrow strip beside the result
    assert head and tail and a.name.startswith(head) and a.name.endswith(tail)
    window.actions_["mode_match"].trigger()
    qtbot.wait(5)
    assert label.shown_text().startswith("<b>&x") and label.shown_text().endswith("[*].png")
    details = window.viewer.frames["A"].details_label
    assert label.geometry().right() < details.geometry().left()


def test_region_with_a_bad_name(style, qtbot):
    regions = style.panel("style").regions
    regions.add_button.click()
    regions.painting.rename(regions.painting.regions[-1].number, "<b>&x_&y")
    qtbot.wait(5)
    assert list(wrongly_shown(style)) == []
    assert any(button.text() == "<b>&&x_&&y" for button in style.panel("style").findChildren(QAbstractButton))


def test_questions_about_bad_names(window, qtbot, monkeypatch):
    seen = []

    def shown(box: QMessageBox) -> int:
        box.show()
        seen.append(box.text())
        assert list(wrongly_shown(box)) == []
        assert box.width() < 900 and not box.iconPixmap().isNull()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", shown)
    ask_to_save(window, NAME)
    ask_to_overwrite(window, NAME)
    ask_to_replace(window, [Path(NAME)])
    assert len(seen) == 3 and all(NAME in text.replace("\u200b", "") for text in seen)


@pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)
def test_tooltips_are_plain_and_of_sixty_letters_a_line(themed, qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.show()
    words = "How much <b>each</b> word of this sentence counts. " * 8
    QToolTip.showText(QPoint(20, 20), words, holder)
    (tip,) = (one for one in QApplication.topLevelWidgets() if one.inherits("QTipLabel") and one.isVisible())
    assert isinstance(tip, QLabel)
    letter, line = tip.fontMetrics().averageCharWidth(), tip.fontMetrics().lineSpacing()
    lines = tip.height() / line
    assert tip.textFormat() == Qt.TextFormat.PlainText and tip.text() == words
    assert tip.width() <= 66 * letter
    assert lines * 60 * letter >= tip.fontMetrics().horizontalAdvance(words) > 60 * letter, "all of it has room"
    QToolTip.showText(QPoint(20, 20), "Short", holder)
    assert tip.height() < 3 * line and tip.width() < 20 * letter
    QToolTip.showText(QPoint(20, 20), words + "And on.", holder)
    assert tip.width() <= 66 * letter and tip.height() > 5 * line
    QToolTip.hideText()


def test_labels_are_plain_unless_they_say_otherwise(themed, qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    plain, rich = QLabel("<b>x</b>", holder), QLabel("<b>x</b>", holder, textFormat=Qt.TextFormat.RichText)
    holder.show()
    assert plain.textFormat() == Qt.TextFormat.PlainText and rich.textFormat() == Qt.TextFormat.RichText
    assert plain.sizeHint().width() > rich.sizeHint().width()


def test_names_keep_both_ends(themed, qtbot):
    assert shortened("short.png") == "short.png" and in_menu("a & b") == "a && b" and in_title("x[*]") == "x[*][*]"
    long = shortened(NAME)
    assert len(long) == 60 and long.startswith("<b>&x") and long.endswith("end[*]") and "…" in long
    label = NameLabel(NAME)
    qtbot.addWidget(label)
    label.resize(150, 20)
    assert label.fontMetrics().horizontalAdvance(label.shown_text()) <= 150
    assert label.shown_text().endswith("[*]") and label.text() == NAME
    bar = QProgressBar()
    qtbot.addWidget(bar)
    bar.setFormat(in_bar("writing 100%p.png"))
    bar.setValue(7)
    assert bar.text().replace("\u200b", "") == "writing 100%p.png" and len(in_bar(NAME)) < 40
    assert breakable("a sentence of short words") == "a sentence of short words"
    wrapped = PlainLabel(NAME, wordWrap=True)
    qtbot.addWidget(wrapped)
    assert wrapped.text() == NAME
    assert wrapped.minimumSizeHint().width() < wrapped.fontMetrics().horizontalAdvance(NAME) / 2


def test_no_tooltip_is_written_as_markup(opened, qtbot):
    assert not [text for text in GLOSSARY.values() if "<" in text]
    for mode in MODES:
        opened.panel(mode.name)
    tips = [widget.toolTip() for widget in opened.findChildren(QWidget)] + [
        action.toolTip() for action in opened.findChildren(QAction)
    ]
    assert not [tip for tip in tips if re.search(r"</?[a-z]+>", tip)]
