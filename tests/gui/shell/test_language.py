"""The whole window in the pseudo-language: a text that is still English escaped translation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel

from studio import language
from studio.gui.shell.app import make_application
from studio.gui.shell.dialogs import about_dialog, shortcut_sheet
from studio.gui.shell.project.questions import ask_to_overwrite, ask_to_save
from studio.gui.shell.settings.language import catalogues, language_names, take_language
from studio.gui.shell.settings.preferences import load_preferences
from studio.gui.widgets.error_dialog import ErrorDialog
from studio.job_kinds import JobKind
from studio.language import AUTOMATIC, PSEUDO, SOURCE, languages, tr
from studio.pairs import PairSet
from tests.gui.dreaming import chosen, told
from tests.gui.dreaming import ended as ended_dream
from tests.gui.inspecting import click, done, enter, hover
from tests.gui.morphing import A_POINTS, B_POINTS, shots, wait_for
from tests.gui.styling import ran
from tests.gui.walking import Walk, dialogs_of, english_in

TEMPLATE = Path(__file__).resolve().parents[3] / "resources" / "languages" / "buddies-studio.pot"


@pytest.fixture
def pseudo(qapp: QApplication) -> Iterator[None]:
    """The pseudo-language, before the window is made."""
    app = make_application()
    assert take_language(app, PSEUDO) == PSEUDO
    yield
    take_language(app, SOURCE)


@pytest.fixture
def walk(pseudo: None, monkeypatch: pytest.MonkeyPatch) -> Walk:
    return Walk(monkeypatch)


@pytest.fixture
def asked(pseudo: None, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The English texts that were looked up."""
    found: set[str] = set()
    catalogue = type(language._catalogue)
    one, several = catalogue.gettext, catalogue.ngettext

    def looked_up(self, message):
        found.add(message)
        return one(self, message)

    def looked_up_several(self, msgid1, msgid2, n):
        found.add(msgid1)
        return several(self, msgid1, msgid2, n)

    monkeypatch.setattr(catalogue, "gettext", looked_up)
    monkeypatch.setattr(catalogue, "ngettext", looked_up_several)
    return found


def before_pictures(window, qtbot, walk):
    for name in ("morph", "style", "inspect", "dream", "match"):
        window.actions_[f"mode_{name}"].trigger()
        qtbot.wait(30)
        walk.look(window)


def in_match(window, qtbot, walk):
    walk.look(window)
    window.panel("match").form.editors["working_size"].set_value(96)
    window.panel("match").run()
    walk.look(window)
    wait_for(window, qtbot, lambda: not window.panel("match").is_running)
    walk.look(window)
    window.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    window.state.set_selected(1)
    for name in ("lock_pairs", "lock_pairs", "enable_pairs", "enable_pairs", "copy_pairs", "paste", "renumber"):
        window.actions_[name].trigger()
    window.state.set_selected(2)
    window.actions_["next_doubtful"].trigger()
    walk.look(window)
    window.state.set_selected(2)
    window.actions_["delete_pairs"].trigger()
    for name in window.docks:
        window.docks[name].show()
        window.docks[name].raise_()
        qtbot.wait(30)
        walk.look(window)
    window.docks["pairs"].raise_()


def in_morph(window, qtbot, walk):
    window.actions_["mode_morph"].trigger()
    wait_for(window, qtbot, lambda: bool(shots(window)))
    for layer in window.panel("morph").layers.values():
        layer.setChecked(True)
    window.panel("morph").compare.setCurrentIndex(2)
    qtbot.wait(300)
    walk.look(window)
    for name in ("export_film", "save_still", "save_warped", "save_field"):
        window.actions_[name].trigger()
    panel = window.panel("morph").further
    panel.add_dialog()
    panel.pairs_dialog()
    walk.look(window)


def in_style(window, qtbot, walk):
    window.actions_["mode_style"].trigger()
    panel = window.panel("style")
    for kind in range(panel.choice.kind_choice.count()):
        panel.choice.kind_choice.setCurrentIndex(kind)
        qtbot.wait(30)
        walk.look(window)
    panel.choice.kind_choice.setCurrentIndex(0)
    panel.regions.add_button.click()
    walk.look(window)
    panel.regions.rows[-1].remove.click()
    panel.result_pane.strip_button.setChecked(False)
    ran(window, qtbot)
    for view in range(panel.result_pane.view_choice.count()):
        panel.result_pane.view_choice.setCurrentIndex(view)
        qtbot.wait(30)
        walk.look(window)
    for name in ("style_save", "style_repeat"):
        window.actions_[name].trigger()
    panel.choice.picture_button.click()
    panel.choice.network_button.click()
    panel.choice.sources.add_dialog()


def in_inspect(window, qtbot, walk):
    enter(window, qtbot)
    walk.look(window)
    hover(window, qtbot, "A", 60, 60)
    walk.look(window)
    click(window, "A", 60, 60)
    panel = window.panel("inspect")
    for view in panel.views:
        window.actions_[f"inspect_{view.name}"].trigger()
        qtbot.wait(400)
        done(window, qtbot)
        walk.look(window)
    window.actions_["inspect_why"].trigger()
    for method in ("gradient", "integrated-gradients"):
        panel.why.buttons[method].click()
        done(window, qtbot)
        walk.look(window)
    window.actions_["inspect_activations"].trigger()
    for kind in range(panel.activations.kind.count()):
        panel.activations.kind.setCurrentIndex(kind)
        qtbot.wait(300)
        done(window, qtbot)
        walk.look(window)
    window.actions_["inspect_attribution"].trigger()
    for method in range(panel.explain.method.count()):
        panel.explain.method.setCurrentIndex(method)
        qtbot.wait(20)
        walk.look(window)
    panel.explain.method.setCurrentIndex(0)
    panel.explain.target.kind.setCurrentIndex(panel.explain.target.kind.findData("channel"))
    panel.explain.run()
    done(window, qtbot)
    qtbot.wait(50)
    walk.look(window)
    for name in ("inspect_export_png", "inspect_export_npy"):
        window.actions_[name].trigger()


def in_dream(window, qtbot, walk):
    window.actions_["mode_dream"].trigger()
    panel = window.panel("dream")
    told(window, qtbot)
    for kind in (JobKind.ZOOM, JobKind.ADVERSARY, JobKind.MAXIMISE):
        chosen(window, kind)
        qtbot.wait(30)
        walk.look(window)
    for kind in ("place", "channel", "cell"):
        panel.targets.knobs.kind.setCurrentIndex(panel.targets.knobs.kind.findData(kind))
        walk.look(window)
    click(window, "A", 120, 90)
    panel.targets.add_button.click()
    window.state.set_selected(window.state.pairs.ids[0])
    window.actions_["dream_pair"].trigger()
    for kind in (JobKind.MAXIMISE, JobKind.DREAM):
        chosen(window, kind).run()
        ended_dream(window, qtbot)
        walk.look(window)
    for view in range(panel.result_pane.view_choice.count()):
        panel.result_pane.view_choice.setCurrentIndex(view)
        qtbot.wait(30)
        walk.look(window)
    window.actions_["dream_save"].trigger()


def in_menus(window, qtbot, walk):
    menus = window.file_menus
    for menu in (menus.projects, menus.results, *menus.pictures.values()):
        menu.aboutToShow.emit()
        qtbot.wait(20)
        walk.look(menu)
    for name in ("open_a", "import_pairs", "export_pairs", "export_overlay", "open_project", "save_project_as"):
        window.actions_[name].trigger()
    walk.look(window)


def in_dialogs(window, qtbot, walk):
    window.actions_["settings"].trigger()
    qtbot.wait(50)
    for dialog in dialogs_of(window):
        walk.look(dialog)
    window.settings_controller.dialog.choose_folder()
    window.settings_controller.dialog.reject()
    error = ErrorDialog(window)
    error.add(tr("The film was written to “{name}”.", name="cat.png"), "")
    error.add("", "")
    for dialog in (shortcut_sheet(window, window.modes), about_dialog(window, ""), error):
        walk.look(dialog)
        dialog.close()
        dialog.deleteLater()
    ask_to_save(window, "cat.png")
    ask_to_overwrite(window, "cat.png")
    window.opener.open_path(Path("nothing.png"), "A")
    wait_for(window, qtbot, lambda: not window.jobs.open_jobs)
    walk.look(window.messages)


def test_no_text_of_the_window_escapes_translation(walk, asked, window, two_files, qtbot):
    before_pictures(window, qtbot, walk)
    window.opener.open_paths(list(two_files), "A")
    wait_for(window, qtbot, lambda: window.state.has_both)
    for go_through in (in_match, in_morph, in_style, in_inspect, in_dream, in_menus, in_dialogs):
        go_through(window, qtbot, walk)
    assert len(walk.seen) > 900
    left = walk.left()
    assert not left, f"{len(left)} texts are English:\n" + "\n".join(left)
    with TEMPLATE.open("rb") as file:
        known = {one for message in read_po(file) for one in _ids(message.id)}
    unknown = sorted(text for text in asked - known if english_in(text))
    assert not unknown, "not in the template, so no translator sees them:\n" + "\n".join(unknown)


def _ids(entry):
    return entry if isinstance(entry, tuple | list) else (entry,)


def test_the_language_is_a_setting_for_the_next_start(window, qtbot):
    window.actions_["settings"].trigger()
    dialog = window.settings_controller.dialog
    editor = dialog.editors["language"]
    assert editor.value() == AUTOMATIC
    assert set(languages(catalogues())) < set(language_names(AUTOMATIC))
    assert any("next start" in label.text() for label in dialog.findChildren(QLabel))
    editor.set_value(SOURCE)
    assert load_preferences(window.settings).language == SOURCE
    assert window.docks["jobs"].windowTitle() == "Jobs"
    dialog.reject()


def test_a_language_that_is_gone_stays_in_the_list_and_shows_english(qapp, caplog):
    app = make_application()
    assert take_language(app, "tlh") == SOURCE
    assert "tlh" in caplog.text
    assert "tlh" in language_names("tlh")
    assert language_names("tlh")[SOURCE] == "English"


def test_buttons_of_qt_follow(qapp, qtbot):
    app = make_application()
    kinds = QDialogButtonBox.StandardButton
    shown = []
    for name in (PSEUDO, SOURCE):
        take_language(app, name)
        box = QDialogButtonBox(kinds.Cancel)
        qtbot.addWidget(box)
        shown.append(box.button(kinds.Cancel).text())
    assert "Cancel" not in shown[0]
    assert shown[1].replace("&", "") == "Cancel"
