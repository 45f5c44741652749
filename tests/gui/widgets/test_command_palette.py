"""What is found by a few letters, and the box that finds it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMainWindow, QVBoxLayout, QWidget

from studio.gui.widgets.command_palette import CommandPalette, Entry, ranked
from studio.gui.widgets.fuzzy import fit, folded


def entry(title, where="Edit", **more):
    return Entry(key=title, title=title, where=where, run=lambda: None, **more)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("swap", "Swap A and B"),
        ("sab", "Swap A and B"),
        ("ergebnis groß", "Größe des Ergebnisses"),
        ("gros", "Größe"),
        ("undp", "Undo"),
    ],
)
def test_letters_typed_in_haste_fit(query, text):
    fits = fit(folded(query), folded(text)) > 0
    assert fits == (query != "undp")


def test_better_fits_come_first():
    texts = ["steps", "steps of the slow start", "two steps", "footsteps", "some turned epics"]
    values = [fit("steps", text) for text in texts]
    assert values == sorted(values, reverse=True) and values[3] > 0
    assert fit("xq", "steps") == 0 and fit("", "steps") == 0 and fit("steps", "") == 0
    assert fit("s", "e.s") > 0 and fit("sx", "s" + 40 * "a" + "x") == 0


def test_titles_count_more_than_places_and_english_is_found_too():
    entries = [
        entry("Größe", where="Stil", english="Size"),
        entry("Punkte", where="Größe"),
        entry("Tauschen", english="Swap"),
    ]
    assert [one.title for one in ranked(entries, "grosse")] == ["Größe", "Punkte"]
    assert [one.title for one in ranked(entries, "swap")] == ["Tauschen"]
    assert [one.title for one in ranked(entries, "stil gro")] == ["Größe"]
    assert [one.title for one in ranked([entry("A and B"), entry("Abandon")], "aban")] == ["Abandon"]
    assert [one.title for one in ranked([entry("Swap A and B")], "swpa")] == ["Swap A and B"]
    twins = [entry("Run", where="Style", enabled=False), entry("Run", where="Match")]
    assert ranked(twins, "run")[0].enabled


@pytest.fixture
def stage(themed, qtbot):
    window = QMainWindow()
    body = QWidget()
    window.line = QLineEdit()
    QVBoxLayout(body).addWidget(window.line)
    window.setCentralWidget(body)
    window.resize(700, 500)
    window.palette_ = CommandPalette(window)
    window.show()
    qtbot.addWidget(window)
    qtbot.waitExposed(window)
    window.activateWindow()
    window.line.setFocus()
    qtbot.waitUntil(window.line.hasFocus)
    return window


def test_enter_does_it_and_the_focus_comes_back(stage, qtbot):
    done = []
    entries = [Entry(name, name, "Here", lambda name=name: done.append(name)) for name in ("Open", "Swap", "Save")]
    stage.palette_.open(entries)
    assert stage.palette_.line.hasFocus() and len(stage.palette_.found) == 3
    QTest.keyClick(stage.palette_.line, Qt.Key.Key_Down)
    QTest.keyClick(stage.palette_.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: done == ["Swap"])
    assert stage.palette_.isHidden() and stage.line.hasFocus()
    stage.palette_.open(entries)
    assert [one.title for one in stage.palette_.found] == ["Swap", "Open", "Save"]  # done last, first
    QTest.keyClick(stage.palette_.line, Qt.Key.Key_Up)  # from the first one to the last
    QTest.keyClick(stage.palette_.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: done == ["Swap", "Save"])


def test_what_cannot_be_done_says_why_and_the_box_stays(stage, qtbot):
    stage.palette_.open([entry("Swap", enabled=False, reason="Open a picture first.")])
    QTest.keyClick(stage.palette_.line, Qt.Key.Key_Return)
    assert stage.palette_.isVisible() and stage.palette_.note.text() == "Open a picture first."
    QTest.keyClicks(stage.palette_.line, "zzz")
    assert not stage.palette_.found and stage.palette_.note.text()
    QTest.keyClick(stage.palette_.line, Qt.Key.Key_Escape)
    assert stage.palette_.isHidden()


def test_it_goes_with_the_focus_and_stays_inside_the_window(stage, qtbot):
    stage.palette_.open([entry(f"Entry {number}") for number in range(40)])
    stage.resize(500, 300)
    qtbot.wait(10)
    assert stage.rect().contains(stage.palette_.geometry())
    stage.line.setFocus()
    assert stage.palette_.isHidden() and stage.line.hasFocus()
