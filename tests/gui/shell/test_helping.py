"""Samples, palette, shortcuts and tour in the real window."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from studio.gui.mode_table import MODES
from studio.gui.shell.actions import specs
from studio.gui.shell.keys import FIXED, Keys, normal
from studio.gui.shell.main_window import MainWindow
from studio.gui.shell.settings.language import catalogues
from studio.gui.shell.welcome import THUMB, small_samples
from studio.gui.widgets.bubble import place_beside, rect_in
from studio.gui.widgets.settings_store import Settings
from studio.gui.widgets.theme import apply_theme
from studio.gui.widgets.usable import own_tip, reason_of
from studio.language import PSEUDO, SOURCE, choose
from studio.pairs import PairSet
from studio.progress import Progress
from studio.samples import SAMPLES
from tests.gui.morphing import A_POINTS, B_POINTS, wait_for
from tests.gui.walking import english_in, texts_of

STEPS = 2 + len(MODES)
"""Of the tour: three about the first mode, and one about each other."""


@pytest.fixture
def german():
    choose("de", catalogues())
    yield
    choose(SOURCE, catalogues())


@pytest.fixture
def small(window, qtbot):
    window.resize(1024, 700)
    qtbot.wait(10)
    return window


# --- the first pictures ---


def test_samples_are_offered_until_a_picture_is_open(window, qtbot, two_files):
    welcome = window.helping.welcome
    assert welcome.isVisible() and list(welcome.cards) == list(SAMPLES)
    assert all(frame.hint.isVisible() for frame in window.viewer.frames.values())  # one can still drop files
    window.actions_["mode_morph"].trigger()
    assert welcome.isHidden()  # the result stands there
    window.actions_["mode_match"].trigger()
    assert welcome.isVisible()
    window.opener.open_path(two_files[0], "A")
    qtbot.waitUntil(lambda: window.state.picture("A") is not None)
    assert welcome.isHidden()


def test_one_click_on_a_sample_ends_with_pairs(window, qtbot):
    card = window.helping.welcome.cards["face-and-cat"]
    card.setFocus()
    QTest.keyClick(card, Qt.Key.Key_Return)
    wait_for(window, qtbot, lambda: window.state.has_both and not window.jobs.open_jobs)
    assert len(window.state.pairs) >= 10
    assert {pair.origin for pair in window.state.pairs} == {"matched"}
    assert window.helping.welcome.isHidden()


def test_thumbnails_come_one_after_another(window, qtbot):
    welcome = window.helping.welcome
    assert welcome.needs_pictures
    before = welcome.cards["face-and-cat"].grab().toImage()
    called = []
    window.helping.fill_welcome(lambda: called.append(1))
    qtbot.waitUntil(lambda: bool(called))
    assert not welcome.needs_pictures
    assert welcome.cards["face-and-cat"].grab().toImage() != before
    made = dict(event.preview for event in small_samples())
    assert {pixels.shape for pictures in made.values() for pixels in pictures} == {(2 * THUMB, 2 * THUMB, 3)}
    window.helping.fill_welcome(lambda: called.append(2))  # nothing left to make
    assert called == [1, 2]
    welcome.show_made(Progress(1.0, "no preview"))


def test_cards_are_reached_by_tab_and_fit_into_a_small_window(small, qtbot):
    welcome = small.helping.welcome
    for card in welcome.cards.values():
        assert small.rect().contains(rect_in(small, card)) and not card.has_sentence
    small.resize(1200, 900)
    qtbot.wait(10)
    assert card.has_sentence
    small.resize(1000, 640)
    qtbot.wait(10)
    assert small.height() == 640 and not card.has_sentence  # large cards keep no window large
    seen, widget = [], small.viewer.frames["B"].hint.button
    for _ in range(60):
        widget = widget.nextInFocusChain()
        seen.append(widget)
    assert set(welcome.cards.values()) <= set(seen)


def test_the_tour_is_offered_at_the_first_start_only(window, another, qtbot, monkeypatch):
    assert window.helping.welcome.tour_button.isVisible()
    window.helping.shutdown()
    assert not another().helping.welcome.tour_button.isHidden()  # nobody can have read it by now
    monkeypatch.setattr("studio.gui.shell.welcome.READ_MS", 0)
    window.helping.shutdown()
    window.settings.sync()
    again = another()
    assert again.helping.welcome.isVisible() and again.helping.welcome.tour_button.isHidden()


# --- the palette ---


def found(window, text):
    line = window.helping.palette.line
    line.setText(text)
    return window.helping.palette.found


def test_the_palette_has_every_action_and_every_knob(window):
    window.actions_["palette"].trigger()
    keys = {entry.key for entry in window.helping.palette._entries}
    assert {f"action {spec.id}" for spec in specs(MODES)} <= keys
    knobs = [knob for mode in MODES for group in mode.knobs().values() for knob in group.shown]
    assert sum(key.startswith("knob ") for key in keys) == len(knobs) > 100
    assert {"setting theme", "action sample_two-views"} <= keys
    assert [panel.__class__.__name__ for panel in window.modes.built] == ["MatchPanel"]  # no other was made for it
    window.helping.palette.close_()


def test_an_action_is_found_in_both_languages(german, another, qtbot):
    window = another()
    window.actions_["palette"].trigger()
    for words in ("swap", "tauschen"):
        entry = found(window, words)[0]
        assert entry.key == "action swap" and entry.where == "Bearbeiten" and "T" in entry.keys
        assert not entry.enabled and entry.reason
    window.helping.palette.close_()


def test_the_palette_swaps(opened, qtbot):
    before = opened.state.picture("A")
    opened.activateWindow()
    QTest.keyClick(opened, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert opened.helping.palette.isVisible()
    QTest.keyClicks(opened.helping.palette.line, "swap")
    QTest.keyClick(opened.helping.palette.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened.state.picture("B") is before)


@pytest.mark.parametrize("mode", [mode.name for mode in MODES])
def test_every_knob_of_a_mode_can_be_brought_into_view(small, qtbot, mode):
    panel = small.panel(mode)
    declared = next(one for one in MODES if one.name == mode).knobs()
    assert set(declared) == set(panel.options_shown())
    for options, group in declared.items():
        for knob in (*group.shown[:1], *group.shown[-1:]):
            small.helping.show_knob(mode, options, knob.name)
            qtbot.wait(45)
            field = panel.options_shown()[options].field_of(knob.name)
            assert field.isVisible(), (options, knob.name)
            assert small.rect().contains(rect_in(small, field)), (options, knob.name)
            assert not field.visibleRegion().isEmpty(), (options, knob.name)
            if field.isEnabled():
                focus = QApplication.focusWidget()
                assert focus is field or field.isAncestorOf(focus), (options, knob.name)


def test_a_knob_and_a_setting_are_found_and_get_the_focus(window, qtbot):
    window.actions_["palette"].trigger()
    entry = next(one for one in found(window, "point colours") if one.key == "setting colouring")
    window.helping.palette.run(entry)
    qtbot.waitUntil(lambda: window.settings_controller.dialog is not None)
    assert window.settings_controller.dialog.editors["colouring"].isAncestorOf(
        window.settings_controller.dialog.focusWidget()
    )
    window.settings_controller.dialog.reject()
    window.activateWindow()
    window.actions_["palette"].trigger()
    entry = next(one for one in found(window, "relaxed") if one.where == "Match")
    window.helping.palette.run(entry)
    editor = window.panel("match").form.editors[entry.key.split()[-1]]
    qtbot.waitUntil(lambda: editor.isAncestorOf(QApplication.focusWidget() or window))


# --- shortcuts ---


@pytest.fixture
def dialog(window, qtbot):
    window.actions_["edit_shortcuts"].trigger()
    yield window.helping.dialog
    window.helping.dialog.reject()
    assert window.helping.dialog is None


def press(edit, key, modifiers=Qt.KeyboardModifier.NoModifier):
    edit.setFocus()
    QTest.keyClick(edit, key, modifiers)


def test_a_changed_shortcut_works_is_shown_and_is_kept(opened, another, qtbot):
    opened.actions_["edit_shortcuts"].trigger()
    dialog = opened.helping.dialog
    dialog.choose("swap")
    press(dialog.edits[0], Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert opened.keys.of("swap") == ("Ctrl+J",)
    assert "Ctrl+J" in opened.actions_["swap"].toolTip() and "Ctrl+T" not in opened.actions_["swap"].toolTip()
    assert opened.actions_["swap"].shortcuts() == [QKeySequence("Ctrl+J")]
    assert dialog._items["swap"].text(1) == "Ctrl+J"
    dialog.reject()
    before = opened.state.picture("A")
    opened.activateWindow()
    QTest.keyClick(opened, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert opened.state.picture("A") is before
    QTest.keyClick(opened, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert opened.state.picture("B") is before
    opened.settings.sync()
    assert another().keys.of("swap") == ("Ctrl+J",)


def test_a_conflict_is_told_before_anything_is_taken(window, dialog, qtbot):
    dialog.choose("swap")
    press(dialog.edits[0], Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert "Ctrl+O" in dialog.note.text() and "Open Picture A" in dialog.note.text()
    assert dialog.note.isVisible()
    assert window.keys.of("swap") == ("Ctrl+T",) and window.keys.of("open_a") == ("Ctrl+O",)
    dialog.no_button.click()
    assert dialog.note.isHidden() or not dialog.note.isVisible()
    assert dialog.edits[0].text() == "Ctrl+T"
    press(dialog.edits[0], Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    dialog.yes_button.click()
    assert window.keys.of("swap") == ("Ctrl+O",) and window.keys.of("open_a") == ()
    assert window.actions_["open_a"].shortcut().isEmpty() and "(" not in window.actions_["open_a"].toolTip()
    dialog.reset_button.click()
    assert window.keys.of("swap") == ("Ctrl+T",)
    dialog.reset_all_button.click()
    assert window.keys.of("open_a") == () and dialog.note.isVisible()  # asked first
    dialog.yes_button.click()
    assert not any(window.keys.is_changed(action) for action in window.keys)
    assert window.actions_["open_a"].shortcut() == QKeySequence("Ctrl+O")


def test_fixed_keys_are_listed_and_stay(window, dialog, qtbot):
    dialog.choose("swap")
    press(dialog.edits[1], Qt.Key.Key_Space)
    assert "Space" in dialog.note.text() and not dialog.yes_button.isVisible()
    assert window.keys.of("swap") == ("Ctrl+T",)
    dialog.edits[0].setFocus()
    QTest.keyClick(dialog.edits[0], Qt.Key.Key_Tab)
    assert not dialog.edits[0].isAncestorOf(dialog.focusWidget())  # no trap
    assert window.keys.of("swap") == ("Ctrl+T",)
    rows = dialog.table.findItems("Space", Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive, 1)
    assert len(rows) == 1


def test_no_action_comes_with_a_fixed_key():
    fixed = {normal(one) for keys, _ in Keys(specs(MODES)).fixed for one in keys}
    assert not fixed & {normal(one) for spec in specs(MODES) for one in spec.shortcuts}
    assert {normal(one) for keys, _ in FIXED for one in keys} >= fixed


def test_an_action_has_two_keys_or_none(window, dialog):
    dialog.choose("theme")
    press(dialog.edits[1], Qt.Key.Key_F9)
    assert window.keys.of("theme") == ("Ctrl+Shift+D", "F9")
    dialog.edits[0]._clear.trigger()
    assert window.keys.of("theme") == ("F9",)
    dialog.edits[0]._clear.trigger()
    assert window.keys.of("theme") == ()


def test_the_table_is_searched(window, dialog):
    dialog.search.setText("ctrl+t")
    assert dialog.action == "swap"
    shown = [item for item in dialog._items.values() if not item.isHidden()]
    assert len(shown) < 5
    dialog.search.setText("")
    assert not any(item.isHidden() for item in dialog._items.values())


def test_settings_of_shortcuts_survive_newer_and_broken_ones(tmp_path):
    settings = Settings(tmp_path)
    settings.shortcuts = {"swap": ("Ctrl+N",), "of_tomorrow": ("F9",)}
    keys = Keys(specs(MODES), settings)
    assert keys.of("swap") == ("Ctrl+N",) and keys.of("new_project") == ()  # the person's choice counts
    assert keys.owner("ctrl+n") == "swap"
    keys.reset("swap")
    assert keys.of("new_project") == ("Ctrl+N",)
    assert settings.shortcuts == {"of_tomorrow": ("F9",)}
    for broken in ("[1]", "no", json.dumps({"swap": 3, "fit": [1]})):
        settings._store.setValue("shortcuts", broken)
        assert Keys(specs(MODES), settings).of("swap") == ("Ctrl+T",)


def test_buttons_of_panels_tell_the_key_that_the_action_has_now(window):
    foot = window.panel("match").foot
    assert own_tip(foot.run_button).endswith("(Ctrl+Return)")
    assert foot.run_button.toolTip() == f"{own_tip(foot.run_button)}\n{reason_of(foot.run_button)}"
    window.keys.assign("run", ("F8",))
    assert own_tip(foot.run_button).endswith("(F8)")
    window.keys.assign("run", ())
    assert "(" not in foot.run_button.toolTip()
    for mode, action, button in (
        ("style", "style_run", window.panel("style").foot.run_button),
        ("style", "style_save", window.panel("style").outcome.save_button),
        ("morph", "export_film", window.panel("morph").export.film_button),
        ("inspect", "inspect_run", window.panel("inspect").explain.run_button),
    ):
        window.keys.assign(action, ("F7",))
        assert own_tip(button).endswith("(F7)") and button.toolTip().count("(") == 1, mode


def test_the_sheet_shows_the_keys_of_now(window, qtbot):
    from studio.gui.shell.dialogs import shortcut_sheet

    window.keys.assign("swap", ("F8",))
    sheet = shortcut_sheet(window, window.modes, window.keys, lambda: None)
    qtbot.addWidget(sheet)
    texts = [label.text() for label in sheet.findChildren(QLabel)]
    assert "F8" in texts and "Ctrl+T" not in texts


# --- why not ---


def test_what_is_greyed_says_why(window, opened):
    assert "Pairs" in opened.actions_["select_all"].text() or not opened.actions_["select_all"].isEnabled()
    assert "no pairs" in opened.actions_["export_pairs"].toolTip()
    assert "no pairs" not in opened.actions_["swap"].toolTip()
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    assert "no pairs" not in opened.actions_["export_pairs"].toolTip()


def test_every_condition_of_an_action_has_a_sentence():
    for spec in specs(MODES):
        for condition in spec.needs:
            assert condition.missing.endswith("."), condition
        for condition in spec.unless:
            assert condition.in_the_way.endswith("."), condition


# --- the tour ---


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_bubbles_of_the_tour_lie_inside_the_window_and_beside_their_control(small, qtbot, theme):
    apply_theme(QApplication.instance(), theme)
    small.actions_["tour"].trigger()
    tour = small.helping.tour
    modes, targets = [], []
    for number in range(STEPS):
        qtbot.wait(15)
        assert tour.at == number
        target = tour.step.target(small)
        targets.append(target)
        modes.append(small.modes.current)
        check_bubble(small, tour, target)
        tour.bubble.next_button.click()
    assert small.helping.tour is None and small.modes.current == "match"
    assert modes == ["match", "match", *(mode.name for mode in MODES)]
    assert len(set(targets)) == STEPS and small.menuBar() not in targets
    apply_theme(QApplication.instance(), "dark")


def check_bubble(window, tour, target):
    body, control = tour.bubble.body, rect_in(window, target)
    assert window.rect().contains(tour.bubble.geometry())
    assert not body.intersects(control)
    gap = max(body.left() - control.right(), control.left() - body.right(),
              body.top() - control.bottom(), control.top() - body.bottom())  # fmt: skip
    assert 0 < gap < 30
    assert tour.ring.geometry().contains(control) and tour.bubble.isVisible()
    for label in (tour.bubble.words, tour.bubble.title):
        assert label.height() >= label.heightForWidth(label.width())


def test_a_bubble_follows_its_control(small, qtbot):
    small.actions_["tour"].trigger()
    tour = small.helping.tour
    tour.go(1)
    qtbot.wait(15)
    before = tour.bubble.geometry()
    small.resize(1300, 800)
    qtbot.wait(30)
    check_bubble(small, tour, tour.step.target(small))
    small.toolbar.hide()
    qtbot.wait(30)
    check_bubble(small, tour, tour.step.target(small))  # at the mode's button
    assert tour.bubble.geometry() != before
    small.toolbar.show()
    tour.end()


def test_the_tour_is_driven_by_keys_and_ended_by_escape(window, qtbot):
    window.activateWindow()
    window.actions_["tour"].trigger()
    tour = window.helping.tour
    qtbot.waitUntil(tour.bubble.next_button.hasFocus)
    QTest.keyClick(tour.bubble.next_button, Qt.Key.Key_Return)
    QTest.keyClick(tour.bubble.next_button, Qt.Key.Key_Right)
    assert tour.at == 2
    QTest.keyClick(tour.bubble.next_button, Qt.Key.Key_Left)
    assert tour.at == 1
    QTest.keyClick(tour.bubble.next_button, Qt.Key.Key_Escape)
    assert window.helping.tour is None


def test_the_tour_speaks_german(german, another, qtbot):
    window: MainWindow = another()
    window.resize(1024, 700)
    window.actions_["tour"].trigger()
    tour = window.helping.tour
    for _ in range(STEPS):
        qtbot.wait(15)
        check_bubble(window, tour, tour.step.target(window))
        tour.bubble.next_button.click()


def test_a_bubble_stands_where_there_is_room():
    from PySide6.QtCore import QRect, QSize

    window, size = QRect(0, 0, 800, 600), QSize(300, 150)
    for target in (QRect(10, 10, 60, 30), QRect(730, 10, 60, 30), QRect(300, 560, 400, 30), QRect(730, 560, 60, 30),
                   QRect(10, 100, 780, 40)):  # fmt: skip
        corner, _ = place_beside(target, size, window)
        placed = QRect(corner, size)
        assert window.contains(placed) and not placed.intersects(target)


# --- languages ---


def test_nothing_of_it_escapes_translation(another, qtbot):
    choose(PSEUDO, catalogues())
    try:
        window = another()
        window.actions_["palette"].trigger()
        said = [text for one in window.helping.palette._entries for text in (one.title, one.where, one.reason)]
        window.helping.palette.close_()
        window.actions_["edit_shortcuts"].trigger()
        dialog = window.helping.dialog
        dialog.choose("swap")
        press(dialog.edits[0], Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
        said += [text for _, text in texts_of(dialog)]
        rows = dialog.table.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
        said += [row.text(0) for row in rows]
        dialog.reject()
        window.actions_["tour"].trigger()
        for _ in range(STEPS):
            said += [text for _, text in texts_of(window.helping.tour.bubble)]
            window.helping.tour.bubble.next_button.click()
        said += [text for _, text in texts_of(window.helping.welcome)]
    finally:
        choose(SOURCE, catalogues())
    assert len(said) > 500
    assert {text for text in said if english_in(text)} <= {"Close"}  # Qt's own, which has another translator
